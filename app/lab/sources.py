"""Sources of random numbers, uniform and normal: whatever else is drawn is made of these."""

from math import log, pi
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

Floats = np.ndarray[Any, np.dtype[np.float32]]

AT_ONCE = 2**19  # numbers: few enough for a cache, and so many that threads seldom wait for the interpreter


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

    def uniform(self, out: Tensor, low: float, high: float) -> Tensor:
        for part in _parts(out):
            words = self._generator.random_raw((part.size + 1) // 2).view(np.uint32)[: part.size]
            words >>= 8
            part[:] = words.view(np.int32)  # signed integers are converted faster
            part *= np.float32((high - low) * 2.0**-24)
            part += np.float32(low)
        return out

    def normal(self, out: Tensor) -> Tensor:
        """By Box and Muller 1958: √(-2 ln u) cos θ and √(-2 ln u) sin θ, with 30 random bits for u and 15 for θ.

        32,768 directions, the axes not among them: moments to that order are those of a uniform angle.
        """
        for part in _parts(out):
            pairs = (part.size + 1) // 2
            words = self._generator.random_raw((6 * pairs + 7) // 8)
            odd = words.view(np.int32)[:pairs]  # so that u = |odd| / 2³¹ is never zero
            odd |= 1
            radius = odd.astype(np.float32)
            radius *= np.float32(2.0**-31)
            radius *= radius
            np.log2(radius, out=radius)
            radius *= np.float32(-log(2))
            np.sqrt(radius, out=radius)
            turn = words.view(np.int16)[2 * pairs : 3 * pairs]
            turn |= 1
            angle = turn.astype(np.float32)
            angle *= np.float32(pi * 2.0**-15)
            for half, function in ((part[:pairs], np.cos), (part[pairs:], np.sin)):
                function(angle[: half.size], out=half)
                half *= radius[: half.size]
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
