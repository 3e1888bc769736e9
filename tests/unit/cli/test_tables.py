from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from macle.cli import checking
from macle.paper import spreadsheet, tables
from macle.paper.tables import TableMalformed
from tests.unit.cli import desk
from tests.unit.cli.desk import EXAMPLES


def the_fields(path: Path) -> list[object]:
    return [lodged.data for lodged in checking.read_all([str(path)])]


def hostile_book(path: Path, sheet: str) -> Path:
    """Write a small spreadsheet that claims to be a huge one."""
    if sheet == "many columns":
        return desk.workbook(path, [["number"] * (tables.MOST_COLUMNS + 1)])
    if sheet == "many rows":
        return desk.workbook(path, [["number"] for _ in range(tables.MOST_ROWS + 2)])
    desk.workbook(path, [["number"]])
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name).decode() for name in book.namelist()}
    name = "xl/worksheets/sheet1.xml"
    head, tail = parts[name].split("<sheetData>")[0], "</sheetData></worksheet>"
    if sheet == "one far cell":
        cells = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    else:
        cell = '<c t="s"><v>0</v></c>'
        cells = f"<row>{cell * 100}</row>" * 2_000
        main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
        parts["xl/sharedStrings.xml"] = f'<sst xmlns="{main}"><si><t>{"x" * 100_000}</t></si></sst>'
    parts[name] = f"{head}<sheetData>{cells}{tail}"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for each, content in parts.items():
            book.writestr(each, content)
    return path


class TestCSV:
    def test_says_the_same_as_json(self) -> None:
        first = checking.read_all([str(EXAMPLES / "one-bad-row.csv")])[0]
        assert isinstance(first.data, dict)
        assert first.row == 2
        assert first.data["container_seals"] == ["BWA 39500", "BWA 39501", "BWA 39502"]
        assert first.data["exporter"]["town"] == "Gaborone"
        assert first.data["lines"][1]["hs"] == "7102.31"
        assert "latin_name" not in first.data["importer"]

    @pytest.mark.parametrize("separator", [",", ";", "\t"])
    def test_may_have_any_usual_separator(self, tmp_path: Path, separator: str) -> None:
        rows = [["number", "origin.countries"], ["BW1", "BW;AO"]]
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=separator).writerows(rows)
        (tmp_path / "t").write_text("\ufeff" + text.getvalue(), encoding="utf-8")
        assert the_fields(tmp_path / "t") == [{"number": "BW1", "origin": {"countries": ["BW", "AO"]}}]

    def test_leaves_out_empty_rows_and_counts_them(self, tmp_path: Path) -> None:
        (tmp_path / "t").write_text("number,office\nBW1,\n,\nBW2,\n", encoding="utf-8")
        assert [lodged.row for lodged in checking.read_all([str(tmp_path / "t")])] == [2, 4]

    @pytest.mark.parametrize(
        "content",
        [
            "number\n" + "BW1\n" * (tables.MOST_ROWS + 1),
            "number" + "," * tables.MOST_COLUMNS,
            f"[{'{},' * 10_000}{{}}]",
        ],
        ids=["rows", "columns", "objects"],
    )
    def test_with_more_than_is_read_is_refused(self, tmp_path: Path, content: str) -> None:
        (tmp_path / "t").write_text(content, encoding="utf-8")
        with pytest.raises(TableMalformed, match="more than"):
            checking.read_all([str(tmp_path / "t")])

    @pytest.mark.parametrize(
        ("heading", "row"),
        [
            ("number,office", "BW1,Gaborone,more"),
            ("exporter,exporter.name", "a,b"),
            ("lines,lines[0].hs", "a,b"),
            ("lines[0],number", "a,b"),
            ("exporter.name,exporter", "a,b"),
        ],
    )
    def test_spoils_only_the_row_that_does_not_fit(self, tmp_path: Path, heading: str, row: str) -> None:
        (tmp_path / "t").write_text(f"{heading}\n{row}\n", encoding="utf-8")
        (lodged,) = checking.read_all([str(tmp_path / "t")])
        assert isinstance(lodged.problem, TableMalformed)


class TestSpreadsheet:
    def test_says_the_same_as_csv(self, tmp_path: Path) -> None:
        rows = list(csv.reader(io.StringIO((EXAMPLES / "one-bad-row.csv").read_text(encoding="utf-8"))))
        book = desk.workbook(tmp_path / "t", [list(row) for row in rows])
        assert the_fields(book) == the_fields(EXAMPLES / "one-bad-row.csv")

    @pytest.mark.parametrize(
        ("cell", "text"),
        [
            (205.18, "205.18"),
            (7102.1, "7102.10"),
            (5505, "5505"),
            (205.185, "205.185"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e17, "100000000000000000"),
            (True, "true"),
            ("205.10", "205.10"),
        ],
    )
    def test_never_rounds_a_number(self, tmp_path: Path, cell: object, text: str) -> None:
        book = desk.workbook(tmp_path / "t", [["total_carats"], [cell]])
        assert the_fields(book) == [{"total_carats": text}]

    def test_with_a_third_decimal_is_refused_by_the_rules(self, tmp_path: Path) -> None:
        book = desk.workbook(tmp_path / "t", [["number", "lines[0].carats"], ["BW00001234", 205.185]])
        result = desk.run("check", book)
        assert "Write 205.18 or 205.19, not 205.185." in result.output

    @pytest.mark.parametrize("sheet", ["one far cell", "many columns", "many rows", "one long text, often"])
    def test_that_would_fill_the_memory_is_refused(self, tmp_path: Path, sheet: str) -> None:
        result = desk.run("check", hostile_book(tmp_path / "t", sheet))
        assert result.exit_code == 4
        assert "Save the table as CSV UTF-8" in result.output

    def test_that_reaches_no_further_than_the_limits_is_read(self, tmp_path: Path) -> None:
        rows = [["number"], *([[f"BW{n:08d}"] for n in range(tables.MOST_ROWS)])]
        assert len(checking.read_all([str(desk.workbook(tmp_path / "t", rows))])) == tables.MOST_ROWS

    def test_that_takes_too_long_is_given_up(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tables, "LONGEST_READING", 0.001)
        with pytest.raises(TableMalformed, match="more memory or time"):
            checking.read_all([str(desk.workbook(tmp_path / "t", [["number"], ["BW1"]]))])

    def test_that_unpacks_without_end_is_not_opened(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(spreadsheet, "LARGEST_UNPACKED", 100_000)
        book = io.BytesIO()
        with zipfile.ZipFile(book, "w", zipfile.ZIP_DEFLATED) as parts:
            parts.writestr("xl/workbook.xml", b" " * 200_000)
        assert "unpacks" in spreadsheet.first_sheet(book.getvalue(), most_rows=10, most_columns=10)

    def test_is_not_read_by_a_module_that_lies_beside_it(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "python_calamine.py").write_text("raise SystemExit(0)")
        monkeypatch.chdir(tmp_path)
        assert the_fields(desk.workbook(tmp_path / "t", [["number"], ["BW1"]])) == [{"number": "BW1"}]

    @given(hundredths=st.integers(0, 10**11 - 1))
    def test_gives_back_every_weight_that_was_typed(self, hundredths: int) -> None:
        typed = hundredths / 100
        whole, cents = divmod(hundredths, 100)
        assert spreadsheet.cell_text(typed) in {f"{whole}.{cents:02d}", str(whole)}


class TestRecord:
    def test_is_the_same_whatever_the_order_of_the_fields(self) -> None:
        fields = desk.application()
        backwards = dict(reversed(fields.items()))
        assert tables.Lodged("a", None, fields).record() == tables.Lodged("b", 3, backwards).record()

    def test_gives_back_what_was_given(self) -> None:
        fields = desk.application()
        assert json.loads(tables.Lodged("a", None, fields).record()) == fields

    @pytest.mark.parametrize("data", [{"name": "\ud800"}, {"a": float("nan")}, {"a": object()}])
    def test_refuses_what_cannot_be_written(self, data: Any) -> None:
        with pytest.raises(TableMalformed):
            tables.Lodged("a", None, data).record()


class TestHarmless:
    @pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
    def test_takes_the_power_from_a_formula(self, cell: str) -> None:
        assert tables.harmless(cell) == "'" + cell

    def test_leaves_a_name_alone(self) -> None:
        assert tables.harmless("Example & Sons = one firm") == "Example & Sons = one firm"

    def test_quotes_every_cell(self) -> None:
        assert tables.to_csv(["a", "b"], [["x;=1+1", "2"]]).decode("utf-8-sig") == '"a","b"\r\n"x;=1+1","2"\r\n'
