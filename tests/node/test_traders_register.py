from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from macle import errors
from macle.node.audit import queries as audit
from macle.node.permissions import Act, ActForbidden, Actor, OutOfReach, Role
from macle.node.traders import actions, queries
from macle.node.traders.models import Licence, LicenceKind, Message, StockDeclaration, Trader
from macle.scheme import profiles
from macle.scheme.terms import Carats, CountryCode
from tests.support.node_traders import AT, DAY, a_licence, a_trader, an_exporter, an_official

pytestmark = pytest.mark.django_db

_BW = profiles.load().of("BW", on=DAY)
STRICT = dataclasses.replace(
    _BW, requires_licence=True, stock_declaration=True, sources={"stock_declaration": "Example Act, s. 2"}
)
LAST_WEEK = DAY - timedelta(days=7)
TOMORROW = DAY + timedelta(days=1)


def a_contact(trader: Trader, **changes: Any) -> Any:
    fields: dict[str, Any] = {
        "name": "Tamsin Vale",
        "email": "tamsin.vale@selle.example",
        "since": DAY,
        "may_lodge": True,
        "by": an_official(),
        "at": AT,
    }
    return actions.authorise_contact(trader=trader, **(fields | changes))


def a_party(trader: Trader, **changes: Any) -> Any:
    fields: dict[str, Any] = {
        "name": "Quayside Rough Trading",
        "address": "11 Quay Street",
        "town": "Antwerp",
        "country": "BE",
        "on": DAY,
        "by": an_exporter(trader),
        "at": AT,
    }
    return actions.add_known_party(trader=trader, **(fields | changes))


def rules_of(trader: Trader, *, on: date = DAY, kind: LicenceKind = LicenceKind.EXPORTER) -> list[str]:
    return [each.rule for each in queries.why_not(trader, kind=kind, on=on, profile=STRICT)]


class TestRegister:
    def test_gives_the_next_reference(self) -> None:
        assert [a_trader().reference for _ in range(3)] == ["T-0001", "T-0002", "T-0003"]

    @pytest.mark.django_db(transaction=True)
    def test_several_clerks_at_once_get_a_reference_each(self) -> None:
        def enter(_: int) -> list[str]:
            try:
                return [a_trader().reference for _ in range(5)]
            finally:
                connection.close()

        with ThreadPoolExecutor(4) as clerks:
            given = [reference for found in clerks.map(enter, range(4)) for reference in found]
        assert sorted(given) == [f"T-{number:04d}" for number in range(1, 21)]
        assert list(audit.faults()) == []

    def test_the_audit_has_no_name(self) -> None:
        trader = a_trader(name="Selle River Mining")
        (line,) = audit.search(subject="trader:T-0001")
        assert (line.tag, line.actor) == ("trader:register", "official-1")
        assert "Selle" not in str(line.facts)
        assert trader.name == "Selle River Mining"

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("name", " "),
            ("name", "x" * 121),
            ("name", "Selle\u202eRiver"),
            ("town", ""),
            ("country", "Botswana"),
            ("residence", ""),
            ("beneficial_owners", "x" * 4001),
        ],
    )
    def test_a_bad_field_is_named(self, field: str, value: str) -> None:
        with pytest.raises(errors.Malformed) as caught:
            a_trader(**{field: value})
        assert caught.value.where == field
        assert not Trader.objects.exists()

    def test_owners_stand_on_lines_of_their_own(self) -> None:
        assert a_trader(beneficial_owners=" Joren Pell, 60 %\n\n Tamsin Vale").beneficial_owners == (
            "Joren Pell, 60 %\nTamsin Vale"
        )


class TestChange:
    def test_changes_what_is_named_and_nothing_else(self) -> None:
        trader = actions.change(trader=a_trader(), town="Selle Mouth", by=an_official(), at=AT)
        assert (trader.town, trader.address) == ("Selle Mouth", "4 Assay Lane")

    def test_the_audit_says_which_fields_with_digests(self) -> None:
        actions.change(trader=a_trader(), town="Selle Mouth", by=an_official(), at=AT)
        line = audit.search(subject="trader:T-0001")[0]
        assert line.facts["changed"] == ["town"]
        assert [len(digest) for digest in line.facts["before"] + line.facts["after"]] == [64, 64]
        assert "Selle" not in str(line.facts)

    def test_refuses_what_stands_there_already(self) -> None:
        with pytest.raises(actions.NothingChanged):
            actions.change(trader=a_trader(), town="Port Selle", by=an_official(), at=AT)


class TestSuspend:
    def test_holds_from_its_day_until_it_is_lifted(self) -> None:
        trader = a_trader()
        actions.suspend(trader=trader, since=DAY, reason="Books not shown", by=an_official(), at=AT)
        assert not queries.suspended(trader, DAY - timedelta(days=1))
        assert queries.suspended(trader, DAY)
        actions.lift(trader=trader, until=TOMORROW, reason="Books shown", by=an_official(), at=AT)
        assert queries.suspended(trader, DAY)
        assert not queries.suspended(trader, TOMORROW)

    def test_refuses_a_second_one(self) -> None:
        trader = a_trader()
        actions.suspend(trader=trader, since=DAY, reason="Books not shown", by=an_official(), at=AT)
        with pytest.raises(actions.AlreadySuspended):
            actions.suspend(trader=trader, since=DAY, reason="Again", by=an_official(), at=AT)

    def test_refuses_to_lift_what_is_not_there(self) -> None:
        with pytest.raises(actions.NotSuspended):
            actions.lift(trader=a_trader(), until=DAY, reason="Books shown", by=an_official(), at=AT)

    def test_needs_a_reason(self) -> None:
        with pytest.raises(actions.TextMissing):
            actions.suspend(trader=a_trader(), since=DAY, reason=" ", by=an_official(), at=AT)


class TestLicence:
    def test_is_in_force_from_its_first_day_to_its_last(self) -> None:
        trader = a_trader()
        licence = a_licence(trader, since=DAY, until=TOMORROW)
        assert licence.last_day == DAY
        assert queries.licence_in_force(trader, LicenceKind.EXPORTER, DAY) == licence
        for day in (DAY - timedelta(days=1), TOMORROW):
            assert queries.licence_in_force(trader, LicenceKind.EXPORTER, day) is None
        assert queries.licence_in_force(trader, LicenceKind.IMPORTER, DAY) is None

    def test_without_an_end_goes_on(self) -> None:
        trader = a_trader()
        assert a_licence(trader, until=None).last_day is None
        assert queries.licence_in_force(trader, LicenceKind.EXPORTER, date(2100, 1, 1))

    def test_to_mine_names_its_area(self) -> None:
        assert a_licence(a_trader(), LicenceKind.ARTISANAL_MINER).area == "Block 7, Selle River"
        with pytest.raises(errors.Malformed) as caught:
            a_licence(a_trader(), LicenceKind.INDUSTRIAL_MINER, area="")
        assert caught.value.where == "area"

    def test_of_another_kind_names_none(self) -> None:
        with pytest.raises(actions.AreaMissing):
            a_licence(a_trader(), area="Block 7")

    def test_does_not_end_before_it_begins(self) -> None:
        with pytest.raises(actions.DayUnfit):
            a_licence(a_trader(), since=DAY, until=DAY)

    def test_is_renewed_under_its_number(self) -> None:
        trader = a_trader()
        a_licence(trader)
        renewed = a_licence(trader, since=date(2027, 1, 1), until=date(2028, 1, 1))
        assert queries.licence_in_force(trader, LicenceKind.EXPORTER, date(2027, 1, 1)) == renewed

    def test_does_not_overlap_the_one_before(self) -> None:
        trader = a_trader()
        a_licence(trader)
        with pytest.raises(actions.LicenceNumberTaken) as caught:
            a_licence(trader, since=date(2026, 12, 31), until=None)
        assert caught.value.where == "since"

    def test_does_not_have_the_number_of_another_trader(self) -> None:
        a_licence(a_trader(), number="PSD-1", until=date(2026, 2, 1))
        with pytest.raises(actions.LicenceNumberTaken) as caught:
            a_licence(a_trader(), number="PSD-1", since=date(2026, 3, 1))
        assert caught.value.where == "number"

    def test_is_ended_with_a_reason_and_kept(self) -> None:
        trader = a_trader()
        ended = actions.end_licence(licence=a_licence(trader), until=DAY, reason="Given back", by=an_official(), at=AT)
        assert ended.was_ended
        assert (ended.until, ended.expires) == (DAY, date(2027, 1, 1))
        assert queries.licence_in_force(trader, LicenceKind.EXPORTER, LAST_WEEK) == ended
        assert queries.licence_in_force(trader, LicenceKind.EXPORTER, DAY) is None

    def test_is_not_ended_twice_nor_after_it_expires(self) -> None:
        licence = a_licence(a_trader())
        with pytest.raises(actions.AlreadyEnded):
            actions.end_licence(licence=licence, until=date(2027, 1, 1), reason="Late", by=an_official(), at=AT)
        actions.end_licence(licence=licence, until=DAY, reason="Given back", by=an_official(), at=AT)
        with pytest.raises(actions.AlreadyEnded):
            actions.end_licence(licence=licence, until=LAST_WEEK, reason="Again", by=an_official(), at=AT)

    @pytest.mark.django_db(transaction=True)
    def test_two_clerks_do_not_give_out_one_number(self) -> None:
        traders = [a_trader(), a_trader()]

        def grant(trader: Trader) -> bool:
            try:
                a_licence(trader, number="PSD-1")
            except actions.LicenceNumberTaken:
                return False
            finally:
                connection.close()
            return True

        with ThreadPoolExecutor(2) as clerks:
            assert sorted(clerks.map(grant, traders)) == [False, True]
        assert Licence.objects.count() == 1


class TestContact:
    def test_speaks_for_the_trader_until_ended(self) -> None:
        trader = a_trader()
        contact = a_contact(trader)
        assert list(queries.contacts_on(trader, DAY)) == [contact]
        actions.end_contact(contact=contact, until=TOMORROW, reason="Left", by=an_official(), at=AT)
        assert not queries.contacts_on(trader, TOMORROW).exists()
        with pytest.raises(actions.AlreadyEnded):
            actions.end_contact(contact=contact, until=TOMORROW, reason="Left", by=an_official(), at=AT)

    def test_has_an_address_that_mail_can_reach(self) -> None:
        with pytest.raises(actions.EmailInvalid) as caught:
            a_contact(a_trader(), email="Tamsin Vale")
        assert caught.value.where == "email"

    def test_the_audit_has_no_name_and_no_address(self) -> None:
        a_contact(a_trader())
        line = audit.search(subject="trader:T-0001")[0]
        assert not {"Tamsin", "selle"} & set(str(line.facts).replace("@", " ").replace(".", " ").split())


class TestAddressBook:
    def test_finds_the_participant_of_the_country(self) -> None:
        assert a_party(a_trader()).participants_on(DAY) == ("EU",)

    def test_changes_an_entry(self) -> None:
        party = actions.change_known_party(
            party=a_party(trader := a_trader()), town="Ghent", by=an_exporter(trader), at=AT
        )
        assert (party.town, party.country) == ("Ghent", "BE")

    def test_takes_an_entry_out_and_keeps_it(self) -> None:
        trader = a_trader()
        party = a_party(trader)
        actions.remove_known_party(party=party, on=DAY, by=an_exporter(trader), at=AT)
        assert not queries.address_book(trader, DAY).exists()
        assert trader.known_parties.count() == 1
        with pytest.raises(actions.AlreadyEnded):
            actions.change_known_party(party=party, town="Ghent", by=an_exporter(trader), at=AT)


class TestDeclareStock:
    def test_a_stock_of_nothing_is_declared(self) -> None:
        trader = a_trader()
        assert not queries.stock_declared(trader, 2026)
        declared = actions.declare_stock(trader=trader, year=2026, stock={}, by=an_exporter(trader), at=AT)
        assert declared.carats == Carats(0)
        assert queries.stock_declared(trader, 2026)
        assert not queries.stock_declared(trader, 2025)

    def test_the_last_one_of_a_year_counts(self) -> None:
        trader = a_trader()
        for weight in ("10.00", "12.50"):
            stock = {"BW": Carats.parse(weight), "mixed": Carats(0)}
            actions.declare_stock(trader=trader, year=2026, stock=stock, by=an_exporter(trader), at=AT)
        counting = queries.declaration(trader, 2026)
        assert counting is not None
        assert [(line.origin, line.carats) for line in counting.lines.all()] == [("BW", Carats(1250))]
        assert StockDeclaration.objects.count() == 2

    @pytest.mark.parametrize("year", [2002, 2027])
    def test_refuses_a_year_that_is_none(self, year: int) -> None:
        trader = a_trader()
        with pytest.raises(actions.DayUnfit):
            actions.declare_stock(trader=trader, year=year, stock={}, by=an_exporter(trader), at=AT)


class TestWhyNot:
    def test_nothing_stops_a_licensed_trader_that_declared_its_stock(self) -> None:
        trader = a_trader()
        a_licence(trader)
        actions.declare_stock(trader=trader, year=2026, stock={}, by=an_exporter(trader), at=AT)
        assert rules_of(trader) == []

    def test_says_everything_at_once(self) -> None:
        trader = a_trader()
        actions.suspend(trader=trader, since=DAY, reason="Books not shown", by=an_official(), at=AT)
        assert rules_of(trader) == ["AnnexII.suspension", "AnnexII.licence", "profile.stock-declaration"]

    def test_says_that_the_licence_ended(self) -> None:
        trader = a_trader()
        a_licence(trader)
        found = queries.why_not(trader, kind=LicenceKind.EXPORTER, on=date(2027, 1, 1), profile=_BW)
        assert [each.what for each in found] == ["The licence as exporter ended: 2026-12-31 was its last day."]

    def test_asks_for_no_licence_where_the_law_asks_for_none(self) -> None:
        assert queries.why_not(a_trader(), kind=LicenceKind.EXPORTER, on=DAY, profile=_BW) == []

    def test_does_not_say_why_the_trader_is_suspended(self) -> None:
        trader = a_trader()
        actions.suspend(trader=trader, since=DAY, reason="Under suspicion", by=an_official(), at=AT)
        assert "suspicion" not in str(queries.why_not(trader, kind=LicenceKind.EXPORTER, on=DAY, profile=_BW))


class TestMessages:
    def test_are_read_once(self) -> None:
        trader = a_trader()
        with transaction.atomic():
            message = actions.tell(
                trader=trader, code="application-returned", subject="application:7", facts={"breaches": 2}, at=AT
            )
        reader = an_exporter(trader)
        assert (queries.unread(reader), list(queries.messages_of(reader))) == (1, [message])
        actions.read_message(message=message, by=reader, at=AT)
        again = actions.read_message(message=message, by=reader, at=AT + timedelta(hours=1))
        assert (again.read_at, queries.unread(reader)) == (AT, 0)
        assert [line.tag for line in audit.search(actor=reader.identifier)] == ["message:read"]

    @pytest.mark.django_db(transaction=True)
    def test_belong_to_an_act(self) -> None:
        trader = a_trader()
        with pytest.raises(actions.OutsideAct):
            actions.tell(trader=trader, code="x", subject="application:7", facts={}, at=AT)
        assert not Message.objects.exists()


CALLS: dict[Act, list[Any]] = {
    Act.TRADER_REGISTER: [lambda _, by: a_trader(by=by)],
    Act.TRADER_CHANGE: [lambda t, by: actions.change(trader=t, town="Selle Mouth", by=by, at=AT)],
    Act.TRADER_SUSPEND: [
        lambda t, by: actions.suspend(trader=t, since=DAY, reason="Books", by=by, at=AT),
    ],
    Act.LICENCE_GRANT: [lambda t, by: a_licence(t, by=by)],
    Act.LICENCE_END: [
        lambda t, by: actions.end_licence(licence=a_licence(t), until=DAY, reason="Given back", by=by, at=AT)
    ],
    Act.CONTACT_CHANGE: [
        lambda t, by: a_contact(t, by=by),
        lambda t, by: actions.end_contact(contact=a_contact(t), until=DAY, reason="Left", by=by, at=AT),
    ],
    Act.ADDRESS_CHANGE: [
        lambda t, by: a_party(t, by=by),
        lambda t, by: actions.change_known_party(party=a_party(t), town="Ghent", by=by, at=AT),
        lambda t, by: actions.remove_known_party(party=a_party(t), on=DAY, by=by, at=AT),
    ],
    Act.STOCK_DECLARE: [lambda t, by: actions.declare_stock(trader=t, year=2026, stock={}, by=by, at=AT)],
    Act.BALANCE_READ: [queries.book, queries.balances],
    Act.TRADER_READ: [lambda t, by: queries.trader(t.reference, by)],
}


class TestPermissions:
    @pytest.mark.parametrize("role", Role)
    @pytest.mark.parametrize("act", CALLS)
    def test_the_table_alone_decides(self, act: Act, role: Role) -> None:
        trader = a_trader()
        by = an_exporter(trader, role=role) if role in {Role.EXPORTER, Role.AGENT} else an_official(role)
        allowed = by.reach(act).covers(trader=trader.reference)
        for call in CALLS[act]:
            if allowed:
                call(trader, by)
            else:
                with pytest.raises((ActForbidden, OutOfReach)):
                    call(trader, by)

    @pytest.mark.parametrize("act", [act for act in CALLS if act is not Act.TRADER_REGISTER])
    def test_another_trader_does_not_exist(self, act: Act) -> None:
        trader, own = a_trader(), a_trader()
        by = an_exporter(own)
        for call in CALLS[act]:
            with pytest.raises((ActForbidden, OutOfReach)):
                call(trader, by)

    def test_what_is_out_of_reach_is_what_does_not_exist(self) -> None:
        trader, own = a_trader(), a_trader()
        a_licence(trader)
        by = an_exporter(own)
        said = set()
        for reference in (trader.reference, "T-9999"):
            with pytest.raises(OutOfReach) as caught:
                queries.trader(reference, by)
            said.add(str(caught.value))
        assert len(said) == 1

    def test_a_trader_sees_its_own_and_nothing_else(self) -> None:
        other, own = a_trader(), a_trader()
        licence, contact, party = a_licence(other), a_contact(other), a_party(other)
        with transaction.atomic():
            message = actions.tell(trader=other, code="x", subject="application:7", facts={}, at=AT)
        by = an_exporter(own)
        assert list(queries.traders_of(by)) == [own]
        assert not queries.messages_of(by).exists()
        for find, key in (
            (queries.licence, licence.pk),
            (queries.contact, contact.pk),
            (queries.known_party, party.pk),
            (queries.message, message.pk),
        ):
            for reference in (own.reference, other.reference):
                with pytest.raises(OutOfReach):
                    find(reference, key, by)
        with pytest.raises(OutOfReach):
            actions.read_message(message=message, by=by, at=AT)

    def test_an_agent_sees_each_trader_it_acts_for(self) -> None:
        traders = [a_trader() for _ in range(3)]
        by = an_exporter(*traders[:2], role=Role.AGENT)
        assert list(queries.traders_of(by)) == traders[:2]

    def test_nobody_without_a_role_sees_anything(self) -> None:
        a_trader()
        assert not queries.traders_of(Actor(identifier="nobody")).exists()


def test_the_origin_of_a_known_country_is_a_code() -> None:
    assert queries.balance(a_trader(), (CountryCode("BW"),)) == Carats(0)
