"""The charts of a deep stack."""

from ....figures.chart import Chart
from .formats import format_chart
from .gains import gain_chart
from .growth import grad_to_data, gradient, networks, variance
from .inputs import collapse, shares, unit_variance
from .shapes import gradient_histograms, histograms

CHARTS: dict[str, Chart] = {
    "histograms": Chart(
        "Activations, layer by layer",
        "Each shape is the histogram of one layer's activations, the first layer on the left. Where values leave "
        "±10 the axis is logarithmic. Hover for numbers.",
        histograms,
    ),
    "variance": Chart(
        "Variance of the preactivations",
        "On a log axis a straight line means a constant factor per layer. Dotted: the limit of infinite width. "
        "Band: where one input lies in 95 % of networks of this width; the inputs of one network wander together.",
        variance,
    ),
    "networks": Chart(
        "Many networks",
        "Every thin line is a freshly drawn network and one input. The typical network lies on the median, below "
        "the mean.",
        networks,
    ),
    "gradient": Chart(
        "Gradients, on their way back",
        "Mean square of the gradient at each layer's activations, one at the last layer; read it from right to "
        "left. Pale: the activations' mean square. Dotted: predicted.",
        gradient,
    ),
    "gradient_histograms": Chart(
        "Gradients, layer by layer",
        "The same shapes for the gradients. Healthy ones look alike from the last layer to the first.",
        gradient_histograms,
    ),
    "collapse": Chart(
        "Does the network still tell its inputs apart?",
        "Variance over everything pools units and inputs. If it holds while the variance across inputs falls and "
        "the cosine climbs to 1, every input has become the same vector. Both variances are relative "
        "to layer 1's; the broad grey line is the predicted cosine.",
        collapse,
    ),
    "shares": Chart(
        "Saturated, zero, dead",
        "Saturated: within 3 % of the half-range from a bound, where gradients die. Dead: a unit that is zero for "
        "every input of the batch.",
        shares,
    ),
    "unit_variance": Chart(
        "Each unit across the batch",
        "The variance of every unit over the inputs, as a histogram over units. The slider chooses the layer.",
        unit_variance,
    ),
    "grad_to_data": Chart(
        "Gradient to data",
        "The std of each weight matrix's gradient over the std of the weights: layers far above the others learn "
        "faster than the rest, layers far below not at all.",
        grad_to_data,
    ),
    "gains": Chart(
        "Which gain?",
        "What depth does under each gain once the variance has settled: growth of the signal, growth of the "
        "gradient, and the slope of the variance map, which is stable below 1. A good gain has all three near 1.",
        gain_chart,
    ),
    "formats": Chart(
        "Would it fit in float16?",
        "Bands: from the 1 % to the 99 % quantile of the magnitudes. Bars: what each number format can hold, from "
        "its smallest to its largest number. Hover for the share each would lose.",
        format_chart,
    ),
}
