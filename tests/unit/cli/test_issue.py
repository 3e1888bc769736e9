from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from macle.cli import issuing
from macle.cli.ledger import Intent, Ledger
from macle.proof import codec, cose, qr, views
from macle.proof import issuing as proof_issuing
from macle.scheme.certificates import ConsentLevel
from macle.scheme.terms import CertificateNumber
from tests.unit.cli import desk
from tests.unit.cli.desk import EXAMPLES, Office, issue, lodge, lodge_many, run, succeed

if TYPE_CHECKING:
    from collections.abc import Callable

    from macle.proof.cose import Signed
    from macle.scheme.certificates import Certificate

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def certificate_of(path: Path) -> Certificate:
    return codec.decode_certificate(cose.read(path.read_bytes()).payload)


def identities(folder: Path) -> dict[str, str]:
    return {path.name: cose.read(path.read_bytes()).identity.hex() for path in folder.glob("*.cose")}


def ledger(office: Office) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (office.keys / "ledger.jsonl").read_text().splitlines()]


class TestOne:
    def test_is_written_on_every_carrier(self, issued: Path) -> None:
        names = sorted(path.name.partition(".")[2] for path in issued.glob("BW*"))
        assert names == ["cose", "json", "png", "record.json", "txt"]

    def test_says_the_same_on_every_carrier(self, issued: Path) -> None:
        (path,) = issued.glob("*.cose")
        text = path.with_suffix(".txt").read_text().strip()
        assert qr.from_text(text) == path.read_bytes()
        assert qr.texts_in_picture(path.with_suffix(".png")) == [text]
        assert views.certificate_from_json(json.loads(path.with_suffix(".json").read_bytes())) == certificate_of(path)

    def test_keeps_the_full_record_from_other_users(self, issued: Path) -> None:
        (path,) = issued.glob("*.record.json")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_names_the_digest_of_its_full_record(self, issued: Path) -> None:
        (path,) = issued.glob("*.cose")
        record = path.with_suffix(".record.json").read_bytes()
        assert certificate_of(path).record_digest == hashlib.sha256(record).digest()
        assert json.loads(record) == desk.application()

    def test_states_the_consent_level_of_a_key_in_a_file(self, issued: Path) -> None:
        (path,) = issued.glob("*.cose")
        assert certificate_of(path).consent_level is ConsentLevel.PILOT

    def test_ends_with_the_printed_day_in_the_issuers_zone(self, issued: Path) -> None:
        (path,) = issued.glob("*.cose")
        certificate = certificate_of(path)
        assert certificate.expires_at.isoformat() == f"{certificate.date_of_expiry}T22:00:00+00:00"

    def test_is_validated_at_the_instant_given(self, office: Office, tmp_path: Path) -> None:
        given = ("--authority", office.keys, "--holder", "official-07", "--out", tmp_path / "out")
        on = desk.application()["date_of_issuance"]
        succeed("issue", lodge(tmp_path), *given, "--at", f"{on}T08:00:00+02:00")
        (path,) = (tmp_path / "out").glob("*.cose")
        assert certificate_of(path).validated_at.isoformat() == f"{on}T06:00:00+00:00"

    def test_gets_the_last_day_that_the_law_allows_where_none_was_asked_for(self, tmp_path: Path) -> None:
        office = desk.open_office(tmp_path / "eu", "EU")
        fields = json.loads((EXAMPLES / "applications" / "european-union.json").read_bytes()) | {"date_of_expiry": ""}
        (tmp_path / "eu.json").write_text(json.dumps(fields))
        assert issue(office, tmp_path / "eu.json", out=tmp_path / "out").exit_code == 0
        (path,) = (tmp_path / "out").glob("*.cose")
        certificate = certificate_of(path)
        assert (certificate.date_of_expiry - certificate.date_of_issuance).days in range(59, 63)

    def test_is_named_after_its_number_even_with_a_stroke(self) -> None:
        assert issuing.file_name(CertificateNumber.parse("CN2026/17")) == "CN2026_17"


class TestRefusals:
    def test_a_bad_row_spoils_only_itself(self, office: Office, tmp_path: Path) -> None:
        result = issue(office, EXAMPLES / "one-bad-row.csv", out=tmp_path)
        assert result.exit_code == 1
        assert len(list(tmp_path.glob("*.cose"))) == 4
        rows = desk.refused(tmp_path)
        assert {row["row"] for row in rows} == {"4"}
        assert {row["rule"] for row in rows} >= {"application.readable", "IV.c.container-seals"}
        assert all(row["what"] and row["number"] == "BW00004952" for row in rows)

    def test_disappear_from_the_table_once_mended(self, office: Office, tmp_path: Path) -> None:
        issue(office, EXAMPLES / "one-bad-row.csv", out=tmp_path)
        assert issue(office, lodge(tmp_path / "in"), out=tmp_path).exit_code == 0
        assert not (tmp_path / "refused.csv").exists()

    def test_put_no_formula_into_the_table(self, office: Office, tmp_path: Path) -> None:
        lodged = lodge(tmp_path / "in", container_seals=[], **{"=cmd()": "x"})
        issue(office, lodged, out=tmp_path / "out")
        text = (tmp_path / "out" / "refused.csv").read_text(encoding="utf-8-sig")
        assert "'=cmd()" in text
        assert not any(cell.startswith("=") for line in text.splitlines() for cell in line.split(","))

    def test_of_another_participants_application(self, office: Office, tmp_path: Path) -> None:
        result = issue(office, EXAMPLES / "applications" / "angola.json", out=tmp_path)
        assert result.exit_code == 1
        assert "this folder of BW" in result.output

    def test_of_an_application_dated_another_day(self, office: Office, tmp_path: Path) -> None:
        given = ("--authority", office.keys, "--holder", "official-07", "--out", tmp_path)
        result = run("issue", lodge(tmp_path / "in"), *given, "--at", "2026-02-03T10:00:00Z")
        assert result.exit_code == 1
        assert "AnnexI.A.date-of-issuance" in result.output
        assert not list(tmp_path.glob("*.cose"))
        assert ledger(office) == []

    def test_of_a_key_that_is_not_in_force(self, office: Office, tmp_path: Path) -> None:
        key = succeed("keys", "show", office.keys).split("Keys ")[1].split()[1]
        succeed("keys", "end", office.keys, key, "--retired", "--at", "2026-02-01T00:00:00Z")
        result = issue(office, lodge(tmp_path / "in"), out=tmp_path)
        assert result.exit_code == 1
        assert "not in force" in result.output
        assert not list(tmp_path.glob("*.cose"))

    def test_of_a_key_that_was_compromised_later(self, office: Office, tmp_path: Path) -> None:
        key = succeed("keys", "show", office.keys).split("Keys ")[1].split()[1]
        succeed("keys", "end", office.keys, key, "--compromised-since", NOON.isoformat(), "--at", NOON.isoformat())
        result = issue(office, lodge(tmp_path / "in"), out=tmp_path)
        assert result.exit_code == 1
        assert "known to be compromised" in result.output
        assert not list(tmp_path.glob("*.cose"))

    def test_of_a_key_of_another_holder(self, office: Office, tmp_path: Path) -> None:
        shutil.copy(office.keys / "official-07.validate.key.pem", office.keys / "official-99.validate.key.pem")
        given = ("--authority", office.keys, "--holder", "official-99", "--out", tmp_path)
        result = run("issue", lodge(tmp_path / "in"), *given, "--at-date-of-issuance")
        assert result.exit_code == 1
        assert "The record names official-07 as the holder of this key." in result.output

    def test_of_a_key_of_another_office(self, office: Office, tmp_path: Path) -> None:
        new = ("--usage", "validate", "--holder", "official-21", "--office", "Francistown", "--at", desk.START)
        succeed("keys", "new", office.keys, *new)
        given = ("--authority", office.keys, "--holder", "official-21", "--out", tmp_path)
        result = run("issue", lodge(tmp_path / "in"), *given, "--at-date-of-issuance")
        assert result.exit_code == 1
        assert "The key is of the office Francistown, not of Gaborone." in result.output

    def test_of_a_second_application_under_an_issued_number(self, office: Office, tmp_path: Path) -> None:
        assert issue(office, lodge(tmp_path / "in"), out=tmp_path).exit_code == 0
        before = identities(tmp_path)
        result = issue(office, lodge(tmp_path / "in", "other.json", parcels=3), out=tmp_path)
        assert result.exit_code == 1
        assert "AnnexI.A.number-unique" in result.output
        assert identities(tmp_path) == before

    def test_of_a_second_application_under_a_number_issued_into_another_folder(
        self, office: Office, tmp_path: Path
    ) -> None:
        assert issue(office, lodge(tmp_path / "in"), out=tmp_path / "one").exit_code == 0
        result = issue(office, lodge(tmp_path / "in", parcels=3), out=tmp_path / "two")
        assert result.exit_code == 1
        assert "AnnexI.A.number-unique" in result.output
        assert identities(tmp_path / "two") == {}

    def test_of_a_second_application_under_one_number_in_one_run(self, office: Office, tmp_path: Path) -> None:
        result = issue(office, lodge(tmp_path, "a"), lodge(tmp_path, "b", parcels=3), out=tmp_path / "out")
        assert result.exit_code == 1
        assert len(identities(tmp_path / "out")) == 1

    @pytest.mark.parametrize(
        ("holder", "environment", "code"),
        [("official-99", {}, 6), ("official-07", {"MACLE_PASSPHRASE": "not the one"}, 5)],
    )
    def test_of_a_signer_who_has_no_key(
        self, office: Office, tmp_path: Path, holder: str, environment: dict[str, str], code: int
    ) -> None:
        given = ("--authority", office.keys, "--holder", holder, "--out", tmp_path)
        assert run("issue", lodge(tmp_path / "in"), *given, **environment).exit_code == code

    def test_of_an_authority_that_is_not_there(self, tmp_path: Path) -> None:
        given = ("--authority", tmp_path / "no", "--holder", "official-07", "--out", tmp_path)
        assert run("issue", lodge(tmp_path / "in"), *given).exit_code == 6


class TestAgain:
    def test_signs_nothing_twice(self, office: Office, tmp_path: Path) -> None:
        lodged = lodge_many(tmp_path / "in", 3)
        issue(office, lodged, out=tmp_path)
        before = (office.keys / "ledger.jsonl").read_bytes()
        result = issue(office, lodged, out=tmp_path)
        assert result.exit_code == 0
        assert "3 issued before" in result.output
        assert (office.keys / "ledger.jsonl").read_bytes() == before

    def test_gives_the_same_bytes_into_another_folder(self, office: Office, tmp_path: Path) -> None:
        lodged = lodge(tmp_path / "in")
        issue(office, lodged, out=tmp_path / "one")
        result = issue(office, lodged, out=tmp_path / "two", extra=("--at", "2026-12-31T00:00:00Z"))
        assert "1 issued before" in result.output
        written = [{path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("one", "two")]
        assert written[0] == written[1]
        assert len(written[0]) == 5

    @pytest.mark.parametrize("batch", [1, 25])
    def test_counts_each_of_two_equal_rows(
        self, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int
    ) -> None:
        monkeypatch.setattr(issuing, "BATCH", batch)
        result = issue(office, lodge(tmp_path, "a"), lodge(tmp_path, "b"), out=tmp_path / "out")
        assert result.exit_code == 0
        assert "1 issued into" in result.output
        assert "1 issued before; nothing was signed again." in result.output

    @pytest.mark.parametrize("lost", [".png", ".cose", ".json", ".txt", ".record.json"])
    def test_writes_a_lost_file_anew(self, office: Office, tmp_path: Path, lost: str) -> None:
        lodged = lodge(tmp_path / "in")
        issue(office, lodged, out=tmp_path)
        (path,) = (path for path in tmp_path.glob("BW*") if path.name.partition(".")[2] == lost[1:])
        content = path.read_bytes()
        path.unlink()
        issue(office, lodged, out=tmp_path)
        assert path.read_bytes() == content

    def test_finishes_what_was_cut_off_before_signing(
        self, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lodged = lodge_many(tmp_path / "in", 4)
        monkeypatch.setattr(proof_issuing, "validate", _cut_off_at(2, proof_issuing.validate))
        assert issue(office, lodged, out=tmp_path).exit_code == 130
        assert [line["act"] for line in ledger(office)] == ["intent"] * 4
        assert identities(tmp_path) == {}
        monkeypatch.undo()
        given = ("--authority", office.keys, "--holder", "official-07", "--out", tmp_path)
        result = run("issue", lodged, *given, "--at", "2026-12-31T00:00:00Z")
        assert result.exit_code == 0, result.output
        assert "4 begun earlier and now finished" in result.output
        on = desk.application()["date_of_issuance"]
        assert {str(certificate_of(path).validated_at.date()) for path in tmp_path.glob("*.cose")} == {on}

    def test_keeps_the_identity_of_what_was_cut_off_after_signing(
        self, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lodged = lodge(tmp_path / "in")
        signed: list[Signed] = []

        def sign_and_stop(**given: Any) -> Signed:
            signed.append(_validate(**given))
            raise KeyboardInterrupt

        monkeypatch.setattr(proof_issuing, "validate", sign_and_stop)
        assert issue(office, lodged, out=tmp_path).exit_code == 130
        monkeypatch.undo()
        assert issue(office, lodged, out=tmp_path).exit_code == 0
        assert list(identities(tmp_path).values()) == [signed[0].identity.hex()]

    def test_writes_the_files_of_what_was_cut_off_after_the_result(
        self, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lodged = lodge_many(tmp_path / "in", 2)

        def stop(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(issuing, "write_files", stop)
        assert issue(office, lodged, out=tmp_path).exit_code == 130
        recorded = {line["number"]: line["identity"] for line in ledger(office) if line["act"] == "result"}
        monkeypatch.undo()
        assert issue(office, lodged, out=tmp_path).exit_code == 0
        assert {name.removesuffix(".cose"): identity for name, identity in identities(tmp_path).items()} == recorded
        assert len(recorded) == 2

    def test_does_not_give_a_begun_number_to_another_application(
        self, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(proof_issuing, "validate", _cut_off_at(0, proof_issuing.validate))
        issue(office, lodge(tmp_path / "in"), out=tmp_path)
        monkeypatch.undo()
        result = issue(office, lodge(tmp_path / "in", parcels=3), out=tmp_path)
        assert result.exit_code == 1
        assert "AnnexI.A.number-unique" in result.output

    def test_finishes_with_the_key_that_began(
        self, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        succeed("keys", "new", office.keys, "--usage", "validate", "--holder", "official-21", "--at", desk.START)
        lodged = lodge(tmp_path / "in")
        monkeypatch.setattr(proof_issuing, "validate", _cut_off_at(0, proof_issuing.validate))
        issue(office, lodged, out=tmp_path)
        monkeypatch.undo()
        given = ("--authority", office.keys, "--holder", "official-21", "--out", tmp_path)
        result = run("issue", lodged, *given, "--at-date-of-issuance")
        assert result.exit_code == 1
        assert "Finish it with that key" in result.output

    def test_survives_being_killed(self, office: Office, tmp_path: Path) -> None:
        lodged = lodge_many(tmp_path / "in", 60)
        script = (
            "import os; from macle.cli import issuing, main; written = []\n"
            "whole = issuing.write_files\n"
            "def some(folder, made, shop, at):\n"
            "    whole(folder, made, shop, at); written.append(made)\n"
            "    if len(written) == 30: os._exit(9)\n"
            "issuing.write_files = some\n"
            "main()"
        )
        given = ("--authority", office.keys, "--holder", "official-07", "--out", tmp_path, "--at-date-of-issuance")
        command = [desk.COMMAND[0], "-c", script, "issue", lodged, *given]
        killed = subprocess.run([str(part) for part in command], env={**os.environ, **desk.SECRETS}, check=False)
        assert killed.returncode == 9
        before = identities(tmp_path)
        assert len(before) == 30
        assert issue(office, lodged, out=tmp_path).exit_code == 0
        after = identities(tmp_path)
        assert len(after) == 60
        assert after.items() >= before.items()
        assert len({line["number"] for line in ledger(office) if line["act"] == "result"}) == 60


_validate = proof_issuing.validate


def _cut_off_at(number: int, whole: Callable[..., Signed]) -> Callable[..., Signed]:
    """Return a validation that is cut off after so many signatures."""
    made: list[Signed] = []

    def validate(**given: Any) -> Signed:
        if len(made) == number:
            raise KeyboardInterrupt
        made.append(whole(**given))
        return made[-1]

    return validate


class TestLedger:
    def test_has_the_intent_before_the_result(self, office: Office, tmp_path: Path) -> None:
        issue(office, lodge(tmp_path / "in"), out=tmp_path)
        assert [line["act"] for line in ledger(office)] == ["intent", "result"]

    def test_drops_a_line_that_a_power_cut_left_unfinished(self, office: Office, tmp_path: Path) -> None:
        issue(office, lodge(tmp_path / "in"), out=tmp_path)
        whole = (office.keys / "ledger.jsonl").read_bytes()
        (office.keys / "ledger.jsonl").write_bytes(whole + b'{"act":"int')
        assert issue(office, lodge(tmp_path / "in"), out=tmp_path).exit_code == 0
        assert (office.keys / "ledger.jsonl").read_bytes() == whole

    @pytest.mark.parametrize("line", [b"nonsense\n", b'{"act":"other","number":"BW1","record_digest":""}\n', b"[]\n"])
    def test_stops_everything_when_a_line_is_not_its_own(self, office: Office, tmp_path: Path, line: bytes) -> None:
        issue(office, lodge(tmp_path / "in"), out=tmp_path)
        with (office.keys / "ledger.jsonl").open("ab") as file:
            file.write(line)
        result = issue(office, lodge_many(tmp_path / "in", 1), out=tmp_path)
        assert result.exit_code == 4
        assert "line 3" in result.output

    def test_is_written_by_one_process_at_a_time(self, office: Office, tmp_path: Path) -> None:
        with Ledger(office.keys / "ledger.jsonl"):
            assert issue(office, lodge(tmp_path / "in"), out=tmp_path).exit_code == 7

    def test_may_stand_where_it_is_wanted(self, office: Office, tmp_path: Path) -> None:
        wanted = tmp_path / "register" / "ledger"
        assert issue(office, lodge(tmp_path / "in"), out=tmp_path, extra=("--ledger", wanted)).exit_code == 0
        assert len(wanted.read_text().splitlines()) == 2
        assert not (office.keys / "ledger.jsonl").exists()

    def test_among_the_certificates_is_not_passed_over(self, office: Office, tmp_path: Path) -> None:
        beside = tmp_path / "ledger.jsonl"
        assert issue(office, lodge(tmp_path / "in"), out=tmp_path, extra=("--ledger", beside)).exit_code == 0
        result = issue(office, lodge(tmp_path / "in", parcels=3), out=tmp_path)
        assert result.exit_code == 7
        assert "give --ledger" in result.output
        assert not (office.keys / "ledger.jsonl").exists()

    def test_has_its_name_on_the_disk_before_its_first_line(
        self, office: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        synced: list[bool] = []
        monkeypatch.setattr(os, "fsync", lambda file: synced.append(stat.S_ISDIR(os.fstat(file).st_mode)))
        with Ledger(office.keys / "ledger.jsonl") as opened:
            assert synced == [True]
            opened.intend([Intent(CertificateNumber.parse("BW00000001"), bytes(32), NOON, bytes(8))])
        assert synced == [True, False]


class TestManyProcesses:
    def test_write_what_one_writes(self, office: Office, tmp_path: Path) -> None:
        lodged = lodge_many(tmp_path / "in", 30)
        assert issue(office, lodged, out=tmp_path / "one", extra=("--workers", "2")).exit_code == 0
        assert issue(office, lodged, out=tmp_path / "two").exit_code == 0
        written = [{path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("one", "two")]
        assert written[0] == written[1]
        assert len(written[0]) == 5 * 30
