"""A transformer block: attention, then an MLP, each a branch that is added to the stream; and the gradient back."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from ...lab.activations import ACTIVATIONS, Activation
from ...lab.kernels.tokens import normalize
from ...lab.norms import EPS, NORMS, Norm
from ...lab.weights_gradient import WeightsGradient
from .draws import UnitWeights
from .heads import Heads, Mixed
from .inits import Group, Recipe
from .spec import TransformerSpec


class Normed(NamedTuple):
    """Tokens, and where they were normalized what they were multiplied by."""

    tokens: Tensor
    factor: Tensor | None

    def of_first(self, rows: int) -> "Normed":
        """Of so many rows, the others forgotten."""
        return Normed(_first(self.tokens, rows), None if self.factor is None else _first(self.factor, rows))


@dataclass(frozen=True)
class Joint:
    """How a branch leaves the stream and comes back to it: stream ← norm?(stream · x + branch · f(norm?(x)))."""

    norm: Norm
    place: str
    stream: float
    branch: float

    def enter(self, x: Tensor) -> Normed:
        """What a branch receives of the stream."""
        return self._normed(x) if self.place == "pre" else Normed(x, None)

    def leave(self, x: Tensor, added: Tensor) -> Normed:
        """The stream, with what a branch adds, already multiplied."""
        total = torch.add(added, x, alpha=self.stream)
        return self._normed(total) if self.place == "post" else Normed(total, None)

    def _normed(self, x: Tensor) -> Normed:
        tokens, factor = torch.empty_like(x), torch.empty(len(x), 1)
        normalize(x.numpy(), self.norm.centres, EPS, tokens.numpy(), factor.numpy())
        return Normed(tokens, factor)

    def back(self, gradient: Tensor, at: Normed) -> Tensor:
        """Back through a norm, if there was one."""
        return gradient if at.factor is None else self.norm.backward(gradient, at.tokens, at.factor)


class WayBack(NamedTuple):
    """What a block left for the gradient: at either branch what entered it, what left, and what was within."""

    entered: Normed
    mixed: Mixed
    values: Tensor
    middle: Normed
    entered_mlp: Normed
    preactivation: Tensor
    left: Normed

    def of_first(self, rows: int) -> "WayBack":
        """Of so many rows, whole sequences, the others forgotten."""
        if rows == len(self.values):
            return self
        sequences = rows * len(self.mixed.weights) // len(self.values)
        return WayBack(
            self.entered.of_first(rows),
            Mixed(*(_first(each, sequences) for each in self.mixed)),
            _first(self.values, rows),
            self.middle.of_first(rows),
            self.entered_mlp.of_first(rows),
            _first(self.preactivation, rows),
            self.left.of_first(rows),
        )


class Passed(NamedTuple):
    """The stream after the block, what each branch added to it, the weights of attention, and the way back."""

    stream: Tensor
    attention: Tensor
    mlp: Tensor
    weights: Tensor
    way_back: WayBack


class Returned(NamedTuple):
    """The gradient at the stream before the block, and at each matrix."""

    stream: Tensor
    weights: dict[Group, WeightsGradient]


@dataclass(frozen=True)
class Block:
    """One block of an init; a matrix is `stds` times entries of unit variance. Tokens are rows, by sequence."""

    heads: Heads
    joint: Joint
    activation: Activation
    stds: dict[Group, float]

    @classmethod
    def of(cls, spec: TransformerSpec, init: Recipe) -> "Block":
        return cls(
            Heads(spec.heads, spec.tokens, spec.score_factor(init), spec.causal),
            Joint(NORMS[spec.norm_kind], spec.norm, spec.stream_factor(init), spec.branch_scale),
            ACTIVATIONS[spec.activation],
            {weight.group: init.std(weight) for weight in spec.weights},
        )

    def forward(self, x: Tensor, w: UnitWeights) -> Passed:
        """x: the stream, shape (rows, width)."""
        entered = self.joint.enter(x)
        query, key, value = (self._times(entered.tokens, w, group) for group in ("query", "key", "value"))
        values, mixed = self.heads.forward(query, key, value)
        attention = self._times(values, w, "output", self.joint.branch)
        middle = self.joint.leave(x, attention)
        entered_mlp = self.joint.enter(middle.tokens)
        u = self._times(entered_mlp.tokens, w, "mlp_in")
        mlp = self._times(self.activation(u), w, "mlp_out", self.joint.branch)
        left = self.joint.leave(middle.tokens, mlp)
        way_back = WayBack(entered, mixed, values, middle, entered_mlp, u, left)
        return Passed(left.tokens, attention, mlp, mixed.weights, way_back)

    def backward(self, gradient: Tensor, w: UnitWeights, way: WayBack) -> Returned:
        """From the gradient at the stream after the block, shape (rows, width)."""
        joint, found = self.joint, dict[Group, WeightsGradient]()
        gradient = joint.back(gradient, way.left)
        h, slope = self.activation.with_slope(way.preactivation)
        found["mlp_out"] = WeightsGradient(h, gradient * joint.branch)
        found["mlp_in"] = WeightsGradient(way.entered_mlp.tokens, self._back(found, w, "mlp_out").mul_(slope))
        inner = joint.back(self._back(found, w, "mlp_in"), way.entered_mlp)
        gradient = inner.add_(gradient, alpha=joint.stream)

        gradient = joint.back(gradient, way.middle)
        found["output"] = WeightsGradient(way.values, gradient * joint.branch)
        mixed = self.heads.backward(self._back(found, w, "output"), way.mixed)
        inner = torch.zeros_like(gradient)
        groups: tuple[Group, ...] = ("query", "key", "value")
        for group, at in zip(groups, mixed, strict=True):
            found[group] = WeightsGradient(way.entered.tokens, at)
            inner.addmm_(at, w[group].T, alpha=self.stds[group])
        inner = joint.back(inner, way.entered)
        return Returned(inner.add_(gradient, alpha=joint.stream), found)

    def _times(self, x: Tensor, w: UnitWeights, group: Group, factor: float = 1.0) -> Tensor:
        return torch.addmm(_NOTHING, x, w[group], beta=0, alpha=factor * self.stds[group])

    def _back(self, found: dict[Group, WeightsGradient], w: UnitWeights, group: Group) -> Tensor:
        return torch.addmm(_NOTHING, found[group].delta, w[group].T, beta=0, alpha=self.stds[group])


def _first(tensor: Tensor, rows: int) -> Tensor:
    """A copy, so that the rest need not be kept."""
    return tensor[:rows].clone()


_NOTHING = torch.zeros(1)  # that a product is added to: a factor costs nothing so
