"""What each rule says in our own words, its source and edition: ``spec/rules.toml``, which is packaged too."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

from macle.scheme.rules import Outcome, Stage

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date


@dataclass(frozen=True, slots=True)
class Paper:
    """One rule's entry; ``also`` has outcomes that it has beside its usual one."""

    id: str
    paraphrase: str
    source: str
    edition: str
    outcome: Outcome
    also: tuple[Outcome, ...]
    stages: tuple[Stage, ...]
    effective: date


@functools.cache
def load() -> Mapping[str, Paper]:
    """Return the entries of all rules by id, in the order of the file."""
    text = (resources.files("macle.scheme.rules") / "rules.toml").read_text(encoding="utf-8")
    return {
        rule_id: Paper(
            id=rule_id,
            paraphrase=entry["paraphrase"],
            source=entry["source"],
            edition=entry["edition"],
            outcome=Outcome(entry["outcome"]),
            also=tuple(Outcome(word) for word in entry.get("also", ())),
            stages=tuple(Stage(word) for word in entry["stages"]),
            effective=entry["effective"],
        )
        for rule_id, entry in tomllib.loads(text).items()
    }
