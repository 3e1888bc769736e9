from __future__ import annotations

import csv
import io
import json
import time
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from macle.node.audit.evidence import UploadRefused
from macle.node.exporting import queries
from macle.node.exporting.actions import applications, certificates, desk
from macle.node.exporting.actions.applications import (
    AttachmentMissing,
    DraftMalformed,
    DraftTooLarge,
    NotADraft,
    TooManyFiles,
    TooManyRows,
)
from macle.node.exporting.models import Application, AttachmentKind, Channel
from macle.node.permissions import OutOfReach
from macle.node.registry.queries import OfficeUnknown
from macle.node.traders import actions as traders
from macle.paper.tables import TableMalformed
from macle.scheme.lifecycle import CertificateState
from macle.scheme.rules import RulesRefuse
from tests.node.test_exporting_pages import asked, text_of
from tests.support import node_audit, node_traders
from tests.support import node_exporting as made
from tests.support.node_exporting import EXAMINER, OFFICIAL, House, later
from tests.support.node_registry import OFFICE

pytestmark = pytest.mark.django_db

_HEADINGS = {
    "kind": "standard",
    "importer.name": "Quayside Rough Trading",
    "importer.address": "12 Invented Quay",
    "importer.town": "Antwerp",
    "importer.country": "BE",
    "destination": "EU",
    "country_of_provenance": "BW",
    "origin.kind": "single",
    "origin.countries": "BW",
    "lines[0].hs": "7102.31",
    "lines[0].carats": "12.50",
    "lines[0].value": "900.00",
    "parcels": "1",
    "not_conflict_diamonds": "yes",
    "synthetics_declared": "no",
    "sources[0].kind": "production_record",
    "sources[0].reference": "PR 7",
    "sources[0].carats": "12.50",
}


def a_table(*rows: dict[str, str]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(_HEADINGS))
    writer.writeheader()
    writer.writerows(_HEADINGS | row for row in rows)
    return text.getvalue().encode()


def upload(house: House, data: bytes, **changes: Any) -> list[applications.Row]:
    given: dict[str, Any] = {"name": "week 48.csv", "trader": house.trader.reference, "office": OFFICE}
    return applications.upload(data=data, by=house.exporter, at=made.AT, **(given | changes))


class TestDraft:
    @pytest.mark.parametrize(
        ("entered", "error"),
        [
            ({"importer": {"name": "a\x00b"}}, DraftMalformed),
            ({"importer": {"name": "\ud800"}}, DraftMalformed),
            ({"parcels": float("nan")}, DraftMalformed),
            ({"parcels": float("inf")}, DraftMalformed),
            ({"parcels": {1, 2}}, DraftMalformed),
            ({"sources": ["x" * 70_000]}, DraftTooLarge),
        ],
    )
    def test_what_no_database_keeps_is_refused(self, entered: dict[str, Any], error: type[Exception]) -> None:
        with made.a_house() as house:
            draft = made.a_draft(house)
            before = made.Traces.now()
            with pytest.raises(error):
                made.a_draft(house, **entered)
            with pytest.raises(error):
                applications.save(reference=draft.reference, changes=entered, by=house.exporter, at=later(1))
            assert made.Traces.now() == before

    @pytest.mark.parametrize(
        "entered",
        [
            {"kind": 5},
            {"kind": ["standard"]},
            {"importer": "somebody"},
            {"origin": {"kind": "mixed_listed", "countries": ["BW"] * 400}},
            {"origin": {"kind": "mixed_listed", "countries": "BW"}},
            {"lines": {"hs": "7102.31"}},
            {"lines": [{"hs": "7102.31", "carats": "99999999999999999999", "value": "-1"}]},
            {"lines": [{"hs": "7102.31", "carats": "999999999.99", "value": "1"}] * 12},
            {"parcels": 10**40},
            {"parcels": -1},
            {"destination": "💎"},
            {"refers_to": "BW1"},
            {"exporter": {"name": "Somebody Else"}, "number": "BW00000001", "office": "Elsewhere"},
            {"not_conflict_diamonds": None},
        ],
    )
    def test_anything_else_can_be_kept_and_is_judged_when_it_is_lodged(self, entered: dict[str, Any]) -> None:
        with made.a_house() as house:
            draft = made.a_draft(house, **entered)
            if "exporter" in entered:
                assert "exporter" not in draft.entered
                applications.lodge(reference=draft.reference, by=house.exporter, at=later(1))
                return
            with pytest.raises(RulesRefuse):
                applications.lodge(reference=draft.reference, by=house.exporter, at=later(1))
            draft.refresh_from_db()
            assert draft.status is CertificateState.DRAFT

    def test_nobody_begins_one_for_another_trader_or_at_no_office(self) -> None:
        with made.a_house() as house:
            other = node_traders.a_trader()
            with pytest.raises(OutOfReach):
                applications.begin(trader=other.reference, office=OFFICE, by=house.exporter, at=made.AT)
            with pytest.raises(OfficeUnknown):
                applications.begin(trader=house.trader.reference, office="Nowhere", by=house.exporter, at=made.AT)
            assert Application.objects.count() == 0

    def test_what_is_lodged_is_not_changed(self) -> None:
        with made.a_house() as house:
            application = made.lodged(house)
            with pytest.raises(NotADraft):
                applications.save(
                    reference=application.reference, changes={"parcels": 9}, by=house.exporter, at=later(1)
                )

    def test_an_empty_value_takes_a_field_out(self) -> None:
        with made.a_house() as house:
            draft = made.a_draft(house)
            saved = applications.save(
                reference=draft.reference, changes={"parcels": "", "sources": []}, by=house.exporter, at=later(1)
            )
            assert not {"parcels", "sources"} & saved.entered.keys()
            assert saved.entered["not_conflict_diamonds"] is True


class TestLodge:
    def test_every_breach_is_said_at_once(self) -> None:
        with made.a_house() as house:
            draft = made.a_draft(house, importer={}, parcels=0, destination="XX", not_conflict_diamonds=False)
            with pytest.raises(RulesRefuse) as refused:
                applications.lodge(reference=draft.reference, by=house.exporter, at=made.AT)
            places = {breach.where for breach in refused.value.breaches}
            assert {"destination", "not_conflict_diamonds", "parcels"} <= places

    def test_a_suspended_trader_lodges_nothing(self) -> None:
        with made.a_house() as house:
            traders.suspend(trader=house.trader, since=made.TODAY, reason="Levy", by=OFFICIAL, at=made.AT)
            draft = made.a_draft(house)
            with pytest.raises(RulesRefuse):
                applications.lodge(reference=draft.reference, by=house.exporter, at=made.AT)

    def test_what_was_returned_is_mended_and_lodged_again(self) -> None:
        with made.a_house() as house:
            application = made.examined(house)
            desk.return_to_trader(reference=application.reference, reason="Three parcels?", by=EXAMINER, at=later(2))
            applications.save(reference=application.reference, changes={"parcels": 4}, by=house.exporter, at=later(3))
            applications.lodge(reference=application.reference, by=house.exporter, at=later(4))
            measured = made.measured(parcels=4)
            desk.examine(reference=application.reference, measured=measured, by=EXAMINER, at=later(5))
            application.refresh_from_db()
            assert application.status is CertificateState.UNDER_EXAMINATION
            assert made.faults() == []

    def test_a_copy_makes_its_declarations_anew(self) -> None:
        with made.a_house() as house:
            first = made.lodged(house)
            second = applications.copy(reference=first.reference, by=house.exporter, at=later(1))
            assert second.channel == Channel.COPY
            assert "not_conflict_diamonds" not in second.entered
            with pytest.raises(RulesRefuse):
                applications.lodge(reference=second.reference, by=house.exporter, at=later(2))

    def test_a_copy_of_a_replacement_is_none(self) -> None:
        with made.a_house() as house:
            old = made.validated(house)
            new = certificates.replace(
                reference=old.application.reference, reason="Typing error", by=OFFICIAL, at=later(7)
            )
            copied = applications.copy(reference=new.reference, by=house.exporter, at=later(8))
            assert copied.replaces is None
            assert copied.entered["kind"] == "standard"


class TestFiles:
    def test_forty_are_enough(self) -> None:
        with made.a_house() as house:
            draft = made.a_draft(house)
            given: dict[str, Any] = {
                "reference": draft.reference,
                "kind": AttachmentKind.OTHER,
                "name": "note.txt",
                "by": house.exporter,
                "at": made.AT,
            }
            for number in range(applications.MOST_ATTACHMENTS):
                applications.attach(data=f"Note {number}.\n".encode(), **given)
            with pytest.raises(TooManyFiles):
                applications.attach(data=b"One more.\n", **given)

    def test_the_same_file_is_there_once_for_each_kind(self) -> None:
        with made.a_house() as house:
            draft = made.a_draft(house)
            given: dict[str, Any] = {
                "reference": draft.reference,
                "data": b"Note.\n",
                "by": house.exporter,
                "at": made.AT,
            }
            first = applications.attach(kind=AttachmentKind.OTHER, name="note.txt", **given)
            assert applications.attach(kind=AttachmentKind.OTHER, name="again.txt", **given) == first
            applications.attach(kind=AttachmentKind.INVOICE, name="note.txt", **given)
            assert draft.attachments.count() == 2

    def test_a_name_is_kept_without_folders_and_what_does_not_print(self) -> None:
        with made.a_house() as house:
            draft = made.a_draft(house)
            held = applications.attach(
                reference=draft.reference,
                kind=AttachmentKind.INVOICE,
                data=node_audit.a_picture(),
                name="..\\..\\etc/pass\x00wd\u202e" + "x" * 300,
                by=house.exporter,
                at=made.AT,
            )
            assert held.name.startswith("passwdxxx")
            assert len(held.name) <= 120

    def test_what_is_taken_out_of_a_draft_stays_in_the_store(self) -> None:
        with made.a_house() as house:
            draft = made.a_draft(house)
            held = applications.attach(
                reference=draft.reference,
                kind=AttachmentKind.INVOICE,
                data=node_audit.a_picture(),
                name="a.png",
                by=house.exporter,
                at=made.AT,
            )
            given: dict[str, Any] = {"reference": draft.reference, "by": house.exporter, "at": later(1)}
            applications.detach(attachment=held.pk, **given)
            with pytest.raises(AttachmentMissing):
                applications.detach(attachment=held.pk, **given)

    def test_nothing_is_taken_out_of_what_is_lodged(self) -> None:
        with made.a_house() as house:
            application = made.lodged(house)
            with pytest.raises(NotADraft):
                applications.detach(reference=application.reference, attachment=1, by=house.exporter, at=later(1))

    def test_nothing_is_added_to_what_is_ended(self) -> None:
        with made.a_house() as house:
            application = made.lodged(house)
            applications.cancel(reference=application.reference, reason="Sold", by=house.exporter, at=later(1))
            with pytest.raises(NotADraft):
                applications.attach(
                    reference=application.reference,
                    kind=AttachmentKind.INVOICE,
                    data=node_audit.a_picture(),
                    name="a.png",
                    by=house.exporter,
                    at=later(2),
                )

    def test_a_file_that_is_none_is_refused(self) -> None:
        with made.a_house() as house, pytest.raises(UploadRefused):
            applications.attach(
                reference=made.a_draft(house).reference,
                kind=AttachmentKind.INVOICE,
                data=node_audit.a_picture_that_claims(90_000, 90_000),
                name="a.png",
                by=house.exporter,
                at=made.AT,
            )


class TestUpload:
    def test_each_row_becomes_a_draft_and_nothing_is_lodged(self) -> None:
        with made.a_house() as house:
            rows = upload(house, a_table({}, {"importer.country": "Belgium"}, {"parcels": "3"}))
            assert [row.stops for row in rows] == [False, True, False]
            assert Application.objects.filter(state=CertificateState.DRAFT).count() == 3
            applications.lodge(reference=rows[0].reference, by=house.exporter, at=made.AT)

    def test_a_bad_row_spoils_only_itself(self) -> None:
        with made.a_house() as house:
            data = json.dumps(
                [house.entered(), 7, "x", {"importer": {"name": "a\u0000b"}}, {"sources": ["x" * 70_000]}, {}]
            )
            rows = upload(house, data.encode(), name="rows.json")
            assert [bool(row.reference) for row in rows] == [True, False, False, False, False, True]
            assert all(row.stops for row in rows[1:])

    def test_a_formula_stays_text(self) -> None:
        with made.a_house() as house:
            formula = '=HYPERLINK("http://example.org";"x")'
            (row,) = upload(house, a_table({"importer.name": formula}))
            draft = Application.objects.get(reference=row.reference)
            assert draft.entered["importer"]["name"] == formula
            assert draft.importer_name == formula

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"\x00\x01\x02",
            b"\xd0\xcf\x11\xe0old",
            b"PK\x03\x04",
            b"kind\n",
            b"[",
            b"[" * 100_000,
            b'{"a":1,"a":2}',
        ],
    )
    def test_what_is_no_table_makes_nothing(self, data: bytes) -> None:
        with made.a_house() as house:
            with pytest.raises(TableMalformed):
                upload(house, data)
            assert Application.objects.count() == 0

    def test_a_spreadsheet_that_swells_makes_nothing(self) -> None:
        with made.a_house() as house:
            with pytest.raises(TableMalformed):
                upload(house, node_audit.a_bomb(), name="rows.xlsx")
            assert Application.objects.count() == 0

    def test_ten_thousand_rows_are_refused_before_any_draft(self) -> None:
        with made.a_house() as house:
            data = a_table(*({} for _ in range(10_000)))
            begun = time.monotonic()
            with pytest.raises(TooManyRows):
                upload(house, data)
            assert time.monotonic() - begun < 10
            assert Application.objects.count() == 0

    def test_an_office_that_is_not_there_makes_nothing(self) -> None:
        with made.a_house() as house, pytest.raises(OfficeUnknown):
            upload(house, a_table({}), office="Nowhere")

    def test_nobody_uploads_for_another_trader(self) -> None:
        with made.a_house() as house, pytest.raises(OutOfReach):
            upload(house, a_table({}), trader=node_traders.a_trader().reference)


class TestQueues:
    def count(self, by: Any) -> int:
        with CaptureQueriesContext(connection) as asked:
            for each in queries.waiting_for(by, at=later(9)):
                assert each.trader.name
            for each in queries.late(by, on=made.TODAY):
                assert each.trader.name
            for each in queries.without_term(by, since=later(9999)):
                assert each.trader.name
            for certificate in queries.certificates_of(by):
                assert certificate.number
            for certificate in queries.in_the_air(by):
                assert certificate.number
            for confirmation in queries.disagreeing(by):
                assert confirmation.certificate.application.trader.name
        return len(asked)

    def test_queues_ask_the_same_for_one_and_for_many(self) -> None:
        with made.a_house() as house:
            made.dispatched(house)
            made.sealed(house)
            few = {by.identifier: self.count(by) for by in (EXAMINER, OFFICIAL, house.exporter)}
            for _ in range(4):
                made.lodged(house)
                made.sealed(house)
                made.dispatched(house)
            assert {by.identifier: self.count(by) for by in (EXAMINER, OFFICIAL, house.exporter)} == few

    def test_what_one_examined_does_not_wait_for_the_same_person(self) -> None:
        with made.a_house() as house:
            application = made.sealed(house)
            assert list(queries.waiting_for(OFFICIAL, at=later(4))) == [application]
            assert list(queries.waiting_for(EXAMINER, at=later(4))) == []
            assert list(queries.waiting_for(house.exporter, at=later(4))) == []

    def test_it_does_where_the_law_lets_one_person_do_both(self, django_assert_num_queries: Any) -> None:
        with made.law(four_eyes=made.sourced(False)), made.a_house() as house:
            application = made.sealed(house)
            with django_assert_num_queries(1):
                assert list(queries.waiting_for(EXAMINER, at=later(4))) == [application]
            assert list(queries.waiting_for(OFFICIAL, at=later(4))) == [application]
            assert "Validate" in text_of(asked(EXAMINER, "queue"))
            assert "It waits for a validating official. " in text_of(
                asked(EXAMINER, "application", application.reference)
            )
