"""Random stacks and what autograd says of them, in float64: the theory's counterpart."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from app.lab.activations import ACTIVATIONS
from app.theory.quadrature import Array


class Averages(NamedTuple):
    """Over networks (rows), layer by layer (columns): mean squares, and the mean cosine between inputs."""

    preactivation: Array
    activation: Array
    cosine: Array
    gradient: Array


def simulate(
    activation: str,
    width: int,
    depth: int,
    gain: float,
    networks: int,
    *,
    branch: float | None = None,
    bias_std: float = 0.0,
    batch: int = 8,
    batch_norm: bool = False,
    tied: bool = False,
    input_mean: float = 0.0,
) -> Averages:
    """Standard normal inputs about a mean, weights of variance gain²/width, a standard normal gradient at the end."""
    generator = torch.Generator().manual_seed(width + depth)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    phi = ACTIVATIONS[activation].function
    rows = [
        _one(phi, normal, width, depth, gain, branch, bias_std, batch, batch_norm, tied, input_mean)
        for _ in range(networks)
    ]
    return Averages(*np.array(rows).transpose(2, 0, 1))


def _one(
    phi: Callable[[Tensor], Tensor],
    normal: Callable[..., Tensor],
    width: int,
    depth: int,
    gain: float,
    branch: float | None,
    bias_std: float,
    batch: int,
    batch_norm: bool,
    tied: bool,
    input_mean: float,
) -> list[tuple[float, float, float, float]]:
    h = normal(batch, width) + input_mean
    w = normal(width, width)
    us, hs = [], []
    for _ in range(depth):
        w = w if tied else normal(width, width)
        inner = _normalized(h) if batch_norm and branch is not None else h
        u = inner @ w * (gain / width**0.5) + bias_std * normal(width)
        u = _normalized(u) if batch_norm and branch is None else u
        h = phi(u) if branch is None else h + branch * phi(u)
        h.requires_grad_()
        h.retain_grad()
        us.append(u)
        hs.append(h)
    (h * normal(batch, width)).sum().backward()
    return [(_square(u), _square(h), _cosine(h), _square(h.grad)) for u, h in zip(us, hs, strict=True)]


def _normalized(x: Tensor) -> Tensor:
    return F.batch_norm(x, None, None, training=True, eps=1e-5)


def _square(x: Tensor | None) -> float:
    assert x is not None
    return float(x.detach().square().mean())


def _cosine(h: Tensor) -> float:
    unit = F.normalize(h.detach(), dim=1)
    batch = len(unit)
    return float((unit.sum(0).square().sum() - batch) / (batch * (batch - 1)))


def standard_error(over_networks: Array) -> Array:
    """Of the mean over networks, layer by layer."""
    return np.asarray(over_networks.std(axis=0, ddof=1) / len(over_networks) ** 0.5)
