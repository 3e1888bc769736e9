"""The pages of the exchange: the outbox, a letter with all that was tried, and what can be done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from macle import errors
from macle.node.accounts import queries as accounts
from macle.node.desk import lists, pages, words
from macle.node.desk.lists import ChoiceFilter, Column, DaysFilter, Listing, TextFilter
from macle.node.desk.parts import NextAct
from macle.node.exchange import actions, forms, queries
from macle.node.exchange.models import Aside, Content, Kind, Outcome, State
from macle.node.permissions import Act

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from django.http.response import HttpResponseBase
    from django_stubs_ext import StrOrPromise

    from macle.node.desk.pages import Request
    from macle.node.exchange.models import Letter

STATES: Mapping[State, tuple[str, StrOrPromise]] = {
    State.WAITING: ("waits", gettext_lazy("Waits")),
    State.FAILED: ("late", gettext_lazy("Not delivered yet")),
    State.BOUNCED: ("not-valid", gettext_lazy("Refused by the mail server")),
    State.SENT: ("admissible", gettext_lazy("Sent")),
    State.SET_ASIDE: ("not-judged", gettext_lazy("Set aside")),
}
"""Each state's mark and words."""

KINDS: Mapping[Kind, StrOrPromise] = {
    Kind.CERTIFICATE: gettext_lazy("Certificate"),
    Kind.WITHDRAWAL: gettext_lazy("Withdrawal"),
    Kind.NOTICE: gettext_lazy("Notice"),
    Kind.ALARM: gettext_lazy("Presentation alarm"),
    Kind.ENDORSEMENT: gettext_lazy("Request for an endorsement"),
    Kind.CONFIRMATION: gettext_lazy("Import confirmation"),
    Kind.RECONFIRMATION: gettext_lazy("Request to confirm again"),
    Kind.REMINDER: gettext_lazy("Reminder"),
    Kind.MESSAGE: gettext_lazy("Message"),
}


def _to(letter: Letter) -> str:
    return words.participant(letter.partner) if letter.partner else letter.trader


def _about(letter: Letter) -> str:
    kind, _colon, name = letter.about.partition(":")
    return _("Notice %(number)s") % {"number": name} if kind == "notice" else name


def _state(letter: Letter) -> tuple[str, str]:
    mark, word = STATES[letter.state]
    return mark, str(word)


def _narrowed(state: str) -> Q:
    """Return the condition on the last outcome that is this state."""
    if state == State.WAITING:
        return Q(last_outcome__isnull=True) | Q(last_outcome=Outcome.REQUESTED.value)
    return Q(last_outcome=state)


LETTERS = Listing(
    name="letters",
    title=gettext_lazy("Letters"),
    columns=(
        Column(
            name="about",
            label=gettext_lazy("About"),
            value=_about,
            link=lambda row: reverse("exchange:letter", args=[row.pk]),
            under=lambda row: KINDS[Kind(row.kind)],
            sort="about",
        ),
        Column(name="to", label=gettext_lazy("To"), value=_to, sort="partner"),
        Column(name="sequence", label=gettext_lazy("Its number to them"), kind=lists.Kind.COUNT, sort="sequence"),
        Column(name="state", label=gettext_lazy("State"), kind=lists.Kind.MARK, value=_state),
        Column(name="created_at", label=gettext_lazy("Written"), kind=lists.Kind.INSTANT, sort="created_at"),
        Column(
            name="due_at",
            label=gettext_lazy("Next try"),
            kind=lists.Kind.INSTANT,
            value=lambda row: None if row.due_at == row.created_at else row.due_at,
        ),
    ),
    filters=(
        TextFilter(name="about", label=gettext_lazy("Number"), of=("about",)),
        TextFilter(name="to", label=gettext_lazy("To (country code or trader)"), of=("partner", "trader")),
        ChoiceFilter(
            name="state",
            label=gettext_lazy("State"),
            choices=[(state.value, word) for state, (_mark, word) in STATES.items()],
            narrowing=_narrowed,
        ),
        ChoiceFilter(
            name="kind", label=gettext_lazy("Kind"), choices=[(kind.value, word) for kind, word in KINDS.items()]
        ),
        DaysFilter(name="written", label=gettext_lazy("Written"), of="created_at", instants=True),
    ),
    order=("-created_at", "pk"),
    empty=gettext_lazy("No letter was written yet."),
)


@pages.page(Act.LETTER_READ)
def letters(request: Request) -> HttpResponseBase:
    """List the letters, and what became of each."""
    return lists.answer(request, LETTERS, queries.letters_of(request.actor))


@pages.page(Act.LETTER_READ)
def letter(request: Request, letter: UUID) -> HttpResponseBase:
    """Show one letter: what it says, what is attached, and every try."""
    found = queries.letter_of(request.actor, letter)
    mark, word = _state(found)
    tried = [(each, _outcome(each.outcome)) for each in queries.attempts(found)]
    context = {
        "letter": found,
        "kind": KINDS[Kind(found.kind)],
        "to": _to(found),
        "mark": mark,
        "word": word,
        "content": Content.objects.filter(letter=found).first(),
        "parts": found.parts.defer("content"),
        "attempts": tried,
        "crumbs": [(reverse("exchange:letters"), _("Letters")), ("", _about(found))],
        "may_resend": request.actor.reach(Act.LETTER_RESEND).covers(office=found.office),
        "acts": _acts(request, found),
        "names": accounts.names([found.created_by, *(each.by for each, _word in tried)]),
    }
    return pages.render(request, "exchange/letter.html", context)


def _acts(request: Request, found: Letter) -> list[NextAct]:
    if not request.actor.reach(Act.LETTER_SET_ASIDE).covers(office=found.office):
        return []
    if found.state in {State.SENT, State.SET_ASIDE}:
        return []
    return [
        NextAct(
            label=_("Stop sending it"),
            address=reverse("exchange:set-aside", args=[found.pk]),
            why=_("When they have it in another way, or need it no more."),
        )
    ]


def _outcome(outcome: str) -> StrOrPromise:
    if outcome == Outcome.REQUESTED:
        return _("Asked to be sent again")
    return STATES[State(outcome)][1]


@pages.page(Act.LETTER_READ)
def part(request: Request, letter: UUID, position: int) -> HttpResponseBase:
    """Give what is attached, to be kept as a file and never shown by the browser."""
    found = queries.letter_of(request.actor, letter).parts.filter(position=position).first()
    if found is None:
        raise queries.unknown(letter)
    answer = HttpResponse(bytes(found.content), content_type=found.media_type)
    answer["Content-Disposition"] = f'attachment; filename="{found.name}"'
    return answer


@pages.page(Act.LETTER_RESEND, post=True)
def resend(request: Request, letter: UUID) -> HttpResponseBase:
    """Send a letter again."""
    queries.letter_of(request.actor, letter)
    if request.method == "POST":
        actions.resend(letter=letter, by=request.actor, at=request.at)
        messages.success(request, _("The letter is sent again within a few seconds, as it is."))
    return HttpResponseRedirect(reverse("exchange:letter", args=[letter]))


@pages.page(Act.LETTER_SET_ASIDE, post=True)
def set_aside(request: Request, letter: UUID) -> HttpResponseBase:
    """Give up a letter, with the reason."""
    found = queries.letter_of(request.actor, letter)
    form = forms.AsideForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given: dict[str, Any] = form.cleaned_data
        try:
            actions.set_aside(letter=letter, why=Aside(given["why"]), by=request.actor, at=request.at)
        except errors.Conflict as error:
            form.take(error)
        else:
            messages.success(request, _("The letter is set aside. It can be sent again at any time."))
            return HttpResponseRedirect(reverse("exchange:letter", args=[letter]))
    context = {
        "form": form,
        "letter": found,
        "crumbs": [
            (reverse("exchange:letters"), _("Letters")),
            (reverse("exchange:letter", args=[letter]), _about(found)),
            ("", _("Stop sending it")),
        ],
    }
    return pages.render(request, "exchange/set_aside.html", context)
