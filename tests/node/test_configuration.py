from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from macle.node import configuration
from macle.node.configuration import Configuration, ConfigurationMalformed

MANUAL = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"
LEAST = {"MACLE_NODE_PARTICIPANT": "BW"}


def test_silence_means_an_embedded_database_in_the_folder_of_the_node() -> None:
    read = configuration.read(LEAST)
    assert read.database["ENGINE"] == "django.db.backends.sqlite3"
    assert read.database["NAME"] == Path("node/node.sqlite3")
    assert "synchronous=FULL" in read.database["OPTIONS"]["init_command"]
    assert read.https


def test_a_postgresql_is_named_by_its_address() -> None:
    read = configuration.read(LEAST | {"MACLE_NODE_DATABASE_URL": "postgresql://macle:s%40id@db.example:5433/bw"})
    assert {name: read.database[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")} == {
        "NAME": "bw",
        "USER": "macle",
        "PASSWORD": "s@id",
        "HOST": "db.example",
        "PORT": "5433",
    }


def test_a_postgresql_behind_a_socket_is_named_by_its_folder() -> None:
    read = configuration.read(LEAST | {"MACLE_NODE_DATABASE_URL": "postgresql://macle:@/bw?host=/run/postgresql"})
    assert read.database["HOST"] == "/run/postgresql"


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("PARTICIPANT", "Botswana"),
        ("PORT", "70000"),
        ("PORT", "no"),
        ("WORKERS", "0"),
        ("HTTPS", "maybe"),
        ("HOSTS", " , "),
        ("DATABASE_URL", "mysql://x"),
        ("HOME", " "),
        ("COLOUR", "blue"),
    ],
)
def test_what_cannot_be_is_refused_with_its_name(variable: str, text: str) -> None:
    with pytest.raises(ConfigurationMalformed) as refused:
        configuration.read(LEAST | {f"MACLE_NODE_{variable}": text})
    assert refused.value.where == f"MACLE_NODE_{variable}"
    assert refused.value.mend


def test_the_secret_key_is_made_once_and_kept_from_others(tmp_path: Path) -> None:
    made = configuration.read(LEAST | {"MACLE_NODE_HOME": str(tmp_path / "node")})
    with pytest.raises(ConfigurationMalformed):
        made.secret_key()
    made.prepare()
    key = made.secret_key()
    made.prepare()
    assert made.secret_key() == key
    assert len(key) > 60
    assert (tmp_path / "node" / "secret-key").stat().st_mode & 0o077 == 0


def test_every_setting_stands_in_the_manual() -> None:
    text = MANUAL.read_text(encoding="utf-8")
    for each in fields(Configuration):
        assert f"\n## MACLE_NODE_{each.name.upper()}\n" in text, each.name
        assert each.metadata["about"] in " ".join(text.split()), each.name
