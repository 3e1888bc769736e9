"""The one table of allowed acts, walked along every way that the Scheme knows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from macle import errors
from macle.scheme import lifecycle
from macle.scheme.lifecycle import Actor, CertificateAct, CertificateState, ShipmentAct, ShipmentState
from macle.scheme.rules import Stage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from macle.scheme.lifecycle import State

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "lifecycle.md"

TO_EXAM = "submit examine"
TO_NUMBER = f"{TO_EXAM} reserve"
TO_SEALED = f"{TO_NUMBER} seal"
TO_VALIDATED = f"{TO_SEALED} validate"
TO_DISPATCHED = f"{TO_VALIDATED} dispatch"
TO_PRESENTED = f"{TO_DISPATCHED} present"
TO_CONFIRMED = f"{TO_PRESENTED} accept confirm"

CERTIFICATE_WAYS = {
    "": "draft",
    "submit": "submitted",
    "submit cancel": "cancelled",
    f"{TO_EXAM} hold cancel": "cancelled",
    TO_EXAM: "under_examination",
    f"{TO_EXAM} find_deficient": "deficient",
    f"{TO_EXAM} find_deficient submit": "submitted",
    f"{TO_EXAM} find_deficient reject": "rejected",
    f"{TO_EXAM} hold": "held",
    f"{TO_EXAM} hold release_hold": "under_examination",
    f"{TO_EXAM} hold reject": "rejected",
    f"{TO_EXAM} reject": "rejected",
    f"{TO_EXAM} request_kp_approval": "pending_kp_approval",
    f"{TO_EXAM} request_kp_approval approve reserve": "reserved",
    f"{TO_EXAM} request_kp_approval decline": "deficient",
    TO_NUMBER: "reserved",
    TO_SEALED: "sealed",
    TO_VALIDATED: "validated",
    TO_DISPATCHED: "dispatched",
    TO_PRESENTED: "presented",
    f"{TO_PRESENTED} accept": "accepted",
    TO_CONFIRMED: "confirmed",
    f"{TO_CONFIRMED} archive": "archived",
    f"{TO_NUMBER} void": "void",
    f"{TO_SEALED} void": "void",
    f"{TO_VALIDATED} void": "void",
    f"{TO_VALIDATED} expire": "expired",
    f"{TO_VALIDATED} replace": "replaced",
    f"{TO_VALIDATED} report_lost": "lost",
    f"{TO_VALIDATED} report_lost report_found": "validated",
    f"{TO_DISPATCHED} report_lost": "lost",
    f"{TO_DISPATCHED} report_lost report_found": "dispatched",
    f"{TO_DISPATCHED} report_lost report_found report_lost report_found present": "presented",
    f"{TO_DISPATCHED} report_lost replace": "replaced",
    f"{TO_DISPATCHED} report_lost void": "void",
    f"{TO_PRESENTED} correct_presentation": "dispatched",
    f"{TO_PRESENTED} correct_presentation present accept": "accepted",
    f"{TO_PRESENTED} find_discrepant": "discrepant",
    f"{TO_PRESENTED} find_discrepant endorse": "endorsed",
    f"{TO_PRESENTED} find_discrepant endorse accept": "accepted",
    f"{TO_PRESENTED} find_discrepant refuse": "refused",
    f"{TO_PRESENTED} suspect": "suspect",
    f"{TO_PRESENTED} suspect clear accept": "accepted",
    f"{TO_PRESENTED} suspect confirm_fraud": "fraud_confirmed",
    "invalidate": "invalidated",
    f"{TO_VALIDATED} report_lost invalidate": "invalidated",
    f"{TO_PRESENTED} accept invalidate": "invalidated",
}

CERTIFICATE_DEAD_ENDS = {
    "validate": 0,
    f"{TO_EXAM} validate": 2,
    f"{TO_NUMBER} validate": 3,
    f"{TO_DISPATCHED} void": 6,
    f"{TO_DISPATCHED} expire": 6,
    f"{TO_DISPATCHED} replace": 6,
    f"{TO_DISPATCHED} accept": 6,
    f"{TO_PRESENTED} present": 7,
    f"{TO_PRESENTED} report_lost": 7,
    f"{TO_PRESENTED} find_discrepant accept": 8,
    f"{TO_PRESENTED} suspect accept": 8,
    f"{TO_CONFIRMED} invalidate": 9,
    f"{TO_EXAM} request_kp_approval reserve": 3,
    f"{TO_VALIDATED} void submit": 6,
}

TO_SHIPMENT_SEALED = "declare examine seal"
TO_PREADVISED = f"{TO_SHIPMENT_SEALED} certify preadvise"
TO_EXPORTED = f"{TO_PREADVISED} export"
TO_INSPECTED = f"{TO_EXPORTED} arrive take_into_custody inspect_documents"
TO_MISMATCHED = f"{TO_INSPECTED} open find_mismatch"
TO_SENT = f"{TO_INSPECTED} leave_closed find_match release send_confirmation"

SHIPMENT_WAYS = {
    "": "planned",
    "declare": "declared",
    "declare examine": "examined",
    TO_SHIPMENT_SEALED: "sealed",
    f"{TO_SHIPMENT_SEALED} certify": "certified",
    TO_PREADVISED: "preadvised",
    f"{TO_PREADVISED} cancel": "cancelled",
    TO_EXPORTED: "exported",
    f"{TO_EXPORTED} cross": "in_transit",
    f"{TO_EXPORTED} cross cross cross": "in_transit",
    f"{TO_EXPORTED} cross cross arrive": "arrived",
    f"{TO_EXPORTED} miss": "overdue",
    f"{TO_EXPORTED} miss arrive": "arrived",
    f"{TO_EXPORTED} cross miss trace": "traced",
    f"{TO_EXPORTED} miss trace arrive": "arrived",
    f"{TO_EXPORTED} miss trace miss": "overdue",
    f"{TO_EXPORTED} miss report_lost": "lost",
    f"{TO_EXPORTED} miss report_lost trace": "traced",
    f"{TO_EXPORTED} report_broken_seal": "seal_broken",
    f"{TO_EXPORTED} cross report_broken_seal detain": "detained",
    f"{TO_EXPORTED} cross report_broken_seal order_return return": "returned",
    TO_INSPECTED: "documents_inspected",
    f"{TO_INSPECTED} open": "opened",
    f"{TO_INSPECTED} leave_closed": "not_opened",
    f"{TO_INSPECTED} open find_match": "matched",
    f"{TO_INSPECTED} leave_closed find_mismatch": "mismatched",
    f"{TO_INSPECTED} open find_match release": "released",
    TO_MISMATCHED: "mismatched",
    f"{TO_MISMATCHED} detain": "detained",
    f"{TO_MISMATCHED} detain remedy release": "released",
    f"{TO_MISMATCHED} detain order_return": "return_ordered",
    f"{TO_MISMATCHED} detain order_return return": "returned",
    f"{TO_MISMATCHED} detain seize": "seized",
    f"{TO_MISMATCHED} detain seize lift_seizure remedy": "remedied",
    f"{TO_MISMATCHED} detain seize forfeit": "forfeited",
    f"{TO_MISMATCHED} detain seize forfeit sell_outside_trade": "sold_outside_trade",
    f"{TO_MISMATCHED} detain seize forfeit destroy": "destroyed",
    TO_SENT: "confirmation_sent",
    f"{TO_SENT} reconcile": "reconciled",
    f"{TO_SENT} find_discrepancy": "open_discrepancy",
    f"{TO_SENT} find_discrepancy query_discrepancy close_discrepancy": "discrepancy_closed",
    f"{TO_SENT} find_discrepancy query_discrepancy escalate_discrepancy": "discrepancy_escalated",
}

SHIPMENT_DEAD_ENDS = {
    "certify": 0,
    f"{TO_SHIPMENT_SEALED} export": 3,
    f"{TO_EXPORTED} cancel": 6,
    f"{TO_INSPECTED} find_match": 9,
    f"{TO_MISMATCHED} release": 11,
    f"{TO_MISMATCHED} detain release": 12,
    f"{TO_SENT} reconcile find_discrepancy": 14,
}


def certificate_acts(words: str) -> list[CertificateAct]:
    return [CertificateAct(word) for word in words.split()]


def shipment_acts(words: str) -> list[ShipmentAct]:
    return [ShipmentAct(word) for word in words.split()]


class TestCertificate:
    def test_goes_from_draft_to_archived_when_all_is_well(self) -> None:
        assert lifecycle.state_after(certificate_acts(f"{TO_CONFIRMED} archive")) is CertificateState.ARCHIVED

    @pytest.mark.parametrize(("way", "state"), CERTIFICATE_WAYS.items())
    def test_each_way_leads_to_its_state(self, way: str, state: str) -> None:
        assert lifecycle.state_after(certificate_acts(way)) is CertificateState(state)

    @pytest.mark.parametrize(("way", "index"), CERTIFICATE_DEAD_ENDS.items())
    def test_refuses_an_act_out_of_order(self, way: str, index: int) -> None:
        with pytest.raises(lifecycle.ActNotAllowed) as caught:
            lifecycle.state_after(certificate_acts(way))
        assert caught.value.where == f"acts[{index}]"

    @pytest.mark.parametrize("state", [state for state in CertificateState if not lifecycle.is_terminal(state)])
    def test_every_live_state_can_be_invalidated_by_the_issuer(self, state: CertificateState) -> None:
        (row,) = [row for row in lifecycle.allowed(state) if row.act is CertificateAct.INVALIDATE]
        assert (row.to_state, row.actor) == (CertificateState.INVALIDATED, Actor.ISSUER)

    @given(st.lists(st.sampled_from(CertificateAct)))
    def test_any_acts_end_in_a_state_or_are_refused(self, acts: list[CertificateAct]) -> None:
        state = CertificateState.DRAFT
        for index, act in enumerate(acts):
            if act not in {row.act for row in lifecycle.allowed(state)}:
                with pytest.raises(lifecycle.ActNotAllowed):
                    lifecycle.state_after(acts)
                break
            state = lifecycle.state_after(acts[: index + 1])
        assert state in set(CertificateState)

    @given(st.data())
    def test_follows_every_walk_along_the_table(self, data: st.DataObject) -> None:
        acts: list[CertificateAct] = []
        trail = [CertificateState.DRAFT]
        while rows := lifecycle.allowed(trail[-1])[: data.draw(st.integers(0, 9))]:
            row = data.draw(st.sampled_from(rows))
            assert isinstance(row.act, CertificateAct)
            acts.append(row.act)
            trail.append(lifecycle.state_after(acts))
            assert trail[-1] is (row.to_state or trail[-3])


class TestShipment:
    @pytest.mark.parametrize(("way", "state"), SHIPMENT_WAYS.items())
    def test_each_way_leads_to_its_state(self, way: str, state: str) -> None:
        assert lifecycle.state_after(shipment_acts(way), start=ShipmentState.PLANNED) is ShipmentState(state)

    @pytest.mark.parametrize(("way", "index"), SHIPMENT_DEAD_ENDS.items())
    def test_refuses_an_act_out_of_order(self, way: str, index: int) -> None:
        with pytest.raises(lifecycle.ActNotAllowed) as caught:
            lifecycle.state_after(shipment_acts(way), start=ShipmentState.PLANNED)
        assert caught.value.where == f"acts[{index}]"

    @given(st.lists(st.sampled_from(ShipmentAct)))
    def test_any_acts_end_in_a_state_or_are_refused(self, acts: list[ShipmentAct]) -> None:
        state = ShipmentState.PLANNED
        for index, act in enumerate(acts):
            if act not in {row.act for row in lifecycle.allowed(state)}:
                with pytest.raises(lifecycle.ActNotAllowed):
                    lifecycle.state_after(acts, start=ShipmentState.PLANNED)
                break
            state = lifecycle.state_after(acts[: index + 1], start=ShipmentState.PLANNED)
        assert state in set(ShipmentState)

    @given(st.data())
    def test_follows_every_walk_along_the_table(self, data: st.DataObject) -> None:
        acts: list[ShipmentAct] = []
        trail = [ShipmentState.PLANNED]
        while rows := lifecycle.allowed(trail[-1])[: data.draw(st.integers(0, 9))]:
            row = data.draw(st.sampled_from(rows))
            assert isinstance(row.act, ShipmentAct)
            acts.append(row.act)
            trail.append(lifecycle.state_after(acts, start=ShipmentState.PLANNED))
            assert trail[-1] is (row.to_state or trail[-3])


class TestTable:
    def test_holds_each_act_once_in_each_state(self) -> None:
        keys = [(type(row.from_state), row.from_state, row.act) for row in lifecycle.TABLE]
        assert len(set(keys)) == len(keys)

    def test_never_mixes_certificate_and_shipment(self) -> None:
        for row in lifecycle.TABLE:
            ours = isinstance(row.from_state, CertificateState)
            assert isinstance(row.act, CertificateAct) is ours
            assert row.to_state is None or isinstance(row.to_state, CertificateState) is ours

    @pytest.mark.parametrize("act", [*CertificateAct, *ShipmentAct])
    def test_uses_every_act(self, act: lifecycle.Act) -> None:
        assert any(row.act is act for row in lifecycle.TABLE)

    @pytest.mark.parametrize("start", [CertificateState.DRAFT, ShipmentState.PLANNED])
    def test_reaches_every_state_from_the_first(self, start: State) -> None:
        reached: list[State] = [start]
        for state in reached:
            reached += [
                row.to_state for row in lifecycle.allowed(state) if row.to_state and row.to_state not in reached
            ]
        assert set(reached) == set(type(start))

    @pytest.mark.parametrize("state", [*CertificateState, *ShipmentState])
    def test_ends_in_terminal_states_and_only_there(self, state: State) -> None:
        acts = {row.act for row in lifecycle.allowed(state)}
        if state is CertificateState.CONFIRMED:
            assert acts == {CertificateAct.ARCHIVE}
        assert lifecycle.is_terminal(state) is (acts <= {CertificateAct.ARCHIVE})

    def test_does_not_take_a_lost_shipment_for_a_lost_certificate(self) -> None:
        assert all(isinstance(row.act, ShipmentAct) for row in lifecycle.allowed(ShipmentState.LOST))
        assert all(isinstance(row.act, CertificateAct) for row in lifecycle.allowed(CertificateState.LOST))

    def test_asks_the_rules_before_a_certificate_is_validated_presented_or_confirmed(self) -> None:
        guards = {row.act: row.guards for row in lifecycle.TABLE}
        assert guards[CertificateAct.VALIDATE] == (Stage.APPLICATION, Stage.VALIDATION)
        assert guards[CertificateAct.PRESENT] == (Stage.PRESENTATION,)
        assert guards[CertificateAct.CONFIRM] == (Stage.CONFIRMATION,)

    def test_lets_no_clock_and_no_exporter_validate_accept_or_confirm(self) -> None:
        legal = {CertificateAct.VALIDATE, CertificateAct.PRESENT, CertificateAct.ACCEPT, CertificateAct.CONFIRM}
        actors = {row.actor for row in lifecycle.TABLE if row.act in legal}
        assert actors == {Actor.EXPORTING_AUTHORITY, Actor.IMPORTING_AUTHORITY, Actor.CONFIRMING_PARTY}


class TestActNotAllowed:
    def test_says_what_is_allowed_instead_and_by_whom(self) -> None:
        with pytest.raises(lifecycle.ActNotAllowed) as caught:
            lifecycle.state_after(certificate_acts(f"{TO_EXAM} request_kp_approval reserve"))
        assert isinstance(caught.value, errors.Conflict)
        assert str(caught.value) == (
            'acts[3]: The act "reserve" is not allowed while the certificate is "pending KP approval". '
            "Allowed now: approve (KP monitoring team), decline (KP monitoring team), invalidate (issuer)."
        )
        assert caught.value.facts["allowed"] == ["approve", "decline", "invalidate"]

    def test_says_so_when_nothing_is_allowed(self) -> None:
        with pytest.raises(lifecycle.ActNotAllowed, match=r"is \"destroyed\"\. Nothing more can be done with it\.$"):
            lifecycle.state_after(
                shipment_acts(f"{TO_MISMATCHED} detain seize forfeit destroy trace"), start=ShipmentState.PLANNED
            )


class TestPage:
    def test_holds_the_tables_as_they_are_in_the_code(self) -> None:
        page = PAGE.read_text(encoding="utf-8")
        assert page == with_tables(page), "Run: python tests/unit/scheme/test_lifecycle.py"

    @pytest.mark.parametrize("state", [*CertificateState, *ShipmentState])
    def test_names_every_state_in_a_picture(self, state: State) -> None:
        pictures = "".join(PAGE.read_text(encoding="utf-8").split("```")[1::2])
        assert lifecycle.in_words(state).upper() in pictures.upper()


def with_tables(page: str) -> str:
    """Return the page with both tables written anew."""
    for name, states in (("certificate", CertificateState), ("shipment", ShipmentState)):
        begin, end = f"<!-- table: {name} -->\n", f"<!-- end of table: {name} -->\n"
        before, _, rest = page.partition(begin)
        after = rest.partition(end)[2]
        page = before + begin + "\n" + "".join(table_of(states)) + "\n" + end + after
    return page


def table_of(states: Iterable[State]) -> list[str]:
    """Return the lines of a table of what is allowed in each of the states."""
    lines = [
        "| While it is | this may be done | by | and then it is | after the rules of |\n",
        "|---|---|---|---|---|\n",
    ]
    for state in states:
        name = f"**{lifecycle.in_words(state)}**{' *' if lifecycle.is_terminal(state) else ''}"
        rows = lifecycle.allowed(state)
        lines += [] if rows else [f"| {name} | nothing | | | |\n"]
        for row in rows:
            target = lifecycle.in_words(row.to_state) if row.to_state else "where it was before"
            cells = (name, lifecycle.in_words(row.act), row.actor, target, ", ".join(row.guards))
            lines.append("|" + "|".join(f" {cell} " if cell else " " for cell in cells) + "|\n")
    return lines


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
