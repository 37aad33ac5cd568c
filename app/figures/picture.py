"""A Result as a picture of 1200 × 630 points, the size at which chats and slides show a link.

Drawn by matplotlib, which is imported when the first picture is asked for: the server's start does not wait for it.
"""

import io
from collections.abc import Callable, Mapping, Sequence
from textwrap import wrap
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ..finding import Finding, verdicts
from .coinciding import PALE, groups, said, shared, widening
from .palette import LIGHT, LINES, Line, line_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

Picture = Callable[[Any, "Axes"], None]  # lines with a label are compared with one another
WIDTH, HEIGHT, DPI = 1200, 630, 100
PAPER = "#fbfaf7"
MOST_SAID = 4  # verdicts with their sentences; beyond, only words
_drawing = Lock()  # matplotlib's fonts are shared by all threads


def picture(
    heading: str,
    findings: Sequence[Finding],
    result: Any,
    draw: Picture | None,
    kind: Literal["png", "svg"],
    lines: Mapping[str, Line] = LINES,
) -> bytes:
    """The heading, a verdict an init, and what `draw` draws of the result; the same bytes for the same result."""
    with _drawing:
        import matplotlib
        from matplotlib.figure import Figure

        matplotlib.rcParams["svg.hashsalt"] = "initscope"
        shown = Figure((WIDTH / DPI, HEIGHT / DPI), dpi=DPI, facecolor=PAPER)
        _heading(shown, heading)
        _verdicts(shown, verdicts(findings), lines, width=0.36 if draw else 0.9)
        if draw:
            axes = shown.add_axes((0.49, 0.16, 0.475, 0.58), facecolor=PAPER)
            _plain(axes)
            draw(result, axes)
            _lay_open(shown, axes)
        out = io.BytesIO()
        metadata: dict[str, str | None] = {"Date": None, "Creator": None} if kind == "svg" else {"Software": None}
        shown.savefig(out, format=kind, metadata=metadata)
        return out.getvalue()


def _heading(shown: "Figure", heading: str) -> None:
    lines = wrap(heading, 52)
    text = "\n".join(lines[:2])
    shown.text(0.04, 0.935, text, size=25, family="DejaVu Serif", weight="bold", color=LIGHT.ink, va="top")
    shown.text(0.04, 0.05, "Initscope", size=15, family="DejaVu Serif", weight="bold", color=LIGHT.accent, va="center")
    told = "random weights, measured beside theory"
    shown.text(0.145, 0.05, told, size=13, color=LIGHT.soft, va="center")


def _verdicts(shown: "Figure", found: Sequence[Finding], lines: Mapping[str, Line], width: float) -> None:
    top, said_in_full = 0.715, len(found) <= MOST_SAID
    step = 0.6 / max(len(found), 3)
    room = 3 if len(found) < MOST_SAID else 2  # rows of a sentence
    for place, finding in enumerate(found):
        y = top - place * step
        line = line_of(lines, finding.init)
        color, label = (line.style.color, line.label) if line else (LIGHT.accent, "")
        shown.text(0.04, y, "●", size=15, color=color, va="center")
        shown.text(0.066, y, f"{label}  {finding.word}".strip(), size=17, weight="bold", color=LIGHT.ink, va="center")
        if said_in_full:
            sentence = finding.sentence.partition(". ")[0].removesuffix(".").removeprefix(f"{label}: ")
            named = label and sentence.startswith(label)  # as it is written, at the beginning of a sentence too
            rows = wrap(f"{sentence if named else f'{sentence[:1].upper()}{sentence[1:]}'}.", int(width * 145))
            text = "\n".join(rows[:room]) + ("…" if len(rows) > room else "")
            shown.text(0.066, y - 0.038, text, size=12.5, color=LIGHT.soft, va="top", linespacing=1.35)


class _Drawn:
    """A line that was drawn under a name."""

    def __init__(self, line: "Line2D") -> None:
        self.line, self.name = line, str(line.get_label())
        self.heights = {x: y for x, y in np.asarray(line.get_xydata(), float).tolist() if y == y}


def _lay_open(shown: "Figure", axes: "Axes") -> None:
    """Named lines that lie on one another so that each is seen, and said beneath."""
    low, high = axes.get_ylim()
    told = []
    drawn = [_Drawn(line) for line in axes.lines if not str(line.get_label()).startswith("_")]
    for points in (False, True):
        lines = [each for each in drawn if points == (each.line.get_linestyle() == "None")]
        found = groups(lines, low, high, points)
        for name, wider in widening(found).items():
            line = next(each.line for each in lines if each.name == name)
            if wider and points:
                line.set(markersize=line.get_markersize() + wider, alpha=PALE)
            elif wider:
                line.set(linewidth=line.get_linewidth() + wider, alpha=PALE, linestyle="-")
        told += [said([each.name for each in group], [shared(group, low, high).said("points")]) for group in found]
    rows = wrap("; ".join(told), 74)
    shown.text(0.965, 0.05, "\n".join(rows[:2]), size=12.5, color=LIGHT.soft, ha="right", va="center")


def _plain(axes: "Axes") -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(LIGHT.grid)
    axes.tick_params(colors=LIGHT.soft, labelsize=13, length=0)
    axes.grid(color=LIGHT.grid, linewidth=1)
    axes.set_axisbelow(True)
    axes.xaxis.label.set(size=14, color=LIGHT.soft)
    axes.yaxis.label.set(size=14, color=LIGHT.soft)
