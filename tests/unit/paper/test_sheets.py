"""Forms of pre-printed sheets and what a printer shifts: what is read, what is refused and where."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from macle.paper import sheets
from macle.paper.sheets import UNSHIFTED, Field, FormMalformed, Printer
from tests.support.documents import a_form

if TYPE_CHECKING:
    from pathlib import Path

    from macle.paper.sheets import Form

A_NUMBER = Field("number", 10, 280, 80, 12)


def entry(field: Field | dict[str, Any]) -> str:
    values = field if isinstance(field, dict) else {name: getattr(field, name) for name in Field.__dataclass_fields__}
    return "{ " + ", ".join(f"{name} = {written(value)}" for name, value in values.items()) + " }"


def written(value: object) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else repr(value).replace("'", '"')


def toml(form: Form, *, without: str = "", more: str = "", entries: tuple[dict[str, Any], ...] = ()) -> str:
    """Return the file of a form, with further entries among its fields and further lines before them."""
    heads = {"name": form.name, "width": form.width, "height": form.height, "numbered": form.numbered}
    heads |= {"instructions": form.instructions}
    heads |= {} if form.perforation is None else {"perforation": form.perforation}
    lines = [f"{name} = {written(value)}" for name, value in heads.items() if name != without]
    every: list[Field | dict[str, Any]] = [*form.fields, *entries]
    fields = ",\n".join(entry(each) for each in every)
    return "\n".join([*lines, more, "" if without == "fields" else f"fields = [\n{fields}\n]"])


def read(folder: Path, text: str) -> Form:
    (folder / "form.toml").write_text(text, encoding="utf-8")
    return sheets.read(folder / "form.toml")


def refused(folder: Path, text: str) -> FormMalformed:
    with pytest.raises(FormMalformed) as raised:
        read(folder, text)
    raised.value.where = raised.value.where.replace(str(folder / "form.toml"), "form.toml")
    return raised.value


def no_number(value: float) -> str:
    return f"A field is missing or holds what it cannot hold: {value} is no number."


def moved(form: Form, name: str, **place: Any) -> Form:
    return replace(form, fields=tuple(replace(each, **place) if each.name == name else each for each in form.fields))


def smallest(*, numbered: bool = True) -> Form:
    """Return a form with nothing but what it must have."""
    numbers = () if numbered else (A_NUMBER,)
    return a_form(numbered=numbered, without=set(sheets.NAMES) - sheets.WHOLE, fields=numbers)


class TestRead:
    @pytest.mark.parametrize("numbered", [True, False])
    def test_gives_what_the_file_says(self, tmp_path: Path, numbered: bool) -> None:
        form = a_form(numbered=numbered, perforation=197.0)
        assert read(tmp_path, toml(form)) == form

    @pytest.mark.parametrize("numbered", [True, False])
    def test_needs_no_more_than_annex_i_does(self, tmp_path: Path, numbered: bool) -> None:
        form = smallest(numbered=numbered)
        assert {field.name for field in form.fields} == sheets.WHOLE | (
            {"number"} - ({"number"} if numbered else set())
        )
        assert read(tmp_path, toml(form)) == form

    def test_has_usual_values_for_what_is_left_out(self, tmp_path: Path) -> None:
        field = {"name": "words", "x": 1, "y": 2, "width": 30, "height": 4}
        form = read(tmp_path, toml(smallest(), without="instructions", entries=(field,)))
        assert (form.instructions, form.perforation) == (22.0, None)
        assert form.fields[-1] == Field("words", 1.0, 2.0, 30.0, 4.0, 9.5, "left")

    def test_may_reach_the_edges_of_the_sheet(self, tmp_path: Path) -> None:
        form = moved(smallest(), "seals", x=0, y=0, width=210, height=297)
        assert read(tmp_path, toml(form)) == form

    @pytest.mark.parametrize("name", ["qr", "small-qr"])
    def test_takes_a_code_five_millimetres_from_the_edges(self, tmp_path: Path, name: str) -> None:
        form = moved(a_form(), name, x=5, y=5, width=200, height=287)
        assert read(tmp_path, toml(form)) == form

    @pytest.mark.parametrize(
        "place",
        [{"x": 4.9}, {"y": 4.9}, {"x": 5, "width": 200.1}, {"y": 5, "height": 287.1}, {"x": 0, "y": 0}],
        ids=str,
    )
    @pytest.mark.parametrize("name", ["qr", "small-qr"])
    def test_refuses_a_code_nearer_to_the_edges(self, tmp_path: Path, name: str, place: dict[str, float]) -> None:
        error = refused(tmp_path, toml(moved(a_form(), name, **place)))
        assert (error.where, error.what) == (
            f"form.toml: {name}",
            "A code keeps 5 mm to the edge, with its white frame.",
        )

    @pytest.mark.parametrize("size", [6.0, 40.0])
    def test_takes_letters_that_can_be_read(self, tmp_path: Path, size: float) -> None:
        form = moved(a_form(), "seals", size=size)
        assert read(tmp_path, toml(form)) == form

    @pytest.mark.parametrize("size", [5.9, 40.1, 0.0, -9.5])
    def test_refuses_letters_that_nobody_reads(self, tmp_path: Path, size: float) -> None:
        error = refused(tmp_path, toml(moved(a_form(), "seals", size=size)))
        assert (error.where, error.what) == ("form.toml: seals", "Letters have 6 to 40 points.")

    @pytest.mark.parametrize("name", sorted(sheets.WHOLE))
    def test_refuses_a_form_without_a_field_that_a_certificate_needs(self, tmp_path: Path, name: str) -> None:
        error = refused(tmp_path, toml(a_form(without={name})))
        assert (error.where, error.what) == (f"form.toml: {name}", "A certificate needs this field.")

    def test_refuses_a_field_that_stands_there_twice(self, tmp_path: Path) -> None:
        form = a_form()
        error = refused(tmp_path, toml(replace(form, fields=(*form.fields, Field("seals", 1, 1, 9, 9)))))
        assert (error.where, error.what) == ("form.toml: seals", "A field stands on a sheet once.")

    @pytest.mark.parametrize("name", ["signature", "stamp", "seal", "", "Number"])
    def test_refuses_a_field_that_nobody_knows(self, tmp_path: Path, name: str) -> None:
        error = refused(tmp_path, toml(a_form(fields=(Field(name, 1, 1, 9, 9),))))
        assert (error.where, error.what) == (f"form.toml: {name}", "There is no such field.")
        assert error.mend.startswith("Known fields: number, kind,")

    def test_refuses_an_entry_that_nobody_knows(self, tmp_path: Path) -> None:
        field = {"name": "words", "x": 1, "y": 2, "width": 30, "height": 4, "colour": "red"}
        error = refused(tmp_path, toml(a_form(without={"words"}), entries=(field,)))
        assert (error.where, error.what) == ("form.toml: words", "There is no such entry: colour.")

    @pytest.mark.parametrize("name", ["number", "slip-number"])
    def test_refuses_a_number_on_a_sheet_that_bears_one(self, tmp_path: Path, name: str) -> None:
        error = refused(tmp_path, toml(a_form(fields=(replace(A_NUMBER, name=name),))))
        assert (error.where, error.what) == (f"form.toml: {name}", "The number is printed on the sheet already.")

    @pytest.mark.parametrize("fields", [(), (replace(A_NUMBER, name="slip-number"),)])
    def test_refuses_a_sheet_that_would_bear_no_number(self, tmp_path: Path, fields: tuple[Field, ...]) -> None:
        form = replace(a_form(without={"small-qr"}, fields=fields), numbered=False)
        error = refused(tmp_path, toml(form))
        assert error.where == "form.toml: number"

    @pytest.mark.parametrize(
        "place",
        [
            {"x": -0.1},
            {"y": -0.1},
            {"x": 130.0, "width": 80.1},
            {"y": 290.0, "height": 7.1},
            {"x": 211.0},
            {"width": 0.0},
            {"height": 0.0},
            {"width": -5.0},
        ],
        ids=str,
    )
    def test_refuses_a_field_outside_the_sheet(self, tmp_path: Path, place: dict[str, float]) -> None:
        error = refused(tmp_path, toml(moved(a_form(), "seals", **place)))
        assert (error.where, error.what) == ("form.toml: seals", "The field is not inside the sheet.")

    @pytest.mark.parametrize("name", ["x", "y", "width", "height", "size"])
    @pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
    def test_refuses_a_field_whose_place_is_no_number(self, tmp_path: Path, name: str, value: float) -> None:
        error = refused(tmp_path, toml(moved(a_form(), "seals", **{name: value})))
        assert (error.where, error.what) == ("form.toml", no_number(value))

    def test_takes_a_sheet_as_large_as_a3(self, tmp_path: Path) -> None:
        assert read(tmp_path, toml(a_form(width=297.0, height=420.0))).height == 420

    @pytest.mark.parametrize("measures", [{"width": 420.1}, {"height": 420.1}, {"width": 0.0}, {"height": -1.0}])
    def test_refuses_a_sheet_that_no_printer_takes(self, tmp_path: Path, measures: dict[str, Any]) -> None:
        error = refused(tmp_path, toml(a_form(**measures)))
        assert (error.where, error.what) == ("form.toml: width, height", "A sheet is no larger than A3.")

    @pytest.mark.parametrize("name", ["width", "height", "perforation", "instructions"])
    @pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
    def test_refuses_a_measure_that_is_no_number(self, tmp_path: Path, name: str, value: float) -> None:
        measures: dict[str, Any] = {name: value}
        error = refused(tmp_path, toml(a_form(**measures)))
        assert (error.where, error.what) == ("form.toml", no_number(value))

    @pytest.mark.parametrize("name", ["perforation", "instructions"])
    @pytest.mark.parametrize(("value", "is_taken"), [(0.0, True), (297.0, True), (-0.1, False), (297.1, False)])
    def test_has_its_measures_on_the_sheet(self, tmp_path: Path, name: str, value: float, is_taken: bool) -> None:
        measures: dict[str, Any] = {name: value}
        form = a_form(**measures)
        if is_taken:
            assert read(tmp_path, toml(form)) == form
            return
        error = refused(tmp_path, toml(form))
        assert (error.where, error.what) == (f"form.toml: {name}", "This is not on the sheet.")

    def test_refuses_an_alignment_that_is_none(self, tmp_path: Path) -> None:
        error = refused(tmp_path, toml(a_form(fields=(Field("seals", 1, 1, 9, 9, align="center"),))))
        assert (error.where, error.what) == ("form.toml: seals", "'center' is neither left nor right.")

    @pytest.mark.parametrize("value", ['"yes"', "1", '""'])
    def test_refuses_a_guess_at_whether_sheets_are_numbered(self, tmp_path: Path, value: str) -> None:
        error = refused(tmp_path, toml(a_form(), without="numbered", more=f"numbered = {value}"))
        assert error.where == "form.toml: numbered"
        assert "neither true nor false" in error.what

    @pytest.mark.parametrize("name", ["name", "width", "height", "numbered", "fields"])
    def test_names_what_is_missing(self, tmp_path: Path, name: str) -> None:
        error = refused(tmp_path, toml(a_form(), without=name))
        assert error.where == "form.toml"
        assert f"'{name}'" in error.what

    @pytest.mark.parametrize("name", ["name", "x", "y", "width", "height"])
    def test_names_what_is_missing_in_a_field(self, tmp_path: Path, name: str) -> None:
        field = {"name": "words", "x": 1, "y": 2, "width": 30, "height": 4}
        del field[name]
        error = refused(tmp_path, toml(a_form(without={"words"}), entries=(field,)))
        assert f"'{name}'" in error.what

    @pytest.mark.parametrize(("name", "value"), [("width", '"wide"'), ("width", "[210]"), ("perforation", '"below"')])
    def test_refuses_what_are_no_millimetres(self, tmp_path: Path, name: str, value: str) -> None:
        error = refused(tmp_path, toml(a_form(), without=name, more=f"{name} = {value}"))
        assert error.where == "form.toml"
        assert "holds what it cannot hold" in error.what

    @pytest.mark.parametrize("content", [b"name", b"\xff"])
    def test_refuses_what_is_no_toml(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "form.toml"
        path.write_bytes(content)
        with pytest.raises(FormMalformed, match="This is not TOML") as raised:
            sheets.read(path)
        assert raised.value.where == str(path)


class TestFields:
    def test_that_a_form_must_have_are_known_ones(self) -> None:
        assert set(sheets.NAMES) > sheets.WHOLE
        assert len(set(sheets.NAMES)) == len(sheets.NAMES)

    def test_are_plain_data_for_a_layout(self) -> None:
        plain = a_form(perforation=197.0).plain()
        assert plain["perforation"] == 197
        assert plain["fields"][-1] == {
            "name": "small-qr", "x": 112, "y": 226, "width": 30, "height": 30, "size": 9.5, "align": "left"
        }  # fmt: skip


class TestPrinter:
    def read(self, folder: Path, text: str) -> Printer:
        (folder / "printer.toml").write_text(text, encoding="utf-8")
        return sheets.read_printer(folder / "printer.toml")

    def test_is_what_the_file_says(self, tmp_path: Path) -> None:
        text = "right = 0.4\ndown = -1\nacross = 170.5\nalong = 257"
        assert self.read(tmp_path, text) == Printer(0.4, -1.0, 170.5, 257.0)

    def test_shifts_nothing_unless_it_says_so(self, tmp_path: Path) -> None:
        assert self.read(tmp_path, "") == UNSHIFTED

    @pytest.mark.parametrize("line", ["right = 15", "right = -15", "down = 15", "down = -15"])
    def test_may_shift_as_far_as_a_tray_goes(self, tmp_path: Path, line: str) -> None:
        assert 15 in map(abs, (self.read(tmp_path, line).right, self.read(tmp_path, line).down))

    @pytest.mark.parametrize("line", ["right = 15.1", "right = -15.1", "down = 15.1", "down = -15.1"])
    def test_that_shifts_further_is_refused(self, tmp_path: Path, line: str) -> None:
        with pytest.raises(FormMalformed, match="No printer shifts by more than 15 mm") as raised:
            self.read(tmp_path, line)
        assert raised.value.where == str(tmp_path / "printer.toml")

    def test_with_a_field_that_nobody_knows_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(FormMalformed, match="There is no such field") as raised:
            self.read(tmp_path, "right = 1\nup = 1")
        assert raised.value.where == f"{tmp_path / 'printer.toml'}: up"

    @pytest.mark.parametrize("line", ['right = "a little"', "down = [1]", "across = {}"])
    def test_that_gives_no_millimetres_is_refused(self, tmp_path: Path, line: str) -> None:
        with pytest.raises(FormMalformed, match="These are no millimetres"):
            self.read(tmp_path, line)

    @pytest.mark.parametrize("name", ["right", "down", "across", "along"])
    @pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
    def test_that_shifts_by_no_number_is_refused(self, tmp_path: Path, name: str, value: str) -> None:
        with pytest.raises(FormMalformed) as raised:
            self.read(tmp_path, f"{name} = {value}")
        assert raised.value.what == f"These are no millimetres: {value} is no number."
        assert raised.value.where == str(tmp_path / "printer.toml")

    @pytest.mark.parametrize("content", [b"right", b"\xff"])
    def test_that_is_no_toml_is_refused(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "printer.toml").write_bytes(content)
        with pytest.raises(FormMalformed, match="This is not TOML"):
            sheets.read_printer(tmp_path / "printer.toml")


class TestApplied:
    """The crosses of an A4 sheet stand 170 mm and 257 mm apart."""

    def test_leaves_the_form_as_it_is_where_the_printer_is_right(self) -> None:
        form = a_form()
        applied = UNSHIFTED.applied(form)
        assert applied == form.plain() | {"right": 0, "down": 0, "stretch-across": 1, "stretch-along": 1}
        assert Printer(across=170, along=257).applied(form) == applied

    @pytest.mark.parametrize(
        ("printer", "name", "expected"),
        [
            (Printer(right=0.4), "right", 0.4),
            (Printer(down=-1.5), "down", -1.5),
            (Printer(across=169), "stretch-across", 170 / 169),
            (Printer(across=171.7), "stretch-across", 170 / 171.7),
            (Printer(along=256), "stretch-along", 257 / 256),
            (Printer(along=259.5), "stretch-along", 257 / 259.5),
        ],
        ids=str,
    )
    def test_draws_apart_what_the_printer_draws_together(self, printer: Printer, name: str, expected: float) -> None:
        form = a_form()
        assert printer.applied(form) == UNSHIFTED.applied(form) | {name: pytest.approx(expected)}

    def test_measures_each_sheet_by_its_own_crosses(self) -> None:
        assert Printer(across=258).applied(a_form(width=297.0, height=420.0))["stretch-across"] == pytest.approx(
            257 / 258
        )

    @pytest.mark.parametrize(("across", "is_taken"), [(166.7, True), (173.3, True), (166.5, False), (173.5, False)])
    def test_refuses_a_page_that_was_fitted_across(self, across: float, is_taken: bool) -> None:
        if is_taken:
            assert Printer(across=across).applied(a_form())["stretch-across"] == pytest.approx(170 / across)
            return
        with pytest.raises(FormMalformed, match=f"{across} mm apart and not 170") as raised:
            Printer(across=across).applied(a_form())
        assert raised.value.where == "across"
        assert "at 100 %" in raised.value.mend

    @pytest.mark.parametrize("along", [0.0, 251.8, 262.2, 1e9])
    def test_refuses_a_page_that_was_fitted_along(self, along: float) -> None:
        with pytest.raises(FormMalformed, match="fitted or scaled") as raised:
            Printer(along=along).applied(a_form())
        assert raised.value.where == "along"
