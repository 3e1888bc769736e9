"""What auditors fill in."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from macle.node.desk import forms


class SearchForm(forms.Form):
    """What to look for; every field may be left empty."""

    subject = forms.TextField(
        label=_("About"), required=False, most=96, width="medium", help_text=_("certificate:BW0000123, trader:T-0007")
    )
    actor = forms.TextField(label=_("By"), required=False, most=64, width="medium", help_text=_("An identifier."))
    tag = forms.TextField(
        label=_("Act"), required=False, most=64, width="medium", help_text=_("certificate:validate, node:restore")
    )
    since = forms.DayField(label=_("From"), required=False)
    until = forms.DayField(label=_("Until, this day included"), required=False)


class PlaceForm(forms.Form):
    """A hold to be placed."""

    subject = forms.TextField(
        label=_("What is held"),
        most=96,
        width="medium",
        help_text=_("certificate:BW0000123, trader:T-0007"),
        missing=_("Say what is held."),
    )
    reason = forms.ReasonField(help_text=_("The proceeding, or who asked for it. Auditors read it."))


class LiftForm(forms.Form):
    """Why a hold is lifted."""

    reason = forms.ReasonField()
