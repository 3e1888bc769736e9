"""What an e-mail address, a telephone number and a line of text must be before anything is kept or sent. Pure."""

from __future__ import annotations

import re

from macle import errors
from macle.scheme import terms

LONGEST_ADDRESS = 254
LONGEST_LOCAL = 64

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_TELEPHONE = re.compile(r"\+?[0-9][0-9 ()/.-]{4,38}[0-9]")


class AddressMalformed(errors.Malformed):
    """This is no e-mail address to which a letter can be sent."""

    code = "address-malformed"


class TelephoneMalformed(errors.Malformed):
    """This is no telephone number."""

    code = "telephone-malformed"


class TextMalformed(errors.Malformed):
    """A text is missing, too long, or holds characters that do not print."""

    code = "text-malformed"


def email(text: str, *, where: str) -> str:
    """Return the one address that the text is; raise `AddressMalformed`.

    Only what every mail server carries is taken: no quotes, no comments, no names beside it, ASCII alone. So an address
    cannot bring a second recipient or a second header.
    """
    local, at, domain = text.rpartition("@")
    labels = domain.split(".")
    if (
        not at
        or len(text) > LONGEST_ADDRESS
        or len(local) > LONGEST_LOCAL
        or not _LOCAL.fullmatch(local)
        or not all(_LABEL.fullmatch(label) for label in labels)
    ):
        raise AddressMalformed(
            f"{text[:60]!r} is no e-mail address.", where=where, mend="Write it like kp.office@mines.example."
        )
    return text


def emails(texts: tuple[str, ...], *, where: str, least: int = 0) -> list[str]:
    """Return the addresses, each once; raise `AddressMalformed` if one is none or too few are given."""
    checked = list(dict.fromkeys(email(text.strip(), where=where) for text in texts if text.strip()))
    if len(checked) < least:
        raise AddressMalformed("There is no e-mail address.", where=where, mend="Give at least one.")
    return checked


def telephone(text: str, *, where: str) -> str:
    """Return the number as it was written; nothing if it is empty. Raise `TelephoneMalformed`."""
    if text and not _TELEPHONE.fullmatch(text):
        raise TelephoneMalformed(
            f"{text[:60]!r} is no telephone number.", where=where, mend="Write it like +267 123 4567."
        )
    return text


def line(text: str, *, where: str, most: int, may_be_empty: bool = False) -> str:
    """Return the text without spaces around it, once it is one line that prints; raise `TextMalformed`."""
    return _text(text, text.strip(), where=where, most=most, may_be_empty=may_be_empty)


def lines(text: str, *, where: str, most: int, may_be_empty: bool = False) -> str:
    """Return the text of several lines, once each of them prints; raise `TextMalformed`."""
    plain = "\n".join(text.splitlines()).strip()
    return _text(plain.replace("\n", ""), plain, where=where, most=most, may_be_empty=may_be_empty)


def _text(printed: str, kept: str, *, where: str, most: int, may_be_empty: bool) -> str:
    if not kept and may_be_empty:
        return ""
    if not kept:
        raise TextMalformed("It is empty.", where=where, mend="Write it.")
    if len(kept) > most:
        raise TextMalformed(f"It has {len(kept)} characters.", where=where, mend=f"Write at most {most}.")
    if not terms.is_printable(printed):
        raise TextMalformed("It holds characters that do not print.", where=where, mend="Type it anew.")
    return kept
