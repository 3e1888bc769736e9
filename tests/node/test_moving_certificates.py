"""Certificates of the old records: taken over once, never in doubt about what is there, and never in a block."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from macle.node.audit import intake
from macle.node.audit import queries as audit
from macle.node.audit.intake import Outcome
from macle.node.audit.models import AuditUnalterable, Line
from macle.node.exporting.actions import numbers
from macle.node.exporting.actions.numbers import BlockRefused
from macle.node.exporting.models import Block, LegacyCertificate, LegacyNames
from macle.node.exporting.moving import Certificates
from macle.node.permissions import ActForbidden, Actor, Held, Role
from macle.paper.mappings import Mapping, Reader
from tests.node.test_exporting_numbers import AtOnce
from tests.support import node_exporting as made
from tests.support import node_moving as moving
from tests.support.node_moving import BOOK, said, take_book
from tests.support.node_registry import ADMINISTRATOR, AT, OFFICE

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.django_db

VOID = dict.fromkeys(BOOK, "") | {"state": "void"}


@pytest.fixture(autouse=True)
def house() -> Iterator[None]:
    with made.a_house(carats=""):
        yield


def allot(first: int, last: int, *, lead: str = "", width: int = 8) -> Block:
    return numbers.allot(
        office=OFFICE, first=first, last=last, width=width, lead=lead, on_sheets=False, by=ADMINISTRATOR, at=AT
    )


class TestTake:
    def test_writes_down_all_that_a_row_says(self) -> None:
        summary, _ = take_book()
        held = LegacyCertificate.objects.select_related("names").get()
        assert (held.number, held.state, held.destination, held.origin) == ("BW00000001", "confirmed", "EU", "BW")
        assert (held.date_of_issuance, held.date_of_expiry) == (date(2019, 3, 4), date(2019, 5, 4))
        assert (held.carats_hundredths, held.value_cents, held.parcels) == (123450, 9800000, 3)
        assert (held.names.exporter, held.names.importer) == ("Selle River Mining", "Quayside Rough Trading")
        assert (held.row, len(held.file), held.recorded_by) == (2, 64, ADMINISTRATOR.identifier)
        assert summary.groups == {"2019": [1, 123450, 9800000]}

    def test_leaves_one_line_for_each_chunk_with_its_sums(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(intake, "CHUNK", 2)
        take_book(*({"number": f"{each}"} for each in range(1, 6)), {"number": "6", "carats": "x"})
        lines = moving.lines()
        assert [(line.facts["first_row"], line.facts["last_row"], line.facts["taken"]) for line in lines] == [
            (2, 3, 2),
            (4, 5, 2),
            (6, 7, 1),
        ]
        assert [line.facts["refused"] for line in lines] == [0, 0, 1]
        assert {line.subject for line in lines} == {f"legacy:{lines[0].facts['file'][:16]}"}
        assert sum(line.facts["carats_hundredths"] for line in lines) == 5 * 123450
        assert sum(line.facts["value_cents"] for line in lines) == 5 * 9800000
        assert not list(audit.faults())

    def test_writes_nothing_unless_it_records(self) -> None:
        before = Line.objects.count()
        summary, judged = take_book({}, {"number": "2", "carats": "1.234"}, recording=False)
        assert (summary.outcomes[Outcome.TAKEN], summary.outcomes[Outcome.REFUSED]) == (1, 1)
        assert said(judged) == [(3, "carats", "DECIMALS")]
        assert not LegacyCertificate.objects.exists()
        assert Line.objects.count() == before

    def test_is_an_act_of_the_administrator(self) -> None:
        official = Actor(identifier="user-vale", held=(Held(role=Role.VALIDATING_OFFICIAL, office=OFFICE),))
        reader = Reader(Mapping(columns={name: name for name in BOOK}), fields=(), headings=list(BOOK))
        with pytest.raises(ActForbidden):
            next(
                intake.take(
                    Certificates(), [], reader=reader, file="", mapping="", recording=False, by=official, now=lambda: AT
                )
            )

    def test_takes_the_same_file_once(self) -> None:
        take_book({}, {"number": "2"})
        before = Line.objects.count()
        summary, _ = take_book({}, {"number": "2"})
        assert summary.outcomes == {Outcome.THERE: 2}
        assert summary.groups == {"2019": [2, 246900, 19600000]}
        assert Line.objects.count() == before

    def test_goes_on_where_it_was_stopped(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(intake, "CHUNK", 3)
        rows = [{"number": str(each)} for each in range(1, 11)]
        write, calls = Certificates.write, []

        def stopped(self: Certificates, judged: object, *, source: object) -> object:
            calls.append(judged)
            if len(calls) == 3:
                write(self, judged, source=source)  # type: ignore[arg-type]
                raise KeyboardInterrupt
            return write(self, judged, source=source)  # type: ignore[arg-type]

        monkeypatch.setattr(Certificates, "write", stopped)
        with pytest.raises(KeyboardInterrupt):
            take_book(*rows)
        monkeypatch.setattr(Certificates, "write", write)
        assert LegacyCertificate.objects.count() == 6
        summary, _ = take_book(*rows)
        assert summary.outcomes == {Outcome.THERE: 6, Outcome.TAKEN: 4}
        assert sorted(LegacyCertificate.objects.values_list("row", flat=True)) == list(range(2, 12))
        assert LegacyNames.objects.count() == 10
        assert sum(line.facts["taken"] for line in moving.lines()) == 10

    def test_needs_no_goods_and_no_day_of_a_void_number(self) -> None:
        summary, judged = take_book(VOID | {"number": "7"})
        assert said(judged) == []
        assert summary.groups == {"no day": [1, 0, 0]}

    def test_reads_a_spreadsheets_number_without_its_zeros(self) -> None:
        rows = moving.table(BOOK, {"number": "821"})
        mapping = Mapping(columns={name: name for name in BOOK}, digits=8)
        moving.take(Certificates(), rows, mapping=mapping)
        assert LegacyCertificate.objects.get().number == "BW00000821"

    def test_sums_the_headings_of_the_tariff(self) -> None:
        row = BOOK | {
            "carats": "",
            "value": "",
            "carats_710210": "10.00",
            "value_710210": "100.00",
            "carats_710231": "5.50",
            "value_710231": "900.01",
        }
        rows = moving.table(row, {}, {"number": "2", "carats": "15.50"}, {"number": "3", "carats": "15.51"})
        _, judged = moving.take(Certificates(), rows)
        held = LegacyCertificate.objects.get(number="BW00000001")
        assert held.lines == {"7102.10": {"carats": 1000, "value": 10000}, "7102.31": {"carats": 550, "value": 90001}}
        assert (held.carats_hundredths, held.value_cents) == (1550, 100001)
        assert said(judged) == [(4, "carats", "QUANTITY")]

    def test_reads_headings_and_words_of_another_language(self) -> None:
        rows = [
            ["Certificado", "Situação", "Emitido em", "Exportador", "Destino", "Quilates", "Valor"],
            ["17", "Anulado", "", "", "", "", ""],
            ["18", "Confirmado", "31.12.2018", "Exemplo Lda", "Bélgica", "1.234,5", "98.000"],
        ]
        mapping = Mapping(
            columns=dict(
                zip(
                    ("number", "state", "date_of_issuance", "exporter", "destination", "carats", "value"),
                    rows[0],
                    strict=True,
                )
            ),
            words={"state": {"Anulado": "void", "Confirmado": "confirmed"}, "destination": {"Bélgica": "BE"}},
            days="DD.MM.YYYY",
            decimal=",",
            thousands=".",
        )
        summary, _ = moving.take(Certificates(), rows, mapping=mapping)
        assert summary.outcomes == {Outcome.TAKEN: 2}
        assert LegacyCertificate.objects.get(number="BW18").value_cents == 9800000


class TestRefuse:
    @pytest.mark.parametrize(
        ("change", "column", "reason"),
        [
            ({"number": ""}, "number", "EMPTY"),
            ({"number": "AO123"}, "number", "NUMBER"),
            ({"number": "12_3"}, "number", "NUMBER"),
            ({"number": "=B2"}, "number", "FORMULA"),
            ({"state": ""}, "state", "EMPTY"),
            ({"state": "gone"}, "state", "WORD"),
            ({"date_of_issuance": ""}, "date_of_issuance", "EMPTY"),
            ({"date_of_issuance": "2019-02-30"}, "date_of_issuance", "DAY"),
            ({"date_of_issuance": "2002-12-31", "date_of_expiry": ""}, "date_of_issuance", "DAY"),
            ({"date_of_issuance": "2091-03-04", "date_of_expiry": ""}, "date_of_issuance", "DAY"),
            ({"date_of_expiry": "2019-03-03"}, "date_of_expiry", "DAY"),
            ({"exporter": ""}, "exporter", "EMPTY"),
            ({"exporter": "#REF!"}, "exporter", "FORMULA"),
            ({"exporter": "x" * 121}, "exporter", "TEXT"),
            ({"importer": "left\u202eright"}, "importer", "TEXT"),
            ({"destination": ""}, "destination", "EMPTY"),
            ({"destination": "Belgium"}, "destination", "COUNTRY"),
            ({"destination": "AQ"}, "destination", "COUNTRY"),
            ({"origin": "B W"}, "origin", "COUNTRY"),
            (
                {"origin": "AO BW CD CA CF CG CI CN GH GN GY IN LR LS NA RU SL"},
                "origin",
                "TEXT",
            ),
            ({"carats": ""}, "carats", "EMPTY"),
            ({"carats": "0.00"}, "carats", "QUANTITY"),
            ({"carats": "12,5"}, "carats", "QUANTITY"),
            ({"carats": "12.345"}, "carats", "DECIMALS"),
            ({"value": "0"}, "value", "QUANTITY"),
            ({"parcels": "2.5"}, "parcels", "QUANTITY"),
        ],
    )
    def test_a_row_for_each_thing_that_is_wrong(self, change: dict[str, str], column: str, reason: str) -> None:
        _, judged = take_book(change, {"number": "2"})
        assert said(judged) == [(2, column, reason)]
        (problem,) = judged[0].problems
        assert problem.what
        assert problem.mend
        assert LegacyCertificate.objects.get().number == "BW2"

    def test_a_row_with_all_that_is_wrong_at_once(self) -> None:
        _, judged = take_book(
            {"number": "", "date_of_issuance": "x", "destination": "ZZ", "carats": "", "parcels": "y"}
        )
        assert {column for _, column, _ in said(judged)} == {
            *("number", "date_of_issuance", "destination", "carats", "parcels")
        }

    @pytest.mark.parametrize(
        "change",
        [
            {"state": "lost"},
            {"date_of_issuance": "2019-03-05"},
            {"date_of_expiry": ""},
            {"exporter": "Selle River Mines"},
            {"importer": ""},
            {"destination": "IN"},
            {"origin": "*****"},
            {"carats": "1234.51"},
            {"value": "98000.01"},
            {"parcels": "4"},
        ],
    )
    def test_what_differs_from_what_is_there(self, change: dict[str, str]) -> None:
        take_book()
        _, judged = take_book(change)
        (name,) = change
        assert said(judged) == [(2, name, "DIFFERS")]
        _, again = take_book()
        assert again[0].outcome is Outcome.THERE

    @pytest.mark.parametrize("recording", [True, False])
    def test_a_number_that_stands_twice_with_other_figures(self, recording: bool) -> None:
        summary, judged = take_book({}, {}, {"carats": "5.00"}, recording=recording)
        assert summary.outcomes == {Outcome.TAKEN: 1, Outcome.THERE: 1, Outcome.REFUSED: 1}
        assert said(judged) == [(4, "carats", "DIFFERS")]

    @pytest.mark.parametrize("number", ["BW00004001", "4500", "BW00004999"])
    def test_a_number_that_lies_in_a_block(self, number: str) -> None:
        rows = moving.table(BOOK, {"number": number})
        mapping = Mapping(columns={name: name for name in BOOK}, digits=8)
        _, judged = moving.take(Certificates(), rows, mapping=mapping)
        assert said(judged) == [(2, "number", "TAKEN")]
        assert not LegacyCertificate.objects.exists()

    def test_no_number_beside_a_block(self) -> None:
        others = ("BW00004000", "BW00005000", "BW0004500", "BWA00004500", "BW4500A")
        summary, _ = take_book(*({"number": each} for each in others))
        assert summary.outcomes == {Outcome.TAKEN: len(others)}


class TestBlock:
    @pytest.mark.parametrize(("first", "last"), [(7000, 7000), (6000, 7000), (7000, 8000), (6000, 8000)])
    def test_with_a_number_that_was_used_on_paper_is_refused(self, first: int, last: int) -> None:
        take_book({"number": "BW00007000"})
        before = Block.objects.count(), Line.objects.count()
        with pytest.raises(BlockRefused, match="BW00007000 was issued on paper"):
            allot(first, last)
        assert (Block.objects.count(), Line.objects.count()) == before

    def test_beside_it_is_allotted(self) -> None:
        take_book(*({"number": each} for each in ("BW00007000", "BW0000650", "BW0000A650", "BW000065000", "BW6500")))
        assert allot(6001, 6999).left == 999
        assert allot(7001, 7999).left == 999

    def test_with_letters_knows_its_own_numbers(self) -> None:
        take_book({"number": "BWKP12000500"})
        for lead, width in (("KP", 8), ("KP12", 6), ("KP1", 7)):
            first = int("12000400"[8 - width :])
            with pytest.raises(BlockRefused, match="on paper"):
                allot(first, first + 200, lead=lead, width=width)
        assert allot(12000400, 12000600).left == 201


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_a_block_and_a_number_in_it_are_not_both_taken(self) -> None:
        AtOnce().run(lambda: allot(6000, 8000), lambda: take_book({"number": "BW00007000"}))
        assert Block.objects.filter(first=6000).exists() != LegacyCertificate.objects.exists()
        assert not list(audit.faults())

    def test_the_same_book_is_taken_once_by_two(self) -> None:
        rows = [{"number": str(each)} for each in range(1, 30)]
        came: Any = AtOnce().run(lambda: take_book(*rows), lambda: take_book(*rows))
        assert sorted(summary.outcomes[Outcome.TAKEN] for summary, _ in came) == [0, 29]
        assert LegacyCertificate.objects.count() == 29


class TestKept:
    def test_rows_are_never_changed_or_deleted(self) -> None:
        take_book()
        held = LegacyCertificate.objects.get()
        for attempt in (
            held.save,
            held.delete,
            lambda: LegacyCertificate.objects.update(state="void"),
            LegacyCertificate.objects.all().delete,
        ):
            with pytest.raises(AuditUnalterable):
                attempt()

    def test_names_that_were_erased_are_not_asked_again(self) -> None:
        take_book()
        LegacyNames.objects.update(exporter="", importer="")
        summary, _ = take_book()
        assert summary.outcomes == {Outcome.THERE: 1}
