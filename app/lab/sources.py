"""Sources of random numbers, uniform and normal: whatever else is drawn is made of these."""

from math import log, pi
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

Words = np.ndarray[Any, np.dtype[np.int32]]
Floats = np.ndarray[Any, np.dtype[np.float32]]

AT_ONCE = 2**18  # numbers, so that what they are made from stays in a core's cache


class Source(Protocol):
    """Fills contiguous float32 tensors of any shape, and returns them."""

    def uniform(self, out: Tensor, low: float, high: float) -> Tensor:
        """Within [low, high), 24 random bits an entry."""

    def normal(self, out: Tensor) -> Tensor:
        """Mean 0, variance 1."""


class CpuSource:
    """SFC64 (Doty-Humphrey's PractRand), which gives two numbers a step, and numpy's vector instructions.

    `torch.Tensor.normal_` waits for a Mersenne twister most of its time.
    """

    def __init__(self, seeds: np.random.SeedSequence) -> None:
        self._generator = np.random.SFC64(seeds)

    def _words(self, count: int) -> Words:
        return self._generator.random_raw((count + 1) // 2).view(np.int32)[:count]

    def uniform(self, out: Tensor, low: float, high: float) -> Tensor:
        for part in _parts(out):
            words = self._words(part.size).view(np.uint32)
            words >>= 8
            part[:] = words.view(np.int32)  # signed integers are converted faster
            part *= np.float32((high - low) * 2.0**-24)
            part += np.float32(low)
        return out

    def normal(self, out: Tensor) -> Tensor:
        """By Box and Muller 1958: √(-2 ln u) cos θ and √(-2 ln u) sin θ."""
        for part in _parts(out):
            pairs = (part.size + 1) // 2
            words = self._words(2 * pairs)
            odd = words[:pairs]  # of 31 bits, so that u is never zero and its smallest values are as fine
            odd &= 2**31 - 1
            odd |= 1
            radius = odd.astype(np.float32)
            radius *= np.float32(2.0**-31)
            np.log2(radius, out=radius)
            radius *= np.float32(-2 * log(2))
            np.sqrt(radius, out=radius)
            angle = words[pairs:].astype(np.float32)
            angle *= np.float32(pi * 2.0**-31)
            np.multiply(radius, np.cos(angle), out=part[:pairs])
            rest = part[pairs:]
            np.multiply(radius[: rest.size], np.sin(angle[: rest.size]), out=rest)
        return out


def _parts(out: Tensor) -> list[Floats]:
    flat: Floats = out.view(-1).numpy()
    return [flat[start : start + AT_ONCE] for start in range(0, flat.size, AT_ONCE)]


class DeviceSource:
    """Torch's own generator on a GPU."""

    def __init__(self, seeds: np.random.SeedSequence, device: torch.device) -> None:
        self._generator = torch.Generator(device).manual_seed(int(seeds.generate_state(1, np.uint64)[0] >> 1))

    def uniform(self, out: Tensor, low: float, high: float) -> Tensor:
        return out.uniform_(low, high, generator=self._generator)

    def normal(self, out: Tensor) -> Tensor:
        return out.normal_(generator=self._generator)


def source(seed: int, *key: int, device: torch.device) -> Source:
    """The source of one block: `key` tells blocks of one experiment apart."""
    seeds = np.random.SeedSequence(seed, spawn_key=key)
    return CpuSource(seeds) if device.type == "cpu" else DeviceSource(seeds, device)
