"""Where plain arithmetic in a number format would have lost the signal."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import inf, log2

from ...lab.formats import FORMATS

PLAIN = ("float16", "bfloat16", "float32")  # formats that people compute in

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
        variances = [log2_variance] if log2_variance is not None else []
        for name in PLAIN:
            most = log2(FORMATS[name].largest)
            least = log2(FORMATS[name].smallest) - 1  # and half of it is rounded to zero, the even neighbour
            ends = (
                (self.overflow, max(sizes, default=-inf) > most),
                (self.underflow, min(sizes, default=inf) <= least),
                (self.variance_overflow, max(variances, default=-inf) > most),
                (self.variance_underflow, min(variances, default=inf) <= least),
            )
            for first, reached in ends:
                if reached and first[name] is None:
                    first[name] = layer
