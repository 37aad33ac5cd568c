"""Mean squares at the end of their way, beside what was predicted of them, and the word for what became of them."""

from math import log10
from typing import NamedTuple

from ....figures.numbers import power
from ....finding import Course, by_chance, course, in_spreads
from ....lab.draws import DISTRIBUTIONS
from ....lab.initializers import INITIALIZERS
from ....theory.finite_width import NORMAL_975
from ..result import Band, StackInit
from ..spec import StackSpec

INSIDE = NORMAL_975  # standard deviations from the median to the edges of a band of 95 %
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
    def brief(self) -> str:
        """Measured, beside predicted where there is a prediction."""
        beside = "" if self.predicted is None else f", predicted {power(self.predicted)}"
        return f"{power(self.measured)}{beside}"

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
