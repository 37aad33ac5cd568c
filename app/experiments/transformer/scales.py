"""How far a measured number lies from a predicted one, on the scale on which it strays as a normal number does.

Mean squares stray by factors; cosines by factors of how far they are from one, so that none is beyond it; shares by
factors of their odds, or, where they cannot fall below one number, of those above it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, inf, log

from ...theory.finite_width import NORMAL_975


@dataclass(frozen=True)
class Scale:
    """From a number to where it stands, and back, and the slope there; between which numbers there is such a place."""

    place: Callable[[float], float]
    number: Callable[[float], float]
    slope: Callable[[float], float]
    low: float
    high: float

    def std(self, predicted: float | None, std: float | None) -> float | None:
        """The standard deviation on this scale; None where there is none."""
        if predicted is None or not std or not self.low < predicted < self.high:
            return None
        return std * self.slope(predicted)

    def off(self, measured: float | None, predicted: float | None, std: float | None) -> float | None:
        """How many standard deviations lie between the two; None where there is no such number."""
        spread = self.std(predicted, std)
        if spread is None or predicted is None or measured is None or not self.low < measured < self.high:
            return None
        return (self.place(measured) - self.place(predicted)) / spread

    def band(self, predicted: float | None, std: float | None) -> tuple[float, float] | None:
        """Between which numbers 95 % of networks lie."""
        spread = self.std(predicted, std)
        if spread is None or predicted is None:
            return None
        at, reach = self.place(predicted), NORMAL_975 * spread
        return self.number(at - reach), self.number(at + reach)


SIZE = Scale(log, exp, lambda x: 1 / x, 0.0, inf)
COSINE = Scale(lambda x: -log(1 - x), lambda at: 1 - exp(-at), lambda x: 1 / (1 - x), -inf, 1.0)


def share(least: float = 0.0) -> Scale:
    """Of a share that is between this and one."""
    return Scale(
        lambda x: log((x - least) / (1 - x)),
        lambda at: least + (1 - least) / (1 + exp(-at)),
        lambda x: 1 / (x - least) + 1 / (1 - x),
        least,
        1.0,
    )
