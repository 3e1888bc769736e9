"""Code, spec/rules.toml, the reference page and the vectors speak of one set of rules; rules are pure functions."""

from __future__ import annotations

import ast
import csv
import inspect
import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from flit_core import wheel as flit_wheel

from macle import errors
from macle.proof import verification
from macle.scheme import rules
from macle.scheme.rules import (
    Breach,
    Outcome,
    RulesRefuse,
    Stage,
    annex_i,
    confirmation,
    controls,
    national,
    papers,
    prices,
    settings,
    trade,
)
from tests.rules import pages, test_annex_i, test_confirmation, test_controls, test_national, test_trade
from tests.rules.cases import Case

ROOT = Path(__file__).parents[2]
SECTIONS = [annex_i, confirmation, controls, national, trade]
BY_VERIFICATION = {"AnnexI.A.tamper-resistance", "certificate.complete", "trust.reach"}
SINCE = date(2003, 1, 1)
DECIDED = [rule for rule in rules.catalogue().values() if rule.decide is not None]


class TestOneSetOfIds:
    def test_the_papers_have_every_rule_of_the_code_and_no_other(self) -> None:
        assert set(papers.load()) == set(rules.catalogue())

    @pytest.mark.parametrize("rule_id", rules.catalogue())
    def test_the_papers_say_what_the_code_says(self, rule_id: str) -> None:
        rule, paper = rules.catalogue()[rule_id], papers.load()[rule_id]
        assert (rule.source, rule.outcome, rule.stages, rule.effective) == (
            paper.source,
            paper.outcome,
            paper.stages,
            paper.effective,
        )

    @pytest.mark.parametrize("rule_id", rules.catalogue())
    def test_each_paraphrase_is_a_sentence(self, rule_id: str) -> None:
        paper = papers.load()[rule_id]
        assert re.fullmatch(r"[A-Z].{30,300}\.", paper.paraphrase)
        assert paper.edition
        assert paper.outcome not in paper.also

    def test_the_specification_has_the_packaged_file(self) -> None:
        packaged = Path(inspect.getfile(rules)).parent / "rules.toml"
        assert (ROOT / "spec" / "rules.toml").read_bytes() == packaged.read_bytes()

    def test_the_page_has_a_heading_for_every_rule_and_is_current(self) -> None:
        text = pages.PAGE.read_text(encoding="utf-8")
        assert text == pages.page(), "Run: python -m tests.rules.pages"
        assert sorted(re.findall(r"^### (.+)$", text, re.MULTILINE)) == sorted(rules.catalogue())

    def test_the_steps_of_verification_name_rules_only(self) -> None:
        assert {step.rule for step in verification.STEPS} <= set(rules.catalogue())

    def test_verification_asks_every_rule_of_presentation(self) -> None:
        asked = {step.rule for step in verification.STEPS}
        of_presentation = {rule.id for rule in DECIDED if Stage.PRESENTATION in rule.stages}
        assert of_presentation | BY_VERIFICATION <= asked

    def test_the_vectors_name_rules_only(self) -> None:
        named: set[str] = set()
        for path in (ROOT / "spec" / "vectors").glob("**/*.json"):
            named |= _rules_named(json.loads(path.read_bytes()))
        assert named
        assert named <= set(rules.catalogue())


def _rules_named(value: Any) -> set[str]:
    """Return every text that stands under a key "rule" or in a list under "rules"."""
    found: set[str] = set()
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in {"rule", "rules"}:
                found |= {
                    text for text in ([inner] if isinstance(inner, str) else inner or []) if isinstance(text, str)
                }
            found |= _rules_named(inner)
    elif isinstance(value, list):
        for inner in value:
            found |= _rules_named(inner)
    return found


class TestEachRule:
    def test_is_decided_by_a_function_or_by_verification(self) -> None:
        assert {rule.id for rule in rules.catalogue().values() if rule.decide is None} == BY_VERIFICATION

    def test_holds_since_the_scheme_began(self) -> None:
        assert {rule.effective for rule in rules.catalogue().values()} == {SINCE}

    def test_is_broken_by_a_case_at_each_of_its_stages(self) -> None:
        tables: dict[Stage, list[Case]] = {
            Stage.APPLICATION: [
                *test_annex_i.APPLICATION,
                *test_controls.APPLICATION,
                *test_national.APPLICATION,
                *test_trade.APPLICATION,
            ],
            Stage.VALIDATION: [
                *test_annex_i.VALIDATION,
                *test_controls.VALIDATION,
                *test_national.VALIDATION,
                *test_trade.VALIDATION,
            ],
            Stage.PRESENTATION: [*test_national.PRESENTATION, *test_trade.PRESENTATION],
            Stage.CONFIRMATION: test_confirmation.CONFIRMATION,
        }
        broken = {(each.rule, stage) for stage, cases in tables.items() for case in cases for each in case.expected}
        asked = {(rule.id, stage) for rule in DECIDED for stage in rule.stages}
        # Only a declared weight of nought has no case in a table: see TestContent.
        assert asked - broken == {("III.b.confirmation-content", Stage.CONFIRMATION)}

    def test_stands_once(self) -> None:
        with pytest.raises(errors.Conflict, match="stands twice"):
            rules.rule("AnnexI.A.number", source="Example", effective=SINCE, stages=(Stage.VALIDATION,))(lambda **_: [])


class TestRefusal:
    def test_names_the_first_breach_and_counts_the_others(self) -> None:
        one = Breach("AnnexI.A.number", Outcome.REFUSE, "number", "It is wrong.", "Mend it.")
        two = Breach("AnnexI.A.value", Outcome.REFUSE, "lines", "It is nought.")
        error = RulesRefuse([one, two])
        assert str(error) == "number: It is wrong. (1 more) Mend it."
        assert (error.rule, error.code, error.breaches) == ("AnnexI.A.number", "rules-refuse", [one, two])
        assert str(RulesRefuse([two])) == "lines: It is nought."


def _functions() -> list[Callable[..., Any]]:
    return [function for module in SECTIONS for _, function in inspect.getmembers(module, inspect.isfunction)]


class TestPurity:
    """Rules take what they know as arguments: no clock, no file, no floating point number."""

    @pytest.mark.parametrize("module", [*SECTIONS, prices, settings, rules], ids=lambda module: module.__name__)
    def test_no_section_imports_a_clock_or_reaches_outside(self, module: ModuleType) -> None:
        imported: set[str] = set()
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add((node.module or "").partition(".")[0])
        reading = {"csv", "functools", "importlib"} if module is prices else set()
        allowed = {"__future__", "collections", "dataclasses", "datetime", "enum", "macle", "re", "typing"}
        assert imported <= allowed | reading

    @pytest.mark.parametrize("module", [*SECTIONS, prices.UsualPrices, settings], ids=lambda module: module.__name__)
    def test_no_section_asks_the_time_divides_or_opens(self, module: ModuleType | type) -> None:
        tree = ast.parse(inspect.getsource(module))
        called = {
            node.func.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        }
        called |= {
            node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert not called & {"now", "today", "utcnow", "time", "float", "open", "round", "getenv", "print"}
        assert not [node for node in ast.walk(tree) if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)]
        assert not [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, float)]

    @pytest.mark.parametrize("module", SECTIONS, ids=lambda module: module.__name__)
    def test_no_section_names_a_country(self, module: ModuleType) -> None:
        tree = ast.parse(inspect.getsource(module))
        texts = {
            node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        assert not {text for text in texts if re.fullmatch("[A-Z]{2}", text)}

    @pytest.mark.parametrize("rule", DECIDED, ids=lambda rule: rule.id)
    def test_each_rule_takes_subject_and_setting_by_name(self, rule: rules.Rule) -> None:
        assert rule.decide is not None
        parameters = inspect.signature(rule.decide).parameters
        assert list(parameters) == ["subject", "setting"]
        assert {each.kind for each in parameters.values()} == {inspect.Parameter.KEYWORD_ONLY}
        assert (rule.decide.__doc__ or "").startswith("Return ")

    def test_no_section_keeps_anything_between_two_questions(self) -> None:
        for function in _functions():
            assert not inspect.getclosurevars(function).nonlocals
            code = getattr(function, "__code__", None)
            assert code is not None
            assert "global" not in inspect.getsource(function)


class TestInstalled:
    def test_a_wheel_has_the_rules_and_the_figures(self, tmp_path: Path) -> None:
        wheel = flit_wheel.make_wheel_in(ROOT / "pyproject.toml", tmp_path).file
        names = set(zipfile.ZipFile(wheel).namelist())
        assert {"macle/scheme/rules/rules.toml", "macle/scheme/reference/production.csv"} <= names
        shown = subprocess.run(
            [sys.executable, "-I", "-c", _SHOW, str(wheel)], check=True, capture_output=True, text=True, cwd=tmp_path
        ).stdout
        assert shown.split() == [str(len(rules.catalogue())), "True"]


_SHOW = """
import sys
sys.path.insert(0, sys.argv[1])
from macle.scheme.rules import papers
print(len(papers.load()), sys.argv[1] in papers.__file__)
"""


def _production() -> list[dict[str, str]]:
    path = Path(inspect.getfile(rules)).parents[1] / "reference" / "production.csv"
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


class TestProduction:
    def test_every_country_has_one_row_a_year(self) -> None:
        keys = [(row["year"], row["code"]) for row in _production()]
        assert len(keys) == len(set(keys))

    def test_the_latest_year_of_each_country_counts(self) -> None:
        latest = {row["code"]: row for row in sorted(_production(), key=lambda row: row["year"])}
        for code, (carats, _) in prices.load().production.items():
            assert str(carats).removesuffix(".00") == latest[code]["carats"].removesuffix(".00")
