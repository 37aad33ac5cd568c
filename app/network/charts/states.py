"""Whether samples can still be told apart, and how much of each layer is zero, dead or saturated."""

from ...figures.axes import linear_axis
from ...figures.numbers import between, percent
from ...figures.palette import Figure
from ...figures.panels import Panel, stacked
from ..recording import Recording
from .lines import ALIKE, SHARES, empty, layer_axis, line, placed, seen

TALL = 150  # pixels


def states(recording: Recording) -> Figure | None:
    """None of no layers."""
    if not recording.layers:
        return None
    panels = []
    cosine = line(recording, lambda layer: layer.cosine, "mean cosine", ALIKE, between)
    if not empty(cosine):
        low = min([0.0, *(value for value in seen([cosine])[0] if value is not None)])
        panels.append(Panel("<b>cosine between samples</b>", [cosine], linear_axis(max(low, -1.0) - 0.05, 1.05), TALL))
    zero, dead, saturated = SHARES
    shares = [
        line(recording, lambda layer: layer.output.zero, "zeros", zero, percent),
        line(recording, lambda layer: layer.output.dead_units, "dead units", dead, percent),
        line(recording, lambda layer: layer.output.saturated, "saturated", saturated, percent),
    ]
    shown = [trace for trace in shares if not empty(trace)]
    panels.append(Panel("<b>shares</b>", shown, linear_axis(-0.05, 1.05), TALL))
    return placed(stacked(panels, layer_axis(recording), hovermode="closest"))
