"""Updates are torch.optim's."""

import pytest
import torch

from app.experiments.training.optimizers import OPTIMIZERS

STEPS, RATE = 20, 0.03


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_twenty_steps_are_those_of_torch(name: str) -> None:
    chance = torch.Generator().manual_seed(0)
    ours = torch.randn(50, generator=chance)
    parameters = [ours.double().clone().requires_grad_()]
    theirs = eval(OPTIMIZERS[name].code.format(rate=RATE), {"torch": torch, "parameters": parameters})
    update = OPTIMIZERS[name].start(ours, RATE)
    for _ in range(STEPS):
        gradient = torch.randn(50, generator=chance)
        update(ours, gradient)
        parameters[0].grad = gradient.double()
        theirs.step()
    assert torch.allclose(ours.double(), parameters[0].detach(), atol=STEPS * torch.finfo(torch.float32).eps, rtol=1e-5)
