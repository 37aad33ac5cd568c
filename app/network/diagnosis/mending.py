"""The line of PyTorch that gives weights the scale theory asks for."""

from collections.abc import Sequence
from math import sqrt

from ...lab.activations import nonlinearity
from ...lab.initializers import INITIALIZERS
from ...theory.gains import gains
from ..chains import Link
from ..recording import Weights

# What torch calls them in `nn.init.kaiming_normal_`, with the gain it takes. Of SELU, whose own scale holds the variance,
# it takes 3/4 and loses it.
TORCH: dict[str, str] = {
    "linear": 'nonlinearity="linear"',
    "sigmoid": 'nonlinearity="sigmoid"',
    "tanh": 'nonlinearity="tanh"',
    "relu": 'nonlinearity="relu"',
    "leaky_relu": 'a=0.01, nonlinearity="leaky_relu"',
    "selu": 'nonlinearity="linear"',
}
GAINS = {"linear": 1.0, "sigmoid": 1.0, "tanh": 5 / 3, "relu": sqrt(2), "leaky_relu": sqrt(2 / 1.0001), "selu": 1.0}
ALIKE = 0.1  # of a scale: less is not worth a change
NEAR = 0.5  # share of torch's fan in that its windows must find, for torch's own function to do


def gain_for(activation: str | None) -> float:
    """The factor over 1/√taps under which the signal keeps its size past this activation."""
    name = activation or "linear"
    return GAINS[name] if name in GAINS else gains(nonlinearity(name)).variance_preserving or 1.0


def wanted_std(weights: Weights, activation: str | None) -> float:
    return gain_for(activation) / sqrt(weights.taps or weights.fan_in)


def off(link: Link) -> float:
    """How many times too large a link's weights are; below one, too small."""
    weights = link.layer.weights
    if weights is None or not weights.mean_square or weights.mean_square < 0:
        return 1.0
    return sqrt(weights.mean_square) / wanted_std(weights, link.activation)


def guilty(links: Sequence[Link], first: Link) -> list[Link]:
    """The first, and those after it whose weights are off the same way."""
    large = off(first) > 1
    return [
        link
        for link in links
        if link is first or (link.number > first.number and (off(link) > 1) == large and abs(off(link) - 1) > ALIKE)
    ]


def code(links: Sequence[Link]) -> str:
    """One line that gives these layers the scale they need, by way of a model called `model`."""
    names = list(dict.fromkeys(link.layer.name for link in links))
    first = links[0]
    calls = {_call(link, "{}") for link in links}
    if len(names) == 1 or len(calls) > 1:
        return "; ".join(dict.fromkeys(_call(link, f"{path(link.layer.name)}.weight") for link in links))
    listed = ", ".join(f'"{name}"' for name in names)
    return f"for name in [{listed}]: {_call(first, 'model.get_submodule(name).weight')}"


def path(name: str) -> str:
    """`net.3.weight` as code says it: model.net[3].weight."""
    said = "model"
    for part in filter(None, name.split(".")):
        if part.isdigit():
            said += f"[{part}]"
        elif part.isidentifier():
            said += f".{part}"
        else:
            return f"model.get_submodule({name!r})"
    return said


def scale_of(weights: Weights) -> str:
    """How these weights were drawn, as far as one can tell from them."""
    return f" (rule: {INITIALIZERS[weights.rule].label})" if weights.rule else ""


def _call(link: Link, weight: str) -> str:
    weights, name = link.layer.weights, link.activation or "linear"
    assert weights is not None
    if name in TORCH and weights.taps and weights.taps > NEAR * weights.fan_in:
        return f"torch.nn.init.kaiming_normal_({weight}, {TORCH[name]})"
    return f"torch.nn.init.normal_({weight}, std={wanted_std(weights, link.activation):.4g})"
