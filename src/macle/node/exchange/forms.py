"""What is asked for about letters."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from macle.node.desk import forms
from macle.node.exchange.models import Aside


class AsideForm(forms.Form):
    """Why a letter is given up."""

    why = forms.ChoiceField(
        label=gettext_lazy("Why it is given up"),
        choices=[
            (Aside.DELIVERED_OTHERWISE.value, gettext_lazy("It was delivered in another way")),
            (Aside.OVERTAKEN.value, gettext_lazy("A later letter says the same or more")),
            (Aside.WRONG_ADDRESSEE.value, gettext_lazy("It should not go to them")),
        ],
        missing=gettext_lazy("Say why it is given up."),
    )
