"""The line of PyTorch that gives weights the scale theory asks for."""

from collections.abc import Sequence
from math import exp, log, sqrt

from ...lab.activations import nonlinearity
from ...lab.initializers import INITIALIZERS
from ...theory.gains import gains
from ...theory.meanfield import ratios
from ..chains import Link
from ..recording import Weights

# What torch calls them in `nn.init.kaiming_normal_`, and the gain it takes. Its own for SELU loses the signal.
TORCH: dict[str, str] = {
    "linear": 'nonlinearity="linear"',
    "sigmoid": 'nonlinearity="sigmoid"',
    "tanh": 'nonlinearity="tanh"',
    "relu": 'nonlinearity="relu"',
    "leaky_relu": 'a=0.01, nonlinearity="leaky_relu"',
    "selu": 'nonlinearity="linear"',
}
GAINS = {"linear": 1.0, "sigmoid": 1.0, "tanh": 5 / 3, "relu": sqrt(2), "leaky_relu": sqrt(2 / 1.0001), "selu": 1.0}
LN10 = log(10)
FARTHEST = 100.0  # decades that what lies between two layers is followed
REACH = 20.0  # of log variances, in which a scale is looked for
ALIKE = 0.1  # of a scale: less is not worth a change


def wanted_std(link: Link) -> float:
    """Of the weights, for the mean square before the next link to be that at the beginning of the chain."""
    weights = link.layer.weights
    assert weights is not None
    passed: float = 10.0 ** (-min(max(link.passed, -FARTHEST), FARTHEST) / 2)
    return _gain(link) / sqrt(weights.taps or weights.fan_in) * passed


def _gain(link: Link) -> float:
    """The factor over 1/√taps: torch's, or where it has none that at which V(q), the activation's, is what came in."""
    name = link.activation or "linear"
    if name in GAINS:
        return GAINS[name]
    phi, start = nonlinearity(name), LN10 * (link.start or 0.0)
    low, high = start - REACH, start + REACH
    if ratios(phi, low).log_square > start or ratios(phi, high).log_square < start:
        return gains(phi).variance_preserving or 1.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if ratios(phi, middle).log_square < start else (low, middle)
    return exp((low + high - 2 * start) / 4)


def off(link: Link) -> float:
    """How many times too large a link's weights are; below one, too small."""
    weights = link.layer.weights
    if weights is None or not weights.mean_square or weights.mean_square < 0:
        return 1.0
    return sqrt(weights.mean_square) / wanted_std(link)


def blamed(links: Sequence[Link], first: Link) -> list[Link]:
    """The first, and all whose weights are off: what one has too much another may have too little."""
    return [link for link in links if link is first or abs(off(link) - 1) > ALIKE]


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


def rule_of(weights: Weights) -> str:
    """By what rule these weights were drawn, as far as one can tell from them."""
    return f" (rule: {INITIALIZERS[weights.rule].label}{_of_fan(weights)})" if weights.rule else ""


def _of_fan(weights: Weights) -> str:
    return " by fan_out" if weights.fan_mode == "fan_out" else ""


def _call(link: Link, weight: str) -> str:
    weights, name, wanted = link.layer.weights, link.activation or "linear", wanted_std(link)
    assert weights is not None
    if name in TORCH and abs(GAINS[name] / sqrt(weights.fan_in) / wanted - 1) < ALIKE:
        return f"torch.nn.init.kaiming_normal_({weight}, {TORCH[name]})"
    return f"torch.nn.init.normal_({weight}, std={wanted:.3g})"
