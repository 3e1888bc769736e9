"""Sections I and IV and Annex II: what is shown before anybody signs."""

from __future__ import annotations

import dataclasses
from datetime import date

import pytest

from macle.scheme.certificates import CertificateKind, Reference
from macle.scheme.profiles import BalancePolicy
from macle.scheme.profiles import load as load_profiles
from macle.scheme.rules import controls, prices
from macle.scheme.terms import Carats, USDollars
from tests.rules.cases import Case, held, of_application, of_validation, refused, reviewed, table
from tests.support.builders import ISSUED, a_number

_BW = load_profiles().of("BW", on=ISSUED)
_REFUSING = dataclasses.replace(_BW, balance_policy=BalancePolicy.REFUSE)
_LICENSING = dataclasses.replace(_BW, requires_licence=True)
_USUAL = {"usual_prices": prices.load()}
_ONE_LINE = {"lines": [{"hs": "7102.10", "carats": "10.00", "value": "1917.00"}], "total_carats": None}
_NO_WEIGHT = {"weight_applied_for": Carats(0)}
_REPLACEMENT = {"kind": "replacement", "refers_to": {"number": "BW00004820"}}
_REFERS_TO = "certificate.refers-to"

APPLICATION = [
    # Provenance.
    Case("no provenance", {"country_of_provenance": None}, (refused("I.provenance", "country_of_provenance"),)),
    Case("provenance of another Participant", {"country_of_provenance": "ZA"}, ()),
    Case(
        "provenance of a member state",
        {"country_of_provenance": "BE"},
        (refused("I.provenance", "country_of_provenance"),),
    ),
    Case(
        "provenance of no Participant",
        {"country_of_provenance": "KE"},
        (refused("I.provenance", "country_of_provenance"),),
    ),
    Case(
        "provenance as a word",
        {"country_of_provenance": "Botswana"},
        (refused("application.readable", "country_of_provenance"),),
    ),
    # Synthetics.
    Case("synthetics declared", {"synthetics_declared": True}, (refused("I.synthetics", "synthetics_declared"),)),
    Case("nothing said of synthetics", {"synthetics_declared": None}, ()),
    # Balance.
    Case("sources for less", {"sources[0].carats": "1205.17"}, (held("IV.a.balance", "sources"),)),
    Case(
        "sources for less where the profile refuses",
        {"sources[0].carats": "1205.17"},
        (refused("IV.a.balance", "sources"),),
        {"profile": _REFUSING},
    ),
    Case("sources for more", {"sources[0].carats": "1205.19"}, ()),
    Case("two sources for exactly the weight", {"sources": [{"carats": "1000.00"}, {"carats": "205.18"}]}, ()),
    Case("no sources", {"sources": []}, (held("IV.a.balance", "sources"),)),
    Case("a source without a weight", {"sources[0].carats": None}, (held("IV.a.balance", "sources"),)),
    Case(
        "a source whose weight cannot be read",
        {"sources[0].carats": "much"},
        (refused("application.readable", "sources[0].carats"),),
    ),
    Case("a register that covers it", {"sources": []}, (), {"balance": Carats.parse("1205.18")}),
    Case(
        "a register that does not, whatever sources are named",
        {},
        (held("IV.a.balance", "sources"),),
        {"balance": Carats.parse("1205.17")},
    ),
    # Seals.
    Case("no seal", {"container_seals": []}, (refused("IV.c.container-seals", "container_seals"),)),
    Case("no seal yet", {"container_seals": []}, (), {"before_sealing": True}),
    Case("a seal twice", {"container_seals": ["EX 1", "EX 1"]}, (refused("IV.c.container-seals", "container_seals"),)),
    Case("twelve seals", {"container_seals": [f"EX {n}" for n in range(12)]}, ()),
    Case(
        "thirteen seals",
        {"container_seals": [f"EX {n}" for n in range(13)]},
        (refused("IV.c.container-seals", "container_seals"),),
    ),
    Case(
        "a seal with a story",
        {"container_seals": ["EX 30010, put on at the office twice"]},
        (refused("IV.c.container-seals", "container_seals"),),
    ),
    # Licence.
    Case("no licence where none is asked for", {"exporter.licence": None}, ()),
    Case(
        "no licence where one is asked for",
        {"exporter.licence": None},
        (refused("AnnexII.licence", "exporter.licence"),),
        {"profile": _LICENSING},
    ),
    Case("a licence where one is asked for", {}, (), {"profile": _LICENSING}),
    Case(
        "a licence that cannot be read",
        {"exporter.licence": 7},
        (refused("application.readable", "exporter.licence"),),
        {"profile": _LICENSING},
    ),
    Case(
        "a licence that ended yesterday",
        {"exporter.licence_valid_until": "2026-11-01"},
        (refused("AnnexII.licence", "exporter.licence_valid_until"),),
    ),
    Case("a licence that ends today", {"exporter.licence_valid_until": "2026-11-02"}, ()),
    Case("a licence without an end", {"exporter.licence_valid_until": None}, ()),
    Case("an importer without a licence", {"importer.licence": None}, ()),
    # Suspension.
    Case("a suspended exporter", {}, (refused("AnnexII.suspension", "exporter"),), {"exporter_suspended": True}),
    # Declaration.
    Case(
        "no declaration", {"not_conflict_diamonds": None}, (refused("AnnexII.18.declaration", "not_conflict_diamonds"),)
    ),
    Case(
        "a declaration that says no",
        {"not_conflict_diamonds": False},
        (refused("AnnexII.18.declaration", "not_conflict_diamonds"),),
    ),
    Case(
        "a declaration in words",
        {"not_conflict_diamonds": "perhaps"},
        (refused("application.readable", "not_conflict_diamonds"),),
    ),
    # Totals.
    Case("no totals", {"total_carats": None, "total_value": None}, ()),
    Case(
        "a total of carats that is no sum",
        {"total_carats": "1205.19"},
        (refused("issuing.lines-add-up", "total_carats"),),
    ),
    Case(
        "a total of dollars that is no sum",
        {"total_value": "53536.49"},
        (refused("issuing.lines-add-up", "total_value"),),
    ),
    Case(
        "a missing weight, and no sum",
        {"lines[0].carats": None},
        (refused("AnnexI.A.carat-weight", "lines[0].carats"),),
    ),
    # Weight: 1205.18 carats are in the application, as the office measured it.
    Case("weighed as applied for", {}, (), {"weight_applied_for": Carats(120518)}),
    Case(
        "weighed a hundredth more",
        {},
        (reviewed("issuing.weight", "lines"),),
        {"weight_applied_for": Carats(120517)},
    ),
    Case("weighed less", {}, (reviewed("issuing.weight", "lines"),), {"weight_applied_for": Carats(120519)}),
    Case("weighed where nothing was applied for", {}, (reviewed("issuing.weight", "lines"),), _NO_WEIGHT),
    Case(
        "a weight that is not known",
        {"lines[0].carats": None, "total_carats": None},
        (refused("AnnexI.A.carat-weight", "lines[0].carats"),),
        {"weight_applied_for": Carats(120519)},
    ),
    # Price: Botswana's 2022 production is worth US$ 191.75 a carat.
    Case("a usual price", _ONE_LINE | {"total_value": None}, (), _USUAL),
    Case("no prices known", {"lines[0].value": "1.00", "total_value": None}, ()),
    Case(
        "far more than usual",
        _ONE_LINE | {"lines": [{"hs": "7102.10", "carats": "10.00", "value": "15400.00"}], "total_value": None},
        (reviewed("issuing.price", "lines"),),
        _USUAL,
    ),
    Case(
        "eight times the usual",
        _ONE_LINE | {"lines": [{"hs": "7102.10", "carats": "10.00", "value": "15340.00"}], "total_value": None},
        (),
        _USUAL,
    ),
    Case(
        "far less than usual",
        _ONE_LINE | {"lines": [{"hs": "7102.10", "carats": "10.00", "value": "239.00"}], "total_value": None},
        (reviewed("issuing.price", "lines"),),
        _USUAL,
    ),
    Case(
        "an eighth of the usual",
        _ONE_LINE | {"lines": [{"hs": "7102.10", "carats": "10.00", "value": "240.00"}], "total_value": None},
        (),
        _USUAL,
    ),
    Case(
        "a far price from several origins",
        _ONE_LINE
        | {
            "lines": [{"hs": "7102.10", "carats": "10.00", "value": "1.00"}],
            "total_value": None,
            "origin": {"kind": "mixed_listed", "countries": ["BW", "ZA"]},
        },
        (),
        _USUAL,
    ),
    Case(
        "a far price from where nothing is published",
        _ONE_LINE
        | {
            "lines": [{"hs": "7102.10", "carats": "10.00", "value": "1.00"}],
            "total_value": None,
            "origin.countries": ["GH"],
        },
        (),
        _USUAL,
    ),
    # Valuations.
    Case("valued as declared", {"government_value": "53536.50", "independent_value": "53536.50"}, ()),
    Case(
        "valued higher by the government",
        {"government_value": "53536.51"},
        (reviewed("issuing.valuation", "government_value"),),
    ),
    Case(
        "valued higher by an independent valuer",
        {"independent_value": "60000.00"},
        (reviewed("issuing.valuation", "independent_value"),),
    ),
    Case(
        "valued higher without a declared value",
        {"lines[0].value": None, "government_value": "60000.00"},
        (refused("AnnexI.A.value", "lines[0].value"),),
    ),
    # Kind, and what it refers to.
    Case("no kind", {"kind": None}, (refused(_REFERS_TO, "kind"),)),
    Case("an unknown kind", {"kind": "copy"}, (refused("application.readable", "kind"),)),
    Case("a replacement", _REPLACEMENT, ()),
    Case("a replacement without a reference", {"kind": "replacement"}, (refused(_REFERS_TO, "refers_to.number"),)),
    Case(
        "a replacement whose reference cannot be read",
        {"kind": "replacement", "refers_to": {"number": "4820"}},
        (refused("application.readable", "refers_to.number"), refused("application.readable", "refers_to")),
    ),
    Case(
        "a replacement of another issuer's",
        {"kind": "replacement", "refers_to": {"number": "ZA00000001"}},
        (refused(_REFERS_TO, "refers_to.number"),),
    ),
    Case(
        "a replacement of itself",
        {"kind": "replacement", "refers_to": {"number": "BW00004821"}},
        (refused(_REFERS_TO, "refers_to.number"),),
    ),
    Case("a technical certificate", {"kind": "technical"}, ()),
    Case(
        "a technical certificate for what arrived under another",
        {"kind": "technical", "refers_to": {"number": "ZA00000001"}},
        (),
    ),
]


@pytest.mark.parametrize(
    ("measured", "applied_for", "said"),
    [
        (2769900, 27700, "Weighed 27699.00 carats, and 277.00 were applied for: 27422.00 more (9899 %)."),
        (20517, 20518, "Weighed 205.17 carats, and 205.18 were applied for: 0.01 less."),
        (10, 0, "Weighed 0.10 carats, and 0.00 were applied for: 0.10 more."),
    ],
)
def test_the_weight_says_by_how_much_and_in_which_direction(measured: int, applied_for: int, said: str) -> None:
    (found,) = controls.of_weight(measured=Carats(measured), applied_for=Carats(applied_for))
    assert found.what == said


@table(APPLICATION)
def test_an_application_shows_what_controls_ask_for(case: Case) -> None:
    of_application(case)


VALIDATION = [
    Case(
        "provenance of a member state",
        {"country_of_provenance": "BE"},
        (refused("I.provenance", "country_of_provenance"),),
    ),
    Case(
        "provenance of no Participant",
        {"country_of_provenance": "KE"},
        (refused("I.provenance", "country_of_provenance"),),
    ),
    Case("a replacement", {"kind": CertificateKind.REPLACEMENT, "refers_to": Reference(a_number("BW00004820"))}, ()),
    Case(
        "a replacement of another issuer's",
        {"kind": CertificateKind.REPLACEMENT, "refers_to": Reference(a_number("ZA00000001"))},
        (refused(_REFERS_TO, "refers_to.number"),),
    ),
    Case(
        "a replacement of itself",
        {"kind": CertificateKind.REPLACEMENT, "refers_to": Reference(a_number())},
        (refused(_REFERS_TO, "refers_to.number"),),
    ),
    Case("a technical certificate", {"kind": CertificateKind.TECHNICAL}, ()),
]


@table(VALIDATION)
def test_a_certificate_shows_what_controls_ask_for(case: Case) -> None:
    of_validation(case)


class TestUsualPrices:
    @pytest.mark.parametrize(("country", "dollars"), [("BW", "191.75"), ("CD", "7.14"), ("AU", "10.76")])
    def test_are_those_of_the_latest_year_published(self, country: str, dollars: str) -> None:
        usual = prices.load().far_from_usual(country, carats=Carats(100), value=USDollars(10**9))
        assert usual == dollars

    def test_say_nothing_of_a_country_without_figures(self) -> None:
        assert prices.load().far_from_usual("GH", carats=Carats(100), value=USDollars(1)) is None

    def test_never_take_the_rest_of_the_world_for_a_country(self) -> None:
        assert all(len(code) == 2 for code in prices.load().production)

    def test_may_be_judged_by_another_factor(self) -> None:
        narrow = dataclasses.replace(prices.load(), factor=2)
        assert narrow.far_from_usual("BW", carats=Carats(100), value=USDollars(50000)) == "191.75"
        assert prices.load().far_from_usual("BW", carats=Carats(100), value=USDollars(50000)) is None


def test_the_licence_is_judged_on_the_day_of_validation() -> None:
    case = Case(
        "later",
        {"exporter.licence_valid_until": "2027-12-31"},
        (refused("AnnexII.licence", "exporter.licence_valid_until"),),
        {"on": date(2028, 1, 1)},
    )
    of_application(case)
