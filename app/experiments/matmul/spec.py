"""The spec of one matmul."""

from typing import Annotated, ClassVar

from ...fields import OneOf
from ...lab.initializers import INITIALIZERS
from ...spec import MOMENTS, Distribution, WeightsSpec, field, init_field, labels_of

# An orthogonal matrix is one layer; the columns of a matmul are a sample of independent ones.
ColumnInit = Annotated[
    str, labels_of({name: entry for name, entry in INITIALIZERS.items() if entry.family != "orthogonal"})
]


class MatmulSpec(WeightsSpec):
    """z = x @ (k·w), x of shape (fan_in,), w of shape (fan_in, fan_out), for each init's scale k."""

    name: ClassVar[str] = "matmul"

    init: list[ColumnInit] = init_field()
    fan_in: int = field(
        512,
        "shape",
        "fan_in (D)",
        "Entries of x: how many products each output sums.",
        main=True,
        slider=(1, 4096),
        swept=(8, 256),
        ge=1,
        le=65536,
    )
    fan_out: int = field(
        500_000,
        "shape",
        "fan_out",
        "Columns of w: how many outputs the statistics rest on.",
        main=True,
        slider=(100, 1_000_000),
        swept=(100, 10_000),
        ge=1,
        le=10**9,
    )
    input: Distribution = field("normal", "input", "Entries of x", f"How the input x is drawn. {MOMENTS}")
    weights: Distribution = field("normal", "weights", "Entries of w", f"How weights are drawn, unscaled. {MOMENTS}")
    input_mean: float = field(
        0.0, "input", "Mean of x", "Added to every entry of x.", slider=(-2, 2), ge=-1000, le=1000, step=0.1
    )
    draws: Annotated[
        str,
        OneOf({"shared": "shared: one x and w for all", "fresh": "fresh: each line its own"}),
    ] = field(
        "shared",
        "run",
        "Draws",
        "Shared draws make the variances differ by exactly k². Fresh ones repeat the question as asked.",
    )
    repeats: int = field(
        1,
        "run",
        "Repeats",
        "Run it again with fresh x and w, to see how far the variance itself varies.",
        slider=(1, 100),
        ge=1,
        le=1000,
    )
