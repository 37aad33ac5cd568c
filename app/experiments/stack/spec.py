"""The spec of a deep stack."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from ...fields import OneOf, SpecError
from ...lab.activations import ACTIVATIONS
from ...lab.norms import NORM_LABELS
from ...spec import MOMENTS, Distribution, WeightsSpec, field, labels_of

FEWEST_BINS = 16
MOST_BINS = 2**16  # of all layers'
WIDEST_MAP = 512  # whose singular values take a tenth of a second


class StackSpec(WeightsSpec):
    """A deep stack: h ← φ(h @ W + b), layer after layer, from a batch of random inputs."""

    name: ClassVar[str] = "stack"
    decided_by: ClassVar[dict[str, str]] = {"depth": "widths", "width": "widths"}

    depth: int = field(
        30,
        "shape",
        "Depth",
        "Layers in the stack.",
        main=True,
        slider=(1, 100),
        swept=(2, 64),
        ge=1,
        le=1000,
        unit="layers",
    )
    width: int = field(
        512,
        "shape",
        "Width (D)",
        "Units in every layer: fan_in and fan_out.",
        main=True,
        slider=(8, 2048),
        swept=(16, 256),
        ge=1,
        le=8192,
        unit="units",
    )
    batch: int = field(
        256,
        "input",
        "Batch",
        "Different inputs sent through the same weights; 1 is a single vector.",
        slider=(1, 4096),
        swept=(2, 256),
        ge=1,
        le=65536,
    )
    activation: Annotated[str, labels_of(ACTIVATIONS)] = field(
        "tanh", "shape", "Activation", "φ, what each layer does to its preactivations.", main=True
    )
    input: Distribution = field("normal", "input", "Entries of the input", f"How the batch is drawn. {MOMENTS}")
    bias_std: float = field(
        0.0,
        "weights",
        "Std of biases",
        "Biases are normal with this standard deviation.",
        slider=(0, 2),
        swept=(0, 1),
        ge=0,
        le=1000,
        step=0.05,
    )
    tied: bool = field(
        False,
        "weights",
        "One matrix, reused",
        "Uses the same weights in every layer, as some notebooks do: a power iteration.",
    )
    widths: list[Annotated[int, Field(ge=1, le=8192)]] | None = field(
        None,
        "shape",
        "Widths",
        "n₀, n₁, …, n_L, instead of width and depth, so that fan_in and fan_out differ.",
        min_length=2,
        max_length=1001,
    )
    norm: Annotated[str, OneOf(NORM_LABELS)] = field(
        "none",
        "shape",
        "Normalization",
        "Before the activation; with residual connections, at the start of each branch.",
    )
    residual: bool = field(
        False, "shape", "Residual connections", "Adds each layer to a stream instead of replacing it."
    )
    residual_scale: Annotated[float, Field(ge=0, le=10)] | Literal["1/sqrt(2L)"] = field(
        1.0,
        "shape",
        "Residual scale",
        "Multiplies each residual branch: a number from 0 to 10, or 1/sqrt(2L), as GPT-2 does, L being the depth.",
    )
    backward: bool = field(
        True, "run", "Backward", "Also send a gradient, standard normal at the last layer, back through the stack."
    )
    jacobian: bool = field(
        False,
        "run",
        "Singular values",
        "Also the singular values of the map from one input to every layer, of widths up to 512: whether it keeps "
        "lengths.",
    )
    repeats: int = field(
        1,
        "run",
        "Networks",
        "Draws this many further networks and sends one input through each, to see how far seeds differ.",
        ge=1,
        le=200,
    )

    @model_validator(mode="after")
    def _widths_decide(self) -> Self:
        if self.widths:
            if self.residual and len(set(self.widths)) > 1:
                raise SpecError([("residual", "a stream needs all widths to be equal")])
            if self.tied and len(set(self.widths)) > 1:
                raise SpecError([("tied", "one matrix fits every layer only when all widths are equal")])
            # The only way to settle fields of a frozen model from one another.
            object.__setattr__(self, "depth", len(self.widths) - 1)
            object.__setattr__(self, "width", self.widths[0])
        return self

    @model_validator(mode="after")
    def _a_batch_to_normalize_over(self) -> Self:
        if self.norm == "batch" and self.batch == 1:
            raise SpecError([("norm", "batch norm needs a batch of at least 2: over one input there is no variance")])
        return self

    @model_validator(mode="after")
    def _a_map_of_one_input(self) -> Self:
        if self.jacobian and max(self.layer_widths) > WIDEST_MAP:
            raise SpecError([("jacobian", f"singular values are worked out for widths up to {WIDEST_MAP}")])
        if self.jacobian and self.norm == "batch":
            raise SpecError([("jacobian", "batch norm mixes inputs: there is no map of one; choose another norm")])
        return self

    @property
    def branch_scale(self) -> float | None:
        """What each residual branch is multiplied by; None without residual connections."""
        if not self.residual:
            return None
        scale = self.residual_scale
        return scale if isinstance(scale, float) else (2 * self.depth) ** -0.5

    @property
    def histogram_bins(self) -> int:
        """Of each layer's histograms: fewer than `bins` where very many layers would make a result large."""
        return min(self.bins, max(FEWEST_BINS, MOST_BINS // (self.depth * len(self.init))))

    @property
    def layer_widths(self) -> list[int]:
        """n₀, n₁, …, n_L."""
        return self.widths or [self.width] * (self.depth + 1)
