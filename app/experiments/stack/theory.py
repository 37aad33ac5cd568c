"""What theory says of a stack's spec: which formulas apply, and in words why one does not."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import hypot, inf, log, sqrt

from ...lab.activations import nonlinearity
from ...lab.draws import DISTRIBUTIONS
from ...lab.initializers import INITIALIZERS, Initializer
from ...lab.norms import EPS, NORMS
from ...theory.finite_width import Band as Edges
from ...theory.layer import LayerShape
from ...theory.meanfield import Nonlinearity
from ...theory.propagation import LayerField, Norm, propagate, with_weight_mean
from .bands import bands_of
from .result import Band, StackPredicted
from .spec import StackSpec

UNUSED = {"seed": 0, "repeats": 1, "bins": 80, "backward": True, "jacobian": False}  # by any prediction


@dataclass(frozen=True)
class Prediction:
    """One entry a layer, and what to know about them."""

    layers: list[StackPredicted]
    sentences: list[str]


def predict(spec: StackSpec, initializer: Initializer) -> Prediction:
    """Everything that follows from the spec alone, for one init; kept, as it is the same for every seed."""
    return _predict(without_chance(spec), initializer.name)


def without_chance(spec: StackSpec) -> StackSpec:
    """The same for every spec of which theory says the same."""
    return spec.model_copy(update=UNUSED)


def sizes_of(spec: StackSpec, initializer: Initializer) -> list[LayerField]:
    """What is predicted of every layer's sizes at infinite width, for one init; cosines are left out."""
    return _fields(spec, nonlinearity(spec.activation), _shapes(spec, initializer), sizes_alone=True)


@lru_cache(maxsize=32)  # of a thousand layers each, a hundred megabytes
def _predict(spec: StackSpec, init: str) -> Prediction:
    initializer = INITIALIZERS[init]
    phi, layers = nonlinearity(spec.activation), _shapes(spec, initializer)
    fields, bands = _fields(spec, phi, layers), bands_of(spec, initializer, phi, layers)
    predicted = [_predicted(*at) for at in zip(fields, bands.batch, bands.one_input, bands.gradient, strict=True)]
    return Prediction(predicted, [_assumes(spec), *bands.sentences, *_notes(spec)])


def _fields(
    spec: StackSpec, phi: Nonlinearity, layers: list[LayerShape], sizes_alone: bool = False
) -> list[LayerField]:
    """What is predicted at infinite width, as far into the stack as there is a formula."""
    entry = DISTRIBUTIONS[spec.input].moments
    norm = None
    if spec.norm != "none":
        norm = Norm(NORMS[spec.norm].centres and spec.norm == "layer", spec.norm == "batch", EPS)
    held = layers[: _predictable(spec)]
    if _mean_counts(spec):
        mean_square, mean = entry.mean_square, entry.mean
        fields = [with_weight_mean(phi, at, mean_square, mean, spec.weight_mean, spec.branch_scale) for at in held]
    else:
        fields = propagate(phi, held, entry.mean_square, entry.mean, norm, spec.branch_scale, spec.batch, sizes_alone)
    if len(held) < len(layers):
        fields = [at._replace(log_gradient=None) for at in fields]
    elif _mean_counts(spec):
        fields = [at._replace(log_gradient=0.0) for at in fields]
    return fields + [LayerField(None, None, None, None, None)] * (len(layers) - len(held))


def _mean_counts(spec: StackSpec) -> bool:
    """Layer norm takes what a mean of the weights adds away, in either direction."""
    return spec.weight_mean != 0 and spec.norm != "layer"


def _predictable(spec: StackSpec) -> int:
    """Layers for which there is a formula."""
    if _mean_counts(spec):
        return 1 if spec.norm == "none" else 0
    return 1 if spec.tied and spec.residual else spec.depth


def _assumes(spec: StackSpec) -> str:
    """Of the variance, the cosine and the gradient."""
    apart = (
        "and the gradient's part along the activations, which in a stream may outgrow the rest, to first order in "
        "1/width"
        if spec.residual and spec.norm == "none"
        else "and for the gradient weights independent of those the signal came by"
    )
    return (
        "Variance, cosine and gradient: the limit of infinite width (Poole et al. 2016; Schoenholz et al. 2017), "
        f"inputs independent of each other, {apart}."
    )


def _shapes(spec: StackSpec, initializer: Initializer) -> list[LayerShape]:
    widths = spec.layer_widths
    return [
        LayerShape.of(
            fan_in,
            fan_out,
            initializer.scale(fan_in, fan_out, spec.gain, spec.fan_mode),
            hypot(spec.bias_std, initializer.bias_bound(fan_in) / sqrt(3) if initializer.bias_bound else 0.0),
        )
        for fan_in, fan_out in pairwise(widths)
    ]


def _notes(spec: StackSpec) -> list[str]:
    notes = []
    if _mean_counts(spec):
        norm = f", and {NORMS[spec.norm].label} does not undo that" if spec.norm != "none" else ""
        beyond = " beyond layer 1" if spec.norm == "none" else ""
        notes.append(
            f"No prediction{beyond}: the formulas assume weights of mean zero. A mean makes all units of a layer move "
            f"together{norm}."
        )
    elif spec.weight_mean:
        notes.append("The mean of the weights does not matter: layer norm takes away what it adds to every unit.")
    elif spec.tied and spec.residual and spec.depth > 1:
        notes.append(
            "No prediction beyond layer 1: with one matrix reused a branch is not independent of the stream it is "
            "added to."
        )
    if spec.tied and spec.depth > 1 and _predictable(spec) == spec.depth:
        notes.append(
            "One matrix reused: at infinite width the mean squares are those of fresh weights, forward and backward "
            '(Yang 2019, "Scaling Limits of Wide Neural Networks with Weight Sharing").'
        )
    if spec.norm == "batch" and _predictable(spec):
        notes.append(
            f"Batch norm over {spec.batch} inputs: the values of a unit point in a random direction (Yang et al. 2019, "
            '"A Mean Field Theory of Batch Normalization", here for a batch of this size).'
        )
        if spec.batch < 6:
            notes.append("With so few inputs the gradient's mean is carried by the few units of least variance.")
    return notes


def _predicted(at: LayerField, batch: Edges | None, one_input: Edges | None, gradient: Edges | None) -> StackPredicted:
    low, median, high = batch or (None, None, None)
    sizes = {
        "preactivation_variance": _log10(at.log_preactivation),
        "activation_mean_square": _log10(at.log_activation),
        "gradient_mean_square": _log10(at.log_gradient),
        "low": low,
        "median": median,
        "high": high,
    }
    return StackPredicted(
        **_written(sizes),
        cosine=at.cosine,
        saturated=at.saturated,
        one_input=Band(**_written(one_input._asdict())) if one_input else None,
        gradient_band=Band(**_written(gradient._asdict())) if gradient else None,
    )


def _written(sizes: dict[str, float | None]) -> dict[str, float | None]:
    """Each log₁₀ as a value and as itself."""
    values = {name: power_of_ten(size) for name, size in sizes.items()}
    return values | {f"log10_{name}": size if size != -inf else None for name, size in sizes.items()}


def _log10(natural: float | None) -> float | None:
    return None if natural is None else natural / log(10)


def power_of_ten(log10: float | None) -> float | None:
    """10^log10: zero where it is zero, null where float64 holds no such number."""
    if log10 == -inf:
        return 0.0
    return 10.0**log10 if log10 is not None and -307 < log10 < 308 else None
