"""What the commands of `macle node move-in` share: read a table after its mapping, judge or record it, and say so."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from macle import errors as families
from macle.cli import clock, errors
from macle.paper import mappings, tables

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from macle.node.audit.intake import Judged, Summary, Taker
    from macle.node.permissions import Actor
    from macle.paper.mappings import Field, Mapping, Row

MOST_ROWS = 250_000
"""Rows of one file: a spreadsheet is held in memory."""

REPORT = ("row", "column", "what is wrong", "how to mend it")
"""The headings of a report, before those of the file."""

_SHOWN = 10
"""Problems that are shown where no report is written."""
_TELL_EVERY = 10_000


class FileThere(families.Conflict):
    """A file of that name is there already, and would be written over."""

    code = "file-there"


def options(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command the file and the options of a move."""
    for each in (
        click.option("--record", is_flag=True, help="Record what is sound; without it nothing is written."),
        click.option("--report", metavar="FILE", help="Write each row that cannot be taken there, as CSV."),
        click.option("--propose", metavar="FILE", help="Guess a first mapping, write it there, and end."),
        click.option("--mapping", metavar="FILE", help="How the table is read (TOML); guessed unless given."),
        click.argument("file", metavar="FILE"),
    ):
        command = each(command)
    return command


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What is asked for: the file, its mapping, where to write what, and whether to record."""

    file: str
    mapping: str | None
    propose: str | None
    report: str | None
    record: bool


def move_in(taker: Taker, given: Given, *, by: Actor) -> int:
    """Take the file over, or look what would be taken, and return the exit code: 1 if any row is refused."""
    from macle.node.audit import intake  # noqa: PLC0415 (Django only where a node is)

    if given.record and given.mapping is None:
        raise click.UsageError("What is guessed is not recorded: write a mapping with --propose, read it, and give it.")
    data, name = errors.read_file(given.file, most=tables.LARGEST_FILE), errors.shown(given.file)
    table = list(tables.rows_in(data, name, most_rows=MOST_ROWS))
    if not any(any(cell.strip() for cell in cells) for cells in table[1:]):
        raise tables.TableMalformed("The table has no rows below its headings.", where=name)
    headings, below = mappings.tidy(table[0]), table[1:]
    if given.propose is not None:
        return _propose(given.propose, fields=taker.fields, headings=headings, below=below)
    if given.mapping is None:
        read = mappings.propose(fields=taker.fields, headings=headings, table=below)
        written = mappings.to_toml(read, fields=taker.fields, headings=headings)
        click.echo("The mapping is guessed from headings and cells. See it with --propose.", err=True)
    else:
        written = errors.read_file(given.mapping, most=mappings.LARGEST_MAPPING)
        read = _read(written, given.mapping, taker.fields)
    reader = mappings.Reader(read, fields=taker.fields, headings=headings)
    refused: list[Judged] = []
    summary = intake.Summary()
    for summary, judged in intake.take(
        taker,
        reader.rows(below),
        reader=reader,
        file=hashlib.sha256(data).hexdigest(),
        mapping=hashlib.sha256(written).hexdigest(),
        recording=given.record,
        by=by,
        now=clock.now,
    ):
        refused += [each for each in judged if each.problems]
        if summary.rows % _TELL_EVERY == 0:
            click.echo(f"{summary.rows:,} rows", err=True)
    _say(summary, name=name, what=taker.what, recorded=given.record)
    _report(refused, given.report, headings)
    return errors.REFUSED if refused else errors.OK


def _read(data: bytes, path: str, fields: Sequence[Field]) -> Mapping:
    """Return the mapping of a file; what is wrong with it is said with the file's name."""
    try:
        return mappings.read(data, fields=fields)
    except mappings.MappingMalformed as error:
        where = ": ".join(filter(None, (errors.shown(path), error.where)))
        raise mappings.MappingMalformed(error.what, where=where, mend=error.mend) from None


def _propose(path: str, *, fields: Sequence[Field], headings: Sequence[str], below: Sequence[Sequence[str]]) -> int:
    """Write a first mapping, which never takes the place of another file."""
    guessed = mappings.propose(fields=fields, headings=headings, table=below)
    try:
        with Path(path).open("xb") as file:
            file.write(mappings.to_toml(guessed, fields=fields, headings=headings))
    except FileExistsError:
        raise FileThere(
            "There is a file of that name already.", where=errors.shown(path), mend="Give another name."
        ) from None
    found = [each.name for each in fields if each.name in guessed.columns]
    click.echo(f"{errors.shown(path)}: {len(found)} of {len(fields)} fields found: {', '.join(found)}.")
    lacking = [each.name for each in fields if each.is_needed and each.name not in guessed.columns]
    if lacking:
        click.echo(f"Still to be said, as a column or under [fixed]: {', '.join(lacking)}.")
    if open_words := sum(not word for words in guessed.words.values() for word in words.values()):
        click.echo(f"Words whose meaning is still to be said: {open_words}.")
    click.echo("Read all of it before it counts.")
    return errors.OK


def _say(summary: Summary, *, name: str, what: str, recorded: bool) -> None:
    from macle.node.audit.intake import Outcome  # noqa: PLC0415

    click.echo(f"{name}: {summary.rows:,} rows of {what}.")
    words = {
        Outcome.TAKEN: "taken" if recorded else "would be taken",
        Outcome.THERE: "already there",
        Outcome.REFUSED: "cannot be taken",
    }
    for outcome, said in words.items():
        click.echo(f"{summary.outcomes[outcome]:>12,}  {said}")
    for reason, count in summary.reasons.most_common():
        click.echo(f"{'':14}{count:,}: {reason}")
    if summary.groups:
        click.echo("Taken and already there:")
        rows = sorted(summary.groups.items())
        totals = [sum(column) for column in zip(*summary.groups.values(), strict=True)]
        has_goods = any(totals[1:])
        click.echo(f"{'':20}{'rows':>12}" + (f"{'carats':>20}{'US dollars':>24}" if has_goods else ""))
        for group, (count, hundredths, cents) in [*rows, ("in all", totals)]:
            goods = f"{_hundredths(hundredths):>20}{_hundredths(cents):>24}" if has_goods else ""
            click.echo(f"{group:20}{count:>12,}{goods}")
    if not recorded:
        click.echo("Nothing is recorded. Compare the sums with your own book; then run it again with --record.")


def _hundredths(amount: int) -> str:
    return f"{amount // 100:,}.{amount % 100:02d}"


def _report(refused: Sequence[Judged], path: str | None, headings: Sequence[str]) -> None:
    """Write each problem with the cells of its row, or show the first few."""
    if path is not None:
        rows = [
            (str(each.row.number), problem.column, problem.what, problem.mend, *_cells(each.row))
            for each in refused
            for problem in each.problems
        ]
        Path(path).write_bytes(tables.to_csv((*REPORT, *headings), rows))
        click.echo(f"{errors.shown(path)}: {len(refused):,} rows that cannot be taken, with what is wrong.")
        return
    for each in refused[:_SHOWN]:
        for problem in each.problems:
            said = f"row {each.row.number}, {problem.column}: {problem.what} {problem.mend}"
            click.echo(errors.printable(said))
    if len(refused) > _SHOWN:
        click.echo(f"… and {len(refused) - _SHOWN:,} more rows. Write all of them with --report FILE.")


def _cells(row: Row) -> list[str]:
    return [str(cell) for cell in row.cells]
