from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from django.db import transaction

from macle.node.audit import actions, dossiers, evidence, heads
from macle.node.audit.dossiers import File, Kept, Related, Rows, SubjectUnknown
from macle.node.audit.models import Line
from macle.node.permissions import ActForbidden
from macle.proof import trust
from macle.proof.folders import AuthorityFolder
from macle.proof.keys import Usage
from macle.scheme.terms import ParticipantCode
from tests.support.node_audit import AUDITOR, EXAMINER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_django import Settings

    from macle.node.audit.dossiers import Piece

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 25, 9, 0, 1, tzinfo=UTC)
SUBJECT = "certificate:BW0000123"
DECLARATION = b"No conflict.\n"
DIGEST = hashlib.sha256(DECLARATION).hexdigest()


def collector(subject: str, at: datetime) -> Iterator[Piece]:
    assert at == AT
    yield Rows("acts.jsonl", [{"act": "reserve", "carats": 20518}, {"act": "validate", "by": "person-7"}])
    yield Kept("declaration <b>.html", DIGEST)
    yield Kept("invoice.pdf", "0" * 64)
    yield File("../certificate.cose", b"\xd2")
    yield File("certificate.cose", subject.encode())
    yield Related("application:A-7")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings.CONFIGURATION = replace(settings.CONFIGURATION, home=tmp_path)
    monkeypatch.setattr(dossiers, "_COLLECTORS", {})
    dossiers.register("certificate", collector)
    with transaction.atomic():
        evidence.keep(data=DECLARATION, name="a.txt", by_identifier="person-7", at=AT)
        for subject in (SUBJECT, "certificate:BW0000124", "application:A-7"):
            actions.record(
                authority="BW", tag="certificate:reserve", actor="<script>", subject=subject, at=AT, facts={"n": 1}
            )
    return tmp_path


def exported(subject: str = SUBJECT) -> bytes:
    with dossiers.dossier(subject, by=AUDITOR, at=AT) as file:
        return file.read()


def opened(data: bytes) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(data))


class TestDossier:
    def test_holds_everything_under_its_hash(self) -> None:
        with opened(exported()) as archive:
            manifest = json.loads(archive.read("manifest.json"))
            assert set(archive.namelist()) == {*manifest["files"], "manifest.json"}
            for name, told in manifest["files"].items():
                assert hashlib.sha256(archive.read(name)).hexdigest() == told["sha256"]
            assert archive.read("evidence/declaration <b>.html.txt") == DECLARATION
            assert sorted(name for name in manifest["files"] if "cose" in name) == [
                "certificate-2.cose",
                "certificate.cose",
            ]
            assert manifest["subjects"] == ["application:A-7", SUBJECT]
            assert len(archive.read("acts.jsonl").splitlines()) == 2

    def test_says_what_could_not_be_given(self) -> None:
        with opened(exported()) as archive:
            (missing,) = json.loads(archive.read("manifest.json"))["missing"]
        assert missing == {"name": "invoice.pdf", "sha256": "0" * 64, "why": "There is no such file."}

    def test_has_the_lines_of_the_subject_and_of_what_belongs_to_it(self) -> None:
        with opened(exported()) as archive:
            lines = [json.loads(line) for line in archive.read("audit.jsonl").splitlines()]
            page = archive.read("audit.html").decode()
        assert [(line["number"], line["subject"]) for line in lines] == [(1, SUBJECT), (3, "application:A-7")]
        assert lines[0]["before"] == "00" * 32
        assert lines[1]["before"] == bytes(Line.objects.get(number=2).digest).hex()
        assert "&lt;script&gt;" in page
        assert "<script" not in page

    def test_is_the_same_for_the_same_moment_of_the_audit(self) -> None:
        with transaction.atomic():
            first = exported()
            transaction.set_rollback(True)
        with transaction.atomic():
            assert exported() == first

    def test_carries_the_head_signed_where_there_is_a_stamp(self, home: Path, settings: Settings) -> None:
        folder = AuthorityFolder(home / "authority")
        made = datetime(2026, 1, 1, tzinfo=UTC)
        root, stamp = "a root of one test", "a stamp of one test"
        folder.create(participant=ParticipantCode("BW"), authority="Office", passphrase=root, at=made)
        folder.add_key(usage=Usage.STAMP, holder="stamp-01", office="", root_passphrase=root, passphrase=stamp, at=made)
        (home / "passphrase").write_text(stamp)
        settings.CONFIGURATION = replace(settings.CONFIGURATION, stamp_passphrase_file=home / "passphrase")
        with opened(exported()) as archive:
            record = trust.read_record(archive.read("participant-record.cose"))
            verified = heads.verify(archive.read("audit-head.cose"), record=record)
            told = json.loads(archive.read("manifest.json"))["audit_head"]
        assert (verified.head.length, verified.head.digest.hex()) == (told["length"], told["digest"])
        assert verified.signed_at == AT

    def test_is_a_line_of_the_audit(self) -> None:
        with opened(exported()) as archive:
            digest = hashlib.sha256(archive.read("manifest.json")).hexdigest()
        line = Line.objects.get(tag="audit:export")
        assert (line.subject, line.facts["manifest"], line.facts["lines"]) == (SUBJECT, digest, 2)

    def test_of_a_subject_that_only_the_audit_knows_has_its_lines(self) -> None:
        with opened(exported("application:A-7")) as archive:
            assert len(archive.read("audit.jsonl").splitlines()) == 1

    def test_of_nothing_is_refused(self) -> None:
        with pytest.raises(SubjectUnknown):
            exported("trader:T-9999")
        assert not Line.objects.filter(tag="audit:export").exists()

    def test_is_nothing_for_an_examiner(self) -> None:
        with pytest.raises(ActForbidden):
            dossiers.dossier(SUBJECT, by=EXAMINER, at=AT)
