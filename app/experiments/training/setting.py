"""What the networks begin as, and what they see: everything that follows from the spec before the first step."""

from functools import lru_cache
from itertools import pairwise
from math import sqrt

from torch import Tensor

from ...lab.activations import ACTIVATIONS
from ...lab.draws import DISTRIBUTIONS, draw
from ...lab.initializers import INITIALIZERS, Initializer, unit_weights
from ...lab.norms import NORMS
from .data import CONTEXT, DATASETS, SIDE, Dataset, Examples
from .networks import Networks, Parameters, Shape
from .spec import TrainingSpec

EMBEDDING, WEIGHTS, BIASES, BATCHES = 0, 1, 2, 3  # streams of random numbers
FAMILIES = ("normal", "uniform", "truncated_normal", "orthogonal")
TOGETHER = 64  # steps whose batches are drawn at once
HELD_OUT = 512  # examples that the networks are tried on


def dataset(spec: TrainingSpec) -> Dataset:
    return DATASETS[spec.data].read()


def held_out(spec: TrainingSpec) -> Examples:
    """What the networks are tried on, always the same."""
    return dataset(spec).held_out.spread(HELD_OUT)


def widths_of(spec: TrainingSpec) -> list[int]:
    """n₀, n₁, …, n_L."""
    source = DATASETS[spec.data]
    first = CONTEXT * spec.embedding if source.symbols else SIDE**2
    return [first, *[spec.width] * (spec.depth - 1), source.classes]


def weight_std(spec: TrainingSpec, initializer: Initializer, layer: int) -> float:
    """The standard deviation of a layer's weights."""
    fan_in, fan_out = widths_of(spec)[layer - 1 : layer + 1]
    gain = spec.output_gain if layer == spec.depth else spec.gain
    return initializer.scale(fan_in, fan_out, gain, spec.fan_mode)


def bias_std(initializer: Initializer, fan_in: int) -> float:
    """The standard deviation of a layer's biases, which are zero where the init has none of its own."""
    return initializer.bias_bound(fan_in) / sqrt(3) if initializer.bias_bound else 0.0


def networks_of(spec: TrainingSpec) -> Networks:
    """One network an init, as they are before the first step; those of one family share their draws."""
    widths = widths_of(spec)
    shape = Shape(len(spec.init), DATASETS[spec.data].symbols, spec.embedding, widths)
    parameters = Parameters.of(shape)
    if shape.symbols:
        parameters.embedding.copy_(
            draw(DISTRIBUTIONS["normal"], (shape.symbols, shape.embedding), spec.seed, EMBEDDING)
        )
    for layer, (fan_in, fan_out) in enumerate(pairwise(widths), 1):
        drawn: dict[str, Tensor] = {}
        for place, name in enumerate(spec.init):
            initializer = INITIALIZERS[name]
            family = initializer.family or "normal"
            if family not in drawn:
                drawn[family] = _weights(spec, family, fan_in, fan_out, layer)
            parameters.weights[layer - 1][place] = drawn[family] * weight_std(spec, initializer, layer)
            if own := bias_std(initializer, fan_in):
                uniform = draw(DISTRIBUTIONS["uniform"], (fan_out,), spec.seed, BIASES, layer)
                parameters.biases[layer - 1][place] = uniform * own
    return Networks(shape, parameters, ACTIVATIONS[spec.activation], NORMS.get(spec.norm), spec.residual)


def _weights(spec: TrainingSpec, family: str, fan_in: int, fan_out: int, layer: int) -> Tensor:
    """Before scaling, (fan_in, fan_out)."""
    w, fills = unit_weights(family, fan_in, fan_out, spec.seed, WEIGHTS, layer, FAMILIES.index(family))
    for fill in fills:
        fill()
    return w + spec.weight_mean


def batch_of(spec: TrainingSpec, examples: Examples, step: int) -> Examples:
    """What a step learns from: drawn with replacement, the same for all networks."""
    chance = _chances(spec.seed, spec.batch, step // TOGETHER)[step % TOGETHER]
    chosen = (chance * len(examples)).long().clamp_(max=len(examples) - 1)
    return Examples(examples.inputs[chosen], examples.targets[chosen])


@lru_cache(maxsize=4)
def _chances(seed: int, batch: int, number: int) -> Tensor:
    """Of so many steps, shape (steps, batch), uniform on [0, 1)."""
    return draw(DISTRIBUTIONS["rand"], (TOGETHER, batch), seed, BATCHES, number)
