"""Whether tokens stay apart, and how their attention falls: rank collapse and entropy collapse."""

from collections.abc import Callable
from math import log

from ....figures.numbers import between, number
from ....finding import Finding
from .. import strays
from ..mixing import critical_variance
from ..result import TransformerBlock, TransformerInit
from ..spec import TransformerSpec
from ..theory import log_keys
from .words import blocks_of, judged, label_of, percent

COLLAPSED, ALIKE = 0.95, 0.5  # cosines
FROZEN, AVERAGE = 0.3, 0.98  # shares of ln n
NEAR = 0.1  # between measured and predicted, within which the word is the prediction's


def tokens(spec: TransformerSpec, entry: TransformerInit) -> list[Finding]:
    """The cosine between the tokens of a sequence, after the last block."""
    last = entry.blocks[-1]
    cosine, predicted = last.token_cosine.mean, last.predicted.token_cosine
    if cosine is None:
        return []
    typical = predicted if predicted is not None and abs(predicted - cosine) < NEAR else cosine
    word = "collapses" if typical > COLLAPSED else "alike" if typical > ALIKE else "apart"
    if word == "collapses" and spec.similarity > COLLAPSED:
        word = "same"
    then = {
        "same": "they were the same from the beginning",
        "collapses": "the rank has collapsed, and attention averages what is the same already (Dong et al. 2021)",
        "alike": "they share most of what they are, and attention makes them share more",
        "apart": "the blocks keep them apart",
    }[word]
    stray = strays.token_cosine(last)
    return [
        Finding(
            about="tokens",
            init=entry.init,
            word=word,
            sentence=f"{label_of(entry)}: after {blocks_of(spec)} two tokens of a sequence have a cosine of "
            f"{between(cosine)}, {between(spec.similarity)} at the input: {then}. {judged(stray, between)}".strip(),
            value=cosine,
            predicted=predicted,
            by_chance=stray.by_chance,
            layer=last.block,
            brief=f"cosine {between(cosine)} between tokens",
        )
    ]


def attention(spec: TransformerSpec, entry: TransformerInit) -> list[Finding]:
    """Of the block whose attention is most selective."""
    known = [block for block in entry.blocks if block.entropy.share is not None]
    if not known:
        return []
    at = min(known, key=lambda block: block.entropy.share or 0.0)
    measured, share = at.entropy.mean or 0.0, at.entropy.share or 0.0
    word = _word(at)
    keys = "of the most there can be" if spec.causal else f"of ln {spec.tokens:,} = {number(log(spec.tokens), 3)}"
    stray = strays.entropy(at)
    said = judged(stray, _nats(log_keys(spec)), lowest_of=len(known))
    return [
        Finding(
            about="attention",
            init=entry.init,
            word=word,
            sentence=f"{label_of(entry)}: {_meaning(spec, word, at)} Where it chooses most, in block {at.block}, the "
            f"entropy is {number(measured)} nats, {percent(share)} {keys}. {said}".strip(),
            value=measured,
            predicted=at.predicted.entropy,
            by_chance=stray.by_chance,
            layer=at.block,
            brief=f"entropy {percent(share)} of {'the most' if spec.causal else 'ln n'}",
        )
    ]


def _nats(most: float) -> Callable[[float], str]:
    """Of a share of the most there can be."""
    return lambda share: number(share * most)


def _word(block: TransformerBlock) -> str:
    share, predicted = block.entropy.share or 0.0, block.predicted.entropy_share
    typical = predicted if predicted is not None and abs(predicted - share) < NEAR else share
    return "frozen" if typical < FROZEN else "averages" if typical > AVERAGE else "chooses"


def _meaning(spec: TransformerSpec, word: str, block: TransformerBlock) -> str:
    held = block.entropy.participation.mean
    weight = f"Σp² is {number(held, 2)}"
    if word == "averages":
        return f"attention is nearly a plain average over all keys, {weight}: a query hardly chooses."
    if word == "chooses":
        return f"attention chooses, {weight}, as if {number(1 / held, 2) if held else ''} keys held all weight."
    variance, critical = block.predicted.score_variance, critical_variance(spec.tokens)
    beyond = ""
    if variance is not None and variance > critical:
        beyond = (
            f" The scores' variance of {number(variance, 3)} is beyond 2·ln n = {number(critical, 3)}, from where "
            "softmax freezes."
        )
    return f"attention is frozen on single keys, {weight}: entropy collapse.{beyond}"
