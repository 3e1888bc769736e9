"""`macle profile`: what the law of a Participant says, as far as it is known, and what is not verified."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any

import click

from macle.cli import clock, errors, options
from macle.scheme import participants, profiles

if TYPE_CHECKING:
    from datetime import datetime

    from macle.scheme.profiles import LegalProfile, Note
    from macle.scheme.terms import ParticipantCode

_HEAD = {"participant", "version", "effective", "sources", "notes", "zones"}
"""Fields that are no statement of law, or are said in other words."""


@click.command("profile", short_help="Show the legal profile of a Participant, with its doubts.")
@click.argument("code", type=options.Code(), metavar="PARTICIPANT")
@click.option("--at", type=options.Instant(days=True), help="The profile in force on this day. [default: now]")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def command(code: ParticipantCode, *, at: datetime | None, as_json: bool) -> None:
    """Show the legal profile of a Participant: what has a source and is a rule, and what is not verified and is none.

    \b
    macle profile EU
    macle profile IN --at 2021-06-01
    """  # noqa: D301
    profile = profiles.load().of(code, on=(at or clock.now()).date())
    if as_json:
        click.echo(errors.as_json(_as_plain(profile)))
        return
    name = participants.load()[code].name
    click.secho(f"{name} ({code}), profile {profile.version}, from {profile.effective}", bold=True)
    for field, value in _stated(profile):
        source = profile.sources.get(field, "")
        _paragraph(field, f"{_shown(value)}" + (f"  [{source}]" if source else ""))
    click.echo()
    click.secho("Not verified: shown, and no rule", bold=True)
    for note in profile.notes:
        _paragraph(note.field, f"{note.text}  [{note.source}]")


def doubt(profile: LegalProfile, field: str) -> Note | None:
    """Return what is not verified about a field of the profile."""
    return next((note for note in profile.notes if note.field == field), None)


def _paragraph(field: str, text: str) -> None:
    label = f"  {field.replace('_', ' '):<26}"
    click.echo(click.wrap_text(text, width=100, initial_indent=label, subsequent_indent=" " * len(label)))


def _stated(profile: LegalProfile) -> list[tuple[str, Any]]:
    """Return the fields that say something, with their values."""
    pairs = [(field.name, getattr(profile, field.name)) for field in dataclasses.fields(profile)]
    return [(name, value) for name, value in pairs if name not in _HEAD and value not in (None, (), {})]


def _shown(value: object) -> str:
    """Return a value of a profile in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Enum):
        return value.name.lower().replace("_", " ")
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts = [(part.name, getattr(value, part.name)) for part in dataclasses.fields(value) if part.name != "source"]
        return ", ".join(f"{name.replace('_', ' ')} {_shown(part)}" for name, part in parts if part not in (None, ()))
    if isinstance(value, tuple):
        return "; ".join(_shown(each) for each in value)
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {_shown(each)}" for name, each in value.items())
    return str(value).replace("_", " ")


def _as_plain(profile: LegalProfile) -> dict[str, Any]:
    return {
        "participant": profile.participant,
        "version": profile.version,
        "effective": profile.effective.isoformat(),
        "stated": {
            name: {"value": _shown(value), "source": profile.sources.get(name, "")} for name, value in _stated(profile)
        },
        "not_verified": [dataclasses.asdict(note) for note in profile.notes],
    }
