"""Forms: those of sign-in are allauth's, with our counting of wrong tries and our look; administrators' are ours.

The order of bases matters: allauth's class first, so that its fields are made before ours is drawn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account import forms as account
from allauth.mfa.base import forms as base
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import forms as recovery
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn import forms as passkeys
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from macle.node import clock
from macle.node.accounts import actions, adapters, codes, throttle
from macle.node.desk import context, words
from macle.node.desk import forms as desk
from macle.node.permissions import Role

if TYPE_CHECKING:
    from datetime import date

    from macle.node.accounts.models import User


class SignInForm(account.LoginForm, desk.Form):  # type: ignore[misc]
    """Login name and password."""

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 (allauth's own)
        """Name the fields in our words."""
        super().__init__(*args, **options)
        self.fields["login"].label = _("Login name")
        self.fields["password"].label = _("Password")
        self.fields["password"].help_text = ""
        _plain(self)

    def clean_login(self) -> str:
        """Return the name in small letters."""
        login: str = super().clean_login()
        return login.lower()


class PasswordAgainForm(account.ReauthenticateForm, desk.Form):  # type: ignore[misc]
    """Proving oneself again by password."""

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401
        """Name the field in our words."""
        super().__init__(*args, **options)
        self.fields["password"].label = _("Password")
        self.fields["password"].help_text = ""
        _plain(self)


class ChangePasswordForm(account.ChangePasswordForm, desk.Form):  # type: ignore[misc]
    """A new password; wrong tries at the old one count."""

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401
        """Name the fields in our words."""
        super().__init__(*args, **options)
        self.fields["oldpassword"].label = _("Password until now")
        self.fields["password1"].label = _("New password")
        self.fields["password1"].help_text = _("At least 12 characters. A few words in a row are easy to remember.")
        self.fields["password2"].label = _("New password again")
        self.fields["oldpassword"].help_text = ""
        _plain(self)

    def clean_oldpassword(self) -> str:
        """Return the old password if it is right."""
        at = clock.now()
        adapters.refuse_if_locked(self.user.login, at=at)
        if not self.user.check_password(self.cleaned_data.get("oldpassword", "")):
            actions.count_failure(self.user.login, at=at)
        password: str = super().clean_oldpassword()
        return password

    def clean_password1(self) -> str:
        """Return the new password; the one that was handed over is none."""
        password: str = self.cleaned_data["password1"]
        if self.user.check_password(password):
            raise ValidationError(_("This is the password until now. Choose another."), code="same")
        return password


class _Code(desk.Form):
    """What sign-in and proving oneself again have in common: a code, or a recovery code."""

    user: User
    authenticator: Authenticator

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401
        """Name the field in our words."""
        super().__init__(*args, **options)
        self.fields["code"].label = _("Code")
        self.fields["code"].help_text = _("Six figures from your authenticator, or a recovery code.")
        _plain(self)

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
            raise ValidationError(
                _("This code is wrong, or was used. Wait for a new one: each serves once."), code="incorrect_code"
            )
        throttle.clear(self.user.login)
        self.authenticator = Authenticator.objects.get(user=self.user, type=kind)
        return code


def _recovers(user: User, code: str) -> bool:
    kept = Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).first()
    return kept is not None and bool(kept.wrap().validate_code(code))


def _plain(form: desk.Form) -> None:
    """Take out what stands in a field as if it were its label, and name each field that is missing by its own."""
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)
    form.say_what_is_missing()


class CodeForm(_Code, base.AuthenticateForm):  # type: ignore[misc]
    """The second step of signing in."""


class CodeAgainForm(_Code, base.ReauthenticateForm):  # type: ignore[misc]
    """Proving oneself again by a code."""


class ActivateForm(totp.ActivateTOTPForm, desk.Form):  # type: ignore[misc]
    """Setting up an authenticator: a code shows that it works, and does not serve again."""

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401
        """Name the field in our words."""
        super().__init__(*args, **options)
        self.fields["code"].label = _("Code")
        _plain(self)


class DeactivateForm(totp.DeactivateTOTPForm, desk.Form):  # type: ignore[misc]
    """Removing an authenticator."""


class GenerateForm(recovery.GenerateRecoveryCodesForm, desk.Form):  # type: ignore[misc]
    """New recovery codes."""


class AddPasskeyForm(passkeys.AddWebAuthnForm, desk.Form):  # type: ignore[misc]
    """A new passkey."""

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401
        """Name the fields in our words."""
        super().__init__(*args, **options)
        self.fields["name"].label = _("What you call it")
        self.fields["passwordless"].label = _("Let it sign in alone, without the password")
        self.fields["passwordless"].help_text = _("It then asks for your fingerprint, face or PIN each time.")


class RenamePasskeyForm(passkeys.EditWebAuthnForm, desk.Form):  # type: ignore[misc]
    """Another name for a passkey."""

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401
        """Name the field in our words."""
        super().__init__(*args, **options)
        self.fields["name"].label = _("What you call it")


def _languages() -> list[tuple[str, str]]:
    return [(code, context.OWN_NAMES.get(code, name)) for code, name in settings.LANGUAGES]


class LanguageForm(desk.Form):
    """In which language somebody reads the pages."""

    language = desk.ChoiceField(label=gettext_lazy("Language"))

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401
        """Offer the languages of this node."""
        super().__init__(*args, **options)
        self.fields["language"].choices = _languages()  # type: ignore[attr-defined]


class TokenForm(desk.Form):
    """A new token for a program."""

    name = desk.TextField(
        label=gettext_lazy("What it is for"),
        help_text=gettext_lazy("The program that shows it, and who runs that."),
        most=80,
    )
    held = desk.ChoiceField(label=gettext_lazy("For which of your roles"))
    until = desk.DayField(
        label=gettext_lazy("Until the end of"), help_text=gettext_lazy("A day within a year from today.")
    )

    def __init__(self, *args: Any, roles: list[tuple[str, str]], **options: Any) -> None:  # noqa: ANN401
        """Offer the roles that the person holds."""
        super().__init__(*args, **options)
        self.fields["held"].choices = roles  # type: ignore[attr-defined]


class UserForm(desk.Form):
    """A new account."""

    login = desk.TextField(label=gettext_lazy("Login name"), help_text=gettext_lazy("Such as: tamsin.vale"), most=64)
    name = desk.TextField(label=gettext_lazy("Name"), most=120)
    email = desk.TextField(label=gettext_lazy("E-mail address"), most=254, required=False)
    language = desk.ChoiceField(label=gettext_lazy("Language"))

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401
        """Offer the languages of this node."""
        super().__init__(*args, **options)
        self.fields["language"].choices = _languages()  # type: ignore[attr-defined]


class _From(desk.Form):
    """Days between which something holds; the last day belongs to it."""

    until = desk.DayField(
        label=gettext_lazy("Until the end of"),
        help_text=gettext_lazy("A day; leave it empty for a role without an end."),
        required=False,
    )

    def last_day(self) -> date | None:
        """Return the last day, if there is one."""
        day: date | None = self.cleaned_data["until"]
        return day


class GrantForm(_From):
    """A role for somebody."""

    role = desk.OneOfManyField(
        label=gettext_lazy("Role"), choices=lambda: [(each.value, words.role(each)) for each in Role]
    )
    office = desk.TextField(
        label=gettext_lazy("Office"),
        help_text=gettext_lazy("For examiners, valuers, officials and customs, as it stands on certificates."),
        most=120,
        required=False,
    )
    trader = desk.TextField(
        label=gettext_lazy("Trader"),
        help_text=gettext_lazy("For exporters and agents: the reference, such as T-0001."),
        most=32,
        required=False,
    )
    field_order = ("role", "office", "trader", "until")


class DeputyForm(_From):
    """Somebody who stands in."""

    deputy = desk.OneOfManyField(label=gettext_lazy("Who stands in"), choices=())
    grant = desk.ChoiceField(label=gettext_lazy("For which role"))
    reason = desk.ReasonField(most=200)
    field_order = ("deputy", "grant", "until", "reason")

    def __init__(
        self,
        *args: Any,  # noqa: ANN401
        people: list[tuple[str, str]],
        grants: list[tuple[str, str]],
        **options: Any,  # noqa: ANN401
    ) -> None:
        """Offer who may stand in, and for what."""
        super().__init__(*args, **options)
        self.fields["deputy"].choices = [("", _("Choose…")), *people]  # type: ignore[attr-defined]
        self.fields["grant"].choices = grants  # type: ignore[attr-defined]


class ReasonForm(desk.Form):
    """Why something ends."""

    reason = desk.ReasonField(most=200)


class ResetForm(desk.Form):
    """What is reset, and why."""

    what = desk.ChoiceField(
        label=gettext_lazy("What is reset"),
        choices=[
            ("second factor", gettext_lazy("The second factor")),
            ("password", gettext_lazy("The password")),
            ("lock", gettext_lazy("The lock after wrong tries")),
        ],
        hints={
            "second factor": gettext_lazy("Telephone or key lost: they set up a new one when they next sign in."),
            "password": gettext_lazy("Forgotten: you hand over a first password, which they change."),
            "lock": gettext_lazy("They may try again at once."),
        },
    )
    reason = desk.ReasonField(most=200)
