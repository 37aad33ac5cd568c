"""Lines that lie on one another are each seen, and said to: the charts' claim, held against what they draw."""

import re
from itertools import combinations
from typing import Any

import pytest

from app.experiments import EXPERIMENTS
from app.figures.axes import axis_key
from app.figures.chart import Chart
from app.figures.coinciding import laid_open, shared
from app.figures.courses import Course, measured
from app.figures.palette import LINES, Figure
from app.figures.panels import Panel, once, stacked
from app.view import View
from tests.compute.tools import every_preset, result_of, small_result

PLACES = [1, 2, 3, 4, 5, 6]
AXIS = {"range": [0.0, 10.0], "tickvals": [0, 10], "ticktext": ["0", "10"]}
ACROSS = {"range": [0, 7], "tickvals": [1, 6], "title": {"text": "layer"}}
INITS = ("unscaled", "1/D", "1/sqrt(D)")


def traces_of(*lines: list[float | None]) -> list[Figure]:
    """One an init."""
    return [
        measured(Course(init, LINES[init], "layer", PLACES), line, ["" for _ in line])
        for init, line in zip(INITS, lines, strict=False)
    ]


def drawn(*lines: list[float | None]) -> Figure:
    """A chart of these lines on an axis from 0 to 10."""
    return laid_open(stacked([Panel("size", traces_of(*lines), AXIS)], ACROSS, meta={"place": "layer"}))


def said(figure: Figure) -> list[str]:
    found: list[str] = figure["layout"]["meta"].get("together", [])
    return found


def widths(figure: Figure) -> list[float]:
    return [trace["line"]["width"] for trace in figure["data"]]


def test_each_of_some_lines_that_coincide_shows_on_both_sides_of_the_next_one() -> None:
    figure = drawn([1, 2, 3, 4, 5, 6], [1.02, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5.05, 6])
    assert said(figure) == ["unscaled, 1/D and 1/√D lie on one another"]
    lowest, middle, top = widths(figure)
    assert lowest >= middle + 3 >= top + 6
    alphas = [re.findall(r"rgba\(.*,([\d.]+)\)", trace["line"]["color"]) for trace in figure["data"]]
    assert alphas == [["0.55"], ["0.55"], []]


def test_lines_that_part_are_left_as_they_are() -> None:
    figure = drawn([1, 2, 3, 4, 5, 6], [1.2, 2.2, 3.2, 4.2, 5.2, 6.2])
    assert said(figure) == []
    assert widths(figure) == [2, 2]


def test_lines_that_part_halfway_are_said_to_coincide_where_they_do() -> None:
    assert said(drawn([1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 9])) == [
        "unscaled and 1/D lie on one another (5 of 6 layers)"
    ]
    assert said(drawn([1, 2, 3, 4, 5, 6], [1, 2, 3, 9, 9, 9])) == []


def test_where_a_line_has_no_number_nothing_lies_on_it() -> None:
    assert said(drawn([1, 2, 3, 4, None, 6], [1, 2, 3, 4, 5, 6])) == [
        "unscaled and 1/D lie on one another (5 of 6 layers)"
    ]
    assert said(drawn([1, None, None, None, None, None], [1, 2, 3, 4, 5, 6])) == []


def test_beyond_the_axis_where_nothing_is_seen_nothing_coincides() -> None:
    assert said(drawn([1, 2, 20, 20, 20, 20], [1, 5, 20, 20, 20, 20])) == []
    assert said(drawn([20.0] * 6, [20.0] * 6)) == []


def test_lines_that_only_a_third_one_joins_are_each_said_to_lie_on_that_one_alone() -> None:
    figure = drawn([5.0] * 6, [5.09] * 6, [5.18] * 6)
    assert said(figure) == ["unscaled and 1/D lie on one another", "1/D and 1/√D lie on one another"]
    assert widths(figure) == [10, 6, 2]


def test_any_two_lines_that_coincide_are_said_to_whatever_a_third_one_does() -> None:
    figure = drawn([5.0] * 6, [5.18] * 6, [5.09] * 6)
    assert said(figure) == ["1/D and 1/√D lie on one another", "unscaled and 1/√D lie on one another"]
    assert widths(figure) == [6, 6, 2]


def points_drawn(*heights: list[float | None]) -> Figure:
    """A chart of points without lines, one an init at each place."""
    points = [trace | {"mode": "markers"} for trace in traces_of(*heights)]
    return laid_open(stacked([Panel("size", points, AXIS)], ACROSS, meta={"place": "layer"}))


def test_of_points_that_coincide_at_any_place_the_lower_are_larger_and_paler() -> None:
    figure = points_drawn([1, 2, 3, 4, 5, 6], [9, 9, 3, 9, 9, 9], [8, 8, 8, 8, 8, 8])
    assert said(figure) == ["unscaled and 1/D lie on one another (1 of 6 layers)"]
    low, high, apart = (trace["marker"] for trace in figure["data"])
    assert low["size"] >= high["size"] + 8
    assert high["size"] == apart["size"]
    assert low["color"].startswith("rgba(")


def test_single_points_at_the_same_place_coincide() -> None:
    one, other = ([1.0, *[None] * 5], [1.05, *[None] * 5])
    assert said(points_drawn(one, other)) == ["unscaled and 1/D lie on one another"]
    assert said(points_drawn(one, [None, 1.0, *[None] * 4])) == []


def test_what_lines_and_points_of_the_same_inits_do_is_said_once() -> None:
    lines = traces_of([1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6])
    points = [trace | {"mode": "markers"} for trace in lines]
    figure = laid_open(stacked([Panel("size", [*lines, *points], AXIS)], ACROSS))
    assert said(figure) == ["unscaled and 1/D lie on one another"]


def test_points_beside_lines_are_compared_with_points_alone() -> None:
    line, point = traces_of([1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6])
    figure = laid_open(stacked([Panel("size", [line, point | {"mode": "markers"}], AXIS)], ACROSS))
    assert "together" not in figure["layout"].get("meta", {})


def test_where_there_are_several_panels_it_is_said_in_which() -> None:
    lines = traces_of([1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6])
    apart = traces_of([1, 2, 3, 4, 5, 6], [9, 9, 9, 9, 9, 9])
    panels = [Panel("<b>this</b>", lines, AXIS), Panel("that", once(apart), AXIS)]
    assert said(laid_open(stacked(panels, ACROSS, meta={"place": "layer"}))) == [
        "unscaled and 1/D lie on one another (this)"
    ]
    panels = [Panel("this", lines, AXIS), Panel("that", lines, AXIS)]
    assert said(laid_open(stacked(panels, ACROSS))) == ["unscaled and 1/D lie on one another"]


def claimed(figure: Figure) -> list[set[str]]:
    labels = [trace["name"] for trace in figure["data"] if trace.get("name")]
    told = [text.partition(" lie on one another")[0] for text in figure["layout"].get("meta", {}).get("together", [])]
    return [{label for label in labels if label in re.split(", | and ", text)} for text in told]


class Drawn:
    """A line as a chart draws it."""

    def __init__(self, trace: Figure) -> None:
        self.name = trace["name"]
        self.heights = {x: y for x, y in zip(trace["x"], trace["y"], strict=True) if y is not None}


def hidden(figure: Figure) -> list[tuple[str, str]]:
    """Pairs of inits' lines of the same width that lie on one another in most places of a panel."""
    found = []
    solid = [
        trace
        for trace in figure["data"]
        if trace.get("meta", {}).get("role") == "measured" and trace.get("mode") in ("lines", "lines+markers")
        if "fill" not in trace and trace.get("hoverinfo") != "skip" and trace.get("visible", True) is True
    ]
    for one, other in combinations(solid, 2):
        panel = one.get("yaxis", "y")
        if panel != other.get("yaxis", "y") or one["meta"].get("init") == other["meta"].get("init"):
            continue
        low, high = figure["layout"][axis_key("y", int(panel[1:] or 1) - 1)]["range"]
        at, of = shared([Drawn(one), Drawn(other)], low, high)
        if of > 1 and 2 * at > of and one["line"]["width"] == other["line"]["width"]:
            found.append((one["name"], other["name"]))
    return found


@every_preset
def test_no_chart_has_a_line_hidden_under_another(name: str, query: str) -> None:
    for figure in EXPERIMENTS[name].figures(small_result(name, query)).values():
        assert hidden(figure) == []
        assert all(len(names) > 1 for names in claimed(figure))


def test_a_registered_chart_is_laid_open_and_says_so() -> None:
    """A ReLU network's cosines do not depend on the scale of its weights."""
    result = result_of(
        EXPERIMENTS["stack"].spec.from_query("activation=relu&batch=8&depth=4&width=16&init=1/D&init=kaiming_normal")
    )
    chart: Chart = EXPERIMENTS["stack"].charts["collapse"]
    figure: Any = chart.figure(result, View())
    assert {"1/D", "He (Kaiming) normal"} in claimed(figure)
    plain = chart.draw(result)
    assert plain is not None
    assert "together" not in plain["layout"]["meta"]


@pytest.mark.parametrize("axes", [["linear"], ["whole"]])
def test_what_is_said_follows_the_axis(axes: list[str]) -> None:
    """On a linear axis, or one that follows the worst line to its end, others come to lie on one another."""
    result = result_of(
        EXPERIMENTS["stack"].spec.from_query("batch=8&depth=12&width=64&init=unscaled&init=1/D&init=1/sqrt(D)")
    )
    chart = EXPERIMENTS["stack"].charts["variance"]
    assert claimed(chart.figure(result, View()) or {}) == []
    wanted = [{"1/D", "1/√D"}] if axes == ["linear"] else []
    assert claimed(chart.figure(result, View(axes=axes)) or {}) == wanted
