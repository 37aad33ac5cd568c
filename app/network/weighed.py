"""A module's weights, measured once: when it first runs, after the way back, and after an optimizer's step."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from .measure import Moments, Powers, floating, mean_square
from .modules import Fans, fans_of, role_of, weight_of


@dataclass
class Weighed:
    """A module's weights, measured once; `gradient` and `update`, too, are those of the tensor called `name`."""

    name: str
    shape: list[int]
    powers: Powers
    fans: Fans
    bias_mean_square: float
    gradient: Powers | None = None
    update: Powers | None = None
    before: Tensor | None = None

    @property
    def moments(self) -> Moments:
        return self.powers.moments

    def of(self, module: nn.Module) -> Tensor:
        """These weights as they are now."""
        value = getattr(module, self.name)
        assert isinstance(value, Tensor)
        return value


def weighed(module: nn.Module, taken: Sequence[int] | None, given: Sequence[int]) -> Weighed | None:
    """The weights of a module that made an output of one shape of an input of another; None if it has none."""
    role = role_of(module)
    found = weight_of(module) if role != "activation" else None
    if found is None or not floating(found[1]):
        return None
    name, weight = found
    bias = getattr(module, "bias", None)
    square = mean_square(bias) if isinstance(bias, Tensor) and floating(bias) and role == "weights" else 0.0
    return Weighed(name, list(weight.shape), Powers(weight), fans_of(module, weight, taken, given), square)
