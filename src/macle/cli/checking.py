"""`macle check`: every breach of every application at once, before anybody signs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from macle import errors as families
from macle.cli import clock, errors, options, profile, tables
from macle.scheme import applications, participants, profiles, rules
from macle.scheme.rules import Breach, Outcome, Stage, prices
from macle.scheme.rules.settings import IssuingSetting
from macle.scheme.terms import ParticipantCode

if TYPE_CHECKING:
    from collections.abc import Container, Iterable
    from datetime import date, datetime

    from macle.cli.tables import Lodged
    from macle.scheme.applications import Application
    from macle.scheme.profiles import LegalProfile
    from macle.scheme.terms import CertificateNumber

_NOBODY = ParticipantCode("ZZ")
"""Stands for the issuer while an application does not say who it is; no country will ever have this code."""


@dataclass(frozen=True, slots=True)
class Examined:
    """One application, in what setting it was examined, and all its breaches."""

    lodged: Lodged
    application: Application
    setting: IssuingSetting | None
    breaches: tuple[Breach, ...]

    @property
    def stops(self) -> bool:
        """Return whether nothing may be signed."""
        return any(breach.outcome.stops for breach in self.breaches)


def examine(
    lodged: Lodged, *, at: datetime | None, today: date, numbers_taken: Container[CertificateNumber] = ()
) -> Examined:
    """Ask every rule of an application.

    It is judged for the day of ``at`` in the issuer's zone; without one, for its own date of issuance, and
    without that for ``today``.
    """
    if lodged.problem is not None:
        return Examined(lodged, applications.Application(), None, (as_breach(lodged.problem),))
    try:
        application = applications.read(lodged.data)
    except families.Malformed as error:
        return Examined(lodged, applications.Application(), None, (as_breach(error),))
    code = application.participant or (application.number.participant if application.number else None)
    setting = _setting(application, code or _NOBODY, at=at, today=today, numbers_taken=numbers_taken)
    breaches = rules.check(stage=Stage.APPLICATION, subject=application, setting=setting)
    return Examined(lodged, application, setting, tuple(breaches))


def _setting(
    application: Application,
    code: ParticipantCode,
    *,
    at: datetime | None,
    today: date,
    numbers_taken: Container[CertificateNumber],
) -> IssuingSetting:
    every = profiles.load()
    on = application.date_of_issuance or today
    if at is not None:
        on = every.of(code, on=at.date()).day_of(at, office=application.office or "")
    return IssuingSetting(
        participants=participants.load(),
        profile=every.of(code, on=on),
        destination_profile=every.of(application.destination or code, on=on),
        on=on,
        numbers_taken=numbers_taken,
        usual_prices=prices.load(),
    )


def expiry_of(application: Application, profile: LegalProfile) -> date | None:
    """Return the printed date of expiry: the one applied for, else the last that the issuer's law allows."""
    if application.date_of_expiry is not None or application.date_of_issuance is None or profile.validity is None:
        return application.date_of_expiry
    return profile.validity.latest_expiry(application.date_of_issuance)


def as_breach(error: families.MacleError, *, outcome: Outcome = Outcome.REFUSE) -> Breach:
    """Return an error that belongs to one application as a breach of it."""
    return Breach(error.rule or "application.readable", outcome, error.where, error.what, error.mend)


def read_all(paths: Iterable[str]) -> list[Lodged]:
    """Return the applications of all files, in their order."""
    return [lodged for path in paths for lodged in tables.read(path)]


@click.command("check", short_help="Check applications against every rule, before anybody signs.")
@click.argument("files", nargs=-1, required=True, metavar="APPLICATION...")
@click.option(
    "--at", type=options.Instant(days=True), help="Judge for this day. [default: each application's date of issuance]"
)
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def command(files: tuple[str, ...], *, at: datetime | None, as_json: bool) -> int:
    """Check applications (JSON, CSV or XLSX) against every rule and name each breach with its source.

    \b
    macle check application.json
    macle check applications.csv --at 2026-11-02

    Nothing is signed. Ends with 1 if an application could not be validated as it is.
    """  # noqa: D301
    today = clock.now().date()
    seen: set[CertificateNumber] = set()
    found = []
    for lodged in read_all(files):
        examined = examine(lodged, at=at, today=today, numbers_taken=seen)
        found.append(examined)
        if examined.application.number is not None:
            seen.add(examined.application.number)
    if as_json:
        click.echo(errors.as_json([_as_plain(examined) for examined in found]))
    else:
        _print(found)
    return errors.REFUSED if any(examined.stops for examined in found) else errors.OK


def _print(found: list[Examined]) -> None:
    good = 0
    for examined in found:
        if not examined.breaches and len(found) > 1:
            good += 1
            continue
        number = f", {examined.application.number.for_people}" if examined.application.number else ""
        click.secho(f"{examined.lodged.place}{number}", bold=True)
        for breach in examined.breaches:
            _print_breach(breach)
        if not examined.breaches:
            click.echo("  Every rule is kept.")
        click.echo()
    if len(found) > 1:
        stopped = sum(examined.stops for examined in found)
        click.echo(
            f"{len(found)} applications: {good} keep every rule, {len(found) - good} do not; "
            f"{stopped} cannot be validated."
        )
    for doubt, codes in _doubts(found).items():
        click.echo(f"Not verified  validity of {', '.join(codes)}: {doubt} See: macle profile {codes[0]}")


def _doubts(found: list[Examined]) -> dict[str, list[str]]:
    """Return what is not verified of the validity that the issuers allow, with the issuers it is said of."""
    issuers = {examined.setting.profile.participant: examined.setting.profile for examined in found if examined.setting}
    doubts: dict[str, list[str]] = {}
    for code, each in issuers.items():
        note = profile.doubt(each, "validity")
        if note is not None and code != _NOBODY:
            doubts.setdefault(note.text, []).append(code)
    return doubts


_WORDS = {
    Outcome.REFUSE: ("Refused", "red"),
    Outcome.HOLD: ("Held", "yellow"),
    Outcome.UNDECIDED: ("Cannot decide", "yellow"),
    Outcome.REVIEW: ("Look at it", "cyan"),
}


def _print_breach(breach: Breach) -> None:
    word, colour = _WORDS[breach.outcome]
    what = errors.printable(f"{breach.where + ': ' if breach.where else ''}{breach.what}")
    click.echo(f"  {click.style(word, fg=colour)}  {what}")
    if breach.mend:
        click.echo(f"    {errors.printable(breach.mend)}")
    click.secho(f"    {breach.rule}, {source_of(breach)}", dim=True)


def source_of(breach: Breach) -> str:
    """Return where the rule of a breach comes from; a legal profile names the law itself."""
    rule = rules.catalogue().get(breach.rule)
    return str(breach.facts.get("source") or (rule.source if rule else "Macle"))


def _as_plain(examined: Examined) -> dict[str, Any]:
    number = examined.application.number
    return {
        "file": examined.lodged.file,
        "row": examined.lodged.row,
        "number": None if number is None else str(number),
        "can_be_validated": not examined.stops,
        "breaches": [
            {
                "rule": breach.rule,
                "source": source_of(breach),
                "outcome": breach.outcome.value,
                "where": breach.where,
                "what": breach.what,
                "mend": breach.mend,
            }
            for breach in examined.breaches
        ],
    }
