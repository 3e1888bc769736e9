"""`macle verify`: is it genuine, is it in date, may it enter here? Offline, from what is believed in a folder."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from macle import errors as families
from macle.cli import carriers, errors, options, words
from macle.proof import folders, trust, verification
from macle.proof.verification import Answer, Circumstances, Known, Question, Result
from macle.scheme import participants, profiles

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from macle.cli.carriers import Brought
    from macle.proof.trust import Trust
    from macle.proof.verification import Report
    from macle.scheme.terms import CertificateNumber, ParticipantCode

LARGEST_PORTION = 50
"""Files that one process takes at a time."""

MANY = 20
"""More reports than this are for a program and not for a reader."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One report, or the error for which there is none; ``brought`` is what was judged.

    ``plain`` is all of it for JSON, where the process that judged has made that too.
    """

    file: str
    brought: Brought | None
    report: Report | None
    error: families.MacleError | None = None
    plain: dict[str, Any] | None = None

    @property
    def exit_code(self) -> int:
        """Return what this one answer means for the process."""
        if self.error is not None:
            return errors.exit_code(self.error)
        return errors.OK if self.report is None else code_of(self.report)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked: for when, where, and whether the goods enter for the first time."""

    at: datetime
    importing: ParticipantCode | None
    office: str
    first_import: bool | None
    as_json: bool = False

    def under(self, believed: Trust) -> Circumstances:
        """Return the circumstances of whoever asks this and believes that."""
        return Circumstances(
            trust=believed,
            profiles=profiles.load(),
            at=self.at,
            importing=self.importing,
            office=self.office,
            first_import=self.first_import,
        )


def code_of(report: Report) -> int:
    """Return the exit code of a report."""
    if report.genuine is Answer.NO and report.failing is not None:
        return errors.exit_code(report.failing.to_error())
    if report.genuine is not Answer.YES:
        nothing_read = report.steps[0].result is Result.UNDECIDED
        return errors.MALFORMED if nothing_read else errors.UNDECIDED
    answers = {report.in_date, report.admissible}
    if Answer.NO in answers:
        return errors.REFUSED
    return errors.UNDECIDED if answers != {Answer.YES} else errors.OK


def load_trust(folder: Path | None) -> Trust:
    """Return what a folder believes; without one the packaged standing of Participants and no keys."""
    if folder is None:
        known = participants.load()
        return trust.assemble(pinned=(), listed=None, participants=known, standing_as_of=trust.midnight(known.as_of))
    folder = errors.existing(folder, mend="Make it with `macle trust pin`.")
    return folders.TrustFolder(folder).load(participants=participants.load())


def judge_file(path: str, circumstances: Circumstances) -> list[Judged]:
    """Judge everything that a file carries; a file that carries nothing gets a report that says so."""
    name = "standard input" if path == "-" else errors.shown(path)
    try:
        brought = carriers.read(path)
    except errors.FileMissing as error:
        return [Judged(name, None, None, error)]
    except families.Malformed as error:
        return [Judged(name, None, verification.unreadable(error, circumstances=circumstances, carrier="not readable"))]
    return [Judged(name, each, _report(each, circumstances)) for each in brought]


def _report(brought: Brought, circumstances: Circumstances) -> Report:
    return verification.report(
        brought.data, circumstances=circumstances, carrier=brought.carrier, stamps=brought.stamps
    )


def raise_alarms(all_judged: list[Judged], circumstances: Circumstances) -> list[Judged]:
    """Judge again each certificate that shares its number with another, genuine one among those given.

    Only what is surely genuine can alarm: neither a mere claim nor the signature of a stolen key spoils another.
    """
    seen: dict[CertificateNumber, dict[bytes, None]] = {}
    for judged in all_judged:
        mark = _mark(judged)
        if mark is not None and judged.report is not None and _is_genuine(judged.report):
            seen.setdefault(mark[0], {})[mark[1]] = None
    return [_judge_again(judged, seen, circumstances) for judged in all_judged]


def _mark(judged: Judged) -> tuple[CertificateNumber, bytes] | None:
    report = judged.report
    if report is None or report.certificate is None or report.signed is None:
        return None
    if report.genuine is Answer.NO and not report.is_good_in_a_bad_file:
        return None
    return report.certificate.number, report.signed.identity


def _is_genuine(report: Report) -> bool:
    """Return whether the certificate is genuine, whatever became of its file: a byte more silences no alarm."""
    return report.genuine is Answer.YES or report.is_good_in_a_bad_file


def _judge_again(
    judged: Judged, seen: Mapping[CertificateNumber, Iterable[bytes]], circumstances: Circumstances
) -> Judged:
    mark = _mark(judged)
    if mark is None or judged.brought is None:
        return judged
    number, identity = mark
    other = next((each for each in seen.get(number, ()) if each != identity), None)
    if other is None:
        return judged
    alarmed = replace(circumstances, known=Known(identities={number: other}))
    return replace(judged, report=_report(judged.brought, alarmed), plain=None)


# --- In several processes ---------------------------------------------------------------------------

_METHOD = "fork" if sys.platform == "linux" else "spawn"
"""A forked process has everything that is loaded here; nothing here has a second thread."""

_OF_THIS_PROCESS: list[tuple[Asked, Circumstances]] = []
"""What is asked of this process, and what its files are judged under; set once, when it starts."""


def _start(folder: Path | None, asked: Asked) -> None:
    _OF_THIS_PROCESS[:] = [(asked, asked.under(load_trust(folder)))]


def _judge_portion(paths: list[str]) -> list[Judged]:
    ((asked, circumstances),) = _OF_THIS_PROCESS
    found = [judged for path in paths for judged in judge_file(path, circumstances)]
    if not asked.as_json:
        return found
    return [replace(judged, plain=_judged_as_plain(judged, circumstances.trust)) for judged in found]


def judge_all(paths: list[str], *, asked: Asked, believed: Trust, folder: Path | None, workers: int) -> list[Judged]:
    """Judge all files, in their order, in as many processes as wanted; each loads the folder for itself."""
    circumstances = asked.under(believed)
    if workers == 1 or len(paths) == 1:
        found = [judged for path in paths for judged in judge_file(path, circumstances)]
    else:
        from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415 (one file needs no processes)
        from multiprocessing import get_context  # noqa: PLC0415

        size = min(LARGEST_PORTION, -(-len(paths) // workers))
        portions = [paths[at : at + size] for at in range(0, len(paths), size)]
        with ProcessPoolExecutor(
            workers, mp_context=get_context(_METHOD), initializer=_start, initargs=(folder, asked)
        ) as pool:
            found = [judged for portion in pool.map(_judge_portion, portions) for judged in portion]
    return raise_alarms(found, circumstances)


# --- The command ------------------------------------------------------------------------------------


@click.command("verify", short_help="Judge certificates: genuine, in date, admissible here?")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@options.trust_folder(meaning="; see `macle trust`. [default: MACLE_TRUST; without it nobody]")
@options.at_option(days=True, meaning="Judge for this instant or day.")
@click.option("--importing", type=options.Code(), help="Where it is presented. [default: where it is destined]")
@click.option("--office", default="", help="Office where it is presented.")
@click.option(
    "--first-import/--not-first-import",
    default=None,
    help="Whether the goods enter for the first time, where a prohibition depends on it.",
)
@click.option("--steps", is_flag=True, help="Show the numbered steps, also when all is well.")
@click.option("--json", "as_json", is_flag=True, help="Print the reports as JSON.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes for many files.")
def command(files: tuple[str, ...], **given: Any) -> int:  # noqa: ANN401 (each option has its own type)
    """Judge certificates: a PDF, a scan (PNG, JPEG, TIFF), a QR text, signed bytes; - reads the standard input.

    \b
    macle verify certificate.pdf --trust trust
    macle verify issued/*.txt --trust trust --importing EU --json

    Three questions, three answers: is it genuine, is it in date, may it enter here. Ends with 0 if all
    three are yes, 1 expired or not admissible, 3 not genuine, 4 not readable, 6 no such file, 8 cannot
    decide; of several files with the gravest: 3, 1, 4, 6, 8, 0.
    """  # noqa: D301
    believed = load_trust(given["trust_folder"])
    asked = Asked(given["at"], given["importing"], given["office"], given["first_import"], given["as_json"])
    all_judged = judge_all(
        list(files), asked=asked, believed=believed, folder=given["trust_folder"], workers=given["workers"]
    )
    code = errors.gravest(judged.exit_code for judged in all_judged)
    if given["as_json"]:
        click.echo(errors.as_json(_as_plain(all_judged, believed, code), compact=len(all_judged) > MANY))
        return code
    for alarm in believed.alarms:
        click.secho(f"Alarm  {alarm}", fg="red", err=True)
    for judged in all_judged:
        _print(judged, believed, importing=given["importing"], steps=given["steps"])
    if len(all_judged) > 1:
        _print_sum(all_judged)
    return code


def _print(judged: Judged, believed: Trust, *, importing: ParticipantCode | None, steps: bool) -> None:
    if judged.error is not None:
        errors.say(judged.error)
    if judged.report is None:
        return
    asked_for = f"Asked for {words.named(importing, believed.participants)}." if importing else ""
    shown = judged.report.certificate
    if not importing and shown is not None:
        asked_for = f"Asked for where it is destined, {words.named(shown.destination, believed.participants)}."
    words.print_report(judged.file, judged.report, believed, asked_for=asked_for, steps=steps)


def _print_sum(all_judged: list[Judged]) -> None:
    counts: dict[str, int] = {}
    for judged in all_judged:
        said = _in_short(judged)
        counts[said] = counts.get(said, 0) + 1
    click.secho(f"{len(all_judged)} in all", bold=True)
    for said, count in sorted(counts.items(), key=lambda item: -item[1]):
        click.echo(f"  {count:>6}  {said}")


def _in_short(judged: Judged) -> str:
    if judged.report is None:
        return "No such file"
    answers = [words.verdict(judged.report, question) for question in Question]
    if judged.report.genuine is Answer.NO:
        return answers[0]
    return ", ".join("In date" if answer.startswith("Until ") else answer for answer in answers)


def _as_plain(all_judged: list[Judged], believed: Trust, code: int) -> dict[str, Any]:
    return {
        "exit_code": code,
        "alarms": list(believed.alarms),
        "reports": [judged.plain or _judged_as_plain(judged, believed) for judged in all_judged],
    }


def _judged_as_plain(judged: Judged, believed: Trust) -> dict[str, Any]:
    from macle.proof import views  # noqa: PLC0415 (only for this)

    plain: dict[str, Any] = {"file": judged.file, "exit_code": judged.exit_code}
    if judged.error is not None:
        return plain | {"error": {"code": judged.error.code, "what": judged.error.what, "mend": judged.error.mend}}
    report = judged.report
    if report is None:
        return plain
    plain |= {"carrier": report.carrier, "at": _text(report.at), "answers": {}}
    for question in Question:
        plain["answers"][question.value] = {
            "answer": report.answer(question).value,
            "verdict": words.verdict(report, question),
            "reasons": words.reasons(report, question, believed),
        }
    plain["is_good_in_a_bad_file"] = report.is_good_in_a_bad_file
    plain["trust_data"] = words.ages(report, believed)
    plain["identity"] = None if report.signed is None else report.signed.identity.hex()
    plain["certificate"] = None if report.certificate is None else views.certificate_to_json(report.certificate)
    plain["claim"] = None if report.claim is None else views.certificate_to_json(report.claim)
    plain["steps"] = [
        {
            "number": step.definition.number,
            "name": step.definition.name,
            "question": step.definition.question.value,
            "rule": step.definition.rule,
            "result": step.result.value,
            "reason": step.reason if step.result is not Result.NOT_JUDGED else "",
            "advice": step.advice,
            "judged_at": _text(report.judged_at(step)),
            "trust_as_of": _text(report.trust_as_of(step)),
        }
        for step in report.steps
    ]
    return plain


@lru_cache(maxsize=256)
def _text(moment: datetime | None) -> str | None:
    """Return an instant as JSON has it; a folder's steps name few instants some forty times each file."""
    return None if moment is None else f"{moment:%Y-%m-%dT%H:%M:%SZ}"
