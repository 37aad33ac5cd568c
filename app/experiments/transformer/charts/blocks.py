"""What all charts over blocks share: the same axis under each, and one line an init."""

from collections.abc import Callable, Sequence
from math import log10

from ....figures.axes import linear_axis, place_axis, spacing
from ....figures.courses import Course, Edge, Sizes, band, measured, predicted
from ....figures.numbers import number
from ....figures.palette import Figure, lines_of
from ....figures.panels import Panel, once, stacked
from ....figures.shapes import some_places
from ..inits import INITS
from ..result import TransformerBlock, TransformerInit, TransformerResult
from ..strays import Straying

LINES = lines_of(INITS)
Quantity = Callable[[TransformerBlock], float | None]


def over_blocks(result: TransformerResult, panels: Sequence[Panel]) -> Figure | None:
    """The panels over one axis of blocks, so that one block stands at one place in every chart."""
    if not panels:
        return None
    blocks = [block.block for block in result.inits[0].blocks]
    across = place_axis(blocks, "block", spacing(some_places(blocks)))
    traces = once([trace for panel in panels for trace in panel.traces])
    named = [panel._replace(traces=[traces.pop(0) for _ in panel.traces]) for panel in panels]
    return stacked(named, across, hovermode="closest", meta={"place": "block"})


def course_of(entry: TransformerInit) -> Course:
    """The blocks that one init passes."""
    return Course(entry.init, LINES[entry.init], "block", [block.block for block in entry.blocks])


def values(entry: TransformerInit, quantity: Quantity) -> list[float | None]:
    """Block by block."""
    return [quantity(block) for block in entry.blocks]


def size_panel(
    title: str,
    result: TransformerResult,
    sizes: Sizes,
    quantity: Quantity,
    theory: Quantity,
    stray: Straying,
    height: int,
) -> Panel | None:
    """Mean squares, known as log₁₀, beside theory; None where there are none."""
    if all(value is None for entry in result.inits for value in values(entry, quantity)):
        return None
    traces = [trace for entry in result.inits for trace in sizes.band(course_of(entry), size_edges(entry, stray))]
    traces += [sizes.measured(course_of(entry), values(entry, quantity)) for entry in result.inits]
    traces += [trace for entry in result.inits for trace in sizes.predicted(course_of(entry), values(entry, theory))]
    return Panel(title, traces, sizes.axis(), height)


def share_panel(
    title: str, result: TransformerResult, quantity: Quantity, theory: Quantity, stray: Straying, height: int
) -> Panel:
    """Numbers up to one, beside theory."""
    bands = [trace for entry in result.inits for trace in _share_band(entry, stray)]
    traces = [measured(course_of(entry), *_texts(entry, quantity)) for entry in result.inits]
    traces += [
        predicted(course_of(entry), *_texts(entry, theory))
        for entry in result.inits
        if any(value is not None for value in values(entry, theory))
    ]
    lowest = min([0.0, *(value for trace in traces for value in trace["y"] if value is not None)])
    return Panel(title, [*bands, *traces], linear_axis(lowest - 0.04, 1.06), height)


def size_edges(entry: TransformerInit, stray: Straying) -> list[Edge]:
    """Where 95 % of networks lie, log₁₀, if theory says how far chance lets them stray."""
    return [Edge(place, log10(low), log10(high)) for place, low, high in _bands(entry, stray)]


def _share_band(entry: TransformerInit, stray: Straying) -> list[Figure]:
    return band(course_of(entry), _bands(entry, stray))


def _bands(entry: TransformerInit, stray: Straying) -> list[Edge]:
    return [Edge(block.block, *edges) for block in entry.blocks if (edges := stray(block).band)]


def _texts(entry: TransformerInit, quantity: Quantity) -> tuple[list[float | None], list[str]]:
    found = values(entry, quantity)
    return found, [number(value, 3) if value is not None else "" for value in found]
