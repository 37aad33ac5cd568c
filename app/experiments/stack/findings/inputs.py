"""What becomes of the inputs: whether the network tells them apart, and what its activation does to each."""

from ....figures.numbers import between, number, percent, power
from ....finding import Finding
from ....lab.activations import ACTIVATIONS
from ....lab.draws import DISTRIBUTIONS
from ..result import StackInit
from ..spec import StackSpec
from .sizes import gradient_size, label_of, saturates

ALIKE, RESEMBLING = 0.95, 0.5  # cosines from which inputs are taken for one another, or for relatives
NEAR = 0.05  # between a measured and a predicted cosine, for the prediction's word to stand
DYING = 0.1  # share of units that are dead, from which a layer is called so


def inputs(spec: StackSpec, entry: StackInit) -> list[Finding]:
    """The cosine between two inputs' activations in the last layer."""
    last, moments = entry.layers[-1], DISTRIBUTIONS[spec.input].moments
    measured, predicted = last.cosine.mean, last.predicted.cosine
    if measured is None:
        return []
    judged = predicted if predicted is not None and abs(predicted - measured) <= NEAR else measured
    word = "collapses" if judged > ALIKE else "fades" if judged > RESEMBLING else "holds"
    consequence = {
        "collapses": "it gives nearly the same output for every input, which a variance over everything does not show",
        "fades": "they grow alike",
        "holds": "it tells them apart",
    }
    theory = "" if predicted is None else f" Theory, for wide layers, says {between(predicted)}."
    start = moments.mean**2 / moments.mean_square
    return [
        Finding(
            about="inputs",
            init=entry.init,
            word=word,
            sentence=f"{label_of(entry)}: the activations of two different inputs have a cosine of {between(measured)} "
            f"on average in the last layer, after {between(start)} at the input: {consequence[word]}.{theory}",
            value=measured,
            predicted=predicted,
            layer=last.layer,
            brief=f"cosine {between(measured)}",
        )
    ]


def saturation(spec: StackSpec, entry: StackInit) -> list[Finding]:
    """How many of the last layer's activations sit at a bound or at zero, and how many units are dead."""
    last = entry.layers[-1]
    here, label = last.activation, label_of(entry)
    if here.saturated is not None:
        share = here.saturated
        word = "saturates" if saturates(entry) else "partly" if share > NEAR else "free"
        said = f"{label}: {percent(share)} of the last layer's activations are saturated, within 3 % of a bound."
        if word != "free":
            said += f" The slope there is small{_but_gradients(spec, entry)}."
        value, predicted = share, last.predicted.saturated
    elif (ACTIVATIONS[spec.activation].homogeneous and spec.activation != "linear") or here.dead_units > DYING:
        word = "dies" if here.dead_units > DYING else "alive"
        said = (
            f"{label}: {percent(here.zero)} of the last layer's activations are exactly zero, and "
            f"{percent(here.dead_units)} of its "
            f"units are dead, zero for every one of the {spec.batch:,} inputs."
        )
        value, predicted = here.dead_units, None
    else:
        return []
    return [
        Finding(
            about="saturation",
            init=entry.init,
            word=word,
            sentence=said,
            value=value,
            predicted=predicted,
            layer=last.layer,
            brief=percent(value),
        )
    ]


def _but_gradients(spec: StackSpec, entry: StackInit) -> str:
    """What gradients do all the same: slopes are only one factor of two."""
    size = gradient_size(entry)
    if size is None or spec.depth == 1 or size.measured is None:
        return ""
    strength = entry.layers[-1].fan_out * entry.layers[-1].weight_std ** 2
    passes = f", and each layer multiplies gradients by fan_out · Var(w) = {number(strength, 3)} as well"
    if size.measured > 0:
        return f"{passes}: they grow all the same, to a mean square of {power(size.measured)} at layer 1"
    return f"{passes}: together they take them to a mean square of {power(size.measured)} at layer 1"


def activation(spec: StackSpec, entry: StackInit) -> list[Finding]:
    """What the activation leaves of a preactivation's mean square, which is what the next layer sums."""
    first = entry.layers[0]
    before, after = first.preactivation.log10_mean_square, first.activation.log10_mean_square
    mean, square = first.activation.mean, first.activation.mean_square
    if spec.residual or spec.activation == "linear" or before is None or after is None or not square or mean is None:
        return []
    kept = 10.0 ** (after - before)
    predicted = first.predicted
    expected = None
    if predicted.log10_activation_mean_square is not None and predicted.log10_preactivation_variance is not None:
        expected = 10.0 ** (predicted.log10_activation_mean_square - predicted.log10_preactivation_variance)
    share = mean**2 / square
    return [
        Finding(
            about="activation",
            init=entry.init,
            word="keeps" if abs(kept - 1) < NEAR else "shrinks" if kept < 1 else "enlarges",
            sentence=f"{label_of(entry)}: in layer 1 {ACTIVATIONS[spec.activation].label} leaves "
            f"{number(kept, 3)} of the preactivations' mean square. What the next layer sums is "
            f"E[h²] = {number(square, 3)}, the square of a mean of {number(mean, 2)} ({100 * share:.0f} % of it) and "
            f"a variance of {number(first.activation.variance, 3)}: E[h²] has to be kept, not the variance.",
            value=kept,
            predicted=expected,
            layer=1,
        )
    ]
