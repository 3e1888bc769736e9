"""What printing costs: one certificate with everything, the size of its PDF, and all examples on two cores."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from examples import demo
from macle.paper.rendering import CERTIFICATE_FILE, Layout, Place
from macle.proof import codec, cose, qr
from macle.proof.folders import AuthorityFolder
from macle.proof.keys import Usage
from macle.scheme.terms import CertificateNumber, ParticipantCode
from tests.support.documents import a_document, a_look, a_press, a_stamp
from tests.support.examples import OF_LANGUAGE, certificate_of, signed_example
from tests.support.signed import an_authority

if TYPE_CHECKING:
    from collections.abc import Callable

    from macle.scheme.certificates import Certificate
    from tests.support.signed import Authority

CERTIFICATES = 20
"""Of each sheet."""

SHEETS = {**OF_LANGUAGE, "ar, full": "full-arabic"}
"""The examples whose PDFs are measured: one in each language, and the fullest there is in practice."""

_SECRETS = {
    "MACLE_PASSPHRASE": "a key of the benchmark",
    "MACLE_STAMP_PASSPHRASE": "a stamp of the benchmark",
}
_HOW = ("--at-date-of-issuance", "--pdf", "--workers", "2")
_MADE_AT = datetime(2026, 1, 2, 9, 0, tzinfo=UTC)


def issue_all(issue: Callable[[Certificate, Authority], bytes]) -> dict[str, list[float]]:
    """Return, for the example in each language and the fullest certificate, the seconds that each of some takes.

    That is everything for one certificate in one process: rehearsal, rules, signature, QR code, PDF, stamp.
    """
    taken: dict[str, list[float]] = {}
    for language, name in SHEETS.items():
        certificate = certificate_of(name)
        authority = an_authority(certificate.issuer, certificate.office)
        taken[language] = _issue_some(certificate, authority, issue)
    return taken


def _issue_some(
    certificate: Certificate, authority: Authority, issue: Callable[[Certificate, Authority], bytes]
) -> list[float]:
    press, stamp, look, place = a_press(), a_stamp(authority), a_look(authority.code), Place(Layout.GENERAL)
    draft, at = authority.sign(certificate), certificate.validated_at + timedelta(minutes=1)
    taken = []
    for index in range(CERTIFICATES + 1):
        number = CertificateNumber(authority.code, f"{60_000_000 + index * 7919}")
        numbered = replace(certificate, number=number)
        begun = time.perf_counter()
        as_long = replace(draft, payload=codec.encode_certificate(numbered))
        press.certificate(as_long, look=look, place=place, rehearsed=True)
        signed = issue(numbered, authority)
        qr.code_of(qr.to_text(signed)).to_png()
        pdf = press.certificate(cose.read(signed), look=look, place=place)
        stamp.on(pdf, attached=(CERTIFICATE_FILE, signed), at=at)
        taken.append(time.perf_counter() - begun)
    # The first has what is drawn once for an issuer.
    return taken[1:]


def pdf_sizes() -> dict[str, int]:
    """Return the bytes of a stamped PDF in each language, of the example in it, and of the fullest certificate."""
    sizes = {}
    for language, name in SHEETS.items():
        signed, authority = signed_example(name)
        sizes[language] = len(a_document(signed, authority))
    return sizes


def issue_500(folder: Path) -> tuple[float, int]:
    """Return in how many seconds the command line issues all examples with PDFs, and how many; two processes print."""
    taken, wanted = 0.0, 0
    for code, (files, rows) in demo.applications().items():
        authority = folder / code
        _make_keys(authority, code)
        given = list(map(str, files))
        if rows:
            table = folder / f"{code}.csv"
            with table.open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)
            given.append(str(table))
        place = ("--authority", str(authority), "--holder", "official-07", "--out", str(folder / "out" / code))
        at = time.perf_counter()
        subprocess.run(
            [str(Path(sys.executable).with_name("macle")), "issue", *given, *place, *_HOW],
            env={**os.environ, **_SECRETS},
            check=True,
            stdout=subprocess.DEVNULL,
        )
        taken += time.perf_counter() - at
        wanted += len(files) + len(rows)
    made = len(list((folder / "out").rglob("*.pdf")))
    if made != wanted:
        raise RuntimeError(f"{made} PDFs were made of {wanted}.")
    return taken, made


def _make_keys(path: Path, code: str) -> None:
    authority = AuthorityFolder(path)
    root = "a root of the benchmark"
    authority.create(
        participant=ParticipantCode(code), authority="Example Diamond Office", passphrase=root, at=_MADE_AT
    )
    for usage, holder, secret in (
        (Usage.VALIDATE, "official-07", "MACLE_PASSPHRASE"),
        (Usage.STAMP, "stamp-01", "MACLE_STAMP_PASSPHRASE"),
    ):
        authority.add_key(
            usage=usage, holder=holder, office="", root_passphrase=root, passphrase=_SECRETS[secret], at=_MADE_AT
        )
