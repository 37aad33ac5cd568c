"""Axes, as Plotly names them: of places, of logarithms and of plain numbers, each with its range and its ticks.

Ranges and ticks are settled here and not by whoever draws, so that layer 7 stands at the same place in every chart, and
a change of a few per cent looks like one.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import ceil, floor, log10

from .numbers import number, superscript
from .palette import Figure

LEAST = 1.0  # decades that a logarithmic axis spans, so that noise does not look like growth
KEPT = 6.0  # decades from one, within which a line is shown whole
DIGITS = 12  # of a tick: as many as tell it from the next one
STEPS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)  # between ticks, of the power of ten below what an axis spans
FEW = 2.2  # decades up to which there is room for ticks at 1, 2 and 5


def axis(kind: str, index: int) -> str:
    """Plotly's name of the index-th axis of a kind: x, x2, x3, …"""
    return f"{kind}{index + 1}" if index else kind


def axis_key(kind: str, index: int) -> str:
    """Plotly's layout key of the same axis: xaxis, xaxis2, …"""
    return f"{kind}axis{index + 1}" if index else f"{kind}axis"


def place_axis(places: Sequence[int], title: str, apart: float | None = None) -> Figure:
    """An axis of numbered places, called `title`; what is drawn at them is so far apart, or as they are."""
    first, last = places[0], places[-1]
    step = next((s for s in (1, 2, 5, 10, 20, 50, 100, 200) if (last - first) / s <= 7), 500)
    ticks = [first, *(n for n in range(step, last + 1, step) if n > first + step / 3), last]
    ticks = [n for n in ticks if n in (first, last) or last - n > step / 3]
    margin = 0.6 * (apart or spacing(places))
    return {
        "range": [first - margin, last + margin],
        "tickvals": list(dict.fromkeys(ticks)),
        "title": {"text": title},
        "showgrid": False,
        "zeroline": False,
    }


def spacing(places: Sequence[int]) -> float:
    """Between one place and the next."""
    return (places[-1] - places[0]) / max(len(places) - 1, 1) or 1.0


def log_axis(low: float, high: float) -> Figure:
    """An axis of log₁₀ values: ticks at 1, 2 and 5 where there is room, else at whole powers of ten."""
    if high - low < LEAST:
        low, high = (low + high - LEAST) / 2, (low + high + LEAST) / 2
    margin = 0.04 * (high - low)
    low, high = low - margin, high + margin
    if high - low > FEW:
        return {"range": [low, high], **decades(low, high)}
    values = [
        (log10(digit) + power, digit * 10.0**power)
        for power in range(floor(low), ceil(high) + 1)
        for digit in (1, 2, 5)
        if -300 < power < 300
    ]
    shown = [(place, value) for place, value in values if low <= place <= high]
    return {
        "range": [low, high],
        "tickvals": [place for place, _ in shown],
        "ticktext": [plain(float(f"{value:.3g}")) for _, value in shown],
    }


def decades(low: float, high: float, most: int = 6) -> Figure:
    """Ticks for an axis of log₁₀ values from low to high: whole powers of ten, not too many."""
    first, last = ceil(low), floor(high)
    steps = (1, 2, 3, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000)
    step = next((s for s in steps if (last - first) / s <= most), steps[-1])
    values = list(range(first + -first % step, last + 1, step))
    return {"tickvals": values, "ticktext": [power_of_ten(value) for value in values]}


def power_of_ten(exponent: int) -> str:
    """10⁻³, but 1 for 10⁰."""
    return f"10{superscript(exponent)}" if exponent else "1"


def linear_axis(low: float, high: float, most: int = 5) -> Figure:
    """An axis of plain numbers, two ticks at least, at 1, 2 or 5 times a power of ten."""
    high = low + (high - low or abs(high) or 1.0)
    size = 10.0 ** floor(log10(high - low))
    finer, step = next(
        (finer * size, step * size) for finer, step in pairwise(STEPS) if high - low <= most * step * size
    )
    values = _multiples(step, low, high)
    if len(values) < 2:  # such as 0 alone, of steps of 5 from -4 to 4
        values = _multiples(finer, low, high)
    return {
        "range": [low, high],
        "tickvals": values,
        "ticktext": [plain(float(f"{value:.{DIGITS}g}")) for value in values],
    }


def _multiples(step: float, low: float, high: float) -> list[float]:
    return [n * step for n in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)]


def plain(value: float) -> str:
    """A round number at a tick, where there is little room: 0.05, 10⁻⁴⁰, −2·10⁻⁴⁰."""
    mantissa, times, power = number(value, DIGITS).partition(" × ")
    if not times:
        return mantissa
    short = mantissa.rstrip("0").removesuffix(".")
    return power if short == "1" else f"−{power}" if short == "−1" else f"{short}·{power}"


def reach(lines: Iterable[Sequence[float | None]], whole: bool = False) -> tuple[float, float]:
    """From where to where an axis of log₁₀ values goes: over every line that stays within reach of one.

    A line that leaves it is followed some way further and let go, so that it does not flatten the rest; `whole` follows
    it to its end.
    """
    ends = [(min(known), max(known)) for line in lines if (known := [value for value in line if value is not None])]
    near = [(low, high) for low, high in ends if low >= -KEPT and high <= KEPT]
    shown = ends if whole or not near else near
    low, high = min([0.0, *(low for low, _ in shown)]), max([0.0, *(high for _, high in shown)])
    further = max(LEAST, (high - low) / 2) if len(shown) < len(ends) else 0.0
    if any(one < low for one, _ in ends):
        low -= further
    if any(one > high for _, one in ends):
        high += further
    return low, high
