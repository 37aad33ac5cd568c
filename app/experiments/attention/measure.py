"""What is seen of one layer of attention under one scale, block after block of queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, log
from typing import NamedTuple, Self

import numpy as np
import torch
from torch import Tensor

from ...lab.summary import Grid, Tally, robust_grid
from ...theory.quadrature import Array
from .draws import Layer
from .spec import AttentionSpec

LOG_10 = log(10)


class Block(NamedTuple):
    """Some queries of a layer, and what no scale changes of them.

    `raw`: their products with the keys, (rows, n); `ordered`: of these some ranks, the largest first; `shift`, (rows,
    1): what the keys' mean adds to each. `products`: of the gradient at their outputs with the values, (rows, n).
    `visible`, (rows, n), is None where every query sees every key.
    """

    layer: Layer
    raw: Tensor
    ordered: Tensor
    shift: Tensor
    products: Tensor | None
    visible: Tensor | None

    def scores(self, factor: float) -> Tensor:
        """Of the keys that are seen, as one vector."""
        return self.shown((self.raw + self.shift) * factor)

    def shown(self, values: Tensor) -> Tensor:
        """Those of the keys that are seen, as one vector."""
        return values.view(-1) if self.visible is None else values[self.visible]


def block_of(spec: AttentionSpec, layer: Layer, rows: slice, key_mean: float, ranks: Sequence[int]) -> Block:
    """Of these queries."""
    queries = layer.queries[rows]
    raw, visible = queries @ layer.keys.T, None
    if spec.causal:
        seen = torch.tensor([[spec.visible(query)] for query in range(spec.queries)[rows]])
        visible = torch.arange(spec.keys) < seen
        raw[~visible] = -inf
    places = torch.tensor(ranks, dtype=torch.int64) - 1
    ordered = raw.sort(1, descending=True).values[:, places] if ranks else raw[:, :0]
    products = None if layer.gradient is None else layer.gradient[rows] @ layer.values.T
    return Block(layer, raw, ordered, key_mean * queries.sum(1, keepdim=True), products, visible)


class Frame(NamedTuple):
    """The histograms of a scale: of its scores, and of log₁₀ of its weights."""

    scores: Grid
    weights: Grid


def frame_of(block: Block, factor: float, bins: int) -> Frame:
    """Fitted to a block."""
    logs = block.shown(_scaled(block, factor).log_softmax(1))
    return Frame(robust_grid(block.scores(factor), bins), robust_grid(logs / LOG_10, bins))


@dataclass
class Seen:
    """What the queries of a layer have left so far, under one scale.

    Of each query its `entropy`, `participation`, `largest` weight and sum of squared gradients at the scores. `keys`,
    (3, n): summed over queries, what each key adds to their entropy, their participation and that sum. `outputs`,
    (D,), and `output_square`: sums over the queries, of outputs about the values' mean; `query_square`: of squared
    gradients. `ranked`: the sum of ln p at some ranks.
    """

    scores: Tally
    weights: Tally
    entropy: Array
    participation: Array
    largest: Array
    gradient: Array
    keys: Array
    outputs: Array
    output_square: float
    query_square: float
    ranked: Array

    def merge(self, other: Self) -> Self:
        """Add further queries."""
        self.scores.merge(other.scores)
        self.weights.merge(other.weights)
        for name in ("entropy", "participation", "largest", "gradient"):
            setattr(self, name, np.concatenate([getattr(self, name), getattr(other, name)]))
        for name in ("keys", "outputs", "output_square", "query_square", "ranked"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        return self


def see(block: Block, factor: float, frame: Frame) -> Seen:
    """All that is asked of a block under one scale."""
    scaled = _scaled(block, factor)
    logs = scaled.log_softmax(1)
    p = logs.exp()
    surprise = torch.where(p > 0, -logs * p, 0.0)  # a key that is not seen has −∞ · 0
    entropy, participation = _sums(surprise), _sums(p.square())
    outputs = (p @ block.layer.values).double()
    back, gradient, query_square = None, torch.zeros(0, dtype=torch.float64), 0.0
    if block.products is not None:
        back = p * (block.products - (p * block.products).sum(1, keepdim=True))
        gradient = _sums(back.square())
        query_square = factor**2 * float((back @ block.layer.keys).double().square().sum())
    keys = [
        surprise.sum(0) - entropy.float() @ p,
        p.square().sum(0) - 2 * participation.float() @ p,
        torch.zeros(p.shape[1]) if back is None else back.square().sum(0),
    ]
    ranked = block.ordered * factor - scaled.logsumexp(1, keepdim=True)
    return Seen(
        scores=Tally(frame.scores).add(block.scores(factor)),
        weights=Tally(frame.weights).add(block.shown(logs) / LOG_10),
        entropy=entropy.numpy(),
        participation=participation.numpy(),
        largest=p.amax(1).double().numpy(),
        gradient=gradient.numpy(),
        keys=torch.stack(keys).double().numpy(),
        outputs=outputs.sum(0).numpy(),
        output_square=float(outputs.square().sum()),
        query_square=query_square,
        ranked=ranked.double().sum(0).numpy(),
    )


def _scaled(block: Block, factor: float) -> Tensor:
    """The scores but for what all keys of a query share; −∞ where a key is not seen."""
    scaled = block.raw * factor
    return scaled if block.visible is None else scaled.masked_fill(~block.visible, -inf)  # −∞ · 0


def _sums(values: Tensor) -> Tensor:
    return values.sum(1, dtype=torch.float64)
