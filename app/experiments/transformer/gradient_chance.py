"""How far chance lets a gradient's mean square stray, over fresh weights, tokens and gradients: leading order.

Every matrix on its way back adds to it, and so do the tokens it passes: where they have strayed, norms divide by
something else and scores fall elsewhere. What chance adds to them in one block is in all blocks after it, which the
gradient has passed before: its derivative by the stream's means is carried back with it.
"""

from math import sqrt
from typing import NamedTuple

import numpy as np

from ...theory.hermite import at, steepness
from ...theory.quadrature import Array
from .chance import Half, Walk, of_scores, over_units
from .gradient import Gradient
from .gram import Means, Rows
from .places import Places
from .recursion import Attended, BlockShape, Passed, Processed, Tokens
from .way_back import Returned

TIE = 6 / 35  # ∫sech⁸/16 over ∫sech⁴/4


class OfBranch(NamedTuple):
    """What a branch returns of a gradient's mean square and mean product: the matrix that makes it of them, shape
    (2, 2), its derivative by the means of what enters the branch, shape (2, means), and a relative variance of its own.
    """

    matrix: Array
    slope: Array
    variance: float


class Way(NamedTuple):
    """The gradient's mean square and the mean product of two tokens' of a sequence, shape (2,); their covariance by all
    that they have passed; and their derivative by the means of the stream that they are at, shape (2, means)."""

    at: Array
    covariance: Array
    slope: Array

    def std(self, covariance: Array) -> float:
        """Of the logarithm of the mean square, where the stream's means have this covariance."""
        if not self.at[0]:
            return 0.0
        return sqrt(max(0.0, self.covariance[0, 0] + self.slope[0] @ covariance @ self.slope[0])) / float(self.at[0])


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
    places = shape.places
    way = Way(np.array([1.0, 0.0]), rows.stray(np.full(3, 2.0), shape.width)[:2, :2], np.zeros((2, 3)))
    found = [way.std(forward.covariances[-1])]
    every = list(zip(streams[:-1], passed, returned, forward.halves, forward.covariances[:-1], strict=True))
    for x, block, back, (attention, mlp), covariance in reversed(every):
        if back is None:
            break
        middle, before = (_means(places, of) for of in (back.middle, back.out))
        way = _normed(way, shape, mlp, block.mlp.total)
        of_mlp = _of_mlp(rows, shape, block.mlp, way.at, _means(places, back.by_mlp))
        way = _through(way, rows, shape, mlp, block.attention.out, middle, of_mlp)
        way = _normed(way, shape, attention, block.attention.total)
        of_attention = _of_attention(rows, shape, block.attention, way.at, _means(places, back.by_attention))
        way = _through(way, rows, shape, attention, x, before, of_attention)
        found.append(way.std(covariance))
    return [0.0] * (len(streams) - len(found)) + found[::-1]


def _means(places: Places, gradient: Gradient) -> Array:
    within = places.mean_within(gradient.product) if places.tokens > 1 else 0.0
    return np.array([places.mean(gradient.square), within])


def _normed(way: Way, shape: BlockShape, half: Half, total: Tokens) -> Way:
    """Before the norm that follows a half, if one does; and what chance has added to the tokens there."""
    slope, by_norm = way.slope @ half.norm, 1.0
    if shape.place == "post":
        by_norm = 1 / (shape.places.mean(total.square) + shape.eps)
        slope[:, 0] -= by_norm * way.at
    slope *= by_norm
    covariance = by_norm**2 * way.covariance + slope @ half.noise @ slope.T
    return Way(by_norm * way.at, covariance, slope)


def _through(
    way: Way, rows: Rows, shape: BlockShape, half: Half, before: Tokens, after: Array, branch: OfBranch
) -> Way:
    """Back through a half, to a gradient that is `after`: by two matrices, and by their product with what passes them
    by, which is of mean zero."""
    inner = branch.matrix @ way.at
    slope = branch.slope @ half.entry
    if shape.place == "pre":
        slope[:, 0] -= inner / (shape.places.mean(before.square) + shape.eps)
    one, whole = (rows.eigenvalues(Means(of[0], of[1], 0.0)) for of in (inner, after))
    noise = rows.stray(4 * np.maximum(0.0, one * whole), shape.width, 1 / shape.width)[:2, :2]
    matrix = shape.stream**2 * np.eye(2) + branch.matrix
    covariance = matrix @ way.covariance @ matrix.T + noise + branch.variance * np.outer(inner, inner)
    return Way(after, covariance, matrix @ way.slope @ half.total + slope)


def _of_mlp(rows: Rows, shape: BlockShape, passed: Processed, at_branch: Array, returned: Array) -> OfBranch:
    entered, of_phi = Means.of(shape.places, passed.entered), passed.units[-1]
    factor, cosine = returned[0] / at_branch[0], entered.cosines[0]
    alike = float(at(of_phi.slopes, cosine))
    slope = np.zeros((2, 3))
    if entered.square:
        slope[:, 0] = of_phi.slope_growth * factor * at_branch * (1, alike) / entered.square
        slope[1] += (
            factor * at_branch[1] * steepness(of_phi.slopes, cosine) * np.array([-cosine, 1, 0]) / entered.square
        )
    variance = over_units(rows, shape, of_phi.slope_squares, entered)
    return OfBranch(np.diag([factor, factor * alike]), slope, variance)


def _of_attention(rows: Rows, shape: BlockShape, passed: Attended, at_branch: Array, returned: Array) -> OfBranch:
    """By the values, and by scores, whose variance all of it follows; what one key gets more the others get less.

    Few queries return what frozen scores do, those whose two largest nearly tie, their weights p and 1 − p: of those
    4p²(1 − p)² is tr J², whose square is, over even gaps between them, on average TIE of it.
    """
    places, mixed = shape.places, passed.mixing
    entered = Means.of(places, passed.entered)
    if places.tokens == 1 or not entered.square:
        return OfBranch(np.diag([returned[0] / at_branch[0], 0.0]), np.zeros((2, 3)), 0.0)
    cosine, _ = entered.cosines
    kept, steep, seen = (places.mean(of) for of in (mixed.participation, mixed.steepness, mixed.seen))
    of_kept, of_steep = places.mean(mixed.slopes.participation), places.mean(mixed.slopes.steepness)
    shared, shared_steep = places.mean_within(mixed.shared), places.mean_within(mixed.shared_steepness)
    by_keys, by_pairs, others = seen * steep, seen * cosine * shared_steep, places.tokens - 1
    by_queries = by_keys * (1 - cosine)
    matrix = np.array(
        [
            [kept + by_keys + by_queries, others * (shared + by_pairs)],
            [(1 - kept - by_keys) / others, 1 - shared - by_pairs + seen * (1 - cosine) * shared_steep],
        ]
    )
    whole = float(matrix[0] @ at_branch)
    if whole <= 0:
        return OfBranch(np.zeros((2, 2)), np.zeros((2, 3)), 0.0)
    size = returned[0] / whole
    more = 1 + (of_steep / steep if steep else 0.0)
    by_scores = by_keys + by_queries + others * by_pairs * at_branch[1] / at_branch[0]
    by_variance = (of_kept + by_scores * more) * at_branch[0] + others * shared * cosine * of_kept / kept * at_branch[1]
    by_means = by_variance * of_scores(entered)
    by_means += by_keys * at_branch[0] * np.array([cosine, -1.0, 0.0]) / entered.square
    ties = (1 + TIE * kept / steep) * (1 + 2 * kept) - 1 if steep else 0.0
    variance = (by_scores * at_branch[0] / whole) ** 2 * ties / (rows.all * shape.heads)
    return OfBranch(size * matrix, size * np.stack([by_means, -by_means / others]), variance)
