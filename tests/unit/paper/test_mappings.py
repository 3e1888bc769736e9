from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from macle.paper import mappings, tables
from macle.paper.mappings import ColumnMissing, Field, Kind, Mapping, MappingMalformed, Reader, Reason
from macle.paper.tables import Figure

if TYPE_CHECKING:
    from collections.abc import Sequence

FIELDS = (
    Field(name="number", kind=Kind.TEXT, about="number", known=("n° du certificat",), is_needed=True, longest=24),
    Field(name="day", kind=Kind.DAY, about="day", known=("date d'émission", "data de emissão")),
    Field(name="carats", kind=Kind.CARATS, about="weight", known=("poids", "peso")),
    Field(name="value", kind=Kind.DOLLARS, about="value", known=("valeur", "valor")),
    Field(name="parcels", kind=Kind.COUNT, about="parcels", known=("colis",)),
    Field(name="destination", kind=Kind.COUNTRY, about="to", known=("pays de destination", "destino")),
    Field(name="origin", kind=Kind.ORIGIN, about="from", known=("pays d'origine",)),
    Field(
        name="state",
        kind=Kind.CHOICE,
        about="state",
        known=("statut",),
        choices={"confirmed": ("confirmé", "confirmado"), "void": ("annulé", "anulado")},
    ),
)


def read(name: str, cell: str, **mapping: Any) -> Any:
    """Return what one cell says, or the reason why it says nothing."""
    reader = Reader(
        Mapping(columns={"number": "number", name: "it"}, **mapping), fields=FIELDS, headings=["number", "it"]
    )
    (row,) = reader.rows([["BW1", cell]])
    return row.problems[0].reason if row.problems else row.values.get(name)


class TestQuantity:
    @pytest.mark.parametrize(
        ("cell", "decimal", "thousands", "hundredths"),
        [
            ("1234.5", ".", "", 123450),
            ("1,234.50", ".", ",", 123450),
            ("1.234,50", ",", ".", 123450),
            ("1 234,50", ",", " ", 123450),
            ("1\u00a0234,50", ",", " ", 123450),
            ("1\u202f234\u202f567,5", ",", " ", 123456750),
            ("1\u2019234.50", ".", "'", 123450),
            ("0,01", ",", ".", 1),
            ("999999999.99", ".", "", 99999999999),
        ],
    )
    def test_is_read_exactly(self, cell: str, decimal: str, thousands: str, hundredths: int) -> None:
        assert read("carats", cell, decimal=decimal, thousands=thousands) == hundredths

    @pytest.mark.parametrize("cell", ["12.345", "12.500", "0.001"])
    def test_is_never_rounded(self, cell: str) -> None:
        assert read("carats", cell) is Reason.DECIMALS
        assert read("value", cell) is Reason.DECIMALS

    @pytest.mark.parametrize(
        "cell", ["1,234.50", "-5", "+5", "1e3", "5 ct", "12.", ".5", "١٢", "1000000000.00", "1..2"]
    )
    def test_is_written_as_the_mapping_says(self, cell: str) -> None:
        assert read("carats", cell) is Reason.QUANTITY

    @pytest.mark.parametrize("cell", ["12,34.50", "1234,567.00", ",234.00", "1,23"])
    def test_has_its_separators_between_thousands(self, cell: str) -> None:
        assert read("carats", cell, thousands=",") is Reason.QUANTITY

    @pytest.mark.parametrize(
        ("cell", "unit", "hundredths"), [("0.2", "grams", 100), ("0.002", "grams", 1), ("7", "points", 7)]
    )
    def test_of_another_unit_is_carats(self, cell: str, unit: str, hundredths: int) -> None:
        assert read("carats", cell, weight=unit) == hundredths

    @pytest.mark.parametrize(("cell", "unit"), [("0.001", "grams"), ("0.5", "points")])
    def test_of_another_unit_is_never_rounded(self, cell: str, unit: str) -> None:
        assert read("carats", cell, weight=unit) is Reason.DECIMALS

    @pytest.mark.parametrize(
        ("cell", "unit", "cents"),
        [("98.5", "thousands of dollars", 9850000), ("12.34567", "thousands of dollars", 1234567)],
    )
    def test_of_value_may_be_in_thousands(self, cell: str, unit: str, cents: int) -> None:
        assert read("value", cell, value=unit) == cents

    def test_that_a_spreadsheet_holds_has_a_point_whatever_the_mapping_says(self) -> None:
        assert read("carats", Figure("205.18"), decimal=",", thousands=".") == 20518
        assert read("carats", Figure("205.183"), decimal=",", thousands=".") is Reason.DECIMALS
        assert read("carats", "205.183", decimal=",", thousands=".") == 20518300

    @pytest.mark.parametrize("cell", ["3", "1,234"])
    def test_of_parcels_is_whole(self, cell: str) -> None:
        assert read("parcels", cell, thousands=",") == int(cell.replace(",", ""))
        assert read("parcels", "3.5") is Reason.QUANTITY
        assert read("parcels", "three") is Reason.QUANTITY


class TestDay:
    @pytest.mark.parametrize(
        ("cell", "written"),
        [
            ("04/03/2019", "DD/MM/YYYY"),
            ("4/3/2019", "DD/MM/YYYY"),
            ("03/04/2019", "MM/DD/YYYY"),
            ("4.3.19", "DD.MM.YY"),
            ("20190304", "YYYYMMDD"),
            ("2019-03-04", "DD/MM/YYYY"),
            ("2019-03-04T10:30:00", "DD/MM/YYYY"),
        ],
    )
    def test_is_read_as_the_mapping_says_or_as_a_spreadsheet_has_it(self, cell: str, written: str) -> None:
        assert read("day", cell, days=written) == date(2019, 3, 4)

    @pytest.mark.parametrize("cell", ["31/02/2019", "04-03-2019", "4 March", "43528", "13/13/2019", "00/00/0000"])
    def test_that_is_none_is_refused(self, cell: str) -> None:
        assert read("day", cell, days="DD/MM/YYYY") is Reason.DAY


class TestText:
    def test_is_kept_without_the_spaces_around_it(self) -> None:
        assert read("state", " Annulé ", words={"state": {"Annulé": "void"}}) == "void"

    @pytest.mark.parametrize("cell", ["=A1", '=HYPERLINK("http://example.org")', "#REF!", "#N/A", "#DIV/0!"])
    def test_of_a_formula_is_refused(self, cell: str) -> None:
        assert read("state", cell) is Reason.FORMULA
        assert read("day", cell) is Reason.FORMULA

    def test_that_does_not_print_or_is_too_long_is_refused(self) -> None:
        reader = Reader(Mapping(columns={"number": "number"}), fields=FIELDS, headings=["number"])
        found = [row.problems[0].reason for row in reader.rows([["BW\u202e1"], ["B" * 25]])]
        assert found == [Reason.TEXT, Reason.TEXT]

    def test_is_known_whatever_its_capitals_and_accents(self) -> None:
        assert read("state", "CONFIRME", words={"state": {"Confirmé": "confirmed"}}) == "confirmed"

    def test_of_which_nobody_said_what_it_means_is_refused(self) -> None:
        assert read("state", "bizarre") is Reason.WORD
        assert read("state", "bizarre", words={"state": {"bizarre": ""}}) is Reason.WORD

    @pytest.mark.parametrize(
        ("cell", "code"), [("be", "BE"), ("EU", "EU"), ("ZZ", Reason.COUNTRY), ("Belgique", Reason.COUNTRY)]
    )
    def test_of_a_country_is_its_code(self, cell: str, code: object) -> None:
        assert read("destination", cell) == code

    @pytest.mark.parametrize(
        ("cell", "origin"), [("NA; BW", "BW NA"), ("BW", "BW"), ("*****", "*****"), ("**", "*****")]
    )
    def test_of_an_origin_is_codes_in_order(self, cell: str, origin: str) -> None:
        assert read("origin", cell) == origin


class TestRows:
    def test_are_counted_as_spreadsheets_count_and_empty_ones_left_out(self) -> None:
        reader = Reader(Mapping(columns={"number": "number"}), fields=FIELDS, headings=["number"])
        assert [row.number for row in reader.rows([["BW1"], [" "], [], ["BW2"]])] == [2, 5]

    def test_have_all_their_problems_at_once_and_keep_their_cells(self) -> None:
        mapping = Mapping(columns={"number": "number", "day": "day", "carats": "carats"})
        reader = Reader(mapping, fields=FIELDS, headings=["number", "day", "carats", "more"])
        (row,) = reader.rows([["", "x", "y", "z", "w"]])
        assert [problem.reason.name for problem in row.problems] == ["CELLS", "EMPTY", "DAY", "QUANTITY"]
        assert list(row.cells) == ["", "x", "y", "z", "w"]

    def test_that_are_short_have_empty_cells(self) -> None:
        mapping = Mapping(columns={"number": "number", "day": "day"})
        (row,) = Reader(mapping, fields=FIELDS, headings=["number", "day"]).rows([["BW1"]])
        assert row.values == {"number": "BW1"}
        assert not row.problems

    def test_take_what_is_fixed(self) -> None:
        mapping = Mapping(columns={"number": "number"}, fixed={"state": "void", "day": "2019-03-04"})
        (row,) = Reader(mapping, fields=FIELDS, headings=["number"]).rows([["BW1"]])
        assert row.values == {"number": "BW1", "state": "void", "day": date(2019, 3, 4)}

    @pytest.mark.parametrize(
        ("columns", "headings"),
        [({"day": "day"}, ["day"]), ({"number": "no"}, ["number"]), ({"number": "number"}, ["number", "number"])],
    )
    def test_need_their_columns(self, columns: dict[str, str], headings: list[str]) -> None:
        with pytest.raises(ColumnMissing):
            Reader(Mapping(columns=columns), fields=FIELDS, headings=headings)


class TestFile:
    @pytest.mark.parametrize(
        "text",
        [
            "days = 'DD/MM'",
            "days = 'DDxMMxYYYY'",
            "decimal = ';'",
            "decimal = ','\nthousands = ','",
            "weight = 'pounds'",
            "value = 'euros'",
            "digits = -1",
            "digits = true",
            "other = 1",
            "columns = 'number'",
            "[columns]\ncolour = 'x'",
            "[columns]\nnumber = 1",
            "[columns]\nnumber = ''",
            "[columns]\nnumber = 'x'\n[fixed]\nnumber = 'y'",
            "[words.colour]\nx = 'y'",
            "[words]\nstate = 'void'",
            "[words.state]\nx = 'gone'",
            "[words.state]\nx = 1",
            "[",
            "days = " + "[" * 100_000,
            "\xff",
        ],
    )
    def test_that_says_nonsense_is_refused(self, text: str) -> None:
        with pytest.raises(MappingMalformed) as caught:
            mappings.read(text.encode("latin-1"), fields=FIELDS)
        assert caught.value.mend

    def test_says_what_was_proposed(self) -> None:
        rows = [
            ["N° du certificat", "Date d'émission", "Poids (ct)", "Statut", "Pays de destination", 'Un "autre"'],
            ["1", "31/03/2019", "1 234,50", "Confirmé", "Belgique", "x"],
            ["2", "01/04/2019", "7,00", "perdu?", "Inde", "x"],
        ]
        proposed = mappings.propose(fields=FIELDS, headings=rows[0], table=rows[1:])
        assert proposed == Mapping(
            columns={
                "number": "N° du certificat",
                "day": "Date d'émission",
                "carats": "Poids (ct)",
                "destination": "Pays de destination",
                "state": "Statut",
            },
            words={
                "destination": {"Belgique": "BE", "Inde": "IN"},
                "state": {"Confirmé": "confirmed", "perdu?": ""},
            },
            days="DD/MM/YYYY",
            decimal=",",
            thousands=" ",
        )
        written = mappings.to_toml(proposed, fields=FIELDS, headings=rows[0])
        assert mappings.read(written, fields=FIELDS) == proposed
        assert r'not taken: "Un \"autre\""' in written.decode()

    def test_names_countries_of_an_origin_by_their_codes(self) -> None:
        cells = ["Botswana; Namibie", "BW NA", "Mixte", "Nowhere, Botswana"]
        proposed = mappings.propose(fields=FIELDS, headings=["Pays d'origine"], table=[[cell] for cell in cells])
        assert proposed.words == {"origin": {"Botswana; Namibie": "BW NA", "Mixte": "*****", "Nowhere, Botswana": ""}}

    @pytest.mark.parametrize(
        ("cells", "decimal", "thousands"),
        [
            (["1.234", "12"], ",", "."),
            (["1,234", "12"], ".", ","),
            (["1,23"], ",", ""),
            (["1.23"], ".", ""),
            (["1234"], ".", ""),
            (["1,234.50", "oops"], ".", ","),
        ],
    )
    def test_is_guessed_so_that_most_cells_are_read(self, cells: Sequence[str], decimal: str, thousands: str) -> None:
        proposed = mappings.propose(fields=FIELDS, headings=["peso"], table=[[cell] for cell in cells])
        assert (proposed.decimal, proposed.thousands) == (decimal, thousands)


class TestTable:
    def test_of_a_spreadsheet_tells_figures_from_text(self, tmp_path: Any) -> None:
        from tests.unit.cli.desk import workbook  # noqa: PLC0415

        book = workbook(tmp_path / "t.xlsx", [["number", "carats"], ["0001", 205.18], ["0002", "205.18"], ["3", 7.0]])
        rows = list(tables.rows_in(book.read_bytes(), "t", most_rows=10))
        assert rows == [["number", "carats"], ["0001", "205.18"], ["0002", "205.18"], ["3", "7"]]
        assert [isinstance(row[1], Figure) for row in rows] == [False, True, False, True]

    @pytest.mark.parametrize("content", ["a\n" * 12, "a" + "," * tables.MOST_COLUMNS])
    def test_that_is_too_large_is_refused(self, content: str) -> None:
        with pytest.raises(tables.TableMalformed, match="more than"):
            list(tables.rows_in(content.encode(), "t", most_rows=10))
