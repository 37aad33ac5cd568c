"""Many layers at infinite width: mean square, mean and cosine of independent inputs forward, a unit gradient back.

Sizes are carried as logarithms, everything else free of scale: no depth is too deep.
"""

from collections.abc import Callable
from math import copysign, exp, inf, isclose, log, sqrt
from typing import NamedTuple

import numpy as np

from . import batch_norm
from .gradients import Gradient, Stream, through_stream
from .layer import LayerShape, safe_log
from .meanfield import Nonlinearity, pair_ratio, ratios, shifted
from .saturation import saturation

SETTLED = 1e-13


class Norm(NamedTuple):
    """A normalization: whether it removes the mean over units, whether it works across the batch, its eps."""

    centres: bool
    over_batch: bool
    eps: float


class Signal(NamedTuple):
    """What a layer hands on: log E[h²], E[h]/√E[h²], and the cosine between two inputs' h."""

    log_square: float
    mean: float
    cosine: float


class LayerField(NamedTuple):
    """Predicted of one layer; natural logarithms, -∞ of what is zero; None where there is no formula."""

    log_preactivation: float | None
    log_activation: float | None
    cosine: float | None
    log_gradient: float | None
    saturated: float | None


class Passed(NamedTuple):
    """What a layer leaves: log of the preactivations' mean square, the signal, saturation, and the way back."""

    log_q: float
    signal: Signal
    saturated: float | None
    back: Callable[[Gradient], Gradient]


def propagate(
    phi: Nonlinearity,
    layers: list[LayerShape],
    square: float,
    mean: float,
    norm: Norm | None,
    branch: float | None,
    batch: int = 2,
    sizes_alone: bool = False,
) -> list[LayerField]:
    """Carry inputs of this mean square and mean through the layers, and a gradient of mean square one back.

    Residual: h + branch·φ(u), the branch's weights independent of h (Yang and Schoenholz 2017, "Mean Field
    Residual Networks", eq. 2). Gradients assume, as usual, that the weights they go back through are independent
    of those the signal came by (Schoenholz et al. 2017, eq. 6), but in a stream without a norm, where a part of
    order 1/width outgrows the rest (`gradients`). Normalizations enter by the mean squares they divide by; `batch`
    is the number of inputs that one across the batch sees. `sizes_alone` leaves out cosines and saturation, which
    take most of the time, where no size depends on them.
    """
    signal = Signal(safe_log(square), mean / sqrt(square) if square else 0.0, mean**2 / square if square else 1.0)
    passed: list[Passed] = []
    before: tuple[LayerShape, Signal] | None = None
    for layer in layers:
        if before and layer == before[0] and _settled(signal, before[1]):
            passed.append(passed[-1])
            continue
        before = layer, signal
        if branch is not None:
            passed.append(_stream(phi, layer, signal, norm, branch, batch, sizes_alone))
        elif norm and norm.over_batch:
            passed.append(_batch_normalized(phi, layer, signal, norm.eps, batch))
        else:
            passed.append(_plain(phi, layer, signal, norm, sizes_alone))
        signal = passed[-1].signal
    gradient = Gradient()
    fields: list[LayerField] = []
    for at in reversed(passed):
        cosine = at.signal.cosine if at.signal.log_square > -inf else None
        log_gradient = gradient.log_mean_square(at.signal.mean)
        fields.append(LayerField(at.log_q, at.signal.log_square, cosine, log_gradient, at.saturated))
        gradient = at.back(gradient)
    return fields[::-1]


def _settled(signal: Signal, before: Signal) -> bool:
    """Whether a layer sends on what arrived there, to rounding: at a fixed point a thousand layers are one."""
    return all(isclose(now, then, rel_tol=SETTLED, abs_tol=SETTLED) for now, then in zip(signal, before, strict=True))


def _preactivation(layer: LayerShape, log_square: float, cosine: float) -> tuple[float, float, float]:
    """log q, the correlation of two inputs, and the share of q that comes through the weights."""
    through_weights = layer.log_gain + log_square
    log_q = float(np.logaddexp(through_weights, layer.log_bias))
    share = exp(through_weights - log_q) if log_q > -inf else 0.0
    return log_q, share * cosine + 1 - share, share


def _divided(log_square: float, eps: float) -> tuple[float, float]:
    """log of a mean square divided by itself plus eps, and of the divisor."""
    divisor = float(np.logaddexp(log_square, safe_log(eps)))
    return log_square - divisor, divisor


def _plain(phi: Nonlinearity, layer: LayerShape, signal: Signal, norm: Norm | None, sizes_alone: bool) -> Passed:
    log_q, correlation, _ = _preactivation(layer, signal.log_square, signal.cosine)
    divisor = 0.0
    if norm:  # the mean over units is zero already
        log_q, divisor = _divided(log_q, norm.eps)
    at = ratios(phi, log_q)
    factor = layer.log_gain_back + at.log_slope_square - divisor
    pair = 0.0 if sizes_alone else pair_ratio(phi, log_q, correlation)
    saturated = None if sizes_alone else saturation(phi, _float(log_q))
    return Passed(log_q, Signal(at.log_square, at.mean, pair), saturated, lambda gradient: gradient.times(factor))


def _batch_normalized(phi: Nonlinearity, layer: LayerShape, signal: Signal, eps: float, batch: int) -> Passed:
    # A bias is the same for all inputs: the norm takes it away.
    log_variance = layer.log_gain + signal.log_square + safe_log(1 - signal.cosine)
    at = batch_norm.field(phi, log_variance, eps, batch)
    out = Signal(at.log_square, at.mean, at.cosine)
    return Passed(at.log_variance, out, at.saturated, lambda gradient: at.back(gradient).times(layer.log_gain_back))


def _stream(
    phi: Nonlinearity,
    layer: LayerShape,
    signal: Signal,
    norm: Norm | None,
    branch: float,
    batch: int,
    sizes_alone: bool,
) -> Passed:
    inner = signal
    divisor = 0.0
    if norm and norm.over_batch:
        spread = batch_norm.spread(signal.log_square + safe_log(1 - signal.cosine), norm.eps, batch)
        inner = Signal(spread.log_variance, 0.0, -1 / (batch - 1))
    elif norm:
        kept = max(0.0, 1 - signal.mean**2) if norm.centres else 1.0
        log_square, divisor = _divided(signal.log_square + safe_log(kept), norm.eps)
        inner = Signal(log_square, 0.0, 1 - (1 - signal.cosine) / kept if kept else 1.0)
    log_q, correlation, share = _preactivation(layer, inner.log_square, inner.cosine)
    at = ratios(phi, log_q)
    log_branch = at.log_square + 2 * safe_log(branch)
    old, new, log_square = _sum(signal.log_square, log_branch, signal.mean * at.mean)
    common = 2 * old * new * signal.mean * at.mean
    of_sizes = sizes_alone and not (norm and norm.over_batch)
    pair = 0.0 if of_sizes else pair_ratio(phi, log_q, correlation)
    cosine = old**2 * signal.cosine + new**2 * pair + common
    out = Signal(log_square, old * signal.mean + new * at.mean, max(-1.0, min(1.0, cosine)))  # but for rounding
    strength = layer.log_gain_back + 2 * safe_log(branch)
    if norm is None:
        stream = Stream(old, new, signal.mean, at.mean, share, exp(strength), layer.fan_in)
        return Passed(log_q, out, None, lambda gradient: through_stream(phi, log_q, stream, gradient))
    if norm.over_batch:
        back = batch_norm.back_through_branch(phi, log_q, correlation, spread, strength, batch)
        return Passed(log_q, out, None, back)
    factor = float(np.logaddexp(0.0, strength + at.log_slope_square - divisor))
    return Passed(log_q, out, None, lambda gradient: gradient.times(factor))


def _sum(log_old: float, log_new: float, product: float) -> tuple[float, float, float]:
    """Root mean squares of two parts of a stream over that of their sum, and log of its mean square.

    `product` is of their means, each over its root mean square: they share nothing else.
    """
    top = max(log_old, log_new)
    if top == -inf:
        return 1.0, 0.0, -inf
    old, new = exp((log_old - top) / 2), exp((log_new - top) / 2)
    total = old**2 + new**2 + 2 * old * new * product
    return old / sqrt(total), new / sqrt(total), top + log(total)


def with_weight_mean(
    phi: Nonlinearity, layer: LayerShape, square: float, mean: float, weight_mean: float, branch: float | None
) -> LayerField:
    """The first layer where every weight is k·(w + weight_mean), w of mean zero and k their standard deviation.

    All units of an input then share k·weight_mean·Σxᵢ, which is normal over inputs, of mean k·weight_mean·fan_in·E[x]
    and variance k²·weight_mean²·fan_in·Var(x) (the matmul's mean). `log_preactivation` is of the variance.
    """
    common = square + weight_mean**2 * (square - mean**2)
    log_q = float(np.logaddexp(layer.log_gain + log(common), layer.log_bias))
    log_mean = (layer.log_gain + log(layer.fan_in)) / 2 + safe_log(abs(weight_mean * mean))
    shift = copysign(exp(log_mean - log_q / 2), weight_mean * mean) if log_q > -inf else 0.0
    log_square, average = shifted(phi, log_q, shift)
    if branch is None:
        q = _float(log_q)
        return LayerField(log_q, log_square, None, None, saturation(phi, q, shift * sqrt(q)))
    *_, log_stream = _sum(log(square), log_square + 2 * safe_log(branch), average * mean / sqrt(square))
    return LayerField(log_q, log_stream, None, None, None)


def _float(log_q: float) -> float:
    return exp(min(max(log_q, -700.0), 700.0)) if log_q > -inf else 0.0
