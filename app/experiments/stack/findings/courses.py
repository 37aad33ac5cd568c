"""Sizes on their way through the stack: the signal's, a residual stream's, and the gradient's on its way back."""

from math import log10
from typing import NamedTuple

from ....figures.numbers import number, power
from ....finding import Course, Finding, by_chance, course, in_spreads
from ....lab.draws import DISTRIBUTIONS
from ....lab.initializers import INITIALIZERS
from ....lab.norms import NORM_LABELS
from ....theory.finite_width import NORMAL_975
from ..result import Band, StackInit
from ..spec import StackSpec

INSIDE = NORMAL_975  # standard deviations from the median to the edges of a band of 95 %
EVEN = 10.0  # times between the first and the last layer's steps
NORMED = 0.1  # decades from one, within which it is a norm that sets a mean square
LITTLE = 0.1  # share of a stream that a branch adds
FAR = 0.5  # decades from a prediction without a band, from which a network is worth a word of its own


class Size(NamedTuple):
    """log₁₀ of a mean square at the end of its way, measured and predicted, and where 95 % of networks lie.

    A prediction is of the typical network, the band's median, where there is a band.
    """

    start: float
    measured: float | None
    predicted: float | None
    band: Band | None

    @property
    def off(self) -> float | None:
        """How far the measured one is from the band's median, in standard deviations."""
        if self.band is None or self.band.log10_high is None or self.band.log10_low is None:
            return None
        spread = (self.band.log10_high - self.band.log10_low) / (2 * NORMAL_975)
        return in_spreads(self.measured, self.band.log10_median, spread)

    @property
    def foreseen(self) -> bool:
        """Whether the word is the prediction's: unless there is none, or chance does not explain what was measured."""
        return self.predicted is not None and self.measured is not None and by_chance(self.off) is not False

    @property
    def apart(self) -> bool:
        """Whether this network is far from the prediction where no band tells how far networks lie apart."""
        far = self.predicted is not None and self.measured is not None and abs(self.measured - self.predicted) > FAR
        return far and self.off is None

    @property
    def course(self) -> Course:
        """In a word."""
        said = self.predicted if self.foreseen else self.measured
        return "vanishes" if said is None else course(said - self.start)

    @property
    def beside_start(self) -> str:
        """What was measured, beside what it started from, in words."""
        start, change = power(self.start), (self.measured or 0.0) - self.start
        if course(change) == "holds":
            return f"{power(self.measured)}, where the input has {start}"
        return (
            f"{power(self.measured)}, {f'{power(change)} times' if change > 0 else f'1/{power(-change)} of'} "
            f"the input's {start}"
        )

    @property
    def judgement(self) -> str:
        """Measured beside predicted: as chance has it, or not."""
        if self.predicted is None:
            return ""
        if self.apart:
            return (
                f"Theory says {power(self.predicted)}, and the word is about that: how far networks lie apart "
                "no formula says here."
            )
        if self.band is None or self.off is None:
            return f"Theory says {power(self.predicted)}."
        band = f"{power(self.band.log10_low)} to {power(self.band.log10_high)}"
        if abs(self.off) <= INSIDE:
            return f"As predicted: 95 % of such networks lie within {band}."
        distance = f"{abs(self.off):.1f} standard deviations from the median"
        if by_chance(self.off):
            return f"Predicted within {band}: one network in 20 lies outside, this one {distance}."
        return f"Predicted within {band}: this network lies {distance}, more than chance explains."


def input_size(spec: StackSpec) -> float:
    """log₁₀ of the mean square of the inputs' entries."""
    return log10(DISTRIBUTIONS[spec.input].moments.mean_square)


def label_of(entry: StackInit) -> str:
    return INITIALIZERS[entry.init].label


def layers_of(spec: StackSpec) -> str:
    """So many layers."""
    return "one layer" if spec.depth == 1 else f"{spec.depth:,} layers"


def signal_size(spec: StackSpec, entry: StackInit) -> Size:
    """Of the last layer's preactivations."""
    last = entry.layers[-1]
    measured, predicted = last.preactivation.log10_mean_square, last.predicted
    return Size(input_size(spec), measured, predicted.typical, predicted.band)


def gradient_size(entry: StackInit) -> Size | None:
    """Of the gradient at the first layer's activations; it has a mean square of one at the last's."""
    first = entry.layers[0]
    if first.gradient is None:
        return None
    predicted = first.predicted
    return Size(0.0, first.gradient.log10_mean_square, predicted.typical_gradient, predicted.gradient_band)


def stream_size(spec: StackSpec, entry: StackInit) -> Size:
    """Of what the last layer hands on."""
    last = entry.layers[-1]
    return Size(input_size(spec), last.activation.log10_mean_square, last.predicted.log10_activation_mean_square, None)


def saturates(entry: StackInit) -> bool:
    """Whether most of the last layer's activations sit at a bound: as predicted, where theory says."""
    last = entry.layers[-1]
    share = last.activation.saturated if last.predicted.saturated is None else last.predicted.saturated
    return share is not None and share > 0.5 and (last.activation.saturated or 0.0) > 0.4


SIGNAL = {
    "vanishes": "loses the signal",
    "fades": "lets the signal fade",
    "holds": "holds the signal",
    "grows": "lets the signal grow",
    "explodes": "lets the signal explode",
    "saturates": "saturates",
}


def signal(spec: StackSpec, entry: StackInit) -> Finding:
    """The last preactivations beside the input."""
    size, last = signal_size(spec, entry), entry.layers[-1]
    word = "saturates" if saturates(entry) else size.course
    after = f"after {layers_of(spec)}"
    if size.measured is None:
        said = f"{after} every preactivation is exactly zero."
    else:
        said = f"{after} the preactivations have a mean square of {size.beside_start}."
    if spec.norm != "none" and not spec.residual and size.measured is not None and abs(size.measured) < NORMED:
        said += f" It is the {NORM_LABELS[spec.norm]} that sets it, whatever the weights' scale."
    return Finding(
        about="signal",
        init=entry.init,
        word=word,
        sentence=" ".join(filter(None, (f"{label_of(entry)} {SIGNAL[word]}: {said}", size.judgement))),
        value=last.preactivation.mean_square,
        predicted=_plain(size.predicted),
        by_chance=by_chance(size.off),
        layer=last.layer,
    )


STREAM = {
    "vanishes": "vanishes",
    "fades": "fades",
    "holds": "holds",
    "grows": "grows",
    "explodes": "explodes",
}


def stream(spec: StackSpec, entry: StackInit) -> list[Finding]:
    """A residual stream, which the branches add to, and what the last of them adds."""
    if not spec.residual:
        return []
    size, last = stream_size(spec, entry), entry.layers[-1]
    added = ""
    if last.branch is not None and last.branch.mean_square and last.activation.mean_square:
        share = last.branch.mean_square / last.activation.mean_square
        consequence = "late layers change little" if share < LITTLE else "late layers still count"
        added = f" The last branch is {share:.1%} of it: {consequence}."
    return [
        Finding(
            about="stream",
            init=entry.init,
            word=size.course,
            sentence=f"{label_of(entry)}: the stream {STREAM[size.course]}, from a mean square of "
            f"{power(size.start)} to "
            f"{power(size.measured)} after {layers_of(spec)}.{added} {size.judgement}".strip(),
            value=last.activation.mean_square,
            predicted=_plain(size.predicted),
            by_chance=None,
            layer=last.layer,
        )
    ]


GRADIENT = {
    "vanishes": "vanish: the first layers would hardly learn",
    "fades": "fade on their way back",
    "holds": "keep their size",
    "grows": "grow on their way back",
    "explodes": "explode: a step that suits the last layer would destroy the first",
}


def gradient(spec: StackSpec, entry: StackInit) -> list[Finding]:
    """The gradient at the first layer beside the last's."""
    size = gradient_size(entry)
    if size is None or spec.depth == 1:
        return []
    measured = entry.layers[0].gradient
    at = "exactly zero" if size.measured is None else f"{power(size.measured)}"
    return [
        Finding(
            about="gradient",
            init=entry.init,
            word=size.course,
            sentence=" ".join(
                filter(
                    None,
                    (
                        f"{label_of(entry)}: gradients {GRADIENT[size.course]}. Their mean square is 1 at the last "
                        f"activations and {at} at the first.",
                        size.judgement,
                    ),
                )
            ),
            value=measured.mean_square if measured else None,
            predicted=_plain(size.predicted),
            by_chance=by_chance(size.off),
            layer=1,
        )
    ]


def steps(spec: StackSpec, entry: StackInit) -> list[Finding]:
    """The weights' gradient over the weights, which is what one learning rate makes of a layer."""
    first, last = (layer.weight_gradient for layer in (entry.layers[0], entry.layers[-1]))
    if first is None or last is None or not first.grad_to_data or not last.grad_to_data or spec.depth == 1:
        return []
    change = first.grad_to_data / last.grad_to_data
    word = "even" if 1 / EVEN < change < EVEN else "first" if change > 1 else "last"
    consequence = "all layers change alike" if word == "even" else f"the {word} layers change most"
    return [
        Finding(
            about="steps",
            init=entry.init,
            word=word,
            sentence=f"{label_of(entry)}: a weight matrix's gradient is {number(first.grad_to_data, 3)} of the "
            "weights' own "
            f"size in layer 1 and {number(last.grad_to_data, 3)} in the last: with one learning rate {consequence}.",
            value=first.grad_to_data,
            layer=1,
        )
    ]


def _plain(log10_value: float | None) -> float | None:
    """The number itself, where float64 holds it with all its digits."""
    return 10.0**log10_value if log10_value is not None and -307 < log10_value < 308 else None
