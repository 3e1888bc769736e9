"""A ministry's own sign-in service opens accounts that are there, and makes none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.contrib.messages.storage.fallback import FallbackStorage
from django.test import RequestFactory

from macle.node import configuration
from macle.node.accounts import actions, adapters, sessions
from macle.node.accounts.models import User
from tests.support.node_accounts import AT, OPERATOR, a_user, an_administrator

if TYPE_CHECKING:
    from pathlib import Path

    from django.http import HttpRequest

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def service(settings: Any) -> None:
    """Let the node know a ministry's service, as its environment does."""
    app: dict[str, Any] = {"provider_id": "ministry", "name": "Ministry", "client_id": "macle", "secret": "x"}
    app |= {"settings": {"server_url": "https://login.example"}}
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}


CLAIMS = {"sub": "7f3a", "email": "tamsin.vale@ministry.example", "email_verified": True}


def a_request() -> HttpRequest:
    request = RequestFactory().get("/")
    request.session = sessions.SessionStore()
    request._messages = FallbackStorage(request)  # type: ignore[attr-defined]
    return request


def arrive(**claims: Any) -> SocialLogin:
    """Arrive from the service with these claims."""
    known = CLAIMS | claims
    account = SocialAccount(provider="ministry", uid=known["sub"], extra_data={"userinfo": known})
    login = SocialLogin(user=User(login="made-up", created_at=AT), account=account)
    login.lookup()
    adapters.MinistryAdapter().pre_social_login(a_request(), login)
    return login


class TestArrive:
    def test_the_first_time_the_address_finds_the_account_and_then_the_subject(self) -> None:
        user = a_user()
        assert arrive().user == user
        assert SocialAccount.objects.get().user == user
        assert arrive(email="moved@ministry.example").user == user

    @pytest.mark.parametrize(
        "claims",
        [
            {"email": "nobody@ministry.example"},
            {"email": ""},
            {"email_verified": False},
            {"email_verified": "yes"},
        ],
    )
    def test_nobody_else_gets_in_and_no_account_is_made(self, claims: dict[str, Any]) -> None:
        a_user()
        with pytest.raises(ImmediateHttpResponse) as led:
            arrive(**claims)
        assert led.value.response["Location"] == "/sign-in"
        assert User.objects.count() == 1
        assert not SocialAccount.objects.exists()

    def test_an_address_of_two_accounts_opens_neither(self) -> None:
        a_user()
        a_user("other", email=CLAIMS["email"])
        with pytest.raises(ImmediateHttpResponse):
            arrive()

    def test_who_has_left_is_not_found(self) -> None:
        an_administrator()
        actions.close(user=a_user().identifier, reason="Left", by=OPERATOR, at=AT)
        with pytest.raises(ImmediateHttpResponse):
            arrive()

    def test_nobody_signs_up(self) -> None:
        assert not adapters.MinistryAdapter().is_open_for_signup(a_request(), SocialLogin())
        assert not adapters.AccountAdapter().is_open_for_signup(a_request())


class TestConfiguration:
    def test_reads_the_secret_from_its_file(self, tmp_path: Path) -> None:
        secret = tmp_path / "secret"
        secret.write_text("shared with the ministry\n")
        read = configuration.read({"MACLE_NODE_PARTICIPANT": "BW", "MACLE_NODE_OIDC_CLIENT_SECRET_FILE": str(secret)})
        assert read.oidc_client_secret() == "shared with the ministry"

    @pytest.mark.parametrize("url", ["http://login.example", "login.example", "https://"])
    def test_the_service_is_reached_through_https(self, url: str) -> None:
        with pytest.raises(configuration.ConfigurationMalformed):
            configuration.read({"MACLE_NODE_PARTICIPANT": "BW", "MACLE_NODE_OIDC_SERVER_URL": url})

    def test_a_file_that_is_not_there_is_said(self, tmp_path: Path) -> None:
        read = configuration.read(
            {"MACLE_NODE_PARTICIPANT": "BW", "MACLE_NODE_OIDC_CLIENT_SECRET_FILE": str(tmp_path / "none")}
        )
        with pytest.raises(configuration.ConfigurationMalformed):
            read.oidc_client_secret()
