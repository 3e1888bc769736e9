"""Where the pages of this office are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import path

from macle.node.exchange import pages

if TYPE_CHECKING:
    from django.urls import URLPattern, URLResolver

app_name = "exchange"
urlpatterns: list[URLPattern | URLResolver] = [
    path("letters", pages.letters, name="letters"),
    path("letters/<uuid:letter>", pages.letter, name="letter"),
    path("letters/<uuid:letter>/parts/<int:position>", pages.part, name="part"),
    path("letters/<uuid:letter>/resend", pages.resend, name="resend"),
    path("letters/<uuid:letter>/set-aside", pages.set_aside, name="set-aside"),
]
