"""`macle rules`: what each rule says, where it comes from, when it is asked and what follows."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

import click

from macle import errors as families
from macle.cli import errors
from macle.scheme.rules import papers

if TYPE_CHECKING:
    from macle.scheme.rules.papers import Paper


class RuleUnknown(families.NotFound):
    """There is no rule with this id."""

    code = "rule-unknown"


@click.command("rules", short_help="List the rules, or explain one.")
@click.argument("rule_id", required=False, metavar="[ID]")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def command(rule_id: str | None, *, as_json: bool) -> None:
    """List the rules, or explain one: in our own words, with its source.

    \b
    macle rules
    macle rules III.b.in-date
    """  # noqa: D301
    every = papers.load()
    if rule_id is not None and rule_id not in every:
        near = difflib.get_close_matches(rule_id, every, n=3, cutoff=0.4)
        mend = f"Did you mean {' or '.join(near)}?" if near else "See `macle rules`."
        raise RuleUnknown(f"There is no rule {rule_id}.", mend=mend)
    chosen = list(every.values()) if rule_id is None else [every[rule_id]]
    if as_json:
        click.echo(errors.as_json([_as_plain(paper) for paper in chosen]))
    elif rule_id is None:
        widest = max(len(paper.id) for paper in chosen)
        for paper in chosen:
            click.echo(f"{paper.id:<{widest}}  {paper.outcome.value:<9}  {', '.join(paper.stages)}")
        click.echo(f"{len(chosen)} rules. For one of them: macle rules {chosen[0].id}")
    else:
        _explain(chosen[0])


def _explain(paper: Paper) -> None:
    click.secho(paper.id, bold=True)
    click.echo(click.wrap_text(paper.paraphrase, width=88, initial_indent="  ", subsequent_indent="  "))
    also = f"; also {', '.join(paper.also)}" if paper.also else ""
    click.echo(f"  Source     {paper.source}, edition {paper.edition}")
    click.echo(f"  Effective  {paper.effective}")
    click.echo(f"  Asked at   {', '.join(paper.stages)}")
    click.echo(f"  Outcome    {paper.outcome.value}{also}")


def _as_plain(paper: Paper) -> dict[str, Any]:
    return {
        "id": paper.id,
        "paraphrase": paper.paraphrase,
        "source": paper.source,
        "edition": paper.edition,
        "effective": paper.effective.isoformat(),
        "stages": [stage.value for stage in paper.stages],
        "outcome": paper.outcome.value,
        "also": [outcome.value for outcome in paper.also],
    }
