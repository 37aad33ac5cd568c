"""The mean gradient behind layer and RMS norm, against simulated networks."""

import numpy as np
import pytest
import torch

from app.lab.activations import ACTIVATIONS, nonlinearity
from app.lab.norms import NORMS
from app.theory.hermite import unit
from app.theory.normed_gradient import excess, log_mean_excess
from app.theory.quadrature import Array
from tests.theory.networks import equal_layers

WIDTH, DEPTH, NETWORKS, BATCH = 64, 9, 400, 32


def mean_squares(name: str, norm_name: str) -> Array:
    """Of the gradients at the first layer's activations, one a network."""
    torch.manual_seed(0)
    phi, norm = ACTIVATIONS[name], NORMS[norm_name]
    h, way = torch.randn(NETWORKS, BATCH, WIDTH), []
    for _ in range(DEPTH):
        w = torch.randn(NETWORKS, WIDTH, WIDTH) / WIDTH**0.5
        v = (h @ w).flatten(0, 1)
        u, factor = norm.forward(v, eps=0.0)
        h, slope = phi.with_slope(u.view_as(h))
        way.append((w, u, factor, slope))
    g = torch.randn_like(h)
    for w, u, factor, slope in reversed(way[1:]):
        g = norm.backward((g * slope).flatten(0, 1), u, factor).view_as(g) @ w.mT
    found: Array = g.square().mean((1, 2), dtype=torch.float64).numpy()
    return found


@pytest.mark.parametrize("norm", ["layer", "rms"])
@pytest.mark.parametrize("name", ["tanh", "gelu", "relu"])
def test_the_mean_gradient_is_higher_than_its_mean_field_by_what_is_said(name: str, norm: str) -> None:
    sample = mean_squares(name, norm) / unit(nonlinearity(name), 0.0).chi ** (DEPTH - 1)
    error = sample.std() / sample.mean() / NETWORKS**0.5
    layers = equal_layers(WIDTH, DEPTH, 1.0)
    said = log_mean_excess(nonlinearity(name), layers, norm == "layer")[0]
    # The next order is that of (depth / width)².
    assert abs(np.log(sample.mean()) - said) <= 4 * error + (DEPTH / WIDTH) ** 2
    assert said > 4 * error or name == "relu"


def test_linear_networks_grow_by_the_two_chi_squares() -> None:
    """|h|² does not vary and the gradient is orthogonal to it: E[χ²ₙ₋₁]/n · E[n/χ²ₙ] = 1 + 1/n + O(1/n²)."""
    assert excess(nonlinearity("linear"), False) == pytest.approx(1.0, abs=1e-9)
