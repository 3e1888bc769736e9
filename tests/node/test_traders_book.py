from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as HypothesisCase

from macle import errors
from macle.node.audit import queries as audit
from macle.node.permissions import OutOfReach, Role
from macle.node.traders import actions, queries
from macle.node.traders.models import (
    MIXED,
    Balance,
    BalanceEntry,
    BookUnalterable,
    EntryKind,
    StockDeclaration,
    Trader,
)
from macle.scheme.terms import Carats, CountryCode
from tests.support.node_traders import AT, DAY, a_trader, an_entry, an_exporter, an_official

pytestmark = pytest.mark.django_db

BW, ZA, NA = (CountryCode(code) for code in ("BW", "ZA", "NA"))


def sold(seller: Trader, buyer: Trader, carats: str, **changes: Any) -> tuple[BalanceEntry, BalanceEntry]:
    fields: dict[str, Any] = {"origin": "BW", "on": DAY, "reference": "INV 12", "by": an_official(), "at": AT}
    return actions.sell_locally(seller=seller, buyer=buyer, carats=Carats.parse(carats), **(fields | changes))


def exported(trader: Trader, carats: str, **changes: Any) -> BalanceEntry:
    fields: dict[str, Any] = {
        "origin": "BW",
        "kind": EntryKind.EXPORT,
        "on": DAY,
        "reference": "BW0000001",
        "at": AT,
        "by_identifier": "official-1",
    }
    with transaction.atomic():
        return actions.post(trader=trader, carats=Carats.parse(carats), **(fields | changes))


def drawn(trader: Trader, carats: str, *origins: CountryCode, **changes: Any) -> list[tuple[str, int]]:
    fields: dict[str, Any] = {"on": DAY, "reference": "BW0000001", "at": AT, "by_identifier": "official-1"}
    with transaction.atomic():
        entries = actions.draw(trader=trader, origins=origins, carats=Carats.parse(carats), **(fields | changes))
    return [(entry.origin, entry.carats_hundredths) for entry in entries]


def held(trader: Trader) -> dict[str, int]:
    return dict(Balance.objects.filter(trader=trader).values_list("origin", "carats_hundredths"))


class TestEnter:
    @pytest.mark.parametrize("kind", sorted(actions.ENTERED))
    def test_the_kind_says_whether_carats_leave(self, kind: EntryKind) -> None:
        trader = a_trader()
        an_entry(trader, "100.00", EntryKind.PRODUCTION, reference="PR 0")
        entry = an_entry(trader, "10.05", kind)
        assert entry.carats_hundredths == 1005 * kind.direction
        assert held(trader) == {"BW": 10_000 + 1005 * kind.direction}

    @pytest.mark.parametrize("kind", [kind for kind in EntryKind if kind not in actions.ENTERED])
    def test_refuses_what_is_an_act_of_its_own(self, kind: EntryKind) -> None:
        with pytest.raises(actions.EntryUnfit):
            an_entry(a_trader(), "10.00", kind)

    def test_opens_a_book_once_for_each_origin(self) -> None:
        trader = a_trader()
        an_entry(trader, "10.00", EntryKind.OPENING_STOCK)
        an_entry(trader, "10.00", EntryKind.OPENING_STOCK, origin="ZA")
        with pytest.raises(actions.OpeningStockEntered):
            an_entry(trader, "10.00", EntryKind.OPENING_STOCK)

    def test_refuses_to_lose_what_is_not_there(self) -> None:
        trader = a_trader()
        an_entry(trader, "10.00")
        with pytest.raises(actions.BalanceShort) as caught:
            an_entry(trader, "10.01", EntryKind.LOSS)
        assert caught.value.what == "The balance covers 10.00 of 10.01 carats."
        assert caught.value.rule == "IV.a.balance"
        assert held(trader) == {"BW": 1000}

    @pytest.mark.parametrize(
        ("change", "where"),
        [
            ({"origin": "Botswana"}, "origin"),
            ({"reference": " "}, "reference"),
            ({"on": DAY + timedelta(days=2)}, "on"),
            ({"evidence": "abc"}, "evidence"),
        ],
    )
    def test_a_bad_field_is_named(self, change: dict[str, Any], where: str) -> None:
        with pytest.raises(errors.Malformed) as caught:
            an_entry(a_trader(), "10.00", **change)
        assert caught.value.where == where
        assert not BalanceEntry.objects.exists()

    def test_refuses_nought(self) -> None:
        with pytest.raises(actions.EntryUnfit):
            an_entry(a_trader(), "0.00")

    def test_leaves_a_line_in_the_audit(self) -> None:
        an_entry(a_trader(), "10.00", reference="PR 77", evidence="ab" * 32)
        line = audit.search(subject="trader:T-0001")[0]
        assert (line.tag, line.facts["hundredths"], line.facts["evidence"]) == ("balance:enter", [1000], "ab" * 32)

    @pytest.mark.django_db(transaction=True)
    def test_entries_of_several_clerks_at_once_are_all_in_the_sum(self) -> None:
        trader = a_trader()

        def enter(clerk: int) -> None:
            try:
                for number in range(10):
                    an_entry(trader, "1.00", reference=f"PR {clerk}/{number}")
                    an_entry(trader, "0.25", EntryKind.LOSS, reference=f"L {clerk}/{number}")
            finally:
                connection.close()

        with ThreadPoolExecutor(4) as clerks:
            list(clerks.map(enter, range(4)))
        assert held(trader) == {"BW": 3000}
        assert BalanceEntry.objects.count() == 80
        assert list(queries.balance_faults()) == []
        assert list(audit.faults()) == []

    @pytest.mark.django_db(transaction=True)
    def test_the_last_carats_go_to_one_of_two(self) -> None:
        trader = a_trader()
        an_entry(trader, "10.00")

        def lose(number: int) -> bool:
            try:
                an_entry(trader, "6.00", EntryKind.LOSS, reference=f"L {number}")
            except actions.BalanceShort:
                return False
            finally:
                connection.close()
            return True

        with ThreadPoolExecutor(4) as clerks:
            assert sum(clerks.map(lose, range(4))) == 1
        assert held(trader) == {"BW": 400}


class TestCorrect:
    @pytest.mark.parametrize(("less", "after"), [(True, 900), (False, 1100)])
    def test_goes_either_way_with_a_reason(self, less: bool, after: int) -> None:
        trader = a_trader()
        an_entry(trader, "10.00")
        fields: dict[str, Any] = {"origin": "BW", "on": DAY, "reference": "C 1", "by": an_official(), "at": AT}
        actions.correct(trader=trader, carats=Carats(100), less=less, reason="Weighed again", **fields)
        assert held(trader) == {"BW": after}
        with pytest.raises(actions.TextMissing):
            actions.correct(trader=trader, carats=Carats(100), less=less, reason="", **fields)


class TestMix:
    def test_moves_all_of_it_in_one_act(self) -> None:
        trader = a_trader()
        an_entry(trader, "10.00")
        an_entry(trader, "5.00", origin="ZA")
        parts = {BW: Carats(400), ZA: Carats(500)}
        actions.mix(trader=trader, parts=parts, on=DAY, reference="MX 1", by=an_official(), at=AT)
        assert held(trader) == {"BW": 600, "ZA": 0, MIXED: 900}
        assert audit.search(subject="trader:T-0001")[0].facts["hundredths"] == [-400, -500, 900]

    def test_moves_nothing_where_one_part_is_short(self) -> None:
        trader = a_trader()
        an_entry(trader, "10.00")
        with pytest.raises(actions.BalanceShort):
            actions.mix(
                trader=trader, parts={BW: Carats(1), ZA: Carats(1)}, on=DAY, reference="MX 1", by=an_official(), at=AT
            )
        assert held(trader)["BW"] == 1000

    def test_refuses_to_mix_nothing(self) -> None:
        with pytest.raises(actions.EntryUnfit):
            actions.mix(trader=a_trader(), parts={}, on=DAY, reference="MX 1", by=an_official(), at=AT)


class TestSellLocally:
    def test_stands_in_both_books(self) -> None:
        seller, buyer = a_trader(), a_trader()
        an_entry(seller, "10.00")
        out, into = sold(seller, buyer, "4.00")
        assert (out.kind, out.counterparty, out.carats_hundredths) == (EntryKind.LOCAL_SALE, buyer, -400)
        assert (into.kind, into.counterparty, into.carats_hundredths) == (EntryKind.LOCAL_PURCHASE, seller, 400)
        assert (held(seller), held(buyer)) == ({"BW": 600}, {"BW": 400})

    def test_stands_in_neither_where_the_seller_is_short(self) -> None:
        seller, buyer = a_trader(), a_trader()
        with pytest.raises(actions.BalanceShort):
            sold(seller, buyer, "4.00")
        assert not BalanceEntry.objects.exists()

    def test_is_not_to_oneself(self) -> None:
        trader = a_trader()
        with pytest.raises(actions.EntryUnfit):
            sold(trader, trader, "1.00")

    @pytest.mark.django_db(transaction=True)
    def test_two_that_sell_to_each_other_do_not_wait_for_ever(self) -> None:
        pair = a_trader(), a_trader()
        for trader in pair:
            an_entry(trader, "100.00", reference=trader.reference)

        def trade(way: int) -> None:
            try:
                for number in range(10):
                    sold(pair[way], pair[1 - way], "1.00", reference=f"INV {way}/{number}")
            finally:
                connection.close()

        with ThreadPoolExecutor(2) as clerks:
            list(clerks.map(trade, range(2)))
        assert [held(trader) for trader in pair] == [{"BW": 10_000}, {"BW": 10_000}]
        assert list(queries.balance_faults()) == []


class TestPost:
    def test_an_export_leaves_and_comes_back(self) -> None:
        trader = a_trader()
        an_entry(trader, "10.00")
        exported(trader, "4.00")
        assert held(trader) == {"BW": 600}
        exported(trader, "4.00", kind=EntryKind.EXPORT_RETURNED)
        assert held(trader) == {"BW": 1000}

    def test_an_export_is_posted_once(self) -> None:
        trader = a_trader()
        an_entry(trader, "10.00")
        exported(trader, "4.00")
        with pytest.raises(actions.AlreadyPosted):
            exported(trader, "4.00")

    def test_no_more_comes_back_than_left(self) -> None:
        trader = a_trader()
        an_entry(trader, "10.00")
        exported(trader, "4.00")
        with pytest.raises(actions.AlreadyPosted):
            exported(trader, "4.01", kind=EntryKind.EXPORT_RETURNED)

    def test_goes_below_nought_only_where_somebody_decided_so(self) -> None:
        trader = a_trader()
        an_entry(trader, "3.00")
        with pytest.raises(actions.BalanceShort):
            exported(trader, "4.00")
        exported(trader, "4.00", allowed_shortfall=True)
        balance = Balance.objects.get(trader=trader)
        assert (balance.is_short, balance.carats, balance.shortfall) == (True, Carats(0), Carats(100))

    def test_refuses_what_officials_enter(self) -> None:
        with pytest.raises(actions.EntryUnfit):
            exported(a_trader(), "1.00", kind=EntryKind.LOSS)

    def test_adds_no_line_of_its_own_to_the_audit(self) -> None:
        trader = a_trader()
        an_entry(trader, "10.00")
        before = audit.search().count()
        exported(trader, "4.00")
        assert audit.search().count() == before

    @pytest.mark.django_db(transaction=True)
    def test_belongs_to_an_act(self) -> None:
        trader = a_trader()
        with pytest.raises(actions.OutsideAct):
            actions.post(
                trader=trader,
                origin="BW",
                kind=EntryKind.IMPORT,
                carats=Carats(1),
                on=DAY,
                reference="ZA1",
                at=AT,
                by_identifier="official-1",
            )


class TestDraw:
    def test_draws_upon_each_origin_as_far_as_it_goes(self) -> None:
        trader = a_trader()
        an_entry(trader, "10.00")
        an_entry(trader, "5.00", origin="ZA")
        assert drawn(trader, "12.00", ZA, BW) == [("ZA", -500), ("BW", -700)]

    def test_an_undisclosed_mixture_takes_mixed_goods_first(self) -> None:
        trader = a_trader()
        an_entry(trader, "10.00")
        an_entry(trader, "5.00", origin=MIXED)
        assert drawn(trader, "6.00") == [(MIXED, -500), ("BW", -100)]

    def test_refuses_more_than_there_is_unless_somebody_decided_so(self) -> None:
        trader = a_trader()
        an_entry(trader, "10.00")
        with pytest.raises(actions.BalanceShort) as caught:
            drawn(trader, "12.00", BW, ZA)
        assert caught.value.what == "The balance covers 10.00 of 12.00 carats."
        assert drawn(trader, "12.00", BW, ZA, allowed_shortfall=True) == [("BW", -1200)]

    def test_all_of_it_comes_back(self) -> None:
        trader = a_trader()
        an_entry(trader, "10.00")
        an_entry(trader, "5.00", origin="ZA")
        before = held(trader)
        drawn(trader, "12.00", ZA, BW)
        fields: dict[str, Any] = {"reference": "BW0000001", "on": DAY, "at": AT, "by_identifier": "official-1"}
        with transaction.atomic():
            actions.give_back(trader=trader, **fields)
        assert held(trader) == before
        with transaction.atomic(), pytest.raises(actions.AlreadyPosted):
            actions.give_back(trader=trader, **fields)


class TestBalance:
    def test_of_one_origin_is_that_origin_s(self) -> None:
        trader = a_trader()
        an_entry(trader, "10.00")
        an_entry(trader, "5.00", origin="ZA")
        an_entry(trader, "2.00", origin=MIXED)
        assert queries.balance(trader, (BW,)) == Carats(1000)
        assert queries.balance(trader, (BW, ZA)) == Carats(1500)
        assert queries.balance(trader, (NA,)) == Carats(0)
        assert queries.balance(trader, ()) == Carats(1700)

    def test_a_short_one_covers_nothing_and_takes_nothing(self) -> None:
        trader = a_trader()
        an_entry(trader, "5.00", origin="ZA")
        exported(trader, "4.00", allowed_shortfall=True)
        assert queries.balance(trader, (BW,)) == Carats(0)
        assert queries.balance(trader, (BW, ZA)) == Carats(500)


class TestBook:
    def test_has_running_sums_for_each_origin(self) -> None:
        trader = a_trader()
        an_entry(trader, "10.00")
        an_entry(trader, "5.00", origin="ZA")
        an_entry(trader, "4.00", EntryKind.LOSS)
        assert [(each.entry.origin, each.hundredths) for each in queries.book(trader, an_exporter(trader))] == [
            ("BW", 1000),
            ("ZA", 500),
            ("BW", 600),
        ]

    def test_mixed_goods_come_last(self) -> None:
        trader = a_trader()
        for origin in (MIXED, "ZA", "BW"):
            an_entry(trader, "1.00", origin=origin)
        assert [each.origin for each in queries.balances(trader, an_exporter(trader))] == ["BW", "ZA", MIXED]

    def test_is_not_changed_and_not_deleted(self) -> None:
        trader = a_trader()
        entry = an_entry(trader, "10.00")
        entry.carats_hundredths = 1
        attempts = (
            entry.save,
            entry.delete,
            BalanceEntry.objects.all().delete,
            lambda: BalanceEntry.objects.all().update(origin="ZA"),
            lambda: BalanceEntry.objects.bulk_update([entry], ["origin"]),
            StockDeclaration.objects.all().delete,
        )
        for attempt in attempts:
            with pytest.raises(BookUnalterable):
                attempt()

    def test_a_balance_that_was_changed_behind_its_back_is_found(self) -> None:
        trader = a_trader()
        an_entry(trader, "10.00")
        Balance.objects.filter(trader=trader).update(carats_hundredths=1001)
        (fault,) = queries.balance_faults()
        assert (fault.trader, fault.origin, fault.held, fault.entered) == ("T-0001", "BW", 1001, 1000)

    def test_entries_without_a_balance_are_found(self) -> None:
        an_entry(a_trader(), "10.00")
        Balance.objects.all().delete()
        assert [(fault.held, fault.entered) for fault in queries.balance_faults()] == [(0, 1000)]


class TestPermissions:
    @pytest.mark.parametrize("role", Role)
    def test_examiners_and_validating_officials_enter(self, role: Role) -> None:
        trader, other = a_trader(), a_trader()
        an_entry(trader, "10.00", reference="PR 0")
        by = an_exporter(trader, role=role) if role in {Role.EXPORTER, Role.AGENT} else an_official(role)
        parts, reason = {BW: Carats(1)}, "Weighed again"
        calls: list[Any] = [
            lambda: an_entry(trader, "1.00", by=by),
            lambda: sold(trader, other, "1.00", by=by),
            lambda: actions.mix(trader=trader, parts=parts, on=DAY, reference="MX 1", by=by, at=AT),
            lambda: actions.correct(
                trader=trader,
                origin="BW",
                carats=Carats(1),
                less=False,
                on=DAY,
                reference="C 1",
                reason=reason,
                by=by,
                at=AT,
            ),
        ]
        for call in calls:
            if role in {Role.EXAMINER, Role.VALIDATING_OFFICIAL}:
                call()
            else:
                with pytest.raises(errors.NotPermitted):
                    call()

    def test_another_trader_s_book_does_not_exist(self) -> None:
        trader, own = a_trader(), a_trader()
        an_entry(trader, "10.00")
        for read in (queries.book, queries.balances):
            with pytest.raises(OutOfReach):
                read(trader, an_exporter(own))


_WEIGHTS = st.integers(min_value=1, max_value=10**9)
_STEPS = st.lists(
    st.tuples(st.sampled_from([*sorted(actions.ENTERED - {EntryKind.OPENING_STOCK})]), st.sampled_from("BZ"), _WEIGHTS),
    max_size=12,
)


class TestSums(HypothesisCase):
    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(steps=_STEPS)
    def test_whatever_is_entered_the_balance_is_the_sum_and_never_below_nought(
        self, steps: list[tuple[EntryKind, str, int]]
    ) -> None:
        trader = a_trader()
        expected = {"BW": 0, "ZA": 0}
        for number, (kind, letter, weight) in enumerate(steps):
            origin = {"B": "BW", "Z": "ZA"}[letter]
            after = expected[origin] + weight * kind.direction
            try:
                an_entry(trader, str(Carats(weight)), kind, origin=origin, reference=f"D {number}")
            except actions.BalanceShort:
                assert after < 0
            else:
                assert after >= 0
                expected[origin] = after
        assert {"BW": 0, "ZA": 0} | held(trader) == expected
        assert list(queries.balance_faults()) == []
