"""Where plain arithmetic in a number format would have lost the signal."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import inf, log2

from ...lab.formats import FORMATS

PLAIN = ("float16", "bfloat16", "float32")  # formats that people compute in
# log₂ of the largest number that each holds, and of half the smallest, which is rounded to zero, the even neighbour.
ENDS = {name: (log2(FORMATS[name].largest), log2(FORMATS[name].smallest) - 1) for name in PLAIN}

HELD = max(least for _, least in ENDS.values()), min(most for most, _ in ENDS.values())  # by all of them

FirstLayers = dict[str, int | None]


def _nowhere() -> FirstLayers:
    return dict.fromkeys(PLAIN)


@dataclass
class Limits:
    """The first layer at which a plain run in each format would have met its end; None where none does.

    `overflow`: some number of the layer is beyond the format's largest. `underflow`: the products, the preactivations
    or the activations are all so small that rounding makes them zero, though they are not. The other two are the same
    of `u.var()`: torch sums it up in a wider format, but it is stored in this one, at half the decades of u.
    Subnormal numbers count as held; hardware that flushes them to zero underflows earlier.
    """

    overflow: FirstLayers = field(default_factory=_nowhere)
    underflow: FirstLayers = field(default_factory=_nowhere)
    variance_overflow: FirstLayers = field(default_factory=_nowhere)
    variance_underflow: FirstLayers = field(default_factory=_nowhere)

    def see(self, layer: int, log2_largest: Iterable[float | None], log2_variance: float | None) -> None:
        """The next layer: the largest magnitude of each of its tensors and u's variance; None for an exact zero."""
        sizes = [size for size in log2_largest if size is not None]
        self._see(layer, sizes, self.overflow, self.underflow)
        if log2_variance is not None:
            self._see(layer, [log2_variance], self.variance_overflow, self.variance_underflow)

    def _see(self, layer: int, sizes: list[float], overflow: FirstLayers, underflow: FirstLayers) -> None:
        highest, lowest = max(sizes, default=-inf), min(sizes, default=inf)
        if HELD[0] < lowest and highest <= HELD[1]:
            return
        for name, (most, least) in ENDS.items():
            if highest > most and overflow[name] is None:
                overflow[name] = layer
            if lowest <= least and underflow[name] is None:
                underflow[name] = layer
