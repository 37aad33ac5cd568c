"""What a transformer's predictions assume, and in words why some number has no band or no prediction."""

from .result import BlockPredicted
from .spec import TransformerSpec

ASSUMES = (
    "Predicted: the limit of infinite width, weights independent and of mean zero, so that a branch is independent of "
    "the stream it is added to; tokens of a sequence alike to each other by one cosine, under a causal mask by one of "
    "each two places (Dong et al. 2021; Noci et al. 2022; Giorlandino and Goldt 2025; the MLP as Poole et al. 2016). "
    "The gradient meets weights independent of those the signal came by (Schoenholz et al. 2017); a norm divides it by "
    "each token's own mean square, which strays from token to token: that is counted, to leading order in 1/width."
)
CAUSAL = (
    "Under a causal mask every token has another number of keys: sizes, cosines and gradients are followed place by "
    "place, and what is predicted is their mean. Of the keys before it a token is taken to prefer each as often as any "
    "other."
)
CHANCE = (
    "How far chance lets each number stray is known to leading order in 1/width, over fresh weights, tokens and "
    "gradients, and is drawn as the band in which 95 % of networks lie."
)
MEANS = "Under a causal mask chance is taken to do to all places what it does to their mean."
POST = "Behind post-norm the stream's mean square is the norm's doing, and chance has no part in it."
FAR = (
    "No band where chance moves a number by more than half of itself, or a cosine by more than half of what it lacks "
    "to one: the leading order in 1/width does not say how far. Nor where it moves it by less than float32 rounds."
)
LONGER = (
    "No band from the block on whose attention is frozen: behind a mask and without a norm earlier tokens are longer, "
    "and so preferred, but are taken to be no more than any other."
)
SINGLE = (
    "No band for the cosine between tokens from the block on in which every query has one key alone: without a norm "
    "longer tokens are preferred, but are taken to be no more than any other."
)
STRAYING = ("stream", "attention", "mlp", "token_cosine", "sequence_cosine", "entropy", "participation", "gradient")
TIES = (
    "No prediction of the gradient before a block whose attention is frozen so hard: its mean is carried by the few "
    "queries whose two largest scores nearly tie."
)
SHARPENED = (
    "No prediction of the gradient before a block whose attention is frozen: without a norm the scores grow with the "
    "stream, and the mean is carried by the few queries whose two largest scores nearly tie."
)
ENDED = "No prediction beyond a mean square of 10⁷⁵: float32 has ended long before."
MATRICES = (
    "No prediction of a matrix's own gradient: it sums over all tokens, and depends on how gradients of different "
    "sequences point, which is not followed here."
)


def notes(spec: TransformerSpec, blocks: list[BlockPredicted], gradient: bool, frozen: int, single: int) -> list[str]:
    """Of these blocks, whose attention is frozen from one on and whose queries have one key alone from another on.

    `gradient`: whether it is predicted the whole way.
    """
    causal = spec.causal and spec.tokens > 1
    names = [name for name in STRAYING if name != "stream" or spec.norm != "post"]
    far = any(
        getattr(block, name) and getattr(block, f"{name}_std") is None
        for at, block in enumerate(blocks[:frozen])
        for name in names
        if at < single or name != "token_cosine"
    )
    of_gradients = [MATRICES, *([] if gradient else [SHARPENED if spec.norm == "none" else TIES])]
    said = {
        CAUSAL: causal,
        CHANCE: True,
        MEANS: causal,
        POST: spec.norm == "post",
        FAR: far,
        LONGER: frozen < len(blocks),
        SINGLE: single < frozen,
        ENDED: len(blocks) < spec.depth,
    }
    return [ASSUMES, *(sentence for sentence, holds in said.items() if holds), *(of_gradients if spec.backward else [])]
