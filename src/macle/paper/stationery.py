"""An issuer's stationery: its colours, emblem, languages and words, as data; and the languages that are known here.

The rules of this module:

- What a sheet says of a shipment comes from the signed object. Stationery adds what is the issuer's: how its state and
  authority are called in its own language, colours, emblem, and words that differ from those that travel here.
- The translations that travel here are ours, and no authority has approved them. A sheet whose stationery does not
  say who approved it is a SPECIMEN, in every language it is printed in.
- Colours are checked when they are read: what is written must stay readable on the line work, also in a photocopy.

Source: KPCS Core Document, Annex I-A (any language, provided that an English translation is incorporated).
"""

from __future__ import annotations

import functools
import json
import re
import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

from macle import errors
from macle.scheme import participants, terms
from macle.scheme.certificates import LONGEST_TEXT
from macle.scheme.terms import ParticipantCode

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ENGLISH = "en"
LARGEST_EMBLEM = 256 * 1024
"""Bytes of the drawing; it is drawn again on every sheet."""

_LEAST_CONTRAST, _MOST_TINT = 7.0, 1.5


class StationeryMalformed(errors.Malformed):
    """The stationery, or a language, is not written as it must be."""

    code = "stationery-malformed"


class LanguageUnknown(errors.NotFound):
    """No words of this language travel here, and the stationery brings none."""

    code = "language-unknown"


@dataclass(frozen=True, slots=True)
class Language:
    """The words of one language: by key as in ``languages/en.json``, and names of countries that differ from CLDR's."""

    code: str
    right_to_left: bool
    words: Mapping[str, str]
    countries: Mapping[str, str]

    def country(self, code: str) -> str:
        """Return the name of a country or Participant in this language."""
        if code in self.countries:
            return self.countries[code]
        known = participants.load()
        if self.code == ENGLISH and code in known:
            return known[ParticipantCode(code)].name
        return _cldr(self.code).get(code, code)


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, 1 to 21 (WCAG 2)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)  # noqa: PLR2004 (of the standard)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@dataclass(frozen=True, slots=True)
class Colours:
    """Four colours as ``#rrggbb``: words, the two of the border, and line work under words."""

    ink: str
    first: str
    second: str
    tint: str

    def __post_init__(self) -> None:
        """Raise `StationeryMalformed` for what could not be read on paper."""
        for name in ("ink", "first", "second", "tint"):
            value = getattr(self, name)
            if not isinstance(value, str) or not re.fullmatch(r"#[0-9a-f]{6}", value):
                raise StationeryMalformed(f"{value!r} is no colour.", where=f"colours.{name}", mend='Write "#14395b".')
        ink = contrast(self.ink, self.tint)
        if ink < _LEAST_CONTRAST:
            raise StationeryMalformed(
                f"The ink has a contrast of {ink:.1f} to the tint under it, and {_LEAST_CONTRAST:.0f} are needed.",
                where="colours.ink",
                mend="Take a darker ink or a lighter tint.",
            )
        tint = contrast(self.tint, "#ffffff")
        if tint > _MOST_TINT:
            raise StationeryMalformed(
                f"The tint has a contrast of {tint:.2f} to white, and {_MOST_TINT} is the most under words.",
                where="colours.tint",
                mend="Take a lighter tint.",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stationery:
    """How one Participant's authority prints.

    ``languages`` are those beside English, the usual one first. ``names`` gives a signed name (of the issuing
    authority, say) in another language: by language, then by the name that is signed. ``approved_by`` says who approved
    the printed words; empty, every sheet is a SPECIMEN.
    """

    participant: ParticipantCode
    layout: str
    languages: tuple[Language, ...]
    english: Language
    state: Mapping[str, str]
    names: Mapping[str, Mapping[str, str]]
    colours: Colours
    emblem: str
    contact: tuple[str, ...]
    approved_by: str

    def language(self, code: str | None) -> Language | None:
        """Return the language to print beside English: the usual one, or the one asked for; None for English alone."""
        if code == ENGLISH:
            return None
        if code is None:
            return self.languages[0] if self.languages else None
        for language in self.languages:
            if language.code == code:
                return language
        known = ", ".join([ENGLISH, *(language.code for language in self.languages)])
        raise LanguageUnknown(
            f"The stationery of {self.participant} has no language {code!r}.",
            where="language",
            mend=f"Choose one of: {known}.",
        )


NEUTRAL = Colours("#243447", "#5f7f9c", "#8a8f98", "#dfe6ec")
"""For a Participant whose colours are not known."""


def packaged(code: ParticipantCode) -> Stationery:
    """Return the stationery that travels here: of an example, or plain and in English. Nothing of it is approved."""
    file = resources.files("macle.paper") / "specimens" / f"{code.lower()}.toml"
    if file.is_file():
        return _read(tomllib.loads(file.read_text(encoding="utf-8")), emblem="")
    english = language(ENGLISH)
    return Stationery(
        participant=code,
        layout="general",
        languages=(),
        english=english,
        state={ENGLISH: english.country(code)},
        names={},
        colours=NEUTRAL,
        emblem="",
        contact=(),
        approved_by="",
    )


def read(path: Path) -> Stationery:
    """Return the stationery of a file (TOML; an emblem is an SVG file beside it); raise `StationeryMalformed`."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StationeryMalformed(f"This is not TOML: {error}.", where=str(path)) from error
    except OSError as error:
        raise StationeryMalformed(f"The file cannot be read: {error.strerror}.", where=str(path)) from error
    try:
        return _read(table, emblem=_emblem(path, table["emblem"]) if "emblem" in table else "")
    except errors.MacleError as error:
        error.where = f"{path}: {error.where}"
        raise


def _emblem(path: Path, name: object) -> str:
    """Return the drawing that lies beside the stationery."""
    try:
        if not isinstance(name, str) or not re.fullmatch(r"[\w-][\w.-]*\.svg", name):
            raise StationeryMalformed(f"{name!r} is no name of a drawing beside this file.", where="emblem", mend=_SVG)
        drawing = path.with_name(name).read_bytes()
        text = drawing.decode()
    except OSError as error:
        raise StationeryMalformed(f"The file cannot be read: {error.strerror}.", where="emblem", mend=_SVG) from error
    except UnicodeDecodeError as error:
        raise StationeryMalformed("The drawing is not in UTF-8.", where="emblem", mend=_SVG) from error
    if len(drawing) > LARGEST_EMBLEM or "<svg" not in text[:1024]:
        raise StationeryMalformed("This is no SVG drawing below 256 KiB.", where="emblem", mend=_SVG)
    return text


_SVG = 'Give a plain SVG file in the same folder, such as "emblem.svg".'
_FIELDS = {
    "participant", "layout", "languages", "state", "names", "colours", "emblem", "contact", "approved_by", "words",
    "countries", "right_to_left",
}  # fmt: skip
LAYOUTS = ("general", "eu")
_OF_ANNEX_I = {"title", "statement"}
"""English words that Annex I orders; the statement comes from the legal profile."""
_MARKS = {"specimen", "copy"}
"""English words by which everybody knows what is no original."""


def _read(table: Mapping[str, Any], *, emblem: str) -> Stationery:
    _refuse_strangers(set(table), _FIELDS)
    layout = table.get("layout", "general")
    if layout not in LAYOUTS:
        raise StationeryMalformed(
            f"{layout!r} is no layout.", where="layout", mend=f"Choose one of: {', '.join(LAYOUTS)}."
        )
    codes = _codes(table.get("languages", []), "languages")
    if ENGLISH in codes:
        raise StationeryMalformed("English is always there.", where="languages", mend="Name the others.")
    for section in ("words", "names", "countries"):
        for code in _table(table.get(section, {}), section):
            if code not in {ENGLISH, *codes}:
                raise StationeryMalformed(
                    "This is no language of the stationery.", where=f"{section}.{code}", mend="Name it in languages."
                )
    languages = {code: _overlaid(code, table) for code in (ENGLISH, *codes)}
    state = _texts(_given(table, "state"), "state")
    for code in (ENGLISH, *codes):
        if code not in state:
            raise StationeryMalformed("The state has no name in this language.", where=f"state.{code}")
    return Stationery(
        participant=_participant(_given(table, "participant")),
        layout=layout,
        languages=tuple(languages[code] for code in codes),
        english=languages[ENGLISH],
        state=state,
        names={code: _texts(names, f"names.{code}") for code, names in table.get("names", {}).items()},
        colours=_colours(_given(table, "colours")),
        emblem=emblem,
        contact=_lines(table.get("contact", []), "contact"),
        approved_by=_text(table["approved_by"], "approved_by") if "approved_by" in table else "",
    )


def _given(table: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 (of TOML)
    if name not in table:
        raise StationeryMalformed("This is missing.", where=name, mend="Fill it in.")
    return table[name]


def _refuse_strangers(names: set[str], known: set[str], section: str = "") -> None:
    for name in sorted(names - known):
        raise StationeryMalformed(
            "There is no such field.", where=f"{section}{name}", mend=f"Known: {', '.join(sorted(known))}."
        )


def _participant(code: object) -> ParticipantCode:
    try:
        return terms.participant_code(code, where="participant")
    except terms.TermInvalid as error:
        raise StationeryMalformed(error.what, where="participant", mend=error.mend) from error


def _colours(table: object) -> Colours:
    given = _table(table, "colours")
    known = {"ink", "first", "second", "tint"}
    _refuse_strangers(set(given), known, "colours.")
    return Colours(
        **{name: _given({f"colours.{each}": given[each] for each in given}, f"colours.{name}") for name in known}
    )


def _codes(value: object, where: str) -> tuple[str, ...]:
    codes = _lines(value, where)
    if len(set(codes)) != len(codes):
        raise StationeryMalformed("A language stands once.", where=where)
    return codes


def _lines(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise StationeryMalformed("This is no list.", where=where, mend='Write ["...", "..."].')
    return tuple(_text(line, where) for line in value)


def _overlaid(code: str, table: Mapping[str, Any]) -> Language:
    """Return a language with the words and names of countries that the stationery sets otherwise."""
    words = _texts(table.get("words", {}).get(code, {}), f"words.{code}")
    countries = _texts(table.get("countries", {}).get(code, {}), f"countries.{code}")
    english = language(ENGLISH)
    unknown = sorted(set(words) - set(english.words))
    if unknown:
        raise StationeryMalformed("There is no such word.", where=f"words.{code}.{unknown[0]}")
    fixed = sorted(set(words) & (_OF_ANNEX_I | _MARKS)) if code == ENGLISH else []
    if fixed:
        raise StationeryMalformed("This English word is the Scheme's and stays as it is.", where=f"words.en.{fixed[0]}")
    if code in available():
        base = language(code)
    else:
        missing = sorted(set(english.words) - set(words))
        if missing:
            raise LanguageUnknown(
                f"The words of {code!r} do not travel here, and {len(missing)} are missing: {missing[0]}.",
                where=f"words.{code}",
                mend="Give every word that languages/en.json has.",
            )
        base = Language(code, code in _codes(table.get("right_to_left", []), "right_to_left"), {}, {})
    return Language(code, base.right_to_left, {**base.words, **words}, {**base.countries, **countries})


def _table(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise StationeryMalformed("This is no table.", where=where, mend="Write [section] with name = text.")
    return value


def _texts(value: object, where: str) -> dict[str, str]:
    return {name: _text(text, f"{where}.{name}") for name, text in _table(value, where).items()}


def _text(value: object, where: str) -> str:
    longest = 3 * LONGEST_TEXT
    if isinstance(value, str) and 0 < len(value) <= longest and terms.is_printable(value) and value.strip():
        return value
    raise StationeryMalformed("This is no text that prints.", where=where, mend=f"Write 1 to {longest} characters.")


@functools.cache
def available() -> frozenset[str]:
    """Return the codes of the languages whose words travel here."""
    folder = resources.files("macle.paper") / "languages"
    return frozenset(file.name.removesuffix(".json") for file in folder.iterdir() if file.name.endswith(".json"))


@functools.cache
def language(code: str) -> Language:
    """Return a language whose words travel here; raise `LanguageUnknown` for another."""
    if code not in available():
        raise LanguageUnknown(
            f"No words of the language {code!r} travel here.",
            where="language",
            mend=f"Known: {', '.join(sorted(available()))}.",
        )
    file = resources.files("macle.paper") / "languages" / f"{code}.json"
    table = json.loads(file.read_text(encoding="utf-8"))
    return Language(code, table["direction"] == "rtl", table["words"], table["countries"])


@functools.cache
def _cldr(code: str) -> Mapping[str, str]:
    """Return the names of countries in a language, as the Common Locale Data Repository has them."""
    from babel import Locale, UnknownLocaleError  # noqa: PLC0415 (only where a sheet is drawn)

    try:
        return dict(Locale.parse(code).territories)
    except (UnknownLocaleError, ValueError):
        return {}
