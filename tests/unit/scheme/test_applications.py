"""Applications as people send them: whatever is wrong is named with its place, and nothing is lost."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from macle.scheme import applications
from macle.scheme.applications import Application, ApplicationIncomplete, ApplicationMalformed, Problem
from macle.scheme.certificates import (
    Certificate,
    CertificateKind,
    CertificateMalformed,
    ConsentLevel,
    OriginKind,
    ProfileReference,
    ValidationKind,
)
from macle.scheme.terms import Carats, CertificateNumber, HSCode, USDollars

STATED: dict[str, Any] = {
    "participant": "AO",
    "office": "Luanda",
    "issuing_authority": "Example Diamond Office, Luanda",
    "kind": "replacement",
    "number": "AO00006001",
    "status_index": 1,
    "date_of_issuance": "2026-10-12",
    "date_of_expiry": "2026-12-11",
    "exporter": {
        "name": "Sociedade Mineira Fictícia S.A.",
        "latin_name": "Sociedade Mineira Ficticia S.A.",
        "address": "Avenida Fictícia 3\nLucapa",
        "town": "Lucapa",
        "country": "AO",
        "licence": "AO-EX-0013",
        "licence_valid_until": "2027-11-30",
    },
    "importer": {"name": "Fictieve Ruwe Stenen BV", "town": "Antwerp", "country": "BE"},
    "destination": "EU",
    "country_of_provenance": "AO",
    "origin": {"kind": "mixed_listed", "countries": ["AO", "BW"], "area": "North"},
    "lines": [
        {"hs": "7102.31", "carats": "3200.61", "value": "654908.81"},
        {"hs": "710210", "carats": 5, "value": "0.5"},
    ],
    "total_carats": "3205.61",
    "total_value": "654909.31",
    "parcels": "4",
    "container_seals": ["SOD 30010", "SOD 30011"],
    "not_conflict_diamonds": True,
    "synthetics_declared": "No",
    "sources": [{"kind": "production_record", "reference": "AO-PR-2026-7957", "carats": "2285.23"}],
    "independent_value": "650000",
    "government_value": "660000.10",
    "validation": {"kind": "two_officials", "officials": ["official-04", "official-08"], "reference": "R1"},
    "languages": ["en", "pt"],
    "refers_to": {"number": "AO 00005999", "identity": "0f" * 32},
}

MADE = {
    "validated_at": datetime(2026, 10, 12, 9, tzinfo=UTC),
    "expires_at": datetime(2026, 12, 11, 23, tzinfo=UTC),
    "consent_level": ConsentLevel.TOKEN,
    "profile": ProfileReference("ao-2026", "core-en"),
    "record_digest": bytes(32),
}


def with_field(path: str, value: object) -> dict[str, Any]:
    """Return what was stated with one field changed; the path is like lines[0].carats."""
    stated = copy.deepcopy(STATED)
    *way, last = path.replace("]", "").replace("[", ".").split(".")
    inside: Any = stated
    for part in way:
        inside = inside[int(part) if part.isdigit() else part]
    inside[int(last) if last.isdigit() else last] = value
    return stated


def one_problem(data: object) -> Problem:
    (problem,) = applications.read(data).unreadable
    return problem


class TestRead:
    def test_keeps_everything_that_was_stated(self) -> None:
        read = applications.read(STATED)
        assert read.unreadable == ()
        assert read.kind is CertificateKind.REPLACEMENT
        assert read.number == CertificateNumber.parse("AO00006001")
        assert read.date_of_expiry == date(2026, 12, 11)
        assert read.exporter is not None
        assert read.exporter.address == "Avenida Fictícia 3\nLucapa"
        assert read.exporter.licence_valid_until == date(2027, 11, 30)
        assert read.importer is not None
        assert read.importer.licence is None
        assert read.origin is not None
        assert (read.origin.kind, read.origin.countries) == (OriginKind.MIXED_LISTED, ("AO", "BW"))
        assert [line.hs for line in read.lines] == [HSCode.NON_INDUSTRIAL, HSCode.UNSORTED]
        assert [line.hs_text for line in read.lines] == ["7102.31", "710210"]
        assert read.carat_weight == Carats(320561)
        assert read.value == USDollars(65490931)
        assert (read.total_carats, read.total_value) == (read.carat_weight, read.value)
        assert read.parcels == 4
        assert read.synthetics_declared is False
        assert read.sources[0].carats == Carats(228523)
        assert read.validation is not None
        assert read.validation.kind is ValidationKind.TWO_OFFICIALS
        assert read.refers_to is not None
        assert read.refers_to.identity == b"\x0f" * 32

    def test_takes_null_and_empty_text_as_not_given(self) -> None:
        for name in STATED:
            for nothing in (None, ""):
                read = applications.read({**STATED, name: nothing})
                assert read.unreadable == ()
                assert getattr(read, name) in (None, ())

    def test_takes_an_empty_object_as_an_application_of_which_everything_is_missing(self) -> None:
        read = applications.read({})
        assert read == Application()
        assert read.carat_weight is None
        assert read.value is None

    @pytest.mark.parametrize("data", [[], "x", None, 5, b"{}"])
    def test_refuses_what_is_no_object_at_all(self, data: object) -> None:
        with pytest.raises(ApplicationMalformed):
            applications.read(data)

    @pytest.mark.parametrize(
        ("path", "value", "mend"),
        [
            ("participant", "ao", "Write two capital letters, such as BW."),
            ("office", " Luanda", "Give at most 120 printable characters, without spaces around them."),
            ("issuing_authority", "x" * 121, "Give at most 120 printable characters, without spaces around them."),
            ("issuing_authority", 5, "Give at most 120 printable characters, without spaces around them."),
            ("kind", "Standard", "Write one of: standard, technical, replacement."),
            ("kind", ["standard"], "Write one of: standard, technical, replacement."),
            ("number", "AO-1", "Write the issuer's two letters and its number, such as BW00004821."),
            ("status_index", "1.0", "Write digits only."),
            ("status_index", True, "Write digits only."),
            ("status_index", "٤", "Write digits only."),
            ("status_index", "1" * 13, "Write digits only."),
            ("date_of_issuance", "12.10.2026", "Write year, month and day: 2026-11-02."),
            ("date_of_issuance", "2026-02-30", "Write year, month and day: 2026-11-02."),
            ("date_of_issuance", "2026-W42-1", "Write year, month and day: 2026-11-02."),
            ("date_of_expiry", 20261211, "Write year, month and day: 2026-11-02."),
            ("exporter", "Sociedade", "Write { ... }."),
            ("exporter.name", "a\u202eb", "Give at most 120 printable characters, without spaces around them."),
            ("exporter.address", "x" * 401, "Give at most 400 printable characters."),
            ("exporter.address", "a\x00b", "Give at most 400 printable characters."),
            ("exporter.address", "\ud800", "Give at most 400 printable characters."),
            ("exporter.country", "Angola", "Write two capital letters, such as BW."),
            ("exporter.licence_valid_until", "2027", "Write year, month and day: 2026-11-02."),
            ("destination", "Eu", "Write two capital letters, such as BW."),
            ("country_of_provenance", 7, "Write two capital letters, such as BW."),
            ("origin", [], "Write { ... }."),
            ("origin.kind", "mixed", "Write one of: single, mixed_listed, mixed_undisclosed."),
            ("origin.countries", "AO", "Write [ ... ] with at most 500."),
            ("origin.countries[1]", "bw", "Write two capital letters, such as BW."),
            ("lines", {}, "Write [ ... ] with at most 500."),
            ("lines", [{}] * 501, "Write [ ... ] with at most 500."),
            ("lines[1]", "7102.31", "Write { ... }."),
            ("lines[0].hs", 7102.31, 'Write it as text: "7102.31".'),
            ("lines[0].hs", "x" * 121, 'Write it as text: "7102.31".'),
            ("lines[0].carats", 3200.61, 'Write digits, a point and two decimals, as text: "205.18".'),
            ("lines[0].carats", "3200.615", "Write 3200.61 or 3200.62, not 3200.615."),
            ("lines[0].value", "1,000.00", 'Write digits, a point and two decimals, as text: "205.18".'),
            ("total_carats", "-1", 'Write digits, a point and two decimals, as text: "205.18".'),
            ("total_value", "9" * 18, "Look for a slip of the point."),
            ("parcels", 4.0, "Write digits only."),
            ("container_seals[1]", "\n", "Give at most 120 printable characters, without spaces around them."),
            ("not_conflict_diamonds", 1, "Write true or false."),
            ("synthetics_declared", "maybe", "Write true or false."),
            ("sources[0].carats", "x", 'Write digits, a point and two decimals, as text: "205.18".'),
            (
                "validation.kind",
                1,
                "Write one of: one_official, two_officials, second_official_elsewhere, customs_reference.",
            ),
            ("validation.officials[0]", 4, "Give at most 120 printable characters, without spaces around them."),
            ("languages", "en", "Write [ ... ] with at most 500."),
            ("refers_to", {"identity": "0f" * 32}, 'Give its "number".'),
            ("refers_to.identity", "0F" * 32, "Write 64 hexadecimal digits."),
            ("refers_to.identity", "0f" * 31, "Write 64 hexadecimal digits."),
        ],
    )
    def test_names_each_field_that_it_cannot_read_and_how_to_mend_it(self, path: str, value: object, mend: str) -> None:
        stated = with_field(path, value)
        problem = one_problem(stated)
        assert (problem.where, problem.mend) == (path, mend)
        assert problem.what
        read = applications.read(stated)
        assert read.is_unreadable(path)
        assert read.is_unreadable(path.split(".", maxsplit=1)[0].split("[", maxsplit=1)[0])
        assert not read.is_unreadable(path[:-1])

    def test_loses_no_other_field_when_one_cannot_be_read(self) -> None:
        whole = applications.read(STATED)
        for name in STATED:
            read = applications.read({**STATED, name: object()})
            assert {problem.where for problem in read.unreadable} == {name}
            others = [other for other in STATED if other != name]
            assert [getattr(read, other) for other in others] == [getattr(whole, other) for other in others]

    def test_names_all_problems_at_once(self) -> None:
        stated = with_field("lines[0].carats", "x")
        stated["number"] = stated["parcels"] = "?"
        assert {problem.where for problem in applications.read(stated).unreadable} == {
            "number",
            "parcels",
            "lines[0].carats",
        }

    @pytest.mark.parametrize(
        ("path", "mend"),
        [
            ("exporters", "Did you mean exporter?"),
            ("exporter.lisence", "Did you mean licence?"),
            ("lines[0].carat", "Did you mean carats?"),
            ("validation.oficials", "Did you mean officials?"),
            ("sources[0].zzz", "Leave it out; known here: kind, reference, carats."),
        ],
    )
    def test_names_a_field_that_does_not_exist_and_the_nearest_that_does(self, path: str, mend: str) -> None:
        problem = one_problem(with_field(path, "x"))
        assert problem == Problem(path, "There is no such field.", mend)

    def test_keeps_a_heading_that_is_not_rough(self) -> None:
        read = applications.read(with_field("lines[0].hs", "7102.39"))
        assert read.unreadable == ()
        assert (read.lines[0].hs, read.lines[0].hs_text) == (None, "7102.39")

    @pytest.mark.parametrize("field", ["carats", "value"])
    def test_has_no_sum_while_a_part_is_missing(self, field: str) -> None:
        read = applications.read(with_field(f"lines[1].{field}", None))
        assert (read.carat_weight is None) is (field == "carats")
        assert (read.value is None) is (field == "value")

    def test_stays_short_and_quick_for_hostile_names_and_values(self) -> None:
        deep: Any = []
        for _ in range(10**5):
            deep = [deep]
        hostile = dict.fromkeys(STATED, deep) | {f"x{number}": 1 for number in range(10**5)} | {"y" * 10**6: 1}
        read = applications.read(hostile)
        assert len(read.unreadable) < 200
        assert all(len(problem.where + problem.what + problem.mend) < 1000 for problem in read.unreadable)
        assert read.unreadable[-1] == Problem("", "There are more fields that do not exist.", "Leave them out.")

    json_values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([*STATED, "hs", "carats"]), inner),
        max_leaves=12,
    )

    @given(st.dictionaries(st.sampled_from([*STATED, "nonsense"]), json_values))
    def test_reads_any_object_and_reports_or_keeps_each_field(self, stated: dict[str, Any]) -> None:
        read = applications.read(stated)
        for name, value in stated.items():
            given_nothing = value is None or value == ""
            kept = getattr(read, name, None) not in (None, ())
            assert given_nothing or kept or read.is_unreadable(name) or value == []


class TestToCertificate:
    def made(self, application: Application) -> Certificate:
        return applications.to_certificate(application, **MADE)  # type: ignore[arg-type]

    def test_makes_the_certificate_that_was_applied_for(self) -> None:
        certificate = self.made(applications.read(STATED))
        assert certificate.number == CertificateNumber.parse("AO00006001")
        assert certificate.exporter.licence == "AO-EX-0013"
        assert certificate.exporter.latin_name == "Sociedade Mineira Ficticia S.A."
        assert certificate.importer.licence == ""
        assert certificate.origin.countries == ("AO", "BW")
        assert certificate.carat_weight == Carats(320561)
        assert certificate.container_seals == ("SOD 30010", "SOD 30011")
        assert certificate.validation.officials == ("official-04", "official-08")
        assert certificate.refers_to is not None
        assert certificate.consent_level is ConsentLevel.TOKEN
        assert certificate.record_digest == bytes(32)

    @pytest.mark.parametrize(
        "path",
        [
            *("number", "kind", "office", "issuing_authority", "status_index", "date_of_issuance", "date_of_expiry"),
            *("exporter", "exporter.name", "exporter.town", "exporter.country", "importer", "importer.country"),
            *(
                "destination",
                "country_of_provenance",
                "origin",
                "origin.kind",
                "parcels",
                "validation",
                "validation.kind",
            ),
            *("lines[0].hs", "lines[1].carats", "lines[0].value"),
        ],
    )
    def test_refuses_while_a_needed_field_is_missing(self, path: str) -> None:
        with pytest.raises(ApplicationIncomplete) as raised:
            self.made(applications.read(with_field(path, None)))
        assert raised.value.where == path

    @pytest.mark.parametrize("path", ["exporter.licence", "exporter.latin_name", "origin.area", "validation.reference"])
    def test_leaves_empty_what_may_be_empty(self, path: str) -> None:
        assert self.made(applications.read(with_field(path, None))) == self.made(
            applications.read(with_field(path, ""))
        )

    def test_makes_nothing_of_what_cannot_be_a_certificate(self) -> None:
        application = applications.read(STATED)
        with pytest.raises(CertificateMalformed):
            self.made(replace(application, lines=(application.lines[0],) * 2))
