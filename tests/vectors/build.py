"""Make the vectors of ``spec/vectors`` anew: ``python -m tests.vectors.build [--documents]``.

No two runs make the same PDF, so one that is there stays; ``--documents`` makes all of them anew.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.vectors import forged, good, late, malformed, pdfs, rulings, world
from tests.vectors.vector import Document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.vectors.rulings import Ruling
    from tests.vectors.vector import Vector

FOLDER = Path(__file__).parents[2] / "spec" / "vectors"


FOLDERS = ("good", "bad", "trust", "applications", "validations", "confirmations")


class DoubleName(ValueError):
    """Two vectors have one name."""


def all_vectors() -> list[Vector]:
    """Return all vectors of certificates, good and bad."""
    found = [*good.vectors(), *malformed.vectors(), *forged.vectors(), *late.vectors(), *pdfs.vectors()]
    _refuse_double([vector.name for vector in found])
    return found


def all_rulings() -> list[Ruling]:
    """Return all vectors of rules."""
    found = [*rulings.rulings()]
    _refuse_double([f"{ruling.folder}/{ruling.name}" for ruling in found])
    return found


def all_documents() -> dict[str, Document]:
    """Return every PDF by its path below the folder."""
    found = [vector.data for vector in all_vectors() if isinstance(vector.data, Document)]
    return {f"documents/{document.name}.pdf": document for document in found}


def _refuse_double(names: list[str]) -> None:
    if len(set(names)) != len(names):
        raise DoubleName(", ".join(sorted({name for name in names if names.count(name) > 1})))


def files() -> dict[str, bytes]:
    """Return every generated file by its path below the folder."""
    written = {f"trust/{world.STANDING}.json": _pretty(world.standing())}
    written |= {f"trust/{name}.json": _pretty(stated) for name, stated in world.trust_sets().items()}
    for vector in all_vectors():
        written[f"{'good' if vector.is_good else 'bad'}/{vector.name}.json"] = _pretty(vector.to_json())
    for ruling in all_rulings():
        written[f"{ruling.folder}/{ruling.name}.json"] = _pretty(ruling.to_json())
    return written


def _pretty(value: dict[str, Any]) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()


def generated(folder: Path) -> Iterator[Path]:
    """Give the files below the folder that were made here."""
    for name in FOLDERS:
        yield from sorted((folder / name).glob("*.json"))


def documents(folder: Path) -> Iterator[Path]:
    """Give the PDFs below the folder."""
    yield from sorted((folder / "documents").glob("*.pdf"))


def main() -> None:
    """Write all files, and remove those of vectors that are no more."""
    parser = argparse.ArgumentParser(prog="python -m tests.vectors.build", description="Make the vectors anew.")
    parser.add_argument("--documents", action="store_true", help="make PDFs anew that are there already")
    anew = parser.parse_args().documents
    made = files()
    for path in generated(FOLDER):
        if str(path.relative_to(FOLDER)) not in made:
            path.unlink()
    for name, content in made.items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    drawn = write_documents(FOLDER, anew=anew)
    print(f"{len(made)} files in {FOLDER}, and {drawn} PDFs made.", file=sys.stderr)


def write_documents(folder: Path, *, anew: bool) -> int:
    """Write the PDFs that are missing, or all; remove those that no vector names; return how many were written."""
    wanted = all_documents()
    for path in documents(folder):
        if str(path.relative_to(folder)) not in wanted:
            path.unlink()
    missing = [(folder / name, document) for name, document in wanted.items() if anew or not (folder / name).exists()]
    for path, document in missing:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(document.make())
    return len(missing)


if __name__ == "__main__":
    main()
