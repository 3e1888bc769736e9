"""The pages on which somebody makes, sees and revokes tokens."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client

from macle.node import clock
from macle.node.accounts.models import Token, User
from macle.node.permissions import Role
from tests.support.node_accounts import AT, PASSWORD, a_holder, an_administrator
from tests.support.node_interface import Program, a_token

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
OFFICE = "Port Selle Diamond Office"


@pytest.fixture
def user(monkeypatch: pytest.MonkeyPatch) -> User:
    monkeypatch.setattr(clock, "now", lambda: AT)
    return a_holder(Role.EXAMINER, office=OFFICE)


@pytest.fixture
def client(user: User) -> Client:
    client = Client()
    client.force_login(user, BACKEND)
    return client


def prove(client: Client) -> None:
    """Prove who one is once more, by the password."""
    answer = client.post("/account/again", {"password": PASSWORD})
    assert answer.status_code == 302, answer.content


def made(client: Client, **changes: str) -> str:
    """Make a token on its page, and return what is shown once."""
    given = {"name": "Scales of Port Selle", "held": "0", "until": "2026-06-30"} | changes
    answer = client.post("/account/tokens/new", given)
    found = re.search(r"macle_[A-Za-z0-9_-]{43}", answer.content.decode())
    assert found, answer.content.decode()
    return found.group()


class TestMake:
    def test_asks_first_who_one_is(self, client: Client) -> None:
        answer = client.get("/account/tokens/new")
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/account/again")
        assert client.post("/account/tokens/new", {"name": "x", "held": "0", "until": "2026-06-30"}).status_code == 302
        assert not Token.objects.exists()

    def test_shows_the_token_once_and_it_serves_until_its_day_ends(self, client: Client) -> None:
        prove(client)
        secret = made(client)
        assert Program(secret).read("/self")["role"] == "examiner"
        assert secret not in client.get("/account").content.decode()
        assert "Scales of Port Selle" in client.get("/account").content.decode()
        assert Token.objects.get().ends_at.isoformat() == "2026-06-30T22:00:00+00:00"

    @pytest.mark.parametrize(
        "changes", [{"name": ""}, {"held": "1"}, {"held": "x"}, {"until": "2025-01-01"}, {"until": "2027-06-30"}]
    )
    def test_says_what_is_wrong(self, client: Client, changes: dict[str, str]) -> None:
        prove(client)
        given = {"name": "Scales", "held": "0", "until": "2026-06-30"} | changes
        assert client.post("/account/tokens/new", given).status_code == 422
        assert not Token.objects.exists()


class TestRevoke:
    def test_ends_it(self, client: Client, user: User) -> None:
        token = a_token(user, at=AT)
        assert client.post(f"/account/tokens/{token.token.pk}/revoke").status_code == 302
        assert Program(token.secret).get("/self").status_code == 401
        assert "Single window" not in client.get("/account").content.decode()

    def test_is_not_for_another_ones(self, client: Client) -> None:
        token = a_token(an_administrator(), at=AT).token
        assert client.post(f"/account/tokens/{token.pk}/revoke").status_code == 404

    def test_an_administrator_revokes_it_at_the_account(self, user: User) -> None:
        token = a_token(user, at=AT)
        client = Client()
        client.force_login(an_administrator(), BACKEND)
        assert "Single window" in client.get(f"/users/{user.identifier}").content.decode()
        answer = client.post(f"/account/tokens/{token.token.pk}/revoke")
        assert answer.headers["Location"] == f"/users/{user.identifier}"
        assert Program(token.secret).get("/self").status_code == 401

    def test_what_has_ended_is_no_longer_shown(
        self, client: Client, user: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        a_token(user, at=AT, days=1)
        assert "Single window" in client.get("/account").content.decode()
        monkeypatch.setattr(clock, "now", lambda: AT + timedelta(days=1))
        fresh = Client()
        fresh.force_login(user, BACKEND)
        assert "Single window" not in fresh.get("/account").content.decode()
