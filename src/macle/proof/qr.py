"""The QR text and its picture, made and read.

The text is ``KP1:`` and the Base45 form (RFC 9285) of the zlib form (RFC 1950) of the COSE bytes. Modules
are printed at 0.5 mm or more and the picture is never scaled to a width: a longer certificate has a larger
code, not a finer one.
"""

from __future__ import annotations

import io
import math
import re
import struct
import sys
import zlib
from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING

import zxingcpp

from macle import errors
from macle.proof import codec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from PIL import Image

_FORMATS = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)

PREFIX = "KP1:"
LABEL_PREFIX = "KPL:"
"""What the text of a container label's code begins with."""

_LABEL = re.compile(LABEL_PREFIX + r"(?P<number>[A-Z]{2}[A-Z0-9/.-]{1,20}):[0-9A-F]{64}")
MODULE_MM = 0.5
QUIET_ZONE = 4
"""Modules of white around the code (ISO/IEC 18004)."""

DPI, PIXELS = 300, 6
"""A picture has 6 dots a module at 300 dpi: 0.508 mm."""

LONGEST_TEXT = 4296
"""Characters of the largest QR code there is; nothing longer was read from one."""

MOST_PIXELS = 60_000_000
"""Pixels of the largest picture that is opened: an A4 page at 600 dpi has 35 million."""

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_BASE = 45


class TextMalformed(errors.Malformed):
    """The text is not the text of a certificate's QR code."""

    code = "qr-text-malformed"


class PictureUnreadable(errors.Malformed):
    """The file is not a picture, or no QR code of a certificate was found in it."""

    code = "picture-unreadable"


# --- Text -------------------------------------------------------------------------------------------

_PAIRS = [
    _ALPHABET[value % _BASE] + _ALPHABET[value // _BASE % _BASE] + _ALPHABET[value // _BASE**2]
    for value in range(65536)
]
_VALUES = bytes.maketrans(_ALPHABET.encode(), bytes(range(_BASE)))
_IN_ALPHABET = _ALPHABET.encode()


def to_base45(data: bytes) -> str:
    """Return the Base45 text of the bytes."""
    pairs = array("H", data[: len(data) & ~1])
    if sys.byteorder == "little":
        pairs.byteswap()
    text = "".join(map(_PAIRS.__getitem__, pairs))
    return text if len(data) & 1 == 0 else text + _PAIRS[data[-1]][:2]


def from_base45(text: str) -> bytes:
    """Return the bytes of a Base45 text; raise `TextMalformed` for anything that no bytes encode to.

    Each triple is a lane of three bytes in one large integer, so that all lanes are multiplied at once.
    """
    try:
        raw = text.encode("ascii")
    except UnicodeEncodeError:
        raise TextMalformed("The text has characters that Base45 does not have.", where="text") from None
    if raw.translate(None, _IN_ALPHABET):
        raise TextMalformed("The text has characters that Base45 does not have.", where="text")
    digits, rest = raw.translate(_VALUES), len(raw) % 3
    if rest == 1:
        raise TextMalformed("The text ends in the middle of a byte.", where="text", mend="Scan the whole code again.")
    whole = len(digits) - rest
    lanes = (
        _lane(digits[0:whole:3]) + _BASE * _lane(digits[1:whole:3]) + _BASE**2 * _lane(digits[2:whole:3])
    ).to_bytes(whole, "little")
    if any(lanes[2::3]):
        raise TextMalformed("Three characters stand for more than two bytes.", where="text")
    data = bytearray(whole // 3 * 2)
    data[0::2], data[1::2] = lanes[1::3], lanes[0::3]
    if rest:
        last = digits[-2] + digits[-1] * _BASE
        if last > 0xFF:  # noqa: PLR2004 (one byte)
            raise TextMalformed("Two characters stand for more than one byte.", where="text")
        data.append(last)
    return bytes(data)


def _lane(digits: bytes) -> int:
    """Return an integer that holds each digit in the lowest byte of its lane."""
    spread = bytearray(len(digits) * 3)
    spread[0::3] = digits
    return int.from_bytes(spread, "little")


def to_text(cose: bytes) -> str:
    """Return the QR text of a signed object."""
    deflater = zlib.compressobj(6, zlib.DEFLATED, _WINDOW_BITS, _MEMORY_LEVEL)
    return PREFIX + to_base45(deflater.compress(cose) + deflater.flush())


_WINDOW_BITS, _MEMORY_LEVEL = 10, 3
"""Measured on full certificates: an eighth of the time of the defaults, and one per cent smaller."""


def from_text(text: str) -> bytes:
    """Return the COSE bytes of a QR text; raise `TextMalformed` with what is wrong.

    Inflating stops at 64 KiB, whatever the text claims.
    """
    if not text.startswith(PREFIX):
        raise TextMalformed(
            f"The text does not begin with {PREFIX}.",
            where="text",
            mend="Scan the QR code of a Kimberley Process Certificate.",
        )
    if len(text) > LONGEST_TEXT:
        raise TextMalformed(
            f"The text has {len(text)} characters; no QR code holds more than {LONGEST_TEXT}.", where="text"
        )
    inflater = zlib.decompressobj()
    try:
        cose = inflater.decompress(from_base45(text[len(PREFIX) :]), codec.LARGEST)
    except zlib.error as error:
        raise TextMalformed(
            f"The text cannot be inflated: {error}.", where="text", mend="Scan the code again."
        ) from None
    if not inflater.eof:
        problem = "inflates to more than 64 KiB" if inflater.unconsumed_tail else "is cut off"
        raise TextMalformed(f"The text {problem}.", where="text", mend="Scan the whole code again.")
    if inflater.unused_data:
        raise TextMalformed("There is something behind the end of the text.", where="text")
    return cose


# --- Picture ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Code:
    """A QR code: its version (17 to 20 for a full certificate) and its size in modules, without margin."""

    version: int
    modules: int
    barcode: zxingcpp.Barcode

    @property
    def millimetres(self) -> float:
        """Return the width of the printed code at the least module, quiet zone not counted."""
        return self.modules * MODULE_MM

    def to_png(self, *, pixels: int = PIXELS, dpi: int = DPI) -> bytes:
        """Return a picture in black and white whose modules have that many dots, at that resolution.

        Raises ValueError if a module would print below 0.5 mm.
        """
        if pixels * _INCH_MM / dpi < MODULE_MM:
            raise ValueError(f"{pixels} dots at {dpi} dpi make a module below {MODULE_MM} mm.")
        from PIL import Image  # noqa: PLC0415 (only pictures need it)

        drawn = self.dots()
        height, width = drawn.shape
        modules = Image.fromarray(drawn).convert("1", dither=Image.Dither.NONE)
        picture = modules.resize((width * pixels, height * pixels), Image.Resampling.NEAREST)
        target = io.BytesIO()
        picture.save(target, "PNG", dpi=(dpi, dpi), compress_level=1)
        return target.getvalue()

    def dots(self) -> zxingcpp.Image:
        """Return the modules in black and white, a dot for each, with the quiet zone around them."""
        return zxingcpp.write_barcode_to_image(self.barcode, scale=1, add_quiet_zones=True)

    def rows(self) -> list[bytes]:
        """Return the modules row by row, 1 for black, without quiet zone; for drawing the code."""
        drawn = memoryview(zxingcpp.write_barcode_to_image(self.barcode, scale=1, add_quiet_zones=False))  # type: ignore[arg-type]
        black = bytes(drawn).translate(_BLACK)
        return [black[at : at + self.modules] for at in range(0, len(black), self.modules)]


_INCH_MM = 25.4
_BLACK = bytes([1] * 128 + [0] * 128)


def code_of(text: str) -> Code:
    """Return the QR code of a text, error correction M; raise `TextMalformed` if it is too long for any."""
    try:
        barcode = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    except (ValueError, RuntimeError) as error:
        raise TextMalformed("The text is too long for a QR code.", where="text") from error
    modules = zxingcpp.write_barcode_to_image(barcode, scale=1, add_quiet_zones=False).shape[0]
    return Code((modules - 17) // 4, modules, barcode)


def texts_in_picture(source: Path | bytes) -> list[str]:
    """Return the certificate texts of all QR codes in a PNG, JPEG or TIFF, in reading order, each once.

    Raises `PictureUnreadable` if it is no such picture, is too large, or holds no certificate's code.
    """
    from PIL import Image, ImageSequence, UnidentifiedImageError  # noqa: PLC0415 (only pictures need it)

    where = "picture"
    texts: dict[str, None] = {}
    others: list[str] = []
    pixels, too_large = 0, False
    try:
        with Image.open(
            io.BytesIO(source) if isinstance(source, bytes) else source, formats=("PNG", "JPEG", "TIFF")
        ) as opened:
            for number, page in enumerate(ImageSequence.Iterator(opened)):
                pixels += page.width * page.height
                if number >= MOST_PAGES or page.width * page.height > MOST_PIXELS or pixels > MOST_PIXELS_OF_ALL:
                    too_large = True
                    break
                for text in texts_in(_grey(page)):
                    if text.startswith(PREFIX):
                        texts[text] = None
                    else:
                        others.append(text)
    except (
        UnidentifiedImageError,
        Image.DecompressionBombError,
        Warning,  # Where warnings are made errors; Pillow warns of bombs and of broken metadata.
        OSError,
        ValueError,
        SyntaxError,
        TypeError,
        EOFError,
        LookupError,
        ArithmeticError,
        AttributeError,
        RuntimeError,
        MemoryError,
        struct.error,
        zlib.error,
    ) as error:
        raise PictureUnreadable("This is not a PNG, JPEG or TIFF picture that can be read.", where=where) from error
    if too_large:
        raise PictureUnreadable(
            f"The picture has more than {MOST_PAGES} pages, or a page more than {MOST_PIXELS} dots.",
            where=where,
            mend="Scan the page with the code at 300 dpi.",
        )
    if not texts:
        raise PictureUnreadable(
            said_of(others) or "No QR code was found.",
            where=where,
            mend="Scan the page flat, in focus, at 300 dpi, with the white frame of the code.",
        )
    return list(texts)


def label_text(number: str, identity: bytes) -> str:
    """Return the text of the small code on labels and slips: number and identity and nothing else."""
    return f"{LABEL_PREFIX}{number.replace(' ', '')}:{identity.hex().upper()}"


def said_of(others: Iterable[str]) -> str:
    """Return in a sentence what codes are that are no certificate's; nothing if there are none."""
    found = list(others)
    for text in found:
        label = _LABEL.fullmatch(text)
        if label:
            return (
                f"This is a label or a slip: it names the certificate {label['number']} and proves nothing. "
                "Scan the certificate."
            )
    return "A QR code was found, but none of a certificate." if found else ""


def texts_in(grey: Image.Image) -> list[str]:
    """Return the texts of all QR codes in a grey picture, whatever they say, in reading order, each once.

    Where no certificate's is among them, the picture is looked at again with its light made even; what only such a
    look finds stands behind.
    """
    texts: dict[str, None] = {}
    for look in _looks(grey):
        texts |= dict.fromkeys(found.text for found in zxingcpp.read_barcodes(look, formats=_FORMATS))
        if any(text.startswith(PREFIX) for text in texts):
            break
    return list(texts)


def _looks(grey: Image.Image) -> Iterator[Image.Image]:
    """Give the picture as it is, then with each dot compared to the mean of those around it.

    A stain, a fold or a shadow changes a dot and its neighbours alike, so little of it is left in the difference; and
    what blur took from single modules comes back. A picture too large for this is reduced first, so that a second look
    at a page costs no more than at one of A4 at 300 dpi, whatever is on it.
    """
    yield grey
    from PIL import Image, ImageChops, ImageFilter  # noqa: PLC0415 (only a second look needs it)

    fine = grey.reduce(math.isqrt((grey.width * grey.height - 1) // MOST_PIXELS_EVENED) + 1)
    for reduction, radius in _NEIGHBOURHOODS:
        means = fine.reduce(reduction).filter(ImageFilter.BoxBlur(radius))
        yield ImageChops.subtract(fine, means.resize(fine.size, Image.Resampling.BILINEAR), offset=_MIDDLE_GREY)


MOST_PIXELS_EVENED = 12_000_000
"""Pixels of the largest picture whose light is made even: an A4 page at 300 dpi, askew, has ten million."""

_NEIGHBOURHOODS = ((2, 1.5), (3, 2))
"""Means are taken in a picture reduced so many times, over that radius and the dot itself: of 8 dots, and of 15.

That is two and a half modules of 0.5 mm, at 150 dpi and at 300: a finder pattern's dark middle has three.
"""
_MIDDLE_GREY = 128


def _grey(page: Image.Image) -> Image.Image:
    """Return a page in grey; what is transparent is paper, and paper is white."""
    from PIL import Image  # noqa: PLC0415 (only pictures need it)

    if not page.has_transparency_data:
        return page.convert("L")
    grey = page.convert("LA")
    paper = Image.new("L", page.size, 255)
    paper.paste(grey.getchannel("L"), mask=grey.getchannel("A"))
    return paper


MOST_PAGES = 20
MOST_PIXELS_OF_ALL = 180_000_000
"""Pixels of all pages together: twenty A4 pages at 300 dpi, looked through within some seconds."""
