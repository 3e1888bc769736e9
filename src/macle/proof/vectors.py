"""Test vectors: certificates good and bad, each with the answers that every verifier must give.

A vector is one JSON file; the format stands in ``spec/vectors/README.md``. *Good* means genuine and in
date; everything else is *bad*. Each vector names its trust set, a JSON file beside the folders, and one of a
PDF names that file. Vectors of rules lie in folders of their own (`macle.proof.rulings`); each states every
breach that is to be found. Whoever judges vectors of PDFs brings what reads them (`macle.paper.reading`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from macle import errors
from macle.proof import rulings, trust, verification, views
from macle.proof.trust import Holders
from macle.proof.verification import Circumstances, Known
from macle.scheme import participants, profiles
from macle.scheme.lifecycle import CertificateState
from macle.scheme.participants import Participants
from macle.scheme.rules.settings import EarlierPresentation
from macle.scheme.terms import CertificateNumber, ParticipantCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from macle.proof.stamps import StampEvidence
    from macle.proof.trust import Trust
    from macle.proof.verification import Report


class VectorMalformed(errors.Malformed):
    """A file in the folder of vectors is not a vector."""

    code = "vector-malformed"


class Carried(Protocol):
    """One signed object from a PDF, with the stamps of the file that it is attached to; None for a scan."""

    @property
    def data(self) -> bytes | str:
        """Return COSE bytes or a QR text."""

    @property
    def stamps(self) -> Sequence[StampEvidence] | None:
        """Return what the stamps of the file prove."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one vector expected and what was found; they are equal when all is well."""

    name: str
    expected: dict[str, Any]
    found: dict[str, Any]

    @property
    def agrees(self) -> bool:
        """Return whether every expectation was met."""
        return self.expected == self.found


def check(folder: Path, *, reading: Callable[[bytes], Sequence[Carried]]) -> Iterator[Verdict]:
    """Judge every vector below the folder, in the order of their names; ``reading`` says what a PDF carries.

    Raises `VectorMalformed` for a file that is none, and for a folder without any.
    """
    files = [path for path in sorted(folder.rglob("*.json")) if path.parent.name in {*_OF_BYTES, *rulings.BY_FOLDER}]
    if not files:
        raise VectorMalformed(
            "There are no vectors here.", where=str(folder), mend="Give the folder that holds good/ and bad/."
        )
    return (judge(path, reading=reading) for path in files)


_OF_BYTES = {"good", "bad"}


def judge(path: Path, *, reading: Callable[[bytes], Sequence[Carried]]) -> Verdict:
    """Judge one vector; raise `VectorMalformed` for a file that is none, or has the wrong name or folder.

    ``reading`` raises `Malformed` for a PDF that it cannot read.
    """
    try:
        vector = json.loads(path.read_bytes())
        if path.parent.name in rulings.BY_FOLDER:
            return _judge_ruling(vector, path)
        _must_be_whole(vector, path)
        report = _report(vector, path.parent.parent, reading)
        return Verdict(vector["name"], vector["expect"], outcome(report))
    except (KeyError, TypeError, ValueError, AttributeError, OSError) as error:
        raise VectorMalformed(f"This is not a vector: {type(error).__name__} {error}.", where=str(path)) from error


def _judge_ruling(vector: dict[str, Any], path: Path) -> Verdict:
    """Judge a vector of rules: every breach counts, by its rule, its place and its outcome; their order does not."""
    _must_be_named(vector, path)
    subjects = {"application"} if path.parent.name == "applications" else {"certificate"}
    if path.parent.name == "confirmations":
        subjects.add("confirmation")
    _must_have(set(vector), {"name", "about", "setting", "expect", *subjects}, path)
    breaches = rulings.BY_FOLDER[path.parent.name](vector, participants=_standing(path.parent.parent))
    return Verdict(
        vector["name"],
        {"breaches": sorted(vector["expect"])},
        {"breaches": sorted([each.rule, each.where, each.outcome.value] for each in breaches)},
    )


@lru_cache(maxsize=4)
def _standing(folder: Path) -> Participants:
    """Return the standing that all trust sets share."""
    tables = json.loads((folder / "trust" / "standing.json").read_bytes())
    return Participants.from_rows(as_of=participants.load().as_of, **tables)


def _report(vector: dict[str, Any], folder: Path, reading: Callable[[bytes], Sequence[Carried]]) -> Report:
    """Judge what is presented: a text, bytes, or the one object that a PDF carries."""
    here = circumstances(vector, folder)
    if "pdf" not in vector:
        data = str(vector["text"]) if "text" in vector else bytes.fromhex(vector["cose"])
        return verification.report(data, circumstances=here)
    pdf = (folder / "documents" / f"{vector['pdf']}.pdf").read_bytes()
    try:
        (carried,) = reading(pdf)
    except errors.Malformed as error:
        return verification.unreadable(error, circumstances=here, carrier="PDF")
    return verification.report(carried.data, circumstances=here, stamps=carried.stamps)


_PARTS = {"name", "about", "trust", "circumstances", "expect"}
_PRESENTED = ("text", "cose", "pdf")


def _must_be_whole(vector: dict[str, Any], path: Path) -> None:
    """Refuse a vector that lacks a part, has one too many, or lies where its answers do not belong."""
    presented = next((part for part in _PRESENTED if part in vector), "cose")
    _must_have(set(vector), {*_PARTS, presented}, path)
    _must_be_named(vector, path)
    is_good = vector["expect"]["genuine"] == vector["expect"]["in_date"] == "yes"
    if is_good is not (path.parent.name == "good"):
        raise VectorMalformed(
            "It lies in the wrong folder.", where=str(path), mend="Genuine and in date is good, all else is bad."
        )


def _must_have(parts: set[str], wanted: set[str], path: Path) -> None:
    if parts != wanted:
        raise VectorMalformed(
            f"It has {', '.join(sorted(parts))}.", where=str(path), mend=f"It needs {', '.join(sorted(wanted))}."
        )


def _must_be_named(vector: dict[str, Any], path: Path) -> None:
    if vector["name"] != path.stem:
        raise VectorMalformed("The name is not that of the file.", where=str(path), mend="Name one after the other.")


def outcome(report: Report) -> dict[str, Any]:
    """Return what a vector states of a report."""
    failing = report.failing
    return {
        "genuine": report.genuine.value,
        "in_date": report.in_date.value,
        "admissible": report.admissible.value,
        "step": None if failing is None else failing.definition.number,
        "rule": None if failing is None else failing.definition.rule,
        "identity": None if report.certificate is None or report.signed is None else report.signed.identity.hex(),
        "certificate": None if report.certificate is None else views.certificate_to_json(report.certificate),
    }


def circumstances(vector: dict[str, Any], folder: Path) -> Circumstances:
    """Return who asks, when and what they believe, as the vector says."""
    asked, known = vector["circumstances"], vector["circumstances"].get("known", {})
    return Circumstances(
        trust=_trust(folder / "trust" / f"{vector['trust']}.json"),
        profiles=profiles.load(),
        at=views.instant_in(asked["at"]),
        importing=asked.get("importing"),
        office=asked.get("office", ""),
        first_import=asked.get("first_import"),
        known=Known(
            identities={
                CertificateNumber.parse(number): bytes.fromhex(hexed)
                for number, hexed in known.get("identities", {}).items()
            },
            existed_before={
                bytes.fromhex(hexed): views.instant_in(at) for hexed, at in known.get("existed_before", {}).items()
            },
            statuses={
                CertificateNumber.parse(number): CertificateState(status)
                for number, status in known.get("statuses", {}).items()
            },
            presentations={
                bytes.fromhex(hexed): EarlierPresentation(
                    participant=ParticipantCode(each["participant"]),
                    office=each["office"],
                    at=views.instant_in(each["at"]),
                )
                for hexed, each in known.get("presentations", {}).items()
            },
        ),
    )


@lru_cache(maxsize=16)
def _trust(path: Path) -> Trust:
    """Return a trust set: pinned records and perhaps a list, with the tables of standing."""
    stated = json.loads(path.read_bytes())
    tables = json.loads((path.parent / stated["standing"]).read_bytes())
    holders = None if "holders" not in stated else Holders.from_bytes(bytes.fromhex(stated["holders"]))
    pinned = []
    for pin in stated["pins"]:
        record = trust.read_record(bytes.fromhex(pin["record"]))
        pinned.append(trust.pinned(record, at=views.instant_in(pin["pinned_at"])))
    as_of = views.instant_in(stated["standing_as_of"])
    return trust.assemble(
        pinned=pinned,
        listed=None if holders is None else trust.read_list(bytes.fromhex(stated["list"]), holders=holders),
        participants=Participants.from_rows(as_of=as_of.date(), **tables),
        standing_as_of=as_of,
    )
