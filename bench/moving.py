"""How long it takes to move in: 100,000 certificates of an invented book, from the command line, the start included."""

from __future__ import annotations

import csv
import os
import random
import sys
import tempfile
import time
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import xlsxwriter

from bench import node_pages

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROWS = 100_000
FIRST_DAY, DAYS = date(2004, 1, 1), 7_000
HEADINGS = (
    *("Certificate number", "Status", "Date issued", "Valid until", "Exporter", "Importer", "Destination", "Origin"),
    *("Carats", "Value USD", "Parcels"),
)


def a_book(count: int) -> Iterator[list[str]]:
    """Give so many rows of an invented book, the same each time."""
    chance = random.Random(2026)
    for index in range(count):
        issued = FIRST_DAY + timedelta(days=index * DAYS // count)
        hundredths = chance.randrange(1, 10**7)
        cents = hundredths * chance.randrange(50, 300)
        yield [
            f"BW{index + 1:08}",
            "Confirmed",
            f"{issued:%d/%m/%Y}",
            f"{issued + timedelta(days=60):%d/%m/%Y}",
            f"Example Miner {index % 300}",
            f"Example Buyer {index % 500}",
            chance.choice(("Belgium", "India", "United Arab Emirates", "China")),
            "BW",
            f"{hundredths // 100:,}.{hundredths % 100:02d}",
            f"{cents // 100:,}.{cents % 100:02d}",
            str(chance.randrange(1, 20)),
        ]


def write_csv(path: Path, rows: Sequence[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADINGS, *rows])


def write_xlsx(path: Path, rows: Sequence[Sequence[str]]) -> None:
    """Write the rows with days and figures as a spreadsheet holds them."""
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet, day = book.add_worksheet(), book.add_format({"num_format": "dd/mm/yyyy"})
        sheet.write_row(0, 0, HEADINGS)
        for number, row in enumerate(rows, start=1):
            sheet.write_row(number, 0, row)
            for place in (2, 3):
                sheet.write_datetime(number, place, datetime.strptime(row[place], "%d/%m/%Y"), day)  # noqa: DTZ007 (a day)
            for place in (8, 9, 10):
                sheet.write_number(number, place, float(row[place].replace(",", "")))


@contextmanager
def a_node(*, postgresql: bool) -> Iterator[dict[str, str]]:
    """Give the environment of a node that was made just now."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("MACLE_", "DJANGO_"))},
            "MACLE_NODE_PARTICIPANT": "BW",
            "MACLE_NODE_HOME": str(home / "node"),
        }
        if not postgresql:
            _macle(environment, "init")
            yield environment
            return
        with node_pages.database(home) as address:
            environment |= {"MACLE_NODE_DATABASE_URL": address}
            _macle(environment, "init")
            yield environment


def _macle(environment: dict[str, str], *arguments: str) -> str:
    return node_pages.run([str(Path(sys.executable).with_name("macle")), "node", *arguments], environment)


def measure(count: int = ROWS) -> dict[str, float]:
    """Return the seconds that each kind of file takes on each database."""
    rows, taken = list(a_book(count)), {}
    with tempfile.TemporaryDirectory() as folder:
        files = {"CSV": Path(folder) / "book.csv", "XLSX": Path(folder) / "book.xlsx"}
        write_csv(files["CSV"], rows)
        write_xlsx(files["XLSX"], rows)
        for database in ("SQLite", "PostgreSQL"):
            for kind, file in files.items():
                with a_node(postgresql=database == "PostgreSQL") as environment:
                    given, mapping = ("move-in", "certificates", str(file)), f"{file}.{database}.toml"
                    _macle(environment, *given, "--propose", mapping)
                    begun = time.perf_counter()
                    said = _macle(environment, *given, "--mapping", mapping, "--record")
                    taken[f"{kind} on {database}"] = time.perf_counter() - begun
                if f"{count:,}  taken" not in said:
                    raise RuntimeError(said)
    return taken


if __name__ == "__main__":
    print(measure(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS))
