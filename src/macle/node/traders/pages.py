"""The pages of the register of traders, for officials and for the traders themselves.

One page serves both: what may be done there is what the table of permissions lets this person do, and a trader's page
does not exist for another trader. What a trader calls *my licences* leads to its own page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.db.models import Q
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from macle import errors
from macle.node.desk import ages, lists, pages, words
from macle.node.desk.lists import ChoiceFilter, Column, Kind, Listing, TextFilter
from macle.node.desk.parts import NextAct
from macle.node.permissions import Act
from macle.node.traders import actions, forms, pictures, queries, wording
from macle.node.traders.models import Licence, LicenceKind, Suspension, Trader
from macle.scheme import profiles

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date, datetime

    from django.http import HttpResponse, QueryDict
    from django.http.response import HttpResponseBase

    from macle.node.desk.forms import Form
    from macle.node.desk.pages import Request
    from macle.scheme.profiles import LegalProfile

_MENDABLE: Final = (errors.Refused, errors.Malformed, errors.Conflict)
"""What is shown at the form that was sent; anything else is a page of its own."""


# The register


@pages.page(Act.TRADER_READ)
def register_of_traders(request: Request) -> HttpResponseBase:
    """List the traders within reach, with what each is licensed to do today."""
    today, _profile = _law(request)
    found = queries.traders_of(request.actor).prefetch_related("licences", "suspensions")
    acts = [NextAct(label=_("Register a trader"), address=reverse("traders:register"))]
    return lists.answer(request, _listing(today), found, acts=acts if request.actor.may(Act.TRADER_REGISTER) else ())


@pages.page(Act.TRADER_READ)
def trader(request: Request, reference: str) -> HttpResponse:
    """Show all about one trader."""
    found = queries.trader(reference, request.actor)
    today, profile = _law(request)
    reads_book = request.actor.reach(Act.BALANCE_READ).covers(trader=reference)
    balances = queries.balances(found, request.actor) if reads_book else []
    return pages.render(
        request,
        "traders/trader.html",
        {
            "trader": found,
            "today": today,
            "profile": profile,
            "suspension": queries.suspended(found, today),
            "suspensions": found.suspensions.all(),
            "why_not": _why_not(found, on=today, profile=profile),
            "licences": [
                (each, wording.kind(each.kind), _state(each, today), _left(each, profile=profile, now=request.at))
                for each in found.licences.all()
            ],
            "told": [
                (each, wording.sentence(each)) for each in queries.messages_of(request.actor).filter(trader=found)[:5]
            ],
            "contacts": found.contacts.all(),
            "parties": queries.address_book(found, today),
            "declarations": found.declarations.prefetch_related("lines")[:10],
            "reads_book": reads_book,
            "bars": pictures.bars(balances, name=_origin),
        },
    )


@pages.page(Act.TRADER_REGISTER, post=True)
def register(request: Request) -> HttpResponse:
    """Register a trader in steps, the last of which shows every answer before it is entered."""
    steps = list(forms.STEPS)
    sent, back = request.POST.get("step", ""), request.POST.get("go", "")
    made = {name: kind(_sent(request)) for name, kind in forms.STEPS.items()}
    wanted = _step(made, sent=sent, back=back)
    if sent == wanted == "check":
        answers = {name: given or "" for form in made.values() for name, given in form.cleaned_data.items()}
        try:
            entered = actions.register(**answers, by=request.actor, at=request.at)
        except _MENDABLE as error:
            wanted = next((name for name in steps if made[name].field_of(error.where)), steps[0])
            made[wanted].take(error)
            sent = wanted
        else:
            return _to("trader", reference=entered.reference)
    if wanted not in steps:
        shown = [(each.label, each.value(), name) for name, form in made.items() for each in form]
        context: dict[str, Any] = {"answers": shown, "kept": _kept(request, but=())}
        return pages.render(request, "traders/check.html", context | {"steps": _steps("check"), "step": "check"})
    # A step that is opened for the first time says nothing yet of what is missing in it.
    form = made[wanted] if sent == wanted else forms.STEPS[wanted](initial=request.POST.dict())
    context = {"form": form, "kept": _kept(request, but=tuple(form.fields)), "step": wanted, "steps": _steps(wanted)}
    return pages.render(request, "traders/register.html", context)


@pages.page(Act.TRADER_CHANGE, post=True)
def change(request: Request, reference: str) -> HttpResponse:
    """Change what the register says of a trader."""
    found = queries.trader(reference, request.actor, Act.TRADER_CHANGE)
    fields = list(forms.Change.base_fields)
    form = forms.Change(_sent(request), initial={name: getattr(found, name) for name in fields})
    return _form(
        request,
        found,
        form,
        lambda given: actions.change(trader=found, **given, by=request.actor, at=request.at),
        heading=_("Change what the register says"),
        button=_("Change it"),
    )


@pages.page(Act.TRADER_SUSPEND, post=True)
def suspend(request: Request, reference: str) -> HttpResponse:
    """Suspend a trader."""
    found = queries.trader(reference, request.actor, Act.TRADER_SUSPEND)
    form = forms.Suspend(_sent(request), initial={"since": _law(request)[0]})
    return _form(
        request,
        found,
        form,
        lambda given: actions.suspend(trader=found, **given, by=request.actor, at=request.at),
        heading=_("Suspend the trader"),
        lede=_("While it is suspended nothing can be lodged for it. What is lodged already goes on."),
        button=_("Suspend"),
        grave=True,
    )


@pages.page(Act.TRADER_SUSPEND, post=True)
def lift(request: Request, reference: str) -> HttpResponse:
    """Lift a suspension."""
    found = queries.trader(reference, request.actor, Act.TRADER_SUSPEND)
    form = forms.End(_sent(request), initial={"until": _law(request)[0]})
    return _form(
        request,
        found,
        form,
        lambda given: actions.lift(trader=found, **given, by=request.actor, at=request.at),
        heading=_("Lift the suspension"),
        button=_("Lift it"),
    )


# Licences and contacts


@pages.page(Act.LICENCE_GRANT, post=True)
def grant_licence(request: Request, reference: str) -> HttpResponse:
    """Grant a licence."""
    found = queries.trader(reference, request.actor, Act.LICENCE_GRANT)
    form = forms.Grant(_sent(request), initial={"since": _law(request)[0]})
    return _form(
        request,
        found,
        form,
        lambda given: actions.grant_licence(trader=found, **given, by=request.actor, at=request.at),
        heading=_("Grant a licence"),
        lede=_("A renewal keeps its number and begins when the licence before it ends."),
        button=_("Grant it"),
        empty=("until",),
    )


@pages.page(Act.LICENCE_END, post=True)
def end_licence(request: Request, reference: str, key: int) -> HttpResponse:
    """End a licence before it expires."""
    found = queries.licence(reference, key, request.actor)
    form = forms.End(_sent(request), initial={"until": _law(request)[0]})
    return _form(
        request,
        found.trader,
        form,
        lambda given: actions.end_licence(licence=found, **given, by=request.actor, at=request.at),
        heading=_("End licence %(number)s") % {"number": found.number},
        button=_("End it"),
        grave=True,
    )


@pages.page(Act.CONTACT_CHANGE, post=True)
def authorise_contact(request: Request, reference: str) -> HttpResponse:
    """Authorise somebody to speak for the trader."""
    found = queries.trader(reference, request.actor, Act.CONTACT_CHANGE)
    form = forms.Authorise(_sent(request), initial={"since": _law(request)[0]})
    return _form(
        request,
        found,
        form,
        lambda given: actions.authorise_contact(trader=found, **given, by=request.actor, at=request.at),
        heading=_("Authorise a person"),
        button=_("Authorise"),
    )


@pages.page(Act.CONTACT_CHANGE, post=True)
def end_contact(request: Request, reference: str, key: int) -> HttpResponse:
    """End an authorisation."""
    found = queries.contact(reference, key, request.actor)
    form = forms.End(_sent(request), initial={"until": _law(request)[0]})
    return _form(
        request,
        found.trader,
        form,
        lambda given: actions.end_contact(contact=found, **given, by=request.actor, at=request.at),
        heading=_("%(name)s no longer speaks for the trader") % {"name": found.name},
        button=_("End the authorisation"),
        grave=True,
    )


# The address book


@pages.page(Act.ADDRESS_CHANGE, post=True)
def add_known_party(request: Request, reference: str) -> HttpResponse:
    """Add somebody to the address book."""
    found = queries.trader(reference, request.actor, Act.ADDRESS_CHANGE)
    form = forms.KnownParty(_sent(request))
    today, _profile = _law(request)
    return _form(
        request,
        found,
        form,
        lambda given: actions.add_known_party(trader=found, **given, on=today, by=request.actor, at=request.at),
        heading=_("Add to the address book"),
        button=_("Add"),
    )


@pages.page(Act.ADDRESS_CHANGE, post=True)
def change_known_party(request: Request, reference: str, key: int) -> HttpResponse:
    """Change an entry of the address book."""
    found = queries.known_party(reference, key, request.actor)
    fields = list(forms.KnownParty.base_fields)
    form = forms.KnownParty(_sent(request), initial={name: getattr(found, name) for name in fields})
    return _form(
        request,
        found.trader,
        form,
        lambda given: actions.change_known_party(party=found, **given, by=request.actor, at=request.at),
        heading=_("Change an entry of the address book"),
        lede=_("Applications that were lodged keep the words with which they were lodged."),
        button=_("Change it"),
    )


@pages.page(Act.ADDRESS_CHANGE, post=True)
def remove_known_party(request: Request, reference: str, key: int) -> HttpResponse:
    """Take an entry out of the address book."""
    found = queries.known_party(reference, key, request.actor)
    today, _profile = _law(request)
    form = forms.Sure(_sent(request))
    return _form(
        request,
        found.trader,
        form,
        lambda _given: actions.remove_known_party(party=found, on=today, by=request.actor, at=request.at),
        heading=_("Take %(name)s out of the address book") % {"name": found.name},
        lede=_("Certificates and applications that name it stay as they are."),
        button=_("Take it out"),
        grave=True,
    )


# The stock declaration and the book


@pages.page(Act.STOCK_DECLARE, post=True)
def declare_stock(request: Request, reference: str) -> HttpResponse:
    """Declare the stock of a year."""
    found = queries.trader(reference, request.actor, Act.STOCK_DECLARE)
    today, profile = _law(request)
    first = list(found.balances.order_by("origin").values_list("origin", flat=True))
    form = forms.Declare(_sent(request), choices=forms.origins(found), first=first, initial={"year": today.year})
    source = profile.sources.get("stock_declaration", "") if profile.stock_declaration else ""
    return _form(
        request,
        found,
        form,
        lambda given: actions.declare_stock(
            trader=found, year=given["year"], stock=given["lines"], by=request.actor, at=request.at
        ),
        heading=_("Declare the stock"),
        lede=f"{_('What the trader holds as the year begins.')} {source}".strip(),
        button=_("Declare"),
        template="traders/lines.html",
    )


@pages.page(Act.BALANCE_READ)
def book(request: Request, reference: str) -> HttpResponse:
    """Show a trader's book of carats, the latest entry first, with what was held after each."""
    found = queries.trader(reference, request.actor, Act.BALANCE_READ)
    postings = queries.book(found, request.actor)
    postings.reverse()
    context = {
        "trader": found,
        "postings": [
            (each, wording.entry(each.entry.kind), _origin(each.entry.origin), pictures.signed(each.hundredths))
            for each in postings
        ],
        "bars": pictures.bars(queries.balances(found, request.actor), name=_origin),
    }
    return pages.render(request, "traders/book.html", context)


@pages.page(Act.BALANCE_ENTER, post=True)
def enter(request: Request, reference: str) -> HttpResponse:
    """Enter carats in a trader's book."""
    found = queries.trader(reference, request.actor, Act.BALANCE_ENTER)
    form = forms.Enter(_sent(request), initial={"on": _law(request)[0]})
    return _form(
        request,
        found,
        form,
        lambda given: actions.enter(trader=found, **given, by=request.actor, at=request.at),
        heading=_("Enter carats in the book"),
        button=_("Enter"),
        back="book",
    )


@pages.page(Act.BALANCE_ENTER, post=True)
def correct(request: Request, reference: str) -> HttpResponse:
    """Correct a trader's book."""
    found = queries.trader(reference, request.actor, Act.BALANCE_ENTER)
    form = forms.Correct(_sent(request), initial={"on": _law(request)[0]})
    return _form(
        request,
        found,
        form,
        lambda given: actions.correct(trader=found, **given, by=request.actor, at=request.at),
        heading=_("Correct the book"),
        lede=_("An entry is never changed: the correction stands beside it, with its reason."),
        button=_("Enter the correction"),
        back="book",
    )


@pages.page(Act.BALANCE_ENTER, post=True)
def sell(request: Request, reference: str) -> HttpResponse:
    """Enter a sale from this trader to another."""
    found = queries.trader(reference, request.actor, Act.BALANCE_ENTER)
    form = forms.Sell(_sent(request), initial={"on": _law(request)[0]})
    return _form(
        request,
        found,
        form,
        lambda given: _sold(request, found, given),
        heading=_("Enter a local sale"),
        lede=_("It is entered in both books at once."),
        button=_("Enter the sale"),
        back="book",
    )


@pages.page(Act.BALANCE_ENTER, post=True)
def mix(request: Request, reference: str) -> HttpResponse:
    """Move carats of several countries into mixed goods."""
    found = queries.trader(reference, request.actor, Act.BALANCE_ENTER)
    choices = [pair for pair in forms.origins(found) if pair[0] != "mixed"]
    form = forms.Mix(_sent(request), choices=choices, initial={"on": _law(request)[0]})
    return _form(
        request,
        found,
        form,
        lambda given: actions.mix(
            trader=found,
            parts=given["lines"],
            on=given["on"],
            reference=given["reference"],
            by=request.actor,
            at=request.at,
        ),
        heading=_("Mix goods of several countries"),
        lede=_("Carats leave the books of these countries for that of mixed origin, and cannot be told apart again."),
        button=_("Mix them"),
        back="book",
        template="traders/lines.html",
    )


# What a trader calls its own


@pages.page(Act.MESSAGE_READ)
def own(request: Request) -> HttpResponse:
    """Go to the page of the trader for whom this person acts."""
    return _own(request, "trader")


@pages.page(Act.MESSAGE_READ)
def own_book(request: Request) -> HttpResponse:
    """Go to the book of the trader for whom this person acts."""
    return _own(request, "book")


@pages.page(Act.MESSAGE_READ)
def messages(request: Request) -> HttpResponse:
    """Show the messages to the traders for whom this person acts, newest first."""
    found = queries.messages_of(request.actor)[:200]
    context = {
        "told": [(each, wording.sentence(each), wording.place(each)) for each in found],
        "more_than_one": len({each.trader_id for each in found}) > 1,
    }
    return pages.render(request, "traders/messages.html", context)


@pages.page(Act.MESSAGE_READ, post=True)
def message(request: Request, reference: str, key: int) -> HttpResponse:
    """Show one message, and note that it was read when somebody says so."""
    found = queries.message(reference, key, request.actor)
    if request.method == "POST":
        actions.read_message(message=found, by=request.actor, at=request.at)
        return HttpResponseRedirect(wording.place(found) or reverse("traders:messages"))
    context = {"told": found, "sentence": wording.sentence(found), "place": wording.place(found)}
    return pages.render(request, "traders/message.html", context)


# What the pages above share


def _form(  # noqa: PLR0913 (what differs between one form and the next)
    request: Request,
    of: Trader,
    form: Form,
    do: Callable[[dict[str, Any]], object],
    *,
    heading: str,
    button: str,
    lede: str = "",
    back: str = "trader",
    grave: bool = False,
    empty: tuple[str, ...] = (),
    template: str = "traders/form.html",
) -> HttpResponse:
    """Show the form, or do what was sent and go back; what is refused stands at its field.

    Fields that were left empty are empty texts to ``do``, but for those of ``empty``, which are None.
    """
    if request.method == "POST" and form.is_valid():
        given = {
            name: "" if value is None and name not in empty else value for name, value in form.cleaned_data.items()
        }
        try:
            do(given)
        except _MENDABLE as error:
            form.take(error)
        else:
            return _to(back, reference=of.reference)
    context = {"trader": of, "form": form, "heading": heading, "lede": lede, "button": button, "grave": grave}
    return pages.render(request, template, context | {"back": reverse(f"traders:{back}", args=[of.reference])})


def _sold(request: Request, seller: Trader, given: Mapping[str, Any]) -> object:
    try:
        buyer = queries.trader(given["buyer"].strip().upper(), request.actor, Act.BALANCE_ENTER)
    except errors.NotFound as error:
        raise actions.EntryUnfit(
            _("There is no trader %(reference)s.") % {"reference": given["buyer"]},
            where="buyer",
            mend=_("Look for it in the register."),
        ) from error
    rest = {name: given[name] for name in ("origin", "carats", "on", "reference")}
    return actions.sell_locally(seller=seller, buyer=buyer, **rest, by=request.actor, at=request.at)


def _own(request: Request, page: str) -> HttpResponse:
    mine = list(queries.traders_of(request.actor, Act.MESSAGE_READ)[:2])
    if len(mine) == 1:
        return _to(page, reference=mine[0].reference)
    return HttpResponseRedirect(reverse("traders:register-of-traders"))


def _to(page: str, *, reference: str) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse(f"traders:{page}", args=[reference]))


def _law(request: Request) -> tuple[date, LegalProfile]:
    """Return the legal day at the person's office, or at the seat, and the profile in force on it."""
    office = next((each.office for each in request.actor.held if each.office), "")
    profile = profiles.load().of_day(settings.CONFIGURATION.participant, at=request.at, office=office)
    return profile.day_of(request.at, office=office), profile


def _why_not(of: Trader, *, on: date, profile: LegalProfile) -> list[tuple[Any, str]]:
    """Return what stops the trader from lodging as an exporter, each with the source of its rule."""
    found = queries.why_not(of, kind=LicenceKind.EXPORTER, on=on, profile=profile)
    return [
        (each, str(each.facts.get("source") or getattr(pages.source_of(each.rule), "source", ""))) for each in found
    ]


def _state(licence: Licence, today: date) -> str:
    """Return in one word where a licence stands."""
    if licence.holds_on(today):
        return "in force"
    if licence.since > today:
        return "to come"
    return "ended" if licence.was_ended else "expired"


def _left(licence: Licence, *, profile: LegalProfile, now: datetime) -> str:
    """Return in words how long the licence goes on; nothing where it has no end, or is not in force."""
    if licence.last_day is None or not licence.holds_on(profile.day_of(now, office="")):
        return ""
    end = profile.end_of(licence.last_day, office="")
    return ages.words(since=licence.granted_at, until=end, now=now)


def _origin(code: str) -> str:
    return wording.origin(code, words.country)


def _step(made: Mapping[str, Form], *, sent: str, back: str) -> str:
    """Return the step that comes now: one gone back to, the one that was sent if it is wanting, or else the next."""
    steps = list(made)
    if back in steps:
        return back
    if sent == "check":
        return next((name for name in steps if not made[name].is_valid()), "check")
    if sent not in steps:
        return steps[0]
    return [*steps, "check"][steps.index(sent) + 1] if made[sent].is_valid() else sent


def _sent(request: Request) -> QueryDict | None:
    """Return what was sent with a form, which may be nothing but its button; None where nothing was sent."""
    return request.POST if request.method == "POST" else None


def _steps(current: str) -> list[tuple[str, str, bool]]:
    """Return the steps of registering: name, words, and whether it is this one."""
    named = {"who": _("Who it is"), "where": _("Where it is"), "owners": _("Who stands behind it"), "check": _("Check")}
    return [(name, said, name == current) for name, said in named.items()]


def _kept(request: Request, *, but: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return the answers of the other steps, which travel along with the form."""
    fields = [name for kind in forms.STEPS.values() for name in kind.base_fields if name not in but]
    return [(name, request.POST[name]) for name in fields if name in request.POST]


def _listing(today: date) -> Listing:
    """Return the columns and filters of the register, as things stand today."""
    in_force = Licence.objects.on(today).values("trader")
    suspended = Suspension.objects.on(today).values("trader")
    states = {"suspended": Q(pk__in=suspended), "licensed": Q(pk__in=in_force), "unlicensed": ~Q(pk__in=in_force)}

    def licensed_as(row: Trader) -> str:
        kinds = {each.kind for each in row.licences.all() if each.holds_on(today)}
        return _(", ").join(wording.kind(kind) for kind in sorted(kinds))

    def last_day(row: Trader) -> date | None:
        return max(
            (each.last_day for each in row.licences.all() if each.holds_on(today) and each.last_day), default=None
        )

    def state(row: Trader) -> tuple[str, str]:
        if any(each.holds_on(today) for each in row.suspensions.all()):
            return "not-valid", _("Suspended")
        if any(each.holds_on(today) for each in row.licences.all()):
            return "valid", _("Licensed")
        return "expired", _("No licence in force")

    filters: tuple[Any, ...] = (
        TextFilter(
            name="like",
            label=_("Name, town or reference"),
            of=("name", "latin_name", "town", "reference"),
        ),
        ChoiceFilter(
            name="kind",
            label=_("Licensed as"),
            choices=[(kind.value, said) for kind, said in wording.KINDS.items()],
            narrowing=lambda kind: Q(pk__in=in_force.filter(kind=kind)),
        ),
        ChoiceFilter(
            name="state",
            label=_("State"),
            choices=[
                ("licensed", _("Licensed")),
                ("unlicensed", _("No licence in force")),
                ("suspended", _("Suspended")),
            ],
            narrowing=states.__getitem__,
        ),
    )
    return Listing(
        name="traders",
        title=_("Traders"),
        order=("pk",),
        empty=_("A trader is registered with its name, address and residence status."),
        columns=(
            Column(
                name="name",
                label=_("Trader"),
                sort="name",
                link=lambda row: reverse("traders:trader", args=[row.reference]),
                under=lambda row: row.latin_name,
            ),
            Column(name="reference", label=_("Reference"), kind=Kind.NUMBER, sort="pk"),
            Column(name="town", label=_("Town"), sort="town", under=lambda row: words.country(row.country)),
            Column(name="licensed_as", label=_("Licensed as"), value=licensed_as),
            Column(name="last_day", label=_("Last day"), kind=Kind.DAY, value=last_day),
            Column(name="state", label=_("State"), kind=Kind.MARK, value=state),
            Column(name="registered_at", label=_("Registered"), kind=Kind.DAY, sort="registered_at"),
        ),
        filters=filters,
    )
