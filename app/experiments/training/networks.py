"""Networks of one shape, stacked: every matrix product is one of them all, forward and on the way back.

A hidden layer is u = norm(h @ W) + b, h = φ(u); with residual connections every one but the first is
u = norm(h) @ W + b, h + φ(u). The output layer is h @ W + b. All tensors have the networks as their first dimension.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, Self

import torch
from torch import Tensor

from ...lab.activations import Activation
from ...lab.norms import Norm


class Shape(NamedTuple):
    """How many networks, symbols told apart by an embedding, numbers that stand for one; widths n₀, n₁, …, n_L."""

    networks: int
    symbols: int
    embedding: int
    widths: list[int]


@dataclass(frozen=True)
class Parameters:
    """`flat` holds all of them; the others are views of it: `embedding` (networks, symbols, embedding), and of every
    layer `weights` (networks, fan_in, fan_out) and `biases` (networks, 1, fan_out)."""

    flat: Tensor
    embedding: Tensor
    weights: list[Tensor]
    biases: list[Tensor]

    @classmethod
    def of(cls, shape: Shape, flat: Tensor | None = None) -> Self:
        """Those of such networks in one vector; zeros, if none is given."""
        fans = list(pairwise(shape.widths))
        shapes = [
            (shape.networks, shape.symbols, shape.embedding),
            *((shape.networks, fan_in, fan_out) for fan_in, fan_out in fans),
            *((shape.networks, 1, fan_out) for _, fan_out in fans),
        ]
        sizes = [torch.Size(each).numel() for each in shapes]
        flat = torch.zeros(sum(sizes)) if flat is None else flat
        views = [part.view(each) for part, each in zip(torch.split(flat, sizes), shapes, strict=True)]
        return cls(flat, views[0], views[1 : 1 + len(fans)], views[1 + len(fans) :])


class Passed(NamedTuple):
    """What one layer did: what W multiplied, the preactivations u, the output h, and for the way back φ'(u), None of
    the output layer, and what the norm made, and divided by, if there is one. All (networks, batch, units)."""

    entered: Tensor
    preactivation: Tensor
    output: Tensor
    slope: Tensor | None
    normalized: Tensor | None
    factor: Tensor | None


@dataclass(frozen=True)
class Networks:
    """The networks, and all that they have in common."""

    shape: Shape
    parameters: Parameters
    activation: Activation
    norm: Norm | None
    residual: bool

    @property
    def depth(self) -> int:
        return len(self.shape.widths) - 1

    def forward(self, inputs: Tensor) -> list[Passed]:
        """Every layer's work on a batch: symbols (batch, places), int64, or numbers (batch, n₀), float32."""
        count, width = self.shape.networks, self.shape.widths[0]
        if self.shape.symbols:
            h = self.parameters.embedding[:, inputs].view(count, len(inputs), width)
        else:
            h = inputs.expand(count, -1, -1)
        passed = []
        for layer in range(self.depth):
            passed.append(self._layer(layer, h))
            h = passed[-1].output
        return passed

    def _layer(self, layer: int, h: Tensor) -> Passed:
        w, b = self.parameters.weights[layer], self.parameters.biases[layer]
        if layer == self.depth - 1:
            u = torch.baddbmm(b, h, w)
            return Passed(h, u, u, None, None, None)
        streams, normalized, factor = self._streams(layer), None, None
        entered = h
        if self.norm and streams:
            normalized, factor = self.norm.forward(h)
            entered = normalized
            u = torch.baddbmm(b, entered, w)
        elif self.norm:
            normalized, factor = self.norm.forward(torch.bmm(h, w))
            u = normalized + b
        else:
            u = torch.baddbmm(b, h, w)
        out, slope = self.activation.with_slope(u)
        return Passed(entered, u, h + out if streams else out, slope, normalized, factor)

    def _streams(self, layer: int) -> bool:
        return self.residual and 0 < layer < self.depth - 1

    def backward(self, inputs: Tensor, passed: list[Passed], gradient: Tensor, into: Parameters) -> list[Tensor]:
        """The gradient of each example's own loss at every layer's output, and `into`: the mean loss's by parameters.

        `gradient`, (networks, batch, n_L), is the one at the last output.
        """
        at_outputs = [gradient]
        share = 1 / len(inputs)
        for layer in range(self.depth - 1, -1, -1):
            step, w = passed[layer], self.parameters.weights[layer]
            streams = self._streams(layer)
            at_u = gradient if step.slope is None else gradient * step.slope
            torch.sum(at_u, 1, keepdim=True, out=into.biases[layer]).mul_(share)
            at_product = at_u
            if step.normalized is not None and step.factor is not None and not streams:
                assert self.norm
                at_product = self.norm.backward(at_u, step.normalized, step.factor)
            torch.baddbmm(
                into.weights[layer], step.entered.mT, at_product, beta=0, alpha=share, out=into.weights[layer]
            )
            if layer == 0 and not self.shape.symbols:
                break
            before = torch.bmm(at_product, w.mT)
            if streams:
                if step.normalized is not None and step.factor is not None:
                    assert self.norm
                    before = self.norm.backward(before, step.normalized, step.factor)
                before = before + gradient
            gradient = before
            if layer:
                at_outputs.append(gradient)
        if self.shape.symbols:
            at_symbols = gradient.view(self.shape.networks, -1, self.shape.embedding).mul_(share)
            into.embedding.zero_().index_add_(1, inputs.view(-1), at_symbols)
        return at_outputs[::-1]


def cross_entropy(logits: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Each network's mean loss in nats, (networks,), and the gradient of each example's own loss at the logits."""
    log_shares = logits.log_softmax(-1)
    every = torch.arange(len(targets))
    losses = -log_shares[:, every, targets].mean(1)
    gradient = log_shares.exp_()
    gradient[:, every, targets] -= 1
    return losses, gradient
