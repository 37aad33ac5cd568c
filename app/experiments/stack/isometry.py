"""What the singular values of a stack's Jacobian should be, layer by layer, as far as there are formulas."""

from collections.abc import Sequence
from functools import lru_cache
from math import exp, inf, log, sqrt

import numpy as np

from ...lab.activations import ACTIVATIONS, nonlinearity
from ...lab.initializers import INITIALIZERS, Initializer
from ...theory.isometry import Factor, log_fuss_catalan, log_largest, lyapunov_exponents
from ...theory.meanfield import HIGH, LOW
from ...theory.quadrature import line_rule
from .result import JacobianPredicted
from .spec import StackSpec
from .theory import power_of_ten, sizes_of, without_chance

SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)  # of the singular values that lie below a quantile
TEN = log(10)
NEAR = 2  # decimals of ln of a variance, as good as the same to a law of slopes
UNKNOWN = JacobianPredicted(**dict.fromkeys(JacobianPredicted.model_fields))


def predict_jacobian(spec: StackSpec, initializer: Initializer) -> list[JacobianPredicted]:
    """One a layer, for one init; kept, as it is the same for every seed."""
    return _predict(without_chance(spec).query, initializer.name)


@lru_cache(maxsize=32)
def _predict(query: str, init: str) -> list[JacobianPredicted]:
    spec, initializer = StackSpec.from_query(query), INITIALIZERS[init]
    fields = sizes_of(spec, initializer)
    known = spec.norm == "none" and not (spec.residual or spec.weight_mean or (spec.tied and spec.depth > 1))
    if not known or len(set(spec.layer_widths)) > 1 or any(at.log_preactivation is None for at in fields):
        return [UNKNOWN] * spec.depth
    orthogonal, n = initializer.family == "orthogonal", spec.width
    strength = log(n) + 2 * _log(initializer.scale(n, n, spec.gain, spec.fan_mode))
    fixed = ACTIVATIONS[spec.activation].homogeneous  # its slopes do not depend on the size of u
    sizes = [0.0 if fixed else round(at.log_preactivation or 0.0, NEAR) for at in fields]
    factors = {size: _factor(spec, strength, orthogonal, size) for size in set(sizes)}
    layers = [factors[size] for size in sizes]
    squares = np.cumsum([strength + _log(float(at.squares @ at.shares)) for at in layers]).tolist()
    return [
        _predicted(spec, depth, orthogonal, strength, *sizes_there)
        for depth, sizes_there in enumerate(zip(log_largest(layers), squares, _wobbles(n, layers), strict=True), 1)
    ]


def _factor(spec: StackSpec, strength: float, orthogonal: bool, log_q: float) -> Factor:
    """The law of φ'(u)², u of this variance."""
    phi = nonlinearity(spec.activation)
    std = exp(min(max(log_q, log(LOW)), log(HIGH)) / 2)
    z, shares = line_rule(std, phi.kinks)
    return Factor(strength, orthogonal, phi.slope(std * z) ** 2, shares)


def _wobbles(n: int, layers: Sequence[Factor]) -> list[float]:
    """Variance over networks of ln of the mean square, layer by layer.

    Each of n units has a slope of its own, of relative variance v; independent weights make each direction's square a
    chi-square of n degrees, which average out the less the fewer directions carry it: E[σ⁴]/E[σ²]² is 1 + Σ(1 + v),
    of orthogonal weights 1 + Σv (Pennington et al. 2017, section 2.5).
    """
    concentrated, total, found = 1.0, 0.0, []
    for layer in layers:
        mean, own = float(layer.squares @ layer.shares), 0.0 if layer.orthogonal else 1.0
        varied = float(layer.squares**2 @ layer.shares) / mean**2 - 1 if mean else 0.0
        total += varied / n * (1 + 2 * concentrated / n) + own * 2 * concentrated / n**2
        concentrated += own + varied
        found.append(total)
    return found


def _predicted(
    spec: StackSpec, depth: int, orthogonal: bool, strength: float, largest: float, square: float, wobble: float
) -> JacobianPredicted:
    homogeneous, linear, n = ACTIVATIONS[spec.activation].homogeneous, spec.activation == "linear", spec.width
    smallest = std = quantiles = None
    if linear and orthogonal:
        smallest, std, quantiles = largest, None, [largest / TEN] * len(SHARES)
    elif linear:
        grown, exponents = depth * strength / 2, lyapunov_exponents(n)
        least, *wide = log_fuss_catalan(depth, [0.5 / n, *SHARES])
        deep = [depth * exponents[round((1 - share) * (n - 1))].mean for share in SHARES]
        smallest, std = grown + min(least, depth * exponents[-1].mean), sqrt(depth) * exponents[-1].std / TEN
        quantiles = [(grown + at) / TEN for at in (deep if depth > n else wide)]
    return JacobianPredicted(
        **_written("largest", largest),
        **_written("smallest", smallest),
        log10_smallest_std=std,
        **_written("mean_square", square),
        log10_mean_square_std=sqrt(wobble) / TEN if homogeneous and not (linear and orthogonal) else None,
        quantiles=quantiles if quantiles is None or quantiles[0] > -inf else None,
    )


def _written(name: str, natural: float | None) -> dict[str, float | None]:
    """A size as itself and as its log₁₀, which is null of zero."""
    log10 = None if natural is None else natural / TEN
    return {name: power_of_ten(log10), f"log10_{name}": None if log10 == -inf else log10}


def _log(value: float) -> float:
    return log(value) if value > 0 else -inf
