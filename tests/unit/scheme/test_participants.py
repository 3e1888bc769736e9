from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from macle.scheme import participants
from macle.scheme.participants import ParticipantKind, Participants, ParticipantUnknown, RowsMalformed, StandingKind
from macle.scheme.terms import PartialDate

TODAY = date(2026, 11, 23)
KNOWN = participants.load()
CODES = sorted(participant.code for participant in KNOWN)

days = st.dates(min_value=date(2001, 1, 1), max_value=date(2030, 12, 31))


def a_list(
    *,
    since: str = "2003-01-01",
    until: str = "",
    standing: list[list[str]] | None = None,
    areas: list[list[str]] | None = None,
    kind: str = "state",
) -> Participants:
    """Return the fictitious Participant XA, with the standing and areas given as rows without its code."""
    return Participants.from_rows(
        as_of=TODAY,
        participants=[["XA", "Examplia", kind, since, until, "Diamond Office of Examplia", "decision 1", "sourced"]],
        standing=[["XA", *row] for row in standing or []],
        areas=[["XA", *row] for row in areas or []],
        offices=[],
        territories=[],
    )


def kinds(code: str, *, on: date, among: Participants = KNOWN) -> list[StandingKind]:
    return [standing.kind for standing in among.standing(code, on=on).possible]


class TestStanding:
    @pytest.mark.parametrize(
        ("code", "on", "kind", "may_trade"),
        [
            ("BW", date(2002, 12, 31), "not_participant", False),
            ("BW", TODAY, "participant", True),
            ("UZ", date(2024, 11, 14), "not_participant", False),
            ("UZ", date(2024, 11, 15), "participant", True),
            ("UZ", date(2024, 12, 15), "participant", True),
            ("GB", date(2020, 12, 31), "not_participant", False),
            ("GB", date(2021, 1, 1), "participant", True),
            ("CM", date(2011, 6, 1), "not_participant", False),
            ("CM", date(2012, 7, 31), "not_participant", False),
            ("CM", date(2012, 8, 31), "participant", True),
            ("CM", date(2013, 6, 1), "participant", True),
            ("CG", date(2004, 7, 8), "participant", True),
            ("CG", date(2004, 7, 9), "removed", False),
            ("CG", date(2007, 11, 7), "removed", False),
            ("CG", date(2007, 11, 8), "participant", True),
            ("VE", date(2007, 12, 31), "participant", True),
            ("VE", date(2010, 6, 1), "self_suspended", False),
            ("VE", date(2016, 10, 31), "self_suspended", False),
            ("VE", date(2016, 11, 30), "participant", True),
            ("CF", date(2013, 5, 22), "participant", True),
            ("CF", date(2013, 5, 23), "suspended", False),
            ("CF", date(2015, 7, 16), "suspended", False),
            ("CF", date(2015, 7, 17), "partial", True),
            ("CF", date(2024, 11, 14), "partial", True),
            ("CF", date(2024, 11, 15), "participant", True),
            ("CI", date(2005, 11, 30), "participant", True),
            ("CI", date(2006, 1, 1), "un_embargo", False),
            ("CI", date(2014, 4, 28), "un_embargo", False),
            ("CI", date(2014, 4, 29), "participant", True),
            ("ZW", date(2009, 10, 31), "participant", True),
            ("ZW", date(2010, 6, 1), "partial", True),
            ("ZW", date(2012, 11, 30), "participant", True),
            ("TW", TODAY, "trading_entity", True),
            ("HR", date(2013, 6, 30), "participant", True),
            ("HR", date(2013, 7, 1), "not_participant", False),
            ("DE", TODAY, "not_participant", False),
            ("KE", date(2015, 6, 1), "not_participant", False),
        ],
    )
    def test_is_certain_where_the_dates_are(self, code: str, on: date, kind: str, may_trade: bool) -> None:
        standing = KNOWN.standing(code, on=on)

        assert standing.certain is not None
        assert standing.certain.kind == kind
        assert standing.may_trade is may_trade

    @pytest.mark.parametrize(
        ("code", "on", "possible"),
        [
            ("LB", date(2004, 6, 1), {"participant", "removed"}),
            ("LB", date(2005, 6, 1), {"participant", "removed"}),
            ("CM", date(2012, 8, 14), {"not_participant", "participant"}),
            ("VE", date(2008, 6, 1), {"participant", "self_suspended"}),
            ("VE", date(2016, 11, 15), {"participant", "self_suspended"}),
            ("CI", date(2005, 12, 15), {"participant", "un_embargo"}),
            ("CF", date(2003, 6, 1), {"not_participant", "participant", "suspended"}),
            ("BW", date(2003, 6, 1), {"not_participant", "participant"}),
        ],
    )
    def test_cannot_be_decided_where_only_a_month_or_year_is_known(
        self, code: str, on: date, possible: set[str]
    ) -> None:
        standing = KNOWN.standing(code, on=on)

        assert standing.certain is None
        assert standing.may_trade is None
        assert {each.kind.value for each in standing.possible} == possible

    def test_may_trade_although_undecided_where_both_possibilities_may(self) -> None:
        in_the_month = KNOWN.standing("ZW", on=date(2009, 11, 15))

        assert in_the_month.certain is None
        assert in_the_month.may_trade is True

    def test_is_removed_for_certain_on_the_last_day_of_the_year_of_removal(self) -> None:
        assert kinds("LB", on=date(2004, 12, 31)) == [StandingKind.REMOVED]

    def test_says_what_it_rests_on(self) -> None:
        removed = KNOWN.standing("CG", on=date(2005, 1, 1)).certain
        returned = KNOWN.standing("CG", on=date(2008, 1, 1)).certain

        assert removed is not None
        assert "hundred times" in removed.basis
        assert (str(removed.since), str(removed.until)) == ("2004-07-09", "2007-11-08")
        assert returned is not None
        assert "removed until 2007-11-08" in returned.basis

    def test_says_from_when_one_that_was_not_yet_a_participant_is_one(self) -> None:
        basis = KNOWN.standing("CM", on=date(2011, 6, 1)).possible[0].basis

        assert "2012-08" in basis
        assert "written procedure" in basis

    @pytest.mark.parametrize(
        ("code", "on"),
        [
            ("GB", date(2020, 6, 1)),
            ("HR", date(2014, 1, 1)),
            ("CZ", date(2004, 5, 1)),
            ("RO", date(2007, 1, 1)),
            ("FR", TODAY),
        ],
    )
    def test_sends_whoever_asks_for_a_member_state_to_the_union(self, code: str, on: date) -> None:
        standing = KNOWN.standing(code, on=on).certain

        assert standing is not None
        assert standing.kind is StandingKind.NOT_PARTICIPANT
        assert "see EU" in standing.basis

    def test_says_up_to_which_day_nothing_is_known_of_a_stranger(self) -> None:
        assert "2026-11-23" in KNOWN.standing("KE", on=TODAY).possible[0].basis

    @given(st.sampled_from([*CODES, "KE", "DE", "GL"]), days)
    def test_always_answers(self, code: str, on: date) -> None:
        standing = KNOWN.standing(code, on=on)

        assert standing.possible
        assert (standing.certain is None) == (len(standing.possible) > 1)
        assert all(each.since is None or each.since.first <= on for each in standing.possible)
        assert all(each.until is None or on < each.until.last for each in standing.possible)

    @pytest.mark.parametrize("code", CODES)
    def test_reaches_to_both_ends_of_the_calendar(self, code: str) -> None:
        assert kinds(code, on=date.min) == [StandingKind.NOT_PARTICIPANT]
        assert len(kinds(code, on=date.max)) == 1

    @given(days, st.integers(min_value=1, max_value=2000), days)
    def test_of_exact_days_is_half_open_and_never_ambiguous(self, start: date, length: int, on: date) -> None:
        end = start + timedelta(days=length)
        known = a_list(since="1999-01-01", standing=[[str(start), str(end), "suspended", "", "decision 2", "sourced"]])

        expected = StandingKind.SUSPENDED if start <= on < end else StandingKind.PARTICIPANT

        assert kinds("XA", on=on, among=known) == [expected]

    @given(days, days)
    def test_of_a_vague_interval_holds_every_exact_one_inside_it(self, start: date, on: date) -> None:
        """Whatever day of the year was meant, its answer is among the possible ones."""
        vague = a_list(since="1999-01-01", standing=[[str(start.year), "2040", "removed", "", "decision 2", "sourced"]])
        exact = a_list(since="1999-01-01", standing=[[str(start), "2040", "removed", "", "decision 2", "sourced"]])

        assert set(kinds("XA", on=on, among=exact)) <= set(kinds("XA", on=on, among=vague))

    def test_has_no_gap_between_two_decisions_of_one_day(self) -> None:
        known = a_list(
            standing=[
                ["2013-05-23", "2015-07-17", "suspended", "", "decision 2", "sourced"],
                ["2015-07-17", "", "partial", "", "decision 3", "sourced"],
            ]
        )

        assert kinds("XA", on=date(2015, 7, 16), among=known) == [StandingKind.SUSPENDED]
        assert kinds("XA", on=date(2015, 7, 17), among=known) == [StandingKind.PARTIAL]
        assert kinds("XA", on=date.max, among=known) == [StandingKind.PARTIAL]

    def test_ends_with_the_last_day_of_a_former_participant(self) -> None:
        known = a_list(until="2010-06-30")

        assert kinds("XA", on=date(2010, 6, 30), among=known) == [StandingKind.PARTICIPANT]
        assert kinds("XA", on=date(2010, 7, 1), among=known) == [StandingKind.NOT_PARTICIPANT]
        assert "2010-06-30" in known.standing("XA", on=date(2010, 7, 1)).possible[0].basis


class TestKinds:
    def test_three_may_trade(self) -> None:
        assert {kind.value for kind in StandingKind if kind.may_trade} == {"participant", "partial", "trading_entity"}

    def test_one_that_is_suspended_is_still_counted_and_one_that_is_removed_is_not(self) -> None:
        assert StandingKind.SUSPENDED.counts
        assert StandingKind.SELF_SUSPENDED.counts
        assert not StandingKind.REMOVED.counts
        assert not StandingKind.TRADING_ENTITY.counts


class TestCounts:
    @pytest.mark.parametrize(
        ("on", "count", "countries"),
        [
            (date(2019, 12, 31), 55, 82),
            (date(2021, 10, 31), 56, 82),
            (date(2021, 11, 30), 59, 85),
            (date(2024, 11, 14), 59, 85),
            (date(2024, 11, 15), 60, 86),
            (TODAY, 60, 86),
        ],
    )
    def test_are_those_that_were_published(self, on: date, count: int, countries: int) -> None:
        assert len(KNOWN.counted(on=on)) == count
        assert len(set(KNOWN.countries(on=on))) == countries

    def test_of_2013_include_a_suspended_and_a_self_suspended_participant(self) -> None:
        counted = {participant.code for participant in KNOWN.counted(on=date(2013, 12, 31))}

        assert len(counted) == 54
        assert {"CF", "VE"} <= counted

    def test_leave_out_whoever_cannot_be_decided(self) -> None:
        assert "ML" not in {participant.code for participant in KNOWN.counted(on=date(2013, 6, 1))}

    def test_count_the_union_once_and_the_trading_entity_never(self) -> None:
        codes: list[str] = [participant.code for participant in KNOWN.counted(on=TODAY)]

        assert codes.count("EU") == 1
        assert "TW" not in codes
        assert not {"DE", "FR", "HR"} & set(codes)

    def test_the_union_has_twenty_seven_members_and_greenland_is_none_of_them(self) -> None:
        members = {territory.country for territory in KNOWN.members("EU", on=TODAY)}

        assert len(members) == 27
        assert "GL" not in members
        assert "GB" not in members

    @given(days)
    def test_never_count_a_trading_entity(self, on: date) -> None:
        assert all(each.kind is not ParticipantKind.TRADING_ENTITY for each in KNOWN.counted(on=on))


class TestParticipantOf:
    @pytest.mark.parametrize(
        ("country", "on", "expected"),
        [
            ("BW", TODAY, ("BW",)),
            ("DE", TODAY, ("EU",)),
            ("GB", date(2020, 12, 31), ("EU",)),
            ("GB", date(2021, 1, 1), ("GB",)),
            ("CZ", date(2004, 4, 30), ("CZ",)),
            ("CZ", date(2004, 5, 1), ("EU",)),
            ("EE", date(2004, 4, 30), ()),
            ("EE", date(2004, 5, 1), ("EU",)),
            ("BG", date(2006, 12, 31), ("BG",)),
            ("RO", date(2007, 1, 1), ("EU",)),
            ("HR", date(2013, 6, 30), ("HR",)),
            ("HR", date(2013, 7, 1), ("EU",)),
            ("GL", date(2010, 1, 1), ("EU",)),
            ("HK", TODAY, ("CN",)),
            ("TW", TODAY, ("TW",)),
            ("EU", TODAY, ("EU",)),
            ("CM", date(2011, 6, 1), ()),
            ("CM", date(2012, 8, 14), ("CM",)),
            ("FR", date(2002, 6, 1), ()),
            ("KE", TODAY, ()),
        ],
    )
    def test_names_the_one_the_country_may_belong_to(self, country: str, on: date, expected: tuple[str, ...]) -> None:
        assert KNOWN.participant_of(country, on=on) == expected

    def test_names_a_removed_participant_so_that_its_standing_can_say_why(self) -> None:
        assert KNOWN.participant_of("CG", on=date(2005, 1, 1)) == ("CG",)


class TestAreas:
    @pytest.mark.parametrize(
        ("code", "area", "on", "expected"),
        [
            ("CF", "Nola", date(2013, 5, 22), True),
            ("CF", "Nola", date(2014, 1, 1), False),
            ("CF", "Nola", date(2015, 12, 31), False),
            ("CF", "Nola", date(2016, 6, 1), None),
            ("CF", "Nola", date(2017, 6, 1), True),
            ("CF", "Bria", date(2017, 6, 1), False),
            ("CF", "Bria", date(2020, 6, 1), None),
            ("CF", "Bria", date(2024, 11, 15), True),
            ("CF", "Boda", date(2020, 6, 1), True),
            ("CF", "Ouadda", date(2016, 6, 1), False),
            ("CF", "Ouadda", date(2018, 6, 1), None),
            ("CF", "", date(2017, 6, 1), None),
            ("CF", "  ", date(2017, 6, 1), None),
            ("CF", "", date(2025, 1, 1), True),
            ("ZW", "Marange", date(2009, 10, 31), True),
            ("ZW", "Marange", date(2009, 11, 15), None),
            ("ZW", "Marange", date(2010, 6, 1), False),
            ("ZW", "Marange", date(2012, 11, 15), None),
            ("ZW", "Marange", date(2012, 11, 30), True),
            ("ZW", "Murowa", date(2009, 11, 15), True),
            ("ZW", "Murowa", date(2010, 6, 1), True),
            ("ZW", "", date(2010, 6, 1), None),
            ("ZW", "*", date(2010, 6, 1), None),
            ("BW", "", TODAY, True),
            ("KE", "Anywhere", TODAY, False),
        ],
    )
    def test_are_compliant_or_not_or_cannot_be_decided(
        self,
        code: str,
        area: str,
        on: date,
        expected: bool | None,
    ) -> None:
        assert KNOWN.area_is_compliant(code, area, on=on) is expected

    @pytest.mark.parametrize("spelling", ["Berberati", "Berbérati", "BERBERATI", " berbérati "])
    def test_are_found_under_every_spelling(self, spelling: str) -> None:
        assert KNOWN.area_is_compliant("CF", spelling, on=date(2018, 1, 1)) is True

    def test_say_what_they_rest_on(self) -> None:
        assert {"Marange", "*"} == {area.name for area in KNOWN.areas("ZW")}
        assert all(area.basis and area.evidence for code in ("CF", "ZW") for area in KNOWN.areas(code))


class TestOffices:
    def test_the_union_has_seven(self) -> None:
        names = {office.name for office in KNOWN.offices("EU")}

        assert names == {"Antwerp", "Prague", "Idar-Oberstein", "Dublin", "Torino", "Lisbon", "Bucharest"}

    def test_hong_kong_is_an_office_of_china_and_no_participant(self) -> None:
        (office,) = KNOWN.offices("CN")

        assert office.name.startswith("Hong Kong")
        assert office.zone == "Asia/Hong_Kong"
        assert "HK" not in KNOWN

    def test_most_authorities_have_none_of_their_own(self) -> None:
        assert KNOWN.offices("BW") == ()


class TestLookUp:
    def test_gives_a_participant_with_what_its_entry_rests_on(self) -> None:
        cameroon = KNOWN["CM"]

        assert (cameroon.name, cameroon.kind, str(cameroon.since)) == ("Cameroon", "state", "2012-08")
        assert "written procedure" in cameroon.basis
        assert cameroon.evidence == "sourced"

    def test_knows_former_ones_and_the_trading_entity(self) -> None:
        assert KNOWN["HR"].until == date(2013, 6, 30)
        assert KNOWN["TW"].kind is ParticipantKind.TRADING_ENTITY

    @pytest.mark.parametrize("code", ["KE", "DE", "HK", "bw", ""])
    def test_refuses_a_code_that_never_was_one(self, code: str) -> None:
        with pytest.raises(ParticipantUnknown) as refused:
            KNOWN[code]

        assert refused.value.facts == {"code": code}
        assert code not in KNOWN

    def test_says_up_to_which_day_it_knows(self) -> None:
        assert KNOWN.as_of == TODAY


class TestRows:
    def test_come_back_as_they_were_read(self) -> None:
        rows = KNOWN.rows()
        again = Participants.from_rows(as_of=KNOWN.as_of, **rows)

        assert again.rows() == rows
        assert all(type(cell) is str for table in rows.values() for row in table for cell in row)

    @given(st.sampled_from(CODES), days)
    def test_carry_every_answer_with_them(self, code: str, on: date) -> None:
        again = Participants.from_rows(as_of=KNOWN.as_of, **KNOWN.rows())

        assert again.standing(code, on=on) == KNOWN.standing(code, on=on)
        assert again.participant_of(code, on=on) == KNOWN.participant_of(code, on=on)

    def test_name_a_basis_or_say_that_none_is_known(self) -> None:
        for participant in KNOWN:
            assert participant.basis or "unverified" in participant.evidence, participant.code
        for row in KNOWN.rows()["standing"]:
            assert row[-2], row
            assert row[-1], row

    @pytest.mark.parametrize(
        ("table", "row", "where"),
        [
            ("participants", ["XB", "Short"], "participants[1]"),
            ("participants", ["xb", "Low", "state", "2003", "", "", "", ""], "participants[1]"),
            ("participants", ["XB", "Odd", "empire", "2003", "", "", "", ""], "participants[1]"),
            ("participants", ["XB", "No day", "state", "lately", "", "", "", ""], "participants[1]"),
            ("participants", ["XB", "Vague end", "state", "2003", "2010", "", "", ""], "participants[1]"),
            ("participants", ["XB", "Endless", "state", "2003", "9999-12-31", "", "", ""], "participants[1]"),
            ("participants", ["XA", "Twice", "state", "2003", "", "", "", ""], "participants"),
            ("standing", ["XZ", "2004", "2005", "removed", "", "a decision", ""], "standing"),
            ("standing", ["XA", "2004", "2005", "participant", "", "a decision", ""], "standing[0]"),
            ("standing", ["XA", "2004", "2005", "not_participant", "", "a decision", ""], "standing[0]"),
            ("standing", ["XA", "", "2005", "removed", "", "a decision", ""], "standing[0]"),
            ("standing", ["XA", "2006", "2005", "removed", "", "a decision", ""], "standing"),
            ("standing", ["XA", "2001", "2002", "removed", "", "a decision", ""], "standing"),
            ("areas", ["XA", "North", "2004", "2005", "perhaps", "", ""], "areas[0]"),
            ("areas", ["XZ", "North", "2004", "2005", "no", "", ""], "areas"),
            ("offices", ["XA", "North", "", "Nowhere/Land"], "offices[0]"),
            ("offices", ["XA", "North", "", "../etc/passwd"], "offices[0]"),
            ("offices", ["XZ", "North", "", "Etc/UTC"], "offices"),
            ("territories", ["XB", "XA", "colony", "", "", ""], "territories[0]"),
            ("territories", ["XB", "XA", "territory", "2003", "", ""], "territories[0]"),
            ("territories", ["XB", "XZ", "territory", "", "", ""], "territories"),
        ],
    )
    def test_are_refused_with_their_place(self, table: str, row: list[str], where: str) -> None:
        rows = a_list().rows()
        rows[table].append(row)

        with pytest.raises(RowsMalformed) as refused:
            Participants.from_rows(as_of=TODAY, **rows)

        assert refused.value.where == where

    @pytest.mark.parametrize(
        "standing",
        [
            [["2004", "", "removed"], ["2006", "2007", "suspended"]],
            [["2006", "2007", "removed"], ["2004", "2005", "suspended"]],
            [["2004-03-01", "2006-03-01", "removed"], ["2005-03-01", "2007-03-01", "suspended"]],
        ],
    )
    def test_of_standing_follow_in_time(self, standing: list[list[str]]) -> None:
        with pytest.raises(RowsMalformed, match="XA"):
            a_list(standing=[[*row, "", "decision 2", "sourced"] for row in standing])

    def test_of_standing_do_not_outlast_the_participant(self) -> None:
        with pytest.raises(RowsMalformed):
            a_list(until="2010-06-30", standing=[["2009", "", "suspended", "", "decision 2", "sourced"]])
        with pytest.raises(RowsMalformed):
            a_list(until="2010-06-30", standing=[["2009", "2011", "suspended", "", "decision 2", "sourced"]])

    def test_keep_a_partial_date_as_it_was_written(self) -> None:
        assert KNOWN["KH"].since == PartialDate.parse("2012-11")
        assert [row[3] for row in KNOWN.rows()["participants"] if row[0] == "KH"] == ["2012-11"]
