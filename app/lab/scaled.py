"""Tensors beyond float32's range: float32 times a power of two, worked on in blocks of rows."""

from functools import lru_cache
from itertools import pairwise
from math import frexp, log2
from typing import NamedTuple

from torch import Tensor

SAFE = 40  # magnitudes from 2^-40 to 2^40 leave float32 room for one more layer
LARGEST = 127  # power of two that float32 holds
FEWEST_ROWS = 64
ENOUGH_ROWS = 128  # of wide weights, if that leaves work for four threads: a product of fewer waits for its weights
ROW_BLOCK = 2**16, 2**18  # elements handled at once: a few of them keep the interpreter out of the way


class Scaled(NamedTuple):
    """The tensor value · 2^exponent."""

    value: Tensor
    exponent: int

    def balanced(self, largest: float, in_place: bool = True) -> "Scaled":
        """The same numbers, their largest magnitude near one if it was about to leave float32's range."""
        if largest == 0 or abs(size := frexp(largest)[1]) <= SAFE:
            return self
        step = max(size, -LARGEST)  # the power that lifts the smallest numbers to one is itself beyond float32
        value = self.value if in_place else self.value.clone()
        return Scaled(value.mul_(2.0**-step).mul_(2.0 ** (step - size)), self.exponent + size)


def part(tensor: Tensor, rows: slice) -> Tensor:
    """These rows of it: itself if they are all, for a view takes a microsecond."""
    return tensor if rows.stop - rows.start == tensor.shape[0] else tensor[rows]


def row_blocks(tensor: Tensor) -> list[slice]:
    """Rows in blocks of a size that depends on the shape alone, so that results do not depend on the threads.

    Of more than two the first is half as large, so that threads are not all at the same step, waiting for the same
    things.
    """
    return _row_blocks(*tensor.shape)


def is_one_block(rows: int, width: int) -> bool:
    """Whether a tensor of this shape is."""
    return len(_row_blocks(rows, width)) == 1


@lru_cache
def _row_blocks(number: int, width: int) -> list[slice]:
    fewest, most = ROW_BLOCK
    least = max(FEWEST_ROWS, min(number // 4, ENOUGH_ROWS))
    rows = max(least, min(max(number * width // 2, fewest), most) // width)
    first = rows if 2 * rows >= number else max(least, rows // 2)
    edges = [0, *range(first, number, rows), number]
    return [slice(start, stop) for start, stop in pairwise(edges)]


def factor(scale: float) -> tuple[float, int]:
    """A scale as mantissa and exponent; ordinary scales keep an exponent of 0."""
    mantissa, power = frexp(scale)
    return (scale, 0) if abs(power) <= SAFE else (mantissa, power)


def log2_size(magnitude: float, exponent: float) -> float | None:
    """log₂ of magnitude · 2^exponent; None for zero."""
    return log2(magnitude) + exponent if magnitude > 0 else None


def power_of_two(exponent: int) -> float:
    """2^exponent as a float64 factor: 0 where it underflows; callers keep it from overflowing."""
    return 2.0 ** max(exponent, -1074) if exponent > -1074 else 0.0
