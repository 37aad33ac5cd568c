"""Normalizations and their gradients are torch's."""

import pytest
import torch
from torch import Tensor

from app.lab.norms import NORMS
from tests.lab.tools import TORCH_NORMS

every_norm = pytest.mark.parametrize("name", list(NORMS))


def sample(scale: float = 1.0) -> Tensor:
    return torch.randn(12, 7, generator=torch.Generator().manual_seed(3), dtype=torch.float64) * scale + 0.3 * scale


@every_norm
@pytest.mark.parametrize("scale", [1e-3, 1.0, 50.0])
def test_a_norm_is_the_one_of_torch(name: str, scale: float) -> None:
    u = sample(scale)
    torch.testing.assert_close(NORMS[name].forward(u)[0], TORCH_NORMS[name](u))


@every_norm
def test_its_gradient_is_the_one_of_autograd(name: str) -> None:
    u = sample().requires_grad_()
    gradient = torch.randn(12, 7, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    TORCH_NORMS[name](u).backward(gradient)
    normalized, factor = NORMS[name].forward(u.detach())
    assert u.grad is not None
    # The closed form leaves out eps against the variance.
    torch.testing.assert_close(NORMS[name].backward(gradient, normalized, factor), u.grad, rtol=1e-4, atol=1e-4)
