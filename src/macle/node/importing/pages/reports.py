"""A verification report as a page shows it: three questions, three answers, two lists side by side, never one light."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _

from macle.node.desk import sentences
from macle.node.desk import words as desk_words
from macle.proof.verification import Answer, Question, Result
from macle.scheme import rules

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from macle.proof.verification import Report, Step
    from macle.scheme.certificates import Certificate

_KP_STANDING: Final = "issuer-standing"
_NATIONAL_LIST: Final = "national-list"
_SINGLE_USE: Final = "single-use"
_OWN_STEPS: Final = frozenset({_KP_STANDING, _NATIONAL_LIST, _SINGLE_USE})
"""Steps that have a line of their own."""

_MARKS: Final = {
    Result.PASSED: "valid",
    Result.FAILED: "not-valid",
    Result.UNDECIDED: "cannot-decide",
    Result.NOT_JUDGED: "not-judged",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One question with its answer: the mark, the words, for which day it was judged, and what stands against it."""

    mark: str
    question: str
    answer: str
    more: str = ""
    parts: tuple[tuple[str, str, str], ...] = ()
    """Answers that stand side by side, each with its mark, its name and what was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepShown:
    """One numbered step: the mark of its result, what was found, what to do, and the source of its rule."""

    mark: str
    text: str
    advice: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What an official reads: one word on genuineness, the three questions apart, and every step behind them."""

    number: str
    issuer: str
    mark: str
    word: str
    then: str
    lines: tuple[Line, ...]
    steps: tuple[StepShown, ...]
    certificate: Certificate | None
    is_signed: bool
    keys_as_of: datetime | None
    standing_as_of: datetime | None


def seen_of(report: Report, *, importing: str) -> Seen:
    """Return the report in words; ``importing`` is the code of this Participant."""
    certificate = report.certificate or report.claim
    issuer = desk_words.participant(certificate.issuer) if certificate is not None else ""
    mark, word = _WORDS[report.genuine]()
    return Seen(
        number=str(certificate.number) if certificate is not None else "",
        issuer=issuer,
        mark=mark,
        word=word,
        then=_then(report, issuer),
        lines=(
            _genuine(report),
            _in_date(report, certificate),
            _admissible(report, importing=importing),
            _before(report),
        ),
        steps=tuple(_shown(step) for step in report.steps if step.result is not Result.NOT_JUDGED),
        certificate=certificate,
        is_signed=report.certificate is not None,
        keys_as_of=report.keys_as_of,
        standing_as_of=report.standing_as_of,
    )


_WORDS: Final[Mapping[Answer, Callable[[], tuple[str, str]]]] = {
    Answer.YES: lambda: ("valid", _("Valid")),
    Answer.NO: lambda: ("not-valid", _("Not valid")),
    Answer.CANNOT_DECIDE: lambda: ("cannot-decide", _("Cannot decide")),
    Answer.NOT_JUDGED: lambda: ("cannot-decide", _("Cannot decide")),
}


def _then(report: Report, issuer: str) -> str:
    if report.genuine is Answer.YES:
        return _("%(issuer)s signed this certificate, and it has not been changed.") % {"issuer": issuer}
    failing = report.failing
    return sentences.said(failing.reason) if failing is not None else _("The code could not be read.")


def _against(report: Report, question: Question, *, without: frozenset[str] = frozenset()) -> list[Step]:
    """Return the steps of a question that do not hold."""
    return [
        step
        for step in report.steps
        if step.definition.question is question
        and step.definition.name not in without
        and step.result in {Result.FAILED, Result.UNDECIDED}
    ]


def _sentences(steps: list[Step]) -> str:
    return " ".join(sentences.said(f"{step.reason} {step.advice}".strip()) for step in steps)


def _genuine(report: Report) -> Line:
    mark, word = _WORDS[report.genuine]()
    certificate = report.certificate
    signed = (
        _("signed on %(at)s, judged for that day") % {"at": desk_words.instant(certificate.validated_at)}
        if certificate is not None
        else _sentences(_against(report, Question.GENUINE))
    )
    return Line(mark=mark, question=_("Is it genuine?"), answer=word, more=signed)


def _in_date(report: Report, certificate: Certificate | None) -> Line:
    question, judged = _("Is it in date?"), _("judged for %(day)s") % {"day": desk_words.day(report.at)}
    if certificate is None or report.in_date is Answer.NOT_JUDGED:
        return Line(mark="not-judged", question=question, answer=_("Not judged"))
    day = desk_words.day(certificate.date_of_expiry)
    if report.in_date is Answer.NO:
        return Line(mark="expired", question=question, answer=_("Expired on %(day)s") % {"day": day}, more=judged)
    if report.in_date is Answer.YES:
        return Line(mark="until", question=question, answer=_("Until %(day)s") % {"day": day}, more=judged)
    return Line(mark="cannot-decide", question=question, answer=_("Cannot decide"), more=judged)


def _admissible(report: Report, *, importing: str) -> Line:
    mark, word = {
        Answer.YES: ("admissible", _("Admissible here")),
        Answer.NO: ("inadmissible", _("Not admissible here")),
        Answer.CANNOT_DECIDE: ("cannot-decide", _("Cannot decide")),
        Answer.NOT_JUDGED: ("not-judged", _("Not judged")),
    }[report.admissible]
    lists = (
        (_KP_STANDING, _("KP standing of the issuer")),
        (_NATIONAL_LIST, _("The list of %(name)s") % {"name": desk_words.participant(importing)}),
    )
    return Line(
        mark=mark,
        question=_("May it enter %(name)s?") % {"name": desk_words.participant(importing)},
        answer=word,
        more=_sentences(_against(report, Question.ADMISSIBLE, without=_OWN_STEPS)),
        parts=tuple(
            (_MARKS[step.result], name, sentences.said(step.reason))
            for wanted, name in lists
            for step in report.steps
            if step.definition.name == wanted
        ),
    )


def _before(report: Report) -> Line:
    step = next(step for step in report.steps if step.definition.name == _SINGLE_USE)
    answer = {
        Result.PASSED: _("Not that this authority knows"),
        Result.FAILED: _("Yes"),
        Result.UNDECIDED: _("Cannot decide"),
        Result.NOT_JUDGED: _("Not judged"),
    }[step.result]
    more = _sentences([step]) if step.result in {Result.FAILED, Result.UNDECIDED} else ""
    return Line(mark=_MARKS[step.result], question=_("Was it presented before?"), answer=answer, more=more)


def _shown(step: Step) -> StepShown:
    papers = rules.catalogue().get(step.definition.rule)
    return StepShown(
        mark=_MARKS[step.result],
        text=sentences.said(step.reason),
        advice=sentences.said(step.advice),
        source=_("%(source)s, step %(number)d")
        % {"source": papers.source if papers else step.definition.rule, "number": step.definition.number},
    )
