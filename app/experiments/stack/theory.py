"""What theory says of a stack's spec: which formulas apply, and in words why one does not."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import isfinite

from ...lab.activations import nonlinearity
from ...lab.draws import DISTRIBUTIONS
from ...lab.initializers import INITIALIZERS, Initializer
from ...lab.norms import EPS, NORMS
from ...theory.finite_width import Band, Cumulants, exact_bands, leading_bands, log_chi_square
from ...theory.meanfield import LayerField, LayerShape, Nonlinearity, Norm, propagate
from .result import StackPredicted
from .spec import StackSpec

EXACT = ("linear", "relu")
UNUSED = {"seed": 0, "batch": 256, "repeats": 1, "bins": 80, "backward": True}  # by any prediction


@dataclass(frozen=True)
class Prediction:
    """One entry a layer, and what to know about them."""

    layers: list[StackPredicted]
    sentences: list[str]


def predict(spec: StackSpec, initializer: Initializer) -> Prediction:
    """Everything that follows from the spec alone, for one init; kept, as it is the same for every seed."""
    return _predict(spec.model_copy(update=UNUSED).query, initializer.name)


@lru_cache(maxsize=256)
def _predict(query: str, init: str) -> Prediction:
    spec, initializer = StackSpec.from_query(query), INITIALIZERS[init]
    refused = _refusal(spec)
    if refused:
        return Prediction([_EMPTY] * spec.depth, [refused])
    phi, layers = nonlinearity(spec.activation), _shapes(spec, initializer)
    entry = DISTRIBUTIONS[spec.input].moments
    norm = None
    if spec.norm != "none":
        norm = Norm(NORMS[spec.norm].centres and spec.norm == "layer", spec.norm == "batch", EPS)
    fields = propagate(phi, layers, entry.mean_square, entry.mean, norm, spec.branch_scale)
    bands, sentences = _bands(spec, initializer, phi, layers, fields)
    predicted = [_predicted(at, band) for at, band in zip(fields, bands, strict=True)]
    return Prediction(predicted, [ASSUMES, *sentences, *_notes(spec, fields)])


ASSUMES = (
    "Variance, cosine and gradient: the limit of infinite width (Poole et al. 2016; Schoenholz et al. 2017), inputs "
    "independent of each other, and for the gradient weights independent of those the signal came by."
)
_EMPTY = StackPredicted.model_construct(**dict.fromkeys(StackPredicted.model_fields))


def _refusal(spec: StackSpec) -> str | None:
    if spec.tied and spec.depth > 1:
        return (
            "No prediction: the formulas assume fresh weights in every layer, and one matrix reused is a power "
            "iteration, with a far wider spread."
        )
    if spec.weight_mean:
        return (
            "No prediction: the formulas assume weights of mean zero. A mean makes all units of a layer move together."
        )
    return None


def _shapes(spec: StackSpec, initializer: Initializer) -> list[LayerShape]:
    widths = spec.layer_widths
    return [
        LayerShape(
            fan_in,
            fan_out,
            initializer.scale(fan_in, fan_out, spec.gain, spec.fan_mode) ** 2,
            spec.bias_std**2 + (initializer.bias_bound(fan_in) ** 2 / 3 if initializer.bias_bound else 0.0),
        )
        for fan_in, fan_out in pairwise(widths)
    ]


def _bands(
    spec: StackSpec, initializer: Initializer, phi: Nonlinearity, layers: list[LayerShape], fields: list[LayerField]
) -> tuple[list[Band | None], list[str]]:
    """The finite-width band of each layer, or None and the reason."""
    nothing: list[Band | None] = [None] * len(layers)
    first = layers[0].weight_variance + layers[0].bias_variance
    if spec.residual or spec.norm != "none":
        which = "residual streams" if spec.residual else "normalized layers"
        return nothing, [f"No band over seeds: no finite-width formula for {which} is used here."]
    if initializer.family == "orthogonal":
        return nothing, [
            "No band over seeds: orthogonal weights keep lengths, and the formulas are for independent entries."
        ]
    if first == 0:
        return nothing, ["No band over seeds: every preactivation is zero."]
    entry = DISTRIBUTIONS[spec.input].moments
    relative = entry.square_variance / (spec.layer_widths[0] * entry.mean_square**2)
    if spec.activation in EXACT and not any(layer.bias_variance for layer in layers):
        normal_input = spec.input == "normal"
        log_input = log_chi_square(spec.layer_widths[0]) if normal_input else Cumulants(-relative / 2, relative, 0, 0)
        exact = exact_bands(spec.activation, layers, log_input, entry.mean_square)
        return list(exact), [
            "Median and 95 % band of one input over seeds: products of chi-squares (Hanin and Nica 2019), by the "
            "cumulants of their logarithm. The mean lies above the median: a few lucky networks carry it."
        ]
    held = [layer for layer, at in zip(layers, fields, strict=True) if at.preactivation is not None]
    leading: list[Band | None] = list(leading_bands(phi, held, relative, entry.mean_square)) if held else []
    return leading + nothing[len(leading) :], [
        "Median and 95 % band of one input over seeds: leading order in 1/width (Roberts, Yaida and Hanin 2022, "
        "ch. 4), taken as log-normal."
    ]


def _notes(spec: StackSpec, fields: list[LayerField]) -> list[str]:
    notes = []
    if spec.norm == "batch":
        notes.append(
            "Batch norm ties the inputs of a batch to each other: no formula for the cosine and the gradient is used "
            "here."
        )
    if any(at.preactivation is None for at in fields):
        notes.append("Predictions end where the variance leaves float64's range.")
    return notes


def _predicted(at: LayerField, band: Band | None) -> StackPredicted:
    low, median, high = (_power(value) for value in band) if band else (None, None, None)
    return StackPredicted(
        preactivation_variance=_finite(at.preactivation),
        activation_mean_square=_finite(at.activation),
        low=low,
        median=median,
        high=high,
        cosine=at.cosine,
        gradient_mean_square=_finite(at.gradient),
        saturated=at.saturated,
    )


def _finite(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) else None


def _power(log10: float) -> float | None:
    return 10.0**log10 if -307 < log10 < 308 else None
