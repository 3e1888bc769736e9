"""The door: signing in with two factors, what must come first, sessions that end, and the lock."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time as clock_of_allauth
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import get_resolver, reverse
from fido2.utils import websafe_decode

from macle.node import clock
from macle.node.accounts import actions, codes, middleware, passkeys, queries, throttle
from macle.node.accounts.models import Attempts, Session, User
from macle.node.audit import queries as audit
from macle.node.permissions import Role
from tests.support.node_accounts import (
    AT,
    OPERATOR,
    PASSWORD,
    Passkey,
    a_holder,
    a_passkey,
    a_user,
    an_administrator,
    code_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("time")]
NEW_PASSWORD = "selle-river-mining-carats"


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.at = AT

    def now(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        self.at += timedelta(**by)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    standing = Clock()
    monkeypatch.setattr(clock, "now", standing.now)
    return standing  # type: ignore[return-value]


class Browser(Client):
    """A browser that reaches the node over HTTPS and follows no redirect by itself."""

    if TYPE_CHECKING:
        get: Any
        post: Any

    def request(self, **request: Any) -> Any:
        return super().request(**(request | {"wsgi.url_scheme": "https", "HTTP_HOST": "localhost"}))

    def enter(self, login: str = "tamsin.vale", password: str = PASSWORD, **fields: str) -> Any:
        return self.post(reverse("accounts:sign-in"), {"login": login, "password": password, **fields})

    def enter_code(self, code: str) -> Any:
        return self.post(reverse("mfa_authenticate"), {"code": code})

    def sign_in(self, user: User, time: Clock) -> None:
        """Sign in with password and code; a code was perhaps used, so half a minute passes."""
        time.move(seconds=30)
        assert self.enter(user.login).url == reverse("mfa_authenticate")
        answer = self.enter_code(code_of(user, time.at))
        assert answer.status_code == 302, answer.content.decode()

    def is_in(self) -> bool:
        return bool(self.get(reverse("accounts:account")).status_code == 200)


@pytest.fixture
def browser() -> Browser:
    return Browser()


def text_of(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def data_of(answer: Any) -> Any:
    """Return what the page hands to its scripts."""
    found = re.search(
        r'<script id="js_data" type="application/json">(.*?)</script>', answer.content.decode(), re.DOTALL
    )
    assert found is not None
    return json.loads(found[1])


class TestSignIn:
    def test_asks_for_password_and_code(self, browser: Browser, time: Clock) -> None:
        user = a_holder(Role.AUDITOR)
        assert "Login name" in text_of(browser.get(reverse("accounts:sign-in")))
        answer = browser.enter()
        assert answer.url == reverse("mfa_authenticate")
        assert not browser.is_in()
        assert "Second step" in text_of(browser.get(answer.url))
        assert browser.enter_code(code_of(user, time.at)).url == "/"
        assert browser.is_in()
        assert [line.facts for line in audit.search(actor=user.identifier)] == [{"how": "password, totp"}]

    def test_leads_back_to_where_somebody_wanted_to_go(self, browser: Browser, time: Clock) -> None:
        user = an_administrator()
        answer = browser.get(reverse("accounts:users"))
        assert answer.url == "/sign-in?next=%2Fusers"
        browser.enter(user.login, next="/users")
        assert browser.enter_code(code_of(user, time.at)).url == "/users"

    def test_names_what_is_missing(self, browser: Browser) -> None:
        said = text_of(browser.post(reverse("accounts:sign-in"), {"login": "", "password": ""}))
        assert "Login name: this is missing." in said
        assert "Password: this is missing." in said

    def test_leads_nowhere_else(self, browser: Browser, time: Clock) -> None:
        user = a_holder(Role.AUDITOR)
        browser.enter(next="https://elsewhere.example/")
        assert browser.enter_code(code_of(user, time.at)).url == "/"

    def test_capital_letters_make_no_difference(self, browser: Browser) -> None:
        a_holder(Role.AUDITOR)
        assert browser.enter("Tamsin.Vale").url == reverse("mfa_authenticate")

    def test_says_the_same_of_a_wrong_password_and_of_nobody(self, browser: Browser) -> None:
        a_holder(Role.AUDITOR)
        known, unknown = browser.enter(password="wrong"), browser.enter("nobody", password="wrong")
        assert known.status_code == unknown.status_code
        assert _without_tokens(known).replace("tamsin.vale", "nobody") == _without_tokens(unknown)

    def test_a_code_does_not_serve_twice(self, browser: Browser, time: Clock) -> None:
        user = a_holder(Role.AUDITOR)
        browser.sign_in(user, time)
        other = Browser()
        other.enter()
        assert "was used" in text_of(other.enter_code(code_of(user, time.at)))
        assert not other.is_in()

    def test_a_recovery_code_serves_once(self, browser: Browser) -> None:
        user = a_holder(Role.AUDITOR)
        code = RecoveryCodes.activate(user).get_unused_codes()[0]
        browser.enter()
        assert browser.enter_code(code).status_code == 302
        assert browser.is_in()
        other = Browser()
        other.enter()
        other.enter_code(code)
        assert not other.is_in()

    def test_a_passkey_is_a_second_step(self, browser: Browser) -> None:
        user = a_holder(Role.AUDITOR)
        passkey = a_passkey(user, origin="https://localhost")
        browser.enter()
        options = data_of(browser.get(reverse("mfa_authenticate")))["request_options"]
        response = passkey.sign(websafe_decode(options["publicKey"]["challenge"]))
        assert browser.post(reverse("mfa_authenticate"), {"credential": json.dumps(response)}).status_code == 302
        assert browser.is_in()

    def test_a_passkey_signs_in_alone(self, browser: Browser) -> None:
        user = a_holder(Role.AUDITOR)
        passkey = a_passkey(user, origin="https://localhost")
        options = browser.get(reverse("mfa_login_webauthn"), headers={"accept": "application/json"}).json()
        challenge = websafe_decode(options["request_options"]["publicKey"]["challenge"])
        response = passkey.sign(challenge, user_handle=user_pk_to_url_str(user).encode())
        browser.post(reverse("mfa_login_webauthn"), {"credential": json.dumps(response)})
        assert browser.is_in()

    def test_who_has_left_is_told_so_only_with_the_right_password(self, browser: Browser) -> None:
        an_administrator()
        user = a_holder(Role.AUDITOR)
        actions.close(user=user.identifier, reason="Left", by=OPERATOR, at=AT)
        assert browser.enter().url == reverse("account_inactive")
        assert "closed" in text_of(browser.get(reverse("account_inactive")))
        assert "closed" not in text_of(browser.enter(password="wrong"))
        assert not browser.is_in()

    def test_nobody_makes_an_account_for_themself(self) -> None:
        patterns = {str(each) for each in get_resolver().reverse_dict if isinstance(each, str)}
        assert not {each for each in patterns if "signup" in each or "email" in each or "reset" in each}


def _without_tokens(answer: Any) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", answer.content.decode())


class TestLock:
    def test_five_wrong_passwords_lock_the_name_and_say_until_when(self, browser: Browser, time: Clock) -> None:
        user = a_holder(Role.AUDITOR)
        for _ in range(throttle.TRIES - 1):
            assert "locked" not in text_of(browser.enter(password="wrong"))
        assert "locked until 09:45 UTC" in text_of(browser.enter(password="wrong"))
        assert "locked until 09:45 UTC" in text_of(browser.enter())
        assert next(line.tag for line in audit.search(subject=f"account:{user.identifier}")) == "account:lock"
        time.move(minutes=15)
        assert browser.enter().url == reverse("mfa_authenticate")

    def test_says_nothing_about_whether_there_is_such_an_account(self, browser: Browser) -> None:
        answers = [browser.enter("nobody", password="wrong") for _ in range(throttle.TRIES)]
        assert "locked until 09:45 UTC" in text_of(answers[-1])
        assert "nobody" not in str(Attempts.objects.values_list())

    def test_wrong_codes_count_too(self, browser: Browser, time: Clock) -> None:
        user = a_holder(Role.AUDITOR)
        browser.enter()
        answers = [browser.enter_code("000000") for _ in range(throttle.TRIES)]
        assert "locked until" in text_of(answers[-1])
        assert "locked until" in text_of(browser.enter_code(code_of(user, time.at)))

    def test_the_right_password_does_not_pay_for_wrong_codes(self, browser: Browser) -> None:
        a_holder(Role.AUDITOR)
        for _ in range(throttle.TRIES - 1):
            browser.enter()
            browser.enter_code("000000")
        browser.enter()
        assert "locked until" in text_of(browser.enter_code("000000"))

    def test_an_administrator_opens_it(self, browser: Browser, time: Clock) -> None:
        user = a_holder(Role.AUDITOR)
        for _ in range(throttle.TRIES):
            browser.enter(password="wrong")
        actions.unlock(user=user.identifier, by=OPERATOR, at=time.at)
        assert browser.enter().url == reverse("mfa_authenticate")

    def test_a_passkey_is_not_stopped(self, browser: Browser) -> None:
        user = a_holder(Role.AUDITOR)
        for _ in range(throttle.TRIES):
            browser.enter(password="wrong")
        passkey = a_passkey(user, origin="https://localhost")
        options = browser.get(reverse("mfa_login_webauthn"), headers={"accept": "application/json"}).json()
        challenge = websafe_decode(options["request_options"]["publicKey"]["challenge"])
        response = passkey.sign(challenge, user_handle=user_pk_to_url_str(user).encode())
        browser.post(reverse("mfa_login_webauthn"), {"credential": json.dumps(response)})
        assert browser.is_in()

    @pytest.mark.django_db(transaction=True)
    def test_is_the_same_for_every_process_and_after_a_restart(self) -> None:
        tries = (
            "import django; django.setup()\n"
            "from macle.node.accounts import throttle\n"
            "from datetime import datetime\n"
            "from django.db import connection\n"
            f"connection.settings_dict['NAME'] = {str(connection.settings_dict['NAME'])!r}\n"
            "throttle.fail('tamsin.vale', at=datetime.fromisoformat('2026-03-02T09:30:00+00:00'))\n"
        )
        processes = [subprocess.Popen([sys.executable, "-c", tries], env=_environment()) for _ in range(throttle.TRIES)]
        assert [each.wait(60) for each in processes] == [0] * throttle.TRIES
        with pytest.raises(throttle.SignInLocked):
            throttle.check("tamsin.vale", at=AT)


def _environment() -> dict[str, str]:
    return os.environ | {"DJANGO_SETTINGS_MODULE": "macle.node.settings"}


class TestFirst:
    def test_a_first_password_is_changed_before_anything_else(self, browser: Browser) -> None:
        made = actions.create(login="ada.quill", name="Ada Quill", by=OPERATOR, at=AT)
        browser.enter("ada.quill", made.first_password)
        for page in ("/", reverse("accounts:account"), reverse("accounts:second-factor"), reverse("accounts:users")):
            assert browser.get(page).url == reverse("account_change_password")
        answer = browser.get(reverse("account_change_password"))
        assert "Choose your own before anything else" in text_of(answer)
        same = {"oldpassword": made.first_password, "password1": made.first_password, "password2": made.first_password}
        assert "Choose another" in text_of(browser.post(reverse("account_change_password"), same))
        new = same | {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
        assert browser.post(reverse("account_change_password"), new).status_code == 302
        assert browser.get("/").url == reverse("accounts:second-factor")

    def test_a_first_password_ends(self, browser: Browser, time: Clock) -> None:
        made = actions.create(login="ada.quill", name="Ada Quill", by=OPERATOR, at=AT)
        time.move(days=7)
        assert "This first password has ended" in text_of(browser.enter("ada.quill", made.first_password))

    def test_nothing_is_reached_before_a_second_factor(self, browser: Browser) -> None:
        user = a_user()
        actions.grant(user=user.identifier, role=Role.ADMINISTRATOR, by=OPERATOR, at=AT)
        browser.enter()
        for page in ("/", "/users", reverse("accounts:account"), reverse("mfa_index"), "/nowhere"):
            assert browser.get(page).url == reverse("accounts:second-factor")
        assert "Set up a second factor" in text_of(browser.get(reverse("accounts:second-factor")))

    def test_nobody_is_an_actor_before_a_second_factor(self) -> None:
        user = a_user()
        actions.grant(user=user.identifier, role=Role.ADMINISTRATOR, by=OPERATOR, at=AT)
        request = RequestFactory().get(reverse("accounts:second-factor"))
        request.user, request.session = user, {"began": AT.isoformat(), "seen": AT.isoformat()}  # type: ignore[assignment]
        seen = []

        def page(asked: Any) -> HttpResponse:
            seen.append(asked.actor)
            return HttpResponse()

        middleware.Actors(page)(request)
        assert seen == [queries.ANONYMOUS]

    def test_an_authenticator_is_set_up_and_opens_the_desk(self, browser: Browser) -> None:
        user = a_user()
        actions.grant(user=user.identifier, role=Role.ADMINISTRATOR, by=OPERATOR, at=AT)
        browser.enter()
        page = browser.get(reverse("mfa_activate_totp"))
        assert page.status_code == 200, page.url
        secret = re.search(r'<bdi class="hash">([A-Z2-7]{32})</bdi>', page.content.decode())
        assert secret is not None
        assert "Incorrect code" in text_of(browser.post(reverse("mfa_activate_totp"), {"code": "nothing"}))
        code = codes.code_of(secret[1], step=int(clock_of_allauth.time()) // 30)
        answer = browser.post(reverse("mfa_activate_totp"), {"code": code})
        assert answer.url == reverse("mfa_view_recovery_codes")
        shown = browser.get(answer.url)
        assert len(re.findall(r"<li><bdi", shown.content.decode())) == 10
        assert "cannot be shown again" in text_of(browser.get(answer.url))
        assert browser.get("/users").status_code == 200
        kept = Authenticator.objects.get(user=user, type=Authenticator.Type.TOTP).data["secret"]
        assert secret[1] not in kept

    def test_a_passkey_is_set_up_and_opens_the_desk(self, browser: Browser) -> None:
        user = a_user()
        browser.enter()
        options = data_of(browser.get(reverse("mfa_add_webauthn")))["creation_options"]["publicKey"]
        assert options["rp"]["id"] == "localhost"
        assert options["user"]["name"] == "tamsin.vale"
        response = Passkey(origin="https://localhost").register(websafe_decode(options["challenge"]))
        sent = {"name": "Key", "passwordless": "on", "credential": json.dumps(response)}
        assert browser.post(reverse("mfa_add_webauthn"), sent).url == reverse("mfa_view_recovery_codes")
        assert browser.is_in()
        added = Authenticator.objects.get(user=user, type=Authenticator.Type.WEBAUTHN)
        assert passkeys.has_one(user.identifier)
        (own,) = passkeys.registrations([user.identifier])[user.identifier]
        assert (own.passkey, own.since, own.until) == (passkeys.digest(added), AT, None)


class TestSessions:
    def test_end_after_half_an_hour_without_use(self, browser: Browser, time: Clock) -> None:
        browser.sign_in(a_holder(Role.AUDITOR), time)
        for _ in range(3):
            time.move(minutes=29)
            assert browser.is_in()
        time.move(minutes=30)
        assert not browser.is_in()

    def test_end_after_twelve_hours_in_any_case(self, browser: Browser, time: Clock) -> None:
        browser.sign_in(a_holder(Role.AUDITOR), time)
        for _ in range(28):
            time.move(minutes=25)
            assert browser.is_in()
        time.move(minutes=21)
        assert not browser.is_in()

    def test_a_new_password_ends_all_others(self, browser: Browser, time: Clock) -> None:
        user = a_holder(Role.AUDITOR)
        other = Browser()
        browser.sign_in(user, time)
        other.sign_in(user, time)
        new = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
        assert browser.post(reverse("account_change_password"), new).status_code == 302
        assert browser.is_in()
        assert not other.is_in()

    def test_signing_out_everywhere_ends_all_others(self, browser: Browser, time: Clock) -> None:
        user = a_holder(Role.AUDITOR)
        other = Browser()
        browser.sign_in(user, time)
        other.sign_in(user, time)
        assert text_of(browser.get(reverse("accounts:account"))).count("2 March 2026") >= 2
        browser.post(reverse("accounts:sign-out-everywhere"))
        assert browser.is_in()
        assert not other.is_in()

    @pytest.mark.parametrize("act", ["reset", "password", "close"])
    def test_end_when_an_administrator_resets_or_closes(self, browser: Browser, time: Clock, act: str) -> None:
        an_administrator()
        user = a_holder(Role.AUDITOR)
        browser.sign_in(user, time)
        match act:
            case "reset":
                actions.reset_second_factor(user=user.identifier, reason="Lost", by=OPERATOR, at=time.at)
            case "password":
                actions.reset_password(user=user.identifier, reason="Forgotten", by=OPERATOR, at=time.at)
            case _:
                actions.close(user=user.identifier, reason="Left", by=OPERATOR, at=time.at)
        assert not browser.is_in()

    def test_a_role_that_ended_is_gone_at_the_next_page(self, browser: Browser, time: Clock) -> None:
        an_administrator("other")
        user = an_administrator()
        browser.sign_in(user, time)
        assert browser.get("/users").status_code == 200
        actions.end_grant(grant=user.grants.get().pk, reason="Moved", by=OPERATOR, at=time.at)
        assert browser.get("/users").status_code == 403

    def test_signing_out_forgets_the_session(self, browser: Browser, time: Clock) -> None:
        browser.sign_in(a_holder(Role.AUDITOR), time)
        assert browser.get(reverse("accounts:sign-out")).status_code == 200
        assert browser.is_in()
        browser.post(reverse("accounts:sign-out"))
        assert not browser.is_in()
        assert not Session.objects.filter(user__isnull=False).exists()

    def test_the_key_changes_when_somebody_signs_in(self, browser: Browser, time: Clock) -> None:
        user = a_holder(Role.AUDITOR)
        browser.enter()
        before = browser.cookies[settings.SESSION_COOKIE_NAME].value
        browser.enter_code(code_of(user, time.at))
        assert browser.cookies[settings.SESSION_COOKIE_NAME].value != before

    def test_the_cookie_is_kept_from_scripts_and_other_sites(self, browser: Browser, time: Clock) -> None:
        browser.sign_in(a_holder(Role.AUDITOR), time)
        cookie = browser.cookies[settings.SESSION_COOKIE_NAME]
        assert settings.SESSION_COOKIE_NAME.startswith("__Host-")
        assert (cookie["secure"], cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, True, "Lax", "/")

    def test_a_page_asks_the_database_a_bounded_number_of_times(
        self, browser: Browser, time: Clock, django_assert_max_num_queries: Any
    ) -> None:
        browser.sign_in(an_administrator(), time)
        for index in range(12):
            a_holder(Role.AUDITOR, f"user-{index}")
        browser.get("/users")
        with django_assert_max_num_queries(8):
            browser.get("/users")


class TestSecondFactors:
    def test_a_change_asks_who_it_is_once_more(self, browser: Browser, time: Clock) -> None:
        user = a_holder(Role.AUDITOR)
        browser.sign_in(user, time)
        answer = browser.get(reverse("mfa_add_webauthn"))
        assert answer.url.startswith(reverse("account_reauthenticate"))
        assert "Show that it is you" in text_of(browser.get(answer.url))
        again = {"password": PASSWORD, "next": reverse("mfa_add_webauthn")}
        assert browser.post(reverse("account_reauthenticate"), again).url == reverse("mfa_add_webauthn")
        assert browser.get(reverse("mfa_add_webauthn")).status_code == 200

    def test_the_last_one_stays(self, browser: Browser, time: Clock) -> None:
        user = a_holder(Role.AUDITOR)
        browser.sign_in(user, time)
        browser.post(reverse("account_reauthenticate"), {"password": PASSWORD})
        assert "only second factor" in text_of(browser.get(reverse("mfa_deactivate_totp")))
        browser.post(reverse("mfa_deactivate_totp"))
        assert Authenticator.objects.filter(user=user).exists()
        a_passkey(user)
        browser.post(reverse("mfa_deactivate_totp"))
        assert not Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists()
        passkey = Authenticator.objects.get(user=user, type=Authenticator.Type.WEBAUTHN)
        browser.post(reverse("mfa_remove_webauthn", args=[passkey.pk]))
        assert Authenticator.objects.filter(pk=passkey.pk).exists()

    def test_the_audit_remembers_which_passkey_was_whose_and_until_when(self, browser: Browser, time: Clock) -> None:
        user = a_holder(Role.AUDITOR)
        a_passkey(user)
        a_passkey(user)
        first, second = Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN).order_by("pk")
        browser.sign_in(user, time)
        browser.post(reverse("account_reauthenticate"), {"password": PASSWORD})
        browser.post(reverse("mfa_remove_webauthn", args=[first.pk]))
        was, still = passkeys.registrations([user.identifier])[user.identifier]
        assert (was.passkey, still.passkey) == (passkeys.digest(first), passkeys.digest(second))
        assert was.until is not None
        assert still.until is None
        assert was.holds(was.since, was.until)
        assert not was.holds(was.until, was.until + timedelta(days=1))
        assert not still.holds(still.since - timedelta(days=2), still.since - timedelta(days=1))

    def test_another_persons_passkey_is_out_of_reach(self, browser: Browser, time: Clock) -> None:
        other = a_holder(Role.AUDITOR, "other")
        a_passkey(other)
        passkey = Authenticator.objects.get(user=other, type=Authenticator.Type.WEBAUTHN)
        browser.sign_in(a_holder(Role.AUDITOR), time)
        browser.post(reverse("account_reauthenticate"), {"password": PASSWORD})
        for name in ("mfa_remove_webauthn", "mfa_edit_webauthn"):
            assert browser.get(reverse(name, args=[passkey.pk])).status_code == 404


PAGES_OF_SIGN_IN = [
    "accounts:sign-in",
    "account_inactive",
]
PAGES_OF_ONES_OWN = [
    "accounts:sign-out",
    "accounts:account",
    "account_change_password",
    "account_reauthenticate",
    "mfa_reauthenticate",
    "mfa_reauthenticate_webauthn",
    "mfa_index",
    "mfa_deactivate_totp",
    "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes",
    "mfa_list_webauthn",
    "mfa_add_webauthn",
]


class TestPages:
    def test_each_is_in_our_frame_without_script_or_style_in_line(self, browser: Browser, time: Clock) -> None:
        user = a_holder(Role.AUDITOR)
        answers = {name: browser.get(reverse(name)) for name in PAGES_OF_SIGN_IN}
        browser.enter()
        answers["mfa_authenticate"] = browser.get(reverse("mfa_authenticate"))
        browser.sign_in(user, time)
        a_passkey(user)
        RecoveryCodes.activate(user)
        passkey = Authenticator.objects.get(user=user, type=Authenticator.Type.WEBAUTHN)
        browser.post(reverse("account_reauthenticate"), {"password": PASSWORD})
        answers |= {name: browser.get(reverse(name)) for name in PAGES_OF_ONES_OWN}
        for name in ("mfa_remove_webauthn", "mfa_edit_webauthn"):
            answers[name] = browser.get(reverse(name, args=[passkey.pk]))
        for name, answer in answers.items():
            html = answer.content.decode()
            assert answer.status_code == 200, (name, getattr(answer, "url", ""))
            assert 'id="main"' in html, name
            assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", html), name
            for script in re.findall(r"<script[^>]*>", html):
                assert "src=" in script or 'type="application/json"' in script, (name, script)
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            assert 'class="cell"' not in html

    def test_an_administrator_makes_a_user_who_gets_a_role(self, browser: Browser, time: Clock) -> None:
        browser.sign_in(an_administrator(), time)
        sent = {"login": "Ada.Quill", "name": "Ada Quill", "email": "", "language": "fr"}
        answer = browser.post(reverse("accounts:create"), sent)
        assert answer.status_code == 200
        assert "chooses another before anything else" in text_of(answer)
        assert answer.headers["Cache-Control"] == "no-store"
        user = User.objects.get(login="ada.quill")
        assert user.language == "fr"
        page = reverse("accounts:grant", args=[user.identifier])
        wrong = browser.post(page, {"role": "examiner", "office": "", "trader": "", "until": ""})
        assert wrong.status_code == 422
        assert "is held for an office" in text_of(wrong)
        given = {"role": "examiner", "office": "Port Selle", "trader": "", "until": "2026-03-31"}
        assert browser.post(page, given).status_code == 302
        assert "Port Selle" in text_of(browser.get(reverse("accounts:user", args=[user.identifier])))
        assert user.grants.get().until == datetime(2026, 3, 31, 22, tzinfo=UTC)

    def test_an_administrator_arranges_a_deputy_and_ends_it(self, browser: Browser, time: Clock) -> None:
        browser.sign_in(an_administrator(), time)
        absent = a_holder(Role.VALIDATING_OFFICIAL, "absent", office="Port Selle", name="Absent One")
        deputy = a_holder(Role.EXAMINER, "deputy", office="Port Selle", name="Deputy One")
        page = reverse("accounts:deputise", args=[absent.identifier])
        assert "alidating official, Port Selle" in text_of(browser.get(page))
        sent = {"deputy": deputy.identifier, "grant": str(absent.grants.get().pk), "until": "", "reason": "On leave"}
        assert browser.post(page, sent).status_code == 302
        assert "Deputy One" in text_of(browser.get(reverse("accounts:user", args=[absent.identifier])))
        end = reverse("accounts:end-deputyship", args=[absent.identifier, deputy.deputyships.get().pk])
        assert browser.post(end, {"reason": "Back again"}).status_code == 302
        assert deputy.deputyships.get().until == time.at

    def test_an_administrator_helps_and_closes(self, browser: Browser, time: Clock) -> None:
        browser.sign_in(an_administrator(), time)
        user = a_holder(Role.AUDITOR)
        page = reverse("accounts:reset", args=[user.identifier])
        answer = browser.post(page, {"what": "password", "reason": "Forgotten"})
        assert "Hand over a first password" in text_of(answer)
        assert browser.post(page, {"what": "second factor", "reason": "Lost"}).status_code == 302
        assert browser.post(page, {"what": "lock", "reason": "Typed wrongly"}).status_code == 302
        end = reverse("accounts:end-grant", args=[user.identifier, user.grants.get().pk])
        assert browser.post(end, {"reason": "Moved away"}).status_code == 302
        assert browser.post(reverse("accounts:close", args=[user.identifier]), {"reason": "Left"}).status_code == 302
        assert "This account is closed" in text_of(browser.get(reverse("accounts:user", args=[user.identifier])))

    def test_an_administrator_is_refused_their_own_account(self, browser: Browser, time: Clock) -> None:
        user = an_administrator()
        browser.sign_in(user, time)
        page = browser.get(reverse("accounts:user", args=[user.identifier]))
        assert "another administrator does" in text_of(page)
        given = {"role": "auditor", "office": "", "trader": "", "until": ""}
        answer = browser.post(reverse("accounts:grant", args=[user.identifier]), given)
        assert answer.status_code == 422
        assert "Nobody gives a role to themself" in text_of(answer)

    @pytest.mark.parametrize("role", [each for each in Role if each is not Role.ADMINISTRATOR])
    def test_others_do_not_administer(self, browser: Browser, time: Clock, role: Role) -> None:
        needs = actions.needs_of(role).name
        user = a_holder(
            role, office="Port Selle" if needs == "OFFICE" else "", trader="T-0001" if needs == "TRADER" else ""
        )
        browser.sign_in(user, time)
        other = a_user("other").identifier
        for name in ("grant", "deputise", "reset", "close"):
            assert browser.get(reverse(f"accounts:{name}", args=[other])).status_code == 403
        assert browser.get(reverse("accounts:create")).status_code == 403
        reads = 200 if role is Role.AUDITOR else 403
        assert browser.get("/users").status_code == reads
        assert browser.get(reverse("accounts:user", args=[other])).status_code == reads

    def test_what_is_not_there_is_not_found(self, browser: Browser, time: Clock) -> None:
        browser.sign_in(an_administrator(), time)
        assert browser.get(reverse("accounts:user", args=["u-nobody"])).status_code == 404
        user = a_holder(Role.AUDITOR).identifier
        assert browser.get(reverse("accounts:end-grant", args=[user, 9999])).status_code == 404
        assert browser.get(reverse("accounts:end-deputyship", args=[user, 9999])).status_code == 404

    def test_a_narrowed_list_is_kept_for_oneself(self, browser: Browser, time: Clock) -> None:
        browser.sign_in(an_administrator(), time)
        a_holder(Role.AUDITOR, name="Ada Quill")
        found = text_of(browser.get("/users", {"role": "auditor"}))
        assert "Ada Quill" in found
        sent = {"list": "users", "query": "role=auditor", "name": "Auditors"}
        answer = browser.post(
            reverse("accounts:save-filter"), sent, headers={"referer": "https://localhost/users?role=auditor"}
        )
        assert answer.url == "/users?role=auditor"
        assert 'href="?role=auditor">Auditors</a>' in browser.get("/users").content.decode()
        elsewhere = browser.post(reverse("accounts:save-filter"), sent, headers={"referer": "https://e.example/x"})
        assert elsewhere.url == "/"

    def test_everybody_chooses_their_language(self, browser: Browser, time: Clock) -> None:
        user = a_holder(Role.AUDITOR)
        browser.sign_in(user, time)
        assert browser.post(reverse("accounts:account"), {"language": "fr"}).status_code == 302
        assert '<html lang="fr"' in browser.get(reverse("accounts:account")).content.decode()
        assert browser.post(reverse("accounts:account"), {"language": "xx"}).status_code == 200
