"""What the frame around every page shows: whose house this is, who is there, the bar, the languages, the theme."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.utils import translation
from django.utils.functional import SimpleLazyObject

import macle
from macle.node.desk import hues, navigation, pages
from macle.scheme import participants

if TYPE_CHECKING:
    from django.http import HttpRequest

THEME_COOKIE: Final = "macle_theme"
THEMES: Final = ("auto", "light", "dark")
OWN_NAMES: Final = {
    "en": "English",
    "fr": "Français",
    "pt": "Português",
    "ar": "العربية",
    "ru": "Русский",
    "zh-hans": "简体中文",
}
"""Each language by the name that its readers look for."""


def frame(request: HttpRequest) -> dict[str, Any]:
    """Return what `desk/page.html` needs beside the page's own context."""
    asked = pages.prepared(request)
    code = settings.CONFIGURATION.participant
    known = participants.load()
    house = known[code] if code in known else None  # noqa: SIM401 (it has no `get`)
    theme = request.COOKIES.get(THEME_COOKIE, "auto")
    signed_in = pages.is_signed_in(request)
    return {
        "frame": {
            "code": code,
            "authority": settings.CONFIGURATION.authority or (house.authority if house else "") or code,
            "house": house,
            "version": macle.__version__,
            "signed_in": signed_in,
            "person": asked.person,
            "roles": sorted({each.role for each in asked.actor.held}),
            "office": next((each.office for each in asked.actor.held if each.office), ""),
            "nav": SimpleLazyObject(lambda: navigation.shown_to(asked.actor, path=request.path)),
            "languages": [(language, OWN_NAMES[language]) for language, _ in settings.LANGUAGES],
            "language": translation.get_language() or "en",
            "rtl": translation.get_language_bidi(),
            "theme": theme if theme in THEMES else "auto",
            "participant_css": hues.address(),
            "sign_in": pages.address("accounts:sign-in", "/sign-in"),
            "sign_out": pages.address("accounts:sign-out"),
            "account": pages.address("accounts:account"),
            "here": request.get_full_path() if request.method in {"GET", "HEAD"} else "/",
        }
    }
