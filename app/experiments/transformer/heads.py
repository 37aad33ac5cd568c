"""Multi-head attention: softmax of scaled query · key, and the gradient back through it."""

from dataclasses import dataclass
from functools import lru_cache
from math import inf
from typing import NamedTuple

import torch
from torch import Tensor


class Mixed(NamedTuple):
    """Queries, keys and values, shape (sequences, heads, tokens, head_dim), and the weights the values are mixed by.

    `weights`: shape (sequences, heads, queries, keys); each query's sum to one.
    """

    query: Tensor
    key: Tensor
    value: Tensor
    weights: Tensor


@dataclass(frozen=True)
class Heads:
    """How tokens attend to each other: so many heads, query · key times `factor`, before softmax."""

    count: int
    tokens: int
    factor: float
    causal: bool

    def forward(self, query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, Mixed]:
        """The mixed values; all of shape (sequences · tokens, width)."""
        q, k, v = self._split(query), self._split(key), self._split(value)
        scores = (q * self.factor) @ k.mT
        if self.causal:
            scores += _later(self.tokens)
        weights = torch.softmax(scores, -1)
        return self._joined(weights @ v), Mixed(q, k, v, weights)

    def backward(self, gradient: Tensor, mixed: Mixed) -> tuple[Tensor, Tensor, Tensor]:
        """The gradients at query, key and value, of shape (sequences · tokens, width) as the one they come from."""
        out, p = self._split(gradient), mixed.weights
        along = out @ mixed.value.mT
        scores = along.sub_((along * p).sum(-1, keepdim=True)).mul_(p).mul_(self.factor)
        query, key, value = scores @ mixed.key, scores.mT @ mixed.query, p.mT @ out
        return self._joined(query), self._joined(key), self._joined(value)

    def _split(self, rows: Tensor) -> Tensor:
        """From (sequences · tokens, width) to (sequences, heads, tokens, head_dim), as products want it."""
        return rows.view(-1, self.tokens, self.count, rows.shape[1] // self.count).transpose(1, 2).contiguous()

    def _joined(self, split: Tensor) -> Tensor:
        """And back."""
        return split.transpose(1, 2).reshape(-1, split.shape[1] * split.shape[3])


@lru_cache(maxsize=8)
def _later(tokens: int) -> Tensor:
    """-∞ where the key comes after the query."""
    return torch.full((tokens, tokens), -inf).triu_(1)
