"""Sums over a weights' gradient, h.T @ δ: of its entries, or of what they are made of."""

from numba import float64

from .compiling import SUMS, kernel
from .statistics import Doubles, Floats


@kernel("void(float32[:,::1], float64[::1])", SUMS)
def see_matrix(values: Floats, sums: Doubles) -> None:
    """Add up the values, and their squares."""
    first = second = 0.0
    for r in range(values.shape[0]):
        for j in range(values.shape[1]):
            first += float64(values[r, j])
            second += float64(values[r, j]) * float64(values[r, j])
    sums[0] += first
    sums[1] += second


@kernel("void(float32[:,::1], float32[:,::1], float32[:,::1], float32[:,::1], float64[::1])", SUMS)
def see_pairs(first: Floats, second: Floats, products: Floats, others: Floats, sums: Doubles) -> None:
    """Add up, of h = `first` and δ = `second`, (Σ h_a)(Σ δ_a) over their rows a; (h_a · h_b)(δ_a · δ_b) over pairs, and
    the same without signs.

    `products` has h_a · h_b, and `others` δ_a · δ_b, of each row with all rows before these and with these, which come
    last. A pair with a row before stands for two.
    """
    before = products.shape[1] - len(products)
    for a in range(len(products)):
        h = g = square = size = 0.0
        for i in range(first.shape[1]):
            h += float64(first[a, i])
        for i in range(second.shape[1]):
            g += float64(second[a, i])
        for b in range(products.shape[1]):
            both = float64(products[a, b]) * float64(others[a, b]) * (2.0 if b < before else 1.0)
            square += both
            size += abs(both)
        sums[0] += h * g
        sums[1] += square
        sums[2] += size
