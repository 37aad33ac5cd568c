"""Charts of a recording: valid for Plotly, with ranges of their own, and names that are no markup."""

import json
from typing import Any

import plotly.graph_objects as go
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from app.network.charts import CHARTS, figures
from app.network.diagnosis import diagnose
from app.network.document import document
from app.network.layers import table
from app.network.record import record
from app.network.recording import Recording
from tests.network.models import CASES, made, recorded

HOSTILE = "<img src=x onerror=alert(1)>"
LOGARITHMS = st.none() | st.floats(-700, 700)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
EDGES = st.lists(FINITE, min_size=4, max_size=4).map(sorted)
NUMBERS = st.none() | FINITE


def stepped(name: str) -> Recording:
    case = made(name)
    optimizer = torch.optim.SGD(case.model.parameters(), 0.1)
    with record(case.model) as r:
        case.step()
        optimizer.step()
    return r.recording


@pytest.mark.parametrize("name", CASES)
def test_every_figure_is_valid_and_knows_its_axes(name: str) -> None:
    drawn = figures(stepped(name))
    assert list(drawn) == list(CHARTS)
    for figure in drawn.values():
        go.Figure(figure)
        json.dumps(figure, allow_nan=False)
        axes = [axis for key, axis in figure["layout"].items() if key.startswith(("xaxis", "yaxis"))]
        assert all(low < high for low, high in (axis["range"] for axis in axes))


def test_what_was_measured_is_what_is_drawn() -> None:
    r = recorded(nn.Sequential(nn.Linear(6, 6), nn.Tanh()), torch.randn(8, 6))
    sizes = next(trace for trace in r.figures()["picture"]["data"] if trace.get("name") == "mean square")
    assert [10**value for value in sizes["y"]] == pytest.approx([layer.output.mean_square for layer in r.layers])


def test_without_a_way_back_there_is_no_chart_of_it() -> None:
    model = nn.Sequential(nn.Linear(6, 6), nn.Tanh())
    with record(model) as r, torch.no_grad():
        model(torch.randn(8, 6))
    assert "updates" not in r.figures()
    assert "gradient" not in {trace.get("name") for trace in r.figures()["picture"]["data"]}


def test_of_nothing_there_is_no_chart() -> None:
    with record(nn.Linear(2, 2)) as r:
        pass
    assert r.figures() == {}
    assert "Nothing was recorded" in r.to_html()


def test_names_are_never_markup() -> None:
    recording = recorded(nn.Sequential(nn.Linear(6, 6), nn.ReLU()), torch.randn(8, 6)).recording
    layers = [layer.model_copy(update={"name": HOSTILE, "kind": HOSTILE}) for layer in recording.layers]
    hostile = recording.model_copy(update={"layers": layers, "model": HOSTILE, "torch": HOSTILE, "initscope": HOSTILE})
    assert HOSTILE not in json.dumps(figures(hostile))
    written = document(hostile)
    assert HOSTILE not in written


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_whatever_numbers_a_file_holds_it_is_drawn_and_told(data: st.DataObject) -> None:
    """What passes for a recording may say anything: no number in it is a fault of the server's."""
    values = json.loads(_saved())
    for layer in values["layers"]:
        for found in (layer["output"], layer["input"], layer["gradient"]):
            for name in ("mean", "std", "variance", "mean_square", "min", "max"):
                found[name] = data.draw(NUMBERS)
            found["histogram"]["edges"] = data.draw(EDGES)
            found["histogram"]["counts"] = [1, 2, 3]
        for name in ("zero", "dead_units"):
            layer["output"][name] = data.draw(FINITE)
        layer["cosine"], layer["input_cosine"] = data.draw(st.none() | st.floats(-1, 1)), data.draw(st.floats(-1, 1))
        layer["expected"]["given_weights"] = data.draw(LOGARITHMS)
        if layer["weights"]:
            layer["weights"]["mean_square"] = layer["weights"]["std"] = data.draw(st.none() | st.floats(0, 1e308))
            layer["weights"]["update_to_data"] = data.draw(LOGARITHMS)
            layer["weights"]["taps"] = data.draw(st.none() | st.floats(0, 1e308))
    recording = Recording.model_validate_json(json.dumps(values))
    json.dumps(figures(recording), allow_nan=False)
    assert [str(item) for item in diagnose(recording)]
    assert table(recording)


def _saved(kept: list[str] = []) -> Any:  # noqa: B006 made once
    if not kept:
        torch.manual_seed(0)
        kept.append(recorded(nn.Sequential(nn.Linear(6, 6), nn.Tanh(), nn.Linear(6, 3)), torch.randn(8, 6)).to_json())
    return kept[0]
