"""Forms of sign-in: allauth's, with our counting of wrong tries and our codes that serve once."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import ChangePasswordForm as AllauthChangePassword
from allauth.account.forms import LoginForm
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from django.utils.translation import gettext_lazy as _

from macle.node import clock
from macle.node.accounts import actions, adapters, codes, throttle


class SignInForm(LoginForm):  # type: ignore[misc]
    """Login name and password."""

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 (allauth's own)
        """Name the fields in our words."""
        super().__init__(*args, **options)
        self.fields["login"].label = _("Login name")
        self.fields["password"].label = _("Password")
        self.fields["password"].help_text = ""
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)

    def clean_login(self) -> str:
        """Return the name in small letters."""
        login: str = super().clean_login()
        return login.lower()


class _Code:
    """What sign-in and proving oneself again have in common: a code, or a recovery code."""

    user: Any
    cleaned_data: dict[str, Any]

    def clean_code(self) -> str:
        """Return the code if it is good; count it as a wrong try if not."""
        at = clock.now()
        adapters.refuse_if_locked(self.user.login, at=at)
        code: str = self.cleaned_data["code"]
        if codes.check(self.user, code, at=at):
            kind = Authenticator.Type.TOTP
        elif _recovers(self.user, code):
            kind = Authenticator.Type.RECOVERY_CODES
        else:
            if actions.count_failure(self.user.login, at=at):
                adapters.refuse_if_locked(self.user.login, at=at)
            raise get_adapter().validation_error("incorrect_code")
        throttle.clear(self.user.login)
        self.authenticator = Authenticator.objects.get(user=self.user, type=kind)
        return code


def _recovers(user: Any, code: str) -> bool:  # noqa: ANN401
    kept = Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).first()
    return kept is not None and bool(kept.wrap().validate_code(code))


class CodeForm(_Code, AuthenticateForm):  # type: ignore[misc]
    """The second step of signing in."""


class CodeAgainForm(_Code, ReauthenticateForm):  # type: ignore[misc]
    """Proving oneself again."""


class ChangePasswordForm(AllauthChangePassword):  # type: ignore[misc]
    """A new password; wrong tries at the old one count."""

    def clean_oldpassword(self) -> str:
        """Return the old password if it is right."""
        at = clock.now()
        adapters.refuse_if_locked(self.user.login, at=at)
        if not self.user.check_password(self.cleaned_data.get("oldpassword", "")):
            actions.count_failure(self.user.login, at=at)
        password: str = super().clean_oldpassword()
        return password
