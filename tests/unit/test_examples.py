"""The examples are what their generator writes, can be read, and are what they say they are."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import unicodedata
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import pytest

from examples import build
from macle.scheme import applications
from macle.scheme.certificates import CertificateKind, ConsentLevel, OriginKind, ProfileReference, ValidationKind
from macle.scheme.terms import HSCode

EXAMPLES = Path(__file__).parents[2] / "examples"


FILES = build.files()

MISTAKES = {
    "third-decimal-and-polished": {"lines[0].carats"},
    "expired-before-issued": set(),
    "kenya": set(),
    "union": set(),
    "synthetics-and-balance": set(),
    "unreadable": {"date_of_issuance", "exportr", "origin.countries[0]", "origin.kind", "parcels", "total_value"},
}
"""What cannot even be read in each spoiled application; the other mistakes are for the rules."""


def nested(row: dict[str, str]) -> dict[str, Any]:
    """Return the application of a table's row, as examples/README.md says that it is to be read."""
    found: dict[str, Any] = {}
    for heading, cell in row.items():
        if cell:
            *path, name = re.split(r"\.", heading)
            place = found
            for step in path:
                part, _, index = step.rstrip("]").partition("[")
                place = place.setdefault(part, [] if index else {})
                if index:
                    items: Any = place
                    items += [{} for _ in range(int(index) + 1 - len(items))]
                    place = items[int(index)]
            whole = ".".join([*path[1:], name]) if path and "[" in path[0] else heading
            is_list = whole in {"container_seals", "languages", "origin.countries", "validation.officials"}
            place[name] = cell.split(";") if is_list else cell
    return found


def table(name: str) -> list[dict[str, Any]]:
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    return [nested(row) for row in csv.DictReader(io.StringIO(text, newline=""))]


def singles() -> dict[str, dict[str, Any]]:
    return {path.stem: json.loads(path.read_bytes()) for path in sorted((EXAMPLES / "applications").glob("*.json"))}


SOUND = [*singles().values(), *table("applications-500.csv")]


class TestGenerator:
    @pytest.mark.parametrize("name", FILES)
    def test_writes_each_file_as_it_is(self, name: str) -> None:
        assert (EXAMPLES / name).read_bytes() == FILES[name], "Run: python examples/build.py"

    @pytest.mark.parametrize("folder", ["applications", "applications-with-mistakes"])
    def test_leaves_no_other_file_in_its_folders(self, folder: str) -> None:
        there = {path.relative_to(EXAMPLES).as_posix() for path in (EXAMPLES / folder).iterdir()}
        assert there == {name for name in FILES if name.startswith(f"{folder}/")}

    def test_names_a_stand_in_wherever_a_price_is_not_published(self) -> None:
        for price in build.prices():
            assert (price.basis == "published") is bool(price.carats and price.usd)
            assert price.basis == "published" or price.basis.startswith("stand-in: ")

    def test_takes_published_prices_from_the_published_figures(self) -> None:
        (price,) = [each for each in build.prices() if (each.participant, each.year) == ("BW", "2020")]
        assert price.cents_a_carat == 2_521_363_106 * 100 // 16_940_705

    @pytest.mark.parametrize(("total", "shares"), [(10, [1, 1, 1]), (7, [100]), (0, [3, 2]), (10**12 + 1, [70, 30])])
    def test_shares_out_without_losing_anything(self, total: int, shares: list[int]) -> None:
        assert sum(build.shared_out(total, shares)) == total


class TestApplications:
    @pytest.mark.parametrize("name", singles())
    def test_each_file_can_be_read(self, name: str) -> None:
        assert applications.read(singles()[name]).unreadable == ()

    def test_each_row_can_be_read(self) -> None:
        rows = table("applications-500.csv")
        assert len(rows) == 500
        assert [each for each in map(applications.read, rows) if each.unreadable] == []

    def test_rows_are_the_applications_that_the_generator_drew(self) -> None:
        drawn = [applications.read(each) for each in build.many_applications()]
        assert [applications.read(row) for row in table("applications-500.csv")] == drawn

    def test_numbers_status_indexes_and_seals_are_unique(self) -> None:
        spoiled = [json.loads(data) for name, data in FILES.items() if "mistakes" in name]
        everything = [*SOUND, *table("one-bad-row.csv"), *spoiled]
        for key in (
            [each["number"] for each in everything],
            [(each["participant"], str(each["status_index"])) for each in everything],
            [seal for each in everything for seal in each.get("container_seals", [])],
        ):
            assert [value for value, count in Counter(key).items() if count > 1] == []

    def test_say_what_any_careful_exporter_says(self) -> None:
        for each in map(applications.read, SOUND):
            assert each.number is not None
            assert each.number.participant == each.participant == each.country_of_provenance != each.destination
            assert each.exporter is not None
            assert each.importer is not None
            assert (each.carat_weight, each.value) == (each.total_carats, each.total_value)
            assert all(line.hs and line.carats and line.value for line in each.lines)
            assert all(
                line.carats.hundredths and line.value.hundredths for line in each.lines if line.carats and line.value
            )
            assert len({line.hs for line in each.lines}) == len(each.lines)
            assert each.parcels
            assert each.container_seals
            assert each.not_conflict_diamonds is True
            assert each.synthetics_declared is False
            assert "en" in each.languages
            assert all(
                party.licence_valid_until and party.licence_valid_until.year == 2027
                for party in (each.exporter, each.importer)
            )
            shown = sum(source.carats.hundredths for source in each.sources if source.carats)
            assert shown >= (each.total_carats.hundredths if each.total_carats else 0) > 0
            for valuation in (each.government_value, each.independent_value):
                assert valuation is None or each.total_value is None or valuation <= each.total_value

    def test_each_becomes_a_certificate(self) -> None:
        for each in map(applications.read, SOUND):
            assert each.date_of_issuance is not None
            assert each.date_of_expiry is not None
            certificate = applications.to_certificate(
                each,
                validated_at=datetime.combine(each.date_of_issuance, time(9), UTC),
                expires_at=datetime.combine(each.date_of_expiry + timedelta(days=1), time(0), UTC),
                consent_level=ConsentLevel.PILOT,
                profile=ProfileReference("2026-01", "core"),
                record_digest=bytes(32),
            )
            assert (certificate.number, certificate.carat_weight) == (each.number, each.total_carats)

    def test_are_issued_in_their_weeks_and_expire_in_time(self) -> None:
        for each in map(applications.read, SOUND):
            assert each.date_of_issuance is not None
            assert each.date_of_expiry is not None
            assert date(2026, 10, 1) <= each.date_of_issuance <= date(2026, 11, 20)
            days = (each.date_of_expiry - each.date_of_issuance).days
            assert days == (59 if each.participant in {"EU", "CA"} else 60)

    def test_of_producers_name_their_own_country_as_the_only_origin(self) -> None:
        for each in map(applications.read, SOUND):
            assert each.origin is not None
            if build.issuers()[each.participant or ""].goods == "producer":
                assert each.origin.kind is OriginKind.SINGLE
                assert list(map(str, each.origin.countries)) == [str(each.participant)]

    def test_never_bring_undisclosed_or_russian_goods_where_the_origin_is_to_be_named(self) -> None:
        for each in map(applications.read, SOUND):
            assert each.origin is not None
            if each.destination in build.ORIGIN_NAMED_FOR:
                assert each.origin.countries
                assert "RU" not in each.origin.countries

    def test_are_validated_by_two_officials_or_by_a_customs_transaction(self) -> None:
        for each in map(applications.read, SOUND):
            assert each.validation is not None
            if each.participant == "US":
                assert each.validation.kind is ValidationKind.CUSTOMS_REFERENCE
                assert re.fullmatch(r"X[0-9]{14}", each.validation.reference or "")
            else:
                assert each.validation.kind is ValidationKind.TWO_OFFICIALS
                assert len(set(each.validation.officials)) == 2

    def test_scatter_prices_moderately_around_the_published_ones(self) -> None:
        ratios = []
        for each in map(applications.read, table("applications-500.csv")):
            assert each.total_carats is not None
            assert each.total_value is not None
            usual = median(price.cents_a_carat for price in build.prices() if price.participant == each.participant)
            ratios.append(each.total_value.hundredths * 100 / each.total_carats.hundredths / usual)
        assert 0.85 < median(ratios) < 1.15
        assert min(ratios) > 0.1
        assert max(ratios) < 10
        first, _, third = quantiles(ratios)
        assert third / first < 2.5

    def test_scatter_weights_widely_and_evenly_on_a_logarithmic_scale(self) -> None:
        logs = []
        for each in map(applications.read, table("applications-500.csv")):
            assert each.total_carats is not None
            usual = build.issuers()[each.participant or ""].shipment_carats
            logs.append(math.log(each.total_carats.hundredths / 100 / usual))
        first, middle, third = quantiles(logs)
        assert abs(middle) < 0.2
        assert 1 < third - first < 2
        assert abs((third - middle) - (middle - first)) < 0.3

    def test_are_industrial_where_goods_are_cheap(self) -> None:
        cheap = [each for each in map(applications.read, SOUND) if each.participant == "CD"]
        assert {line.hs for each in cheap for line in each.lines} == {HSCode.INDUSTRIAL, HSCode.NON_INDUSTRIAL}
        assert all(each.lines[0].hs is HSCode.INDUSTRIAL for each in cheap)

    def test_use_all_three_headings_kinds_of_origin_and_of_certificate(self) -> None:
        read = [applications.read(each) for each in SOUND]
        assert {line.hs for each in read for line in each.lines} == set(HSCode)
        assert {each.origin.kind for each in read if each.origin} == set(OriginKind)
        assert {each.kind for each in read} == set(CertificateKind)
        assert all(each.refers_to is not None for each in read if each.kind is not CertificateKind.STANDARD)

    @pytest.mark.parametrize(
        ("name", "script"),
        [
            ("full-arabic", "ARABIC"),
            ("united-arab-emirates", "ARABIC"),
            ("russian-federation", "CYRILLIC"),
            ("china", "CJK"),
            ("india", "DEVANAGARI"),
        ],
    )
    def test_write_names_in_their_own_script_and_in_latin(self, name: str, script: str) -> None:
        exporter = singles()[name]["exporter"]
        letters = [unicodedata.name(char) for char in exporter["name"] if char.isalpha()]
        assert all(letter.startswith(script) for letter in letters)
        assert exporter["latin_name"].isascii()

    def test_have_one_that_is_as_full_as_they_come(self) -> None:
        full = applications.read(singles()["full-arabic"])
        assert full.origin is not None
        assert (len(full.lines), len(full.container_seals), len(full.origin.countries)) == (3, 4, 2)
        assert full.exporter is not None
        assert full.importer is not None
        assert all(
            party.name and party.latin_name and not party.name.isascii() for party in (full.exporter, full.importer)
        )
        assert full.refers_to is not None


class TestMistakes:
    @pytest.mark.parametrize("name", MISTAKES)
    def test_what_cannot_be_read_is_named(self, name: str) -> None:
        data = json.loads(FILES[f"applications-with-mistakes/{name}.json"])
        assert {problem.where for problem in applications.read(data).unreadable} == MISTAKES[name]

    def test_every_spoiled_application_is_described(self) -> None:
        names = {Path(name).stem for name in FILES if name.startswith("applications-with-mistakes/")}
        page = (EXAMPLES / "README.md").read_text(encoding="utf-8")
        assert names == set(MISTAKES)
        assert [name for name in names if f"`{name}.json`" not in page] == []

    def test_spoiled_applications_are_spoiled_as_described(self) -> None:
        read = {
            name: applications.read(json.loads(FILES[f"applications-with-mistakes/{name}.json"])) for name in MISTAKES
        }
        polished = read["third-decimal-and-polished"]
        assert [(line.hs, line.hs_text) for line in polished.lines][1] == (None, "7102.39")
        early = read["expired-before-issued"]
        assert early.date_of_expiry is not None
        assert early.date_of_issuance is not None
        assert early.date_of_expiry < early.date_of_issuance
        assert (early.container_seals, early.parcels) == ((), 0)
        kenya = read["kenya"]
        assert (kenya.destination, kenya.not_conflict_diamonds) == ("KE", False)
        assert kenya.exporter is not None
        assert kenya.exporter.licence_valid_until == date(2026, 6, 30)
        union = read["union"]
        assert union.destination == union.participant == "EU"
        assert union.number is not None
        assert len(union.number.national) == 7
        assert union.date_of_issuance is not None
        assert union.date_of_expiry is not None
        assert union.date_of_expiry - union.date_of_issuance > timedelta(days=62)
        assert "en" not in union.languages
        synthetics = read["synthetics-and-balance"]
        assert synthetics.synthetics_declared is True
        assert [line.hs for line in synthetics.lines] == [HSCode.INDUSTRIAL, HSCode.INDUSTRIAL]
        assert synthetics.total_carats != synthetics.carat_weight

    def test_the_small_table_has_one_bad_row(self) -> None:
        rows = [applications.read(row) for row in table("one-bad-row.csv")]
        assert [[problem.where for problem in row.unreadable] for row in rows] == [[], [], ["lines[0].carats"], [], []]
        assert [bool(row.container_seals) for row in rows] == [True, True, False, True, True]
