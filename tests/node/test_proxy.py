"""What a node answers to a proxy that ends HTTPS: the server's own entry, without Django's client of tests."""

from __future__ import annotations

import io
import re
from http.cookies import SimpleCookie
from urllib.parse import urlencode
from wsgiref.util import setup_testing_defaults

import pytest

from macle.node import wsgi
from macle.node.permissions import Role
from tests.support.node_accounts import PASSWORD, a_holder

# The server ends its connection to the database with each request.
pytestmark = pytest.mark.django_db(transaction=True)


class Proxy:
    """Hands on what a browser sends to https://localhost, as HTTP on the same machine, with all its headers."""

    def __init__(self) -> None:
        self.cookies: SimpleCookie = SimpleCookie()

    def send(self, path: str, form: dict[str, str] | None = None, **headers: str) -> tuple[int, dict[str, str], str]:
        body = urlencode(form).encode() if form else b""
        environ: dict[str, object] = {
            "PATH_INFO": path,
            "REQUEST_METHOD": "POST" if form else "GET",
            "CONTENT_TYPE": "application/x-www-form-urlencoded",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
            "wsgi.url_scheme": "http",
            "HTTP_HOST": "localhost",
            "HTTP_COOKIE": "; ".join(f"{name}={each.value}" for name, each in self.cookies.items()),
            **headers,
        }
        setup_testing_defaults(environ)
        said: list[tuple[str, list[tuple[str, str]]]] = []
        content = b"".join(wsgi.application(environ, lambda status, fields, _=None: said.append((status, fields))))  # type: ignore[arg-type]
        status, fields = said[0]
        for name, value in fields:
            if name == "Set-Cookie":
                self.cookies.load(value)
        return int(status[:3]), dict(fields), content.decode()

    def sign_in(self, origin: str) -> tuple[int, dict[str, str]]:
        _, _, page = self.send("/sign-in")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token is not None
        form = {"csrfmiddlewaretoken": token[1], "login": "tamsin.vale", "password": PASSWORD}
        status, fields, _ = self.send("/sign-in", form, HTTP_ORIGIN=origin, HTTP_REFERER=f"{origin}/sign-in")
        return status, fields


class TestBehindAProxy:
    def test_a_form_of_our_own_page_is_taken(self) -> None:
        a_holder(Role.EXAMINER, office="Port Selle")
        status, fields = Proxy().sign_in("https://localhost")
        assert (status, fields["Location"]) == (302, "/sign-in/code")

    @pytest.mark.parametrize("origin", ["https://elsewhere.example", "http://localhost", "null"])
    def test_a_form_of_another_page_is_refused_though_its_token_is_right(self, origin: str) -> None:
        a_holder(Role.EXAMINER, office="Port Selle")
        status, _ = Proxy().sign_in(origin)
        assert status == 403

    def test_browsers_come_back_by_https_only(self) -> None:
        _, fields, _ = Proxy().send("/sign-in")
        assert fields["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"

    def test_no_header_says_that_it_came_otherwise(self) -> None:
        _, fields, _ = Proxy().send("/sign-in", HTTP_X_FORWARDED_PROTO="http", HTTP_X_FORWARDED_HOST="e.example")
        assert "Strict-Transport-Security" in fields
