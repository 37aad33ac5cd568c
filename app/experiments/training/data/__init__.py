"""What the networks learn: examples that come with the package, some of them held out."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from math import log
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from torch import Tensor

CONTEXT = 3  # letters that a fourth is guessed from
LETTERS = ".abcdefghijklmnopqrstuvwxyz"  # the first one ends a name, and stands before it
BEFORE = " "  # as which it stands there, while names are one text
EVERY = 10  # of so many names or images the last is held out
SIDE = 8  # pixels
DEPTHS = "0123456789abcdefg"  # of a pixel, from white to black


Integers = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class Examples:
    """`inputs`: of each example the letters, shape (count, CONTEXT), int64, or the pixels, shape (count, SIDE²),
    float32; `targets`: its class, shape (count,), int64."""

    inputs: Tensor
    targets: Tensor

    def __len__(self) -> int:
        return len(self.targets)

    def spread(self, count: int) -> "Examples":
        """So many of them, evenly spaced, or all if there are fewer."""
        places = torch.arange(min(count, len(self))) * len(self) // min(count, len(self))
        return Examples(self.inputs[places], self.targets[places])


@dataclass(frozen=True)
class Dataset:
    """Examples to learn from, and others to be tried on."""

    training: Examples
    held_out: Examples

    def frequency_loss(self, examples: Examples) -> float:
        """Of one who knows how frequent classes are in training and never looks at the input, in nats."""
        counts = torch.bincount(self.training.targets).double()
        return float(-(counts / counts.sum()).log()[examples.targets].mean())


@dataclass(frozen=True)
class Source:
    """A dataset as it is chosen: what one example is, where it is from, and how it is read.

    `classes`: how many an example may be of; `symbols`: how many an embedding tells apart, 0 for pixels.
    """

    label: str
    example: str
    origin: str
    classes: int
    symbols: int
    read: Callable[[], Dataset]

    @property
    def expected_loss(self) -> float:
        """Of one who holds every class for equally likely, in nats."""
        return log(self.classes)


def lines_of(name: str) -> list[str]:
    """Of a file beside this one, without the line that says where it is from."""
    lines = (Path(__file__).parent / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]


@cache
def names() -> Dataset:
    """Every letter of every name, and its end, after the three letters before it."""

    def examples(chosen: list[str]) -> Examples:
        places = _places(BEFORE + LETTERS, "".join(f"{BEFORE * CONTEXT}{name}{LETTERS[0]}" for name in chosen))
        letters = np.maximum(places - 1, 0)
        windows = sliding_window_view(letters, CONTEXT + 1)[places[CONTEXT:] > 0]  # that end within a name
        return Examples(torch.tensor(windows[:, :-1]), torch.tensor(windows[:, -1]))

    training, held_out = _split(lines_of("names"))
    return Dataset(examples(training), examples(held_out))


@cache
def digits() -> Dataset:
    """Every image, its pixels shifted and scaled to a mean of 0 and a variance of 1 over all training images."""

    def examples(chosen: list[str]) -> Examples:
        pixels = _places(DEPTHS, "".join(line[: SIDE**2] for line in chosen)).reshape(-1, SIDE**2)
        return Examples(torch.tensor(pixels, dtype=torch.float32), torch.tensor([int(line[-1]) for line in chosen]))

    training, held_out = (examples(lines) for lines in _split(lines_of("digits")))
    mean, std = training.inputs.mean(), training.inputs.std()
    for part in (training, held_out):
        part.inputs.sub_(mean).div_(std)
    return Dataset(training, held_out)


def _places(characters: str, text: str) -> Integers:
    """Of every letter of a text, its place among the characters."""
    place = np.zeros(128, np.int64)
    place[np.frombuffer(characters.encode("ascii"), np.uint8)] = np.arange(len(characters))
    return place[np.frombuffer(text.encode("ascii"), np.uint8)]


def _split(lines: list[str]) -> tuple[list[str], list[str]]:
    held_out = lines[EVERY - 1 :: EVERY]
    return [line for place, line in enumerate(lines) if place % EVERY != EVERY - 1], held_out


DATASETS: dict[str, Source] = {
    "names": Source(
        "given names, letter by letter",
        "three letters in, the next one out",
        "5,163 given names of the 1990 US Census, in the public domain",
        len(LETTERS),
        len(LETTERS),
        names,
    ),
    "digits": Source(
        "handwritten digits",
        "8 × 8 pixels in, the digit out",
        "1,797 handwritten digits (E. Alpaydin and C. Kaynak, UCI Machine Learning Repository, CC BY 4.0)",
        10,
        0,
        digits,
    ),
}
