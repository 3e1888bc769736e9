"""Licensees from the records that were kept before this node: rows of a table become traders with licences.

The rules of a trader and of a licence are those of `actions.register` and `actions.grant_licence`. A row is one
licence. It is known by its kind and number; its holder is a trader of the same name, address, town and country, and is
entered in the register if there is none.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, cast

from macle import errors
from macle.node.audit.intake import Judged, Outcome
from macle.node.traders import actions
from macle.node.traders.models import NAME_LENGTH, Licence, LicenceKind, Trader
from macle.paper.mappings import Field, Kind, Problem, Reason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from macle.node.audit.intake import Source
    from macle.paper.mappings import Reader, Row

_A_DAY: Final = timedelta(days=1)

KINDS: Final = {
    LicenceKind.EXPORTER: ("exporter", "export", "exportateur", "exportação", "exportador", "exportation"),
    LicenceKind.IMPORTER: ("importer", "import", "importateur", "importação", "importador", "importation"),
    LicenceKind.AGENT: ("agent", "broker", "courtier", "mandataire", "agente", "corretor"),
    LicenceKind.COURIER: ("courier", "carrier", "transporteur", "transportador", "transportadora"),
    LicenceKind.ARTISANAL_MINER: (
        *("artisanal", "artisan", "digger", "artisanal mining", "artisan minier", "exploitant artisanal"),
        *("mineiro artesanal", "artesanal", "garimpeiro"),
    ),
    LicenceKind.INDUSTRIAL_MINER: (
        *("industrial", "mining company", "mine", "industriel", "exploitant industriel", "mineiro industrial"),
    ),
}
"""Each kind of licence, with the words by which it is recognised."""

FIELDS: Final = (
    Field(
        name="name",
        kind=Kind.TEXT,
        about="name of the holder",
        known=("holder", "licensee", "trader", "company", "nom", "titulaire", "raison sociale", "nome", "titular"),
        is_needed=True,
        longest=NAME_LENGTH,
    ),
    Field(
        name="latin_name",
        kind=Kind.TEXT,
        about="name in Latin letters, if it is written in others",
        known=("name in latin letters",),
        longest=NAME_LENGTH,
    ),
    Field(
        name="address",
        kind=Kind.TEXT,
        about="street and number",
        known=("street", "adresse", "endereço", "morada"),
        is_needed=True,
        longest=400,
    ),
    Field(
        name="town",
        kind=Kind.TEXT,
        about="town",
        known=("city", "ville", "cidade", "localidade"),
        is_needed=True,
    ),
    Field(
        name="country",
        kind=Kind.COUNTRY,
        about="country of the address, as two letters",
        known=("pays", "país"),
        is_needed=True,
    ),
    Field(
        name="residence",
        kind=Kind.TEXT,
        about="nationality or residence status; of a company, where it is registered",
        known=("nationality", "nationalité", "nacionalidade", "residence status"),
        is_needed=True,
        longest=200,
    ),
    Field(
        name="beneficial_owners",
        kind=Kind.TEXT,
        about="who stands behind a company",
        known=("beneficial owner", "owners", "bénéficiaires effectifs", "beneficiários efetivos"),
        longest=4000,
    ),
    Field(
        name="kind",
        kind=Kind.CHOICE,
        about="what the licence is for",
        known=("licence type", "license type", "type of licence", "type", "catégorie", "categoria", "tipo"),
        is_needed=True,
        choices={kind.value: words for kind, words in KINDS.items()},
    ),
    Field(
        name="licence",
        kind=Kind.TEXT,
        about="number of the licence",
        known=(
            *("licence number", "license number", "license", "licence no", "license no", "number"),
            *("n° de licence", "numéro de licence", "n° licence", "licença", "n.º da licença", "número da licença"),
        ),
        is_needed=True,
        longest=60,
    ),
    Field(
        name="since",
        kind=Kind.DAY,
        about="first day on which it is in force",
        known=(
            *("valid from", "from", "issued", "date of issue", "first day", "granted"),
            *("date de délivrance", "du", "valable du", "délivrée le", "data de emissão", "válida desde", "emitida em"),
        ),
        is_needed=True,
    ),
    Field(
        name="last_day",
        kind=Kind.DAY,
        about="last day on which it is in force; empty where it has no end",
        known=(
            *("valid until", "valid to", "until", "expires", "expiry", "expiry date", "date of expiry"),
            *("date d'expiration", "expire le", "au", "valable jusqu'au", "data de validade", "válida até", "validade"),
        ),
    ),
    Field(
        name="area",
        kind=Kind.TEXT,
        about="area of authorised mining; of miners alone",
        known=("mining area", "zone", "périmètre", "área", "concession", "concessão"),
        longest=400,
    ),
)

_BLANK: Final = {"latin_name": "", "beneficial_owners": ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Licensee:
    """A licence with its holder, whose fields are in the order of `actions.TRADER_FIELDS`."""

    holder: tuple[str, ...]
    kind: LicenceKind
    number: str
    since: date
    expires: date | None
    """The first day on which it is not in force, as it was granted."""
    until: date | None
    """As it stands now: it may have been ended before."""
    area: str

    @property
    def who(self) -> tuple[str, ...]:
        """Return by what its holder is recognised."""
        return _who(dict(zip(actions.TRADER_FIELDS, self.holder, strict=True)))

    def differences(self, other: Licensee) -> list[str]:
        """Return the names of the fields in which another one differs."""
        return [
            *_different(self.holder, other.holder),
            *(["last_day"] if self.expires != other.expires else []),
            *(["area"] if self.area != other.area else []),
        ]


def _different(one: Sequence[str], other: Sequence[str]) -> list[str]:
    """Return the names of the fields of a trader in which two differ."""
    both = zip(actions.TRADER_FIELDS, one, other, strict=True)
    return [name for name, this, that in both if this != that]


def _who(fields: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(fields[name] for name in ("name", "address", "town", "country"))


class Licensees:
    """Takes licensees over."""

    what = "licensees"
    fields: Sequence[Field] = FIELDS

    def __init__(self) -> None:
        """Begin with nothing; what is in the register is looked up chunk by chunk."""
        self._licences: dict[tuple[str, str], list[Licensee]] = defaultdict(list)
        self._holders: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._numbers: set[str] = set()
        """Of which licences are remembered."""

    def lock(self) -> None:
        """Wait for whoever grants a licence, and forget what was looked up before: it may have changed."""
        actions.lock("licence")
        self._licences.clear()
        self._holders.clear()
        self._numbers.clear()

    def judge(self, rows: Sequence[Row], *, reader: Reader, on: date) -> list[Judged]:  # noqa: ARG002 (as any taker)
        """Return each row with what becomes of it."""
        made = [_entry(row, reader) for row in rows]
        self._look_up([each for each in made if isinstance(each, Licensee)])
        return [self._judged(row, each, reader) for row, each in zip(rows, made, strict=True)]

    def _look_up(self, entries: Sequence[Licensee]) -> None:
        """Remember what the register has under the names and numbers of the entries, if not remembered already."""
        new = {each.number for each in entries} - self._numbers
        self._numbers |= new
        for licence in Licence.objects.filter(number__in=new).select_related("trader"):
            self._licences[licence.kind, licence.number].append(_held(licence))
        names = {each.holder[0] for each in entries if each.who not in self._holders}
        for trader in Trader.objects.filter(name__in=names):
            fields = _fields_of(trader)
            self._holders.setdefault(_who(fields), tuple(fields.values()))

    def _judged(self, row: Row, entry: Licensee | tuple[Problem, ...], reader: Reader) -> Judged:
        if not isinstance(entry, Licensee):
            return Judged(row, Outcome.REFUSED, problems=entry)
        others = self._licences[entry.kind.value, entry.number]
        same_day = next((each for each in others if each.since == entry.since and each.who == entry.who), None)
        if same_day is not None and not entry.differences(same_day):
            return Judged(row, Outcome.THERE, entry)
        if same_day is not None:
            return _differing(row, reader, f"The licence {entry.number} is there", entry.differences(same_day))
        holder = self._holders.get(entry.who)
        if holder is not None and holder != entry.holder:
            names = _different(holder, entry.holder)
            return _differing(row, reader, "A trader of this name and address is there", names)
        try:
            actions.refuse_taken(
                ((each.who == entry.who, each.since, each.until) for each in others),
                number=entry.number,
                since=entry.since,
                until=entry.until,
            )
        except actions.LicenceNumberTaken as error:
            column = reader.column("licence" if error.where == "number" else error.where)
            return Judged(row, Outcome.REFUSED, problems=(Problem(Reason.TAKEN, column, error.what, error.mend),))
        others.append(entry)
        self._holders[entry.who] = entry.holder
        return Judged(row, Outcome.TAKEN, entry)

    def write(self, judged: Sequence[Judged], *, source: Source) -> dict[str, object]:
        """Enter the holders that are new, and the licences."""
        entries: list[Licensee] = [each.entry for each in judged]
        known: dict[tuple[str, ...], Trader] = {}
        for trader in Trader.objects.filter(name__in={each.holder[0] for each in entries}):
            known.setdefault(_who(_fields_of(trader)), trader)
        new = list({each.who: each.holder for each in entries if each.who not in known}.items())
        references = actions.next_references(len(new)) if new else []
        made = Trader.objects.bulk_create(
            Trader(
                reference=reference,
                registered_at=source.at,
                registered_by=source.by,
                **dict(zip(actions.TRADER_FIELDS, holder, strict=True)),
            )
            for reference, (_, holder) in zip(references, new, strict=True)
        )
        known |= {who: trader for (who, _), trader in zip(new, made, strict=True)}
        Licence.objects.bulk_create(
            Licence(
                trader=known[each.who],
                kind=each.kind,
                number=each.number,
                area=each.area,
                since=each.since,
                expires=each.expires,
                until=each.until,
                granted_at=source.at,
                granted_by=source.by,
            )
            for each in entries
        )
        return {"traders": references[:1] + references[-1:], "licences": len(entries)}

    def group(self, entry: Licensee) -> tuple[str, int, int]:
        """Return the kind of its licence."""
        return entry.kind.value, 0, 0


def _entry(row: Row, reader: Reader) -> Licensee | tuple[Problem, ...]:
    """Return the licensee that a row says, or why it says none."""
    if row.problems:
        return row.problems
    given = cast("dict[str, str]", _BLANK | dict(row.values))
    days = {name: value for name in ("since", "last_day") if isinstance(value := row.values.get(name), date)}
    kind, expires = LicenceKind(given["kind"]), days["last_day"] + _A_DAY if "last_day" in days else None
    try:
        holder = actions.trader_fields(**{name: given[name] for name in actions.TRADER_FIELDS})
        number, area = actions.licence_fields(
            kind=kind, number=given["licence"], since=days["since"], until=expires, area=given.get("area", "")
        )
    except errors.Malformed as error:
        column = reader.column(_COLUMNS.get(error.where, error.where))
        return (Problem(Reason.RULE, column, error.what, error.mend),)
    return Licensee(
        holder=tuple(holder.values()),
        kind=kind,
        number=number,
        since=days["since"],
        expires=expires,
        until=expires,
        area=area,
    )


_COLUMNS: Final = {"until": "last_day", "number": "licence"}


def _held(licence: Licence) -> Licensee:
    return Licensee(
        holder=tuple(_fields_of(licence.trader).values()),
        kind=LicenceKind(licence.kind),
        number=licence.number,
        since=licence.since,
        expires=licence.expires,
        until=licence.until,
        area=licence.area,
    )


def _fields_of(trader: Trader) -> dict[str, str]:
    return {name: getattr(trader, name) for name in actions.TRADER_FIELDS}


def _differing(row: Row, reader: Reader, what: str, names: Sequence[str]) -> Judged:
    columns = ", ".join(reader.column(name) for name in names)
    said = f"{what}, or stands above, and differs in: {columns}."
    mend = "Nothing is overwritten: correct the row, or change the trader in the register."
    return Judged(row, Outcome.REFUSED, problems=(Problem(Reason.DIFFERS, reader.column(names[0]), said, mend),))
