"""The importing desk for machines: from a certificate that is presented to an import that is confirmed."""

from __future__ import annotations

import base64
import binascii
from datetime import date, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Literal

from django.http import HttpResponse
from pydantic import Field, StringConstraints

from macle import errors
from macle.node.accounts import consent
from macle.node.exporting.actions import validation
from macle.node.exporting.api.applications import Reason
from macle.node.exporting.api.validating import GiveConsent, proof
from macle.node.importing import judging, queries
from macle.node.importing.actions import confirming, deciding, inspecting, presenting, receiving
from macle.node.importing.models import Answer, Way
from macle.node.interface.bearer import Asked
from macle.node.interface.fields import (
    MOST_ITEMS,
    Cents,
    Count,
    Day,
    Flag,
    Given,
    Hundredths,
    Key,
    Line,
    Plain,
    Shown,
    Words,
)
from macle.node.interface.paging import USUAL, After, Limit, Page, page
from macle.node.interface.routes import COSE, PDF, Routes, file
from macle.node.permissions import Act
from macle.paper.carriers import Carried
from macle.paper.decisions import DecisionKind
from macle.proof import codec, views
from macle.scheme import certificates, confirmations
from macle.scheme.certificates import ConsentLevel
from macle.scheme.confirmations import SealState
from macle.scheme.lifecycle import CertificateState, ShipmentState
from macle.scheme.terms import Carats, HSCode, USDollars

if TYPE_CHECKING:
    from macle.node.importing import models

routes = Routes("Importing")

LONGEST_CODE = 8192
"""Characters of the text of a code."""
LONGEST_FILE = 2 * 1024 * 1024
"""Characters of base64: a certificate's PDF is a tenth of it."""

Seals = Literal["intact", "broken", "replaced_by_customs"]


class NotOneCertificate(errors.Malformed):
    """What was brought carries no certificate, or several."""

    code = "not-one-certificate"


class DecisionMissing(errors.NotFound):
    """There is no such decision of the shipment."""

    code = "decision-missing"


class NothingSigned(errors.NotFound):
    """There is no signed confirmation of the shipment."""

    code = "nothing-signed"


class Shipment(Shown):
    """A shipment that came to this authority; figures are those that its certificate declares."""

    reference: str
    office: str
    way: Way
    state: ShipmentState
    certificate_state: CertificateState | None
    since: datetime
    issuer: str
    number: str | None
    identity: str | None
    announced: str
    """The number that customs read before the certificate was presented."""
    arrived_on: date
    date_of_expiry: date | None
    importer: str | None
    """The reference of the trader of ours, where the certificate names one."""
    exporter_name: str
    importer_name: str
    parcels: int | None
    carats: int | None
    """Hundredths of a carat."""
    value: int | None
    """US cents."""
    seals: list[str]
    customs_reference: str


def _shipment(row: models.Shipment) -> Shipment:
    return Shipment(
        reference=row.reference,
        office=row.office,
        way=Way(row.way),
        state=row.status,
        certificate_state=CertificateState(row.certificate_state) if row.certificate_state else None,
        since=row.since,
        issuer=row.issuer,
        number=row.number or None,
        identity=row.identity or None,
        announced=row.announced,
        arrived_on=row.arrived_on,
        date_of_expiry=row.date_of_expiry,
        importer=row.importer_id,
        exporter_name=row.exporter_name,
        importer_name=row.importer_name,
        parcels=row.parcels,
        carats=row.carats_hundredths,
        value=row.value_cents,
        seals=row.seals,
        customs_reference=row.customs_reference,
    )


class ShipmentStep(Shown):
    """One accepted act on the shipment or on its certificate."""

    sequence: int
    of: Literal["shipment", "certificate"]
    act: str
    at: datetime
    actor: str
    deputises_for: str
    reason: str


class Inspection(Shown):
    """What the desk found."""

    at: datetime
    by: str
    opened: bool
    seals: Seals
    found_seals: list[str]
    parcels: int | None
    carats: int | None
    value: int | None
    synthetics: int
    """Hundredths of a carat that are of synthetic diamonds."""
    findings: list[str]
    """What the rules said of it, each in a sentence."""


class Decision(Shown):
    """A decision of which the importer is told in a letter."""

    reference: str
    kind: DecisionKind
    at: datetime
    by: str


class Presentation(Shown):
    """What the verifier said when the certificate was presented."""

    at: datetime
    by: str
    carrier: str
    genuine: str
    in_date: str
    admissible: str
    uses: bool
    """Whether the number is used by it."""
    corrected_at: datetime | None


class WholeShipment(Shipment):
    """A shipment with all that was done with it."""

    acts: list[ShipmentStep]
    presentations: list[Presentation]
    inspection: Inspection | None
    decisions: list[Decision]
    confirmed_at: datetime | None


class Present(Given):
    """What was brought, and where: the text of a code, or a file."""

    office: Line
    text: Annotated[str, StringConstraints(max_length=LONGEST_CODE)] = ""
    """The text of the code."""
    content: Annotated[str, StringConstraints(max_length=LONGEST_FILE)] = ""
    """A PDF, a picture or the signed bytes, in base64."""
    arrived_on: Day | None = None
    """Today unless the shipment came before."""
    customs_reference: Line = ""
    received: Line = ""
    """The reference of a shipment that came before its certificate."""


class Presented(Shown):
    """What came of it."""

    shipment: Shipment
    again: bool
    """Whether it had been presented here before."""
    genuine: str
    in_date: str
    admissible: str
    steps: list[Plain]
    """The numbered steps of the verifier, each with its result and reason."""


class Receive(Given):
    """Goods that came before their certificate, or without any."""

    office: Line
    way: Way
    arrived_on: Day
    seals: Annotated[list[Line], Field(max_length=MOST_ITEMS)] = Field(default_factory=list)
    customs_reference: Line = ""
    importer_name: Line = ""
    remark: Words = ""


class HandOver(Given):
    """Goods that customs hands over where they enter, or stops."""

    office: Line
    stopped: Flag = False
    seals: Annotated[list[Line], Field(max_length=MOST_ITEMS)]
    announced: Line = ""
    """The number of the certificate that customs read, if there is any."""
    customs_reference: Line = ""
    remark: Words = ""
    """Why they are stopped."""


class Dispose(Given):
    """What became of forfeited goods."""

    destroyed: Flag
    """Otherwise they were disposed of outside the trade."""
    reason: Words


class FoundHeading(Given):
    """What was found of one heading."""

    hs: HSCode
    carats: Hundredths
    value: Cents


class Found(Given):
    """What was measured; the container was opened."""

    parcels: Count
    lines: Annotated[list[FoundHeading], Field(min_length=1, max_length=len(HSCode))]


class Inspect(Given):
    """What the desk found."""

    seals: Seals
    found_seals: Annotated[list[Line], Field(max_length=MOST_ITEMS)] = Field(default_factory=list)
    measured: Found | None = None
    """Null where the container was not opened."""
    synthetics: Hundredths = 0
    """Hundredths of a carat that are of synthetic diamonds."""


class Ground(Given):
    """Why it is decided, and under which provision."""

    text: Words
    source: Words


class Decide(Given):
    """A decision about a shipment that does not agree."""

    grounds: Annotated[list[Ground], Field(max_length=MOST_ITEMS)]
    appeal: Words
    """How to appeal."""


class Ask(Given):
    """What would be noted on the certificate."""

    text: Words


class Answered(Given):
    """What the issuing authority answered."""

    answer: Answer


class PrepareConfirmation(Given):
    """What is said beside the figures."""

    remark: Words = ""


class PreparedConfirmation(Shown):
    """The confirmation that is prepared: exactly what would be signed."""

    shipment: str
    identity: str
    """SHA-256 of what would be signed, in hexadecimal: what is consented to."""
    challenge: str
    """The same in base64url."""
    passkey: Plain | None
    """The options for navigator.credentials.get; null unless this official consents by passkey."""
    level: str
    """What the consent needs: pilot, token or bound."""
    holder: str
    """Whose key signs."""
    until: datetime
    """How long it may be consented to."""
    confirmation: Plain
    """The JSON view, as spec/schemas/import-confirmation.schema.json has it."""


class Confirmed(Shown):
    """A confirmation that is signed and on its way."""

    shipment: Shipment
    identity: str
    confirmed_at: datetime


@routes.reads("/shipments", Act.SHIPMENT_READ)
def list_shipments(
    request: Asked,
    state: ShipmentState | None = None,
    number: Line = "",
    after: After | None = None,
    limit: Limit = USUAL,
) -> Page[Shipment]:
    """List the shipments that came."""
    rows = queries.shipments_of(request.actor)
    wanted = {"state": state.value if state else "", "number": number}
    rows = rows.filter(**{name: value for name, value in wanted.items() if value})
    return page(request, rows, _shipment, after=after, limit=limit)


@routes.reads("/shipments/{reference}", Act.SHIPMENT_READ)
def read_shipment(request: Asked, reference: str) -> WholeShipment:
    """Read a shipment with all that was done with it."""
    row = queries.shipment(reference, request.actor)
    inspection = row.inspections.first()
    confirmation = getattr(row, "confirmation", None)
    return WholeShipment(
        **_shipment(row).model_dump(),
        acts=[_step(each) for each in row.steps.order_by("sequence").select_related("reason")],
        presentations=[_presentation(each) for each in row.presentations.all()],
        inspection=None if inspection is None else _inspection(inspection),
        decisions=[_decision(each) for each in row.decisions.all()],
        confirmed_at=None if confirmation is None else confirmation.confirmed_at,
    )


def _step(row: models.Step) -> ShipmentStep:
    reason = getattr(row, "reason", None)
    return ShipmentStep(
        sequence=row.sequence,
        of="shipment" if row.of == "shipment" else "certificate",
        act=row.act,
        at=row.at,
        actor=row.actor,
        deputises_for=row.deputises_for,
        reason=reason.text if reason is not None else "",
    )


def _presentation(row: models.Presentation) -> Presentation:
    return Presentation(
        at=row.at,
        by=row.by,
        carrier=row.carrier,
        genuine=row.genuine,
        in_date=row.in_date,
        admissible=row.admissible,
        uses=row.uses,
        corrected_at=row.corrected_at,
    )


def _inspection(row: models.Inspection) -> Inspection:
    seals: Any = SealState(row.seals).name.lower()
    return Inspection(
        at=row.at,
        by=row.by,
        opened=row.opened,
        seals=seals,
        found_seals=row.found_seals,
        parcels=row.parcels,
        carats=row.carats_hundredths,
        value=row.value_cents,
        synthetics=row.synthetic_hundredths,
        findings=[each[3] for each in row.breaches],
    )


@routes.writes("/shipments", Act.CERTIFICATE_PRESENT, status=HTTPStatus.CREATED, whole=False)
def present_certificate(request: Asked, given: Present) -> Presented:
    """Present a certificate: it is judged, its number is used, and a second use elsewhere is an alarm."""
    presented = presenting.present(
        carried=_brought(given),
        office=given.office,
        arrived_on=given.arrived_on,
        customs_reference=given.customs_reference,
        received=given.received,
        by=request.actor,
        at=request.at,
    )
    report = presented.report
    return Presented(
        shipment=_shipment(presented.shipment),
        again=presented.again,
        genuine=report.genuine.value,
        in_date=report.in_date.value,
        admissible=report.admissible.value,
        steps=judging.plain(report)["steps"],
    )


def _brought(given: Present) -> Carried:
    """Return the one certificate that was brought; raise `NotOneCertificate`, or what reading a file raises."""
    if bool(given.text) is bool(given.content):
        raise NotOneCertificate(
            "Either the text of a code or a file is presented.", where="text", mend="Give one of them."
        )
    if given.text:
        return Carried(given.text.strip(), "QR text", None)
    try:
        data = base64.b64decode(given.content, validate=True)
    except (ValueError, binascii.Error):
        raise NotOneCertificate("This is no base64.", where="content", mend="Encode the file again.") from None
    found = judging.brought(data)
    if len(found) != 1:
        raise NotOneCertificate(
            f"The file carries {len(found)} certificates.", where="content", mend="Present them one by one."
        )
    return found[0]


@routes.writes("/received-shipments", Act.SHIPMENT_RECEIVE, status=HTTPStatus.CREATED)
def receive_shipment(request: Asked, given: Receive) -> Shipment:
    """Take a shipment into custody before its certificate came, or without any."""
    return _shipment(receiving.receive(**given.model_dump(), by=request.actor, at=request.at))


@routes.writes("/handed-over-shipments", Act.SHIPMENT_HAND_OVER, status=HTTPStatus.CREATED)
def hand_over_shipment(request: Asked, given: HandOver) -> Shipment:
    """Hand goods over to an office of the authority under seal, where they enter; or stop them, and say why."""
    fields = given.model_dump(exclude={"stopped"})
    return _shipment(receiving.hand_over(**fields, is_stopped=given.stopped, by=request.actor, at=request.at))


@routes.writes("/shipments/{reference}/correct", Act.PRESENTATION_CORRECT)
def correct_presentation(request: Asked, reference: str, given: Reason) -> Shipment:
    """Take back a presentation that was recorded by mistake."""
    return _shipment(presenting.correct(reference=reference, reason=given.reason, by=request.actor, at=request.at))


@routes.writes("/shipments/{reference}/inspect", Act.SHIPMENT_INSPECT)
def inspect_shipment(request: Asked, reference: str, given: Inspect) -> WholeShipment:
    """Write down what was found; it is compared with what is declared."""
    measured = None
    if given.measured is not None:
        if len({line.hs for line in given.measured.lines}) < len(given.measured.lines):
            raise inspecting.InspectionMalformed(
                "A heading stands twice.", where="measured.lines", mend="Give each heading once."
            )
        lines = sorted(given.measured.lines, key=lambda line: line.hs)
        measured = confirmations.Count(
            given.measured.parcels,
            tuple(certificates.Line(line.hs, Carats(line.carats), USDollars(line.value)) for line in lines),
        )
    found = inspecting.Found(
        seals=SealState[given.seals.upper()],
        found_seals=given.found_seals,
        measured=measured,
        synthetics=Carats(given.synthetics),
    )
    inspecting.inspect(reference=reference, found=found, by=request.actor, at=request.at)
    return read_shipment(request, reference)


@routes.writes("/shipments/{reference}/release", Act.SHIPMENT_RELEASE)
def release_shipment(request: Asked, reference: str) -> Shipment:
    """Let a shipment go that agrees, or that was put right; its certificate is accepted."""
    return _shipment(inspecting.release(reference=reference, by=request.actor, at=request.at))


@routes.writes("/shipments/{reference}/detain", Act.SHIPMENT_DETAIN)
def detain_shipment(request: Asked, reference: str, given: Decide) -> Decision:
    """Detain a shipment, and write the letter that says why."""
    return _decided(request, reference, DecisionKind.DETENTION, given)


@routes.writes("/shipments/{reference}/refuse", Act.SHIPMENT_REFUSE)
def refuse_shipment(request: Asked, reference: str, given: Decide) -> Decision:
    """Refuse a certificate, and write the letter that says why."""
    return _decided(request, reference, DecisionKind.REFUSAL, given)


@routes.writes("/shipments/{reference}/return", Act.SHIPMENT_RETURN)
def return_shipment(request: Asked, reference: str, given: Decide) -> Decision:
    """Order a shipment back under seal, and write the letter that says why."""
    return _decided(request, reference, DecisionKind.RETURN, given)


@routes.writes("/shipments/{reference}/seize", Act.SHIPMENT_SEIZE)
def seize_shipment(request: Asked, reference: str, given: Decide) -> Decision:
    """Seize a shipment, and write the letter that says why."""
    return _decided(request, reference, DecisionKind.SEIZURE, given)


@routes.writes("/shipments/{reference}/returned", Act.SHIPMENT_RETURN)
def record_return(request: Asked, reference: str) -> Shipment:
    """Record that a shipment left again, under seal."""
    return _shipment(deciding.returned(reference=reference, by=request.actor, at=request.at))


@routes.writes("/shipments/{reference}/lift-seizure", Act.SHIPMENT_SEIZE)
def lift_seizure(request: Asked, reference: str, given: Reason) -> Shipment:
    """End a seizure: the shipment is detained as before."""
    return _shipment(deciding.lift_seizure(reference=reference, reason=given.reason, by=request.actor, at=request.at))


@routes.writes("/shipments/{reference}/forfeit", Act.SHIPMENT_SEIZE)
def record_forfeiture(request: Asked, reference: str, given: Reason) -> Shipment:
    """Record that what was seized is forfeited, and by whose decision."""
    return _shipment(deciding.forfeit(reference=reference, reason=given.reason, by=request.actor, at=request.at))


@routes.writes("/shipments/{reference}/dispose", Act.SHIPMENT_SEIZE)
def record_disposal(request: Asked, reference: str, given: Dispose) -> Shipment:
    """Record what became of forfeited goods: they never enter the trade."""
    return _shipment(
        deciding.dispose(
            reference=reference,
            is_destroyed=given.destroyed,
            reason=given.reason,
            by=request.actor,
            at=request.at,
        )
    )


def _decided(request: Asked, reference: str, kind: DecisionKind, given: Decide) -> Decision:
    decision = deciding.decide(
        reference=reference,
        kind=kind,
        grounds=[deciding.Ground(text=each.text, source=each.source) for each in given.grounds],
        appeal=given.appeal,
        by=request.actor,
        at=request.at,
    )
    return _decision(decision)


def _decision(row: models.Decision) -> Decision:
    return Decision(reference=row.reference, kind=DecisionKind(row.kind), at=row.at, by=row.by)


@routes.reads("/shipments/{reference}/decisions/{number}", Act.SHIPMENT_READ, file=PDF)
def read_decision(request: Asked, reference: str, number: Key) -> HttpResponse:
    """Read the letter of a decision, the first one under 1, as a stamped PDF."""
    row = queries.shipment(reference, request.actor)
    decision = row.decisions.filter(reference=f"{reference}/{number}").first()
    if decision is None:
        raise DecisionMissing("There is no such decision.", where="number", mend="See the decisions of the shipment.")
    return file(deciding.letter(decision, at=request.at), f"{reference}-{number}.pdf", PDF)


@routes.writes("/shipments/{reference}/ask-endorsement", Act.ENDORSEMENT_ASK)
def ask_endorsement(request: Asked, reference: str, given: Ask) -> Shipment:
    """Ask the issuing authority to consent to a note on its certificate; the shipment stays detained."""
    asked = inspecting.ask_endorsement(reference=reference, text=given.text, by=request.actor, at=request.at)
    return _shipment(asked.shipment)


@routes.writes("/shipments/{reference}/record-endorsement", Act.ENDORSEMENT_RECORD)
def record_endorsement(request: Asked, reference: str, given: Answered) -> Shipment:
    """Write down what the issuing authority answered."""
    return _shipment(
        inspecting.record_endorsement(reference=reference, answer=given.answer, by=request.actor, at=request.at)
    )


@routes.writes("/shipments/{reference}/confirmation", Act.IMPORT_CONFIRM)
def prepare_confirmation(request: Asked, reference: str, given: PrepareConfirmation) -> PreparedConfirmation:
    """Make exactly the confirmation that this official would sign."""
    intent = confirming.prepare(reference=reference, remark=given.remark, by=request.actor, at=request.at)
    identity = bytes.fromhex(intent.identity)
    is_bound = intent.level == ConsentLevel.BOUND
    return PreparedConfirmation(
        shipment=reference,
        identity=intent.identity,
        challenge=base64.urlsafe_b64encode(identity).decode().rstrip("="),
        passkey=consent.begin_bound(user_identifier=request.actor.identifier, challenge=identity) if is_bound else None,
        level=ConsentLevel(intent.level).name.lower(),
        holder=intent.holder,
        until=intent.prepared_at + validation.INTENT_LIFE,
        confirmation=views.confirmation_to_json(codec.decode_confirmation(bytes(intent.payload))),
    )


@routes.writes("/shipments/{reference}/confirmation/sign", Act.IMPORT_CONFIRM, whole=False)
def sign_confirmation(request: Asked, reference: str, given: GiveConsent) -> Confirmed:
    """Consent, sign exactly what was consented to, and send it to the issuing authority."""
    queries.require_within(reference, Act.IMPORT_CONFIRM, request.actor)
    confirmed = confirming.confirm(
        reference=reference,
        identity=given.identity,
        secret=given.secret,
        consent=proof(given, request),
        by=request.actor,
        at=request.at,
    )
    return Confirmed(
        shipment=_shipment(queries.shipment(reference, request.actor)),
        identity=confirmed.identity,
        confirmed_at=confirmed.confirmed_at,
    )


@routes.reads("/shipments/{reference}/confirmation/signed", Act.SHIPMENT_READ, file=COSE)
def read_signed_confirmation(request: Asked, reference: str) -> HttpResponse:
    """Read the signed bytes of the confirmation."""
    row = queries.shipment(reference, request.actor)
    confirmation = getattr(row, "confirmation", None)
    if confirmation is None or not confirmation.content.cose:
        raise NothingSigned("There is no signed confirmation.", where="reference", mend="Confirm the import first.")
    return file(bytes(confirmation.content.cose), f"{reference}-confirmation.cose", COSE)
