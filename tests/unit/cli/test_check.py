from __future__ import annotations

import json
from pathlib import Path

import pytest

from macle.cli import errors, words
from macle.scheme import rules
from macle.scheme.rules import Breach, Outcome
from tests.unit.cli import desk
from tests.unit.cli.desk import EXAMPLES, Office, run, succeed

MISTAKES = EXAMPLES / "applications-with-mistakes"


class TestCheck:
    def test_finds_nothing_in_a_sound_application(self, tmp_path: Path) -> None:
        assert "Every rule is kept." in succeed("check", desk.lodge(tmp_path))

    def test_names_every_breach_at_once_with_its_source(self) -> None:
        result = run("check", MISTAKES / "expired-before-issued.json")
        assert result.exit_code == 1
        for where, rule in (
            ("date_of_expiry", "AnnexI.A.date-of-expiry, KPCS Core Document, Annex I-A"),
            ("parcels", "AnnexI.A.parcels"),
            ("container_seals", "IV.c.container-seals"),
        ):
            assert f"{where}: " in result.output
            assert rule in result.output

    def test_says_how_to_mend_a_third_decimal(self) -> None:
        assert (
            "Write 205.18 or 205.19, not 205.185." in run("check", MISTAKES / "third-decimal-and-polished.json").output
        )

    def test_cites_the_law_that_a_profile_names(self) -> None:
        assert "2368/2002" in run("check", MISTAKES / "union.json").output

    def test_prints_json_for_programs(self) -> None:
        result = run("check", MISTAKES / "kenya.json", "--json")
        (found,) = json.loads(result.output)
        assert result.exit_code == 1
        assert not found["can_be_validated"]
        assert "III.c.destination" in {breach["rule"] for breach in found["breaches"]}
        assert all(breach["source"] and breach["what"] for breach in found["breaches"])

    def test_judges_for_another_day(self, tmp_path: Path) -> None:
        lodged = desk.lodge(tmp_path)
        assert run("check", lodged, "--at", "2029-01-01").exit_code == 1
        assert "licence ended" in run("check", lodged, "--at", "2029-01-01").output

    def test_reports_a_row_by_its_number_in_the_table(self) -> None:
        result = run("check", EXAMPLES / "one-bad-row.csv")
        assert "row 4, BW 00004952" in result.output
        assert "5 applications: 4 keep every rule" in result.output

    def test_refuses_one_number_twice(self, tmp_path: Path) -> None:
        result = run("check", desk.lodge(tmp_path, "one"), desk.lodge(tmp_path, "two"))
        assert result.exit_code == 1
        assert "AnnexI.A.number-unique" in result.output

    def test_asks_who_issues(self, tmp_path: Path) -> None:
        result = run("check", desk.lodge(tmp_path, participant=None, number=None))
        assert result.exit_code == 1
        assert "participant: " in result.output
        assert "ZZ" not in result.output

    def test_shows_what_to_look_at_without_refusing(self, tmp_path: Path) -> None:
        line = {"hs": "7102.10", "carats": "100.00", "value": "10.00"}
        sums = {"total_carats": "100.00", "total_value": "10.00"}
        result = run("check", desk.lodge(tmp_path, lines=[line], **sums))
        assert result.exit_code == 0
        assert "Look at it" in result.output

    def test_says_that_a_file_is_missing(self, tmp_path: Path) -> None:
        assert run("check", tmp_path / "no").exit_code == 6

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"{",
            b'{"number": NaN}',
            b'{"number": "BW1", "number": "BW2"}',
            b"[" * 100_000,
            b"\xff\xfe\x00",
            b"\xd0\xcf\x11\xe0old",
            b"PK\x03\x04not a zip",
            b"number\n",
            b"Certificate Number,Weight\nBW1,2\n",
            b"number,number\nBW1,BW2\n",
            b'number\n"BW1\n',
        ],
    )
    def test_says_of_what_it_cannot_read_that_it_cannot(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "file").write_bytes(content)
        result = run("check", tmp_path / "file")
        assert result.exit_code == 4, result.output
        assert "Reference" not in result.output

    @pytest.mark.parametrize("content", [b"[1]", b'["text"]', b"[[]]", b'{"lines": {"a": []}}'])
    def test_reports_an_application_that_is_none(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "file").write_bytes(content)
        assert run("check", tmp_path / "file").exit_code == 1


class TestTerminal:
    @pytest.mark.parametrize("command", ["check", "check --json", "issue"])
    def test_is_not_commanded_by_the_name_of_a_field(self, office: Office, tmp_path: Path, command: str) -> None:
        lodged = desk.lodge(tmp_path / "in", **{"a\x1b[2J\x9b\u202eb": "x"})
        given = ("--authority", office.keys, "--holder", "official-07", "--out", tmp_path) if command == "issue" else ()
        result = desk.run(*command.split(), lodged, *given)
        assert result.exit_code == 1
        assert "Reference" not in result.output
        assert all(line.isprintable() for line in result.output.splitlines())

    @pytest.mark.parametrize("command", ["check", "check --json", "issue"])
    def test_is_not_commanded_by_what_a_rule_repeats(
        self, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
    ) -> None:
        repeated = Breach("example", Outcome.REFUSE, "a\x1b[2J", "b\x9b2J", "c\u202e")
        monkeypatch.setattr(rules, "check", lambda **_: [repeated])
        given = ("--authority", office.keys, "--holder", "official-07", "--out", tmp_path) if command == "issue" else ()
        result = desk.run(*command.split(), desk.lodge(tmp_path / "in"), *given)
        assert result.exit_code == 1
        assert "example" in result.output
        assert all(line.isprintable() for line in result.output.splitlines())

    def test_is_not_commanded_by_contents(self, capsys: pytest.CaptureFixture[str]) -> None:
        words.print_contents("Contents", iter([("a\x1b[2J", "b\x9b2J")]))
        assert all(line.isprintable() for line in capsys.readouterr().out.splitlines())

    def test_shows_names_that_have_joiners(self) -> None:
        assert errors.printable("Exa\u200cmple\x1b") == "Exa\u200cmple\N{REPLACEMENT CHARACTER}"

    def test_takes_nothing_from_what_a_program_reads(self) -> None:
        given = {"a\x1b\x9b\u202e\U000e0001": ["Exa\u200cmple", "\n", '"']}
        text = errors.as_json(given)
        assert json.loads(text) == given
        assert all(line.isprintable() for line in text.splitlines())
