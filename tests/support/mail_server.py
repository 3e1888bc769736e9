"""A small SMTP server for tests: it keeps what it accepts, and refuses what it is told to refuse."""

from __future__ import annotations

import base64
import socketserver
import ssl
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass
class Accepted:
    """A message that the server took: the envelope, and the bytes."""

    sender: str
    recipients: list[str]
    content: bytes


@dataclass
class MailServer:
    """What the server does and has taken. ``answers`` maps a command's beginning, in capitals, to another answer."""

    port: int = 0
    accepted: list[Accepted] = field(default_factory=list)
    signed_in: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    hangs_up: bool = False
    """After it took a message, without another word."""
    context: ssl.SSLContext | None = None
    at_once: bool = False


class _Conversation(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        self.known, self.is_encrypted = self.server.known, False
        self.envelope = Accepted("", [], b"")
        if self.known.at_once:
            self.encrypt()
        self.say("220 mail.example")
        while line := self.rfile.readline().decode().strip():
            word = line.upper()
            answer = next((each for begin, each in self.known.answers.items() if word.startswith(begin)), "")
            self.say(answer or self.answer(word.split()[0], line))
            if word == "STARTTLS":
                self.encrypt()
            elif word == "DATA" and not answer:
                self.take()
                if self.known.hangs_up:
                    return

    def answer(self, word: str, line: str) -> str:
        match word:
            case "EHLO":
                offers = self.known.context is not None and not self.is_encrypted
                return "250-mail.example\r\n250-AUTH PLAIN\r\n" + "250-STARTTLS\r\n" * offers + "250 OK"
            case "AUTH":
                self.known.signed_in.append(base64.b64decode(line.split()[2]).decode())
                return "235 OK"
            case "MAIL":
                self.envelope = Accepted(_address(line), [], b"")
            case "RCPT":
                self.envelope.recipients.append(_address(line))
            case "DATA":
                return "354 Go on"
            case "STARTTLS":
                return "220 Go on"
        return "250 OK"

    def take(self) -> None:
        lines: list[bytes] = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        self.envelope.content = b"".join(lines)
        self.known.accepted.append(self.envelope)
        self.known.encrypted.append(self.is_encrypted)
        self.say("250 Taken")

    def encrypt(self) -> None:
        assert self.known.context is not None
        self.connection = self.known.context.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
        self.is_encrypted = True

    def finish(self) -> None:
        super().finish()
        self.connection.close()

    def say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")


def _address(line: str) -> str:
    return line.partition("<")[2].partition(">")[0]


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, known: MailServer) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.known = known

    def handle_error(self, *_: object) -> None:
        """Say nothing: whoever hangs up in the middle means to."""


@contextmanager
def mail_server(known: MailServer | None = None) -> Iterator[MailServer]:
    """Run a server on this machine until the end of the block."""
    known = known or MailServer()
    with _Server(known) as server:
        known.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield known
        finally:
            server.shutdown()
            thread.join()


def encryption(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """Return what a server on this machine encrypts with, and the file by which others believe it."""
    from datetime import UTC, datetime, timedelta  # noqa: PLC0415 (only where something is encrypted)
    from ipaddress import ip_address  # noqa: PLC0415

    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail.example")])
    today = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    believed, both = folder / "mail.pem", folder / "mail-with-key.pem"
    believed.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    both.write_bytes(believed.read_bytes() + plain)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return context, believed
