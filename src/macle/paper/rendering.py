"""Drawing: from a signed object and an issuer's stationery to PDF/A-3 with the object attached.

The rules of this module:

- A value on a sheet is a value of the signed object. Nothing is shortened: what does not fit at the smallest size is
  an error that names its field, and a character that no font has is an error that names it.
- Data go to the layouts as values and never as markup.
- The same object, stationery and instant give the same bytes.
- A `Press` belongs to one process: its fonts are read once.

Source: KPCS Core Document, Annex I.
"""

from __future__ import annotations

import itertools
import json
import re
import shutil
import tempfile
import threading
import weakref
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typst

from macle import errors
from macle.paper import guilloche, stationery
from macle.paper.guilloche import Ribbon
from macle.paper.sheets import UNSHIFTED, Printer
from macle.proof import codec, keys, qr, views
from macle.scheme.certificates import STATEMENT, OriginKind, ValidationKind
from macle.scheme.terms import Carats, USDollars

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from macle.paper.decisions import Decision
    from macle.paper.sheets import Form
    from macle.paper.stationery import Language, Stationery
    from macle.proof.cose import Signed
    from macle.scheme.certificates import Certificate, Line, Party, Validation
    from macle.scheme.confirmations import Count, ImportConfirmation

CERTIFICATE_FILE, CONFIRMATION_FILE = "certificate.cose", "confirmation.cose"
"""Names of the signed object in a PDF; its JSON view has the same name with the ending .json."""


class SheetRefused(errors.Refused):
    """Something cannot be printed whole and legibly on this sheet."""

    code = "sheet-refused"


_WHOLE = "certificate.complete"
"""The rule that a sheet answers to: everything that Annex I orders is on it."""


class Layout(StrEnum):
    """How a certificate is printed."""

    GENERAL = "general"
    EU = "eu"
    SHEET = "sheet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How one sheet is to look: whose stationery, in which language beside English, which statement, marked or not."""

    stationery: Stationery
    statement: str
    language: str | None = None
    is_copy: bool = False

    @property
    def own(self) -> Language | None:
        """Return the language beside English."""
        return self.stationery.language(self.language)


@dataclass(frozen=True, slots=True)
class Place:
    """On what a certificate is printed: a drawn layout, or an official sheet, which needs its form."""

    layout: Layout
    form: Form | None = None
    printer: Printer = UNSHIFTED

    def __post_init__(self) -> None:
        """Refuse an official sheet without a form, and a form for anything else."""
        if (self.layout is Layout.SHEET) is (self.form is None):
            raise SheetRefused(
                "An official sheet needs a form, and nothing else does.", where="form", mend="Name its file."
            )


class Press:
    """Typst with the fonts that travel with the package, and those of further folders.

    Threads may share one: its compiler prints one sheet at a time.
    """

    def __init__(self, *, font_folders: Sequence[Path] = ()) -> None:
        """Read the fonts and lay the layouts out where typst may read."""
        package = Path(str(resources.files("macle.paper")))
        self._root = Path(tempfile.mkdtemp(prefix="macle-press-"))
        self.close = weakref.finalize(self, shutil.rmtree, self._root, ignore_errors=True)
        for layout in (package / "layouts").glob("*.typ"):
            shutil.copyfile(layout, self._root / layout.name)
        fonts = typst.Fonts(
            include_system_fonts=False,
            include_embedded_fonts=False,
            font_paths=[package / "fonts", *font_folders],
        )
        self._compiler = typst.Compiler(root=self._root, font_paths=fonts, ignore_system_fonts=True)
        self._turn = threading.Lock()
        self._kept: dict[str, str] = {}
        self._widths: dict[str, int] = json.loads((package / "fonts" / "widths.json").read_bytes())

    def certificate(self, signed: Signed, *, look: Look, place: Place, rehearsed: bool = False) -> bytes:
        """Return the certificate as PDF, unstamped; raise `SheetRefused`.

        A rehearsal leaves line work, code and attachments blank: it asks, before anybody signs, whether the words fit
        and the fonts have their letters.
        """
        certificate = codec.decode_certificate(signed.payload)
        data = self._common(look, number=certificate.number.for_people)
        data |= _of_certificate(certificate, look)
        data["fingerprint"] = keys.words_of(signed.identity)
        data |= _codes(signed, data["number"], small=place.layout is not Layout.GENERAL, rehearsed=rehearsed)
        _has_room(place.layout, data["qr"])
        if place.form is not None:
            data["form"] = place.printer.applied(place.form)
            _fits_its_place(place.form, data)
        data["rehearsed"] = rehearsed
        if not rehearsed:
            data["art"] = self._art(place.layout, data["number"], look)
            data["files"] = _attached(signed, views.certificate_to_json(certificate), CERTIFICATE_FILE)
        return self._print(place.layout, data, at=certificate.validated_at)

    def label(self, signed: Signed, *, look: Look) -> bytes:
        """Return the label of the certificate's container, 100 mm by 62 mm, black only."""
        certificate = codec.decode_certificate(signed.payload)
        data = self._common(look, number=certificate.number.for_people)
        data |= {
            "small": _drawn(qr.label_text(data["number"], signed.identity)),
            "seals": list(certificate.container_seals),
            "art": {},
        }
        return self._print("label", data, at=certificate.validated_at)

    def confirmation(self, signed: Signed, *, look: Look) -> bytes:
        """Return the import confirmation as PDF, unstamped; the look is the importing authority's."""
        confirmation = codec.decode_confirmation(signed.payload)
        data = self._common(look, number=confirmation.certificate.number.for_people)
        data |= _of_confirmation(confirmation, look)
        data |= _codes(signed, data["number"], small=False) | {"fingerprint": keys.words_of(signed.identity)}
        _has_room("confirmation", data["qr"])
        data["art"] = self._art("confirmation", data["number"], look)
        data["files"] = _attached(signed, views.confirmation_to_json(confirmation), CONFIRMATION_FILE)
        return self._print("confirmation", data, at=confirmation.confirmed_at)

    def decision(self, decision: Decision, *, look: Look) -> bytes:
        """Return the letter as PDF, unstamped, in its own language."""
        number = "" if decision.number is None else decision.number.for_people
        data = self._common(look, number=number)
        data |= {
            "authority": [decision.authority],
            "small": _drawn(qr.label_text(number, decision.identity)) if decision.identity else None,
            "art": self._art("decision", decision.reference, look),
            "decision": _of_decision(decision, number),
        }
        midnight = datetime(decision.on.year, decision.on.month, decision.on.day, tzinfo=UTC)
        return self._print("decision", data, at=midnight)

    def calibration(self, form: Form, *, look: Look, at: datetime) -> bytes:
        """Return the calibration sheet of a form."""
        data = self._common(look, number="") | {"form": form.plain(), "overprint": []}
        return self._print("calibration", data, at=at)

    def _common(self, look: Look, *, number: str) -> dict[str, Any]:
        """Return what every sheet needs."""
        own, stationery = look.own, look.stationery
        english = dict(stationery.english.words) | {"statement": look.statement}
        languages = [stationery.english] if own is None else [stationery.english, own]
        return {
            "number": number,
            "language": None if own is None else own.code,
            "right-to-left": own is not None and own.right_to_left,
            "words": {"en": english, "own": english if own is None else dict(own.words)},
            "author": stationery.state["en"],
            "state": [stationery.state[each.code] for each in languages],
            "contact": list(stationery.contact),
            "colours": {name: getattr(stationery.colours, name) for name in ("ink", "first", "second", "tint")},
            "emblem": self._keep(stationery.emblem) if stationery.emblem else None,
            "overprint": _overprint(look, languages),
            "statement-is-known": _is_known(look),
            "em": {},
            "rehearsed": False,
            "files": [],
        }

    def _art(self, layout: str, number: str, look: Look) -> dict[str, str]:
        """Return the line work: the border is the issuer's and kept in a file, the rosettes are the number's."""
        colours = look.stationery.colours
        tint, frames = colours.tint, _FRAMES.get(layout, {})
        border = {
            name: self._keep(guilloche.border(width, height, radius, Ribbon(*bead, colours.first, colours.second)))
            for name, (width, height, radius, bead) in frames.items()
        }
        drawn = {
            name: guilloche.rosette(f"{number} {name}", radius, tint, rings)
            for name, (radius, rings) in _ROSETTES.get(layout, {}).items()
        }
        if layout in _WAVES:
            width, height, count = _WAVES[layout]
            border["waves"] = self._keep(guilloche.waves(width, height, count, tint))
        if layout == "decision":
            border["rule"] = self._keep(guilloche.rule(160, Ribbon(10, 2.2, 4, colours.first, colours.second)))
        return border | drawn

    def _width(self, text: str) -> float:
        """Return how wide a text is at most, in em, whatever cut it is set in."""
        widest = self._widths
        return sum(widest.get(sign) or _WIDEST * len(sign.encode()) for sign in text) * _SPACED / 1000

    def _keep(self, drawing: str) -> str:
        """Return the path, for typst, of a drawing that many sheets share; as a file it is no part of their data."""
        with self._turn:
            if drawing not in self._kept:
                name = f"kept-{len(self._kept)}.svg"
                (self._root / name).write_text(drawing, encoding="utf-8")
                self._kept[drawing] = f"/{name}"
            return self._kept[drawing]

    def _print(self, layout: str, data: dict[str, Any], *, at: datetime) -> bytes:
        data["em"] = {text: self._width(text) for text in _texts_of(data)}
        try:
            with self._turn:
                pdf = self._compiler.compile(
                    str(self._root / f"{layout}.typ"),
                    format="pdf",
                    sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
                    pdf_standards=["a-3a"],
                    timestamp=at,
                )
        except typst.TypstError as error:
            raise _refusal(error) from error
        if not isinstance(pdf, bytes):
            raise SheetRefused("The layout prints more than one file.", where="layout")
        return pdf


_FRAMES: dict[str, dict[str, tuple[float, float, float, tuple[float, float, int]]]] = {
    "general": {"border": (191, 278, 9.5, (15, 3.5, 5))},
    "eu": {"border": (191.2, 178.2, 8, (13, 2.6, 5)), "slip": (191.2, 86, 6, (14, 1.6, 3))},
    "confirmation": {"slip": (191, 278, 6, (14, 1.6, 3))},
}
"""Width, height and radius of each frame in millimetres; length, height and threads of its beads."""

_ROSETTES: dict[str, dict[str, tuple[float, tuple[guilloche.Ring, ...]]]] = {
    "general": {"underprint": (72, guilloche.UNDERPRINT), "stamp": (18.8, guilloche.STAMP)},
    "eu": {"underprint": (56, guilloche.UNDERPRINT), "stamp": (10, guilloche.STAMP)},
    "confirmation": {"stamp": (17.6, guilloche.STAMP)},
    "decision": {"stamp": (12, guilloche.STAMP)},
}
_WAVES = {"general": (100, 18, 12), "eu": (100, 10, 7), "confirmation": (100, 17, 11)}


_WIDEST = 1100
"""Thousandths of an em that a letter of the other scripts takes at most, for each of its bytes."""

_SPACED = 1.06
"""By how much kerning and spacing may widen a text."""


def _is_known(look: Look) -> bool:
    """Return whether the statements are those that travel here, which fit every layout."""
    own = look.own
    unchanged = own is None or (
        own.code in stationery.available()
        and own.words["statement"] == stationery.language(own.code).words["statement"]
    )
    return look.statement == STATEMENT and unchanged


def _texts_of(data: Mapping[str, Any]) -> Iterator[str]:
    """Give the texts that layouts ask about, as `fit` is given them."""
    for name in ("exporter", "importer"):
        party = data.get(name)
        if party:
            label = f"licence and licence {party['licence']}"
            yield from (party["name"], party["latin"], f"{party['town']} XX", label)
            yield f"{party['town']} {party['licence']} licence and licence"
    for name in ("provenance", "destination"):
        if name in data:
            yield from data[name]["names"]
    yield from (f"{' '.join(each['names'])} (XX)" for each in data.get("origins", ()))
    yield from (*data["state"], *data.get("authority", ()), data["number"])
    yield from (data.get("officials", ""), data.get("reference", ""), data.get("area", ""))
    yield "   ·   ".join(data.get("seals", ()))
    if "kind" in data:
        yield data["words"]["own"][data["kind"]]


def _overprint(look: Look, languages: Sequence[Language]) -> list[dict[str, Any]]:
    """Return what stands across the sheet, in each language it is printed in."""
    marks = [*([] if look.stationery.approved_by else ["specimen"]), *(["copy"] if look.is_copy else [])]
    lines: dict[str, dict[str, Any]] = {}
    for mark, language in itertools.product(marks, languages):
        text = language.words[mark]
        lines.setdefault(text, {"text": text, "lang": language.code, "rtl": language.right_to_left})
    return list(lines.values())


def _of_certificate(certificate: Certificate, look: Look) -> dict[str, Any]:
    refers = certificate.refers_to
    return {
        "kind": certificate.kind.name.lower(),
        "refers-to": None
        if refers is None
        else {
            "key": "replaces" if certificate.kind.name == "REPLACEMENT" else "refers",
            "number": refers.number.for_people,
        },
        "issued": certificate.date_of_issuance.isoformat(),
        "expires": certificate.date_of_expiry.isoformat(),
        "exporter": _party(certificate.exporter),
        "importer": _party(certificate.importer),
        "undisclosed": certificate.origin.kind is OriginKind.MIXED_UNDISCLOSED,
        "origins": [_country(code, look) for code in certificate.origin.countries],
        "area": certificate.origin.area,
        "provenance": _country(certificate.country_of_provenance, look),
        "destination": _country(certificate.destination, look),
        "lines": _lines(certificate.lines),
        "total": {"carats": certificate.carat_weight.for_people, "value": certificate.value.for_people},
        "parcels": f"{certificate.parcels:,}",
        "seals": list(certificate.container_seals),
        "authority": _authority(certificate.issuing_authority, certificate.office, look),
        **_officials(certificate.validation),
    }


def _of_confirmation(confirmation: ImportConfirmation, look: Look) -> dict[str, Any]:
    declared, measured = confirmation.declared, confirmation.measured
    return {
        "exporter": _party(confirmation.exporter),
        "importer": _party(confirmation.importer),
        "lines": _lines(declared.lines),
        "authority": _authority(confirmation.importing_authority, confirmation.office, look),
        "officials": confirmation.official,
        "reference": "",
        "confirmation": {
            "confirmed": f"{confirmation.confirmed_at:%Y-%m-%d}",
            "received": confirmation.date_of_receipt.isoformat(),
            "declared": _count(declared),
            "found": None if measured is None else _count(measured),
            "difference": None if measured is None else _difference(declared, measured),
            "seals": confirmation.seals.name.lower(),
            "outcome": confirmation.result.name.lower(),
            "remark": confirmation.remark,
        },
    }


def _of_decision(decision: Decision, number: str) -> dict[str, Any]:
    references = [
        ("letter_reference", decision.reference),
        ("letter_date", decision.on.isoformat()),
        ("number", number),
        ("seals", " · ".join(decision.seals)),
        ("received", "" if decision.received is None else decision.received.isoformat()),
    ]
    sections = [
        ("letter_decision", decision.decided),
        ("letter_grounds", [f"{ground.source}: {ground.text}" for ground in decision.grounds]),
        ("letter_appeal", decision.appeal),
        ("letter_told", decision.told),
    ]
    return {
        "title": f"letter_{decision.kind}",
        "reference": decision.reference,
        "addressee": decision.addressee,
        "references": [(key, text) for key, text in references if text],
        "opening": decision.opening,
        "rows": decision.compared,
        "sections": [{"title": title, "paragraphs": parts} for title, parts in sections if parts],
        "signed-by": decision.signed_by,
        "official": decision.official,
    }


def _party(party: Party) -> dict[str, str]:
    return {
        "name": party.name,
        "latin": party.latin_name,
        "town": party.town,
        "country": party.country,
        "licence": party.licence,
    }


def _country(code: str, look: Look) -> dict[str, Any]:
    own = look.own
    names = [look.stationery.english.country(code)]
    return {"code": code, "names": names if own is None else [*names, own.country(code)]}


def _lines(lines: Sequence[Line]) -> list[dict[str, str]]:
    return [{"hs": line.hs.value, "carats": line.carats.for_people, "value": line.value.for_people} for line in lines]


def _count(count: Count) -> dict[str, str]:
    return {"parcels": f"{count.parcels:,}", "carats": count.carat_weight.for_people, "value": count.value.for_people}


def _difference(declared: Count, measured: Count) -> dict[str, str]:
    """Return found minus declared, each with its sign."""
    parcels = measured.parcels - declared.parcels
    carats = measured.carat_weight.hundredths - declared.carat_weight.hundredths
    value = measured.value.hundredths - declared.value.hundredths
    return {
        "parcels": f"{_sign(parcels)}{abs(parcels):,}",
        "carats": f"{_sign(carats)}{Carats(abs(carats)).for_people}",
        "value": f"{_sign(value)}{USDollars(abs(value)).for_people}",
    }


def _sign(difference: int) -> str:
    return "+" if difference > 0 else "\N{MINUS SIGN}" if difference < 0 else ""


def _authority(authority: str, office: str, look: Look) -> list[str]:
    """Return the authority as it is signed, with its office where the name does not say it, and in the own language."""
    signed = authority if office in authority else f"{authority}, {office}"
    own = look.own
    named = "" if own is None else look.stationery.names.get(own.code, {}).get(authority, "")
    return [signed, named] if named else [signed]


def _officials(validation: Validation) -> dict[str, str]:
    return {
        "officials": "  ·  ".join(validation.officials),
        "reference": validation.reference if validation.kind is ValidationKind.CUSTOMS_REFERENCE else "",
    }


def _codes(signed: Signed, number: str, *, small: bool, rehearsed: bool = False) -> dict[str, Any]:
    """Return the code of the whole object and, where a layout has one, the small one of number and identity.

    A rehearsal has another signature, so its code is a little longer than the real one can be, and is not drawn.
    """
    text = qr.to_text(signed.to_bytes()) + (_LONGER if rehearsed else "")
    codes = {"qr": _drawn(text, blank=rehearsed)}
    if small:
        codes["small"] = _drawn(qr.label_text(number, signed.identity), blank=rehearsed)
    return codes


_LONGER = "0" * 16
"""Characters by which one signature can deflate worse than another."""

_ROOM = {"general": 76.0, "eu": 52.5, "confirmation": 55.0}
"""Millimetres that a layout has for the code with its white frame; a full certificate's has up to 52.5."""


def _has_room(layout: str, code: Mapping[str, Any]) -> None:
    """Refuse a code that would be printed over words."""
    side = code["modules"] * qr.MODULE_MM
    if side > _ROOM.get(layout, side):
        raise SheetRefused(
            f"The code is {side} mm wide with its white frame, and this layout has room for {_ROOM[layout]:g} mm.",
            where="qr",
            rule=_WHOLE,
            mend="Shorten the names, or print it in another layout; the code is never printed smaller.",
        )


_RUN = re.compile(rb"\x01+")


def _drawn(text: str, *, blank: bool = False) -> dict[str, Any]:
    """Return a code as one path, or none, and its width in modules with the quiet zone.

    Each run of dark modules is a stroke 1.04 modules high: rows overlap by 0.02 mm, without which viewers can show
    hairlines between them.
    """
    code = qr.code_of(text)
    side = code.modules + 2 * qr.QUIET_ZONE
    if blank:
        return {"modules": side}
    path = [
        f"M{(run.start() + qr.QUIET_ZONE) * 2} {(row + qr.QUIET_ZONE) * 2 + 1}h{(run.end() - run.start()) * 2}"
        for row, modules in enumerate(code.rows())
        for run in _RUN.finditer(modules)
    ]
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{side * 2}" height="{side * 2}">'
        f'<path d="{"".join(path)}" stroke="#000" stroke-width="2.08"/></svg>'
    )
    return {"modules": side, "svg": svg}


def _attached(signed: Signed, view: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the files that travel in the PDF: the signed bytes, and their view for systems that read no CBOR."""
    return [
        {
            "name": name,
            "content": list(signed.to_bytes()),
            "relationship": "source",
            "type": "application/cose",
            "description": "The signed object: what counts",
        },
        {
            "name": Path(name).with_suffix(".json").name,
            "content": json.dumps(view, ensure_ascii=False, separators=(",", ":")),
            "relationship": "data",
            "type": "application/json",
            "description": "What the signed object says, as JSON; not signed by itself",
        },
    ]


def _fits_its_place(form: Form, data: Mapping[str, Any]) -> None:
    """Refuse a code that would have to be printed smaller than it can be read."""
    for field in form.fields:
        if field.name in {"qr", "small-qr"}:
            side = data["qr" if field.name == "qr" else "small"]["modules"] * qr.MODULE_MM
            if side > min(field.width, field.height):
                raise SheetRefused(
                    f"The code is {side} mm wide with its white frame; the form has {field.width} by {field.height}.",
                    where=field.name,
                    rule=_WHOLE,
                    mend="Give it more room on the form; it is never printed smaller.",
                )


_GLYPH = re.compile(r"the text [`\"“']+(?P<text>.+?)[`\"”']+ could not be displayed")


def _refusal(error: typst.TypstError) -> errors.MacleError:
    """Return what typst refused, in words that say how to mend it."""
    message = str(getattr(error, "message", error))
    field = re.search(r"does-not-fit:([\w ]+)", message)
    if field:
        return SheetRefused(
            "This does not fit its place on the sheet, even in the smallest letters.",
            where=field[1],
            rule=_WHOLE,
            mend="Shorten it before the certificate is validated; nothing is cut off.",
        )
    glyph = _GLYPH.search(message)
    if glyph:
        signs = ", ".join(f"{sign} (U+{ord(sign):04X})" for sign in dict.fromkeys(glyph["text"]))
        return SheetRefused(
            f"The fonts that are here have no form for: {signs}.",
            where="fonts",
            rule=_WHOLE,
            mend="Give a folder with a font that has it.",
        )
    return SheetRefused(f"The sheet cannot be printed: {message}.", where="layout")
