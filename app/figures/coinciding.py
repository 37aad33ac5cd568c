"""Lines that lie on one another: which ones do, how each of them is seen all the same, and how that is said.

Two lines coincide at a place where they lie within 1 % of their axis of each other, about as far as a line is wide. Of
lines that do so at most of their places the ones below are drawn wider and paler, so that each shows on both sides of
the next. Points without a line are larger in the same way where any of them do.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import NamedTuple, Protocol, TypeVar

from .axes import axis_key
from .numbers import listed
from .palette import Figure, translucent

NEAR = 0.01  # of an axis
STEP, WIDEST = 4.0, 16.0  # pixels by which each line is wider than the one over it, and that all may take together
PALE = 0.55  # of what lies below


class Points(Protocol):
    """A line to compare with others."""

    @property
    def name(self) -> str: ...

    @property
    def heights(self) -> Mapping[float, float]: ...


P = TypeVar("P", bound=Points)


class Shared(NamedTuple):
    """At how many places lines coincide, of those where any of them is seen."""

    at: int
    of: int

    def said(self, places: str) -> str:
        """How many they are; nothing where they are all."""
        return "" if self.at == self.of else f"{self.at} of {self.of} {places}"


def shared(lines: Sequence[Points], low: float, high: float) -> Shared:
    """Where all of these coincide, of the places where any lies between the ends of the axis."""
    near, found = NEAR * (high - low), []
    for place in set().union(*(line.heights for line in lines)):
        known = [line.heights[place] for line in lines if place in line.heights]
        if any(low <= height <= high for height in known):
            found.append(len(known) == len(lines) and max(known) - min(known) <= near)
    return Shared(sum(found), len(found))


def groups(lines: Sequence[P], low: float, high: float, points: bool = False) -> list[list[P]]:
    """Those that all coincide, together, the lowest first: at most of at least two places, or of `points` at any.

    Any two that coincide are in one group at least; a line that others only have in common is in several.
    """

    def coincide(some: Sequence[P]) -> bool:
        at, of = shared(some, low, high)
        return at > 0 if points else of > 1 and 2 * at > of

    found: list[list[P]] = []
    for number, line in enumerate(lines):
        left = [below for below in lines[:number] if coincide([below, line])]
        while left:
            group = [left.pop(), line]
            for below in reversed(lines[:number]):
                if below not in group and coincide([below, *group]):
                    group.append(below)
            left = [below for below in left if below not in group]
            found = [other for other in found if not _names(other) <= _names(group)]
            found.append(sorted(group, key=lines.index))
    return found


def widening(found: Sequence[Sequence[Points]]) -> dict[str, float]:
    """By how many pixels each line of these groups, by its name, is wider than one with nothing over it."""
    over: dict[str, set[str]] = {}
    for group in found:
        for at, line in enumerate(group):
            over.setdefault(line.name, set()).update(_names(group[at + 1 :]))

    @cache
    def level(name: str) -> int:
        return max((1 + level(above) for above in over[name]), default=0)

    step = min(STEP, WIDEST / max(map(level, over), default=1))
    return {name: step * level(name) for name in over}


def _names(lines: Sequence[Points]) -> set[str]:
    return {line.name for line in lines}


def said(names: Sequence[str], where: Sequence[str]) -> str:
    """Which lines lie on one another, in which panels and at how many of their places; empty if in all."""
    places = "; ".join(filter(None, where))
    return f"{listed(list(names))} lie on one another{places and f' ({places})'}"


class _Thing(NamedTuple):
    """What a trace is of: an init, or what it is called."""

    role: str
    of: str


class _Line(NamedTuple):
    """A line of a figure: of which of its traces, and its heights."""

    trace: int
    name: str
    heights: Mapping[float, float]


def laid_open(figure: Figure) -> Figure:
    """The figure with lines that coincide drawn so that each is seen; its `meta` says, under `together`, which do."""
    traces, layout = list(figure["data"]), figure["layout"]
    found: dict[tuple[str, ...], list[str]] = {}
    panels = {panel: _title(layout, panel) for panel in map(_panel, traces)}
    for panel, title in panels.items():
        low, high = layout.get(axis_key("y", _number(panel)), {}).get("range", (0.0, 0.0))
        for points, lines in _comparable(figure["data"], panel):
            lying = groups(lines, low, high, points)
            wider = widening(lying)
            for line in lines:
                if wider.get(line.name):
                    traces[line.trace] = _below(traces[line.trace], wider[line.name])
            for group in lying:
                where = (title, shared(group, low, high).said(_places(layout)))
                found.setdefault(tuple(line.name for line in group), []).append(": ".join(filter(None, where)))
    if not found:
        return figure
    everywhere = list(panels.values())
    once = {names: list(dict.fromkeys(where)) for names, where in found.items()}  # lines, and points over them
    together = [said(names, [] if where == everywhere else where) for names, where in once.items()]
    return {**figure, "data": traces, "layout": {**layout, "meta": {**layout.get("meta", {}), "together": together}}}


def _panel(trace: Figure) -> str:
    """By Plotly's name of its y axis."""
    return str(trace.get("yaxis", "y"))


def _number(panel: str) -> int:
    return int(panel[1:] or 1) - 1


def _comparable(traces: Sequence[Figure], panel: str) -> Iterable[tuple[bool, list[_Line]]]:
    """The lines of a panel, in the order they are drawn, what is measured apart from what is predicted; then points.

    Only what has a name of its own there and answers the pointer: a line an init, not the layers or networks of one.
    """
    for points in (False, True):
        drawn = [at for at, trace in enumerate(traces) if _panel(trace) == panel and _is_seen(trace, points)]
        drawn.sort(key=lambda at: traces[at].get("zorder", 0))
        names, things = [traces[at]["name"] for at in drawn], [_thing(traces[at]) for at in drawn]
        found: dict[str, list[_Line]] = {}
        for at, name, thing in zip(drawn, names, things, strict=True):
            if names.count(name) == things.count(thing) == 1:
                known = {x: y for x, y in zip(traces[at]["x"], traces[at]["y"], strict=True) if y is not None}
                found.setdefault(thing.role, []).append(_Line(at, name, known))
        yield from ((points, lines) for lines in found.values())


def _thing(trace: Figure) -> _Thing:
    meta = trace.get("meta", {})
    return _Thing(meta.get("role", ""), meta.get("init", trace["name"]))


def _is_seen(trace: Figure, points: bool) -> bool:
    mode = trace.get("mode", "")
    drawn = trace.get("type") == "scatter" and (
        mode == "markers" if points else "lines" in mode and "fill" not in trace
    )
    return drawn and bool(trace.get("name")) and trace.get("hoverinfo") != "skip" and trace.get("visible", True) is True


def _below(trace: Figure, wider: float) -> Figure:
    if trace["mode"] == "markers":
        marker = trace["marker"]
        pale = {"color": translucent(marker["color"], PALE), "size": marker["size"] + 2 * wider}
        return {**trace, "marker": {**marker, **pale}}
    line = trace["line"]
    pale = {"color": translucent(line["color"], PALE), "dash": "solid", "width": line["width"] + wider}
    return {**trace, "line": {**line, **pale}}


def _title(layout: Figure, panel: str) -> str:
    """That of the panel, where there are several."""
    several = sum(name.startswith("yaxis") for name in layout) > 1
    titles = [note["text"] for note in layout.get("annotations", []) if note.get("yref") == f"{panel} domain"]
    return re.sub("<.*?>", "", titles[0].replace("<br>", " ")) if several and titles else ""


def _places(layout: Figure) -> str:
    return f"{layout.get('meta', {}).get('place', 'point')}s"
