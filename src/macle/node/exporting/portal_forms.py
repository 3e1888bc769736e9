"""The forms in which a trader fills in an application: one for each step.

A step saves what was entered even where it is wrong: `Step.changes` gives each field as it was read, or else as it was
typed, so that nothing is lost and `macle.scheme.applications.read` names what cannot be read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from macle.node.desk import forms
from macle.node.exporting.forms import EVIDENCE, HEADINGS
from macle.node.exporting.models import AttachmentKind
from macle.scheme import movements, participants
from macle.scheme.certificates import LEAST_MIXED, MOST_ORIGINS, MOST_PARCELS
from macle.scheme.movements import Goods, Movement
from macle.scheme.participants import StandingKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from django.http import QueryDict
    from django_stubs_ext import StrOrPromise

MOST_SOURCES: Final = 30
_LONGEST_TYPED: Final = 500
_MISSING: Final = "required"
"""The code of a mistake that is only a gap: it is not named before somebody tries to go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What a step knows beside what was entered: the legal day, how many rows to show, and who began it."""

    today: date
    rows: int = 0
    is_technical: bool = False
    """Whether the desk began it for a technical certificate."""


class Step(forms.Form):
    """One step of an application."""

    name: ClassVar[str]
    title: ClassVar[StrOrPromise]
    why: ClassVar[StrOrPromise] = ""
    roots: ClassVar[tuple[str, ...]]
    """The fields of an application that belong to the step."""
    template: ClassVar[str] = "exporting/portal/step.html"

    def __init__(
        self, data: QueryDict | Mapping[str, Any] | None = None, *, entered: Mapping[str, Any], around: Around
    ) -> None:
        self.entered, self.around = entered, around
        super().__init__(data, initial=self.typed())

    @classmethod
    def is_begun(cls, entered: Mapping[str, Any]) -> bool:
        """Return whether anything of the step was entered."""
        return any(root in entered for root in cls.roots)

    def lede(self) -> StrOrPromise:
        """Return what is said above the fields."""
        return self.why

    def typed(self) -> dict[str, Any]:
        """Return what was entered as the fields of the form have it."""
        raise NotImplementedError

    def changes(self) -> dict[str, Any]:
        """Return what goes into the draft, right or wrong; ask `is_valid` first."""
        raise NotImplementedError

    def place(self, where: str) -> str:
        """Return the field that a place of an application means; nothing if it is of another step."""
        return where if where in self.fields else ""

    def given(self, name: str) -> str:
        """Return a field as it was read, or as it was typed where it could not be read."""
        value = self.cleaned_data.get(name)
        if value in (None, ""):
            return str(self.data.get(name) or "").replace("\x00", "").strip()[:_LONGEST_TYPED]
        return str(value)

    def forgive_gaps(self) -> None:
        """Take out the mistakes that are only gaps."""
        for name, said in list(self.errors.as_data().items()):
            kept = [each for each in said if each.code != _MISSING]
            del self.errors[name]
            for each in kept:
                self.add_error(None if name == "__all__" else name, each)

    def gap(self, name: str | None, text: str) -> None:
        """Say that something is missing."""
        self.add_error(name, forms.Said(text, code=_MISSING))


def of(entered: Mapping[str, Any], name: str) -> str:
    """Return a field of what was entered as a text, whatever a table or a file put there."""
    value = entered.get(name)
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def part(entered: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return an object of what was entered; an empty one where something else stands."""
    value = entered.get(name)
    return value if isinstance(value, dict) else {}


def rows(entered: Mapping[str, Any], name: str) -> list[Any]:
    """Return a list of what was entered."""
    value = entered.get(name)
    return value if isinstance(value, list) else []


class DestinationStep(Step):
    """Where the shipment goes."""

    name, title = "destination", gettext_lazy("Where it goes")
    why = gettext_lazy(
        "This is an application for a standard certificate. A replacement, or a technical certificate, is begun by "
        "the office."
    )
    roots = ("destination",)

    destination = forms.ParticipantField(
        label=gettext_lazy("To which Participant does the shipment go?"),
        help_text=gettext_lazy("The European Union is one Participant. Exports go to Participants only."),
        missing=gettext_lazy("Say to which Participant it goes."),
        without=(settings.CONFIGURATION.participant,),
    )

    def typed(self) -> dict[str, Any]:
        """Return the code."""
        return {"destination": of(self.entered, "destination")}

    def changes(self) -> dict[str, Any]:
        """Return the code, and the one kind that a trader applies for, or that the desk began."""
        kind = "technical" if self.around.is_technical else "standard"
        return {"destination": self.given("destination"), "kind": kind}

    def lede(self) -> StrOrPromise:
        """Return which kind it is, and who begins others."""
        if not self.around.is_technical:
            return self.why
        return _(
            "The office began this application for a technical certificate: the goods go back, and arrived under "
            "%(number)s."
        ) % {"number": of(part(self.entered, "refers_to"), "number")}


class ImporterStep(Step):
    """Who receives it."""

    name, title = "importer", gettext_lazy("Who receives it")
    roots = ("importer",)
    template = "exporting/portal/importer.html"
    parts: ClassVar = ("name", "latin_name", "address", "town", "country", "licence")

    importer_name = forms.TextField(
        label=gettext_lazy("Name of the importer"), most=120, missing=gettext_lazy("Give the importer's name.")
    )
    importer_latin_name = forms.TextField(
        label=gettext_lazy("Name in Latin letters"),
        help_text=gettext_lazy("Only where the name is written in another script."),
        most=120,
        required=False,
    )
    importer_address = forms.TextField(
        label=gettext_lazy("Street and number"), most=400, missing=gettext_lazy("Give street and number.")
    )
    importer_town = forms.TextField(
        label=gettext_lazy("Town"), most=120, width="medium", missing=gettext_lazy("Give the town.")
    )
    importer_country = forms.CountryField(label=gettext_lazy("Country"), missing=gettext_lazy("Give the country."))
    importer_licence = forms.TextField(
        label=gettext_lazy("Number of its licence, if it has one"), most=60, width="medium", required=False
    )
    keep = forms.TickField(label=gettext_lazy("Keep it in the address book"), required=False)

    def typed(self) -> dict[str, Any]:
        """Return the party's fields."""
        importer = part(self.entered, "importer")
        return {f"importer_{name}": of(importer, name) for name in self.parts}

    def changes(self) -> dict[str, Any]:
        """Return the party without its empty fields."""
        given = {name: self.given(f"importer_{name}") for name in self.parts}
        return {"importer": {name: text for name, text in given.items() if text}}

    def place(self, where: str) -> str:
        """Return the field of a part of the importer; of the importer as a whole, its name."""
        if where == "importer":
            return "importer_name"
        return super().place(where.replace(".", "_")) if where.startswith("importer.") else ""


class GoodsStep(Step):
    """What is in it: weight and value of each of the three headings, and how many parcels."""

    name, title = "goods", gettext_lazy("What is in it")
    why = gettext_lazy("Leave a heading empty if there is none of it. The office weighs and values the goods itself.")
    roots = ("lines", "parcels")
    template = "exporting/portal/goods.html"

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 (the same as every step's)
        super().__init__(*args, **kwargs)
        for place in _HEADINGS:
            self.fields[f"carats_{place}"] = forms.CaratsField(label=_("Weight"), required=False)
            self.fields[f"value_{place}"] = forms.DollarsField(label=_("Value"), required=False)
        self.fields["parcels"] = forms.CountField(
            label=_("How many parcels?"),
            help_text=_("The parcels of the shipment, not the stones."),
            least=1,
            most=MOST_PARCELS,
        )
        self.fields["parcels"].error_messages["required"] = _("Count the parcels of the shipment.")

    def _lines(self) -> Iterator[tuple[int, str, Mapping[str, Any]]]:
        """Give each line that was entered with its place and the heading it is of; nothing where it is of none."""
        seen = set()
        for index, line in enumerate(rows(self.entered, "lines")):
            held = line if isinstance(line, dict) else {}
            place = _plain(of(held, "hs"))
            known = place in _HEADINGS and place not in seen
            seen.add(place)
            yield index, place if known else "", held

    def typed(self) -> dict[str, Any]:
        """Return weight and value of each heading, and the number of parcels."""
        typed = {"parcels": of(self.entered, "parcels")}
        for _index, place, line in self._lines():
            if place:
                typed |= {f"carats_{place}": of(line, "carats"), f"value_{place}": of(line, "value")}
        return typed

    def strangers(self) -> list[str]:
        """Return the headings of lines, as they came with a file, for which there is no place here."""
        return [of(line, "hs")[:40] or "?" for _index, place, line in self._lines() if not place]

    def clean(self) -> dict[str, Any]:
        """Refuse a weight without its value, a value without its weight, and goods of no heading."""
        cleaned: dict[str, Any] = super().clean() or {}
        for place in _HEADINGS:
            weight, value = cleaned.get(f"carats_{place}"), cleaned.get(f"value_{place}")
            if weight is None and value is not None and f"carats_{place}" not in self.errors:
                self.gap(f"carats_{place}", _("Give the weight too."))
            if value is None and weight is not None and f"value_{place}" not in self.errors:
                self.gap(f"value_{place}", _("Give the value too."))
        if not any(self.data.get(f"{kind}_{place}") for place in _HEADINGS for kind in ("carats", "value")):
            self.gap(f"carats_{_HEADINGS[-1]}", _("Give weight and value of at least one heading."))
        return cleaned

    def changes(self) -> dict[str, Any]:
        """Return a line for each heading of which anything was entered."""
        lines = []
        for heading in HEADINGS:
            place = _plain(heading.value)
            line = {"carats": self.given(f"carats_{place}"), "value": self.given(f"value_{place}")}
            line = {name: text for name, text in line.items() if text}
            if line:
                lines.append({"hs": heading.value, **line})
        return {"lines": lines, "parcels": self.given("parcels")}

    def place(self, where: str) -> str:
        """Return the field of a line by the heading that stands on it."""
        found = re.fullmatch(r"lines\[(\d+)\](?:\.(carats|value))?", where)
        if found is None:
            return f"carats_{_HEADINGS[-1]}" if where == "lines" else super().place(where)
        places = {index: place for index, place, _line in self._lines()}
        place = places.get(int(found[1]), "")
        return f"{found[2] or 'carats'}_{place}" if place else ""

    def drawn(self) -> list[dict[str, Any]]:
        """Return the two fields of each heading."""
        return [
            {
                "heading": label,
                "carats": self[f"carats_{_plain(heading.value)}"],
                "value": self[f"value_{_plain(heading.value)}"],
            }
            for heading, label in HEADINGS.items()
        ]


def _plain(heading: str) -> str:
    return heading.replace(".", "")


_HEADINGS: Final = tuple(_plain(heading.value) for heading in HEADINGS)


class OriginStep(Step):
    """Where it was mined, and from where it last came."""

    name, title = "origin", gettext_lazy("Where it comes from")
    roots = ("origin", "country_of_provenance")
    template = "exporting/portal/origin.html"

    kind = forms.ChoiceField(
        label=gettext_lazy("Where was it mined?"),
        choices=[
            ("single", gettext_lazy("All of it in one country")),
            ("mixed_listed", gettext_lazy("In several countries, which are listed")),
            ("mixed_undisclosed", gettext_lazy("In several countries, which are not disclosed")),
        ],
        hints={
            "mixed_listed": gettext_lazy("Two to twelve countries stand on the certificate."),
            "mixed_undisclosed": gettext_lazy(
                "Asterisks stand on the certificate. Some Participants do not let such goods in."
            ),
        },
        missing=gettext_lazy("Say whether the origin is one country, several that are listed, or not disclosed."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 (the same as every step's)
        super().__init__(*args, **kwargs)
        sent = self.data if self.is_bound else self.initial
        self.count = self._count(sent)
        for index in range(self.count):
            self.fields[f"country_{index}"] = forms.CountryField(
                label=_("Country %(number)s") % {"number": index + 1}, required=False
            )
        chosen = [str(sent.get(f"country_{index}") or "") for index in range(self.count)]
        self.restricted = _restricted(chosen, on=self.around.today)
        if self.restricted or sent.get("area") or of(part(self.entered, "origin"), "area"):
            self.fields["area"] = forms.TextField(
                label=_("Mining area"),
                help_text=_("Only some areas of this country may export. Name the area as the decision names it."),
                most=120,
                required=False,
            )
        self.fields["country_of_provenance"] = forms.ParticipantField(
            label=_("Country of provenance"),
            help_text=_("The Participant from which the shipment was last exported, by its import papers."),
        )
        self.fields["country_of_provenance"].error_messages["required"] = _("Give the country of provenance.")

    def _count(self, sent: Mapping[str, Any]) -> int:
        """Return how many countries are shown: those that are there, two of a list at least, and those asked for."""
        there = max((int(name[8:]) + 1 for name in sent if re.fullmatch(r"country_\d{1,2}", name)), default=1)
        least = LEAST_MIXED if sent.get("kind") == "mixed_listed" else 1
        return min(max(there, least, self.around.rows), MOST_ORIGINS)

    def typed(self) -> dict[str, Any]:
        """Return the kind, each country, the area and the provenance."""
        origin = part(self.entered, "origin")
        countries = rows(origin, "countries")[:MOST_ORIGINS]
        return {
            "kind": of(origin, "kind"),
            "area": of(origin, "area"),
            "country_of_provenance": of(self.entered, "country_of_provenance"),
            **{f"country_{index}": str(code) for index, code in enumerate(countries)},
        }

    def _countries(self) -> list[str]:
        given = [self.given(f"country_{index}") for index in range(self.count)]
        return [code for code in given if code]

    def clean(self) -> dict[str, Any]:
        """Hold the countries to the kind."""
        cleaned: dict[str, Any] = super().clean() or {}
        countries = self._countries()
        match cleaned.get("kind"):
            case "single" if not countries:
                self.gap("country_0", _("Name the one country in which all of it was mined."))
            case "single" if len(countries) > 1:
                self.add_error("country_1", _("A single origin is one country: leave the others empty."))
            case "mixed_listed" if len(countries) < LEAST_MIXED:
                self.gap(f"country_{len(countries)}", _("List two countries at least."))
            case "mixed_listed" if len(set(countries)) < len(countries):
                self.add_error("country_0", _("List each country once."))
            case "mixed_undisclosed" if countries:
                self.add_error("country_0", _("An undisclosed origin lists no country: leave them empty."))
        if self.restricted and not cleaned.get("area") and "area" not in self.errors:
            self.gap("area", _("Name the mining area."))
        return cleaned

    def changes(self) -> dict[str, Any]:
        """Return the origin without its empty parts, and the provenance."""
        area = self.given("area") if "area" in self.fields else ""
        origin: dict[str, Any] = {"kind": self.given("kind"), "countries": self._countries(), "area": area}
        return {
            "origin": {name: value for name, value in origin.items() if value},
            "country_of_provenance": self.given("country_of_provenance"),
        }

    def place(self, where: str) -> str:
        """Return the field of a part of the origin."""
        if found := re.fullmatch(r"origin\.countries(?:\[(\d+)\])?", where):
            return super().place(f"country_{found[1] or 0}")
        if where in {"origin", "origin.kind"}:
            return "kind"
        if where == "origin.area":
            return "area" if "area" in self.fields else "country_0"
        return "country_of_provenance" if where == "country_of_provenance" else ""

    def countries(self) -> list[Any]:
        """Return the fields of the countries."""
        return [self[f"country_{index}"] for index in range(self.count)]

    @property
    def may_add(self) -> bool:
        """Return whether there is room for one more country."""
        return self.count < MOST_ORIGINS


def _restricted(countries: Sequence[str], *, on: date) -> bool:
    """Return whether only some areas of one of the countries may export on the day: its standing is partial."""
    every = participants.load()
    owners = {owner for code in countries if code for owner in every.participant_of(code, on=on)}
    return any(each.kind is StandingKind.PARTIAL for owner in owners for each in every.standing(owner, on=on).possible)


SOURCE_KINDS: Final[Mapping[str, StrOrPromise]] = {
    "production_record": gettext_lazy("Production record"),
    "import_certificate": gettext_lazy("Import certificate"),
    "purchase": gettext_lazy("Purchase"),
}
"""Where goods lawfully come from, as people read it."""


def source_kind(value: str | None) -> str:
    """Return the kind of a source as people read it."""
    return str(SOURCE_KINDS.get(value or "", value or ""))


class SourcesStep(Step):
    """Where the goods lawfully come from."""

    name, title = "sources", gettext_lazy("What proves it")
    why = gettext_lazy(
        "Name the production records, import certificates and purchases that the goods come from, with the carats "
        "of each."
    )
    roots = ("sources",)
    template = "exporting/portal/sources.html"

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 (the same as every step's)
        super().__init__(*args, **kwargs)
        sent = self.data if self.is_bound else self.initial
        there = (re.fullmatch(r"sources_(\d{1,2})_[a-z]+", name) for name in sent)
        self.count = min(max((int(each[1]) + 1 for each in there if each), default=1), MOST_SOURCES)
        self.count = min(max(self.count, self.around.rows), MOST_SOURCES)
        for index in range(self.count):
            kinds = {value: str(said) for value, said in SOURCE_KINDS.items()}
            if other := str(sent.get(f"sources_{index}_kind") or "")[:60]:
                kinds.setdefault(other, other)
            self.fields[f"sources_{index}_kind"] = forms.OneOfManyField(
                label=_("Kind"), choices=list(kinds.items()), required=False
            )
            self.fields[f"sources_{index}_reference"] = forms.TextField(
                label=_("Its number"), most=120, width="medium", required=False
            )
            self.fields[f"sources_{index}_carats"] = forms.CaratsField(label=_("Carats"), required=False)

    def typed(self) -> dict[str, Any]:
        """Return the parts of each source."""
        typed: dict[str, Any] = {}
        for index, source in enumerate(rows(self.entered, "sources")[:MOST_SOURCES]):
            held = source if isinstance(source, dict) else {}
            typed |= {f"sources_{index}_{name}": of(held, name) for name in _SOURCE_PARTS}
        return typed

    def _row(self, index: int) -> dict[str, str]:
        given = {name: self.given(f"sources_{index}_{name}") for name in _SOURCE_PARTS}
        return {name: text for name, text in given.items() if text}

    def clean(self) -> dict[str, Any]:
        """Refuse a row that is filled in half, and no row at all."""
        cleaned: dict[str, Any] = super().clean() or {}
        filled = [index for index in range(self.count) if self._row(index)]
        if not filled:
            self.gap("sources_0_kind", _("Name at least one source."))
        missing = {
            "kind": _("Say what it is."),
            "reference": _("Give its number."),
            "carats": _("Say how many carats come from it."),
        }
        for index in filled:
            for name, said in missing.items():
                field = f"sources_{index}_{name}"
                if name not in self._row(index) and field not in self.errors:
                    self.gap(field, said)
        return cleaned

    def changes(self) -> dict[str, Any]:
        """Return the rows in which anything was entered."""
        return {"sources": [row for index in range(self.count) if (row := self._row(index))]}

    def place(self, where: str) -> str:
        """Return the field of a part of a source; of all of them, the first one's weight."""
        if where == "sources":
            return "sources_0_carats"
        found = re.fullmatch(r"sources\[(\d+)\](?:\.([a-z]+))?", where)
        return super().place(f"sources_{found[1]}_{found[2] or 'kind'}") if found else ""

    def drawn(self) -> list[list[Any]]:
        """Return the three fields of each row."""
        return [[self[f"sources_{index}_{name}"] for name in _SOURCE_PARTS] for index in range(self.count)]

    @property
    def may_add(self) -> bool:
        """Return whether there is room for one more source."""
        return self.count < MOST_SOURCES


_SOURCE_PARTS: Final = ("kind", "reference", "carats")


class DeclarationStep(Step):
    """What only the exporter can declare."""

    name, title = "declaration", gettext_lazy("What you declare")
    roots = ("not_conflict_diamonds", "synthetics_declared")

    synthetics_declared = forms.ChoiceField(
        label=gettext_lazy("Are there synthetic diamonds in the shipment?"),
        choices=[("no", pgettext_lazy("answer", "No")), ("yes", pgettext_lazy("answer", "Yes"))],
        hints={"yes": gettext_lazy("Take them out before you lodge: no certificate covers them.")},
        missing=gettext_lazy("Say whether there are synthetic diamonds in it."),
    )
    not_conflict_diamonds = forms.TickField(
        label=gettext_lazy("I declare that these are not conflict diamonds."),
        help_text=gettext_lazy(
            "Conflict diamonds are rough diamonds used by rebel movements or their allies to finance conflict aimed "
            "at undermining legitimate governments. KPCS Core Document, Section I and Annex II-18."
        ),
        missing=gettext_lazy("Only the exporter can declare it. Tick the box if it is so."),
    )

    def typed(self) -> dict[str, Any]:
        """Return the answers that were given; none is given beforehand."""
        synthetics = _flag(self.entered.get("synthetics_declared"))
        return {
            "not_conflict_diamonds": _flag(self.entered.get("not_conflict_diamonds")) is True,
            "synthetics_declared": "" if synthetics is None else "yes" if synthetics else "no",
        }

    def changes(self) -> dict[str, Any]:
        """Return the answers; an empty one takes out what was declared before."""
        synthetics = {"yes": True, "no": False}.get(self.given("synthetics_declared"), "")
        return {
            "not_conflict_diamonds": True if self.cleaned_data.get("not_conflict_diamonds") else "",
            "synthetics_declared": synthetics,
        }


def _flag(value: object) -> bool | None:
    """Return a declaration as the Scheme's reader takes it, which may come from a table as a word."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"true", "yes", "false", "no"}:
        return value.lower() in {"true", "yes"}
    return None


STEPS: Final[Mapping[str, type[Step]]] = {
    each.name: each for each in (DestinationStep, ImporterStep, GoodsStep, OriginStep, SourcesStep, DeclarationStep)
}
"""The steps that are filled in, in their order; the files stand between the last two."""

EXPECTED: Final[Mapping[AttachmentKind, StrOrPromise]] = {
    AttachmentKind.INVOICE: gettext_lazy("Invoice"),
    AttachmentKind.PRODUCTION_RECORD: gettext_lazy("Production record, or import certificate"),
    AttachmentKind.DECLARATION: gettext_lazy("Declaration that these are not conflict diamonds"),
    AttachmentKind.SYNTHETIC_SCREENING: gettext_lazy("Screening for synthetic diamonds"),
}
"""The files that the office expects beside an application."""

IN_PLACE_OF: Final[Mapping[AttachmentKind, AttachmentKind]] = {
    AttachmentKind.IMPORT_CERTIFICATE: AttachmentKind.PRODUCTION_RECORD
}

KINDS_OF_FILE: Final[Mapping[AttachmentKind, StrOrPromise]] = {
    AttachmentKind.INVOICE: gettext_lazy("Invoice"),
    AttachmentKind.PRODUCTION_RECORD: gettext_lazy("Production record"),
    AttachmentKind.IMPORT_CERTIFICATE: gettext_lazy("Import certificate"),
    AttachmentKind.DECLARATION: gettext_lazy("Declaration that these are not conflict diamonds"),
    AttachmentKind.SYNTHETIC_SCREENING: gettext_lazy("Screening for synthetic diamonds"),
    AttachmentKind.PACKING_LIST: gettext_lazy("Packing list"),
    AttachmentKind.VALUATION: gettext_lazy("Valuation"),
    AttachmentKind.PHOTOGRAPH: gettext_lazy("Photograph"),
    AttachmentKind.OTHER: gettext_lazy("Something else"),
}
"""The kinds of files that a trader adds, as people read them."""


class FileForm(forms.Form):
    """A file beside an application."""

    kind = forms.OneOfManyField(
        label=gettext_lazy("What is it?"),
        choices=lambda: [(kind.value, str(said)) for kind, said in KINDS_OF_FILE.items()],
        missing=gettext_lazy("Say what the file is."),
    )
    file = forms.FileField(
        label=gettext_lazy("File"),
        endings=EVIDENCE,
        most=20 * forms.MEGABYTE,
        help_text=gettext_lazy("PDF, picture, table or text, up to 20 MB."),
        missing=gettext_lazy("Choose the file."),
    )


class StartForm(forms.Form):
    """For whom, and at which office; what there is only one of is not asked."""

    def __init__(
        self,
        *args: Any,  # noqa: ANN401 (Django's own)
        traders: Sequence[tuple[str, str]],
        offices: Sequence[str],
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(*args, **kwargs)
        self.only = {
            "trader": traders[0][0] if len(traders) == 1 else "",
            "office": offices[0] if len(offices) == 1 else "",
        }
        if len(traders) > 1:
            self.fields["trader"] = _among(
                _("For which trader do you apply?"), traders, missing=_("Say for which trader you apply.")
            )
        if len(offices) > 1:
            self.fields["office"] = _among(
                _("At which office?"),
                [(name, name) for name in offices],
                missing=_("Say at which office."),
                hint=_("The goods are weighed, counted, valued and sealed there."),
            )

    def chosen(self, name: str) -> str:
        """Return the trader or the office that was chosen, or the only one there is."""
        return self.only[name] or str(self.cleaned_data.get(name) or "")


_MOST_RADIOS: Final = 8


def _among(label: str, choices: Sequence[tuple[str, str]], *, missing: str, hint: str = "") -> Any:  # noqa: ANN401
    """Return a field for one of a few, or for one of many."""
    kind: Any = forms.ChoiceField if len(choices) <= _MOST_RADIOS else forms.OneOfManyField
    field = kind(label=label, choices=choices, help_text=hint)
    field.error_messages["required"] = missing
    return field


class UploadForm(StartForm):
    """A table of applications."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        self.fields["file"] = forms.FileField(
            label=_("Table"),
            endings=(".csv", ".xlsx", ".json"),
            most=5 * forms.MEGABYTE,
            help_text=_("CSV, XLSX or JSON, up to 5 MB and 200 applications."),
        )
        self.fields["file"].error_messages["required"] = _("Choose the file.")


class SureForm(forms.Form):
    """Nothing to enter: the button is the answer."""


GOODS: Final[Mapping[Goods, StrOrPromise]] = {
    Goods.UNSORTED: gettext_lazy("Rough diamonds, unsorted"),
    Goods.INDUSTRIAL: gettext_lazy("Rough industrial diamonds"),
    Goods.NON_INDUSTRIAL: gettext_lazy("Rough diamonds that are not industrial"),
    Goods.POLISHED: gettext_lazy("Polished diamonds"),
    Goods.SYNTHETIC: gettext_lazy("Synthetic diamonds"),
    Goods.POWDER: gettext_lazy("Dust or powder"),
    Goods.JEWELLERY: gettext_lazy("Jewellery"),
}
MOVEMENTS: Final[Mapping[Movement, StrOrPromise]] = {
    Movement.TO_PARTICIPANT: gettext_lazy("It is exported to another Participant"),
    Movement.CARRIED: gettext_lazy("Somebody carries it to another Participant in person"),
    Movement.WITHIN: gettext_lazy("It stays within one Participant"),
    Movement.INTO_FREE_ZONE: gettext_lazy("It goes into a free zone of the Participant in which it is"),
    Movement.OUT_OF_FREE_ZONE: gettext_lazy("It leaves a free zone for another Participant"),
    Movement.IN_TRANSIT: gettext_lazy("It passes through unopened"),
    Movement.IN_TRANSIT_OPENED: gettext_lazy("It passes through, and was opened or changed"),
    Movement.SENT_BACK: gettext_lazy("It was imported, and is sent back"),
    Movement.TURNED_BACK: gettext_lazy("It was not let in, and goes back under its seals"),
    Movement.TO_STRANGER: gettext_lazy("It goes to a country that is no Participant"),
}


class NeedsForm(forms.Form):
    """What is moved, and where."""

    goods = forms.ChoiceField(
        label=gettext_lazy("What is moved?"),
        choices=[(each.value, said) for each, said in GOODS.items()],
        hints={
            Goods.UNSORTED: gettext_lazy("HS 7102.10"),
            Goods.INDUSTRIAL: gettext_lazy("HS 7102.21: unworked, or simply sawn, cleaved or bruted"),
            Goods.NON_INDUSTRIAL: gettext_lazy("HS 7102.31: unworked, or simply sawn, cleaved or bruted"),
            Goods.POWDER: gettext_lazy("HS 7105"),
        },
        missing=gettext_lazy("Say what is moved."),
    )
    movement = forms.ChoiceField(
        label=gettext_lazy("What happens to it?"),
        choices=[(each.value, said) for each, said in MOVEMENTS.items()],
        hints={Movement.WITHIN: gettext_lazy("The European Union is one Participant.")},
        missing=gettext_lazy("Say what happens to it."),
    )

    def answer(self) -> movements.Answer:
        """Return the answer."""
        return movements.needs_certificate(
            goods=Goods(self.cleaned_data["goods"]), movement=Movement(self.cleaned_data["movement"])
        )
