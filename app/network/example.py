"""A recording to look at before one has one's own: a deep ReLU network as `nn.Linear` draws it."""

from functools import cache
from math import sqrt

import torch
from torch import nn

from .record import record
from .recording import Recording

DEPTH, WIDTH, BATCH = 12, 128, 64


@cache
def example() -> Recording:
    """The same each time, and whatever else draws random numbers here."""
    generator = torch.Generator().manual_seed(0)
    layers = [layer for _ in range(DEPTH) for layer in (_linear(generator), nn.ReLU())]
    model = nn.Sequential(*layers, _linear(generator))
    with record(model) as recorded:
        out = model(torch.randn(BATCH, WIDTH, generator=generator))
        out.backward(torch.randn(BATCH, WIDTH, generator=generator))
    return recorded.recording


def _linear(generator: torch.Generator) -> nn.Linear:
    """As `nn.Linear` draws its own, but of this generator's numbers."""
    linear = nn.Linear(WIDTH, WIDTH, device="meta").to_empty(device="cpu")
    for parameter in linear.parameters():
        nn.init.uniform_(parameter, -1 / sqrt(WIDTH), 1 / sqrt(WIDTH), generator)
    return linear
