"""A transformer as a picture: the size of the stream, block by block, beside theory."""

from itertools import chain
from typing import TYPE_CHECKING

from ...figures.axes import log_axis
from ...figures.palette import PREDICTED
from .charts.blocks import LINES, size_edges
from .result import TransformerInit, TransformerResult
from .strays import stream

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def transformer_picture(result: TransformerResult, axes: "Axes") -> None:
    """Mean square of the stream over the blocks: one line an init, dotted what theory says."""
    sizes = [size for entry in result.inits for size in _sizes(entry) if size is not None]
    for entry in result.inits:
        style, blocks = LINES[entry.init].style, [block.block for block in entry.blocks]
        edges = size_edges(entry, stream)
        if edges:
            axes.fill_between(
                [edge.place for edge in edges],
                [edge.low for edge in edges],
                [edge.high for edge in edges],
                color=style.color,
                alpha=0.15,
                linewidth=0,
            )
        marker = style.marker if len(blocks) <= 40 else ""
        axes.plot(
            blocks,
            _floats(_sizes(entry)),
            label=LINES[entry.init].label,
            color=style.color,
            linewidth=3,
            marker=marker,
            markersize=6,
        )
        predicted = _floats([block.predicted.log10_stream for block in entry.blocks])
        axes.plot(blocks, predicted, color=PREDICTED, linewidth=2, linestyle=":")
    low, high = min(chain(sizes, [-0.5])), max(chain(sizes, [0.5]))
    axis = log_axis(low, high)
    axes.set_yticks(axis["tickvals"], axis["ticktext"])
    axes.set_ylim(*axis["range"])
    axes.set_title("mean square of the stream", loc="left", size=14, color=axes.yaxis.label.get_color())
    axes.set_xlim(0.5, result.experiment["depth"] + 0.5)
    axes.set_xlabel("block")


def _sizes(entry: TransformerInit) -> list[float | None]:
    return [block.stream.log10_mean_square for block in entry.blocks]


def _floats(values: list[float | None]) -> list[float]:
    return [float("nan") if value is None else value for value in values]
