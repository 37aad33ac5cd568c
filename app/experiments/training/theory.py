"""What theory says of the networks before they learn: which formulas apply, and in words why one does not."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import exp, inf, sqrt

import numpy as np

from ...lab.activations import nonlinearity
from ...lab.draws import DISTRIBUTIONS
from ...lab.initializers import INITIALIZERS, Initializer
from ...lab.norms import EPS, NORMS
from ...theory.cross_entropy import Untrained, untrained
from ...theory.finite_width import LN10, Band, signal_bands
from ...theory.layer import LayerShape, safe_log
from ...theory.meanfield import Nonlinearity, ratios
from ...theory.propagation import LayerField, Norm, propagate
from .result import InitialLoss, LayerPredicted
from .setting import HELD_OUT, bias_std, held_out, weight_std, widths_of
from .spec import TrainingSpec

UNUSED = {"seed": 0, "bins": 80, "steps": 1, "optimizer": "sgd", "learning_rate": 0.1, "batch": 32}  # by predictions
BAND = 2 * 1.959964  # standard deviations from one end of a band to the other
UNIT = DISTRIBUTIONS["normal"].moments


@dataclass(frozen=True)
class Prediction:
    """One entry a layer, the loss, and what to know about them."""

    layers: list[LayerPredicted]
    loss: InitialLoss | None
    sentences: list[str]


NOTHING = LayerPredicted.model_construct(**dict.fromkeys(LayerPredicted.model_fields))


def predict(spec: TrainingSpec, initializer: Initializer) -> Prediction:
    """Everything that follows from the spec alone, for one init; kept, as it is the same for every seed."""
    return _predict(spec.model_copy(update=UNUSED).query, initializer.name)


@lru_cache(maxsize=32)
def _predict(query: str, init: str) -> Prediction:
    spec, initializer = TrainingSpec.from_query(query), INITIALIZERS[init]
    if spec.weight_mean:
        return Prediction([NOTHING] * spec.depth, None, ["No prediction: the formulas assume weights of mean zero."])
    shapes = _shapes(spec, initializer)
    phi = nonlinearity(spec.activation)
    bands = _bands(spec, initializer, phi, shapes)
    hidden = _hidden(spec, phi, shapes[:-1])
    log_square = (hidden[-1].log_activation or 0.0) if hidden else 0.0
    log_logit = float(np.logaddexp(shapes[-1].log_gain + log_square, shapes[-1].log_bias))
    first = untrained(_frequencies(spec), log_logit, _spread(bands[-1]))
    layers = [*_of_hidden(spec, phi, hidden, shapes, bands, first), _of_output(log_logit, bands[-1], first)]
    loss = InitialLoss(loss=first.loss, low=first.low, high=first.high, log10_variance=_finite(log_logit / LN10))
    return Prediction(layers, loss, _assumes(spec, any(bands)))


def _shapes(spec: TrainingSpec, initializer: Initializer) -> list[LayerShape]:
    return [
        LayerShape.of(fan_in, fan_out, weight_std(spec, initializer, layer), bias_std(initializer, fan_in))
        for layer, (fan_in, fan_out) in enumerate(pairwise(widths_of(spec)), 1)
    ]


def _frequencies(spec: TrainingSpec) -> tuple[float, ...]:
    """Of the classes among the held-out examples."""
    targets = held_out(spec).targets.tolist()
    classes = range(widths_of(spec)[-1])
    return tuple(targets.count(each) / len(targets) for each in classes)


def _hidden(spec: TrainingSpec, phi: Nonlinearity, shapes: list[LayerShape]) -> list[LayerField]:
    """The hidden layers, from inputs of mean square one, and a gradient of mean square one at the last of them."""
    norm = None
    if spec.norm != "none":
        norm = Norm(NORMS[spec.norm].centres and spec.norm == "layer", spec.norm == "batch", EPS)
    if not spec.residual or len(shapes) < 2:
        return propagate(phi, shapes, 1.0, 0.0, norm, None, HELD_OUT) if shapes else []
    (first,) = propagate(phi, shapes[:1], 1.0, 0.0, norm, None, HELD_OUT)
    square = exp(min(first.log_activation or 0.0, 600.0))
    mean = _mean(phi, first)
    rest = propagate(phi, shapes[1:], square, mean, norm, 1.0, HELD_OUT)
    # Gradients of `rest` end at its own first output: layer 1's lies one branch further back.
    return [first._replace(log_gradient=None), *rest]


def _mean(phi: Nonlinearity, at: LayerField) -> float:
    """E[φ(u)] of a layer that has no stream."""
    if at.log_preactivation is None or at.log_activation is None:
        return 0.0
    return ratios(phi, at.log_preactivation).mean * exp(min(at.log_activation, 600.0) / 2)


def _bands(
    spec: TrainingSpec, initializer: Initializer, phi: Nonlinearity, shapes: list[LayerShape]
) -> list[Band | None]:
    """Of every layer's preactivations, over one input; none where there is no formula at finite width."""
    if spec.norm != "none" or spec.residual or initializer.family == "orthogonal":
        return [None] * len(shapes)
    return signal_bands(phi, shapes, UNIT, 1).bands


def _spread(band: Band | None) -> float:
    """The standard deviation of the logarithm that the band is of."""
    return 0.0 if band is None else (band.high - band.low) * LN10 / BAND


def _of_hidden(
    spec: TrainingSpec,
    phi: Nonlinearity,
    hidden: list[LayerField],
    shapes: list[LayerShape],
    bands: list[Band | None],
    first: Untrained,
) -> list[LayerPredicted]:
    log_back = shapes[-1].log_gain_back + safe_log(first.gradient_square)  # at the last hidden activations
    found = []
    for field, band in zip(hidden, bands, strict=False):
        mean = None if spec.residual else _mean(phi, field)
        square = _power(field.log_activation)
        found.append(
            LayerPredicted(
                preactivation_mean_square=_power(field.log_preactivation),
                **_edges(band),
                activation_mean_square=square,
                activation_std=None if mean is None or square is None else sqrt(max(0.0, square - mean**2)),
                saturated=field.saturated,
                gradient_mean_square=None if field.log_gradient is None else _power(field.log_gradient + log_back),
            )
        )
    return found


def _of_output(log_logit: float, band: Band | None, first: Untrained) -> LayerPredicted:
    square = _power(log_logit)
    return LayerPredicted(
        preactivation_mean_square=square,
        **_edges(band),
        activation_mean_square=square,
        activation_std=None if square is None else sqrt(square),
        saturated=None,
        gradient_mean_square=first.gradient_square,
    )


def _edges(band: Band | None) -> dict[str, float | None]:
    low, median, high = band or (None, None, None)
    edges = {"low": low, "median": median, "high": high}
    return {name: None if edge is None else _power(edge * LN10) for name, edge in edges.items()}


def _assumes(spec: TrainingSpec, banded: bool) -> list[str]:
    sentences = [
        "Before the first step: the limit of infinite width (Poole et al. 2016; Schoenholz et al. 2017), inputs of "
        "mean square one, independent of each other, and for the gradient weights independent of those the signal came "
        "by and of the targets. Real inputs resemble each other, which changes no mean square but behind batch norm.",
        "The loss: logits that are normal, independent of the target. Its band is the widest there is, as if examples "
        "of one class had the same logits and those of two classes shared nothing.",
    ]
    if banded:
        sentences.append(
            "Bands of the signal: where 95 % of networks lie for one input, to leading order in 1/width (Roberts, "
            "Yaida and Hanin 2022, ch. 4); the mean over many inputs lies closer."
        )
    else:
        sentences.append("No band of the signal: no finite-width formula for these layers is used here.")
    if spec.residual and spec.depth > 2:
        sentences.append("No prediction of the gradient in layer 1, from which the stream begins.")
    return sentences


def _power(natural: float | None) -> float | None:
    """exp, where float64 holds it with all its digits; zero of -∞."""
    if natural == -inf:
        return 0.0
    return exp(natural) if natural is not None and -700 < natural < 700 else None


def _finite(value: float) -> float | None:
    return value if value > -inf else None
