"""What a sweep shows: the power each line goes with, or from where to where it goes, and how far theory is; where a
level is passed, and what has no number."""

from collections.abc import Sequence
from itertools import pairwise
from math import hypot, log
from statistics import fmean, pstdev

from ...figures.numbers import number, percent
from ...finding import Finding, by_chance
from .charts.colors import label_of
from .charts.scales import in_words, said
from .points import Point, normal_errors
from .result import Axis, Line, SweepResult

ROUNDING = 1e-6  # of a slope: float32's, over the axis
NEAR = 0.1  # relative: as predicted, where theory gives no error
RAISED = str.maketrans("-.0123456789", "⁻·⁰¹²³⁴⁵⁶⁷⁸⁹")
STRAIGHT = 0.05  # decades that values lie from their power on average, up to which it says what they do
FEWEST = 3  # repeats from which their own error is an error


def sweep_findings(result: SweepResult) -> list[Finding]:
    """Everything worth saying, what matters most first."""
    found = [finding for line in result.lines for finding in _law(result, line)]
    for series in dict.fromkeys(cell.init for cell in result.cells):
        found += _map(result, series)
    return [*found, *_failed(result)]


def _law(result: SweepResult, line: Line) -> list[Finding]:
    (x,) = result.axes
    points = [
        Point(f"{in_words(x)} {said(x, at)}", value, low, high, predicted, result.statistic.by_factors)
        for at, value, low, high, predicted in zip(line.x, line.value, line.low, line.high, line.predicted, strict=True)
        if value is not None
    ]
    if not points:
        return []
    first = _slope(result, line) if _straight(line) else _course(result, line.init, points, "law")
    return [first, *_crossing(result, line)]


def _straight(line: Line) -> bool:
    """Whether a power of x is what the values go with: a curve has a slope too."""
    if line.slope is None:
        return False
    known = [(log(float(x)), log(y)) for x, y in zip(line.x, line.value, strict=True) if y is not None and y > 0]
    levels = [y - line.slope.value * x for x, y in known]
    return pstdev(levels) <= STRAIGHT * log(10)


def _slope(result: SweepResult, line: Line) -> Finding:
    (x,), slope = result.axes, line.slope
    assert slope is not None
    measured = f"{number(slope.value, 3)} ± {number(slope.standard_error, 2)}"
    beside = "" if slope.predicted is None else f"; theory says {_exponent(slope.predicted)}"
    off = None
    if slope.predicted is not None:
        off = (slope.value - slope.predicted) / hypot(slope.standard_error, ROUNDING)
    chance = by_chance(normal_errors(off, result.repeats - 1 if result.repeats > 1 else len(line.x) - 2))
    verdict = {None: "", True: ", and chance explains the difference", False: ", and chance does not explain it"}[
        chance
    ]
    return Finding(
        about="law",
        init=line.init,
        word=f"∝ {_symbol(x)}{_raised(slope.value)}",
        sentence=f"{label_of(result, line.init)}: the {result.statistic.label} goes with {in_words(x)} to the power "
        f"{measured}{beside}{verdict}.",
        value=slope.value,
        predicted=slope.predicted,
        by_chance=chance,
        brief=f"slope {measured}" + ("" if slope.predicted is None else f", theory {_exponent(slope.predicted)}"),
    )


def _course(result: SweepResult, series: str | None, points: Sequence[Point], about: str) -> Finding:
    """From where to where it goes, and where theory is furthest."""
    low, high = min(points, key=lambda point: point.value), max(points, key=lambda point: point.value)
    ends = f"from {number(low.value, 3)} at {low.where} to {number(high.value, 3)} at {high.where}"
    if low.value == high.value:
        ends = f"{number(low.value, 3)} throughout"
    compared = [point for point in points if point.off is not None]
    furthest = max(compared, key=lambda point: abs(point.off or 0.0), default=None)
    worst = max(
        (each for each in compared if each.errors is not None), key=lambda each: abs(each.errors or 0.0), default=None
    )
    chance = None
    if worst is not None and (result.repeats >= FEWEST or result.repeats == 1):
        chance = by_chance(normal_errors(worst.errors, result.repeats - 1 if result.repeats > 1 else None))
    word, beside = "measured", ""
    if furthest is not None and furthest.predicted is not None:
        near = fmean(abs(point.off or 0.0) <= NEAR for point in compared)
        word = "as predicted" if near == 1 or chance else "mostly as predicted" if near > 0.5 else "off theory"
        far = "" if furthest.errors is None else f", {abs(furthest.errors):.1f} standard errors away"
        beside = (
            f" Theory is furthest at {furthest.where}: {number(furthest.predicted, 3)} where "
            f"{number(furthest.value, 3)} is measured{far}."
        )
    return Finding(
        about=about,
        init=series,
        word=word,
        sentence=f"{label_of(result, series)}: the {result.statistic.label} goes {ends}.{beside}",
        value=None if furthest is None else furthest.value,
        predicted=None if furthest is None else furthest.predicted,
        by_chance=chance,
        brief=f"{number(low.value, 3)} … {number(high.value, 3)}" + ("" if compared else f", least at {low.where}"),
    )


def _crossing(result: SweepResult, line: Line) -> list[Finding]:
    """Where the statistic first passes the level that parts two regimes, between two cells in a straight line."""
    (x,), level = result.axes, result.statistic.level
    if level is None or x.choices:
        return []
    at = [float(value) for value in line.x]
    measured, predicted = _passes(x, at, line.value, level), _passes(x, at, line.predicted, level)
    known = any(value is not None for value in line.predicted)
    if measured is None or (known and predicted is None):
        return []
    beside = "" if predicted is None else f", in theory at {number(predicted, 3)}"
    return [
        Finding(
            about="crossing",
            init=line.init,
            word=f"at {number(measured, 3)}",
            sentence=f"{label_of(result, line.init)}: the {result.statistic.label} passes {level:g} at {in_words(x)} "
            f"{number(measured, 3)}{beside}, interpolated between cells.",
            value=measured,
            predicted=predicted,
        )
    ]


def _passes(x: Axis, at: Sequence[float], values: Sequence[float | None], level: float) -> float | None:
    known = [(where, value) for where, value in zip(at, values, strict=True) if value is not None and value > 0]
    for (left, before), (right, after) in pairwise(known):
        if (before - level) * (after - level) < 0:
            share = log(level / before) / log(after / before)
            return left * (right / left) ** share if x.log else left + share * (right - left)
    return None


def _map(result: SweepResult, series: str | None) -> list[Finding]:
    x, y = result.axes
    cells = [cell for cell in result.cells if cell.init == series]
    points = [
        Point(
            f"{in_words(x)} {said(x, cell.x)} and {in_words(y)} {said(y, cell.y)}",
            cell.value,
            cell.low,
            cell.high,
            cell.predicted,
            result.statistic.by_factors,
        )
        for cell in cells
        if cell.value is not None
    ]
    if not points:
        return []
    return [_course(result, series, points, "map"), *_sides(result, series, points)]


def _sides(result: SweepResult, series: str | None, points: Sequence[Point]) -> list[Finding]:
    """How many cells lie on theory's side of the level."""
    level = result.statistic.level
    compared = [point for point in points if point.predicted is not None]
    if level is None or not compared:
        return []
    alike = sum((point.value > level) == ((point.predicted or 0.0) > level) for point in compared)
    above = sum(point.value > level for point in compared)
    expected = sum((point.predicted or 0.0) > level for point in compared)
    return [
        Finding(
            about="map",
            init=series,
            word="parted",
            sentence=f"{label_of(result, series)}: in {above:,} of {len(compared):,} cells the "
            f"{result.statistic.label} is above {level:g}; theory puts {percent(alike / len(compared))} of all cells "
            "on the side measured.",
            value=float(above),
            predicted=float(expected),
        )
    ]


def _failed(result: SweepResult) -> list[Finding]:
    """Cells without a number, and why."""
    reasons = [problem for line in result.lines for problem in line.problem if problem]
    reasons += [cell.problem for cell in result.cells if cell.problem]
    if not reasons:
        return []
    several = list(dict.fromkeys(reasons))
    return [
        Finding(
            about="failed",
            word="no number",
            sentence=f"No number in {len(reasons):,} {'cell' if len(reasons) == 1 else 'cells'}: "
            f"{'; '.join(several[:3])}{' and other reasons' if len(several) > 3 else ''}.",
            value=float(len(reasons)),
        )
    ]


def _symbol(x: Axis) -> str:
    """What stands for the axis in a formula."""
    symbol = x.label.partition("(")[2].removesuffix(")") or x.label.lower()
    return f"({symbol})" if " " in symbol else symbol


def _raised(exponent: float) -> str:
    """To two digits, in superscripts."""
    written = f"{exponent:.2f}".removesuffix("0").removesuffix(".0")
    return "⁰" if float(written) == 0 else written.translate(RAISED)


def _exponent(value: float) -> str:
    return "0" if abs(value) < 1e-9 else number(value, 3)
