"""The sine of a normal variable u ~ N(0, q), in closed form: products of sines are sums of cosines, and
E[cos(k·u)] = exp(-k²q/2). Quadrature would have to follow every one of its waves.
"""

from math import acos, cos, erf, exp, expm1, floor, pi, sin, sqrt

WAVES = 25.0  # variance from which exp(-2q) is nothing beside one


def moments(q: float) -> tuple[float, float, float, float, float]:
    """E[sin u], E[sin² u], E[sin⁴ u], E[cos² u] and dE[sin² u]/dq.

    8·sin⁴u = 3 - 4·cos 2u + cos 4u, so with x = exp(-2q) its mean is (3 - 4x + x⁴)/8 = (1 - x)²·(3 + 2x + x²)/8.
    """
    x, less = exp(-2 * q), -expm1(-2 * q)
    return 0.0, less / 2, less**2 * (3 + 2 * x + x * x) / 8, (1 + x) / 2, x


def pair(q: float, correlation: float) -> float:
    """E[sin u·sin v] = exp(-q)·sinh(q·correlation)."""
    size = abs(correlation)
    product = -exp(-q * (1 - size)) * expm1(-2 * q * size) / 2
    return product if correlation >= 0 else -product


def slope_pair(q: float, correlation: float) -> float:
    """E[cos u·cos v] = exp(-q)·cosh(q·correlation)."""
    return (exp(-q * (1 - correlation)) + exp(-q * (1 + correlation))) / 2


def edges(height: float) -> tuple[float, ...]:
    """Where |sin u| passes this height, as far out as a normalized unit reaches."""
    half = acos(height)
    return tuple((peak + 0.5) * pi + side for peak in range(-4, 4) for side in (-half, half))


def share_above(height: float, q: float, mean: float = 0.0) -> float:
    """P(|sin u| > height), u of this mean: lobes of half-width arccos(height) around the odd multiples of π/2."""
    half = acos(height)
    if q > WAVES:
        return 2 * half / pi
    if q == 0:
        return float(abs(sin(mean)) > height)
    scale, reach = sqrt(2 * q), 8.5 * sqrt(q)
    lobes = range(floor((mean - reach) / pi) - 1, floor((mean + reach) / pi) + 2)
    centres = [(lobe + 0.5) * pi - mean for lobe in lobes]
    return sum(erf((centre + half) / scale) - erf((centre - half) / scale) for centre in centres) / 2


def shifted(q: float, mean: float) -> tuple[float, float]:
    """E[sin u] and E[sin² u], u of this mean."""
    return sin(mean) * exp(-q / 2), (1 - cos(2 * mean) * exp(-2 * q)) / 2
