"""Each way in which a certificate cannot be one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from macle.scheme import certificates
from macle.scheme.certificates import (
    Certificate,
    CertificateKind,
    CertificateMalformed,
    Line,
    Origin,
    OriginKind,
    Party,
    ProfileReference,
    Reference,
    Validation,
    ValidationKind,
)
from macle.scheme.terms import Carats, CertificateNumber, CountryCode, HSCode, ParticipantCode, USDollars
from tests.support.signed import a_full_certificate, a_small_certificate

LINE = Line(HSCode.NON_INDUSTRIAL, Carats(100), USDollars(100))
LONG = "x" * (certificates.LONGEST_TEXT + 1)
UNPRINTABLE = ["", LONG, " x", "x ", "a\nb", "a\tb", "a\x00b", "a\u202eb", "a\u200bb", "a\u2028b", "\ud800"]
NUMBER = CertificateNumber(ParticipantCode("BW"), "1")


def place_of_refusal(**changes: Any) -> str:
    with pytest.raises(CertificateMalformed) as raised:
        a_small_certificate(**changes)
    return raised.value.where


def codes(*names: str) -> tuple[CountryCode, ...]:
    return tuple(CountryCode(name) for name in names)


class TestCertificate:
    def test_adds_up_its_lines_exactly(self) -> None:
        certificate = a_full_certificate()
        assert certificate.carat_weight == Carats(1_840_275 + 905_050 + 1_220_480)
        assert certificate.value == USDollars(121_254_000 + 6_120_550 + 261_892_275)
        assert certificate.issuer == "BW"

    @pytest.mark.parametrize("field", ["office", "issuing_authority"])
    @pytest.mark.parametrize("text", UNPRINTABLE)
    def test_has_names_that_can_be_printed(self, field: str, text: str) -> None:
        assert place_of_refusal(**{field: text}) == field

    @pytest.mark.parametrize("lines", [(), (LINE, LINE), (LINE, replace(LINE, carats=Carats(5)))])
    def test_has_one_line_for_each_heading(self, lines: tuple[Line, ...]) -> None:
        assert place_of_refusal(lines=lines) == "lines"

    @pytest.mark.parametrize("most", [{"carats": Carats(Carats.limit - 1)}, {"value": USDollars(USDollars.limit - 1)}])
    def test_does_not_add_up_to_more_than_a_quantity_holds(self, most: dict[str, Any]) -> None:
        lines = tuple(replace(LINE, hs=hs, **most) for hs in (HSCode.UNSORTED, HSCode.INDUSTRIAL))
        assert a_small_certificate(lines=lines[:1]).lines == lines[:1]
        assert place_of_refusal(lines=lines) == "lines"

    @pytest.mark.parametrize("parcels", [0, -1, certificates.MOST_PARCELS + 1, True, "1", 1.0])
    def test_has_at_least_one_parcel_and_not_too_many(self, parcels: object) -> None:
        assert place_of_refusal(parcels=parcels) == "parcels"

    @pytest.mark.parametrize(
        "seals",
        [(), ("A", "A"), ("",), ("x" * 33,), (" A",), ("A\n",), tuple(f"S{number}" for number in range(13))],
    )
    def test_has_one_to_twelve_seals_that_differ(self, seals: tuple[str, ...]) -> None:
        assert place_of_refusal(container_seals=seals) == "container_seals"

    @pytest.mark.parametrize("digest", [b"", bytes(31), bytes(33)])
    def test_names_the_full_record_by_a_whole_digest(self, digest: bytes) -> None:
        assert place_of_refusal(record_digest=digest) == "record_digest"

    @pytest.mark.parametrize("index", [-1, 2**32, True, "1"])
    def test_has_a_status_index_of_32_bits(self, index: object) -> None:
        assert place_of_refusal(status_index=index) == "status_index"

    def test_says_what_it_replaces_if_it_is_a_replacement(self) -> None:
        assert place_of_refusal(kind=CertificateKind.REPLACEMENT) == "refers_to"
        replacing = a_small_certificate(kind=CertificateKind.REPLACEMENT, refers_to=Reference(NUMBER))
        assert replacing.refers_to == Reference(NUMBER)


class TestExpiry:
    """The printed day ends somewhere between UTC+14 and UTC-12."""

    DAY = date(2027, 1, 1)
    MIDNIGHT = datetime(2027, 1, 1, tzinfo=UTC)

    def issued(self, instant: datetime) -> Certificate:
        return a_small_certificate(date_of_expiry=self.DAY, expires_at=instant)

    @given(st.integers(10 * 3600, 36 * 3600))
    def test_is_the_end_of_the_printed_day_in_some_zone(self, seconds: int) -> None:
        instant = self.MIDNIGHT + timedelta(seconds=seconds)
        assert self.issued(instant).expires_at == instant

    @pytest.mark.parametrize("seconds", [10 * 3600 - 1, 36 * 3600 + 1, 0, -86400, 86400 * 30])
    def test_is_refused_where_the_day_ends_then_in_no_zone(self, seconds: int) -> None:
        with pytest.raises(CertificateMalformed) as raised:
            self.issued(self.MIDNIGHT + timedelta(seconds=seconds))
        assert raised.value.where == "date_of_expiry"

    def test_is_the_same_instant_in_whatever_zone_it_is_given(self) -> None:
        east = datetime.fromisoformat("2027-01-02T00:00:00+14:00")
        assert self.issued(east).expires_at == datetime(2027, 1, 1, 10, tzinfo=UTC)


class TestParty:
    @pytest.mark.parametrize("field", ["name", "town"])
    @pytest.mark.parametrize("text", UNPRINTABLE)
    def test_has_a_name_and_a_town(self, field: str, text: str) -> None:
        fields = {"name": "Example Ltd", "town": "Kimberley", "country": CountryCode("ZA"), "licence": "1"}
        with pytest.raises(CertificateMalformed) as raised:
            Party(**(fields | {field: text}))  # type: ignore[arg-type]
        assert raised.value.where == field

    @pytest.mark.parametrize("field", ["licence", "latin_name"])
    @pytest.mark.parametrize("text", UNPRINTABLE[1:])
    def test_may_lack_a_licence_and_a_latin_name_but_not_have_a_bad_one(self, field: str, text: str) -> None:
        party = Party("Example Ltd", "Kimberley", CountryCode("ZA"), "")
        with pytest.raises(CertificateMalformed) as raised:
            replace(party, **{field: text})  # type: ignore[arg-type]
        assert raised.value.where == field


class TestOrigin:
    @pytest.mark.parametrize(
        ("kind", "countries"),
        [
            (OriginKind.SINGLE, codes("BW")),
            (OriginKind.MIXED_LISTED, codes("AO", "BW")),
            (OriginKind.MIXED_LISTED, codes(*(f"A{letter}" for letter in "ABCDEFGHIJKL"))),
            (OriginKind.MIXED_UNDISCLOSED, ()),
        ],
    )
    def test_is_one_country_or_several_or_not_disclosed(
        self, kind: OriginKind, countries: tuple[CountryCode, ...]
    ) -> None:
        assert Origin(kind, countries).countries == countries

    @pytest.mark.parametrize(
        ("kind", "countries"),
        [
            (OriginKind.SINGLE, ()),
            (OriginKind.SINGLE, codes("AO", "BW")),
            (OriginKind.MIXED_LISTED, codes("AO")),
            (OriginKind.MIXED_LISTED, codes("AO", "AO")),
            (OriginKind.MIXED_LISTED, codes(*(f"A{letter}" for letter in "ABCDEFGHIJKLM"))),
            (OriginKind.MIXED_UNDISCLOSED, codes("AO")),
        ],
    )
    def test_is_refused_where_the_countries_do_not_fit_the_kind(
        self, kind: OriginKind, countries: tuple[CountryCode, ...]
    ) -> None:
        with pytest.raises(CertificateMalformed) as raised:
            Origin(kind, countries)
        assert raised.value.where == "origin"

    def test_has_an_area_that_can_be_printed_or_none(self) -> None:
        with pytest.raises(CertificateMalformed) as raised:
            Origin(OriginKind.SINGLE, codes("CF"), "Berberati\n")
        assert raised.value.where == "origin.area"


class TestValidation:
    @pytest.mark.parametrize(
        ("kind", "officials"),
        [
            (ValidationKind.ONE_OFFICIAL, ("a",)),
            (ValidationKind.TWO_OFFICIALS, ("a", "b")),
            (ValidationKind.SECOND_OFFICIAL_ELSEWHERE, ("a", "b", "c", "d")),
            (ValidationKind.CUSTOMS_REFERENCE, ()),
        ],
    )
    def test_names_the_officials_that_its_kind_needs(self, kind: ValidationKind, officials: tuple[str, ...]) -> None:
        assert Validation(kind, officials, "X20261102").officials == officials

    @pytest.mark.parametrize(
        ("kind", "officials"),
        [
            (ValidationKind.ONE_OFFICIAL, ()),
            (ValidationKind.TWO_OFFICIALS, ("a",)),
            (ValidationKind.TWO_OFFICIALS, ("a", "a")),
            (ValidationKind.SECOND_OFFICIAL_ELSEWHERE, ("a",)),
            (ValidationKind.ONE_OFFICIAL, ("a", "b", "c", "d", "e")),
            (ValidationKind.ONE_OFFICIAL, ("",)),
            (ValidationKind.ONE_OFFICIAL, ("a\n",)),
        ],
    )
    def test_is_refused_with_too_few_or_the_same_twice(self, kind: ValidationKind, officials: tuple[str, ...]) -> None:
        with pytest.raises(CertificateMalformed) as raised:
            Validation(kind, officials)
        assert raised.value.where == "validation.officials"

    def test_by_customs_has_a_reference(self) -> None:
        with pytest.raises(CertificateMalformed) as raised:
            Validation(ValidationKind.CUSTOMS_REFERENCE)
        assert raised.value.where == "validation.reference"


class TestReferences:
    @pytest.mark.parametrize("identity", [bytes(1), bytes(31), bytes(33)])
    def test_name_a_whole_identity_or_none(self, identity: bytes) -> None:
        assert Reference(NUMBER).identity == b""
        assert Reference(NUMBER, bytes(32)).identity == bytes(32)
        with pytest.raises(CertificateMalformed) as raised:
            Reference(NUMBER, identity)
        assert raised.value.where == "refers_to.identity"

    @pytest.mark.parametrize(
        ("version", "statement", "where"), [("", "en", "profile.version"), ("v", "", "profile.statement")]
    )
    def test_to_the_profile_are_not_empty(self, version: str, statement: str, where: str) -> None:
        with pytest.raises(CertificateMalformed) as raised:
            ProfileReference(version, statement)
        assert raised.value.where == where
