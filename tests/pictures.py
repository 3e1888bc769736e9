"""Writes the pictures of printed sheets in docs/pictures: python -m tests.pictures."""

from __future__ import annotations

import io
import json
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageFilter

from macle.paper import decisions, sheets
from macle.paper.rendering import Layout, Place
from macle.proof import views
from tests.support.documents import a_look, a_page, a_press
from tests.support.examples import EXAMPLES, OF_LANGUAGE, signed_example
from tests.support.signed import SINCE, an_authority

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
DPI = 84
_COLOURS = 64


def pages() -> Iterator[tuple[str, bytes]]:
    """Give each sheet: the name of its picture, and its PDF."""
    for language, name in OF_LANGUAGE.items():
        yield f"general-{language}", a_page(signed_example(name)[0])
    signed, _ = signed_example("european-union")
    yield "eu", a_page(signed, layout=Layout.EU)
    form = sheets.read(EXAMPLES / "forms" / "union-2026.toml")
    look = a_look("EU")
    yield "sheet", a_press().certificate(signed, look=look, place=Place(Layout.SHEET, form))
    yield "copy", a_page(signed, layout=Layout.EU, is_copy=True)
    yield "calibration", a_press().calibration(form, look=look, at=SINCE)
    yield "label", a_press().label(signed_example("botswana")[0], look=a_look("BW"))
    found = views.confirmation_from_json(json.loads((EXAMPLES / "confirmations" / "antwerp.json").read_bytes()))
    yield "confirmation", a_press().confirmation(an_authority("EU", "Antwerp").sign_confirmation(found), look=look)
    decided = decisions.read(json.loads((EXAMPLES / "decisions" / "detention.json").read_bytes()))
    yield "decision", a_press().decision(decided, look=a_look("EU", language="en"))


def drawn(pdf: bytes, dpi: int) -> Image.Image:
    """Return the first page in colour, as poppler draws it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "page.pdf"
        file.write_bytes(pdf)
        command = ["pdftoppm", "-r", str(dpi), "-png", "-singlefile", str(file), str(file.with_suffix(""))]
        subprocess.run(command, check=True)
        with Image.open(file.with_suffix(".png")) as page:
            return page.convert("RGB")


def photocopied(page: Image.Image) -> Image.Image:
    """Return what an old office copier makes of a page: grey, a little blurred, then black or white."""
    grey = page.convert("L").filter(ImageFilter.GaussianBlur(0.7))
    return grey.point([0] * 151 + [255] * 105)


def main() -> None:
    """Write all pictures, with few colours, so that the pages load fast."""
    for name, pdf in pages():
        picture = drawn(pdf, DPI)
        save(f"paper-{name}.png", picture.quantize(_COLOURS, dither=Image.Dither.NONE))
        if name in {"general-ar", "eu"}:
            copy = photocopied(drawn(pdf, 150))
            small = copy.resize(
                (copy.width * DPI * 5 // 4 // 150, copy.height * DPI * 5 // 4 // 150), Image.Resampling.LANCZOS
            )
            save(f"paper-{name}-photocopy.png", small.quantize(8, dither=Image.Dither.NONE))


def save(name: str, picture: Image.Image) -> None:
    """Write one picture."""
    target = io.BytesIO()
    picture.save(target, "PNG", optimize=True)
    (FOLDER / name).write_bytes(target.getvalue())


if __name__ == "__main__":
    main()
