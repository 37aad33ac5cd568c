"""Results: plain numbers, no tensors. JSON, CSV, figures and the event stream are pure functions of them.

No field holds NaN or Infinity: a number outside float64's range, or that does not exist, is null.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class Histogram(Record):
    """Counts between `edges` (one more than counts); `below` and `above` lie outside its robust range."""

    edges: list[float | None]
    counts: list[int]
    below: int
    above: int


class Summary(Record):
    """What one pass over `count` numbers says of them; moments are over the finite ones.

    `variance` is unbiased, as `torch.var`. `log10_mean_square` and `log10_variance` still tell the size of what
    float64 cannot hold; they are null where the quantity is zero.
    """

    count: int
    mean: float | None
    variance: float | None
    std: float | None
    mean_square: float | None
    log10_mean_square: float | None
    log10_variance: float | None
    min: float | None
    max: float | None
    skewness: float | None
    excess_kurtosis: float | None
    nonfinite: int
    histogram: Histogram


class MatmulPredicted(Record):
    """Means and variances z should have; each `_std` is the spread chance allows it."""

    mean: float
    mean_std: float
    mean_given_input: float
    variance: float
    variance_std: float
    variance_given_input: float
    variance_given_input_std: float


class DrawnInput(Record):
    """The x of this run: its length squared ‖x‖² and the sum of its entries, beside what they are on average."""

    square: float
    square_mean: float
    square_std: float
    total: float


class Repeats(Record):
    """The measured variance of every repeat, each with fresh x and w; the first is the one in `measured`."""

    variances: list[float | None]
    mean: float | None
    std: float | None


class MatmulInit(Record):
    init: str
    scale: float
    weight_std: float
    input: DrawnInput
    measured: Summary
    predicted: MatmulPredicted
    repeats: Repeats | None


class MatmulResult(Record):
    experiment: dict[str, Any]
    links: dict[str, str]
    inits: list[MatmulInit]


class ActivationSummary(Summary):
    """`saturated`: share of h in the outer 3 % of the half-range, at either bound; null without bounds.

    `zero`: share of exact zeros. `dead_units`: share of units that are zero for the whole batch.
    """

    saturated: float | None
    zero: float
    dead_units: float


class Cosine(Record):
    """Between the activations of different inputs; null where fewer than two of them are not zero."""

    mean: float | None
    std: float | None


class WeightGradient(Record):
    """Of the gradient with respect to a layer's weights; `grad_to_data` is its std over the weights' own."""

    std: float | None
    log10_std: float | None
    grad_to_data: float | None


class FormatShare(Record):
    """Shares of all numbers that a format would round to zero, or could not hold."""

    underflow: float
    overflow: float


class Magnitudes(Record):
    """log₂ of the 1 %, 50 % and 99 % quantiles of the nonzero magnitudes, and each number format's losses."""

    log2_low: float | None
    log2_median: float | None
    log2_high: float | None
    formats: dict[str, FormatShare]


class StackPredicted(Record):
    """What theory says of a layer; null where it has no formula. Each value's log₁₀ where float64 cannot hold it.

    `low`, `median` and `high` bound the preactivation mean square of one input over fresh networks and inputs,
    with 95 %.
    """

    preactivation_variance: float | None
    activation_mean_square: float | None
    low: float | None
    median: float | None
    high: float | None
    cosine: float | None
    gradient_mean_square: float | None
    saturated: float | None


class StackLayer(Record):
    """One layer; `unit_variance` summarizes, over units, the variance of a preactivation across the batch."""

    layer: int
    fan_in: int
    fan_out: int
    weight_std: float
    preactivation: Summary
    activation: ActivationSummary
    unit_variance: Summary
    cosine: Cosine
    gradient: Summary | None
    weight_gradient: WeightGradient | None
    activation_magnitudes: Magnitudes
    gradient_magnitudes: Magnitudes | None
    predicted: StackPredicted


class Networks(Record):
    """log₁₀ of the preactivation mean square of one input, per network and layer, over freshly drawn networks."""

    log10_mean_square: list[list[float | None]]


class StackInit(Record):
    """One init; `weight_std` is the first layer's, `overflow_layer` the first each format could not hold.

    `theory` says which assumptions the predictions make, and why one is missing where one is.
    """

    init: str
    weight_std: float
    layers: list[StackLayer]
    overflow_layer: dict[str, int | None]
    repeats: Networks | None
    theory: list[str]


class StackResult(Record):
    experiment: dict[str, Any]
    links: dict[str, str]
    inits: list[StackInit]
