"""Print one line a figure: name, value in the unit of its bar, unit, ratio, reference.

The value of a figure whose bar is a ratio is that ratio. Lines that begin with # are remarks.
"""

from __future__ import annotations

import io
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import segno
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from bench import degrading, desks, moving, node_pages, printing
from bench.timing import ROUNDS, interleaved, load
from macle.proof import cose, issuing, qr, verification
from macle.proof.folders import TrustFolder
from macle.proof.keys import Usage, fingerprint
from macle.proof.verification import Circumstances
from macle.scheme import participants, profiles
from macle.scheme.rules.settings import IssuingSetting
from macle.scheme.terms import CertificateNumber
from tests.support.documents import a_document
from tests.support.full import a_full_certificate
from tests.support.signed import PINNED_AT, a_trust, an_authority

if TYPE_CHECKING:
    from macle.scheme.certificates import Certificate
    from tests.support.signed import Authority

FOLDER_FILES = 1000
AT = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)
_ECDSA = ec.ECDSA(hashes.SHA256())


def main() -> None:
    """Measure everything and print it."""
    begun = time.perf_counter()
    print(f"# {sys.implementation.name} {sys.version.split()[0]}, {load()}")
    print("# name value unit ratio reference")
    dubai = an_authority("AE", "Dubai")
    certificate = a_full_certificate()
    text = qr.to_text(issue(certificate, dubai))
    code = qr.code_of(text)
    print(f"# the full certificate: {len(text)} characters, QR version {code.version}-M, {code.millimetres} mm")
    verify_text(certificate, dubai, text)
    issue_text(certificate, dubai)
    qr_image(text)
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder), certificate, dubai)
        verify_folder_2(Path(folder))
        verify_cold_start(Path(folder))
        verify_cold_start_pdf(Path(folder))
    issue_all_p50()
    pdf_size()
    issue_500()
    qr_degraded_read()
    pages()
    at_the_desks()
    move_in()
    print(f"# {time.perf_counter() - begun:.0f} s in all, {load()}")


def pages() -> None:
    """Measure the pages of a node with 100,000 certificates: the desk's queue, the list, and a certificate."""
    with node_pages.filled() as node:
        measured = node_pages.measure(node)
        reads = node_pages.measure(node, mix=node_pages.READS, sign_in=False, busy=5)
    print(
        f"# a node with {node_pages.CERTIFICATES} certificates, filled in {node.filled['loaded']:.0f} s; twenty people"
    )
    for phase in ("calm", "busy"):
        of = {name: round(seconds * 1e3) for name, seconds in measured.all[phase]["p95_of"].items()}
        print(f"# {phase}: {measured.all[phase]['pages_per_s']:.0f} pages a second, p95 in ms {of}")
    print(f"# bytes of a page that nothing is kept of: {measured.all['bytes']}")
    line("page_p95", measured.p95 * 1e3, "ms")
    line("pages_per_s", measured.pages_per_second, "1/s")
    line("page_bytes", measured.largest / 1e3, "kB")
    print(f"# interface: {reads.pages_per_second:.0f} reads a second without pause")
    line("api_read_p95", reads.p95 * 1e3, "ms")


def at_the_desks() -> None:
    """Validate through the interface on both databases, and bring pictures to the presenting desk."""
    with desks.filled("sqlite") as (node, _):
        line("validations_sqlite", desks.validations_per_second(node), "1/s")
    with desks.filled("postgresql") as (node, pictures):
        line("validations_postgres", desks.validations_per_second(node), "1/s")
        seconds = desks.presented(node, pictures)
    line("present_p95", seconds[int(len(seconds) * 0.95)] * 1e3, "ms")


def move_in() -> None:
    """Take over 100,000 certificates of an old book: the slowest of CSV and XLSX on SQLite and PostgreSQL."""
    taken = moving.measure()
    line("legacy_100k", max(taken.values()), "s")
    print("# legacy_100k " + ", ".join(f"{what} {seconds:.1f}" for what, seconds in taken.items()))


def line(name: str, value: float, unit: str, ratio: float | None = None, reference: str = "-") -> None:
    """Print one figure."""
    print(f"{name} {value:.3f} {unit} {'-' if ratio is None else f'{ratio:.3f}'} {reference}", flush=True)


def setting(certificate: Certificate) -> IssuingSetting:
    """Return the setting in which the certificate is validated."""
    on, all_profiles = certificate.date_of_issuance, profiles.load()
    return IssuingSetting(
        participants=participants.load(),
        profile=all_profiles.of(certificate.issuer, on=on),
        destination_profile=all_profiles.of(certificate.destination, on=on),
        on=on,
    )


def issue(certificate: Certificate, authority: Authority) -> bytes:
    """Return the signed certificate."""
    signer = authority.signers[Usage.VALIDATE]
    return issuing.validate(certificate=certificate, setting=setting(certificate), signer=signer).to_bytes()


def verify_text(certificate: Certificate, authority: Authority, text: str) -> None:
    """From the QR text to a typed certificate with every step of the report."""
    circumstances = Circumstances(trust=a_trust(authority), profiles=profiles.load(), at=AT)
    report = verification.report(text, circumstances=circumstances)
    if report.certificate != certificate or report.failing is not None or report.signed is None:
        raise RuntimeError(f"The certificate to be measured is not good: {report.failing}")
    public = authority.signers[Usage.VALIDATE].private_key.public_key()
    content, raw = report.signed.to_be_signed, report.signed.signature
    signature = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    if not isinstance(public, ec.EllipticCurvePublicKey):
        raise TypeError("The reference is P-256.")
    pair = interleaved(
        lambda: verification.report(text, circumstances=circumstances),
        lambda: public.verify(signature, content, _ECDSA),
        calls=2000,
    )
    line("verify_text", pair.speed, "of-reference", pair.speed, "cryptography-p256-verify")
    print(f"# verify_text {pair.subject * 1e6:.0f} µs, reference {pair.reference * 1e6:.0f} µs")


def issue_text(certificate: Certificate, authority: Authority) -> None:
    """From the typed certificate, through every rule of validation, to the QR text."""
    signer, where = authority.signers[Usage.VALIDATE], setting(certificate)
    private = signer.private_key
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        raise TypeError("The reference is P-256.")
    signed = issuing.validate(certificate=certificate, setting=where, signer=signer)
    content = signed.to_be_signed
    pair = interleaved(
        lambda: qr.to_text(issuing.validate(certificate=certificate, setting=where, signer=signer).to_bytes()),
        lambda: private.sign(content, _ECDSA),
        calls=3000,
    )
    line("issue_text", pair.speed, "of-reference", pair.speed, "cryptography-p256-sign")
    print(f"# issue_text {pair.subject * 1e6:.0f} µs, reference {pair.reference * 1e6:.0f} µs")


def qr_image(text: str) -> None:
    """From the QR text to a PNG, both at six dots a module and error correction M."""

    def by_segno() -> bytes:
        target = io.BytesIO()
        code = segno.make_qr(text, error="m", boost_error=False)
        code.save(target, kind="png", scale=qr.PIXELS, border=qr.QUIET_ZONE)
        return target.getvalue()

    pair = interleaved(lambda: qr.code_of(text).to_png(), by_segno, calls=100, reference_calls=10)
    line("qr_image", pair.speed, "of-reference", pair.speed, "segno")
    print(f"# qr_image {pair.subject * 1e3:.2f} ms, reference {pair.reference * 1e3:.2f} ms")


def fill(folder: Path, certificate: Certificate, authority: Authority) -> None:
    """Write a trust folder and a folder of scans, each of a certificate of its own."""
    words = " ".join(fingerprint(authority.root.public_key.spki))
    TrustFolder(folder / "trust").pin(authority.record_bytes, words=words, at=PINNED_AT)
    (folder / "scans").mkdir()
    for index in range(FOLDER_FILES):
        number = CertificateNumber(certificate.number.participant, f"{50_000_000 + index}")
        text = qr.to_text(issue(replace(certificate, number=number), authority))
        (folder / "scans" / f"{number}.png").write_bytes(qr.code_of(text).to_png())
        if index == 0:
            (folder / "one.txt").write_text(text, encoding="ascii")
            (folder / "one.pdf").write_bytes(a_document(cose.read(qr.from_text(text)), authority))


def verify(folder: Path, *arguments: str) -> float:
    """Return the seconds that `macle verify` takes; raise if it does not find everything good."""
    begun = time.perf_counter()
    asked = ("--trust", str(folder / "trust"), "--at", AT.isoformat(), "--json", *arguments)
    done = subprocess.run([Path(sys.executable).with_name("macle"), "verify", *asked], capture_output=True, check=False)
    taken = time.perf_counter() - begun
    if done.returncode:
        raise RuntimeError(done.stderr.decode() or done.stdout.decode()[:500])
    return taken


def verify_folder_2(folder: Path) -> None:
    """A folder of scans on two processes, against one."""
    scans = [str(path) for path in sorted((folder / "scans").iterdir())]
    one, two = [], []
    for _ in range(ROUNDS):
        two.append(verify(folder, "--workers", "2", *scans))
        one.append(verify(folder, "--workers", "1", *scans))
    line("verify_folder_2", min(one) / min(two), "of-reference", min(one) / min(two), "one-process")
    print(f"# verify_folder_2 {min(two):.2f} s, reference {min(one):.2f} s, {len(scans)} scans")


def verify_cold_start(folder: Path) -> None:
    """Verify one QR text from the command line, the start of Python included."""
    taken = [verify(folder, str(folder / "one.txt")) for _ in range(ROUNDS)]
    line("verify_cold_start", min(taken), "s")
    print(f"# verify_cold_start median {statistics.median(taken):.3f} s")


def verify_cold_start_pdf(folder: Path) -> None:
    """Verify one stamped PDF from the command line, the start of Python and of the reading process included."""
    taken = [verify(folder, str(folder / "one.pdf")) for _ in range(ROUNDS)]
    line("verify_cold_start_pdf", min(taken), "s")
    print(f"# verify_cold_start_pdf median {statistics.median(taken):.3f} s")


def issue_all_p50() -> None:
    """One certificate with everything that goes with it, in one process; the six languages and the fullest in turn."""
    taken = printing.issue_all(issue)
    every = [seconds for each in taken.values() for seconds in each]
    line("issue_all_p50", statistics.median(every) * 1e3, "ms")
    medians = ", ".join(f"{sheet} {statistics.median(each) * 1e3:.1f}" for sheet, each in taken.items())
    print(f"# issue_all_p50 medians: {medians}; {len(every)} certificates")


def pdf_size() -> None:
    """The largest PDF of the six languages, attachments and stamp included."""
    sizes = printing.pdf_sizes()
    line("pdf_size", max(sizes.values()) / 1e3, "kB")
    print("# pdf_size " + ", ".join(f"{language} {size / 1e3:.1f}" for language, size in sizes.items()))


def issue_500() -> None:
    """All examples with PDFs, from the command line."""
    with tempfile.TemporaryDirectory() as folder:
        taken, made = printing.issue_500(Path(folder))
    line("issue_500", taken, "s")
    print(f"# issue_500 {made} certificates, {taken / made * 1e3:.0f} ms each")


def qr_degraded_read() -> None:
    """Pages as a bad office scanner shows them."""
    found = degrading.degraded_read()
    line("qr_degraded_read", found.per_cent, "%")
    of_each = ", ".join(f"{found.read[dpi]} of {pages} at {dpi} dpi" for dpi, pages in found.pages.items())
    print(f"# qr_degraded_read {of_each}; not read: {', '.join(map(str, found.unread)) or 'none'}")


if __name__ == "__main__":
    main()
