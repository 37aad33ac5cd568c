"""Where the formulas of finite width end: what they leave out, against the width of the band itself.

Each measure follows one neglected effect from layer to layer, as the walks follow the leading ones, and gives one
number a layer. The limit beside it is where bands began to hold fewer than nine in ten of simulated networks: fourteen
activations at up to four gains each, widths 16 to 512, depths to 30.
"""

from collections.abc import Callable, Iterator
from itertools import accumulate, pairwise
from math import inf, sqrt
from operator import mul
from typing import NamedTuple

from .forward_walk import Kernel
from .gradient_walk import GradientKernel
from .layer import LayerShape
from .meanfield import Nonlinearity, ratios

DEAD = 0.025  # beyond it the 2.5 % point is zero
SKEWED = 0.75  # a chi-square of 4 degrees lies within, one of 3 beyond
DRIFTED = 0.15
DEEP = 1.0
SCATTERED = 0.3  # of at most 1/3, a uniform cosine's
CURVED = 0.4
AMPLIFIED = 1.0
ALIGNED = 0.1


class Limit(NamedTuple):
    """A number a layer, the most it may be, and a sentence that says of such a number why there is no band."""

    values: list[float]
    most: float
    says: Callable[[float], str]


def signal_limits(
    phi: Nonlinearity,
    layers: list[LayerShape],
    kernels: list[Kernel],
    curves: list[float],
    batch: int,
    exact: bool,
) -> list[Limit]:
    """Those of a batch's mean square. Products of chi-squares are only limited by dead networks and few units."""
    widths = [layer.fan_out for layer in layers]
    slopes = [0.0, *(slope for _, _, slope in _steps(kernels))]
    noises = [kernels[0].own, *(kernel.own - slope**2 * before.own for before, kernel, slope in _steps(kernels))]
    spreads = [kernel.own + 2 / n for kernel, n in zip(kernels, widths, strict=True)]
    found = [*_dead(phi, [0.0, *_dying(widths)[:-1]]), _skewed(noises, slopes, spreads)]
    if exact:
        return found
    found += [
        Limit(amplified(kernels), AMPLIFIED, _SAYS["amplified"]),
        Limit(curves, CURVED, _SAYS["curved"]),
        _drifted(noises, slopes, spreads),
        _deep([0.0, *(1 / layer.fan_in for layer in layers[1:])], slopes),
    ]
    if batch > 1:
        found.append(Limit([kernel.scatter for kernel in kernels], SCATTERED, _SAYS["scattered"]))
    return found


def gradient_limits(
    phi: Nonlinearity,
    layers: list[LayerShape],
    kernels: list[Kernel],
    curves: list[float],
    back: list[GradientKernel],
    exact: bool,
) -> list[Limit]:
    """Those of a gradient's mean square: of the way back itself, and of the signal in all layers after."""
    widths = [layer.fan_out for layer in reversed(layers)]
    noises = [kernel.noise for kernel in reversed(back)]
    spreads = [kernel.own + 2 / n for kernel, n in zip(reversed(back), widths, strict=True)]
    passing = [1.0] * len(layers)
    dying = _dying(widths)
    if all(layer.log_bias == -inf for layer in layers):  # a signal that dies anywhere leaves the last layer none
        dying = [dying[-1]] * len(layers)
    found = [*_dead(phi, [0.0, *dying[:-1]]), _skewed(noises, passing, spreads)]
    if not exact:
        found += [
            Limit(_worst(amplified(kernels)), AMPLIFIED, _SAYS["amplified"]),
            Limit(_worst(curves), CURVED, _SAYS["curved"]),
            _aligned(back, widths),
            _drifted(noises, passing, spreads),
            _deep([0.0, *(1 / n for n in widths[:-1])], passing),
        ]
    return [limit._replace(values=limit.values[::-1]) for limit in found]


def curved(phi: Nonlinearity, kernels: list[Kernel]) -> list[float]:
    """How far the edges of one input's band lie from where the map's slope alone would put them, in half-widths.

    Both edges, two standard deviations from the middle, are sent through the map itself and widened by each layer's
    noise. A homogeneous φ without biases has no curve.
    """
    reach = 2 * sqrt(kernels[0].own)
    edges, found = [-reach, reach], [0.0]
    for before, kernel, slope in _steps(kernels):
        middle = before.log_variance + before.shift - before.own / 2
        centre, *ends = (ratios(phi, middle + by).log_square for by in (0.0, *edges))
        noise = kernel.own - slope**2 * before.own
        low, high = (sqrt((kernel.share * (end - centre)) ** 2 + 4 * noise) for end in ends)
        edges, reach = [-low, high], 2 * sqrt(kernel.own)
        found.append(max(abs(low / reach - 1), abs(high / reach - 1)) if reach > 0 else 0.0)
    return found


def amplified(kernels: list[Kernel]) -> list[float]:
    """What an unstable map has added to the deviations made on the way, times the logarithm's standard deviation."""
    most, found = 1.0, [0.0]
    for _, kernel, slope in _steps(kernels):
        most = max(1.0, most * slope)
        found.append((most - 1) * sqrt(kernel.own))
    return found


def _dead(phi: Nonlinearity, shares: list[float]) -> list[Limit]:
    return [Limit(shares, DEAD, _SAYS["dead"])] if phi.name == "relu" else []


def _dying(widths: list[int]) -> list[float]:
    """The share of ReLU networks in which all units of one of the layers so far are zero for an input."""
    return [1 - living for living in accumulate((1 - 0.5**width for width in widths), mul)]


def _skewed(noises: list[float], slopes: list[float], spreads: list[float]) -> Limit:
    """The skewness of the kernel's logarithm: an average of relative variance v has a third cumulant of about v²."""
    third = _followed([noise**2 for noise in noises], [abs(slope) ** 3 for slope in slopes])
    return Limit([t / spread**1.5 for t, spread in zip(third, spreads, strict=True)], SKEWED, _SAYS["skewed"])


def _drifted(noises: list[float], slopes: list[float], spreads: list[float]) -> Limit:
    """By how many standard deviations the median is misjudged: v²/4 a layer.

    E[log(1 + x)] = -v/2 + E[x³]/3 - E[x⁴]/4 ...; for the mean of n squares of ReLU, v = 5/n, the terms after the first
    are -0.16·v² at large n, and more from there.
    """
    drift = _followed([noise**2 / 4 for noise in noises], [abs(slope) for slope in slopes])
    return Limit([by / sqrt(spread) for by, spread in zip(drift, spreads, strict=True)], DRIFTED, _SAYS["drifted"])


def _deep(steps: list[float], slopes: list[float]) -> Limit:
    """Depth over width, Σ 1/n, of the layers that the map still remembers."""
    return Limit(_followed(steps, [slope**2 for slope in slopes]), DEEP, _SAYS["deep"])


def _aligned(back: list[GradientKernel], widths: list[int]) -> Limit:
    """What the part of a gradient along its activations has added to it, one direction of n in each layer."""
    added = (max(0.0, kernel.excess) / n for kernel, n in zip(reversed(back), widths, strict=True))
    return Limit(list(accumulate(added)), ALIGNED, _SAYS["aligned"])


def _followed(steps: list[float], passed_on: list[float]) -> list[float]:
    """Sums in which each layer adds its own to what is passed on of the last."""
    total, found = 0.0, []
    for step, factor in zip(steps, passed_on, strict=True):
        total = factor * total + step
        found.append(total)
    return found


def _worst(values: list[float]) -> list[float]:
    """The largest from the last layer back."""
    return list(accumulate(reversed(values), max))


def _steps(kernels: list[Kernel]) -> Iterator[tuple[Kernel, Kernel, float]]:
    """Each layer but the first with the one before, and the slope by which relative errors pass from there."""
    for before, kernel in pairwise(kernels):
        yield before, kernel, kernel.share * before.unit.growth


_SAYS: dict[str, Callable[[float], str]] = {
    "dead": lambda value: (
        f"in {100 * value:.1f} % of the networks all units of some layer are zero for an input, and beyond "
        f"{100 * DEAD:.1f} % the 2.5 % point is zero itself."
    ),
    "skewed": lambda value: (
        "an average over so few units or entries has a logarithm far from normal: its skewness would be "
        f"{value:.2f}, and bands are drawn up to {SKEWED}."
    ),
    "drifted": lambda value: (
        "with so few units the order after 1/width moves the median by about "
        f"{value:.2f} standard deviations, and bands are drawn up to {DRIFTED}."
    ),
    "deep": lambda value: (
        f"depth over width, of the layers whose chance is still felt, is {value:.2f}, and leading order in 1/width "
        f"holds up to {DEEP}."
    ),
    "scattered": lambda value: (
        f"the cosine between two inputs has a standard deviation of {sqrt(value):.2f} over networks, and the band of a "
        f"batch is drawn up to {sqrt(SCATTERED):.2f}."
    ),
    "curved": lambda value: (
        "networks lie so far apart that the map of the variance acts differently on them: its curve moves an edge of "
        f"one input's band by {100 * value:.0f} % of the half-width, and bands are drawn up to {100 * CURVED:.0f} %."
    ),
    "amplified": lambda value: (
        "the map of the variance is unstable on the way: what it adds to early deviations, times the standard "
        f"deviation of the logarithm, is {value:.1f}, and bands are drawn up to {AMPLIFIED:.1f}."
    ),
    "aligned": lambda value: (
        f"the part of the gradient along its own activations has grown by {value:.2f} of the whole, and bands are "
        f"drawn up to {ALIGNED}."
    ),
}
