"""The places of a sequence whose tokens theory takes as alike: all of them, or, under a causal mask, a few in a row.

What holds of a token behind the mask depends on how many stand before it, and less and less so the more they are: the
first tokens have a place each, later ones share one with their neighbours.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from ...theory.quadrature import Array

SINGLE = 24  # first tokens that have a place of their own
GROWTH = 0.08  # of what stands before a place, that it holds


@dataclass(frozen=True, eq=False)
class Places:
    """`counts`: the tokens of each place, shape (places,); `sees`: how many keys of a place (column) a query of another
    (row) sees, on average over its tokens; `keys`: how many in all.
    """

    counts: Array
    sees: Array
    keys: Array

    @classmethod
    def causal(cls, counts: list[float]) -> "Places":
        """Of so many tokens each, one after the other."""
        found = np.array(counts)
        sees = np.tril(np.broadcast_to(found, (len(found), len(found))), -1) + np.diag((found + 1) / 2)
        return cls(found, sees, sees.sum(1))

    @cached_property
    def tokens(self) -> int:
        return int(self.counts.sum())

    @cached_property
    def _pairs_across(self) -> Array:
        return np.multiply.outer(self.counts, self.counts) / self.tokens**2

    @cached_property
    def _pairs_within(self) -> Array:
        different = np.multiply.outer(self.counts, self.counts) - np.diag(self.counts)
        return np.asarray(different / (self.tokens * (self.tokens - 1)))

    @property
    def common(self) -> Array:
        """Keys that queries of two places both see: those of the first."""
        return np.minimum.outer(self.keys, self.keys)

    @property
    def pairs(self) -> Array:
        """Pairs of different keys, one seen from either of two places."""
        return np.multiply.outer(self.keys, self.keys) - self.common

    @property
    def seen_by(self) -> Array:
        """How many queries of a place (row) see a key of another (column)."""
        return self.counts[:, None] * self.sees / self.counts

    def mean(self, of_tokens: Array) -> float:
        """Over all tokens."""
        return float(np.vdot(self.counts, of_tokens)) / self.tokens

    def mean_across(self, of_pairs: Array) -> float:
        """Over all pairs of a token of one sequence with a token of another."""
        return float(np.vdot(self._pairs_across, of_pairs))

    def mean_within(self, of_pairs: Array) -> float:
        """Over all pairs of different tokens of a sequence."""
        return float(np.vdot(self._pairs_within, of_pairs))

    def earlier(self, of_places: Array) -> Array:
        """Of two places what holds of the first, shape (places, places)."""
        at = np.arange(len(of_places))
        return of_places[np.minimum.outer(at, at)]


@lru_cache(maxsize=64)
def places_of(tokens: int, causal: bool) -> Places:
    """Of a sequence of so many tokens."""
    if not causal:
        whole = np.array([float(tokens)])
        return Places(whole, whole[:, None], whole)
    counts = [1.0] * min(tokens, SINGLE)
    while (before := int(sum(counts))) < tokens:
        counts.append(float(min(max(1, round(GROWTH * before)), tokens - before)))
    return Places.causal(counts)


def both_sides(by: Array, of_pairs: Array) -> Array:
    """by · of_pairs · byᵀ, without the threads that a product of small matrices wakes and waits for."""
    found: Array = np.einsum("ia,aj->ij", by, np.einsum("ab,jb->aj", of_pairs, by))
    return found
