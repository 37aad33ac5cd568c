"""The experiments: torch and numpy, nothing of HTTP. Usable from a notebook as it is.

An experiment is a generator that takes a spec and yields a `Step` after every block of work. Whoever iterates it
decides, between two steps, whether to go on; closing the generator cancels what is left.
"""

from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

R = TypeVar("R")


class Step(NamedTuple, Generic[R]):
    """Progress of an experiment: `done` of `total` blocks, and the result so far, built only when asked for."""

    done: int
    total: int
    partial: Callable[[], R]
