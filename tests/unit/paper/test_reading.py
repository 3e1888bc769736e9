"""Files that somebody brings: stamped, changed, damaged, hostile, or scans of the paper."""

from __future__ import annotations

import json
import os
import re
import zlib
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

import pytest

from macle import errors
from macle.paper import confined, opening, reading
from macle.paper.carriers import Carried
from macle.paper.confined import ReaderEnded
from macle.paper.reading import DocumentUnreadable
from macle.paper.rendering import CERTIFICATE_FILE, CONFIRMATION_FILE
from macle.proof import qr
from tests.support.documents import (
    a_confirmation_page,
    a_document,
    a_page,
    a_scan,
    a_stamp,
    encrypted,
    updated,
    with_attachment,
)
from tests.support.signed import a_small_certificate, a_small_confirmation, an_authority

if TYPE_CHECKING:
    from pathlib import Path

    from macle.proof.stamps import StampEvidence

BW = an_authority()
SIGNED = BW.sign(a_small_certificate(BW))
OTHER = BW.sign(a_small_certificate(BW, parcels=2))
AT = datetime(2026, 11, 2, 9, 31, tzinfo=UTC)


@lru_cache(maxsize=1)
def page() -> bytes:
    return a_page(SIGNED)


@lru_cache(maxsize=1)
def document() -> bytes:
    return a_document(SIGNED, BW, at=AT)


def only(data: bytes) -> Carried:
    (carried,) = reading.read(data)
    return carried


def stamp_of(data: bytes) -> StampEvidence:
    stamps = only(data).stamps
    assert stamps is not None
    (stamp,) = stamps
    return stamp


def unreadable(data: bytes) -> DocumentUnreadable:
    with pytest.raises(DocumentUnreadable) as raised:
        reading.read(data)
    assert isinstance(raised.value, errors.Malformed)
    assert raised.value.mend
    return raised.value


class TestStampedFile:
    def test_is_read_by_its_attachment_and_its_stamp(self) -> None:
        carried = only(document())
        assert carried.data == SIGNED.to_bytes()
        assert carried.carrier == "attached to a PDF as certificate.cose"
        stamp = stamp_of(document())
        assert (stamp.problem, stamp.covers_file, stamp.is_of_these_bytes, stamp.stamped_at) == ("", True, True, AT)

    def test_without_its_stamp_has_none(self) -> None:
        carried = only(page())
        assert (carried.data, carried.stamps) == (SIGNED.to_bytes(), ())

    def test_that_is_a_confirmation_is_read_too(self) -> None:
        importing = an_authority("IN", "Mumbai")
        signed = importing.sign_confirmation(a_small_confirmation(SIGNED, importing))
        attached = (CONFIRMATION_FILE, signed.to_bytes())
        carried = only(a_stamp(importing).on(a_confirmation_page(signed), attached=attached, at=AT))
        assert carried.data == signed.to_bytes()
        assert carried.carrier == "attached to a PDF as confirmation.cose"
        assert carried.stamps is not None
        assert carried.stamps[0].key == importing.key(importing.record.keys[3].usage).public_key

    @pytest.mark.parametrize("more", [b"\n", b"%", b"\x00" * 5000])
    def test_with_something_behind_it_is_not_covered(self, more: bytes) -> None:
        stamp = stamp_of(document() + more)
        assert (stamp.problem, stamp.covers_file, stamp.is_of_these_bytes) == ("", False, True)

    def test_that_an_editor_saved_again_is_not_covered(self) -> None:
        stamp = stamp_of(updated(document()))
        assert (stamp.problem, stamp.covers_file, stamp.is_of_these_bytes) == ("", False, True)
        assert only(updated(document())).data == SIGNED.to_bytes()

    def test_that_was_changed_inside_is_not_of_these_bytes(self) -> None:
        changed = document().replace(b"GB 000017", b"GB 000018")
        assert changed != document(), "The view of the certificate is not compressed."
        stamp = stamp_of(changed)
        assert (stamp.problem, stamp.covers_file, stamp.is_of_these_bytes) == ("", True, False)

    def test_that_was_changed_in_what_the_page_shows_is_not_of_these_bytes(self) -> None:
        at = document().index(b"stream\n") + 40
        changed = document()[:at] + bytes((document()[at] ^ 1,)) + document()[at + 1 :]
        assert not stamp_of(changed).is_of_these_bytes

    def test_that_begins_with_something_else_is_not_covered(self) -> None:
        stamp = stamp_of(b"%junk\n" + document())
        assert not stamp.covers_file

    def test_whose_stamp_claims_another_range_is_not_believed(self) -> None:
        numbers = re.search(rb"/ByteRange \[0 (\d+) (\d+) (\d+)", document())
        assert numbers is not None
        before, second, behind = (int(each) for each in numbers.groups())
        for claimed in (f"0 {before} {second} {behind - 1}", f"1 {before} {second} {behind}", f"0 0 {second} {behind}"):
            forged = document().replace(f"0 {before} {second} {behind}".encode(), claimed.encode())
            assert forged != document()
            stamp = stamp_of(forged)
            assert stamp.problem or not (stamp.covers_file and stamp.is_of_these_bytes)

    def test_whose_stamp_was_taken_from_another_file_is_not_of_these_bytes(self) -> None:
        mine, theirs = (
            re.search(rb"/Contents <([0-9a-fA-F]+)>", data) for data in (document(), a_document(OTHER, BW, at=AT))
        )
        assert mine is not None
        assert theirs is not None
        stamp = stamp_of(document().replace(mine[1], theirs[1]))
        assert (stamp.problem, stamp.covers_file, stamp.is_of_these_bytes) == ("", True, False)

    @pytest.mark.parametrize(
        "contents", [b"00" * 40, b"30" * 40, b"ff" * 40, b"3082ffff" + b"00" * 36, b"0500" + b"00" * 38]
    )
    def test_whose_stamp_is_nonsense_says_so(self, contents: bytes) -> None:
        mine = re.search(rb"/Contents <([0-9a-fA-F]+)>", document())
        assert mine is not None
        stamp = stamp_of(document().replace(mine[1], contents + mine[1][len(contents) :]))
        assert stamp.problem.startswith("It cannot be read")
        assert not stamp.covers_file

    def test_of_another_form_than_pades_says_so(self) -> None:
        stamp = stamp_of(document().replace(b"ETSI.CAdES.detached", b"adbe.pkcs7.detached"))
        assert stamp.problem == "It is of another form than PAdES."


class TestDamagedFile:
    @pytest.mark.parametrize(
        "data",
        [b"", b"hello", b"%PDF-1.7\n", b"%PDF-1.7\n%%EOF\n", b"\x89PNG\r\n\x1a\n", bytes(1000), b"%PDF-" * 1000],
        ids=["nothing", "a word", "a head", "a head and an end", "a picture", "noughts", "heads"],
    )
    def test_that_is_no_pdf_is_unreadable(self, data: bytes) -> None:
        error = unreadable(data)
        assert (error.where, error.what) == ("PDF", "This is no PDF that can be read: it is cut off or damaged.")

    @pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
    def test_that_is_cut_off_is_unreadable_or_not_covered(self, part: float) -> None:
        cut = document()[: int(len(document()) * part)]
        try:
            carried = only(cut)
        except DocumentUnreadable:
            return
        assert not any(stamp.covers_file for stamp in carried.stamps or ())

    def test_that_is_cut_off_in_the_middle_is_unreadable(self) -> None:
        assert "cut off" in unreadable(document()[: len(document()) // 2]).what

    @pytest.mark.parametrize("password", [None, "a password of one test"])
    def test_that_is_encrypted_is_unreadable(self, password: str | None) -> None:
        assert unreadable(encrypted(page(), password=password)).what == "The PDF is encrypted."

    @pytest.mark.parametrize("name", [CERTIFICATE_FILE, CONFIRMATION_FILE])
    def test_with_two_certificates_is_not_judged(self, name: str) -> None:
        error = unreadable(with_attachment(page(), name, SIGNED.to_bytes()))
        assert (error.where, error.what) == ("attachments", "The PDF has more than one certificate attached.")

    def test_with_other_files_beside_its_certificate_is_read(self) -> None:
        assert only(with_attachment(page(), "note.txt", b"note")).data == SIGNED.to_bytes()

    def test_with_more_files_than_are_looked_at_is_unreadable(self) -> None:
        many = page()
        for number in range(opening.MOST_ATTACHMENTS - 1):
            many = with_attachment(many, f"{number}.txt", b"")
        assert "17 files attached, and at most 16" in unreadable(many).what

    @pytest.mark.parametrize(
        ("size", "is_read"), [(opening.LARGEST_ATTACHMENT, True), (opening.LARGEST_ATTACHMENT + 1, False)]
    )
    def test_with_a_file_larger_than_is_looked_at_is_unreadable(self, size: int, is_read: bool) -> None:
        large = with_attachment(page(), "large.bin", bytes(size))
        if is_read:
            assert only(large).data == SIGNED.to_bytes()
        else:
            assert unreadable(large).what == "A file attached to the PDF unpacks to more than 262,144 bytes."

    def test_that_unpacks_without_end_ends_nobody_but_its_reader(self) -> None:
        assert unreadable(a_bomb()).where == "PDF"


def a_bomb() -> bytes:
    """Return a PDF of some hundred kilobytes with a file attached that unpacks to four gigabytes."""
    deflater = zlib.compressobj(9, zlib.DEFLATED)
    block = deflater.compress(bytes(1 << 24)) + deflater.flush(zlib.Z_FULL_FLUSH)
    head, rest = block[:2], block[2:]
    packed = head + rest * 256 + deflater.flush()
    stream = b"<</Type/EmbeddedFile/Filter/FlateDecode/Length %d>>stream\n%b\nendstream" % (len(packed), packed)
    parts = (
        b"<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles<</Names[(certificate.cose)4 0 R]>>>>>>",
        b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>",
        b"<</Type/Filespec/F(certificate.cose)/UF(certificate.cose)/EF<</F 5 0 R>>>>",
        stream,
    )
    body, places = b"%PDF-1.7\n", []
    for number, part in enumerate(parts, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%b\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"xref\n0 6\n0000000000 65535 f \n%btrailer\n<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
    return body + end % (table, len(body))


class TestScan:
    def test_is_read_from_the_picture_of_its_page(self) -> None:
        text = qr.to_text(SIGNED.to_bytes())
        (carried,) = reading.read(a_scan(text))
        assert carried.data == text
        assert carried.carrier == "read from a picture, page 1 of a PDF"
        assert carried.stamps is None, "A picture has no stamp to be judged."

    def test_of_several_pages_names_the_page(self) -> None:
        texts = [qr.to_text(each.to_bytes()) for each in (SIGNED, OTHER)]
        found = reading.read(a_scan(None, texts[0], None, texts[1], texts[0]))
        assert [(each.data, each.carrier) for each in found] == [
            (texts[0], "read from a picture, page 2 of a PDF"),
            (texts[1], "read from a picture, page 4 of a PDF"),
        ]

    def test_without_a_code_is_unreadable(self) -> None:
        error = unreadable(a_scan(None))
        assert error.what == ("No certificate is attached to the PDF, and no code of one was found on its one page.")
        assert "at 300 dpi" in error.mend

    def test_of_another_code_says_so(self) -> None:
        error = unreadable(a_scan("https://diamond.example/", None))
        assert error.what == (
            "No certificate is attached to the PDF, and no code of one was found on the first 2 of its 2 pages."
            " A QR code was found, but none of a certificate."
        )

    def test_with_another_file_attached_is_read_all_the_same(self) -> None:
        text = qr.to_text(SIGNED.to_bytes())
        assert only(with_attachment(a_scan(text), "note.txt", b"note")).data == text

    def test_is_not_looked_at_where_a_certificate_is_attached(self) -> None:
        carried = only(with_attachment(a_scan(qr.to_text(OTHER.to_bytes())), CERTIFICATE_FILE, SIGNED.to_bytes()))
        assert carried.data == SIGNED.to_bytes(), "What the page shows counts for nothing."

    def test_that_is_the_drawn_page_without_its_files_is_read(self) -> None:
        bare = page().replace(b"/EmbeddedFiles", b"/EmbeddedFilez")
        assert only(bare).data == qr.to_text(SIGNED.to_bytes())


class TestReader:
    def test_that_takes_too_long_is_given_up(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(reading, "LONGEST_READING", 0.001)
        error = unreadable(page())
        assert (error.where, error.what) == ("PDF", "The file takes more memory or time than it is given.")

    def test_that_says_more_than_it_may_is_not_believed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(opening, "LARGEST_ANSWER", 100)
        assert unreadable(page()).what == "The file takes more memory or time than it is given."

    @pytest.mark.parametrize(
        "answer", [b"", b"{}", b"[]", b"5", b"{", b'{"attachments": [["a", "?"]]}', b'{"attachments": 5, "stamps": []}']
    )
    def test_that_says_nonsense_is_not_believed(self, monkeypatch: pytest.MonkeyPatch, answer: bytes) -> None:
        monkeypatch.setattr(confined, "run", lambda *_, **__: answer)
        assert unreadable(page()).what == "Its reader gave no answer that can be read."

    def test_is_not_one_that_lies_beside_the_file(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "pypdfium2_raw.py").write_text("raise SystemExit(0)")
        monkeypatch.chdir(tmp_path)
        assert only(page()).data == SIGNED.to_bytes()


LIMITED = """
import resource, sys
from macle.paper import confined

confined.limit(memory={memory}, seconds={seconds}, output={output})
{rest}
"""


class TestConfined:
    """Readers of one test, that do what a hostile file makes a reader do."""

    def run(
        self,
        folder: Path,
        rest: str,
        *,
        memory: int = 1 << 30,
        seconds: int = 10,
        output: int = 1 << 20,
        most: int = 1000,
    ) -> bytes:
        text = LIMITED.format(memory=memory, seconds=seconds, output=output, rest=rest)
        (folder / "a_reader_of_one_test.py").write_text(text)
        return confined.run("a_reader_of_one_test", "a", "b", data=b"data", seconds=5, most=most)

    @pytest.fixture(autouse=True)
    def found(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)

    def test_gives_back_what_is_printed(self, tmp_path: Path) -> None:
        rest = "print(sys.stdin.read(), *sys.argv[1:])"
        assert self.run(tmp_path, rest) == b"data a b\n"

    @pytest.mark.parametrize(("size", "ends"), [(100 << 20, False), (700 << 20, True)])
    def test_ends_what_takes_too_much_memory(self, tmp_path: Path, size: int, ends: bool) -> None:
        rest = f"print(len(bytearray({size})))"
        if ends:
            with pytest.raises(ReaderEnded, match="more memory or time"):
                self.run(tmp_path, rest, memory=512 << 20)
        else:
            assert self.run(tmp_path, rest, memory=512 << 20) == f"{size}\n".encode()

    def test_ends_what_takes_too_much_of_the_processor(self, tmp_path: Path) -> None:
        with pytest.raises(ReaderEnded, match="more memory or time"):
            self.run(tmp_path, "while True: pass", seconds=1)

    @pytest.mark.parametrize(("count", "ends"), [(1000, False), (1001, True)])
    def test_takes_no_more_than_it_wants_to_hear(self, tmp_path: Path, count: int, ends: bool) -> None:
        rest = f"sys.stdout.write('x' * {count})"
        if ends:
            with pytest.raises(ReaderEnded):
                self.run(tmp_path, rest)
        else:
            assert self.run(tmp_path, rest) == b"x" * count

    def test_ends_what_writes_without_end(self, tmp_path: Path) -> None:
        with pytest.raises(ReaderEnded):
            self.run(tmp_path, "while True: sys.stdout.write('x' * 1000)", output=100_000, most=1 << 20)

    @pytest.mark.parametrize("rest", ["raise ValueError", "sys.exit(3)", "import os; os.abort()"])
    def test_tells_that_a_reader_ended_badly(
        self, tmp_path: Path, rest: str, capfd: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(ReaderEnded) as raised:
            self.run(tmp_path, rest)
        assert isinstance(raised.value, errors.Malformed)
        assert capfd.readouterr() == ("", ""), "What it says while it ends is nobody's business."

    def test_leaves_no_picture_of_its_memory(self, tmp_path: Path) -> None:
        rest = (
            "hard = resource.getrlimit(resource.RLIMIT_CORE)[1]\n"
            "resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))\n"
            "confined.limit(memory=1 << 30, seconds=10, output=1 << 20)\n"
            "print(resource.getrlimit(resource.RLIMIT_CORE)[0])"
        )
        assert self.run(tmp_path, rest) == b"0\n"

    def test_never_raises_a_limit_that_is_lower_already(self, tmp_path: Path) -> None:
        rest = (
            "resource.setrlimit(resource.RLIMIT_CPU, (7, 7))\n"
            "confined.limit(memory=1 << 30, seconds=60, output=1 << 20)\n"
            "print(resource.getrlimit(resource.RLIMIT_CPU)[0])"
        )
        assert self.run(tmp_path, rest) == b"7\n"

    def test_waits_no_longer_than_it_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "a_reader_of_one_test.py").write_text("import time; time.sleep(60)")
        with pytest.raises(ReaderEnded, match="more memory or time"):
            confined.run("a_reader_of_one_test", data=b"", seconds=0.2, most=10)


class TestContents:
    """What the reader prints, without another process."""

    def test_are_plain_data(self) -> None:
        found = opening.contents(document())
        assert isinstance(found, dict)
        assert json.loads(json.dumps(found)).keys() == found.keys()
        assert found["pages"] == 1
        assert [name for name, _ in found["attachments"]] == [CERTIFICATE_FILE, "certificate.json"]
        assert found["codes"] == [], "Nobody looks at pages where a certificate is attached."

    def test_are_a_sentence_for_what_cannot_be_read(self) -> None:
        assert opening.contents(b"hello") == "This is no PDF that can be read: it is cut off or damaged."

    @pytest.mark.parametrize(
        ("written", "instant"),
        [
            ("D:20261102093100Z", "2026-11-02T09:31:00Z"),
            ("D:20261102093100+00'00'", "2026-11-02T09:31:00Z"),
            ("D:20261102113100+02'00'", "2026-11-02T09:31:00Z"),
            ("D:20261102043100-05'00", "2026-11-02T09:31:00Z"),
            ("D:20261103001600+14'45'", "2026-11-02T09:31:00Z"),
            ("D:20261102093100", ""),
            ("D:20261302093100Z", ""),
            ("D:20260231093100Z", ""),
            ("D:00010101000000+23'00'", ""),
            ("20261102093100Z", ""),
            ("D:2026", ""),
            ("", ""),
        ],
    )
    def test_give_a_date_in_utc_or_none(self, written: str, instant: str) -> None:
        assert opening._instant(written) == instant
