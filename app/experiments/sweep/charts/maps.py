"""A statistic over two axes: one map a series, with theory's contours over what is measured."""

from collections.abc import Sequence
from itertools import product
from math import ceil, floor, log10
from typing import NamedTuple

from ....figures.axes import linear_axis, log_axis
from ....figures.palette import MARGIN, Figure
from ....figures.panels import Panel, stacked
from ..plan import levels
from ..result import Cell, SweepResult
from .colors import label_of, meta_of
from .contours import contours
from .scales import Scale, Value, along, called, in_words, of_statistic, said, titled, told

TALL = 360  # pixels of one map, less where there are several
FOOT = 104  # pixels under the last one, for its axis and the scale of colours

# Dark to light, as far apart for the colour-blind; around a level from blue over grey to orange.
RISING = ((0.0, "#3a57a6"), (0.35, "#3f8fdc"), (0.7, "#7cc4b8"), (1.0, "#f4e9b0"))
PARTING = ((0.0, "#14418b"), (0.3, "#5b9ce0"), (0.5, "#c3c7cd"), (0.7, "#ee9257"), (1.0, "#a83207"))


class Grid(NamedTuple):
    """The cells of one series, by place: as far as a coarse grid has been computed, its columns and rows alone."""

    series: str | None
    xs: list[float]
    ys: list[float]
    rows: list[list[Cell | None]]


def maps(result: SweepResult) -> Figure | None:
    """A map a series; a cell leads to its experiment."""
    shown = [cell.value for cell in result.cells if of_statistic(result).place(cell.value) is not None]
    if not shown:
        return None
    x, y = result.axes
    grids = _grids(result)
    height = max(200, TALL - 60 * (len(grids) - 1))
    across = {**along(x).axis(x.values, titled(x)), "showgrid": False}
    up = {**along(y).axis(y.values, titled(y)), "showgrid": False}
    panels = [
        Panel(_title(result, grid, index == 0), _traces(result, grid), up, height) for index, grid in enumerate(grids)
    ]
    drawn = stacked(
        panels, _filled(across, grids), meta={"links": True}, coloraxis=_colors(result), hovermode="closest"
    )
    layout = drawn["layout"]
    layout["height"] += FOOT - MARGIN["b"]
    layout["margin"] = {**layout["margin"], "b": FOOT, "l": 64}
    for name in [each for each in layout if each.startswith("yaxis")]:
        layout[name] = _filled(layout[name], grids, rows=True)
    return drawn


def _title(result: SweepResult, grid: Grid, first: bool) -> str:
    """Whose map it is, and over the first one what all of them show."""
    series = f"<b>{label_of(result, grid.series)}</b>" if grid.series else ""
    return ": ".join(filter(None, (series, called(result) if first else "")))


def _filled(axis: Figure, grids: Sequence[Grid], rows: bool = False) -> Figure:
    """The axis as far as the outermost cells go, half a cell beyond their middles."""
    places = sorted({at for grid in grids for at in (grid.ys if rows else grid.xs)})
    if len(places) < 2:
        return axis
    return {**axis, "range": [places[0] - (places[1] - places[0]) / 2, places[-1] + (places[-1] - places[-2]) / 2]}


def _grids(result: SweepResult) -> list[Grid]:
    x, y = result.axes
    across, up = along(x), along(y)
    columns, rows = _complete(result)
    found = []
    for series in dict.fromkeys(cell.init for cell in result.cells):
        there = {(cell.x, cell.y): cell for cell in result.cells if cell.init == series}
        grid = [[there.get((column, row)) for column in columns] for row in rows]
        found.append(Grid(series, _places(across, columns), _places(up, rows), grid))
    return found


def _complete(result: SweepResult) -> tuple[list[Value], list[Value]]:
    """The columns and rows of the finest grid of which every cell is there; before there is one, of those that are."""
    x, y = (axis.values for axis in result.axes)
    known = {(cell.x, cell.y) for cell in result.cells}
    of_x, of_y = levels(len(x)), levels(len(y))
    for finest in range(max(*of_x, *of_y), -1, -1):
        columns = [at for at, level in zip(x, of_x, strict=True) if level <= finest]
        rows = [at for at, level in zip(y, of_y, strict=True) if level <= finest]
        if known.issuperset(product(columns, rows)):
            return columns, rows
    return [at for at in x if any(at == there for there, _ in known)], [
        at for at in y if any(at == there for _, there in known)
    ]


def _places(scale: Scale, values: Sequence[Value]) -> list[float]:
    return [place for value in values if (place := scale.place(value)) is not None]


def _traces(result: SweepResult, grid: Grid) -> list[Figure]:
    scale = of_statistic(result)
    measured = [[scale.place(cell.value) if cell else None for cell in row] for row in grid.rows]
    predicted = [[scale.place(cell.predicted) if cell else None for cell in row] for row in grid.rows]
    heat: Figure = {
        "type": "heatmap",
        "x": grid.xs,
        "y": grid.ys,
        "z": measured,
        "text": [[_text(result, cell) for cell in row] for row in grid.rows],
        "customdata": [[cell.page if cell else None for cell in row] for row in grid.rows],
        "hovertemplate": "%{text}<extra></extra>",
        "coloraxis": "coloraxis",
        "hoverongaps": False,
        "xgap": 1,
        "ygap": 1,
        "showlegend": False,
        **meta_of(result, grid.series),
    }
    colors = _colors(result)
    traces = [heat, *contours(grid.xs, grid.ys, predicted, _levels(result, colors), colors["cmax"] - colors["cmin"])]
    failed = [
        (cell, x, y) for row, y in zip(grid.rows, grid.ys, strict=True) for cell, x in zip(row, grid.xs, strict=True)
    ]
    traces += _failed(result, [(cell, x, y) for cell, x, y in failed if cell and scale.place(cell.value) is None])
    return traces


def _levels(result: SweepResult, colors: Figure) -> dict[float, str]:
    """The values contours are drawn at: the one that parts two regimes, or those marked on the scale of colours."""
    level = result.statistic.level
    place = of_statistic(result).place(level)
    if level is not None and place is not None:
        return {place: f"{level:g}"}
    return dict(zip(colors["colorbar"]["tickvals"], colors["colorbar"]["ticktext"], strict=True))


def _failed(result: SweepResult, cells: list[tuple[Cell, float, float]]) -> list[Figure]:
    """Cells without a number, each marked, with its reason."""
    if not cells:
        return []
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "x": [x for _, x, _ in cells],
            "y": [y for _, _, y in cells],
            "marker": {"symbol": "x-thin", "size": 9, "line": {"width": 1.5, "color": "#8a8f98"}, "color": "#8a8f98"},
            "text": [_text(result, cell) for cell, _, _ in cells],
            "customdata": [cell.page for cell, _, _ in cells],
            "hovertemplate": "%{text}<extra></extra>",
            "name": "no number",
        }
    ]


def _parting(middle: float) -> list[list[float | str]]:
    """The colours on either side of a level that lies at this share of the scale."""
    return [[2 * at * middle if at <= 0.5 else middle + (2 * at - 1) * (1 - middle), color] for at, color in PARTING]


def _text(result: SweepResult, cell: Cell | None) -> str:
    if cell is None:
        return ""
    x, y = result.axes
    where = f"{in_words(x)} {said(x, cell.x)}, {in_words(y)} {said(y, cell.y)}"
    return f"{where}<br>{told(cell.value, cell.low, cell.high, cell.predicted, cell.problem)}"


def _colors(result: SweepResult) -> Figure:
    """One scale of colours for all maps, from least to most; where there is a level, grey is there."""
    scale, statistic = of_statistic(result), result.statistic
    values = [place for cell in result.cells if (place := scale.place(cell.value)) is not None]
    low, high, middle = min(values), max(values), scale.place(statistic.level)
    if middle is not None:
        low, high = min(low, middle), max(high, middle)
    if low == high:
        low, high = low - 0.5, high + 0.5
    ticks = _ticks(low, high) if scale.log else linear_axis(floor(low * 1e6) / 1e6, ceil(high * 1e6) / 1e6)
    return {
        "cmin": low,
        "cmax": high,
        "colorscale": [list(stop) for stop in RISING] if middle is None else _parting((middle - low) / (high - low)),
        "colorbar": {
            "orientation": "h",
            "thickness": 12,
            "outlinewidth": 0,
            "x": 0.5,
            "yref": "container",
            "y": 0,
            "yanchor": "bottom",
            "tickvals": ticks["tickvals"],
            "ticktext": ticks["ticktext"],
            "tickfont": {"size": 12},
        },
    }


def _ticks(low: float, high: float) -> Figure:
    """Of a scale of logarithms, which may be much narrower than a decade."""
    ticks = log_axis(low, high)
    if sum(low <= tick <= high for tick in ticks["tickvals"]) > 1:
        return ticks
    ticks = linear_axis(10**low, 10**high)
    return {**ticks, "tickvals": [log10(value) for value in ticks["tickvals"]]}
