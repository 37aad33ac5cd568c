"""The spec of networks that learn side by side."""

from typing import Annotated, ClassVar, Self

from pydantic import model_validator

from ...fields import OneOf, SpecError
from ...lab.activations import ACTIVATIONS
from ...lab.norms import NORM_LABELS
from ...spec import WeightsSpec, field, labels_of
from .data import DATASETS
from .optimizers import OPTIMIZERS

FEWEST_BINS = 16
MOST_BINS = 2**15  # of all layers'


class TrainingSpec(WeightsSpec):
    """Networks that differ in their initialization alone, and learn from the same batches of real examples."""

    name: ClassVar[str] = "training"

    data: Annotated[str, labels_of(DATASETS)] = field(
        "names", "input", "Data", "What is learned: the next letter of a name, or which digit is drawn.", main=True
    )
    depth: int = field(
        6,
        "shape",
        "Depth",
        "Weight matrices, the output layer's included.",
        main=True,
        slider=(1, 20),
        ge=1,
        le=100,
        unit="layers",
    )
    width: int = field(
        100, "shape", "Width", "Units in every hidden layer.", main=True, slider=(8, 256), ge=1, le=2048, unit="units"
    )
    embedding: int = field(
        10, "shape", "Embedding", "Numbers that stand for a letter, learned too; images have none.", ge=1, le=256
    )
    activation: Annotated[str, labels_of(ACTIVATIONS)] = field(
        "tanh", "shape", "Activation", "φ, what each hidden layer does to its preactivations.", main=True
    )
    output_gain: float = field(
        1.0,
        "weights",
        "Gain of the output layer",
        "Stands in place of the gain in the last layer, whose size decides the loss at the start.",
        slider=(0, 10),
        ge=0,
        le=1000,
        step=0.05,
    )
    norm: Annotated[str, OneOf(NORM_LABELS)] = field(
        "none",
        "shape",
        "Normalization",
        "Before the activation of every hidden layer; with residual connections, at the start of each branch.",
        main=True,
    )
    residual: bool = field(
        False,
        "shape",
        "Residual connections",
        "Adds each hidden layer but the first to a stream instead of replacing it.",
    )
    optimizer: Annotated[str, labels_of(OPTIMIZERS)] = field(
        "sgd", "run", "Optimizer", "How a gradient becomes an update, with torch's defaults.", main=True
    )
    learning_rate: float = field(
        0.1,
        "run",
        "Learning rate",
        "The same for all layers and steps.",
        main=True,
        slider=(0.0001, 10),
        swept=(0.001, 10),
        ge=0,
        le=1000,
        step=0.0001,
    )
    steps: int = field(
        1000, "run", "Steps", "Batches that are learned from.", main=True, slider=(10, 5000), ge=1, le=100_000
    )
    batch: int = field(32, "input", "Batch", "Examples a step learns from.", slider=(1, 256), ge=1, le=4096)

    @model_validator(mode="after")
    def _a_batch_to_normalize_over(self) -> Self:
        if self.norm == "batch" and self.batch == 1:
            raise SpecError([("norm", "batch norm needs a batch of at least 2: over one example there is no variance")])
        return self

    @property
    def histogram_bins(self) -> int:
        """Of each histogram: fewer than `bins` where very many layers would make a result large."""
        return min(self.bins, max(FEWEST_BINS, MOST_BINS // (self.depth * len(self.init))))
