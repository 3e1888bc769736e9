"""Cases from the history of the Scheme and from its borders, each with the answer an officer expects."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from macle.scheme import participants, profiles, rules
from macle.scheme.certificates import Certificate, ProfileReference
from macle.scheme.rules import Breach, Outcome, Stage
from macle.scheme.rules.settings import EarlierPresentation
from macle.scheme.terms import ParticipantCode
from tests.support.builders import a_certificate, a_presentation_setting, an_issuing_setting, an_origin

_NUMBERS = {"US": "310401", "EU": "12345678"}
_OFFICES = {"EU": "Antwerp", "CA": "Ottawa", "US": "New York"}


def issued(
    code: str, on: date, *, to: str = "IN", origin: str | None = None, area: str = "", days: int = 50, **changes: Any
) -> Certificate:
    """Return a certificate of this issuer for its own diamonds, validated at noon in its zone on that day."""
    office = _OFFICES.get(code, "Example Town")
    profile = profiles.load().of(code, on=on)
    own: dict[str, Any] = {
        "number": code + _NUMBERS.get(code, "00000017"),
        "office": office,
        "date_of_issuance": on,
        "date_of_expiry": on + timedelta(days=days),
        "validated_at": datetime.combine(on, time(12), profile.zone(office)).astimezone(UTC),
        "destination": ParticipantCode(to),
        "country_of_provenance": ParticipantCode(code),
        "origin": an_origin(origin or code, area=area),
    }
    return a_certificate(**{**own, **changes})


def presented(certificate: Certificate, **setting: Any) -> list[Breach]:
    return rules.check(
        stage=Stage.PRESENTATION, subject=certificate, setting=a_presentation_setting(certificate, **setting)
    )


def validated(certificate: Certificate, **setting: Any) -> list[Breach]:
    return rules.check(stage=Stage.VALIDATION, subject=certificate, setting=an_issuing_setting(certificate, **setting))


def outcomes(breaches: list[Breach]) -> dict[str, Outcome]:
    return {each.rule: each.outcome for each in breaches}


REFUSED_STANDING = {"III.c.issuer-standing": Outcome.REFUSE, "III.c.origin-standing": Outcome.REFUSE}
REFUSED_ISSUER = {"III.c.issuer-standing": Outcome.REFUSE}
UNDECIDED_STANDING = {"III.c.issuer-standing": Outcome.UNDECIDED, "III.c.origin-standing": Outcome.UNDECIDED}


class TestHistory:
    @pytest.mark.parametrize(
        ("code", "on", "expected"),
        [
            pytest.param("CM", date(2011, 5, 2), REFUSED_STANDING, id="Cameroon a year before it was admitted"),
            pytest.param(
                "CM", date(2012, 8, 20), UNDECIDED_STANDING, id="Cameroon in the month in which it was admitted"
            ),
            pytest.param("CM", date(2013, 5, 2), {}, id="Cameroon a year after"),
            pytest.param(
                "GB", date(2020, 6, 1), REFUSED_ISSUER, id="the United Kingdom while the Union was the Participant"
            ),
            pytest.param("GB", date(2021, 1, 1), {}, id="the United Kingdom on its first day"),
            pytest.param("UZ", date(2024, 11, 30), {}, id="Uzbekistan after the Plenary that admitted it"),
            pytest.param("CG", date(2004, 7, 8), {}, id="the Republic of the Congo before its removal"),
            pytest.param(
                "CG", date(2004, 7, 9), REFUSED_STANDING, id="the Republic of the Congo on the day of its removal"
            ),
            pytest.param(
                "CG", date(2007, 11, 7), REFUSED_STANDING, id="the Republic of the Congo the day before its return"
            ),
            pytest.param("CG", date(2007, 11, 8), {}, id="the Republic of the Congo on the day of its return"),
            pytest.param("LB", date(2004, 9, 1), UNDECIDED_STANDING, id="Lebanon in the year of its removal"),
            pytest.param("LB", date(2005, 9, 1), UNDECIDED_STANDING, id="Lebanon in the year of its return"),
            pytest.param("LB", date(2006, 9, 1), {}, id="Lebanon after its return"),
            pytest.param("VE", date(2010, 3, 1), REFUSED_STANDING, id="Venezuela while it had suspended itself"),
            pytest.param("VE", date(2017, 3, 1), {}, id="Venezuela after its return"),
            pytest.param("CI", date(2010, 3, 1), REFUSED_STANDING, id="Côte d'Ivoire under the embargo"),
            pytest.param("CI", date(2014, 4, 28), REFUSED_STANDING, id="Côte d'Ivoire on the last day of the embargo"),
            pytest.param("CI", date(2014, 4, 29), {}, id="Côte d'Ivoire on the day the embargo was lifted"),
            pytest.param("CF", date(2014, 3, 3), REFUSED_STANDING, id="the Central African Republic while suspended"),
            pytest.param(
                "CF", date(2024, 11, 15), {}, id="the Central African Republic on the day the measures were lifted"
            ),
            pytest.param("TW", date(2020, 3, 2), {}, id="Chinese Taipei, a trading entity"),
            pytest.param("KE", date(2015, 7, 1), REFUSED_STANDING, id="Kenya, never a Participant"),
        ],
    )
    @pytest.mark.parametrize("ask", [validated, presented])
    def test_standing_is_judged_on_the_day_of_validation(
        self, ask: Any, code: str, on: date, expected: dict[str, Outcome]
    ) -> None:
        setting = {} if ask is validated else {"at": issued(code, on).validated_at}
        found = outcomes(ask(issued(code, on), **setting))
        found.pop("I.provenance", None)  # Kenya is no provenance either: test_controls.py has that rule.
        assert found == expected

    def test_a_breach_before_brexit_points_to_the_union(self) -> None:
        (breach,) = presented(issued("GB", date(2020, 6, 1)))
        assert "European Union" in breach.what
        assert breach.where == "number"

    @pytest.mark.parametrize(
        ("at", "held"),
        [
            pytest.param(datetime(2013, 5, 22, 10, 0, tzinfo=UTC), False, id="presented the day before"),
            pytest.param(datetime(2013, 5, 23, 10, 0, tzinfo=UTC), True, id="presented on the day of the suspension"),
        ],
    )
    def test_what_was_under_way_when_its_issuer_was_suspended_is_held(self, at: datetime, held: bool) -> None:
        found = presented(issued("CF", date(2013, 5, 20)), at=at)
        assert outcomes(found) == ({"III.c.issuer-standing": Outcome.HOLD} if held else {})
        assert [each.mend for each in found if "is not void" not in each.mend] == []

    def test_what_was_under_way_when_its_issuer_joined_the_union_enters(self) -> None:
        certificate = issued("HR", date(2013, 6, 28), origin="BW")
        assert presented(certificate, at=datetime(2013, 7, 4, 10, 0, tzinfo=UTC)) == []

    def test_a_country_that_may_belong_to_either_of_two_cannot_be_decided(self) -> None:
        known = participants.load()
        tables = known.rows()
        tables["territories"] += [
            ["XX", "CF", "territory", "2010-01-01", "", "example"],
            ["XX", "BW", "territory", "2010-01-01", "", "example"],
        ]
        disputed = participants.Participants.from_rows(as_of=known.as_of, **tables)
        found = presented(issued("BW", date(2014, 3, 3), origin="XX"), participants=disputed)
        assert outcomes(found) == {"III.c.origin-standing": Outcome.UNDECIDED}

    def test_diamonds_of_a_suspended_participant_do_not_pass_through_another(self) -> None:
        found = presented(issued("CD", date(2014, 3, 3), origin="CF"))
        assert outcomes(found) == {"III.c.origin-standing": Outcome.REFUSE}


class TestPartialStanding:
    @pytest.mark.parametrize(
        ("code", "on", "area", "outcome"),
        [
            pytest.param("CF", date(2017, 6, 1), "Nola", None, id="Nola in 2017: compliant"),
            pytest.param("CF", date(2017, 6, 1), "nola", None, id="Nola in small letters"),
            pytest.param("CF", date(2017, 6, 1), "Bria", Outcome.REFUSE, id="Bria in 2017: not compliant"),
            pytest.param("CF", date(2015, 9, 1), "Nola", Outcome.REFUSE, id="Nola before any zone was compliant"),
            pytest.param("CF", date(2017, 6, 1), "", Outcome.UNDECIDED, id="no area"),
            pytest.param("CF", date(2017, 6, 1), "Example Field", Outcome.UNDECIDED, id="an area nobody knows"),
            pytest.param(
                "ZW", date(2010, 6, 1), "Marange", Outcome.REFUSE, id="Marange while its exports were stopped"
            ),
            pytest.param("ZW", date(2010, 6, 1), "Murowa", None, id="another field of Zimbabwe"),
            pytest.param("ZW", date(2013, 6, 1), "Marange", None, id="Marange after the measures"),
            pytest.param("ZW", date(2009, 6, 1), "Marange", None, id="Marange before the measures"),
        ],
    )
    @pytest.mark.parametrize("ask", [validated, presented])
    def test_only_compliant_areas_may_be_the_origin(
        self, ask: Any, code: str, on: date, area: str, outcome: Outcome | None
    ) -> None:
        found = outcomes(ask(issued(code, on, area=area)))
        assert found == ({} if outcome is None else {"III.c.origin-standing": outcome})

    @pytest.mark.parametrize("ask", [validated, presented])
    def test_an_undisclosed_origin_does_not_hide_the_area(self, ask: Any) -> None:
        hidden = dataclasses.replace(issued("CF", date(2017, 6, 1)), origin=an_origin())
        (breach,) = ask(hidden)
        assert (breach.rule, breach.where, breach.outcome) == (
            "III.c.origin-standing",
            "origin.area",
            Outcome.UNDECIDED,
        )

    def test_an_undisclosed_origin_of_a_hub_is_no_breach(self) -> None:
        hidden = dataclasses.replace(issued("AE", date(2017, 6, 1)), origin=an_origin())
        assert presented(hidden) == []


class TestNationalLists:
    def test_uzbekistan_is_not_on_the_list_of_the_united_states_in_december_2024(self) -> None:
        certificate = issued("UZ", date(2024, 12, 2), to="US", origin="RU", days=120)
        found = presented(certificate, office="New York")
        assert outcomes(found) == {"profile.national-list": Outcome.REFUSE}
        assert "KP standing: participant" in found[0].what

    @pytest.mark.parametrize(("on", "admitted"), [(date(2025, 3, 5), False), (date(2025, 3, 6), True)])
    def test_it_is_on_the_list_from_6_march_2025(self, on: date, admitted: bool) -> None:
        certificate = issued("UZ", date(2024, 12, 2), to="US", origin="RU", days=120)
        at = datetime.combine(on, time(12), profiles.load().of("US", on=on).zone("New York"))
        found = presented(certificate, at=at.astimezone(UTC), office="New York")
        assert (found == []) is admitted

    def test_other_participants_admit_it_at_once(self) -> None:
        assert presented(issued("UZ", date(2024, 12, 2), to="AE", origin="RU")) == []


class TestMixedOriginIntoTheUnion:
    @pytest.mark.parametrize(
        ("arrival", "first_import", "outcome"),
        [
            (date(2025, 2, 28), True, None),
            (date(2025, 2, 28), None, None),
            (date(2025, 3, 1), True, Outcome.REFUSE),
            (date(2025, 3, 1), False, None),
            (date(2025, 3, 1), None, Outcome.UNDECIDED),
        ],
    )
    def test_a_first_import_needs_its_countries_from_march_2025(
        self, arrival: date, first_import: bool | None, outcome: Outcome | None
    ) -> None:
        certificate = dataclasses.replace(issued("AE", date(2025, 2, 20), to="EU"), origin=an_origin())
        found = presented(certificate, at=datetime.combine(arrival, time(11), UTC), first_import=first_import)
        assert outcomes(found) == ({} if outcome is None else {"profile.prohibitions": outcome})

    def test_the_certificate_itself_is_good(self) -> None:
        certificate = dataclasses.replace(issued("AE", date(2025, 3, 3), to="EU"), origin=an_origin())
        assert validated(certificate) == []


class TestDestinations:
    @pytest.mark.parametrize(
        ("destination", "mend"),
        [
            ("BE", "Write EU."),
            ("HK", "Write CN."),
            ("KE", "Rough diamonds are traded with Participants in good standing only: do not let it pass."),
        ],
    )
    def test_who_is_no_participant_of_its_own_is_refused(self, destination: str, mend: str) -> None:
        (breach,) = validated(issued("BW", date(2026, 11, 2), to=destination))
        assert (breach.rule, breach.where, breach.mend) == ("III.c.destination", "destination", mend)

    @pytest.mark.parametrize("destination", ["TW", "EU", "CN", "UZ"])
    def test_whoever_trades_in_the_scheme_is_a_destination(self, destination: str) -> None:
        assert validated(issued("BW", date(2026, 11, 2), to=destination)) == []

    def test_croatia_was_a_destination_until_it_joined_the_union(self) -> None:
        assert validated(issued("BW", date(2013, 6, 30), to="HR")) == []
        (breach,) = validated(issued("BW", date(2013, 7, 1), to="HR"))
        assert breach.mend == "Write EU."

    def test_the_origin_may_be_a_country_of_a_participant(self) -> None:
        assert validated(issued("EU", date(2026, 11, 2), origin="FI")) == []


class TestValidity:
    @pytest.mark.parametrize(("days", "kept"), [(60, True), (61, False)])
    def test_canada_allows_sixty_days(self, days: int, kept: bool) -> None:
        found = validated(issued("CA", date(2026, 11, 2), to="EU", days=days))
        assert outcomes(found) == ({} if kept else {"profile.validity": Outcome.REFUSE})

    @pytest.mark.parametrize(
        ("at", "in_date"),
        [
            pytest.param(datetime(2027, 1, 1, 23, 59, 59, tzinfo=UTC), True, id="a second before 24:00 GMT"),
            pytest.param(datetime(2027, 1, 2, 0, 0, tzinfo=UTC), False, id="at 24:00 GMT"),
            pytest.param(datetime(2027, 1, 2, 3, 0, tzinfo=UTC), False, id="late on the last day in Ottawa"),
        ],
    )
    def test_canada_ends_validity_at_midnight_gmt(self, at: datetime, in_date: bool) -> None:
        certificate = issued("CA", date(2026, 11, 2), to="EU", days=60)
        assert certificate.date_of_expiry == date(2027, 1, 1)
        found = presented(certificate, at=at)
        assert outcomes(found) == ({} if in_date else {"III.b.in-date": Outcome.REFUSE})

    @pytest.mark.parametrize(
        ("on", "last"),
        [
            pytest.param(date(2026, 12, 31), date(2027, 2, 28), id="31 December: the end of February"),
            pytest.param(date(2027, 12, 31), date(2028, 2, 29), id="31 December before a leap year"),
            pytest.param(date(2026, 12, 28), date(2027, 2, 28), id="28 December"),
            pytest.param(date(2026, 12, 1), date(2027, 2, 1), id="1 December"),
        ],
    )
    def test_two_months_of_the_union_end_with_february(self, on: date, last: date) -> None:
        assert validated(issued("EU", on, origin="BW", days=(last - on).days)) == []
        found = validated(issued("EU", on, origin="BW", days=(last - on).days + 1))
        assert outcomes(found) == {"profile.validity": Outcome.REFUSE}
        assert f"{last} at the latest" in found[0].what

    def test_expired_on_arrival_is_no_forgery(self) -> None:
        certificate = a_certificate()
        (breach,) = presented(certificate, at=certificate.expires_at + timedelta(days=3))
        assert breach.rule == "III.b.in-date"
        assert "not a forgery" in breach.mend


class TestSecondPresentation:
    @pytest.mark.parametrize(
        ("participant", "office", "alarm"),
        [("EU", "Antwerp", False), ("EU", "Lisbon", True), ("AE", "Antwerp", True)],
    )
    def test_only_another_office_is_an_alarm(self, participant: str, office: str, alarm: bool) -> None:
        earlier = EarlierPresentation(
            participant=ParticipantCode(participant), office=office, at=datetime(2026, 11, 8, 9, 0, tzinfo=UTC)
        )
        found = presented(a_certificate(), earlier_presentation=earlier)
        assert outcomes(found) == ({"III.b.single-use": Outcome.REFUSE} if alarm else {})


class TestProfiles:
    def test_a_certificate_names_the_profile_of_its_day(self) -> None:
        old = profiles.load().of("IN", on=date(2021, 11, 21)).version
        certificate = issued("IN", date(2021, 11, 22), to="AE", origin="BW", profile=ProfileReference(old, "core"))
        assert outcomes(validated(certificate)) == {"AnnexI.A.title-and-statement": Outcome.REFUSE}

    def test_the_setting_decides_which_participants_there_are(self) -> None:
        known = participants.load()
        nobody = participants.Participants(
            as_of=known.as_of, participants=[], standing=[], areas=[], offices=[], territories=[]
        )
        found = validated(a_certificate(), participants=nobody)
        assert set(outcomes(found)) == {
            "I.provenance",
            "III.c.issuer-standing",
            "III.c.origin-standing",
            "III.c.destination",
        }
