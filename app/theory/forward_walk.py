"""Finite width, forward: how far the signal of a batch strays from the mean field, over networks and inputs.

Given the layer before, the units of a layer are independent, and normal across the batch with the kernel
G_ab = gain·Σ h_a·h_b / n + Var(b) as covariance. Averaging over n units makes the kernel itself random, and each layer
passes its relative error on by the map's slope (Roberts, Yaida and Hanin 2022, "The Principles of Deep Learning
Theory", ch. 4, for one input). Here two inputs a and b are followed, since the mean over a batch needs no more:
everything is relative, and to leading order in 1/width.
"""

from math import exp, expm1, inf, log, log1p
from typing import NamedTuple

import numpy as np

from .hermite import WEIGHTS, Unit, averaged_powers, of_one, powers, scattered, steepness, unit
from .layer import LayerShape
from .meanfield import Nonlinearity
from .moments import Moments


class Kernel(NamedTuple):
    """What a layer's preactivations are drawn from.

    `log_variance`: log q of the mean field. `share`: of the weights in q; the biases have the rest. `shift`: of E[G_aa]
    against q. `own`, `shared`: Var(log G_aa), Cov(log G_aa, log G_bb). `cosine` between two inputs, c; `scatter`:
    Var(c); `tilt`: Cov(c, log G_aa).
    """

    log_variance: float
    share: float
    shift: float
    own: float
    shared: float
    cosine: float
    scatter: float
    tilt: float
    unit: Unit

    @property
    def weighed(self) -> float:
        """The mean cosine when pairs count by G_aa·G_bb, as they do in the mean over a batch."""
        return min(1.0, self.cosine + 2 * self.tilt)

    def spread(self, units: int, batch: int) -> float:
        """The variance of log Σ u² over this layer's units and a batch: normal units add 2·c² / units a pair."""
        aligned = min(1.0, self.weighed**2 + self.scatter)
        return of_mean(self.own + 2 / units, self.shared + 2 * aligned / units, batch)


def of_mean(own: float, shared: float, batch: int) -> float:
    """The variance of the logarithm of a mean, from the variance and covariance of its terms' logarithms.

    As if terms and mean were log-normal (Fenton 1960, "The Sum of Log-Normal Probability Distributions").
    """
    if own > 100:  # where the exponential of it is of no more use
        return inf if batch > 1 else own
    return log1p(expm1(own) / batch + (1 - 1 / batch) * expm1(shared))


def forward(phi: Nonlinearity, layers: list[LayerShape], inputs: Moments) -> list[Kernel]:
    """The kernels, layer by layer, of independent inputs with such entries."""
    first, *others = layers
    kernels = [_first(phi, first, inputs)]
    for layer in others:
        kernels.append(_onward(phi, kernels[-1], layer))
    return kernels


def _first(phi: Nonlinearity, layer: LayerShape, inputs: Moments) -> Kernel:
    """Of inputs with independent entries, symmetric about their mean m: Cov(x_a·x_b, x_a²) = 2·m²·Var(x)."""
    square, mean_square = inputs.mean_square, inputs.mean**2
    log_variance, share = _mixed(layer, log(square))
    cosine = share * mean_square / square + 1 - share
    product, with_square = square**2 - mean_square**2, 2 * mean_square * inputs.variance
    around = product - 2 * cosine * with_square + cosine**2 / 2 * inputs.square_variance
    noise = share**2 / (layer.fan_in * square**2)
    return Kernel(
        log_variance=log_variance,
        share=share,
        shift=0.0,
        own=noise * inputs.square_variance,
        shared=0.0,
        cosine=cosine,
        scatter=noise * around,
        tilt=noise * (with_square - cosine / 2 * inputs.square_variance),
        unit=unit(phi, log_variance),
    )


def _onward(phi: Nonlinearity, before: Kernel, layer: LayerShape) -> Kernel:
    """One layer further.

    With c' the next cosine, its own error is that of φ_a·φ_b - c'·(φ_a² + φ_b²)/2, averaged over units; beside it
    stand the last one's, passed on by the map c -> c', and what the two inputs' sizes do to c'. Where c is near zero
    it is the mean of c² that counts, so expectations over pairs are averaged over c's scatter.
    """
    here, c = before.unit, before.cosine
    log_variance, share = _mixed(layer, here.log_square)
    slope, noise = share * here.growth, share**2 / layer.fan_in
    bend = here.bend + here.growth * (here.growth - 1)  # q²·E[φ²]''/E[φ²]
    fourth = of_one(here.squares)
    around_c = powers(scattered(c, before.scatter))
    product, squares, cube = (around_c @ series for series in (here.product, here.squares, here.cube))
    there = share * product + 1 - share  # the next cosine, at each of them
    cosine = float(there[1])
    around = squares - product**2 - 2 * there * (cube - product) + there**2 / 2 * (fourth + squares - 2)
    along = cube - product - there / 2 * (fourth + squares - 2)
    turn, stretch = share * steepness(here.product, c), share * float(around_c[1] @ here.stretch) - cosine * slope / 2
    moved = stretch * (before.own + before.shared)
    spread = float(WEIGHTS @ (there - cosine) ** 2 + noise * (WEIGHTS @ np.maximum(around, 0.0)))
    shared = float(averaged_powers(before.weighed, before.scatter) @ here.squares) - 1
    scatter = spread + 2 * stretch * (2 * turn * before.tilt + moved)
    return Kernel(
        log_variance=log_variance,
        share=share,
        shift=slope * before.shift + share * bend * before.own / 2,
        own=slope**2 * before.own + noise * (fourth - 1),
        shared=slope**2 * before.shared + noise * shared,
        cosine=cosine,
        scatter=min(max(scatter, 0.0), 1.0),
        tilt=slope * (turn * before.tilt + moved) + noise * float(WEIGHTS @ along),
        unit=unit(phi, log_variance),
    )


def _mixed(layer: LayerShape, log_square: float) -> tuple[float, float]:
    """log of a layer's variance, given that of its inputs' mean square, and the weights' share in it."""
    weights = layer.log_gain + log_square
    total = float(np.logaddexp(weights, layer.log_bias))
    return total, exp(weights - total) if total > -inf else 0.0
