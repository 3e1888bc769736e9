"""Certificates from the records that were kept before this node: rows of a table become earlier certificates.

A row is known by its number. That number may lie in no block of this node: what a block has is issued here.
`Certificates` judges under the lock of the audit's chain, under which `numbers.allot` looks too, so that neither
overlooks the other.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Final

from django.conf import settings

from macle.node.audit import actions as audit
from macle.node.audit.intake import Judged, Outcome
from macle.node.exporting.actions import numbers
from macle.node.exporting.models import Block, LegacyCertificate, LegacyNames, LegacyState
from macle.node.permissions import Act
from macle.paper.mappings import MIXED, Field, Kind, Problem, Reason, missing
from macle.scheme import participants
from macle.scheme.terms import Carats, CertificateNumber, HSCode, TermInvalid, USDollars

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from macle.node.audit.intake import Source
    from macle.node.exporting.actions.numbers import Span
    from macle.paper.mappings import Reader, Row

FIRST_DAY: Final = date(2003, 1, 1)
"""When the Scheme began."""

_LONGEST_ORIGIN: Final = 48

STATES: Final = {
    LegacyState.OPEN: ("open", "issued", "valid", "en cours", "émis", "délivré", "emitido", "em curso"),
    LegacyState.CONFIRMED: ("confirmed", "import confirmed", "confirmé", "confirmado", "closed", "clos", "encerrado"),
    LegacyState.REFUSED: ("refused", "rejected", "refusé", "recusado"),
    LegacyState.VOID: ("void", "cancelled", "canceled", "spoiled", "annulé", "nul", "anulado", "inutilizado"),
    LegacyState.LOST: ("lost", "stolen", "perdu", "volé", "perdido", "extraviado", "roubado"),
    LegacyState.REPLACED: ("replaced", "remplacé", "substituído"),
    LegacyState.EXPIRED: ("expired", "expiré", "périmé", "caducado", "expirado"),
}
"""Each state, with the words by which it is recognised."""


def _of_heading(code: HSCode) -> tuple[Field, Field]:
    digits = code.value.replace(".", "")
    return (
        Field(
            name=f"carats_{digits}",
            kind=Kind.CARATS,
            about=f"weight under {code.value}",
            known=(f"carats {code.value}", f"carats {digits}"),
        ),
        Field(
            name=f"value_{digits}",
            kind=Kind.DOLLARS,
            about=f"value under {code.value}",
            known=(f"value {code.value}", f"valeur {code.value}", f"valor {code.value}"),
        ),
    )


FIELDS: Final = (
    Field(
        name="number",
        kind=Kind.TEXT,
        about="number of the certificate, with the two letters before it or without",
        known=(
            *("certificate number", "certificate no", "kpc number", "kp certificate", "certificate"),
            *("n° du certificat", "numéro du certificat", "n° certificat", "numéro", "certificat"),
            *("n.º do certificado", "número do certificado", "número", "certificado"),
        ),
        is_needed=True,
        longest=24,
    ),
    Field(
        name="state",
        kind=Kind.CHOICE,
        about="what became of it",
        known=("status", "état", "statut", "estado", "situação"),
        is_needed=True,
        choices={state.value: words for state, words in STATES.items()},
    ),
    Field(
        name="date_of_issuance",
        kind=Kind.DAY,
        about="day of issuance",
        known=(
            *("issued", "date of issue", "issue date", "date issued", "date d'émission", "date de délivrance"),
            *("émis le", "data de emissão", "emitido em"),
        ),
    ),
    Field(
        name="date_of_expiry",
        kind=Kind.DAY,
        about="last day of its validity",
        known=(
            *("expires", "expiry", "expiry date", "valid until", "date d'expiration", "validité", "expire le"),
            *("data de validade", "validade", "válido até"),
        ),
    ),
    Field(
        name="date_of_confirmation",
        kind=Kind.DAY,
        about="day on which its import was confirmed",
        known=("confirmed on", "confirmation", "confirmé le", "date de confirmation", "confirmado em", "confirmação"),
    ),
    Field(
        name="exporter",
        kind=Kind.TEXT,
        about="name of the exporter",
        known=("exporter name", "consignor", "exportateur", "expéditeur", "exportador"),
    ),
    Field(
        name="importer",
        kind=Kind.TEXT,
        about="name of the importer",
        known=("importer name", "consignee", "importateur", "destinataire", "importador", "destinatário"),
    ),
    Field(
        name="destination",
        kind=Kind.COUNTRY,
        about="importing Participant, or a country of it, as two letters",
        known=(
            *("country of destination", "importing participant", "pays de destination", "pays importateur"),
            *("destino", "país de destino", "participante importador"),
        ),
    ),
    Field(
        name="origin",
        kind=Kind.ORIGIN,
        about=f"countries of origin as two letters each, or {MIXED} where they are mixed and not told",
        known=("country of origin", "pays d'origine", "origine", "país de origem", "origem"),
    ),
    Field(
        name="carats",
        kind=Kind.CARATS,
        about="weight in all",
        known=("carat weight", "weight", "total carats", "poids", "poids en carats", "peso", "quilates", "carates"),
    ),
    Field(
        name="value",
        kind=Kind.DOLLARS,
        about="value in all, in US dollars",
        known=("value usd", "value us", "total value", "valeur", "valeur usd", "valor", "valor usd"),
    ),
    *(each for code in HSCode for each in _of_heading(code)),
    Field(
        name="parcels",
        kind=Kind.COUNT,
        about="number of parcels",
        known=("number of parcels", "lots", "colis", "nombre de colis", "lotes", "volumes"),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """What a row says of a certificate: figures in hundredths of a carat and US cents, names apart."""

    number: str
    state: LegacyState
    date_of_issuance: date | None = None
    date_of_expiry: date | None = None
    date_of_confirmation: date | None = None
    destination: str = ""
    origin: str = ""
    lines: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    carats_hundredths: int = 0
    value_cents: int = 0
    parcels: int | None = None
    exporter: str = ""
    importer: str = ""


_FIGURES: Final = (
    *("number", "state", "date_of_issuance", "date_of_expiry", "date_of_confirmation", "destination", "origin"),
    *("lines", "carats_hundredths", "value_cents", "parcels"),
)
_NAMES: Final = ("exporter", "importer")
_NAMED: Final = {"carats_hundredths": "carats", "value_cents": "value", "lines": "carats"}
"""Of a figure, the field that it is read from."""


class Certificates:
    """Takes certificates over."""

    what = "certificates"
    fields: Sequence[Field] = FIELDS

    def __init__(self) -> None:
        """Begin with nothing; what is there is looked up chunk by chunk."""
        self._seen: dict[str, Earlier] = {}

    def lock(self) -> None:
        """Let nobody allot a block meanwhile, and forget what was looked up before."""
        audit.locked(settings.CONFIGURATION.participant, tag=Act.LEGACY_MOVE_IN)
        self._seen.clear()

    def judge(self, rows: Sequence[Row], *, reader: Reader, on: date) -> list[Judged]:
        """Return each row with what becomes of it."""
        made = [_entry(row, reader, on=on) for row in rows]
        wanted = {each.number for each in made if isinstance(each, Earlier)} - self._seen.keys()
        for held in LegacyCertificate.objects.filter(number__in=wanted).select_related("names"):
            self._seen[held.number] = _held(held)
        blocks: dict[tuple[str, int], list[tuple[Span, Block]]] = defaultdict(list)
        for block in Block.objects.all():
            own = numbers.span(block)
            blocks[own.stem, own.digits].append((own, block))
        return [self._judged(row, each, reader, blocks) for row, each in zip(rows, made, strict=True)]

    def _judged(
        self,
        row: Row,
        entry: Earlier | tuple[Problem, ...],
        reader: Reader,
        blocks: Mapping[tuple[str, int], Sequence[tuple[Span, Block]]],
    ) -> Judged:
        if not isinstance(entry, Earlier):
            return Judged(row, Outcome.REFUSED, problems=entry)
        held = self._seen.get(entry.number)
        if held is not None:
            # Names that were erased after their time are not compared.
            compared = (*_FIGURES, *_NAMES) if held.exporter or held.importer else _FIGURES
            names = [name for name in compared if getattr(entry, name) != getattr(held, name)]
            if not names:
                return Judged(row, Outcome.THERE, entry)
            columns = dict.fromkeys(reader.column(_NAMED.get(name, name)) for name in names)
            problem = Problem(
                Reason.DIFFERS,
                next(iter(columns)),
                f"{entry.number} is there, or stands above, and differs in: {', '.join(columns)}.",
                "Nothing is overwritten: see in your book which of both is right.",
            )
            return Judged(row, Outcome.REFUSED, problems=(problem,))
        own = numbers.span_of(entry.number[2:])
        among = blocks.get((own.stem, own.digits), ()) if own is not None else ()
        block = next((block for span, block in among if own is not None and span.overlaps(own)), None)
        if block is not None:
            problem = Problem(
                Reason.TAKEN,
                reader.column("number"),
                f"{entry.number} lies in the block {block} of {block.office}, whose numbers are issued by this node.",
                "Read the number again. If it was issued on paper, the block should not have been allotted.",
            )
            return Judged(row, Outcome.REFUSED, problems=(problem,))
        self._seen[entry.number] = entry
        return Judged(row, Outcome.TAKEN, entry)

    def write(self, judged: Sequence[Judged], *, source: Source) -> dict[str, object]:
        """Write the certificates and their names down; return their sums."""
        made = LegacyCertificate.objects.bulk_create(
            LegacyCertificate(
                **{name: getattr(each.entry, name) for name in _FIGURES},
                file=source.file,
                row=each.row.number,
                recorded_at=source.at,
                recorded_by=source.by,
            )
            for each in judged
        )
        LegacyNames.objects.bulk_create(
            LegacyNames(certificate=row, exporter=each.entry.exporter, importer=each.entry.importer)
            for row, each in zip(made, judged, strict=True)
        )
        return {
            "carats_hundredths": sum(row.carats_hundredths for row in made),
            "value_cents": sum(row.value_cents for row in made),
        }

    def group(self, entry: Earlier) -> tuple[str, int, int]:
        """Return the year of issuance, and weight and value."""
        year = str(entry.date_of_issuance.year) if entry.date_of_issuance is not None else "no day"
        return year, entry.carats_hundredths, entry.value_cents


def _held(held: LegacyCertificate) -> Earlier:
    figures = {name: getattr(held, name) for name in _FIGURES} | {"state": LegacyState(held.state)}
    return Earlier(**figures, exporter=held.names.exporter, importer=held.names.importer)


def _entry(row: Row, reader: Reader, *, on: date) -> Earlier | tuple[Problem, ...]:
    """Return the certificate that a row says, or every reason why it says none."""
    said = _Said(row, reader)
    state = LegacyState(said.text("state")) if "state" in row.values else LegacyState.OPEN
    issued, until, confirmed = (
        said.day(name) for name in ("date_of_issuance", "date_of_expiry", "date_of_confirmation")
    )
    if state is not LegacyState.VOID:
        said.need("date_of_issuance", "exporter", "destination")
    said.check_days(issued, until, confirmed, on=on)
    lines, carats, value = said.goods(may_be_none=state is LegacyState.VOID)
    entry = Earlier(
        number=said.certificate_number(),
        state=state,
        date_of_issuance=issued,
        date_of_expiry=until,
        date_of_confirmation=confirmed,
        destination=said.destination(max(issued or on, FIRST_DAY)),
        origin=said.text("origin"),
        lines=lines,
        carats_hundredths=carats,
        value_cents=value,
        parcels=said.count("parcels"),
        exporter=said.text("exporter"),
        importer=said.text("importer"),
    )
    if len(entry.origin) > _LONGEST_ORIGIN:
        said.wrong(Reason.TEXT, "origin", "There are more countries than are kept.", f"Write {MIXED}.")
    return tuple(said.problems) or entry


class _Said:
    """What one row says, and all that is wrong with it."""

    def __init__(self, row: Row, reader: Reader) -> None:
        self.row, self.reader = row, reader
        self.problems = list(row.problems)
        self.unread = {each.column for each in row.problems}

    def wrong(self, reason: Reason, name: str, what: str, mend: str) -> None:
        self.problems.append(Problem(reason, self.reader.column(name), what, mend))

    def need(self, *names: str) -> None:
        for name in names:
            column = self.reader.column(name)
            if name not in self.row.values and column not in self.unread:
                self.problems.append(missing(column))

    def text(self, name: str) -> str:
        value = self.row.values.get(name, "")
        return value if isinstance(value, str) else ""

    def day(self, name: str) -> date | None:
        value = self.row.values.get(name)
        return value if isinstance(value, date) else None

    def count(self, name: str) -> int | None:
        value = self.row.values.get(name)
        return value if isinstance(value, int) else None

    def certificate_number(self) -> str:
        """Return the number with the letters before it, and the zeros that a spreadsheet dropped."""
        own = settings.CONFIGURATION.participant
        plain = "".join(self.text("number").split()).upper()
        national = plain.removeprefix(own)
        if national.isdigit():
            national = national.rjust(self.reader.mapping.digits, "0")
        elif national == plain and national[:2].isalpha():
            self.wrong(
                Reason.NUMBER,
                "number",
                f"{plain} does not begin with {own}.",
                f"Another authority's certificate is not taken over. If it is yours, write {own} before it.",
            )
        try:
            return str(CertificateNumber.parse(f"{own}{national}", where="number"))
        except TermInvalid as error:
            if national:
                self.wrong(Reason.NUMBER, "number", error.what, error.mend)
        return ""

    def check_days(self, issued: date | None, until: date | None, confirmed: date | None, *, on: date) -> None:
        if issued is not None and issued < FIRST_DAY:
            self.wrong(
                Reason.DAY, "date_of_issuance", f"The Scheme began on {FIRST_DAY}.", "Look for a slip of the year."
            )
        for name, day in (("date_of_issuance", issued), ("date_of_confirmation", confirmed)):
            if day is not None and day > on:
                self.wrong(Reason.DAY, name, f"{day} has not come yet.", "Look for a slip of the year.")
        for name, day in (("date_of_expiry", until), ("date_of_confirmation", confirmed)):
            if issued is not None and day is not None and day < issued:
                self.wrong(Reason.DAY, name, f"It lies before the day of issuance, {issued}.", "Look at both days.")

    def destination(self, on: date) -> str:
        """Return the Participant that the destination is, or to which it belongs."""
        code, known = self.text("destination"), participants.load()
        if not code or code in known:
            return code
        owners = known.participant_of(code, on=on)
        if len(owners) != 1:
            self.wrong(
                Reason.COUNTRY,
                "destination",
                f"{code} belonged to no Participant on {on}.",
                "Write the importing Participant.",
            )
            return ""
        return owners[0]

    def goods(self, *, may_be_none: bool) -> tuple[dict[str, dict[str, int]], int, int]:
        """Return the lines, and weight and value in all; where both lines and sums are given they must agree."""
        lines = {}
        for code in HSCode:
            weight, value = (self.count(f"{name}_{code.value.replace('.', '')}") for name in ("carats", "value"))
            if weight or value:
                lines[code.value] = {"carats": weight or 0, "value": value or 0}
        sums = []
        for name, limit in (("carats", Carats.limit), ("value", USDollars.limit)):
            of_lines = sum(line[name] for line in lines.values())
            total = self.count(name)
            if total is not None and lines and total != of_lines:
                self.wrong(
                    Reason.QUANTITY, name, "This is not the sum of the headings of the tariff.", "Look at each of them."
                )
            elif total is None and not lines and not may_be_none:
                self.need(name)
            elif not (of_lines if total is None else total) and not may_be_none:
                self.wrong(Reason.QUANTITY, name, "This is nought.", "Write it, or say that the certificate is void.")
            sums.append(min(of_lines if total is None else total, limit - 1))
        return lines, sums[0], sums[1]
