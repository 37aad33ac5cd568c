"""Axes and panels, as Plotly names them, and ticks for logarithms."""

from .numbers import superscript
from .palette import Figure


def panels(count: int, gap: float = 0.09) -> list[tuple[float, float]]:
    """Vertical domains of `count` panels, the first on top."""
    size = (1 - gap * (count - 1)) / count
    return [(max(0.0, 1 - i * (size + gap) - size), 1 - i * (size + gap)) for i in range(count)]


def axis(kind: str, index: int) -> str:
    """Plotly's name of the index-th axis of a kind: x, x2, x3, …"""
    return f"{kind}{index + 1}" if index else kind


def axis_key(kind: str, index: int) -> str:
    """Plotly's layout key of the same axis: xaxis, xaxis2, …"""
    return f"{kind}axis{index + 1}" if index else f"{kind}axis"


def panel_title(text: str, index: int) -> Figure:
    """An annotation on top of the index-th panel."""
    place = {"x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom"}
    return {"text": text, "xref": f"{axis('x', index)} domain", "yref": f"{axis('y', index)} domain", **place}


def decades(low: float, high: float, most: int = 7) -> Figure:
    """Ticks for an axis of log₁₀ values from low to high: whole powers of ten, not too many."""
    first, last = int(low // 1), int(-(-high // 1))
    steps = (1, 2, 3, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000)
    step = next((s for s in steps if (last - first) / s <= most), steps[-1])
    values = list(range(first - first % step, last + step, step))
    return {"tickvals": values, "ticktext": [f"10{superscript(value)}" for value in values]}
