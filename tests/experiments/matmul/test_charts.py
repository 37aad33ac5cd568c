"""The charts of a matmul."""

from math import log10

import pytest

from app.experiments.matmul.charts.scale import variance_vs_scale
from app.experiments.matmul.run import run_matmul
from app.experiments.matmul.spec import MatmulSpec
from app.lab.draws import DISTRIBUTIONS
from app.lab.initializers import INITIALIZERS
from tests.lab.tools import outcome

COLUMN_INITS = [name for name, entry in INITIALIZERS.items() if entry.family != "orthogonal"]


@pytest.mark.parametrize("weights", list(DISTRIBUTIONS))
def test_every_point_lies_on_a_line_predicted_for_its_weights(weights: str) -> None:
    result = outcome(run_matmul(MatmulSpec(fan_in=2000, fan_out=2000, weights=weights, init=COLUMN_INITS)))
    figure = variance_vs_scale(result)
    assert figure is not None
    lines = [trace for trace in figure["data"] if trace["name"].startswith("predicted")]
    expected = {DISTRIBUTIONS[INITIALIZERS[name].family or weights].moments.variance for name in COLUMN_INITS}
    assert len(lines) == len({trace["name"] for trace in lines}) == len(expected)
    at_scale_1 = [trace["y"][0] - 2 * trace["x"][0] for trace in lines]
    for entry in result.inits:
        own = log10(entry.predicted.variance) - 2 * log10(entry.scale)
        assert min(abs(height - own) for height in at_scale_1) < 1e-9
    assert sum(trace["name"].startswith("±") and trace.get("showlegend", True) for trace in figure["data"]) == 1
