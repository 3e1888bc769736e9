"""Every requirement is one small function with an id, a source and the day from which it holds.

A rule looks at one subject in one setting and returns its breaches; an empty list means none. All rules
of a stage are asked, so that an officer sees every breach at once. The paraphrase and edition of each
rule stand once, in ``spec/rules.toml``, to which ``rules.toml`` beside this module is a link.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from macle import errors

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date


class Outcome(StrEnum):
    """What follows from a breach, until an official decides otherwise where the law lets them."""

    REFUSE = "refuse"
    HOLD = "hold"
    REVIEW = "review"
    UNDECIDED = "undecided"
    """What would decide is not known: neither a breach nor its absence."""

    @property
    def stops(self) -> bool:
        """Return whether nothing may be signed with it."""
        return self is not Outcome.REVIEW


class Stage(StrEnum):
    """When a rule is asked, and of what."""

    APPLICATION = "application"
    """Of an `Application`, before anybody signs."""
    VALIDATION = "validation"
    """Of the typed `Certificate`, by the one function that then signs it."""
    PRESENTATION = "presentation"
    """Of a certificate that is genuine and presented for import."""
    CONFIRMATION = "confirmation"
    """Of an `ImportConfirmation` against its certificate."""
    VERIFICATION = "verification"
    """Of bytes, by the numbered steps of the verifier: there is nothing to ask of a typed object."""


@dataclass(frozen=True, slots=True)
class Breach:
    """One way in which one rule is not kept: what is wrong, where, and how to mend it."""

    rule: str
    outcome: Outcome
    where: str
    what: str
    mend: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule's papers, and the function that decides it."""

    id: str
    source: str
    effective: date
    outcome: Outcome
    stages: tuple[Stage, ...]
    decide: Callable[..., list[Breach]] | None


class RulesRefuse(errors.Refused):
    """At least one rule refuses or holds; ``breaches`` lists all of them."""

    code = "rules-refuse"

    def __init__(self, breaches: list[Breach]) -> None:
        """Carry the breaches; the first one gives the error its rule and its place."""
        first = breaches[0]
        more = f" ({len(breaches) - 1} more)" if len(breaches) > 1 else ""
        super().__init__(first.what + more, where=first.where, mend=first.mend, rule=first.rule)
        self.breaches = breaches


_RULES: dict[str, Rule] = {}


def rule(
    rule_id: str, *, source: str, effective: date, stages: tuple[Stage, ...], outcome: Outcome = Outcome.REFUSE
) -> Callable[[Callable[..., list[Breach]]], Callable[..., list[Breach]]]:
    """Enter the function in the catalogue under its id; its keyword arguments are ``subject`` and ``setting``."""

    def enter(decide: Callable[..., list[Breach]]) -> Callable[..., list[Breach]]:
        if rule_id in _RULES:
            raise errors.Conflict(f"The rule {rule_id} stands twice.")
        _RULES[rule_id] = Rule(rule_id, source, effective, outcome, stages, decide)
        return decide

    return enter


def decided_by_verification(rule_id: str, *, source: str, effective: date, outcome: Outcome = Outcome.REFUSE) -> None:
    """Enter a rule that the steps of `macle.proof.verification` decide."""
    _RULES[rule_id] = Rule(rule_id, source, effective, outcome, (Stage.VERIFICATION,), None)


def breach(
    rule_id: str, *, where: str, what: str, mend: str = "", outcome: Outcome | None = None, **facts: object
) -> list[Breach]:
    """Return one breach of the rule, with the rule's own outcome unless another is given."""
    return [Breach(rule_id, outcome or _RULES[rule_id].outcome, where, what, mend, facts)]


def catalogue() -> Mapping[str, Rule]:
    """Return all rules by id, in the order in which they are asked."""
    return _RULES


def of_stage(stage: Stage) -> tuple[Callable[..., list[Breach]], ...]:
    """Return the functions of a stage's rules, in the order of the catalogue."""
    if stage not in _BY_STAGE:
        _BY_STAGE[stage] = tuple(each.decide for each in _RULES.values() if stage in each.stages and each.decide)
    return _BY_STAGE[stage]


_BY_STAGE: dict[Stage, tuple[Callable[..., list[Breach]], ...]] = {}


def check(*, stage: Stage, subject: Any, setting: Any) -> list[Breach]:  # noqa: ANN401 (each stage has its own types)
    """Ask every rule of the stage and return all breaches, in the order of the catalogue."""
    return [found for decide in of_stage(stage) for found in decide(subject=subject, setting=setting)]


# Importing the sections enters their rules; they need what stands above.
from macle.scheme.rules import annex_i, confirmation, controls, national, trade  # noqa: E402, F401
