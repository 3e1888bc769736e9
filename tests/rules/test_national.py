"""What a Participant's own law adds, read from its legal profile."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime
from typing import Any

from macle.scheme.certificates import ConsentLevel
from macle.scheme.profiles import NationalList, NationalListEntry, Prohibition, ProhibitionKind, ProhibitionScope
from macle.scheme.profiles import load as load_profiles
from macle.scheme.rules import national
from macle.scheme.terms import ParticipantCode
from tests.rules.cases import Case, held, of_application, of_presentation, of_validation, refused, table, undecided
from tests.support.builders import ISSUED, a_certificate, a_presentation_setting, an_issuing_setting, an_origin

_BW = load_profiles().of("BW", on=ISSUED)
_EU = load_profiles().of("EU", on=ISSUED)
_OF_TOKEN = dataclasses.replace(_BW, consent_level=ConsentLevel.TOKEN, sources={"consent_level": "Example Act, s. 1"})

_DECLARING = dataclasses.replace(_BW, stock_declaration=True, sources={"stock_declaration": "Example Act, s. 2"})


def _listing(listed_from: date | None, until: date | None = None) -> NationalList:
    """Return a list of the Union's own that differs for Botswana."""
    entry = NationalListEntry(ParticipantCode("BW"), listed_from, until, "Example Notice 7")
    return NationalList("Example List", (entry,), "Example Act")


_NOT_YET = dataclasses.replace(_EU, national_list=_listing(date(2026, 11, 10)))
_SINCE_THAT_DAY = dataclasses.replace(_EU, national_list=_listing(date(2026, 11, 9)))
_NO_LONGER = dataclasses.replace(_EU, national_list=_listing(None, date(2026, 11, 1)))
_UNDISCLOSED = {"origin": an_origin()}
_UNDISCLOSED_DATA = {"origin": {"kind": "mixed_undisclosed"}}


def _union(**changes: Any) -> dict[str, Any]:
    """Return the changes that make an application to the Union, dated 2 November, for sixty days or so."""
    return {"participant": "EU", "number": "EU12345678", "destination": "IN", **changes}


APPLICATION = [
    Case("two months in the Union", _union(date_of_expiry="2027-01-02"), (), {"profile": _EU}),
    Case(
        "two months and a day in the Union",
        _union(date_of_expiry="2027-01-03"),
        (refused("profile.validity", "date_of_expiry"),),
        {"profile": _EU},
    ),
    Case("a year where no law is known", {"date_of_expiry": "2027-11-02"}, ()),
    Case("a stock declared", {}, (), {"profile": _DECLARING, "stock_declared": True}),
    Case(
        "no stock declared",
        {},
        (refused("profile.stock-declaration", "exporter"),),
        {"profile": _DECLARING, "stock_declared": False},
    ),
    Case("no register of declarations", {}, (), {"profile": _DECLARING}),
    Case("no stock declared where none is asked for", {}, (), {"stock_declared": False}),
    Case("an undisclosed origin into the Union", _UNDISCLOSED_DATA, (held("profile.origin-listed", "origin.kind"),)),
    Case(
        "a listed origin into the Union",
        {"origin": {"kind": "mixed_listed", "countries": ["BW", "ZA"]}},
        (),
    ),
    Case(
        "an undisclosed origin into India",
        _UNDISCLOSED_DATA | {"destination": "IN"},
        (),
        {"destination_profile": load_profiles().of("IN", on=ISSUED)},
    ),
    Case(
        "an undisclosed origin into the Union, the day before it was prohibited",
        _UNDISCLOSED_DATA | {"date_of_issuance": "2025-02-28", "date_of_expiry": "2025-04-01"},
        (),
        {"on": date(2025, 2, 28)},
    ),
    Case(
        "an issuer not yet on the destination's own list",
        {},
        (held("profile.national-list", "destination"),),
        {"destination_profile": _NOT_YET},
    ),
    Case(
        "an issuer no longer on the destination's own list",
        {},
        (held("profile.national-list", "destination"),),
        {"destination_profile": _NO_LONGER},
    ),
]


@table(APPLICATION)
def test_an_application_keeps_the_law_of_both_sides(case: Case) -> None:
    of_application(case)


def _of_union(**changes: Any) -> dict[str, Any]:
    return {"number": "EU12345678", "office": "Antwerp", "destination": ParticipantCode("IN"), **changes}


VALIDATION = [
    Case("two months in the Union", _of_union(date_of_expiry=date(2027, 1, 2)), ()),
    Case(
        "two months and a day in the Union",
        _of_union(date_of_expiry=date(2027, 1, 3)),
        (refused("profile.validity", "date_of_expiry"),),
    ),
    Case("the level that the profile asks for", {}, (), {"profile": _OF_TOKEN}),
    Case("a higher level", {"consent_level": ConsentLevel.BOUND}, (), {"profile": _OF_TOKEN}),
    Case(
        "a lower level",
        {"consent_level": ConsentLevel.PILOT},
        (refused("profile.consent-level", "consent_level"),),
        {"profile": _OF_TOKEN},
    ),
    Case("the lowest level where the profile is silent", {"consent_level": ConsentLevel.PILOT}, ()),
]


@table(VALIDATION)
def test_a_certificate_keeps_the_law_of_its_issuer(case: Case) -> None:
    of_validation(case)


PRESENTATION = [
    Case("not yet on the own list", {}, (refused("profile.national-list", "number"),), {"profile": _NOT_YET}),
    Case("on the own list since that day", {}, (), {"profile": _SINCE_THAT_DAY}),
    Case("no longer on the own list", {}, (refused("profile.national-list", "number"),), {"profile": _NO_LONGER}),
    Case(
        "a first import of undisclosed origin",
        _UNDISCLOSED,
        (refused("profile.prohibitions", "origin.kind"),),
        {"first_import": True},
    ),
    Case("goods that were in the Union before", _UNDISCLOSED, (), {"first_import": False}),
    Case(
        "nobody knows whether it is a first import",
        _UNDISCLOSED,
        (undecided("profile.prohibitions", "origin.kind"),),
        {"first_import": None},
    ),
    Case("a first import of listed origin", {"origin": an_origin("BW", "ZA")}, (), {"first_import": True}),
    Case("a first import of one origin", {}, (), {"first_import": True}),
]


@table(PRESENTATION)
def test_a_certificate_meets_the_law_of_the_importing_side(case: Case) -> None:
    of_presentation(case)


class TestProhibitions:
    def test_each_of_two_is_named(self) -> None:
        second = Prohibition(
            "example",
            ProhibitionKind.MIXED_ORIGIN_MUST_BE_LISTED,
            date(2026, 1, 1),
            None,
            ProhibitionScope.FIRST_IMPORT,
            "Example text.",
            "Example Act, s. 2",
        )
        profile = dataclasses.replace(_EU, prohibitions=(*_EU.prohibitions, second))
        certificate = a_certificate(origin=an_origin())
        setting = a_presentation_setting(certificate, profile=profile, first_import=True)
        found = national.prohibitions(subject=certificate, setting=setting)
        assert [each.facts["source"] for each in found] == [_EU.prohibitions[0].source, "Example Act, s. 2"]

    def test_one_that_has_ended_prohibits_nothing(self) -> None:
        ended = dataclasses.replace(_EU.prohibitions[0], until=date(2026, 11, 9))
        profile = dataclasses.replace(_EU, prohibitions=(ended,))
        certificate = a_certificate(origin=an_origin())
        setting = a_presentation_setting(certificate, profile=profile, first_import=True)
        assert national.prohibitions(subject=certificate, setting=setting) == []


class TestNationalList:
    def test_shows_both_lists(self) -> None:
        certificate = a_certificate()
        setting = a_presentation_setting(certificate, profile=_NOT_YET)
        (breach,) = national.national_list(subject=certificate, setting=setting)
        assert breach.what == (
            "BW is not on EU's own list on 2026-11-09 (Example List). "
            "KP standing: participant; national list: not on it."
        )
        assert breach.facts["source"] == "Example Notice 7"

    def test_is_judged_on_the_day_at_the_office(self) -> None:
        certificate = a_certificate()
        at = datetime(2026, 11, 9, 23, 0, tzinfo=UTC)
        setting = a_presentation_setting(certificate, profile=_NOT_YET, at=at, office="Antwerp")
        assert national.national_list(subject=certificate, setting=setting) == []


def test_a_breach_of_a_profile_names_the_law() -> None:
    certificate = a_certificate(consent_level=ConsentLevel.PILOT)
    setting = an_issuing_setting(certificate, profile=_OF_TOKEN)
    (breach,) = national.consent_level(subject=certificate, setting=setting)
    assert breach.facts["source"] == "Example Act, s. 1"
    (breach,) = national.of_stock(_DECLARING, declared=False, on=date(2026, 11, 2))
    assert breach.facts["source"] == "Example Act, s. 2"
    assert "2026" in breach.what
