from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.db import transaction

from macle import errors
from macle.node.audit.models import Line
from macle.node.exporting import queries
from macle.node.exporting.actions import (
    applications,
    certificates,
    confirmations,
    desk,
    fees,
    notices,
    numbers,
    validation,
)
from macle.node.exporting.models import AttachmentKind, Block, Step
from macle.node.permissions import TABLE, Act, ActForbidden, Actor, Held, Reach, Role
from tests.support import node_audit, node_registry, node_traders
from tests.support import node_exporting as made
from tests.support.node_exporting import EXAMINER, OFFICIAL, OTHER_OFFICE
from tests.support.node_registry import ADMINISTRATOR, OFFICE

if TYPE_CHECKING:
    from collections.abc import Callable

    from macle.node.exporting.models import Application
    from tests.support.node_exporting import House

pytestmark = pytest.mark.django_db

Do = Any
_WHY = "as a test has it"


def _of(state: Callable[..., Any], act: Callable[..., object]) -> Callable[[House], Do]:
    """Return what prepares the state once, and then what does the act to it."""

    def prepare(house: House) -> Do:
        held = state(house)
        matter = getattr(held, "application", held)
        matter = matter[0] if isinstance(matter, tuple) else matter
        return lambda by: act(matter, by)

    return prepare


def _with(state: Callable[..., Any], act: Callable[..., object]) -> Callable[[House], Do]:
    """Return what prepares anything once, and then what does the act to it."""

    def prepare(house: House) -> Do:
        held = state(house)
        return lambda by: act(held, by)

    return prepare


def _held(house: House) -> Application:
    application = made.examined(house)
    desk.hold(reference=application.reference, reason=_WHY, by=EXAMINER, at=made.later(2))
    return application


def _pending(house: House) -> Application:
    application = made.examined(house)
    applications.attach(
        reference=application.reference,
        kind=AttachmentKind.PHOTOGRAPH,
        data=node_audit.a_picture(),
        name="parcels.png",
        by=EXAMINER,
        at=made.later(2),
    )
    desk.request_approval(reference=application.reference, by=EXAMINER, at=made.later(2))
    return application


def _with_photograph(house: House) -> Application:
    application = made.examined(house)
    applications.attach(
        reference=application.reference,
        kind=AttachmentKind.PHOTOGRAPH,
        data=node_audit.a_picture(),
        name="parcels.png",
        by=EXAMINER,
        at=made.later(2),
    )
    return application


def _lost(house: House) -> Application:
    certificate = made.validated(house)
    reference = certificate.application.reference
    certificates.report_lost(reference=reference, reason=_WHY, by=OFFICIAL, at=made.later(6))
    return certificate.application


def _with_fee(house: House) -> Application:
    application = made.lodged(house)
    fees.charge(
        reference=application.reference, what="levy", currency="BWP", amount_cents=900, by=EXAMINER, at=made.later(1)
    )
    return application


def _sheets(_house: House) -> Block:
    made.a_block(first=8001, last=8099, on_sheets=True)
    return Block.objects.get(first=8001)


def _bare_sheets(_house: House) -> Block:
    return numbers.allot(office=OFFICE, first=8001, last=8099, width=8, on_sheets=True, by=ADMINISTRATOR, at=made.AT)


def _notice(house: House) -> Do:
    certificate = made.validated(house)
    notice = notices.issue_for_key(
        key_id=certificate.key_id, since=made.AT, office=OFFICE, text=_WHY, by=OFFICIAL, at=made.later(7)
    )
    return notice, certificate.number


AT = made.later(10)


def _ref(matter: Application, by: Actor, **more: Any) -> dict[str, Any]:
    return {"reference": matter.reference, "by": by, "at": AT, **more}


def _technical(house: House, by: Actor) -> object:
    with made.law(technical_certificates=made.sourced(True)):
        return certificates.technical(
            trader=house.trader.reference, office=OFFICE, arrived_under="ZA00012", by=by, at=AT
        )


OF_AN_OFFICE = {Act.BLOCK_ALLOT, Act.APPLICATION_BEGIN_TECHNICAL}
"""Acts that name nothing that is there but an office."""

ACTS: dict[Act, Callable[[House], Do]] = {
    Act.APPLICATION_DRAFT: _of(made.a_draft, lambda m, by: applications.save(**_ref(m, by, changes={"parcels": 4}))),
    Act.APPLICATION_BEGIN_TECHNICAL: lambda house: lambda by: _technical(house, by),
    Act.APPLICATION_LODGE: _of(made.a_draft, lambda m, by: applications.lodge(**_ref(m, by))),
    Act.APPLICATION_WITHDRAW: _of(made.lodged, lambda m, by: applications.cancel(**_ref(m, by, reason=_WHY))),
    Act.APPLICATION_EXAMINE: _of(made.lodged, lambda m, by: desk.examine(**_ref(m, by, measured=made.measured()))),
    Act.APPLICATION_RETURN: _of(made.examined, lambda m, by: desk.return_to_trader(**_ref(m, by, reason=_WHY))),
    Act.APPLICATION_HOLD: _of(made.examined, lambda m, by: desk.hold(**_ref(m, by, reason=_WHY))),
    Act.APPLICATION_RELEASE: _of(_held, lambda m, by: desk.release(**_ref(m, by, reason=_WHY))),
    Act.APPLICATION_REJECT: _of(made.examined, lambda m, by: desk.reject(**_ref(m, by, reason=_WHY))),
    Act.APPLICATION_REQUEST_APPROVAL: _of(_with_photograph, lambda m, by: desk.request_approval(**_ref(m, by))),
    Act.APPLICATION_APPROVE: _of(_pending, lambda m, by: desk.approve(**_ref(m, by, approved=True, reason=_WHY))),
    Act.EVIDENCE_ADD: _of(
        made.lodged,
        lambda m, by: applications.attach(
            **_ref(m, by, kind=AttachmentKind.OTHER, data=node_audit.a_picture(), name="a.png")
        ),
    ),
    Act.CERTIFICATE_RESERVE: _of(made.examined, lambda m, by: desk.reserve(**_ref(m, by))),
    Act.CERTIFICATE_SEAL: _of(made.reserved, lambda m, by: desk.seal(**_ref(m, by, seals=["SL 1"]))),
    Act.CERTIFICATE_VALIDATE: _of(made.sealed, lambda m, by: validation.prepare(**_ref(m, by))),
    Act.CERTIFICATE_PRINT: _of(made.validated, lambda m, by: certificates.print_out(**_ref(m, by, what="label"))),
    Act.CERTIFICATE_DISPATCH: _of(made.validated, lambda m, by: certificates.dispatch(**_ref(m, by))),
    Act.CERTIFICATE_VOID: _of(
        made.reserved, lambda m, by: certificates.void(**_ref(m, by, why="printer error", words=""))
    ),
    Act.CERTIFICATE_REPLACE: _of(made.validated, lambda m, by: certificates.replace(**_ref(m, by, reason=_WHY))),
    Act.CERTIFICATE_REPORT_LOST: _of(
        made.validated, lambda m, by: certificates.report_lost(**_ref(m, by, reason=_WHY))
    ),
    Act.CERTIFICATE_REPORT_FOUND: _of(_lost, lambda m, by: certificates.report_found(**_ref(m, by, reason=_WHY))),
    Act.CERTIFICATE_INVALIDATE: _of(made.examined, lambda m, by: certificates.invalidate(**_ref(m, by, reason=_WHY))),
    Act.CERTIFICATE_SUSPECT: _of(made.lodged, lambda m, by: desk.suspect(**_ref(m, by, text=_WHY))),
    Act.CERTIFICATE_RECONFIRM: _with(
        _notice, lambda held, by: notices.reconfirm(notice=held[0].pk, ours=[held[1]], not_ours=[], by=by, at=AT)
    ),
    Act.NOTICE_END: _with(_notice, lambda held, by: notices.end(notice=held[0].pk, outcome=_WHY, by=by, at=AT)),
    Act.NOTICE_ISSUE: _with(
        _sheets,
        lambda block, by: notices.issue_for_sheets(
            block=block.pk, first=8001, last=8003, since=made.AT, text=_WHY, by=by, at=AT
        ),
    ),
    Act.BLOCK_ALLOT: lambda _: (
        lambda by: numbers.allot(office=OFFICE, first=9001, last=9009, width=8, on_sheets=False, by=by, at=AT)
    ),
    Act.SHEETS_RECEIVE: _with(
        _bare_sheets, lambda block, by: numbers.receive(block=block.pk, first=8001, last=8009, by=by, at=AT)
    ),
    Act.SHEET_SPOIL: _with(
        _sheets, lambda block, by: numbers.spoil(block=block.pk, counter=8001, why="torn", by=by, at=AT)
    ),
    Act.CONFIRMATION_RECORD: _with(
        made.dispatched,
        lambda held, by: confirmations.record(slip=made.a_slip(held), by=by, at=made.later(60 * 24 * 20)),
    ),
    Act.FEE_CHARGE: _of(
        made.lodged,
        lambda m, by: fees.charge(**_ref(m, by, what="levy", currency="USD", amount_cents=100)),
    ),
    Act.FEE_RECORD: _of(
        _with_fee, lambda m, by: fees.pay(fee=m.fees.get().pk, amount_cents=100, payment="R 1", by=by, at=AT)
    ),
    Act.FEE_WAIVE: _of(
        _with_fee, lambda m, by: fees.waive(fee=m.fees.get().pk, amount_cents=100, reason=_WHY, by=by, at=AT)
    ),
    Act.APPLICATION_READ: _of(made.lodged, lambda m, by: queries.application(m.reference, by)),
    Act.CERTIFICATE_READ: _of(made.validated, lambda m, by: queries.certificate(m.certificate.number, by)),
}
"""Every act of this desk, done for real: what prepares it, and what does it."""

SUBJECTS = ("application", "certificate", "evidence", "block", "sheets", "sheet", "notice", "confirmation", "fee")
NO_ACTION_OF_ITS_OWN = {
    Act.APPLICATION_VALUE,
    Act.CERTIFICATE_EXPIRE,
    Act.EVIDENCE_READ,
    Act.NOTICE_READ,
    Act.CONFIRMATION_READ,
    Act.FEE_READ,
}
"""Valuations are entered with the examination, the clock lets certificates expire, and pages ask before they read."""
READS = {Act.APPLICATION_READ, Act.CERTIFICATE_READ}

_PLACES = {
    "own": {"office": OFFICE},
    "other": {"office": OTHER_OFFICE},
    "none": {},
}


def _came_of(do: Do, by: Actor) -> str:
    """Return what came of trying, and leave nothing of it."""
    try:
        with transaction.atomic():
            try:
                do(by)
            finally:
                transaction.set_rollback(True)
    except ActForbidden:
        return "forbidden"
    except errors.NotFound as error:
        return f"missing: {error.what}"
    return "allowed"


def _expected(act: Act, role: Role, place: str) -> str:
    reach = TABLE[act].get(role)
    if reach is None:
        return "missing" if act in READS else "forbidden"
    if reach is Reach.PARTICIPANT or place == "own":
        return "allowed"
    return "missing"


class TestTable:
    def test_every_act_of_this_desk_is_tried(self) -> None:
        named = {act for act in Act if act.value.split(":")[0] in SUBJECTS} - {Act.CERTIFICATE_PRESENT}
        assert named - ACTS.keys() == NO_ACTION_OF_ITS_OWN
        assert ACTS.keys() <= named

    @pytest.mark.parametrize("act", ACTS, ids=str)
    def test_an_act_is_done_by_whom_the_table_lets(self, act: Act) -> None:
        with made.a_house() as house:
            node_registry.an_office(name=OTHER_OFFICE)
            other_trader = node_traders.a_trader()
            do = ACTS[act](house)
            wrong = []
            for role in Role:
                for place, held in _PLACES.items():
                    trader = {"own": house.trader.reference, "other": other_trader.reference, "none": ""}[place]
                    of_trader = role in {Role.EXPORTER, Role.AGENT}
                    by = made.somebody(role, trader=trader) if of_trader else made.somebody(role, **held)
                    came = _came_of(do, by)
                    if came.split(":")[0] != _expected(act, role, place):
                        wrong.append((role.value, place, came))
            assert wrong == []

    @pytest.mark.parametrize("act", ACTS.keys() - READS - OF_AN_OFFICE, ids=str)
    def test_what_is_out_of_reach_is_missing_as_what_does_not_exist_is(self, act: Act) -> None:
        with made.a_house() as house:
            node_registry.an_office(name=OTHER_OFFICE)
            other_trader = node_traders.a_trader()
            do = ACTS[act](house)
            for role, reach in TABLE[act].items():
                by = (
                    made.somebody(role, trader=other_trader.reference)
                    if reach is Reach.TRADER
                    else made.somebody(role, office=OTHER_OFFICE)
                )
                before = made.Traces.now()
                came = _came_of(do, by)
                assert came in {
                    "missing: There is no such application.",
                    "missing: There is no such certificate.",
                    "missing: There is no such block.",
                    "missing: There is no such notice.",
                    "missing: There is no such fee.",
                }
                assert made.Traces.now() == before

    def test_forbidden_is_said_before_anything_is_looked_for(self) -> None:
        customs = made.somebody(Role.CUSTOMS, office=OFFICE)
        with pytest.raises(ActForbidden):
            desk.hold(reference="A-NOTHERE", reason=_WHY, by=customs, at=AT)
        with pytest.raises(ActForbidden):
            fees.pay(fee=77, amount_cents=1, payment="R 1", by=customs, at=AT)
        with pytest.raises(ActForbidden):
            notices.end(notice=77, outcome=_WHY, by=customs, at=AT)
        with pytest.raises(ActForbidden):
            numbers.receive(block=77, first=1, last=2, by=customs, at=AT)


class TestReach:
    def test_a_trader_never_sees_what_is_anothers(self) -> None:
        with made.a_house() as house:
            certificate = made.dispatched(house)
            other = node_traders.a_trader()
            by = node_traders.an_exporter(other)
            assert not queries.applications_of(by)
            assert not queries.certificates_of(by)
            assert not queries.confirmations_of(by)
            assert not queries.waiting_for(by, at=made.AT)
            with pytest.raises(queries.CertificateMissing):
                queries.certificate(certificate.number, by)

    def test_a_draft_is_its_traders_alone(self) -> None:
        with made.a_house() as house:
            draft = made.a_draft(house)
            for by in (EXAMINER, OFFICIAL, made.somebody(Role.AUDITOR)):
                assert not queries.applications_of(by)
            with pytest.raises(queries.ApplicationMissing):
                certificates.invalidate(reference=draft.reference, reason=_WHY, by=OFFICIAL, at=AT)
            with pytest.raises(queries.ApplicationMissing):
                applications.attach(
                    reference=draft.reference,
                    kind=AttachmentKind.OTHER,
                    data=node_audit.a_picture(),
                    name="a.png",
                    by=EXAMINER,
                    at=AT,
                )

    def test_a_deputy_acts_in_the_name_of_who_is_away(self) -> None:
        with made.a_house() as house:
            application = made.examined(house)
            desk.hold(reference=application.reference, reason=_WHY, by=made.deputy(), at=made.later(2))
            step = Step.objects.get(application=application, act="hold")
            assert (step.actor, step.deputises_for) == ("user-vale", "user-away")
            line = Line.objects.get(tag=Act.APPLICATION_HOLD)
            assert line.facts["deputises_for"] == "user-away"

    def test_who_holds_the_role_as_well_is_no_deputy(self) -> None:
        with made.a_house() as house:
            application = made.examined(house)
            both = Actor(identifier="user-vale", held=made.deputy().held + OFFICIAL.held)
            desk.hold(reference=application.reference, reason=_WHY, by=both, at=made.later(2))
            assert Step.objects.get(application=application, act="hold").deputises_for == ""

    def test_a_role_of_one_office_and_a_role_of_another_do_not_add_up(self) -> None:
        with made.a_house() as house:
            application = made.lodged(house)
            by = Actor(
                identifier="user-vale",
                held=(
                    Held(role=Role.EXAMINER, office=OTHER_OFFICE),
                    Held(role=Role.VALUER, office=OFFICE),
                ),
            )
            with pytest.raises(queries.ApplicationMissing):
                desk.examine(reference=application.reference, measured=made.measured(), by=by, at=AT)
