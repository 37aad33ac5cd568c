"""Results as Plotly figures: plain dicts, pure functions of a Result, the same for page, notebook and file."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from app.figures import formats, gains, growth, matmul, shapes, stack
from app.figures.palette import Figure
from app.results import Record


class Chart(NamedTuple):
    """A chart of a Result: what it is called, how to read it, and how it is drawn; None if it has nothing to show."""

    title: str
    caption: str
    draw: Callable[[Any], Figure | None]


CHARTS: dict[str, dict[str, Chart]] = {
    "matmul": {
        "histograms": Chart(
            "The outputs, each scale on its own axis",
            "Filled: measured. Dotted: the normal density predicted for this x. The grey band is −1 … 1, one standard "
            "deviation of the signal you want: a sliver for the first, wider than the whole axis for the second, and "
            "just right where the variance is 1.",
            matmul.histograms,
        ),
        "variance_vs_scale": Chart(
            "Variance against scale",
            "On log axes the measured points lie on a line of slope 2: the variance is quadratic in k. Dividing w by "
            "D divides the variance by D²; only √D brings D back to 1.",
            matmul.variance_vs_scale,
        ),
        "repeats": Chart(
            "The same experiment, again and again",
            "Every repeat draws its own x and w. The spread is almost all ‖x‖²: all columns share one x, so more "
            "columns do not average it away.",
            matmul.repeats,
        ),
    },
    "stack": {
        "histograms": Chart(
            "Activations, layer by layer",
            "Each shape is the histogram of one layer's activations, the first layer on the left. Where values leave "
            "±10 the axis is logarithmic. Hover for numbers.",
            shapes.histograms,
        ),
        "variance": Chart(
            "Variance of the preactivations",
            "On a log axis a straight line means a constant factor per layer. Dotted: the limit of infinite width. "
            "Band: where one input lies in 95 % of networks of this width; the inputs of one network wander together.",
            growth.variance,
        ),
        "networks": Chart(
            "Many networks",
            "Every thin line is a freshly drawn network and one input. The typical network lies on the median, below "
            "the mean.",
            growth.networks,
        ),
        "gradient": Chart(
            "Gradients, on their way back",
            "Mean square of the gradient at each layer's activations, one at the last layer; read it from right to "
            "left. Pale: the activations' mean square. Dotted: predicted.",
            growth.gradient,
        ),
        "gradient_histograms": Chart(
            "Gradients, layer by layer",
            "The same shapes for the gradients. Healthy ones look alike from the last layer to the first.",
            shapes.gradient_histograms,
        ),
        "collapse": Chart(
            "Does the network still tell its inputs apart?",
            "Variance over everything pools units and inputs. If it holds while the variance across inputs falls and "
            "the cosine climbs to 1, every input has become the same vector. Both variances are relative "
            "to layer 1's; the broad grey line is the predicted cosine.",
            stack.collapse,
        ),
        "shares": Chart(
            "Saturated, zero, dead",
            "Saturated: within 3 % of the half-range from a bound, where gradients die. Dead: a unit that is zero for "
            "every input of the batch.",
            stack.shares,
        ),
        "unit_variance": Chart(
            "Each unit across the batch",
            "The variance of every unit over the inputs, as a histogram over units. The slider chooses the layer.",
            stack.unit_variance,
        ),
        "grad_to_data": Chart(
            "Gradient to data",
            "The std of each weight matrix's gradient over the std of the weights: layers far above the others learn "
            "faster than the rest, layers far below not at all.",
            growth.grad_to_data,
        ),
        "gains": Chart(
            "Which gain?",
            "What depth does under each gain once the variance has settled: growth of the signal, growth of the "
            "gradient, and the slope of the variance map, which is stable below 1. A good gain has all three near 1.",
            gains.gain_chart,
        ),
        "formats": Chart(
            "Would it fit in float16?",
            "Bands: from the 1 % to the 99 % quantile of the magnitudes. Bars: what each number format can hold, from "
            "its smallest to its largest number. Hover for the share each would lose.",
            formats.format_chart,
        ),
    },
}


def figures(experiment: str, result: Record) -> dict[str, Figure]:
    """Every chart of an experiment that this result has something to show in."""
    drawn = {name: chart.draw(result) for name, chart in CHARTS[experiment].items()}
    return {name: figure for name, figure in drawn.items() if figure is not None}


def figures_json(experiment: str, result: Record) -> bytes:
    return json.dumps(figures(experiment, result), allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()
