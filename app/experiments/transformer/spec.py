"""The spec of a stack of transformer blocks."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from ...fields import OneOf, SpecError
from ...lab.activations import ACTIVATIONS
from ...lab.norms import NORMS
from ...spec import LARGEST_SEED, Spec, field, labels_of
from .inits import INITS, SCORE_SCALES, Recipe, Weight

AS_INIT = "init"
FEWEST_BINS = 16
MOST_BINS = 2**13  # of all blocks'
RETURNING = 64  # tokens at least that the gradient goes back through
NORM_PLACES = {
    "pre": "pre-norm: before each branch",
    "post": "post-norm: after each branch",
    "none": "none",
}
NORM_KINDS = {name: NORMS[name].label for name in ("layer", "rms")}


class TransformerSpec(Spec):
    """A stack of transformer blocks: attention and MLP, each added to a stream of tokens."""

    name: ClassVar[str] = "transformer"

    depth: int = field(
        24,
        "shape",
        "Depth (L)",
        "Blocks in the stack, each of attention and MLP.",
        main=True,
        slider=(1, 48),
        swept=(2, 24),
        ge=1,
        le=192,
        unit="blocks",
    )
    width: int = field(
        256,
        "shape",
        "Width (D)",
        "Entries of a token: a multiple of the heads.",
        main=True,
        slider=(32, 1024),
        ge=1,
        le=4096,
        unit="units",
    )
    heads: int = field(
        4,
        "shape",
        "Heads",
        "Each has width/heads entries of query, key and value.",
        slider=(1, 16),
        swept=(1, 32),
        ge=1,
        le=128,
    )
    tokens: int = field(
        64, "input", "Tokens", "Tokens of a sequence.", main=True, slider=(2, 256), ge=1, le=4096, unit="tokens"
    )
    batch: int = field(8, "input", "Batch", "Sequences sent through the same weights.", slider=(1, 32), ge=1, le=1024)
    similarity: float = field(
        0.0, "input", "Similarity", "Cosine between the tokens of a sequence, at the input.", ge=0, le=1, step=0.05
    )
    mlp_ratio: int = field(4, "shape", "MLP ratio", "Hidden units of the MLP over the width.", ge=1, le=16)
    activation: Annotated[str, labels_of(ACTIVATIONS)] = field("gelu", "shape", "Activation", "φ of the MLP.")
    norm: Annotated[str, OneOf(NORM_PLACES)] = field(
        "pre", "shape", "Normalization", "Where a block normalizes its tokens.", main=True
    )
    norm_kind: Annotated[str, OneOf(NORM_KINDS)] = field("layer", "shape", "Kind of norm", "What normalizes a token.")
    init: list[Annotated[str, labels_of(INITS)]] = field(
        ["1/sqrt(D)"],
        "weights",
        "Initializations",
        "The scale of every matrix of a block, and of the scores.",
        main=True,
        min_length=1,
        max_length=len(INITS),
    )
    score_scale: Annotated[str, OneOf({AS_INIT: "as the init has it", **{name: name for name in SCORE_SCALES}})] = (
        field(AS_INIT, "weights", "Scale of the scores", "What multiplies query · key; D is the size of a head.")
    )
    gain: float = field(
        1.0, "weights", "Gain of the scores", "Multiplies the scores further.", slider=(0, 10), ge=0, le=1000, step=0.1
    )
    residual_scale: Annotated[float, Field(ge=0, le=2)] | Literal["1/sqrt(2L)"] = field(
        1.0,
        "shape",
        "Residual scale",
        "Multiplies every branch, beyond what the init does: a number from 0 to 2, or 1/sqrt(2L), L being the depth.",
    )
    causal: bool = field(False, "shape", "Causal", "A token attends to itself and to those before it alone.")
    backward: bool = field(
        True,
        "run",
        "Backward",
        "Also send a gradient, standard normal at the last block, back through the first sequences, as many as hold "
        "64 tokens: sequences never meet.",
    )
    bins: int = field(40, "run", "Bins", "Bins of each histogram.", ge=4, le=200, step=4)
    seed: int = field(0, "run", "Seed", "The same seed gives the same numbers, to the last bit.", ge=0, le=LARGEST_SEED)

    @model_validator(mode="after")
    def _inits_differ(self) -> Self:
        if len(set(self.init)) < len(self.init):
            raise SpecError([("init", "name each initialization once")])
        return self

    @model_validator(mode="after")
    def _heads_share_the_width(self) -> Self:
        if self.width % self.heads:
            fits = [str(heads) for heads in range(1, 129) if self.width % heads == 0]
            nearest = self.width // self.heads * self.heads or self.heads
            message = f"must divide the width {self.width:,}: choose from {', '.join(fits)}, or a width of {nearest:,}"
            raise SpecError([("heads", message)])
        return self

    @property
    def compared(self) -> list[str]:
        return self.init

    @property
    def histogram_bins(self) -> int:
        """Of each block's histograms: fewer than `bins` where very many blocks would make a result large."""
        return min(self.bins, max(FEWEST_BINS, MOST_BINS // (self.depth * len(self.init))))

    @property
    def returning(self) -> int:
        """Sequences that the gradient goes back through: the first few, if they hold tokens enough."""
        return min(self.batch, -(-RETURNING // self.tokens))

    @property
    def head_dim(self) -> int:
        """Entries of one head's query, key or value."""
        return self.width // self.heads

    @property
    def branch_scale(self) -> float:
        """What each branch is multiplied by before it is added to the stream."""
        scale = self.residual_scale
        return scale if isinstance(scale, float) else (2 * self.depth) ** -0.5

    @property
    def weights(self) -> list[Weight]:
        """The matrices of a block, in the order they are used."""
        width, hidden, depth = self.width, self.width * self.mlp_ratio, self.depth
        return [
            Weight("query", width, width, depth),
            Weight("key", width, width, depth),
            Weight("value", width, width, depth),
            Weight("output", width, width, depth),
            Weight("mlp_in", width, hidden, depth),
            Weight("mlp_out", hidden, width, depth),
        ]

    def score_factor(self, init: Recipe) -> float:
        """What query · key is multiplied by."""
        name = init.score_scale if self.score_scale == AS_INIT else self.score_scale
        return self.gain * SCORE_SCALES[name](self.head_dim)

    def stream_factor(self, init: Recipe) -> float:
        """What the stream is multiplied by where a branch is added to it."""
        return init.stream(self.depth) if init.stream and self.norm == "post" else 1.0
