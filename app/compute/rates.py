"""How fast this machine is at what experiments are made of, measured once, before anything is asked of it."""

import time
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import torch

from ..lab.draws import BLOCK, DISTRIBUTIONS, draw, drawing
from ..lab.large_layers import Frame, LayerTally
from ..lab.scaled import Scaled
from ..lab.threads import submit

TRIES = 8  # the fastest counts: what else the machine does only makes things slower


class Rates(NamedTuple):
    """Seconds of one core for a normal random number, a multiply-add of a matmul, a value summarized; the fixed
    overhead of a step, a layer of a few numbers measured and summarized; and an entry of a tensor passed over once."""

    random_number: float
    multiply_add: float
    value: float
    step: float
    entry: float


USUAL = Rates(random_number=8e-10, multiply_add=1.5e-11, value=3e-9, step=8e-5, entry=1.5e-10)  # until measured


@cache
def measured() -> Rates:
    """This machine's, in some 50 ms."""
    return submit(_measure, None).result()


def _measure(_: None) -> Rates:
    normal, few = DISTRIBUTIONS["normal"], torch.ones(16, 16)
    fill = drawing(normal, (BLOCK,), 0)[1][0]
    h, w = draw(normal, (128, 512), 0), draw(normal, (512, 512), 1)

    def tally(values: torch.Tensor) -> LayerTally:
        frame = Frame.around(Scaled(values, 0), Scaled(values, 0), None, 80)
        return LayerTally(frame).add(values, values, True)

    def step() -> None:
        tally(few).measured().preactivations([0.0])

    return Rates(
        random_number=_fastest(fill) / BLOCK,
        multiply_add=_fastest(lambda: h @ w) / (h.numel() * w.shape[1]),
        value=_fastest(lambda: tally(h)) / (2 * h.numel()),
        step=_fastest(step),
        entry=_fastest(h.square) / h.numel(),
    )


def _fastest(work: Callable[[], object]) -> float:
    def timed() -> float:
        began = time.perf_counter()
        work()
        return time.perf_counter() - began

    work()
    return min(timed() for _ in range(TRIES))
