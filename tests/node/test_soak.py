"""A short soak of the database on which the tests run; ``make soak`` is the long one."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from macle.node.exporting.models import Intent, Number, Use
from tests.soak import accounting
from tests.support import node_exporting as made

if TYPE_CHECKING:
    from pathlib import Path


def test_desks_that_are_killed_at_random_leave_every_number_accounted_for() -> None:
    database = os.environ.get("MACLE_TEST_DATABASE", "sqlite")
    command = [sys.executable, "-m", "tests.soak", "--validations", "20", "--database", database]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    last = ended.stdout.splitlines()[-1]
    counts = re.fullmatch(r"validations 20 kills ([0-9]+) duplicates 0 unaccounted 0 signed_twice 0", last)
    assert counts is not None, last
    assert int(counts[1]) > 0


@pytest.mark.django_db
class TestAccountant:
    """What it is for: it finds what is wrong."""

    def test_finds_nothing_where_all_is_well(self, tmp_path: Path) -> None:
        with made.a_house() as house:
            log = signatures(tmp_path, {made.validated(house).number: [only_identity()]})
            assert accounting.account(log).is_sound

    def test_finds_a_number_that_is_still_reserved(self, tmp_path: Path) -> None:
        with made.a_house() as house:
            made.sealed(house)
            found = accounting.account(tmp_path / "none")
            assert found.unaccounted == ["BW00004001 is reserved, and its application sealed"]

    def test_finds_a_number_without_a_record(self, tmp_path: Path) -> None:
        with made.a_house() as house:
            number = made.validated(house).number
            Number.objects.filter(number=number).update(counter=4002)
            found = accounting.account(signatures(tmp_path, {number: [only_identity()]}))
            assert found.unaccounted == ["00004001 has no record", "BW00004001 lies outside of its block"]

    def test_finds_a_number_that_was_issued_without_a_certificate(self, tmp_path: Path) -> None:
        with made.a_house() as house:
            made.sealed(house)
            Number.objects.update(use=Use.ISSUED)
            found = accounting.account(tmp_path / "none")
            assert found.unaccounted == ["BW00004001 is issued, and there is no certificate"]

    def test_finds_two_contents_that_were_given_to_a_key_under_one_number(self, tmp_path: Path) -> None:
        with made.a_house() as house:
            number = made.validated(house).number
            found = accounting.account(signatures(tmp_path, {number: [only_identity(), "f" * 64]}))
            assert found.signed_twice == ["BW00004001 stands for 2 contents"]

    def test_finds_a_signature_of_which_the_key_knows_nothing(self, tmp_path: Path) -> None:
        with made.a_house() as house:
            made.validated(house)
            found = accounting.account(tmp_path / "none")
            assert found.signed_twice == ["BW00004001 was recorded, and no key was asked for it"]

    def test_finds_a_certificate_that_is_not_what_was_consented_to(self, tmp_path: Path) -> None:
        with made.a_house() as house:
            log = signatures(tmp_path, {made.validated(house).number: [only_identity()]})
            Intent.objects.update(consented_at=None)
            assert accounting.account(log).others == ["BW00004001 is not what was consented to"]


def only_identity() -> str:
    return str(Intent.objects.get().identity)


def signatures(folder: Path, given: dict[str, list[str]]) -> Path:
    path = folder / "signatures"
    path.write_text("".join(f"{number} {each}\n" for number, every in given.items() for each in every))
    return path
