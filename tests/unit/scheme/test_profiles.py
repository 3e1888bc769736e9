from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from macle import errors
from macle.scheme import certificates, participants, profiles
from macle.scheme.certificates import ValidationKind
from macle.scheme.profiles import (
    BalancePolicy,
    CorrectionPolicy,
    DayKind,
    InspectionPolicy,
    LegalProfile,
    OriginPolicy,
    ProfileMalformed,
    Profiles,
    ProhibitionScope,
    Tolerance,
    Validity,
    Zones,
)
from macle.scheme.terms import Carats, ParticipantCode

TODAY = date(2026, 11, 23)
KNOWN = profiles.load()
CODES = sorted(participant.code for participant in participants.load())

days = st.dates(min_value=date(2003, 1, 1), max_value=date(2035, 12, 31))


def the_profile(code: str, on: date = TODAY) -> LegalProfile:
    return KNOWN.of(code, on=on)


def validity_of(code: str) -> Validity:
    validity = the_profile(code).validity
    assert validity is not None
    return validity


def a_table(**fields: object) -> dict[str, Any]:
    """Return a whole table of the fictitious Participant XA: sourced where it must be, a note elsewhere."""
    needed: dict[str, Any] = {
        "four_eyes": {"value": True, "source": "Act 1"},
        "retention_years": {"value": 3, "source": "Act 1"},
        "confirmation": {"by": "importing_authority", "to": "exporting_authority", "source": "Act 1"},
        "origin_policy": {"value": "mixed_may_be_undisclosed", "source": "Act 1"},
        "balance_policy": {"value": "hold", "source": "Act 1"},
        "requires_licence": {"value": False, "source": "Act 1"},
        "stock_declaration": {"value": False, "source": "Act 1"},
    }
    named = {field.name for field in dataclasses.fields(LegalProfile)}
    unknown = named - needed.keys() - fields.keys() - {"participant", "version", "effective", "sources", "notes"}
    notes = [{"field": name, "text": "Not known.", "source": "nobody asked"} for name in sorted(unknown)]
    head = {"participant": "XA", "version": "XA-1", "effective": date(2003, 1, 1)}
    return {**head, **needed, "notes": notes, **fields}


def read(**fields: object) -> LegalProfile:
    return profiles.read(a_table(**fields), zones=Zones("Etc/UTC"))


class TestValidity:
    @pytest.mark.parametrize(
        ("issued", "last"),
        [
            (date(2026, 12, 31), date(2027, 2, 28)),
            (date(2027, 12, 31), date(2028, 2, 29)),
            (date(2026, 12, 30), date(2027, 2, 28)),
            (date(2026, 12, 29), date(2027, 2, 28)),
            (date(2026, 12, 28), date(2027, 2, 28)),
            (date(2027, 12, 29), date(2028, 2, 29)),
            (date(2027, 12, 28), date(2028, 2, 28)),
            (date(2026, 7, 31), date(2026, 9, 30)),
            (date(2026, 8, 31), date(2026, 10, 31)),
            (date(2026, 4, 30), date(2026, 6, 30)),
            (date(2026, 1, 31), date(2026, 3, 31)),
            (date(2026, 2, 28), date(2026, 4, 28)),
            (date(2026, 11, 1), date(2027, 1, 1)),
        ],
    )
    def test_of_the_union_is_two_months_to_the_end_of_a_shorter_one(self, issued: date, last: date) -> None:
        assert validity_of("EU").latest_expiry(issued) == last

    @pytest.mark.parametrize(
        ("issued", "last"),
        [
            (date(2026, 1, 1), date(2026, 3, 2)),
            (date(2028, 1, 1), date(2028, 3, 1)),
            (date(2026, 11, 2), date(2027, 1, 1)),
        ],
    )
    def test_of_canada_is_sixty_days_not_counting_the_first(self, issued: date, last: date) -> None:
        assert validity_of("CA").latest_expiry(issued) == last
        assert (last - issued).days == 60

    def test_ends_a_day_earlier_where_the_first_day_counts(self) -> None:
        assert Validity(None, 60, True, "Act 1").latest_expiry(date(2026, 1, 1)) == date(2026, 3, 1)
        assert Validity(1, None, True, "Act 1").latest_expiry(date(2026, 1, 1)) == date(2026, 1, 31)

    @pytest.mark.parametrize("code", ["GB", "IN", "AE", "ZA", "US", "CN", "CH"])
    def test_that_nobody_verified_is_a_note_and_no_rule(self, code: str) -> None:
        profile = the_profile(code)

        assert profile.validity is None
        assert any(note.field == "validity" for note in profile.notes)

    @given(days)
    def test_in_months_never_leaves_the_second_month(self, issued: date) -> None:
        last = validity_of("EU").latest_expiry(issued)

        assert (last.year * 12 + last.month) - (issued.year * 12 + issued.month) == 2
        assert last.day == issued.day or (last + timedelta(days=1)).day == 1

    @pytest.mark.parametrize("code", ["EU", "CA"])
    def test_ends_with_the_calendar_at_the_latest(self, code: str) -> None:
        assert validity_of(code).latest_expiry(date.max) == date.max


class TestEndOf:
    def test_a_canadian_day_is_at_midnight_of_greenwich_whatever_the_office(self) -> None:
        canada = the_profile("CA")
        end = canada.end_of(date(2026, 7, 1), office="Ottawa")

        assert end == datetime(2026, 7, 2, 0, 0, tzinfo=UTC)
        assert canada.end_of(date(2026, 7, 1), office="") == end

    @pytest.mark.parametrize(
        ("instant", "in_date"),
        [
            (datetime(2026, 3, 2, 23, 59, 59, tzinfo=UTC), True),
            (datetime(2026, 3, 3, 0, 0, 0, tzinfo=UTC), False),
            (datetime(2026, 3, 2, 18, 59, 59, tzinfo=ZoneInfo("America/Toronto")), True),
            (datetime(2026, 3, 2, 19, 0, 0, tzinfo=ZoneInfo("America/Toronto")), False),
        ],
    )
    def test_sixty_canadian_days_is_that_instant_and_not_one_before(self, instant: datetime, in_date: bool) -> None:
        canada = the_profile("CA")
        last = validity_of("CA").latest_expiry(date(2026, 1, 1))

        assert (instant < canada.end_of(last, office="Ottawa")) is in_date

    @pytest.mark.parametrize(
        ("code", "office", "day", "end"),
        [
            ("EU", "Antwerp", date(2026, 1, 15), "2026-01-15T23:00:00+00:00"),
            ("EU", "Antwerp", date(2026, 3, 28), "2026-03-28T23:00:00+00:00"),
            ("EU", "Antwerp", date(2026, 3, 29), "2026-03-29T22:00:00+00:00"),
            ("EU", "Antwerp", date(2026, 10, 24), "2026-10-24T22:00:00+00:00"),
            ("EU", "Antwerp", date(2026, 10, 25), "2026-10-25T23:00:00+00:00"),
            ("EU", "Lisbon", date(2026, 1, 15), "2026-01-16T00:00:00+00:00"),
            ("EU", "Bucharest", date(2026, 1, 15), "2026-01-15T22:00:00+00:00"),
            ("US", "", date(2026, 3, 7), "2026-03-08T05:00:00+00:00"),
            ("US", "", date(2026, 3, 8), "2026-03-09T04:00:00+00:00"),
            ("IN", "Mumbai", date(2026, 1, 15), "2026-01-15T18:30:00+00:00"),
            ("CN", "Hong Kong", date(2026, 1, 15), "2026-01-15T16:00:00+00:00"),
            ("GB", "", date(2026, 7, 1), "2026-07-01T23:00:00+00:00"),
            # In Beirut the clocks go forward at midnight: there is no 00:00 on 29 March 2026.
            ("LB", "", date(2026, 3, 28), "2026-03-28T22:00:00+00:00"),
        ],
    )
    def test_a_day_is_its_midnight_in_the_zone_of_the_office(self, code: str, office: str, day: date, end: str) -> None:
        assert the_profile(code).end_of(day, office=office) == datetime.fromisoformat(end)

    def test_the_last_day_of_the_calendar_is_the_end_of_time(self) -> None:
        assert the_profile("BW").end_of(date.max, office="").year == 9999

    @given(st.sampled_from([code for code in CODES if code != "CA"]), days)
    def test_a_day_is_where_the_next_one_begins(self, code: str, day: date) -> None:
        profile = the_profile(code)
        end = profile.end_of(day, office="")

        assert end.tzinfo is UTC
        assert profile.day_of(end - timedelta(seconds=1), office="") == day
        assert profile.day_of(end, office="") == day + timedelta(days=1)

    @given(st.sampled_from(CODES), days)
    def test_fits_what_a_certificate_takes_for_the_end_of_its_day(self, code: str, day: date) -> None:
        certificates._ends_its_day(the_profile(code).end_of(day, office=""), day)


class TestDayOf:
    @pytest.mark.parametrize(
        ("code", "office", "day"),
        [
            ("EU", "Antwerp", date(2026, 1, 16)),
            ("EU", "Lisbon", date(2026, 1, 15)),
            ("CA", "Ottawa", date(2026, 1, 15)),
            ("CN", "Hong Kong", date(2026, 1, 16)),
        ],
    )
    def test_is_the_calendar_on_the_wall_of_the_office(self, code: str, office: str, day: date) -> None:
        assert the_profile(code).day_of(datetime(2026, 1, 15, 23, 30, tzinfo=UTC), office=office) == day


class TestZone:
    @pytest.mark.parametrize(
        ("code", "office", "zone"),
        [
            ("EU", "Antwerp", "Europe/Brussels"),
            ("EU", "Prague", "Europe/Prague"),
            ("EU", "Idar-Oberstein", "Europe/Berlin"),
            ("EU", "Dublin", "Europe/Dublin"),
            ("EU", "Torino", "Europe/Rome"),
            ("EU", "Lisbon", "Europe/Lisbon"),
            ("EU", "Bucharest", "Europe/Bucharest"),
            ("EU", "LISBON", "Europe/Lisbon"),
            ("EU", "", "Europe/Brussels"),
            ("EU", "Elsewhere", "Europe/Brussels"),
            ("EU", "Lis", "Europe/Brussels"),
            ("CN", "", "Asia/Shanghai"),
            ("CN", "Hong Kong", "Asia/Hong_Kong"),
            ("CN", "Hong Kong SAR (Trade and Industry Department)", "Asia/Hong_Kong"),
            ("KE", "", "Etc/UTC"),
        ],
    )
    def test_is_the_offices_own_and_else_that_of_the_seat(self, code: str, office: str, zone: str) -> None:
        assert the_profile(code).zone(office).key == zone

    @pytest.mark.parametrize("code", CODES)
    def test_is_known_of_every_participant_and_noted_as_configuration(self, code: str) -> None:
        profile = the_profile(code)

        assert profile.zones.seat != "Etc/UTC"
        assert any(note.field == "zones" and "not law" in note.text for note in profile.notes)


class TestListing:
    @pytest.mark.parametrize(
        ("on", "listed"),
        [
            (date(2024, 12, 15), False),
            (date(2025, 3, 5), False),
            (date(2025, 3, 6), True),
            (TODAY, True),
        ],
    )
    def test_of_the_united_states_lags_behind_for_uzbekistan(self, on: date, listed: bool) -> None:
        standing = participants.load().standing("UZ", on=on)
        listing = the_profile("US").listing("UZ", on=on)

        assert standing.may_trade is True
        assert listing.on_list is listed
        assert listing.list_name == "Federal Register notice"
        assert "2025-03623" in listing.source

    def test_says_that_the_standing_is_followed_where_no_difference_is_known(self) -> None:
        listing = the_profile("US").listing("BW", on=TODAY)

        assert listing.on_list is None
        assert listing.list_name == "Federal Register notice"
        assert "standing" in listing.source

    def test_says_so_where_no_own_list_is_known(self) -> None:
        listing = the_profile("BW").listing("UZ", on=TODAY)

        assert listing.on_list is None
        assert listing.list_name == ""
        assert "standing is followed" in listing.source

    def test_ends_with_the_last_day_of_its_entry(self) -> None:
        entry = {"participant": "XB", "until": date(2020, 1, 1), "source": "Notice 2"}
        profile = read(national_list={"name": "Gazette", "source": "Act 1", "entries": [entry]})

        assert profile.listing("XB", on=date(2019, 12, 31)).on_list is True
        assert profile.listing("XB", on=date(2020, 1, 1)).on_list is False


class TestProhibitions:
    def test_the_union_asks_for_listed_origins_at_first_import_from_march_2025(self) -> None:
        union = the_profile("EU")

        assert union.prohibitions_on(date(2025, 2, 28)) == ()
        (prohibition,) = union.prohibitions_on(date(2025, 3, 1))
        assert prohibition.kind == "mixed_origin_must_be_listed"
        assert prohibition.scope is ProhibitionScope.FIRST_IMPORT
        assert "AWDC" in prohibition.source

    def test_end_before_the_day_on_which_they_end(self) -> None:
        entry = {
            "id": "x",
            "kind": "mixed_origin_must_be_listed",
            "effective": date(2020, 1, 1),
            "until": date(2021, 1, 1),
            "scope": "first_import",
            "text": "List them.",
            "source": "Act 2",
        }
        profile = read(prohibitions={"list": [entry], "source": "Act 2"})

        assert profile.prohibitions_on(date(2020, 12, 31))
        assert not profile.prohibitions_on(date(2021, 1, 1))


class TestNumbers:
    @pytest.mark.parametrize(
        ("code", "national", "fits"),
        [
            ("EU", "12345678", True),
            ("EU", "1234567", False),
            ("EU", "123456789", False),
            ("EU", "1234567A", False),
            ("US", "1", True),
            ("US", "100345", True),
            ("US", "A100345", False),
            ("SL", "004821/15", True),
        ],
    )
    def test_are_written_as_their_participant_writes_them(self, code: str, national: str, fits: bool) -> None:
        assert the_profile(code).number_fits(national) is fits


class TestTolerance:
    @pytest.mark.parametrize(
        ("hundredths", "basis_points", "measured", "covered"),
        [
            (5, None, 10_005, True),
            (5, None, 9_995, True),
            (5, None, 10_006, False),
            (None, 10, 10_010, True),
            (None, 10, 10_011, False),
            (5, 10, 10_010, True),
            (20, 10, 10_020, True),
            (20, 10, 10_021, False),
            (None, None, 10_000, False),
        ],
    )
    def test_covers_what_is_within_either_figure(
        self, hundredths: int | None, basis_points: int | None, measured: int, covered: bool
    ) -> None:
        tolerance = Tolerance(hundredths, basis_points, "Act 1")

        assert tolerance.covers(declared=Carats(10_000), measured=Carats(measured)) is covered

    @pytest.mark.parametrize("code", CODES)
    def test_is_none_for_every_participant_as_no_figure_is_known(self, code: str) -> None:
        assert the_profile(code).tolerance is None


class TestOf:
    def test_answers_with_the_profile_of_the_day(self) -> None:
        assert the_profile("IN", date(2021, 11, 21)).version == "IN-1"
        assert the_profile("IN", date(2021, 11, 22)).version == "IN-2"
        assert not the_profile("IN", date(2021, 11, 21)).requires_licence
        assert the_profile("IN", date(2021, 11, 22)).requires_licence

    def test_a_later_profile_keeps_what_it_does_not_change(self) -> None:
        assert the_profile("IN").corrections == (CorrectionPolicy.ENDORSEMENT_AT_IMPORT,)
        assert the_profile("IN").technical_certificates is True

    @pytest.mark.parametrize(("code", "on"), [("BW", TODAY), ("KE", TODAY), ("GB", date(2020, 6, 1)), ("BW", date.min)])
    def test_answers_with_the_minima_where_there_is_no_own_profile(self, code: str, on: date) -> None:
        profile = the_profile(code, on)

        assert profile.version == "minima-1"
        assert profile.participant == code
        assert profile.retention_years == 3
        assert profile.balance_policy is BalancePolicy.HOLD
        assert profile.validation_kinds == ()
        assert len(profile.notes) > 20

    def test_of_what_was_read_in_the_laws(self) -> None:
        assert the_profile("EU").inspection is InspectionPolicy.EACH_OR_RISK_BASED
        assert the_profile("US").validation_kinds == (ValidationKind.CUSTOMS_REFERENCE,)
        assert the_profile("US").retention_years == 5
        assert the_profile("US").origin_policy is OriginPolicy.MIXED_IS_UNDISCLOSED
        assert the_profile("CA").corrections == (CorrectionPolicy.REPLACEMENT_BEFORE_EXPORT,)
        assert the_profile("CN", date(2024, 9, 1)).corrections == (CorrectionPolicy.ENDORSEMENT_AT_IMPORT,)
        assert the_profile("CN", date(2024, 8, 31)).corrections == ()
        assert the_profile("CH").fees == ("CHF 50 for a certificate, supplied by SECO",)

    def test_confirmations_have_a_number_of_days_only_where_a_law_gives_one(self) -> None:
        american, european = the_profile("US").confirmation, the_profile("EU").confirmation

        assert (american.by, american.days, american.day_kind) == ("ultimate_consignee", 15, DayKind.CALENDAR)
        assert (european.by, european.days, european.day_kind) == ("importing_authority", None, None)

    def test_the_ten_working_days_of_the_union_are_a_clock_towards_the_importer(self) -> None:
        (clock,) = [clock for clock in the_profile("EU").clocks if clock.id == "copy-to-importer"]

        assert (clock.to, clock.days, clock.day_kind) == ("importer", 10, DayKind.WORKING)

    def test_two_profiles_of_one_participant_cannot_begin_on_one_day(self) -> None:
        with pytest.raises(ProfileMalformed, match="XA"):
            Profiles([read(), read()], minima=lambda _: read())

    @given(st.sampled_from([*CODES, "KE"]), st.dates())
    def test_always_answers(self, code: str, on: date) -> None:
        profile = the_profile(code, on)

        assert profile.participant == code
        assert profile.effective <= on or profile.version == "minima-1"


class TestPapers:
    """Every value has a source, or a note says that it is not verified."""

    @pytest.mark.parametrize("profile", [*KNOWN, KNOWN.of("BW", on=TODAY)], ids=lambda profile: profile.version)
    def test_of_every_field_of_every_profile(self, profile: LegalProfile) -> None:
        noted = {note.field for note in profile.notes}
        names = {field.name for field in dataclasses.fields(profile)}

        for name in names - {"participant", "version", "effective", "sources", "notes"}:
            value = getattr(profile, name)
            assert profile.sources.get(name) or name in noted, name
            if name != "zones" and value not in (None, (), {"core": certificates.STATEMENT}):
                assert profile.sources.get(name), f"{name} is a rule without a source"
        assert noted <= names
        assert all(note.text and note.source for note in profile.notes)

    @pytest.mark.parametrize("profile", list(KNOWN), ids=lambda profile: profile.version)
    def test_of_what_stands_inside_a_field(self, profile: LegalProfile) -> None:
        entries = profile.national_list.entries if profile.national_list else ()
        sources = [clock.source for clock in profile.clocks]
        sources += [prohibition.source for prohibition in profile.prohibitions]
        sources += [entry.source for entry in entries]

        assert profile.confirmation.source
        assert all(sources)
        assert not any("[S" in source or "[M" in source for source in profile.sources.values())

    @pytest.mark.parametrize("profile", list(KNOWN), ids=lambda profile: profile.version)
    def test_hold_the_statement_of_the_core_document(self, profile: LegalProfile) -> None:
        assert profile.statements["core"] == certificates.STATEMENT

    def test_hold_the_canadian_wording_too(self) -> None:
        assert "international certification scheme" in the_profile("CA").statements["ca-en"]

    @pytest.mark.parametrize("profile", list(KNOWN), ids=lambda profile: profile.version)
    def test_ask_for_no_less_than_the_scheme(self, profile: LegalProfile) -> None:
        assert profile.retention_years >= 3
        assert "en" in profile.languages

    def test_of_the_packaged_files_name_only_participants(self) -> None:
        assert {profile.participant for profile in KNOWN} <= set(CODES)


class TestRead:
    def test_takes_a_table_of_one_participant(self) -> None:
        profile = read(
            validity={"days": 90, "first_day_counts": True, "source": "Act 1"},
            tolerance={"hundredths": 5, "source": "Act 1"},
            rounding={"value": "half_up", "source": "Act 1"},
        )

        assert profile.participant == ParticipantCode("XA")
        assert profile.validity == Validity(None, 90, True, "Act 1")
        assert profile.tolerance == Tolerance(5, None, "Act 1")
        assert profile.sources["rounding"] == "Act 1"

    @pytest.mark.parametrize(
        ("field", "entry"),
        [
            ("validity", {"days": 60, "first_day_counts": False}),
            ("validity", {"days": 60, "months": 2, "first_day_counts": False, "source": "Act 1"}),
            ("validity", {"days": 0, "first_day_counts": False, "source": "Act 1"}),
            ("validity", {"days": 60, "source": "Act 1"}),
            ("validity", {"first_day_counts": False, "source": "Act 1"}),
            ("validity", {"days": "60", "first_day_counts": False, "source": "Act 1"}),
            ("validity", {"months": 1.5, "first_day_counts": False, "source": "Act 1"}),
            ("validity", {"days": 60, "first_day_counts": 0, "source": "Act 1"}),
            ("validity", "60 days"),
            ("retention_years", {"value": 0, "source": "Act 1"}),
            ("retention_years", {"value": "3", "source": "Act 1"}),
            ("retention_years", {"source": "Act 1"}),
            ("four_eyes", {"value": "yes", "source": "Act 1"}),
            ("languages", {"value": "en", "source": "Act 1"}),
            ("number_pattern", {"value": "[0-9", "source": "Act 1"}),
            ("number_pattern", {"value": 8, "source": "Act 1"}),
            ("expiry_zone", {"value": "Nowhere/Land", "source": "Act 1"}),
            ("balance_policy", {"value": "shrug", "source": "Act 1"}),
            ("balance_policy", {"value": "hold", "until": "ever", "source": "Act 1"}),
            ("validation_kinds", {"value": ["by_nobody"], "source": "Act 1"}),
            ("statements", {"others": {"core": "Another."}, "source": "Act 1"}),
            ("statements", {"others": {"xa": 1}, "source": "Act 1"}),
            ("tolerance", {"hundredths": 0.5, "source": "Act 1"}),
            ("tolerance", {"basis_points": -1, "source": "Act 1"}),
            ("national_list", {"name": "Gazette", "entries": [{"participant": "xb"}], "source": "Act 1"}),
            ("confirmation", {"by": "importing_authority", "source": "Act 1"}),
            ("clocks", {"list": [{"id": "x"}], "source": "Act 1"}),
            ("fees", {"value": ["One crown"]}),
            ("prohibition", {"source": "Act 1"}),
            ("participant", "xa"),
            ("participant", ""),
            ("effective", "2003-01-01"),
            ("version", None),
        ],
    )
    def test_refuses_what_it_cannot_read(self, field: str, entry: object) -> None:
        with pytest.raises(errors.Malformed) as refused:
            read(**{field: entry})

        assert refused.value.where == field

    def test_refuses_a_field_with_neither_source_nor_note(self) -> None:
        table = a_table()
        table["notes"] = [note for note in table["notes"] if note["field"] != "rounding"]

        with pytest.raises(ProfileMalformed) as refused:
            profiles.read(table, zones=Zones("Etc/UTC"))

        assert refused.value.where == "rounding"

    @pytest.mark.parametrize(
        "note",
        [
            {"field": "rounding", "text": "Unsure."},
            {"field": "rounding", "text": "", "source": "nobody"},
            {"field": "rounding", "text": "Sure.", "source": "Act 1", "unverified": False},
            {"field": "colour", "text": "Unsure.", "source": "nobody"},
        ],
    )
    def test_refuses_a_note_without_its_papers_or_its_field(self, note: dict[str, Any]) -> None:
        table = a_table()
        table["notes"].append(note)

        with pytest.raises(ProfileMalformed):
            profiles.read(table, zones=Zones("Etc/UTC"))
