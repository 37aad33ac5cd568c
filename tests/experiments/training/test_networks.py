"""Stacked networks do what each would alone: forward as a plain loop does, backward as autograd."""

from itertools import pairwise
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from app.experiments.training.networks import Networks, Parameters, Shape, cross_entropy
from app.lab.activations import ACTIVATIONS
from app.lab.norms import NORM_LABELS, NORMS
from tests.lab.tools import TORCH_NORMS

WIDTHS, BATCH, EMBEDDING, SYMBOLS, COUNT = [6, 5, 5, 5, 4], 7, 3, 9, 3
ROUNDING = 1e-9  # of float64, which networks take as well: norms over seven inputs cost float32 most of its digits

every_activation = pytest.mark.parametrize("activation", ACTIVATIONS)
every_norm = pytest.mark.parametrize("norm", NORM_LABELS)
with_and_without_stream = pytest.mark.parametrize("residual", [False, True])


def some_networks(activation: str = "tanh", norm: str = "none", residual: bool = False, symbols: int = 0) -> Networks:
    shape = Shape(COUNT, symbols, EMBEDDING, WIDTHS)
    flat = torch.randn(Parameters.of(shape).flat.shape, generator=torch.Generator().manual_seed(0)).double()
    return Networks(shape, Parameters.of(shape, flat), ACTIVATIONS[activation], NORMS.get(norm), residual)


def some_inputs(symbols: int = 0) -> tuple[Tensor, Tensor]:
    chance = torch.Generator().manual_seed(1)
    numbers = torch.randn(BATCH, WIDTHS[0], generator=chance).double()
    places = torch.randint(max(symbols, 1), (BATCH, WIDTHS[0] // EMBEDDING), generator=chance)
    return places if symbols else numbers, torch.randint(WIDTHS[-1], (BATCH,), generator=chance)


def alone(networks: Networks, network: int, norm: str) -> tuple[list[Tensor], Any]:
    """One network's parameters, to be differentiated, and a plain loop through its layers."""
    held = networks.parameters
    leaves = [held.embedding[network], *(w[network] for w in held.weights), *(b[network] for b in held.biases)]
    leaves = [leaf.clone().requires_grad_() for leaf in leaves]
    depth = len(held.weights)
    embedding, weights, biases = leaves[0], leaves[1 : 1 + depth], leaves[1 + depth :]

    def outputs(inputs: Tensor) -> list[Tensor]:
        h = embedding[inputs].flatten(1) if networks.shape.symbols else inputs
        found = []
        for layer, (w, b) in enumerate(zip(weights, biases, strict=True)):
            if layer == depth - 1:
                h = h @ w + b
            elif networks.residual and layer:
                h = h + networks.activation.function(TORCH_NORMS[norm](h) @ w + b)
            else:
                h = networks.activation.function(TORCH_NORMS[norm](h @ w) + b)
            found.append(h)
        return found

    return leaves, outputs


@with_and_without_stream
@every_norm
@every_activation
def test_every_network_gives_what_it_would_alone(activation: str, norm: str, residual: bool) -> None:
    networks, (inputs, targets) = some_networks(activation, norm, residual), some_inputs()
    passed = networks.forward(inputs)
    losses, at_logits = cross_entropy(passed[-1].output.clone(), targets)
    gradient = Parameters.of(networks.shape, torch.zeros_like(networks.parameters.flat))
    at_outputs = networks.backward(inputs, passed, at_logits, gradient)
    for network in range(COUNT):
        leaves, outputs_of = alone(networks, network, norm)
        outputs = outputs_of(inputs)
        loss = F.cross_entropy(outputs[-1], targets)
        expected = torch.autograd.grad(loss, [*outputs, *leaves[1:]])
        assert float(losses[network]) == pytest.approx(loss.item(), rel=ROUNDING)
        for at, output in zip(passed, outputs, strict=True):
            close(at.output[network], output.detach())
        for found, by_autograd in zip(at_outputs, expected, strict=False):
            close(found[network], BATCH * by_autograd)
        for found, by_autograd in zip((*gradient.weights, *gradient.biases), expected[len(outputs) :], strict=True):
            close(found[network], by_autograd)


def close(found: Tensor, expected: Tensor) -> None:
    """To rounding, of the largest entry, or of one where all entries cancel."""
    size = max(float(expected.abs().max()), 1.0)
    assert float((found - expected.view_as(found)).abs().max()) <= ROUNDING * size


def test_an_embedding_gets_the_gradient_of_every_place_it_stands_at() -> None:
    networks, (inputs, targets) = some_networks(symbols=SYMBOLS), some_inputs(SYMBOLS)
    passed = networks.forward(inputs)
    gradient = Parameters.of(networks.shape, torch.zeros_like(networks.parameters.flat))
    networks.backward(inputs, passed, cross_entropy(passed[-1].output, targets)[1], gradient)
    for network in range(COUNT):
        (embedding, *_), outputs_of = alone(networks, network, "none")
        (expected,) = torch.autograd.grad(F.cross_entropy(outputs_of(inputs)[-1], targets), embedding)
        close(gradient.embedding[network], expected)


def test_parameters_are_views_of_one_vector_and_nothing_else_is_in_it() -> None:
    parameters = some_networks(symbols=SYMBOLS).parameters
    views = [parameters.embedding, *parameters.weights, *parameters.biases]
    assert [tuple(w.shape) for w in parameters.weights] == [(COUNT, *fans) for fans in pairwise(WIDTHS)]
    assert sum(view.numel() for view in views) == parameters.flat.numel()
    parameters.flat.fill_(3.0)
    assert all(bool((view == 3).all()) for view in views)


def test_what_one_network_overflows_to_reaches_no_other() -> None:
    networks, (inputs, targets) = some_networks("relu"), some_inputs()
    alone_before = networks.forward(inputs)[-1].output[1].clone()
    networks.parameters.weights[1][0] = torch.inf
    passed = networks.forward(inputs)
    losses, _ = cross_entropy(passed[-1].output.clone(), targets)
    assert not losses[0].isfinite()
    assert torch.equal(passed[-1].output[1], alone_before)
