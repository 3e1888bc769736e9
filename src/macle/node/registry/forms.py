"""What is asked for about offices, officials and partners; the actions judge it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.forms import CharField, Textarea
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from macle.node.desk import forms
from macle.node.registry import queries
from macle.node.registry.models import LANGUAGES, LONGEST_OFFICE
from macle.scheme.certificates import ConsentLevel

if TYPE_CHECKING:
    from macle.node.registry.models import Office, Partner


class _Lines(CharField):
    """Several lines of text."""

    width = "wide"

    def __init__(self, *, rows: int = 3, **kwargs: Any) -> None:  # noqa: ANN401 (Django's own)
        super().__init__(widget=Textarea(attrs={"rows": rows, "cols": None}), **kwargs)


class _Form(forms.Form):
    """A form whose empty lines are empty text."""

    def given(self) -> dict[str, Any]:
        """Return what the action takes."""
        return {name: "" if value is None else value for name, value in self.cleaned_data.items()}


class AddressForm(_Form):
    """Where an office is."""

    address = _Lines(label=gettext_lazy("Address"), max_length=500)
    telephone = forms.TextField(label=gettext_lazy("Telephone"), most=40, width="medium", required=False)
    email = forms.TextField(label=gettext_lazy("E-mail"), most=254, width="medium", required=False)

    @classmethod
    def of(cls, office: Office) -> AddressForm:
        """Return the form as the office is now."""
        return cls(initial={"address": office.address, "telephone": office.telephone, "email": office.email})


class OfficeForm(AddressForm):
    """A new office."""

    name = forms.TextField(
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("As it is to stand on certificates. It is not changed later."),
        most=LONGEST_OFFICE,
    )
    field_order = ("name",)


class EndForm(_Form):
    """Why something ends."""

    reason = forms.ReasonField(most=200)


class OfficialForm(_Form):
    """A new appointment."""

    identifier = forms.TextField(
        label=gettext_lazy("Identifier of the user"),
        help_text=gettext_lazy("It stands on the page of their account."),
        most=64,
        width="medium",
    )
    holder = forms.TextField(
        label=gettext_lazy("Holder of the key"),
        help_text=gettext_lazy("As the participant record names them, such as official-07."),
        most=64,
        width="medium",
    )
    name = forms.TextField(label=gettext_lazy("Name"), help_text=gettext_lazy("As it is printed."), most=120)
    title = forms.TextField(label=gettext_lazy("Title"), most=120)
    office = forms.OneOfManyField(
        label=gettext_lazy("Office"), choices=lambda: [(each.name, each.name) for each in queries.offices()]
    )
    highest_level = forms.ChoiceField(
        label=gettext_lazy("How the official consents"),
        choices=[
            (str(int(ConsentLevel.PILOT)), gettext_lazy("Pilot")),
            (str(int(ConsentLevel.TOKEN)), gettext_lazy("Token")),
            (str(int(ConsentLevel.BOUND)), gettext_lazy("Bound")),
        ],
        hints={
            str(int(ConsentLevel.PILOT)): gettext_lazy("A passphrase opens the key, which is a file of this node."),
            str(int(ConsentLevel.TOKEN)): gettext_lazy("The official's own PIN opens the key in a token."),
            str(int(ConsentLevel.BOUND)): gettext_lazy(
                "A passkey signs what is consented to, and is kept as evidence."
            ),
        },
    )

    def given(self) -> dict[str, Any]:
        """Return what the action takes."""
        given = super().given()
        return given | {"highest_level": ConsentLevel(int(given["highest_level"]))}


class EndOfficialForm(_Form):
    """Whose appointment ends, and why."""

    identifier = forms.OneOfManyField(
        label=gettext_lazy("Official"),
        choices=lambda: [(each.identifier, f"{each.name}, {each.office}") for each in queries.officials()],
    )
    reason = forms.ReasonField(most=200)


class PartnerForm(_Form):
    """Where a partner is written to."""

    authority = forms.TextField(label=gettext_lazy("Authority"), most=200)
    pre_advice = _Lines(
        label=gettext_lazy("E-mail for pre-advice"),
        help_text=gettext_lazy("Where certificates are sent ahead. One address a line."),
        max_length=1000,
    )
    confirmations = _Lines(
        label=gettext_lazy("E-mail about confirmations"),
        help_text=gettext_lazy("If empty, the addresses for pre-advice."),
        max_length=1000,
        required=False,
    )
    alerts = _Lines(
        label=gettext_lazy("E-mail for alerts"),
        help_text=gettext_lazy("Withdrawals and notices. If empty, the addresses for pre-advice."),
        max_length=1000,
        required=False,
    )
    language = forms.OneOfManyField(
        label=gettext_lazy("Language of letters"), choices=lambda: [(code, _language(code)) for code in LANGUAGES]
    )
    telephone = forms.TextField(
        label=gettext_lazy("Telephone for verification"),
        help_text=gettext_lazy("Of the authority itself, and never taken from a message that asks to be believed."),
        most=40,
        width="medium",
        required=False,
    )
    remark = _Lines(label=gettext_lazy("Remark"), max_length=500, required=False)

    @classmethod
    def of(cls, partner: Partner) -> PartnerForm:
        """Return the form as the partner is now."""
        plain = {name: getattr(partner, name) for name in ("authority", "language", "telephone", "remark")}
        lists = {name: "\n".join(getattr(partner, name)) for name in ("pre_advice", "confirmations", "alerts")}
        return cls(initial=plain | lists)

    def given(self) -> dict[str, Any]:
        """Return what the action takes: each address apart."""
        given = super().given()
        apart = {
            name: tuple(given[name].replace(",", "\n").splitlines())
            for name in ("pre_advice", "confirmations", "alerts")
        }
        return given | apart


class NewPartnerForm(PartnerForm):
    """A new partner."""

    participant = forms.ParticipantField(label=gettext_lazy("Participant"))
    field_order = ("participant",)


def _language(code: str) -> str:
    return {
        "en": _("English"),
        "fr": _("French"),
        "pt": _("Portuguese"),
        "ru": _("Russian"),
        "ar": _("Arabic"),
        "zh": _("Chinese"),
    }[code]


class RecordForm(_Form):
    """A partner's participant record, and the words that its authority read."""

    record = forms.FileField(
        label=gettext_lazy("Participant record"),
        help_text=gettext_lazy("The file record.cose that the partner sent."),
        most=forms.MEGABYTE,
        endings=(".cose",),
    )
    words = _Lines(
        label=gettext_lazy("The 24 words"),
        help_text=gettext_lazy(
            "Telephone the authority, under a number that you know, and write what it reads to you. "
            "A newer record of a root that is believed already needs none."
        ),
        rows=4,
        max_length=400,
        required=False,
    )

    def given(self) -> dict[str, Any]:
        """Return what the action takes."""
        return {"data": self.cleaned_data["record"].read(), "words": self.cleaned_data["words"]}
