"""Writes docs/reference/permissions.md from the table of permissions: python -m tests.permissions.pages."""

from __future__ import annotations

from pathlib import Path

from macle.node.permissions import TABLE, Act, Reach, Role

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "permissions.md"

_INTRODUCTION = """# Permissions

Who may do what at a node stands in one table (`macle.node.permissions.TABLE`), from which this page is written. Pages,
API and command line ask it and nothing else; what is not in it is forbidden. The name of an act is also the tag of its
line in the audit.

A role is held for a time, and for an office or a trader where its rights reach no further. What lies outside one's
reach does not exist for one: it is *not found*, and not *forbidden*. A deputy holds a role of an absent official for as
long as the absence lasts, and the audit says for whom they act.

Four eyes, licences and states are no permissions: the [rules](rules.md) and the [lifecycle](lifecycle.md) decide about
them. Nobody gives a role to themself, and one administrator always remains.

| Mark | What the right reaches |
|---|---|
| **T** | what belongs to one's own trader |
| **O** | what belongs to one's own office |
| **P** | everything at this Participant |
"""

_MARKS = {Reach.TRADER: "T", Reach.OFFICE: "O", Reach.PARTICIPANT: "P"}


def page() -> str:
    """Return the page: a heading for each subject, with its acts and who may do them; then each role's acts."""
    subjects: dict[str, list[Act]] = {}
    for act in TABLE:
        subjects.setdefault(act.value.partition(":")[0], []).append(act)
    parts = [_INTRODUCTION, "## By act\n"]
    for subject, acts in subjects.items():
        parts.append(f"### {subject}\n")
        parts.append("| Act | " + "Who may |\n|---|---|")
        parts += [f"| `{act}` | {_who(act)} |" for act in acts]
        parts.append("")
    parts.append("## By role\n")
    parts += [_of(role) for role in Role]
    return "\n".join(parts).rstrip("\n") + "\n"


def _who(act: Act) -> str:
    roles = TABLE[act]
    if set(roles) == set(Role):
        return "everybody who is signed in **P**"
    return ", ".join(f"{role} **{_MARKS[reach]}**" for role, reach in roles.items()) or "nobody"


def _of(role: Role) -> str:
    acts = [f"`{act}` **{_MARKS[reach[role]]}**" for act, reach in TABLE.items() if role in reach]
    return f"### {role[0].upper()}{role[1:]}\n\n{', '.join(acts)}\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
