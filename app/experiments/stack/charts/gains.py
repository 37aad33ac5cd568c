"""What this stack would do in all under each gain, or each scale of its branches, and which are in use or known."""

from itertools import accumulate
from math import log10, sqrt
from textwrap import wrap
from typing import NamedTuple

from ....figures.axes import log_axis
from ....figures.numbers import number, power
from ....figures.palette import PREDICTED, STYLES, Figure, figure, meta
from ....figures.panels import title
from ....lab.initializers import INITIALIZERS
from ..findings.recommendation import known_gains
from ..result import StackResult
from ..spec import StackSpec
from ..totals import Totals, any_gain, best_branches, best_gain, gains_looked_at, with_branches, with_gain

FARTHEST = 12.0  # decades shown either way
ROW = 17  # pixels, of a line of a label
LONGEST = 18  # letters of a line of a label
LETTER, GUTTER = 0.033, 0.25  # of the width of a plot on a phone: a letter, and what is left of it
NAMES = {"preserving": "keeps variance", "critical": "critical", "torch": "calculate_gain"}


class Mark(NamedTuple):
    """A gain, or a scale of branches, by its name: where on the logarithmic axis, and in which colour."""

    text: str
    place: float
    color: str

    @property
    def lines(self) -> list[str]:
        return wrap(self.text, LONGEST)


def gain_chart(result: StackResult) -> Figure | None:
    """Total factors forward and backward against the gain; a stream's against the scale of its branches."""
    spec = StackSpec.parse(result.experiment)
    points = [] if any_gain(spec) else _points(spec)
    if not points:
        return None
    x = [log10(knob) for knob, _ in points]
    lines = (
        ("activations", "solid", [found.forward for _, found in points]),
        ("gradient", "8px,4px", [found.backward for _, found in points]),
    )
    traces: list[Figure] = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": name,
            "x": x,
            "y": [min(max(value, -2 * FARTHEST), 2 * FARTHEST) for value in values],
            "text": [
                f"{number(knob)}: {name} {power(value)} times" for (knob, _), value in zip(points, values, strict=True)
            ],
            "line": {"color": PREDICTED, "dash": dash, "width": 2.5},
            "hovertemplate": "%{text}<extra></extra>",
            **meta(role="predicted"),
        }
        for name, dash, values in lines
    ]
    marks = sorted([*_known(spec), *_in_use(spec, result)], key=lambda mark: -mark.place)
    low, high = _view([value for *_, values in lines for value in values])
    *rows, in_all = accumulate((len(mark.lines) for mark in marks), initial=0)
    height = max(320, ROW * in_all)
    tops = [1 - ROW * row / height for row in rows]
    return figure(
        traces,
        height=height,
        xaxis={"title": {"text": _knob(spec)}, "range": [x[0], x[-1]], **_ticks(x[0], x[-1])},
        yaxis=log_axis(low, high),
        shapes=[
            {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": 0, "y1": 0, "line": _rule(PREDICTED)},
            *(_line(mark, top) for mark, top in zip(marks, tops, strict=True)),
        ],
        annotations=[
            title("factor over the whole stack"),
            *(_label(mark, top, x) for mark, top in zip(marks, tops, strict=True)),
        ],
    )


def _line(mark: Mark, top: float) -> Figure:
    """As tall as its own label, so that it does not cross those of marks on its right, which lie above it."""
    return {
        "type": "line",
        "x0": mark.place,
        "x1": mark.place,
        "yref": "paper",
        "y0": 0,
        "y1": top,
        "line": _rule(mark.color),
    }


def _label(mark: Mark, top: float, x: list[float]) -> Figure:
    """On the left of its line, where curves that grow leave room; on the right where there is no left."""
    room = (mark.place - x[0]) / (x[-1] - x[0]) + GUTTER
    fits = LETTER * max(map(len, mark.lines)) <= room
    side = {"xanchor": "right", "xshift": -3} if fits else {"xanchor": "left", "xshift": 3}
    return {
        "x": mark.place,
        "y": top,
        "yref": "paper",
        "yanchor": "top",
        "text": "<br>".join(mark.lines),
        "align": "right" if fits else "left",
        "font": {"size": 12},
        **side,
    }


def _points(spec: StackSpec) -> list[tuple[float, Totals]]:
    if spec.residual:
        scales = [10 ** (-3 + i / 8) for i in range(8 * 3 + 5)]
        return [(scale, found) for scale in scales if (found := with_branches(spec, scale))]
    return [(gain, found) for gain in gains_looked_at() if (found := with_gain(spec, gain))]


def _knob(spec: StackSpec) -> str:
    return "residual scale" if spec.residual else "gain: std of a weight × √fan_in"


def _known(spec: StackSpec) -> list[Mark]:
    """What is recommended here, and the gains people know."""
    best = best_branches(spec) if spec.residual else best_gain(spec)
    known = {} if spec.residual else {NAMES[name]: gain for name, gain in known_gains(spec.activation).items()}
    if best is not None:
        known = {"recommended": best[0], **known}
    return [Mark(f"{name} {number(gain)}", log10(gain), PREDICTED) for name, gain in known.items() if gain > 0]


def _in_use(spec: StackSpec, result: StackResult) -> list[Mark]:
    """The gain of every init on screen, as far as the axis reaches; a stream's scale of branches."""
    if spec.residual:
        scale = spec.branch_scale or 0.0
        return [Mark(f"in use {number(scale)}", log10(scale), PREDICTED)] if scale > 0 else []
    gains = {entry.init: entry.layers[0].weight_std * sqrt(entry.layers[0].fan_in) for entry in result.inits}
    least, most = gains_looked_at()[0], gains_looked_at()[-1]
    return [
        Mark(f"{INITIALIZERS[init].label} {number(gain, 3)}", log10(gain), STYLES[init].color)
        for init, gain in gains.items()
        if least <= gain <= most
    ]


def _rule(color: str) -> Figure:
    return {"color": color, "width": 1.5, "dash": "dash"}


def _view(values: list[float]) -> tuple[float, float]:
    return max(min([*values, -1.0]), -FARTHEST), min(max([*values, 1.0]), FARTHEST)


def _ticks(low: float, high: float) -> Figure:
    """1, 2, 5 in each decade."""
    values = [digit * 10.0**power for power in range(-4, 3) for digit in (1, 2, 5)]
    shown = [value for value in values if low <= log10(value) <= high]
    return {"tickvals": [log10(value) for value in shown], "ticktext": [f"{value:g}" for value in shown]}
