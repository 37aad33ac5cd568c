"""A sweep as a picture: its lines, dotted what theory says, or the first of its maps."""

from typing import TYPE_CHECKING

from ...figures.palette import PREDICTED
from .charts.colors import label_of, style_of
from .charts.maps import PARTING, RISING
from .charts.scales import along, of_statistic, titled
from .result import SweepResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NOTHING = float("nan")


def sweep_picture(result: SweepResult, axes: "Axes") -> None:
    """The statistic over the axes, on the scales of the charts."""
    scale, x = of_statistic(result), result.axes[0]
    across = along(x).axis(x.values, titled(x))
    axes.set_xticks(across["tickvals"], across["ticktext"])
    axes.set_xlim(*across["range"])
    axes.set_xlabel(across["title"]["text"])
    axes.set_title(result.statistic.label, loc="left", size=14, color=axes.yaxis.label.get_color())
    if result.cells:
        _map(result, axes)
        return
    shown: list[float | None] = [value for line in result.lines for value in (*line.value, *line.predicted)]
    up = scale.axis(shown, "")
    axes.set_yticks(up["tickvals"], up["ticktext"])
    axes.set_ylim(*up["range"])
    for index, line in enumerate(result.lines):
        style, places = style_of(result, line.init, index), [_known(along(x).place(at)) for at in line.x]
        values, theory = ([_known(scale.place(value)) for value in found] for found in (line.value, line.predicted))
        axes.plot(
            places,
            values,
            linestyle="None" if x.choices else "-",
            label=label_of(result, line.init),
            color=style.color,
            linewidth=3,
            marker=style.marker,
            markersize=7,
        )
        axes.plot(places, theory, "_" if x.choices else ":", color=PREDICTED, linewidth=2, markersize=16)


def _map(result: SweepResult, axes: "Axes") -> None:
    from matplotlib.colors import LinearSegmentedColormap, TwoSlopeNorm

    x, y = result.axes
    scale, up = of_statistic(result), along(y).axis(y.values, titled(y))
    first = [cell for cell in result.cells if cell.init == result.cells[0].init]
    there = {(cell.x, cell.y): scale.place(cell.value) for cell in first}
    grid = [[_known(there.get((column, row))) for column in x.values] for row in y.values]
    middle = scale.place(result.statistic.level)
    colors = LinearSegmentedColormap.from_list("", RISING if middle is None else PARTING)
    columns, rows = ([_known(along(axis).place(value)) for value in axis.values] for axis in (x, y))
    known = [value for value in there.values() if value is not None]
    norm = None if middle is None else TwoSlopeNorm(middle, min(*known, middle - 0.1), max(*known, middle + 0.1))
    axes.pcolormesh(columns, rows, grid, cmap=colors, norm=norm, shading="nearest")
    axes.set_yticks(up["tickvals"], up["ticktext"])
    axes.set_ylabel(up["title"]["text"])
    axes.set_xlim(columns[0], columns[-1])
    axes.set_ylim(rows[0], rows[-1])


def _known(place: float | None) -> float:
    return NOTHING if place is None else place
