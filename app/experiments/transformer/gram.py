"""The Gram matrix of tokens that are alike by one cosine within a sequence and one across, and how it strays by chance.

It has three eigenvalues: of what all tokens have in common, of what sets a sequence apart, of what sets a token apart.
A Gaussian matrix D wide turns tokens into tokens whose Gram matrix strays as a Wishart matrix does (Muirhead 1982,
"Aspects of Multivariate Statistical Theory", section 3.2): tr(A·G) has the variance 2/D·tr(A·G·A·G). So each eigenvalue
strays on its own, by 2/(D·m) of its square, m being how often it occurs.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from ...theory.quadrature import Array
from .places import Places
from .recursion import Tokens


class Means(NamedTuple):
    """Over places: the mean square, and the mean products of different tokens within a sequence and across."""

    square: float
    within: float
    across: float

    @classmethod
    def of(cls, places: Places, x: Tokens) -> "Means":
        sizes = x.sizes
        within = places.mean_within(sizes * x.within) if places.tokens > 1 else 0.0
        return cls(places.mean(x.square), within, places.mean_across(sizes * x.across))

    @property
    def cosines(self) -> tuple[float, float]:
        return (self.within / self.square, self.across / self.square) if self.square else (0.0, 0.0)

    @property
    def own(self) -> float:
        """What tells the tokens of a sequence apart."""
        return self.square - self.within

    def normed(self, eps: float) -> Array:
        """The derivative of the means of normalized tokens by these, shape (means, means)."""
        if not self.square + eps:
            return np.zeros((3, 3))
        over = 1 / (self.square + eps)
        found = over * np.eye(3)
        found[:, 0] -= over**2 * np.array(self)
        return found


class Rows(NamedTuple):
    """How many sequences of how many tokens."""

    batch: int
    tokens: int

    @property
    def all(self) -> int:
        return self.batch * self.tokens

    @property
    def occurs(self) -> Array:
        """How often each eigenvalue does."""
        return np.array([1, self.batch - 1, self.batch * (self.tokens - 1)])

    def eigenvalues(self, x: Means) -> Array:
        """Of the Gram matrix, over the width."""
        n, others = self.tokens, self.all - self.tokens
        found: Array = np.array([[1.0, n - 1, others], [1, n - 1, -n], [1, -1, 0]]) @ np.array(x)
        return found

    def stray(self, squares: Array, width: int, alike: float = 0.0) -> Array:
        """The covariance of the means, shape (means, means), where eigenvalues vary by `squares` over width and how
        often they occur; `alike` is how far else tokens of one eigenvalue are alike, a mean cos²."""
        to_means = _to_means(self)
        return (to_means * squares * (1 / np.maximum(self.occurs, 1) + alike) / width) @ to_means.T

    def uneven(self, places: Places, x: Tokens, y: Tokens) -> float:
        """How much more than by one cosine tokens of a sequence have in common, in a Gram matrix of x and one of y: the
        mean of the product of all their entries, over that of tokens which are alike wherever they stand."""
        if len(places.counts) == 1:
            return 1.0
        every = places.mean(x.square * y.square)
        means = Means.of(places, x), Means.of(places, y)
        alike = means[0].square * means[1].square
        if self.tokens > 1:
            every += (self.tokens - 1) * places.mean_within(x.sizes * x.within * y.sizes * y.within)
            alike += (self.tokens - 1) * means[0].within * means[1].within
        return every / alike if alike > 0 else 1.0

    def over_pairs(self, same: float, within: float, across: float) -> float:
        """The mean over all pairs of rows, a row with itself among them."""
        return (same + (self.tokens - 1) * within + (self.all - self.tokens) * across) / self.all


@lru_cache(maxsize=64)
def _to_means(rows: Rows) -> Array:
    """From eigenvalues to the means, shape (means, eigenvalues)."""
    n, others = rows.tokens, rows.all - rows.tokens
    pairs = np.array([n - 1, n - 1, -1]) / max(1, n - 1)
    apart = np.array([others, -n, 0]) / max(1, others)
    found: Array = np.stack([np.ones(3), pairs * (n > 1), apart * (others > 0)]) * rows.occurs / rows.all
    return found
