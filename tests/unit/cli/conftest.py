"""One office for all tests of the command line: its keys are made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli import desk


@pytest.fixture(scope="session")
def opened(tmp_path_factory: pytest.TempPathFactory) -> desk.Office:
    """Return an office that no test may change."""
    return desk.open_office(tmp_path_factory.mktemp("office"))


@pytest.fixture
def office(opened: desk.Office, tmp_path: Path) -> desk.Office:
    """Return an office of the test's own."""
    return desk.copied(opened, tmp_path)


@pytest.fixture(scope="session")
def issued(opened: desk.Office, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the certificate of the example application; no test may change it."""
    folder = tmp_path_factory.mktemp("issued")
    own = ("--ledger", folder / "ledger")
    result = desk.issue(opened, desk.lodge(folder / "in"), out=folder / "out", extra=own)
    assert result.exit_code == 0, result.output
    return folder / "out"
