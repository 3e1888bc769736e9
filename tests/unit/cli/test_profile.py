"""`macle profile` and the doubts that `macle check` shows."""

from __future__ import annotations

import json
from datetime import date

from macle.scheme import profiles
from tests.unit.cli.desk import run

EXAMPLES = "examples/applications"


def told(*arguments: str) -> str:
    """Return what the command prints; it must end well."""
    done = run(*arguments)
    assert done.exit_code == 0, done.output
    return done.output


class TestProfile:
    def test_names_the_source_of_each_value_and_every_doubt(self) -> None:
        view = json.loads(told("profile", "CA", "--at", "2026-11-02", "--json"))
        profile = profiles.load().of("CA", on=date(2026, 11, 2))
        assert view["stated"]["validity"]["source"] == profile.sources["validity"]
        assert [note["text"] for note in view["not_verified"]] == [note.text for note in profile.notes]

    def test_is_the_one_in_force_on_the_day(self) -> None:
        views = [json.loads(told("profile", "IN", "--at", day, "--json")) for day in ("2021-01-04", "2026-01-04")]
        assert [view["stated"]["requires_licence"]["value"] for view in views] == ["no", "yes"]

    def test_sets_what_is_verified_apart_from_what_is_not(self) -> None:
        rules, _, doubts = told("profile", "BW", "--at", "2026-11-02").partition("Not verified")
        assert "validity" in doubts
        assert "\n  validity " not in rules


class TestCheck:
    def test_shows_whose_validity_is_not_verified(self) -> None:
        lines = told("check", f"{EXAMPLES}/botswana.json", f"{EXAMPLES}/canada.json").splitlines()
        doubts = [line for line in lines if line.startswith("Not verified")]
        assert any("validity of BW:" in doubt for doubt in doubts)
