"""Licence holders of the old list: entered in the register once, by the rules of the register."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from macle.node.audit import actions as writing
from macle.node.audit import intake
from macle.node.audit import queries as audit
from macle.node.audit.intake import Outcome
from macle.node.audit.models import Line
from macle.node.traders import actions
from macle.node.traders.models import Licence, Trader
from macle.node.traders.moving import Licensees
from macle.paper.mappings import Mapping
from tests.support import node_moving as moving
from tests.support import node_registry, node_traders
from tests.support.node_moving import said, take_licences

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.django_db

MINER = {"name": "Joren Pell", "kind": "artisanal miner", "licence": "MIN-3", "area": "Plot 9, Selle River"}


@pytest.fixture(autouse=True)
def house() -> Iterator[None]:
    with node_registry.configured():
        yield


class TestTake:
    def test_makes_a_trader_with_its_licence(self) -> None:
        summary, judged = take_licences({}, MINER)
        assert said(judged) == []
        first, second = Trader.objects.order_by("pk")
        assert [first.reference, second.reference] == ["T-0001", "T-0002"]
        assert (first.name, first.town, first.country) == ("Brindle Alluvials", "Port Selle", "BW")
        licence = Licence.objects.get(trader=first)
        assert (licence.kind, licence.number, licence.since) == ("exporter", "EXP-17", date(2026, 1, 1))
        assert licence.last_day == date(2026, 12, 31)
        assert not licence.was_ended
        assert Licence.objects.get(trader=second).area == "Plot 9, Selle River"
        assert summary.groups == {"exporter": [1, 0, 0], "artisanal miner": [1, 0, 0]}

    def test_leaves_one_line_and_the_next_trader_has_the_next_reference(self) -> None:
        take_licences({}, MINER)
        (line,) = moving.lines()
        assert line.facts["traders"] == ["T-0001", "T-0002"]
        assert (line.facts["what"], line.facts["licences"]) == ("licensees", 2)
        assert node_traders.a_trader().reference == "T-0003"
        assert not list(audit.faults())

    def test_finds_the_trader_of_a_renewal_and_of_another_licence(self) -> None:
        take_licences(
            {},
            {"since": "2027-01-01", "last_day": ""},
            {"kind": "importer", "licence": "IMP-4"},
            {"kind": "importer", "licence": "EXP-17"},
        )
        assert Trader.objects.count() == 1
        assert Licence.objects.count() == 4
        assert Licence.objects.get(number="EXP-17", since=date(2027, 1, 1)).until is None

    def test_finds_a_trader_that_was_registered_by_hand(self) -> None:
        there = node_traders.a_trader(name="Brindle Alluvials")
        take_licences()
        assert Licence.objects.get().trader == there

    def test_tells_two_of_one_name_apart_by_their_address(self) -> None:
        take_licences({}, {"address": "9 Assay Lane", "licence": "EXP-18"})
        assert Trader.objects.count() == 2

    def test_takes_the_same_file_once(self) -> None:
        take_licences({}, MINER)
        before = Line.objects.count()
        summary, _ = take_licences({}, MINER)
        assert summary.outcomes == {Outcome.THERE: 2}
        assert (Trader.objects.count(), Licence.objects.count(), Line.objects.count()) == (2, 2, before)

    def test_writes_nothing_unless_it_records(self) -> None:
        summary, judged = take_licences({}, {}, {"last_day": "2026-06-30"}, recording=False)
        assert summary.outcomes == {Outcome.TAKEN: 1, Outcome.THERE: 1, Outcome.REFUSED: 1}
        assert said(judged) == [(4, "last_day", "DIFFERS")]
        assert not Trader.objects.exists()

    def test_goes_on_where_it_was_stopped(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(intake, "CHUNK", 2)
        rows = [{"licence": f"EXP-{each}", "name": f"Example Digger {each // 2}"} for each in range(7)]
        monkeypatch.setattr(writing, "record", _stops_at(3, writing.record))
        with pytest.raises(KeyboardInterrupt):
            take_licences(*rows)
        assert (Trader.objects.count(), Licence.objects.count()) == (2, 4)
        monkeypatch.undo()
        summary, _ = take_licences(*rows)
        assert summary.outcomes == {Outcome.THERE: 4, Outcome.TAKEN: 3}
        assert [trader.reference for trader in Trader.objects.order_by("pk")] == [
            "T-0001",
            "T-0002",
            "T-0003",
            "T-0004",
        ]
        assert {(trader.name, trader.licences.count()) for trader in Trader.objects.all()} == {
            *((f"Example Digger {each}", 2) for each in range(3)),
            ("Example Digger 3", 1),
        }

    def test_reads_headings_and_words_of_another_language(self) -> None:
        rows = [
            ["Titulaire", "Adresse", "Ville", "Catégorie", "N° de licence", "Délivrée le", "Expire le"],
            ["Société Exemple", "1 rue Inventée", "Port Selle", "Exportateur", "L/7", "01/02/2026", "31/01/2027"],
        ]
        names = ("name", "address", "town", "kind", "licence", "since", "last_day")
        mapping = Mapping(
            columns=dict(zip(names, rows[0], strict=True)),
            fixed={"country": "BW", "residence": "Botswana"},
            words={"kind": {"Exportateur": "exporter"}},
            days="DD/MM/YYYY",
        )
        summary, _ = moving.take(Licensees(), rows, mapping=mapping)
        assert summary.outcomes == {Outcome.TAKEN: 1}
        assert Licence.objects.get().until == date(2027, 2, 1)


def _stops_at(call: int, record: object) -> object:
    calls = []

    def stopped(**given: object) -> object:
        calls.append(given)
        if len(calls) == call:
            raise KeyboardInterrupt
        return record(**given)  # type: ignore[operator]

    return stopped


class TestRefuse:
    @pytest.mark.parametrize(
        ("change", "column", "reason"),
        [
            ({"name": ""}, "name", "EMPTY"),
            ({"name": "=A1"}, "name", "FORMULA"),
            ({"name": "x" * 200}, "name", "TEXT"),
            ({"town": ""}, "town", "EMPTY"),
            ({"country": "Botswana"}, "country", "COUNTRY"),
            ({"kind": "sorcerer"}, "kind", "WORD"),
            ({"licence": ""}, "licence", "EMPTY"),
            ({"since": "1/1/2026"}, "since", "DAY"),
            ({"last_day": "2025-12-31"}, "last_day", "RULE"),
            ({"kind": "artisanal miner"}, "area", "RULE"),
            ({"area": "Plot 9"}, "area", "RULE"),
        ],
    )
    def test_a_row_for_each_thing_that_is_wrong(self, change: dict[str, str], column: str, reason: str) -> None:
        _, judged = take_licences(change, {"licence": "EXP-18"})
        assert said(judged) == [(2, column, reason)]
        assert judged[0].problems[0].mend
        assert Licence.objects.get().number == "EXP-18"

    @pytest.mark.parametrize(
        ("change", "column", "reason"),
        [
            ({"last_day": "2026-11-30"}, "last_day", "DIFFERS"),
            ({"last_day": ""}, "last_day", "DIFFERS"),
            ({"residence": "Namibia"}, "residence", "DIFFERS"),
            ({"licence": "EXP-18", "residence": "Namibia"}, "residence", "DIFFERS"),
            ({"since": "2026-06-01"}, "since", "TAKEN"),
            ({"name": "Somebody Else"}, "licence", "TAKEN"),
            ({"address": "9 Assay Lane"}, "licence", "TAKEN"),
        ],
    )
    def test_what_differs_from_what_is_there(self, change: dict[str, str], column: str, reason: str) -> None:
        take_licences()
        _, judged = take_licences(change)
        assert said(judged) == [(2, column, reason)]
        assert (Trader.objects.count(), Licence.objects.count()) == (1, 1)

    def test_a_licence_beside_one_that_was_ended_since(self) -> None:
        take_licences()
        actions.end_licence(
            licence=Licence.objects.get(),
            until=date(2026, 6, 1),
            reason="Given back.",
            by=node_traders.an_official(),
            at=moving.AT,
        )
        summary, _ = take_licences({}, {"since": "2026-06-01"})
        assert summary.outcomes == {Outcome.THERE: 1, Outcome.TAKEN: 1}
