"""A year of shipments in the invented ministry, day by day, each act by whoever does it and at its own time.

A shipment is a story: a generator that acts, and says when it goes on. What the present overtakes stays where it is, so
that something waits in every queue. The same seed tells the same year; keys, secrets and references differ.
"""

from __future__ import annotations

import heapq
import io
import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from PIL import Image, ImageDraw

from examples import ministry
from macle.node.accounts import actions as accounts
from macle.node.accounts.consent import Consent
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
from macle.node.exporting.actions.confirmations import Slip
from macle.node.exporting.models import Application, Arrival, AttachmentKind, Block, Certificate, Fee
from macle.node.permissions import Actor, Role
from macle.node.traders import actions as traders
from macle.node.traders.models import EntryKind, Licence, LicenceKind
from macle.scheme.certificates import ConsentLevel
from macle.scheme.confirmations import ConfirmationResult, SealState
from macle.scheme.lifecycle import CertificateState as State
from macle.scheme.terms import Carats, HSCode, USDollars

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from examples.ministry import House

    Story = Iterator[datetime]

OPENS, CLOSES = 6, 14
"""Hours of the offices' days, in UTC."""
_SATURDAY: Final = 5
DESTINATIONS: Final = {"EU": 42, "AE": 24, "IN": 14, "US": 8, "CN": 5, "IL": 4, "ZA": 3}
US_DOLLARS_A_CARAT: Final = 148.83
"""The published average of Botswana's exports in 2020: see examples/figures/trade_by_participant.csv."""

OPENINGS: Final = (
    State.DRAFT,
    State.SUBMITTED,
    State.UNDER_EXAMINATION,
    State.RESERVED,
    State.SEALED,
    State.VALIDATED,
    State.DISPATCHED,
)
"""How far an ordinary shipment goes on its way out, step by step."""

VOID_WORDS: Final = {"other": "The buyer's vault was closed for a week."}


@dataclass(frozen=True, slots=True)
class Plan:
    """What is applied for: by whom, where, and what goods."""

    firm: str
    office: str
    entered: dict[str, Any]
    hurried: bool = False
    """Whether each step follows the last one within the hour, so that it waits today where its story ends."""
    official: str = ""
    """Who validates it, if that is not left to chance."""

    @property
    def lines(self) -> dict[HSCode, tuple[Carats, USDollars]]:
        """Return the goods as the scales of an honest examiner show them."""
        return {
            HSCode(line["hs"]): (Carats.parse(line["carats"]), USDollars.parse(line["value"]))
            for line in self.entered["lines"]
        }


@dataclass
class Year:
    """The desks of the ministry through a year, and the stories that are told there."""

    house: House
    chance: random.Random
    evening: Callable[[datetime], object]
    """What is done at the end of each day, such as carrying the day's letters."""
    at: datetime = field(init=False)
    _present: dict[str, Actor] = field(default_factory=dict)
    _order: int = 0
    _stories: list[tuple[datetime, int, Story]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin when the ministry was founded."""
        self.at = self.house.begun

    # --- Time -----------------------------------------------------------------------------------

    def add(self, at: datetime, story: Story) -> None:
        """Let a story begin at an instant, or as soon as the offices are open."""
        self._order += 1
        heapq.heappush(self._stories, (self.working(at), self._order, story))

    def tell(self) -> None:
        """Tell all stories, in the order of time, until the present."""
        day = self.house.begun.date()
        while self._stories and self._stories[0][0] <= self.house.until:
            at, _, story = heapq.heappop(self._stories)
            while day < at.date():
                self._close(datetime(day.year, day.month, day.day, CLOSES + 2, tzinfo=UTC))
                day += timedelta(days=1)
            self.at = at
            following = next(story, None)
            if following is not None:
                self._order += 1
                heapq.heappush(self._stories, (following, self._order, story))
        self._close(self.house.until)

    def _close(self, at: datetime) -> None:
        certificates.expire(at=at)
        self.evening(at)
        self._present.clear()

    def working(self, at: datetime) -> datetime:
        """Return this instant, or the next one at which the offices are open."""
        at = at.replace(microsecond=0)
        if at.hour < OPENS:
            at = at.replace(hour=OPENS)
        elif at.hour >= CLOSES:
            at = at.replace(hour=OPENS) + timedelta(days=1)
        while at.weekday() >= _SATURDAY:
            at += timedelta(days=1)
        return at

    def hours(self, least: float, most: float, plan: Plan | None = None) -> datetime:
        """Return when somebody goes on who takes so many hours; the next morning where the offices close before."""
        wanted = self.chance.uniform(least, most) * (0.03 if plan is not None and plan.hurried else 1)
        return self.working(self.at + timedelta(seconds=round(wanted * 3600)))

    def days(self, least: float, most: float) -> datetime:
        """Return when somebody goes on who takes so many days."""
        return self.hours(least * 24, most * 24)

    # --- People ---------------------------------------------------------------------------------

    def who(self, login: str) -> Actor:
        """Return who somebody is now: asked once a day, and anew when roles change."""
        if login not in self._present:
            self._present[login] = self.house.who(login, at=self.at)
        return self._present[login]

    def trader(self, plan: Plan) -> Actor:
        """Return whoever acts for the trader."""
        return self.who(ministry.speaker(plan.firm))

    def examiner(self, office: str) -> Actor:
        """Return the examiner of an office."""
        return self.who("joren.pell" if office == ministry.CAPITAL else "mira.sandgate")

    def official(self, plan: Plan) -> ministry.Person:
        """Return who validates a shipment now: the deputy while the official is absent."""
        if plan.official or plan.office != ministry.CAPITAL:
            return ministry.person(plan.official or ministry.DEPUTY)
        if self.chance.random() < 0.6:
            return ministry.person("tamsin.vale")
        is_away = self.at >= self.house.until - ministry.AWAY
        return ministry.person(ministry.DEPUTY if is_away else ministry.ABSENT)

    # --- One step each --------------------------------------------------------------------------

    def state(self, reference: str) -> State:
        """Return where an application stands."""
        return Application.objects.get(reference=reference).status

    def begin(self, plan: Plan) -> str:
        """Begin a draft, and return its reference."""
        draft = applications.begin(
            trader=self.house.firms[plan.firm].reference,
            office=plan.office,
            by=self.trader(plan),
            at=self.at,
            entered=plan.entered,
        )
        return draft.reference

    def lodge(self, plan: Plan, reference: str) -> None:
        """Lodge it."""
        applications.lodge(reference=reference, by=self.trader(plan), at=self.at)

    def examine(self, plan: Plan, reference: str) -> None:
        """Weigh, count and value; the government's valuer sometimes finds more."""
        declared = sum(value.hundredths for _, value in plan.lines.values())
        desk.examine(
            reference=reference,
            measured=desk.Measured(
                parcels=plan.entered["parcels"],
                lines=plan.lines,
                government=USDollars(declared * 103 // 100) if self.chance.random() < 0.3 else None,
                synthetics_screened=self.chance.random() < 0.8,
            ),
            by=self.examiner(plan.office),
            at=self.at,
        )

    def reserve(self, plan: Plan, reference: str) -> None:
        """Reserve a number; where forms are pre-printed, that of the sheet on top."""
        sheet = ""
        if plan.office == ministry.NORTH:
            block = Block.objects.get(pk=self.house.sheets)
            sheet = block.national(block.next)
        desk.reserve(reference=reference, by=self.examiner(plan.office), at=self.at, sheet=sheet)

    def seal(self, plan: Plan, reference: str) -> None:
        """Close the container."""
        seal = f"BWA {self.chance.randrange(100_000, 1_000_000)}"
        desk.seal(reference=reference, seals=[seal], by=self.examiner(plan.office), at=self.at)

    def validate(self, plan: Plan, reference: str) -> Generator[datetime, None, None]:
        """Look at what will be signed, and two minutes later sign it."""
        official = self.official(plan)
        intent = validation.prepare(reference=reference, by=self.who(official.login), at=self.at)
        yield self.at + timedelta(minutes=2)
        validation.validate(
            reference=reference,
            identity=intent.identity,
            secret=official.passphrase,
            consent=Consent(
                level=ConsentLevel.PILOT,
                by=self.who(official.login).identifier,
                at=self.at,
                challenge=bytes.fromhex(intent.identity),
            ),
            by=self.who(official.login),
            at=self.at,
        )

    def dispatch(self, plan: Plan, reference: str) -> None:
        """Let it leave."""
        certificates.dispatch(reference=reference, by=self.examiner(plan.office), at=self.at)

    # --- On its way out -------------------------------------------------------------------------

    def walk(self, plan: Plan, upto: State, reference: str = "") -> Generator[datetime, None, str]:
        """Take an application from where it stands to a state on its way out, and return its reference."""
        if not reference:
            reference = self.begin(plan)
        goal = OPENINGS.index(upto)
        while (stands := self.state(reference)) is not upto:
            if stands is State.HELD:
                yield self.hours(3, 30, plan)
                self.release(plan, reference)
                continue
            if stands not in OPENINGS or OPENINGS.index(stands) >= goal:
                break
            yield self.hours(*_HOURS[stands], plan)
            if stands is State.SEALED:
                yield from self.validate(plan, reference)
            else:
                {
                    State.DRAFT: self.lodge,
                    State.SUBMITTED: self.examine,
                    State.UNDER_EXAMINATION: self.reserve,
                    State.RESERVED: self.seal,
                    State.VALIDATED: self.dispatch,
                }[stands](plan, reference)
            if stands is State.DRAFT and self.chance.random() < 0.4:
                self.charge(plan, reference)
        return reference

    def release(self, plan: Plan, reference: str) -> None:
        """Decide that what was held goes on."""
        desk.release(
            reference=reference,
            reason="The production record that covers it is on its way; seen by telephone.",
            by=self.who(self.official(plan).login),
            at=self.at,
        )

    def charge(self, plan: Plan, reference: str) -> None:
        """Charge the fee; most are paid, some waived, some due."""
        fee = fees.charge(
            reference=reference,
            what="Certificate fee",
            currency="BWP",
            amount_cents=50_000,
            by=self.examiner(plan.office),
            at=self.at,
        )
        chance = self.chance.random()
        if chance < 0.9:
            self.add(self.hours(20, 60), self._settled(plan, fee, is_waived=chance < 0.08))

    def _settled(self, plan: Plan, fee: Fee, *, is_waived: bool) -> Story:
        if is_waived:
            by = self.who(self.official(plan).login)
            fees.waive(fee=fee.pk, amount_cents=50_000, reason="Goods for an exhibition.", by=by, at=self.at)
        else:
            payment = f"Receipt {self.chance.randrange(10_000, 100_000)}"
            by = self.examiner(plan.office)
            fees.pay(fee=fee.pk, amount_cents=50_000, payment=payment, by=by, at=self.at)
        yield from ()

    def stopping(self, plan: Plan, upto: State) -> Story:
        """Tell of one that waits in a state."""
        reference = yield from self.walk(plan, upto)
        if upto in {State.SUBMITTED, State.UNDER_EXAMINATION}:
            picture = _picture("Packing list", f"{plan.firm}", f"{plan.entered['parcels']} parcels")
            applications.attach(
                reference=reference,
                kind=AttachmentKind.PACKING_LIST,
                data=picture,
                name="packing list.png",
                by=self.trader(plan),
                at=self.at,
            )

    # --- What comes back ------------------------------------------------------------------------

    def confirmed(self, plan: Plan, *, differs: str = "", arrival: Arrival | None = None) -> Story:
        """Tell of one that arrives and is confirmed, with what differs on its slip."""
        reference = yield from self.walk(plan, State.DISPATCHED)
        yield from self.arrival(plan, reference, differs=differs, arrival=arrival)

    def arrival(
        self, plan: Plan, reference: str, *, differs: str = "", arrival: Arrival | None = None
    ) -> Generator[datetime, None, None]:
        """Wait for the slip, record it, and settle some of what differs."""
        left_on = self.at.date()
        yield self.days(4, 21)
        certificate = Certificate.objects.get(application__reference=reference)
        by = self.examiner(plan.office)
        slip = self.slip(certificate, left_on=left_on, differs=differs, arrival=arrival)
        confirmations.record(slip=slip, by=by, at=self.at)
        if differs and differs != "refused" and self.chance.random() < 0.4:
            yield self.days(1, 5)
            confirmations.settle(
                number=certificate.number,
                text="Weighed again here and there; their scales are right, and the book is corrected.",
                by=self.examiner(plan.office),
                at=self.at,
            )

    def slip(self, certificate: Certificate, *, left_on: Any, differs: str, arrival: Arrival | None) -> Slip:  # noqa: ANN401
        """Return what the other side writes."""
        came = arrival or self.chance.choices(list(Arrival), weights=[35, 5, 5, 45, 10])[0]
        today = queries.day(certificate.office, at=self.at)
        opened = bool(differs) or self.chance.random() < 0.9
        carats, value, parcels = certificate.carats_hundredths, certificate.value_cents, certificate.parcels
        official = self.chance.choice(("P. Example", "A. Sample", "L. Specimen"))
        picture = b""
        if arrival is Arrival.SCAN:
            picture = _picture(f"Confirmation of {certificate.number}", f"{certificate.carats} ct", official)
        return Slip(
            number=certificate.number,
            arrival=came,
            received_on=today,
            date_of_receipt=max(left_on, today - timedelta(days=self.chance.randrange(4))),
            opened=opened,
            seals=SealState.BROKEN if differs == "seals" else SealState.INTACT,
            result={
                "seals": ConfirmationResult.ACCEPTED_AFTER_ENDORSEMENT,
                "refused": ConfirmationResult.REFUSED,
            }.get(differs, ConfirmationResult.ACCEPTED),
            parcels=(parcels + (differs == "parcels")) if opened else None,
            carats=Carats(carats - 40 * (differs == "short")) if opened else None,
            value=USDollars(value // 10 if differs == "value" else value) if opened else None,
            office=f"Example office of {certificate.destination}",
            official=official,
            importer=certificate.application.importer_name,
            picture=picture,
            picture_name="slip.png" if picture else "",
        )

    # --- What goes another way --------------------------------------------------------------------

    def voided(self, plan: Plan, why: str, after: State) -> Story:
        """Tell of a number that is voided."""
        reference = yield from self.walk(plan, after)
        yield self.hours(1, 30)
        by = self.who(self.official(plan).login)
        certificates.void(reference=reference, why=why, words=VOID_WORDS.get(why, ""), by=by, at=self.at)

    def spoiled(self, plan: Plan) -> Story:
        """Tell of a sheet that the printer chewed, and of its successor."""
        reference = yield from self.walk(plan, State.VALIDATED)
        yield self.hours(0.2, 1)
        by = self.examiner(plan.office)
        successor = certificates.spoil(reference=reference, words="Chewed by the printer.", by=by, at=self.at)
        yield from self.walk(plan, State.DISPATCHED, successor.reference)
        yield from self.arrival(plan, successor.reference)

    def replaced(self, plan: Plan) -> Story:
        """Tell of a certificate that is replaced before it leaves."""
        reference = yield from self.walk(plan, State.VALIDATED)
        yield self.hours(2, 20)
        by = self.who(self.official(plan).login)
        reason = "The importer's address on it is an old one."
        successor = certificates.replace(reference=reference, reason=reason, by=by, at=self.at)
        yield from self.walk(plan, State.DISPATCHED, successor.reference)
        yield from self.arrival(plan, successor.reference)

    def lost(self, plan: Plan, *, is_found: bool) -> Story:
        """Tell of a certificate that is lost on its way, and perhaps found."""
        reference = yield from self.walk(plan, State.DISPATCHED)
        yield self.days(2, 4)
        by = self.who(self.official(plan).login)
        reason = "The courier's bag came without it."
        certificates.report_lost(reference=reference, reason=reason, by=by, at=self.at)
        if is_found:
            yield self.days(1, 3)
            by = self.who(self.official(plan).login)
            reason = "It lay in the next bag."
            certificates.report_found(reference=reference, reason=reason, by=by, at=self.at)
            yield from self.arrival(plan, reference)

    def invalidated(self, plan: Plan) -> Story:
        """Tell of a certificate whose data turned out wrong when it had left."""
        reference = yield from self.walk(plan, State.DISPATCHED)
        yield self.days(1, 3)
        by = self.who(self.official(plan).login)
        reason = "The parcels of two shipments were exchanged in the vault."
        certificates.invalidate(reference=reference, reason=reason, by=by, at=self.at)

    def deficient(self, plan: Plan, *, is_mended: bool) -> Story:
        """Tell of an application that goes back to its trader."""
        reference = yield from self.walk(plan, State.UNDER_EXAMINATION)
        yield self.hours(1, 5, plan)
        by = self.examiner(plan.office)
        reason = "The packing list and the parcels do not agree: bring the list of this shipment."
        desk.return_to_trader(reference=reference, reason=reason, by=by, at=self.at)
        if is_mended:
            yield self.hours(5, 40, plan)
            self.lodge(plan, reference)
            yield from self.walk(plan, State.DISPATCHED, reference)
            yield from self.arrival(plan, reference)

    def held(self, plan: Plan) -> Story:
        """Tell of one that is held by hand, or by the rules, and waits."""
        reference = yield from self.walk(plan, State.SUBMITTED)
        yield self.hours(1, 5, plan)
        self.examine(plan, reference)

    def covered_later(self, plan: Plan) -> Story:
        """Tell of one that the book did not cover, which an official released, and of the record that came after it."""
        reference = yield from self.walk(plan, State.DISPATCHED)
        whole = sum(weight.hundredths for weight, _ in plan.lines.values()) // 100
        self._enter(plan.firm, EntryKind.PRODUCTION, whole, "PR, late", by=self.examiner(plan.office))
        yield from self.arrival(plan, reference)

    def ended(self, plan: Plan, how: State) -> Story:
        """Tell of one that is taken back or refused before it has a number."""
        reference = yield from self.walk(plan, State.UNDER_EXAMINATION)
        yield self.hours(2, 20)
        if how is State.CANCELLED:
            reason = "The buyer took other goods."
            applications.cancel(reference=reference, reason=reason, by=self.trader(plan), at=self.at)
        else:
            by = self.who(self.official(plan).login)
            reason = "No document shows where a third of the goods came from."
            desk.reject(reference=reference, reason=reason, by=by, at=self.at)

    def suspected(self, plan: Plan, *, is_cleared: bool) -> Story:
        """Tell of one that somebody does not believe."""
        reference = yield from self.walk(plan, State.UNDER_EXAMINATION)
        yield self.hours(1, 5, plan)
        by = self.who(self.official(plan).login)
        text = "Two stones look like those of the burglary in Example Street."
        desk.suspect(reference=reference, text=text, by=by, at=self.at)
        if is_cleared:
            yield self.days(2, 5)
            by = self.who(self.official(plan).login)
            desk.clear(reference=reference, outcome="Others, by their photographs.", by=by, at=self.at)
            yield from self.walk(plan, State.DISPATCHED, reference)
            yield from self.arrival(plan, reference)

    # --- What happens to the ministry --------------------------------------------------------------

    def sheets(self) -> Story:
        """Tell of the pre-printed sheets: they come in four deliveries, and of one the next sheets are stolen."""
        by = self.examiner(ministry.NORTH)
        each = (ministry.LAST_SHEET - ministry.FIRST_SHEET + 1) // 4
        for first in range(ministry.FIRST_SHEET, ministry.LAST_SHEET + 1, each):
            numbers.receive(block=self.house.sheets, first=first, last=first + each - 1, by=by, at=self.at)
        yield from ()

    def spoil_a_sheet(self) -> Story:
        """Tell of a sheet that had coffee on it before anybody used it."""
        block = Block.objects.get(pk=self.house.sheets)
        by = self.examiner(ministry.NORTH)
        numbers.spoil(block=block.pk, counter=block.next, why="damaged", by=by, at=self.at)
        yield from ()

    def theft(self) -> Story:
        """Tell of stolen sheets: those that were used lately are asked about, and some are answered for."""
        block = Block.objects.get(pk=self.house.sheets)
        by = self.who(ministry.DEPUTY)
        notice = notices.issue_for_sheets(
            block=block.pk,
            first=max(block.first, block.next - 12),
            last=block.next + 11,
            since=self.at - timedelta(days=1),
            text="A case with sheets is missing from the strongroom. The police were told: example file 12.",
            by=by,
            at=self.at,
        )
        yield self.hours(3, 6)
        asked = sorted(notices.unanswered(notice).values_list("number", flat=True))
        by = self.who(ministry.DEPUTY)
        notices.reconfirm(notice=notice.pk, ours=asked[: (len(asked) + 1) // 2], not_ours=(), by=by, at=self.at)

    def month(self, index: int) -> Story:
        """Tell of a month's production, imports and sales at home."""
        by = self.examiner(ministry.CAPITAL)
        for each in ministry.FIRMS:
            if each.monthly:
                self._enter(each.name, EntryKind.PRODUCTION, each.monthly, f"PR-{index:02d}", by=by)
        self._enter("Quayside Rough Trading", EntryKind.IMPORT, 1_500, f"ZA000{22_000 + index}", by=by, origin="ZA")
        if index % 5 == 2:
            self._enter("Lantern Hill Stones", EntryKind.MANUFACTURING, 40, f"MF-{index:02d}", by=by)
        for seller, buyer, carats in ministry.SALES:
            traders.sell_locally(
                seller=self.house.firms[seller],
                buyer=self.house.firms[buyer],
                origin="BW",
                carats=Carats(carats * 100),
                on=self.at.date(),
                reference=f"LS-{index:02d}",
                by=by,
                at=self.at,
            )
        yield from ()

    def _enter(self, name: str, kind: EntryKind, carats: int, reference: str, *, by: Actor, origin: str = "BW") -> None:
        traders.enter(
            trader=self.house.firms[name],
            origin=origin,
            kind=kind,
            carats=Carats(carats * 100),
            on=self.at.date(),
            reference=reference,
            by=by,
            at=self.at,
        )

    def stock(self) -> Story:
        """Tell of the stock declarations of a new year."""
        for each in ministry.FIRMS:
            if each.opening:
                trader, by = self.house.firms[each.name], self.who(ministry.speaker(each.name))
                held = {"BW": Carats(each.opening * 95)}
                traders.declare_stock(trader=trader, year=self.at.year, stock=held, by=by, at=self.at)
        yield from ()

    def suspension(self) -> Story:
        """Tell of a trader that is suspended."""
        traders.suspend(
            trader=self.house.firms[ministry.SUSPENDED],
            since=self.at.date(),
            reason="The annual return was not made.",
            by=self.who(ministry.DEPUTY),
            at=self.at,
        )
        yield from ()

    def end_of_a_licence(self) -> Story:
        """Tell of a licence to export that is ended."""
        licence = Licence.objects.get(
            trader=self.house.firms[ministry.LICENCE_ENDED], kind=LicenceKind.EXPORTER, until__gt=self.at.date()
        )
        by = self.who(ministry.DEPUTY)
        traders.end_licence(licence=licence, until=self.at.date(), reason="Given back.", by=by, at=self.at)
        yield from ()

    def absence(self) -> Story:
        """Tell of an official who is away, and of the deputy."""
        accounts.deputise(
            absent=self.house.users[ministry.ABSENT].identifier,
            deputy=self.house.users[ministry.DEPUTY].identifier,
            role=Role.VALIDATING_OFFICIAL,
            office=ministry.CAPITAL,
            reason="Annual leave",
            until=self.house.until + timedelta(days=9),
            by=self.who("ansel.wray"),
            at=self.at,
        )
        self._present.clear()
        yield from ()


_HOURS: Final = {
    State.DRAFT: (0.3, 3),
    State.SUBMITTED: (2, 20),
    State.UNDER_EXAMINATION: (1, 6),
    State.RESERVED: (0.3, 2),
    State.SEALED: (1, 8),
    State.VALIDATED: (2, 30),
}
"""How many hours pass in each state before somebody takes it on."""


def _picture(*lines: str) -> bytes:
    """Return a picture of a small piece of paper."""
    paper = Image.new("L", (900, 420), 244)
    drawn = ImageDraw.Draw(paper)
    drawn.rectangle((20, 20, 880, 400), outline=90, width=3)
    for index, line in enumerate((*lines, "An example: nobody sent this.")):
        drawn.text((60, 60 + 60 * index), line, fill=20, font_size=30)
    data = io.BytesIO()
    paper.save(data, "PNG")
    return data.getvalue()


# --- Which stories are told ---------------------------------------------------------------------


class Planner:
    """Draws what is applied for."""

    def __init__(self, chance: random.Random) -> None:
        """Read the invented importers."""
        self.chance = chance
        self.parties = ministry.parties()

    def plan(
        self,
        *,
        firm: str = "",
        destination: str = "",
        hurried: bool = False,
        carats: int = 0,
        everybody: bool = False,
    ) -> Plan:
        """Return the plan of a shipment of a firm, as heavy as usual or of so many whole carats.

        The firms that are stopped by now are drawn only by name, or among ``everybody``.
        """
        if not firm:
            able = [each for each in ministry.FIRMS if each.share and (everybody or each.name not in ministry.STOPPED)]
            firm = self.chance.choices(able, weights=[each.share for each in able])[0].name
        known = ministry.firm(firm)
        destination = destination or self.chance.choices(list(DESTINATIONS), weights=list(DESTINATIONS.values()))[0]
        hundredths = carats * 100 or max(200, round(known.usual * 100 * self.chance.lognormvariate(0, 0.45)))
        lines = self._lines(hundredths)
        is_mixed = firm == "Quayside Rough Trading" and self.chance.random() < 0.3
        weight = str(Carats(hundredths))
        party = self.chance.choice([each for each in self.parties if each["participant"] == destination])
        fields = ("name", "latin_name", "address", "town", "country")
        return Plan(
            firm=firm,
            office=known.office,
            hurried=hurried,
            entered={
                "kind": "standard",
                "importer": {name: party[name] for name in fields if party[name]},
                "destination": destination,
                "country_of_provenance": "BW",
                "origin": {"kind": "mixed_listed", "countries": ["BW", "ZA"]}
                if is_mixed
                else {"kind": "single", "countries": ["BW"]},
                "lines": lines,
                "parcels": self.chance.randrange(1, 9),
                "not_conflict_diamonds": True,
                "synthetics_declared": False,
                "sources": [{"kind": "production_record", "reference": "PR", "carats": weight}],
            },
        )

    def _lines(self, carats: int) -> list[dict[str, str]]:
        """Share the weight out to headings: most is of gem quality, some for industry."""
        parts = {"7102.31": carats}
        if self.chance.random() < 0.3:
            cheap = carats * self.chance.randrange(10, 40) // 100
            parts = {"7102.21": cheap, "7102.31": carats - cheap}
        lines = []
        for heading, weight in parts.items():
            price = US_DOLLARS_A_CARAT * self.chance.lognormvariate(0, 0.2) * (0.08 if heading == "7102.21" else 1)
            lines.append({"hs": heading, "carats": str(Carats(weight)), "value": str(USDollars(round(weight * price)))})
        return lines


def tell(house: House, *, shipments: int, seed: int, evening: Callable[[datetime], object]) -> Year:
    """Tell a year of about so many shipments, and return it."""
    chance = random.Random(seed)
    year, planner, until = Year(house, chance, evening), Planner(chance), house.until

    def ago(days: float) -> datetime:
        return until - timedelta(days=days)

    year.add(house.begun + timedelta(hours=3), year.sheets())
    for index in range(12):
        year.add(house.begun + timedelta(days=1 + 30 * index), year.month(index))
    year.add(datetime(until.year, 1, 12, 9, tzinfo=UTC), year.stock())
    year.add(ago(200), year.spoil_a_sheet())
    year.add(ago(31), year.end_of_a_licence())
    year.add(ago(21), year.suspension())
    year.add(until - ministry.AWAY, year.absence())
    year.add(ago(6), year.theft())

    extraordinary = list(_extraordinary(year, planner, ago))
    for at, story in extraordinary:
        year.add(at, story)
    ordinary = max(0, shipments - len(extraordinary))
    for index in range(ordinary):
        days = 362 * (1 - (index + chance.random()) / ordinary)
        plan = planner.plan(everybody=days > 60)
        year.add(ago(days), year.confirmed(plan))
    year.tell()
    return year


def _extraordinary(year: Year, planner: Planner, ago: Callable[[float], datetime]) -> Iterator[tuple[datetime, Story]]:
    """Give the stories of which there are few, each with when it begins."""
    chance = year.chance
    for why in certificates.VOID_REASONS:
        after = chance.choice((State.RESERVED, State.SEALED, State.VALIDATED))
        yield ago(chance.uniform(20, 340)), year.voided(planner.plan(), why, after)
    for differs, times in (("short", 4), ("parcels", 3), ("value", 3), ("seals", 2), ("refused", 1)):
        for _ in range(times):
            yield ago(chance.uniform(40, 330)), year.confirmed(planner.plan(), differs=differs)
    for differs in ("short", "value", "parcels"):
        yield ago(27), year.confirmed(planner.plan(), differs=differs, arrival=Arrival.SCAN)
    for days in (50, 75, 100):
        yield ago(days), year.confirmed(planner.plan(), arrival=Arrival.SCAN)
    for days in (310, 150):
        yield ago(days), year.spoiled(planner.plan(firm="Redwater Cooperative"))
    yield ago(120), year.replaced(planner.plan())
    yield ago(80), year.stopping(planner.plan(), State.VALIDATED)  # It expires.
    yield ago(25), year.lost(planner.plan(), is_found=False)
    yield ago(180), year.lost(planner.plan(), is_found=True)
    yield ago(140), year.invalidated(planner.plan())
    yield ago(220), year.deficient(planner.plan(), is_mended=True)
    yield ago(90), year.ended(planner.plan(), State.REJECTED)
    yield ago(60), year.ended(planner.plan(), State.CANCELLED)
    yield ago(160), year.suspected(planner.plan(), is_cleared=True)
    yield ago(4), year.suspected(planner.plan(hurried=True), is_cleared=False)
    # More than the book covers: held by the rules, released by an official.
    yield ago(200), year.covered_later(planner.plan(firm="Redwater Cooperative", carats=18_000))
    # Overdue where the day is certain, and where it is only "expeditiously".
    for days, destination in ((48, "US"), (41, "US"), (33, "US"), (95, "EU"), (80, "AE"), (70, "IN")):
        plan = planner.plan(destination=destination)
        yield ago(days), year.stopping(plan, State.DISPATCHED)
    # Under way from the north when its sheets are stolen.
    for days in (37, 36, 35, 34):
        yield ago(days), year.stopping(planner.plan(firm="Brindle Alluvials"), State.DISPATCHED)
    # What waits today.
    yield ago(10), year.stopping(planner.plan(firm="Redwater Cooperative"), State.DRAFT)
    yield ago(4), year.deficient(planner.plan(firm="Selle River Mining", hurried=True), is_mended=False)
    yield ago(4), year.held(planner.plan(firm="Lantern Hill Stones", hurried=True, carats=110_000))
    waiting = (
        *(State.DRAFT, State.DRAFT, State.SUBMITTED, State.SUBMITTED, State.SUBMITTED),
        *(State.UNDER_EXAMINATION, State.UNDER_EXAMINATION, State.RESERVED, State.RESERVED),
        *(State.SEALED, State.SEALED, State.SEALED, State.VALIDATED, State.VALIDATED),
    )
    for index, state in enumerate(waiting):
        firm = ("Quayside Rough Trading", "Lantern Hill Stones", "Selle River Mining")[index % 3]
        plan = planner.plan(firm=firm, hurried=True)
        yield ago(4 - 0.05 * index), year.stopping(replace(plan, official=ministry.DEPUTY), state)
