"""What theory says of a transformer's spec, block by block, and in words where it says nothing."""

from dataclasses import dataclass
from functools import lru_cache
from math import inf, isfinite, lgamma, log, log10, sqrt
from typing import NamedTuple

import numpy as np

from ...lab.activations import nonlinearity
from ...lab.norms import EPS, NORMS
from .chance import Strays, walk
from .gradient import Gradient
from .gradient_chance import gradient_strays
from .gram import Rows
from .inits import INITS, Recipe
from .mixing import MOST, critical_variance
from .notes import STRAYING, notes
from .places import places_of
from .recursion import BlockShape, Passed, Tokens, forward
from .result import BlockPredicted
from .scales import COSINE, Scale, share
from .spec import TransformerSpec
from .way_back import Returned, backward

UNUSED = {"seed": 0, "bins": 40, "backward": True}  # by any prediction
LARGEST = 1e75  # mean square, beyond which float32 has ended
ROUNDING = 1e-6  # of a cosine or a share: what strays less, float32 does by itself
MOST_STRAY = 0.5  # on the scale of a number, up to which the first order says how far it strays
TIED = 80  # queries whose two largest scores nearly tie, of which a mean is one
NOTHING = BlockPredicted(**dict.fromkeys(BlockPredicted.model_fields))


@dataclass(frozen=True)
class Prediction:
    """One entry a block, the gradient's mean square at the input, how far chance lets it stray, relative, and what to
    know about them."""

    blocks: list[BlockPredicted]
    input_gradient: float | None
    input_gradient_std: float | None
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
        removed=2 if NORMS[spec.norm_kind].centres else 1,
        eps=EPS,
        phi=nonlinearity(spec.activation),
    )


def log_keys(spec: TransformerSpec) -> float:
    """The log of how many keys a query has, averaged over queries."""
    return lgamma(spec.tokens + 1) / spec.tokens if spec.causal else log(spec.tokens)


@lru_cache(maxsize=32)
@np.errstate(over="ignore", invalid="ignore")  # where a gradient leaves float64 before the stream leaves float32
def _predict(query: str, name: str) -> Prediction:
    spec, recipe = TransformerSpec.from_query(query), INITS[name]
    shape, rows = shape_of(spec, recipe), Rows(spec.batch, spec.tokens)
    returning = Rows(spec.returning, spec.tokens)
    streams, passed = [Tokens.alike(shape.places, spec.similarity)], list[Passed]()
    while len(passed) < spec.depth and shape.places.mean(streams[-1].square) < LARGEST:
        passed.append(forward(shape, streams[-1]))
        streams.append(passed[-1].mlp.out)
    known = len(passed) == spec.depth
    returned = _returned(shape, streams, passed, returning.all * spec.heads, known)
    strays = walk(rows, shape, streams, passed)
    met = strays if returning == rows else walk(returning, shape, streams, passed)
    stray = gradient_strays(returning, shape, streams, passed, returned, met)
    sizes = [*(_held(shape.places.mean(at.out.square)) if at else None for at in returned), 1.0 if known else None]
    gradients = [Sized(size, _sized(size, std)) for size, std in zip(sizes, stray, strict=True)]
    blocks = [_predicted(spec, shape, *at) for at in zip(passed, strays.strays, gradients[1:], strict=True)]
    frozen = next((at for at, block in enumerate(passed) if _prefers_long_keys(shape, block)), len(blocks))
    blocks[frozen:] = [block.model_copy(update=NO_BANDS) for block in blocks[frozen:]]
    single = next((at for at, block in enumerate(passed) if _has_single_keys(shape, block)), frozen)
    blocks[single:] = [block.model_copy(update={"token_cosine_std": None}) for block in blocks[single:]]
    beyond = [NOTHING] * (spec.depth - len(passed))
    said = notes(spec, blocks, gradients[0].size is not None, frozen, single)
    return Prediction([*blocks, *beyond], *gradients[0], said)


def _returned(
    shape: BlockShape, streams: list[Tokens], passed: list[Passed], queries: int, known: bool
) -> list[Returned | None]:
    """What comes back through every block, if all are known; None through one that has no formula, and before it."""
    critical = critical_variance(shape.places.tokens)
    gradient = Gradient.of_loss(shape) if known else None
    found = list[Returned | None]()
    for before, at in zip(reversed(streams[:-1]), reversed(passed), strict=True):
        beyond = sqrt(at.attention.mixing.seen.max() / critical) if critical else 0.0
        rare = beyond > (1 if shape.place == "none" else queries / TIED)
        back = None if gradient is None or rare else backward(shape, before, at, gradient)
        found.append(back)
        gradient = back and back.out
    return found[::-1]


def _prefers_long_keys(shape: BlockShape, block: Passed) -> bool:
    """Whether weights are frozen that see keys of different lengths, as they are behind a mask and no norm."""
    keys = len(shape.places.counts) > 1 and shape.place == "none"
    return keys and float(block.attention.mixing.seen.max()) > critical_variance(shape.places.tokens)


def _has_single_keys(shape: BlockShape, block: Passed) -> bool:
    """Whether every query has one key alone, as it soon does without a norm."""
    return shape.place == "none" and float(block.attention.mixing.seen.max()) >= MOST


class Sized(NamedTuple):
    """A mean square, and how far chance lets it stray, relative."""

    size: float | None
    std: float | None


def _predicted(spec: TransformerSpec, shape: BlockShape, at: Passed, stray: Strays, gradient: Sized) -> BlockPredicted:
    places, mixed, several = shape.places, at.attention.mixing, spec.tokens > 1
    stream, attention, mlp = (places.mean(of.square) for of in (at.mlp.out, at.attention.added, at.mlp.added))
    token_cosine = places.mean_within(at.mlp.out.within) if several else None
    sequence_cosine = places.mean_across(at.mlp.out.across) if spec.batch > 1 else None
    participation, most = places.mean(mixed.participation), log_keys(spec)
    entropy, even = most - places.mean(np.log(places.keys) - mixed.entropy), places.mean(1 / places.keys)
    return BlockPredicted(
        stream=stream,
        log10_stream=_log10(stream),
        stream_std=None if spec.norm == "post" else _sized(stream, stray.stream),
        attention=attention,
        attention_std=_sized(attention, stray.attention),
        mlp=mlp,
        mlp_std=_sized(mlp, stray.mlp),
        token_cosine=token_cosine,
        token_cosine_std=_seen(COSINE, token_cosine, stray.token_cosine),
        sequence_cosine=sequence_cosine,
        sequence_cosine_std=_seen(COSINE, sequence_cosine, stray.sequence_cosine),
        score_variance=float(mixed.seen[-1]),
        entropy=entropy,
        entropy_share=entropy / most if several else None,
        entropy_std=_seen(share(), entropy / most, stray.entropy / most, most) if several else None,
        participation=participation,
        participation_even=even,
        participation_std=_seen(share(even), participation, stray.participation),
        gradient=gradient.size,
        log10_gradient=_log10(gradient.size),
        gradient_std=gradient.std,
    )


NO_BANDS: dict[str, None] = dict.fromkeys(f"{name}_std" for name in STRAYING)


def _sized(size: float | None, std: float) -> float | None:
    """A relative standard deviation, where there is a size that it is of."""
    return std if size and 0 < std <= MOST_STRAY else None


def _seen(scale: Scale, predicted: float | None, std: float, unit: float = 1.0) -> float | None:
    """A standard deviation, in this unit, where it is more than rounding and the first order says it."""
    spread = scale.std(predicted, std)
    return std * unit if spread is not None and std > ROUNDING and spread <= MOST_STRAY else None


def _held(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) else None


def _log10(value: float | None) -> float | None:
    return log10(value) if value is not None and 0 < value < inf else None
