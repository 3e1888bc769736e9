"""Cases of rules as tables: what is changed in a sound object, and every breach that is then expected."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest

from macle.scheme import applications, rules
from macle.scheme.rules import Outcome, Stage, papers
from tests.support.builders import (
    a_certificate,
    a_confirmation,
    a_confirmation_setting,
    a_presentation_setting,
    an_issuing_setting,
    application_data,
)


class Expected(NamedTuple):
    """One breach: which rule, where, and with which outcome."""

    rule: str
    where: str
    outcome: Outcome


def refused(rule: str, where: str) -> Expected:
    return Expected(rule, where, Outcome.REFUSE)


def held(rule: str, where: str) -> Expected:
    return Expected(rule, where, Outcome.HOLD)


def reviewed(rule: str, where: str) -> Expected:
    return Expected(rule, where, Outcome.REVIEW)


def undecided(rule: str, where: str) -> Expected:
    return Expected(rule, where, Outcome.UNDECIDED)


class Case(NamedTuple):
    """A change and all breaches that follow, in any order; ``setting`` changes what the rules know beside it."""

    name: str
    change: Mapping[str, Any]
    expected: tuple[Expected, ...]
    setting: Mapping[str, Any] = {}


def table(cases: list[Case]) -> pytest.MarkDecorator:
    """Return the mark that runs a test once for each case, under the case's name."""
    return pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in cases])


def changed(data: dict[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Return plain data with the fields at these paths changed; None leaves a field out."""
    for path, value in change.items():
        *way, last = [int(step) if step.isdigit() else step for step in re.findall(r"[^.\[\]]+", path)]
        place: Any = data
        for step in way:
            place = place[step]
        if value is None:
            del place[last]
        elif isinstance(place, list) and last == len(place):
            place.append(value)
        else:
            place[last] = value
    return data


def of_application(case: Case) -> None:
    """Ask the rules of an application of the changed plain data."""
    subject = applications.read(changed(application_data(), case.change))
    expect(case, stage=Stage.APPLICATION, subject=subject, setting=an_issuing_setting(**case.setting))


def of_validation(case: Case) -> None:
    """Ask the rules of validation of the changed certificate."""
    subject = a_certificate(**case.change)
    expect(case, stage=Stage.VALIDATION, subject=subject, setting=an_issuing_setting(subject, **case.setting))


def of_presentation(case: Case) -> None:
    """Ask the rules of presentation of the changed certificate."""
    subject = a_certificate(**case.change)
    expect(case, stage=Stage.PRESENTATION, subject=subject, setting=a_presentation_setting(subject, **case.setting))


def of_confirmation(case: Case) -> None:
    """Ask the rules of a confirmation of the changed confirmation."""
    expect(
        case,
        stage=Stage.CONFIRMATION,
        subject=a_confirmation(**case.change),
        setting=a_confirmation_setting(**case.setting),
    )


def expect(case: Case, *, stage: Stage, subject: object, setting: object) -> None:
    """Compare the breaches with those expected, and hold each against its rule's papers."""
    breaches = rules.check(stage=stage, subject=subject, setting=setting)
    found = [Expected(each.rule, each.where, each.outcome) for each in breaches]
    assert sorted(found) == sorted(case.expected)
    for each in breaches:
        paper = papers.load()[each.rule]
        assert stage in paper.stages
        assert each.outcome in {paper.outcome, *paper.also}
        assert each.what.endswith((".", "!", "?"))
        assert each.mend.endswith((".", ":", "?"))
