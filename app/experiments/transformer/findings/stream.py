"""What becomes of the stream, what its branches add to it, and which blocks add next to nothing."""

from ....figures.numbers import number, power
from ....finding import Finding, course
from .. import strays
from ..inits import INITS
from ..result import TransformerBlock, TransformerInit
from ..spec import TransformerSpec
from ..theory import predict
from .words import blocks_of, judged, label_of, percent

IDLE = 0.01  # of the stream's mean square: less turns it by less than six degrees

STREAM = {
    "vanishes": "lets the stream vanish",
    "fades": "lets the stream fade",
    "holds": "holds the stream",
    "grows": "lets the stream grow",
    "explodes": "lets the stream explode",
}


def stream(spec: TransformerSpec, entry: TransformerInit) -> Finding:
    """The stream after the last block, beside the input's mean square of one."""
    last = entry.blocks[-1]
    found, measured, predicted = strays.stream(last), last.stream.log10_mean_square, last.predicted.log10_stream
    said = predicted if predicted is not None and found.by_chance is not False and measured is not None else measured
    word = "overflows" if last.stream.nonfinite else "vanishes" if said is None else course(said)
    if last.stream.nonfinite:
        sentence = (
            f"{label_of(entry)}: after {blocks_of(spec)} the stream is no longer finite in float32, block "
            f"{entry.overflow_block['float32']} being the first that is not."
        )
    else:
        sentence = (
            f"{label_of(entry)} {STREAM[word]}: from a mean square of 1 it comes to {power(measured)} after "
            f"{blocks_of(spec)}. {_because(spec)} {judged(found, _three)}"
        ).strip()
    size = "not finite" if last.stream.nonfinite else f"mean square {power(measured)}"
    return Finding(
        about="stream",
        init=entry.init,
        word=word,
        sentence=sentence,
        value=None if last.stream.nonfinite else last.stream.mean_square,
        predicted=last.predicted.stream,
        by_chance=found.by_chance,
        layer=last.block,
        brief=size + ("" if predicted is None else f", predicted {power(predicted)}"),
    )


def _three(size: float) -> str:
    return number(size, 3)


def _because(spec: TransformerSpec) -> str:
    if spec.norm == "post":
        return "The norm after each branch sets it, whatever the weights."
    if spec.norm == "none":
        return "Without a norm each branch is as large as its weights make it of the stream it comes from."
    return "Pre-norm normalizes what a branch receives, and never the stream, which adds up its branches."


def added(block: TransformerBlock) -> float | None:
    """What both branches of a block add to the stream's mean square."""
    attention, mlp = block.attention.mean_square, block.mlp.mean_square
    return None if attention is None or mlp is None else attention + mlp


def branches(spec: TransformerSpec, entry: TransformerInit) -> list[Finding]:
    """Why residual branches are scaled though a norm follows: what they add up to, and what 1/√(2L) makes of it."""
    known = [size for block in entry.blocks if (size := added(block)) is not None]
    if spec.norm != "pre" or len(known) < spec.depth:
        return []
    mean = sum(known) / spec.depth
    scaled = spec.residual_scale == "1/sqrt(2L)"
    other = spec.model_copy(update={"residual_scale": 1.0 if scaled else "1/sqrt(2L)"})
    would = predict(other, INITS[entry.init]).blocks[-1].stream
    grown = f"1 + 2L = {1 + 2 * spec.depth:,}"
    as_large = f"make it 2 instead of {grown}" if scaled else f"add 2 and make it {grown}"
    then = ""
    if would is not None and entry.init != "gpt2":
        then = (
            f" {'Unscaled' if scaled else 'Multiplied by 1/√(2L)'} these would make it {number(would, 3)}, predicted."
        )
    own = (
        " GPT-2's output matrices hold the 1/√(2L) that would keep such branches at 2." if entry.init == "gpt2" else ""
    )
    return [
        Finding(
            about="branches",
            init=entry.init,
            word="small" if mean < IDLE else "scaled" if scaled else "unscaled",
            sentence=f"{label_of(entry)}: the stream is never normalized itself, only what branches receive of it. "
            f"{'One block adds' if spec.depth == 1 else 'A block adds'} {number(mean, 3)} to its mean square on "
            f"average, by both branches; branches as large as the input would {as_large}.{then}{own}",
            value=mean,
            brief=f"{number(mean, 3)} a block",
        )
    ]


def share_added(block: TransformerBlock) -> float | None:
    """By both branches, of the stream's mean square before the block."""
    attention, mlp = block.attention.share, block.mlp.share
    return None if attention is None or mlp is None else attention + mlp


def idle(entry: TransformerInit) -> list[Finding]:
    """How many blocks add so little that the stream hardly turns."""
    shares = {block.block: share for block in entry.blocks if (share := share_added(block)) is not None}
    if not shares:
        return []
    least = min(shares, key=lambda block: shares[block])
    few = [block for block, share in shares.items() if share < IDLE]
    if few:
        word = "idle" if len(few) > len(entry.blocks) / 2 else "some idle"
        sentence = (
            f"{label_of(entry)}: {len(few):,} of {len(entry.blocks):,} blocks do next to nothing at initialization, "
            f"each adding less than {100 * IDLE:.0f} % of the stream's mean square; block {least} adds "
            f"{percent(shares[least])}."
        )
    else:
        word = "works"
        sentence = (
            f"{label_of(entry)}: every block adds at least {percent(shares[least])} of the stream's mean square; the "
            f"least is block {least}'s."
        )
    return [
        Finding(
            about="idle",
            init=entry.init,
            word=word,
            sentence=sentence,
            value=float(len(few)) if few else shares[least],
            layer=least,
            brief=f"{len(few)} of {len(entry.blocks)} blocks add less than {100 * IDLE:.0f} %"
            if few
            else f"a block adds at least {percent(shares[least])}",
        )
    ]
