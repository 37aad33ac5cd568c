"""A stack as a picture: the size of the signal, layer by layer, beside theory."""

from itertools import chain
from typing import TYPE_CHECKING

from ...figures.axes import log_axis
from ...figures.palette import LINES, PREDICTED, STYLES
from .result import StackInit, StackResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def stack_picture(result: StackResult, axes: "Axes") -> None:
    """Mean square of the preactivations over the layers: one line an init, dotted what theory says."""
    sizes = [size for entry in result.inits for size in _sizes(entry) if size is not None]
    for entry in result.inits:
        style, layers = STYLES[entry.init], [layer.layer for layer in entry.layers]
        bands = [(at.layer, band.log10_low, band.log10_high) for at in entry.layers if (band := at.predicted.band)]
        known = [(at, low, high) for at, low, high in bands if low is not None and high is not None]
        if known:
            places, lows, highs = zip(*known, strict=True)
            axes.fill_between(places, lows, highs, color=style.color, alpha=0.15, linewidth=0)
        marker = style.marker if len(layers) <= 40 else ""
        axes.plot(
            layers,
            _floats(_sizes(entry)),
            label=LINES[entry.init].label,
            color=style.color,
            linewidth=3,
            marker=marker,
            markersize=6,
        )
        predicted = _floats([layer.predicted.typical for layer in entry.layers])
        axes.plot(layers, predicted, color=PREDICTED, linewidth=2, linestyle=":")
    low, high = min(chain(sizes, [-0.5])), max(chain(sizes, [0.5]))
    axis = log_axis(low, high)
    axes.set_yticks(axis["tickvals"], axis["ticktext"])
    axes.set_ylim(*axis["range"])
    axes.set_title("mean square of the preactivations", loc="left", size=14, color=axes.yaxis.label.get_color())
    axes.set_xlim(0.5, result.experiment["depth"] + 0.5)
    axes.set_xlabel("layer")


def _sizes(entry: StackInit) -> list[float | None]:
    return [layer.preactivation.log10_mean_square for layer in entry.layers]


def _floats(values: list[float | None]) -> list[float]:
    return [float("nan") if value is None else value for value in values]
