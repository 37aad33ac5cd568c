"""Courses over numbered places: one line an init, what is predicted of it dotted over it, and bands of networks."""

from collections.abc import Sequence
from typing import NamedTuple

from .axes import linear_axis, log_axis, reach
from .numbers import power
from .palette import DASHES, PREDICTED, Figure, Line, meta
from .shapes import MOST_SHAPES

Logs = Sequence[float | None]


class Course(NamedTuple):
    """The init whose course it is, how it is drawn, and the places it passes, each called a `place`."""

    init: str
    line: Line
    place: str
    places: Sequence[int]


class Edge(NamedTuple):
    """Where a band begins and ends at a place; of sizes log₁₀."""

    place: int
    low: float
    high: float


def measured(course: Course, values: Logs, text: Sequence[str], name: str = "") -> Figure:
    """The measured numbers of one init, place by place."""
    style = course.line.style
    return {
        "type": "scatter",
        "mode": "lines+markers" if len(values) <= MOST_SHAPES else "lines",
        "name": course.line.label,
        "legendgroup": course.init,
        "zorder": DASHES.index(style.dash),
        "x": list(course.places),
        "y": list(values),
        "line": {"color": style.color, "dash": style.dash, "width": 2},
        "marker": {"color": style.color, "symbol": style.symbol, "size": 6},
        "text": list(text),
        "hovertemplate": f"{course.place} %{{x}}<br>{name} %{{text}}<extra>%{{fullData.name}}</extra>",
        **meta(course.init),
    }


def predicted(course: Course, values: Logs, text: Sequence[str], name: str = "predicted") -> Figure:
    """What is predicted of one init, dotted over the measured."""
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "legendgroup": name,
        "zorder": len(DASHES),
        "x": list(course.places),
        "y": list(values),
        "text": list(text),
        "line": {"color": PREDICTED, "dash": "dot", "width": 2},
        "hovertemplate": f"{course.place} %{{x}}<br>{name} %{{text}}<extra>{course.line.label}</extra>",
        **meta(course.init, "predicted"),
    }


def band(course: Course, edges: Sequence[Edge]) -> list[Figure]:
    """Where 95 % of networks lie, on an axis of the numbers themselves; nothing where no theory says it."""
    lows, highs = [edge.low for edge in edges], [edge.high for edge in edges]
    return _band(course, [edge.place for edge in edges], lows, highs)


def _band(course: Course, places: Sequence[int], lows: Logs, highs: Logs) -> list[Figure]:
    if not places:
        return []
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "name": "95 % of networks",
            "legendgroup": "band",
            "x": [*places, *places[::-1]],
            "y": [*highs, *reversed(lows)],
            "fill": "toself",
            "fillcolor": course.line.style.filled(0.16),
            "line": {"width": 0},
            "hoverinfo": "skip",
            **meta(course.init, "predicted"),
        }
    ]


class Sizes:
    """Mean squares over places, known as log₁₀, on an axis of the reader's choice."""

    def __init__(self, linear: bool = False, std: bool = False, whole: bool = False) -> None:
        self.linear, self.std, self.whole = linear, std, whole
        self._logs: list[list[float | None]] = []

    @property
    def name(self) -> str:
        return "root mean square" if self.std else "mean square"

    def measured(self, course: Course, sizes: Logs) -> Figure:
        logs = self._seen(sizes)
        return measured(course, self._placed(logs), [power(value) for value in logs], self.name)

    def predicted(self, course: Course, sizes: Logs, name: str = "predicted") -> list[Figure]:
        if all(value is None for value in sizes):
            return []
        logs = self._seen(sizes)
        return [predicted(course, self._placed(logs), [power(value) for value in logs], name)]

    def band(self, course: Course, edges: Sequence[Edge]) -> list[Figure]:
        """Where 95 % of networks lie, where theory can say it."""
        lows, highs = self._seen([edge.low for edge in edges]), self._seen([edge.high for edge in edges])
        return _band(course, [edge.place for edge in edges], self._placed(lows), self._placed(highs))

    def thin(self, course: Course, networks: Sequence[Logs]) -> Figure:
        """A thin line for each of many networks."""
        x: list[int | None] = []
        y: list[float | None] = []
        for sizes in networks:
            logs = self._seen(sizes)
            x += [*range(1, len(logs) + 1), None]
            y += [*self._placed(logs), None]
        return {
            "type": "scatter",
            "mode": "lines",
            "name": course.line.label,
            "x": x,
            "y": y,
            "line": {"color": course.line.style.filled(0.45), "width": 1},
            "hoverinfo": "skip",
            **meta(course.init),
        }

    @property
    def empty(self) -> bool:
        return all(value is None for logs in self._logs for value in logs)

    def axis(self) -> Figure:
        """The axis under all that was placed."""
        low, high = reach(self._logs, self.whole)
        if not self.linear:
            return log_axis(low, high)
        return linear_axis(0.0, 10.0 ** min(high, 300) * 1.05)

    def _seen(self, sizes: Logs) -> list[float | None]:
        logs = [value / 2 if value is not None and self.std else value for value in sizes]
        self._logs.append(logs)
        return logs

    def _placed(self, logs: Logs) -> list[float | None]:
        if not self.linear:
            return list(logs)
        return [None if value is None or value > 300 else 10.0**value for value in logs]
