"""Finite width: between which bounds signal and gradient of a batch lie, over networks and inputs, layer by layer.

What is bounded is what is measured: log₁₀ of the mean square over all units of a layer and all inputs of the batch, the
inputs' own randomness included. One input's is the batch of one. Where the formulas do not reach there is no band, and
a sentence says why.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import expm1, inf, log
from typing import NamedTuple

from .chi_square import Cumulants, log_chi_square, log_gamma, log_products, log_relu_factor, quantile
from .forward_walk import Kernel, forward, of_mean
from .gradient_walk import GradientKernel, backward
from .layer import LayerShape
from .limits import Limit, curved, gradient_limits, signal_limits
from .meanfield import Nonlinearity
from .moments import Moments
from .normed_gradient import log_mean_excess

LN10 = log(10)
NORMAL_975 = 1.959963984540054
EXACT = ("linear", "relu")


class Band(NamedTuple):
    """log₁₀ of the 2.5 %, 50 % and 97.5 % quantiles."""

    low: float
    median: float
    high: float


class Bands(NamedTuple):
    """One band a layer, None where there is none; `reasons` says in which layers, and why."""

    bands: list[Band | None]
    reasons: list[str]


def signal_bands(phi: Nonlinearity, layers: list[LayerShape], inputs: Moments, batch: int) -> Bands:
    """Of the mean square of the preactivations, over a batch of independent inputs with such entries.

    Exact, but for the inputs where they are not normal, for one input of a linear or ReLU stack without biases; else to
    leading order in 1/width.
    """
    if _zero(layers[0]):
        return Bands([None] * len(layers), ["No band: every preactivation is zero."])
    alive = layers[: next((index for index, layer in enumerate(layers) if _zero(layer)), len(layers))]
    kernels, curves = _way(phi, tuple(alive), inputs)
    exact = batch == 1 and phi.name in EXACT and all(layer.log_bias == -inf for layer in alive)
    found = signal_limits(phi, alive, kernels, curves, batch, exact)
    walk: Callable[[int], Cumulants]
    if exact:
        start = log_gamma(inputs.square_variance / (inputs.mean_square**2 * alive[0].fan_in))
        walk = log_products(phi.name, alive, start).__getitem__
    else:
        walk = _walk(alive, kernels, batch)
    sizes = [kernel.log_variance for kernel in kernels]
    return _bands(walk, sizes, found, "No band", len(layers))


def gradient_bands(phi: Nonlinearity, layers: list[LayerShape], inputs: Moments, batch: int) -> Bands:
    """Of the mean square of the gradient at the activations, over a batch; at the last they are standard normal.

    Exact for one input of a linear or ReLU stack: the signs of a ReLU's rows are independent of their sizes, so that
    the way back is another product of chi-squares (Hanin and Nica 2019, prop. 2). Else to leading order in 1/width.
    """
    if any(layer.log_gain == -inf for layer in layers):
        return Bands([None] * len(layers), ["No band of the gradient: some layer's weights are all zero."])
    kernels, curves = _way(phi, tuple(layers), inputs)
    back = backward(layers, kernels)
    exact = batch == 1 and phi.name in EXACT
    found = gradient_limits(phi, layers, kernels, curves, back, exact)
    walk: Callable[[int], Cumulants]
    if exact:
        last = layers[-1].fan_out
        way = [layer._replace(fan_out=layer.fan_in) for layer in reversed(layers[1:])]
        start = log_chi_square(last) if phi.name == "linear" else log_relu_factor(last)
        walk = [*reversed(log_products(phi.name, way, start)), log_chi_square(last)].__getitem__
    else:
        walk = _walk(layers, back, batch)
    sizes = [kernel.log_variance for kernel in back]
    return _bands(walk, sizes, found, "No band of the gradient", len(layers))


def normed_gradient_reason(phi: Nonlinearity, layers: list[LayerShape], centres: bool) -> str:
    """Why there is no band with a layer or RMS norm before φ, and how far finite width lets the gradient stray."""
    above = expm1(log_mean_excess(phi, layers, centres)[0])
    depth_over_width = sum(1 / layer.fan_out for layer in layers[1:])
    return (
        "No band of the gradient: none is known here with a norm. Over networks its mean square is "
        f"{100 * abs(above):.0f} % {'above' if above > 0 else 'below'} the limit of infinite width at layer 1, to "
        f"first order in the depth over width that it comes back through, {depth_over_width:.2f}."
    )


@lru_cache(maxsize=4)
def _way(phi: Nonlinearity, layers: tuple[LayerShape, ...], inputs: Moments) -> tuple[list[Kernel], list[float]]:
    """The signal's kernels, and how far each is from where the map's slope would put it: the same for every batch."""
    kernels = forward(phi, list(layers), inputs)
    return kernels, curved(phi, kernels)


def _zero(layer: LayerShape) -> bool:
    return layer.log_gain == layer.log_bias == -inf


def _walk(
    layers: list[LayerShape], kernels: Sequence[Kernel | GradientKernel], batch: int
) -> Callable[[int], Cumulants]:
    """What a layer's logarithm is like, asked only where a band is drawn: elsewhere it may have no variance."""
    return lambda at: _log_mean(kernels[at], layers[at].fan_out, batch)


def _log_mean(kernel: Kernel | GradientKernel, units: int, batch: int) -> Cumulants:
    """Of a batch's mean square over its mean field: a log-normal kernel, and an average over units, as of a gamma."""
    before, whole = of_mean(kernel.own, kernel.shared, batch), kernel.spread(units, batch)
    normal = Cumulants(kernel.shift - before / 2, before, 0.0, 0.0)
    return normal.plus(log_gamma(max(0.0, whole - before)))


def _band(log_of: Cumulants, log_size: float) -> Band:
    """The quantiles of size·exp(X), X with these cumulants, as powers of ten."""
    low, median, high = (float(log_size + quantile(log_of, z)) / LN10 for z in (-NORMAL_975, 0.0, NORMAL_975))
    return Band(low, median, high)


def _bands(walk: Callable[[int], Cumulants], sizes: list[float], found: list[Limit], prefix: str, depth: int) -> Bands:
    """The bands within all limits; of each limit that some layer passes, one sentence with its worst number there."""
    bands: list[Band | None] = []
    passed: dict[int, list[int]] = {}
    for at, size in enumerate(sizes):
        why = next((index for index, limit in enumerate(found) if limit.values[at] > limit.most), None)
        if why is None:
            bands.append(_band(walk(at), size))
        else:
            bands.append(None)
            passed.setdefault(why, []).append(at)
    reasons = [
        f"{prefix} {_layers(where)}: {found[why].says(max(found[why].values[at] for at in where))}"
        for why, where in passed.items()
    ]
    if len(bands) < depth:
        reasons.append(f"{prefix} from layer {len(bands) + 1} on: every preactivation is zero.")
    return Bands(bands + [None] * (depth - len(bands)), reasons)


def _layers(indices: list[int]) -> str:
    """As people name them: layers 3 to 7, or layers 1, 4 and 5."""
    numbers = [index + 1 for index in indices]
    first, last = numbers[0], numbers[-1]
    if first == last:
        return f"in layer {first}"
    if len(numbers) == last - first + 1:
        return f"in layers {first} to {last}"
    return f"in layers {', '.join(map(str, numbers[:-1]))} and {last}"
