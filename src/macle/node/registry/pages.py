"""The pages of the registry: offices, officials and partners, each as a list and with its acts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from macle import errors
from macle.node.desk import lists, pages, words
from macle.node.desk.lists import Column, Listing, TextFilter
from macle.node.desk.parts import NextAct
from macle.node.permissions import Act
from macle.node.registry import actions, believing, forms, keys, queries
from macle.proof.keys import Usage, fingerprint_for_people
from macle.scheme import participants
from macle.scheme.participants import StandingKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from django.http.response import HttpResponseBase
    from django_stubs_ext import StrOrPromise

    from macle.node.desk.pages import Request
    from macle.node.registry.models import Interval, Official, Partner
    from macle.proof.trust import TrustedKey

OFFICES = Listing(
    name="offices",
    title=gettext_lazy("Offices"),
    columns=(
        Column(
            name="name",
            label=gettext_lazy("Office"),
            sort="name",
            link=lambda row: reverse("registry:office", args=[row.name]),
        ),
        Column(name="telephone", label=gettext_lazy("Telephone")),
        Column(name="email", label=gettext_lazy("E-mail")),
        Column(name="since", label=gettext_lazy("Unchanged since"), kind=lists.Kind.DAY, sort="since"),
    ),
    order=("name", "pk"),
    empty=gettext_lazy("No office is open. Certificates need one."),
)


def _key_of(official: Official) -> TrustedKey | None:
    """Return the key that the record names for the official; none where the record cannot be read."""
    try:
        known = keys.record().keys
    except errors.MacleError:
        return None
    own = [key for key in known if key.holder == official.holder and key.usage in (Usage.VALIDATE, Usage.CONFIRM)]
    return max(own, key=lambda key: key.since, default=None)


def _key_id(official: Official) -> str:
    key = _key_of(official)
    return key.public_key.key_id.hex() if key else ""


def _level(official: Official) -> str:
    return {0: _("Pilot"), 1: _("Token"), 2: _("Bound")}[int(official.level)]


OFFICIALS = Listing(
    name="officials",
    title=gettext_lazy("Officials"),
    columns=(
        Column(name="name", label=gettext_lazy("Name"), sort="name", under=lambda row: row.title),
        Column(name="office", label=gettext_lazy("Office"), sort="office"),
        Column(name="holder", label=gettext_lazy("Holder of the key"), kind=lists.Kind.NUMBER, sort="holder"),
        Column(name="key", label=gettext_lazy("Key"), kind=lists.Kind.NUMBER, value=_key_id),
        Column(name="level", label=gettext_lazy("Consent"), value=_level),
        Column(name="since", label=gettext_lazy("Appointed"), kind=lists.Kind.DAY, sort="since"),
    ),
    filters=(TextFilter(name="name", label=gettext_lazy("Name"), of=("name", "holder")),),
    order=("office", "name", "pk"),
    empty=gettext_lazy("Nobody is appointed. The participant record must name an official's key first."),
)


PARTNERS = Listing(
    name="partners",
    title=gettext_lazy("Partners"),
    columns=(
        Column(
            name="participant",
            label=gettext_lazy("Participant"),
            sort="participant",
            value=lambda row: words.participant(row.participant),
            link=lambda row: reverse("registry:partner", args=[row.participant]),
            under=lambda row: row.authority,
        ),
        Column(name="code", label=gettext_lazy("Code"), kind=lists.Kind.NUMBER, value=lambda row: row.participant),
        Column(
            name="pre_advice", label=gettext_lazy("E-mail for pre-advice"), value=lambda row: ", ".join(row.pre_advice)
        ),
        Column(name="telephone", label=gettext_lazy("Telephone for verification")),
        Column(name="since", label=gettext_lazy("Unchanged since"), kind=lists.Kind.DAY, sort="since"),
    ),
    filters=(TextFilter(name="name", label=gettext_lazy("Name or code"), of=("participant", "authority")),),
    order=("participant", "pk"),
    empty=gettext_lazy("No partner is entered. Letters wait until there is an address."),
)


# --- Offices ----------------------------------------------------------------------------------------


STANDINGS: Final[Mapping[StandingKind, StrOrPromise]] = {
    StandingKind.PARTICIPANT: gettext_lazy("Participant"),
    StandingKind.SUSPENDED: gettext_lazy("suspended"),
    StandingKind.SELF_SUSPENDED: gettext_lazy("suspended by itself"),
    StandingKind.PARTIAL: gettext_lazy("Participant in part"),
    StandingKind.REMOVED: gettext_lazy("removed"),
    StandingKind.UN_EMBARGO: gettext_lazy("under an embargo of the United Nations"),
    StandingKind.TRADING_ENTITY: gettext_lazy("trades as a rough diamond trading entity"),
    StandingKind.NOT_PARTICIPANT: gettext_lazy("no Participant"),
}
"""Each standing as people read it."""


@pages.page(Act.OFFICE_READ)
def offices(request: Request) -> HttpResponseBase:
    """List the open offices."""
    acts = _allowed(request, (Act.OFFICE_OPEN, _("Open an office"), reverse("registry:open-office")))
    return lists.answer(request, OFFICES, queries.offices_of(request.actor), acts=acts)


@pages.page(Act.OFFICE_READ)
def office(request: Request, name: str) -> HttpResponseBase:
    """Show one office, who is appointed there, and what it was before."""
    request.actor.require(Act.OFFICE_READ, office=name)
    found = queries.office(name)
    context = {
        "office": found,
        "zone": queries.zone(name, on=request.at.date()).key,
        "officials": queries.officials().filter(office=name),
        "history": _earlier(found),
        "crumbs": [(reverse("registry:offices"), _("Offices")), ("", name)],
        "acts": ()
        if found.until
        else _allowed(
            request,
            (Act.OFFICE_CHANGE, _("Change the address"), reverse("registry:change-office", args=[name])),
            (Act.OFFICE_CLOSE, _("Close the office"), reverse("registry:close-office", args=[name])),
        ),
    }
    return pages.render(request, "registry/office.html", context)


@pages.page(Act.OFFICE_OPEN, post=True)
def open_office(request: Request) -> HttpResponseBase:
    """Open an office."""
    return _asked(
        request,
        forms.OfficeForm(request.POST or None),
        title=_("Open an office"),
        back=("registry:offices", _("Offices")),
        do=lambda given: actions.open_office(**given, by=request.actor, at=request.at),
        said=_("The office is open."),
    )


@pages.page(Act.OFFICE_CHANGE, post=True)
def change_office(request: Request, name: str) -> HttpResponseBase:
    """Change the address of an office."""
    found = queries.office(name)
    return _asked(
        request,
        forms.AddressForm(request.POST) if request.method == "POST" else forms.AddressForm.of(found),
        title=_("Change the address of %(office)s") % {"office": name},
        back=("registry:offices", _("Offices")),
        do=lambda given: actions.change_office(name=name, **given, by=request.actor, at=request.at),
        said=_("The address is changed."),
    )


@pages.page(Act.OFFICE_CLOSE, post=True)
def close_office(request: Request, name: str) -> HttpResponseBase:
    """Close an office."""
    return _asked(
        request,
        forms.EndForm(request.POST or None),
        title=_("Close %(office)s") % {"office": queries.office(name).name},
        back=("registry:offices", _("Offices")),
        do=lambda given: actions.close_office(name=name, **given, by=request.actor, at=request.at),
        said=_("The office is closed."),
        then=_("Nothing is issued there any more. What it issued stays as it is."),
    )


# --- Officials --------------------------------------------------------------------------------------


@pages.page(Act.OFFICE_READ)
def officials(request: Request) -> HttpResponseBase:
    """List who may validate, with which key."""
    acts = _allowed(
        request,
        (Act.OFFICIAL_APPOINT, _("Appoint an official"), reverse("registry:appoint-official")),
        (Act.OFFICIAL_END, _("End an appointment"), reverse("registry:end-official")),
    )
    return lists.answer(request, OFFICIALS, queries.officials_of(request.actor), acts=acts)


@pages.page(Act.OFFICIAL_APPOINT, post=True)
def appoint_official(request: Request) -> HttpResponseBase:
    """Appoint an official."""
    return _asked(
        request,
        forms.OfficialForm(request.POST or None),
        title=_("Appoint an official"),
        back=("registry:officials", _("Officials")),
        do=lambda given: actions.appoint_official(**given, by=request.actor, at=request.at),
        said=_("The official is appointed."),
    )


@pages.page(Act.OFFICIAL_END, post=True)
def end_official(request: Request) -> HttpResponseBase:
    """End an appointment."""
    return _asked(
        request,
        forms.EndOfficialForm(request.POST or None),
        title=_("End an appointment"),
        back=("registry:officials", _("Officials")),
        do=lambda given: actions.end_official(**given, by=request.actor, at=request.at),
        said=_("The appointment is ended."),
    )


# --- Partners ---------------------------------------------------------------------------------------


@pages.page(Act.PARTNER_READ)
def partners(request: Request) -> HttpResponseBase:
    """List the authorities of partners."""
    acts = _allowed(request, (Act.PARTNER_CHANGE, _("Add a partner"), reverse("registry:add-partner")))
    return lists.answer(request, PARTNERS, queries.partners_of(request.actor), acts=acts)


@pages.page(Act.PARTNER_READ)
def partner(request: Request, code: str) -> HttpResponseBase:
    """Show one partner: its standing today, where it is written to, and what that was before."""
    found = queries.partner(code)
    certain = participants.load().standing(code, on=request.at.date()).certain
    pin = believing.pin_of(code)
    record = believing.record_of(pin) if pin is not None else None
    acts = [(Act.PARTNER_PIN, _("Believe its record"), reverse("registry:pin-record", args=[code]))]
    if pin is not None:
        acts.append((Act.PARTNER_PIN, _("Believe its record no more"), reverse("registry:unpin-record", args=[code])))
    context = {
        "partner": found,
        "pin": pin,
        "record": record,
        "fingerprint": fingerprint_for_people(record.root.spki).splitlines() if record is not None else [],
        "standing": STANDINGS[certain.kind] if certain else _("cannot be decided on this day"),
        "history": _earlier(found),
        "crumbs": [(reverse("registry:partners"), _("Partners")), ("", words.participant(code))],
        "acts": ()
        if found.until
        else _allowed(
            request,
            (Act.PARTNER_CHANGE, _("Change"), reverse("registry:change-partner", args=[code])),
            *acts,
            (Act.PARTNER_CHANGE, _("End the entry"), reverse("registry:end-partner", args=[code])),
        ),
    }
    return pages.render(request, "registry/partner.html", context)


@pages.page(Act.PARTNER_CHANGE, post=True)
def add_partner(request: Request) -> HttpResponseBase:
    """Add a partner."""
    return _asked(
        request,
        forms.NewPartnerForm(request.POST or None, initial={"language": "en"}),
        title=_("Add a partner"),
        back=("registry:partners", _("Partners")),
        do=lambda given: actions.add_partner(**given, by=request.actor, at=request.at),
        said=_("The partner is added."),
    )


@pages.page(Act.PARTNER_CHANGE, post=True)
def change_partner(request: Request, code: str) -> HttpResponseBase:
    """Change where a partner is written to."""
    found: Partner = queries.partner(code)
    return _asked(
        request,
        forms.PartnerForm(request.POST) if request.method == "POST" else forms.PartnerForm.of(found),
        title=_("Change the details of %(partner)s") % {"partner": words.participant(code)},
        act=_("Save"),
        back=("registry:partners", _("Partners")),
        do=lambda given: actions.change_partner(participant=code, **given, by=request.actor, at=request.at),
        said=_("The partner is changed. Letters that wait go to the new address."),
    )


@pages.page(Act.PARTNER_CHANGE, post=True)
def end_partner(request: Request, code: str) -> HttpResponseBase:
    """End the entry of a partner."""
    return _asked(
        request,
        forms.EndForm(request.POST or None),
        title=_("Remove %(partner)s as a partner") % {"partner": words.participant(queries.partner(code).participant)},
        act=_("Remove"),
        then=_("No letter goes there any more. What was sent stays in the book."),
        back=("registry:partners", _("Partners")),
        do=lambda given: actions.end_partner(participant=code, **given, by=request.actor, at=request.at),
        said=_("The entry is ended."),
    )


@pages.page(Act.PARTNER_PIN, post=True)
def pin_record(request: Request, code: str) -> HttpResponseBase:
    """Believe the record of a partner."""
    return _asked(
        request,
        forms.RecordForm(request.POST or None, request.FILES or None),
        title=_("Trust the record of %(partner)s") % {"partner": words.participant(queries.partner(code).participant)},
        back=("registry:partners", _("Partners")),
        do=lambda given: actions.pin_record(of=code, **given, by=request.actor, at=request.at),
        said=_("The record is trusted from now on."),
        act=_("Trust it"),
    )


@pages.page(Act.PARTNER_PIN, post=True)
def unpin_record(request: Request, code: str) -> HttpResponseBase:
    """Believe the record of a partner no more."""
    return _asked(
        request,
        forms.EndForm(request.POST or None),
        title=_("Stop trusting the record of %(partner)s")
        % {"partner": words.participant(queries.partner(code).participant)},
        back=("registry:partners", _("Partners")),
        do=lambda given: actions.unpin_record(participant=code, **given, by=request.actor, at=request.at),
        said=_("The record is no longer trusted. What it signed can no longer be checked here."),
        act=_("Stop trusting it"),
        then=_("What this partner signs can then no longer be checked here, until a record is trusted again."),
    )


# --- What all of them do ----------------------------------------------------------------------------


def _allowed(request: Request, *acts: tuple[Act, str, str]) -> Sequence[NextAct]:
    """Return the acts that the actor may do at all, each with its address."""
    return [NextAct(label=label, address=address) for act, label, address in acts if request.actor.may(act)]


def _earlier(row: Interval) -> list[Interval]:
    return [each for each in queries.history(row) if each.pk != row.pk]


def _asked(
    request: Request,
    form: Any,  # noqa: ANN401 (a form that gives what the action takes)
    *,
    title: str,
    back: tuple[str, str],
    do: Callable[[dict[str, Any]], object],
    said: str,
    act: str = "",
    then: str = "",
) -> HttpResponseBase:
    """Show the form until the action takes what it gives, and then go back to the list.

    ``act`` is the word of the button where it is not the title, ``then`` a sentence on what follows.
    """
    url, words_of_list = back
    if request.method == "POST" and form.is_valid():
        try:
            do(form.given())
        except errors.MacleError as error:
            form.take(error)
        else:
            messages.success(request, said)
            return HttpResponseRedirect(reverse(url))
    context = {
        "form": form,
        "title": title,
        "act": act,
        "then": then,
        "crumbs": [(reverse(url), words_of_list), ("", title)],
    }
    return pages.render(request, "registry/form.html", context)
