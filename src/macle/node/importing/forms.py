"""The forms of the importing desk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django import forms as django_forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from macle.node.desk import forms
from macle.node.exporting.counter_forms import PICTURES, SEALS, ScanForm
from macle.node.exporting.forms import HEADINGS
from macle.node.importing import words
from macle.node.importing.actions.inspecting import Found
from macle.node.importing.models import Answer, Way
from macle.scheme.certificates import Line
from macle.scheme.confirmations import Count, SealState
from macle.scheme.terms import Carats, CertificateNumber, TermInvalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django_stubs_ext import StrOrPromise

    from macle.scheme.terms import HSCode

CARRIERS: Final = (*PICTURES, ".cose", ".txt")


class BringForm(ScanForm):
    """What was brought: the text of a code, as a scanner types it, or a file."""

    what = forms.TextField(
        label=gettext_lazy("Code of the certificate"),
        help_text=gettext_lazy("With a hand-held scanner. On a telephone, take a picture below."),
        missing=gettext_lazy("Scan the code, or give a file."),
        most=4000,
    )
    file = forms.FileField(
        label=gettext_lazy("Or a file: the PDF, a picture, the signed object"),
        endings=CARRIERS,
        most=20 * forms.MEGABYTE,
        required=False,
    )


class PaperForm(forms.Form):
    """What a paper certificate says, its pictures, and whether it looks as its issuer's certificates do."""

    number = forms.TextField(
        label=gettext_lazy("Number"),
        help_text=gettext_lazy("With the two letters of the issuer, such as ZA00004821."),
        width="medium",
        most=24,
    )
    date_of_issuance = forms.DayField(label=gettext_lazy("Issued"))
    date_of_expiry = forms.DayField(label=gettext_lazy("Expires"))
    exporter_name = forms.TextField(label=gettext_lazy("Exporter"), most=120)
    exporter_town = forms.TextField(label=gettext_lazy("Town of the exporter"), most=120)
    exporter_country = forms.CountryField(label=gettext_lazy("Country of the exporter"))
    importer_name = forms.TextField(label=gettext_lazy("Importer"), most=120)
    importer_town = forms.TextField(label=gettext_lazy("Town of the importer"), most=120)
    importer_country = forms.CountryField(label=gettext_lazy("Country of the importer"))
    origin_0 = forms.CountryField(
        label=gettext_lazy("Origin"),
        help_text=gettext_lazy("Empty if it is mixed and not disclosed."),
        required=False,
    )
    origin_1 = forms.CountryField(label=gettext_lazy("Second origin"), required=False)
    origin_2 = forms.CountryField(label=gettext_lazy("Third origin"), required=False)
    parcels = forms.CountField(label=gettext_lazy("Parcels"), least=1, most=10**6)
    seals = django_forms.CharField(
        label=gettext_lazy("Container seals"),
        help_text=gettext_lazy("As the certificate or the container has them; one number a line."),
        max_length=1000,
        widget=django_forms.Textarea(attrs={"rows": 2, "dir": "ltr", "class": "wide"}),
    )
    front = forms.FileField(label=gettext_lazy("Picture of the front"), endings=PICTURES, most=20 * forms.MEGABYTE)
    back = forms.FileField(
        label=gettext_lazy("Picture of the back"), endings=PICTURES, most=20 * forms.MEGABYTE, required=False
    )
    looks = forms.ChoiceField(
        label=gettext_lazy("Does it look as this authority's certificates do?"),
        choices=[
            ("yes", gettext_lazy("Yes: paper, printing, stamp and signatures are as they should be")),
            ("no", gettext_lazy("No, or I am not sure")),
        ],
        hints={"no": gettext_lazy("Its number is then not used, and the shipment is taken into custody.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 (Django's own)
        super().__init__(*args, **kwargs)
        for heading, label in HEADINGS.items():
            for what, field in _measures(label):
                self.fields[f"{what}_{_place(heading)}"] = field

    def clean_number(self) -> str:
        """Return the number as one word; refuse what is none."""
        try:
            return str(CertificateNumber.parse(" ".join(self.cleaned_data["number"].upper().split()), where="number"))
        except TermInvalid as error:
            raise forms.Said.of(error) from None

    def clean(self) -> dict[str, Any]:
        """Refuse a certificate without any weight, a weight without a value, and days in the wrong order."""
        cleaned: dict[str, Any] = super().clean() or {}
        _require_values(self, cleaned)
        if not _lines_of(cleaned) and not self.errors:
            self.add_error(None, _("Give the weight of at least one heading."))
        issued, expires = cleaned.get("date_of_issuance"), cleaned.get("date_of_expiry")
        if issued and expires and expires < issued:
            self.add_error("date_of_expiry", _("It expires before it was issued. Read both days again."))
        return cleaned

    def typed(self) -> dict[str, Any]:
        """Return it as `macle.node.importing.papers.certificate_of` takes it."""
        given = self.cleaned_data
        origin = [given[f"origin_{place}"] for place in range(3)]
        return {
            "number": given["number"],
            "date_of_issuance": given["date_of_issuance"].isoformat(),
            "date_of_expiry": given["date_of_expiry"].isoformat(),
            **{
                who: {part: given[f"{who}_{part}"] for part in ("name", "town", "country")}
                for who in ("exporter", "importer")
            },
            "origin": [code for code in dict.fromkeys(origin) if code],
            "lines": {
                line.hs.value: {"carats": line.carats.hundredths, "value": line.value.hundredths}
                for line in _lines_of(given)
            },
            "parcels": given["parcels"],
            "container_seals": list(dict.fromkeys(_lines(given["seals"]))),
        }

    def rows(self) -> list[dict[str, Any]]:
        """Return for each heading its two fields."""
        return [
            {"heading": label, "carats": self[f"carats_{_place(heading)}"], "value": self[f"value_{_place(heading)}"]}
            for heading, label in HEADINGS.items()
        ]


def _place(heading: HSCode) -> str:
    """Return the heading as it ends the name of a field."""
    return heading.value.replace(".", "")


def _measures(label: StrOrPromise) -> tuple[tuple[str, django_forms.Field], ...]:
    """Return the two fields of a heading."""
    return (
        ("carats", forms.CaratsField(label=_("%(heading)s: weight") % {"heading": label}, required=False)),
        ("value", forms.DollarsField(label=_("%(heading)s: value") % {"heading": label}, required=False)),
    )


def _require_values(form: forms.Form, cleaned: Mapping[str, Any]) -> None:
    for heading in HEADINGS:
        place = _place(heading)
        if cleaned.get(f"carats_{place}") is not None and cleaned.get(f"value_{place}") is None:
            form.add_error(f"value_{place}", _("Give the value too."))


def _lines_of(cleaned: Mapping[str, Any]) -> tuple[Line, ...]:
    """Return a line for each heading of which there is something."""
    found = []
    for heading in HEADINGS:
        weight, value = cleaned.get(f"carats_{_place(heading)}"), cleaned.get(f"value_{_place(heading)}")
        if weight is not None and value is not None and weight.hundredths:
            found.append(Line(heading, weight, value))
    return tuple(found)


class PresentForm(forms.Form):
    """How the shipment came whose certificate is presented."""

    brought = django_forms.CharField(widget=django_forms.HiddenInput())
    office = forms.OneOfManyField(label=gettext_lazy("Office"), choices=())
    received = forms.OneOfManyField(
        label=gettext_lazy("Shipment"),
        help_text=gettext_lazy("If it came before its certificate, choose it."),
        choices=(),
        empty=gettext_lazy("It comes now"),
        required=False,
    )
    way = forms.OneOfManyField(
        label=gettext_lazy("How did it come?"),
        choices=words.ways(Way.PRESENTED, Way.HANDED_OVER, Way.POST),
    )
    arrived_on = forms.DayField(label=gettext_lazy("Arrived on"), required=False)
    customs_reference = forms.TextField(
        label=gettext_lazy("Customs reference"), most=64, width="medium", required=False
    )

    def __init__(
        self,
        *args: Any,  # noqa: ANN401 (Django's own)
        offices: Iterable[str],
        waiting: Iterable[tuple[str, str]],
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(*args, **kwargs)
        _of_offices(self, offices)
        known = list(waiting)
        self.fields["received"].choices = [("", gettext_lazy("It comes now")), *known]  # type: ignore[attr-defined]
        if not known:
            del self.fields["received"]


class ReceiveForm(forms.Form):
    """What came before its certificate, or without any: how, when, and under which seals."""

    office = forms.OneOfManyField(label=gettext_lazy("Office"), choices=())
    way = forms.ChoiceField(
        label=gettext_lazy("How did it come?"),
        choices=words.ways(Way.HANDED_OVER, Way.POST, Way.FOUND),
        hints={Way.FOUND.value: gettext_lazy("A case begins from the goods. Nothing makes them an import.")},
    )
    arrived_on = forms.DayField(label=gettext_lazy("Arrived on"))
    seals = django_forms.CharField(
        label=gettext_lazy("Seals as you found them"),
        help_text=gettext_lazy("One number a line. Empty if there are none."),
        max_length=1000,
        required=False,
        widget=django_forms.Textarea(attrs={"rows": 3, "dir": "ltr", "class": "wide"}),
    )
    importer_name = forms.TextField(label=gettext_lazy("For whom it is, if that is known"), most=120, required=False)
    customs_reference = forms.TextField(
        label=gettext_lazy("Customs reference"), most=64, width="medium", required=False
    )
    remark = forms.ReasonField(label=gettext_lazy("Remark"), required=False, help_text="")

    def __init__(self, *args: Any, offices: Iterable[str], **kwargs: Any) -> None:  # noqa: ANN401 (Django's own)
        super().__init__(*args, **kwargs)
        _of_offices(self, offices)

    def clean_seals(self) -> list[str]:
        """Return the numbers, without the lines between them."""
        return _lines(self.cleaned_data["seals"])


class BorderForm(forms.Form):
    """What customs hands over where it enters, or stops: to which office, and under which seals."""

    announced = django_forms.CharField(widget=django_forms.HiddenInput(), required=False, max_length=24)
    office = forms.OneOfManyField(label=gettext_lazy("To which office"), choices=())
    seals = django_forms.CharField(
        label=gettext_lazy("Seals, also those that you put on"),
        help_text=gettext_lazy("One number a line."),
        max_length=1000,
        widget=django_forms.Textarea(attrs={"rows": 2, "dir": "ltr", "class": "wide"}),
    )
    customs_reference = forms.TextField(
        label=gettext_lazy("Customs reference"), most=64, width="medium", required=False
    )
    remark = forms.ReasonField(
        label=gettext_lazy("Remark"), required=False, help_text=gettext_lazy("If you stop it, say why.")
    )

    def __init__(self, *args: Any, offices: Iterable[str], **kwargs: Any) -> None:  # noqa: ANN401 (Django's own)
        super().__init__(*args, **kwargs)
        _of_offices(self, offices)

    def clean_seals(self) -> list[str]:
        """Return the numbers, without the lines between them."""
        return _lines(self.cleaned_data["seals"])


class RemarkForm(forms.Form):
    """What the confirmation says beside the figures."""

    remark = forms.ReasonField(
        label=gettext_lazy("Remark"),
        most=400,
        required=False,
        help_text=gettext_lazy("The exporting authority reads it. Empty if there is nothing to say."),
    )


def _of_offices(form: forms.Form, offices: Iterable[str]) -> None:
    """Let one of the offices be chosen; where there is one only, nothing is asked."""
    named = [(name, name) for name in offices]
    field = form.fields["office"]
    field.choices = named  # type: ignore[attr-defined]
    if len(named) == 1:
        field.initial = named[0][0]
        field.widget = django_forms.HiddenInput()


def _lines(text: str) -> list[str]:
    return [line.strip() for line in (text or "").splitlines() if line.strip()]


class InspectForm(forms.Form):
    """What the desk found: seals, and, where it opened the container, a line for each of the three headings."""

    opened = forms.ChoiceField(
        label=gettext_lazy("Did you open the container?"),
        choices=[
            ("yes", gettext_lazy("Opened, weighed and counted")),
            ("no", gettext_lazy("Not opened")),
        ],
        hints={"no": gettext_lazy("A legal answer: no measured weight is then sent.")},
    )
    seals = forms.OneOfManyField(label=gettext_lazy("Seals"), choices=SEALS)
    found_seals = django_forms.CharField(
        label=gettext_lazy("Seals as you found them"),
        help_text=gettext_lazy("One number a line, also one that customs put on in place of another."),
        max_length=1000,
        required=False,
        widget=django_forms.Textarea(attrs={"rows": 3, "dir": "ltr", "class": "wide"}),
    )
    parcels = forms.CountField(label=gettext_lazy("Parcels counted"), least=1, most=10**6, required=False)
    synthetics = forms.CaratsField(
        label=gettext_lazy("Of this weight, synthetic diamonds"),
        help_text=gettext_lazy("Empty if there are none."),
        required=False,
    )

    def __init__(self, *args: Any, declared: Mapping[HSCode, Line], **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        self.declared = declared
        for heading, label in HEADINGS.items():
            for what, field in _measures(label):
                self.fields[f"{what}_{_place(heading)}"] = field

    def clean(self) -> dict[str, Any]:
        """Refuse figures of a container that was left closed, and an opened one without any."""
        cleaned: dict[str, Any] = super().clean() or {}
        lines = _lines_of(cleaned)
        _require_values(self, cleaned)
        if cleaned.get("opened") == "no" and (lines or cleaned.get("parcels")):
            self.add_error("opened", _("What was not opened was not weighed. Empty the figures, or say that you did."))
        if cleaned.get("opened") == "yes":
            if not cleaned.get("parcels"):
                self.add_error("parcels", _("Count the parcels."))
            if not lines and not self.errors:
                self.add_error(None, _("Give the weight of at least one heading."))
        return cleaned

    def found(self) -> Found:
        """Return what the action takes."""
        cleaned = self.cleaned_data
        opened = cleaned["opened"] == "yes"
        return Found(
            seals=SealState(int(cleaned["seals"])),
            found_seals=_lines(cleaned["found_seals"]),
            measured=Count(cleaned["parcels"], _lines_of(cleaned)) if opened else None,
            synthetics=cleaned["synthetics"] or Carats(0),
        )

    def rows(self) -> list[dict[str, Any]]:
        """Return for each heading what is declared and the two fields beside it."""
        return [
            {
                "heading": label,
                "declared": self.declared.get(heading),
                "carats": self[f"carats_{_place(heading)}"],
                "value": self[f"value_{_place(heading)}"],
            }
            for heading, label in HEADINGS.items()
        ]


class DecideForm(forms.Form):
    """A decision: why, under which provision, and how to appeal. The official names the law; nothing is prefilled."""

    text = forms.ReasonField(label=gettext_lazy("Why"), most=600, help_text=gettext_lazy("The letter says it."))
    source = forms.TextField(
        label=gettext_lazy("Provision"), help_text=gettext_lazy("The act and section under which you decide."), most=200
    )
    appeal = forms.ReasonField(
        label=gettext_lazy("How to appeal"), most=600, help_text=gettext_lazy("Where, and until when.")
    )


class EndorsementForm(forms.Form):
    """What the issuing authority answered."""

    answer = forms.ChoiceField(
        label=gettext_lazy("What was the answer?"),
        choices=[
            (Answer.CONSENTED.value, gettext_lazy("It consents to the note")),
            (Answer.REFUSED.value, gettext_lazy("It does not consent")),
        ],
    )
