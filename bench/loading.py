"""Fill the database of a node with signed certificates, fast: what acts made a few times is written many times more.

A few shipments of each trader go their way through the real actions. All that these added to the tables is the pattern
of the rest: for each further certificate a new content is signed, and its rows are the pattern's with other numbers,
weights, days and digests. The audit is chained line by line. What no pattern says (PDFs) is not made.

`python -m bench.loading COUNT [check]` fills the node of its environment, which must be empty and on PostgreSQL, and
prints how people sign in, as JSON. With ``check`` the accountant of the soak goes through all of it.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import random
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import django

django.setup()

from django.apps import apps  # noqa: E402 (after the settings)
from django.conf import settings as django_settings  # noqa: E402 (after the settings)
from django.core.management import call_command  # noqa: E402
from django.core.management.color import no_style  # noqa: E402
from django.db import connection, models  # noqa: E402

from macle.node import clock  # noqa: E402 (after the settings)
from macle.node.accounts import actions as accounts  # noqa: E402
from macle.node.audit import chain  # noqa: E402
from macle.node.audit.models import Chain, Line  # noqa: E402
from macle.node.exchange import actions as exchange  # noqa: E402
from macle.node.exchange.models import Letter, Outbox, Outcome, Part  # noqa: E402
from macle.node.exporting.actions import certificates, confirmations  # noqa: E402
from macle.node.exporting.actions.confirmations import Slip  # noqa: E402
from macle.node.exporting.models import Application, Arrival, Block, Certificate  # noqa: E402
from macle.node.permissions import Role  # noqa: E402
from macle.node.traders.models import Balance, EntryKind, Trader  # noqa: E402
from macle.proof import codec, issuing  # noqa: E402
from macle.proof.folders import AuthorityFolder  # noqa: E402
from macle.proof.keys import Usage  # noqa: E402
from macle.scheme import participants, profiles  # noqa: E402
from macle.scheme.rules.settings import IssuingSetting  # noqa: E402
from macle.scheme.terms import Carats, CertificateNumber, USDollars  # noqa: E402
from tests.soak import accounting  # noqa: E402
from tests.support import node_accounts, node_exporting, node_interface, node_registry, node_traders  # noqa: E402
from tests.support.node_registry import OFFICE, PASSPHRASE  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from macle.proof.keys import FileSigner
    from macle.scheme.certificates import Certificate as TypedCertificate

PASSWORD = "brindle-alluvials-sorted-twice"  # noqa: S105 (of invented people)
TRADERS = 12
IMPORTERS = (
    ("Quayside Rough Trading", "12 Invented Quay", "Antwerp", "BE"),
    ("Harbor Lapidary", "3 Cutters Row", "Antwerp", "BE"),
    ("Lantern Street Stones", "9 Lantern Street", "Lisbon", "PT"),
)
WAYS = ("confirmed", "confirmed", "confirmed", "dispatched", "validated")
"""Patterns of each trader; how many certificates follow each is in `SHARES`."""
SHARES = (0.4, 0.3, 0.25, 0.04, 0.01)
WAITING = 40
"""Applications that wait at the desk, in each of the states before a certificate."""
CHUNK = 1000
WORKERS = 2
FIRST_DAY, DAYS = date(2026, 1, 5), 320

_DAY = node_exporting.AT.date()
_CARATS, _VALUE = Carats(20518), USDollars(4103600)
_LETTERS = "23456789BCDFGHJKMNPQRSTVWXYZ"
_MARK = "\x01"
_FORK = multiprocessing.get_context("fork")


# --- The house, by its actions ----------------------------------------------------------------------


def open_house(count: int) -> list[dict[str, str]]:
    """Make offices, keys, numbers, traders, and people who sign in; return these."""
    home = Path(os.environ["MACLE_NODE_HOME"])
    node_registry.keys_in(home)
    node_registry.an_office()
    node_registry.a_partner(participant="EU")
    last = 4000 + count + TRADERS * (len(WAYS) + WAITING)
    node_exporting.a_block(first=4001, last=last)
    for index in range(TRADERS):
        trader = node_traders.a_trader(name=f"{_NAMES[index % len(_NAMES)]} {index + 1}")
        node_traders.a_licence(trader)
        node_traders.an_entry(trader, "99999999.00", EntryKind.OPENING_STOCK)
    people = []
    for index in range(20):
        role = (Role.EXAMINER, Role.VALIDATING_OFFICIAL)[index % 2]
        login = f"person.{index:02d}"
        user = node_accounts.a_user(login, password=PASSWORD, name=f"Tamsin Vale {index}")
        accounts.grant(user=user.identifier, role=role, office=OFFICE, by=node_accounts.OPERATOR, at=node_accounts.AT)
        secret = node_accounts.an_authenticator(user)
        token = node_interface.a_token(user, at=clock.now()).secret
        people.append({"login": login, "password": PASSWORD, "secret": secret, "token": token})
    node_registry.an_official()
    return people


_NAMES = ("Selle River Mining", "Brindle Alluvials", "Redwater Cooperative", "Quayside Rough Trading")


def house_of(trader: Trader) -> node_exporting.House:
    return node_exporting.House(
        trader=trader, exporter=node_traders.an_exporter(trader), home=django_settings.CONFIGURATION.home
    )


def entered(index: int) -> dict[str, Any]:
    name, address, town, country = IMPORTERS[index % len(IMPORTERS)]
    return {"importer": {"name": name, "address": address, "town": town, "country": country}}


def go(trader: Trader, way: str, index: int) -> Application:
    """Let one shipment go its way by the real actions."""
    certificate = node_exporting.validated(house_of(trader), **entered(index))
    reference = certificate.application.reference
    _deliver()
    if way in {"dispatched", "confirmed"}:
        certificates.dispatch(reference=reference, by=node_exporting.OFFICIAL, at=node_exporting.later(6))
    if way == "confirmed":
        slip = Slip(
            number=certificate.number,
            arrival=Arrival.POST,
            received_on=_DAY,
            date_of_receipt=_DAY,
            opened=True,
            parcels=3,
            carats=_CARATS,
            value=_VALUE,
            office="Antwerp Diamond Office",
        )
        confirmations.record(slip=slip, by=node_exporting.OFFICIAL, at=node_exporting.later(50))
    return Application.objects.get(reference=reference)


def _deliver() -> None:
    """Let the letters that wait be sent, as the worker does."""
    at = node_exporting.later(6)
    while (taken := exchange.take(at=at)) is not None:
        exchange.report(taken, outcome=Outcome.SENT, carrier="smtp", at=at)


def queue_up() -> None:
    """Put applications into every state in which they wait for somebody at the desk."""
    made = node_exporting
    for index in range(WAITING):
        house = house_of(Trader.objects.get(reference=f"T-{index % TRADERS + 1:04d}"))
        changes = entered(index)
        made.lodged(house, **changes)
        made.examined(house, **changes)
        made.reserved(house, **changes)
        made.sealed(house, **changes)


# --- Patterns -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pattern:
    """All that one shipment added: the text of its rows for each table, with marks where others differ."""

    application: Application
    typed: TypedCertificate
    record: str
    letter: tuple[str, str, str, str] | None
    tables: Mapping[str, Sequence[str]]
    lines: Sequence[tuple[str, str, str, str, str, str]]

    def rows(self, table: str, given: Mapping[str, str]) -> str:
        """Return the rows of the table as COPY reads them."""
        return fill(self.tables[table], given)


def fill(parts: Sequence[str], given: Mapping[str, str]) -> str:
    """Return the text with what is given at its marks; every second part is a mark's name."""
    return "".join([given[part] if index % 2 else part for index, part in enumerate(parts)])


class Marking:
    """Finds in what one shipment added everything that another one has differently."""

    def __init__(self, application: Application, ids: Mapping[tuple[str, object], str]) -> None:
        certificate = application.certificate
        intent = application.intents.get(superseded_at=None)
        content = certificate.content
        self.application, self.ids = application, ids
        self.number = application.numbers.get()
        weight, value = _CARATS, _VALUE
        self.texts = [
            (intent.identity, "identity"),
            (hashlib.sha256(bytes(content.record)).hexdigest(), "record_digest"),
            (application.reference, "reference"),
            (application.number, "number"),
            (CertificateNumber.parse(application.number).for_people, "number_for_people"),
            (certificate.date_of_expiry.isoformat(), "expires_on"),
            (_DAY.isoformat(), "day"),
            (str(weight), "carats"),
            (value.for_people, "value_for_people"),
            (str(value), "value"),
            (str(weight.hundredths), "hundredths"),
            (str(value.hundredths), "cents"),
            (f'"status_index": {self.number.status_index}', "status_index_json"),
            (f'"status_index":{self.number.status_index}', "status_index_json"),
            ("SL 771204", "seal"),
        ]
        if weight.for_people != str(weight):
            self.texts.insert(0, (weight.for_people, "carats_for_people"))
        letter = Letter.objects.filter(about=certificate.subject).first()
        if letter is not None:
            self.texts.insert(0, (str(letter.pk), "letter"))
            self.texts.insert(0, (bytes(letter.digest).hex(), "letter_digest"))
            self.texts.insert(0, (str(letter.message_id), "message_id"))
        self.bytes = {
            bytes(intent.payload): "payload",
            bytes(content.record): "record",
            bytes(content.cose): "cose",
            **({bytes(letter.digest): "letter_digest"} if letter else {}),
        }

    def marked(self, text: str) -> str:
        for found, name in self.texts:
            text = text.replace(found, f"{_MARK}{name}{_MARK}")
        return text

    def field(self, row: models.Model, field: models.Field[Any, Any]) -> str:  # noqa: PLR0911 (one for each kind)
        """Return a field of a row as COPY reads it, with marks."""
        value = getattr(row, field.attname)
        if value is None:
            return "\\N"
        target = field.related_model if field.is_relation else type(row) if field.primary_key else None
        if isinstance(target, type) and (target._meta.db_table, value) in self.ids:  # noqa: SLF001 (Django's own)
            return f"{_MARK}{self.ids[target._meta.db_table, value]}{_MARK}"  # noqa: SLF001
        if isinstance(row, Letter) and field.name == "sequence":
            return f"{_MARK}sequence{_MARK}"
        if field.name == "counter":
            return f"{_MARK}counter{_MARK}"
        if field.name == "status_index":
            return f"{_MARK}status_index{_MARK}"
        if isinstance(value, (bytes, memoryview)):
            whole = bytes(value)
            return f"{_MARK}{self.bytes[whole]}_hex{_MARK}" if whole in self.bytes else f"\\\\x{whole.hex()}"
        if isinstance(field, models.JSONField):
            return self.marked(escaped(json.dumps(value)))
        if isinstance(value, bool):
            return "t" if value else "f"
        if isinstance(value, datetime):
            return self.marked(value.isoformat())
        return self.marked(escaped(str(value)))


def escaped(text: str) -> str:
    """Return a text as COPY reads it."""
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def tables() -> list[type[models.Model]]:
    """Return the tables of which rows may belong to one shipment."""
    return [
        model
        for model in apps.get_models()
        if model._meta.app_label in {"exporting", "exchange", "traders"} and model not in {Balance, Outbox, Block}  # noqa: SLF001
    ]


def keys_of(table: type[models.Model]) -> set[object]:
    return set(table._default_manager.values_list("pk", flat=True))  # noqa: SLF001


def added(do: Callable[[], Application]) -> Pattern:
    """Do something, and return as a pattern what it added."""
    before = {table: keys_of(table) for table in tables()}
    length = Chain.objects.get().length
    application = do()
    rows = {table: list(table._default_manager.exclude(pk__in=old).order_by("pk")) for table, old in before.items()}  # noqa: SLF001
    rows[Part] = [part for part in rows[Part] if part.media_type != "application/pdf"]  # type: ignore[attr-defined]
    ids: dict[tuple[str, object], str] = {}
    for table, each in rows.items():
        for index, row in enumerate(each):
            name = "letter" if isinstance(row.pk, UUID) else f"{table._meta.db_table}#{index}"  # noqa: SLF001
            ids[table._meta.db_table, row.pk] = name  # noqa: SLF001
    marking = Marking(application, ids)
    content = application.certificate.content
    letter = Letter.objects.filter(about=application.certificate.subject).first()
    return Pattern(
        application=application,
        typed=codec.decode_certificate(bytes(application.intents.get(superseded_at=None).payload)),
        record=marking.marked(bytes(content.record).decode()),
        letter=None
        if letter is None
        else (
            letter.partner,
            marking.marked(letter.content.subject),
            marking.marked(letter.content.text),
            letter.kind,
        ),
        tables={
            table._meta.db_table: "".join(  # noqa: SLF001
                "\t".join(marking.field(row, field) for field in table._meta.concrete_fields) + "\n"  # noqa: SLF001
                for row in each
            ).split(_MARK)
            for table, each in rows.items()
            if each
        },
        lines=[
            (
                line.at.isoformat()[len("2026-11-25") :],
                line.actor,
                line.tag,
                marking.marked(line.subject),
                line.office,
                marking.marked(json.dumps(line.facts)),
            )
            for line in Line.objects.filter(number__gt=length).order_by("number")
        ],
    )


# --- Many of them ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Plan:
    """What every process is told: patterns, from where identifiers, counters and letters go on."""

    patterns: Sequence[Pattern]
    count: int
    first_counter: int
    first_sequence: int
    columns: Mapping[str, str]
    stride: Mapping[str, int]
    """The most rows that a pattern has in the table."""
    base: Mapping[str, int]
    places: Sequence[int]
    block: Block
    participant: str

    def pattern(self, index: int) -> Pattern:
        chance = random.Random(index)
        way = chance.choices(range(len(WAYS)), SHARES)[0]
        return self.patterns[chance.randrange(TRADERS) * len(WAYS) + way]

    def day(self, index: int) -> date:
        return FIRST_DAY + timedelta(days=index * DAYS // self.count)


@lru_cache(maxsize=64)
def setting(issuer: str, destination: str, on: date) -> IssuingSetting:
    known = profiles.load()
    return IssuingSetting(
        participants=participants.load(),
        profile=known.of(issuer, on=on),
        destination_profile=known.of(destination, on=on),
        on=on,
    )


@lru_cache(maxsize=1)
def signer() -> FileSigner:
    folder = AuthorityFolder(Path(os.environ["MACLE_NODE_HOME"]) / "authority")
    return folder.signer(holder="official-07", usage=Usage.VALIDATE, passphrase=PASSPHRASE)


def given_for(plan: Plan, index: int) -> dict[str, str]:
    """Sign the certificate of this index; return what stands at each mark of its rows."""
    pattern, day = plan.pattern(index), plan.day(index)
    counter = plan.first_counter + index
    typed = pattern.typed
    number = CertificateNumber.parse(f"{plan.participant}{plan.block.national(counter)}")
    weight = Carats(random.Random(index).randrange(1000, 100_000))
    value = USDollars(weight.hundredths * 200)
    life = typed.date_of_expiry - typed.date_of_issuance
    shift = day - _DAY
    place = plan.places[index]
    given = {
        "reference": reference_of(index),
        "number": str(number),
        "number_for_people": number.for_people,
        "counter": str(counter),
        "day": day.isoformat(),
        "expires_on": (day + life).isoformat(),
        "carats": str(weight),
        "carats_for_people": weight.for_people,
        "hundredths": str(weight.hundredths),
        "value": str(value),
        "value_for_people": value.for_people,
        "cents": str(value.hundredths),
        "status_index": str(place),
        "status_index_json": f'"status_index": {place}',
        "seal": f"SL {counter:07d}",
        "sequence": str(plan.first_sequence + index),
        "letter": str(uuid4()),
    }
    given["message_id"] = f"<{given['letter']}@node.invalid>"
    record = fill(pattern.record.split(_MARK), given | {"status_index_json": f'"status_index":{place}'}).encode()
    given["record_digest"] = hashlib.sha256(record).hexdigest()
    certificate = replace(
        typed,
        number=number,
        lines=tuple(replace(line, carats=weight, value=value) for line in typed.lines),
        date_of_issuance=day,
        date_of_expiry=day + life,
        validated_at=typed.validated_at + shift,
        expires_at=typed.expires_at + shift,
        container_seals=(given["seal"],),
        status_index=place,
        record_digest=bytes.fromhex(given["record_digest"]),
    )
    signed = issuing.validate(
        certificate=certificate,
        setting=setting(certificate.issuer, certificate.destination, day),
        signer=signer(),
    )
    cose = signed.to_bytes()
    given |= {
        "identity": signed.identity.hex(),
        "payload_hex": f"\\\\x{signed.payload.hex()}",
        "record_hex": f"\\\\x{record.hex()}",
        "cose_hex": f"\\\\x{cose.hex()}",
    }
    if pattern.letter is not None:
        partner, subject, text, kind = pattern.letter
        digest = exchange._digest(  # noqa: SLF001 (what a letter's digest is over is that office's own)
            partner,
            kind,
            f"certificate:{number}",
            fill(subject.split(_MARK), given),
            fill(text.split(_MARK), given),
            [exchange.Part(name="certificate.cose", media_type="application/cose", content=cose)],
        ).hex()
        given |= {"letter_digest": digest, "letter_digest_hex": f"\\\\x{digest}"}
    for table, stride in plan.stride.items():
        first = plan.base[table] + index * stride
        given |= {f"{table}#{row}": str(first + row) for row in range(stride)}
    return given


def reference_of(index: int) -> str:
    """Return a reference as applications have, another one for each index."""
    rest, text = index * 1_000_003 + 77, ""
    for _ in range(8):
        rest, digit = divmod(rest, len(_LETTERS))
        text += _LETTERS[digit]
    return f"A-{text}"


_plan: Plan | None = None


def load_chunk(bounds: tuple[int, int]) -> list[tuple[int, dict[str, str]]]:
    """Sign and write a run of certificates; return what their lines of the audit need."""
    plan = _plan
    if plan is None:
        raise RuntimeError("There is no plan.")
    texts: dict[str, list[str]] = defaultdict(list)
    answers = []
    for index in range(*bounds):
        given = given_for(plan, index)
        pattern = plan.pattern(index)
        for table in pattern.tables:
            texts[table].append(pattern.rows(table, given))
        kept = {name: given[name] for name in given if "#" not in name and not name.endswith("_hex")}
        answers.append((index, kept))
    copy_in(texts, plan.columns)
    return answers


def copy_in(texts: Mapping[str, Iterable[str]], columns: Mapping[str, str]) -> None:
    """Write rows into their tables, all or none of them; what they refer to is not looked up for each."""
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("SET LOCAL synchronous_commit = off")
        for table, rows in texts.items():
            with cursor.copy(f"COPY {connection.ops.quote_name(table)} ({columns[table]}) FROM STDIN") as copy:
                copy.write("".join(rows))
        cursor.execute("COMMIT")


def columns_of(table: type[models.Model]) -> str:
    return ", ".join(connection.ops.quote_name(str(field.column)) for field in table._meta.concrete_fields)  # noqa: SLF001


def chained(plan: Plan, answers: Iterable[tuple[int, dict[str, str]]], head: Chain, *, next_id: int) -> Iterator[str]:
    """Give the lines of the audit of these certificates as rows, each after the one before it; the head moves on."""
    before, number = bytes(head.head), head.length
    for index, given in answers:
        for time_of_day, actor, tag, subject, office, facts in plan.pattern(index).lines:
            number += 1
            text = fill(facts.split(_MARK), given)
            content = chain.Content(
                authority=head.authority,
                number=number,
                at=datetime.fromisoformat(given["day"] + time_of_day),
                actor=actor,
                tag=tag,
                subject=fill(subject.split(_MARK), given),
                office=office,
                facts=json.loads(text),
            )
            before = chain.digest_of(content, before=before)
            yield (
                "\t".join(
                    (
                        *(str(next_id + number), head.authority, str(number), content.at.isoformat(), actor, tag),
                        *(content.subject, office, escaped(text), f"\\\\x{before.hex()}"),
                    )
                )
                + "\n"
            )
    head.length, head.head = number, before


def load(count: int) -> None:
    """Write so many certificates after the patterns."""
    global _plan  # noqa: PLW0603 (what forked processes are told)
    by_number = {trader.reference: trader for trader in Trader.objects.all()}
    patterns = [
        added(lambda trader=trader, way=way, index=index: go(trader, way, index))  # type: ignore[misc]
        for trader in by_number.values()
        for index, way in enumerate(WAYS)
    ]
    queue_up()
    every = {table._meta.db_table: table for table in tables()}  # noqa: SLF001
    used = {name for pattern in patterns for name in pattern.tables}
    block, outbox = Block.objects.get(), Outbox.objects.get()
    taken = set(Certificate.objects.values_list("status_index", flat=True))
    taken |= {each.status_index for each in _numbers()}
    places = [place for place in range(2**17) if place not in taken]
    random.Random(1).shuffle(places)
    head = Chain.objects.get()
    _plan = Plan(
        patterns=patterns,
        count=count,
        first_counter=block.next,
        first_sequence=outbox.length + 1,
        columns={name: columns_of(every[name]) for name in used},
        stride={
            name: max(
                sum(part.count("\n") for part in pattern.tables[name][::2])
                for pattern in patterns
                if name in pattern.tables
            )
            for name in used
        },
        base=dict.fromkeys(used, 10_000_000),
        places=places,
        block=block,
        participant=head.authority,
    )
    connection.close()
    if close_pool := getattr(connection, "close_pool", None):
        close_pool()
    bounds = [(first, min(first + CHUNK, count)) for first in range(0, count, CHUNK)]
    weights: dict[str, int] = defaultdict(int)
    with _FORK.Pool(WORKERS) as pool:
        for answers in pool.imap(load_chunk, bounds):
            columns = {"audit_line": columns_of(Line)}
            copy_in({"audit_line": chained(_plan, answers, head, next_id=10_000_000)}, columns)
            for index, given in answers:
                weights[_plan.pattern(index).application.trader_id] += int(given["hundredths"])
    head.save()
    Block.objects.filter(pk=block.pk).update(next=block.next + count)
    Outbox.objects.filter(pk=outbox.pk).update(length=outbox.length + count)
    for reference, weight in weights.items():
        balance = Balance.objects.get(trader=by_number[reference])
        balance.carats_hundredths -= weight
        balance.save()
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), [*every.values(), Line]):
            cursor.execute(statement)
        cursor.execute("ANALYZE")


def _numbers() -> Iterable[Any]:
    return apps.get_model("exporting", "Number").objects.exclude(status_index=None)


def main() -> None:
    """Fill the node of the environment."""
    count, begun = int(sys.argv[1]), time.perf_counter()
    call_command("migrate", verbosity=0)
    people = open_house(count)
    opened = time.perf_counter()
    load(count)
    numbers = list(Certificate.objects.order_by("pk").values_list("number", flat=True)[::97][:2000])
    waiting = list(Application.objects.filter(certificate=None).values_list("reference", flat=True)[:500])
    taken = time.perf_counter()
    if "check" in sys.argv[2:] and not (found := accounting.account(None, work_goes_on=True)).is_sound:
        raise RuntimeError(str(found)[:2000])
    print(
        json.dumps(
            {
                "people": people,
                "numbers": numbers,
                "applications": waiting,
                "opened": opened - begun,
                "loaded": taken - opened,
            }
        )
    )


if __name__ == "__main__":
    main()
