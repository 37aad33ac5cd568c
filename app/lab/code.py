"""The registries' entries as PyTorch writes them, for scripts that stand alone: one line an entry."""

from .activations import ACTIVATIONS
from .draws import DISTRIBUTIONS, TRUNCATED_STD
from .initializers import INITIALIZERS

# Entries of the shape `shape`.
DRAWS: dict[str, str] = {
    "normal": "torch.randn(shape)",
    "uniform": "(2 * torch.rand(shape) - 1) * 3**0.5",
    "rademacher": "2.0 * torch.randint(2, shape) - 1",
    "laplace": "torch.distributions.Laplace(0.0, 0.5**0.5).sample(shape)",
    "truncated_normal": f"torch.nn.init.trunc_normal_(torch.empty(shape), a=-2, b=2) / {TRUNCATED_STD:.6f}",
    "rand": "torch.rand(shape)",
    "orthogonal": "torch.nn.init.orthogonal_(torch.empty(shape)) * max(shape) ** 0.5",
}
# Standard deviations of a weight; the gain and He's fan, `fan`, are the spec's.
STDS: dict[str, str] = {
    "unscaled": "gain",
    "1/D": "gain / fan_in",
    "1/sqrt(D)": "gain / fan_in**0.5",
    "xavier_normal": "gain * (2 / (fan_in + fan_out)) ** 0.5",
    "xavier_uniform": "gain * (2 / (fan_in + fan_out)) ** 0.5",
    "kaiming_normal": "gain * (2 / {fan}) ** 0.5",
    "kaiming_uniform": "gain * (2 / {fan}) ** 0.5",
    "lecun_normal": "gain / fan_in**0.5",
    "orthogonal": "gain / max(fan_in, fan_out) ** 0.5",
    "trunc_normal": f"gain * {TRUNCATED_STD:.6f} / fan_in**0.5",
    "torch_default": "gain / (3 * fan_in) ** 0.5",
}
ACTIVATED: dict[str, str] = {
    name: "u"
    if name == "linear"
    else f"torch.{name}(u)"
    if name in ("tanh", "sigmoid", "erf", "sin")
    else f"F.{name}(u)"
    for name in ACTIVATIONS
}
NORMED: dict[str, str] = {
    "batch": "F.batch_norm(u, None, None, training=True)",
    "layer": "F.layer_norm(u, u.shape[1:])",
    "rms": "F.rms_norm(u, u.shape[1:], eps=1e-5)",
}


def init_code(init: str, weights: str, fan_mode: str) -> str:
    """One init as a pair of functions: the entries it draws (as `weights` says, where it does not), and their scale."""
    family = INITIALIZERS[init].family or weights
    std = STDS[init].replace("{fan}", fan_mode)
    return f"({family}, lambda fan_in, fan_out: {std})"


def draw_functions(distributions: list[str]) -> str:
    """A function each, of the shape, by these names."""
    assert set(distributions) <= {*DISTRIBUTIONS, "orthogonal"}
    return "\n\n\n".join(f"def {name}(*shape):\n    return {DRAWS[name]}" for name in dict.fromkeys(distributions))
