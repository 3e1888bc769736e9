"""The fullest certificate there is in practice, from the example of that name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.examples import certificate_of

if TYPE_CHECKING:
    from macle.scheme.certificates import Certificate


def a_full_certificate() -> Certificate:
    """Return a replacement with Arabic and Latin names, two origins, three lines and four seals."""
    return certificate_of("full-arabic")
