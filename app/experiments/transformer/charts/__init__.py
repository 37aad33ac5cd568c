"""The charts of a transformer: what each is called, how to read it, which findings it shows, and where it stands."""

from ....figures.chart import Chart, Section
from ..spec import TransformerSpec
from .growth import branches, gradient, matrices, picture, stream
from .tokens import attention, cosines, format_chart, histograms


def _sequences(count: int) -> str:
    return "one sequence" if count == 1 else f"{count:,} sequences"


def _returning(spec: TransformerSpec) -> str:
    """Through which sequences the gradient goes, if not through all."""
    return "" if spec.returning == spec.batch else f" through {spec.returning if spec.returning > 1 else 'one'} of them"


def _picture(spec: TransformerSpec) -> str:
    inputs = _sequences(spec.batch)
    tokens = "one token" if spec.tokens == 1 else f"{spec.tokens:,} tokens"
    way = f" The gradient goes back from right to left{_returning(spec)} and is 1 at the last block."
    back = way if spec.backward else ""
    return f"Over {inputs} of {tokens}, block by block; dotted as predicted. Bands: where 95 % of networks lie.{back}"


_STREAM = (
    "Mean square of the stream after each block, over all tokens. Bands: where 95 % of networks lie, in which chance "
    "alone is at work. A straight line on a logarithmic axis is a constant factor a block."
)
_BRANCHES = (
    "Mean square of what each branch adds, residual scale included. Beside the stream's it says how much a block "
    "changes. Bands: where 95 % of networks lie."
)
_HISTOGRAMS = (
    "Each shape is the histogram of the stream after one block, block 1 on the left; the dot is the mean. In a row "
    "whose values leave ±10 the axis is logarithmic beyond a few."
)
_COSINES = (
    "Averaged over all pairs of tokens. At 1 all tokens have become the same vector: the rank has collapsed. Where the "
    "second one rises too, the stream holds a part that is the same for every sequence, such as GELU's mean. Bands: "
    "where 95 % of networks lie."
)
_ATTENTION = (
    "Over all queries and heads. Entropy: 100 % is a plain average over all keys, 0 % is one key alone. Σp² is one "
    "over the number of keys that hold the weight. Bands: where 95 % of networks lie."
)
_MATRICES = (
    "Root mean square of each matrix's gradient over its weights' own: what one learning rate makes of it. Matrices "
    "far above the others change faster than the rest."
)
_FORMATS = (
    "Bands: from the 1 % to the 99 % quantile of the magnitudes; lines: their median. Dashed: the largest and the "
    "smallest number of each format that there is room for."
)


def _gradient(spec: TransformerSpec) -> str:
    some = "" if spec.returning == spec.batch else f" of {_sequences(spec.returning)}: sequences never meet"
    return (
        f"Mean square of the loss's gradient at the stream after each block, over all tokens{some}. It is 1 at the "
        "last and goes back from right to left. Bands: where 95 % of networks lie."
    )


def _backward(spec: TransformerSpec) -> bool:
    return spec.backward


def _several(spec: TransformerSpec) -> bool:
    return spec.tokens > 1


def _any_pair(spec: TransformerSpec) -> bool:
    return spec.tokens > 1 or spec.batch > 1


SIZE_AXES = ("linear", "std", "whole")

CHARTS: dict[str, Chart] = {
    "picture": Chart("The stream, block by block", _picture, picture, "stream", SIZE_AXES),
    "stream": Chart("Mean square of the stream", _STREAM, stream, "stream", SIZE_AXES),
    "branches": Chart("What each branch adds", _BRANCHES, branches, "idle", SIZE_AXES),
    "histograms": Chart("The stream's entries", _HISTOGRAMS, histograms, "", ("common",)),
    "cosines": Chart("Tokens told apart", _COSINES, cosines, "tokens", (), _any_pair),
    "attention": Chart("Weights of attention", _ATTENTION, attention, "attention", (), _several),
    "gradient": Chart("The gradient, on its way back", _gradient, gradient, "gradient", SIZE_AXES, _backward),
    "matrices": Chart("Gradient to weights", _MATRICES, matrices, "steps", ("linear", "whole"), _backward),
    "formats": Chart("Would it fit in float16?", _FORMATS, format_chart, "formats"),
}

# What stands in none of them is shown first.
SECTIONS = (
    Section("stream", "The stream", ("stream", "histograms"), "stream"),
    Section("branches", "Branches", ("branches",), "idle"),
    Section("tokens", "Tokens told apart", ("cosines",), "tokens"),
    Section("attention", "Attention", ("attention",), "attention"),
    Section("backward", "Gradients", ("gradient", "matrices"), "gradient"),
    Section("formats", "Number formats", ("formats",), "formats"),
)
