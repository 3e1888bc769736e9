"""Readers of PDF by other people find in our files what we put there: stamp, attachments, code, fonts, words."""

from __future__ import annotations

import io
import json
import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

import pytest
from asn1crypto import pem, x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from macle.paper import reading
from macle.paper.reading import DocumentUnreadable
from macle.paper.rendering import CONFIRMATION_FILE, Layout, Place
from macle.proof import codec, qr, signing_certificates, views
from macle.proof.keys import Usage
from macle.scheme.certificates import STATEMENT
from tests.oracles.programs import run
from tests.support.documents import (
    a_confirmation_page,
    a_document,
    a_form,
    a_look,
    a_press,
    a_stamp,
    updated,
)
from tests.support.full import a_full_certificate
from tests.support.signed import SINCE, a_small_certificate, a_small_confirmation, an_authority

if TYPE_CHECKING:
    from pathlib import Path

    from pyhanko.sign.validation.status import PdfSignatureStatus

    from macle.proof.cose import Signed
    from tests.support.signed import Authority

AT = datetime(2026, 11, 2, 9, 31, tzinfo=UTC)
DRAWN = [
    *((code, Layout.GENERAL) for code in ("BW", "AO", "CD", "RU", "AE", "CN")),
    ("EU", Layout.EU),
    ("AE", Layout.EU),
]
"""Every language and both drawn layouts."""

CODES = [("BW", Layout.GENERAL), ("AE", Layout.GENERAL), ("EU", Layout.EU)]
"""The drawn pages that are looked at as pictures, which takes longer."""


@lru_cache(maxsize=16)
def authority(code: str) -> Authority:
    return an_authority(code, "Example Town")


@lru_cache(maxsize=16)
def certificate(code: str) -> Signed:
    return authority(code).sign(a_small_certificate(authority(code)))


@lru_cache(maxsize=32)
def document(code: str, layout: Layout) -> bytes:
    return a_document(certificate(code), authority(code), layout=layout)


@lru_cache(maxsize=1)
def sheet() -> bytes:
    """Return a certificate for a pre-printed sheet, stamped."""
    signed = certificate("BW")
    pdf = a_press().certificate(signed, look=a_look("BW"), place=Place(Layout.SHEET, a_form()))
    return a_stamp(authority("BW")).on(pdf, attached=("certificate.cose", signed.to_bytes()), at=AT)


@lru_cache(maxsize=1)
def confirmation() -> tuple[Signed, bytes]:
    importing = an_authority("IN", "Mumbai")
    signed = importing.sign_confirmation(a_small_confirmation(certificate("BW"), importing))
    attached = (CONFIRMATION_FILE, signed.to_bytes())
    return signed, a_stamp(importing).on(a_confirmation_page(signed), attached=attached, at=AT)


def stored(folder: Path, pdf: bytes) -> Path:
    path = folder / "document.pdf"
    path.write_bytes(pdf)
    return path


def printed(*command: str | Path) -> str:
    """Return what a program says that must end well."""
    finished = run(*command)
    assert finished.returncode == 0, finished.stderr.decode()
    return finished.stdout.decode()


class TestPoppler:
    """`pdfsig`, `pdfdetach`, `pdffonts` and `pdftotext`."""

    @pytest.mark.parametrize(("code", "layout"), DRAWN)
    def test_finds_the_stamp_valid_and_over_the_whole_document(self, code: str, layout: Layout, tmp_path: Path) -> None:
        said = printed("pdfsig", "-nocert", stored(tmp_path, document(code, layout)))
        assert "Signature is Valid" in said
        assert "Total document signed" in said
        assert "Signature Type: ETSI.CAdES.detached" in said
        assert "Signing Hash Algorithm: SHA-256" in said
        assert "stamp-01 (stamp)" in said

    def test_finds_the_stamp_of_a_sheet_and_of_a_confirmation_valid(self, tmp_path: Path) -> None:
        for pdf in (sheet(), confirmation()[1]):
            said = printed("pdfsig", "-nocert", stored(tmp_path, pdf))
            assert "Signature is Valid" in said
            assert "Total document signed" in said

    def test_finds_that_a_document_saved_again_is_not_wholly_signed(self, tmp_path: Path) -> None:
        said = printed("pdfsig", "-nocert", stored(tmp_path, updated(document("BW", Layout.GENERAL))))
        assert "Signature is Valid" in said
        assert "Total document signed" not in said
        assert "Not total document signed" in said

    def test_finds_a_changed_document_invalid(self, tmp_path: Path) -> None:
        changed = document("BW", Layout.GENERAL).replace(b"GB 000017", b"GB 000018")
        said = run("pdfsig", "-nocert", stored(tmp_path, changed)).stdout.decode()
        assert "Signature is Valid" not in said
        assert "Digest Mismatch" in said

    @pytest.mark.parametrize(("code", "layout"), DRAWN)
    def test_takes_out_the_very_files_that_are_attached(self, code: str, layout: Layout, tmp_path: Path) -> None:
        path = stored(tmp_path, document(code, layout))
        listed = printed("pdfdetach", "-list", path)
        assert re.findall(r"\d: (\S+)", listed) == ["certificate.cose", "certificate.json"]
        printed("pdfdetach", "-saveall", "-o", tmp_path, path)
        signed = certificate(code)
        view = views.certificate_to_json(codec.decode_certificate(signed.payload))
        assert (tmp_path / "certificate.cose").read_bytes() == signed.to_bytes()
        text = json.dumps(view, ensure_ascii=False, separators=(",", ":"))
        assert (tmp_path / "certificate.json").read_bytes() == text.encode()

    def test_takes_the_confirmation_out_too(self, tmp_path: Path) -> None:
        signed, pdf = confirmation()
        printed("pdfdetach", "-saveall", "-o", tmp_path, stored(tmp_path, pdf))
        assert (tmp_path / "confirmation.cose").read_bytes() == signed.to_bytes()
        assert json.loads((tmp_path / "confirmation.json").read_bytes()) == views.confirmation_to_json(
            codec.decode_confirmation(signed.payload)
        )

    @pytest.mark.parametrize(("code", "layout"), DRAWN)
    def test_finds_every_font_embedded_and_readable(self, code: str, layout: Layout, tmp_path: Path) -> None:
        rows = printed("pdffonts", stored(tmp_path, document(code, layout))).splitlines()[2:]
        assert len(rows) >= 3
        for row in rows:
            embedded, subset, unicode = row.split()[-5:-2]
            assert (embedded, subset, unicode) == ("yes", "yes", "yes"), row

    @pytest.mark.parametrize(("code", "layout"), [each for each in DRAWN if each[0] != "AE"])
    def test_reads_the_words_in_the_order_they_are_said(self, code: str, layout: Layout, tmp_path: Path) -> None:
        read = " ".join(printed("pdftotext", "-raw", stored(tmp_path, document(code, layout)), "-").split())
        assert "Kimberley Process Certificate" in read
        assert STATEMENT in read
        signed = codec.decode_certificate(certificate(code).payload)
        for text in (signed.exporter.name, signed.importer.name, signed.number.for_people, "205.18", "41,820.50"):
            assert text in read

    @pytest.mark.parametrize("layout", [Layout.GENERAL, Layout.EU])
    def test_reads_latin_words_on_a_page_from_the_right(self, layout: Layout, tmp_path: Path) -> None:
        read = " ".join(printed("pdftotext", "-raw", stored(tmp_path, document("AE", layout)), "-").split())
        assert STATEMENT in read
        assert "AE 00004821" in read
        assert "Motlakase Example Diamonds (Pty) Ltd" in read

    @pytest.mark.parametrize(("code", "layout"), [("BW", Layout.GENERAL), ("EU", Layout.EU)])
    def test_finds_a_tagged_document_of_one_page(self, code: str, layout: Layout, tmp_path: Path) -> None:
        said = printed("pdfinfo", stored(tmp_path, document(code, layout)))
        assert re.search(r"Tagged:\s+yes", said)
        assert re.search(r"Pages:\s+1\n", said)
        assert re.search(r"JavaScript:\s+no", said)
        assert re.search(r"Encrypted:\s+no", said)
        assert re.search(rf"Title:\s+Kimberley Process Certificate {code} 00004821", said)
        assert re.search(r"Page size:\s+595\.\d+ x 841\.\d+ pts \(A4\)", said)


class TestQpdf:
    @pytest.mark.parametrize(("code", "layout"), DRAWN)
    def test_finds_nothing_wrong(self, code: str, layout: Layout, tmp_path: Path) -> None:
        said = printed("qpdf", "--check", stored(tmp_path, document(code, layout)))
        assert "No syntax or stream encoding errors found" in said

    def test_finds_nothing_wrong_with_a_sheet_a_label_or_a_confirmation(self, tmp_path: Path) -> None:
        label = a_press().label(certificate("BW"), look=a_look("BW"))
        for pdf in (sheet(), label, confirmation()[1]):
            assert "No syntax or stream encoding errors found" in printed("qpdf", "--check", stored(tmp_path, pdf))

    def test_makes_a_copy_that_is_no_longer_stamped(self, tmp_path: Path) -> None:
        path = stored(tmp_path, document("BW", Layout.GENERAL))
        printed("qpdf", "--object-streams=generate", path, tmp_path / "again.pdf")
        (carried,) = reading.read((tmp_path / "again.pdf").read_bytes())
        assert carried.data == certificate("BW").to_bytes(), "The certificate is what it was."
        assert not any(stamp.covers_file and stamp.is_of_these_bytes for stamp in carried.stamps or ())

    @pytest.mark.parametrize("password", ["", "a password of one test"])
    def test_makes_an_encrypted_copy_that_nobody_judges(self, password: str, tmp_path: Path) -> None:
        path = stored(tmp_path, document("BW", Layout.GENERAL))
        printed("qpdf", "--encrypt", password, "an owner of one test", "256", "--", path, tmp_path / "again.pdf")
        with pytest.raises(DocumentUnreadable, match="The PDF is encrypted"):
            reading.read((tmp_path / "again.pdf").read_bytes())


class TestPicture:
    """`pdftoppm` draws the page, `zbarimg` reads its code: neither knows anything of us."""

    def codes(self, pdf: bytes, folder: Path, dpi: int = 300) -> list[str]:
        printed("pdftoppm", "-r", str(dpi), "-gray", "-png", "-singlefile", stored(folder, pdf), folder / "page")
        finished = run("zbarimg", "--quiet", "--raw", "--nodbus", "-Sdisable", "-Sqrcode.enable", folder / "page.png")
        assert finished.returncode == 0, finished.stderr.decode()
        return finished.stdout.decode("ascii").splitlines()

    @pytest.mark.parametrize(("code", "layout"), CODES)
    def test_of_a_page_has_the_code_of_the_certificate(self, code: str, layout: Layout, tmp_path: Path) -> None:
        signed = certificate(code)
        slip = f"KPL:{code}00004821:{signed.identity.hex().upper()}"
        expected = {qr.to_text(signed.to_bytes()), *([slip] if layout is Layout.EU else [])}
        assert set(self.codes(document(code, layout), tmp_path)) == expected

    def test_of_the_fullest_page_has_its_code_under_its_overprint(self, tmp_path: Path) -> None:
        issuer = an_authority("AE", "Dubai")
        signed = issuer.sign(a_full_certificate())
        assert self.codes(a_document(signed, issuer), tmp_path) == [qr.to_text(signed.to_bytes())]

    def test_at_the_resolution_of_an_office_scanner_has_it_too(self, tmp_path: Path) -> None:
        assert self.codes(document("BW", Layout.GENERAL), tmp_path, dpi=200) == [
            qr.to_text(certificate("BW").to_bytes())
        ]

    def test_of_a_confirmation_has_its_code(self, tmp_path: Path) -> None:
        signed, pdf = confirmation()
        assert self.codes(pdf, tmp_path) == [qr.to_text(signed.to_bytes())]

    def test_of_a_label_has_number_and_identity(self, tmp_path: Path) -> None:
        signed = certificate("BW")
        label = a_press().label(signed, look=a_look("BW"))
        assert self.codes(label, tmp_path) == [f"KPL:BW00004821:{signed.identity.hex().upper()}"]


class TestPyHanko:
    """The validator of the library whose signer we use: another part of it, which knows nothing of our keys."""

    def judged(self, pdf: bytes, authority: Authority) -> PdfSignatureStatus:
        root = signing_certificates.make_root(
            root=authority.root, participant=authority.code, authority="Example Diamond Office", at=SINCE
        )
        _, _, der = pem.unarmor(root)
        trusted = ValidationContext(trust_roots=[x509.Certificate.load(der)], moment=AT, allow_fetching=False)
        (embedded,) = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
        return validate_pdf_signature(embedded, trusted)

    @pytest.mark.parametrize(("code", "layout"), DRAWN)
    def test_finds_the_stamp_intact_valid_and_over_the_entire_file(self, code: str, layout: Layout) -> None:
        status = self.judged(document(code, layout), authority(code))
        assert (status.intact, status.valid, status.trusted) == (True, True, True)
        assert status.coverage is SignatureCoverageLevel.ENTIRE_FILE
        assert status.modification_level is ModificationLevel.NONE
        assert status.docmdp_ok
        assert status.bottom_line
        assert status.md_algorithm == "sha256"
        assert status.signer_reported_dt == AT
        assert status.signing_cert.public_key.dump() == authority(code).key(Usage.STAMP).public_key.spki

    def test_finds_that_a_document_saved_again_is_no_longer_what_was_stamped(self) -> None:
        status = self.judged(updated(document("BW", Layout.GENERAL)), authority("BW"))
        assert (status.intact, status.valid) == (True, True)
        assert status.coverage is not SignatureCoverageLevel.ENTIRE_FILE
        assert not status.docmdp_ok, "The stamp allows no change at all."
        assert not status.bottom_line

    def test_finds_a_changed_document_broken(self) -> None:
        changed = document("BW", Layout.GENERAL).replace(b"GB 000017", b"GB 000018")
        status = self.judged(changed, authority("BW"))
        assert not status.intact
        assert not status.bottom_line

    def test_trusts_no_stamp_of_another_root(self) -> None:
        status = self.judged(document("BW", Layout.GENERAL), authority("AO"))
        assert (status.intact, status.valid, status.trusted) == (True, True, False)
