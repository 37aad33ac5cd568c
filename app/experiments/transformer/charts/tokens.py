"""What becomes of tokens: how alike they are, and how their attention falls on keys."""

from ....figures.formats import format_panel
from ....figures.numbers import number
from ....figures.palette import Figure
from ....figures.shapes import Row, Shape, shape_panels, some_places
from .. import strays
from ..result import TransformerBlock, TransformerInit, TransformerResult
from .blocks import LINES, course_of, over_blocks, share_panel
from .growth import entropy_panel, token_panel

TALL = 170  # pixels


def cosines(result: TransformerResult) -> Figure | None:
    """Between the tokens of a sequence, and between those of different sequences."""
    panels = [token_panel(result, TALL)] if result.experiment["tokens"] > 1 else []
    if result.experiment["batch"] > 1:
        panels.append(
            share_panel(
                "cosine between tokens of two sequences",
                result,
                lambda block: block.sequence_cosine,
                lambda block: block.predicted.sequence_cosine,
                strays.sequence_cosine,
                TALL,
            )
        )
    return over_blocks(result, panels)


def attention(result: TransformerResult) -> Figure | None:
    """How evenly the weights fall: entropy, and Σp²."""
    if result.experiment["tokens"] == 1:
        return None
    participation = share_panel(
        "Σp², the share of weight that few keys hold",
        result,
        lambda block: block.entropy.participation.mean,
        lambda block: block.predicted.participation,
        strays.participation,
        TALL,
    )
    return over_blocks(result, [entropy_panel(result, TALL), participation])


def histograms(result: TransformerResult, common: bool = False) -> Figure | None:
    """The stream after each block as a shape."""
    panels = shape_panels([_row(entry) for entry in result.inits], common=common)
    return over_blocks(result, panels)


def format_chart(result: TransformerResult) -> Figure | None:
    """Magnitudes of the stream and of its gradient, and where each format ends."""
    courses = [(course_of(entry), entry.blocks) for entry in result.inits]
    panels = [
        format_panel("the stream", [(course, [at.stream_magnitudes for at in blocks]) for course, blocks in courses])
    ]
    if any(block.gradient_magnitudes for _, blocks in courses for block in blocks):
        ribbons = [(course, [at.gradient_magnitudes for at in blocks]) for course, blocks in courses]
        panels.append(format_panel("its gradient", ribbons))
    return over_blocks(result, panels)


def _row(entry: TransformerInit) -> Row:
    shown = [entry.blocks[index] for index in some_places(range(len(entry.blocks)))]
    line = LINES[entry.init]
    return Row(entry.init, line.label, line.style, [Shape(at.block, at.stream, _describe(at)) for at in shown])


def _describe(block: TransformerBlock) -> str:
    found = block.stream
    return (
        f"block {block.block}<br>mean {number(found.mean)}<br>std {number(found.std)}"
        f"<br>min {number(found.min)}, max {number(found.max)}"
    )
