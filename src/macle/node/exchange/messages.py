"""A letter as an e-mail message: the same bytes on each try. Pure.

Everything that could vary is taken from the letter: its date is that of the act, its Message-ID was made with it, and
the boundary between its parts is its digest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

_PARAMETER = re.compile(r'; ([^=]+)=("?)([^";]*)\2')
_POLICY = policy.SMTP.clone(cte_type="7bit")


@dataclass(frozen=True, slots=True)
class Attached:
    """A file in a message."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is carried: the envelope's two sides, and what the message says. All of it was checked before."""

    letter: str
    """Its identifier."""
    sender: str
    recipients: tuple[str, ...]
    message_id: str
    sequence: int | None
    date: datetime
    language: str
    subject: str
    text: str
    attached: Sequence[Attached]
    boundary: str

    def to_bytes(self) -> bytes:
        """Return the message with lines that end as in SMTP."""
        message = EmailMessage(policy=_POLICY)
        message["From"] = self.sender
        message["To"] = ", ".join(self.recipients)
        message["Subject"] = self.subject
        message["Date"] = format_datetime(self.date)
        message["Message-ID"] = self.message_id
        message["X-Macle-Letter"] = self.letter
        if self.sequence is not None:
            message["X-Macle-Sequence"] = str(self.sequence)
        message["Content-Language"] = self.language
        # Nobody's absence is to be answered to a node.
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(self.text, cte="quoted-printable")
        for each in self.attached:
            kind, _, parameters = each.media_type.partition(";")
            main, _, sub = kind.partition("/")
            message.add_attachment(
                each.content,
                maintype=main,
                subtype=sub,
                filename=each.name,
                params={name: value for name, _, value in _PARAMETER.findall(f";{parameters}")} if parameters else None,
            )
        if self.attached:
            message.set_boundary(f"=_{self.boundary}")
        return message.as_bytes()
