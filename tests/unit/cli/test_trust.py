from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from macle.proof import trust as proof_trust
from tests.unit.cli import desk
from tests.unit.cli.desk import Office, on_a_terminal, run, succeed

WRONG = " ".join(["abandon"] * 23 + ["art"])


class TestFingerprint:
    def test_of_a_root_is_the_same_in_record_and_x509(self, office: Office) -> None:
        record = succeed("trust", "fingerprint", office.keys / "record.cose")
        assert succeed("trust", "fingerprint", office.keys / "root.pem") == record

    def test_of_another_key_differs(self, office: Office) -> None:
        record = succeed("trust", "fingerprint", office.keys / "record.cose")
        assert succeed("trust", "fingerprint", office.keys / "official-07.validate.pem") != record

    @pytest.mark.parametrize("content", [b"", b"\xd2nothing", b"-----BEGIN CERTIFICATE-----\nAA\n", b"text"])
    def test_of_nothing_is_malformed(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "file").write_bytes(content)
        assert run("trust", "fingerprint", tmp_path / "file").exit_code == 4


class TestPin:
    def test_refuses_words_of_another_key(self, office: Office, tmp_path: Path) -> None:
        result = run("trust", "pin", office.keys / "record.cose", "--trust", tmp_path / "t", "--fingerprint", WRONG)
        assert result.exit_code == 3
        assert not (tmp_path / "t").exists()

    def test_never_computes_the_words_itself(self, office: Office, tmp_path: Path) -> None:
        result = run("trust", "pin", office.keys / "record.cose", "--trust", tmp_path / "t")
        words = succeed("trust", "fingerprint", office.keys / "record.cose").split()
        assert result.exit_code == 2
        assert " ".join(words[:6]) not in result.output
        assert not (tmp_path / "t").exists()

    def test_asks_for_the_words_on_a_terminal(self, office: Office, tmp_path: Path) -> None:
        words = " ".join(succeed("trust", "fingerprint", office.keys / "record.cose").split())
        code, shown = on_a_terminal(
            "trust", "pin", office.keys / "record.cose", "--trust", tmp_path / "t", answers=[words]
        )
        assert code == 0, shown
        assert "Botswana" in succeed("trust", "list", "--trust", tmp_path / "t")

    def test_takes_a_newer_record_without_words(self, office: Office) -> None:
        succeed("keys", "new", office.keys, "--usage", "stamp", "--holder", "office")
        succeed("trust", "pin", office.keys / "record.cose", "--trust", office.trust)
        assert "record 2, 2 keys" in succeed("trust", "list", "--trust", office.trust)

    def test_is_begun_anew_after_a_power_cut_between_record_and_note(self, office: Office) -> None:
        (office.trust / "pins.json").unlink()
        result = run("trust", "pin", office.keys / "record.cose", "--trust", office.trust)
        assert result.exit_code == 2
        assert "let the authority read it" in result.output
        desk.pin(office.keys, office.trust)
        assert "Botswana" in succeed("trust", "list", "--trust", office.trust)

    def test_refuses_an_older_record(self, office: Office, tmp_path: Path) -> None:
        old = tmp_path / "old.cose"
        old.write_bytes((office.keys / "record.cose").read_bytes())
        succeed("keys", "new", office.keys, "--usage", "stamp", "--holder", "office")
        succeed("trust", "pin", office.keys / "record.cose", "--trust", office.trust)
        assert run("trust", "pin", old, "--trust", office.trust).exit_code == 7

    def test_never_replaces_a_root(self, office: Office, tmp_path: Path) -> None:
        other = desk.open_office(tmp_path / "other")
        words = succeed("trust", "fingerprint", other.keys / "record.cose")
        result = run("trust", "pin", other.keys / "record.cose", "--trust", office.trust, "--fingerprint", words)
        assert result.exit_code == 3
        assert "stays" in result.output

    def test_says_that_the_file_is_missing(self, office: Office, tmp_path: Path) -> None:
        assert run("trust", "pin", tmp_path / "no", "--trust", office.trust).exit_code == 6


class TestList:
    def test_reads_the_folder_from_the_environment(self, office: Office) -> None:
        assert "pinned, as of 2026-01-01" in succeed("trust", "list", MACLE_TRUST=str(office.trust))

    @pytest.mark.parametrize(
        ("at", "warning"),
        [
            ("2026-01-01", ""),
            ("2027-12-18T00:00:00Z", ""),
            ("2027-12-18T00:00:01Z", "Warning  This trust data ends in 13 days: fetch newer."),
            ("2028-01-01", "Warning  This trust data ended on 2028-01-01: fetch newer."),
        ],
    )
    def test_warns_two_weeks_before_the_end(
        self, office: Office, monkeypatch: pytest.MonkeyPatch, at: str, warning: str
    ) -> None:
        monkeypatch.setattr(proof_trust, "STANDING_LIFE", timedelta(days=3650))
        shown = succeed("trust", "list", "--trust", office.trust, "--at", at)
        assert ("Warning" in shown) is bool(warning)
        assert warning in shown

    def test_says_that_nobody_is_believed_yet(self, tmp_path: Path) -> None:
        assert "Nobody yet" in succeed("trust", "list", "--trust", tmp_path)

    def test_says_that_a_folder_is_missing(self, tmp_path: Path) -> None:
        assert run("trust", "list", "--trust", tmp_path / "no").exit_code == 6


class TestTrustList:
    @pytest.fixture
    def holding(self, tmp_path: Path) -> dict[str, Path]:
        """Make three authorities whose offices hold the list, and write down who they are."""
        folders = {}
        for code in ("BW", "AE", "IN"):
            folders[code] = tmp_path / code
            succeed("keys", "new", folders[code], "--participant", code, "--authority", "Example", "--at", desk.START)
            succeed("keys", "new", folders[code], "--usage", "commit", "--holder", "holder", "--at", desk.START)
        named = [part for folder in folders.values() for part in ("--holder", folder / "record.cose", "holder")]
        succeed("trust", "holders", tmp_path / "holders", *named)
        return folders

    def test_signed_by_two_of_three_is_believed(
        self, office: Office, holding: dict[str, Path], tmp_path: Path, issued: Path
    ) -> None:
        shown = _bundle(office, tmp_path, holding["BW"], holding["AE"])
        assert "Enough holders" in shown
        _accept(tmp_path)
        assert "trust list, as of 2026-01-01" in succeed("trust", "list", "--trust", tmp_path / "believed")
        certificate = next(issued.glob("*.txt"))
        assert run("verify", certificate, "--trust", tmp_path / "believed", "--at", "2026-10-21").exit_code == 0

    def test_grows_by_an_approval_made_elsewhere(
        self, office: Office, holding: dict[str, Path], tmp_path: Path
    ) -> None:
        shown = _bundle(office, tmp_path, holding["BW"])
        assert "macle trust approve" in shown
        assert run(*_accepting(tmp_path)).exit_code == 3
        added = succeed(
            *("trust", "approve", tmp_path / "list", "--holders", tmp_path / "holders"),
            *("--sign", holding["IN"], "holder"),
        )
        assert "Enough holders" in added
        _accept(tmp_path)

    def test_takes_its_records_from_a_trust_folder(
        self, office: Office, holding: dict[str, Path], tmp_path: Path
    ) -> None:
        result = succeed(
            *("trust", "bundle", tmp_path / "list", "--from", office.trust, "--holders", tmp_path / "holders"),
            *("--sign", holding["BW"], "holder", "--sign", holding["AE"], "holder", "--version", "1"),
        )
        assert "with 1 records" in result

    @pytest.mark.parametrize("order", [("old", "new"), ("new", "old"), ("new",), ("old",)])
    def test_takes_the_newest_record_whatever_the_order(
        self, office: Office, holding: dict[str, Path], tmp_path: Path, order: tuple[str, ...]
    ) -> None:
        (tmp_path / "old").write_bytes((office.keys / "record.cose").read_bytes())
        succeed("keys", "new", office.keys, "--usage", "stamp", "--holder", "office", "--at", desk.START)
        (tmp_path / "new").write_bytes((office.keys / "record.cose").read_bytes())
        pinned = () if len(order) == 2 else ("--from", office.trust)
        if order == ("old",):
            desk.pin(office.keys, office.trust)
        given = [part for name in order for part in ("--record", tmp_path / name)]
        succeed(
            *("trust", "bundle", tmp_path / "list", *given, *pinned, "--holders", tmp_path / "holders"),
            *("--sign", holding["BW"], "holder", "--sign", holding["AE"], "holder", "--version", "1"),
        )
        _accept(tmp_path)
        assert "record 2, 2 keys" in succeed("trust", "list", "--trust", tmp_path / "believed")

    def test_refuses_a_record_of_another_root(self, office: Office, holding: dict[str, Path], tmp_path: Path) -> None:
        other = desk.open_office(tmp_path / "other")
        for first, second in ((office, other), (other, office)):
            result = run(
                *("trust", "bundle", tmp_path / "list", "--record", first.keys / "record.cose"),
                *("--record", second.keys / "record.cose", "--holders", tmp_path / "holders"),
                *("--sign", holding["BW"], "holder", "--version", "1"),
            )
            assert result.exit_code == 3

    def test_refuses_the_words_of_other_holders(self, office: Office, holding: dict[str, Path], tmp_path: Path) -> None:
        _bundle(office, tmp_path, holding["BW"], holding["AE"])
        assert run(*_accepting(tmp_path)[:-1], WRONG).exit_code == 3
        assert not (tmp_path / "believed").exists()

    def test_needs_the_words_for_the_first_list_only(
        self, office: Office, holding: dict[str, Path], tmp_path: Path
    ) -> None:
        _bundle(office, tmp_path, holding["BW"], holding["AE"])
        assert run(*_accepting(tmp_path)[:-2]).exit_code == 2
        _accept(tmp_path)
        _bundle(office, tmp_path, holding["BW"], holding["AE"], version=2)
        succeed(*_accepting(tmp_path)[:-2])

    def test_is_not_rolled_back(self, office: Office, holding: dict[str, Path], tmp_path: Path) -> None:
        _bundle(office, tmp_path, holding["BW"], holding["AE"], version=2)
        _accept(tmp_path)
        _bundle(office, tmp_path, holding["BW"], holding["AE"], version=1)
        assert run(*_accepting(tmp_path)).exit_code == 7

    def test_refuses_a_signature_of_nobody_in_particular(
        self, office: Office, holding: dict[str, Path], tmp_path: Path
    ) -> None:
        succeed("keys", "new", office.keys, "--usage", "commit", "--holder", "stranger")
        result = run(
            *("trust", "bundle", tmp_path / "list", "--record", office.keys / "record.cose"),
            *("--holders", tmp_path / "holders", "--sign", office.keys, "stranger", "--version", "1"),
        )
        assert result.exit_code == 5
        assert holding

    def test_is_held_by_keys_to_commit_only(self, office: Office, tmp_path: Path) -> None:
        result = run("trust", "holders", tmp_path / "h", "--holder", office.keys / "record.cose", "official-07")
        assert result.exit_code == 5

    def test_is_never_held_by_one_key(self, holding: dict[str, Path], tmp_path: Path) -> None:
        result = run("trust", "holders", tmp_path / "h", "--holder", holding["BW"] / "record.cose", "holder")
        assert result.exit_code == 4

    def test_has_a_fingerprint_of_its_holders(self, holding: dict[str, Path], tmp_path: Path) -> None:
        assert len(succeed("trust", "fingerprint", tmp_path / "holders").split()) == 24
        assert holding


def _bundle(office: Office, folder: Path, *signing: Path, version: int = 1) -> str:
    signed = [part for each in signing for part in ("--sign", each, "holder")]
    return succeed(
        *("trust", "bundle", folder / "list", "--record", office.keys / "record.cose"),
        *("--holders", folder / "holders", *signed, "--version", version, "--at", "2026-10-20T00:00:00Z"),
    )


def _accepting(folder: Path) -> tuple[object, ...]:
    words = succeed("trust", "fingerprint", folder / "holders")
    options = ("--holders", folder / "holders", "--trust", folder / "believed", "--fingerprint", words)
    return ("trust", "accept", folder / "list", *options)


def _accept(folder: Path) -> None:
    succeed(*_accepting(folder))
