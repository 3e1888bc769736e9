"""Arguments and options that several commands share: instants, Participants, passphrases."""

from __future__ import annotations

import os
import re
import sys
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from macle.cli import clock, errors

if TYPE_CHECKING:
    from collections.abc import Callable

    from macle.scheme.terms import ParticipantCode

_F = TypeVar("_F", bound="Callable[..., Any]")

LONGEST_PASSPHRASE = 1024


class Instant(click.ParamType[datetime]):
    """An instant with its zone, such as 2026-11-02T09:30:00Z; with ``days`` a bare date, too."""

    name = "instant"

    def __init__(self, *, days: bool = False) -> None:
        """Accept a bare date, which stands for noon in UTC, only where that is exact enough."""
        self.days = days

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return the instant in UTC, in whole seconds."""
        if isinstance(value, datetime):
            return value
        text = str(value)
        try:
            if self.days and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
                return datetime.combine(date.fromisoformat(text), time(12), UTC)
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is not None:
                return moment.astimezone(UTC).replace(microsecond=0)
        except (ValueError, OverflowError):
            pass
        also = ", or a date" if self.days else ""
        raise click.BadParameter(
            f"{text!r} is no instant: write one with its zone, such as 2026-11-02T09:30:00Z{also}.", ctx, param
        )


class Code(click.ParamType["ParticipantCode"]):
    """A Participant's code."""

    name = "participant"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> ParticipantCode:
        """Return the code if there is or was such a Participant."""
        from macle.scheme import participants, terms  # noqa: PLC0415 (the tables are read only where one is named)

        try:
            code = terms.participant_code(value)
        except terms.TermInvalid as error:
            self.fail(f"{error.what} {error.mend}", param, ctx)
        if code not in participants.load():
            self.fail(f"No Participant has the code {code}; member states of the Union take part as EU.", param, ctx)
        return code


def at_option(*, days: bool = False, meaning: str) -> Callable[[_F], _F]:
    """Return the option ``--at``, which is this instant unless another is given."""
    return click.option("--at", type=Instant(days=days), help=f"{meaning} [default: now]", callback=_or_now)


def _or_now(_: click.Context, __: click.Parameter, value: datetime | None) -> datetime:
    return value or clock.now()


def trust_folder(*, meaning: str) -> Callable[[_F], _F]:
    """Return the option ``--trust``, the folder of whom to believe; None where none is given."""
    return click.option(
        "--trust",
        "trust_folder",
        type=click.Path(path_type=Path),
        metavar="FOLDER",
        envvar="MACLE_TRUST",
        help=f"Whom to believe{meaning}",
    )


def passphrase_file(option: str, *, of: str, variable: str) -> Callable[[_F], _F]:
    """Return an option that names the file with a passphrase; the passphrase itself is never an argument."""
    return click.option(
        option,
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help=f"First line: the passphrase of {of}. Otherwise {variable} holds it, or you are asked.",
    )


def passphrase(*, of: str, variable: str, file: Path | None, new: bool = False) -> str:
    """Return a passphrase from the file, the environment or the person at the terminal, asked twice if it is new."""
    if file is not None:
        lines = errors.read_file(str(file), most=LONGEST_PASSPHRASE).decode(errors="replace").splitlines()
        if not lines or not lines[0]:
            raise errors.FileUnreadable("The first line holds no passphrase.", where=errors.shown(str(file)))
        return lines[0]
    given = os.environ.get(variable)
    if given:
        return given
    if not sys.stdin.isatty():
        raise click.UsageError(f"The passphrase of {of} is needed: set {variable}, or name a file that holds it.")
    asked: str = click.prompt(f"Passphrase of {of}", hide_input=True, confirmation_prompt=new, err=True)
    return asked
