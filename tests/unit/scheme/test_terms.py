"""Codes, numbers, weights, values and partial dates: what is written is what is read."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from macle.scheme import terms
from macle.scheme.terms import Carats, CertificateNumber, PartialDate, TermInvalid, USDollars

QUANTITIES = [Carats, USDollars]
NATIONAL = st.from_regex(r"[A-Z0-9]([A-Z0-9/.-]{0,18}[A-Z0-9])?", fullmatch=True)
CODES = st.from_regex(r"[A-Z]{2}", fullmatch=True)


def refusal_of(parse: object, text: object) -> TermInvalid:
    with pytest.raises(TermInvalid) as raised:
        parse(text, where="field")  # type: ignore[operator]
    return raised.value


class TestCodes:
    @pytest.mark.parametrize("parse", [terms.participant_code, terms.country_code])
    def test_are_two_capital_letters(self, parse: object) -> None:
        assert parse("BW", where="x") == "BW"  # type: ignore[operator]

    @pytest.mark.parametrize("parse", [terms.participant_code, terms.country_code])
    @pytest.mark.parametrize(
        "text", ["bw", "B", "BWA", "B1", " BW", "BW\n", "ÄÖ", "\uff22\uff37", "", 12, None, b"BW", ["B", "W"]]
    )
    def test_are_nothing_else(self, parse: object, text: object) -> None:
        error = refusal_of(parse, text)
        assert error.where == "field"
        assert error.mend == "Write two capital letters, such as BW."


class TestCertificateNumber:
    @given(CODES, NATIONAL)
    def test_is_read_as_it_is_written(self, code: str, national: str) -> None:
        number = CertificateNumber(terms.ParticipantCode(code), national)
        assert CertificateNumber.parse(str(number)) == number
        assert CertificateNumber.parse(number.for_people) == number

    def test_is_one_word_for_machines_and_two_for_people(self) -> None:
        number = CertificateNumber.parse("BW 00004821")
        assert str(number) == "BW00004821"
        assert number.for_people == "BW 00004821"

    @pytest.mark.parametrize(
        "text",
        [
            "BW",
            "B 1",
            "bw1",
            "BW-1",
            "BW1-",
            "BW a",
            "BW  1",
            "BW1 2",
            "BW" + "1" * 21,
            "BW1\n",
            "EU٣",
            "",
            None,
            4821,
            b"BW1",
        ],
    )
    def test_is_refused_where_no_authority_writes_it_so(self, text: object) -> None:
        error = refusal_of(CertificateNumber.parse, text)
        assert error.where == "field"
        assert "BW00004821" in error.mend

    def test_has_at_most_twenty_characters_behind_the_code(self) -> None:
        assert CertificateNumber.parse("BW " + "1" * 20).national == "1" * 20


class TestQuantities:
    @pytest.mark.parametrize("kind", QUANTITIES)
    @given(data=st.data())
    def test_are_read_as_they_are_written(self, kind: type[Carats], data: st.DataObject) -> None:
        quantity = kind(data.draw(st.integers(0, kind.limit - 1)))
        assert kind.parse(str(quantity)) == quantity
        assert quantity.for_people.replace(",", "") == str(quantity)

    @pytest.mark.parametrize(
        ("text", "hundredths"),
        [("205.18", 20518), ("205.1", 20510), ("205", 20500), (205, 20500), ("0", 0), ("0.05", 5), ("007.5", 750)],
    )
    def test_are_read_in_hundredths(self, text: object, hundredths: int) -> None:
        assert Carats.parse(text).hundredths == hundredths

    @pytest.mark.parametrize(
        "text",
        [
            "205,18",
            "1,205.18",
            "1 205",
            "-1",
            "+1",
            ".5",
            "5.",
            "1e3",
            "",
            "٣",
            "1.2\n",
            205.18,
            True,
            None,
            [1],
            b"1",
            -5,
            -(10**40),
        ],
    )
    def test_are_refused_where_the_meaning_is_not_certain(self, text: object) -> None:
        error = refusal_of(Carats.parse, text)
        assert error.where == "field"
        assert error.mend == 'Write digits, a point and two decimals, as text: "205.18".'

    @pytest.mark.parametrize(
        ("text", "mend"),
        [
            ("205.187", "Write 205.18 or 205.19, not 205.187."),
            ("0.999", "Write 0.99 or 1.00, not 0.999."),
            ("205.180", "Write 205.18, not 205.180."),
            ("205.1800", "Write 205.18, not 205.1800."),
            ("999999999.999", 'Write digits, a point and two decimals, as text: "205.18".'),
            ("9999999999999.999", 'Write digits, a point and two decimals, as text: "205.18".'),
        ],
    )
    def test_with_a_third_decimal_come_back_with_the_numbers_that_may_be_meant(self, text: str, mend: str) -> None:
        error = refusal_of(Carats.parse, text)
        assert error.mend == mend
        assert error.where == "field"

    @pytest.mark.parametrize("kind", QUANTITIES)
    def test_stop_below_their_limit(self, kind: type[Carats]) -> None:
        most = kind(kind.limit - 1)
        assert kind.parse(str(most)) == most
        error = refusal_of(kind.parse, f"{kind.limit // 100}.00")
        assert "more than any shipment holds" in error.what
        for wrong in (kind.limit, -1, True, 1.0, 10**5000):
            with pytest.raises(TermInvalid):
                kind(wrong)  # type: ignore[arg-type]

    def test_of_endless_length_are_refused_in_a_short_sentence(self) -> None:
        for endless in ("9" * 10**6, 10**5000, "1." + "0" * 10**6, [[["1"] * 1000]] * 1000):
            assert len(str(refusal_of(Carats.parse, endless))) < 300

    def test_add_up_exactly_and_order_by_size(self) -> None:
        assert Carats(10) + Carats(20) == Carats(30)
        assert Carats(10) < Carats(20)
        with pytest.raises(TermInvalid):
            Carats(Carats.limit - 1) + Carats(1)

    def test_separate_thousands_for_people_only(self) -> None:
        assert USDollars(123456789).for_people == "1,234,567.89"
        assert str(USDollars(123456789)) == "1234567.89"


class TestPartialDate:
    @pytest.mark.parametrize(
        ("text", "first", "last"),
        [
            ("2003", date(2003, 1, 1), date(2003, 12, 31)),
            ("2012-11", date(2012, 11, 1), date(2012, 11, 30)),
            ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
            ("2021-01-01", date(2021, 1, 1), date(2021, 1, 1)),
        ],
    )
    def test_spans_the_days_that_it_may_be(self, text: str, first: date, last: date) -> None:
        known = PartialDate.parse(text)
        assert (known.first, known.last, str(known)) == (first, last, text)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "03",
            "2003-1",
            "2003-13",
            "2003-00",
            "2003-05-00",
            "2003-00-05",
            "2003-02-30",
            "0000",
            "2003-01-01T",
            "2003/01",
            "٢٠٠٣",
            "20030101",
        ],
    )
    def test_is_refused_where_there_is_no_such_day(self, text: str) -> None:
        error = refusal_of(PartialDate.parse, text)
        assert error.where == "field"

    @given(st.dates())
    def test_reads_every_day(self, day: date) -> None:
        assert PartialDate.parse(day.isoformat()).first == day


class TestShown:
    def test_is_short_whatever_was_given(self) -> None:
        deep: object = []
        for _ in range(10**5):
            deep = [deep]
        for value in (
            deep,
            "x" * 10**6,
            10**5000,
            -(10**5000),
            {"x" * 1000: "y" * 1000},
            list(range(10**5)),
            1e300,
            None,
        ):
            assert len(terms.shown(value)) < 150

    def test_shows_what_is_short_as_it_is(self) -> None:
        assert terms.shown("Bw") == "'Bw'"
        assert terms.shown(7) == "7"
