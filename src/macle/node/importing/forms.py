"""The forms of the importing desk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django import forms as django_forms
from django.utils.translation import gettext_lazy

from macle.node.desk import forms
from macle.node.importing import words
from macle.node.importing.models import Way

if TYPE_CHECKING:
    from collections.abc import Iterable

CARRIERS: Final = (".pdf", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".cose", ".txt")


class BringForm(forms.Form):
    """What was brought: the text of a code, as a scanner types it, or a file."""

    what = forms.TextField(
        label=gettext_lazy("Code of the certificate"),
        help_text=gettext_lazy("Scan the code with a hand-held scanner, or with the camera."),
        missing=gettext_lazy("Scan the code, or give a file."),
        most=4000,
    )
    file = forms.FileField(
        label=gettext_lazy("Or a file: the PDF, a picture, the signed object"),
        endings=CARRIERS,
        most=20 * forms.MEGABYTE,
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 (Django's own)
        super().__init__(*args, **kwargs)
        self.fields["what"].required = not self.files
        # A hand-held scanner types at once: the field has the focus, and helps with no guess of its own.
        self.fields["what"].widget.attrs |= {"autofocus": True, "autocomplete": "off", "dir": "ltr"}


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
        choices=[(way.value, words.WAYS[way]) for way in (Way.PRESENTED, Way.HANDED_OVER, Way.POST)],
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
        named = [(name, name) for name in offices]
        self.fields["office"].choices = named  # type: ignore[attr-defined]
        known = list(waiting)
        self.fields["received"].choices = [("", gettext_lazy("It comes now")), *known]  # type: ignore[attr-defined]
        if not known:
            del self.fields["received"]
        if len(named) == 1:
            self.fields["office"].initial = named[0][0]
            self.fields["office"].widget = django_forms.HiddenInput()
