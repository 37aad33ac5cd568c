"""A module's weights, measured once: when it first runs, after the way back, and after an optimizer's step."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from .measure import Moments, floating, moments_of
from .modules import Fans, fans_of, role_of, weight_of


@dataclass
class Weighed:
    """A module's weights, measured once."""

    name: str
    shape: list[int]
    moments: Moments
    fans: Fans
    bias_mean_square: float
    gradient_std: float | None = None
    update_std: float | None = None
    before: Tensor | None = None

    def of(self, module: nn.Module) -> Tensor:
        """These weights as they are now."""
        value = getattr(module, self.name)
        assert isinstance(value, Tensor)
        return value


def weighed(module: nn.Module, taken: Sequence[int] | None, given: Sequence[int]) -> Weighed | None:
    """The weights of a module that made an output of one shape of an input of another; None if it has none."""
    found = weight_of(module)
    if found is None or not floating(found[1]):
        return None
    name, weight = found
    bias = getattr(module, "bias", None)
    square = 0.0
    if isinstance(bias, Tensor) and floating(bias) and role_of(module) == "weights":
        square = moments_of(bias).mean_square or 0.0
    return Weighed(name, list(weight.shape), moments_of(weight), fans_of(module, weight, taken, given), square)
