"""Logs: one JSON object a line on the standard error, without personal data.

What a line holds is chosen here and not by whoever logs: time, level, logger, the message as it stands in the code, and
plain facts of an allowed kind. Arguments of a message are left out, because they may be names.
"""

from __future__ import annotations

import json
import logging
import logging.config
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

FACTS = ("request_id", "route", "method", "status", "milliseconds", "tag", "reference")
"""Facts that a line may carry: none of them names a person."""


class JSONLines(logging.Formatter):
    """Writes a record as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; of an exception only its kind and the line of our code stand in it."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": str(record.msg),
        }
        line |= {name: getattr(record, name) for name in FACTS if hasattr(record, name)}
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
        return json.dumps(line, ensure_ascii=False)


def configure(_: Mapping[str, object]) -> None:
    """Let every logger write such lines to the standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JSONLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
