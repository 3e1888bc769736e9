from __future__ import annotations

import json
import logging

from macle.node import settings
from macle.node.logs import JSONLines


def line_of(message: str, *arguments: object, **extra: object) -> dict[str, object]:
    fault = KeyError("Kgosi Example")
    failed = (KeyError, fault, None)
    record = logging.LogRecord("macle.node", logging.ERROR, "file.py", 7, message, arguments, failed)
    vars(record).update(extra)
    read: dict[str, object] = json.loads(JSONLines().format(record))
    return read


def test_a_line_has_the_message_as_it_stands_in_the_code_and_no_names() -> None:
    line = line_of("%s could not sign in", "Kgosi Example", route="/sign-in", status=401, holder="Kgosi Example")
    assert line["message"] == "%s could not sign in"
    assert (line["route"], line["status"], line["error"]) == ("/sign-in", 401, "KeyError")
    assert "Kgosi" not in json.dumps(line)


def test_django_configures_the_logs_as_we_say() -> None:
    # It calls what configures them only with settings that say something.
    assert settings.LOGGING
