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

    def stray(self, squares: Array, width: int, alike: float | Array = 0.0, uneven: float | Array = 1.0) -> Array:
        """The covariance of the means, shape (means, means), where eigenvalues vary by `squares` over width and how
        often they occur, and by more where they are `uneven`; `alike` is how far else tokens of one eigenvalue are
        alike, a mean cos²."""
        to_means = _to_means(self)
        return (to_means * squares * (uneven / np.maximum(self.occurs, 1) + alike) / width) @ to_means.T

    def uneven(self, places: Places, x: Tokens, y: Tokens) -> Array:
        """How much larger tr(A·B) is than were tokens alike wherever they stand, A and B being the Gram matrices of a
        sequence in x and in y: for each eigenvalue, the last of which tells tokens apart from their mean."""
        found = np.ones(3)
        if len(places.counts) == 1:
            return found
        (square, within, _), (other, alike, _) = Means.of(places, x), Means.of(places, y)
        n, products = self.tokens, places.mean(x.square * y.square)
        if n > 1:
            products += (n - 1) * places.mean_within(x.sizes * x.within * y.sizes * y.within)
        if (even := square * other + (n - 1) * within * alike) > 0:
            found[:2] = products / even
        apart = (square - within) * (other - alike)
        if n > 1 and apart > 0:
            of_x, of_y = (_with_all(places, of) for of in (x, y))
            centred = products - 2 * places.mean(of_x * of_y) / n + places.mean(of_x) * places.mean(of_y) / n
            found[2] = max(0.0, centred * n / (n - 1) / apart)
        return found

    def over_pairs(self, same: float, within: float, across: float) -> float:
        """The mean over all pairs of rows, a row with itself among them."""
        return (same + (self.tokens - 1) * within + (self.all - self.tokens) * across) / self.all


def _with_all(places: Places, x: Tokens) -> Array:
    """The products of a token of each place with all of its sequence, itself among them, summed up."""
    products = x.sizes * x.within
    return x.square + products @ places.counts - np.diag(products)


@lru_cache(maxsize=64)
def _to_means(rows: Rows) -> Array:
    """From eigenvalues to the means, shape (means, eigenvalues)."""
    n, others = rows.tokens, rows.all - rows.tokens
    pairs = np.array([n - 1, n - 1, -1]) / max(1, n - 1)
    apart = np.array([others, -n, 0]) / max(1, others)
    found: Array = np.stack([np.ones(3), pairs * (n > 1), apart * (others > 0)]) * rows.occurs / rows.all
    return found
