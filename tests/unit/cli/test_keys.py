from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import click
import pytest
from cryptography import x509

from macle.cli import commands
from macle.proof.folders import AuthorityFolder
from macle.proof.keys import Usage
from tests.unit.cli import desk
from tests.unit.cli.desk import Office, on_a_terminal, run, succeed

SOFTHSM = Path("/usr/lib/softhsm/libsofthsm2.so")
NEW_ROOT = ("--participant", "BW", "--authority", "Example Diamond Office")


class TestNewRoot:
    def test_shows_the_fingerprint_that_others_compare(self, tmp_path: Path) -> None:
        shown = succeed("keys", "new", tmp_path / "bw", *NEW_ROOT)
        words = succeed("trust", "fingerprint", tmp_path / "bw" / "record.cose")
        assert words in shown
        assert len(words.split()) == 24

    def test_keeps_the_private_key_from_others(self, tmp_path: Path) -> None:
        succeed("keys", "new", tmp_path / "bw", *NEW_ROOT)
        assert (tmp_path / "bw" / "root.key.pem").stat().st_mode & 0o077 == 0

    def test_refuses_a_second_root(self, office: Office) -> None:
        before = (office.keys / "record.cose").read_bytes()
        assert run("keys", "new", office.keys, *NEW_ROOT).exit_code == 7
        assert (office.keys / "record.cose").read_bytes() == before

    def test_refuses_a_short_passphrase(self, tmp_path: Path) -> None:
        result = run("keys", "new", tmp_path / "bw", *NEW_ROOT, MACLE_ROOT_PASSPHRASE="short")
        assert result.exit_code == 5
        assert not (tmp_path / "bw").exists()

    def test_refuses_a_code_that_is_no_participant(self, tmp_path: Path) -> None:
        result = run("keys", "new", tmp_path / "bw", "--participant", "BE", "--authority", "Example")
        assert result.exit_code == 2
        assert "EU" in result.stderr

    @pytest.mark.parametrize(
        "options",
        [
            (),
            ("--participant", "BW"),
            ("--authority", "X"),
            (*NEW_ROOT, "--holder", "official-07"),
            ("--usage", "stamp"),
        ],
    )
    def test_says_what_is_missing_or_too_much(self, tmp_path: Path, options: tuple[str, ...]) -> None:
        assert run("keys", "new", tmp_path / "bw", *options).exit_code == 2

    def test_asks_twice_for_the_passphrase_on_a_terminal(self, tmp_path: Path) -> None:
        code, shown = on_a_terminal("keys", "new", tmp_path / "bw", *NEW_ROOT, answers=["long enough", "long enough"])
        assert code == 0, shown
        assert "long enough" not in shown
        again = run(
            "keys", "new", tmp_path / "bw", "--usage", "stamp", "--holder", "a", MACLE_ROOT_PASSPHRASE="long enough"
        )
        assert again.exit_code == 0

    def test_needs_a_passphrase_where_nobody_can_be_asked(self, tmp_path: Path) -> None:
        result = run("keys", "new", tmp_path / "bw", *NEW_ROOT, MACLE_ROOT_PASSPHRASE=None)
        assert result.exit_code == 2
        assert "MACLE_ROOT_PASSPHRASE" in result.stderr

    def test_takes_the_passphrase_from_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "secret").write_text("from a file\n")
        given = ("--root-passphrase-file", tmp_path / "secret")
        succeed("keys", "new", tmp_path / "bw", *NEW_ROOT, *given, MACLE_ROOT_PASSPHRASE=None)
        succeed(
            "keys", "new", tmp_path / "bw", "--usage", "stamp", "--holder", "a", MACLE_ROOT_PASSPHRASE="from a file"
        )

    @pytest.mark.parametrize(("content", "code"), [("", 4), (None, 6)])
    def test_refuses_a_file_without_a_passphrase(self, tmp_path: Path, content: str | None, code: int) -> None:
        if content is not None:
            (tmp_path / "secret").write_text(content)
        result = run("keys", "new", tmp_path / "bw", *NEW_ROOT, "--root-passphrase-file", tmp_path / "secret")
        assert result.exit_code == code


class TestNewKey:
    def test_enters_the_key_in_the_record(self, office: Office) -> None:
        succeed("keys", "new", office.keys, "--usage", "confirm", "--holder", "official-09", "--office", "Gaborone")
        keys = AuthorityFolder(office.keys).record().keys
        assert [(key.holder, key.usage, key.office) for key in keys][-1] == ("official-09", Usage.CONFIRM, "Gaborone")

    def test_wraps_it_in_x509_that_the_root_signed(self, office: Office) -> None:
        wrapped = x509.load_pem_x509_certificate((office.keys / "official-07.validate.pem").read_bytes())
        root = x509.load_pem_x509_certificate((office.keys / "root.pem").read_bytes())
        wrapped.verify_directly_issued_by(root)

    def test_refuses_a_wrong_root_passphrase(self, office: Office) -> None:
        result = run(*_new(office, "stamp", "office"), MACLE_ROOT_PASSPHRASE="not the one")
        assert result.exit_code == 5
        assert not list(office.keys.glob("office.*"))

    def test_refuses_a_second_key_of_one_usage_for_one_holder(self, office: Office) -> None:
        assert run(*_new(office, "validate", "official-07")).exit_code == 7

    def test_refuses_a_holder_that_is_a_path(self, office: Office) -> None:
        assert run(*_new(office, "validate", "../official")).exit_code == 4

    def test_refuses_a_folder_without_a_root(self, tmp_path: Path) -> None:
        assert run("keys", "new", tmp_path, "--usage", "stamp", "--holder", "a").exit_code == 4


def _new(office: Office, usage: str, holder: str) -> tuple[object, ...]:
    return ("keys", "new", office.keys, "--usage", usage, "--holder", holder)


class TestShow:
    def test_shows_keys_intervals_and_fingerprint(self, office: Office) -> None:
        shown = succeed("keys", "show", office.keys)
        key = AuthorityFolder(office.keys).record().keys[0]
        assert key.public_key.key_id.hex() in shown
        assert "in force since 2026-01-01 00:00 UTC" in shown
        assert succeed("trust", "fingerprint", office.keys / "record.cose").split()[0] in shown

    def test_says_that_a_folder_is_missing(self, tmp_path: Path) -> None:
        assert run("keys", "show", tmp_path / "nowhere").exit_code == 6


class TestEnd:
    def test_keeps_what_a_retired_key_signed(self, office: Office, issued: Path) -> None:
        _end(office, "--retired")
        certificate = next(issued.glob("*.txt"))
        assert run("verify", certificate, "--trust", office.trust, "--at", desk.DURING).exit_code == 0

    def test_leaves_undecided_what_a_stolen_key_signed(self, office: Office, issued: Path) -> None:
        _end(office, "--compromised-since", "2026-02-01T00:00:00Z")
        result = run("verify", next(issued.glob("*.txt")), "--trust", office.trust, "--at", desk.DURING)
        assert result.exit_code == 8
        assert "compromised since 2026-02-01" in result.output

    def test_shows_the_end_and_its_reason(self, office: Office) -> None:
        _end(office, "--compromised-since", "2026-02-01T00:00:00Z")
        assert "compromised since 2026-02-01" in succeed("keys", "show", office.keys)

    @pytest.mark.parametrize("options", [(), ("--retired", "--compromised-since", "2026-02-01T00:00:00Z")])
    def test_needs_one_reason(self, office: Office, options: tuple[str, ...]) -> None:
        assert run("keys", "end", office.keys, _key_id(office), *options).exit_code == 2

    @pytest.mark.parametrize(("key_id", "code"), [("00" * 8, 6), ("official-07", 2)])
    def test_refuses_a_key_that_is_not_there(self, office: Office, key_id: str, code: int) -> None:
        assert run("keys", "end", office.keys, key_id, "--retired").exit_code == code

    def test_wants_an_instant_with_its_zone(self, office: Office) -> None:
        result = run("keys", "end", office.keys, _key_id(office), "--compromised-since", "2026-02-01")
        assert result.exit_code == 2


def _key_id(office: Office) -> str:
    return AuthorityFolder(office.keys).record().keys[0].public_key.key_id.hex()


def _end(office: Office, *reason: str) -> None:
    succeed("keys", "end", office.keys, _key_id(office), *reason)
    succeed("trust", "pin", office.keys / "record.cose", "--trust", office.trust)


@pytest.mark.skipif(not SOFTHSM.exists() or shutil.which("softhsm2-util") is None, reason="SoftHSM is not installed")
class TestToken:
    @pytest.fixture
    def token(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
        (tmp_path / "tokens").mkdir()
        (tmp_path / "softhsm.conf").write_text(f"directories.tokendir = {tmp_path / 'tokens'}\nlog.level = ERROR\n")
        monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "softhsm.conf"))
        subprocess.run(
            ["softhsm2-util", "--init-token", "--free", "--label", "office", "--pin", "1234", "--so-pin", "5678"],
            check=True,
            capture_output=True,
        )
        return ("--pkcs11-module", str(SOFTHSM), "--token", "office")

    def test_validates_with_a_key_that_never_leaves_the_token(
        self, office: Office, token: tuple[str, ...], tmp_path: Path
    ) -> None:
        # Each call is a process of its own: a PKCS#11 module reads its configuration once a process.
        made = desk.process(*_new(office, "validate", "official-21"), *token, "--at", desk.START)
        assert made.returncode == 0, made.stderr
        assert not list(office.keys.glob("official-21*.key.pem"))
        succeed("trust", "pin", office.keys / "record.cose", "--trust", office.trust)
        applied = desk.lodge(tmp_path / "in")
        issued = desk.process(
            *("issue", applied, "--authority", office.keys, "--holder", "official-21", *token),
            *("--out", tmp_path / "out", "--at-date-of-issuance"),
        )
        assert issued.returncode == 0, issued.stderr
        shown = succeed("verify", *(tmp_path / "out").glob("*.txt"), "--trust", office.trust, "--at", desk.DURING)
        assert "Consent level         token" in shown

    def test_stamps_with_a_key_that_never_leaves_the_token(
        self, office: Office, token: tuple[str, ...], tmp_path: Path
    ) -> None:
        for usage, holder in (("validate", "official-21"), ("stamp", "stamp-21")):
            made = desk.process(*_new(office, usage, holder), *token, "--at", desk.START)
            assert made.returncode == 0, made.stderr
        succeed("trust", "pin", office.keys / "record.cose", "--trust", office.trust)
        applied = desk.lodge(tmp_path / "in")
        own = ("--authority", office.keys, "--stamp-in-token", *token)
        issued = desk.process(
            *("issue", applied, "--holder", "official-21", *own, "--pdf"),
            *("--out", tmp_path / "out", "--at-date-of-issuance"),
        )
        assert issued.returncode == 0, issued.stderr
        (pdf,) = (tmp_path / "out").glob("*.pdf")
        copied = desk.process(
            "paper", "copy", pdf, *own, "--out", tmp_path / "copy.pdf", "--at", f"{desk.DURING}T09:00Z"
        )
        assert copied.returncode == 0, copied.stderr
        for file in (pdf, tmp_path / "copy.pdf"):
            shown = succeed("verify", file, "--trust", office.trust, "--at", f"{desk.DURING}T12:00Z", "--steps")
            assert "The stamp was in force when it was set" in shown

    def test_makes_no_key_when_the_root_stays_closed(self, office: Office, token: tuple[str, ...]) -> None:
        wrong = desk.process(*_new(office, "validate", "official-21"), *token, MACLE_ROOT_PASSPHRASE="not the one")
        assert wrong.returncode == 5
        right = desk.process(*_new(office, "validate", "official-21"), *token)
        assert right.returncode == 0, right.stderr

    def test_refuses_a_wrong_pin(self, office: Office, token: tuple[str, ...]) -> None:
        assert desk.process(*_new(office, "validate", "official-21"), *token, MACLE_PIN="9999").returncode == 5

    def test_needs_module_and_token_together(self, office: Office) -> None:
        assert run(*_new(office, "validate", "official-21"), "--token", "office").exit_code == 2


def test_no_passphrase_is_ever_an_argument() -> None:
    context = click.Context(commands.macle)
    for name in commands.COMMANDS:
        command = commands.macle.get_command(context, name)
        for each in [command, *getattr(command, "commands", {}).values()]:
            for option in (name for parameter in each.params for name in parameter.opts):
                if "passphrase" in option or "pin" in option.split("-"):
                    assert option.endswith("-file"), option
