"""`macle node move-in`, given in a process of its own, killed in the middle and given again."""

from __future__ import annotations

import csv
import io
import os
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.node.test_commands import environment_of
from tests.support.node_moving import BOOK, LICENCE, table
from tests.unit.cli.desk import COMMAND, process, workbook

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

MANY, KILLED_AT = 13_000, 10_000

FRENCH = (
    [
        "N° du certificat",
        "Statut",
        "Date d'émission",
        "Exportateur",
        "Pays de destination",
        "Poids",
        "Valeur",
        "Remarque",
    ],
    ["00000001", "Confirmé", "04/03/2019", "Société Exemple", "Belgique", "1 234,50", "98 000,00", "à l'heure"],
    ["00000002", "Annulé", "", "", "", "", "", "feuille gâtée"],
    ["00000003", "Confirmé", "31/02/2019", "Société Exemple", "Inde", "1,234", "5,00", "=SOMME(A1)"],
)


@pytest.fixture
def node(tmp_path: Path) -> dict[str, str]:
    return a_node(tmp_path)


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return a node to which nothing is recorded."""
    return a_node(tmp_path_factory.mktemp("untouched"))


def a_node(folder: Path) -> dict[str, str]:
    environment = environment_of(folder)
    made = process("node", "init", **environment)
    assert made.returncode == 0, made.stderr
    return environment


def a_file(path: Path, rows: Sequence[Sequence[str]], *, separator: str = ",") -> Path:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator).writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8")
    return path


def many(path: Path) -> Path:
    return a_file(path, table(BOOK, *({"number": f"BW{each:08}", "parcels": str(each % 7)} for each in range(MANY))))


def mapped(what: str, file: Path, node: dict[str, str]) -> list[object]:
    """Return the command that takes the file over as it was proposed."""
    mapping = file.with_suffix(".toml")
    if not mapping.exists():
        process("node", "move-in", what, file, "--propose", mapping, **node)
    return ["node", "move-in", what, file, "--mapping", mapping]


LOOK = """
import hashlib, django
django.setup()
from macle.node.audit import queries
from macle.node.audit.models import Line
from macle.node.exporting.models import LegacyCertificate
kept = LegacyCertificate.objects.order_by("number").values_list("number", "row", "parcels", "carats_hundredths", "file")
facts = [line.facts for line in Line.objects.filter(tag="legacy:move-in").order_by("number")]
rows = [row for each in facts for row in range(each["first_row"], each["last_row"] + 1)]
print(len(kept), hashlib.sha256(repr(list(kept)).encode()).hexdigest())
print(sum(each["taken"] for each in facts), len(rows) == len(set(rows)), list(queries.faults()))
"""


def look(environment: dict[str, str]) -> str:
    """Return what stands in the tables, as one text; what the audit says of it must agree."""
    done = subprocess.run(
        [COMMAND[0], "-c", LOOK], env={**os.environ, **environment}, capture_output=True, text=True, check=True
    )
    kept, told = done.stdout.splitlines()
    assert told == f"{kept.split()[0]} True []"
    return kept


class TestCertificates:
    def test_are_proposed_looked_at_and_recorded(self, node: dict[str, str], tmp_path: Path) -> None:
        book = a_file(tmp_path / "livre.csv", FRENCH, separator=";")
        mapping, report = tmp_path / "livre.toml", tmp_path / "refused.csv"
        proposed = process("node", "move-in", "certificates", book, "--propose", mapping, **node)
        assert proposed.returncode == 0, proposed.stderr
        assert "7 of 18 fields found" in proposed.stdout
        text = mapping.read_text(encoding="utf-8")
        assert '"Annulé" = "void"' in text
        assert 'days = "DD/MM/YYYY"' in text
        assert 'Columns that are not taken: "Remarque"' in text
        again = process("node", "move-in", "certificates", book, "--propose", mapping, **node)
        assert (again.returncode, mapping.read_text(encoding="utf-8")) == (7, text)

        given = ("node", "move-in", "certificates", book, "--mapping", mapping, "--report", report)
        looked = process(*given, **node)
        assert looked.returncode == 1, looked.stderr
        assert "2  would be taken" in looked.stdout
        assert "1: a day cannot be read" in looked.stdout
        assert "1,234.50" in looked.stdout
        assert "Nothing is recorded." in looked.stdout
        assert look(node).startswith("0 ")

        done = process(*given, "--record", **node)
        assert done.returncode == 1, done.stderr
        assert "2  taken" in done.stdout
        assert look(node).startswith("2 ")
        rows = list(csv.DictReader(io.StringIO(report.read_text(encoding="utf-8-sig"))))
        assert [(row["row"], row["column"]) for row in rows] == [("4", "Date d'émission"), ("4", "Poids")]
        assert {row["N° du certificat"] for row in rows} == {"00000003"}
        assert {row["Remarque"] for row in rows} == {"'=SOMME(A1)"}
        assert all(row["what is wrong"] and row["how to mend it"] for row in rows)

    def test_of_a_mended_report_are_taken_and_the_rest_is_there(self, node: dict[str, str], tmp_path: Path) -> None:
        book, mapping = a_file(tmp_path / "livre.csv", FRENCH, separator=";"), tmp_path / "livre.toml"
        process("node", "move-in", "certificates", book, "--propose", mapping, **node)
        process("node", "move-in", "certificates", book, "--mapping", mapping, "--record", **node)
        mended = [FRENCH[0], FRENCH[1], [*FRENCH[3][:2], "28/02/2019", *FRENCH[3][3:5], "1,23", *FRENCH[3][6:]]]
        done = process(
            *("node", "move-in", "certificates", a_file(tmp_path / "mended.csv", mended, separator=";")),
            *("--mapping", mapping, "--record"),
            **node,
        )
        assert done.returncode == 0, done.stdout
        assert "1  taken" in done.stdout
        assert "1  already there" in done.stdout

    def test_killed_in_the_middle_go_on_to_the_same_end(self, tmp_path: Path) -> None:
        book = many(tmp_path / "book.csv")
        whole, stopped = a_node(tmp_path / "whole"), a_node(tmp_path / "stopped")
        command = [*map(str, mapped("certificates", book, whole)), "--record"]
        assert process(*command, **whole).returncode == 0
        with subprocess.Popen(
            [*COMMAND, *command],
            env={**os.environ, **stopped},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as running:
            assert running.stderr is not None
            for said in running.stderr:
                if said.startswith(f"{KILLED_AT:,} rows"):
                    running.send_signal(signal.SIGKILL)
                    break
        assert running.returncode == -signal.SIGKILL
        assert KILLED_AT <= int(look(stopped).split()[0]) < MANY
        done = process(*command, **stopped)
        assert done.returncode == 0, done.stderr
        assert look(stopped) == look(whole)
        assert "0  taken" in process(*command, **stopped).stdout
        assert process("node", "audit", "verify", **stopped).returncode == 0

    def test_of_a_spreadsheet_are_those_of_the_table(self, node: dict[str, str], tmp_path: Path) -> None:
        rows = table(BOOK, {}, {"number": "BW00000002", "parcels": "4"})
        typed = [
            [
                float(cell) if name in {"carats", "value", "parcels"} else cell
                for name, cell in zip(rows[0], row, strict=True)
            ]
            for row in rows[1:]
        ]
        book = workbook(tmp_path / "book.xlsx", [rows[0], *typed])
        assert process(*mapped("certificates", book, node), "--record", **node).returncode == 0
        listed = a_file(tmp_path / "listed.csv", rows)
        done = process(*mapped("certificates", listed, node), "--record", **node)
        assert "2  already there" in done.stdout

    @pytest.mark.parametrize(
        ("content", "mapping", "code", "said"),
        [
            ("", "", 4, "empty"),
            ("number,state\n,\n", "", 4, "no rows below its headings"),
            (
                "number,state\n1,void\n",
                "[columns]\nnumber = 'number'\nstate = 'status'\n",
                4,
                "no column 'status', or has it twice",
            ),
            ("number,state\n1,void\n", "[columns]\nnumber = 'number'\n", 4, "No column is named for: state"),
            ("number,state\n1,void\n", "unit = 'stone'\n", 4, "is not part of a mapping"),
            ('number,state\n"1,void\n', "[columns]\nnumber = 'number'\nstate = 'state'\n", 4, "not a CSV table"),
            ("\xff", "", 4, "neither JSON, nor CSV"),
        ],
    )
    def test_that_cannot_be_read_say_why(
        self, untouched: dict[str, str], tmp_path: Path, content: str, mapping: str, code: int, said: str
    ) -> None:
        (tmp_path / "book.csv").write_text(content, encoding="latin-1")
        (tmp_path / "book.toml").write_text(mapping, encoding="utf-8")
        done = process(
            *("node", "move-in", "certificates", tmp_path / "book.csv", "--mapping", tmp_path / "book.toml"),
            **untouched,
        )
        assert (done.returncode, said in done.stderr) == (code, True), done.stderr


class TestLicensees:
    def test_are_looked_at_and_recorded(self, node: dict[str, str], tmp_path: Path) -> None:
        rows = table(LICENCE, {}, {"name": "Joren Pell", "kind": "artisanal miner", "licence": "M-1", "area": ""})
        listed = a_file(tmp_path / "licences.csv", rows)
        looked = process("node", "move-in", "licensees", listed, **node)
        assert looked.returncode == 1, looked.stderr
        assert "row 3, area: This is empty." in looked.stdout
        assert "carats" not in looked.stdout
        guessed = process("node", "move-in", "licensees", listed, "--record", **node)
        assert guessed.returncode == 2
        assert "What is guessed is not recorded" in guessed.stderr
        done = process(*mapped("licensees", listed, node), "--record", **node)
        assert "1  taken" in done.stdout
        again = process(*mapped("licensees", listed, node), "--record", **node)
        assert "1  already there" in again.stdout
