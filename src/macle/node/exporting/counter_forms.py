"""The forms of the counter: slips that came back, numbers and sheets, thefts, fees, and what customs asks."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any, Final

from django import forms as django_forms
from django.utils import timezone
from django.utils.translation import gettext_lazy

from macle.node.desk import forms
from macle.node.exporting.models import Arrival
from macle.node.registry import queries as registry
from macle.scheme.confirmations import ConfirmationResult, SealState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from macle.node.exporting.models import Block

PICTURES: Final = (".pdf", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp")

ARRIVALS: Final[list[tuple[str, Any]]] = [
    (Arrival.POST.value, gettext_lazy("Post")),
    (Arrival.SCAN.value, gettext_lazy("Scan")),
    (Arrival.FAX.value, gettext_lazy("Fax")),
    (Arrival.EMAIL.value, gettext_lazy("E-mail")),
    (Arrival.LETTER.value, gettext_lazy("Letter from node to node")),
]
"""How a confirmation comes; what comes from node to node is not recorded by hand."""

BY_HAND: Final[list[tuple[str, Any]]] = ARRIVALS[:4]

OPENED: Final[list[tuple[str, Any]]] = [("yes", gettext_lazy("Opened")), ("no", gettext_lazy("Not opened"))]

SEALS: Final[list[tuple[str, Any]]] = [
    (str(int(SealState.INTACT)), gettext_lazy("Intact")),
    (str(int(SealState.BROKEN)), gettext_lazy("Broken")),
    (str(int(SealState.REPLACED_BY_CUSTOMS)), gettext_lazy("Replaced by customs")),
]

RESULTS: Final[list[tuple[str, Any]]] = [
    (str(int(ConfirmationResult.ACCEPTED)), gettext_lazy("Accepted")),
    (str(int(ConfirmationResult.ACCEPTED_AFTER_ENDORSEMENT)), gettext_lazy("Accepted after endorsement")),
    (str(int(ConfirmationResult.REFUSED)), gettext_lazy("Refused")),
]

MOST_PARCELS: Final = 10**6


# --- Slips -----------------------------------------------------------------------------------------------


class FindForm(forms.Form):
    """Which certificate a slip is of: its number, or a picture that says it."""

    number = forms.TextField(
        label=gettext_lazy("Certificate number on the slip"),
        help_text=gettext_lazy("Type it, or scan the code of the slip."),
        required=False,
        width="medium",
        most=1400,
    )
    picture = forms.FileField(
        label=gettext_lazy("Picture of the slip"),
        help_text=gettext_lazy("PDF or picture. It is kept with the confirmation, and the number is read from it."),
        endings=PICTURES,
        most=20 * forms.MEGABYTE,
        required=False,
    )


class SlipForm(forms.Form):
    """Everything that stands on one slip."""

    number = django_forms.CharField(widget=django_forms.HiddenInput())
    kept = django_forms.CharField(widget=django_forms.HiddenInput(), required=False)
    checked = django_forms.CharField(widget=django_forms.HiddenInput(), required=False)
    arrival = forms.ChoiceField(label=gettext_lazy("How it came"), choices=BY_HAND)
    received_on = forms.DayField(label=gettext_lazy("Came to this office on"))
    date_of_receipt = forms.DayField(
        label=gettext_lazy("Shipment received on"),
        help_text=gettext_lazy("As the importing authority wrote it."),
    )
    opened = forms.ChoiceField(
        label=gettext_lazy("Was the container opened?"),
        choices=OPENED,
        hints={
            "yes": gettext_lazy("The slip has the measured weight."),
            "no": gettext_lazy("A legal answer: there is no measured weight."),
        },
    )
    parcels = forms.CountField(label=gettext_lazy("Parcels"), required=False, least=1, most=MOST_PARCELS)
    carats = forms.CaratsField(label=gettext_lazy("Carat weight"), required=False)
    value = forms.DollarsField(label=gettext_lazy("Value in US$"), required=False)
    seals = forms.ChoiceField(label=gettext_lazy("Container seals"), choices=SEALS)
    result = forms.ChoiceField(label=gettext_lazy("What the importing authority did"), choices=RESULTS)
    office = forms.TextField(label=gettext_lazy("Office"), required=False, most=120)
    official = forms.TextField(label=gettext_lazy("Official"), required=False, most=120)
    importer = forms.TextField(label=gettext_lazy("Importer as the slip names it"), required=False, most=120)
    remark = forms.ReasonField(
        label=gettext_lazy("Remark on the slip"), required=False, help_text="", most=400, least=1
    )
    picture = forms.FileField(
        label=gettext_lazy("Picture of the slip"),
        endings=PICTURES,
        most=20 * forms.MEGABYTE,
        required=False,
    )


class CommonForm(forms.Form):
    """What holds for every slip of a stack unless its row says otherwise."""

    arrival = forms.OneOfManyField(label=gettext_lazy("How they came"), choices=BY_HAND)
    received_on = forms.DayField(label=gettext_lazy("Came to this office on"), required=False)
    date_of_receipt = forms.DayField(label=gettext_lazy("Shipment received on"), required=False)
    opened = forms.OneOfManyField(label=gettext_lazy("Container"), choices=OPENED, required=False)
    seals = forms.OneOfManyField(label=gettext_lazy("Seals"), choices=SEALS, required=False)
    result = forms.OneOfManyField(label=gettext_lazy("Result"), choices=RESULTS, required=False)


class RowForm(forms.Form):
    """One slip of a stack, as one row of a table; an empty row is no slip."""

    number = forms.TextField(label=gettext_lazy("Number"), required=False, width="", most=60)
    received_on = forms.DayField(label=gettext_lazy("Came on"), required=False)
    date_of_receipt = forms.DayField(label=gettext_lazy("Shipment received on"), required=False)
    opened = forms.OneOfManyField(label=gettext_lazy("Container"), choices=OPENED, required=False)
    parcels = forms.CountField(label=gettext_lazy("Parcels"), required=False, least=1, most=MOST_PARCELS)
    carats = forms.CaratsField(label=gettext_lazy("Carats"), required=False)
    value = forms.DollarsField(label=gettext_lazy("US$"), required=False)
    seals = forms.OneOfManyField(label=gettext_lazy("Seals"), choices=SEALS, required=False)
    result = forms.OneOfManyField(label=gettext_lazy("Result"), choices=RESULTS, required=False)
    kept = django_forms.CharField(widget=django_forms.HiddenInput(), required=False)

    COLUMNS: Final = (
        *("number", "received_on", "date_of_receipt", "opened", "parcels", "carats", "value", "seals", "result"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 (Django's own)
        super().__init__(*args, **kwargs)
        for name in ("opened", "seals", "result"):
            # What is left empty is as it is for all: the empty entry says so in few letters.
            field = self.fields[name]
            field.choices = [("", "…"), *[each for each in field.choices if each[0]]]  # type: ignore[attr-defined]
            field.width = ""  # type: ignore[attr-defined]
        for name in ("received_on", "date_of_receipt", "parcels", "carats", "value"):
            self.fields[name].width = ""  # type: ignore[attr-defined]

    @property
    def is_empty(self) -> bool:
        """Return whether nothing is entered: neither a figure nor a picture."""
        return not any(str(self.data.get(self.add_prefix(name), "")).strip() for name in (*self.COLUMNS, "kept"))


class SettleForm(forms.Form):
    """How a difference is settled on this side."""

    text = forms.ReasonField(label=gettext_lazy("How it is settled"))


# --- Numbers ------------------------------------------------------------------------------------------------


def _offices() -> list[tuple[str, str]]:
    return [(each.name, each.name) for each in registry.offices().filter(until__isnull=True)]


class AllotForm(forms.Form):
    """A range of numbers for an office."""

    office = forms.OneOfManyField(label=gettext_lazy("Office"), choices=_offices)
    lead = forms.TextField(
        label=gettext_lazy("Letters before the digits"),
        help_text=gettext_lazy("Such as a year or a letter of the office; usually none."),
        required=False,
        width="short",
        most=8,
    )
    width = forms.CountField(label=gettext_lazy("Digits of a number"), least=1, most=18)
    first = forms.CountField(label=gettext_lazy("First number"), least=0, most=10**18)
    last = forms.CountField(label=gettext_lazy("Last number"), least=0, most=10**18)
    on_sheets = forms.ChoiceField(
        label=gettext_lazy("What the numbers stand on"),
        choices=[("sheets", gettext_lazy("Pre-printed sheets")), ("drawn", gettext_lazy("Certificates drawn here"))],
        hints={
            "sheets": gettext_lazy("Sheets are received before they are used, and scanned before they are printed on."),
            "drawn": gettext_lazy("Each number is given out when it is reserved."),
        },
    )


class _OfBlock(forms.Form):
    """A form in which numbers of one block are typed or scanned."""

    def __init__(self, *args: Any, stock: Block, code: str, **kwargs: Any) -> None:  # noqa: ANN401 (Django's own)
        super().__init__(*args, **kwargs)
        self.stock, self.code = stock, code

    def _counter(self, name: str) -> int | None:
        """Return the counter of the number that was typed, with or without what stands before its digits."""
        text = self.cleaned_data.get(name)
        return None if text is None else counter_in(str(text), code=self.code, lead=self.stock.lead)

    def _refuse_unread(self, *names: str) -> None:
        for name in names:
            if self.cleaned_data.get(name) and self._counter(name) is None:
                self.add_error(name, gettext_lazy("This is no number of this block. Write it as it is printed."))


def counter_in(text: str, *, code: str, lead: str) -> int | None:
    """Return the counter of a number as it is printed or typed; nothing if it is none."""
    plain = re.sub(r"[\s,.]", "", text).upper()
    plain = plain.removeprefix(code)
    plain = plain.removeprefix(lead.upper()) if lead and not plain.isdigit() else plain
    longest = 18
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) <= longest else None


class ReceiveForm(_OfBlock):
    """Sheets that came."""

    first = forms.TextField(label=gettext_lazy("First sheet"), width="medium", most=24)
    last = forms.TextField(label=gettext_lazy("Last sheet"), width="medium", most=24)
    note = forms.FileField(
        label=gettext_lazy("Delivery note"), endings=PICTURES, most=20 * forms.MEGABYTE, required=False
    )

    def clean(self) -> dict[str, Any]:
        """Refuse what is no number of the block."""
        cleaned: dict[str, Any] = super().clean() or {}
        self._refuse_unread("first", "last")
        return cleaned

    @property
    def ends(self) -> tuple[int, int]:
        """Return both counters."""
        return self._counter("first") or 0, self._counter("last") or 0


class SpoilSheetForm(_OfBlock):
    """The sheet on top is spoiled before anything was reserved on it."""

    counter = forms.TextField(
        label=gettext_lazy("Number of the spoiled sheet"),
        help_text=gettext_lazy("Scan it, or type it as it is printed."),
        width="medium",
        most=24,
    )
    why = forms.TextField(label=gettext_lazy("What happened to it"), most=64)

    def clean(self) -> dict[str, Any]:
        """Refuse what is no number of the block."""
        cleaned: dict[str, Any] = super().clean() or {}
        self._refuse_unread("counter")
        return cleaned

    @property
    def spoiled(self) -> int:
        """Return its counter."""
        return self._counter("counter") or 0


# --- Thefts -------------------------------------------------------------------------------------------------


class _SinceForm(forms.Form):
    """Since when something may have been in other hands, what is known, and what proves it."""

    since_day = forms.DayField(label=gettext_lazy("In other hands since"))
    since_time = forms.TextField(
        label=gettext_lazy("At what time"),
        help_text=gettext_lazy("Such as 14:30; the whole day where it is not known."),
        required=False,
        width="short",
        most=5,
    )
    text = forms.ReasonField(
        label=gettext_lazy("What happened"),
        help_text=gettext_lazy("Every partner reads it. Name no person who is only suspected."),
    )
    proof = forms.FileField(
        label=gettext_lazy("Report or other evidence"),
        endings=(*PICTURES, ".txt"),
        most=20 * forms.MEGABYTE,
        required=False,
    )
    kept = django_forms.CharField(widget=django_forms.HiddenInput(), required=False)
    checked = django_forms.CharField(widget=django_forms.HiddenInput(), required=False)

    def clean_since_time(self) -> dt.time | None:
        """Return the time of the day."""
        text = self.cleaned_data.get("since_time")
        if not text:
            return None
        try:
            return dt.time.fromisoformat(str(text).replace(".", ":"))
        except ValueError:
            raise forms.Said(gettext_lazy("This is no time. Write hours and minutes: 14:30.")) from None

    @property
    def since(self) -> dt.datetime:
        """Return the instant, in the office's time."""
        at = self.cleaned_data.get("since_time") or dt.time()
        return timezone.make_aware(dt.datetime.combine(self.cleaned_data["since_day"], at))


class StolenSheetsForm(_SinceForm):
    """Which sheets were stolen."""

    field_order = ("block", "first", "last")

    def __init__(self, *args: Any, blocks: Iterable[tuple[str, str]], **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        self.fields["block"].choices = [("", gettext_lazy("Choose…")), *blocks]  # type: ignore[attr-defined]

    block = forms.OneOfManyField(label=gettext_lazy("Block of the sheets"), choices=())
    first = forms.TextField(label=gettext_lazy("First stolen sheet"), width="medium", most=24)
    last = forms.TextField(label=gettext_lazy("Last stolen sheet"), width="medium", most=24)


class StolenKeyForm(_SinceForm):
    """Whose key was stolen."""

    field_order = ("official",)

    def __init__(self, *args: Any, officials: Iterable[tuple[str, str]], **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        self.fields["official"].choices = [("", gettext_lazy("Choose…")), *officials]  # type: ignore[attr-defined]

    official = forms.OneOfManyField(label=gettext_lazy("Official whose key it is"), choices=())


class OutcomeForm(forms.Form):
    """What came of a notice."""

    outcome = forms.ReasonField(
        label=gettext_lazy("What came of it"), help_text=gettext_lazy("Every partner reads it.")
    )


# --- Fees ----------------------------------------------------------------------------------------------------


class AmountField(forms.DollarsField):
    """An amount in some currency; gives hundredths wrapped as the Scheme's dollars are."""

    unit = ""


class ChargeForm(forms.Form):
    """A fee or levy."""

    what = forms.TextField(
        label=gettext_lazy("What for"), help_text=gettext_lazy("Such as: certificate fee, export levy."), most=120
    )
    amount = AmountField(label=gettext_lazy("Amount"), help_text=gettext_lazy("With two decimals: 250.00."))
    currency = forms.TextField(
        label=gettext_lazy("Currency"), help_text=gettext_lazy("Three letters, such as USD."), width="short", most=3
    )


class PaymentForm(forms.Form):
    """A payment."""

    amount = AmountField(label=gettext_lazy("Amount paid"))
    payment = forms.TextField(
        label=gettext_lazy("Receipt or bank order"),
        help_text=gettext_lazy("Its number: payments go through official banking channels (KPCS Annex II-7)."),
        most=120,
    )


class WaiverForm(forms.Form):
    """What is waived, and why."""

    amount = AmountField(label=gettext_lazy("Amount waived"))
    reason = forms.ReasonField()


# --- Customs -------------------------------------------------------------------------------------------------


class ScanForm(forms.Form):
    """What a hand-held scanner types into the field ``what``, or a file in its place."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 (Django's own)
        super().__init__(*args, **kwargs)
        self.fields["what"].required = not self.files
        # A hand-held scanner types at once: the field has the focus, and helps with no guess of its own.
        self.fields["what"].widget.attrs |= {"autofocus": True, "autocomplete": "off", "dir": "ltr"}


class LookForm(ScanForm):
    """The one field of customs: a number, the text of a code, or a picture of it."""

    what = forms.TextField(
        label=gettext_lazy("Number or code of the certificate"),
        help_text=gettext_lazy("Type the number, or scan the code on the certificate or the label."),
        missing=gettext_lazy("Type the number, or scan a code."),
        most=4000,
    )
    picture = forms.FileField(
        label=gettext_lazy("Or a picture of it"),
        endings=PICTURES,
        most=20 * forms.MEGABYTE,
        required=False,
    )
