"""The charts of a recording, in the order they are shown; each draws None where it has nothing to show."""

from ...figures.chart import Chart
from ...figures.palette import Figure
from ...view import View
from ..recording import Recording
from .formats import format_chart
from .picture import picture
from .states import states
from .weights import growth, updates

CHARTS: dict[str, Chart] = {
    "picture": Chart(
        "Every layer, in order of execution",
        "Each shape is the histogram of a layer's outputs, mirrored. Below, their mean square, and that of the loss's "
        "gradient there. Crosses: what the mean square should be, given what came in; of weights by their measured "
        "size, were they independent of the input, of an activation as of normal preactivations.",
        picture,
    ),
    "growth": Chart(
        "What each layer of weights does to the size",
        "The mean square that goes out over the one that comes in, and what is predicted from the weights' measured "
        "size and from the rule they look drawn by. The bars are two standard deviations, at most, over draws of the "
        "weights. Weights that have been trained may well stand elsewhere.",
        growth,
    ),
    "states": Chart(
        "Alike, zero, dead, saturated",
        "The mean cosine between the outputs for different samples: at one they cannot be told apart. Shares of "
        "outputs that are exactly zero or at an activation's bound, and of units that are zero for every sample.",
        states,
    ),
    "updates": Chart(
        "Gradient and update over weights",
        "The std of the gradient, and of the optimizer's first step, over that of the weights. Updates of about a "
        "thousandth are often aimed at: the dashed line, where there was a step.",
        updates,
    ),
    "formats": Chart(
        "What number formats hold",
        "From the 1 % to the 99 % quantile of the magnitudes, and where formats end.",
        format_chart,
    ),
}


def figures(recording: Recording) -> dict[str, Figure]:
    """{chart name: Plotly figure}, each a plain dict."""
    drawn = {name: chart.figure(recording, View()) for name, chart in CHARTS.items()}
    return {name: figure for name, figure in drawn.items() if figure is not None}
