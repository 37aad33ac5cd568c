"""One palette: a colour, marker and dash per init, the same in every chart; a light and a dark template."""

from typing import Any, NamedTuple

from app.lab.initializers import INITIALIZERS

Figure = dict[str, Any]


class Style(NamedTuple):
    """How an init is drawn. Colour alone never tells two inits apart."""

    color: str
    symbol: str
    dash: str

    def filled(self, alpha: float) -> str:
        """The colour as a translucent fill."""
        red, green, blue = (int(self.color[i : i + 2], 16) for i in (1, 3, 5))
        return f"rgba({red},{green},{blue},{alpha})"


# Hues kept apart for the colour-blind (after Okabe and Ito), of a lightness that reads on white and on black.
COLORS = (
    "#d9480f",
    "#2b7fd4",
    "#0f9d74",
    "#b45ad6",
    "#8e7cf0",
    "#d99a00",
    "#a8741a",
    "#35a9c7",
    "#e0559a",
    "#7a86a8",
    "#6f9a1f",
)
SYMBOLS = (
    "circle",
    "square",
    "diamond",
    "triangle-up",
    "triangle-down",
    "cross",
    "x",
    "star",
    "hexagon",
    "pentagon",
    "bowtie",
)
DASHES = ("solid", "9px,4px", "4px,4px", "14px,4px,4px,4px")  # so that lines that coincide show both colours

STYLES: dict[str, Style] = {
    name: Style(COLORS[i % len(COLORS)], SYMBOLS[i % len(SYMBOLS)], DASHES[i % len(DASHES)])
    for i, name in enumerate(INITIALIZERS)
}

PREDICTED = "#6f7885"  # theory, in every chart
LEGEND = 84  # pixels over a chart: two rows of legend and a panel title


def _template(ink: str, faint: str, grid: str, surface: str) -> Figure:
    axis = {
        "gridcolor": grid,
        "zerolinecolor": grid,
        "linecolor": grid,
        "tickcolor": grid,
        "tickfont": {"color": faint, "size": 12},
        "title": {"font": {"color": faint, "size": 13}, "standoff": 8},
        "automargin": True,
    }
    return {
        "layout": {
            "font": {"family": "Inter, system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif", "color": ink},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "xaxis": axis,
            "yaxis": axis,
            "hoverlabel": {"bgcolor": surface, "bordercolor": grid, "font": {"color": ink, "size": 13}},
            "legend": {"orientation": "h", "x": 0, "xanchor": "left", "yref": "container", "y": 1, "yanchor": "top"},
            "annotationdefaults": {"font": {"color": ink, "size": 13}, "showarrow": False},
            "hovermode": "closest",
        }
    }


TEMPLATES: dict[str, Figure] = {
    "light": _template("#1c2024", "#5b636e", "#e3e6ea", "#ffffff"),
    "dark": _template("#e8eaed", "#a0a7b1", "#333a44", "#1d2229"),
}


def figure(traces: list[Figure], height: int = 380, **layout: Any) -> Figure:
    """A figure in the light template; whoever shows it in the dark swaps the template alone."""
    top = 28 if layout.get("showlegend") is False else LEGEND
    margin = {"l": 56, "r": 16, "t": top, "b": 48}
    return {"data": traces, "layout": {"template": TEMPLATES["light"], "height": height, "margin": margin, **layout}}


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


def number(value: float | None, digits: int = 4) -> str:
    """A number as a person reads it: 512.7, 0.00195, 3.1 × 10⁻⁹."""
    if value is None:
        return "beyond float64"
    if value == 0:
        return "0"
    if 1e-3 <= abs(value) < 1e6:
        text = f"{value:.{digits}g}"
        return f"{float(text):,.10g}"
    mantissa, exponent = f"{value:.{max(digits - 2, 1)}e}".split("e")
    return f"{mantissa} × 10{superscript(int(exponent))}"


def power(exponent: float | None, digits: int = 2) -> str:
    """10^exponent as a person reads it, however large; None is the logarithm of zero."""
    if exponent is None:
        return "0"
    if -300 < exponent < 300:
        return number(10**exponent, digits + 1)
    whole = int(exponent // 1)
    return f"{10 ** (exponent - whole):.{digits}f} × 10{superscript(whole)}"


def superscript(value: int) -> str:
    """An exponent in Unicode superscripts."""
    return str(value).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def decades(low: float, high: float, most: int = 7) -> Figure:
    """Ticks for an axis of log₁₀ values from low to high: whole powers of ten, not too many."""
    first, last = int(low // 1), int(-(-high // 1))
    steps = (1, 2, 3, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000)
    step = next((s for s in steps if (last - first) / s <= most), steps[-1])
    values = list(range(first - first % step, last + step, step))
    return {"tickvals": values, "ticktext": [f"10{superscript(value)}" for value in values]}
