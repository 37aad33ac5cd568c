"""What an experiment will cost, from its spec alone: nothing is allocated to find out."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import TypeVar

from ..fields import SpecError, shape
from ..spec import Spec
from .rates import Rates

S = TypeVar("S", bound=Spec)

SUMMARY_BYTES = 400  # of a summary's JSON, beside its bins
BIN_BYTES = 16
RUN = 10  # steps of any run, however small
WRITTEN = 14_000  # bytes of a result that are made and written as JSON in a step


@dataclass(frozen=True)
class Cost:
    """What one run takes.

    `values` are numbers summarized, `entries` those of a tensor that is passed over. Cores share this work, but for the
    part of it that is `undivided`. `steps` they do not: what the interpreter does for a block of work, each as long as
    measuring a layer of a few numbers. So are those of `predicting`, which a run with another seed is spared. Processes
    share everything that is made of several `cells`.
    """

    random_numbers: int
    multiply_adds: int
    values: int
    steps: int
    memory_bytes: int
    result_bytes: int
    entries: int = 0
    predicting: int = 0
    undivided: float = 0.0
    cells: int = 1

    def seconds(self, threads: int, rates: Rates) -> float:
        """Computing time when `threads` cores share the work."""
        work = (
            self.random_numbers * rates.random_number
            + self.multiply_adds * rates.multiply_add
            + self.values * rates.value
            + self.entries * rates.entry
        )
        steps = RUN + self.steps + self.predicting + self.result_bytes / WRITTEN
        return work * max(1 / threads, self.undivided) + steps * rates.step


def alone(work: float, piece: float) -> float:
    """The share of some work that no other core takes from the one that does it, where it is done in pieces so large.

    It falls so slowly with the work that more work never takes less time.
    """
    return min(1.0, 2 * piece / (piece + work))


@dataclass(frozen=True)
class Budget:
    """What one run may take."""

    seconds: float
    memory_bytes: int
    result_bytes: int
    threads: int
    rates: Rates
    processes: int = 1

    def time(self, cost: Cost) -> float:
        processes = min(self.processes, cost.cells)
        return cost.seconds(max(1, self.threads // processes), self.rates) / processes

    def holds(self, cost: Cost) -> bool:
        return (
            self.time(cost) <= self.seconds
            and cost.memory_bytes <= self.memory_bytes
            and cost.result_bytes <= self.result_bytes
        )


class TooExpensive(SpecError):
    """Beyond the budget: what it would cost, the limit, and for each size the largest value that fits."""

    def __init__(self, cost: Cost, budget: Budget, largest: dict[str, int]) -> None:
        super().__init__(
            [
                (name, f"the largest value that fits, everything else as it is, is {value:,}")
                for name, value in largest.items()
            ]
        )
        self.fits = largest
        self.cost = {
            "seconds": ceil(1000 * budget.time(cost)) / 1000,
            "memory_bytes": cost.memory_bytes,
            "result_bytes": cost.result_bytes,
        }
        self.limit = {
            "seconds": budget.seconds,
            "memory_bytes": budget.memory_bytes,
            "result_bytes": budget.result_bytes,
        }


def check(spec: S, cost: Callable[[S], Cost], sizes: tuple[str, ...], budget: Budget) -> Cost:
    """The cost of a spec the budget holds. Raises TooExpensive otherwise, with what would fit."""
    estimate = cost(spec)
    if budget.holds(estimate):
        return estimate
    raise TooExpensive(estimate, budget, largest(spec, cost, sizes, budget))


def largest(spec: S, cost: Callable[[S], Cost], sizes: tuple[str, ...], budget: Budget) -> dict[str, int]:
    """Of every size that may be set, the largest value that fits, the others as they are; none where none does."""
    found = {name: _largest(spec, name, cost, budget) for name in sizes if name not in spec.derived}
    return {name: value for name, value in found.items() if value is not None}


def _largest(spec: S, name: str, cost: Callable[[S], Cost], budget: Budget) -> int | None:
    limits = shape(type(spec).model_fields[name])
    smallest, most = int(limits.minimum or 0), int(limits.maximum or 0)
    low, high = smallest - 1, most + 1
    while high - low > 1:
        middle = (low + high) // 2
        fits = budget.holds(cost(spec.model_copy(update={name: middle})))
        low, high = (middle, high) if fits else (low, middle)
    return low if low >= smallest else None
