"""`macle check`: every breach of every application at once, before anybody signs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from macle.cli import clock, errors, options, profile
from macle.paper import tables
from macle.scheme import applications, examination
from macle.scheme.examination import Examined
from macle.scheme.rules import Breach, Outcome

if TYPE_CHECKING:
    from collections.abc import Container, Iterable
    from datetime import date, datetime

    from macle.paper.tables import Lodged
    from macle.scheme.terms import CertificateNumber


@dataclass(frozen=True, slots=True)
class Checked:
    """One application with where it stood, and what was found."""

    lodged: Lodged
    examined: Examined


def check(
    lodged: Lodged, *, at: datetime | None, today: date, numbers_taken: Container[CertificateNumber] = ()
) -> Examined:
    """Examine one application of a file; a row that could not be read as data is a breach of its own."""
    if lodged.problem is not None:
        return Examined(applications.Application(), None, (examination.as_breach(lodged.problem),))
    return examination.examine(lodged.data, at=at, today=today, numbers_taken=numbers_taken)


def read_all(paths: Iterable[str]) -> list[Lodged]:
    """Return the applications of all files, in their order; ``-`` is the standard input."""
    return [
        lodged
        for path in paths
        for lodged in tables.applications_in(
            errors.read_file(path, most=tables.LARGEST_FILE), "standard input" if path == "-" else errors.shown(path)
        )
    ]


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
        examined = check(lodged, at=at, today=today, numbers_taken=seen)
        found.append(Checked(lodged, examined))
        if examined.application.number is not None:
            seen.add(examined.application.number)
    if as_json:
        click.echo(errors.as_json([_as_plain(each) for each in found]))
    else:
        _print(found)
    return errors.REFUSED if any(each.examined.stops for each in found) else errors.OK


def _print(found: list[Checked]) -> None:
    good = 0
    for each in found:
        examined = each.examined
        if not examined.breaches and len(found) > 1:
            good += 1
            continue
        number = f", {examined.application.number.for_people}" if examined.application.number else ""
        click.secho(f"{each.lodged.place}{number}", bold=True)
        for breach in examined.breaches:
            _print_breach(breach)
        if not examined.breaches:
            click.echo("  Every rule is kept.")
        click.echo()
    if len(found) > 1:
        stopped = sum(each.examined.stops for each in found)
        click.echo(
            f"{len(found)} applications: {good} keep every rule, {len(found) - good} do not; "
            f"{stopped} cannot be validated."
        )
    for doubt, codes in _doubts(found).items():
        click.echo(f"Not verified  validity of {', '.join(codes)}: {doubt} See: macle profile {codes[0]}")


def _doubts(found: list[Checked]) -> dict[str, list[str]]:
    """Return what is not verified of the validity that the issuers allow, with the issuers it is said of."""
    settings = [each.examined.setting for each in found]
    issuers = {setting.profile.participant: setting.profile for setting in settings if setting}
    doubts: dict[str, list[str]] = {}
    for code, each in issuers.items():
        note = profile.doubt(each, "validity")
        if note is not None and code != examination.NOBODY:
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
    click.secho(f"    {breach.rule}, {examination.source_of(breach)}", dim=True)


def _as_plain(checked: Checked) -> dict[str, Any]:
    examined, number = checked.examined, checked.examined.application.number
    return {
        "file": checked.lodged.file,
        "row": checked.lodged.row,
        "number": None if number is None else str(number),
        "can_be_validated": not examined.stops,
        "breaches": [
            {
                "rule": breach.rule,
                "source": examination.source_of(breach),
                "outcome": breach.outcome.value,
                "where": breach.where,
                "what": breach.what,
                "mend": breach.mend,
            }
            for breach in examined.breaches
        ],
    }
