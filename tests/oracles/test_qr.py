"""A QR reader by other people finds the same text in our pictures."""

import hashlib
import json
from pathlib import Path

import pytest

from macle.proof import qr
from macle.scheme import applications
from macle.scheme.certificates import Certificate, ConsentLevel, ProfileReference
from tests.oracles.programs import run
from tests.support import signed

EXAMPLES = Path(__file__).parents[2] / "examples" / "applications"


def read_by_zbar(picture: bytes, folder: Path) -> str:
    path = folder / "code.png"
    path.write_bytes(picture)
    finished = run("zbarimg", "--quiet", "--raw", "--nodbus", "-Sdisable", "-Sqrcode.enable", path)
    assert finished.returncode == 0, finished.stderr.decode()
    return finished.stdout.decode("ascii").removesuffix("\n")


def text_of(certificate: Certificate) -> str:
    authority = signed.an_authority(certificate.issuer, certificate.office)
    return qr.to_text(authority.sign(certificate).to_bytes())


def certificate_of_the_example(name: str) -> Certificate:
    application = applications.read(json.loads((EXAMPLES / name).read_bytes()))
    small = signed.a_small_certificate()
    return applications.to_certificate(
        application,
        validated_at=small.validated_at,
        expires_at=small.expires_at,
        consent_level=ConsentLevel.TOKEN,
        profile=ProfileReference("ae-2026-01", "core-en"),
        record_digest=hashlib.sha256(b"the full record").digest(),
    )


class TestZbar:
    @pytest.mark.parametrize("seals", [1, 6, 12])
    def test_reads_certificates_of_several_sizes(self, seals: int, tmp_path: Path) -> None:
        numbers = tuple(f"{hashlib.sha256(bytes((number,))).hexdigest()[:20]}" for number in range(seals))
        text = text_of(signed.a_small_certificate(container_seals=numbers))
        assert read_by_zbar(qr.code_of(text).to_png(), tmp_path) == text

    def test_reads_the_full_certificate_in_arabic(self, tmp_path: Path) -> None:
        certificate = certificate_of_the_example("full-arabic.json")
        assert not certificate.exporter.name.isascii()
        text = text_of(certificate)
        code = qr.code_of(text)
        assert read_by_zbar(code.to_png(), tmp_path) == text
        assert qr.texts_in_picture(code.to_png()) == [text]

    def test_reads_a_certificate_with_every_field(self, tmp_path: Path) -> None:
        text = text_of(signed.a_full_certificate())
        assert read_by_zbar(qr.code_of(text).to_png(), tmp_path) == text

    @pytest.mark.parametrize(("pixels", "dpi"), [(4, 200), (6, 300), (12, 600)])
    def test_reads_every_resolution_that_keeps_the_least_module(self, pixels: int, dpi: int, tmp_path: Path) -> None:
        text = text_of(signed.a_small_certificate())
        assert read_by_zbar(qr.code_of(text).to_png(pixels=pixels, dpi=dpi), tmp_path) == text

    def test_finds_nothing_where_the_code_is_hidden(self, tmp_path: Path) -> None:
        path = tmp_path / "code.png"
        picture = qr.code_of(text_of(signed.a_small_certificate())).to_png()
        from PIL import Image  # noqa: PLC0415 (only this test draws over a picture)

        path.write_bytes(picture)
        with Image.open(path) as opened:
            hidden = opened.convert("L")
        hidden.paste(255, (0, 0, hidden.width // 2, hidden.height // 2))
        hidden.save(path)
        assert run("zbarimg", "--quiet", "--raw", "--nodbus", path).returncode != 0
