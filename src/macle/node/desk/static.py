"""Style sheets, fonts and scripts: read once from the installed package, named by their content, kept by browsers.

There is no step that collects them and no folder of copies that could be of another version: the files of the package
are what is served. A name holds the digest of the content, so a browser may keep a file for good, and text travels
compressed. Tests, development and production serve the same way.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
import mimetypes
import posixpath
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.http import HttpResponse, HttpResponseNotAllowed

from macle import errors

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

_REFERENCE: Final = re.compile(rb"""url\((["']?)(?!data:|https?:|/|#)([^"')]+?)(["']?)\)""")
_KEPT: Final = "public, max-age=31536000, immutable"
_ASKED_AGAIN: Final = "no-cache"
_COMPRESSED: Final = ("text/", "application/json", "image/svg")
_KINDS: Final = {".js": "text/javascript", ".woff2": "font/woff2", ".css": "text/css", ".svg": "image/svg+xml"}


class FileMissing(errors.NotFound):
    """The package has no such file; a template names one that is not there."""

    code = "file-missing"


@dataclass(frozen=True)
class File:
    """One file as it is served; ``hashed`` is its name with the digest in it."""

    name: str
    hashed: str
    content: bytes

    @property
    def kind(self) -> str:
        """Return the media type, with the encoding where it is text."""
        kind = _KINDS.get(posixpath.splitext(self.name)[1]) or mimetypes.guess_type(self.name)[0]
        kind = kind or "application/octet-stream"
        return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind

    @functools.cached_property
    def compressed(self) -> bytes | None:
        """Return the compressed content, or None where compressing gains nothing."""
        if not self.kind.startswith(_COMPRESSED):
            return None
        small = gzip.compress(self.content, 9, mtime=0)
        return small if len(small) < len(self.content) else None


@functools.cache
def files() -> Mapping[str, File]:
    """Return every file under its plain name and under its hashed one."""
    plain: dict[str, bytes] = {}
    for finder in finders.get_finders():
        for name, storage in finder.list([]):
            if name not in plain:
                with storage.open(name) as opened:
                    plain[name.replace("\\", "/")] = opened.read()
    found: dict[str, File] = {}
    # A style sheet names its fonts by their hashed names, so it comes after them.
    for name in sorted(plain, key=lambda each: (each.endswith(".css"), each)):
        content = _with_hashed_names(name, plain[name], found) if name.endswith(".css") else plain[name]
        root, ending = posixpath.splitext(name)
        file = File(name, f"{root}.{hashlib.sha256(content).hexdigest()[:12]}{ending}", content)
        found[name] = found[file.hashed] = file
    return found


def _with_hashed_names(name: str, content: bytes, known: Mapping[str, File]) -> bytes:
    folder = posixpath.dirname(name)

    def renamed(match: re.Match[bytes]) -> bytes:
        target = posixpath.normpath(posixpath.join(folder, match[2].decode()))
        if target not in known:
            return match[0]
        return b'url("' + posixpath.relpath(known[target].hashed, folder or ".").encode() + b'")'

    return _REFERENCE.sub(renamed, content)


class Shelf(StaticFilesStorage):
    """Django's way to ask for the address of a file."""

    def url(self, name: str | None) -> str:
        """Return the address that holds the digest; raise `FileMissing`."""
        try:
            return settings.STATIC_URL + files()[name or ""].hashed
        except KeyError:
            raise FileMissing(f"There is no file {name!r}.", where=str(name)) from None


class Serve:
    """Middleware that answers for everything below the address of static files, before sessions are opened."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._next = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Return the file, or what the next layer answers."""
        if not request.path.startswith(settings.STATIC_URL):
            return self._next(request)
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        asked = request.path.removeprefix(settings.STATIC_URL)
        file = files().get(asked)
        if file is None:
            return HttpResponse(status=HTTPStatus.NOT_FOUND)
        return _answer(request, file, kept=asked == file.hashed)


def _answer(request: HttpRequest, file: File, *, kept: bool) -> HttpResponse:
    etag = f'"{file.hashed}"'
    if request.headers.get("If-None-Match") == etag:
        answer = HttpResponse(status=HTTPStatus.NOT_MODIFIED)
    else:
        zipped = file.compressed if "gzip" in request.headers.get("Accept-Encoding", "") else None
        answer = HttpResponse(file.content if zipped is None else zipped, content_type=file.kind)
        if zipped is not None:
            answer["Content-Encoding"] = "gzip"
    answer["ETag"] = etag
    answer["Vary"] = "Accept-Encoding"
    answer["Cache-Control"] = _KEPT if kept else _ASKED_AGAIN
    return answer
