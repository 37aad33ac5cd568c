"""The spec of one layer of attention."""

from math import log
from statistics import fmean
from typing import Annotated, ClassVar, Self

from pydantic import model_validator

from ...fields import SpecError
from ...lab.initializers import INITIALIZERS
from ...spec import LARGEST_SEED, MOMENTS, Distribution, Spec, field, labels_of

SCALES = {name: INITIALIZERS[name] for name in ("unscaled", "1/D", "1/sqrt(D)")}
Scale = Annotated[str, labels_of(SCALES)]


class AttentionSpec(Spec):
    """softmax(k·QKᵀ)V of random queries, keys and values, for each scale k of the scores."""

    name: ClassVar[str] = "attention"

    scale: list[Scale] = field(
        ["unscaled", "1/D", "1/sqrt(D)"],
        "weights",
        "Scales",
        "The factor k on the scores q · k before the softmax. PyTorch's own is 1/√D.",
        main=True,
        min_length=1,
        max_length=len(SCALES),
    )
    gain: float = field(
        1.0, "weights", "Gain", "Multiplies every scale.", main=True, slider=(0.1, 10), ge=0, le=1000, step=0.05
    )
    head_dim: int = field(
        64,
        "shape",
        "Head dimension (D)",
        "Entries of a query: how many products each score sums.",
        main=True,
        slider=(1, 512),
        ge=1,
        le=4096,
    )
    keys: int = field(
        1024,
        "shape",
        "Keys (n)",
        "How many keys each query chooses among: the length of the context.",
        main=True,
        slider=(2, 16384),
        swept=(16, 4096),
        ge=1,
        le=65536,
    )
    queries: int = field(
        256, "run", "Queries", "How many queries the statistics rest on.", slider=(1, 4096), ge=1, le=65536
    )
    similarity: float = field(
        0.0,
        "input",
        "Similarity",
        "The cosine between two keys, and between two values: how alike the tokens are.",
        slider=(0, 1),
        ge=0,
        le=1,
        step=0.05,
    )
    input: Distribution = field("normal", "input", "Entries", f"How queries, keys and values are drawn. {MOMENTS}")
    input_mean: float = field(
        0.0,
        "input",
        "Mean of the entries",
        "Added to every entry of queries, keys and values.",
        slider=(-2, 2),
        ge=-1000,
        le=1000,
        step=0.1,
    )
    causal: bool = field(
        False,
        "shape",
        "Causal",
        "Each query sees only the keys up to its own place: the i-th of m queries the first i/m of them.",
    )
    backward: bool = field(
        True, "run", "Backward", "Also send a gradient, standard normal at the outputs, back through the softmax."
    )
    repeats: int = field(
        1, "run", "Repeats", "Run it again with fresh queries, keys and values.", slider=(1, 20), ge=1, le=200
    )
    bins: int = field(80, "run", "Bins", "Bins of each histogram.", ge=4, le=200, step=4)
    seed: int = field(0, "run", "Seed", "The same seed gives the same numbers, to the last bit.", ge=0, le=LARGEST_SEED)

    @model_validator(mode="after")
    def _scales_differ(self) -> Self:
        if len(set(self.scale)) < len(self.scale):
            raise SpecError([("scale", "name each scale once")])
        return self

    def factor(self, scale: str) -> float:
        """k, what the scores are multiplied by."""
        return SCALES[scale].scale(self.head_dim, self.head_dim, self.gain)

    @property
    def compared(self) -> list[str]:
        return self.scale

    def even_entropy(self, queries: int) -> float:
        """That of weights which are all the same, in nats, on average over the first so many queries."""
        return fmean(log(self.visible(query)) for query in range(queries))

    def visible(self, query: int) -> int:
        """How many keys the query of this number, from 0, sees."""
        return -(-(query + 1) * self.keys // self.queries) if self.causal else self.keys
