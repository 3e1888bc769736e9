"""The packaged examples against the rules: sound ones pass, spoiled ones have exactly the mistakes that are listed."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from macle.scheme import applications, participants, profiles, rules
from macle.scheme.rules import Breach, Outcome, Stage, prices
from macle.scheme.rules.settings import IssuingSetting
from macle.scheme.terms import ParticipantCode
from tests.rules.cases import Expected, held, refused, reviewed
from tests.unit.test_examples import EXAMPLES, nested

WHEN_UNREADABLE = date(2026, 11, 4)
"""The day on which the spoiled application with the unreadable date was drawn."""


def asked(data: dict[str, Any]) -> list[Breach]:
    """Return the breaches of an application in the setting of its own issuer and date."""
    application = applications.read(data)
    issuer = application.participant
    assert issuer is not None
    on = application.date_of_issuance or WHEN_UNREADABLE
    setting = IssuingSetting(
        participants=participants.load(),
        profile=profiles.load().of(issuer, on=on),
        destination_profile=profiles.load().of(application.destination or ParticipantCode("ZZ"), on=on),
        on=on,
        usual_prices=prices.load(),
    )
    return rules.check(stage=Stage.APPLICATION, subject=application, setting=setting)


def rows(name: str) -> list[dict[str, Any]]:
    with (EXAMPLES / name).open(encoding="utf-8", newline="") as file:
        return [nested(row) for row in csv.DictReader(file)]


def read(path: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(path.read_bytes())
    return data


SOUND = sorted((EXAMPLES / "applications").glob("*.json"))

MISTAKES: dict[str, list[Expected]] = {
    "third-decimal-and-polished": [
        refused("application.readable", "lines[0].carats"),
        refused("AnnexI.A.hs-code", "lines[1].hs"),
    ],
    "expired-before-issued": [
        refused("AnnexI.A.date-of-expiry", "date_of_expiry"),
        refused("AnnexI.A.parcels", "parcels"),
        refused("IV.c.container-seals", "container_seals"),
    ],
    "kenya": [
        refused("AnnexII.licence", "exporter.licence_valid_until"),
        refused("AnnexII.18.declaration", "not_conflict_diamonds"),
        refused("III.c.destination", "destination"),
    ],
    "union": [
        refused("AnnexI.A.language", "languages"),
        refused("AnnexI.A.number", "number"),
        refused("AnnexI.A.validation", "validation.officials"),
        refused("profile.validity", "date_of_expiry"),
        refused("III.c.destination", "destination"),
    ],
    "synthetics-and-balance": [
        refused("AnnexI.A.hs-code", "lines[1].hs"),
        refused("I.synthetics", "synthetics_declared"),
        held("IV.a.balance", "sources"),
        refused("issuing.lines-add-up", "total_carats"),
        reviewed("issuing.price", "lines"),
    ],
    "unreadable": [
        *(
            refused("application.readable", where)
            for where in ("date_of_issuance", "origin.kind", "origin.countries[0]", "total_value", "parcels", "exportr")
        ),
        *(refused("AnnexI.A.exporter-and-importer", f"exporter.{part}") for part in ("name", "town", "country")),
    ],
}


class TestSoundApplications:
    @pytest.mark.parametrize("path", SOUND, ids=lambda path: path.stem)
    def test_keep_every_rule(self, path: Path) -> None:
        assert asked(read(path)) == []

    def test_all_five_hundred_rows_stop_at_no_rule(self) -> None:
        lodged = rows("applications-500.csv")
        assert len(lodged) == 500
        found = [(data["number"], each) for data in lodged for each in asked(data)]
        assert [each for each in found if each[1].outcome is not Outcome.REVIEW] == []
        # A hub scatters its own price around its own usual one: for Congolese diamonds that is far from theirs.
        assert {(each.rule, number[:2]) for number, each in found} <= {("issuing.price", "AE")}


class TestSpoiledApplications:
    def test_each_file_is_listed(self) -> None:
        assert {path.stem for path in (EXAMPLES / "applications-with-mistakes").glob("*.json")} == set(MISTAKES)

    @pytest.mark.parametrize("name", MISTAKES)
    def test_have_exactly_the_mistakes_that_are_listed(self, name: str) -> None:
        breaches = asked(read(EXAMPLES / "applications-with-mistakes" / f"{name}.json"))
        assert [Expected(each.rule, each.where, each.outcome) for each in breaches] == MISTAKES[name]

    def test_the_third_of_five_rows_is_bad(self) -> None:
        found = [asked(data) for data in rows("one-bad-row.csv")]
        assert [len(breaches) for breaches in found] == [0, 0, 2, 0, 0]
        assert [(each.rule, each.where) for each in found[2]] == [
            ("application.readable", "lines[0].carats"),
            ("IV.c.container-seals", "container_seals"),
        ]
