"""What theory says of a transformer's spec, block by block, and in words where it says nothing."""

from dataclasses import dataclass
from functools import lru_cache
from math import inf, isfinite, lgamma, log, log10, sqrt

from ...lab.activations import nonlinearity
from ...lab.norms import EPS
from .chance import Rows, Strays, strays
from .inits import INITS, Recipe
from .mixing import critical_variance
from .places import Places, places_of
from .recursion import BlockShape, Gradient, Passed, Returned, Tokens, backward, forward
from .result import BlockPredicted
from .spec import TransformerSpec

UNUSED = {"seed": 0, "bins": 40, "backward": True}  # by any prediction
TIED = 100  # queries whose two largest scores nearly tie, of which a mean is one
NOTHING = BlockPredicted(**dict.fromkeys(BlockPredicted.model_fields))


@dataclass(frozen=True)
class Prediction:
    """One entry a block, the gradient's mean square at the input, and what to know about them."""

    blocks: list[BlockPredicted]
    input_gradient: float | None
    sentences: list[str]


def predict(spec: TransformerSpec, recipe: Recipe) -> Prediction:
    """Everything that follows from the spec alone, for one init; kept, as it is the same for every seed."""
    return _predict(spec.model_copy(update=UNUSED).query, recipe.name)


def shape_of(spec: TransformerSpec, recipe: Recipe) -> BlockShape:
    """A block as theory sees it."""
    variance = {weight.group: recipe.std(weight) ** 2 for weight in spec.weights}
    return BlockShape(
        width=spec.width,
        hidden=spec.width * spec.mlp_ratio,
        head_dim=spec.head_dim,
        heads=spec.heads,
        places=places_of(spec.tokens, spec.causal),
        **variance,
        score=spec.score_factor(recipe),
        stream=spec.stream_factor(recipe),
        branch=spec.branch_scale,
        place=spec.norm,
        eps=EPS,
        phi=nonlinearity(spec.activation),
    )


def log_keys(spec: TransformerSpec) -> float:
    """The log of how many keys a query has, averaged over queries."""
    return lgamma(spec.tokens + 1) / spec.tokens if spec.causal else log(spec.tokens)


@lru_cache(maxsize=256)
def _predict(query: str, name: str) -> Prediction:
    spec, recipe = TransformerSpec.from_query(query), INITS[name]
    shape = shape_of(spec, recipe)
    streams, passed = [Tokens.alike(shape.places, spec.similarity)], list[Passed]()
    for _ in range(spec.depth):
        passed.append(forward(shape, streams[-1]))
        streams.append(passed[-1].mlp.out)
    returned = _returned(shape, streams, passed, queries=spec.batch * spec.tokens * spec.heads)
    gradients = [at and shape.places.mean(at.out.square) for at in returned]
    apart = strays(Rows(spec.batch, spec.tokens), shape, streams, passed, returned)
    blocks = [_predicted(spec, shape.places, *at) for at in zip(passed, apart, [*gradients[1:], 1.0], strict=True)]
    return Prediction(blocks, _held(gradients[0]), [ASSUMES, *_notes(spec, gradients[0] is not None)])


def _returned(
    shape: BlockShape, streams: list[Tokens], passed: list[Passed], queries: int
) -> list[Returned | None]:
    """What comes back through every block; None through one that has no formula, and before it."""
    gradient: Gradient | None = Gradient.independent(shape.places)
    found = list[Returned | None]()
    for before, at in zip(reversed(streams[:-1]), reversed(passed), strict=True):
        beyond = sqrt(at.attention.mixing.seen.max() / critical_variance(shape.places.tokens)) if shape.places.tokens > 1 else 0.0
        rare = beyond > (1 if shape.place == "none" else queries / TIED)
        back = None if gradient is None or rare else backward(shape, before, at, gradient)
        found.append(back)
        gradient = back and back.out
    return found[::-1]


def _predicted(
    spec: TransformerSpec, places: Places, at: Passed, apart: Strays, gradient: float | None
) -> BlockPredicted:
    size, several = places.mean(at.mlp.out.square), spec.tokens > 1
    entropy = places.mean(at.attention.mixing.entropy)
    return BlockPredicted(
        stream=_held(size),
        log10_stream=_log10(size),
        stream_std=sqrt(apart.stream),
        attention=_held(places.mean(at.attention.added.square)),
        mlp=_held(places.mean(at.mlp.added.square)),
        token_cosine=places.mean_within(at.mlp.out.within) if several else None,
        sequence_cosine=places.mean_across(at.mlp.out.across) if spec.batch > 1 else None,
        score_variance=float(at.attention.mixing.seen[-1]),
        entropy=entropy,
        entropy_share=entropy / log_keys(spec) if several else None,
        participation=places.mean(at.attention.mixing.participation),
        token_cosine_std=sqrt(apart.token_cosine),
        sequence_cosine_std=sqrt(apart.sequence_cosine),
        entropy_std=sqrt(apart.entropy),
        gradient_std=sqrt(apart.gradient),
        gradient=_held(gradient),
        log10_gradient=_log10(gradient),
    )


ASSUMES = (
    "Predicted: the limit of infinite width, weights independent and of mean zero, so that a branch is independent of "
    "the stream it is added to; tokens of a sequence alike to each other by one cosine (Dong et al. 2021; Noci et al. "
    "2022; Giorlandino and Goldt 2025; the MLP as Poole et al. 2016). The gradient meets weights independent of those "
    "the signal came by (Schoenholz et al. 2017)."
)
CAUSAL = (
    "No prediction: under a causal mask every token has another number of keys before it, so that one cosine no longer "
    "describes a sequence, and no formula for all pairs of positions is used here."
)
CHANCE = (
    "How far chance lets the stream's mean square stray is known to leading order in 1/width, over fresh weights and "
    "tokens; of cosines, entropies and gradients no formula for it is used here."
)
POST = (
    "Behind post-norm the stream's mean square is the norm's doing, and chance has no part in it; of cosines, "
    "entropies and gradients no formula for how far chance lets them stray is used here."
)
NONE = (
    "Without a norm a stream that grows sharpens its own attention, which makes it grow: how far chance lets it stray "
    "no formula says here."
)
TIES = (
    "No prediction of the gradient before a block whose attention is frozen so hard: its mean is carried by the few "
    "queries whose two largest scores nearly tie."
)
MATRICES = (
    "No prediction of a matrix's own gradient: it sums over all tokens, and depends on how gradients of different "
    "sequences point, which is not followed here."
)


def _notes(spec: TransformerSpec, known: bool) -> list[str]:
    of_gradients = [MATRICES, *([] if known else [TIES])] if spec.backward else []
    return [{"pre": CHANCE, "post": POST, "none": NONE}[spec.norm], *of_gradients]


def _held(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) else None


def _log10(value: float | None) -> float | None:
    return log10(value) if value is not None and 0 < value < inf else None
