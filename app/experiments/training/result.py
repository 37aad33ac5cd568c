"""The result of networks that learn side by side."""

from ...lab.layers import ActivationSummary
from ...results import Record, Result, Summary


class Losses(Record):
    """Mean cross-entropy in nats: `train` over the batches since the step before, at step 0 over the first batch;
    `validation` over held-out examples, always the same. Null where it is not finite."""

    step: list[int]
    train: list[float | None]
    validation: list[float | None]


class InitialLoss(Record):
    """What theory says of the held-out loss at step 0; 95 % of networks lie between `low` and `high`. `log10_variance`
    is that of the logits."""

    loss: float
    low: float
    high: float
    log10_variance: float | None


class LayerPredicted(Record):
    """What theory says of a layer at step 0, from the spec alone; null where it has no formula.

    `low`, `median` and `high` are the 2.5, 50 and 97.5 % points, over networks, of the preactivations' mean square over
    one input: those over a batch lie closer. The gradient's is of each example's own loss.
    """

    preactivation_mean_square: float | None
    low: float | None
    median: float | None
    high: float | None
    activation_mean_square: float | None
    activation_std: float | None
    saturated: float | None
    gradient_mean_square: float | None


class TrainingLayer(Record):
    """One layer; the last one is the output layer, whose activations are the logits.

    Of the held-out examples before the first step (`start`) and after the last one (`end`, null until then and where
    the network came to an end before): activations, and the gradient of each example's own loss with respect to them.

    The lists have one number for each of the result's `steps`, from that step's batch: `update_to_data` is
    log₁₀(std of what the step changes in the weights ÷ std of the weights), `gradient_to_data` std of the mean loss's
    gradient ÷ std of the weights, `saturated` the share of activations in the outer 3 % of the half-range between the
    activation's bounds. Null where there is no such number.
    """

    layer: int
    fan_in: int
    fan_out: int
    weight_std: float
    preactivation_start: Summary
    activation_start: ActivationSummary
    activation_end: ActivationSummary | None
    gradient_start: Summary
    gradient_end: Summary | None
    update_to_data: list[float | None]
    gradient_to_data: list[float | None]
    saturated: list[float | None]
    activation_std: list[float | None]
    gradient_std: list[float | None]
    predicted: LayerPredicted


class Ended(Record):
    """The step whose loss was no longer a number, and the layer that went first: `what` of it, its weights (by an
    update that the step before had taken) or its preactivations."""

    step: int
    layer: int
    what: str


class TrainingInit(Record):
    """One network; `weight_std` is its first layer's. `theory`: which assumptions the predictions make."""

    init: str
    weight_std: float
    loss: Losses
    initial_loss: InitialLoss | None
    ended: Ended | None
    layers: list[TrainingLayer]
    theory: list[str]


class TrainingResult(Result):
    """`expected_initial_loss` is that of one who holds every class for equally likely, `frequency_loss` of one who
    knows how frequent each is and never looks at the input, on the held-out examples. `steps`: those that are kept."""

    expected_initial_loss: float
    frequency_loss: float
    steps: list[int]
    inits: list[TrainingInit]
