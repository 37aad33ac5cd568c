"""What a whole stack would do to signal and gradient under another gain, or another scale of its branches."""

from collections.abc import Callable
from functools import lru_cache
from math import inf, log10, sqrt
from typing import NamedTuple

from ...lab.draws import DISTRIBUTIONS
from ...lab.initializers import INITIALIZERS
from ...theory.finite_width import LN10
from .spec import StackSpec
from .theory import sizes_of, without_chance

LEAST, MOST, STEPS = 0.2, 20.0, 48  # gains looked at, evenly on a logarithmic scale
GOLDEN = (sqrt(5) - 1) / 2
DOUBLED = log10(2.0)
FLAT = 0.01  # decades within which no gain makes a difference


class Totals(NamedTuple):
    """log₁₀ of the factors of a mean square over the whole stack.

    `forward`: from the inputs to the last activations, or to what a stream hands on at its end; `backward`: from the
    last activations to the first, `mismatch` of it by the widths alone, where fan_in and fan_out differ.
    """

    forward: float
    backward: float
    mismatch: float

    @property
    def cost(self) -> float:
        """Decades from keeping both, as far as a gain can."""
        return max(abs(self.forward), abs(self.backward - self.mismatch))


def totals(spec: StackSpec, **changes: float) -> Totals | None:
    """Predicted for this stack with weights of std gain/√fan_in, or as changed; None where there is no formula."""
    return _totals(without_chance(spec.model_copy(update=changes)), spec.init[0])


def with_gain(spec: StackSpec, gain: float) -> Totals | None:
    """Under weights whose standard deviation is gain/√fan_in."""
    return totals(spec.model_copy(update={"init": ["1/sqrt(D)"]}), gain=gain)


def with_branches(spec: StackSpec, scale: float) -> Totals | None:
    """With every residual branch multiplied by `scale`, under the spec's first init."""
    return totals(spec, residual_scale=scale)


@lru_cache(maxsize=1024)
def _totals(spec: StackSpec, init: str) -> Totals | None:
    fields = sizes_of(spec, INITIALIZERS[init])
    last, first = fields[-1].log_activation, fields[0].log_gradient
    if last is None or first is None:
        return None
    start = log10(DISTRIBUTIONS[spec.input].moments.mean_square)
    widths = spec.layer_widths
    mismatch = log10(widths[-1] / widths[1]) if first > -inf else 0.0
    return Totals(last / LN10 - start, first / LN10, mismatch)


def any_gain(spec: StackSpec) -> Totals | None:
    """What every gain would do, where it makes no difference, as a norm undoes it; None where it does."""
    if spec.norm == "none" or spec.residual:
        return None
    found = [with_gain(spec, gain) for gain in (LEAST, 1.0, MOST)]
    known = [each for each in found if each is not None]
    same = len(known) == len(found) and max(each.cost for each in known) - min(each.cost for each in known) < FLAT
    return known[0] if same else None


def gains_looked_at() -> list[float]:
    """From the least to the most, in even steps of their logarithm."""
    return [LEAST * (MOST / LEAST) ** (i / (STEPS - 1)) for i in range(STEPS)]


def best_gain(spec: StackSpec) -> tuple[float, Totals] | None:
    """The gain that keeps signal and gradient closest to one over this stack; None where there is no formula.

    Kept, as neither the stack's own gain and inits nor chance have a say in it, nor a width that all layers share,
    unless weights with a mean add up over it.
    """
    alike: dict[str, object] = {"gain": 1.0, "init": ["1/sqrt(D)"]}
    if spec.widths is None and spec.weight_mean == 0:
        alike["width"] = StackSpec.model_fields["width"].default
    return _best_gain(without_chance(spec).model_copy(update=alike))


@lru_cache(maxsize=256)
def _best_gain(spec: StackSpec) -> tuple[float, Totals] | None:
    def cost(log_gain: float) -> float:
        found = with_gain(spec, 10**log_gain)
        return inf if found is None else found.cost

    looked_at = [log10(gain) for gain in gains_looked_at()]
    costs = [cost(log_gain) for log_gain in looked_at]
    if min(costs) == inf:
        return None
    nearest = costs.index(min(costs))
    gain = 10 ** _least(cost, looked_at[max(nearest - 1, 0)], looked_at[min(nearest + 1, STEPS - 1)])
    found = with_gain(spec, gain)
    return None if found is None else (gain, found)


def best_branches(spec: StackSpec) -> tuple[float, Totals] | None:
    """The scale of branches that together add as much as came in: the stream's mean square doubles."""
    low, high = 1e-4, 10.0
    for _ in range(40):
        middle = sqrt(low * high)
        found = with_branches(spec, middle)
        if found is None:
            return None
        low, high = (middle, high) if found.forward < DOUBLED else (low, middle)
    found = with_branches(spec, low)
    return None if found is None else (low, found)


def _least(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a function with one valley between the two has its least value, by golden sections (Kiefer 1953)."""
    left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_left, at_right = function(left), function(right)
    for _ in range(20):
        if at_left < at_right:
            high, right, at_right = right, left, at_left
            left = high - GOLDEN * (high - low)
            at_left = function(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + GOLDEN * (high - low)
            at_right = function(right)
    return (low + high) / 2
