"""How gradients become updates: as in `torch.optim`, of all parameters of all networks in one piece."""

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import torch
from torch import Tensor

MOMENTUM = 0.9
BETA1, BETA2, EPS = 0.9, 0.999, 1e-8

Update = Callable[[Tensor, Tensor], None]  # changes the parameters, the first, by their gradient


def sgd(_: Tensor, rate: float) -> Update:
    """p ← p − rate·g."""

    def update(p: Tensor, g: Tensor) -> None:
        p.add_(g, alpha=-rate)

    return update


def momentum(parameters: Tensor, rate: float) -> Update:
    """v ← 0.9·v + g, p ← p − rate·v (Sutskever et al. 2013, with the rate outside, as torch has it)."""
    velocity = torch.zeros_like(parameters)

    def update(p: Tensor, g: Tensor) -> None:
        p.add_(velocity.mul_(MOMENTUM).add_(g), alpha=-rate)

    return update


def adam(parameters: Tensor, rate: float) -> Update:
    """Kingma and Ba 2015, "Adam", algorithm 1."""
    first, second, size = (torch.zeros_like(parameters) for _ in range(3))
    taken = 0

    def update(p: Tensor, g: Tensor) -> None:
        nonlocal taken
        taken += 1
        first.lerp_(g, 1 - BETA1)
        second.mul_(BETA2).addcmul_(g, g, value=1 - BETA2)
        torch.sqrt(second, out=size).div_(sqrt(1 - BETA2**taken)).add_(EPS)
        p.addcdiv_(first, size, value=-rate / (1 - BETA1**taken))

    return update


@dataclass(frozen=True)
class Optimizer:
    """`start`: an update with a memory of its own, for such parameters and a learning rate; `code`: torch's."""

    label: str
    start: Callable[[Tensor, float], Update]
    code: str


OPTIMIZERS: dict[str, Optimizer] = {
    "sgd": Optimizer("SGD", sgd, "torch.optim.SGD(parameters, lr={rate})"),
    "momentum": Optimizer("SGD with momentum 0.9", momentum, "torch.optim.SGD(parameters, lr={rate}, momentum=0.9)"),
    "adam": Optimizer("Adam", adam, "torch.optim.Adam(parameters, lr={rate})"),
}
