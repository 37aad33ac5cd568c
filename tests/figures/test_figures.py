"""Every figure is Plotly's: a plain dict it accepts, of strict JSON, in one palette, whatever the Result holds."""

import json
import re
from typing import Any

import plotly.graph_objects as go
import pytest

from app.experiments import EXPERIMENTS
from app.figures.axes import linear_axis
from app.figures.palette import STYLES, TEMPLATES, Figure
from app.figures.panels import Panel, stacked
from app.lab.initializers import INITIALIZERS
from app.results import Result
from app.view import AXES, View
from tests.compute.tools import PRESETS, every_experiment, every_preset, repeated, small_result
from tests.figures.tools import (
    as_deep_as,
    edge_result,
    every_chart,
    every_edge,
    every_init_at_once,
    panels,
    two_lines,
    values,
)

NOT_BY_LAYER = ("unit_variance", "gains")  # charts whose x is something else
LABELS = {line.label: init for entry in EXPERIMENTS.values() for init, line in entry.lines.items()}


def strict(text: str | bytes) -> Any:
    def refuse(constant: str) -> None:
        pytest.fail(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


def accepted_by_plotly(name: str, result: Result) -> None:
    drawn = EXPERIMENTS[name].figures(result)
    assert drawn
    for figure in drawn.values():
        go.Figure(figure)
    written = EXPERIMENTS[name].figures_json(result)
    read = strict(written)
    assert list(read) == [chart for chart in EXPERIMENTS[name].charts if chart in drawn]
    assert read == strict(json.dumps(drawn))
    assert written == EXPERIMENTS[name].figures_json(type(result).model_validate_json(result.model_dump_json()))
    for figure in read.values():
        assert figure["data"]
        go.Figure(figure)


@every_preset
def test_every_chart_of_a_preset_is_a_figure_in_strict_json(name: str, query: str) -> None:
    accepted_by_plotly(name, small_result(name, query))


@every_edge
def test_every_chart_is_a_figure_at_the_edges_too(name: str, query: str) -> None:
    accepted_by_plotly(name, edge_result(name, query))


@every_experiment
def test_charts_can_be_drawn_while_the_run_goes_on(name: str) -> None:
    spec = EXPERIMENTS[name].spec.from_query("seed=1")
    smaller = spec.model_copy(update={size: min(getattr(spec, size), 64) for size in EXPERIMENTS[name].sizes})
    steps = 0
    for step in EXPERIMENTS[name].run(smaller):
        steps += 1
        if steps.bit_count() == 1:
            for figure in strict(EXPERIMENTS[name].figures_json(step.partial())).values():
                go.Figure(figure)
    assert steps > 0


@every_chart
def test_every_chart_says_what_it_is_and_how_to_read_it(experiment: str, chart: str) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*", chart)
    assert EXPERIMENTS[experiment].charts[chart].title.strip()
    assert EXPERIMENTS[experiment].charts[chart].read(EXPERIMENTS[experiment].spec()).strip()


@every_chart
def test_every_chart_is_drawn_for_some_preset(experiment: str, chart: str) -> None:
    queries = [query for name, query in PRESETS if name == experiment]
    assert any(chart in EXPERIMENTS[experiment].figures(small_result(experiment, query)) for query in queries)


@every_preset
def test_drawing_leaves_the_result_as_it_was_and_gives_the_same_again(name: str, query: str) -> None:
    result = small_result(name, query)
    before = result.model_dump_json()
    assert EXPERIMENTS[name].figures_json(result) == EXPERIMENTS[name].figures_json(result)
    assert result.model_dump_json() == before


@every_preset
def test_a_figure_of_a_result_read_back_from_json_is_the_same(name: str, query: str) -> None:
    result = small_result(name, query)
    read = EXPERIMENTS[name].result.model_validate_json(result.model_dump_json())
    assert EXPERIMENTS[name].figures_json(read) == EXPERIMENTS[name].figures_json(result)


def rgb(color: str) -> tuple[int, ...]:
    """The hue of a colour, however translucent."""
    if color.startswith("#"):
        return tuple(int(color[i : i + 2], 16) for i in (1, 3, 5))
    return tuple(int(part) for part in re.findall(r"\d+", color)[:3])


def colors_by_init(figure: Figure) -> dict[str, set[tuple[int, ...]]]:
    found: dict[str, set[tuple[int, ...]]] = {}
    for trace in figure["data"]:
        init = LABELS.get(trace.get("name", ""))
        painted = [trace.get(part, {}).get("color") for part in ("line", "marker")] + [trace.get("fillcolor")]
        if init:
            found.setdefault(init, set()).update(rgb(color) for color in painted if isinstance(color, str))
    return found


@every_init_at_once
def test_an_init_has_one_colour_in_all_charts_and_no_other_init_has_it(name: str, query: str) -> None:
    result = edge_result(name, query)
    seen: dict[str, set[tuple[int, ...]]] = {}
    for figure in EXPERIMENTS[name].figures(result).values():
        for init, colors in colors_by_init(figure).items():
            seen.setdefault(init, set()).update(colors)
    assert seen.keys() == set(result.model_dump()["experiment"]["init"])
    lines = EXPERIMENTS[name].lines
    assert seen == {init: {rgb(lines[init].style.color)} for init in seen}
    assert len({rgb(line.style.color) for line in lines.values()}) == len(lines)


def test_no_two_inits_are_told_apart_by_colour_alone() -> None:
    assert STYLES.keys() == INITIALIZERS.keys()
    assert len({style.symbol for style in STYLES.values()}) == len(STYLES)


@pytest.mark.parametrize("chart", ["histograms", "gradient_histograms", "unit_variance"])
@every_init_at_once
def test_histograms_have_a_panel_for_every_init(name: str, query: str, chart: str) -> None:
    result = edge_result(name, query)
    drawn = EXPERIMENTS[name].figures(result).get(chart)
    if chart not in EXPERIMENTS[name].charts:
        assert drawn is None
        return
    assert drawn is not None
    assert panels(drawn) == len(result.model_dump()["inits"])
    titles = " ".join(annotation["text"] for annotation in drawn["layout"]["annotations"])
    for entry in result.model_dump()["inits"]:
        assert EXPERIMENTS[name].lines[entry["init"]].label in titles


@pytest.mark.parametrize("depth", [1, 2, 39, 40, 41, 79, 80, 100, 997, 1000])
def test_units_are_drawn_for_some_layers_and_the_last_is_shown(depth: int) -> None:
    result = as_deep_as(depth)
    traces = EXPERIMENTS["stack"].figures(result)["unit_variance"]["data"]
    places = [trace["meta"]["place"] for trace in traces]
    assert len(traces) == len(set(places)) * len(result.inits)
    assert max(places) == depth
    assert {trace["meta"]["place"] for trace in traces if trace["visible"]} == {depth}


def test_a_single_input_is_not_compared_with_others() -> None:
    alone, two = (EXPERIMENTS["stack"].figures(edge_result("stack", f"depth=3&width=16&batch={n}")) for n in (1, 2))
    assert two.keys() - alone.keys() == {"collapse", "unit_variance"}


@pytest.mark.parametrize("depth", [1, 40, 100, 1000])
def test_every_chart_by_layer_reaches_the_last_one(depth: int) -> None:
    drawn = EXPERIMENTS["stack"].figures(as_deep_as(depth))
    for figure in (drawn[chart] for chart in drawn if chart not in NOT_BY_LAYER):
        assert any(depth in trace["x"] for trace in figure["data"])


@pytest.mark.parametrize("depth", [1, 2, 40, 41, 100, 1000])
def test_no_shape_is_cut_off_by_its_axis(depth: int) -> None:
    figure = EXPERIMENTS["stack"].figures(as_deep_as(depth))["histograms"]
    left, right = figure["layout"]["xaxis"]["range"]
    ends = [x for trace in figure["data"] for x in trace["x"] if x is not None]
    assert left <= min(ends) < max(ends) <= right


def test_a_signal_beyond_float32_is_drawn_with_its_size() -> None:
    result = edge_result("stack", "depth=100&width=512&batch=2&activation=relu")
    figure = EXPERIMENTS["stack"].figures(result)["variance"]
    highest = max(y for trace in figure["data"] for y in trace["y"] if y is not None)
    assert 230 < highest < 300
    assert all(value == value for value in values(figure) if isinstance(value, float))


@every_preset
def test_places_stand_over_one_another_in_every_chart_over_them(name: str, query: str) -> None:
    drawn = EXPERIMENTS[name].figures(small_result(name, query)).values()
    over = [figure["layout"] for figure in drawn if "place" in figure["layout"].get("meta", {})]
    axes = [layout[key] for layout in over for key in layout if re.fullmatch(r"xaxis\d*", key)]
    assert len({tuple(axis["range"]) for axis in axes}) <= 1
    assert len({(layout["margin"]["l"], layout["margin"]["r"]) for layout in over}) <= 1
    assert all(0 not in axis["tickvals"] for axis in axes)


def readable(figure: Figure) -> bool:
    """Whether every axis with ticks has two to read it by, or all the places there are."""
    for key, axis in figure["layout"].items():
        if not re.fullmatch(r"[xy]axis\d*", key) or "range" not in axis or axis.get("showticklabels") is False:
            continue
        low, high = axis["range"]
        ticks = [tick for tick in axis["tickvals"] if low <= tick <= high]
        texts = axis.get("ticktext", axis["tickvals"])
        if (
            len(texts) != len(axis["tickvals"])
            or len(set(texts)) != len(texts)
            or (len(ticks) < 2 and axis["tickvals"] != [1])
        ):
            return False
    return True


@every_preset
def test_an_axis_has_two_ticks_to_read_it_by_however_it_is_chosen(name: str, query: str) -> None:
    unreadable = []
    for chart, entry in EXPERIMENTS[name].charts.items():
        for axes in ([], *([word] for word in entry.axes)):
            figure = entry.figure(small_result(name, query), View(axes=axes))
            if figure and not readable(figure):
                unreadable.append((chart, axes))
    assert unreadable == []


@every_edge
def test_an_axis_has_two_ticks_at_the_edges_too(name: str, query: str) -> None:
    drawn = EXPERIMENTS[name].figures(edge_result(name, query))
    assert [chart for chart, figure in drawn.items() if not readable(figure)] == []


@pytest.mark.parametrize("size", [1e-300, 1e-40, 1e-4, 1.0, 1e40, 1e300])
@pytest.mark.parametrize("most", [2, 4, 8])
@pytest.mark.parametrize("ends", [(-1.0, 1.0), (-3.7, 4.4), (-9.9, 9.9), (0.0, 0.43), (1.0, 1.0), (0.0, 0.0)])
def test_an_axis_of_numbers_of_any_size_has_two_ticks_written_short(
    size: float, most: int, ends: tuple[float, float]
) -> None:
    axis = linear_axis(ends[0] * size, ends[1] * size, most)
    assert len(axis["tickvals"]) >= 2
    assert len(set(axis["ticktext"])) == len(axis["ticktext"])
    assert max(map(len, axis["ticktext"])) <= len("−2.5·10⁻³⁰⁰")


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_what_a_sweep_follows_and_varies_has_a_name_that_a_phone_has_room_for(name: str) -> None:
    """A title is broken into lines, and loses no word; an axis has one line."""
    for statistic in EXPERIMENTS[name].statistics.values():
        for line in EXPERIMENTS[name].lines.values():
            said = f"<b>{line.label}</b>: {statistic.label}, {statistic.unit}"
            (title,) = stacked([Panel(said, [], linear_axis(0, 1))], linear_axis(0, 1))["layout"]["annotations"]
            assert title["text"].replace("<br>", " ") == said
            assert all(len(re.sub("<.*?>", "", row)) <= 40 for row in title["text"].split("<br>"))
    for field, entry in EXPERIMENTS[name].spec.model_fields.items():
        assert len(entry.title or field) <= 30


@every_preset
def test_a_logarithmic_axis_spans_a_decade(name: str, query: str) -> None:
    for chart, figure in EXPERIMENTS[name].figures(small_result(name, query)).items():
        if chart in ("variance", "gradient", "grad_to_data", "variance_vs_scale", "gains"):
            low, high = figure["layout"]["yaxis"]["range"]
            assert high - low >= 1


@every_experiment
def test_charts_settle_their_axes_so_that_they_can_be_sketched_and_printed(name: str) -> None:
    experiment = EXPERIMENTS[name]
    drawn = experiment.figures(small_result(name, repeated(name)))
    assert experiment.first
    for figure in drawn.values():
        if {trace["type"] for trace in figure["data"]} != {"scatter"}:
            continue  # a map: Plotly draws it
        axes = [axis for key, axis in figure["layout"].items() if re.fullmatch(r"[xy]axis\d*", key)]
        assert axes
        assert all({"range", "tickvals"} <= axis.keys() for axis in axes)


@every_chart
def test_a_choice_of_axes_changes_the_chart_and_no_other(experiment: str, chart: str) -> None:
    entry, result = EXPERIMENTS[experiment], small_result(experiment, two_lines(experiment))
    plain = entry.charts[chart].figure(result, View())
    for word in AXES:
        chosen = entry.charts[chart].figure(result, View(axes=[word]))
        go.Figure(chosen)
        assert (chosen != plain) == (word in entry.charts[chart].axes) or word == "whole"


def test_the_worst_line_does_not_flatten_the_rest_unless_the_whole_range_is_asked_for() -> None:
    result = edge_result("stack", "depth=20&width=64&batch=4&init=1/D&init=1/sqrt(D)")
    chart = EXPERIMENTS["stack"].charts["variance"]
    drawn = [chart.figure(result, View(axes=axes)) for axes in ([], ["whole"])]
    low, lowest = (figure["layout"]["yaxis"]["range"][0] for figure in drawn if figure)
    assert lowest < -20 < -8 < low


@every_preset
def test_a_chart_is_drawn_only_where_its_spec_says_it_has_something_to_show(name: str, query: str) -> None:
    result = small_result(name, query)
    spec = EXPERIMENTS[name].spec.parse(result.experiment)
    shown = {key for key, chart in EXPERIMENTS[name].charts.items() if chart.when(spec)}
    assert EXPERIMENTS[name].figures(result).keys() <= shown


@pytest.mark.parametrize("scheme", TEMPLATES)
def test_a_template_is_one_that_plotly_accepts(scheme: str) -> None:
    go.Figure(layout={"template": TEMPLATES[scheme]})


def test_dark_and_light_differ() -> None:
    light, dark = (TEMPLATES[scheme]["layout"]["font"]["color"] for scheme in ("light", "dark"))
    assert light != dark
