"""`macle node createuser`: the first accounts, made by whoever runs the node."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.node.test_commands import environment_of
from tests.unit.cli.desk import process

if TYPE_CHECKING:
    from pathlib import Path

JOREN = ("node", "createuser", "joren.pell", "--name", "Joren Pell")


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    environment = environment_of(tmp_path_factory.mktemp("accounts"))
    made = process("node", "init", **environment)
    assert made.returncode == 0, made.stderr
    return environment


def test_prints_the_first_password_and_no_secret_unless_asked(node: dict[str, str]) -> None:
    made = process(*JOREN, "--role", "administrator", **node)
    assert made.returncode == 0, made.stderr
    assert re.search(r"joren\.pell is u-[2-9a-z]{10}\.", made.stdout)
    assert re.search(r"First password, until \d{4}-\d\d-\d\d: ([2-9a-z]{4}-){3}[2-9a-z]{4}\n", made.stdout)
    assert "otpauth" not in made.stdout
    again = process(*JOREN, **node)
    assert again.returncode == 7
    assert "Somebody has this login name." in again.stderr


def test_gives_an_authenticator_and_roles_if_asked(node: dict[str, str], tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("quayside-rough-trading\n")
    made = process(
        *("node", "createuser", "tamsin.vale", "--name", "Tamsin Vale", "--role", "examiner", "--role", "auditor"),
        *("--office", "Port Selle", "--password-file", password, "--totp"),
        **node,
    )
    assert made.returncode == 0, made.stderr
    assert "First password" not in made.stdout
    assert "otpauth://totp/tamsin.vale?secret=" in made.stdout
    verified = process("node", "audit", "verify", **node)
    assert verified.returncode == 0, verified.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--role", "king"), 4, "There is no role 'king'"),
        (("--role", "examiner"), 4, "is held for an office"),
        (("--role", "exporter", "--office", "Port Selle"), 4, "is held for a trader"),
        (("--email", "nobody"), 4, "no e-mail address"),
    ],
)
def test_says_what_is_wrong_and_makes_nothing(
    node: dict[str, str], arguments: tuple[str, ...], code: int, says: str
) -> None:
    refused = process("node", "createuser", "ada.quill", "--name", "Ada Quill", *arguments, **node)
    assert refused.returncode == code
    assert says in refused.stderr
    again = process("node", "createuser", "ada.quill", "--name", "Ada Quill", *arguments, **node)
    assert says in again.stderr, "The first try had made the account."


def test_a_weak_password_is_refused(node: dict[str, str], tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("password1234")
    refused = process("node", "createuser", "weak", "--name", "Weak", "--password-file", password, **node)
    assert refused.returncode == 1
    assert "too common" in refused.stderr
