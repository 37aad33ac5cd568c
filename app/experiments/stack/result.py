"""The result of a deep stack."""

from ...lab.formats import Magnitudes
from ...lab.layers import ActivationSummary, Cosine
from ...results import Histogram, Record, Result, Summary


class WeightGradient(Record):
    """Of the gradient with respect to a layer's weights; `grad_to_data` is its std over the weights' own."""

    std: float | None
    log10_std: float | None
    grad_to_data: float | None


class Branch(Record):
    """What a residual branch adds to the stream, `residual_scale` times φ of the preactivations."""

    mean_square: float | None
    log10_mean_square: float | None


class Band(Record):
    """The 2.5, 50 and 97.5 % points of a number over fresh networks and inputs, and their log₁₀.

    The first three are null where float64 cannot hold them.
    """

    low: float | None
    median: float | None
    high: float | None
    log10_low: float | None
    log10_median: float | None
    log10_high: float | None


class StackPredicted(Record):
    """What theory says of a layer, from the spec alone; null where it has no formula.

    `low`, `median` and `high` are the 2.5, 50 and 97.5 % points, over fresh networks and inputs, of the
    preactivations' mean square over the whole batch, the very number measured beside them; `one_input` holds the
    same of a single input, and `gradient_band` of the gradient's mean square. Each size stands as a value, null where
    float64 cannot hold it, and as its log₁₀, which holds at any depth and is null where the quantity is zero.
    """

    preactivation_variance: float | None
    log10_preactivation_variance: float | None
    activation_mean_square: float | None
    log10_activation_mean_square: float | None
    low: float | None
    log10_low: float | None
    median: float | None
    log10_median: float | None
    high: float | None
    log10_high: float | None
    one_input: Band | None
    cosine: float | None
    gradient_mean_square: float | None
    log10_gradient_mean_square: float | None
    gradient_band: Band | None
    saturated: float | None

    @property
    def band(self) -> Band | None:
        """Of the preactivations' mean square over the batch."""
        if self.log10_median is None:
            return None
        return Band.model_construct(**{name: getattr(self, name) for name in Band.model_fields})

    @property
    def typical(self) -> float | None:
        """log₁₀ of the preactivations' mean square in a typical network: the band's median, where there is a band."""
        return self.log10_preactivation_variance if self.log10_median is None else self.log10_median

    @property
    def typical_gradient(self) -> float | None:
        """The same of the gradient's."""
        band = self.gradient_band
        return self.log10_gradient_mean_square if band is None else band.log10_median


class JacobianPredicted(Record):
    """What theory says of the singular values; null where it has no formula.

    `largest`: at infinite width, for layers of one width. `mean_square`, with the spread of its log₁₀ over networks.
    `smallest`, with that of its log₁₀, for linear layers. `quantiles`: log₁₀ of the 5, 25, 50, 75 and 95 % points of
    all singular values, for linear layers: at infinite width, and by their growth alone beyond as many layers as units.
    """

    largest: float | None
    log10_largest: float | None
    smallest: float | None
    log10_smallest: float | None
    log10_smallest_std: float | None
    mean_square: float | None
    log10_mean_square: float | None
    log10_mean_square_std: float | None
    quantiles: list[float] | None


class Jacobian(Record):
    """The singular values of the derivative of a layer's output with respect to the first input of the batch.

    `histogram` is of their log₁₀; `below` counts those that are zero, or so small beside the largest that float64 does
    not tell them from it. If there are such, `smallest` is null. A size that float64 cannot hold is null, too, and its
    log₁₀ is not.
    """

    largest: float | None
    log10_largest: float | None
    smallest: float | None
    log10_smallest: float | None
    mean_square: float | None
    log10_mean_square: float | None
    histogram: Histogram
    predicted: JacobianPredicted


class StackLayer(Record):
    """One layer.

    `activation` is the layer's output: with residual connections the stream, of which `branch` is what this layer
    added, else null. `unit_variance` summarizes, over units, the variance of a preactivation across the batch; null
    for a batch of one. `gradient` is that of the loss at the layer's output. A layer norm of two units or an RMS norm
    of one lets a gradient through by its eps alone: what is measured before it is float32's rounding. `jacobian` is
    null unless asked for.
    """

    layer: int
    fan_in: int
    fan_out: int
    weight_std: float
    preactivation: Summary
    activation: ActivationSummary
    branch: Branch | None
    unit_variance: Summary | None
    cosine: Cosine
    gradient: Summary | None
    weight_gradient: WeightGradient | None
    activation_magnitudes: Magnitudes
    gradient_magnitudes: Magnitudes | None
    jacobian: Jacobian | None
    predicted: StackPredicted


class Networks(Record):
    """log₁₀ of the preactivation mean square of one input, per network and layer, over freshly drawn networks."""

    log10_mean_square: list[list[float | None]]


class StackInit(Record):
    """One init; `weight_std` is the first layer's.

    Of a plain run in each format, null where it never happens: `overflow_layer` is the first layer with a number beyond
    the format's largest, before a norm or after it; `underflow_layer` the first whose preactivations or activations, or
    what a norm receives of it, would all be rounded to zero (subnormal numbers count as held);
    `variance_overflow_layer` and `variance_underflow_layer` the first where the preactivations' variance, stored in the
    format as `torch.var` does, would be infinite, or zero.

    `theory` says which assumptions the predictions make, and why one is missing where one is.
    """

    init: str
    weight_std: float
    layers: list[StackLayer]
    overflow_layer: dict[str, int | None]
    underflow_layer: dict[str, int | None]
    variance_overflow_layer: dict[str, int | None]
    variance_underflow_layer: dict[str, int | None]
    repeats: Networks | None
    theory: list[str]


class StackResult(Result):
    inits: list[StackInit]
