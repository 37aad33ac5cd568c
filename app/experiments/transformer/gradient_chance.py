"""How far chance lets a gradient's mean square stray: leading order in 1/width.

Over fresh weights, tokens and gradients.
Every matrix on its way back adds to it, and so do the tokens it passes: where they have strayed, norms divide by
something else and scores fall elsewhere. What chance adds to them in one block is in all blocks after it, which the
gradient has passed before: its derivative by the stream's means is carried back with it.
"""

from math import sqrt
from typing import NamedTuple

import numpy as np

from ...theory.quadrature import Array
from .chance import Half, Walk, of_scores, over_units
from .gram import Means, Rows
from .places import Places
from .recursion import Attended, BlockShape, Passed, Processed, Tokens
from .way_back import Gradient, Returned

TIE = 6 / 35  # ∫sech⁸/16 over ∫sech⁴/4


class OfBranch(NamedTuple):
    """Of the gradient that a branch returns: the derivative of its logarithm by the means of what enters the branch,
    shape (means,), and a relative variance of its own."""

    slope: Array
    variance: float


class Way(NamedTuple):
    """Relative variance of the gradient by all that it has passed, and the derivative of its logarithm by the means of
    the stream that it is at, shape (means,)."""

    variance: float
    slope: Array

    def std(self, covariance: Array) -> float:
        """Of the logarithm of the mean square, where the stream's means have this covariance."""
        return sqrt(max(0.0, self.variance + float(self.slope @ covariance @ self.slope)))


def gradient_strays(
    rows: Rows,
    shape: BlockShape,
    streams: list[Tokens],
    passed: list[Passed],
    returned: list[Returned | None],
    forward: Walk,
) -> list[float]:
    """Standard deviations of the logarithm at the stream before the first block and after each; zero where theory says
    nothing of the gradient. `returned` is what comes back through each block."""
    places, way = shape.places, Way(2 / (rows.all * shape.width), np.zeros(3))
    found = [way.std(forward.covariances[-1])]
    every = list(zip(streams[:-1], passed, returned, forward.halves, forward.covariances[:-1], strict=True))
    for x, block, back, (attention, mlp), covariance in reversed(every):
        if back is None:
            break
        share = places.mean(back.by_mlp.square) / places.mean(back.middle.square)
        of_mlp = _of_mlp(rows, shape, block.mlp)
        way = _through(way, rows, shape, mlp, block.attention.out, block.mlp.total, share, back.middle, of_mlp)
        share = places.mean(back.by_attention.square) / places.mean(back.out.square)
        of_attention = _of_attention(rows, shape, block.attention, _cosine(places, back.middle))
        way = _through(way, rows, shape, attention, x, block.attention.total, share, back.out, of_attention)
        found.append(way.std(covariance))
    return [0.0] * (len(streams) - len(found)) + found[::-1]


def _through(
    way: Way,
    rows: Rows,
    shape: BlockShape,
    half: Half,
    before: Tokens,
    total: Tokens,
    share: float,
    gradient: Gradient,
    branch: OfBranch,
) -> Way:
    """Back through a half, of whose gradient the branch makes this share."""
    places = shape.places
    at_total = half.norm.T @ way.slope
    if shape.place == "post":
        at_total[0] -= 1 / (places.mean(total.square) + shape.eps)
    of_entry = half.entry.T @ branch.slope
    if shape.place == "pre":
        of_entry[0] -= 1 / (places.mean(before.square) + shape.eps)
    alike = rows.over_pairs(1.0, _cosine(places, gradient) ** 2, 0.0) + 1 / shape.width
    by_matrices = 4 * share * alike / shape.width  # two of them, and their product with what passes them by
    variance = way.variance + float(at_total @ half.noise @ at_total) + by_matrices + share**2 * branch.variance
    return Way(variance, half.total.T @ at_total + share * of_entry)


def _of_mlp(rows: Rows, shape: BlockShape, passed: Processed) -> OfBranch:
    entered, of_phi = Means.of(shape.places, passed.entered), passed.units[-1]
    slope = np.array([of_phi.slope_growth / entered.square if entered.square else 0.0, 0.0, 0.0])
    return OfBranch(slope, over_units(rows, shape, of_phi.slope_squares, entered))


def _of_attention(rows: Rows, shape: BlockShape, passed: Attended, alike: float) -> OfBranch:
    """By the variance of its scores, for gradients whose cosine within a sequence is `alike`.

    Few queries return what frozen scores do, those whose two largest nearly tie, their weights p and 1 − p: of those
    4p²(1 − p)² is tr J², whose square is, over even gaps between them, on average TIE of it.
    """
    places, mixed = shape.places, passed.mixing
    entered = Means.of(places, passed.entered)
    if places.tokens == 1 or not entered.square:
        return OfBranch(np.zeros(3), 0.0)
    cosine, _ = entered.cosines
    kept, steep, seen = (places.mean(of) for of in (mixed.participation, mixed.steepness, mixed.seen))
    of_kept, of_steep = places.mean(mixed.slopes.participation), places.mean(mixed.slopes.steepness)
    others = (places.tokens - 1) * alike
    shared = others * places.mean_within(mixed.shared)
    by_scores = seen * (steep * (2 - cosine) + others * cosine * places.mean_within(mixed.shared_steepness))
    whole = kept + shared + by_scores
    if whole <= 0:
        return OfBranch(np.zeros(3), 0.0)
    by_variance = of_kept + shared * cosine * of_kept / kept + by_scores * (1 + (of_steep / steep if steep else 0.0))
    slope = by_variance * of_scores(entered) + seen * steep * np.array([cosine, -1.0, 0.0]) / entered.square
    ties = (1 + TIE * kept / steep) * (1 + 2 * kept) - 1 if steep else 0.0
    return OfBranch(slope / whole, (by_scores / whole) ** 2 * ties / (rows.all * shape.heads))


def _cosine(places: Places, gradient: Gradient) -> float:
    """Of gradients of a sequence's tokens."""
    return places.mean_within(gradient.product) / places.mean(gradient.square) if places.tokens > 1 else 0.0
