"""What the desk draws on a page: the QR code of a certificate."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

from PIL import Image

from macle.proof import qr


@dataclass(frozen=True, slots=True)
class Drawn:
    """A code as a picture in its own address, a dot for a module with the quiet zone around it, and its version."""

    address: str
    version: int


def code(text: str) -> Drawn:
    """Return the QR code of the text.

    As a picture it weighs a tenth of what a path weighs, and is made in a tenth of the time; a browser that keeps its
    dots square draws the same.
    """
    made = qr.code_of(text)
    target = io.BytesIO()
    Image.fromarray(made.dots()).convert("1", dither=Image.Dither.NONE).save(target, "PNG")
    return Drawn(f"data:image/png;base64,{base64.b64encode(target.getvalue()).decode()}", made.version)
