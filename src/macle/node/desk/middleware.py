"""What every answer carries: a content security policy without exceptions, a request's id, a line in the log."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.middleware.gzip import GZipMiddleware

from macle.node.desk import pages

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    Answering = Callable[[HttpRequest], HttpResponseBase]

_PAGES: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "object-src 'none'"
)
# Browsers draw a PDF with a page of their own, which has styles; a page of ours may show it in a frame.
_PDFS: Final = "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; frame-ancestors 'self'"

_PERMISSIONS: Final = (
    "camera=(self), publickey-credentials-get=(self), publickey-credentials-create=(self), accelerometer=(), "
    "autoplay=(), browsing-topics=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), "
    "microphone=(), midi=(), payment=(), usb=()"
)

_log = logging.getLogger("macle.node.access")


class Access:
    """Gives each request an id of our own, and writes one line about it: no names, addresses or queries."""

    def __init__(self, get_response: Answering) -> None:
        self._next = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, and say in the log how that went."""
        request.request_id = secrets.token_hex(8)  # type: ignore[attr-defined]
        begun = time.perf_counter()
        answer = self._next(request)
        answer["X-Request-ID"] = request.request_id  # type: ignore[attr-defined]
        match = request.resolver_match
        _log.info(
            "answered",
            extra={
                "request_id": request.request_id,  # type: ignore[attr-defined]
                # The pattern and not the path: a path may hold what belongs to somebody.
                "route": match.route if match else "static" if request.path.startswith(settings.STATIC_URL) else "",
                "method": request.method,
                "status": answer.status_code,
                "milliseconds": round((time.perf_counter() - begun) * 1000),
            },
        )
        return answer


class Turns:
    """Lets the pages of one process be made one after the other, each for as long as it computes.

    Python computes one thing at a time anyhow, and pages that alternate at every query drive each other's data out of
    the processor's memory: twenty people get a sixth more pages in turns. One that waits for something else, such as a
    ministry's server, holds nobody up for longer than the patience; what is sent to the node takes no turn.
    """

    patience = 0.25
    """Seconds."""

    def __init__(self, get_response: Answering) -> None:
        """Keep what answers."""
        self._next = get_response
        self._turn = threading.Lock()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer when it is this request's turn, or patience ends."""
        if request.method != "GET":
            return self._next(request)
        has_turn = self._turn.acquire(timeout=self.patience)
        try:
            return self._next(request)
        finally:
            if has_turn:
                self._turn.release()


class Protect:
    """Tells browsers what a page of ours never does, so that nothing foreign does it in its name."""

    def __init__(self, get_response: Answering) -> None:
        self._next = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer with the headers."""
        answer = self._next(request)
        is_pdf = answer.headers.get("Content-Type", "").startswith("application/pdf")
        answer.headers.setdefault("Content-Security-Policy", _PDFS if is_pdf else _PAGES)
        answer["X-Frame-Options"] = "SAMEORIGIN" if is_pdf else "DENY"
        if answer.headers.get("Content-Type", "").startswith(("text/html", "application/pdf")):
            # Nothing else has permissions; beside every font and style sheet it would only be weight.
            answer["Permissions-Policy"] = _PERMISSIONS
        answer["Cross-Origin-Opener-Policy"] = "same-origin"
        answer["Cross-Origin-Resource-Policy"] = "same-origin"
        if pages.is_signed_in(request):
            answer.headers.setdefault("Cache-Control", "no-store")
        return answer


class Compress(GZipMiddleware):
    """Compresses pages where the browser takes that; files travel as they are.

    The secret that a page repeats, its token against forged forms, is masked anew each time, so that the length of a
    compressed page tells nothing of it.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Return the page, compressed."""
        if not response.headers.get("Content-Type", "").startswith("text/html"):
            return response
        return super().process_response(request, response)
