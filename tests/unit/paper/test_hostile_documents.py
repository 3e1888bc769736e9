"""PDFs as a forger makes them: none is good, none shows other fields, and none takes more than it is given."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import struct
import tracemalloc
import zlib
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pytest

from macle.paper import opening, reading
from macle.paper.carriers import Carried
from macle.paper.reading import DocumentUnreadable
from macle.proof import cose, qr, stamps, verification
from macle.proof.verification import Answer, Circumstances, Report
from macle.scheme import profiles
from tests.support.documents import a_scan, with_attachment
from tests.support.signed import VALIDATED_AT, a_signer, a_small_certificate, a_trust, an_authority
from tests.vectors import handmade
from tests.vectors.handmade import Draft, Range, of_key, stamped, stream

if TYPE_CHECKING:
    from collections.abc import Callable

BW = an_authority()
SIGNED = BW.sign(a_small_certificate(BW))
OTHER = BW.sign(a_small_certificate(BW, parcels=2))
NAME, GOOD = "certificate.cose", SIGNED.to_bytes()
HERE = Circumstances(trust=a_trust(BW), profiles=profiles.load(), at=VALIDATED_AT.replace(day=20))
BLANK = b"q Q"


def unstamped(content: bytes = GOOD, **entries: Any) -> bytes:
    draft = Draft()
    draft.attach((NAME, content))
    draft.sign_here(**entries)
    return draft.to_bytes()


@lru_cache(maxsize=1)
def honest() -> bytes:
    """Return a small file, stamped as it should be."""
    return stamped(unstamped(), of_key("BW stamp"))


@lru_cache(maxsize=1)
def answer_on_honest() -> dict[str, Any]:
    """Return what the reader says of that file."""
    found = opening.contents(honest())
    assert isinstance(found, dict)
    return found


def only(pdf: bytes) -> Carried:
    (carried,) = reading.read(pdf)
    return carried


def report_on(carried: Carried) -> Report:
    return verification.report(carried.data, circumstances=HERE, carrier=carried.carrier, stamps=carried.stamps)


def failing(pdf: bytes) -> int | None:
    """Return the step that decides against the one object that a PDF carries."""
    step = report_on(only(pdf)).failing
    return None if step is None else step.definition.number


def sentence(pdf: bytes) -> str:
    """Return why a PDF is not read, which is one line that says how to mend it."""
    with pytest.raises(DocumentUnreadable) as raised:
        reading.read(pdf)
    error = raised.value
    assert error.where
    assert error.mend
    assert str(error).isprintable()
    assert len(str(error)) < 400
    return error.what


NOTHING_FOUND = "No certificate is attached to the PDF, and no code of one was found on its one page."
TOO_MUCH = "The file takes more memory or time than it is given."
NO_ANSWER = "Its reader gave no answer that can be read."


def test_an_honest_file_is_good() -> None:
    assert report_on(only(honest())).genuine is Answer.YES


# --- To be called good in a changed file ------------------------------------------------------------


class TestForgedStamp:
    def test_with_a_gap_as_large_as_the_file_costs_neither_time_nor_memory(self) -> None:
        file = b"%PDF-" + b"<" + b"00" * (8 << 20) + b">" + b"%%EOF"
        tracemalloc.start()
        try:
            found = stamps.evidence(
                file,
                byte_range=(0, 5, len(file) - 5, 5),
                contents=b"\x00" * 100,
                spki=b"",
                message_digest=b"",
                attributes=b"",
                signature=b"",
                stamped_at=None,
            )
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert found.problem == "What it leaves out is not the signature alone."
        assert peak < 100_000

    def test_that_covers_much_is_digested_without_a_copy(self) -> None:
        contents = b"\x30" * 100
        gap = b"<" + contents.hex().encode() + b">"
        file = b"%" * (8 << 20) + gap
        tracemalloc.start()
        try:
            stamps.evidence(
                file,
                byte_range=(0, 8 << 20, len(file), 0),
                contents=contents,
                spki=a_signer("BW stamp").public_key.spki,
                message_digest=bytes(32),
                attributes=b"",
                signature=bytes.fromhex("3006020101020101"),
                stamped_at=None,
            )
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < 1_000_000

    @pytest.mark.parametrize("year", ["0001", "0999", "9999"])
    def test_of_any_year_is_read(self, year: str) -> None:
        (stamp,) = only(stamped(unstamped(at=f"D:{year}0102030405Z"), of_key("BW stamp"))).stamps or ()
        assert stamp.stamped_at is not None
        assert stamp.stamped_at.year == int(year)

    def test_whose_dictionary_an_update_hides_in_an_object_stream_covers_a_part(self) -> None:
        pdf = honest()
        assert failing(hidden_stamp(pdf)) == 23
        assert failing(hidden_stamp(pdf.replace(b"(What counts", b"(What hounds"))) == 23

    def test_that_two_fields_share_counts_once_more_and_no_better(self) -> None:
        draft = Draft()
        draft.attach((NAME, GOOD))
        draft.sign_here()
        draft.fields *= 2
        pdf = stamped(draft.to_bytes(), of_key("BW stamp"))
        assert failing(pdf) is None
        assert failing(pdf + b"%") == 23

    @pytest.mark.parametrize(
        "claimed",
        [
            lambda honest: f"[0.9 {honest.before} {honest.second} {honest.behind}]",
            lambda honest: f"[0 {honest.before}.7 {honest.second}.2 {honest.behind}]",
            lambda honest: f"[0 {honest.before + 2**32} {honest.second} {honest.behind}]",
            lambda honest: f"[4294967296 {honest.before} {honest.second} {honest.behind}]",
            lambda honest: f"[0 {honest.before} {honest.second} (x)]",
            lambda _: "[0 [1] [2] [3]]",
            lambda _: "1 0 R",
        ],
        ids=["parts", "more parts", "beyond 32 bits", "a multiple of 32 bits", "a text", "lists", "a reference"],
    )
    def test_whose_range_is_written_oddly_never_covers_other_bytes_than_it_names(
        self, claimed: Callable[[Range], str]
    ) -> None:
        pdf = stamped(unstamped(), of_key("BW stamp"), state=claimed)
        changed = pdf.replace(b"(What counts", b"(What hounds")
        assert report_on(only(changed)).genuine is not Answer.YES

    def test_that_a_file_without_its_first_signer_keeps_is_no_stamp_of_the_authority(self) -> None:
        pdf = stamped(unstamped(), of_key("a forger"))
        assert report_on(only(pdf)).genuine is Answer.CANNOT_DECIDE

    def test_says_what_is_wrong_in_words_of_ours(self) -> None:
        for cms in (
            b"\x30\x03\x02\x01\x01",
            b"0" * 100,
            b"\x30\x80" * 50,
            bytes(100),
            b"\x9f" * 500,
            b"\x24\x80" * 900,
        ):
            (stamp,) = only(stamped(unstamped(), lambda _, cms=cms: cms)).stamps or ()  # type: ignore[misc]
            assert stamp.problem == "It cannot be read: something in it is missing or damaged."


def hidden_stamp(pdf: bytes) -> bytes:
    """Return the file with an update in which the field names a copy of the stamp that lies in an object stream."""
    numbered = re.search(rb"(\d+) 0 obj\n(<< /FT /Sig [^\n]*)/V (\d+) 0 R", pdf)
    assert numbered is not None
    field, rest, stamp = int(numbered[1]), numbered[2], int(numbered[3])
    at = pdf.index(b"\n%d 0 obj\n" % stamp) + len(b"\n%d 0 obj\n" % stamp)
    content = b"60 0 " + pdf[at : pdf.index(b"\nendobj", at)]
    parts, places = [pdf], [len(pdf)]
    for number, body in ((field, rest + b"/V 60 0 R >>"), (61, stream(content, "/Type /ObjStm /N 1 /First 5"))):
        parts.append(b"%d 0 obj\n%s\nendobj\n" % (number, body))
        places.append(places[-1] + len(parts[-1]))
    entries = [(1, places[0], 0), (2, 61, 0), (1, places[1], 0), (1, places[2], 0)]
    table = stream(
        b"".join(struct.pack(">BIH", *entry) for entry in entries),
        f"/Type /XRef /Size 63 /W [1 4 2] /Index [{field} 1 60 3] /Root 1 0 R "
        f"/Prev {int(pdf.split(b'startxref')[1].split()[0])}",
    )
    return b"".join([*parts, b"62 0 obj\n", table, b"\nendobj\nstartxref\n%d\n%%%%EOF\n" % places[2]])


class TestLyingReader:
    """The process that opens the file has met hostile bytes: it may have been taken over."""

    def carried(self, pdf: bytes, **changes: Any) -> Carried:
        answer = answer_on_honest()
        (stamp,) = answer["stamps"]
        (carried,) = reading.carried(pdf, json.dumps({**answer, "stamps": [{**stamp, **changes}]}).encode())
        return carried

    def test_that_tells_the_truth_is_believed(self) -> None:
        assert report_on(self.carried(honest())).genuine is Answer.YES

    def test_cannot_make_a_changed_file_good_by_another_digest(self) -> None:
        changed = honest().replace(b"(What counts", b"(What hounds")
        before, second = (answer_on_honest()["stamps"][0]["byte_range"][place] for place in (1, 2))
        digest = hashlib.sha256(changed[:before] + changed[second:]).hexdigest()
        carried = self.carried(changed, message_digest=digest)
        assert carried.stamps is not None
        assert not carried.stamps[0].is_of_these_bytes

    @pytest.mark.parametrize(
        "byte_range",
        [
            [],
            [0],
            [0, 1, 2, 3, 4],
            [0, 1, 2, "3"],
            [0, None, 2, 3],
            [[], [], [], []],
            "0123",
            0,
            {},
            [0, 9.5, 1e9, 0.5],
        ],
        ids=str,
    )
    def test_that_names_no_range_is_not_believed(self, byte_range: object) -> None:
        try:
            carried = self.carried(honest(), byte_range=byte_range)
        except DocumentUnreadable:
            return
        assert report_on(carried).genuine is Answer.NO

    @pytest.mark.parametrize(
        "changes",
        [
            {"contents": 5},
            {"spki": "not hexadecimal"},
            {"attributes": None},
            {"signature": []},
            {"stamped_at": "yesterday"},
            {"stamped_at": 20261102},
        ],
        ids=str,
    )
    def test_that_states_something_else_of_a_stamp_is_not_believed(self, changes: dict[str, Any]) -> None:
        with pytest.raises(DocumentUnreadable, match="no answer that can be read"):
            self.carried(honest(), **changes)

    @pytest.mark.parametrize(
        "answer",
        [
            b"",
            b"\xff",
            b"null",
            b"[]",
            b"{}",
            b"1" * 10_000,
            b"[" * 200_000,
            b'{"a":' * 200_000,
            b'{"attachments": [["certificate.cose"]]}',
            b'{"attachments": [], "stamps": []}',
            b'{"attachments": [["certificate.cose", "AA=="]], "stamps": [{}], "codes": [], "pages": 1}',
            b'{"attachments": [["certificate.cose", "AA=="]], "stamps": [5], "codes": [], "pages": 1}',
            b'{"attachments": [["certificate.cose", "A"]], "stamps": [], "codes": [], "pages": 1}',
            b'{"attachments": [[["certificate.cose"], "AA=="]], "stamps": [], "codes": [5], "pages": 1}',
            b'{"attachments": [], "stamps": [], "codes": [["first", "KP1:"]], "pages": 1}',
            b'{"attachments": [], "stamps": [], "codes": [[1e999, "KP1:"]], "pages": 1}',
            b'{"attachments": [], "stamps": [], "codes": [], "pages": NaN}',
            b'{"attachments": [], "stamps": [], "codes": [], "pages": Infinity}',
            b'"\\u001b]0;a title\\u0007"',
            b'"one line\\nand another"',
            b'"' + b"long " * 100 + b'"',
        ],
        ids=lambda answer: answer[:60],
    )
    def test_that_answers_with_something_else_is_not_believed(self, answer: bytes) -> None:
        with pytest.raises(DocumentUnreadable, match="no answer that can be read"):
            reading.carried(honest(), answer)

    @pytest.mark.parametrize(
        ("part", "most"),
        [
            ("attachments", opening.MOST_ATTACHMENTS),
            ("stamps", opening.MOST_STAMPS),
            ("codes", opening.MOST_CODES),
        ],
    )
    def test_that_states_more_than_it_looks_at_is_not_believed(self, part: str, most: int) -> None:
        one = {"attachments": ["note.txt", ""], "stamps": answer_on_honest()["stamps"][0], "codes": [1, "KP1:"]}[part]
        for count in (most, most + 1):
            answer = json.dumps({**answer_on_honest(), part: [one] * count}).encode()
            try:
                reading.carried(honest(), answer)
            except DocumentUnreadable as error:
                is_believed = error.what != NO_ANSWER
            else:
                is_believed = True
            assert is_believed is (count == most)

    @pytest.mark.parametrize("problem", ["one line\nand another", "\x1b[2J", "long " * 100, 5, ["x"], {"a": 1}])
    def test_that_says_no_sentence_of_a_stamp_is_not_believed(self, problem: object) -> None:
        with pytest.raises(DocumentUnreadable, match="no answer that can be read"):
            self.carried(honest(), problem=problem)

    def test_that_answers_with_a_sentence_is_quoted(self) -> None:
        with pytest.raises(DocumentUnreadable, match=r"^PDF: The PDF is encrypted\. "):
            reading.carried(honest(), b'"The PDF is encrypted."')


# --- To show other fields than those that are attached ----------------------------------------------


def named(name: str, *, content: bytes = GOOD) -> bytes:
    """Return a file with one attachment, whose name is written as it is given here."""
    draft = Draft(content=BLANK)
    embedded = draft.add(stream(content, "/Type /EmbeddedFile"))
    file = draft.add(f"<< /Type /Filespec /F {name} /UF {name} /EF << /F {embedded} 0 R >> >>")
    draft.catalog = f" /Names << /EmbeddedFiles << /Names [{name} {file} 0 R] >> >>"
    return draft.to_bytes()


class TestNames:
    @pytest.mark.parametrize(
        "name",
        [
            "(certificate.cose)",
            f"<{NAME.encode().hex()}>",
            "<FEFF" + NAME.encode("utf-16-be").hex() + ">",
            "(\\143ertificate.cose)",
        ],
        ids=["plain", "hexadecimal", "UTF-16", "escaped"],
    )
    def test_are_read_in_every_way_in_which_they_are_written(self, name: str) -> None:
        assert only(named(name)).data == GOOD

    @pytest.mark.parametrize(
        "name",
        [
            "(CERTIFICATE.COSE)",
            "(Certificate.cose)",
            "(certificate.cose )",
            "( certificate.cose)",
            "(certificate.cose\\000)",
            "(certificate.cose\\000.txt)",
            "(./certificate.cose)",
            "(../certificate.cose)",
            "(/certificate.cose)",
            "(certificate.cose\\n)",
            "<FEFF" + "\u0441\u0435rtificate.cose".encode("utf-16-be").hex() + ">",
            "<FEFF" + "certificate\u2024cose".encode("utf-16-be").hex() + ">",
            "<FEFF" + "\u202eesoc.etacifitrec".encode("utf-16-be").hex() + ">",
            "<FEFF" + "\uff43ertificate.cose".encode("utf-16-be").hex() + ">",
            "<FEFFD800>",
            "(" + "certificate.cose" * 100 + ")",
        ],
    )
    def test_that_only_look_alike_are_of_other_files(self, name: str) -> None:
        assert sentence(named(name)) == NOTHING_FOUND

    def test_of_the_tree_do_not_matter_but_those_of_the_files(self) -> None:
        draft = Draft(content=BLANK)
        mine, another = draft.file(NAME, GOOD), draft.file("note.txt", OTHER.to_bytes())
        tree = f"(a note) {mine} 0 R ({NAME}) {another} 0 R"
        draft.catalog = f" /Names << /EmbeddedFiles << /Names [{tree}] >> >>"
        assert only(draft.to_bytes()).data == GOOD

    def test_that_are_the_same_twice_are_refused(self) -> None:
        draft = Draft(content=BLANK)
        files = [draft.file(NAME, each.to_bytes()) for each in (SIGNED, OTHER)]
        draft.catalog = f" /Names << /EmbeddedFiles << /Names [(a) {files[0]} 0 R (b) {files[1]} 0 R] >> >>"
        assert sentence(draft.to_bytes()) == "The PDF has more than one certificate attached."


class TestAttachment:
    def test_to_a_mark_on_the_page_is_none_of_the_file(self) -> None:
        draft = Draft(content=BLANK)
        file = draft.file(NAME, GOOD)
        draft.page = f"/Annots [<< /Type /Annot /Subtype /FileAttachment /Rect [9 9 20 20] /FS {file} 0 R >>]"
        assert sentence(draft.to_bytes()) == NOTHING_FOUND

    def test_that_is_only_associated_is_none_of_the_file(self) -> None:
        draft = Draft(content=BLANK)
        draft.catalog = f" /AF [{draft.file(NAME, GOOD)} 0 R]"
        assert sentence(draft.to_bytes()) == NOTHING_FOUND

    def test_to_a_mark_does_not_stand_against_that_of_the_file(self) -> None:
        draft = Draft()
        draft.attach((NAME, GOOD))
        file = draft.file(NAME, OTHER.to_bytes())
        draft.page = f"/Annots [<< /Type /Annot /Subtype /FileAttachment /Rect [9 9 20 20] /FS {file} 0 R >>]"
        assert only(draft.to_bytes()).data == GOOD

    def test_of_a_kind_that_is_none_of_ours_does_not_hide_the_code_on_the_page(self) -> None:
        text = qr.to_text(GOOD)
        assert only(with_attachment(a_scan(text), "other.cose", b"another")).data == text

    @pytest.mark.parametrize(
        "entries",
        [
            "/Filter /FlateDecode",
            "/Filter /NoSuchFilter",
            "/Filter [/ASCIIHexDecode /FlateDecode]",
            "/Filter /FlateDecode /DecodeParms << /Predictor 12 /Columns 2147483647 /Colors 32 >>",
            "/Filter /DCTDecode",
            "/Filter /JBIG2Decode",
            "/F (elsewhere.bin)",
        ],
    )
    def test_that_is_packed_in_another_way_than_it_says_is_no_certificate(self, entries: str) -> None:
        draft = Draft(content=BLANK)
        draft.attach((NAME, GOOD))
        (number,) = (number for number, body in draft.objects.items() if b"/EmbeddedFile " in body)
        draft.objects[number] = stream(b"\x00" + GOOD, f"/Type /EmbeddedFile {entries}")
        try:
            carried = only(draft.to_bytes())
        except DocumentUnreadable:
            return
        assert report_on(carried).genuine is not Answer.YES

    @pytest.mark.parametrize("length", ["99999999999", "-1", "0", "4 0 R", "null", "(x)"])
    def test_whose_length_is_a_lie_is_the_certificate_or_nothing(self, length: str) -> None:
        body = f"<< /Length {length} >>\nstream\n".encode() + GOOD + b"\nendstream"
        draft = Draft(content=BLANK)
        draft.attach((NAME, b""))
        (number,) = (number for number, each in draft.objects.items() if b"/EmbeddedFile " in each)
        draft.objects[number] = body
        try:
            data = only(draft.to_bytes()).data
        except DocumentUnreadable:
            return
        assert isinstance(data, bytes)
        assert data == GOOD or report_on(Carried(data, "", ())).genuine is not Answer.YES

    def test_under_which_the_page_hides_something_is_what_counts(self) -> None:
        layer = "/Resources << /Properties << /L << /Type /OCG /Name (x) >> >> >>"
        draft = Draft(content=b"/OC /L BDC 0 0 100 100 re f EMC", page=layer)
        draft.attach((NAME, GOOD))
        assert only(draft.to_bytes()).data == GOOD


# --- To take memory, time or disk -------------------------------------------------------------------

_LARGE = "1" + "0" * 38


class TestPages:
    @pytest.mark.parametrize(
        "box",
        [
            "0 0 100000000 1",
            "0 0 1 100000000",
            "0 0 3000000000 1",
            "0 0 1000000 1000000",
            f"0 0 {_LARGE} {_LARGE}",
            f"-3{_LARGE[1:]} -3{_LARGE[1:]} 3{_LARGE[1:]} 3{_LARGE[1:]}",
            f"0 0 {_LARGE}{_LARGE} 1",
            "0 0 0 0",
            "0 0 0.00000001 0.00000001",
            "9 9 1 1",
            "(a) (b) (c) (d)",
        ],
    )
    def test_of_any_size_are_drawn_as_fine_as_they_may_be(self, box: str) -> None:
        for turned in ("", "/Rotate 90", "/UserUnit 75000"):
            found = opening.contents(handmade.a_file(box=box, content=BLANK, page=turned))
            assert isinstance(found, dict)
            assert found["codes"] == []

    def test_have_no_side_in_which_codes_cannot_be_looked_for(self) -> None:
        with opening.opened(handmade.a_file(box="0 0 100000000 1", content=BLANK)) as document:
            page = opening.page_of(document, 0)
        assert max(page.size) <= opening.LONGEST_SIDE
        assert page.width * page.height <= opening.MOST_PIXELS

    @pytest.mark.parametrize("count", ["2000000000", "-5", "0", "(x)", "99999999999999999999"])
    def test_that_are_fewer_than_they_say_are_looked_at(self, count: str) -> None:
        pdf = handmade.a_file(box="0 0 9 9", content=BLANK).replace(b"/Count 1", f"/Count {count}".encode())
        assert sentence(pdf).startswith(("No certificate is attached", "This is no PDF"))

    def test_in_a_deep_tree_end_nobody(self) -> None:
        draft = Draft(content=BLANK)
        kid = handmade.PAGE
        for _ in range(3000):
            kid = draft.add(f"<< /Type /Pages /Count 1 /Kids [{kid} 0 R] >>")
        draft.catalog = f" /Pages {kid} 0 R"
        assert sentence(draft.to_bytes()).startswith("No certificate")

    def test_that_contain_each_other_end_nobody(self) -> None:
        draft = Draft(content=BLANK)
        first = draft.add(b"")
        second = draft.add(f"<< /Type /Pages /Count 9 /Kids [{first} 0 R {first} 0 R] /Parent {first} 0 R >>")
        draft.objects[first] = f"<< /Type /Pages /Count 9 /Kids [{second} 0 R {second} 0 R] >>".encode()
        draft.catalog = f" /Pages {first} 0 R"
        assert sentence(draft.to_bytes()).startswith("No certificate")

    @pytest.mark.parametrize(
        "entries",
        [
            "/Width 100000 /Height 100000 /BitsPerComponent 1 /ColorSpace /DeviceGray /Filter /FlateDecode",
            "/Width 2147483647 /Height 2147483647 /BitsPerComponent 16 /ColorSpace /DeviceCMYK",
            "/Width -1 /Height 5 /BitsPerComponent 8 /ColorSpace /DeviceRGB",
            "/Width 60000 /Height 60000 /Filter /JPXDecode",
            "/Width 9000 /Height 9000 /BitsPerComponent 1 /ColorSpace /DeviceGray /Filter /JBIG2Decode",
            "/Width 9000 /Height 9000 /ImageMask true /Filter /CCITTFaxDecode /DecodeParms << /K -1 /Columns 9000 >>",
            "/Width 9000 /Height 9000 /BitsPerComponent 8 /ColorSpace /DeviceRGB /Filter /DCTDecode",
        ],
        ids=["flate", "raw", "negative", "JPX", "JBIG2", "CCITT", "DCT"],
    )
    def test_with_pictures_that_claim_to_be_huge_are_looked_at(self, entries: str) -> None:
        draft = Draft(content=b"500 0 0 800 0 0 cm /X Do", box="0 0 500 800")
        picture = draft.add(stream(zlib.compress(bytes(9000)), f"/Type /XObject /Subtype /Image {entries}"))
        draft.page = f"/Resources << /XObject << /X {picture} 0 R >> >>"
        assert sentence(draft.to_bytes()) == NOTHING_FOUND

    def test_whose_letters_draw_themselves_end_nobody(self) -> None:
        draft = Draft(content=b"BT /F 100 Tf (aaaa) Tj ET")
        font, drawn = draft.add(b""), draft.add(stream(b"/F 1 Tf (a) Tj"))
        draft.objects[font] = (
            "<< /Type /Font /Subtype /Type3 /FontBBox [0 0 1 1] /FontMatrix [1 0 0 1 0 0] /FirstChar 97 /LastChar 97 "
            f"/Widths [1] /Encoding << /Differences [97 /a] >> /CharProcs << /a {drawn} 0 R >> "
            f"/Resources << /Font << /F {font} 0 R >> >> >>"
        ).encode()
        draft.page = f"/Resources << /Font << /F {font} 0 R >> >>"
        assert sentence(draft.to_bytes()) == NOTHING_FOUND

    def test_that_never_end_are_given_up(self, monkeypatch: pytest.MonkeyPatch) -> None:
        tile = "/Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 1 1] /XStep 0.001 /YStep 0.001"
        draft = Draft(content=b"/Pattern cs /P scn 0 0 600 850 re f")
        drawn = draft.add(stream(b"0 0 1 1 re f", f"{tile} /Resources << >>"))
        draft.page = f"/Resources << /Pattern << /P {drawn} 0 R >> >>"
        monkeypatch.setattr(reading, "LONGEST_READING", 1)
        assert sentence(draft.to_bytes()) == TOO_MUCH

    def test_with_more_codes_than_are_looked_at_are_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(opening, "MOST_CODES", 1)
        found = opening.contents(a_scan("one", "another"))
        assert found == "More than 1 codes stand on the pages of the PDF, and no more are looked at."

    def test_with_scripts_and_forms_run_none_of_them(self) -> None:
        draft = Draft()
        draft.catalog = " /OpenAction << /S /JavaScript /JS (while(true){}) >> /AcroForm << /XFA (<x/>) /Fields [] >>"
        draft.attach((NAME, GOOD))
        assert only(draft.to_bytes()).data == GOOD


class TestTreesAndTables:
    def tree(self, make: Callable[[Draft, int], int]) -> bytes:
        draft = Draft(content=BLANK)
        leaf = draft.add(f"<< /Names [({NAME}) {draft.file(NAME, GOOD)} 0 R] >>")
        draft.catalog = f" /Names << /EmbeddedFiles {make(draft, leaf)} 0 R >>"
        return draft.to_bytes()

    def test_of_names_that_contain_themselves_end_nobody(self) -> None:
        def make(draft: Draft, leaf: int) -> int:
            number = draft.add(b"")
            draft.objects[number] = f"<< /Kids [{f'{number} 0 R ' * 1000} {leaf} 0 R] >>".encode()
            return number

        try:
            assert only(self.tree(make)).data == GOOD
        except DocumentUnreadable:
            return

    @pytest.mark.parametrize(("depth", "width"), [(2000, 1), (40, 4), (30, 1000)])
    def test_of_names_that_are_deep_or_fork_without_end_end_nobody(self, depth: int, width: int) -> None:
        def make(draft: Draft, number: int) -> int:
            for _ in range(depth):
                number = draft.add(f"<< /Kids [{f'{number} 0 R ' * width}] >>")
            return number

        try:
            assert only(self.tree(make)).data == GOOD
        except DocumentUnreadable:
            return

    def test_of_twenty_thousand_names_are_counted_and_refused(self) -> None:
        draft = Draft(content=BLANK)
        file = draft.file("note.txt", b"")
        names = " ".join(f"({number:05}) {file} 0 R" for number in range(20_000))
        draft.catalog = f" /Names << /EmbeddedFiles << /Names [{names}] >> >>"
        assert sentence(draft.to_bytes()) == "The PDF has 20000 files attached, and at most 16 are looked at."

    def test_of_places_that_lead_back_to_themselves_end_nobody(self) -> None:
        pdf = handmade.a_file((NAME, GOOD))
        place = int(pdf.split(b"startxref")[1].split()[0])
        for more in (b"/Prev %d " % place, b"/XRefStm %d " % place, b"/Prev -1 ", b"/Prev 99999999999 "):
            looping = pdf.replace(b"trailer\n<< ", b"trailer\n<< " + more)
            assert only(looping).data == GOOD

    @pytest.mark.parametrize(
        "entries",
        [
            "/Size 2147483647 /W [2147483647 2147483647 2147483647]",
            "/Size 2147483647 /Index [0 2147483647] /W [1 4 2]",
            "/Size -1 /W [-1 -1 -1]",
            "/Size 9 /W []",
        ],
    )
    def test_of_places_that_claim_to_be_huge_are_not_read(self, entries: str) -> None:
        packed = zlib.compress(bytes(7000))
        head = b"%PDF-1.7\n"
        table = stream(packed, f"/Type /XRef {entries} /Root 1 0 R /Filter /FlateDecode")
        pdf = head + b"1 0 obj\n" + table + b"\nendobj\nstartxref\n%d\n%%%%EOF\n" % len(head)
        assert sentence(pdf) == "This is no PDF that can be read: it is cut off or damaged."

    def test_of_objects_that_unpack_without_end_end_nobody_but_the_reader(self) -> None:
        packer = zlib.compressobj(9)
        bomb = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
        head, objects = (
            b"%PDF-1.7\n",
            stream(bomb[:2] + bomb[2:] * 2000, "/Type /ObjStm /N 3 /First 10 /Filter /FlateDecode"),
        )
        body = head + b"5 0 obj\n" + objects + b"\nendobj\n"
        places = [(0, 0, 65535), (2, 5, 0), (2, 5, 1), (2, 5, 2), (1, len(body), 0), (1, len(head), 0)]
        table = stream(
            b"".join(struct.pack(">BIH", *place) for place in places), "/Type /XRef /Size 6 /W [1 4 2] /Root 1 0 R"
        )
        pdf = body + b"4 0 obj\n" + table + b"\nendobj\nstartxref\n%d\n%%%%EOF\n" % len(body)
        assert sentence(pdf) in {TOO_MUCH, "This is no PDF that can be read: it is cut off or damaged."}

    @pytest.mark.parametrize("opened", [b"[", b"<<", b"<</A ", b"("])
    def test_that_are_nested_without_end_end_nobody(self, opened: bytes) -> None:
        pdf = handmade.a_file((NAME, GOOD), catalog=" /X " + opened.decode() * 100_000)
        sentence(pdf)

    @pytest.mark.parametrize("piece", [b"1 0 obj<<>>endobj\n", b"trailer<</Root 1 0 R>>\n", b"startxref\n0\n", b"\x00"])
    def test_of_a_large_file_that_says_nothing_are_not_read(self, piece: bytes) -> None:
        pdf = b"%PDF-1.7\n" + piece * ((2 << 20) // len(piece))
        assert sentence(pdf) == "This is no PDF that can be read: it is cut off or damaged."


class TestAnswer:
    def test_with_everything_that_may_be_attached_fits_into_what_the_parent_hears(self) -> None:
        draft = Draft()
        content = GOOD + bytes(opening.LARGEST_ATTACHMENT - len(GOOD))
        draft.attach(*[(f"{number:02}", content) for number in range(opening.MOST_ATTACHMENTS - 1)], (NAME, GOOD))
        for _ in range(opening.MOST_STAMPS):
            draft.sign_here(room=2 * opening.LARGEST_STAMP)
        pdf = stamped(draft.to_bytes(), of_key("BW stamp"))
        carried = only(pdf)
        assert carried.data == GOOD
        assert len(carried.stamps or ()) == opening.MOST_STAMPS
        assert report_on(carried).genuine is Answer.YES

    def test_is_a_sentence_without_what_the_file_says(self) -> None:
        evil = "<FEFF" + "\x1b[2J\u202e evil \n".encode("utf-16-be").hex() + ">"
        for pdf in (named(evil), named(evil, content=bytes(300_000)), named(evil).replace(b"/F ", b"/G ")):
            assert "evil" not in sentence(pdf)

    def test_takes_a_certificate_that_is_none_as_bytes(self) -> None:
        carried = only(named(f"({NAME})", content=b""))
        assert (carried.data, carried.stamps) == (b"", ())
        assert base64.b64encode(cose.read(GOOD).to_bytes()) == base64.b64encode(GOOD)
