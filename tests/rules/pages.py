"""Writes docs/reference/rules.md from the catalogue and the rules' papers: python -m tests.rules.pages."""

from __future__ import annotations

from pathlib import Path

from macle.scheme import rules
from macle.scheme.rules import Outcome, Stage, papers
from macle.scheme.rules.papers import Paper

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "rules.md"

_INTRODUCTION = """# Rules

Each requirement of the Scheme, and each that a Participant's own law adds, is one rule with an id. All rules of
a moment are asked at once, so that an officer sees every breach together; each breach says what is wrong, where,
and how to mend it. `macle rules` shows this list, and `macle rules ID` one of them.

What a rule says stands here in our own words. The texts of the Kimberley Process say *should*; what binds is a
Participant's own law, which is read from its [legal profile](profiles.md). This page is written from the code
and from `spec/rules.toml`.

What follows from a breach:

| Outcome | Meaning |
|---|---|
| refuse | Nothing is signed, or the shipment does not enter. |
| hold | An official decides, with a reason. |
| review | Somebody looks at it; it stops nothing. |
| undecided | What would decide is not known: neither a breach nor its absence. Nothing is signed until it is. |
"""

_SECTIONS = {
    "AnnexI.A": "Annex I-A: what every certificate carries",
    "I": "Section I: what the Scheme is about",
    "III": "Section III: trade",
    "IV": "Section IV: internal controls",
    "AnnexII": "Annex II: recommendations that are asked for",
    "profile": "The law of a Participant",
    "": "Our own",
}

_ASKED = {
    Stage.APPLICATION: "of an application",
    Stage.VALIDATION: "when the authority validates",
    Stage.PRESENTATION: "when the certificate is presented",
    Stage.CONFIRMATION: "of an import confirmation",
    Stage.VERIFICATION: "when the bytes are verified",
}


def page() -> str:
    """Return the page: a heading for each section and each rule, in the order in which rules are asked."""
    known = papers.load()
    by_section: dict[str, list[Paper]] = {section: [] for section in _SECTIONS}
    for rule_id in rules.catalogue():
        by_section[_section(rule_id)].append(known[rule_id])
    parts = [_INTRODUCTION]
    for section, entries in by_section.items():
        parts.append(f"## {_SECTIONS[section]}\n")
        parts += [_entry(paper) for paper in entries]
    return "\n".join(parts)


def _section(rule_id: str) -> str:
    return next(section for section in _SECTIONS if rule_id.startswith(f"{section}.") or not section)


def _entry(paper: Paper) -> str:
    source = paper.source if paper.source.startswith("KPCS") else paper.source[0].upper() + paper.source[1:]
    edition = f", edition of {paper.edition}" if paper.edition.isdigit() and len(paper.edition) == 4 else ""
    if not edition and not paper.edition.isdigit():
        edition = f", {paper.edition}"
    return (
        f"### {paper.id}\n\n{paper.paraphrase}\n\n"
        f"- Source: {source}{edition}\n"
        f"- Outcome: {_outcomes(paper.outcome, paper.also)}\n"
        f"- Asked: {_listed([_ASKED[stage] for stage in paper.stages])}\n"
        f"- In force from {paper.effective}\n"
    )


def _outcomes(usual: Outcome, also: tuple[Outcome, ...]) -> str:
    return f"{usual}; in the circumstances named, {_listed([str(each) for each in also])}" if also else str(usual)


def _listed(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
