import re
import tomllib
from importlib import metadata
from pathlib import Path

import macle

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def requirements(name: str) -> list[str]:
    lines = (ROOT / "requirements" / name).read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def locked(name: str) -> set[str]:
    return {line.split("==")[0].replace(", ", ",") for line in requirements(name) if "==" in line}


def names(required: list[str]) -> set[str]:
    return {line.split(">=")[0] for line in required}


EXTRAS = PROJECT["optional-dependencies"]
NODE = [*EXTRAS["node"], *EXTRAS["postgresql"]]


class TestDependencies:
    def test_are_the_same_in_the_project_and_in_what_is_locked(self) -> None:
        assert requirements("base.in") == PROJECT["dependencies"]
        assert requirements("node.in") == ["-r base.txt", *NODE]

    def test_have_a_lower_and_an_upper_bound(self) -> None:
        bounded = re.compile(r"[a-z0-9-]+(\[[a-z,]+\])?>=[0-9.]+,<[0-9]+(\.[0-9]+)?")
        assert [line for line in [*PROJECT["dependencies"], *NODE] if not bounded.fullmatch(line)] == []

    def test_are_in_the_lock(self) -> None:
        assert names(PROJECT["dependencies"]) <= locked("base.txt")
        assert names(PROJECT["dependencies"] + NODE) <= locked("node.txt")

    def test_of_the_command_line_have_no_framework(self) -> None:
        assert locked("base.txt") & {"django", "granian", "psycopg"} == set()


class TestVersion:
    def test_is_the_same_in_the_code_the_project_and_the_installed_package(self) -> None:
        assert macle.__version__ == PROJECT["version"] == metadata.version("macle")
