"""What the server calls."""

from __future__ import annotations

import gc
import os
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "macle.node.settings")

_answer = get_wsgi_application()
# What was loaded stays, and a page is many small things that go by themselves: looking for cycles among all of it at
# every page was a tenth of its time.
gc.freeze()
gc.set_threshold(50_000, 20, 50)


def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Answer a request; where people reach the node through HTTPS only, what arrives came so, whoever handed it on.

    A proxy speaks HTTP with the node. No header of the request is believed about it: the setting says it.
    """
    if settings.CONFIGURATION.https:
        environ["wsgi.url_scheme"] = "https"
    return _answer(environ, start_response)
