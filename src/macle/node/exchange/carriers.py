"""What carries a message: an SMTP server, or a folder into which messages are written.

The rules of this module:

- A carrier says in one of three ways that it did not carry: it is *away* (nobody answers, so there is no use in trying
  the next letter now), the letter is *deferred*, or it is *bounced* for good.
- Nothing leaves in the clear: a server that does not offer STARTTLS is used only on the same machine.
- An answer of the server is kept as its number alone: its words may quote addresses.
"""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import unquote, urlsplit

from macle import errors
from macle.proof import folders

if TYPE_CHECKING:
    from macle.node.configuration import Configuration
    from macle.node.exchange.messages import Message

FOLDER = "outgoing"
PATIENCE = 30
"""Seconds that one answer of a server may take."""

HERE: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_PERMANENT = 500
_SUBMISSION, _SUBMISSIONS = 587, 465
_WORDS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (smtplib.SMTPNotSupportedError, "not-offered"),
    (ssl.SSLError, "not-encrypted"),
    (ConnectionRefusedError, "connection-refused"),
    (TimeoutError, "no-answer"),
)
"""Why no conversation came about, as a word; *not offered* is encryption or a way to sign in."""


class _NotCarried(errors.Conflict):
    """The message is not on its way; ``word`` says why."""

    def __init__(self, word: str) -> None:
        """Keep the word that the attempt will say."""
        super().__init__(f"The message was not carried: {word}.", facts={"word": word})
        self.word = word


class CarrierAway(_NotCarried):
    """Nobody takes messages at the moment."""

    code = "carrier-away"


class LetterDeferred(_NotCarried):
    """This message is not taken now."""

    code = "letter-deferred"


class LetterBounced(_NotCarried):
    """This message is refused for good: an address is wrong."""

    code = "letter-bounced"


class SenderUnset(errors.Malformed):
    """With an SMTP server the node must know its own address."""

    code = "sender-unset"


class Carrier(Protocol):
    """Carries one message at a time."""

    @property
    def name(self) -> str:
        """Return the word by which attempts name it."""

    @property
    def sender(self) -> str:
        """Return the address from which it writes."""

    def carry(self, message: Message) -> str:
        """Carry the message; return a word on it, or nothing. Raises `CarrierAway`, `LetterDeferred`, `LetterBounced`.

        Once it returns, the message was accepted by somebody else.
        """


def configured(configuration: Configuration) -> Carrier:
    """Return the carrier that the settings name; raise `SenderUnset`."""
    url = urlsplit(configuration.smtp_url)
    if url.scheme not in {"smtp", "smtps"}:
        path = Path(unquote(url.path)) if url.path else configuration.home / FOLDER
        return Folder(path, sender=configuration.mail_from or "node@node.invalid")
    if not configuration.mail_from:
        raise SenderUnset(
            "The node has no address to write from.", where="MACLE_NODE_MAIL_FROM", mend="Set it, and start anew."
        )
    encrypted = url.scheme == "smtps"
    return Server(
        host=str(url.hostname),
        port=url.port or (_SUBMISSIONS if encrypted else _SUBMISSION),
        user=unquote(url.username or ""),
        password=unquote(url.password or ""),
        encrypted=encrypted,
        may_be_plain=url.hostname in HERE,
        sender=configuration.mail_from,
    )


@dataclass(frozen=True, slots=True)
class Folder:
    """Writes each message as a file that a mail program opens; for pilots, demonstrations and tests.

    A message that is written again replaces itself.
    """

    path: Path
    sender: str = field(kw_only=True)
    name: str = field(default="folder", init=False)

    def carry(self, message: Message) -> str:
        """Write the file."""
        file = self.path / f"{message.date:%Y%m%dT%H%M%SZ}-{message.letter}.eml"
        try:
            folders.write(file, message.to_bytes(), secret=True)
        except OSError as error:
            raise CarrierAway("unwritable") from error
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Gives messages to an SMTP server."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    encrypted: bool = False
    may_be_plain: bool = False
    sender: str
    name: str = field(default="smtp", init=False)

    def carry(self, message: Message) -> str:
        """Give it to the server, which answers for each recipient."""
        server = self._opened()
        try:
            refused = self._give(server, message)
        finally:
            # What was accepted stays accepted, however the conversation ends.
            try:
                server.quit()
            except (smtplib.SMTPException, OSError):
                server.close()
        return f"refused-for-{len(refused)}-of-{len(message.recipients)}" if refused else ""

    def _opened(self) -> smtplib.SMTP:
        """Return a conversation that is encrypted and signed in."""
        # Without a name given, the library asks the name server for this machine's.
        name, context = self.sender.rpartition("@")[2], ssl.create_default_context()
        server: smtplib.SMTP | None = None
        try:
            if self.encrypted:
                server = smtplib.SMTP_SSL(self.host, self.port, name, timeout=PATIENCE, context=context)
            else:
                server = smtplib.SMTP(self.host, self.port, name, timeout=PATIENCE)
                server.ehlo()
                if server.has_extn("starttls") or not self.may_be_plain:
                    # Raises SMTPNotSupportedError where the server does not offer it.
                    server.starttls(context=context)
                    server.ehlo()
            if self.user:
                server.login(self.user, self.password)
        except (smtplib.SMTPException, OSError) as error:
            if server is not None:
                server.close()
            raise _away(error) from error
        return server

    def _give(self, server: smtplib.SMTP, message: Message) -> dict[str, tuple[int, bytes]]:
        try:
            return server.sendmail(self.sender, list(message.recipients), message.to_bytes())
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            raise _refused(min(codes)) from error
        except smtplib.SMTPSenderRefused as error:
            # That is the node's own address: a setting is wrong, and no letter's.
            raise CarrierAway(_word(error.smtp_code)) from error
        except smtplib.SMTPResponseException as error:
            raise _refused(error.smtp_code) from error
        except (smtplib.SMTPException, OSError) as error:
            raise _away(error) from error


def _refused(code: int) -> LetterDeferred | LetterBounced:
    """Return whether the server's number means *not now* or *never*."""
    return (LetterBounced if code >= _PERMANENT else LetterDeferred)(_word(code))


def _word(code: int, what: str = "smtp") -> str:
    """Return the number of the server's answer as a word; what is no number came from no mail server."""
    return f"{what}-{code}" if code > 0 else "no-mail-server"


def _away(error: Exception) -> CarrierAway:
    """Return why no conversation came about, as a word."""
    if isinstance(error, smtplib.SMTPResponseException):
        what = "sign-in" if isinstance(error, smtplib.SMTPAuthenticationError) else "smtp"
        return CarrierAway(_word(error.smtp_code, what))
    return CarrierAway(next((word for kind, word in _WORDS if isinstance(error, kind)), "unreachable"))
