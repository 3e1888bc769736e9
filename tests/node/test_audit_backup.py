from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.node.test_commands import an_empty_database, change, environment_of
from tests.support import node_audit as files
from tests.unit.cli.desk import process

PASSPHRASE = "a stamp of one test"

SCRIPT = """
import os, sys
from datetime import UTC, datetime
import django
django.setup()
from django.db import transaction
from macle.node.audit import actions, evidence
from macle.node.permissions import Actor, Held, Role
AT = datetime(2026, 11, 25, 9, 0, 0, 123456, tzinfo=UTC)
BY = Actor(identifier="person-1", held=(Held(role=Role.ADMINISTRATOR),))
"""

FILLED = """
with transaction.atomic():
    kept = evidence.keep(data=sys.stdin.buffer.read(), name="slip.pdf", by_identifier="person-7", at=AT)
    actions.record(authority="BW", tag="evidence:add", actor="person-7", subject="certificate:BW0000123", at=AT,
                   facts={"sha256": kept.sha256, "carats": [20518, True, None, "Déclaration"]})
actions.place_hold(subject="trader:T-0007", reason="Proceeding 7 of Port Selle", by=BY, at=AT)
"""

WRITES = """
print("begun", flush=True)
number = 0
while not os.path.exists(sys.argv[1]):
    number += 1
    with transaction.atomic():
        actions.record(authority="BW", tag="node:start", actor="node", subject=f"node:{number}", at=AT)
print(number, flush=True)
"""

READ = """
import json
from macle.node.audit import queries
from macle.node.audit.models import Evidence, Line
from django.contrib.auth.models import Permission
with transaction.atomic():
    actions.place_hold(subject="trader:T-0008", reason="Another", by=BY, at=AT)
print(json.dumps({
    "facts": Line.objects.get(tag="evidence:add").facts,
    "micro": Line.objects.get(tag="evidence:add").at.isoformat(),
    "held": queries.is_held("trader:T-0007", at=AT),
    "evidence": [len(evidence.read(each.sha256)) for each in Evidence.objects.all()],
    "epoch": queries.epoch(),
    "permissions": Permission.objects.filter(content_type__app_label="audit").count(),
}))
"""


def script(text: str, environment: dict[str, str], *, data: bytes = b"") -> str:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT + text],
        env={**os.environ, **environment},
        input=data,
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def a_stamp(home: Path) -> None:
    secrets = {"MACLE_ROOT_PASSPHRASE": "a root of one test", "MACLE_PASSPHRASE": PASSPHRASE}
    for arguments in (
        ("--participant", "BW", "--authority", "Example Diamond Office"),
        ("--usage", "stamp", "--holder", "stamp-01"),
    ):
        made = process("keys", "new", home / "authority", *arguments, "--at", "2026-01-01T00:00:00Z", **secrets)
        assert made.returncode == 0, made.stderr


@pytest.fixture
def node(tmp_path: Path) -> dict[str, str]:
    """Return the environment of a node with a stamp, a file, a hold and some lines."""
    passphrase = tmp_path / "stamp"
    passphrase.write_text(f"{PASSPHRASE}\n")
    environment = environment_of(tmp_path) | {"MACLE_NODE_STAMP_PASSPHRASE_FILE": str(passphrase)}
    made = process("node", "init", **environment)
    assert made.returncode == 0, made.stderr
    a_stamp(tmp_path / "node")
    script(FILLED, environment, data=files.a_pdf())
    return environment


def another(node: dict[str, str], folder: Path, *, database: str | None = None) -> dict[str, str]:
    """Return the environment of a node that is not there yet."""
    address = an_empty_database() if database is None else database
    return node | {"MACLE_NODE_HOME": str(folder / "restored"), "MACLE_NODE_DATABASE_URL": address}


def backed_up(node: dict[str, str], folder: Path, name: str = "backup.tar") -> Path:
    made = process("node", "backup", folder / name, **node)
    assert made.returncode == 0, made.stderr
    return folder / name


def restored(node: dict[str, str], file: Path, *options: object) -> subprocess.CompletedProcess[str]:
    return process("node", "restore", file, *options, **node)


def rewritten(file: Path, name: str, content: bytes | None, *, manifest: bool = False, add: str = "") -> Path:
    """Return a copy of the backup with one member changed or taken out, and with the manifest made to agree."""
    target = file.with_name("changed.tar")
    members: dict[str, bytes] = {}
    with tarfile.open(file) as archive:
        for member in archive:
            opened = archive.extractfile(member)
            assert opened is not None
            members[member.name] = opened.read()
    if content is None:
        del members[name]
    elif name:
        members[name] = content
    if manifest:
        told = json.loads(members["manifest.json"])
        told["sha256"][name] = hashlib.sha256(members[name]).hexdigest()
        members["manifest.json"] = json.dumps(told).encode()
    if add:
        members[add] = b"x"
    with tarfile.open(target, "w") as archive:
        for each, data in members.items():
            entry = tarfile.TarInfo(each)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return target


def member(file: Path, name: str) -> bytes:
    with tarfile.open(file) as archive:
        opened = archive.extractfile(name)
        assert opened is not None
        return opened.read()


class TestBackUp:
    def test_the_file_is_for_its_owner_alone_and_is_told_to_the_audit(
        self, node: dict[str, str], tmp_path: Path
    ) -> None:
        made = process("node", "backup", tmp_path / "backup.tar", **node)
        assert made.returncode == 0, made.stderr
        file = tmp_path / "backup.tar"
        assert file.stat().st_mode & 0o777 == 0o600
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        assert digest in made.stdout
        told = script(
            "from macle.node.audit.models import Line\nprint(Line.objects.get(tag='node:backup').facts['sha256'])",
            node,
        )
        assert told.strip() == digest

    def test_a_file_that_is_there_is_left_alone(self, node: dict[str, str], tmp_path: Path) -> None:
        (tmp_path / "backup.tar").write_text("another")
        refused = process("node", "backup", tmp_path / "backup.tar", **node)
        assert refused.returncode == 7
        assert (tmp_path / "backup.tar").read_text() == "another"

    def test_no_session_is_in_it(self, node: dict[str, str], tmp_path: Path) -> None:
        with tarfile.open(backed_up(node, tmp_path)) as archive:
            names = archive.getnames()
        assert "tables/audit.line.jsonl.gz" in names
        assert "audit-head.cose" in names
        assert not [name for name in names if "session" in name]

    def test_a_root_that_was_left_on_the_node_is_not_in_it_and_that_is_said(
        self, node: dict[str, str], tmp_path: Path
    ) -> None:
        root = tmp_path / "node" / "authority" / "root.key.pem"
        assert root.exists()
        made = process("node", "backup", tmp_path / "backup.tar", **node)
        assert f"Not in it: {root}." in made.stdout
        with tarfile.open(tmp_path / "backup.tar") as archive:
            names = archive.getnames()
        assert "authority/record.cose" in names
        assert not [name for name in names if "root.key" in name]
        root.unlink()
        assert "Not in it" not in process("node", "backup", tmp_path / "again.tar", **node).stdout


class TestRestore:
    def test_brings_everything_back_and_begins_a_new_epoch(self, node: dict[str, str], tmp_path: Path) -> None:
        made = process("node", "backup", tmp_path / "backup.tar", **node)
        fresh = another(node, tmp_path)
        done = restored(fresh, tmp_path / "backup.tar", "--sha256", made.stdout.split("SHA-256 ")[1][:64])
        assert done.returncode == 0, done.stderr
        assert "epoch 2 begins" in done.stdout
        found = json.loads(script(READ, fresh))
        assert found == {
            "facts": {
                "sha256": hashlib.sha256(files.a_pdf()).hexdigest(),
                "carats": [20518, True, None, "Déclaration"],
            },
            "micro": "2026-11-25T09:00:00.123456+00:00",
            "held": True,
            "evidence": [len(files.a_pdf())],
            "epoch": 2,
            "permissions": 20,
        }
        verified = process("node", "audit", "verify", **fresh)
        assert verified.returncode == 0, verified.stdout
        assert process("node", "audit", "heads", "--sign", **fresh).returncode == 0

    def test_a_backup_of_one_database_goes_into_the_other_and_back(self, node: dict[str, str], tmp_path: Path) -> None:
        embedded = another(node, tmp_path, database="")
        first = restored(embedded, backed_up(node, tmp_path))
        assert first.returncode == 0, first.stderr
        second = another(node, tmp_path / "again")
        done = restored(second, backed_up(embedded, tmp_path, "second.tar"))
        assert done.returncode == 0, done.stderr
        assert json.loads(script(READ, second))["epoch"] == 3
        assert process("node", "audit", "verify", **second).returncode == 0

    def test_a_backup_made_while_others_write_holds(self, node: dict[str, str], tmp_path: Path) -> None:
        stop = tmp_path / "stop"
        with subprocess.Popen(
            [sys.executable, "-c", SCRIPT + WRITES, str(stop)],
            env={**os.environ, **node},
            stdout=subprocess.PIPE,
            text=True,
        ) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "begun\n"
            made = [backed_up(node, tmp_path, f"backup-{number}.tar") for number in range(3)]
            stop.touch()
            written = int(writer.stdout.readline())
        lengths = [json.loads(member(file, "manifest.json"))["heads"][0]["length"] for file in made]
        assert lengths[0] < lengths[1] < lengths[2] <= written + 6
        fresh = another(node, tmp_path)
        done = restored(fresh, made[1])
        assert done.returncode == 0, done.stderr
        assert f"{lengths[1]:,} lines" in done.stdout
        assert process("node", "audit", "verify", **fresh).returncode == 0

    def test_a_node_that_is_there_is_left_alone(self, node: dict[str, str], tmp_path: Path) -> None:
        refused = restored(node, backed_up(node, tmp_path))
        assert refused.returncode == 7
        assert "in place of `init`" in refused.stderr

    def test_goes_into_another_folder(self, node: dict[str, str], tmp_path: Path) -> None:
        fresh = another(node, tmp_path)
        home = Path(fresh["MACLE_NODE_HOME"])
        done = restored(fresh | {"MACLE_NODE_HOME": "/nowhere"}, backed_up(node, tmp_path), "--into", home)
        assert done.returncode == 0, done.stderr
        assert (home / "secret-key").read_text() == (tmp_path / "node" / "secret-key").read_text()

    @pytest.mark.parametrize("case", ["cut", "no tar", "another sha256", "changed", "taken out", "added", "outside"])
    def test_a_file_that_is_not_as_it_was_written_is_refused_whole(
        self, node: dict[str, str], tmp_path: Path, case: str
    ) -> None:
        file = backed_up(node, tmp_path)
        options: tuple[str, ...] = ()
        table = "tables/audit.hold.jsonl.gz"
        match case:
            case "cut":
                file.write_bytes(file.read_bytes()[:-20_000])
            case "no tar":
                file.write_bytes(b"a backup")
            case "another sha256":
                options = ("--sha256", "0" * 64)
            case "changed":
                file = rewritten(file, table, member(file, "tables/audit.line.jsonl.gz"))
            case "taken out":
                file = rewritten(file, table, None)
            case "added":
                file = rewritten(file, "", b"", add="files/stranger")
            case _:
                file = rewritten(file, "", b"", add="files/../../stranger")
        fresh = another(node, tmp_path)
        refused = restored(fresh, file, *options)
        assert refused.returncode == 4, refused.stdout + refused.stderr
        home = Path(fresh["MACLE_NODE_HOME"])
        assert not (home / "files").exists()
        assert restored(fresh, backed_up(node, tmp_path, "good.tar")).returncode == 0

    def test_an_audit_that_was_changed_before_it_was_backed_up_is_refused(
        self, node: dict[str, str], tmp_path: Path
    ) -> None:
        change(node, "UPDATE audit_line SET actor = 'somebody'")
        fresh = another(node, tmp_path)
        refused = restored(fresh, backed_up(node, tmp_path))
        assert refused.returncode == 3
        assert "Line 1 of BW" in refused.stderr
        assert not (Path(fresh["MACLE_NODE_HOME"]) / "files").exists()

    def test_a_head_that_another_signed_is_refused(self, node: dict[str, str], tmp_path: Path) -> None:
        file = backed_up(node, tmp_path)
        name = "audit-head.cose"
        forged = bytearray(member(file, name))
        forged[-1] ^= 1
        refused = restored(another(node, tmp_path), rewritten(file, name, bytes(forged), manifest=True))
        assert refused.returncode == 3
        assert "No stamp of this record" in refused.stderr

    @pytest.mark.parametrize(
        ("key", "value", "code", "said"),
        [
            ("migrations", [["audit", "0001_initial"]], 7, "Restore it with Macle 0.0.1, then bring it up"),
            ("format", 2, 7, "of form 2"),
            ("participant", "AO", 7, "of the node of AO"),
        ],
    )
    def test_a_backup_of_another_version_or_participant_is_refused(
        self, node: dict[str, str], tmp_path: Path, key: str, value: object, code: int, said: str
    ) -> None:
        file = backed_up(node, tmp_path)
        manifest = json.loads(member(file, "manifest.json")) | {"version": "0.0.1", key: value}
        refused = restored(another(node, tmp_path), rewritten(file, "manifest.json", json.dumps(manifest).encode()))
        assert refused.returncode == code, refused.stderr
        assert said in " ".join(refused.stderr.split())
