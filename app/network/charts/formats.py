"""Magnitudes of outputs and gradients against number formats."""

from collections.abc import Callable
from math import log2, log10

from ...figures.axes import decades
from ...figures.numbers import percent
from ...figures.palette import PREDICTED, Figure, Style, meta
from ...figures.panels import Panel, stacked
from ...lab.formats import FORMATS, Magnitudes
from ..recording import Layer, Recording
from .lines import GRADIENT, OUTPUT, called, layer_axis, placed

TALL = 200  # pixels
FARTHEST = 60.0  # decades: no format reaches further
APART = 1.5  # decades between labels that can both be read
TO_LOG10 = log10(2)
Quantity = Callable[[Layer], Magnitudes | None]


def format_chart(recording: Recording) -> Figure | None:
    """The 1 % to 99 % of magnitudes of every layer, forward and back."""
    quantities: list[tuple[str, Quantity, Style]] = [
        ("outputs", lambda layer: layer.magnitudes, OUTPUT),
        ("gradients", lambda layer: layer.gradient_magnitudes, GRADIENT),
    ]
    panels = [panel for quantity in quantities if (panel := _panel(recording, *quantity))]
    return placed(stacked(panels, layer_axis(recording), hovermode="closest")) if panels else None


def _panel(recording: Recording, name: str, quantity: Quantity, style: Style) -> Panel | None:
    known = [
        (at, layer, found, tuple(_placed(end) for end in (found.log2_low, found.log2_median, found.log2_high)))
        for at, layer in enumerate(recording.layers, 1)
        if (found := quantity(layer))
        and found.log2_low is not None
        and found.log2_median is not None
        and found.log2_high is not None
    ]
    if not known:
        return None
    x = [at for at, *_ in known]
    low, median, high = (list(column) for column in zip(*(ends for *_, ends in known), strict=True))
    ribbon = {
        "type": "scatter",
        "mode": "lines",
        "x": [*x, *x[::-1]],
        "y": [*high, *low[::-1]],
        "fill": "toself",
        "fillcolor": style.filled(0.22),
        "line": {"width": 0},
        "hoverinfo": "skip",
        "showlegend": False,
        **meta(),
    }
    middle = {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": x,
        "y": median,
        "line": {"color": style.color, "width": 2},
        "text": [_losses(at, layer, found) for at, layer, found, _ in known],
        "hovertemplate": "%{text}<extra></extra>",
        **meta(),
    }
    bottom, top = min([-9.0, *low]), max([6.5, *high])
    lines, labels = _ends(bottom, top)
    axis = {"range": [bottom, top], **decades(bottom, top), "zeroline": False}
    return Panel(f"<b>{name}</b>", [ribbon, middle], axis, TALL, lines, labels)


def _placed(log2_size: float) -> float:
    """In decades, no further than there is anything to see."""
    return min(max(log2_size * TO_LOG10, -FARTHEST), FARTHEST)


def _losses(at: int, layer: Layer, found: Magnitudes) -> str:
    lines = [
        f"{name}: {percent(share.underflow)} to zero, {percent(share.overflow)} overflow"
        for name, share in found.formats.items()
        if name in FORMATS
    ]
    return "<br>".join([called(at, layer), *lines])


def _ends(bottom: float, top: float) -> tuple[list[Figure], list[Figure]]:
    """A dashed line where a format ends, named where there is room."""
    ends = sorted(
        (log2(value) * TO_LOG10, f"{which} {name}")
        for name, entry in FORMATS.items()
        for which, value in (("largest", entry.largest), ("smallest", entry.smallest))
    )
    rule = {"color": PREDICTED, "width": 1, "dash": "dash"}
    lines: list[Figure] = []
    labels: list[Figure] = []
    for place, name in ends:
        if not bottom < place < top:
            continue
        lines.append({"type": "line", "xref": "domain", "x0": 0, "x1": 1, "y0": place, "y1": place, "line": rule})
        if not labels or place - labels[-1]["y"] > APART:
            where = {"xref": "domain", "x": 1, "xanchor": "right", "y": place, "yanchor": "bottom"}
            labels.append({**where, "text": name, "font": {"size": 11, "color": PREDICTED}})
    return lines, labels
