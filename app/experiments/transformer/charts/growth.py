"""The stream, its gradient, and what each branch adds: quantities that change by factors, block after block."""

from math import log10

from ....figures.courses import Sizes
from ....figures.palette import Figure
from ....figures.panels import Panel
from .. import strays
from ..inits import GROUP_LABELS, GROUPS
from ..result import Branch, TransformerBlock, TransformerResult
from .blocks import Quantity, course_of, over_blocks, share_panel, size_panel, values

TALL, LINES_TALL = 300, 125  # pixels


def picture(result: TransformerResult, linear: bool = False, std: bool = False, whole: bool = False) -> Figure | None:
    """The stream, the tokens' cosine, the entropy of attention and the gradient, over one axis of blocks."""
    panels = [
        stream_panel(result, Sizes(linear, std, whole), LINES_TALL),
        token_panel(result, LINES_TALL) if result.experiment["tokens"] > 1 else None,
        entropy_panel(result, LINES_TALL) if result.experiment["tokens"] > 1 else None,
        gradient_panel(result, Sizes(linear, std, whole), LINES_TALL),
    ]
    return over_blocks(result, [panel for panel in panels if panel])


def stream(result: TransformerResult, linear: bool = False, std: bool = False, whole: bool = False) -> Figure | None:
    """The stream after each block."""
    panel = stream_panel(result, Sizes(linear, std, whole), TALL)
    return over_blocks(result, [panel] if panel else [])


def branches(result: TransformerResult, linear: bool = False, std: bool = False, whole: bool = False) -> Figure | None:
    """What attention and the MLP of each block add."""
    panels = [
        size_panel(
            f"{sizes.name} that {name} adds", result, sizes, _added(which), _added(which, True), stray, TALL // 2
        )
        for name, which, stray in (("attention", "attention", strays.attention), ("the MLP", "mlp", strays.mlp))
        for sizes in (Sizes(linear, std, whole),)
    ]
    return over_blocks(result, [panel for panel in panels if panel])


def gradient(result: TransformerResult, linear: bool = False, std: bool = False, whole: bool = False) -> Figure | None:
    """The gradient at the stream after each block; one at the last."""
    panel = gradient_panel(result, Sizes(linear, std, whole), TALL)
    return over_blocks(result, [panel] if panel else [])


def matrices(result: TransformerResult, linear: bool = False, whole: bool = False) -> Figure | None:
    """Each matrix's gradient over its weights: the size of a step, relative."""
    panels = []
    for group in GROUPS:
        sizes = Sizes(linear, True, whole)
        traces = [sizes.measured(course_of(entry), values(entry, _step(group))) for entry in result.inits]
        if not sizes.empty:
            panels.append(Panel(GROUP_LABELS[group], traces, sizes.axis(), 90))
    return over_blocks(result, panels)


def stream_panel(result: TransformerResult, sizes: Sizes, height: int) -> Panel | None:
    return size_panel(
        f"{sizes.name} of the stream",
        result,
        sizes,
        lambda block: block.stream.log10_mean_square,
        lambda block: block.predicted.log10_stream,
        strays.stream,
        height,
    )


def gradient_panel(result: TransformerResult, sizes: Sizes, height: int) -> Panel | None:
    """None where no gradient was sent."""
    return size_panel(
        f"{sizes.name} of the gradient at the stream",
        result,
        sizes,
        lambda block: block.gradient.log10_mean_square if block.gradient else None,
        lambda block: block.predicted.log10_gradient if block.gradient else None,
        strays.gradient,
        height,
    )


def token_panel(result: TransformerResult, height: int) -> Panel:
    return share_panel(
        "cosine between tokens of a sequence",
        result,
        lambda block: block.token_cosine.mean,
        lambda block: block.predicted.token_cosine,
        strays.token_cosine,
        height,
    )


def entropy_panel(result: TransformerResult, height: int) -> Panel:
    return share_panel(
        f"entropy of attention, as a share of {'the most it can be' if result.experiment['causal'] else 'ln n'}",
        result,
        lambda block: block.entropy.share,
        lambda block: block.predicted.entropy_share,
        strays.entropy,
        height,
    )


def _added(which: str, theory: bool = False) -> Quantity:
    def quantity(block: TransformerBlock) -> float | None:
        if not theory:
            branch: Branch = getattr(block, which)
            return branch.log10_mean_square
        size = getattr(block.predicted, which)
        return log10(size) if size else None

    return quantity


def _step(group: str) -> Quantity:
    def quantity(block: TransformerBlock) -> float | None:
        found = block.weight_gradients[group].grad_to_data if block.weight_gradients else None
        return 2 * log10(found) if found else None

    return quantity
