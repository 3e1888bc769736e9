"""A walk through one day: keys, trust, issuing, verifying, and what is not let through.

Run it with ``make demo``; ``--once`` ends by itself, without a person. Everything is invented and lies in
the folder ``demo/``, which is made anew. Each sentence that is shown was computed and checked: if one of
them were not true, the walk would end there with an error.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import json
import shutil
import sys
import textwrap
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from click.testing import CliRunner

from macle.cli.commands import macle
from macle.paper import opening
from macle.proof import codec, cose, keys, qr
from macle.proof.folders import AuthorityFolder, TrustFolder
from macle.proof.keys import Usage
from macle.scheme.terms import Carats, ParticipantCode

HERE = Path(__file__).parent
FOLDER = HERE.parent / "demo"
ROOT_PASSPHRASE, PASSPHRASE, STAMP_PASSPHRASE = "an example, not a secret", "another example", "a third example"
OFFICIAL, STAMP = "official-07", "stamp-01"
MADE_AT = datetime(2026, 1, 2, 9, 0, tzinfo=UTC)
PINNED_AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PRESENTED, TOO_LATE = "2026-11-23", "2027-06-01"


class UntrueError(Exception):
    """Something that the walk was about to show is not so."""


def check(holds: object, what: str) -> None:
    """Raise `UntrueError` unless it holds."""
    if not holds:
        raise UntrueError(what)


def call(*arguments: object, code: int = 0) -> str:
    """Call `macle` in this process and return what it prints; it must end with the code."""
    environment = {
        "MACLE_PASSPHRASE": PASSPHRASE,
        "MACLE_STAMP_PASSPHRASE": STAMP_PASSPHRASE,
        "MACLE_TRUST": str(FOLDER / "trust"),
    }
    result = CliRunner().invoke(macle, [str(each) for each in arguments], env=environment)
    check(result.exit_code == code, f"macle {arguments[0]} ended with {result.exit_code}, not {code}:\n{result.output}")
    return result.output


def heading(number: int, text: str, *, pause: bool) -> None:
    """Show the next station of the walk."""
    if pause and number > 1:
        with contextlib.suppress(EOFError):
            input("\nReturn goes on. ")
    print(f"\n{number}  {text}\n{'-' * (len(text) + 3)}")


def excerpt(report: str, lines: int) -> None:
    """Show the first lines of what a command printed."""
    for line in report.splitlines()[:lines]:
        indent = " " * (3 + len(line) - len(line.lstrip()))
        further = indent + (" " * 22 if line.startswith("  ") and line[24:25].strip() and line[22:24] == "  " else "  ")
        wrapped = textwrap.wrap(line.strip(), 110, initial_indent=indent, subsequent_indent=further)
        print("\n".join(wrapped))


def applications() -> dict[str, tuple[list[Path], list[dict[str, str]]]]:
    """Return the example applications of each Participant: its single files, and its rows of the table."""
    found: dict[str, tuple[list[Path], list[dict[str, str]]]] = {}
    for path in sorted((HERE / "applications").glob("*.json")):
        found.setdefault(json.loads(path.read_bytes())["participant"], ([], []))[0].append(path)
    with (HERE / "applications-500.csv").open(encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table):
            found.setdefault(row["participant"], ([], []))[1].append(row)
    return dict(sorted(found.items()))


def make_keys(codes: list[str]) -> None:
    """Make root and key of each authority, and let everybody pin the records after comparing the words."""
    trust = TrustFolder(FOLDER / "trust")
    for code in codes:
        authority = AuthorityFolder(FOLDER / "authorities" / code)
        name = "Example Diamond Office"
        record = authority.create(
            participant=ParticipantCode(code), authority=name, passphrase=ROOT_PASSPHRASE, at=MADE_AT
        )
        for usage, holder, passphrase in (
            (Usage.VALIDATE, OFFICIAL, PASSPHRASE),
            (Usage.STAMP, STAMP, STAMP_PASSPHRASE),
        ):
            authority.add_key(
                usage=usage,
                holder=holder,
                office="",
                root_passphrase=ROOT_PASSPHRASE,
                passphrase=passphrase,
                at=MADE_AT,
            )
        heard = " ".join(keys.fingerprint(record.root.spki))
        trust.pin((authority.path / "record.cose").read_bytes(), words=heard, at=PINNED_AT)


def issue(code: str, files: list[Path], rows: list[dict[str, str]]) -> str:
    """Let one authority issue all its applications, each on its own date of issuance."""
    table = FOLDER / "applications" / f"{code}.csv"
    given: list[object] = list(files)
    if rows:
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        table.parent.mkdir(exist_ok=True)
        table.write_text(text.getvalue(), encoding="utf-8")
        given.append(table)
    place = ("--authority", FOLDER / "authorities" / code, "--holder", OFFICIAL, "--out", FOLDER / "issued" / code)
    return call("issue", *given, *place, "--at-date-of-issuance", "--pdf")


def forge(genuine: Path) -> Path:
    """Change the weight in a certificate and keep its signature, as a forger would."""
    signed = cose.read(genuine.read_bytes())
    certificate = codec.decode_certificate(signed.payload)
    line = certificate.lines[0]
    heavier = replace(line, carats=Carats(line.carats.hundredths + 100_000))
    changed = replace(certificate, lines=(heavier, *certificate.lines[1:]))
    forged = replace(signed, payload=codec.encode_certificate(changed))
    path = FOLDER / "forged.png"
    path.write_bytes(qr.code_of(qr.to_text(forged.to_bytes())).to_png())
    return path


def believe_only(code: str) -> Path:
    """Make a trust folder that has heard of one authority only."""
    trust = TrustFolder(FOLDER / f"trust-only-{code}")
    data = (FOLDER / "authorities" / code / "record.cose").read_bytes()
    heard = " ".join(keys.fingerprint(AuthorityFolder(FOLDER / "authorities" / code).record().root.spki))
    trust.pin(data, words=heard, at=PINNED_AT)
    return trust.path


def issuing(*, pause: bool) -> int:
    """Walk through keys, trust and issuing; return how many certificates there are."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    by_code = applications()
    wanted = sum(len(files) + len(rows) for files, rows in by_code.values())

    heading(1, "Keys and trust", pause=pause)
    make_keys(list(by_code))
    listed = call("trust", "list")
    check(listed.count("  pinned, as of ") == len(by_code), "Every authority is pinned.")
    print(f"   {len(by_code)} authorities made a root and a key to validate; their records are pinned in demo/trust.")
    print("   The fingerprint that Botswana's authority reads over the telephone:")
    excerpt(call("trust", "fingerprint", FOLDER / "authorities" / "BW" / "record.cose"), 4)

    heading(2, "A spoiled application, before anybody signs", pause=pause)
    spoiled = call("check", HERE / "applications-with-mistakes" / "expired-before-issued.json", code=1)
    check(spoiled.count("Refused") >= 3, "Three mistakes are found at once.")
    excerpt(spoiled, 14)

    heading(3, f"Issuing {wanted} certificates", pause=pause)
    at = time.monotonic()
    for code, (files, rows) in by_code.items():
        said = issue(code, files, rows)
        check(f"{len(files) + len(rows)} issued" in said, f"All applications of {code} are issued:\n{said}")
        print(f"   {code}  {len(files) + len(rows):>3} issued")
    took = time.monotonic() - at
    print(f"   {wanted} certificates with signature, QR code, stamped PDF, view and full record in {took:.1f} s.")
    again = issue("BW", *by_code["BW"])
    check(again.startswith("0 issued"), "A second run signs nothing again.")
    print("   A second run for Botswana signed nothing again.")

    return wanted


def verifying(wanted: int, *, pause: bool) -> None:
    """Walk through what is presented, good and bad."""
    heading(4, "Verifying them, without a network", pause=pause)
    texts = sorted((FOLDER / "issued").glob("*/*.txt"))
    check(len(texts) == wanted, "Each certificate has its QR text.")
    at = time.monotonic()
    judged = json.loads(call("verify", *texts, "--at", PRESENTED, "--json", "--not-first-import"))["reports"]
    took = time.monotonic() - at
    genuine = sum(report["answers"]["genuine"]["answer"] == "yes" for report in judged)
    in_date = sum(report["answers"]["in_date"]["answer"] == "yes" for report in judged)
    admissible = sum(report["answers"]["admissible"]["answer"] == "yes" for report in judged)
    check(genuine == in_date == wanted, "All that was issued is genuine and in date.")
    print(f"   Of {wanted} certificates {genuine} are valid, {in_date} in date, {admissible} admissible; {took:.1f} s.")
    for report in judged:
        if report["answers"]["admissible"]["answer"] != "yes":
            number, why = report["certificate"]["number"], report["answers"]["admissible"]
            print(f"   {number}: {why['verdict']}. {why['reasons'][0][:80]}")
    one = FOLDER / "issued" / "BW" / f"{by_number('botswana')}.png"
    excerpt(call("verify", one, "--at", PRESENTED), 6)

    printed(one.with_suffix(".pdf"), pause=pause)

    heading(7, "Presented too late", pause=pause)
    expired = call("verify", one, "--at", TOO_LATE, code=1)
    check("Expired" in expired and "not a forgery" in expired and "  Valid" in expired, "It is genuine but expired.")
    excerpt(expired, 4)

    heading(8, "A forged weight", pause=pause)
    forged = call("verify", forge(one.with_suffix(".cose")), "--at", PRESENTED, code=3)
    check("Not valid" in forged and "nobody has signed" in forged, "The forgery is found.")
    excerpt(forged, 4)

    heading(9, "An issuer whose keys are not held", pause=pause)
    unknown = call("verify", one, "--at", PRESENTED, "--trust", believe_only("AE"), code=8)
    check("Cannot decide" in unknown and "Nothing here says that it is false" in unknown, "Nothing is decided.")
    excerpt(unknown, 4)


def printed(pdf: Path, *, pause: bool) -> None:
    """Walk through what is on paper: the stamped file, one that was changed, and the sheet after a scanner."""
    heading(5, "The PDF, and one that somebody changed", pause=pause)
    firsts = [min(folder.glob("*.pdf")) for folder in sorted((FOLDER / "issued").iterdir())]
    judged = json.loads(call("verify", *firsts, "--at", PRESENTED, "--json", "--not-first-import"))["reports"]
    check(all(report["answers"]["genuine"]["answer"] == "yes" for report in judged), "Each PDF is as it was stamped.")
    print(f"   A PDF of each of the {len(judged)} Participants is as it was stamped.")
    changed = FOLDER / "changed.pdf"
    changed.write_bytes(pdf.read_bytes() + b"\n% 47,363.57 ct is now 57,363.57 ct\n")
    said = call("verify", changed, "--at", PRESENTED, code=3)
    check("Not valid" in said and "genuine by itself" in said, "The change is found, the certificate still stands.")
    excerpt(said, 3)

    heading(6, "The same sheet, printed and scanned", pause=pause)
    scan = FOLDER / "scan.pdf"
    with opening.opened(pdf.read_bytes()) as document:
        opening.page_of(document, 0).rotate(1.5, fillcolor=255).save(scan, "PDF", resolution=opening.DPI)
    said = call("verify", scan, "--at", PRESENTED)
    check("read from a picture, page 1 of a PDF" in said and "  Valid" in said, "The code on the page is read.")
    excerpt(said, 6)
    label = FOLDER / "label.pdf"
    call("paper", "label", pdf, "--authority", FOLDER / "authorities" / "BW", "--out", label)
    print(f"   The label of its container is in demo/{label.name}.")


def by_number(name: str) -> str:
    """Return the number of an example application."""
    return str(json.loads((HERE / "applications" / f"{name}.json").read_bytes())["number"])


def main() -> int:
    """Walk, and end with 0 only if everything that was shown is true."""
    parser = argparse.ArgumentParser(description="Walk through issuing and verifying.")
    parser.add_argument("--once", action="store_true", help="end by itself, without a person")
    given = parser.parse_args()
    began, pause = time.monotonic(), not given.once and sys.stdin.isatty()
    try:
        verifying(issuing(pause=pause), pause=pause)
    except UntrueError as error:
        print(f"\nThis is not so: {error}", file=sys.stderr)
        return 1
    one = f"demo/issued/BW/{by_number('botswana')}.pdf"
    print(f"\nAll of it was true. The files are in {FOLDER}; the walk took {time.monotonic() - began:.0f} s.")
    print(f"Try:  .venv/bin/macle verify {one} --trust demo/trust --at {PRESENTED} --steps")
    return 0


if __name__ == "__main__":
    sys.exit(main())
