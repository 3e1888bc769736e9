"""Line work: the same number has the same rosette and another number another, and borders have whole beads."""

from __future__ import annotations

import itertools
import re
from math import dist, hypot
from typing import NamedTuple
from xml.etree import ElementTree as ET

import pytest

from macle.paper import guilloche
from macle.paper.guilloche import STAMP, UNDERPRINT, UNIT, Ribbon

RIBBON = Ribbon(15, 3.5, 5, "#112233", "#445566")
BORDER = guilloche.border(191, 278, 9.5, RIBBON)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")


class Moved(NamedTuple):
    """A drawing under its own transform: what it holds, and the transform's six numbers."""

    paths: tuple[str, ...]
    matrix: tuple[float, float, float, float, float, float]

    @property
    def turns(self) -> tuple[float, float]:
        """Where its way along points to, as a direction without length."""
        a, b = self.matrix[:2]
        return round(a / hypot(a, b), 6), round(b / hypot(a, b), 6)

    def place(self, x: float, y: float) -> tuple[float, float]:
        a, b, c, d, e, f = self.matrix
        return a * x + c * y + e, b * x + d * y + f


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 (our own drawing)


def moved(svg: str) -> list[Moved]:
    """Return the repeats of a drawing, in order."""
    found = []
    for group in parsed(svg):
        a, b, c, d, e, f = (float(each) for each in _NUMBER.findall(group.attrib["transform"]))
        found.append(Moved(tuple(path.attrib["d"] for path in group), (a, b, c, d, e, f)))
    return found


def ends(path: str) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Return where each thread of a path begins and ends."""
    threads = [[float(each) for each in _NUMBER.findall(thread)] for thread in path.split("M") if thread]
    return [((numbers[0], numbers[1]), (numbers[-2], numbers[-1])) for numbers in threads]


def strokes(svg: str) -> set[str]:
    return {element.attrib["stroke"] for element in parsed(svg).iter() if "stroke" in element.attrib}


DRAWINGS = {
    "border": (BORDER, 191, 278),
    "a border of other measures": (guilloche.border(191.2, 86, 6, Ribbon(14, 1.6, 3, "#112233", "#445566")), 191.2, 86),
    "rule": (guilloche.rule(160, Ribbon(10, 2.2, 4, "#112233", "#445566")), 160, 4.8),
    "waves": (guilloche.waves(100, 18, 12, "#778899"), 100, 18),
    "underprint": (guilloche.rosette("BW 00004821", 72, "#778899", UNDERPRINT), 144.4, 144.4),
    "stamp": (guilloche.rosette("BW 00004821", 18.8, "#778899", STAMP), 38, 38),
}


class TestDrawing:
    @pytest.mark.parametrize("name", DRAWINGS)
    def test_is_svg_of_the_measures_asked_for(self, name: str) -> None:
        svg, width, height = DRAWINGS[name]
        root = parsed(svg)
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert [float(root.attrib[side].removesuffix("mm")) for side in ("width", "height")] == [
            pytest.approx(width),
            pytest.approx(height),
        ]
        assert root.attrib["viewBox"] == f"0 0 {width * UNIT:.0f} {height * UNIT:.0f}"

    @pytest.mark.parametrize("name", DRAWINGS)
    def test_has_the_colours_asked_for_and_no_other(self, name: str) -> None:
        two = {"#112233", "#445566"}
        assert strokes(DRAWINGS[name][0]) == (two if "border" in name or name == "rule" else {"#778899"})

    @pytest.mark.parametrize("name", DRAWINGS)
    def test_is_a_few_beads_repeated(self, name: str) -> None:
        repeats = moved(DRAWINGS[name][0])
        assert len({each.paths for each in repeats}) <= 3 < len(repeats)

    @pytest.mark.parametrize("name", DRAWINGS)
    def test_stays_within_its_measures(self, name: str) -> None:
        svg, width, height = DRAWINGS[name]
        for each in moved(svg):
            for begin, end in (pair for path in each.paths for pair in ends(path)):
                for x, y in (each.place(*begin), each.place(*end)):
                    assert -1 <= x <= width * UNIT + 1
                    assert -1 <= y <= height * UNIT + 1


class TestBorder:
    def test_is_the_same_for_the_same_measures_and_colours(self) -> None:
        guilloche.border.cache_clear()
        assert guilloche.border(191, 278, 9.5, RIBBON) == BORDER

    @pytest.mark.parametrize("other", [(190, 278, 9.5), (191, 277, 9.5), (191, 278, 9)])
    def test_is_another_for_other_measures(self, other: tuple[float, float, float]) -> None:
        assert guilloche.border(*other, RIBBON) != BORDER

    def test_has_four_corners_that_are_alike(self) -> None:
        corners = [each for each in moved(BORDER) if sum(each.paths == other.paths for other in moved(BORDER)) == 4]
        assert len(corners) == 4
        assert {each.turns for each in corners} == {(1, 0), (0, 1), (-1, 0), (0, -1)}
        assert len({each.matrix[4:] for each in corners}) == 4

    @pytest.mark.parametrize(
        ("measures", "ribbon"),
        [((191, 278, 9.5), RIBBON), ((191.2, 178.2, 8), Ribbon(13, 2.6, 5, "#112233", "#445566"))],
    )
    def test_has_whole_beads_on_every_side(self, measures: tuple[float, float, float], ribbon: Ribbon) -> None:
        width, height, radius = measures
        repeats = moved(guilloche.border(*measures, ribbon))
        for turns, length in (((1, 0), width), ((0, 1), height), ((-1, 0), width), ((0, -1), height)):
            side = [each for each in repeats if (each.turns, each.paths) == (turns, repeats[0].paths)]
            bead = ribbon.bead * guilloche._BEADS * UNIT * hypot(*side[0].matrix[:2])
            straight = (length - 2 * ribbon.room - 2 * radius) * UNIT
            assert len(side) * bead == pytest.approx(straight, abs=1), "No bead is cut off, and none is left out."
            for this, following in itertools.pairwise(side):
                assert dist(this.matrix[4:], following.matrix[4:]) == pytest.approx(bead, abs=0.3)

    def test_goes_on_from_bead_to_bead_without_a_break(self) -> None:
        repeats = moved(BORDER)
        open_ends = [
            [each.place(*point) for path in each.paths for pair in ends(path) for point in (pair[which],)]
            for which in (0, 1)
            for each in repeats
        ]
        begins, finishes = open_ends[: len(repeats)], open_ends[len(repeats) :]
        for finish, begin in zip(finishes, [*begins[1:], begins[0]], strict=True):
            assert all(min(dist(point, other) for other in begin) < 2 for point in finish)


class TestRosette:
    def of(self, text: str) -> str:
        return guilloche.rosette(text, 18.8, "#778899", STAMP)

    def test_is_the_same_for_the_same_number(self) -> None:
        assert self.of("BW 00004821 stamp") == self.of("BW 00004821 stamp")

    def test_is_another_for_every_other_number(self) -> None:
        numbers = [f"BW {number:08d}" for number in range(300)]
        assert len({self.of(number) for number in numbers}) == len(numbers)

    def test_of_neighbouring_numbers_differs_in_every_ring(self) -> None:
        one, other = moved(self.of("BW 00004821")), moved(self.of("BW 00004822"))
        assert one[0].matrix != other[0].matrix
        assert {each.matrix for each in one}.isdisjoint(each.matrix for each in other)

    @pytest.mark.parametrize("rings", [STAMP, UNDERPRINT])
    @pytest.mark.parametrize("text", ["BW 00004821", "AE 1", ""])
    def test_has_rings_that_close(self, rings: tuple[guilloche.Ring, ...], text: str) -> None:
        repeats = moved(guilloche.rosette(text, 40, "#778899", rings))
        assert len({each.paths for each in repeats}) == len(rings)
        for paths in {each.paths for each in repeats}:
            ring = [each for each in repeats if each.paths == paths]
            (begin, end) = ends(paths[0])[0]
            begins, finishes = [each.place(*begin) for each in ring], [each.place(*end) for each in ring]
            for finish, following in zip(finishes, [*begins[1:], begins[0]], strict=True):
                assert dist(finish, following) < 2

    def test_has_rings_that_never_go_over_the_same_line_again(self) -> None:
        for number in range(60):
            repeats = moved(self.of(f"BW {number:08d}"))
            assert len({(each.paths, each.matrix) for each in repeats}) == len(repeats)

    def test_has_more_rings_where_more_are_asked_for(self) -> None:
        shapes = {name: len({each.paths for each in moved(DRAWINGS[name][0])}) for name in ("stamp", "underprint")}
        assert shapes == {"stamp": 3, "underprint": 2}


class TestWaves:
    @pytest.mark.parametrize("count", [4, 12])
    def test_are_as_many_as_asked_for_and_evenly_apart(self, count: int) -> None:
        lines = [each.matrix[5] for each in moved(guilloche.waves(100, 18, count, "#778899"))]
        assert len(lines) == count
        steps = [after - before for before, after in itertools.pairwise(lines)]
        assert all(step == pytest.approx(18 * UNIT / count, abs=1) for step in steps)


class TestRule:
    def test_has_whole_beads(self) -> None:
        ribbon = Ribbon(10, 2.2, 4, "#112233", "#445566")
        for width in (160, 157):
            beads = moved(guilloche.rule(width, ribbon))
            assert len(beads) == 16
            assert beads[-1].matrix[4] == pytest.approx(width * 15 / 16 * UNIT, abs=1)
