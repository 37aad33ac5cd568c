"""A transformer block at infinite width: size and cosines of the tokens forward, and of a gradient back.

Weights are independent and of mean zero, so what a branch adds is independent of the stream, and mean squares and
products of tokens add. Attention hands on of tokens of cosine c the share c + (1 − c)·Σp² of their values' mean square,
and c + (1 − c)·Σp·p′ of their product: what tokens share passes, what tells them apart is averaged away (Dong et al.
2021, "Attention is not all you need"; Noci et al. 2022, "Signal Propagation in Transformers", section 3; Giorlandino
and Goldt 2025, "Two failure modes of deep transformers"). The MLP is two layers of mean-field theory (Poole et al.
2016). On its way back the gradient meets weights as if they were independent of those the signal came by (Schoenholz et
al. 2017, eq. 6).
"""

from dataclasses import dataclass
from math import exp, inf
from typing import NamedTuple

from ...theory.hermite import Unit, at, unit
from ...theory.layer import safe_log
from ...theory.meanfield import Nonlinearity
from .mixing import Mixing, mixing


class Tokens(NamedTuple):
    """Mean square of an entry, and the cosine of two tokens `within` a sequence and `across` sequences."""

    square: float
    within: float
    across: float


class Gradient(NamedTuple):
    """Mean square of an entry, and the mean product of those of two tokens of a sequence."""

    square: float
    product: float

    def times(self, factor: float) -> "Gradient":
        return Gradient(self.square * factor, self.product * factor)

    def plus(self, other: "Gradient") -> "Gradient":
        return Gradient(self.square + other.square, self.product + other.product)


@dataclass(frozen=True)
class BlockShape:
    """What theory needs of a block: variances of its weights, and how its branches are joined to the stream.

    `stream` and `branch` multiply either; `score`: what multiplies query · key; `place`: pre, post or none.
    """

    width: int
    hidden: int
    head_dim: int
    tokens: int
    query: float
    key: float
    value: float
    output: float
    mlp_in: float
    mlp_out: float
    score: float
    stream: float
    branch: float
    place: str
    eps: float
    phi: Nonlinearity

    def entered(self, x: Tokens) -> Tokens:
        """What a branch receives."""
        return x._replace(square=x.square / (x.square + self.eps)) if self.place == "pre" else x

    def joined(self, x: Tokens, branch: Tokens) -> Tokens:
        """The stream with what a branch adds, before a norm."""
        old, new = self.stream**2 * x.square, branch.square
        total = old + new
        if not total:
            return Tokens(0.0, x.within, x.across)
        within, across = ((old * mine + new * theirs) / total for mine, theirs in zip(x[1:], branch[1:], strict=True))
        return Tokens(total, within, across)

    def left(self, total: Tokens) -> Tokens:
        """The stream after a branch."""
        return total._replace(square=total.square / (total.square + self.eps)) if self.place == "post" else total


class Branches(NamedTuple):
    """A block as tokens pass it: what enters each branch, what it adds, and the stream in between and before norms."""

    entered: Tokens
    mixing: Mixing
    attention: Tokens
    middle_total: Tokens
    middle: Tokens
    entered_mlp: Tokens
    unit: Unit
    mlp: Tokens
    total: Tokens
    out: Tokens


def forward(shape: BlockShape, x: Tokens) -> Branches:
    """Tokens through a block."""
    entered = shape.entered(x)
    query, key, value = (shape.width * of * entered.square for of in (shape.query, shape.key, shape.value))
    mixed = mixing(shape.score**2 * shape.head_dim * query * key, entered.within, shape.tokens, shape.head_dim)
    attention = _averaged(shape, entered, mixed, value * shape.width * shape.output * shape.branch**2)
    middle_total = shape.joined(x, attention)
    middle = shape.left(middle_total)
    entered_mlp = shape.entered(middle)
    mlp, of_phi = _mlp(shape, entered_mlp)
    total = shape.joined(middle, mlp)
    return Branches(entered, mixed, attention, middle_total, middle, entered_mlp, of_phi, mlp, total, shape.left(total))


def _averaged(shape: BlockShape, x: Tokens, mixed: Mixing, size: float) -> Tokens:
    """What attention makes of tokens whose values, once added, have this mean square.

    Keys that a query prefers lie along it, so that their sum is longer than were they independent: in one direction of
    D, which counts beside Σp² where tokens are not few beside the width.
    """
    along = mixed.along / shape.width
    kept = x.within + (1 - x.within) * (mixed.participation + along)
    shared = x.within + (1 - x.within) * (mixed.shared + max(0.0, x.within) * along)
    return Tokens(size * kept, shared / kept, x.across / kept) if kept > 0 else Tokens(0.0, 0.0, 0.0)


def _mlp(shape: BlockShape, x: Tokens) -> tuple[Tokens, Unit]:
    of_phi = unit(shape.phi, safe_log(shape.width * shape.mlp_in * x.square))
    size = shape.hidden * shape.mlp_out * shape.branch**2 * _exp(of_phi.log_square)
    within, across = at(of_phi.product, x.within), at(of_phi.product, x.across)
    return Tokens(size, float(within), float(across)), of_phi


def backward(shape: BlockShape, x: Tokens, passed: Branches, gradient: Gradient) -> Gradient:
    """From the stream after a block, which x entered, to the stream before it."""
    gradient = _before_norm(shape, passed.total, gradient)
    inner = _through_mlp(shape, passed, gradient).times(_slope_of_entry(shape, passed.middle))
    gradient = _before_norm(shape, passed.middle_total, gradient.times(shape.stream**2).plus(inner))
    inner = _through_attention(shape, passed, gradient).times(_slope_of_entry(shape, x))
    return gradient.times(shape.stream**2).plus(inner)


def _before_norm(shape: BlockShape, total: Tokens, gradient: Gradient) -> Gradient:
    return gradient.times(1 / (total.square + shape.eps)) if shape.place == "post" else gradient


def _slope_of_entry(shape: BlockShape, x: Tokens) -> float:
    return 1 / (x.square + shape.eps) if shape.place == "pre" else 1.0


def _through_mlp(shape: BlockShape, passed: Branches, gradient: Gradient) -> Gradient:
    of_phi = passed.unit
    factor = shape.branch**2 * shape.width * shape.mlp_out * shape.hidden * shape.mlp_in
    alike = float(at(of_phi.slopes, passed.entered_mlp.within))
    slopes = factor * _exp(of_phi.log_slope_square)
    return Gradient(gradient.square * slopes, gradient.product * slopes * alike)


def _through_attention(shape: BlockShape, passed: Branches, gradient: Gradient) -> Gradient:
    """By the values, by the queries and by the keys, which meet independent weights and so add up.

    Values: v_s receives Σ_t p_ts·g_t. Queries and keys: the scores of a query receive J·(g·v), of which what values
    have in common is nothing to J; then come the keys of variance 1 − c where they differ, or the queries.
    """
    n, c, mixed = shape.tokens, passed.entered.within, passed.mixing
    if n == 1:
        return gradient.times(shape.branch**2 * shape.width**2 * shape.output * shape.value)
    at_values = gradient.times(shape.branch**2 * shape.width * shape.output * shape.width * shape.value)
    shared = gradient.product / gradient.square if gradient.square else 0.0
    by_values = Gradient(
        mixed.participation + (n - 1) * shared * mixed.shared,
        (1 - mixed.participation) / (n - 1) + shared * (1 - mixed.shared),
    )
    scores = mixed.seen  # = σ²·(1 − c), of which one factor of 1 − c is the values'
    by_queries = Gradient(mixed.steepness, shared * mixed.shared_steepness).times(scores * (1 - c))
    key = scores * (mixed.steepness + c * (n - 1) * shared * mixed.shared_steepness)
    by_keys = Gradient(key, -key / (n - 1))
    ways = by_values.plus(by_queries).plus(by_keys)
    return Gradient(at_values.square * ways.square, at_values.square * ways.product)


def _exp(logarithm: float) -> float:
    return exp(logarithm) if logarithm < MOST_LOG else inf


MOST_LOG = 700.0  # of what float64 holds
