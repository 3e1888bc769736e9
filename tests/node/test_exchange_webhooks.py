"""Webhooks: who may be told, what is told, how it is signed, and what becomes of what is not taken."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.server
import json
import socket
import ssl
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from macle.node.audit.models import Line
from macle.node.exchange import webhooks
from macle.node.exchange.models import Notification, Subscription
from macle.node.exporting.actions import applications, desk
from macle.node.permissions import Act
from macle.node.registry.queries import OfficeUnknown
from tests.support import node_exporting, node_registry
from tests.support.node_registry import ADMINISTRATOR, OFFICE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.node_exporting import House

pytestmark = pytest.mark.django_db
AT = node_exporting.AT
URL = "https://window.example/macle"


@pytest.fixture
def house() -> Iterator[House]:
    with node_exporting.a_house() as made:
        yield made


def subscribed(**changes: Any) -> webhooks.Subscribed:
    given: dict[str, Any] = {"url": URL, "events": [], "office": "", "by": ADMINISTRATOR, "at": AT}
    return webhooks.subscribe(**(given | changes))


class TestSubscribe:
    def test_shows_a_secret_once_and_keeps_it_encrypted(self, house: House) -> None:
        del house
        made = subscribed()
        assert made.secret.startswith("whsec_")
        assert len(base64.b64decode(made.secret.removeprefix("whsec_"))) == 32
        kept = Subscription.objects.get()
        assert made.secret not in kept.secret
        line = Line.objects.get(tag=Act.WEBHOOK_SUBSCRIBE)
        assert made.secret not in str(line.facts)

    @pytest.mark.parametrize(
        "url",
        [
            *("http://window.example/", "ftp://window.example/", "https://", "window.example", "", "https://[::1"),
            *("https://user:word@window.example/", "https://window.example/#x", "https://window.example:99999/"),
            *("https://window.example/\r\nX: y", "https://window.éxample/", "https://w.example/" + "x" * 500),
        ],
    )
    def test_refuses_an_address_to_which_nothing_is_sent(self, house: House, url: str) -> None:
        del house
        with pytest.raises(webhooks.AddressRefused):
            subscribed(url=url)

    def test_refuses_an_act_or_an_office_that_is_none(self, house: House) -> None:
        del house
        with pytest.raises(webhooks.EventUnknown):
            subscribed(events=["certificate.frobnicate"])
        with pytest.raises(OfficeUnknown):
            subscribed(office="Nowhere")


class TestTell:
    def test_is_of_the_acts_and_the_office_that_were_asked_for(self, house: House) -> None:
        every = subscribed().subscription
        some = subscribed(events=["certificate.examine"], office=OFFICE).subscription
        node_registry.an_office(name="Quayside Office", address="2 Quay Road\nPort Selle")
        other = subscribed(office="Quayside Office").subscription
        matter = node_exporting.examined(house)
        assert [each.event for each in every.notifications.all()] == ["certificate.submit", "certificate.examine"]
        (told,) = some.notifications.all()
        assert json.loads(told.body) == {
            "type": "certificate.examine",
            "timestamp": node_exporting.later(1).isoformat(),
            "data": {
                "office": OFFICE,
                "application": matter.reference,
                "number": "",
                "state": "under_examination",
            },
        }
        assert not other.notifications.exists()

    def test_tells_nothing_of_an_act_that_was_refused(self, house: House) -> None:
        subscribed()
        draft = node_exporting.a_draft(house, not_conflict_diamonds=False)
        with pytest.raises(Exception, match="conflict"):
            applications.lodge(reference=draft.reference, by=house.exporter, at=AT)
        assert not Notification.objects.exists()

    def test_holds_no_names(self, house: House) -> None:
        subscribed()
        node_exporting.dispatched(house)
        said = "".join(Notification.objects.values_list("body", flat=True))
        assert house.trader.name not in said
        assert "Quayside Rough Trading" not in said

    def test_one_that_ended_is_told_nothing(self, house: House) -> None:
        made = subscribed().subscription
        node_exporting.lodged(house)
        webhooks.end(subscription=made.pk, by=ADMINISTRATOR, at=AT)
        assert not Notification.objects.filter(due_at__isnull=False).exists()
        node_exporting.lodged(house)
        assert Notification.objects.count() == 1
        with pytest.raises(webhooks.SubscriptionMissing):
            webhooks.end(subscription=made.pk, by=ADMINISTRATOR, at=AT)


class TestDeliver:
    @pytest.fixture
    def told(self, house: House) -> Notification:
        subscribed(events=["certificate.submit"])
        node_exporting.lodged(house)
        return Notification.objects.get()

    def answer(self, monkeypatch: pytest.MonkeyPatch, status: int | Exception) -> list[dict[str, str]]:
        sent: list[dict[str, str]] = []

        def post(url: str, *, body: bytes, headers: dict[str, str]) -> int:
            sent.append({"url": url, "body": body.decode(), **headers})
            if isinstance(status, Exception):
                raise status
            return status

        monkeypatch.setattr(webhooks, "post", post)
        return sent

    def test_what_is_taken_is_sent_once(self, told: Notification, monkeypatch: pytest.MonkeyPatch) -> None:
        sent = self.answer(monkeypatch, 204)
        assert (webhooks.deliver(AT), webhooks.deliver(AT + timedelta(days=1))) == (1, 0)
        (request,) = sent
        assert (request["url"], request["webhook-id"]) == (URL, str(told.pk))
        told.refresh_from_db()
        assert (told.code, told.sent_at, told.due_at) == ("http-204", AT, None)

    @pytest.mark.parametrize(
        ("status", "code"), [(500, "http-500"), (302, "http-302"), (OSError(), "unreachable"), (400, "http-400")]
    )
    def test_what_is_not_taken_comes_again_with_the_same_id_and_body(
        self, told: Notification, monkeypatch: pytest.MonkeyPatch, status: int | Exception, code: str
    ) -> None:
        sent = self.answer(monkeypatch, status)
        assert webhooks.deliver(AT) == 0
        told.refresh_from_db()
        assert told.code == code
        assert told.due_at is not None
        assert AT < told.due_at <= AT + timedelta(seconds=30)
        webhooks.deliver(told.due_at)
        assert [(each["webhook-id"], each["body"]) for each in sent] == [(str(told.pk), told.body)] * 2

    def test_is_given_up_after_three_days_with_a_line(
        self, told: Notification, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.answer(monkeypatch, 500)
        at = AT
        while told.due_at is not None:
            at = told.due_at
            webhooks.deliver(at)
            told.refresh_from_db()
        assert told.given_up_at is not None
        assert timedelta(days=3) <= told.given_up_at - AT < timedelta(days=3, hours=6)
        assert Line.objects.get(tag="webhook:give-up").facts["notification"] == str(told.pk)

    def test_a_worker_that_was_killed_leaves_it_for_later(
        self, told: Notification, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sent = self.answer(monkeypatch, 200)
        webhooks._leased(told.pk, at=AT)
        assert (webhooks.deliver(AT), len(sent)) == (0, 0)
        assert webhooks.deliver(AT + webhooks.LEASE) == 1


class TestSignature:
    def test_is_that_of_standard_webhooks(self) -> None:
        secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        body = b'{"test": 2432232314}'
        signed = webhooks.signature(secret, identifier="msg_p5jXN8AQM9LWM0D4loKWxJek", stamp="1614265330", body=body)
        assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


class TestTheWayOut:
    @pytest.mark.parametrize(
        "address",
        [
            *("127.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "0.0.0.7", "100.64.0.1"),
            *("224.0.0.1", "::1", "fe80::1%eth0", "fc00::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "2002:7f00:1::"),
        ],
    )
    def test_leads_to_public_addresses_only(self, house: House, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
        del house
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", 443))]
        found.append((socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)))
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        with pytest.raises(webhooks.AddressRefused):
            webhooks.post(URL, body=b"{}", headers={})

    def test_is_https_to_the_very_host_and_follows_nobody(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with a_window(tmp_path, monkeypatch, status=302) as window, node_registry.configured(webhooks_private=True):
            status = webhooks.post(f"https://localhost:{window.port}/a?b=c", body=b"{}", headers={"webhook-id": "1"})
            assert (status, window.seen) == (302, [("/a?b=c", "1", b"{}")])
            with pytest.raises(ssl.SSLCertVerificationError):
                webhooks.post(f"https://127.0.0.1:{window.port}/", body=b"{}", headers={})

    def test_a_whole_notification_arrives_and_proves_itself(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with (
            a_window(tmp_path, monkeypatch, status=200) as window,
            node_exporting.a_house(webhooks_private=True) as made,
        ):
            secret = subscribed(url=f"https://localhost:{window.port}/", events=["certificate.submit"]).secret
            node_exporting.lodged(made)
            assert webhooks.deliver(AT) == 1
            ((_path, identifier, body),) = window.seen
            signed = f"{identifier}.{int(AT.timestamp())}.".encode() + body
            key = base64.b64decode(secret.removeprefix("whsec_"))
            digest = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
            assert window.signatures == [f"v1,{digest}"]


def test_reserving_still_charges_the_book_when_nobody_subscribed(house: House) -> None:
    matter = node_exporting.examined(house)
    desk.reserve(reference=matter.reference, by=node_exporting.EXAMINER, at=node_exporting.later(2))
    assert not Notification.objects.exists()


class Window:
    """A single window on this machine, under the name localhost."""

    def __init__(self) -> None:
        self.port = 0
        self.seen: list[tuple[str, str, bytes]] = []
        self.signatures: list[str] = []


@contextmanager
def a_window(folder: Path, monkeypatch: pytest.MonkeyPatch, *, status: int) -> Iterator[Window]:
    window = Window()

    class Answering(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            window.seen.append((self.path, self.headers["webhook-id"], body))
            window.signatures.append(self.headers.get("webhook-signature", ""))
            self.send_response(status)
            self.send_header("Location", "https://localhost:1/elsewhere")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    chain = a_certificate(folder)
    monkeypatch.setenv("SSL_CERT_FILE", str(chain))
    server = http.server.HTTPServer(("127.0.0.1", 0), Answering)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(chain)
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    window.port = server.server_address[1]
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    try:
        yield window
    finally:
        server.shutdown()
        server.server_close()
        serving.join()


def a_certificate(folder: Path) -> Path:
    """Make a certificate for localhost, and return the file with it and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "window.pem"
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + plain)
    return file
