"""The initializations of transformers that people use. One entry adds one.

Each says the standard deviation of every matrix of a block, what divides the scores, and, where it is part of the
recipe, what multiplies the stream. A weight is used as `x @ w`, w of shape (fan_in, fan_out); all are normal.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt
from typing import Literal, NamedTuple

Group = Literal["query", "key", "value", "output", "mlp_in", "mlp_out"]
GROUPS: tuple[Group, ...] = ("query", "key", "value", "output", "mlp_in", "mlp_out")
GROUP_LABELS: dict[str, str] = {
    "query": "query",
    "key": "key",
    "value": "value",
    "output": "output",
    "mlp_in": "MLP's first",
    "mlp_out": "MLP's second",
}
ENDS = ("output", "mlp_out")  # whose products are added to the stream
SCORE_SCALES: dict[str, Callable[[int], float]] = {
    "unscaled": lambda head_dim: 1.0,
    "1/D": lambda head_dim: 1 / head_dim,
    "1/sqrt(D)": lambda head_dim: 1 / sqrt(head_dim),
}


class Weight(NamedTuple):
    """One matrix: what it is for, its fans, and the number of blocks of the whole stack."""

    group: Group
    fan_in: int
    fan_out: int
    depth: int


@dataclass(frozen=True)
class Recipe:
    """`std` of a weight; `score_scale`: a key of SCORE_SCALES; `stream`: what post-norm multiplies the
    stream by, of the depth, if it does."""

    name: str
    label: str
    formula: str
    source: str
    std: Callable[[Weight], float]
    score_scale: str = "1/sqrt(D)"
    stream: Callable[[int], float] | None = None


def _fan_in(weight: Weight) -> float:
    return 1 / sqrt(weight.fan_in)


def _gpt2(weight: Weight) -> float:
    return 0.02 / sqrt(2 * weight.depth) if weight.group in ENDS else 0.02


def _xavier(weight: Weight) -> float:
    return sqrt(2 / (weight.fan_in + weight.fan_out))


def _deepnet(weight: Weight) -> float:
    """Its β, of a stack of encoder or of decoder blocks alone."""
    gain = 1.0 if weight.group in ("query", "key") else (8 * weight.depth) ** -0.25
    return gain * _xavier(weight)


_ENTRIES = (
    Recipe(
        "gpt2",
        "GPT-2",
        "0.02; what is added to the stream 0.02/√(2L)",
        "Radford et al. 2019, “Language Models are Unsupervised Multitask Learners”, section 2.3, and its code",
        _gpt2,
    ),
    Recipe("1/sqrt(D)", "1/√D", "1/√fan_in", "LeCun et al. 1998, “Efficient BackProp”, eq. 16", _fan_in),
    Recipe(
        "xavier",
        "Xavier",
        "√(2 / (fan_in + fan_out))",
        "Glorot and Bengio 2010, “Understanding the difficulty of training deep feedforward networks”, eq. 12",
        _xavier,
    ),
    Recipe(
        "deepnet",
        "DeepNet",
        "Xavier, times (8L)^(−1/4) but for query and key; post-norm multiplies the stream by (2L)^(1/4)",
        "Wang et al. 2022, “DeepNet: Scaling Transformers to 1,000 Layers”, figure 2",
        _deepnet,
        stream=lambda depth: (2 * depth) ** 0.25,
    ),
    Recipe(
        "mup",
        "μP",
        "1/√fan_in, scores divided by D instead of √D; its output layer of 1/D follows the last block",
        "Yang et al. 2022, “Tensor Programs V”, table 8 and definition 4.1",
        _fan_in,
        score_scale="1/D",
    ),
)
INITS: dict[str, Recipe] = {entry.name: entry for entry in _ENTRIES}
