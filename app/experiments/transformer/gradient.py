"""A gradient at the tokens of every place."""

from typing import NamedTuple

import numpy as np

from ...theory.quadrature import Array
from .recursion import BlockShape


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
        return cls(np.full(count, max(0.0, 1 - removed)), np.zeros((count, count)))

    def times(self, factor: float) -> "Gradient":
        return Gradient(self.square * factor, self.product * factor)

    def scaled(self, factors: Array) -> "Gradient":
        """By a factor on the mean square of each place."""
        return Gradient(self.square * factors, self.product * np.sqrt(np.multiply.outer(factors, factors)))

    def plus(self, other: "Gradient") -> "Gradient":
        return Gradient(self.square + other.square, self.product + other.product)
