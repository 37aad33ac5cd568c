"""What the repeats of a cell come to, and the slope of a line."""

from collections.abc import Sequence
from math import exp, log, log10, sqrt
from statistics import LinearRegression, fmean, linear_regression, pvariance, stdev
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


def slope_of(x: Sequence[float], repeats: Sequence[Sequence[Measured]], by_factors: bool) -> Slope | None:
    """The power of x that the mean goes with: least squares over the logarithms. None with fewer than three values.

    Cells of one repeat share their seed, and so part of their chance. So the standard error is that of whole repeats
    left out one by one, √((R − 1)/R · Σ (slope without r − mean)²) (Tukey 1958, the jackknife); that of the scatter
    around the line, √(Σ residual² / (n − 2) / Σ (log x − mean)²), where there is only one.
    """
    means = [mean_of(each, by_factors) for each in repeats]
    points = _points(x, [mean.value for mean in means])
    fitted = _fit(points)
    if fitted is None:
        return None
    count = max(map(len, repeats))
    if count > 1:
        left_out = [_without(x, repeats, each, by_factors) for each in range(count)]
        known = [slope for slope in left_out if slope is not None]
        error = sqrt((len(known) - 1) * pvariance(known)) if len(known) > 1 else 0.0
    else:
        across = [at for at, _ in points]
        squares = sum((there - fitted.intercept - fitted.slope * at) ** 2 for at, there in points)
        error = sqrt(squares / (len(points) - 2) / sum((at - fmean(across)) ** 2 for at in across))
    theory = _points(x, [mean.predicted for mean in means])
    expected = _fit(theory) if len(theory) == len(points) else None
    return Slope(value=fitted.slope, standard_error=error, predicted=expected.slope if expected else None)


def _without(
    x: Sequence[float], repeats: Sequence[Sequence[Measured]], left_out: int, by_factors: bool
) -> float | None:
    rest = [[each for number, each in enumerate(there) if number != left_out] for there in repeats]
    fitted = _fit(_points(x, [mean_of(each, by_factors).value for each in rest]))
    return fitted.slope if fitted else None


def _points(x: Sequence[float], values: Sequence[float | None]) -> list[tuple[float, float]]:
    return [(log10(at), log10(value)) for at, value in zip(x, values, strict=True) if value is not None and value > 0]


def _fit(points: Sequence[tuple[float, float]]) -> LinearRegression | None:
    return linear_regression(*zip(*points, strict=True)) if len(points) > 2 else None
