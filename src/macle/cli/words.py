"""Reports and certificates in words: verdicts with reason and advice, contents under the heading they deserve."""

from __future__ import annotations

import shutil
import sys
import textwrap
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from macle.cli import clock, errors
from macle.proof.trust import LIST_WARNING
from macle.proof.verification import Answer, Question, Result

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from macle.proof.trust import Trust
    from macle.proof.verification import Report, Step
    from macle.scheme.certificates import Certificate, Party
    from macle.scheme.confirmations import Count, ImportConfirmation
    from macle.scheme.participants import Participants

CLAIMED = "What it claims, and nobody has signed"
UNLOOKED = "What it claims; no signature was looked at"
NOTHING_FALSE = "Nothing here says that it is false."
NO_FORGERY = "It is not a forgery."
GOOD_IN_A_BAD_FILE = (
    "The certificate attached to it is genuine by itself: what is signed stands below, and not on the pages."
)

_WIDEST = 100
_LABEL = 22

_GREEN, _RED, _YELLOW, _GREY = "green", "red", "yellow", "bright_black"
_COLOURS = {Answer.YES: _GREEN, Answer.NO: _RED, Answer.CANNOT_DECIDE: _YELLOW, Answer.NOT_JUDGED: _GREY}


# --- Verdicts ---------------------------------------------------------------------------------------


def verdict(report: Report, question: Question) -> str:
    """Return the answer to a question, in the words that officers see."""
    answer = report.answer(question)
    if answer is Answer.CANNOT_DECIDE:
        return "Cannot decide"
    if answer is Answer.NOT_JUDGED:
        return "Not judged"
    if question is Question.GENUINE:
        return "Valid" if answer is Answer.YES else "Not valid"
    if question is Question.ADMISSIBLE:
        return "Admissible here" if answer is Answer.YES else "Not admissible here"
    if answer is Answer.YES and report.certificate is not None:
        return f"Until {report.certificate.date_of_expiry}"
    return "Expired" if _has_expired(report) else "Not yet valid"


def _has_expired(report: Report) -> bool:
    return report.certificate is not None and report.at >= report.certificate.expires_at


def reasons(report: Report, question: Question, trust: Trust) -> list[str]:
    """Return why the answer is what it is, and what to do next."""
    answer = report.answer(question)
    if answer is Answer.YES:
        return [_why_yes(report, question, trust)]
    if answer is Answer.NOT_JUDGED:
        return [_why_not_judged(report)]
    wanted = Result.FAILED if answer is Answer.NO else Result.UNDECIDED
    said: dict[str, None] = {}
    for step in deciding(report, question, wanted):
        said[step.reason] = None
        if step.advice:
            said[step.advice] = None
    sentences = list(said)
    whole = " ".join(sentences)
    if question is Question.GENUINE and report.is_good_in_a_bad_file:
        sentences.append(GOOD_IN_A_BAD_FILE)
    if answer is Answer.CANNOT_DECIDE and NOTHING_FALSE not in whole:
        sentences.append(NOTHING_FALSE)
    if question is Question.IN_DATE and answer is Answer.NO and _has_expired(report) and "not a forgery" not in whole:
        sentences.append(NO_FORGERY)
    return sentences


def _why_not_judged(report: Report) -> str:
    if report.signed is None:
        return "No signed certificate was read."
    if report.genuine is Answer.NO and report.certificate is not None:
        return "Nothing below is judged, for it is not genuine."
    if report.genuine is Answer.NO:
        return "Nothing below a signature that failed is judged."
    return "Nobody here knows who signed it."


def deciding(report: Report, question: Question, wanted: Result) -> Iterator[Step]:
    """Give the steps of a question with that result."""
    return (step for step in report.steps if step.definition.question is question and step.result is wanted)


def _why_yes(report: Report, question: Question, trust: Trust) -> str:
    certificate = report.certificate
    if certificate is None:
        return ""
    if question is Question.GENUINE:
        issuer = named(certificate.issuer, trust.participants)
        holder = "nobody" if report.key is None else report.key.holder
        return f"{issuer} signed it with the key of {holder}, and nothing was changed."
    if question is Question.IN_DATE:
        return f"It ends with that day in the issuer's zone, {clock.moment(certificate.expires_at)}."
    return "Standing, lists and prohibitions let it enter, as far as they are known here."


def ages(report: Report, trust: Trust) -> str:
    """Return how old the trust data is that was used."""
    parts = []
    shown = report.certificate or report.claim
    source = trust.sources.get(shown.issuer) if shown is not None else None
    if shown is not None and source is None:
        parts.append(f"No keys of {named(shown.issuer, trust.participants)} are held here.")
    elif shown is not None and source is not None:
        parts.append(
            f"Keys of {named(shown.issuer, trust.participants)}: {source.how}, {_age(source.as_of, report.at)}, "
            f"reaching {source.reaches_until:%Y-%m-%d}."
        )
    parts.append(
        f"Standing of Participants: {_age(trust.standing_as_of, report.at)}, "
        f"reaching {trust.standing_reaches_until:%Y-%m-%d}."
    )
    reaches = [trust.standing_reaches_until, *([source.reaches_until] if source is not None else [])]
    return " ".join([*parts, *ends_soon(min(reaches), at=report.at)])


def ends_soon(reaches_until: datetime, *, at: datetime) -> list[str]:
    """Return a sentence of warning if what is believed reaches less than two weeks further, or no further."""
    left = reaches_until - at
    if left >= LIST_WARNING:
        return []
    if left <= timedelta(0):
        return [f"This trust data ended on {reaches_until:%Y-%m-%d}: fetch newer."]
    return [f"This trust data ends in {left.days} {'day' if left.days == 1 else 'days'}: fetch newer."]


def _age(as_of: datetime, at: datetime) -> str:
    days = (at - as_of).days
    if days < 0:
        return f"of {as_of:%Y-%m-%d}, newer than the day asked for"
    return f"of {as_of:%Y-%m-%d}, {days} {'day' if days == 1 else 'days'} old"


def print_report(name: str, report: Report, trust: Trust, *, asked_for: str, steps: bool) -> None:
    """Print one report: three answers, the age of the trust data, the contents, the steps."""
    shown = report.certificate or report.claim
    number = f"  {shown.number.for_people}" if shown is not None else ""
    click.secho(f"{name}{number}", bold=True)
    for question in Question:
        said = " ".join(reasons(report, question, trust))
        if question is Question.ADMISSIBLE and report.answer(question) is not Answer.NOT_JUDGED:
            said = f"{said} {asked_for}"
        _print_pair(verdict(report, question), said, colour=_COLOURS[report.answer(question)])
    _print_pair("Trust data", ages(report, trust))
    _print_pair("Judged for", f"{clock.moment(report.at)}; {report.carrier}")
    click.echo()
    if report.certificate is not None:
        print_contents("What is signed", certificate_lines(report.certificate, trust.participants))
    elif report.claim is not None:
        print_contents(CLAIMED, certificate_lines(report.claim, trust.participants))
    if report.signed is not None:
        _print_pair("Identity", report.signed.identity.hex())
        click.echo()
    if steps or report.genuine is not Answer.YES:
        print_steps(report)


_STEP_WORDS = {
    Result.PASSED: ("passed", _GREEN),
    Result.FAILED: ("FAILED", _RED),
    Result.UNDECIDED: ("cannot decide", _YELLOW),
    Result.NOT_JUDGED: ("not judged", _GREY),
}


def print_steps(report: Report) -> None:
    """Print the numbered steps."""
    click.secho(f"  The {len(report.steps)} steps", bold=True)
    for step in report.steps:
        word, colour = _STEP_WORDS[step.result]
        judged_at = report.judged_at(step)
        on = f" [judged for {judged_at:%Y-%m-%d}]" if judged_at else ""
        reason = "" if step.result is Result.NOT_JUDGED else f"  {errors.printable(step.reason)}{on}"
        said = click.style(f"{word:<13}", fg=colour)
        click.echo(f"  {step.definition.number:>2}  {step.definition.name:<19} {said}{reason}")
    click.echo()


# --- Contents ---------------------------------------------------------------------------------------


def certificate_lines(certificate: Certificate, participants: Participants) -> Iterator[tuple[str, str]]:
    """Give what a certificate says, label and text."""
    yield "Number", certificate.number.for_people
    yield "Kind", _word(certificate.kind)
    issuer = named(certificate.issuer, participants)
    yield "Issued by", f"{certificate.issuing_authority}; {certificate.office}, {issuer}"
    yield "Validated", clock.moment(certificate.validated_at)
    yield "Date of issuance", str(certificate.date_of_issuance)
    yield "Date of expiry", f"{certificate.date_of_expiry}, that is {clock.moment(certificate.expires_at)}"
    yield "Exporter", _party(certificate.exporter)
    yield "Importer", _party(certificate.importer)
    yield "Destination", named(certificate.destination, participants)
    yield "Provenance", named(certificate.country_of_provenance, participants)
    yield "Origin", _origin(certificate)
    for line in certificate.lines:
        yield f"HS {line.hs.value}", f"{line.carats.for_people} ct, US$ {line.value.for_people}"
    yield "Weight", f"{certificate.carat_weight.for_people} ct"
    yield "Value", f"US$ {certificate.value.for_people}"
    yield "Parcels", str(certificate.parcels)
    yield "Container seals", ", ".join(certificate.container_seals)
    yield "Validation", _validation(certificate)
    yield "Consent level", _word(certificate.consent_level)
    yield "Legal profile", f"{certificate.profile.version}, statement {certificate.profile.statement}"
    yield "Status index", str(certificate.status_index)
    if certificate.refers_to is not None:
        yield "Refers to", certificate.refers_to.number.for_people
    yield "Full record", certificate.record_digest.hex()
    if certificate.extensions:
        yield "Of a later version", f"{len(certificate.extensions)} fields that this version does not know"


def confirmation_lines(confirmation: ImportConfirmation, participants: Participants) -> Iterator[tuple[str, str]]:
    """Give what an import confirmation says, label and text."""
    yield "Certificate", confirmation.certificate.number.for_people
    yield "Identity", confirmation.certificate.identity.hex() or "came on paper"
    importing = named(confirmation.importing_participant, participants)
    yield "Confirmed by", f"{confirmation.importing_authority}; {confirmation.office}, {importing}"
    yield "Confirmed", clock.moment(confirmation.confirmed_at)
    yield "Date of receipt", str(confirmation.date_of_receipt)
    yield "Exporter", _party(confirmation.exporter)
    yield "Importer", _party(confirmation.importer)
    yield "Declared", _count(confirmation.declared)
    yield "Measured", "not opened" if confirmation.measured is None else _count(confirmation.measured)
    yield "Seals", _word(confirmation.seals)
    yield "Result", _word(confirmation.result)
    yield "Official", f"{confirmation.official}, consent level {_word(confirmation.consent_level)}"
    if confirmation.remark:
        yield "Remark", confirmation.remark


def print_contents(heading: str, lines: Iterator[tuple[str, str]]) -> None:
    """Print contents under the heading that they deserve."""
    click.secho(f"  {heading}", bold=True)
    for label, text in lines:
        _print_pair(label, text)
    click.echo()


def _print_pair(label: str, text: str, *, colour: str | None = None) -> None:
    head = click.style(f"{errors.printable(label):<{_LABEL}}", fg=colour, bold=colour is not None)
    text = errors.printable(text)
    lines = [text]
    if sys.stdout.isatty():
        width = min(_WIDEST, shutil.get_terminal_size().columns) - _LABEL - 2
        lines = textwrap.wrap(text, max(20, width)) or [""]
    click.echo(f"  {head}{lines[0]}".rstrip())
    for line in lines[1:]:
        click.echo(" " * (_LABEL + 2) + line)


def named(code: str, participants: Participants) -> str:
    """Return a Participant's name with its code."""
    return f"{participants[code].name} ({code})" if code in participants else code


def _party(party: Party) -> str:
    latin = f" · {party.latin_name}" if party.latin_name else ""
    licence = f", licence {party.licence}" if party.licence else ""
    return f"{party.name}{latin}, {party.town}, {party.country}{licence}"


def _origin(certificate: Certificate) -> str:
    origin = certificate.origin
    countries = f": {', '.join(origin.countries)}" if origin.countries else ""
    area = f", area {origin.area}" if origin.area else ""
    return f"{_word(origin.kind)}{countries}{area}"


def _validation(certificate: Certificate) -> str:
    validation = certificate.validation
    by = f": {', '.join(validation.officials)}" if validation.officials else ""
    reference = f", reference {validation.reference}" if validation.reference else ""
    return f"{_word(validation.kind)}{by}{reference}"


def _count(count: Count) -> str:
    return f"{count.parcels} parcels, {count.carat_weight.for_people} ct, US$ {count.value.for_people}"


def _word(member: object) -> str:
    return str(getattr(member, "name", member)).lower().replace("_", " ")
