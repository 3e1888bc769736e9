"""Annex I-A: what every certificate carries."""

from __future__ import annotations

from datetime import UTC, date, datetime

from macle.scheme import applications, rules
from macle.scheme.certificates import ProfileReference, Validation, ValidationKind
from macle.scheme.profiles import load as load_profiles
from macle.scheme.rules import Stage
from macle.scheme.terms import Carats, HSCode, USDollars
from tests.rules.cases import Case, of_application, of_validation, refused, table
from tests.support.builders import ISSUED, a_line, a_number, an_exporter, an_importer, an_issuing_setting

_READABLE = "application.readable"
_ORIGIN = "AnnexI.A.country-of-origin"
_PARTIES = "AnnexI.A.exporter-and-importer"
_OTHER_KIND = ValidationKind.SECOND_OFFICIAL_ELSEWHERE
_US = load_profiles().of("US", on=ISSUED)
_EU = load_profiles().of("EU", on=ISSUED)
_TWELVE = ["AO", "BW", "CA", "CD", "GH", "GN", "LR", "LS", "NA", "RU", "SL", "ZA"]

APPLICATION = [
    Case("a sound application", {}, ()),
    # What cannot be read is named once, and no rule asks for it again.
    Case("a third decimal", {"lines[0].carats": "205.185"}, (refused(_READABLE, "lines[0].carats"),)),
    Case("a date the wrong way round", {"date_of_issuance": "02/11/2026"}, (refused(_READABLE, "date_of_issuance"),)),
    Case("a last day that is no date", {"date_of_expiry": "soon"}, (refused(_READABLE, "date_of_expiry"),)),
    Case("parcels in words", {"parcels": "three"}, (refused(_READABLE, "parcels"),)),
    Case("a country as a word", {"origin.countries[0]": "Botswana"}, (refused(_READABLE, "origin.countries[0]"),)),
    Case("an unknown kind of origin", {"origin.kind": "mixed"}, (refused(_READABLE, "origin.kind"),)),
    Case("an exporter that is only a name", {"exporter": "Example Pan"}, (refused(_READABLE, "exporter"),)),
    Case("a line that is only a number", {"lines[0]": 205}, (refused(_READABLE, "lines[0]"),)),
    Case("lines that are no list", {"lines": "205.18"}, (refused(_READABLE, "lines"),)),
    Case("a seal that is a number", {"container_seals[0]": 30010}, (refused(_READABLE, "container_seals[0]"),)),
    Case("an unknown way of validating", {"validation.kind": "three"}, (refused(_READABLE, "validation.kind"),)),
    Case(
        "an official that is a number", {"validation.officials[0]": 7}, (refused(_READABLE, "validation.officials[0]"),)
    ),
    Case("a destination as a word", {"destination": "Europe"}, (refused(_READABLE, "destination"),)),
    Case("a number that is none", {"number": "four"}, (refused(_READABLE, "number"),)),
    Case("an authority over two lines", {"issuing_authority": "A\nB"}, (refused(_READABLE, "issuing_authority"),)),
    Case("a field that does not exist", {"exporter.nmae": "Example Pan"}, (refused(_READABLE, "exporter.nmae"),)),
    Case(
        "a misspelled field, and so a missing one",
        {"exporter.nmae": "Example Pan", "exporter.name": None},
        (refused(_READABLE, "exporter.nmae"), refused(_PARTIES, "exporter.name")),
    ),
    # Country of origin.
    Case("no origin", {"origin": None}, (refused(_ORIGIN, "origin.kind"),)),
    Case("no kind of origin", {"origin.kind": None}, (refused(_ORIGIN, "origin.kind"),)),
    Case(
        "no kind of origin, and a country that cannot be read",
        {"origin.kind": None, "origin.countries[0]": "Botswana"},
        (refused(_ORIGIN, "origin.kind"), refused(_READABLE, "origin.countries[0]")),
    ),
    Case("a single origin without its country", {"origin.countries": []}, (refused(_ORIGIN, "origin.countries"),)),
    Case("a single origin of two", {"origin.countries": ["BW", "ZA"]}, (refused(_ORIGIN, "origin.countries"),)),
    Case("one country listed", {"origin.kind": "mixed_listed"}, (refused(_ORIGIN, "origin.countries"),)),
    Case(
        "a country listed twice",
        {"origin": {"kind": "mixed_listed", "countries": ["BW", "ZA", "BW"]}},
        (refused(_ORIGIN, "origin.countries"),),
    ),
    Case("twelve countries listed", {"origin": {"kind": "mixed_listed", "countries": _TWELVE}}, ()),
    Case(
        "thirteen countries listed",
        {"origin": {"kind": "mixed_listed", "countries": [*_TWELVE, "TZ"]}},
        (refused(_ORIGIN, "origin.countries"),),
    ),
    Case(
        "an undisclosed origin that lists a country",
        {"origin.kind": "mixed_undisclosed", "destination": "IN"},
        (refused(_ORIGIN, "origin.countries"),),
        {"destination_profile": load_profiles().of("IN", on=ISSUED)},
    ),
    # Language.
    Case(
        "an Arabic name without a Latin one",
        {"importer.name": "شركة المثال"},
        (refused("AnnexI.A.language", "importer.latin_name"),),
    ),
    Case("an Arabic name with a Latin one", {"importer.name": "شركة المثال", "importer.latin_name": "Al Mithal"}, ()),
    Case(
        "a Latin name in Armenian",
        {"exporter.latin_name": "Օրինակ"},
        (refused("AnnexI.A.language", "exporter.latin_name"),),
    ),
    Case("a name with accents", {"exporter.name": "Société Exemplaire d'Été №1"}, ()),
    Case("a town in Chinese alone", {"importer.town": "上海"}, (refused("AnnexI.A.language", "importer.town"),)),
    Case("a town in Chinese and English", {"importer.town": "上海 · Shanghai"}, ()),
    Case("an office in Russian alone", {"office": "Мирный"}, (refused("AnnexI.A.language", "office"),)),
    Case("an authority in Russian and English", {"issuing_authority": "Пример · Example Office"}, ()),
    Case("Dutch without English", {"languages": ["nl"]}, (refused("AnnexI.A.language", "languages"),)),
    Case("Dutch and English", {"languages": ["nl", "en"]}, ()),
    Case("no language", {"languages": []}, ()),
    # Number.
    Case("no number yet", {"number": None}, ()),
    Case("another issuer's number", {"number": "ZA00004821"}, (refused("AnnexI.A.number", "number"),)),
    Case(
        "seven digits where the Union writes eight",
        {"number": "EU1234567", "participant": "EU", "destination": "IN"},
        (refused("AnnexI.A.number", "number"),),
        {"profile": _EU},
    ),
    Case(
        "a number that is taken",
        {},
        (refused("AnnexI.A.number-unique", "number"),),
        {"numbers_taken": {a_number("BW00004821")}},
    ),
    Case("the next number", {}, (), {"numbers_taken": {a_number("BW00004820")}}),
    # Dates.
    Case(
        "no date of issuance", {"date_of_issuance": None}, (refused("AnnexI.A.date-of-issuance", "date_of_issuance"),)
    ),
    Case("no date of issuance yet", {"date_of_issuance": None}, (), {"before_sealing": True}),
    Case("no date of expiry", {"date_of_expiry": None}, (refused("AnnexI.A.date-of-expiry", "date_of_expiry"),)),
    Case(
        "no date of expiry where the law sets one",
        {"date_of_expiry": None, "number": None, "participant": "EU", "destination": "IN"},
        (),
        {"profile": _EU},
    ),
    Case(
        "expiry on the day of issuance",
        {"date_of_expiry": "2026-11-02"},
        (refused("AnnexI.A.date-of-expiry", "date_of_expiry"),),
    ),
    Case("expiry on the next day", {"date_of_expiry": "2026-11-03"}, ()),
    # Authority.
    Case("no authority", {"issuing_authority": None}, (refused("AnnexI.A.issuing-authority", "issuing_authority"),)),
    Case("no office", {"office": None}, (refused("AnnexI.A.issuing-authority", "office"),)),
    Case("another Participant's", {"participant": "ZA"}, (refused("AnnexI.A.issuing-authority", "participant"),)),
    # Exporter and importer.
    Case("no name of the exporter", {"exporter.name": None}, (refused(_PARTIES, "exporter.name"),)),
    Case("no town of the exporter", {"exporter.town": None}, (refused(_PARTIES, "exporter.town"),)),
    Case("no country of the importer", {"importer.country": None}, (refused(_PARTIES, "importer.country"),)),
    Case(
        "no importer",
        {"importer": None},
        tuple(refused(_PARTIES, f"importer.{part}") for part in ("name", "town", "country")),
    ),
    # Weight, value, parcels, headings.
    Case("no weight", {"lines[1].carats": None}, (refused("AnnexI.A.carat-weight", "lines[1].carats"),)),
    Case(
        "a weight of nought",
        {"lines[1].carats": "0.00", "total_carats": "205.18"},
        (refused("AnnexI.A.carat-weight", "lines[1].carats"),),
    ),
    Case(
        "more carats than there are",
        {"lines[0].carats": "999999999.99"},
        (refused("AnnexI.A.carat-weight", "lines"),),
    ),
    Case("no value", {"lines[0].value": None}, (refused("AnnexI.A.value", "lines[0].value"),)),
    Case(
        "a value of nought",
        {"lines[0].value": "0", "total_value": "12500.50"},
        (refused("AnnexI.A.value", "lines[0].value"),),
    ),
    Case("a cent", {"lines[1].value": "0.01", "total_value": "41036.01"}, ()),
    Case("more dollars than there are", {"lines[0].value": "9999999999999.99"}, (refused("AnnexI.A.value", "lines"),)),
    Case("no number of parcels", {"parcels": None}, (refused("AnnexI.A.parcels", "parcels"),)),
    Case("no parcel", {"parcels": 0}, (refused("AnnexI.A.parcels", "parcels"),)),
    Case("one parcel with two headings", {"parcels": 1}, ()),
    Case("more parcels than a certificate counts", {"parcels": 1_000_001}, (refused("AnnexI.A.parcels", "parcels"),)),
    Case(
        "no lines",
        {"lines": [], "total_carats": None, "total_value": None},
        (refused("AnnexI.A.hs-code", "lines"),),
    ),
    Case("no heading", {"lines[0].hs": None}, (refused("AnnexI.A.hs-code", "lines[0].hs"),)),
    Case("worked diamonds", {"lines[0].hs": "7102.39"}, (refused("AnnexI.A.hs-code", "lines[0].hs"),)),
    Case("dust", {"lines[0].hs": "7105.10"}, (refused("AnnexI.A.hs-code", "lines[0].hs"),)),
    Case("a heading without its point", {"lines[0].hs": "710231"}, ()),
    Case("one heading twice", {"lines[1].hs": "7102.31"}, (refused("AnnexI.A.hs-code", "lines[1].hs"),)),
    Case(
        "all three headings",
        {
            "lines[2]": {"hs": "7102.10", "carats": "1.00", "value": "100.00"},
            "total_carats": "1206.18",
            "total_value": "53636.50",
            "sources[0].carats": "1206.18",
        },
        (),
    ),
    # Validation.
    Case("nobody says how", {"validation": None}, (refused("AnnexI.A.validation", "validation.kind"),)),
    Case("no kind of validation", {"validation.kind": None}, (refused("AnnexI.A.validation", "validation.kind"),)),
    Case(
        "one of two officials",
        {"validation.officials": ["official-01"]},
        (refused("AnnexI.A.validation", "validation.officials"),),
    ),
    Case(
        "the same official twice",
        {"validation.officials": ["official-01", "official-01"]},
        (refused("AnnexI.A.validation", "validation.officials"),),
    ),
    Case(
        "five officials",
        {"validation.officials": ["a", "b", "c", "d", "e"]},
        (refused("AnnexI.A.validation", "validation.officials"),),
    ),
    Case("nobody named", {"validation.officials": []}, (refused("AnnexI.A.validation", "validation.officials"),)),
    Case("nobody named yet", {"validation.officials": []}, (), {"before_sealing": True}),
    Case("one official", {"validation": {"kind": "one_official", "officials": ["official-01"]}}, ()),
    Case("a customs reference", {"validation": {"kind": "customs_reference", "reference": "X20261102000017"}}, ()),
    Case(
        "a customs reference without it",
        {"validation": {"kind": "customs_reference"}},
        (refused("AnnexI.A.validation", "validation.reference"),),
    ),
    Case(
        "a customs reference that comes later",
        {"validation": {"kind": "customs_reference"}},
        (),
        {"before_sealing": True},
    ),
    Case(
        "two officials where customs validate",
        {"participant": "US", "number": "US310401", "destination": "IN"},
        (refused("AnnexI.A.validation", "validation.kind"),),
        {"profile": _US},
    ),
]


@table(APPLICATION)
def test_an_application_says_what_a_certificate_must_carry(case: Case) -> None:
    of_application(case)


VALIDATION = [
    Case("a sound certificate", {}, ()),
    # The statement.
    Case(
        "a statement of nobody's",
        {"profile": ProfileReference("minima-1", "ca-en")},
        (refused("AnnexI.A.title-and-statement", "profile.statement"),),
    ),
    Case(
        "Canada's own statement",
        {
            "number": "CA00008001",
            "office": "Ottawa",
            "validated_at": datetime(2026, 11, 2, 15, 0, tzinfo=UTC),
            "profile": ProfileReference("CA-1", "ca-en"),
        },
        (),
    ),
    Case(
        "another profile than the one in force",
        {"profile": ProfileReference("BW-1", "core")},
        (refused("AnnexI.A.title-and-statement", "profile.version"),),
    ),
    # Language.
    Case(
        "an exporter in Russian",
        {"exporter": an_exporter(name="Пример")},
        (refused("AnnexI.A.language", "exporter.latin_name"),),
    ),
    Case("an exporter in Russian and English", {"exporter": an_exporter(name="Пример", latin_name="Primer")}, ()),
    Case(
        "an importer's town in Arabic",
        {"importer": an_importer(town="دبي")},
        (refused("AnnexI.A.language", "importer.town"),),
    ),
    Case(
        "an authority in Chinese",
        {"issuing_authority": "示例办公室"},
        (refused("AnnexI.A.language", "issuing_authority"),),
    ),
    Case("an office in Chinese", {"office": "上海"}, (refused("AnnexI.A.language", "office"),)),
    # Number.
    Case(
        "another issuer's number",
        {"number": "ZA00004821", "profile": ProfileReference("minima-1", "core")},
        (refused("AnnexI.A.number", "number"),),
        {"profile": load_profiles().of("BW", on=ISSUED)},
    ),
    Case(
        "a number with a letter in the United States",
        {
            "number": "US31040A",
            "office": "New York",
            "validation": Validation(ValidationKind.CUSTOMS_REFERENCE, (), "X20261102000017"),
            "validated_at": datetime(2026, 11, 2, 15, 0, tzinfo=UTC),
        },
        (refused("AnnexI.A.number", "number"),),
    ),
    Case("a number that is taken", {}, (refused("AnnexI.A.number-unique", "number"),), {"numbers_taken": {a_number()}}),
    # Dates.
    Case(
        "dated the day before",
        {"date_of_issuance": date(2026, 11, 1), "validated_at": datetime(2026, 11, 2, 9, 30, tzinfo=UTC)},
        (refused("AnnexI.A.date-of-issuance", "date_of_issuance"),),
        {"on": ISSUED},
    ),
    Case(
        "validated after midnight at the office",
        {"validated_at": datetime(2026, 11, 2, 22, 0, tzinfo=UTC)},
        (refused("AnnexI.A.date-of-issuance", "validated_at"),),
    ),
    Case(
        "validated just before midnight at the office",
        {"validated_at": datetime(2026, 11, 2, 21, 59, 59, tzinfo=UTC)},
        (),
    ),
    Case(
        "expires on the day of issuance",
        {"date_of_expiry": ISSUED},
        (refused("AnnexI.A.date-of-expiry", "date_of_expiry"),),
    ),
    Case(
        "expires an hour before the day ends",
        {"expires_at": datetime(2027, 1, 1, 21, 0, tzinfo=UTC)},
        (refused("AnnexI.A.date-of-expiry", "expires_at"),),
    ),
    # Weight and value.
    Case(
        "a line of nought carats",
        {"lines": (a_line(), a_line(HSCode.INDUSTRIAL, carats="0.00"))},
        (refused("AnnexI.A.carat-weight", "lines[1].carats"),),
    ),
    Case(
        "a line of nought dollars",
        {"lines": (a_line(value="0.00"), a_line(HSCode.INDUSTRIAL))},
        (refused("AnnexI.A.value", "lines[0].value"),),
    ),
    # Validation.
    Case(
        "one official where customs validate",
        {
            "number": "US310401",
            "office": "New York",
            "validation": Validation(ValidationKind.ONE_OFFICIAL, ("official-01",)),
            "validated_at": datetime(2026, 11, 2, 15, 0, tzinfo=UTC),
        },
        (refused("AnnexI.A.validation", "validation.kind"),),
    ),
    Case("a second official elsewhere", {"validation": Validation(_OTHER_KIND, ("official-01", "official-02"))}, ()),
]


@table(VALIDATION)
def test_a_certificate_carries_what_it_must(case: Case) -> None:
    of_validation(case)


class TestManyLines:
    def test_five_hundred_lines_at_the_limit_are_refused_and_break_nothing(self) -> None:
        lines = [{"hs": "7102.31", "carats": str(Carats(10**11 - 1)), "value": str(USDollars(10**15 - 1))}] * 500
        case = Case(
            "the most that can be read",
            {"lines": lines},
            (
                *(refused("AnnexI.A.hs-code", f"lines[{index}].hs") for index in range(1, 500)),
                refused("AnnexI.A.carat-weight", "lines"),
                refused("AnnexI.A.value", "lines"),
            ),
        )
        of_application(case)

    def test_many_sources_at_the_limit_cover_any_weight(self) -> None:
        of_application(Case("plenty", {"sources": [{"carats": "999999999.99"}] * 500}, ()))


class TestEveryBreachAtOnce:
    def test_an_empty_application_names_all_that_is_missing(self) -> None:
        breaches = rules.check(stage=Stage.APPLICATION, subject=applications.read({}), setting=an_issuing_setting())
        assert [each.where for each in breaches] == [
            "origin.kind",
            "date_of_issuance",
            "date_of_expiry",
            "participant",
            "issuing_authority",
            "office",
            "exporter.name",
            "exporter.town",
            "exporter.country",
            "importer.name",
            "importer.town",
            "importer.country",
            "parcels",
            "lines",
            "validation.kind",
            "country_of_provenance",
            "container_seals",
            "not_conflict_diamonds",
            "kind",
            "destination",
        ]
