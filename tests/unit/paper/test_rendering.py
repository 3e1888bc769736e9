"""What is signed is what is printed, whole, in every language and layout; what cannot be is refused before."""

# ruff: noqa: RUF001 (words and names stand here in their own letters)

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from macle.paper import opening, stationery
from macle.paper.rendering import (
    CERTIFICATE_FILE,
    CONFIRMATION_FILE,
    Layout,
    Place,
    Press,
    SheetRefused,
)
from macle.paper.sheets import Field, Printer
from macle.paper.stationery import LanguageUnknown
from macle.proof import codec, keys, qr, views
from macle.scheme.certificates import (
    STATEMENT,
    CertificateKind,
    Line,
    Origin,
    OriginKind,
    Party,
    Reference,
    Validation,
    ValidationKind,
)
from macle.scheme.confirmations import ConfirmationResult, Count, SealState
from macle.scheme.terms import Carats, CertificateNumber, CountryCode, HSCode, ParticipantCode, USDollars
from tests.support.documents import (
    a_confirmation_page,
    a_form,
    a_look,
    a_page,
    a_press,
    an_approved_look,
)
from tests.support.signed import a_small_certificate, a_small_confirmation, an_authority
from tests.unit.paper import pages

if TYPE_CHECKING:
    from macle.paper.sheets import Form
    from macle.proof.cose import Signed
    from macle.scheme.certificates import Certificate

LANGUAGES = {"BW": "", "AO": "pt", "CD": "fr", "RU": "ru", "AE": "ar", "CN": "zh", "EU": "nl"}
"""The language of each example beside English."""

OWN_NAMES = {
    "AE": ("شركة المثال لتجارة الماس", "Al Mithal Diamond Trading"),
    "CN": ("示例钻石进出口有限公司", "Shili Diamond Import and Export Co Ltd"),
    "RU": ("ООО «Примерные Алмазы»", "Primernye Almazy OOO"),
}
"""How an exporter of the country is called, in its own letters and in Latin ones."""

LABELS = {
    Layout.GENERAL: (
        "title", "statement", "number", "kind", "standard", "issued", "expires", "exporter", "importer", "licence",
        "origin", "provenance", "destination", "hs", "goods", "carats", "value", "7102.10", "7102.21", "7102.31",
        "total", "parcels", "seals", "authority", "validation", "official", "signature", "stamp", "scan", "words",
    ),
    Layout.EU: (
        "title", "statement", "number", "kind", "standard", "issued", "expires", "exporter", "importer", "licence",
        "origin", "provenance", "destination", "hs", "goods", "carats", "value", "7102.10", "7102.21", "7102.31",
        "total", "parcels", "seals", "authority", "validation", "official", "signature", "stamp", "slip", "declared",
        "found", "received", "importing", "confirms",
    ),
}  # fmt: skip
"""The words that a layout prints in both languages."""

THREE_LINES = (
    Line(HSCode.UNSORTED, Carats(1_840_275), USDollars(121_254_031)),
    Line(HSCode.INDUSTRIAL, Carats(905_052), USDollars(6_120_557)),
    Line(HSCode.NON_INDUSTRIAL, Carats(1_220_483), USDollars(261_892_279)),
)
FIGURES = (
    "18,402.75", "1,212,540.31", "9,050.52", "61,205.57", "12,204.83", "2,618,922.79", "39,658.10", "3,892,668.67",
)  # fmt: skip
"""The three lines and their sums."""


@lru_cache(maxsize=16)
def a_certificate(code: str) -> Signed:
    """Return the certificate of a Participant, signed: three lines, three seals, names in its own letters."""
    authority = an_authority(code, "Example Town")
    name, latin = OWN_NAMES.get(code, (f"Voorbeeld & Exemplo Diamants ({code})", ""))
    country = CountryCode("BE" if code == "EU" else code)
    certificate = a_small_certificate(
        authority,
        number=CertificateNumber(authority.code, "0073519"),
        exporter=Party(name, "Example Town", country, f"{code}-R-00417", latin),
        origin=Origin(OriginKind.SINGLE, (CountryCode("NA"),)),
        lines=THREE_LINES,
        parcels=1_234,
        container_seals=("EX 884120", "EX 884121", "EX 884122"),
        validation=Validation(ValidationKind.TWO_OFFICIALS, ("official-17", "official-23")),
        issuing_authority="Example Diamond Authority",
    )
    return authority.sign(certificate)


@lru_cache(maxsize=32)
def a_drawn_page(code: str, layout: Layout = Layout.GENERAL) -> bytes:
    return a_page(a_certificate(code), layout=layout)


def signed(code: str = "BW", **changes: Any) -> Signed:
    """Return a small certificate of the Participant with these fields changed, signed."""
    authority = an_authority(code, "Example Town")
    return authority.sign(a_small_certificate(authority, **changes))


def drawn(of: Signed, layout: Layout = Layout.GENERAL) -> bytes:
    """Return the certificate as it is printed on approved words, with nothing across it."""
    issuer = codec.decode_certificate(of.payload).issuer
    return a_press().certificate(of, look=an_approved_look(issuer), place=Place(layout))


def on_sheet(of: Signed, form: Form, printer: Printer = Printer(), **changes: Any) -> bytes:  # noqa: B008 (immutable)
    look = an_approved_look(codec.decode_certificate(of.payload).issuer, **changes)
    return a_press().certificate(of, look=look, place=Place(Layout.SHEET, form, printer))


def attached(pdf: bytes) -> dict[str, bytes]:
    with opening.opened(pdf) as document:
        return {each.name: each.content for each in opening.attachments(document)}


def codes(pdf: bytes) -> list[str]:
    """Return the texts of the codes on the page, as a scan of it is read."""
    with opening.opened(pdf) as document:
        return [text for _, text in opening.codes(document)]


def says(pdf: bytes, text: str) -> bool:
    if any("\u0600" <= letter <= "\u06ff" for letter in text):
        return pages.says_in_arabic(pdf, text)
    return pages.says_over_lines(pdf, text)


def expected(certificate: Certificate) -> list[str]:
    """Return what a page must say of the certificate."""
    return [
        certificate.number.for_people,
        certificate.date_of_issuance.isoformat(),
        certificate.date_of_expiry.isoformat(),
        *(text for party in (certificate.exporter, certificate.importer) for text in of_party(party)),
        "Namibia (NA)",
        f"({certificate.country_of_provenance})",
        "India (IN)",
        "7102.10",
        "7102.21",
        "7102.31",
        *FIGURES,
        "1,234",
        *certificate.container_seals,
        f"{certificate.issuing_authority}, {certificate.office}",
        *certificate.validation.officials,
    ]


def of_party(party: Party) -> list[str]:
    return [
        party.name,
        f"{party.town}, {party.country}",
        party.licence,
        *([party.latin_name] if party.latin_name else []),
    ]


@lru_cache(maxsize=1)
def another_press() -> Press:
    """Return a press that has printed nothing before; it has fonts from a folder too."""
    return Press(font_folders=[Path(stationery.__file__).parent / "fonts"])


EVERY = [(code, layout) for code in LANGUAGES for layout in LABELS]


class TestPage:
    @pytest.mark.parametrize(("code", "layout"), EVERY)
    def test_says_everything_that_is_signed(self, code: str, layout: Layout) -> None:
        certificate = codec.decode_certificate(a_certificate(code).payload)
        pdf = a_drawn_page(code, layout)
        assert [text for text in expected(certificate) if not says(pdf, text)] == []

    @pytest.mark.parametrize(("code", "layout"), EVERY)
    def test_has_the_title_and_statement_of_annex_i(self, code: str, layout: Layout) -> None:
        pdf = a_drawn_page(code, layout)
        assert pages.says(pdf, "Kimberley Process Certificate")
        assert pages.says_over_lines(pdf, STATEMENT)

    @pytest.mark.parametrize(("code", "layout"), EVERY)
    def test_has_its_words_in_both_languages(self, code: str, layout: Layout) -> None:
        pdf, own = a_drawn_page(code, layout), stationery.language(LANGUAGES[code] or "en").words
        # PDFium loses letters that a font puts together from parts, so of Arabic only the words that matter are asked.
        asked = ("title", "statement", "licence", "exporter") if code == "AE" else LABELS[layout]
        assert [name for name in asked if not says(pdf, own[name])] == []
        assert [name for name in LABELS[layout] if not says(pdf, stationery.language("en").words[name])] == []

    @pytest.mark.parametrize(("code", "layout"), EVERY)
    def test_has_the_identity_in_words(self, code: str, layout: Layout) -> None:
        read = "".join(pages.lines(a_drawn_page(code, layout)))
        assert [word for word in keys.words_of(a_certificate(code).identity) if word not in read] == []

    @pytest.mark.parametrize(("code", "layout"), EVERY)
    def test_is_one_sheet_of_a4(self, code: str, layout: Layout) -> None:
        count, width, height = pages.size(a_drawn_page(code, layout))
        assert (count, round(width), round(height)) == (1, 210, 297)

    @pytest.mark.parametrize(("code", "layout"), EVERY)
    def test_has_nothing_on_anything_else(self, code: str, layout: Layout) -> None:
        assert pages.clashes(drawn(a_certificate(code), layout)) == []

    @pytest.mark.parametrize(("code", "layout"), [("BW", Layout.GENERAL), ("AE", Layout.EU)])
    def test_carries_the_certificate_and_its_view(self, code: str, layout: Layout) -> None:
        of = a_certificate(code)
        found = attached(a_drawn_page(code, layout))
        assert list(found) == [CERTIFICATE_FILE, "certificate.json"]
        assert found[CERTIFICATE_FILE] == of.to_bytes()
        assert json.loads(found["certificate.json"]) == views.certificate_to_json(codec.decode_certificate(of.payload))

    @pytest.mark.parametrize(("code", "layout"), [("BW", Layout.GENERAL), ("AE", Layout.GENERAL), ("EU", Layout.EU)])
    def test_has_the_code_of_the_certificate(self, code: str, layout: Layout) -> None:
        of = a_certificate(code)
        assert qr.to_text(of.to_bytes()) in codes(a_drawn_page(code, layout))

    def test_of_the_union_has_a_small_code_on_its_slip(self) -> None:
        of = a_certificate("EU")
        assert f"KPL:EU0073519:{of.identity.hex().upper()}" in codes(a_drawn_page("EU", Layout.EU))

    @pytest.mark.parametrize("code", ["BW", "CN"])
    def test_names_the_state_and_not_another(self, code: str) -> None:
        own = stationery.packaged(ParticipantCode(code))
        pdf = a_drawn_page(code)
        assert all(says(pdf, name) for name in own.state.values())
        assert not pages.says(pdf, "Republic of Angola")

    def test_calls_the_authority_as_it_is_called_in_its_own_language(self) -> None:
        of = signed("CN", issuing_authority="Example Diamond Office, Shanghai", office="Shanghai")
        pdf = drawn(of)
        assert pages.says(pdf, "Example Diamond Office, Shanghai")
        assert not pages.says(pdf, "Shanghai, Shanghai"), "The name says the office already."
        assert pages.says(pdf, "示例钻石办公室，上海")

    def test_may_be_in_english_alone(self) -> None:
        pdf = a_page(a_certificate("CN"), language="en")
        assert pages.says(pdf, "Kimberley Process Certificate")
        assert not pages.says(pdf, "金伯利进程证书")

    @pytest.mark.parametrize("language", ["nl", "fr", "pt"])
    def test_may_be_in_another_language_of_the_stationery(self, language: str) -> None:
        pdf = a_page(a_certificate("EU"), layout=Layout.EU, language=language)
        assert pages.says(pdf, stationery.language(language).words["title"])

    def test_is_in_no_language_that_the_stationery_does_not_have(self) -> None:
        with pytest.raises(LanguageUnknown):
            a_page(a_certificate("EU"), language="ru")

    @pytest.mark.parametrize("layout", LABELS)
    def test_is_the_same_bytes_each_time(self, layout: Layout) -> None:
        again = another_press().certificate(a_certificate("AE"), look=a_look("AE"), place=Place(layout))
        assert again == a_drawn_page("AE", layout)

    def test_is_other_bytes_for_another_certificate_and_another_statement(self) -> None:
        page = a_page(signed())
        assert a_page(signed(parcels=2)) != page
        assert a_page(signed(), statement=f"{STATEMENT}.") != page
        assert pages.says_over_lines(a_page(signed(), statement="As our law has it"), "As our law has it")


class TestThreads:
    def test_threads_share_a_press(self) -> None:
        of, press = signed("BW"), another_press()
        look, place = an_approved_look("BW"), Place(Layout.GENERAL)
        with ThreadPoolExecutor(4) as threads:
            sheets = list(threads.map(lambda _: press.certificate(of, look=look, place=place), range(12)))
        assert [attached(each)[CERTIFICATE_FILE] == of.to_bytes() for each in sheets] == [True] * 12


class TestMarks:
    @pytest.mark.parametrize(
        ("code", "marks"),
        [
            ("BW", "SPECIMEN"),
            ("AO", "SPECIMENESPÉCIME"),
            ("CD", "SPECIMENSPÉCIMEN"),
            ("RU", "SPECIMENОБРАЗЕЦ"),
            ("CN", "SPECIMEN样本"),
            ("EU", "SPECIMEN"),
        ],
    )
    @pytest.mark.parametrize("layout", LABELS)
    def test_say_specimen_in_both_languages(self, code: str, marks: str, layout: Layout) -> None:
        assert pages.outlined(a_drawn_page(code, layout)) == marks

    @pytest.mark.parametrize("layout", LABELS)
    def test_say_specimen_in_arabic(self, layout: Layout) -> None:
        across = [letter for letter in pages.letters(a_drawn_page("AE", layout)) if letter.outlined]
        assert "SPECIMEN" in "".join(letter.text for letter in across)
        assert "نموذج" in pages.lines_from_the_right(across, turned=-32)

    @pytest.mark.parametrize(
        ("code", "marks"),
        [("BW", "COPY"), ("CD", "COPYCOPIE"), ("RU", "COPYКОПИЯ"), ("CN", "COPY副本"), ("EU", "COPYKOPIE")],
    )
    def test_say_copy_on_a_copy(self, code: str, marks: str) -> None:
        pdf = a_press().certificate(
            a_certificate(code), look=an_approved_look(code, is_copy=True), place=Place(Layout.GENERAL)
        )
        assert pages.outlined(pdf) == marks

    def test_say_both_on_a_copy_that_nobody_approved(self) -> None:
        assert pages.outlined(a_page(a_certificate("CD"), is_copy=True)) == "SPECIMENSPÉCIMENCOPYCOPIE"

    @pytest.mark.parametrize(("code", "layout"), [("BW", Layout.GENERAL), ("AE", Layout.GENERAL), ("EU", Layout.EU)])
    def test_say_nothing_where_the_words_are_approved(self, code: str, layout: Layout) -> None:
        pdf = drawn(a_certificate(code), layout)
        assert pages.outlined(pdf) == ""
        assert not pages.says(pdf, "SPECIMEN")

    def test_stand_on_a_sheet_a_confirmation_and_a_label_too(self) -> None:
        of = a_certificate("BW")
        sheet = a_press().certificate(of, look=a_look("BW"), place=Place(Layout.SHEET, a_form()))
        assert pages.outlined(sheet) == "SPECIMEN"
        assert pages.says(a_press().label(of, look=a_look("BW")), "SPECIMEN")
        assert pages.outlined(a_confirmation_page(a_confirmation())) == "SPECIMEN"


class TestGoods:
    @pytest.mark.parametrize("layout", LABELS)
    def test_rule_out_the_rows_that_nothing_stands_in(self, layout: Layout) -> None:
        ruled = [len(pages.rules(drawn(signed(lines=THREE_LINES[:count]), layout))) for count in (3, 2, 1)]
        assert ruled == [ruled[0], ruled[0] + 1, ruled[0] + 2]

    @pytest.mark.parametrize("layout", LABELS)
    def test_give_the_sum_of_one_line_too(self, layout: Layout) -> None:
        figures = [line for line in pages.lines(drawn(signed(lines=THREE_LINES[:1]), layout)) if "18,402.75" in line]
        assert len(figures) == (2 if layout is Layout.GENERAL else 3), (
            "The line, the total, and what the slip declares."
        )

    @pytest.mark.parametrize("layout", LABELS)
    def test_give_the_largest_figures_there_are(self, layout: Layout) -> None:
        lines = (
            Line(HSCode.UNSORTED, Carats(Carats.limit - 3), USDollars(USDollars.limit - 3)),
            Line(HSCode.INDUSTRIAL, Carats(1), USDollars(1)),
            Line(HSCode.NON_INDUSTRIAL, Carats(1), USDollars(1)),
        )
        pdf = drawn(signed(lines=lines, parcels=1_000_000), layout)
        for figure in ("999,999,999.97", "999,999,999.99", "9,999,999,999,999.97", "9,999,999,999,999.99", "1,000,000"):
            assert pages.says(pdf, figure)
        assert pages.clashes(pdf) == []


TWELVE = ("AO", "BW", "CD", "CF", "CG", "CI", "GH", "GN", "LR", "LS", "NA", "SL")


class TestOrigin:
    @pytest.mark.parametrize(("code", "words"), [("BW", ""), ("CD", "fr"), ("CN", "zh")])
    @pytest.mark.parametrize("layout", LABELS)
    def test_that_is_not_disclosed_is_asterisks(self, code: str, words: str, layout: Layout) -> None:
        pdf = drawn(signed(code, origin=Origin(OriginKind.MIXED_UNDISCLOSED, ())), layout)
        assert pages.says(pdf, "*" * 20)
        assert pages.says(pdf, "Parcels of mixed origin, not listed")
        assert not words or says(pdf, stationery.language(words).words["undisclosed"])
        assert pages.clashes(pdf) == []

    @pytest.mark.parametrize("count", [2, 3, 4, 12])
    @pytest.mark.parametrize("layout", LABELS)
    def test_of_several_countries_lists_each(self, count: int, layout: Layout) -> None:
        countries = tuple(CountryCode(code) for code in TWELVE[:count])
        pdf = drawn(signed(origin=Origin(OriginKind.MIXED_LISTED, countries)), layout)
        read = pages.flowing(pdf)
        for code in countries:
            name = stationery.language("en").country(code)
            assert pages.bare(f"{name} ({code})" if count < 4 else f"{name} {code}") in read
        assert "*" not in read
        assert pages.clashes(pdf) == []

    @pytest.mark.parametrize("layout", LABELS)
    def test_with_an_area_names_it(self, layout: Layout) -> None:
        pdf = drawn(signed(origin=Origin(OriginKind.SINGLE, (CountryCode("CF"),), "Example Field")), layout)
        assert pages.says(pdf, "Mining area: Example Field")


class TestKind:
    NUMBER = CertificateNumber(ParticipantCode("BW"), "00004820")

    @pytest.mark.parametrize("layout", LABELS)
    def test_of_a_replacement_names_what_it_replaces(self, layout: Layout) -> None:
        of = signed(kind=CertificateKind.REPLACEMENT, refers_to=Reference(self.NUMBER, bytes(32)))
        pdf = drawn(of, layout)
        assert pages.says(pdf, "Replacement")
        assert pages.says(pdf, "Replaces BW 00004820")

    @pytest.mark.parametrize("layout", LABELS)
    def test_of_a_technical_one_names_what_it_refers_to(self, layout: Layout) -> None:
        pdf = drawn(signed(kind=CertificateKind.TECHNICAL, refers_to=Reference(self.NUMBER)), layout)
        assert pages.says(pdf, "Technical")
        assert pages.says(pdf, "Refers to BW 00004820")

    def test_prints_a_customs_reference_beside_the_officials(self) -> None:
        pdf = drawn(signed(validation=Validation(ValidationKind.CUSTOMS_REFERENCE, ("official-17",), "X20261102-417")))
        assert pages.says(pdf, "official-17")
        assert pages.says(pdf, "Customs reference X20261102-417")


LATIN = ("Example International Rough Diamond Trading and Polishing Company of the Northern Provinces " * 2)[:119] + "d"
RUSSIAN = ("Общество с ограниченной ответственностью «Примерные алмазы» " * 3)[:119] + "ь"
ARABIC = ("شركة المثال الخيالي الدولية لتجارة واستيراد وتصدير الماس " * 3)[:119] + "م"
CHINESE = ("示例国际钻石进出口贸易有限责任公司" * 8)[:120]
WIDE = ("WMWMWMWMWMW " * 10)[:119] + "W"


def party(name: str = "A name", town: str = "A town", licence: str = "L-1", latin: str = "") -> Party:
    return Party(name, town, CountryCode("BW"), licence, latin)


LONG: dict[str, tuple[str, dict[str, Any], tuple[str, ...]]] = {
    "a name": ("BW", {"exporter": party(LATIN)}, (LATIN,)),
    "a wide name": ("BW", {"exporter": party(WIDE)}, (WIDE,)),
    "a Russian name": ("RU", {"importer": party(RUSSIAN)}, (RUSSIAN,)),
    "an Arabic name": ("AE", {"importer": party(ARABIC)}, (ARABIC,)),
    "a Chinese name": ("CN", {"exporter": party(CHINESE)}, (CHINESE,)),
    "a town": ("BW", {"exporter": party(town=LATIN)}, (LATIN,)),
    "a Chinese town": ("CN", {"exporter": party(town=CHINESE)}, (CHINESE,)),
    "a Latin name": ("BW", {"exporter": party(latin=LATIN)}, (LATIN,)),
    "an authority": ("BW", {"issuing_authority": LATIN}, (LATIN,)),
    "an Arabic authority": ("AE", {"issuing_authority": ARABIC}, (ARABIC,)),
    "a number": ("BW", {"number": CertificateNumber(ParticipantCode("BW"), "0123456789/123456789")}, ()),
    "a wide number": ("BW", {"number": CertificateNumber(ParticipantCode("BW"), "W" * 20)}, ()),
    "a seal": ("BW", {"container_seals": ("W" * 32,)}, ("W" * 32,)),
    "twelve seals": ("BW", {"container_seals": tuple(f"EX 00{number:05}" for number in range(12))}, ("EX 0000011",)),
}
"""Values as long as the Scheme lets them be: the issuer, what is changed, what must be read."""


class TestLongest:
    @pytest.mark.parametrize("name", LONG)
    @pytest.mark.parametrize("layout", LABELS)
    def test_values_are_printed_whole_and_on_nothing_else(self, name: str, layout: Layout) -> None:
        code, changes, texts = LONG[name]
        pdf = drawn(signed(code, **changes), layout)
        number = codec.decode_certificate(signed(code, **changes).payload).number.for_people
        assert [text for text in (*texts, number) if not says(pdf, text)] == []
        assert pages.clashes(pdf) == []

    def test_party_is_printed_whole_on_the_general_layout(self) -> None:
        licence = "BW-EX-0123456789/0123456789"
        pdf = drawn(signed(exporter=party(LATIN, "Example Town by the Example River", licence, LATIN)))
        assert pages.flowing(pdf).count(pages.bare(LATIN)) == 2
        assert pages.says(pdf, licence)
        assert pages.clashes(pdf) == []


TOO_LONG: dict[str, tuple[str, dict[str, Any]]] = {
    "exporter": ("exporter", {"exporter": party(WIDE, WIDE, WIDE, WIDE)}),
    "importer": ("importer", {"importer": party(WIDE, WIDE, WIDE, WIDE)}),
    "container_seals": (
        "container_seals",
        {"container_seals": tuple(f"{'W' * 29}{number:03}" for number in range(12))},
    ),
    "issuing_authority": ("issuing_authority", {"issuing_authority": WIDE, "office": WIDE[::-1]}),
    "officials": (
        "officials",
        {"validation": Validation(ValidationKind.CUSTOMS_REFERENCE, (WIDE, WIDE[1:], WIDE[2:], WIDE[3:]), WIDE)},
    ),
    "area": (
        "origin",
        {"origin": Origin(OriginKind.MIXED_LISTED, (CountryCode("AO"), CountryCode("CF"), CountryCode("CD")), WIDE)},
    ),
}
"""What does not fit, and the field that the refusal names."""


class TestTooLong:
    @pytest.mark.parametrize("name", TOO_LONG)
    @pytest.mark.parametrize("layout", LABELS)
    def test_is_refused_and_names_the_field(self, name: str, layout: Layout) -> None:
        where, changes = TOO_LONG[name]
        with pytest.raises(SheetRefused, match="does not fit") as raised:
            drawn(signed(**changes), layout)
        assert raised.value.where == where
        assert "Shorten it" in raised.value.mend

    @pytest.mark.parametrize("name", TOO_LONG)
    def test_is_found_in_a_rehearsal(self, name: str) -> None:
        where, changes = TOO_LONG[name]
        with pytest.raises(SheetRefused) as raised:
            a_press().certificate(signed(**changes), look=a_look("BW"), place=Place(Layout.GENERAL), rehearsed=True)
        assert raised.value.where == where

    def test_on_a_label_names_the_seals(self) -> None:
        _, changes = TOO_LONG["container_seals"]
        with pytest.raises(SheetRefused) as raised:
            a_press().label(signed(**changes), look=a_look("BW"))
        assert raised.value.where == "container_seals"

    def test_on_a_confirmation_names_the_remark(self) -> None:
        with pytest.raises(SheetRefused) as raised:
            a_confirmation_page(a_confirmation(remark="W" * 400))
        assert raised.value.where == "remark"

    def test_for_any_code_is_refused_however_short_the_words_are(self) -> None:
        noise = bytes(hashlib.sha512(bytes((number,))).digest()[at] for number in range(40) for at in range(64))
        with pytest.raises(qr.TextMalformed, match="too long for a QR code"):
            drawn(signed(extensions={-9: noise}))


MARKUP = (
    '#panic("x")', "*bold*", "_it_", "$x$", "//", "/* c */", "\\", "\\u{41}", '"', "'", "<a>", "@x", "[#1]", "`raw`",
    "~", "---", "...", "{", "}", "#", "%", "&amp;", "<svg/>", "= Heading", "- item", "+ item", "https://x.example",
)  # fmt: skip
"""What typst, SVG, XML or Python would read as more than letters."""


class TestData:
    @pytest.mark.parametrize("text", MARKUP)
    def test_are_printed_letter_by_letter_and_never_read(self, text: str) -> None:
        certificate = signed(
            exporter=Party(f"a {text} b", f"c {text} d", CountryCode("BW"), f"e {text} f", f"g {text} h"),
            container_seals=(f"i {text} j",),
            issuing_authority=f"k {text} l",
            validation=Validation(ValidationKind.CUSTOMS_REFERENCE, (f"m {text} n",), f"o {text} p"),
            origin=Origin(OriginKind.SINGLE, (CountryCode("BW"),), f"q {text} r"),
        )
        pdf = drawn(certificate)
        letters = "abcdefghijklmnopqr"
        wanted = [f"{letters[at]} {text} {letters[at + 1]}" for at in range(0, len(letters), 2)]
        assert [each for each in wanted if not pages.says(pdf, each)] == []

    @pytest.mark.parametrize("text", MARKUP)
    def test_of_a_confirmation_and_a_label_are_never_read_either(self, text: str) -> None:
        assert pages.says(a_confirmation_page(a_confirmation(remark=text, official=f"a {text}")), text)
        assert pages.says(a_press().label(signed(container_seals=(f"a {text}",)), look=a_look("BW")), f"a {text}")

    @pytest.mark.parametrize(
        "name",
        [
            "Ελληνικά διαμάντια", "Kim cương Việt", "İğne Elmas", "Қазақ гауһар", "ქართული", "Հայկական", "יהלומים",
            "فارسی می\u200cشود", "हीरा", "હીરા", "হীরা", "வைரம்", "දියමන්ති ශ්\u200dරී", "เพชร", "ເພັດ", "ពេជ្រ",
            "ダイヤモンド", "日本金剛石取引", "鑽石貿易", "한국 다이아몬드", "తెలుగు", "ಕನ್ನಡ", "മലയാളം", "ਪੰਜਾਬੀ",
        ],
    )  # fmt: skip
    def test_in_every_script_that_travels_here_are_printed(self, name: str) -> None:
        read = pages.flowing(drawn(signed(exporter=party(name, latin="Latin name"))))
        own = {letter for letter in name if letter.isalpha() and not letter.isascii()}
        assert len(own & set(read)) >= len(own) / 2

    @pytest.mark.parametrize("letter", ["\U00013000", "\N{GEM STONE}", "\U00020000", "\N{MATHEMATICAL BOLD CAPITAL A}"])
    def test_with_a_letter_that_no_font_has_are_refused(self, letter: str) -> None:
        of = signed(exporter=party(f"Example {letter}"))
        with pytest.raises(SheetRefused) as raised:
            drawn(of)
        assert raised.value.where == "fonts"
        assert raised.value.what == f"The fonts that are here have no form for: {letter} (U+{ord(letter):04X})."
        with pytest.raises(SheetRefused) as rehearsed:
            a_press().certificate(of, look=a_look("BW"), place=Place(Layout.GENERAL), rehearsed=True)
        assert (rehearsed.value.where, rehearsed.value.what) == (raised.value.where, raised.value.what)


class TestRehearsal:
    @pytest.mark.parametrize(("code", "layout"), EVERY)
    def test_says_that_a_certificate_can_be_printed(self, code: str, layout: Layout) -> None:
        pdf = a_press().certificate(a_certificate(code), look=a_look(code), place=Place(layout), rehearsed=True)
        assert attached(pdf) == {}

    def test_makes_nothing_that_could_be_taken_for_a_certificate(self) -> None:
        look = an_approved_look("EU")
        pdf = a_press().certificate(a_certificate("EU"), look=look, place=Place(Layout.EU), rehearsed=True)
        assert (attached(pdf), codes(pdf)) == ({}, [])

    def test_says_that_a_sheet_can_be_printed_or_not(self) -> None:
        of, look = a_certificate("BW"), a_look("BW")
        assert a_press().certificate(of, look=look, place=Place(Layout.SHEET, a_form()), rehearsed=True)
        narrow = a_form(fields=(Field("exporter", 12, 100, 20, 3),))
        with pytest.raises(SheetRefused) as raised:
            a_press().certificate(of, look=look, place=Place(Layout.SHEET, narrow), rehearsed=True)
        assert raised.value.where == "exporter"


class TestSheet:
    def test_says_everything_but_the_number_that_it_bears(self) -> None:
        certificate = codec.decode_certificate(a_certificate("BW").payload)
        pdf = on_sheet(a_certificate("BW"), a_form())
        number, *rest = expected(certificate)
        assert [text for text in rest if not says(pdf, text)] == []
        assert not pages.says(pdf, number)
        assert not pages.says(pdf, "Kimberley Process Certificate"), (
            "What is printed on the sheet is not printed again."
        )

    def test_without_a_number_gets_it_printed(self) -> None:
        assert pages.says(on_sheet(a_certificate("BW"), a_form(numbered=False)), "BW 0073519")

    @pytest.mark.parametrize("code", ["AE", "CN", "EU"])
    def test_says_it_in_the_own_language_too(self, code: str) -> None:
        pdf = on_sheet(a_certificate(code), a_form())
        assert says(pdf, stationery.language(LANGUAGES[code]).country("NA"))
        assert says(pdf, codec.decode_certificate(a_certificate(code).payload).exporter.name)

    def test_has_both_codes(self) -> None:
        of = a_certificate("BW")
        assert set(codes(on_sheet(of, a_form()))) == {
            qr.to_text(of.to_bytes()),
            f"KPL:BW0073519:{of.identity.hex().upper()}",
        }

    def test_is_as_large_as_its_form(self) -> None:
        count, width, height = pages.size(on_sheet(a_certificate("BW"), a_form(width=297.0, height=420.0)))
        assert (count, round(width), round(height)) == (1, 297, 420)

    def test_carries_the_certificate(self) -> None:
        assert attached(on_sheet(a_certificate("BW"), a_form()))[CERTIFICATE_FILE] == a_certificate("BW").to_bytes()

    @pytest.mark.parametrize("name", ["issued", "parcels", "seals"])
    def test_puts_each_value_at_its_place(self, name: str) -> None:
        form = a_form()
        field = next(each for each in form.fields if each.name == name)
        first = {"issued": "2", "parcels": "1", "seals": "E"}[name]
        inside = [
            letter
            for letter in pages.letters(on_sheet(a_certificate("BW"), form))
            if field.x - 0.1 <= letter.x < field.x + field.width and field.y <= letter.y <= field.y + field.height
        ]
        assert inside[0].text == first
        assert inside[0].x == pytest.approx(field.x, abs=0.1)

    @pytest.mark.parametrize(("right", "down"), [(2.0, 0.0), (0.0, -1.5), (-0.4, 0.7)])
    def test_is_moved_by_what_the_printer_shifts(self, right: float, down: float) -> None:
        of, form = a_certificate("BW"), a_form()
        before = pages.letters(on_sheet(of, form))
        after = pages.letters(on_sheet(of, form, Printer(right=right, down=down)))
        assert [letter.text for letter in after] == [letter.text for letter in before]
        for one, other in zip(before, after, strict=True):
            assert other.x - one.x == pytest.approx(right, abs=0.01)
            assert other.y - one.y == pytest.approx(down, abs=0.01)

    def test_is_drawn_apart_where_the_printer_draws_together(self) -> None:
        of, form, printer = a_certificate("BW"), a_form(), Printer(across=169, along=255)
        before, after = pages.letters(on_sheet(of, form)), pages.letters(on_sheet(of, form, printer))
        for one, other in zip(before, after, strict=True):
            column, row = (12 if one.x < 105 else 112), 12 + 16 * ((one.y - 12) // 16)
            assert other.x - one.x == pytest.approx(column * (170 / 169 - 1), abs=0.02)
            assert other.y - one.y == pytest.approx(row * (257 / 255 - 1), abs=0.02)

    @pytest.mark.parametrize(
        ("name", "width", "height"), [("qr", 40, 62), ("qr", 62, 40), ("small-qr", 12, 30), ("small-qr", 30, 12)]
    )
    @pytest.mark.parametrize("rehearsed", [False, True])
    def test_with_too_little_room_for_a_code_is_refused(
        self, name: str, width: float, height: float, rehearsed: bool
    ) -> None:
        form = a_form(fields=(Field(name, 12, 226, width, height),))
        with pytest.raises(SheetRefused, match="white frame") as raised:
            a_press().certificate(
                a_certificate("BW"), look=a_look("BW"), place=Place(Layout.SHEET, form), rehearsed=rehearsed
            )
        assert raised.value.where == name
        assert "never printed smaller" in raised.value.mend

    @pytest.mark.parametrize(
        ("name", "field"),
        [
            ("carats", Field("carats", 12, 100, 86, 2)),
            ("exporter", Field("exporter", 12, 100, 30, 5)),
            ("container_seals", Field("seals", 12, 100, 20, 3)),
            ("issuing_authority", Field("authority", 12, 100, 20, 3)),
        ],
    )
    def test_with_too_little_room_for_a_value_is_refused(self, name: str, field: Field) -> None:
        with pytest.raises(SheetRefused, match="does not fit") as raised:
            on_sheet(a_certificate("BW"), a_form(fields=(field,)))
        assert raised.value.where == name

    def test_rules_out_the_rows_that_nothing_stands_in(self) -> None:
        ruled = [len(pages.rules(on_sheet(signed(lines=THREE_LINES[:count]), a_form()))) for count in (3, 2, 1)]
        assert ruled == [0, 3, 6], "In the columns of codes, weights and values."

    def test_needs_a_form_and_nothing_else_does(self) -> None:
        for layout, form in ((Layout.SHEET, None), (Layout.GENERAL, a_form()), (Layout.EU, a_form())):
            with pytest.raises(SheetRefused, match="An official sheet needs a form") as raised:
                Place(layout, form)
            assert raised.value.where == "form"


class TestLabel:
    @pytest.mark.parametrize("code", LANGUAGES)
    def test_has_number_seals_and_identity(self, code: str) -> None:
        of = a_certificate(code)
        pdf = a_press().label(of, look=a_look(code))
        certificate = codec.decode_certificate(of.payload)
        for text in (certificate.number.for_people, *certificate.container_seals):
            assert pages.says(pdf, text)
        assert codes(pdf) == [f"{qr.LABEL_PREFIX}{certificate.number}:{of.identity.hex().upper()}"]

    @pytest.mark.parametrize("code", LANGUAGES)
    def test_has_no_names_and_no_values(self, code: str) -> None:
        certificate = codec.decode_certificate(a_certificate(code).payload)
        pdf = a_press().label(a_certificate(code), look=a_look(code))
        names = [text for one in (certificate.exporter, certificate.importer) for text in of_party(one)]
        for text in (*names, *FIGURES, "1,234", "India", "Namibia", "official-17", "2026-11-02"):
            assert not says(pdf, text), text
        assert attached(pdf) == {}

    def test_is_of_the_size_of_a_label(self) -> None:
        count, width, height = pages.size(a_press().label(a_certificate("BW"), look=a_look("BW")))
        assert (count, round(width), round(height)) == (1, 100, 62)

    @pytest.mark.parametrize("count", [1, 4, 5, 12])
    def test_has_every_seal(self, count: int) -> None:
        seals = tuple(f"EX 0000{number:03}/2026" for number in range(count))
        pdf = a_press().label(signed(container_seals=seals), look=an_approved_look("BW"))
        assert [seal for seal in seals if pages.bare(seal) not in pages.flowing(pdf)] == []

    @pytest.mark.parametrize("national", ["1", "00004821", "0123456789/123456789"])
    def test_has_the_number_beside_the_code(self, national: str) -> None:
        number = CertificateNumber(ParticipantCode("BW"), national)
        pdf = a_press().label(signed(number=number), look=an_approved_look("BW"))
        assert pages.bare(number.for_people) in pages.flowing(pdf)
        side = next(letter.right for letter in pages.letters(pdf) if letter.text == national[-1])
        assert side < 70


def a_confirmation(code: str = "IN", /, of: Signed | None = None, **changes: Any) -> Signed:
    """Return the import confirmation of the certificate by another authority, signed."""
    importing = an_authority(code, "Mumbai")
    return importing.sign_confirmation(a_small_confirmation(of or a_certificate("BW"), importing, **changes))


class TestConfirmation:
    @pytest.mark.parametrize("code", LANGUAGES)
    def test_says_everything_that_is_signed(self, code: str) -> None:
        pdf = a_confirmation_page(a_confirmation(code))
        certificate = codec.decode_certificate(a_certificate("BW").payload)
        texts = [
            "BW 0073519", "2026-11-09", *of_party(certificate.exporter), *of_party(certificate.importer), "7102.10",
            "7102.21", "7102.31", "1,234", "39,658.10", "3,892,668.67", "Accepted", "intact", "official-02",
            "Example Import Office, Mumbai",
        ]  # fmt: skip
        assert [text for text in texts if not says(pdf, text)] == []
        assert pages.size(pdf)[0] == 1

    @pytest.mark.parametrize(("code", "language"), [(code, own) for code, own in LANGUAGES.items() if own])
    def test_says_it_in_both_languages(self, code: str, language: str) -> None:
        pdf, own = a_confirmation_page(a_confirmation(code)), stationery.language(language).words
        asked = (
            ("exporter", "importer")
            if code == "AE"
            else ("slip", "received", "declared", "found", "difference", "outcome")
        )
        assert [name for name in asked if not says(pdf, own[name])] == []
        assert pages.says(pdf, "Import confirmation")

    def test_carries_the_confirmation_and_its_view(self) -> None:
        of = a_confirmation()
        found = attached(a_confirmation_page(of))
        assert list(found) == [CONFIRMATION_FILE, "confirmation.json"]
        assert found[CONFIRMATION_FILE] == of.to_bytes()
        view = views.confirmation_to_json(codec.decode_confirmation(of.payload))
        assert json.loads(found["confirmation.json"]) == view

    def test_has_the_code_of_the_confirmation(self) -> None:
        of = a_confirmation()
        assert codes(a_confirmation_page(of)) == [qr.to_text(of.to_bytes())]

    @pytest.mark.parametrize(("code", "words"), [("IN", "en"), ("CD", "fr"), ("CN", "zh")])
    def test_without_a_measurement_says_not_opened(self, code: str, words: str) -> None:
        pdf = a_confirmation_page(a_confirmation(code, measured=None))
        assert pages.says(pdf, "not opened")
        assert pages.says(pdf, stationery.language(words).words["not_opened"])
        assert not pages.says(pdf, "Difference")
        assert sum("39,658.10" in line for line in pages.lines(pdf)) == 1, "Declared alone."

    @pytest.mark.parametrize(
        ("parcels", "carats", "value", "difference"),
        [
            (1_235, 3_965_811, 389_266_868, "+1+0.01+0.01"),
            (1_230, 3_965_510, 389_166_867, "−4−3.00−1,000.00"),
            (1_234, 3_965_810, 389_266_867, "00.000.00"),
            (1_235, 3_965_510, 389_266_867, "+1−3.000.00"),
        ],
    )
    def test_gives_each_difference_its_sign(self, parcels: int, carats: int, value: int, difference: str) -> None:
        measured = Count(parcels, (Line(HSCode.UNSORTED, Carats(carats), USDollars(value)),))
        read = pages.lines(a_confirmation_page(a_confirmation(measured=measured)))
        assert any(line.endswith(difference) for line in read), "Found minus declared: parcels, carats, value."

    @pytest.mark.parametrize(
        ("changes", "texts"),
        [
            ({"result": ConfirmationResult.REFUSED, "seals": SealState.BROKEN}, ("Refused", "broken")),
            (
                {"result": ConfirmationResult.ACCEPTED_AFTER_ENDORSEMENT, "seals": SealState.REPLACED_BY_CUSTOMS},
                ("Accepted after endorsement", "replaced by customs"),
            ),
            ({"remark": "One stone is missing."}, ("One stone is missing.",)),
            ({"confirmed_at": datetime(2026, 11, 12, 1, 2, 3, tzinfo=UTC)}, ("2026-11-12", "2026-11-09")),
            ({"date_of_receipt": date(2026, 11, 8)}, ("2026-11-09", "2026-11-08")),
        ],
    )
    def test_says_what_was_found(self, changes: dict[str, Any], texts: tuple[str, ...]) -> None:
        pdf = a_confirmation_page(a_confirmation(**changes))
        assert [text for text in texts if not pages.says(pdf, text)] == []

    @pytest.mark.parametrize(
        "text",
        [(LATIN + " ") * 3 + LATIN[:30], "WMWMWMW " * 50, (CHINESE * 4)[:400]],
        ids=["latin", "wide", "chinese"],
    )
    def test_has_room_for_a_long_remark(self, text: str) -> None:
        pdf = a_press().confirmation(a_confirmation(remark=text.strip()), look=an_approved_look("IN"))
        assert pages.says_over_lines(pdf, text)
        assert pages.clashes(pdf) == []

    def test_is_the_same_bytes_each_time(self) -> None:
        of = a_confirmation("AE")
        assert another_press().confirmation(of, look=a_look("AE")) == a_confirmation_page(of)


class TestCalibration:
    AT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)

    def test_shows_every_field_and_how_far_the_crosses_stand_apart(self) -> None:
        form = a_form(perforation=197.0)
        pdf = a_press().calibration(form, look=a_look("BW"), at=self.AT)
        read = pages.flowing(pdf)
        assert [field.name for field in form.fields if field.name not in read] == []
        assert pages.bare("Calibration sheet") in read
        assert pages.bare("across (170)") in read
        assert pages.bare("along (257)") in read
        assert pages.bare(form.name) in read

    def test_is_as_large_as_its_form(self) -> None:
        pdf = a_press().calibration(a_form(width=297.0, height=420.0), look=a_look("BW"), at=self.AT)
        assert [round(side) for side in pages.size(pdf)] == [1, 297, 420]
        assert pages.bare("across (257)") in pages.flowing(pdf)

    def test_carries_nothing_and_says_nothing_of_any_certificate(self) -> None:
        pdf = a_press().calibration(a_form(), look=a_look("BW"), at=self.AT)
        assert attached(pdf) == {}
        assert codes(pdf) == []
