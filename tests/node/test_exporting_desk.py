from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from macle.node.audit.evidence import UploadRefused
from macle.node.audit.models import Line
from macle.node.exporting import queries
from macle.node.exporting.actions import applications, certificates, confirmations, desk, validation
from macle.node.exporting.actions.desk import (
    ApprovalMissing,
    ExaminationMalformed,
    FourEyes,
    PhotographsMissing,
    SealsMalformed,
    SuspicionMissing,
)
from macle.node.exporting.actions.steps import ReasonMissing, WordsUnfit
from macle.node.exporting.models import Application, AttachmentKind, Examination, Reason
from macle.node.permissions import Act, Role
from macle.node.traders import actions as trade
from macle.node.traders import queries as traders
from macle.node.traders.models import Message
from macle.scheme import lifecycle, participants
from macle.scheme.confirmations import ConfirmationResult
from macle.scheme.lifecycle import ActNotAllowed, CertificateAct, CertificateState
from macle.scheme.rules import RulesRefuse
from macle.scheme.terms import Carats, HSCode, USDollars
from tests.support import node_audit, node_traders
from tests.support import node_exporting as made
from tests.support.node_exporting import BOTSWANA, EXAMINER, OFFICIAL, later, law, sourced

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.node_exporting import House

pytestmark = pytest.mark.django_db

_WHY = "as a test has it"
_LATE = later(60 * 24 * 20)


def photograph(application: Application) -> None:
    applications.attach(
        reference=application.reference,
        kind=AttachmentKind.PHOTOGRAPH,
        data=node_audit.a_picture(),
        name="parcels.png",
        by=EXAMINER,
        at=later(2),
    )


def _after(state: Callable[[House], Any], *acts: Callable[[str], object]) -> Callable[[House], Application]:
    def make(house: House) -> Application:
        held = state(house)
        matter: Application = getattr(held, "application", held)
        for act in acts:
            act(matter.reference)
        return Application.objects.get(pk=matter.pk)

    return make


def _confirmed(result: ConfirmationResult) -> Callable[[House], Application]:
    def make(house: House) -> Application:
        certificate = made.dispatched(house)
        confirmations.record(slip=made.a_slip(certificate, result=result), by=EXAMINER, at=_LATE)
        return Application.objects.get(pk=certificate.application_id)

    return make


def _replaced(house: House) -> Application:
    certificate = made.validated(house)
    old = certificate.application
    successor = certificates.replace(reference=old.reference, reason=_WHY, by=OFFICIAL, at=later(6))
    made.validate(made.goes_on(successor, minute=7), minute=10)
    return Application.objects.get(pk=old.pk)


def _pending(house: House) -> Application:
    application = made.examined(house)
    photograph(application)
    desk.request_approval(reference=application.reference, by=EXAMINER, at=later(2))
    return Application.objects.get(pk=application.pk)


def _ref(reference: str, **more: Any) -> dict[str, Any]:
    return {"reference": reference, "at": later(30), **more}


def _loses(reference: str) -> None:
    certificates.report_lost(**_ref(reference, reason=_WHY, by=OFFICIAL))


STATES: dict[CertificateState, Callable[[House], Application]] = {
    CertificateState.DRAFT: made.a_draft,
    CertificateState.SUBMITTED: made.lodged,
    CertificateState.UNDER_EXAMINATION: made.examined,
    CertificateState.DEFICIENT: _after(
        made.examined, lambda ref: desk.return_to_trader(**_ref(ref, reason=_WHY, by=EXAMINER))
    ),
    CertificateState.HELD: _after(made.examined, lambda ref: desk.hold(**_ref(ref, reason=_WHY, by=EXAMINER))),
    CertificateState.REJECTED: _after(made.examined, lambda ref: desk.reject(**_ref(ref, reason=_WHY, by=OFFICIAL))),
    CertificateState.PENDING_KP_APPROVAL: _pending,
    CertificateState.KP_APPROVED: _after(
        _pending, lambda ref: desk.approve(**_ref(ref, approved=True, reason=_WHY, by=OFFICIAL))
    ),
    CertificateState.RESERVED: lambda house: made.reserved(house)[0],
    CertificateState.SEALED: made.sealed,
    CertificateState.VALIDATED: _after(made.validated),
    CertificateState.DISPATCHED: _after(made.dispatched),
    CertificateState.LOST: _after(made.validated, _loses),
    CertificateState.CONFIRMED: _confirmed(ConfirmationResult.ACCEPTED),
    CertificateState.REFUSED: _confirmed(ConfirmationResult.REFUSED),
    CertificateState.VOID: _after(
        made.validated,
        lambda ref: certificates.void(**_ref(ref, why="printer error", words="", by=OFFICIAL)),
    ),
    CertificateState.INVALIDATED: _after(
        made.validated, lambda ref: certificates.invalidate(**_ref(ref, reason=_WHY, by=OFFICIAL))
    ),
    CertificateState.EXPIRED: _after(made.validated, lambda _: certificates.expire(at=later(60 * 24 * 400))),
    CertificateState.REPLACED: _replaced,
}

DONE: dict[CertificateAct, Callable[[House, str], object]] = {
    CertificateAct.SUBMIT: lambda house, ref: applications.lodge(**_ref(ref, by=house.exporter)),
    CertificateAct.CANCEL: lambda house, ref: applications.cancel(**_ref(ref, reason=_WHY, by=house.exporter)),
    CertificateAct.FIND_DEFICIENT: lambda _, ref: desk.return_to_trader(**_ref(ref, reason=_WHY, by=EXAMINER)),
    CertificateAct.HOLD: lambda _, ref: desk.hold(**_ref(ref, reason=_WHY, by=EXAMINER)),
    CertificateAct.RELEASE_HOLD: lambda _, ref: desk.release(**_ref(ref, reason=_WHY, by=OFFICIAL)),
    CertificateAct.REJECT: lambda _, ref: desk.reject(**_ref(ref, reason=_WHY, by=OFFICIAL)),
    CertificateAct.APPROVE: lambda _, ref: desk.approve(**_ref(ref, approved=True, reason=_WHY, by=OFFICIAL)),
    CertificateAct.DECLINE: lambda _, ref: desk.approve(**_ref(ref, approved=False, reason=_WHY, by=OFFICIAL)),
    CertificateAct.RESERVE: lambda _, ref: desk.reserve(**_ref(ref, by=EXAMINER)),
    CertificateAct.SEAL: lambda _, ref: desk.seal(**_ref(ref, seals=["SL 1"], by=EXAMINER)),
    CertificateAct.VALIDATE: lambda _, ref: validation.prepare(**_ref(ref, by=OFFICIAL)),
    CertificateAct.DISPATCH: lambda _, ref: certificates.dispatch(**_ref(ref, by=OFFICIAL)),
    CertificateAct.VOID: lambda _, ref: certificates.void(**_ref(ref, why="printer error", words="", by=OFFICIAL)),
    CertificateAct.REPLACE: lambda _, ref: certificates.replace(**_ref(ref, reason=_WHY, by=OFFICIAL)),
    CertificateAct.REPORT_LOST: lambda _, ref: certificates.report_lost(**_ref(ref, reason=_WHY, by=OFFICIAL)),
    CertificateAct.REPORT_FOUND: lambda _, ref: certificates.report_found(**_ref(ref, reason=_WHY, by=OFFICIAL)),
    CertificateAct.INVALIDATE: lambda _, ref: certificates.invalidate(**_ref(ref, reason=_WHY, by=OFFICIAL)),
}


class TestOrder:
    @pytest.mark.parametrize("state", STATES, ids=str)
    def test_an_act_out_of_order_is_refused_and_changes_nothing(self, state: CertificateState) -> None:
        with made.a_house() as house:
            matter = STATES[state](house)
            assert matter.status is state
            allowed = {row.act for row in lifecycle.allowed(state)}
            for act, do in DONE.items():
                if act in allowed:
                    continue
                before = made.Traces.now()
                # A draft is not there for the desk; everything else is, and does not let it be done.
                with pytest.raises((ActNotAllowed, queries.ApplicationMissing)) as refused:
                    do(house, matter.reference)
                assert state is CertificateState.DRAFT or isinstance(refused.value, ActNotAllowed)
                assert made.Traces.now() == before, act
            assert made.faults() == []

    def test_what_is_offered_next_is_what_is_done(self) -> None:
        with made.a_house() as house:
            matter = made.sealed(house)
            offered = {each.act: each.why_not for each in queries.next_acts(matter, EXAMINER, at=later(4))}
            assert offered[CertificateAct.VALIDATE] == "four eyes"
            assert offered[CertificateAct.VOID] == ""
            trader = queries.next_acts(matter, house.exporter, at=later(4))
            assert {each.why_not for each in trader} == {"role"}


class TestExamine:
    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"lines": {}}, ExaminationMalformed),
            ({"parcels": 0}, ExaminationMalformed),
            ({"parcels": 2**40}, ExaminationMalformed),
            ({"lines": {HSCode.UNSORTED: (Carats(0), USDollars(1))}}, ExaminationMalformed),
            (
                {
                    "lines": {
                        HSCode.UNSORTED: (Carats(Carats.limit - 1), USDollars(1)),
                        HSCode.INDUSTRIAL: (Carats(1), USDollars(1)),
                    }
                },
                ExaminationMalformed,
            ),
            (
                {
                    "lines": {
                        HSCode.UNSORTED: (Carats(1), USDollars(USDollars.limit - 1)),
                        HSCode.INDUSTRIAL: (Carats(1), USDollars(1)),
                    }
                },
                ExaminationMalformed,
            ),
            ({"remark": "x" * 2001}, WordsUnfit),
            ({"remark": "a\x00b"}, WordsUnfit),
        ],
    )
    def test_what_cannot_be_measured_is_refused(self, changes: dict[str, Any], error: type[Exception]) -> None:
        with made.a_house() as house:
            application = made.lodged(house)
            before = made.Traces.now()
            with pytest.raises(error):
                desk.examine(
                    reference=application.reference, measured=made.measured(**changes), by=EXAMINER, at=later(1)
                )
            assert made.Traces.now() == before
            assert Examination.objects.count() == 0

    def test_the_highest_of_three_values_counts_where_the_profile_says_so(self) -> None:
        lines = {
            HSCode.UNSORTED: (Carats(100), USDollars(100)),
            HSCode.INDUSTRIAL: (Carats(100), USDollars(100)),
            HSCode.NON_INDUSTRIAL: (Carats(100), USDollars(100)),
        }
        with law(value_basis=sourced("the highest of three")), made.a_house() as house:
            application = made.lodged(house)
            measured = made.measured(lines=lines, government=USDollars(1000), independent=USDollars(700))
            examination = desk.examine(reference=application.reference, measured=measured, by=EXAMINER, at=later(1))
            assert examination.valued_by == "government"
            assert [line["value"] for line in examination.lines] == [333, 333, 334]
            application.refresh_from_db()
            assert application.value_cents == 1000

    def test_what_is_lodged_again_is_judged_by_what_is_entered_again(self) -> None:
        with made.a_house(carats="100.00") as house:
            application = made.lodged(house, lines=[{"hs": "7102.31", "carats": "90.00", "value": "900.00"}])
            desk.examine(
                reference=application.reference,
                measured=made.measured(lines={HSCode.NON_INDUSTRIAL: (Carats(9000), USDollars(90000))}),
                by=EXAMINER,
                at=later(1),
            )
            desk.return_to_trader(reference=application.reference, reason=_WHY, by=EXAMINER, at=later(2))
            applications.save(
                reference=application.reference, changes={"importer": None}, by=house.exporter, at=later(3)
            )
            with pytest.raises(RulesRefuse):
                applications.lodge(reference=application.reference, by=house.exporter, at=later(4))


class TestBalance:
    def test_a_shortfall_holds_and_an_official_decides_with_a_reason(self) -> None:
        with made.a_house(carats="100.00") as house:
            application = made.examined(house)
            assert application.status is CertificateState.HELD
            with pytest.raises(ActNotAllowed):
                desk.reserve(reference=application.reference, by=EXAMINER, at=later(2))
            with pytest.raises(FourEyes):
                desk.release(reference=application.reference, reason=_WHY, by=EXAMINER, at=later(2))
            with pytest.raises(ReasonMissing):
                desk.release(reference=application.reference, reason=" ", by=OFFICIAL, at=later(2))
            desk.release(reference=application.reference, reason="Seen the purchase", by=OFFICIAL, at=later(2))
            desk.reserve(reference=application.reference, by=EXAMINER, at=later(3))
            application.refresh_from_db()
            assert queries.charged(application) == 20518
            assert Reason.objects.get(text="Seen the purchase").step.actor == OFFICIAL.identifier
            assert made.faults() == []

    def test_what_was_released_is_decided_again_after_another_examination(self) -> None:
        with made.a_house(carats="200.00") as house:
            application = made.examined(house)
            desk.release(reference=application.reference, reason=_WHY, by=OFFICIAL, at=later(2))
            much = made.measured(lines={HSCode.NON_INDUSTRIAL: (Carats(900000), USDollars(9000000))})
            desk.examine(reference=application.reference, measured=much, by=EXAMINER, at=later(3))
            application.refresh_from_db()
            assert application.status is CertificateState.HELD

    def test_a_profile_may_refuse_a_shortfall_when_it_is_lodged(self) -> None:
        with law(balance_policy=sourced("refuse")), made.a_house(carats="100.00") as house:
            draft = made.a_draft(house)
            before = made.Traces.now()
            with pytest.raises(RulesRefuse) as refused:
                applications.lodge(reference=draft.reference, by=house.exporter, at=made.AT)
            assert refused.value.rule == "IV.a.balance"
            assert made.Traces.now() == before

    def test_where_it_holds_it_can_be_lodged(self) -> None:
        with made.a_house(carats="100.00") as house:
            assert made.lodged(house).status is CertificateState.SUBMITTED

    def test_the_second_of_two_that_fit_alone_does_not_fit(self) -> None:
        with made.a_house(carats="300.00") as house:
            first, second = made.examined(house), made.examined(house)
            desk.reserve(reference=first.reference, by=EXAMINER, at=later(2))
            before = made.Traces.now()
            with pytest.raises(RulesRefuse):
                desk.reserve(reference=second.reference, by=EXAMINER, at=later(2))
            assert made.Traces.now() == before
            desk.hold(reference=second.reference, reason="Short by now", by=EXAMINER, at=later(3))
            desk.release(reference=second.reference, reason="Comes tomorrow", by=OFFICIAL, at=later(4))
            desk.reserve(reference=second.reference, by=EXAMINER, at=later(5))
            assert made.faults() == []

    def test_void_gives_back(self) -> None:
        with made.a_house() as house:
            application = made.reserved(house)[0]
            certificates.void(
                reference=application.reference, why="customer cancelled", words="", by=OFFICIAL, at=later(3)
            )
            assert str(traders.balance(house.trader, BOTSWANA)) == "10000.00"

    def test_a_trader_suspended_in_the_meantime_gets_no_number(self) -> None:
        with made.a_house() as house:
            application = made.examined(house)
            trade.suspend(trader=house.trader, since=made.TODAY, reason=_WHY, by=OFFICIAL, at=later(2))
            with pytest.raises(RulesRefuse) as refused:
                desk.reserve(reference=application.reference, by=EXAMINER, at=later(2))
            assert refused.value.rule == "AnnexII.suspension"


class TestSeal:
    @pytest.mark.parametrize("seals", [[], [" "], ["A", " A "], ["x" * 200], ["a\x00b"], [str(n) for n in range(200)]])
    def test_what_is_no_seal_is_refused(self, seals: list[str]) -> None:
        with made.a_house() as house:
            application = made.reserved(house)[0]
            before = made.Traces.now()
            with pytest.raises(SealsMalformed):
                desk.seal(reference=application.reference, seals=seals, by=EXAMINER, at=later(3))
            assert made.Traces.now() == before


class TestVigilance:
    """An origin in partial standing, as the Central African Republic was from 2015 to 2024."""

    @staticmethod
    def partial(patch: pytest.MonkeyPatch) -> None:
        known = participants.load()
        real = known.standing

        def standing(code: str, *, on: Any) -> Any:
            # As it stood on a day of 2018, asked today.
            return real(code, on=on.replace(year=2018) if code == "CF" else on)

        changed = copy.copy(known)
        patch.setattr(type(changed), "standing", lambda _, code, *, on: standing(code, on=on))
        real_area = known.area_is_compliant
        patch.setattr(
            type(changed),
            "area_is_compliant",
            lambda _, code, area, *, on: real_area(code, area, on=on.replace(year=2018) if code == "CF" else on),
        )

    def test_zone_photographs_and_approval_come_before_the_number(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with made.a_house() as house:
            node_traders.an_entry(house.trader, "1000.00", origin="CF")
            self.partial(monkeypatch)
            bare = made.a_draft(house, origin={"kind": "single", "countries": ["CF"]})
            with pytest.raises(RulesRefuse) as refused:
                applications.lodge(reference=bare.reference, by=house.exporter, at=made.AT)
            assert refused.value.rule == "III.c.origin-standing"
            origin = {"kind": "single", "countries": ["CF"], "area": "Berberati"}
            application = made.examined(house, origin=origin)
            assert application.status is CertificateState.UNDER_EXAMINATION
            before = made.Traces.now()
            with pytest.raises(ApprovalMissing):
                desk.reserve(reference=application.reference, by=EXAMINER, at=later(2))
            with pytest.raises(PhotographsMissing):
                desk.request_approval(reference=application.reference, by=EXAMINER, at=later(2))
            assert made.Traces.now() == before
            photograph(application)
            desk.request_approval(reference=application.reference, by=EXAMINER, at=later(3))
            desk.approve(reference=application.reference, approved=True, reason="Minutes 7", by=OFFICIAL, at=later(4))
            desk.reserve(reference=application.reference, by=EXAMINER, at=later(5))
            successor = certificates.spoil(reference=application.reference, words="", by=OFFICIAL, at=later(6))
            assert successor.status is CertificateState.KP_APPROVED
            assert made.faults() == []

    def test_what_the_team_declines_goes_back_to_the_trader(self) -> None:
        with made.a_house() as house:
            application = _pending(house)
            desk.approve(
                reference=application.reference, approved=False, reason="Pictures differ", by=OFFICIAL, at=later(4)
            )
            application.refresh_from_db()
            assert application.status is CertificateState.DEFICIENT


class TestSuspicion:
    def test_the_trader_learns_nothing_but_that_it_is_under_examination(self) -> None:
        with made.a_house() as house:
            application = made.lodged(house)
            desk.suspect(reference=application.reference, text="Forged invoice?", by=OFFICIAL, at=later(1))
            desk.examine(reference=application.reference, measured=made.measured(), by=EXAMINER, at=later(2))
            desk.reject(reference=application.reference, reason="Forged", by=OFFICIAL, at=later(3))
            told = list(Message.objects.filter(at__gte=later(1)).values_list("code", flat=True))
            assert told == ["under-examination"] * len(told)
            assert told
            assert all("step" not in facts for facts in Message.objects.values_list("facts", flat=True))

    def test_who_sees_it(self) -> None:
        with made.a_house() as house:
            application = made.lodged(house)
            desk.suspect(reference=application.reference, text=_WHY, by=OFFICIAL, at=later(1))
            for by in (OFFICIAL, EXAMINER, made.somebody(Role.AUDITOR)):
                assert queries.sees_suspicion(by, application)
            for by in (house.exporter, made.somebody(Role.VALIDATING_OFFICIAL, office=made.OTHER_OFFICE)):
                assert not queries.sees_suspicion(by, application)

    def test_it_is_opened_once_and_ended_once(self) -> None:
        with made.a_house() as house:
            application = made.lodged(house)
            given: dict[str, Any] = {"reference": application.reference, "by": OFFICIAL, "at": later(1)}
            with pytest.raises(SuspicionMissing):
                desk.clear(outcome=_WHY, **given)
            desk.suspect(text=_WHY, **given)
            with pytest.raises(SuspicionMissing):
                desk.suspect(text=_WHY, **given)
            desk.clear(outcome="A slip of the pen", **given)
            with pytest.raises(SuspicionMissing):
                desk.clear(outcome=_WHY, **given)
            assert not queries.is_suspected(application)


class TestReasons:
    @pytest.mark.parametrize(
        ("reason", "error"),
        [
            ("", ReasonMissing),
            ("  \n ", ReasonMissing),
            ("x" * 2001, WordsUnfit),
            ("a\x00b", WordsUnfit),
            ("\ud800", WordsUnfit),
        ],
    )
    def test_a_reason_that_is_none_or_cannot_be_kept_is_refused(self, reason: str, error: type[Exception]) -> None:
        with made.a_house() as house:
            application = made.examined(house)
            before = made.Traces.now()
            for act, by in ((desk.hold, EXAMINER), (desk.return_to_trader, EXAMINER), (desk.reject, OFFICIAL)):
                with pytest.raises(error):
                    act(reference=application.reference, reason=reason, by=by, at=later(2))
            assert made.Traces.now() == before

    def test_a_reason_has_lines_and_stands_in_no_audit(self) -> None:
        with made.a_house() as house:
            application = made.examined(house)
            step = desk.hold(
                reference=application.reference, reason="One.\r\nTwo: Tamsin Vale.", by=EXAMINER, at=later(2)
            )
            assert step.reason.text == "One.\nTwo: Tamsin Vale."
            line = Line.objects.get(tag=Act.APPLICATION_HOLD)
            assert "Vale" not in str(line.facts)


def test_hostile_files_are_refused_and_nothing_is_attached() -> None:
    with made.a_house() as house:
        application = made.lodged(house)
        for data in (b"", b"MZ\x00\x90", b"%PDF-1.7 nothing", node_audit.a_bomb()):
            before = made.Traces.now()
            with pytest.raises(UploadRefused):
                applications.attach(
                    reference=application.reference,
                    kind=AttachmentKind.INVOICE,
                    data=data,
                    name="../../etc/passwd\x00.pdf",
                    by=house.exporter,
                    at=later(1),
                )
            assert made.Traces.now() == before
        assert not application.attachments.exists()
