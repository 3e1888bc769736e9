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
from macle.scheme import participants
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
        name = table.get("emblem", "")
        emblem = path.with_name(name).read_bytes() if name else b""
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, TypeError) as error:
        raise StationeryMalformed(f"This is not TOML: {error}.", where=str(path)) from error
    if len(emblem) > LARGEST_EMBLEM or (emblem and b"<svg" not in emblem[:1024]):
        raise StationeryMalformed(
            "The emblem is no SVG drawing below 256 KiB.", where=f"{path}: emblem", mend="Give it as a plain SVG file."
        )
    try:
        return _read(table, emblem=emblem.decode())
    except errors.MacleError as error:
        error.where = f"{path}: {error.where}"
        raise


_FIELDS = {
    "participant", "layout", "languages", "state", "names", "colours", "emblem", "contact", "approved_by", "words",
    "countries", "right_to_left",
}  # fmt: skip
LAYOUTS = ("general", "eu")


def _read(table: Mapping[str, Any], *, emblem: str) -> Stationery:
    strangers = sorted(set(table) - _FIELDS)
    if strangers:
        raise StationeryMalformed(
            "There is no such field.", where=strangers[0], mend=f"Known: {', '.join(sorted(_FIELDS))}."
        )
    try:
        layout, codes = table.get("layout", "general"), tuple(table.get("languages", ()))
        if layout not in LAYOUTS:
            raise StationeryMalformed(
                f"{layout!r} is no layout.", where="layout", mend=f"Choose one of: {', '.join(LAYOUTS)}."
            )
        languages = {code: _overlaid(code, table) for code in (ENGLISH, *codes)}
        state = _texts(table["state"], "state")
        for code in (ENGLISH, *codes):
            if code not in state:
                raise StationeryMalformed("The state has no name in this language.", where=f"state.{code}")
        return Stationery(
            participant=ParticipantCode(table["participant"]),
            layout=layout,
            languages=tuple(languages[code] for code in codes),
            english=languages[ENGLISH],
            state=state,
            names={code: _texts(names, f"names.{code}") for code, names in table.get("names", {}).items()},
            colours=Colours(**table["colours"]),
            emblem=emblem,
            contact=tuple(_text(line, "contact") for line in table.get("contact", ())),
            approved_by=str(table.get("approved_by", "")),
        )
    except KeyError as error:
        raise StationeryMalformed("This is missing.", where=str(error.args[0])) from error
    except (TypeError, AttributeError, ValueError) as error:
        raise StationeryMalformed(f"A field holds what it cannot hold: {error}.", where="stationery") from error


def _overlaid(code: str, table: Mapping[str, Any]) -> Language:
    """Return a language with the words and names of countries that the stationery sets otherwise."""
    words = _texts(table.get("words", {}).get(code, {}), f"words.{code}")
    countries = _texts(table.get("countries", {}).get(code, {}), f"countries.{code}")
    english = language(ENGLISH)
    unknown = sorted(set(words) - set(english.words))
    if unknown:
        raise StationeryMalformed("There is no such word.", where=f"words.{code}.{unknown[0]}")
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
        base = Language(code, code in table.get("right_to_left", ()), {}, {})
    return Language(code, base.right_to_left, {**base.words, **words}, {**base.countries, **countries})


def _texts(table: object, where: str) -> dict[str, str]:
    if not isinstance(table, dict):
        raise StationeryMalformed("This is no table.", where=where, mend="Write [section] with name = text.")
    return {str(name): _text(value, f"{where}.{name}") for name, value in table.items()}


def _text(value: object, where: str) -> str:
    longest = 3 * LONGEST_TEXT
    if not isinstance(value, str) or not 0 < len(value) <= longest or not value.isprintable():
        raise StationeryMalformed("This is no text that prints.", where=where, mend=f"Write 1 to {longest} characters.")
    return value


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
