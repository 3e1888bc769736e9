from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template import engines

from macle import errors
from macle.node.desk import forms
from macle.scheme.rules import RulesRefuse, breach
from macle.scheme.terms import Carats, CertificateNumber, USDollars
from tests.support.specimen import Shipment

GOOD = {
    "exporter": "Selle River Mining",
    "number": "BW 0000123",
    "carats": "1,204.35",
    "value": "486210",
    "parcels": "2",
    "destination": "NA",
    "origin": "BW",
    "day": "2026-11-20",
    "decision": "return",
    "copies": ["a"],
    "reason": "The scale was tared.",
    "declaration": "on",
}


def a_form(**changed: Any) -> Shipment:
    files = {"invoice": changed.pop("invoice")} if "invoice" in changed else None
    form = Shipment({**GOOD, **changed}, files)
    form.is_valid()
    return form


def texts(form: forms.Form) -> list[tuple[str, str]]:
    return [(each.target, each.text) for each in form.mistakes()]


def drawn(form: forms.Form) -> str:
    template = "{% load desk %}{% error_summary form %}{% for each in form %}{% field each %}{% endfor %}"
    return str(engines["django"].from_string(template).render({"form": form}))


class TestForm:
    def test_gives_the_terms_of_the_scheme(self) -> None:
        form = a_form()
        assert texts(form) == []
        assert form.cleaned_data["carats"] == Carats(120435)
        assert form.cleaned_data["value"] == USDollars(48621000)
        assert form.cleaned_data["number"] == CertificateNumber.parse("BW0000123")
        assert form.cleaned_data["day"] == date(2026, 11, 20)
        assert (form.cleaned_data["parcels"], form.cleaned_data["origin"]) == (2, "BW")

    @pytest.mark.parametrize(
        ("field", "given", "said"),
        [
            ("carats", "205.185", "Write 205.18 or 205.19, not 205.185."),
            ("carats", "12,34", "is not a number of carats."),
            ("value", "-5", "is not a number of US dollars."),
            ("value", "", "Give a value in US$."),
            ("number", "123", "is not a certificate number."),
            ("parcels", "0", "'0' is no whole number from 1 to 999."),
            ("parcels", "", "Parcels: this is missing."),
            ("destination", "BW", "Choose one from the list."),
            ("origin", "ZZ", "Choose one from the list."),
            ("day", "20 Nov", "This is no day."),
            ("day", "0206-11-20", "Write the year with four digits."),
            ("decision", "burn", "Choose one of those below."),
            ("reason", "x", "Say it in a few words."),
            ("exporter", "a\u202eb", "a character that does not print"),
            ("declaration", "", "Tick the box"),
        ],
    )
    def test_says_at_the_field_how_to_mend_it(self, field: str, given: str, said: str) -> None:
        form = a_form(**{field: given})
        ((target, text),) = texts(form)
        assert said in text
        page = drawn(form)
        assert f'href="#{target}"' in page
        assert f'id="{target}"' in page
        assert f'id="id_{field}_error"' in page
        assert page.count('aria-invalid="true"') == 1 or field == "decision"

    def test_refuses_a_file_that_is_too_large_or_of_another_kind(self) -> None:
        assert "up to" in texts(a_form(invoice=SimpleUploadedFile("a.pdf", b"x" * 1001)))[0][1]
        assert "ends with .pdf" in texts(a_form(invoice=SimpleUploadedFile("a.exe", b"x")))[0][1]
        assert texts(a_form(invoice=SimpleUploadedFile("A.PDF", b"x"))) == []

    def test_hint_and_mistake_are_named_to_whoever_listens(self) -> None:
        assert 'aria-describedby="id_carats_hint id_carats_error"' in drawn(a_form(carats="x"))

    def test_nothing_is_chosen_beforehand(self) -> None:
        page = drawn(Shipment())
        assert " checked" not in page
        assert " selected" not in page.replace('value="" selected', "")

    def test_what_was_typed_is_shown_again_and_escaped(self) -> None:
        assert 'value="&lt;b&gt;"' in drawn(a_form(number="<b>"))


class TestTake:
    def test_puts_each_breach_at_the_field_it_is_about_with_its_source(self) -> None:
        form = a_form()
        form.take(
            RulesRefuse(
                [
                    *breach("AnnexI.A.language", where="exporter", what="No Latin letters: 100% missing."),
                    *breach("III.b.confirmation-matches", where="lines[0].carats", what="It differs.", mend="Weigh."),
                    *breach("AnnexI.A.language", where="somewhere", what="Something else."),
                ]
            )
        )
        assert texts(form) == [
            ("", "Something else."),
            ("id_exporter", "No Latin letters: 100% missing."),
            ("id_carats", "It differs. Weigh."),
        ]
        assert {each.source for each in form.mistakes()} == {
            "KPCS Core Document, Annex I-A",
            "KPCS Core Document, Section III(b)",
        }
        page = drawn(form)
        assert "3 things stop this" in page
        assert page.count("KPCS Core Document, Section III(b)") == 2

    def test_any_other_refusal_stands_at_its_field_or_at_the_top(self) -> None:
        form = a_form()
        form.take(errors.Conflict("It was lodged already.", where="number", mend="Look it up."))
        form.take(errors.Refused("The licence ended."))
        assert texts(form) == [("", "The licence ended."), ("id_number", "It was lodged already. Look it up.")]
        assert not form.is_valid()
