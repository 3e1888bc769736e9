"""The QR text and its picture: made, read, degraded and hostile."""

from __future__ import annotations

import hashlib
import io
import resource
import struct
import tracemalloc
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFilter

from macle.proof import codec, qr
from macle.proof.qr import PictureUnreadable, TextMalformed
from tests.support.signed import a_full_certificate, a_small_certificate, an_authority

SMALL = an_authority().sign(a_small_certificate()).to_bytes()
FULL = an_authority().sign(a_full_certificate()).to_bytes()
TEXT = qr.to_text(FULL)


def refusal_of(text: str) -> TextMalformed:
    with pytest.raises(TextMalformed) as raised:
        qr.from_text(text)
    return raised.value


def as_text(stream: bytes) -> str:
    return qr.PREFIX + qr.to_base45(stream)


def any_bytes(size: int) -> bytes:
    """Return bytes that look random and are the same in every run."""
    blocks = (hashlib.sha256(index.to_bytes(4)).digest() for index in range(size // 32 + 1))
    return b"".join(blocks)[:size]


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png)).convert("L")


def saved(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    target = io.BytesIO()
    picture.save(target, kind, **options)
    return target.getvalue()


def stained(clean: Image.Image, *, dots: int, opacity: float, blur: float) -> Image.Image:
    """Return the picture with a stain on the code's first finder pattern, out of focus by that part of a module."""
    first, last = qr.QUIET_ZONE * dots, (qr.QUIET_ZONE + 8) * dots
    stain = Image.new("L", clean.size, 0)
    ImageDraw.Draw(stain).ellipse((first, first, last, last), fill=round(255 * opacity))
    picture = clean.copy()
    picture.paste(60, mask=stain)
    return picture.filter(ImageFilter.GaussianBlur(blur * dots))


class TestBase45:
    @pytest.mark.parametrize(
        ("data", "text"),
        [
            (b"AB", "BB8"),
            (b"Hello!!", "%69 VD92EX0"),
            (b"base-45", "UJCLQE7W581"),
            (b"ietf!", "QED8WEX0"),
            (b"", ""),
            (b"\xff\xff", "FGW"),
        ],
    )
    def test_gives_the_examples_of_rfc_9285(self, data: bytes, text: str) -> None:
        assert qr.to_base45(data) == text
        assert qr.from_base45(text) == data

    @given(st.binary(max_size=300))
    def test_comes_back_as_it_was(self, data: bytes) -> None:
        assert qr.from_base45(qr.to_base45(data)) == data

    @given(st.text(qr._ALPHABET, max_size=60))
    def test_reads_each_text_as_bytes_that_are_written_so_or_not_at_all(self, text: str) -> None:
        try:
            data = qr.from_base45(text)
        except TextMalformed:
            return
        assert qr.to_base45(data) == text

    @pytest.mark.parametrize(
        "text", ["GGW", ":::", "FGX", "V5", "::", "A", "BB8A", "bb8", "BB8\n", "BB8=", "\uff22\uff22\uff18", "BB8\x00"]
    )
    def test_refuses_what_no_bytes_are_written_as(self, text: str) -> None:
        with pytest.raises(TextMalformed):
            qr.from_base45(text)


class TestText:
    @given(st.binary(max_size=2000))
    def test_comes_back_as_it_was(self, data: bytes) -> None:
        assert qr.from_text(qr.to_text(data)) == data

    def test_is_in_the_alphabet_that_a_qr_code_packs_best(self) -> None:
        assert set(TEXT) <= set(qr._ALPHABET)

    @pytest.mark.parametrize("text", ["", "KP2:", "kp1:" + TEXT[4:], TEXT[4:], " " + TEXT, "HC1:" + TEXT[4:]])
    def test_begins_with_its_prefix(self, text: str) -> None:
        assert "does not begin" in refusal_of(text).what

    @pytest.mark.parametrize("cut", [1, 2, 3, 4, 10, 100, 700])
    def test_that_is_cut_off_is_refused(self, cut: int) -> None:
        assert refusal_of(TEXT[:-cut]).where == "text"

    @pytest.mark.parametrize("behind", [b"\x00", b"more", zlib.compress(b"another")])
    def test_with_something_behind_its_end_is_refused(self, behind: bytes) -> None:
        assert "behind the end" in refusal_of(as_text(zlib.compress(FULL) + behind)).what

    @pytest.mark.parametrize(
        "stream",
        [
            b"",
            b"\x78\x9c",
            b"not zlib at all",
            zlib.compress(FULL)[:-1],
            zlib.compress(FULL)[:-4] + bytes(4),
            zlib.compress(FULL)[2:-4],
            b"\x78\xbb" + bytes(8),
            b"\x1f\x8b\x08" + bytes(12),
        ],
    )
    def test_that_is_no_whole_zlib_stream_is_refused(self, stream: bytes) -> None:
        assert refusal_of(as_text(stream)).where == "text"

    def test_longer_than_any_qr_code_is_refused_before_it_is_read(self) -> None:
        assert "no QR code holds more" in refusal_of(qr.PREFIX + "0" * 10**6).what
        longest = qr.PREFIX + "0" * (qr.LONGEST_TEXT - len(qr.PREFIX))
        assert "no QR code holds more" not in refusal_of(longest).what

    def test_that_inflates_beyond_64_kib_is_refused(self) -> None:
        fits = zlib.compress(bytes(codec.LARGEST - 1), 9)
        assert qr.from_text(as_text(fits)) == bytes(codec.LARGEST - 1)
        beyond = zlib.compress(bytes(codec.LARGEST + 1), 9)
        assert "64 KiB" in refusal_of(as_text(beyond)).what

    def test_that_is_a_bomb_stays_small_in_memory(self) -> None:
        bomb = as_text(zlib.compress(bytes(2_500_000), 9))
        assert len(bomb) <= qr.LONGEST_TEXT
        tracemalloc.start()
        refusal_of(bomb)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert most < 500_000

    def test_of_ten_megabytes_is_refused_without_being_inflated(self) -> None:
        bomb = as_text(zlib.compress(bytes(10 * 1024 * 1024), 9))
        tracemalloc.start()
        refusal_of(bomb)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert most < 500_000

    @given(st.text(max_size=100))
    def test_of_any_kind_is_refused_with_one_error(self, text: str) -> None:
        for attempt in (text, qr.PREFIX + text):
            with pytest.raises(TextMalformed):
                qr.from_text(attempt)


class TestPicture:
    @pytest.mark.parametrize("size", [10, 100, 300, 700, 1200, 2000, 2200])
    def test_is_read_as_the_text_that_it_was_made_of(self, size: int) -> None:
        text = as_text(any_bytes(size))
        code = qr.code_of(text)
        assert qr.texts_in_picture(code.to_png()) == [text]
        assert code.modules == 17 + 4 * code.version

    def test_is_as_wide_as_its_modules_and_never_scaled_to_a_width(self) -> None:
        small, full = qr.code_of(qr.to_text(SMALL)), qr.code_of(TEXT)
        assert small.version <= 20
        assert small.millimetres == small.modules / 2 < full.millimetres == full.modules / 2

    def test_has_modules_of_half_a_millimetre_by_its_own_resolution(self) -> None:
        for pixels, dpi in ((6, 300), (12, 600), (24, 1200)):
            code = qr.code_of(TEXT)
            picture = Image.open(io.BytesIO(code.to_png(pixels=pixels, dpi=dpi)))
            across, down = picture.info["dpi"]
            assert across == down == pytest.approx(dpi, abs=0.1)
            modules = picture.width / pixels
            assert modules == code.modules + 2 * qr.QUIET_ZONE
            assert picture.width / across * 25.4 / modules >= qr.MODULE_MM

    @pytest.mark.parametrize(("pixels", "dpi"), [(5, 300), (1, 72), (6, 600)])
    def test_is_not_made_with_finer_modules(self, pixels: int, dpi: int) -> None:
        with pytest.raises(ValueError, match=r"below 0\.5 mm"):
            qr.code_of(TEXT).to_png(pixels=pixels, dpi=dpi)

    def test_has_a_white_frame_of_four_modules(self) -> None:
        picture = opened(qr.code_of(TEXT).to_png())
        frame = qr.QUIET_ZONE * qr.PIXELS
        for box in ((0, 0, picture.width, frame), (0, 0, frame, picture.height)):
            assert picture.crop(box).getextrema() == (255, 255)
        assert picture.getpixel((frame, frame)) == 0

    def test_shows_the_modules_of_the_rows(self) -> None:
        code = qr.code_of(TEXT)
        picture, frame = opened(code.to_png()), qr.QUIET_ZONE * qr.PIXELS
        rows = code.rows()
        assert len(rows) == code.modules
        for y, row in enumerate(rows):
            drawn = [picture.getpixel((frame + x * qr.PIXELS, frame + y * qr.PIXELS)) == 0 for x in range(code.modules)]
            assert list(map(bool, row)) == drawn

    def test_is_not_made_of_a_text_that_is_too_long(self) -> None:
        with pytest.raises(TextMalformed):
            qr.code_of(qr.PREFIX + "A" * 3400)

    @pytest.mark.parametrize("angle", [2, -7, 45, 90, 180, 270])
    def test_is_read_however_it_lies(self, angle: int) -> None:
        turned = opened(qr.code_of(TEXT).to_png()).rotate(
            angle, resample=Image.Resampling.BICUBIC, expand=True, fillcolor=255
        )
        assert qr.texts_in_picture(saved(turned)) == [TEXT]

    @pytest.mark.parametrize("quality", [80, 30, 10])
    def test_is_read_from_a_jpeg(self, quality: int) -> None:
        jpeg = saved(opened(qr.code_of(TEXT).to_png()), "JPEG", quality=quality)
        assert qr.texts_in_picture(jpeg) == [TEXT]

    def test_is_read_through_noise_blur_and_grey_paper(self) -> None:
        clean = opened(qr.code_of(TEXT).to_png())
        noise = Image.frombytes("L", clean.size, any_bytes(clean.width * clean.height))
        for picture in (
            Image.blend(clean, noise, 0.4),
            clean.filter(ImageFilter.GaussianBlur(2)),
            clean.point([110 + level // 4 for level in range(256)]),
            clean.resize((clean.width // 2, clean.height // 2)),
        ):
            assert qr.texts_in_picture(saved(picture)) == [TEXT]

    def test_is_read_with_a_stain_that_the_error_correction_covers(self) -> None:
        stained = opened(qr.code_of(TEXT).to_png())
        middle = stained.width // 2
        stained.paste(0, (middle, middle, middle + 80, middle + 80))
        assert qr.texts_in_picture(saved(stained)) == [TEXT]

    @pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "CMYK"])
    def test_is_read_in_every_kind_of_colour(self, mode: str) -> None:
        picture = opened(qr.code_of(TEXT).to_png()).convert(mode)
        assert qr.texts_in_picture(saved(picture, "TIFF" if mode == "CMYK" else "PNG")) == [TEXT]

    def test_with_several_codes_gives_each_certificate_once(self, tmp_path: Path) -> None:
        one, other = qr.code_of(TEXT).to_png(), qr.code_of(qr.to_text(SMALL)).to_png()
        foreign = qr.code_of("BW00004821").to_png()
        pages = [opened(each) for each in (one, other, foreign, one)]
        sheet = Image.new("L", (max(page.width for page in pages), sum(page.height for page in pages)), 255)
        top = 0
        for page in pages:
            sheet.paste(page, (0, top))
            top += page.height
        assert sorted(qr.texts_in_picture(saved(sheet))) == sorted([TEXT, qr.to_text(SMALL)])
        path = tmp_path / "scan.tiff"
        pages[0].save(path, save_all=True, append_images=pages[1:])
        assert qr.texts_in_picture(path) == [TEXT, qr.to_text(SMALL)]


class TestSecondLook:
    TEXT = as_text(any_bytes(400))

    @pytest.mark.parametrize(
        ("dots", "dpi", "opacity", "blur"),
        [(3, 150, 0.70, 0.30), (3, 150, 0.75, 0.35), (6, 300, 0.70, 0.25), (6, 300, 0.75, 0.30)],
    )
    def test_finds_a_code_with_a_stain_on_a_finder_pattern(
        self, dots: int, dpi: int, opacity: float, blur: float
    ) -> None:
        clean = opened(qr.code_of(self.TEXT).to_png(pixels=dots, dpi=dpi))
        assert qr.texts_in(stained(clean, dots=dots, opacity=opacity, blur=blur)) == [self.TEXT]

    def test_finds_a_certificate_beside_another_code_that_was_found_at_first(self) -> None:
        page, label = (opened(qr.code_of(text).to_png()) for text in (self.TEXT, "KPL:BW00004821"))
        sheet = Image.new("L", (page.width + label.width, page.height), 255)
        sheet.paste(stained(page, dots=qr.PIXELS, opacity=0.7, blur=0.25))
        sheet.paste(label, (page.width, 0))
        assert qr.texts_in(sheet) == ["KPL:BW00004821", self.TEXT]

    def test_is_not_taken_before_the_first(self) -> None:
        picture = opened(qr.code_of(TEXT).to_png())
        assert next(qr._looks(picture)) is picture

    @pytest.mark.parametrize("size", [(1, 1), (2, 1), (3000, 4000), (7700, 7790), (60_000, 900)])
    def test_is_at_no_more_than_a_page_has(self, size: tuple[int, int]) -> None:
        first, *others = (look.size for look in qr._looks(Image.new("L", size, 255)))
        assert first == size
        assert len(others) == 2
        assert all(0 < width * height <= qr.MOST_PIXELS_EVENED for width, height in others)


class TestTransparentPicture:
    def test_is_read_as_if_it_lay_on_white_paper(self) -> None:
        text = qr.to_text(bytes(range(200)))
        opaque = Image.open(io.BytesIO(qr.code_of(text).to_png())).convert("L")
        ink = Image.new("RGBA", opaque.size, (0, 0, 0, 0))
        ink.paste((0, 0, 0, 255), (0, 0), opaque.point(lambda grey: 255 - grey))
        target = io.BytesIO()
        ink.save(target, "PNG")
        assert qr.texts_in_picture(target.getvalue()) == [text]


class TestHostilePictures:
    def refusal_of(self, source: bytes | Path) -> PictureUnreadable:
        with pytest.raises(PictureUnreadable) as raised:
            qr.texts_in_picture(source)
        return raised.value

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"GIF89a" + bytes(100),
            b"%PDF-1.7",
            b"\x89PNG\r\n\x1a\n",
            b"\xff\xd8\xff\xe0",
            b"II*\x00\x08\x00\x00\x00\x00\x00",
            b"MM\x00*" + bytes(60),
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            b"KP1:",
            bytes(5000),
        ],
    )
    def test_that_are_none_are_refused(self, content: bytes) -> None:
        assert "PNG, JPEG or TIFF" in self.refusal_of(content).what

    def test_that_are_other_formats_are_refused(self) -> None:
        picture = opened(qr.code_of(TEXT).to_png())
        for kind in ("GIF", "BMP", "WEBP", "PPM"):
            assert "PNG, JPEG or TIFF" in self.refusal_of(saved(picture, kind)).what

    def test_that_are_cut_off_are_refused(self) -> None:
        whole = saved(opened(qr.code_of(TEXT).to_png()).convert("RGB"), "PNG")
        for size in (10, 40, 100, len(whole) // 2):
            self.refusal_of(whole[:size])

    def test_without_a_certificate_say_whether_there_was_another_code(self) -> None:
        assert self.refusal_of(saved(Image.new("L", (300, 300), 255))).what == "No QR code was found."
        other = self.refusal_of(qr.code_of("https://example.org").to_png())
        assert other.what == "A QR code was found, but none of a certificate."

    def test_that_are_no_file_are_refused(self, tmp_path: Path) -> None:
        self.refusal_of(tmp_path / "missing.png")
        self.refusal_of(tmp_path)

    @pytest.mark.parametrize("edge", [7800, 9400, 12_000, 60_000])
    def test_that_are_bombs_are_refused_before_they_are_opened_up(self, edge: int) -> None:
        row = b"\x00" + bytes((edge + 7) // 8)
        content = zlib.compress(row * 10, 9)
        png = b"\x89PNG\r\n\x1a\n" + b"".join(
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
            for kind, body in (
                (b"IHDR", struct.pack(">IIBBBBB", edge, edge, 1, 0, 0, 0, 0)),
                (b"IDAT", content),
                (b"IEND", b""),
            )
        )
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        self.refusal_of(png)
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000

    def test_with_more_pages_or_dots_than_anybody_scans_are_refused(self) -> None:
        small, large = Image.new("1", (20, 20), 1), Image.new("1", (7700, 7700), 1)
        assert (
            "more than 20 pages"
            in self.refusal_of(saved(small, "TIFF", save_all=True, append_images=[small] * qr.MOST_PAGES)).what
        )
        together = saved(large, "TIFF", compression="group4", save_all=True, append_images=[large] * 3)
        assert len(together) < 50_000
        assert "more than 20 pages" in self.refusal_of(together).what


class TestOtherCodes:
    def test_a_label_says_which_certificate_to_scan(self) -> None:
        picture = qr.code_of(qr.label_text("BW 00004821", b"\xab" * 32)).to_png()
        with pytest.raises(qr.PictureUnreadable, match=r"names the certificate BW00004821 and proves nothing"):
            qr.texts_in_picture(picture)

    def test_another_code_is_said_to_be_none_of_a_certificate(self) -> None:
        with pytest.raises(qr.PictureUnreadable, match="none of a certificate"):
            qr.texts_in_picture(qr.code_of("KPL:BW:00").to_png())
