"""What the tests of numbers share: running an experiment to its end, and how far apart chance may put two numbers."""

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from itertools import count
from math import inf, isfinite, sqrt
from typing import Any, TypeVar

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from app.experiments.stack import draws
from app.experiments.stack.spec import StackSpec
from app.lab.draws import Fill
from app.lab.initializers import Initializer
from app.lab.threads import computing
from app.results import Step

TORCH_NORMS: dict[str, Callable[[Tensor], Tensor]] = {
    "none": lambda u: u,
    "batch": lambda u: F.batch_norm(u, None, None, training=True),
    "layer": lambda u: F.layer_norm(u, u.shape[1:]),
    "rms": lambda u: F.rms_norm(u, u.shape[1:], eps=1e-5),
}

R = TypeVar("R")

EPS32 = torch.finfo(torch.float32).eps
EPS64 = float(np.finfo(np.float64).eps)
STANDARD_ERRORS = 5.0  # chance passes it once in 1.7 million comparisons

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def outcome(run: Generator[Step[R]]) -> R:
    """The whole result of an experiment."""
    *_, last = run
    return last.partial()


@contextmanager
def stopped(after: int) -> Iterator[None]:
    """Whatever is run within is told to stop at the first chance after so many, and stops."""
    chances = count()

    def check() -> None:
        if next(chances) >= after:
            raise InterruptedError

    with computing(check), pytest.raises(InterruptedError):
        yield


def drawn(pending: tuple[Tensor, list[Fill]]) -> Tensor:
    """The tensor, once everything that draws it has."""
    tensor, fills = pending
    for fill in fills:
        fill()
    return tensor


def unit_weights_of(spec: StackSpec, initializer: Initializer, layer: int) -> Tensor:
    """A layer's weights before scaling, as the stack draws them."""
    family = initializer.family or "normal"
    (weights,) = draws.weights(spec, [layer])
    return weights[family]


def errors_apart(measured: float | None, predicted: float, standard_error: float) -> float:
    """How many standard errors lie between the two; with no error allowed, none or infinitely many."""
    assert measured is not None
    distance = abs(measured - predicted)
    return distance / standard_error if standard_error > 0 else (inf if distance else 0.0)


def mean_error(values: Floats) -> float:
    """The standard error of the mean of independent values."""
    return float(values.std(ddof=1)) / sqrt(values.size)


def variance_error(variance: float, count: int, excess_kurtosis: float = 0.0) -> float:
    """The standard error of the unbiased variance of independent values."""
    return variance * sqrt(max(0.0, 2 / (count - 1) + excess_kurtosis / count))


def std_error(std: float, count: int, excess_kurtosis: float = 0.0) -> float:
    """The standard error of the standard deviation of independent values: half the variance's, relatively."""
    return std / 2 * sqrt(max(0.0, 2 / (count - 1) + excess_kurtosis / count))


def kurtosis(values: Floats) -> float:
    """The excess kurtosis of a sample."""
    centred = values - values.mean()
    return float((centred**4).mean() / (centred**2).mean() ** 2 - 3)


def numbers(value: Any) -> Iterator[float]:
    """Every number in a structure of dicts and lists."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from numbers(item)
    elif isinstance(value, int | float):
        yield value


def all_finite(value: Any) -> bool:
    return all(isfinite(number) for number in numbers(value))
