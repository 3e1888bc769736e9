"""The checklist of the threat model: each requirement once, and nothing named that is not there."""

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "explanation" / "threat-model.md").read_text(encoding="utf-8")

LEVELS = """
1.1 0 2; 1.2 5 4; 1.3 2 9; 1.4 0 3; 1.5 1 1; 2.1 1 2; 2.2 2 1; 2.3 1 3; 2.4 0 1; 3.2 2 0; 3.3 1 3; 3.4 2 4; 3.5 3 2;
3.7 0 2; 4.1 1 2; 4.2 0 1; 4.3 0 2; 4.4 1 3; 5.1 0 1; 5.2 2 1; 5.3 2 0; 5.4 0 3; 6.1 1 2; 6.2 8 4; 6.3 2 2; 6.4 2 2;
6.5 0 5; 6.6 0 3; 6.8 0 4; 7.1 0 3; 7.2 4 0; 7.3 0 2; 7.4 2 3; 7.5 0 2; 7.6 0 2; 8.1 1 1; 8.2 2 1; 8.3 1 0; 8.4 0 1;
9.1 3 0; 9.2 1 3; 10.1 0 2; 10.2 0 2; 10.3 0 4; 10.4 5 6; 10.5 0 5; 10.6 0 2; 10.7 0 3; 11.1 0 2; 11.2 0 3; 11.3 2 1;
11.4 1 3; 11.5 0 1; 11.6 0 1; 12.1 1 2; 12.2 2 0; 12.3 0 4; 13.1 0 1; 13.2 0 5; 13.3 0 2; 13.4 1 4; 14.1 0 2; 14.2 1 3;
14.3 1 2; 15.1 1 2; 15.2 1 2; 15.3 1 6; 16.1 0 1; 16.2 0 5; 16.3 0 4; 16.4 0 3; 16.5 0 3; 17.1 0 1; 17.2 0 4; 17.3 0 2
"""
"""Of each section of ASVS 5.0.0 how many requirements are of level 1, and how many more of level 2, from the first."""

SECTIONS = [
    (section, int(one), int(two)) for section, one, two in (entry.split() for entry in LEVELS.strip().split(";"))
]
ROWS = re.findall(r"^\| (V[\dV., ]+) \| (\w+) \|", PAGE, re.MULTILINE)


def test_the_standard_has_as_many_requirements_as_it_says() -> None:
    assert (sum(one for _, one, _ in SECTIONS), sum(two for _, _, two in SECTIONS)) == (70, 183)


def test_each_requirement_of_levels_1_and_2_is_answered_once() -> None:
    wanted = [f"V{section}.{number + 1}" for section, one, two in SECTIONS for number in range(one + two)]
    answered = [each for row, _ in ROWS for each in row.split(", ")]
    assert Counter(answered) == Counter(wanted)


def test_an_answer_is_one_of_five() -> None:
    assert {answer for _, answer in ROWS} == {"Met", "Partly", "Open", "Yours", "None"}


def test_the_sums_are_right() -> None:
    counted = Counter(answer for row, answer in ROWS for _ in row.split(", "))
    answers = ["Met", "Partly", "Open", "Yours", "None"]
    said = "| " + " | ".join(answers) + " |\n|---|---|---|---|---|\n"
    assert said + "| " + " | ".join(str(counted[each]) for each in answers) + " |" in PAGE


def test_each_file_that_is_named_is_there() -> None:
    named = set(re.findall(r"`((?:src|tests|spec|requirements|docs)/[^`]*)`", PAGE))
    assert named
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []
