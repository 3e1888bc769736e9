"""An official's desk for tests of the command line: keys, applications, and a way to call commands."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import select
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from click.testing import CliRunner

from macle.cli.commands import macle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from click.testing import Result

EXAMPLES = Path(__file__).parents[3] / "examples"
SECRETS = {
    "MACLE_PASSPHRASE": "a key of one test",
    "MACLE_STAMP_PASSPHRASE": "a stamp of one test",
    "MACLE_ROOT_PASSPHRASE": "a root of one test",
    "MACLE_PIN": "1234",
}
START = "2026-01-01T00:00:00Z"
DURING = "2026-11-10"
COMMAND = [sys.executable, "-c", "from macle.cli import main; main()"]


def run(*arguments: object, text: str | None = None, **environment: str | None) -> Result:
    """Call a command in this process."""
    variables = {"MACLE_TRUST": None, "NO_COLOR": None, **SECRETS, **environment}
    return CliRunner().invoke(macle, [str(each) for each in arguments], input=text, env=variables)


def succeed(*arguments: object, text: str | None = None, **environment: str | None) -> str:
    """Call a command that must end with 0, and return what it printed."""
    result = run(*arguments, text=text, **environment)
    assert result.exit_code == 0, result.output
    return result.output


def process(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Call a command in a process of its own."""
    variables = {**os.environ, **SECRETS, **environment}
    variables.pop("MACLE_TRUST", None)
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], env=variables, capture_output=True, text=True, check=False, timeout=120
    )


def on_a_terminal(*arguments: object, answers: list[str], **environment: str) -> tuple[int, str]:
    """Call a command on a terminal of its own, type the answers, and return the exit code and what was shown."""
    inside, outside = pty.openpty()
    variables = {key: value for key, value in os.environ.items() if not key.startswith("MACLE_")}
    with subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        env={**variables, **environment},
        stdin=outside,
        stdout=outside,
        stderr=outside,
        close_fds=True,
        start_new_session=True,
    ) as running:
        os.close(outside)
        shown = b""
        for answer in answers:
            asked = b""
            while not asked.rstrip().endswith(b":"):
                more = _from_terminal(inside)
                if not more:
                    raise EOFError(f"It ended without asking: {(shown + asked).decode()}")
                asked += more
            os.write(inside, answer.encode() + b"\n")
            shown += asked
        while more := _from_terminal(inside):
            shown += more
        code = running.wait(timeout=120)
    os.close(inside)
    return code, shown.decode()


def _from_terminal(terminal: int) -> bytes:
    """Return what the terminal shows next; nothing once the process has let go of it."""
    ready, _, _ = select.select([terminal], [], [], 60)
    if not ready:
        raise TimeoutError("Nothing was shown for a minute.")
    try:
        return os.read(terminal, 1024)
    except OSError:
        return b""


@dataclass(frozen=True)
class Office:
    """An authority's folder with a validating official, and a folder that believes it."""

    keys: Path
    trust: Path


def open_office(folder: Path, participant: str = "BW") -> Office:
    """Make a root and a key to validate, and pin the record."""
    keys, trust = folder / "keys", folder / "trust"
    succeed("keys", "new", keys, "--participant", participant, "--authority", "Example Diamond Office", "--at", START)
    succeed("keys", "new", keys, "--usage", "validate", "--holder", "official-07", "--at", START)
    pin(keys, trust)
    return Office(keys, trust)


def open_printing_office(folder: Path, participant: str = "BW") -> Office:
    """Make an office that has a stamp, too."""
    office = open_office(folder, participant)
    succeed("keys", "new", office.keys, "--usage", "stamp", "--holder", "stamp-01", "--at", START)
    pin(office.keys, office.trust)
    return office


def copied(office: Office, folder: Path) -> Office:
    """Return an office of the test's own, with the same keys."""
    own = Office(folder / "office" / "keys", folder / "office" / "trust")
    shutil.copytree(office.keys, own.keys)
    shutil.copytree(office.trust, own.trust)
    return own


def pin(keys: Path, trust: Path) -> None:
    """Pin a record after its fingerprint was read."""
    words = succeed("trust", "fingerprint", keys / "record.cose")
    succeed("trust", "pin", keys / "record.cose", "--trust", trust, "--fingerprint", words, "--at", START)


def application(**changes: object) -> dict[str, Any]:
    """Return the example application of Botswana, with whole fields replaced; None leaves one out."""
    fields = json.loads((EXAMPLES / "applications" / "botswana.json").read_bytes()) | changes
    return {name: value for name, value in fields.items() if value is not None}


def lodge(folder: Path, name: str = "application.json", **changes: object) -> Path:
    """Write an application into a file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(json.dumps(application(**changes), ensure_ascii=False), encoding="utf-8")
    return path


def lodge_many(folder: Path, count: int, **changes: object) -> Path:
    """Write a file with several applications under numbers of their own."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "applications.json"
    all_of_them = [application(number=f"BW{9000 + n:08d}", status_index=9000 + n, **changes) for n in range(count)]
    path.write_text(json.dumps(all_of_them, ensure_ascii=False), encoding="utf-8")
    return path


def issue(office: Office, *files: object, out: Path, extra: tuple[object, ...] = ()) -> Result:
    """Issue applications at noon of their own dates."""
    return run(
        *("issue", *files, "--authority", office.keys, "--holder", "official-07", "--out", out),
        *("--at-date-of-issuance", *extra),
    )


def bad_row() -> list[dict[str, str]]:
    """Return the rows of the example table whose third row is bad."""
    with (EXAMPLES / "one-bad-row.csv").open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


def refused(folder: Path) -> list[dict[str, str]]:
    """Return the rows of refused.csv."""
    text = (folder / "refused.csv").read_text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def workbook(path: Path, rows: Sequence[Sequence[object]]) -> Path:
    """Write a spreadsheet as small as there can be: texts and numbers, one sheet."""

    def cell(value: object) -> str:
        if isinstance(value, bool):
            return f'<c t="b"><v>{int(value)}</v></c>'
        if isinstance(value, (int, float)):
            return f"<c><v>{value!r}</v></c>"
        return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(str(value))}</t></is></c>'

    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    relations = "http://schemas.openxmlformats.org/package/2006/relationships"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    types = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    sheet = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)
    with zipfile.ZipFile(path, "w") as book:
        book.writestr(
            "[Content_Types].xml",
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{types}.sheet.main+xml"/>'
            f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{types}.worksheet+xml"/></Types>',
        )
        book.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{relations}"><Relationship Id="r1" Type="{office}/officeDocument" '
            'Target="xl/workbook.xml"/></Relationships>',
        )
        book.writestr(
            "xl/workbook.xml",
            f'<workbook {main} xmlns:r="{office}"><sheets><sheet name="A" sheetId="1" r:id="r1"/></sheets></workbook>',
        )
        book.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{relations}"><Relationship Id="r1" Type="{office}/worksheet" '
            'Target="worksheets/sheet1.xml"/></Relationships>',
        )
        book.writestr("xl/worksheets/sheet1.xml", f"<worksheet {main}><sheetData>{sheet}</sheetData></worksheet>")
    return path
