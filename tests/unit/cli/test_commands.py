from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

import macle as package
from macle import errors as families
from macle.cli import commands, errors, words
from macle.proof import vectors
from macle.proof.vectors import Verdict
from macle.scheme import rules
from tests.unit.cli import desk
from tests.unit.cli.desk import Office, process, run, succeed

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCES = Path(package.__file__).parent
MANUAL = Path(__file__).parents[3] / "docs" / "reference" / "cli.md"


def every_command() -> Iterator[tuple[str, click.Command]]:
    context = click.Context(commands.macle)
    for name in commands.COMMANDS:
        command = commands.macle.get_command(context, name)
        assert command is not None
        yield from leaves(name, command)


def leaves(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    """Give a command, or what a group of them holds."""
    if not isinstance(command, click.Group):
        yield name, command
        return
    for inner, each in command.commands.items():
        yield from leaves(f"{name} {inner}", each)


class TestHelp:
    @pytest.mark.parametrize("name", [*commands.COMMANDS, ""])
    def test_is_there_for_each_command(self, name: str) -> None:
        assert "Usage: " in succeed(*name.split(), "--help")

    def test_has_an_example_in_each_command(self) -> None:
        for name, command in every_command():
            if name != "completion":
                assert f"macle {name}" in (command.help or ""), name

    def test_lists_what_each_command_says_of_itself(self) -> None:
        context = click.Context(commands.macle)
        for name, (_, line) in commands.COMMANDS.items():
            command = commands.macle.get_command(context, name)
            assert command is not None
            assert command.short_help == line

    def test_knows_its_version(self) -> None:
        assert succeed("--version") == f"macle {package.__version__}\n"

    def test_refuses_a_command_that_is_none(self) -> None:
        assert run("certify").exit_code == 2

    def test_shows_itself_when_nothing_is_asked(self) -> None:
        result = run()
        assert result.exit_code == 2
        assert "Commands:" in result.output

    @pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
    def test_completes_in_each_shell(self, shell: str) -> None:
        assert "_MACLE_COMPLETE" in succeed("completion", shell)

    def test_completes_the_names_of_commands(self) -> None:
        result = process(_MACLE_COMPLETE="bash_complete", COMP_WORDS="macle ver", COMP_CWORD="1")
        assert "verify" in result.stdout


class TestManual:
    def test_names_every_command_and_option(self) -> None:
        text = MANUAL.read_text(encoding="utf-8")
        sections = {part.split("\n", 1)[0].strip(): part for part in text.split("\n## ")[1:]}
        for name, command in every_command():
            section = sections.get(f"macle {name}")
            assert section is not None, f"no section for macle {name}"
            for parameter in command.params:
                if isinstance(parameter, click.Option):
                    for option in (*parameter.opts, *parameter.secondary_opts):
                        assert f"`{option}" in section, f"macle {name} {option}"

    def test_names_every_exit_code(self) -> None:
        text = MANUAL.read_text(encoding="utf-8")
        codes = {code for _, code in errors._OF_FAMILY} | {
            errors.USAGE,
            errors.UNEXPECTED,
            errors.INTERRUPTED,
            errors.CUT_OFF,
        }
        for code in codes:
            assert f"\n| {code} |" in text, code

    def test_names_no_option_that_does_not_exist(self) -> None:
        known = {"--help", "--version"}
        for _, command in every_command():
            for parameter in command.params:
                known.update(parameter.opts, parameter.secondary_opts)
        for page in MANUAL.parents[1].rglob("*.md"):
            for line in page.read_text(encoding="utf-8").splitlines():
                if line.strip().startswith("macle ") or "`macle " in line:
                    for word in line.replace("`", " ").replace("/", " ").split():
                        if word.startswith("--") and word.rstrip(".,;:") != "--":
                            assert word.rstrip(".,;:)") in known, f"{page.name}: {word}"


class TestErrors:
    @pytest.mark.parametrize(
        ("family", "code"),
        [
            (families.Refused, 1),
            (families.Untrusted, 3),
            (families.Malformed, 4),
            (families.NotPermitted, 5),
            (families.NotFound, 6),
            (families.Conflict, 7),
            (families.Undecided, 8),
        ],
    )
    def test_of_each_family_have_their_code(self, family: type[families.MacleError], code: int) -> None:
        assert errors.exit_code(family("It is so.")) == code

    def test_say_what_where_and_how_to_mend(self, capsys: pytest.CaptureFixture[str]) -> None:
        errors.say(families.Refused("This is missing.", where="parcels", mend="Count.", rule="AnnexI.A.parcels"))
        said = capsys.readouterr().err
        assert "parcels: This is missing." in said
        assert "Count." in said
        assert "macle rules AnnexI.A.parcels" in said

    def test_that_nobody_expected_show_a_number_and_no_trace(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

        def fail() -> None:
            raise ZeroDivisionError("a secret of the machine")

        assert errors.running(fail) == errors.UNEXPECTED
        said = capsys.readouterr().err
        assert "Traceback" not in said
        assert "secret" not in said
        (kept,) = (tmp_path / "macle" / "errors").glob("*.txt")
        assert kept.stem in said
        assert "ZeroDivisionError" in kept.read_text()
        assert kept.stat().st_mode & 0o077 == 0

    def test_of_the_system_name_the_file(self, opened: Office, tmp_path: Path) -> None:
        (tmp_path / "out").write_text("a file where a folder should be")
        given = (
            "--authority",
            opened.keys,
            "--holder",
            "official-07",
            "--out",
            tmp_path / "out" / "inside",
            "--ledger",
            tmp_path / "l",
        )
        result = run("issue", desk.lodge(tmp_path / "in"), *given)
        assert result.exit_code == 7
        assert "inside" in result.output

    def test_do_not_arise_from_a_reader_that_went_away(self) -> None:
        reading, writing = os.pipe()
        os.close(reading)
        ended = subprocess.run([*desk.COMMAND, "rules"], stdout=writing, stderr=subprocess.PIPE, check=False)
        os.close(writing)
        assert ended.stderr == b""
        assert ended.returncode == errors.CUT_OFF


class TestColours:
    def test_stay_away_from_files(self) -> None:
        assert "\x1b" not in process("rules", "AnnexI.A.number").stdout

    def test_are_on_a_terminal(self) -> None:
        code, shown = desk.on_a_terminal("rules", "AnnexI.A.number", answers=[], TERM="xterm")
        assert code == 0
        assert "\x1b[1m" in shown

    def test_are_left_out_where_nobody_wants_them(self) -> None:
        _, shown = desk.on_a_terminal("rules", "AnnexI.A.number", answers=[], TERM="xterm", NO_COLOR="1")
        assert "\x1b[1m" not in shown


class TestRules:
    def test_are_all_listed(self) -> None:
        listed = succeed("rules")
        assert all(rule in listed for rule in rules.catalogue())

    def test_are_explained_with_their_source(self) -> None:
        explained = succeed("rules", "III.b.in-date")
        assert "KPCS Core Document, Section III(b)" in explained
        assert "presentation" in explained

    def test_suggest_what_was_meant(self) -> None:
        result = run("rules", "III.b.indate")
        assert result.exit_code == 6
        assert "III.b.in-date" in result.output

    def test_are_there_for_programs(self) -> None:
        assert {each["id"] for each in json.loads(succeed("rules", "--json"))} >= set(rules.catalogue())


class TestVectors:
    def test_agree_or_are_named(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        found = [Verdict("sound", {"step": None}, {"step": None}), Verdict("odd", {"step": 6}, {"step": 7})]
        monkeypatch.setattr(vectors, "check", lambda _, **__: iter(found))
        result = run("vectors", "check", tmp_path, "--all")
        assert result.exit_code == 1
        assert "agrees   sound" in result.output
        assert "differs  odd" in result.output
        assert "step: expected 6, found 7" in result.output

    def test_are_missing_in_an_empty_folder(self, tmp_path: Path) -> None:
        assert run("vectors", "check", tmp_path).exit_code == 4
        assert run("vectors", "check", tmp_path / "no").exit_code == 6


class TestStart:
    def test_of_a_verification_loads_only_what_it_needs(self, opened: Office, issued: Path) -> None:
        (text,) = issued.glob("*.txt")
        script = (
            "import sys; from macle.cli import main\ntry: main()\nfinally: print(*sorted(sys.modules), file=sys.stderr)"
        )
        arguments = ["verify", str(text), "--trust", str(opened.trust), "--at", desk.DURING]
        ended = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True)
        loaded = set(ended.stderr.split())
        assert "macle.proof.verification" in loaded
        unwanted = {
            "PIL",
            "pypdfium2_raw",
            "typst",
            "mnemonic",
            "python_calamine",
            "pkcs11",
            "cryptography.x509",
            "concurrent.futures",
        }
        assert not unwanted & loaded

    def test_of_the_help_imports_no_command(self) -> None:
        script = "import sys; from macle.cli import main\ntry: main()\nfinally: print(*sys.modules, file=sys.stderr)"
        ended = subprocess.run([sys.executable, "-c", script, "--help"], capture_output=True, text=True, check=True)
        assert not [name for name in ended.stderr.split() if name.startswith(("macle.proof", "macle.scheme"))]


def test_the_one_caller_that_signs_certificates_is_validate() -> None:
    for path in (SOURCES / "cli").glob("*.py"):
        assert "typ=cose.CERTIFICATE" not in path.read_text(encoding="utf-8"), path.name


@pytest.mark.parametrize("count", [0, 1, 2])
def test_ages_are_counted_in_days(count: int) -> None:
    at = datetime(2026, 11, 10, tzinfo=UTC)
    expected = "1 day old" if count == 1 else f"{count} days old"
    assert words._age(at - timedelta(days=count), at).endswith(expected)
