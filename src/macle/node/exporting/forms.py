"""The forms of the exporting desk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms as django_forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from macle.node.desk import forms
from macle.node.exporting.actions.certificates import VOID_REASONS
from macle.node.exporting.actions.desk import Measured
from macle.node.exporting.models import AttachmentKind
from macle.scheme import applications
from macle.scheme.certificates import ValidationKind
from macle.scheme.terms import HSCode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from macle.node.exporting.models import Application
    from macle.scheme.terms import Carats, USDollars

HEADINGS = {
    HSCode.UNSORTED: gettext_lazy("7102.10 unsorted"),
    HSCode.INDUSTRIAL: gettext_lazy("7102.21 industrial"),
    HSCode.NON_INDUSTRIAL: gettext_lazy("7102.31 non-industrial"),
}
"""The three headings of rough diamonds, as people read them."""

EVIDENCE = (".pdf", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".csv", ".txt", ".xlsx")


class ReasonForm(forms.Form):
    """Why an act is done."""

    reason = forms.ReasonField()


class ConfirmForm(forms.Form):
    """Nothing to enter: the button is the answer."""


class VoidForm(forms.Form):
    """Why a number is void."""

    why = forms.ChoiceField(
        label=gettext_lazy("Why is it void?"), choices=[(each, each.capitalize()) for each in VOID_REASONS]
    )
    words = forms.ReasonField(
        label=gettext_lazy("In your own words"),
        required=False,
        help_text=gettext_lazy("Needed where the reason is another one."),
    )


class SheetForm(forms.Form):
    """The number that stands on the sheet that lies on top."""

    sheet = forms.TextField(
        label=gettext_lazy("Number of the sheet on top"),
        help_text=gettext_lazy("Scan it, or type it as it is printed."),
        width="medium",
        most=24,
    )


class SpoilForm(forms.Form):
    """What happened to a sheet."""

    words = forms.ReasonField(label=gettext_lazy("What happened to the sheet?"))


class TechnicalForm(forms.Form):
    """For whom goods go back, at which office, and under which certificate they arrived."""

    arrived_under = forms.TextField(
        label=gettext_lazy("Number of the certificate under which the goods arrived"),
        help_text=gettext_lazy("The issuer's two letters and its number, such as ZA 00012. The goods go back to it."),
        width="medium",
        most=30,
        missing=gettext_lazy("Give the number of that certificate."),
    )

    def __init__(
        self,
        *args: Any,  # noqa: ANN401 (Django's own)
        traders: Sequence[tuple[str, str]],
        offices: Sequence[str],
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["trader"] = forms.OneOfManyField(
            label=_("Trader who sends the goods back"),
            help_text=_("It fills in the application, declares, and lodges it."),
            choices=traders,
        )
        self.fields["trader"].error_messages["required"] = _("Choose the trader.")
        self.only = offices[0] if len(offices) == 1 else ""
        if not self.only:
            self.fields["office"] = forms.ChoiceField(label=_("Office"), choices=[(each, each) for each in offices])

    @property
    def office(self) -> str:
        """Return the office that was chosen, or the only one there is."""
        return self.only or str(self.cleaned_data["office"])


class SealForm(forms.Form):
    """The seals of the container, one a line."""

    seals = django_forms.CharField(
        label=gettext_lazy("Container seals"),
        help_text=gettext_lazy("One number a line, as it stands on the seal."),
        widget=django_forms.Textarea(attrs={"rows": 4, "cols": None}),
        max_length=600,
    )

    def clean_seals(self) -> list[str]:
        """Return the numbers."""
        return [line.strip() for line in str(self.cleaned_data["seals"]).splitlines() if line.strip()]


class FileForm(forms.Form):
    """A file as evidence."""

    kind = forms.OneOfManyField(label=gettext_lazy("What it is"), choices=AttachmentKind.choices)
    file = forms.FileField(
        label=gettext_lazy("File"),
        endings=EVIDENCE,
        most=20 * forms.MEGABYTE,
        help_text=gettext_lazy("PDF, picture, table or text."),
    )


class ConsentForm(forms.Form):
    """Fresh authentication for one signature: who sits there now, and the passphrase of their own key."""

    identity = django_forms.CharField(widget=django_forms.HiddenInput())
    password = django_forms.CharField(
        label=gettext_lazy("Your password"),
        strip=False,
        widget=django_forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    code = forms.TextField(
        label=gettext_lazy("Code of your authenticator"),
        help_text=gettext_lazy("Six digits, good for half a minute."),
        width="short",
        most=8,
    )
    secret = django_forms.CharField(
        label=gettext_lazy("Passphrase of your signing key"),
        help_text=gettext_lazy("It opens your key for this one signature, and is not kept."),
        strip=False,
        widget=django_forms.PasswordInput(attrs={"autocomplete": "off"}),
    )


class TokenForm(forms.Form):
    """The PIN of the official's own token."""

    identity = django_forms.CharField(widget=django_forms.HiddenInput())
    secret = django_forms.CharField(
        label=gettext_lazy("PIN of your token"),
        help_text=gettext_lazy("It opens your key for this one signature, and is not kept."),
        strip=False,
        widget=django_forms.PasswordInput(attrs={"autocomplete": "off"}),
    )


class BoundForm(forms.Form):
    """A passkey that signs the document's identity, and what opens the official's key."""

    identity = django_forms.CharField(widget=django_forms.HiddenInput())
    credential = django_forms.CharField(widget=django_forms.HiddenInput(), max_length=16_384)
    secret = django_forms.CharField(
        label=gettext_lazy("Passphrase or PIN of your signing key"),
        help_text=gettext_lazy("It opens your key for this one signature, and is not kept."),
        strip=False,
        widget=django_forms.PasswordInput(attrs={"autocomplete": "off"}),
    )


class ValuationForm(forms.Form):
    """What a valuer found: the government's value, an independent one, or both."""

    government = forms.DollarsField(label=gettext_lazy("Government valuation"), required=False)
    independent = forms.DollarsField(label=gettext_lazy("Independent valuation"), required=False)


class PrepareForm(forms.Form):
    """What the kind of validation needs beside the official who signs."""

    def __init__(
        self,
        *args: Any,  # noqa: ANN401 (Django's own)
        kind: ValidationKind,
        others: Sequence[tuple[str, str]],
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(*args, **kwargs)
        if kind in (ValidationKind.TWO_OFFICIALS, ValidationKind.SECOND_OFFICIAL_ELSEWHERE):
            self.fields["second"] = forms.OneOfManyField(
                label=_("The other official, who approves it first"), choices=others
            )
        if kind is ValidationKind.CUSTOMS_REFERENCE:
            self.fields["customs_reference"] = forms.TextField(label=_("Customs reference"), width="medium", most=60)


class ExaminationForm(forms.Form):
    """What was weighed, counted and valued: a line for each of the three headings, empty where there is none of it."""

    parcels = forms.CountField(label=gettext_lazy("Parcels counted"), least=1, most=10**6)
    government = forms.DollarsField(label=gettext_lazy("Government valuation"), required=False)
    independent = forms.DollarsField(label=gettext_lazy("Independent valuation"), required=False)
    synthetics_screened = forms.TickField(label=gettext_lazy("Screened for synthetic diamonds"), required=False)
    remark = forms.ReasonField(label=gettext_lazy("Remark"), required=False, help_text="")

    def __init__(self, *args: Any, matter: Application, **kwargs: Any) -> None:  # noqa: ANN401 (Django's own)
        self.declared = applications.read(matter.entered)
        kwargs.setdefault("initial", self._initial(matter))
        super().__init__(*args, **kwargs)
        for heading, label in HEADINGS.items():
            place = heading.value.replace(".", "")
            self.fields[f"carats_{place}"] = forms.CaratsField(
                label=_("%(heading)s: weight") % {"heading": label}, required=False
            )
            self.fields[f"value_{place}"] = forms.DollarsField(
                label=_("%(heading)s: value") % {"heading": label}, required=False
            )

    def _initial(self, matter: Application) -> dict[str, Any]:
        """Return the declared values, and nothing that is to be measured: a figure that stands there is not weighed."""
        last = matter.examinations.first()
        initial: dict[str, Any] = {}
        if last is not None:
            initial = {"parcels": last.parcels, "remark": last.remark, "synthetics_screened": last.synthetics_screened}
        for line in self.declared.lines:
            if line.hs is not None and line.value is not None:
                initial[f"value_{line.hs.value.replace('.', '')}"] = str(line.value)
        return initial

    def clean(self) -> dict[str, Any]:
        """Refuse a heading with a weight and no value, or the reverse, and an examination of nothing."""
        cleaned: dict[str, Any] = super().clean() or {}
        for heading in HEADINGS:
            place = heading.value.replace(".", "")
            weight, value = cleaned.get(f"carats_{place}"), cleaned.get(f"value_{place}")
            if weight is None and value is not None and not self.declares(heading):
                self.add_error(f"carats_{place}", _("Give the weight too."))
            if weight is not None and value is None:
                self.add_error(f"value_{place}", _("Give the value too."))
        if not self.errors and not self._lines(cleaned):
            self.add_error(None, _("Give the weight of at least one heading."))
        return cleaned

    def declares(self, heading: HSCode) -> bool:
        """Return whether the trader declared goods of the heading."""
        return any(line.hs is heading for line in self.declared.lines)

    def _lines(self, cleaned: Mapping[str, Any]) -> dict[HSCode, tuple[Carats, USDollars]]:
        lines = {}
        for heading in HEADINGS:
            place = heading.value.replace(".", "")
            weight, value = cleaned.get(f"carats_{place}"), cleaned.get(f"value_{place}")
            if weight is not None and value is not None and weight.hundredths:
                lines[heading] = (weight, value)
        return lines

    def rows(self) -> list[dict[str, Any]]:
        """Return for each heading what is declared and the two fields beside it."""
        declared = {line.hs: line for line in self.declared.lines}
        return [
            {
                "heading": label,
                "declared": declared.get(heading),
                "carats": self[f"carats_{heading.value.replace('.', '')}"],
                "value": self[f"value_{heading.value.replace('.', '')}"],
            }
            for heading, label in HEADINGS.items()
        ]

    @property
    def measured(self) -> Measured:
        """Return what was measured."""
        cleaned = self.cleaned_data
        return Measured(
            parcels=cleaned["parcels"],
            lines=self._lines(cleaned),
            government=cleaned.get("government"),
            independent=cleaned.get("independent"),
            synthetics_screened=bool(cleaned.get("synthetics_screened")),
            remark=cleaned.get("remark") or "",
        )
