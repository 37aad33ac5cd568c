"""What famous experiments published comes out again where their arithmetic is redone as its source has it."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from app.experiments.experiment import Famous
from app.experiments.stack.gallery import GALLERY

Array = NDArray[np.float64]
SEED = 231


def entry(name: str) -> Famous:
    return next(famous for famous in GALLERY if famous.name == name)


def published(name: str) -> dict[str, float]:
    return {number.what.removesuffix(", rounded"): number.value for number in entry(name).published}


def relu(u: Array) -> Array:
    return np.maximum(u, 0)


@pytest.mark.parametrize(
    ("name", "act", "scale"),
    [
        ("cs231n-small-weights", np.tanh, 0.01),
        ("cs231n-xavier", np.tanh, 500**-0.5),
        ("cs231n-he", relu, (500 / 2) ** -0.5),
    ],
)
def test_the_slides_of_cs231n_come_out_again(name: str, act: Callable[[Array], Array], scale: float) -> None:
    """Within 3 %, what is rounded included; He's tenth layer is one network's of many, which differ by a tenth."""
    random, told = np.random.RandomState(SEED), published(name)
    h = random.randn(1000, 500)
    for layer in range(1, 11):
        h = act(h @ (random.randn(500, 500) * scale))
        for what, value in (("std", h.std()), ("mean", h.mean())):
            if (number := told.get(f"{what} of the activations, layer {layer}")) is not None:
                within = 0.35 if name == "cs231n-he" and layer == 10 else 0.03
                assert value == pytest.approx(number, rel=within, abs=1e-6)


@pytest.mark.parametrize(
    ("unbiased", "told"), [(False, "3.4 % saturated"), (True, "3.1 % where the unbiased variance")]
)
def test_batch_norm_over_32_normal_numbers_saturates_as_the_remark_says(unbiased: bool, told: str) -> None:
    """Over 640,000 numbers, so that the share has a standard error of 0.0002."""
    x = torch.randn(32, 20_000, generator=torch.Generator().manual_seed(SEED))
    h = torch.tanh((x - x.mean(0)) / (x.var(0, unbiased=unbiased) + 1e-5).sqrt())
    share = (h.abs() > 0.97).float().mean().item()
    assert told in entry("tanh-batch-norm").remark
    assert told.startswith(f"{100 * share:.1f} %")
