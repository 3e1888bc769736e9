"""Where the sheets end: nothing runs over its place, and what is given to them is refused with its name."""

from __future__ import annotations

import gc
import hashlib
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from macle.paper import sheets, stationery
from macle.paper.rendering import Layout, Place, Press, SheetRefused
from macle.paper.sheets import FormMalformed
from macle.paper.stamping import Stamp, StampRefused
from macle.paper.stationery import StationeryMalformed
from macle.proof import qr, signing_certificates
from macle.proof.keys import Usage
from macle.scheme.certificates import Origin, OriginKind, Validation, ValidationKind
from macle.scheme.terms import CertificateNumber, CountryCode, ParticipantCode
from tests.support.documents import a_form, a_press, a_stamp, an_approved_look
from tests.support.signed import SINCE, a_full_certificate, an_authority
from tests.unit.paper import pages
from tests.unit.paper.test_rendering import CHINESE, LATIN, WIDE, a_confirmation, drawn, party, signed
from tests.unit.paper.test_sheets import read as read_form
from tests.unit.paper.test_sheets import toml
from tests.unit.paper.test_stamping import AT, ATTACHED, BW, NA, wrapper_of
from tests.unit.paper.test_stationery import OWN, PLAIN_SVG
from tests.unit.paper.test_stationery import read as read_stationery

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RUN = "W" * 120  # 120 letters without a space
LAYOUTS = [Layout.GENERAL, Layout.EU]


def printed_or_refused(draw: Callable[[], bytes]) -> bytes | SheetRefused:
    """Return the sheet, or why there is none."""
    try:
        return draw()
    except SheetRefused as refusal:
        return refusal


def printed_whole_or_refused(draw: Callable[[], bytes], where: str) -> None:
    result = printed_or_refused(draw)
    if isinstance(result, SheetRefused):
        assert result.where == where
    else:
        assert pages.clashes(result)[:3] == []


class TestWidth:
    """A text that no line end can divide stays in its place, or is refused."""

    @pytest.mark.parametrize("layout", LAYOUTS)
    @pytest.mark.parametrize(
        ("where", "changes"),
        [
            ("exporter", {"exporter": party(RUN)}),
            ("exporter", {"exporter": party("W" * 40)}),
            ("exporter", {"exporter": party(latin=RUN)}),
            ("exporter", {"exporter": party(town=RUN)}),
            ("exporter", {"exporter": party(licence=RUN)}),
            ("issuing_authority", {"issuing_authority": RUN}),
            ("issuing_authority", {"office": RUN}),
            ("officials", {"validation": Validation(ValidationKind.TWO_OFFICIALS, (RUN, RUN[1:]))}),
            ("officials", {"validation": Validation(ValidationKind.CUSTOMS_REFERENCE, (), RUN)}),
            ("origin", {"origin": Origin(OriginKind.SINGLE, (CountryCode("BW"),), RUN)}),
        ],
        ids=[
            "name",
            "name of 40",
            "latin name",
            "town",
            "licence",
            "authority",
            "office",
            "officials",
            "reference",
            "area",
        ],
    )
    def test_of_a_value_is_held(self, layout: Layout, where: str, changes: dict[str, Any]) -> None:
        printed_whole_or_refused(lambda: drawn(signed(**changes), layout), where)

    @pytest.mark.parametrize(
        "changes", [{"remark": "W" * 400}, {"official": RUN}, {"importing_authority": RUN}], ids=str
    )
    def test_of_a_value_of_a_confirmation_is_held(self, changes: dict[str, Any]) -> None:
        of = a_confirmation(**changes)
        where = {"remark": "remark", "official": "officials", "importing_authority": "issuing_authority"}[min(changes)]
        printed_whole_or_refused(lambda: a_press().confirmation(of, look=an_approved_look("IN")), where)

    @pytest.mark.parametrize("count", range(6, 21))
    def test_of_a_number_on_a_label_is_held(self, count: int) -> None:
        number = CertificateNumber(ParticipantCode("BW"), "W" * count)
        pdf = a_press().label(signed(number=number), look=an_approved_look("BW"))
        assert max(letter.right for letter in pages.letters(pdf) if letter.text == "W" and letter.size > 5) < 67.1

    @pytest.mark.parametrize("count", range(6, 21))
    @pytest.mark.parametrize(
        ("layout", "places"),
        [(Layout.GENERAL, [(22, 38, 139, 188)]), (Layout.EU, [(18, 30, 147, 191), (209, 217, 131, 191)])],
    )
    def test_of_a_number_is_held(
        self, layout: Layout, places: list[tuple[float, float, float, float]], count: int
    ) -> None:
        pdf = drawn(signed(number=CertificateNumber(ParticipantCode("BW"), "W" * count)), layout)
        for top, bottom, left, right in places:
            of = [each for each in pages.letters(pdf) if each.text == "W" and each.size > 5 and top < each.y < bottom]
            assert len(of) == count + 1
            assert left - 0.1 < min(each.left for each in of)
            assert max(each.right for each in of) < right + 0.1

    def test_of_a_seal_on_a_label_is_held(self) -> None:
        pdf = a_press().label(signed(container_seals=("W" * 32,)), look=an_approved_look("BW"))
        assert max(letter.right for letter in pages.letters(pdf) if letter.text == "W" and letter.size > 5) < 69

    def test_of_four_long_seals_on_a_label_is_held(self) -> None:
        seals = tuple(f"{'0' * 29}{number:03}" for number in range(4))
        pdf = a_press().label(signed(container_seals=seals), look=an_approved_look("BW"))
        assert [each for each in pages.clashes(pdf) if "is on" in each] == []

    def test_of_a_figure_on_a_form_is_held(self) -> None:
        form = a_form(fields=(sheets.Field("carats", 12, 100, 5, 13),))
        with pytest.raises(SheetRefused) as raised:
            a_press().certificate(signed(), look=an_approved_look("BW"), place=Place(Layout.SHEET, form))
        assert raised.value.where == "carats"


class TestUnmeasured:
    """What is not measured is surely short enough, whatever its letters are."""

    @pytest.mark.parametrize("layout", LAYOUTS)
    @pytest.mark.parametrize("text", [WIDE, LATIN, CHINESE], ids=["wide", "latin", "chinese"])
    def test_licence_counts_too(self, layout: Layout, text: str) -> None:
        printed_whole_or_refused(lambda: drawn(signed(exporter=party(licence=text)), layout), "exporter")

    @pytest.mark.parametrize(("layout", "end"), [(Layout.GENERAL, 102.5), (Layout.EU, 102.5)])
    @pytest.mark.parametrize(
        "letter", ["ஞௌ", "ணெள", "ഈ", "ഝ", "ඎ", "\N{ARABIC LIGATURE BISMILLAH AR-RAHMAN AR-RAHEEM}"]
    )
    @pytest.mark.parametrize("count", [2, 7, 14, 21])
    def test_letters_wider_than_high_count(self, layout: Layout, end: float, letter: str, count: int) -> None:
        result = printed_or_refused(lambda: drawn(signed(exporter=party(letter * count)), layout))
        if isinstance(result, SheetRefused):
            assert result.where == "exporter"
            return
        of = [each for each in pages.letters(result) if each.text in letter and each.size > 5]
        assert of
        assert max(each.right for each in of) < end + 0.1

    @pytest.mark.parametrize("layout", LAYOUTS)
    def test_two_lines_of_wide_letters_count(self, layout: Layout) -> None:
        two = "WWWWWWWWWWWWWWWWWWWW WWWWWWWWWWWWWWWWWWWWW"
        printed_whole_or_refused(lambda: drawn(signed(exporter=party(two, latin=two)), layout), "exporter")


class TestHeight:
    @pytest.mark.parametrize(
        ("code", "changes"),
        [
            ("CN", {"issuing_authority": CHINESE}),
            ("BW", {"issuing_authority": LATIN}),
            ("CN", {"issuing_authority": LATIN, "office": LATIN[::-1].strip()}),
            ("BW", {"issuing_authority": LATIN, "office": LATIN[::-1].strip()}),
        ],
        ids=["chinese", "latin", "chinese with an office", "latin with an office"],
    )
    def test_of_the_authority_in_the_union_ends_above_the_next_rule(self, code: str, changes: dict[str, Any]) -> None:
        printed_whole_or_refused(lambda: drawn(signed(code, **changes), Layout.EU), "issuing_authority")

    @pytest.mark.parametrize("layout", LAYOUTS)
    @pytest.mark.parametrize("code", ["BW", "CD"])
    def test_of_a_long_statement_is_held(self, layout: Layout, code: str) -> None:
        of, look = signed(code), an_approved_look(code, statement=("word " * 120).strip())
        printed_whole_or_refused(lambda: a_press().certificate(of, look=look, place=Place(layout)), "statement")


class TestCode:
    """The code grows with what is signed, and is never printed over words."""

    @pytest.mark.parametrize(("layout", "size"), [(Layout.EU, 300), (Layout.GENERAL, 600), (Layout.GENERAL, 1500)])
    def test_never_stands_on_words(self, layout: Layout, size: int) -> None:
        noise = b"".join(hashlib.sha256(bytes((n,))).digest() for n in range(60))[:size]
        of = signed(extensions={-9: noise})
        result = printed_or_refused(lambda: drawn(of, layout))
        if isinstance(result, SheetRefused):
            assert result.where == "qr"
            return
        side = (qr.code_of(qr.to_text(of.to_bytes())).modules + 8) * 0.5
        left, top = (20, 184.5) if layout is Layout.GENERAL else (17, 180.8 - side)
        under = [
            each
            for each in pages.letters(result)
            if left + 2 < each.x < left + side - 2 and top + 2 < each.y < top + side - 2
        ]
        assert "".join(each.text for each in under) == ""

    def test_of_the_fullest_certificate_is_refused_by_the_union_layout(self) -> None:
        authority = an_authority("CN", "Example Town")
        with pytest.raises(SheetRefused) as refused:
            drawn(authority.sign(a_full_certificate(authority)), Layout.EU)
        assert refused.value.where == "qr"


class TestMarks:
    """The title of Annex I and the mark SPECIMEN are not the stationery's to change."""

    @pytest.mark.parametrize(
        ("word", "text"), [("title", "Another title"), ("specimen", "ORIGINAL"), ("specimen", " ")]
    )
    def test_in_english_stay_as_they_are(self, tmp_path: Path, word: str, text: str) -> None:
        with pytest.raises(StationeryMalformed) as raised:
            read_stationery(tmp_path, OWN + f'[words.en]\n{word} = "{text}"\n')
        assert raised.value.where == f"{tmp_path / 'stationery.toml'}: words.en.{word}"

    @pytest.mark.parametrize("value", ["false", "0", "[]", '" "'])
    def test_are_not_taken_off_by_what_names_nobody(self, tmp_path: Path, value: str) -> None:
        with pytest.raises(StationeryMalformed) as raised:
            read_stationery(tmp_path, f"approved_by = {value}\n{OWN}")
        assert raised.value.where == f"{tmp_path / 'stationery.toml'}: approved_by"


class TestStationery:
    @pytest.mark.parametrize("name", ["drawings/emblem.svg", "missing.svg", "..", "."])
    def test_names_an_emblem_that_is_not_beside_it(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(StationeryMalformed) as raised:
            read_stationery(tmp_path, f'emblem = "{name}"\n{OWN}')
        assert raised.value.where.endswith("emblem")

    def test_names_an_emblem_that_is_no_text(self, tmp_path: Path) -> None:
        with pytest.raises(StationeryMalformed) as raised:
            read_stationery(tmp_path, f'emblem = "emblem.svg"\n{OWN}', emblem=PLAIN_SVG + b"\xff")
        assert raised.value.where.endswith("emblem")

    def test_names_an_emblem_that_is_a_number(self, tmp_path: Path) -> None:
        with pytest.raises(StationeryMalformed) as raised:
            read_stationery(tmp_path, f"emblem = 5\n{OWN}")
        assert raised.value.where.endswith("emblem")

    def test_names_an_empty_emblem(self, tmp_path: Path) -> None:
        with pytest.raises(StationeryMalformed):
            read_stationery(tmp_path, f'emblem = "emblem.svg"\n{OWN}', emblem=b"")

    @pytest.mark.parametrize(
        ("text", "where"),
        [
            (OWN + 'x = "#000000"\n', "colours.x"),
            (OWN.replace('tint = "#cfe3f0"\n', ""), "colours.tint"),
            (OWN.split("[colours]")[0].replace("[state]", "colours = 5\n[state]"), "colours"),
            (f"words = 5\n{OWN}", "words"),
            (f"names = 5\n{OWN}", "names"),
            (f'contact = "1 Example Street"\n{OWN}', "contact"),
            (OWN.replace('["fr"]', '"fr"'), "languages"),
            (OWN.replace('["fr"]', '["en"]'), "languages"),
            (OWN.replace('["fr"]', '["fr", "fr"]'), "languages"),
            (OWN.replace('["fr"]', "[1]"), "languages"),
            (OWN.replace('"NA"', '"na!"'), "participant"),
            (OWN.replace('"NA"', "5"), "participant"),
            (OWN + '[words.de]\nseals = "Siegel"\n', "words.de"),
            (OWN + '[names.de]\n"A" = "B"\n', "names.de"),
        ],
    )
    def test_names_the_place_of_what_is_wrong(self, tmp_path: Path, text: str, where: str) -> None:
        with pytest.raises(StationeryMalformed) as raised:
            read_stationery(tmp_path, text)
        assert raised.value.where.endswith(f": {where}")
        assert "__init__" not in raised.value.what

    def test_may_have_the_joiners_that_names_may_have(self, tmp_path: Path) -> None:
        own = read_stationery(tmp_path, OWN.replace("République de Namibie", "ශ්\u200dරී ලංකා"))
        assert own.state["fr"] == "ශ්\u200dරී ලංකා"

    def test_that_is_not_there_is_said_to_be_missing(self, tmp_path: Path) -> None:
        with pytest.raises(StationeryMalformed):
            stationery.read(tmp_path / "missing.toml")


class TestForm:
    @pytest.mark.parametrize("size", [0.0, -3.0, 0.5, 3.0, float("nan"), 1e9])
    def test_has_letters_that_can_be_read(self, tmp_path: Path, size: float) -> None:
        form = a_form()
        form = replace(form, fields=tuple(replace(each, size=size) for each in form.fields))
        with pytest.raises(FormMalformed):
            read_form(tmp_path, toml(form))

    @pytest.mark.parametrize(
        "changes", [{"perforation": float("nan")}, {"perforation": 9999.0}, {"instructions": -50.0}]
    )
    def test_has_its_measures_on_the_sheet(self, tmp_path: Path, changes: dict[str, Any]) -> None:
        with pytest.raises(FormMalformed):
            read_form(tmp_path, toml(a_form(**changes)))

    def test_has_no_entry_that_nobody_knows(self, tmp_path: Path) -> None:
        with pytest.raises(FormMalformed):
            read_form(tmp_path, toml(a_form(), more="perforaton = 197"))

    def test_that_is_not_there_is_said_to_be_missing(self, tmp_path: Path) -> None:
        with pytest.raises(FormMalformed):
            sheets.read(tmp_path / "missing.toml")

    @pytest.mark.parametrize("line", ["right = nan", "down = nan", "across = nan", "along = nan"])
    def test_is_moved_by_numbers_only(self, tmp_path: Path, line: str) -> None:
        (tmp_path / "printer.toml").write_text(line)
        with pytest.raises(FormMalformed):
            sheets.read_printer(tmp_path / "printer.toml").applied(a_form())


class TestStamp:
    def test_takes_no_root_that_did_not_sign_its_wrapper(self) -> None:
        wrapped, _ = wrapper_of(BW.signers[Usage.STAMP])
        foreign = signing_certificates.make_root(root=NA.root, participant="NA", authority="Another", at=SINCE)
        with pytest.raises(StampRefused):
            Stamp(signer=BW.signers[Usage.STAMP], signing_certificate=wrapped, root_certificate=foreign)

    def test_takes_no_key_of_another_usage(self) -> None:
        wrapped, root = wrapper_of(BW.signers[Usage.VALIDATE], Usage.VALIDATE)
        with pytest.raises(StampRefused):
            Stamp(signer=BW.signers[Usage.VALIDATE], signing_certificate=wrapped, root_certificate=root)

    @pytest.mark.parametrize("which", ["signing_certificate", "root_certificate"])
    def test_takes_nothing_that_is_no_wrapper(self, which: str) -> None:
        wrapped, root = wrapper_of(BW.signers[Usage.STAMP])
        parts: dict[str, Any] = {"signing_certificate": wrapped, "root_certificate": root, which: b"no PEM"}
        with pytest.raises(StampRefused):
            Stamp(signer=BW.signers[Usage.STAMP], **parts)

    def test_refuses_what_is_no_pdf(self) -> None:
        with pytest.raises(StampRefused):
            a_stamp(BW).on(b"hello", attached=ATTACHED, at=AT)


class TestPress:
    def test_goes_without_a_warning(self) -> None:
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            press = Press()
            del press
            gc.collect()
        assert [str(each.message) for each in seen if each.category is ResourceWarning] == []

    def test_has_letters_of_every_participant(self) -> None:
        for name in ("한국 다이아몬드", "ಕನ್ನಡ", "తెలుగు", "മലയാളം", "ਪੰਜਾਬੀ", "日本ダイヤモンド"):
            assert drawn(signed(exporter=party(name)))
