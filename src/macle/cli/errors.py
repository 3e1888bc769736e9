"""What an error means on the command line: the one place that knows its exit codes and says it to people."""

from __future__ import annotations

import json
import os
import secrets
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import click

from macle import errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

OK, REFUSED, USAGE, UNTRUSTED, MALFORMED = 0, 1, 2, 3, 4
NOT_PERMITTED, NOT_FOUND, CONFLICT, UNDECIDED = 5, 6, 7, 8
UNEXPECTED = 70
"""Something that should not happen (sysexits: internal software error)."""
INTERRUPTED, CUT_OFF = 130, 141
"""Stopped by the person at the keyboard, and by a reader that went away, as shells count it; never a yes."""

_OF_FAMILY: tuple[tuple[type[errors.MacleError], int], ...] = (
    (errors.Refused, REFUSED),
    (errors.Untrusted, UNTRUSTED),
    (errors.Malformed, MALFORMED),
    (errors.NotPermitted, NOT_PERMITTED),
    (errors.NotFound, NOT_FOUND),
    (errors.Conflict, CONFLICT),
    (errors.Undecided, UNDECIDED),
)

GRAVEST_FIRST = (UNTRUSTED, REFUSED, MALFORMED, NOT_FOUND, UNDECIDED, OK)
"""Of several files the gravest answer is the exit code: first what is surely wrong, then what could not be
looked at, then what cannot be decided."""


class FileMissing(errors.NotFound):
    """There is no such file."""

    code = "file-missing"


class FileUnreadable(errors.Malformed):
    """The file is there and cannot be read, or is larger than anything that is read."""

    code = "file-unreadable"


def exit_code(error: errors.MacleError) -> int:
    """Return the exit code of an error's family."""
    return next((code for family, code in _OF_FAMILY if isinstance(error, family)), UNEXPECTED)


def gravest(codes: Iterable[int]) -> int:
    """Return the code that speaks for all of them."""
    given = set(codes)
    return next((code for code in GRAVEST_FIRST if code in given), OK)


def read_file(path: str, *, most: int) -> bytes:
    """Return the bytes of a file, or of the standard input for ``-``; raise `FileMissing` or `FileUnreadable`."""
    try:
        if path == "-":
            data = sys.stdin.buffer.read(most + 1)
        else:
            with Path(path).open("rb") as file:
                data = file.read(most + 1)
    except FileNotFoundError:
        raise FileMissing("There is no such file.", where=shown(path), mend="Look at its name and folder.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name cannot be one"
        raise FileUnreadable(f"The file cannot be read: {reason}.", where=shown(path)) from None
    if len(data) > most:
        raise FileUnreadable(f"The file has more than the {most:,} bytes that are read.", where=shown(path))
    return data


def shown(text: str) -> str:
    """Return a file's name so that it cannot write over the terminal."""
    return printable(click.format_filename(text))


def printable(text: str) -> str:
    """Return a text from outside so that it cannot command the terminal; names may have joiners."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() or sign in _JOINERS else "\N{REPLACEMENT CHARACTER}" for sign in text)


_JOINERS = "\u200c\u200d"


def as_json(value: object, *, compact: bool = False) -> str:
    """Return JSON for people and programs; what could command a terminal is written as an escape.

    Nobody reads hundreds of reports, and without indents they are written ten times as fast.
    """
    text = json.dumps(value, ensure_ascii=False, indent=None if compact else 2)
    return "\n".join("".join(map(_escaped, line)) if not line.isprintable() else line for line in text.split("\n"))


def _escaped(sign: str) -> str:
    return sign if sign.isprintable() else json.dumps(sign)[1:-1]


def existing(folder: Path, *, mend: str = "") -> Path:
    """Return the folder if it is one; raise `FileMissing` otherwise."""
    if not folder.is_dir():
        raise FileMissing("There is no such folder.", where=shown(str(folder)), mend=mend)
    return folder


def running(call: Callable[[], object]) -> int:  # noqa: PLR0911 (one answer for each family)
    """Make the call and return the exit code; every error is said in words, none as a stack trace."""
    try:
        result = call()
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        return INTERRUPTED
    except errors.MacleError as error:
        say(error)
        return exit_code(error)
    except OSError as error:
        return _of_system(error)
    except Exception:  # noqa: BLE001 (the last door: nothing gets out but a number)
        return _unexpected()
    return result if isinstance(result, int) else OK


def say(error: errors.MacleError) -> None:
    """Say on the standard error what is wrong, where, and how to mend it."""
    place = f"{error.where}: " if error.where else ""
    more = [f"{breach.where}: {breach.what}" for breach in getattr(error, "breaches", ())[1:]]
    rule = [f"Rule {error.rule}; see: macle rules {error.rule}"] if error.rule else []
    _say(place + error.what, *more, *filter(None, [error.mend]), *rule)


def _say(first: str, *lines: str) -> None:
    click.echo(f"{click.style('Error', fg='red', bold=True)}  {printable(first)}", err=True, color=colour())
    for line in lines:
        click.echo(f"       {printable(line)}", err=True, color=colour())


def colour() -> bool | None:
    """Return False where the user wants no colours; None leaves them to terminals."""
    return False if os.environ.get("NO_COLOR") else None


def _of_system(error: OSError) -> int:
    """Say what the operating system refused, where it says of which file; anything else is unexpected."""
    if error.filename is None or error.strerror is None:
        return _unexpected()
    where = shown(os.fsdecode(error.filename))
    _say(f"{where}: {error.strerror}.", "Look at the name, the free space and who may write there.")
    if isinstance(error, PermissionError):
        return NOT_PERMITTED
    return NOT_FOUND if isinstance(error, FileNotFoundError) else CONFLICT


def _unexpected() -> int:
    """Keep the details in a file of the user's own, and say only a reference number."""
    reference = secrets.token_hex(4).upper()
    folder = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "macle" / "errors"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        kept = folder / f"{reference}.txt"
        with os.fdopen(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(traceback.format_exc())
        where = f"The details are in {kept}; give that file to whoever looks after Macle."
    except OSError:
        where = "The details could not be kept; say what was done when it happened."
    _say("Something happened that should not.", f"Reference {reference}. {where}")
    return UNEXPECTED
