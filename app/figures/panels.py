"""Panels over one another: each with its own axis, all over one common axis, so that they can be read across."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from .axes import axis, axis_key
from .palette import MARGIN, Figure, figure

GAP = 30  # pixels between panels, with room for a title
ROOM = 26  # for the ticks of an axis of its own
LINE = 17  # of a title, beyond the first
LONGEST = 40  # letters in a line of a title: a phone has no room for more


class Panel(NamedTuple):
    """One panel: its title, its traces, its own axis, and how tall it is in pixels."""

    title: str
    traces: list[Figure]
    axis: Figure
    height: int = 150
    shapes: Sequence[Figure] = ()
    annotations: Sequence[Figure] = ()


def stacked(panels: Sequence[Panel], across: Figure | Sequence[Figure], **layout: object) -> Figure:
    """The panels from top to bottom; `across` is the axis they share, or one for each of them."""
    shared = isinstance(across, dict)
    each = [across] * len(panels) if isinstance(across, dict) else across
    gap = GAP if shared else GAP + ROOM
    titles = [_lines(panel.title) for panel in panels]
    further = [LINE * (len(lines) - 1) for lines in titles]
    total = sum(panel.height for panel in panels) + sum(further) + gap * (len(panels) - 1)
    traces: list[Figure] = []
    drawn: Figure = {"annotations": [], "shapes": []}
    top = 1.0
    for index, panel in enumerate(panels):
        x, y = axis("x", index), axis("y", index)
        top -= further[index] / total
        bottom = max(0.0, top - panel.height / total)
        traces += [trace | {"xaxis": x, "yaxis": y} for trace in panel.traces]
        drawn[axis_key("x", index)] = {**each[index], "anchor": y}
        if shared and index:
            drawn[axis_key("x", index)]["matches"] = "x"
        if shared and index < len(panels) - 1:
            drawn[axis_key("x", index)] |= {"showticklabels": False, "title": {"text": ""}}
        drawn[axis_key("y", index)] = {**panel.axis, "anchor": x, "domain": [bottom, top]}
        drawn["shapes"] += [{**shape, **_where(shape, x, y)} for shape in panel.shapes]
        drawn["annotations"] += [{**said, **_where(said, x, y)} for said in panel.annotations]
        if panel.title:
            drawn["annotations"].append(title("<br>".join(titles[index]), index))
        top = bottom - gap / total
    return figure(traces, height=total, **{**drawn, **layout})


def _where(mark: Figure, x: str, y: str) -> Figure:
    """On which axes: the panel's own, or its whole width or height where the mark says so."""
    return {
        "xref": f"{x} domain" if mark.get("xref") == "domain" else x,
        "yref": f"{y} domain" if mark.get("yref") == "domain" else y,
    }


def _lines(title: str) -> list[str]:
    """A title in as few lines as a phone has room for, about as long as one another; broken at two spaces first."""
    if _letters(title) <= LONGEST:
        return [title]
    first, *rest = title.split("  ")
    if rest:
        return [line for part in (first, *rest) for line in _lines(part)]
    fewest = len(_filled(title, LONGEST))
    return next(lines for width in range(LONGEST) if len(lines := _filled(title, width + 1)) == fewest)


def _filled(title: str, width: int) -> list[str]:
    """Line by line, each with as many words as there is room for."""
    first, *words = title.split(" ")
    lines = [first]
    for word in words:
        longer = f"{lines[-1]} {word}"
        lines[-1:] = [longer] if _letters(longer) <= width else [lines[-1], word]
    return lines


def _letters(text: str) -> int:
    return len(re.sub("<.*?>", "", text))


def title(text: str, index: int = 0) -> Figure:
    """On top of the index-th panel, from the figure's edge on: a phone has no more room than that."""
    place = {
        "x": 0,
        "y": 1,
        "xanchor": "left",
        "yanchor": "bottom",
        "xshift": -MARGIN["l"],
        "yshift": 4,
        "align": "left",
    }
    return {"text": text, "xref": f"{axis('x', index)} domain", "yref": f"{axis('y', index)} domain", **place}


def once(traces: Sequence[Figure]) -> list[Figure]:
    """The traces, each name in the legend once."""
    seen: set[str] = set()
    shown = []
    for trace in traces:
        name = trace.get("name", "")
        shown.append(trace | {"showlegend": name not in seen and trace.get("showlegend", True)})
        seen.add(name)
    return shown
