"""The charts of a deep stack: what each is called, how to read it, which findings it shows, and where it stands."""

from ....figures.chart import Chart, Section
from ....lab.activations import ACTIVATIONS
from ..spec import StackSpec
from .formats import format_chart
from .gains import gain_chart
from .growth import grad_to_data, gradient, networks, variance
from .inputs import collapse, shares, unit_variance
from .isometry import isometry
from .shapes import gradient_histograms, histograms, picture


def _histograms(spec: StackSpec) -> str:
    what = "what each layer hands on to the next" if spec.residual else "one layer's activations, h"
    return (
        f"Each shape is the histogram of {what}, layer 1 on the left; the dot is the mean. In a row whose values leave "
        "±10 the axis is logarithmic beyond a few."
    )


def _picture(spec: StackSpec) -> str:
    back = " Below, the gradient on its way back from right to left." if spec.backward else ""
    return f"{_histograms(spec)} Under them the size of the preactivations, dotted as predicted.{back}"


def _variance(spec: StackSpec) -> str:
    inputs = "one input" if spec.batch == 1 else f"{spec.batch:,} inputs"
    return (
        f"Over {inputs} and all units of a layer, mean included: what the next layer's sum is made of. On a "
        "logarithmic axis a straight line is a constant factor a layer. A line that leaves the chart goes on beyond it."
    )


def _shares(spec: StackSpec) -> str:
    bounded = ACTIVATIONS[spec.activation].bounds is not None
    saturated = "Saturated: within 3 % of the half-range from a bound, where the slope is small. " if bounded else ""
    return (
        f"{saturated}Zero: exactly zero in float32. Dead: a unit that is zero for every input of the batch. What is "
        "zero everywhere is not drawn."
    )


def _unit_variance(spec: StackSpec) -> str:
    return (
        f"For each unit the variance of its preactivation over the {spec.batch:,} inputs, as a histogram over "
        "units. The chosen layer is shown."
    )


def _gains(spec: StackSpec) -> str:
    what = "scale of the branches" if spec.residual else "gain, weights of std gain/√fan_in,"
    depth = "one layer" if spec.depth == 1 else f"these {spec.depth:,} layers"
    return (
        f"Predicted: what {depth} would do in all to the signal and to the gradient under each {what} as a "
        "factor of the mean square. Where both cross 1, nothing is lost."
    )


_NETWORKS = (
    "Every thin line is another network drawn from the same spec, with one input sent through it. Dotted: theory's "
    "typical network; band: where 95 % of them lie."
)

_GRADIENT = (
    "Mean square of the loss's gradient with respect to each layer's activations. It is 1 at the last layer and "
    "goes back from right to left."
)

_GRADIENT_HISTOGRAMS = (
    "The same gradients as shapes, one a layer; read them from right to left. In a row that "
    "leaves ±10 the axis is logarithmic beyond a few."
)

_COLLAPSE = (
    "The cosine is between the activations of two different inputs, averaged over all pairs: at 1 every input has "
    "become the same vector. The share is what of the preactivations' variance lies between inputs; the rest lies "
    "between units and is the same for every input."
)

_GRAD_TO_DATA = (
    "The std of each weight matrix's gradient over the std of the weights. With one learning rate for all, layers "
    "far above the others change faster than the rest, layers far below hardly at all."
)

_FORMATS = (
    "Bands: from the 1 % to the 99 % quantile of the magnitudes; lines: their median. Dashed: the largest and the "
    "smallest number of each format that there is room for."
)


_ISOMETRY = (
    "The map from the first input to each layer, linearized, stretches some directions more than others. Each shape is "
    "the histogram of its singular values, on a logarithmic axis; dots: their root mean square, which is all that a "
    "variance tells. Dotted: what is predicted of the largest, the root mean square and the smallest."
)


def _several_inputs(spec: StackSpec) -> bool:
    return spec.batch > 1


def _backward(spec: StackSpec) -> bool:
    return spec.backward


def _many_networks(spec: StackSpec) -> bool:
    return spec.repeats > 1


SIZE_AXES = ("linear", "std", "whole")

CHARTS: dict[str, Chart] = {
    "picture": Chart("The signal, layer by layer", _picture, picture, axes=("common", *SIZE_AXES)),
    "histograms": Chart("Activations, layer by layer", _histograms, histograms, axes=("common",)),
    "variance": Chart("Mean square of the preactivations", _variance, variance, "signal", SIZE_AXES),
    "networks": Chart("Many networks", _NETWORKS, networks, "networks", SIZE_AXES, _many_networks),
    "gradient": Chart("Gradients, on their way back", _GRADIENT, gradient, "gradient", SIZE_AXES, _backward),
    "gradient_histograms": Chart(
        "Gradients, layer by layer", _GRADIENT_HISTOGRAMS, gradient_histograms, "", ("common",), _backward
    ),
    "grad_to_data": Chart("Gradient to data", _GRAD_TO_DATA, grad_to_data, "steps", ("linear", "whole"), _backward),
    "collapse": Chart("Cosine between inputs", _COLLAPSE, collapse, "inputs", (), _several_inputs),
    "shares": Chart("Saturated, zero, dead", _shares, shares, "saturation"),
    "unit_variance": Chart("Each unit across the batch", _unit_variance, unit_variance, "", (), _several_inputs),
    "gains": Chart("Which gain?", _gains, gain_chart, "recommendation"),
    "isometry": Chart(
        "Does it keep lengths?", _ISOMETRY, isometry, "isometry", ("common",), lambda spec: spec.jacobian
    ),
    "formats": Chart("Would it fit in float16?", _FORMATS, format_chart, "formats"),
}

# What stands in none of them is shown first.
SECTIONS = (
    Section("forward", "The signal", ("variance", "networks", "histograms"), "signal"),
    Section("backward", "Gradients", ("gradient", "gradient_histograms", "grad_to_data"), "gradient"),
    Section("inputs", "Inputs told apart", ("collapse",), "inputs"),
    Section("units", "Units", ("shares", "unit_variance"), "saturation"),
    Section("isometry", "Singular values", ("isometry",), "isometry"),
    Section("gains", "Gains", ("gains",), "recommendation"),
    Section("formats", "Number formats", ("formats",), "formats"),
)
