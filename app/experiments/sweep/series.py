"""What the repeats of a cell come to, and the slope of a line."""

from collections.abc import Sequence
from math import exp, isfinite, log, log10, sqrt
from statistics import fmean, linear_regression, stdev
from typing import NamedTuple

from ...statistic import Measured
from .result import Slope


class Mean(NamedTuple):
    """A statistic over the repeats of a cell: one standard error lies between `low`, `value` and `high`."""

    value: float | None
    low: float | None
    high: float | None
    predicted: float | None


def mean_of(found: Sequence[Measured], by_factors: bool) -> Mean:
    """The mean over repeats and its standard error: the repeats' own, or theory's where there is but one.

    `by_factors`: of the logarithms, so that low and high lie a factor apart.
    """
    values = [each.value for each in found if each.value is not None and (each.value > 0 or not by_factors)]
    expected = [each.predicted for each in found if each.predicted is not None]
    predicted = fmean(expected) if expected else None
    if not values:
        return Mean(None, None, None, predicted)
    if by_factors:
        values = [log(value) for value in values]
    mean, known = fmean(values), found[0].error
    error = stdev(values) / sqrt(len(values)) if len(values) > 1 else known
    ends = (None, None) if error is None else (mean - error, mean + error)
    value, low, high = (_back(each, by_factors) for each in (mean, *ends))
    return Mean(value, low, high, predicted)


def _back(value: float | None, by_factors: bool) -> float | None:
    if value is None or not by_factors:
        return value
    return exp(value) if value < 709 else None


def slope_of(x: Sequence[float], mean: Sequence[float | None], predicted: Sequence[float | None]) -> Slope | None:
    """The power of x that a value goes with: ordinary least squares over the logarithms.

    Its standard error is that of the scatter around the line, √(Σ residual² / (n − 2) / Σ (log x − mean)²); None with
    fewer than three values above zero.
    """
    points = [(log10(at), log10(value)) for at, value in zip(x, mean, strict=True) if value is not None and value > 0]
    if len(points) < 3:
        return None
    across, up = zip(*points, strict=True)
    value, start = linear_regression(across, up)
    left = sum((there - start - value * at) ** 2 for at, there in points)
    error = sqrt(left / (len(points) - 2) / sum((at - fmean(across)) ** 2 for at in across))
    theory = [(log10(at), log10(each)) for at, each in zip(x, predicted, strict=True) if each is not None and each > 0]
    expected = linear_regression(*zip(*theory, strict=True)).slope if len(theory) == len(points) else None
    return Slope(value=value, standard_error=error, predicted=expected) if isfinite(value) else None
