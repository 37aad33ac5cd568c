"""Theory's contours over a map: where theory has a value, with its name; none where theory does not vary."""

import pytest

from app.experiments import EXPERIMENTS
from app.experiments.sweep.charts.contours import contours
from tests.compute.tools import result_of

XS, YS = [0.0, 1.0, 2.0], [0.0, 1.0]
LEVELS = {0.5: "a half", 1.0: "one", 9.0: "nine"}


def test_a_line_is_named_over_where_theory_crosses_its_value_in_the_highest_row() -> None:
    *lines, names = contours(XS, YS, [[0.0, 1.0, 2.0], [0.0, 0.25, 2.0]], LEVELS, span=2.0)
    assert [line["contours"]["start"] for line in lines] == [0.5, 1.0]
    assert names["text"] == ["a half", "one"]
    assert names["x"] == pytest.approx([1 + 0.25 / 1.75, 1 + 0.75 / 1.75])
    assert names["y"] == [1.0, 1.0]
    assert names["textposition"] == ["top center", "top center"]


def test_a_name_is_written_in_the_ink_of_its_line_which_is_that_of_either_colour_scheme() -> None:
    line, *_, names = contours(XS, YS, [[0.0, 1.0, 2.0], [0.0, 0.25, 2.0]], LEVELS, span=2.0)
    assert names["textfont"]["color"] == line["line"]["color"]


def test_of_names_too_near_to_be_read_every_other_one_stands_at_the_lower_end() -> None:
    levels = {0.9: "one", 1.0: "two", 1.1: "three"}
    *_, names = contours(XS, YS, [[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]], levels, span=2.0)
    assert names["x"] == pytest.approx([0.9, 1.0, 1.1])
    assert names["y"] == [1.0, 0.0, 1.0]
    assert names["textposition"] == ["top center", "bottom center", "top center"]


def test_a_line_that_passes_through_a_cell_s_middle_is_named_there() -> None:
    *_, names = contours(XS, YS, [[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]], {1.0: "one"}, span=2.0)
    assert names["x"] == [1.0]


@pytest.mark.parametrize("noise", [0.0, 1e-16, 1e-4])
def test_theory_that_hardly_varies_has_no_contours(noise: float) -> None:
    assert contours(XS, YS, [[1.0, 1.0 + noise, 1.0], [1.0, 1.0, 1.0 - noise]], LEVELS, span=2.0) == []


def test_a_plateau_at_a_level_has_no_line_of_rounding_errors() -> None:
    """Above the level on one side alone, theory passes it once in every row."""
    rows = [[1.0, 1.0 + 1e-12, 2.0], [1.0 - 1e-12, 1.0, 2.0]]
    assert contours(XS, YS, rows, {1.0: "one"}, span=2.0) == []


def test_where_theory_says_nothing_there_is_no_contour() -> None:
    assert contours(XS, YS, [[None, None, None], [None, None, None]], LEVELS, span=2.0) == []
    assert contours(XS, [0.0], [[0.0, 1.0, 2.0]], LEVELS, span=2.0) == []


def test_contours_are_at_the_values_that_the_scale_of_colours_marks() -> None:
    """He's variance is 2 for any two widths, of which a contour would draw rounding errors; Xavier's follows them."""
    query = "of=matmul&x=fan_in&x_from=16&x_to=256&x_steps=3&y=fan_out&y_from=16&y_to=256&y_steps=3&bins=4&repeats=1"
    inits = "&init=xavier_normal&init=kaiming_normal"
    figure = EXPERIMENTS["sweep"].figures(result_of(EXPERIMENTS["sweep"].spec.from_query(query + inits)))["maps"]
    marked = figure["layout"]["coloraxis"]["colorbar"]["tickvals"]
    lines = [trace for trace in figure["data"] if trace["type"] == "contour"]
    assert {line["yaxis"] for line in lines} == {"y"}
    assert len(lines) > 2
    assert all(any(abs(line["contours"]["start"] - tick) < 1e-5 for tick in marked) for line in lines)


def test_the_scale_of_colours_has_two_ticks_however_narrow_it_is() -> None:
    query = "of=matmul&x=fan_in&x_from=64&x_to=256&x_steps=3&y=fan_out&y_from=400&y_to=800&y_steps=3"
    result = result_of(EXPERIMENTS["sweep"].spec.from_query(f"{query}&init=1/sqrt(D)&bins=4"))
    colors = EXPERIMENTS["sweep"].figures(result)["maps"]["layout"]["coloraxis"]
    ticks = [tick for tick in colors["colorbar"]["tickvals"] if colors["cmin"] <= tick <= colors["cmax"]]
    assert colors["cmax"] - colors["cmin"] < 0.3
    assert len(ticks) >= 2
