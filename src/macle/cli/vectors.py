"""`macle vectors`: whether this verifier gives the answers that every verifier must give."""

from __future__ import annotations

from pathlib import Path

import click

from macle.cli import errors


@click.group("vectors", short_help="Compare this verifier with test vectors.")
def command() -> None:
    """Compare this verifier with test vectors: certificates good and bad, each with the expected answers."""


@command.command("check")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--all", "every", is_flag=True, help="Name the vectors that agree, too.")
def check(folder: Path, *, every: bool) -> int:
    """Judge every vector in FOLDER and compare with what it expects.

    \b
    macle vectors check spec/vectors

    Ends with 1 if any answer differs.
    """  # noqa: D301
    from macle.paper import reading  # noqa: PLC0415 (only here)
    from macle.proof import vectors  # noqa: PLC0415

    if not folder.is_dir():
        raise errors.FileMissing("There is no such folder.", where=errors.shown(str(folder)))
    agreeing = differing = 0
    for verdict in vectors.check(folder, reading=reading.read):
        if verdict.agrees:
            agreeing += 1
            if every:
                click.echo(f"agrees   {verdict.name}")
            continue
        differing += 1
        click.secho(f"differs  {verdict.name}", fg="red")
        for field in sorted(verdict.expected.keys() | verdict.found.keys()):
            expected, found = verdict.expected.get(field), verdict.found.get(field)
            if expected != found:
                click.echo(f"         {field}: expected {expected!r}, found {found!r}")
    click.echo(f"{agreeing + differing} vectors: {agreeing} agree, {differing} differ.")
    return errors.REFUSED if differing else errors.OK
