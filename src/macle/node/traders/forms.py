"""The forms of the register of traders: what is typed, in the fields that `actions` takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from macle.node.desk import forms, words
from macle.node.traders import actions, models, wording
from macle.node.traders.models import MIXED, EntryKind, LicenceKind
from macle.scheme.rules import prices
from macle.scheme.terms import Carats

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from macle.node.traders.models import Trader

LINES: Final = 5
"""How many origins a form has room for."""


class Who(forms.Form):
    """First step of registering: who it is."""

    name = forms.TextField(label=gettext_lazy("Name"), most=models.NAME_LENGTH)
    latin_name = forms.TextField(
        label=gettext_lazy("Name in Latin letters"),
        help_text=gettext_lazy("As it is printed on certificates, if the name is written in another script."),
        most=models.NAME_LENGTH,
        required=False,
    )
    residence = forms.TextField(
        label=gettext_lazy("Nationality or residence status"),
        help_text=gettext_lazy("For a company, where it is registered. Annex II-12, 14."),
    )


class Where(forms.Form):
    """Second step: where it is found."""

    address = forms.TextField(label=gettext_lazy("Street and number"), most=400)
    town = forms.TextField(label=gettext_lazy("Town"), most=120, width="medium")
    country = forms.CountryField(label=gettext_lazy("Country"))


class Owners(forms.Form):
    """Third step: who stands behind it."""

    beneficial_owners = forms.ReasonField(
        label=gettext_lazy("Beneficial owners"),
        help_text=gettext_lazy("One to a line, with the share. Leave it empty if the trader is a person."),
        least=0,
        most=4000,
        required=False,
    )


class Change(Who, Where, Owners):
    """All that the register says of a trader."""


STEPS: Final[dict[str, type[forms.Form]]] = {"who": Who, "where": Where, "owners": Owners}
"""The steps of registering, in their order."""


class Suspend(forms.Form):
    """Why and from when a trader may not lodge."""

    since = forms.DayField(label=gettext_lazy("Suspended from"))
    reason = forms.ReasonField(most=400)


class End(forms.Form):
    """From when something does not hold any more, and why."""

    until = forms.DayField(
        label=gettext_lazy("Ends on"), help_text=gettext_lazy("The first day on which it does not hold.")
    )
    reason = forms.ReasonField(most=400)


class Grant(forms.Form):
    """A licence."""

    kind = forms.ChoiceField(label=gettext_lazy("Licensed as"), choices=list(wording.KINDS.items()))
    number = forms.TextField(label=gettext_lazy("Number of the licence"), most=60, width="medium")
    since = forms.DayField(label=gettext_lazy("First day"))
    until = forms.DayField(
        label=gettext_lazy("Ends on"),
        help_text=gettext_lazy("The first day on which it is not in force; leave it empty if it has no end."),
        required=False,
    )
    area = forms.TextField(
        label=gettext_lazy("Area of authorised mining"),
        help_text=gettext_lazy("For miners alone."),
        most=400,
        required=False,
    )

    def clean_kind(self) -> LicenceKind:
        """Return the kind."""
        return LicenceKind(self.cleaned_data["kind"])


class Authorise(forms.Form):
    """Somebody who speaks for a trader."""

    name = forms.TextField(label=gettext_lazy("Name"), most=models.NAME_LENGTH)
    email = forms.TextField(label=gettext_lazy("E-mail"), most=254)
    telephone = forms.TextField(label=gettext_lazy("Telephone"), most=40, width="medium", required=False)
    language = forms.ChoiceField(label=gettext_lazy("Language of messages"), choices=lambda: settings.LANGUAGES)
    since = forms.DayField(label=gettext_lazy("Authorised from"))
    may_lodge = forms.TickField(label=gettext_lazy("May lodge applications for the trader"), required=False)


class KnownParty(forms.Form):
    """An entry of the address book."""

    name = forms.TextField(label=gettext_lazy("Name"), most=models.NAME_LENGTH)
    latin_name = forms.TextField(label=gettext_lazy("Name in Latin letters"), most=models.NAME_LENGTH, required=False)
    address = forms.TextField(label=gettext_lazy("Street and number"), most=400)
    town = forms.TextField(label=gettext_lazy("Town"), most=120, width="medium")
    country = forms.CountryField(label=gettext_lazy("Country"))
    licence = forms.TextField(
        label=gettext_lazy("Number of its licence, if it has one"), most=60, width="medium", required=False
    )


class Sure(forms.Form):
    """Nothing but the button."""


def origins(trader: Trader | None = None) -> list[tuple[str, str]]:
    """Return the origins to choose from: countries that produce, the trader's own, those of its book, and mixed."""
    codes: set[str] = {str(code) for code in prices.load().production}
    if trader is not None:
        codes |= {trader.country, *trader.balances.values_list("origin", flat=True)}
    named = sorted(((code, words.country(code)) for code in codes - {MIXED}), key=lambda pair: pair[1])
    return [*named, (MIXED, _("Mixed origin"))]


class _OfOrigin(forms.Form):
    """A form about one origin of a trader's book."""

    origin = forms.OneOfManyField(label=gettext_lazy("Origin"), choices=origins)
    carats = forms.CaratsField(label=gettext_lazy("Weight"))
    on = forms.DayField(label=gettext_lazy("Day"))
    reference = forms.TextField(label=gettext_lazy("Number of the document that proves it"), most=120, width="medium")


class Enter(_OfOrigin):
    """An entry of a book."""

    kind = forms.ChoiceField(
        label=gettext_lazy("What happened"),
        choices=[(kind.value, wording.ENTRIES[kind]) for kind in EntryKind if kind in actions.ENTERED],
    )
    field_order = ("kind", "origin", "carats", "on", "reference")

    def clean_kind(self) -> EntryKind:
        """Return the kind."""
        return EntryKind(self.cleaned_data["kind"])


class Correct(_OfOrigin):
    """A correction of a book."""

    less = forms.ChoiceField(
        label=gettext_lazy("The book holds"),
        choices=[("less", gettext_lazy("too much: take carats out")), ("more", gettext_lazy("too little: add carats"))],
    )
    reason = forms.ReasonField(most=400)
    field_order = ("less", "origin", "carats", "on", "reference", "reason")

    def clean_less(self) -> bool:
        """Return whether carats are taken out."""
        return str(self.cleaned_data["less"]) == "less"


class Sell(_OfOrigin):
    """A sale from one trader's book into another's."""

    buyer = forms.TextField(
        label=gettext_lazy("Buyer"), help_text=gettext_lazy("Its reference, such as T-0042."), width="short", most=16
    )
    field_order = ("buyer", "origin", "carats", "on", "reference")


class _Lines(forms.Form):
    """A form with a few lines of origin and weight."""

    def __init__(
        self,
        *args: Any,  # noqa: ANN401 (Django's own)
        choices: Iterable[tuple[str, str]],
        first: Sequence[str] = (),
        **kwargs: Any,  # noqa: ANN401 (as above)
    ) -> None:
        """Give each line its two fields; ``first`` are the origins that are chosen already."""
        super().__init__(*args, **kwargs)
        known = list(choices)
        for number in range(LINES):
            self.fields[f"origin_{number}"] = forms.OneOfManyField(
                label=_("Origin, line %(number)s") % {"number": number + 1},
                choices=known,
                required=False,
                initial=first[number] if number < len(first) else "",
            )
            self.fields[f"carats_{number}"] = forms.CaratsField(
                label=_("Weight, line %(number)s") % {"number": number + 1}, required=False
            )
        self.order_fields([name for name in self.fields if "_" in name and name[-1].isdigit()])

    def clean(self) -> dict[str, Any]:
        """Gather the lines as ``lines``; a weight without an origin, and an origin twice, are mistakes."""
        given: dict[str, Carats] = {}
        for number in range(LINES):
            origin = self.cleaned_data.get(f"origin_{number}")
            carats = self.cleaned_data.get(f"carats_{number}")
            if carats is None:
                continue
            if not origin:
                self.add_error(f"origin_{number}", forms.Said(_("Say of which origin these carats are.")))
            elif origin in given:
                self.add_error(f"origin_{number}", forms.Said(_("This origin stands on an earlier line.")))
            else:
                given[origin] = carats
        self.cleaned_data["lines"] = given
        return self.cleaned_data

    def leading(self) -> list[Any]:
        """Return the fields above the lines."""
        return [self[name] for name in self.fields if name == "year"]

    def trailing(self) -> list[Any]:
        """Return the fields below the lines."""
        return [self[name] for name in self.fields if name in {"nothing", "on", "reference"}]

    def pairs(self) -> list[list[dict[str, Any]]]:
        """Return the two fields of each line as they are drawn, side by side."""
        names = ("origin", "carats")
        return [[forms.shown(self[f"{name}_{number}"]) for name in names] for number in range(LINES)]


class Declare(_Lines):
    """What a trader holds as a year begins."""

    year = forms.CountField(label=gettext_lazy("Year"), least=2003, most=2200)
    nothing = forms.TickField(
        label=gettext_lazy("It holds nothing"),
        help_text=gettext_lazy("A stock of nothing is declared too."),
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        """Hold the tick and the lines to each other."""
        given = super().clean()
        if given.get("nothing") and given["lines"]:
            self.add_error("nothing", forms.Said(_("There are carats on the lines above: leave this box empty.")))
        if not given.get("nothing") and not given["lines"] and not self.errors:
            self.add_error("nothing", forms.Said(_("Give the carats of each origin, or tick that it holds nothing.")))
        return given


class Mix(_Lines):
    """Carats of several countries that go into mixed goods."""

    on = forms.DayField(label=gettext_lazy("Day"))
    reference = forms.TextField(label=gettext_lazy("Number of the document that proves it"), most=120, width="medium")
