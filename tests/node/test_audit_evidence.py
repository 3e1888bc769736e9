from __future__ import annotations

import hashlib
import io
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from django.core.files.uploadhandler import FileUploadHandler
from django.test import RequestFactory
from PIL import Image

from macle.node.audit import evidence, inspecting, pictures, uploads
from macle.node.audit.evidence import EvidenceDamaged, EvidenceMissing, PictureMissing, UploadRefused
from macle.node.audit.models import Evidence
from macle.node.audit.pictures import CodesUnreadable
from macle.paper import confined
from tests.support import node_audit as files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_django import Settings

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Settings) -> Path:
    """Keep the files of each test in a folder of its own."""
    settings.CONFIGURATION = replace(settings.CONFIGURATION, home=tmp_path, largest_upload=1)
    return tmp_path


def kept(data: bytes, name: str = "invoice.pdf") -> Evidence:
    return evidence.keep(data=data, name=name, by_identifier="person-7", at=AT)


GOOD: dict[str, Callable[[], bytes]] = {
    "application/pdf": files.a_pdf,
    "image/png": files.a_picture,
    "image/jpeg": files.a_photograph,
    "image/tiff": lambda: files.a_picture("TIFF", mode="1"),
    "image/webp": lambda: files.a_picture("WEBP"),
    "text/csv": lambda: b"parcel;carats\r\n1;205.18\r\n",
    "text/plain": "Déclaration: no conflict, Port Selle.\n".encode,
    inspecting.XLSX: files.a_spreadsheet,
}

BAD = {
    "nothing": (b"", "The file is empty."),
    "a program": (b"\x7fELF\x02\x01\x01", "It is a program."),
    "another archive": (files.an_archive({"a.txt": b"a"}), "no spreadsheet"),
    "an old spreadsheet": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old or an encrypted file"),
    "a telephone's photograph": (b"\x00\x00\x00\x18ftypheic", "telephone's own kind"),
    "a text of another encoding": ("Déclaration".encode("latin-1"), "no text in UTF-8"),
    "a text with commands": (b"carats\x1b[2J", "signs that no text has"),
    "a cut picture": (files.a_photograph()[:600], "damaged"),
    "a picture with a side too long": (files.a_picture_that_claims(10_001, 10), "10,001 by 10 dots"),
    "a picture with too many dots": (files.a_picture_that_claims(10_000, 10_000), "60,000,000 in all"),
    "a cut PDF": (files.a_pdf()[:200], "cut off or damaged"),
    "a spreadsheet that unpacks to too much": (files.a_bomb(), "unpacks to more than"),
    "a spreadsheet of too many parts": (
        files.an_archive(files.WORKBOOK | {f"xl/{number}.xml": b"" for number in range(2_001)}),
        "2,003 parts",
    ),
    "a spreadsheet with a program": (
        files.an_archive(files.WORKBOOK | {"xl/vbaProject.bin": b"\xd0\xcf"}),
        "has a program",
    ),
    "a damaged spreadsheet": (files.an_archive(files.WORKBOOK), "The spreadsheet"),
}


class TestKeep:
    @pytest.mark.parametrize("kind", GOOD)
    def test_tells_the_kind_by_the_content(self, kind: str) -> None:
        data = GOOD[kind]()
        row = kept(data, name="anything.exe")
        assert (row.media_type, row.size, row.kept_by) == (kind, len(data), "person-7")
        assert evidence.read(row.sha256) == data

    @pytest.mark.parametrize("what", BAD)
    def test_refuses_what_it_cannot_vouch_for(self, what: str, home: Path) -> None:
        data, why = BAD[what]
        with pytest.raises(UploadRefused, match=why) as refused:
            kept(data, name="slip\n7.pdf")
        assert refused.value.what.startswith("slip7.pdf: ")
        assert refused.value.where == "file"
        assert "PDF" in refused.value.mend
        assert not Evidence.objects.exists()
        assert not (home / "files").exists()

    def test_refuses_an_encrypted_pdf(self) -> None:
        with pytest.raises(UploadRefused, match="The PDF is encrypted"):
            kept(files.an_encrypted_pdf())

    def test_refuses_more_than_the_setting_says_without_reading_it_all(self) -> None:
        endless = io.BytesIO(b"a" * 5_000_000)
        with pytest.raises(UploadRefused, match="more than 1 MB") as refused:
            evidence.keep(data=endless, name="scan.pdf", by_identifier="person-7", at=AT, where="invoice")
        assert refused.value.where == "invoice"
        assert endless.tell() == 1024 * 1024 + 1

    def test_the_same_bytes_are_kept_once(self, home: Path) -> None:
        first = kept(files.a_pdf())
        again = evidence.keep(data=io.BytesIO(files.a_pdf()), name="b.pdf", by_identifier="person-8", at=AT)
        assert (again.sha256, again.kept_by) == (first.sha256, "person-7")
        assert [path.name for path in (home / "files").rglob("*") if path.is_file()] == [first.sha256]

    def test_a_file_that_is_gone_from_the_disk_is_written_again(self) -> None:
        row = kept(files.a_pdf())
        evidence.path_of(row.sha256).unlink()
        kept(files.a_pdf())
        assert evidence.read(row.sha256) == files.a_pdf()


class TestRead:
    def test_what_was_never_kept_is_not_there(self) -> None:
        with pytest.raises(EvidenceMissing):
            evidence.read("0" * 64)

    def test_no_name_leads_out_of_the_folder(self) -> None:
        with pytest.raises(EvidenceMissing):
            evidence.read("../../secret-key")

    def test_a_changed_file_is_found(self) -> None:
        row = kept(b"one\n")
        evidence.path_of(row.sha256).write_bytes(b"two\n")
        with pytest.raises(EvidenceDamaged, match="not the one"):
            evidence.read(row.sha256)

    def test_a_missing_file_is_found(self) -> None:
        row = kept(b"one\n")
        evidence.path_of(row.sha256).unlink()
        with pytest.raises(EvidenceDamaged, match="not on the disk"):
            evidence.read(row.sha256)


class TestAnswer:
    def test_is_stored_and_runs_nothing(self) -> None:
        row = kept(b"<script>alert(1)</script>\n")
        response = evidence.answer(RequestFactory().get("/"), row, "../../tender\r\n.html")
        assert response["Content-Disposition"] == 'attachment; filename="tender.html.txt"'
        assert response["Content-Type"] == "text/plain; charset=utf-8"
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert response.content == b"<script>alert(1)</script>\n"

    @pytest.mark.parametrize(
        ("name", "kind", "shown"),
        [
            ("Invoice 7.PDF", inspecting.PDF, "Invoice 7.PDF"),
            ("C:\\scans\\slip.pdf.exe", inspecting.PDF, "slip.pdf.exe.pdf"),
            ("photo.jpeg", inspecting.JPEG, "photo.jpeg"),
            ("...", inspecting.PNG, "file.png"),
            ("", inspecting.CSV, "file.csv"),
        ],
    )
    def test_a_name_ends_as_its_content_is(self, name: str, kind: str, shown: str) -> None:
        assert evidence.file_name(name, kind) == shown


class TestThumbnail:
    def test_is_upright_and_small_and_tells_no_place(self) -> None:
        row = kept(files.a_photograph())
        with Image.open(io.BytesIO(evidence.thumbnail(row))) as picture:
            assert picture.format == "JPEG"
            assert picture.size == (320, 480)
            assert not picture.getexif()
            assert "exif" not in picture.info

    @pytest.mark.parametrize("kind", ["application/pdf", "image/png", "image/tiff", "image/webp"])
    def test_is_made_of_each_kind_of_picture(self, kind: str) -> None:
        response = evidence.picture_answer(RequestFactory().get("/"), kept(GOOD[kind]()))
        assert response["Content-Type"] == "image/jpeg"
        assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"

    @pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
    def test_is_made_whatever_the_dots_are(self, mode: str) -> None:
        assert evidence.thumbnail(kept(files.a_picture(mode=mode))).startswith(b"\xff\xd8")

    def test_is_made_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        row = kept(files.a_picture())
        made = evidence.thumbnail(row)
        monkeypatch.setattr(evidence, "ask", None)
        assert evidence.thumbnail(row) == made

    def test_there_is_none_of_a_table(self) -> None:
        with pytest.raises(PictureMissing):
            evidence.thumbnail(kept(GOOD["text/csv"]()))


class TestCodes:
    @pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP", "PDF"])
    def test_are_read_in_each_kind_of_picture(self, kind: str) -> None:
        text = "KPL:BW0000123:" + "A" * 64
        assert pictures.codes_in(files.a_code(text, kind)) == [text]

    def test_none_is_an_answer(self) -> None:
        assert pictures.codes_in(files.a_picture()) == []

    @pytest.mark.parametrize(
        "data", [b"", b"text", files.a_photograph()[:600], files.a_picture_that_claims(9999, 9999)]
    )
    def test_what_is_no_picture_is_refused(self, data: bytes) -> None:
        with pytest.raises(CodesUnreadable):
            pictures.codes_in(data)

    def test_a_search_that_takes_too_long_is_ended(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(evidence, "PATIENCE", 0.001)
        with pytest.raises(CodesUnreadable, match="more memory or time"):
            pictures.codes_in(files.a_picture())


class TestReaderTakenOver:
    @pytest.mark.parametrize(
        "answer", [b"", b"[]", b'{"kind": "text/html"}', b'"\\u001b[2J"', b'"' + b"a" * 999 + b'"']
    )
    def test_its_answer_may_be_anything(self, answer: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(confined, "run", lambda *_, **__: answer)
        with pytest.raises(UploadRefused) as refused:
            kept(b"text")
        assert refused.value.what.isprintable()
        with pytest.raises(CodesUnreadable) if answer != b"[]" else pytest.raises(UploadRefused):
            pictures.codes_in(b"text")
            kept(b"text")


class TestBounded:
    def test_what_is_beyond_the_limit_never_gets_to_the_disk(self) -> None:
        handler = uploads.Bounded()
        assert isinstance(handler, FileUploadHandler)
        first = handler.receive_data_chunk(b"a" * 1024 * 1024, 0)
        assert first is not None
        assert handler.receive_data_chunk(b"abc", len(first)) == b"a"
        assert handler.receive_data_chunk(b"abc", len(first) + 1) is None


def test_a_hash_is_of_the_bytes() -> None:
    assert kept(b"one\n").sha256 == hashlib.sha256(b"one\n").hexdigest()
