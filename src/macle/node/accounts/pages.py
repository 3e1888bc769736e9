"""Pages of accounts: one's own, and the administrator's. Those of sign-in are allauth's, in our templates."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from allauth.account.decorators import reauthentication_required
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn import views as passkeys
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.db.models import Q
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from macle import errors
from macle.node.accounts import actions, forms, queries, throttle, tokens
from macle.node.accounts.models import User
from macle.node.desk import lists, pages, parts, words
from macle.node.permissions import Act, Role

if TYPE_CHECKING:
    from datetime import date

    from django import forms as django
    from django.http import HttpResponse
    from django.http.response import HttpResponseBase

    from macle.node.accounts.models import Grant
    from macle.node.desk.forms import Form
    from macle.node.desk.pages import Request
    from macle.node.permissions import Held


# One's own account.


@pages.page(pages.PUBLIC)
def second_factor(request: Request) -> HttpResponseBase:
    """Lead somebody without a second factor to one: nobody is an actor before."""
    if not request.user.is_authenticated:
        return pages.to_sign_in(request)
    return pages.render(request, "accounts/second_factor.html")


@pages.page(pages.SIGNED_IN, post=True)
def account(request: Request) -> HttpResponseBase:
    """Show one's own account, and change its language."""
    user = queries.find(request.actor.identifier)
    form = forms.LanguageForm(request.POST if request.method == "POST" else None, initial={"language": user.language})
    if request.method == "POST" and form.is_valid():
        actions.change_own(language=form.cleaned_data["language"], by=request.actor, at=request.at)
        return HttpResponseRedirect(reverse("accounts:account"))
    factors = list(Authenticator.objects.filter(user=user).order_by("type", "pk"))
    context = {
        "user": user,
        "form": form,
        "totp": [each for each in factors if each.type == Authenticator.Type.TOTP],
        "passkeys": [each for each in factors if each.type == Authenticator.Type.WEBAUTHN],
        "recovery": next(
            (len(each.wrap().get_unused_codes()) for each in factors if each.type == Authenticator.Type.RECOVERY_CODES),
            0,
        ),
        "sessions": queries.sessions(user, at=request.at),
        "this_session": request.session.session_key,
        "held": request.actor.held,
        "names": queries.names(each.deputises_for for each in request.actor.held if each.deputises_for),
        "tokens": tokens.serving(tokens.of(request.actor), request.actor, at=request.at),
    }
    return pages.render(request, "accounts/account.html", context)


@pages.page(pages.SIGNED_IN, post=True)
def sign_out_everywhere(request: Request) -> HttpResponseBase:
    """End every session of one's own but this one."""
    if request.method == "POST":
        user = actions.sign_out_everywhere(by=request.actor, at=request.at)
        update_session_auth_hash(request, user)
        messages.info(request, _("Everywhere else you are signed out."))
    return HttpResponseRedirect(reverse("accounts:account"))


@pages.page(pages.SIGNED_IN, post=True)
@reauthentication_required  # type: ignore[untyped-decorator]
def make_token(request: Request) -> HttpResponseBase:
    """Make a token for a program, and show it once."""
    held = request.actor.held
    form = forms.TokenForm(
        request.POST if request.method == "POST" else None,
        roles=[(str(place), _held(each)) for place, each in enumerate(held)],
    )
    if request.method == "POST" and form.is_valid():
        try:
            made = tokens.make(
                name=form.cleaned_data["name"],
                held=held[int(form.cleaned_data["held"])],
                ends_at=_end_of(form.cleaned_data["until"], request) or request.at,
                by=request.actor,
                at=request.at,
            )
        except errors.MacleError as error:
            form.take(error)
        else:
            return pages.render(request, "accounts/token.html", {"token": made.token, "secret": made.secret})
    return pages.render(
        request,
        "accounts/make_token.html",
        {"form": form},
        status=HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK,
    )


@pages.page(pages.SIGNED_IN, post=True)
def revoke_token(request: Request, pk: int) -> HttpResponseBase:
    """Revoke a token of one's own, or of the person whose account an administrator looks at."""
    token = tokens.find(pk, by=request.actor)
    if request.method == "POST":
        tokens.revoke(token=pk, by=request.actor, at=request.at)
        messages.info(request, _("The token is revoked."))
    if token.user.identifier != request.actor.identifier:
        return _back_to(token.user)
    return HttpResponseRedirect(reverse("accounts:account"))


class RemovePasskey(passkeys.RemoveWebAuthnView):  # type: ignore[misc]
    """Remove a passkey, but not the last second factor."""

    def form_valid(self, form: django.Form) -> HttpResponseBase:
        """Remove it, or say why not."""
        if not get_adapter().can_delete_authenticator(self.get_object()):
            form.add_error(None, _("This is your only second factor. Add another first."))
            asked: HttpResponseBase = self.render_to_response(self.get_context_data(form=form))
            return asked
        answer: HttpResponseBase = super().form_valid(form)
        return answer


# The administrator's pages.


@pages.page(Act.ACCOUNT_READ)
def users(request: Request) -> HttpResponseBase:
    """List the accounts."""
    found = queries.users(by=request.actor, at=request.at)
    acts = [parts.NextAct(label=_("Make an account"), address=reverse("accounts:create"))]
    return lists.answer(request, _people(request.at), found, acts=acts if request.actor.may(Act.ACCOUNT_CREATE) else ())


def _people(at: datetime) -> lists.Listing:
    def roles(user: User) -> str:
        held: list[Grant] = user.held_now  # type: ignore[attr-defined]
        return "; ".join(", ".join(filter(None, (_role(each), each.office, each.trader))) for each in held)

    return lists.Listing(
        name="users",
        title=_("People"),
        columns=[
            lists.Column(
                name="name",
                label=_("Name"),
                sort="name",
                link=lambda each: reverse("accounts:user", args=[each.identifier]),
                under=lambda each: each.login,
            ),
            lists.Column(name="login", label=_("Login name"), sort="login"),
            lists.Column(name="roles", label=_("Roles now"), value=roles),
            lists.Column(name="last_login", label=_("Last signed in"), kind=lists.Kind.INSTANT, sort="last_login"),
            lists.Column(name="closed_at", label=_("Closed"), kind=lists.Kind.DAY, sort="closed_at"),
            lists.Column(name="identifier", label=_("In the audit")),
        ],
        filters=[
            lists.TextFilter(
                name="q", label=_("Name, login name or identifier"), of=["name", "login", "identifier", "email"]
            ),
            lists.ChoiceFilter(
                name="role",
                label=_("Role now"),
                choices=[(each.value, words.role(each)) for each in Role],
                narrowing=lambda role: queries.holding(role, at=at),
            ),
            lists.ChoiceFilter(
                name="state",
                label=_("Account"),
                choices=[("open", _("open")), ("closed", _("closed"))],
                narrowing=lambda state: Q(closed_at__isnull=state == "open"),
            ),
        ],
        order=("name", "pk"),
        empty=_("Nobody has an account."),
    )


@pages.page(pages.SIGNED_IN, post=True)
def save_filter(request: Request) -> HttpResponseBase:
    """Keep a view of a list, and go back to it."""
    query = request.POST.get("query", "")[:500]
    if request.method == "POST":
        actions.save_filter(
            of=request.POST.get("list", "")[:64], title=request.POST.get("name", ""), query=query, by=request.actor
        )
    # The page that sent the form is the list, on this very site.
    came_from = urlsplit(request.headers.get("Referer", ""))
    path = came_from.path if came_from.netloc == request.get_host() else "/"
    way_back = f"{path}?{query}" if query and path != "/" else path
    return HttpResponseRedirect(way_back if url_has_allowed_host_and_scheme(way_back, allowed_hosts=None) else "/")


@pages.page(Act.ACCOUNT_CREATE, post=True)
def create(request: Request) -> HttpResponse:
    """Make an account, and show its first password once."""
    form = forms.UserForm(request.POST if request.method == "POST" else None, initial={"language": "en"})
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.create(
                login=form.cleaned_data["login"],
                name=form.cleaned_data["name"],
                email=form.cleaned_data["email"] or "",
                language=form.cleaned_data["language"],
                by=request.actor,
                at=request.at,
            )
        except errors.MacleError as error:
            form.take(error)
        else:
            return _hand_over(request, made.user, made.first_password)
    return _asked(
        request, form, heading=_("Make an account"), act=_("Make the account"), back=reverse("accounts:users")
    )


@pages.page(Act.ACCOUNT_READ)
def user(request: Request, identifier: str) -> HttpResponse:
    """Show an account: its roles over time, who stands in, and what may be done."""
    held = queries.user_for(identifier, by=request.actor)
    context = {
        "held": held,
        "grants": held.grants.order_by("-since"),
        "absences": held.absences.select_related("deputy").order_by("-since"),
        "deputyships": held.deputyships.select_related("absent").order_by("-since"),
        "factors": Authenticator.objects.filter(user=held).exclude(type=Authenticator.Type.RECOVERY_CODES),
        "locked_until": throttle.locked_until(held.login, at=request.at),
        "tokens": held.tokens.filter(revoked_at__isnull=True, ends_at__gt=request.at),
        "is_self": held.identifier == request.actor.identifier,
        "now": request.at,
    }
    return pages.render(request, "accounts/user.html", context)


@pages.page(Act.ACCOUNT_GRANT, post=True)
def grant(request: Request, identifier: str) -> HttpResponse:
    """Give somebody a role."""
    held = queries.user_for(identifier, by=request.actor)
    form = forms.GrantForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.grant(
                user=identifier,
                role=actions.role(form.cleaned_data["role"]),
                office=form.cleaned_data["office"] or "",
                trader=form.cleaned_data["trader"] or "",
                until=_end_of(form.last_day(), request),
                by=request.actor,
                at=request.at,
            )
        except errors.MacleError as error:
            form.take(error)
        else:
            return _back_to(held)
    return _asked(
        request, form, heading=_("Give %(name)s a role") % {"name": held.name}, act=_("Give the role"), of=held
    )


@pages.page(Act.ACCOUNT_END_GRANT, post=True)
def end_grant(request: Request, identifier: str, pk: int) -> HttpResponse:
    """End a role."""
    held = queries.user_for(identifier, by=request.actor)
    given = queries.grant_of(held, pk)
    form = forms.ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.end_grant(grant=given.pk, reason=form.cleaned_data["reason"], by=request.actor, at=request.at)
        except errors.MacleError as error:
            form.take(error)
        else:
            return _back_to(held)
    heading = _("End the role of %(name)s as %(role)s") % {"name": held.name, "role": _role(given)}
    return _asked(request, form, heading=heading, act=_("End it now"), of=held)


@pages.page(Act.ACCOUNT_DEPUTISE, post=True)
def deputise(request: Request, identifier: str) -> HttpResponse:
    """Let somebody stand in for this official."""
    held = queries.user_for(identifier, by=request.actor)
    grants = queries.open_grants(held, at=request.at)
    people = queries.users(by=request.actor, at=request.at).filter(closed_at=None).exclude(pk=held.pk)
    form = forms.DeputyForm(
        request.POST if request.method == "POST" else None,
        people=[(each.identifier, each.name) for each in people],
        grants=[(str(each.pk), f"{_role(each)}, {each.office}") for each in grants if each.office],
    )
    if request.method == "POST" and form.is_valid():
        chosen = next(each for each in grants if str(each.pk) == form.cleaned_data["grant"])
        try:
            actions.deputise(
                absent=identifier,
                deputy=form.cleaned_data["deputy"],
                role=actions.role(chosen.role),
                office=chosen.office,
                reason=form.cleaned_data["reason"],
                until=_end_of(form.last_day(), request),
                by=request.actor,
                at=request.at,
            )
        except errors.MacleError as error:
            form.take(error)
        else:
            return _back_to(held)
    heading = _("Who stands in for %(name)s") % {"name": held.name}
    return _asked(request, form, heading=heading, act=_("Let them stand in"), of=held)


@pages.page(Act.ACCOUNT_DEPUTISE, post=True)
def end_deputyship(request: Request, identifier: str, pk: int) -> HttpResponse:
    """End a deputyship."""
    held = queries.user_for(identifier, by=request.actor)
    given = queries.deputyship_of(held, pk)
    form = forms.ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.end_deputyship(
                deputyship=given.pk, reason=form.cleaned_data["reason"], by=request.actor, at=request.at
            )
        except errors.MacleError as error:
            form.take(error)
        else:
            return _back_to(held)
    return _asked(request, form, heading=_("End a deputyship"), act=_("End it now"), of=held)


@pages.page(Act.ACCOUNT_RESET, post=True)
def reset(request: Request, identifier: str) -> HttpResponse:
    """Reset a second factor, a password or a lock."""
    held = queries.user_for(identifier, by=request.actor)
    form = forms.ResetForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            match form.cleaned_data["what"]:
                case "second factor":
                    actions.reset_second_factor(user=identifier, reason=reason, by=request.actor, at=request.at)
                case "password":
                    first = actions.reset_password(user=identifier, reason=reason, by=request.actor, at=request.at)
                    return _hand_over(request, held, first)
                case _lock:
                    actions.unlock(user=identifier, by=request.actor, at=request.at)
        except errors.MacleError as error:
            form.take(error)
        else:
            return _back_to(held)
    heading = _("Help %(name)s sign in again") % {"name": held.name}
    return _asked(request, form, heading=heading, act=_("Reset"), of=held)


@pages.page(Act.ACCOUNT_CLOSE, post=True)
def close(request: Request, identifier: str) -> HttpResponse:
    """Close an account for good."""
    held = queries.user_for(identifier, by=request.actor)
    form = forms.ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.close(user=identifier, reason=form.cleaned_data["reason"], by=request.actor, at=request.at)
        except errors.MacleError as error:
            form.take(error)
        else:
            return _back_to(held)
    heading = _("Close the account of %(name)s") % {"name": held.name}
    said = _("It cannot be opened again. All roles end now; what was done stays in the audit.")
    return _asked(request, form, heading=heading, act=_("Close it for good"), of=held, said=said)


def _asked(
    request: Request,
    form: Form,
    *,
    heading: str,
    act: str,
    of: User | None = None,
    back: str = "",
    said: str = "",
) -> HttpResponse:
    context = {
        "form": form,
        "heading": heading,
        "act": act,
        "said": said,
        "of": of,
        "back": back or (reverse("accounts:user", args=[of.identifier]) if of else ""),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return pages.render(request, "accounts/ask.html", context, status=status)


def _hand_over(request: Request, held: User, first: str) -> HttpResponse:
    until = request.at + actions.FIRST_PASSWORD_SERVES
    return pages.render(request, "accounts/hand_over.html", {"held": held, "first": first, "until": until})


def _back_to(held: User) -> HttpResponse:
    return HttpResponseRedirect(reverse("accounts:user", args=[held.identifier]))


def _end_of(day: date | None, request: Request) -> datetime | None:
    """Return the instant at which the day has ended, at the authority's seat."""
    if day is None:
        return None
    return datetime.combine(day + timedelta(days=1), time(), pages.zone_of(request)).astimezone(UTC)


def _role(given: Grant) -> str:
    return words.role(given.role)


def _held(held: Held) -> str:
    return ", ".join(filter(None, (words.role(held.role), held.office, held.trader)))
