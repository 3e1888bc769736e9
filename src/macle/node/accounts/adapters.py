"""How django-allauth is told our rules: lockout, first passwords, second factors that stay, a ministry's sign-in."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from macle.node import clock
from macle.node.accounts import actions, sessions, throttle
from macle.node.accounts.models import User

if TYPE_CHECKING:
    from allauth.socialaccount.models import SocialLogin
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.http import HttpRequest, HttpResponse

FRESH: Final = timedelta(minutes=15)
"""How long after signing in a first second factor is set up without proving oneself again."""


def refuse_if_locked(login: str, *, at: datetime) -> None:
    """Raise the validation error that says until when this login name is locked."""
    try:
        throttle.check(login, at=at)
    except throttle.SignInLocked as locked:
        until = datetime.fromisoformat(str(locked.facts["until"]))
        raise ValidationError(
            _(
                "Too many wrong tries for this name. It is locked until %(until)s UTC. "
                "A passkey still opens it, and your administrator can."
            ),
            code="locked",
            params={"until": f"{until:%H:%M}"},
        ) from locked


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Sign-in by login name and password."""

    error_messages = DefaultAccountAdapter.error_messages

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 (allauth's own)
        """Return that nobody makes an account for themself."""
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:  # noqa: ANN401, ARG002
        """Refuse while the name is locked."""
        refuse_if_locked(credentials.get("username", ""), at=clock.now())

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:  # noqa: ANN401, ARG002
        """Count the wrong try."""
        at = clock.now()
        if actions.count_failure(credentials.get("username", ""), at=at):
            refuse_if_locked(credentials.get("username", ""), at=at)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:  # noqa: ANN401
        """Return whose name and password these are; a first password serves for a few days only."""
        user: AbstractBaseUser | None = super().authenticate(request, **credentials)
        until = user.first_password_until if isinstance(user, User) else None
        if until is not None and until <= clock.now():
            raise ValidationError(
                _("This first password has ended. Ask your administrator for a new one."), code="ended"
            )
        return user

    def is_reauthentication_required(self, *, app: str, **_options: object) -> bool:
        """Return whether somebody must prove themself again: not for the first second factor, right after sign-in."""
        request = context.request
        began = request.session.get(sessions.BEGAN)
        if app != "allauth.mfa" or began is None or clock.now() - datetime.fromisoformat(began) >= FRESH:
            return True
        # What was set up in this very session does not count: its recovery codes are still to be shown.
        return bool(Authenticator.objects.filter(user=request.user, created_at__lt=began).exists())

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:  # noqa: ARG002
        """Return where a new password leads: to one's own account."""
        return reverse("accounts:account")

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send nothing: what a person must know is on their own page and in the audit."""


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors: kept encrypted, and the last one stays."""

    def encrypt(self, text: str) -> str:
        """Return a secret as it is kept: whoever has only the database has no codes."""
        return _fernet(settings.SECRET_KEY).encrypt(text.encode()).decode("ascii")

    def decrypt(self, encrypted_text: str) -> str:
        """Return the secret."""
        return _fernet(settings.SECRET_KEY).decrypt(encrypted_text.encode("ascii")).decode()

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Return whether another second factor remains."""
        if authenticator.type == Authenticator.Type.RECOVERY_CODES:
            return True
        return bool(
            Authenticator.objects.filter(
                user=authenticator.user_id, type__in=[Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
            )
            .exclude(pk=authenticator.pk)
            .exists()
        )

    def get_totp_label(self, user: User) -> str:
        """Return what an authenticator application shows."""
        return user.login

    def get_totp_issuer(self) -> str:
        """Return whose code it is."""
        return f"Macle {settings.CONFIGURATION.participant}"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Return for whom passkeys are made: the first name under which people reach the node."""
        return {"id": relying_party(), "name": f"Macle {settings.CONFIGURATION.participant}"}

    def get_public_key_credential_user_entity(self, user: User) -> dict[str, Any]:
        """Return what a passkey says of its user."""
        entity: dict[str, Any] = super().get_public_key_credential_user_entity(user)
        return entity | {"name": user.login, "display_name": user.name}


def relying_party() -> str:
    """Return the name to which passkeys are bound."""
    return settings.CONFIGURATION.hosts[0]


class MinistryAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Sign-in by a ministry's own service (OpenID Connect): it opens accounts that are there and makes none."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:  # noqa: ARG002
        """Return that no account is made."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Find the account by subject, or the first time by e-mail address; lead back to sign-in if there is none."""
        if sociallogin.is_existing:
            return
        claims = sociallogin.account.extra_data
        claims = claims.get("userinfo") or claims.get("id_token") or claims
        email = str(claims.get("email") or "")
        found = User.objects.filter(email__iexact=email, closed_at=None) if email else User.objects.none()
        if claims.get("email_verified") is not True or found.count() != 1:
            messages.error(request, _("There is no account here for you. Ask your administrator for one."))
            raise ImmediateHttpResponse(HttpResponseRedirect(reverse("accounts:sign-in")))
        sociallogin.connect(request, found.get())

    def on_authentication_error(self, request: HttpRequest, *_arguments: object, **_options: object) -> HttpResponse:
        """Lead back to sign-in."""
        messages.error(request, _("The sign-in service did not let you in. Try again, or sign in with your password."))
        raise ImmediateHttpResponse(HttpResponseRedirect(reverse("accounts:sign-in")))


@lru_cache(maxsize=1)
def _fernet(secret: str) -> Fernet:
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"macle.node.accounts.second-factor").derive(
        secret.encode()
    )
    return Fernet(base64.urlsafe_b64encode(key))
