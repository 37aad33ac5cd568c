"""One palette: a colour, marker and dash per init, the same in every chart; a light and a dark template."""

from collections.abc import Collection, Mapping
from typing import Any, Literal, NamedTuple, Protocol

from ..lab.initializers import INITIALIZERS

Figure = dict[str, Any]


class Style(NamedTuple):
    """How an init is drawn. Colour alone never tells two inits apart."""

    color: str
    symbol: str
    dash: str

    @property
    def marker(self) -> str:
        """The symbol as matplotlib names it."""
        return MARKERS[self.symbol]

    def filled(self, alpha: float) -> str:
        """The colour as a translucent fill."""
        return translucent(self.color, alpha)


def translucent(color: str, alpha: float) -> str:
    """A colour `#rrggbb` as one that what lies behind shows through."""
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha})"


# Hues kept apart for the colour-blind (after Okabe and Ito), of a lightness that reads on white and on black.
COLORS = (
    "#d9480f",
    "#2b7fd4",
    "#0f9d74",
    "#b45ad6",
    "#8e7cf0",
    "#b58100",
    "#a8741a",
    "#2792b0",
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
MARKERS = dict(zip(SYMBOLS, "osD^vPX*hp8", strict=True))
DASHES = ("solid", "9px,4px", "4px,4px", "14px,4px,4px,4px")  # so that lines that coincide show both colours

STYLES: dict[str, Style] = {
    name: Style(COLORS[i % len(COLORS)], SYMBOLS[i % len(SYMBOLS)], DASHES[i % len(DASHES)])
    for i, name in enumerate(INITIALIZERS)
}


class Line(NamedTuple):
    """How one of the things that an experiment sets side by side is called, defined and drawn."""

    label: str
    formula: str
    style: Style


class Named(Protocol):
    """An entry of a registry of such things."""

    @property
    def label(self) -> str: ...

    @property
    def formula(self) -> str: ...


def styles_of(names: Collection[str]) -> dict[str, Style]:
    """Of the initializations of this palette their own, of others those that are left, in order."""
    own = {name: STYLES[name] for name in names if name in STYLES}
    left = (style for style in STYLES.values() if style not in own.values())
    return {name: own[name] if name in own else next(left) for name in names}


def lines_of(registry: Mapping[str, Named]) -> dict[str, Line]:
    """Of all the entries of a registry."""
    styles = styles_of(registry)
    return {name: Line(entry.label, entry.formula, styles[name]) for name, entry in registry.items()}


def line_of(lines: Mapping[str, Line], series: str | None) -> Line | None:
    """Of one of them, or of one of several numbers of it: its name, a space and a word, such as `1/D forward`."""
    name, space, word = (series or "").partition(" ")
    return lines[name]._replace(label=f"{lines[name].label}{space}{word}") if name in lines else None


LINES = lines_of(INITIALIZERS)

PREDICTED = "#6f7885"  # theory, in every chart
MARGIN = {"l": 56, "r": 16, "t": 30, "b": 48}  # pixels, the same for all, so that places stand over one another
LEGEND = 54  # pixels over a chart that is shown with its legend

Role = Literal["measured", "predicted"]


def meta(init: str | None = None, role: Role = "measured", place: int | None = None) -> Figure:
    """What a trace is of, for whoever shows one init alone, hides what was predicted, or chooses a place."""
    said = {"init": init, "role": role, "place": place}
    return {"meta": {name: value for name, value in said.items() if value is not None}}


class Theme(NamedTuple):
    """The colours of a page's text and lines, for what is drawn without a page."""

    ink: str
    soft: str
    grid: str
    surface: str
    accent: str


LIGHT = Theme("#1c2024", "#5b636e", "#e3e6ea", "#ffffff", "#1f4fa3")
DARK = Theme("#e8eaed", "#a0a7b1", "#333a44", "#1d2229", "#8ab4f8")


def _template(ink: str, faint: str, grid: str, surface: str) -> Figure:
    axis = {
        "gridcolor": grid,
        "zerolinecolor": grid,
        "linecolor": grid,
        "tickcolor": grid,
        "tickfont": {"color": faint, "size": 12},
        "title": {"font": {"color": faint, "size": 13}, "standoff": 8},
        "automargin": False,
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
    "light": _template(*LIGHT[:4]),
    "dark": _template(*DARK[:4]),
}


def figure(traces: list[Figure], height: int = 380, **layout: Any) -> Figure:
    """A figure in the light template, its plots `height` pixels tall; in the dark the template alone is swapped."""
    top = MARGIN["t"] + (0 if layout.get("showlegend") is False else LEGEND)
    margin = {**MARGIN, "t": top}
    return {
        "data": traces,
        "layout": {
            "template": TEMPLATES["light"],
            "height": height + top + MARGIN["b"],
            "margin": margin,
            **layout,
        },
    }
