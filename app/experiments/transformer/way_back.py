"""A gradient on its way back through a transformer block at infinite width: its size, and how alike two tokens' are.

It meets weights as if they were independent of those the signal came by (Schoenholz et al. 2017, "Deep Information
Propagation", eq. 6). Through attention it comes by the values, which Noci et al. 2022, "Signal Propagation in
Transformers", section 3, have too, and by the scores of queries and keys.
"""

from typing import NamedTuple

import numpy as np

from ...theory.quadrature import Array
from .places import Places, both_sides
from .recursion import Attended, BlockShape, Passed, Processed, Tokens, exp_all, of_pairs


class Gradient(NamedTuple):
    """Of the gradient at the tokens of every place: the mean square of an entry, and the mean product of those of two
    different tokens of a sequence; shapes (places,) and (places, places)."""

    square: Array
    product: Array

    @classmethod
    def of_loss(cls, shape: BlockShape) -> "Gradient":
        """Standard normal, less what a norm that it comes to at once takes: its mean, and the token's direction."""
        removed = shape.removed / shape.width if shape.place == "post" else 0.0
        count = len(shape.places.counts)
        return cls(np.full(count, 1 - removed), np.zeros((count, count)))

    def times(self, factor: float) -> "Gradient":
        return Gradient(self.square * factor, self.product * factor)

    def scaled(self, factors: Array) -> "Gradient":
        """By a factor on the mean square of each place."""
        return Gradient(self.square * factors, self.product * np.sqrt(np.multiply.outer(factors, factors)))

    def plus(self, other: "Gradient") -> "Gradient":
        return Gradient(self.square + other.square, self.product + other.product)


class Returned(NamedTuple):
    """The gradient on its way back: before the MLP, and before the block; and what either branch adds to it."""

    by_mlp: Gradient
    middle: Gradient
    by_attention: Gradient
    out: Gradient


def backward(shape: BlockShape, x: Tokens, passed: Passed, gradient: Gradient) -> Returned:
    """From the stream after a block, which x entered, to the stream before it."""
    gradient = _before_norm(shape, passed.mlp.total, gradient)
    by_mlp = _slope_of_entry(shape, passed.attention.out, _through_mlp(shape, passed.mlp, gradient))
    middle = gradient.times(shape.stream**2).plus(by_mlp)
    gradient = _before_norm(shape, passed.attention.total, middle)
    by_attention = _slope_of_entry(shape, x, _through_attention(shape, passed.attention, gradient))
    return Returned(by_mlp, middle, by_attention, gradient.times(shape.stream**2).plus(by_attention))


def _before_norm(shape: BlockShape, total: Tokens, gradient: Gradient) -> Gradient:
    return gradient.scaled(1 / (total.square + shape.eps)) if shape.place == "post" else gradient


def _slope_of_entry(shape: BlockShape, x: Tokens, gradient: Gradient) -> Gradient:
    return gradient.scaled(1 / (x.square + shape.eps)) if shape.place == "pre" else gradient


def _through_mlp(shape: BlockShape, passed: Processed, gradient: Gradient) -> Gradient:
    factor = shape.branch**2 * shape.width * shape.mlp_out * shape.hidden * shape.mlp_in
    slopes = factor * exp_all([of_phi.log_slope_square for of_phi in passed.units])
    alike = of_pairs([of_phi.slopes for of_phi in passed.units], passed.entered.within)
    back = gradient.scaled(slopes)
    return Gradient(back.square, back.product * alike)


def _through_attention(shape: BlockShape, passed: Attended, gradient: Gradient) -> Gradient:
    """By the values, by the queries and by the keys, which meet independent weights and so add up.

    Values: v_s receives Σ_t p_ts·g_t. Queries and keys: the scores of a query receive J·(g·v), of which what values
    have in common is nothing to J; then come the keys, where they differ, or the queries. Two keys are alike by 1/√D or
    so, and so are their values: what J says of single keys, tr J², gets from pairs of them (tr J)²/D more.
    """
    mixed, places = passed.mixing, shape.places
    at_values = gradient.times(shape.branch**2 * shape.width**2 * shape.output * shape.value)
    products = passed.entered.sizes * passed.entered.within
    own, shared_own = shape.score_variance * passed.own, shape.score_variance * places.earlier(passed.own)
    apart, pairs = _apart(shape, mixed.seen), (1 - mixed.participation) ** 2 / shape.width
    key = own * apart * mixed.longer * passed.entered.square
    shared_key = shared_own * mixed.shared_steepness * products
    by_keys = _to_keys(places, at_values, mixed.participation + key, mixed.shared + shared_key)
    by_queries = Gradient(
        at_values.square * own * passed.own * (apart**2 * mixed.steepness + pairs),
        at_values.product * shared_own * places.earlier(passed.own) * mixed.shared_steepness,
    )
    return by_keys.plus(by_queries)


def _apart(shape: BlockShape, variance: Array) -> Array:
    """How far keys of one length that a query prefers still differ: they have in common what they have of the query,
    V of D while weights are even and 2·ln n of D once they are frozen."""
    if shape.place == "none":
        return np.ones(len(variance))
    most = 2 * np.log(shape.places.keys)
    common = variance * most / np.maximum(variance + most, 1e-9)
    return np.asarray(np.maximum(0.0, 1 - common / shape.width))


def _to_keys(places: Places, gradient: Gradient, same: Array, shared: Array) -> Gradient:
    """What keys receive: of each query one in all, of which `same` falls on one key twice and the rest on two keys, and
    so of two queries, of which `shared` falls on one key.
    """
    rows, alone, pairs = places.seen_by, places.keys, np.maximum(places.pairs, 1.0)
    one, other = shared / places.common * gradient.product, (1 - shared) / pairs * gradient.product
    square = rows.T @ (gradient.square * same / alone - np.diag(one)) + np.diag(both_sides(rows.T, one))
    spread = rows.T @ (gradient.square * (1 - same) / np.maximum(alone * (alone - 1), 1.0) - np.diag(other))
    # Of two keys the later is seen by fewer.
    later = np.maximum.outer(np.arange(len(alone)), np.arange(len(alone)))
    return Gradient(square, spread[later] + both_sides(rows.T, other))
