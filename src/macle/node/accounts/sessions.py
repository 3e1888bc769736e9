"""Where sessions are kept: rows that say whose session it is, since when, and when it was last used."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db

if TYPE_CHECKING:
    from collections.abc import Mapping

    from macle.node.accounts.models import Session

BEGAN = "began"
SEEN = "seen"
BROWSER = "browser"


class SessionStore(db.SessionStore):
    """Keeps sessions in our own table."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        """Return the table."""
        from macle.node.accounts.models import Session  # noqa: PLC0415 (Django loads this before the tables)

        return Session

    def create_model_instance(self, data: Mapping[str, Any]) -> Session:
        """Return the row of a session, with what a person is shown of it."""
        row: Session = super().create_model_instance(data)  # type: ignore[arg-type, assignment]
        row.user_id = int(data[SESSION_KEY]) if SESSION_KEY in data else None
        row.began_at = datetime.fromisoformat(data[BEGAN]) if BEGAN in data else None
        row.seen_at = datetime.fromisoformat(data[SEEN]) if SEEN in data else None
        row.browser = data.get(BROWSER, "")
        return row
