"""What every result is made of: plain numbers, no tensors. JSON, CSV, figures and findings are pure functions of one.

No field holds NaN or Infinity: a number outside float64's range, or that does not exist, is null.
"""

from collections.abc import Callable
from typing import Any, Generic, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict

from .lab.summary import Histogram, Summary

__all__ = ["Histogram", "Record", "Result", "Step", "Summary"]

R = TypeVar("R", covariant=True)


class Record(BaseModel):
    """Some numbers that belong together."""

    model_config = ConfigDict(frozen=True)


class Result(Record):
    """What an experiment found: every field of its spec, the addresses it is at, and its own numbers."""

    experiment: dict[str, Any]
    links: dict[str, str]


class Step(NamedTuple, Generic[R]):
    """Progress of an experiment: `done` of `total` blocks, and the result so far, built only when asked for."""

    done: int
    total: int
    partial: Callable[[], R]
