"""An issuer's stationery: what travels here, what is refused and where, and what takes SPECIMEN off a sheet."""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING, Any

import pytest

from macle import errors
from macle.paper import stationery
from macle.paper.stationery import Colours, LanguageUnknown, StationeryMalformed
from macle.scheme.certificates import STATEMENT
from macle.scheme.terms import ParticipantCode

if TYPE_CHECKING:
    from pathlib import Path

    from macle.paper.stationery import Stationery

EXAMPLES = {"AE": ["ar"], "AO": ["pt"], "BW": [], "CD": ["fr"], "CN": ["zh"], "EU": ["nl", "fr", "pt"], "RU": ["ru"]}
"""The Participants with an example, and the languages of each beside English."""

LANGUAGES = ["ar", "en", "fr", "nl", "pt", "ru", "zh"]
BLUE = {"ink": "#14395b", "first": "#2f7fb3", "second": "#1d1d1b", "tint": "#cfe3f0"}

OWN = """
participant = "NA"
languages = ["fr"]
[state]
en = "Republic of Namibia"
fr = "République de Namibie"
[colours]
ink = "#14395b"
first = "#2f7fb3"
second = "#1d1d1b"
tint = "#cfe3f0"
"""

PLAIN_SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'


def words_of(code: str) -> dict[str, Any]:
    file = resources.files("macle.paper") / "languages" / f"{code}.json"
    table: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return table


def stored(folder: Path, text: str, *, emblem: bytes | None = None) -> Path:
    if emblem is not None:
        (folder / "emblem.svg").write_bytes(emblem)
    path = folder / "stationery.toml"
    path.write_text(text, encoding="utf-8")
    return path


def read(folder: Path, text: str, *, emblem: bytes | None = None) -> Stationery:
    return stationery.read(stored(folder, text, emblem=emblem))


class TestPackaged:
    @pytest.mark.parametrize("code", EXAMPLES)
    def test_has_an_example_of_this_participant(self, code: str) -> None:
        own = stationery.packaged(ParticipantCode(code))
        assert own.participant == code
        assert [language.code for language in own.languages] == EXAMPLES[code]
        assert own.layout == ("eu" if code == "EU" else "general")
        assert set(own.state) == {"en", *EXAMPLES[code]}
        assert set(own.names) <= set(EXAMPLES[code])
        assert own.contact

    @pytest.mark.parametrize("code", [*EXAMPLES, "NA", "IN"])
    def test_is_approved_by_nobody(self, code: str) -> None:
        assert stationery.packaged(ParticipantCode(code)).approved_by == ""

    @pytest.mark.parametrize(("code", "name"), [("NA", "Namibia"), ("IN", "India"), ("ZA", "South Africa")])
    def test_is_plain_and_english_where_there_is_no_example(self, code: str, name: str) -> None:
        plain = stationery.packaged(ParticipantCode(code))
        assert (plain.participant, plain.layout, plain.languages) == (code, "general", ())
        assert plain.state == {"en": name}
        assert plain.colours is stationery.NEUTRAL
        assert plain.language(None) is None

    def test_has_no_example_that_these_tests_do_not_know(self) -> None:
        folder = resources.files("macle.paper") / "specimens"
        assert {file.name for file in folder.iterdir()} == {f"{code.lower()}.toml" for code in EXAMPLES}


class TestLanguages:
    def test_are_the_ones_that_the_examples_need(self) -> None:
        assert sorted(stationery.available()) == LANGUAGES
        assert {code for codes in EXAMPLES.values() for code in codes} <= set(LANGUAGES)

    @pytest.mark.parametrize("code", LANGUAGES)
    def test_have_exactly_the_words_of_the_english_one(self, code: str) -> None:
        assert list(words_of(code)["words"]) == list(words_of("en")["words"])

    @pytest.mark.parametrize("code", LANGUAGES)
    def test_have_no_empty_word_and_no_space_around_one(self, code: str) -> None:
        table = words_of(code)
        for name, text in {**table["words"], **table["countries"]}.items():
            assert text, name
            assert text == text.strip(), name

    @pytest.mark.parametrize("code", LANGUAGES)
    def test_are_written_from_the_right_only_where_they_are(self, code: str) -> None:
        assert stationery.language(code).right_to_left is (code == "ar")

    @pytest.mark.parametrize("code", [code for code in LANGUAGES if code != "en"])
    def test_translate_the_title_the_statement_and_the_mark(self, code: str) -> None:
        own, english = words_of(code)["words"], words_of("en")["words"]
        for name in ("title", "statement", "specimen", "copy", "slip"):
            assert own[name] != english[name] or (code, name) == ("nl", "specimen"), name

    def test_have_the_english_words_of_annex_i(self) -> None:
        english = stationery.language("en").words
        assert english["title"] == "Kimberley Process Certificate"
        assert english["statement"] == STATEMENT

    def test_say_which_are_known_where_one_is_not(self) -> None:
        with pytest.raises(LanguageUnknown, match="'tlh'") as raised:
            stationery.language("tlh")
        assert raised.value.mend == f"Known: {', '.join(LANGUAGES)}."
        assert isinstance(raised.value, errors.NotFound)


class TestCountry:
    @pytest.mark.parametrize(
        ("language", "code", "name"),
        [
            ("en", "BW", "Botswana"),
            ("en", "EU", "European Union"),
            ("en", "VA", "Vatican City"),
            ("fr", "BW", "Botswana"),
            ("fr", "DE", "Allemagne"),
            ("fr", "CD", "République démocratique du Congo"),
            ("pt", "ZA", "África do Sul"),
            ("nl", "BE", "België"),
            ("ru", "ZA", "Южно-Африканская Республика"),
            ("zh", "AO", "安哥拉"),
            ("ar", "IN", "الهند"),
        ],
    )
    def test_has_its_name_in_this_language(self, language: str, code: str, name: str) -> None:
        assert stationery.language(language).country(code) == name

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_that_nobody_knows_is_its_code(self, language: str) -> None:
        assert stationery.language(language).country("QX") == "QX"


class TestContrast:
    @pytest.mark.parametrize(
        ("one", "other", "expected"),
        [
            ("#000000", "#ffffff", 21.0),
            ("#ffffff", "#000000", 21.0),
            ("#14395b", "#14395b", 1.0),
            ("#767676", "#ffffff", 4.54),
            ("#ff0000", "#ffffff", 4.0),
        ],
    )
    def test_is_that_of_the_standard(self, one: str, other: str, expected: float) -> None:
        assert stationery.contrast(one, other) == pytest.approx(expected, abs=0.005)


class TestColours:
    def test_that_can_be_read_are_taken(self) -> None:
        assert Colours(**BLUE).ink == "#14395b"

    @pytest.mark.parametrize("name", BLUE)
    @pytest.mark.parametrize("value", ["", "blue", "#14395", "#14395b0", "#14395B", "14395b0", "#14395g", "#14395b\n"])
    def test_that_are_none_are_refused(self, name: str, value: str) -> None:
        with pytest.raises(StationeryMalformed, match="is no colour") as raised:
            Colours(**{**BLUE, name: value})
        assert raised.value.where == f"colours.{name}"

    @pytest.mark.parametrize("ink", ["#6f8fae", "#ffffff", "#cfe3f0", "#5a6c7e"])
    def test_with_an_ink_that_cannot_be_read_on_the_tint_are_refused(self, ink: str) -> None:
        with pytest.raises(StationeryMalformed, match="7 are needed") as raised:
            Colours(**{**BLUE, "ink": ink})
        assert raised.value.where == "colours.ink"

    @pytest.mark.parametrize("tint", ["#b0c8d8", "#d0d0a0"])
    def test_with_a_tint_too_heavy_under_words_are_refused(self, tint: str) -> None:
        with pytest.raises(StationeryMalformed, match=r"1\.5 is the most") as raised:
            Colours(**{**BLUE, "ink": "#000000", "tint": tint})
        assert raised.value.where == "colours.tint"

    @pytest.mark.parametrize("code", [*EXAMPLES, "NA"])
    def test_of_what_travels_here_can_be_read(self, code: str) -> None:
        colours = stationery.packaged(ParticipantCode(code)).colours
        assert stationery.contrast(colours.ink, colours.tint) >= 7
        assert stationery.contrast(colours.tint, "#ffffff") <= 1.5


class TestRead:
    def test_gives_what_the_file_says(self, tmp_path: Path) -> None:
        own = read(tmp_path, 'contact = ["1 Example Street", "Windhoek"]\n' + OWN)
        assert (own.participant, own.layout, own.approved_by, own.emblem) == ("NA", "general", "", "")
        assert own.contact == ("1 Example Street", "Windhoek")
        assert own.state == {"en": "Republic of Namibia", "fr": "République de Namibie"}
        assert own.colours == Colours(**BLUE)
        assert [language.code for language in own.languages] == ["fr"]
        assert own.languages[0] == stationery.language("fr")
        assert own.english == stationery.language("en")

    def test_takes_an_emblem_that_lies_beside_it(self, tmp_path: Path) -> None:
        own = read(tmp_path, 'emblem = "emblem.svg"\n' + OWN, emblem=PLAIN_SVG)
        assert own.emblem == PLAIN_SVG.decode()

    @pytest.mark.parametrize(
        "emblem",
        [b"GIF89a", b"<svg" + b" " * stationery.LARGEST_EMBLEM, b" " * 2000 + PLAIN_SVG],
        ids=["no drawing", "too large", "begins late"],
    )
    def test_refuses_an_emblem_that_is_none(self, tmp_path: Path, emblem: bytes) -> None:
        with pytest.raises(StationeryMalformed) as raised:
            read(tmp_path, 'emblem = "emblem.svg"\n' + OWN, emblem=emblem)
        assert raised.value.what == "This is no SVG drawing below 256 KiB."
        assert raised.value.where == f"{tmp_path / 'stationery.toml'}: emblem"

    @pytest.mark.parametrize("emblem", [b"\x89PNG\r\n\x1a\n", PLAIN_SVG + b"\xff"], ids=["PNG", "a stray byte"])
    def test_refuses_an_emblem_that_is_no_text(self, tmp_path: Path, emblem: bytes) -> None:
        with pytest.raises(StationeryMalformed) as raised:
            read(tmp_path, 'emblem = "emblem.svg"\n' + OWN, emblem=emblem)
        assert raised.value.what == "The drawing is not in UTF-8."
        assert raised.value.where == f"{tmp_path / 'stationery.toml'}: emblem"

    def test_lets_own_words_and_names_of_countries_count(self, tmp_path: Path) -> None:
        changed = '[words.en]\nseals = "Seals"\n[words.fr]\nseals = "Plombs"\n[countries.fr]\nIN = "Inde (exemple)"\n'
        own = read(tmp_path, OWN + changed)
        assert own.english.words["seals"] == "Seals"
        assert own.languages[0].words["seals"] == "Plombs"
        assert own.languages[0].words["title"] == stationery.language("fr").words["title"]
        assert own.languages[0].country("IN") == "Inde (exemple)"
        assert own.languages[0].country("CD") == stationery.language("fr").country("CD")
        assert stationery.language("fr").words["seals"] != "Plombs", "What travels here stays as it is."

    def test_gives_names_in_another_language_by_the_name_that_is_signed(self, tmp_path: Path) -> None:
        own = read(tmp_path, OWN + '[names.fr]\n"Example Diamond Office" = "Bureau modèle"\n')
        assert own.names == {"fr": {"Example Diamond Office": "Bureau modèle"}}

    def test_takes_a_language_of_its_own_with_all_its_words(self, tmp_path: Path) -> None:
        words = "".join(f'"{name}" = "{name} x"\n' for name in words_of("en")["words"])
        text = OWN.replace('"fr"', '"tlh"').replace("fr =", "tlh =")
        own = read(tmp_path, f'right_to_left = ["tlh"]\n{text}[words.tlh]\n{words}[countries.tlh]\nIN = "I"\n')
        language = own.language("tlh")
        assert language is not None
        assert language.right_to_left
        assert set(language.words) == set(words_of("en")["words"])
        assert (language.country("IN"), language.country("BW")) == ("I", "BW")

    def test_refuses_a_language_of_its_own_that_lacks_a_word(self, tmp_path: Path) -> None:
        words = "".join(f'"{name}" = "x"\n' for name in words_of("en")["words"] if name != "seals")
        text = OWN.replace('"fr"', '"tlh"').replace("fr =", "tlh =")
        with pytest.raises(LanguageUnknown, match="1 are missing: seals") as raised:
            read(tmp_path, f"{text}[words.tlh]\n{words}")
        assert raised.value.where.endswith("stationery.toml: words.tlh")

    def test_refuses_a_language_without_words(self, tmp_path: Path) -> None:
        with pytest.raises(LanguageUnknown, match="do not travel here") as raised:
            read(tmp_path, OWN.replace('"fr"', '"tlh"').replace("fr =", "tlh ="))
        assert raised.value.where.endswith("words.tlh")

    @pytest.mark.parametrize("content", [b"participant", b"participant = 'NA'\nparticipant = 'NA'", b"\xff\xfe"])
    def test_refuses_what_is_no_toml(self, tmp_path: Path, content: bytes) -> None:
        path = stored(tmp_path, "")
        path.write_bytes(content)
        with pytest.raises(StationeryMalformed, match="This is not TOML") as raised:
            stationery.read(path)
        assert raised.value.where == str(path)

    @pytest.mark.parametrize(
        ("change", "where", "what"),
        [
            ("colour = 1\n{}", "colour", "There is no such field"),
            ('layout = "sheet"\n{}', "layout", "'sheet' is no layout"),
            ("layout = 5\n{}", "layout", "5 is no layout"),
            ("contact = [5]\n{}", "contact", "no text that prints"),
            ('contact = [""]\n{}', "contact", "no text that prints"),
            ('contact = ["a\\tb"]\n{}', "contact", "no text that prints"),
            ('{}[words.fr]\nseal = "x"', "words.fr.seal", "There is no such word"),
            ('{}[words.en]\nseal = "x"', "words.en.seal", "There is no such word"),
            ('{}[words.fr]\nseals = ""', "words.fr.seals", "no text that prints"),
            ("{}[words.fr]\nseals = 5", "words.fr.seals", "no text that prints"),
            ('{}[words.fr]\nseals = "a\\nb"', "words.fr.seals", "no text that prints"),
            ("{}[words]\nfr = 5", "words.fr", "This is no table"),
            ("{}[countries]\nfr = 5", "countries.fr", "This is no table"),
            ('{}[countries.fr]\nIN = ""', "countries.fr.IN", "no text that prints"),
            ('{}[names.fr]\n"An office" = ""', "names.fr.An office", "no text that prints"),
        ],
    )
    def test_names_the_place_of_what_it_refuses(self, tmp_path: Path, change: str, where: str, what: str) -> None:
        with pytest.raises(StationeryMalformed, match=what) as raised:
            read(tmp_path, change.format(OWN))
        assert raised.value.where == f"{tmp_path / 'stationery.toml'}: {where}"

    @pytest.mark.parametrize(
        ("line", "where"),
        [
            ('participant = "NA"', "participant"),
            ('en = "Republic of Namibia"', "state.en"),
            ('fr = "République de Namibie"', "state.fr"),
        ],
    )
    def test_names_what_is_missing(self, tmp_path: Path, line: str, where: str) -> None:
        assert line in OWN
        with pytest.raises(StationeryMalformed) as raised:
            read(tmp_path, OWN.replace(line, ""))
        assert raised.value.where == f"{tmp_path / 'stationery.toml'}: {where}"

    @pytest.mark.parametrize("table", ["state", "colours"])
    def test_names_a_table_that_is_missing(self, tmp_path: Path, table: str) -> None:
        head, state, colours = OWN.replace("[state]", "|[state]").replace("[colours]", "|[colours]").split("|")
        text = head + (colours if table == "state" else state)
        with pytest.raises(StationeryMalformed) as raised:
            read(tmp_path, text)
        assert raised.value.where == f"{tmp_path / 'stationery.toml'}: {table}"

    def test_checks_the_colours(self, tmp_path: Path) -> None:
        with pytest.raises(StationeryMalformed, match="contrast") as raised:
            read(tmp_path, OWN.replace('ink = "#14395b"', 'ink = "#6f8fae"'))
        assert raised.value.where == f"{tmp_path / 'stationery.toml'}: colours.ink"

    def test_takes_the_word_of_whoever_approved_it(self, tmp_path: Path) -> None:
        assert read(tmp_path, 'approved_by = "The Director"\n' + OWN).approved_by == "The Director"


class TestLanguageOfASheet:
    UNION = stationery.packaged(ParticipantCode("EU"))

    def test_is_the_usual_one_if_nobody_asks(self) -> None:
        usual = self.UNION.language(None)
        assert usual is not None
        assert usual.code == "nl"

    @pytest.mark.parametrize("code", ["nl", "fr", "pt"])
    def test_is_the_one_that_is_asked_for(self, code: str) -> None:
        asked = self.UNION.language(code)
        assert asked is not None
        assert asked.code == code

    def test_is_english_alone_on_request(self) -> None:
        assert self.UNION.language("en") is None

    def test_is_none_that_the_stationery_does_not_have(self) -> None:
        with pytest.raises(LanguageUnknown, match="no language 'ru'") as raised:
            self.UNION.language("ru")
        assert raised.value.mend == "Choose one of: en, nl, fr, pt."
