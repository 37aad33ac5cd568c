"""A gradient on its way back through a transformer block: its size, and how alike two tokens' are.

It meets weights as if they were independent of those the signal came by (Schoenholz et al. 2017, "Deep Information
Propagation", eq. 6). Through attention it comes by the values, which Noci et al. 2022, "Signal Propagation in
Transformers", section 3, have too, and by the scores of queries and keys. Width is infinite but to norms.
"""

from typing import NamedTuple

import numpy as np

from ...theory.quadrature import Array
from .gradient import Gradient
from .norm_back import BY_ITSELF, MIXED, before_entry, before_norm, past
from .places import Places, both_sides
from .recursion import Attended, BlockShape, Passed, Processed, Tokens, exp_all, of_pairs


class Returned(NamedTuple):
    """The gradient on its way back: before the MLP, and before the block; and what either branch adds to it."""

    by_mlp: Gradient
    middle: Gradient
    by_attention: Gradient
    out: Gradient


def backward(shape: BlockShape, x: Tokens, passed: Passed, gradient: Gradient) -> Returned:
    """From the stream after a block, which x entered, to the stream before it."""
    middle, attention, mlp = passed.attention.out, passed.attention, passed.mlp
    gradient = before_norm(shape, middle, mlp, gradient)
    by_mlp = before_entry(shape, middle, BY_ITSELF, _through_mlp(shape, mlp, gradient))
    gradient = at_middle = past(shape, middle, mlp, BY_ITSELF, gradient).plus(by_mlp)
    gradient = before_norm(shape, x, attention, gradient)
    by_attention = before_entry(shape, x, MIXED, _through_attention(shape, attention, gradient))
    out = past(shape, x, attention, MIXED, gradient).plus(by_attention)
    return Returned(by_mlp, at_middle, by_attention, out)


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
