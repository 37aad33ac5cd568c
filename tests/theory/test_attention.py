"""One layer of attention, against PyTorch's own on drawn queries, keys and values."""

from math import sqrt

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from app.theory.attention import attended, output_cosine, squared_lengths

LAYERS, QUERIES, KEYS = 24, 128, 256
SPREADS = 5.0


def drawn(dimension: int, scale: float, similarity: float) -> dict[str, np.ndarray]:
    """What torch's attention makes of random queries, keys and values, layer by layer, and of a gradient back."""
    torch.manual_seed(dimension)
    found: dict[str, list[float]] = {}
    for _ in range(LAYERS):
        q = torch.randn(QUERIES, dimension)
        k, v = (
            sqrt(similarity) * torch.randn(1, dimension) + sqrt(1 - similarity) * torch.randn(KEYS, dimension)
            for _ in range(2)
        )
        scores = (scale * q @ k.T).requires_grad_()
        p = scores.softmax(1)
        (p @ v).backward(torch.randn(QUERIES, dimension))
        assert scores.grad is not None
        p, out = p.detach(), F.scaled_dot_product_attention(q, k, v, scale=scale)
        sizes, summed = out.square().sum(), out.sum(0).square().sum()
        layer = {
            "entropy": -(p * p.clamp(min=1e-38).log()).sum(1).mean(),
            "participation": p.square().sum(1).mean(),
            "largest": p.amax(1).mean(),
            "concentrated": (p.amax(1) > 0.97).float().mean(),
            "output_variance": sizes / QUERIES / dimension,
            "cosine": (summed - sizes) / (QUERIES - 1) / sizes,
            "score_gradient": scores.grad.square().sum(1).mean() / dimension,
        }
        for name, value in layer.items():
            found.setdefault(name, []).append(float(value))
    return {name: np.array(values) for name, values in found.items()}


@pytest.mark.parametrize("dimension", [16, 64])
@pytest.mark.parametrize("similarity", [0.0, 0.3, 0.7])
@pytest.mark.parametrize("power", [0.0, -0.5, -1.0])
def test_it_is_what_torchs_attention_does_on_average(dimension: int, similarity: float, power: float) -> None:
    scale = dimension**power
    variance, spread = scale**2 * dimension, 2 / dimension
    expected = attended(variance, KEYS, similarity, spread)._asdict()
    expected["cosine"] = output_cosine(variance, KEYS, similarity, spread)
    for name, values in drawn(dimension, scale, similarity).items():
        error = values.std(ddof=1) / sqrt(LAYERS)
        # Of the cosine, corrections are of order 1/D, of all others of order 1/n: keys are drawn once for all queries.
        correction = 1 / dimension if name == "cosine" else 4 / KEYS
        rare = 1 / (LAYERS * QUERIES) if name == "concentrated" else 0.0
        assert expected[name] == pytest.approx(
            values.mean(), abs=SPREADS * max(error, rare) + correction * values.mean()
        ), name


def test_participation_varies_from_query_to_query_as_predicted() -> None:
    torch.manual_seed(0)
    q, k = torch.randn(4000, 32), torch.randn(4000, 64, 32)
    share = torch.einsum("qd,qnd->qn", q, k).softmax(1).square().sum(1)
    expected = attended(32.0, 64, spread=2 / 32)
    assert float(share.std()) == pytest.approx(expected.participation_std, rel=SPREADS / sqrt(2 * 4000))


@pytest.mark.parametrize(("spread", "count"), [(2 / 64, 8), (2.0, 8), (0.3, 4)])
def test_squared_lengths_have_the_moments_of_a_gamma_law(spread: float, count: int) -> None:
    factors, weights = (np.array(each) for each in squared_lengths(spread, count))
    shape = 1 / spread
    assert weights.sum() == pytest.approx(1)
    assert weights @ factors == pytest.approx(1)
    assert weights @ factors**2 == pytest.approx(1 + spread)
    assert weights @ factors**3 == pytest.approx(shape * (shape + 1) * (shape + 2) / shape**3)


def test_queries_of_one_length_are_one() -> None:
    assert squared_lengths(0.0, 8) == ([1.0], [1.0])


def test_keys_that_are_all_alike_pass_the_values_share_on() -> None:
    found = attended(64.0, 1024, similarity=1.0, spread=2 / 64)
    assert found.output_variance == 1
    assert found.score_gradient == 0
    assert output_cosine(64.0, 1024, 1.0, 2 / 64) == pytest.approx(1)


def test_too_few_dimensions_have_no_predicted_cosine() -> None:
    assert output_cosine(4.0, 64, spread=2 / 4) is None
