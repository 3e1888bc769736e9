from __future__ import annotations

import importlib.util
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.cli.desk import EXAMPLES

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    spec = importlib.util.spec_from_file_location("demo", EXAMPLES / "demo.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "FOLDER", tmp_path / "demo")
    monkeypatch.setattr(sys, "argv", ["demo.py", "--once"])
    # Three Participants and a few of their applications: all of them are walked through by "make demo".
    every = module.applications()
    few = {code: (files, rows[:2]) for code, (files, rows) in every.items() if code in {"AE", "BW", "EU"}}
    monkeypatch.setattr(module, "applications", lambda: few)
    monkeypatch.setattr(module, "WANTED", sum(len(files) + len(rows) for files, rows in few.values()), raising=False)
    return module


class TestDemo:
    def test_shows_only_what_is_true(self, demo: Any, capsys: pytest.CaptureFixture[str]) -> None:
        assert demo.main() == 0
        shown = capsys.readouterr().out
        assert f"Issuing {demo.WANTED} certificates" in shown
        for words in (
            "Admissible here",
            "Expired",
            "Not valid",
            "genuine by itself",
            "page 1 of a PDF",
            "Cannot decide",
        ):
            assert words in shown

    def test_ends_with_an_error_if_something_is_not_so(
        self, demo: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        genuine_passed_as_forged = demo.FOLDER / "issued" / "BW" / "BW00004001.cose"
        monkeypatch.setattr(demo, "forge", lambda _: genuine_passed_as_forged)
        assert demo.main() == 1
        assert "This is not so: macle verify ended with 0, not 3" in capsys.readouterr().err
