"""The charts of networks that learn: what each is called, how to read it, and where it stands."""

from ....figures.chart import Chart, Section
from ....lab.activations import ACTIVATIONS
from ..data import DATASETS
from ..spec import TrainingSpec
from .layers import gradient_histograms, gradient_histograms_end, histograms, histograms_end, start, start_gradients
from .loss import loss
from .steps import activations, gradient_to_data, gradients, saturation, updates

LINES = "A line a layer, the deeper the stronger."

_UPDATES = (
    "What one step changes in a layer's weights over the weights themselves, std over std, on a logarithmic axis. "
    f"{LINES} Dashed: 10⁻³, the rule of thumb: layers far above it are torn about, layers far below hardly learn."
)
_GRADIENT_TO_DATA = (
    f"The std of the mean loss's gradient with respect to each weight matrix over the std of its weights. {LINES} "
    "Plain SGD multiplies it by the learning rate; momentum and Adam make something else of it."
)
_GRADIENTS = (
    f"The std of the gradient of each example's own loss with respect to a layer's activations. {LINES} The output "
    "layer's are the logits."
)
_ACTIVATIONS = (
    f"The std of a layer's activations over the batch of that step. {LINES} The output layer's are the logits."
)
_SATURATION = f"The share of activations within 3 % of the half-range from a bound, where the slope is small. {LINES}"
_START = (
    "Mean squares of the preactivations over the held-out examples. Dotted: mean field, from the settings alone; band: "
    "where 95 % of networks of this width lie for a single input, so that their mean lies well within. The last layer "
    "is the output."
)
_START_GRADIENTS = (
    "Mean squares of the gradient of each example's own loss with respect to a layer's activations. Dotted: mean "
    "field, which sends the gradient at the logits back through weights that are independent of it."
)
_SHAPES = "Each shape is the histogram of one layer's {what} over the held-out examples, {when}; the dot is the mean."


def _loss(spec: TrainingSpec) -> str:
    source = DATASETS[spec.data]
    return (
        f"{source.example[0].upper()}{source.example[1:]}. Strong: held-out examples; faint: training batches. Dotted: "
        f"ln {source.classes} = {source.expected_loss:.3f}, of one who holds every class for equally likely, where an "
        "untrained network must begin, and below it the loss of knowing only how frequent each class is. Upright at "
        "step 0: where theory says that 95 % of networks begin. The axis is logarithmic."
    )


def _bounded(spec: TrainingSpec) -> bool:
    return ACTIVATIONS[spec.activation].bounds is not None and spec.depth > 1


def _shape(what: str, when: str) -> str:
    return _SHAPES.format(what=what, when=when)


BEFORE, AFTER = "before the first step", "after the last step"
OUTPUT = "activations (the logits in the last)"
CHARTS: dict[str, Chart] = {
    "loss": Chart("The loss", _loss, loss, "start"),
    "updates": Chart("Update over data", _UPDATES, updates, "updates"),
    "start": Chart("The signal before the first step, beside theory", _START, start, "signal"),
    "start_gradients": Chart("Its gradients", _START_GRADIENTS, start_gradients, "gradient"),
    "histograms": Chart("Activations before the first step", _shape(OUTPUT, BEFORE), histograms, "start"),
    "gradient_histograms": Chart("Gradients before the first step", _shape("gradients", BEFORE), gradient_histograms),
    "gradient_to_data": Chart("Gradient over data", _GRADIENT_TO_DATA, gradient_to_data, "updates"),
    "gradients": Chart("Gradients, step by step", _GRADIENTS, gradients),
    "activations": Chart("Activations, step by step", _ACTIVATIONS, activations),
    "saturation": Chart("Saturated, step by step", _SATURATION, saturation, "saturation", (), _bounded),
    "histograms_end": Chart("Activations after the last step", _shape(OUTPUT, AFTER), histograms_end, "learning"),
    "gradient_histograms_end": Chart(
        "Gradients after the last step", _shape("gradients", AFTER), gradient_histograms_end
    ),
}

# What stands in none of them is shown first.
SECTIONS = (
    Section(
        "beginning", "Before the first step", ("start", "start_gradients", "histograms", "gradient_histograms"), "start"
    ),
    Section("steps", "Updates and gradients", ("gradient_to_data", "gradients"), "updates"),
    Section("signal", "Activations", ("activations", "saturation"), "saturation"),
    Section("end", "After the last step", ("histograms_end", "gradient_histograms_end"), "learning"),
)
