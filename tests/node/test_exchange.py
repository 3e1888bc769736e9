from __future__ import annotations

import email
import email.policy
import os
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.db import OperationalError, connection, transaction

from macle import errors
from macle.node.audit.actions import OutsideTransaction
from macle.node.audit.models import AuditUnalterable, Line
from macle.node.exchange import actions, carriers, queries, worker
from macle.node.exchange.actions import ToPartner, ToTrader
from macle.node.exchange.carriers import CarrierAway, Folder, LetterBounced, LetterDeferred, Server
from macle.node.exchange.models import (
    Aside,
    Attempt,
    Content,
    Due,
    Job,
    Kind,
    Letter,
    LetterUnalterable,
    Outcome,
    Part,
    State,
)
from macle.node.permissions import Act, ActForbidden, Actor, Held, Role
from tests.support.mail_server import MailServer, encryption, mail_server
from tests.support.node_exchange import COSE, PDF, Carrying, a_letter, one_round
from tests.support.node_registry import ADMINISTRATOR, AT, OFFICIAL, STRANGER, a_partner, configured
from tests.unit.cli.desk import COMMAND

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from macle.node.exchange.messages import Message

pytestmark = pytest.mark.django_db

AUDITOR = Actor(identifier="user-auditor", held=(Held(role=Role.AUDITOR),))
PATIENCE = 60


class Killed(BaseException):
    """The process ends here: nothing catches it."""


def kill(_: object = None) -> None:
    raise Killed


def refuse(error: Exception) -> Callable[[Message], None]:
    def first(_: Message) -> None:
        raise error

    return first


def outcomes(letter: Letter) -> list[tuple[str, str]]:
    return list(Attempt.objects.filter(letter=letter).values_list("outcome", "code"))


def read(content: bytes) -> EmailMessage:
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def an_act_that_fails() -> None:
    with transaction.atomic():
        a_letter()
        a_letter(subject="")


class TestPost:
    def test_a_letter_is_written_with_its_act(self) -> None:
        letter = a_letter()
        assert letter.state is State.WAITING
        assert list(queries.about("certificate:BW0000123")) == [letter]
        assert [(each.name, bytes(each.content)) for each in letter.parts.all()] == [
            (PDF.name, PDF.content),
            (COSE.name, COSE.content),
        ]
        assert Line.objects.count() == 1

    @pytest.mark.django_db(transaction=True)
    def test_without_an_act_it_is_refused(self) -> None:
        with pytest.raises(OutsideTransaction):
            actions.post(
                to=ToPartner("ZA"), kind=Kind.NOTICE, about="x:1", subject="x", text="x", at=AT, by_identifier="x"
            )
        assert not Letter.objects.exists()

    @pytest.mark.django_db(transaction=True)
    def test_it_goes_with_the_act_that_failed_and_leaves_no_gap(self) -> None:
        a_letter()
        with pytest.raises(errors.Malformed):
            an_act_that_fails()
        assert a_letter().sequence == 2
        assert (Letter.objects.count(), Due.objects.count(), Content.objects.count()) == (2, 2, 2)

    @pytest.mark.django_db(transaction=True)
    def test_letters_of_several_writers_are_numbered_without_a_gap(self) -> None:
        def write(_: int) -> None:
            try:
                for _ in range(5):
                    a_letter()
            finally:
                connection.close()

        a_letter()
        with ThreadPoolExecutor(4) as writers:
            list(writers.map(write, range(4)))
        numbers = Letter.objects.order_by("sequence").values_list("sequence", flat=True)
        assert list(numbers) == list(range(1, 22))

    def test_each_partner_has_numbers_of_its_own_and_traders_have_none(self) -> None:
        assert [a_letter(to=ToPartner(code)).sequence for code in ("ZA", "NA", "ZA")] == [1, 1, 2]
        assert a_letter(to=ToTrader("T-0001", "office@redwater.example")).sequence is None

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("subject", "BW0000123\r\nBcc: somebody@elsewhere.example"),
            ("subject", "x" * 201),
            ("text", ""),
            ("text", "one\x00two"),
            ("to", ToTrader("T-0001", "office@redwater.example\r\nRCPT TO:<x@y.example>")),
            ("to", ToTrader("T-0001", "office@redwater.example, x@y.example")),
            ("to", ToPartner("Z A")),
            ("parts", (replace(PDF, name="slip\r\nX: y.pdf"),)),
            ("parts", (replace(PDF, name="../slip.pdf"),)),
            ("parts", (PDF, PDF)),
            ("parts", (replace(PDF, media_type="application/pdf\r\nX-Other: y"),)),
            ("parts", (replace(PDF, media_type="message/rfc822"),)),
            ("parts", (replace(PDF, content=b"x" * (actions.LARGEST_LETTER + 1)),)),
            ("parts", tuple(replace(PDF, name=f"{index}.pdf") for index in range(21))),
        ],
    )
    def test_what_would_be_more_than_one_message_is_refused(self, field: str, value: Any) -> None:
        with pytest.raises(errors.Malformed) as refused:
            a_letter(**{field: value})
        assert refused.value.where == field

    def test_nothing_of_it_is_changed_or_deleted(self) -> None:
        letter = a_letter()
        for act in (letter.save, letter.delete):
            with pytest.raises(LetterUnalterable):
                act()
        with pytest.raises(AuditUnalterable):
            Letter.objects.filter(pk=letter.pk).update(about="certificate:BW0000124")

    def test_the_digest_stays_when_the_content_is_erased(self) -> None:
        letter = a_letter()
        Part.objects.all().delete()
        Content.objects.all().delete()
        one_round(Carrying())
        assert outcomes(letter) == [("failed", "erased")]
        assert len(bytes(Letter.objects.get().digest)) == 32
        with pytest.raises(actions.LetterErased):
            actions.resend(letter=letter.pk, by=OFFICIAL, at=AT)


class TestMessage:
    def sent(self, **changes: Any) -> bytes:
        a_partner()
        a_letter(**changes)
        carrier = Carrying()
        one_round(carrier)
        return carrier.carried[0].to_bytes()

    def test_holds_the_text_the_slip_and_the_signed_object(self) -> None:
        letter = read(self.sent())
        body = letter.get_body()
        assert body is not None
        assert "205.18 carats, Redwater Cooperative" in body.get_content()
        slip, signed = letter.iter_attachments()
        assert (slip.get_content_type(), slip.get_filename(), slip.get_content()) == (
            "application/pdf",
            PDF.name,
            PDF.content,
        )
        assert (signed.get_content_type(), signed.get_filename(), signed.get_content()) == (
            "application/cose",
            COSE.name,
            COSE.content,
        )
        assert signed.get_param("typ") == "application/vnd.kpcs.cert.v1"

    def test_is_named_as_the_letter_and_sent_to_the_address_for_its_kind(self) -> None:
        message = read(self.sent(kind=Kind.RECONFIRMATION))
        letter = Letter.objects.get()
        assert message["X-Macle-Letter"] == str(letter.pk)
        assert message["X-Macle-Sequence"] == "1"
        assert message["Message-ID"] == letter.message_id
        assert message["To"] == "confirm@brindle.example, desk@brindle.example"
        assert message["From"] == "kp@selle.example"
        assert message["Date"] == "Wed, 25 Nov 2026 09:00:00 +0000"

    def test_carries_other_letters_than_latin_ones_and_lines_of_any_length(self) -> None:
        subject, text = "Сертификат BW0000123 " + "ж" * 120, "شهادة\n" + "很" * 2000 + "\n.\nFrom me"
        content = self.sent(subject=subject, text=text)
        message = read(content)
        assert message["Subject"] == subject
        body = message.get_body()
        assert body is not None
        assert body.get_content().splitlines() == text.splitlines()
        assert content.isascii()
        assert max(map(len, content.split(b"\r\n"))) < 998

    def test_is_the_same_bytes_on_each_try(self) -> None:
        first = self.sent()
        letter = Letter.objects.get()
        actions.resend(letter=letter.pk, by=OFFICIAL, at=AT + timedelta(days=1))
        again = Carrying()
        one_round(again, at=AT + timedelta(days=1))
        assert again.carried[0].to_bytes() == first

    def test_to_a_trader_it_is_plain_text(self) -> None:
        message = read(self.sent(to=ToTrader("T-0001", "office@redwater.example"), kind=Kind.MESSAGE, parts=()))
        assert message["To"] == "office@redwater.example"
        assert message.get_content_type() == "text/plain"
        assert "X-Macle-Sequence" not in message


class TestWorker:
    def test_sends_what_is_due_once(self) -> None:
        a_partner()
        letters = [a_letter(), a_letter()]
        carrier = Carrying()
        assert one_round(carrier).sent == 2
        assert one_round(carrier, at=AT + timedelta(days=1)).sent == 0
        assert len(carrier.carried) == 2
        assert {queries.letter_of(OFFICIAL, each.pk).state for each in letters} == {State.SENT}
        assert not queries.waiting().exists()

    def test_a_partner_without_an_address_waits_until_there_is_one(self) -> None:
        letter = a_letter()
        carrier = Carrying()
        assert one_round(carrier).failed == 1
        assert list(queries.late(at=AT)) == [letter]
        a_partner()
        one_round(carrier, at=AT + timedelta(minutes=1))
        assert outcomes(letter) == [("failed", "no-address"), ("sent", "")]

    def test_what_was_not_carried_is_tried_ever_more_slowly_and_never_dropped(self) -> None:
        a_partner()
        letter, at = a_letter(), AT
        carrier = Carrying(first=refuse(LetterDeferred("smtp-451")))
        pauses = []
        for _ in range(25):
            assert one_round(carrier, at=at).failed == 1
            due = Due.objects.get()
            pauses.append((due.at - at).total_seconds())
            at = due.at
        assert 22 <= pauses[0] <= 30
        assert 6 * 3600 * 0.75 <= pauses[-1] <= 6 * 3600
        carrier.first = None
        one_round(carrier, at=at)
        assert letter.state is State.SENT
        assert Attempt.objects.count() == 26

    def test_a_bounce_is_shown_and_tried_slowly(self) -> None:
        a_partner()
        letter = a_letter()
        one_round(Carrying(first=refuse(LetterBounced("smtp-550"))))
        assert outcomes(letter) == [("bounced", "smtp-550")]
        assert letter.state is State.BOUNCED
        assert Due.objects.get().at == AT + actions.LONGEST_PAUSE

    def test_where_the_carrier_is_away_the_others_wait(self) -> None:
        a_partner()
        for _ in range(3):
            a_letter()
        assert one_round(Carrying(first=refuse(CarrierAway("no-answer")))).failed == 1
        assert Attempt.objects.count() == 1

    @pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
    def test_a_pause_has_a_part_left_to_chance(self, share: float) -> None:
        assert actions.pause_after(1, share=share).total_seconds() == round(30 * (0.75 + 0.25 * share))
        assert actions.pause_after(500, share=share) <= actions.LONGEST_PAUSE

    @pytest.mark.django_db(transaction=True)
    def test_killed_before_it_was_carried_it_is_carried_when_the_lease_ends(self) -> None:
        a_partner()
        letter = a_letter()
        with pytest.raises(Killed):
            one_round(Carrying(first=kill))
        carrier = Carrying()
        assert one_round(carrier, at=AT + timedelta(minutes=9)).sent == 0
        assert one_round(carrier, at=AT + actions.LEASE).sent == 1
        assert outcomes(letter) == [("sent", "")]

    @pytest.mark.django_db(transaction=True)
    def test_killed_after_it_was_carried_it_arrives_twice_as_one_letter(self) -> None:
        a_partner()
        a_letter()
        folder = Carrying()

        class Dying(Carrying):
            def carry(self, message: Message) -> str:
                folder.carry(message)
                raise Killed

        with pytest.raises(Killed):
            one_round(Dying())
        one_round(folder, at=AT + actions.LEASE)
        first, second = folder.carried
        assert first.to_bytes() == second.to_bytes()
        assert not queries.waiting().exists()

    @pytest.mark.django_db(transaction=True)
    def test_several_workers_send_each_letter_once(self) -> None:
        a_partner()
        letters = [a_letter() for _ in range(20)]
        carrier = Carrying()

        def work(_: int) -> None:
            try:
                one_round(carrier)
            finally:
                connection.close()

        with ThreadPoolExecutor(4) as workers:
            list(workers.map(work, range(4)))
        assert sorted(each.letter for each in carrier.carried) == sorted(str(each.pk) for each in letters)
        assert set(Attempt.objects.values_list("outcome", "number")) == {("sent", 1)}

    def test_a_worker_whose_lease_ran_out_takes_nothing_from_the_other(self) -> None:
        letter = a_letter()
        slow = actions.take(at=AT)
        quick = actions.take(at=AT + actions.LEASE)
        assert slow is not None
        assert quick is not None
        actions.report(slow, outcome=Outcome.FAILED, carrier="smtp", code="no-answer", at=AT + actions.LEASE)
        assert Due.objects.get().taken_by == quick.taken_by
        actions.report(quick, outcome=Outcome.SENT, carrier="smtp", at=AT + actions.LEASE)
        assert outcomes(letter) == [("failed", "no-answer"), ("sent", "")]
        assert not Due.objects.exists()

    def test_a_report_is_tried_again_where_the_database_is_busy(self, monkeypatch: pytest.MonkeyPatch) -> None:
        a_partner()
        letter = a_letter()
        busy, reported = [True, True], actions.report

        def report(*given: Any, **options: Any) -> Attempt:
            if busy:
                busy.pop()
                raise OperationalError
            return reported(*given, **options)

        monkeypatch.setattr(actions, "report", report)
        monkeypatch.setattr(worker, "close_old_connections", lambda: None)
        carrier = Carrying()
        one_round(carrier)
        assert len(carrier.carried) == 1
        assert letter.state is State.SENT

    def test_stops_after_the_letter_that_is_underway(self) -> None:
        a_partner()
        a_letter()
        a_letter()
        stop = Event()
        carrier = Carrying(first=lambda _: stop.set())
        done = worker.run(carrier=carrier, now=lambda: AT, stop=stop)
        assert done.sent == 1
        assert queries.waiting().count() == 1


class TestJobs:
    @pytest.fixture(autouse=True)
    def no_others(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(worker, "_JOBS", {})

    def test_are_done_when_they_are_due(self) -> None:
        done: list[object] = []
        worker.every(3600, "expire certificates")(done.append)
        for minutes in (0, 30, 60, 61):
            one_round(Carrying(), at=AT + timedelta(minutes=minutes))
        assert done == [AT, AT + timedelta(hours=1)]
        job = Job.objects.get()
        assert (job.ended_at, job.failure) == (AT + timedelta(hours=1), "")

    def test_one_that_fails_holds_up_nobody(self) -> None:
        done: list[object] = []

        def fails(_: object) -> None:
            raise ZeroDivisionError

        worker.every(60, "fails")(fails)
        worker.every(60, "works")(done.append)
        a_partner()
        a_letter()
        did = one_round(Carrying())
        assert (did.jobs, did.jobs_failed, did.sent) == (1, 1, 1)
        assert [(job.name, job.failure) for job in queries.jobs()] == [("fails", "ZeroDivisionError"), ("works", "")]

    def test_two_of_one_name_are_refused(self) -> None:
        worker.every(60, "expire")(print)
        worker.every(60, "expire")(print)
        with pytest.raises(ValueError, match="two jobs"):
            worker.every(60, "expire")(repr)

    @pytest.mark.django_db(transaction=True)
    def test_two_workers_do_it_once(self) -> None:
        done: list[object] = []
        worker.every(3600, "expire certificates")(done.append)

        def work(_: int) -> None:
            try:
                one_round(Carrying())
            finally:
                connection.close()

        with ThreadPoolExecutor(4) as workers:
            list(workers.map(work, range(4)))
        assert done == [AT]


class TestActs:
    def test_what_was_sent_is_sent_again(self) -> None:
        a_partner()
        letter = a_letter()
        one_round(Carrying())
        actions.resend(letter=letter.pk, by=OFFICIAL, at=AT)
        assert queries.letter_of(OFFICIAL, letter.pk).state is State.WAITING
        one_round(Carrying())
        assert outcomes(letter) == [("sent", ""), ("requested", ""), ("sent", "")]
        line = Line.objects.order_by("-number")[0]
        assert (line.tag, line.subject) == (Act.LETTER_RESEND, f"letter:{letter.pk}")

    def test_a_letter_is_set_aside_and_taken_up_again(self) -> None:
        a_partner()
        letter = a_letter()
        actions.set_aside(letter=letter.pk, why=Aside.DELIVERED_OTHERWISE, by=OFFICIAL, at=AT)
        assert one_round(Carrying()).sent == 0
        assert letter.state is State.SET_ASIDE
        with pytest.raises(actions.LetterDelivered):
            actions.set_aside(letter=letter.pk, why=Aside.OVERTAKEN, by=OFFICIAL, at=AT)
        actions.resend(letter=letter.pk, by=OFFICIAL, at=AT)
        assert one_round(Carrying()).sent == 1
        assert Line.objects.filter(tag=Act.LETTER_SET_ASIDE).get().facts["why"] == "delivered otherwise"

    def test_resending_what_waits_makes_it_due_now(self) -> None:
        letter = a_letter()
        one_round(Carrying())
        actions.resend(letter=letter.pk, by=OFFICIAL, at=AT)
        assert (Due.objects.get().at, Due.objects.get().tries) == (AT, 0)

    def test_a_letter_that_is_underway_is_left_alone(self) -> None:
        letter = a_letter()
        assert actions.take(at=AT) is not None
        with pytest.raises(actions.LetterUnderway):
            actions.resend(letter=letter.pk, by=OFFICIAL, at=AT)
        with pytest.raises(actions.LetterUnderway):
            actions.set_aside(letter=letter.pk, why=Aside.OVERTAKEN, by=OFFICIAL, at=AT)
        actions.resend(letter=letter.pk, by=OFFICIAL, at=AT + actions.LEASE)

    def test_out_of_reach_is_as_not_there(self) -> None:
        letter = a_letter()
        for identity in (letter.pk, uuid4()):
            with pytest.raises(queries.LetterUnknown):
                queries.letter_of(STRANGER, identity)
            with pytest.raises(queries.LetterUnknown):
                actions.resend(letter=identity, by=STRANGER, at=AT)
        assert list(queries.letters_of(STRANGER)) == []
        assert list(queries.letters_of(OFFICIAL)) == list(queries.letters_of(ADMINISTRATOR)) == [letter]

    def test_an_auditor_reads_and_does_nothing(self) -> None:
        letter = a_letter()
        assert queries.letter_of(AUDITOR, letter.pk) == letter
        with pytest.raises(ActForbidden):
            actions.resend(letter=letter.pk, by=AUDITOR, at=AT)


class TestFolder:
    def test_keeps_each_message_as_a_file_once(self, tmp_path: Path) -> None:
        a_partner()
        letter = a_letter()
        carrier = carriers.configured(replace(settings.CONFIGURATION, smtp_url=f"folder://{tmp_path}/out"))
        one_round(carrier)
        actions.resend(letter=letter.pk, by=OFFICIAL, at=AT)
        one_round(carrier)
        (file,) = (tmp_path / "out").iterdir()
        assert file.name == f"20261125T090000Z-{letter.pk}.eml"
        assert read(file.read_bytes())["X-Macle-Letter"] == str(letter.pk)
        assert file.stat().st_mode & 0o077 == 0

    def test_one_that_cannot_be_written_is_away(self, tmp_path: Path) -> None:
        a_partner()
        letter = a_letter()
        (tmp_path / "out").touch()
        one_round(Folder(tmp_path / "out", sender="kp@selle.example"))
        assert outcomes(letter) == [("failed", "unwritable")]

    def test_is_what_a_node_has_that_was_told_nothing(self, tmp_path: Path) -> None:
        carrier = carriers.configured(replace(settings.CONFIGURATION, home=tmp_path))
        assert carrier == Folder(tmp_path / "outgoing", sender="node@node.invalid")


class TestServer:
    @pytest.fixture
    def server(self) -> Iterator[MailServer]:
        a_partner()
        with mail_server() as server:
            yield server

    def to(self, server: MailServer, scheme: str = "smtp", sign_in: str = "") -> Server:
        carrier = carriers.configured(
            replace(
                settings.CONFIGURATION,
                smtp_url=f"{scheme}://{sign_in}127.0.0.1:{server.port}",
                mail_from="kp@selle.example",
            )
        )
        assert isinstance(carrier, Server)
        return carrier

    def test_takes_the_message_as_it_is(self, server: MailServer) -> None:
        letter = a_letter(kind=Kind.RECONFIRMATION, text="one\n.\n..two")
        assert one_round(self.to(server)).sent == 1
        (accepted,) = server.accepted
        assert accepted.sender == "kp@selle.example"
        assert accepted.recipients == ["confirm@brindle.example", "desk@brindle.example"]
        body = read(accepted.content).get_body()
        assert body is not None
        assert body.get_content().splitlines() == ["one", ".", "..two"]
        assert outcomes(letter) == [("sent", "")]

    def test_refused_then_tried_again_then_sent(self, server: MailServer) -> None:
        letter = a_letter()
        server.answers["RCPT"] = "451 Not now"
        one_round(self.to(server))
        server.answers.clear()
        one_round(self.to(server))
        assert not server.accepted
        one_round(self.to(server), at=AT + timedelta(minutes=1))
        assert len(server.accepted) == 1
        assert outcomes(letter) == [("failed", "smtp-451"), ("sent", "")]

    @pytest.mark.parametrize(
        ("command", "answer", "expected"),
        [
            ("RCPT", "550 No such user", ("bounced", "smtp-550")),
            ("DATA", "554 Not wanted", ("bounced", "smtp-554")),
            ("DATA", "452 Full", ("failed", "smtp-452")),
            ("MAIL", "550 Who are you", ("failed", "smtp-550")),
            ("MAIL", "421 Closing", ("failed", "smtp-421")),
            ("MAIL", "nonsense", ("failed", "no-mail-server")),
        ],
    )
    def test_an_answer_is_kept_as_its_number(
        self, server: MailServer, command: str, answer: str, expected: tuple[str, str]
    ) -> None:
        letter = a_letter()
        server.answers[command] = answer
        one_round(self.to(server))
        assert outcomes(letter) == [expected]

    def test_an_address_of_several_that_is_refused_is_said(self, server: MailServer) -> None:
        letter = a_letter(kind=Kind.REMINDER)
        server.answers["RCPT TO:<DESK"] = "550 No such user"
        one_round(self.to(server))
        assert outcomes(letter) == [("sent", "refused-for-1-of-2")]

    def test_what_was_accepted_is_sent_however_the_conversation_ends(self, server: MailServer) -> None:
        letter = a_letter()
        server.hangs_up = True
        one_round(self.to(server))
        assert outcomes(letter) == [("sent", "")]

    def test_one_that_is_not_there_is_away(self, server: MailServer) -> None:
        letter = a_letter()
        carrier = replace(self.to(server), port=1)
        one_round(carrier)
        assert outcomes(letter) == [("failed", "connection-refused")]

    @pytest.mark.parametrize("scheme", ["smtp", "smtps"])
    def test_is_spoken_to_in_secret_where_it_can(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str
    ) -> None:
        a_partner()
        letter = a_letter()
        context, believed = encryption(tmp_path)
        monkeypatch.setenv("SSL_CERT_FILE", str(believed))
        with mail_server(MailServer(context=context, at_once=scheme == "smtps")) as server:
            one_round(replace(self.to(server, scheme, "kp%40selle:s%2Fid@"), may_be_plain=False))
        assert outcomes(letter) == [("sent", "")]
        assert server.encrypted == [True]
        assert server.signed_in == ["\0kp@selle\0s/id"]

    def test_one_whose_name_nobody_vouches_for_gets_nothing(self, tmp_path: Path) -> None:
        a_partner()
        letter = a_letter()
        with mail_server(MailServer(context=encryption(tmp_path)[0])) as server:
            one_round(self.to(server, sign_in="kp:secret@"))
        assert outcomes(letter) == [("failed", "not-encrypted")]
        assert not server.signed_in

    def test_one_elsewhere_that_offers_no_encryption_gets_nothing(self, server: MailServer) -> None:
        letter = a_letter()
        one_round(replace(self.to(server, sign_in="kp:secret@"), may_be_plain=False))
        assert outcomes(letter) == [("failed", "not-offered")]
        assert not server.signed_in

    def test_a_wrong_password_is_away_and_shown_nowhere(self, server: MailServer) -> None:
        letter = a_letter()
        server.answers["AUTH"] = "535 No"
        carrier = self.to(server, sign_in="kp:secret@")
        one_round(carrier)
        assert outcomes(letter) == [("failed", "sign-in-535")]
        assert "secret" not in repr(carrier)

    def test_a_node_without_an_address_of_its_own_does_not_write(self) -> None:
        with configured(smtp_url="smtp://127.0.0.1"), pytest.raises(carriers.SenderUnset):
            carriers.configured(settings.CONFIGURATION)


class TestCommand:
    """The worker as a process of its own, with a node in a folder of its own."""

    @pytest.fixture
    def node(self, tmp_path: Path) -> dict[str, str]:
        environment = {
            **os.environ,
            "MACLE_NODE_HOME": str(tmp_path / "node"),
            "MACLE_NODE_DATABASE_URL": "",
            "DJANGO_SETTINGS_MODULE": "macle.node.settings",
        }
        subprocess.run([*COMMAND, "node", "init"], env=environment, check=True, capture_output=True)
        return environment

    def test_does_what_is_due_and_ends(self, node: dict[str, str]) -> None:
        done = subprocess.run(
            [*COMMAND, "node", "worker", "--once"], env=node, check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        assert "Letters: 0 sent, 0 not." in done.stderr

    @pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
    def test_ends_in_peace_when_it_is_told_to(self, node: dict[str, str], how: signal.Signals) -> None:
        with subprocess.Popen([*COMMAND, "node", "worker"], env=node, stderr=subprocess.PIPE, text=True) as running:
            assert running.stderr is not None
            assert "sends letters by folder" in running.stderr.readline()
            running.send_signal(how)
            _, said = running.communicate(timeout=PATIENCE)
        assert running.returncode == 0, said
        assert "0 failed" in said

    def test_a_setting_that_is_missing_ends_it(self, node: dict[str, str]) -> None:
        done = subprocess.run(
            [*COMMAND, "node", "worker", "--once"],
            env=node | {"MACLE_NODE_SMTP_URL": "smtp://kp:secret@mail.example"},
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 4
        assert "MACLE_NODE_MAIL_FROM" in done.stderr
        assert "secret" not in done.stderr


def test_identifiers_of_letters_are_random() -> None:
    assert UUID(str(a_letter().pk)).version == 4
