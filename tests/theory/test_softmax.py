"""The softmax of normal scores, against draws of it, against two keys worked out by hand, and at its limits."""

from math import log, pi, sqrt

import numpy as np
import pytest

from app.theory.quadrature import normal_rule
from app.theory.softmax import CONCENTRATED, Softmax, random_energies, softmax, weights_of

DRAWN = 2_000_000  # scores
SPREADS = 5.0  # standard errors: of 100 comparisons chance passes this once in 20,000 runs
Z, WEIGHT = normal_rule()


def drawn(std: float, keys: int) -> dict[str, np.ndarray]:
    """Every average, softmax by softmax."""
    scores = np.random.default_rng(keys).normal(0, std, (DRAWN // keys, keys))
    weights = np.exp(scores - scores.max(1, keepdims=True))
    weights /= weights.sum(1, keepdims=True)
    square, largest = (weights**2).sum(1), weights.max(1)
    logs = np.log(np.maximum(weights, 1e-300))
    return {
        "entropy": -(weights * logs).sum(1),
        "participation": square,
        "participation_square": square**2,
        "cube": (weights**3).sum(1),
        "largest": largest,
        "concentrated": (largest > CONCENTRATED).astype(float),
    }


@pytest.mark.parametrize("std", [0.125, 1.0, 1.9, 2.1, 4.0, 8.0, 30.0])
@pytest.mark.parametrize("keys", [2, 3, 16, 128, 1024])
def test_averages_are_those_of_drawn_scores(std: float, keys: int) -> None:
    expected = softmax(std**2, keys)._asdict()
    for name, values in drawn(std, keys).items():
        # What chance allows, and no less than one draw would move: a rare event may have been missed.
        error = max(values.std() / sqrt(len(values)), 1 / len(values) if name == "concentrated" else 0.0)
        rounding = 2e-3 if name in ("largest", "concentrated") else 1e-7
        assert expected[name] == pytest.approx(values.mean(), abs=SPREADS * error + rounding * values.mean()), name


@pytest.mark.parametrize("std", [0.05, 0.5, 1.5, 3.0, 20.0])
def test_two_keys_are_a_sigmoid_of_their_difference(std: float) -> None:
    first = 1 / (1 + np.exp(-sqrt(2) * std * Z))
    second = 1 - first
    entropy = -(first * np.log(np.maximum(first, 1e-300)) + second * np.log(np.maximum(second, 1e-300)))
    found = softmax(std**2, 2)
    assert found.entropy == pytest.approx(float(WEIGHT @ entropy), rel=1e-6)
    assert found.participation == pytest.approx(float(WEIGHT @ (first**2 + second**2)), rel=1e-6)
    assert found.cube == pytest.approx(float(WEIGHT @ (first**3 + second**3)), rel=1e-6)
    assert found.largest == pytest.approx(float(WEIGHT @ np.maximum(first, second)), rel=1e-3)


@pytest.mark.parametrize("keys", [2, 10, 1024, 10**6])
def test_equal_scores_share_the_weight_evenly(keys: int) -> None:
    found = softmax(0.0, keys)
    assert found.entropy == pytest.approx(log(keys), rel=1e-9)
    assert found.participation == pytest.approx(1 / keys, rel=1e-9)
    assert found.concentrated == 0


def test_one_key_has_all_the_weight() -> None:
    assert softmax(3.0, 1) == Softmax(0.0, 1.0, 1.0, 1.0, 1.0, 1.0)


@pytest.mark.parametrize("std", [0.02, 0.1, 0.2])
def test_small_scores_are_told_by_their_first_moments(std: float) -> None:
    """Σp² = e^{σ²}/n and the entropy ln n − σ²/2, up to 1/n."""
    found = softmax(std**2, 10**5)
    assert found.participation * 10**5 == pytest.approx(np.exp(std**2), rel=1e-5)
    assert found.entropy == pytest.approx(log(10**5) - std**2 / 2, rel=1e-6)


@pytest.mark.parametrize("std", [300.0, 1e3, 1e5, 1e10])
def test_far_beyond_freezing_only_ties_are_shared(std: float) -> None:
    """A second weight counts where the two largest scores are within one: its density at 0, over σ."""
    keys = 2
    found = softmax(std**2, keys)
    near = 1 / sqrt(2 * pi) / (sqrt(2) * std)  # density of the difference of two scores at zero
    entropy = pi**2 / 3  # ∫ of the entropy of two weights over their scores' difference
    assert found.entropy == pytest.approx(near * entropy, rel=1e-3)
    assert 1 - found.participation == pytest.approx(2 * near, rel=1e-3, abs=1e-8)


def test_the_limit_of_many_keys_is_the_random_energy_model() -> None:
    """Corrections to it are of order 1 / √ln n: each doubling of ln n brings the exact value nearer."""
    for share in (0.5, 1.5):
        distances = []
        for keys in (10**3, 10**6, 10**12):
            limit = random_energies((share * sqrt(2 * log(keys))) ** 2, keys)
            exact = softmax((share * limit.critical_std) ** 2, keys)
            distances.append(abs(exact.participation - limit.participation))
            assert exact.entropy / log(keys) == pytest.approx(limit.entropy / log(keys), abs=2.5 / log(keys))
        assert distances[0] > distances[1] > distances[2]
        assert distances[2] < 0.05


@pytest.mark.parametrize("std", [0.125, 1.0, 3.0])
def test_a_score_like_the_others_has_an_even_share(std: float) -> None:
    (weight,) = weights_of([std], std, 100, 1e6)
    assert weight == pytest.approx(1 / 100, rel=1e-5)


def test_a_longer_key_is_favoured() -> None:
    lengths = [0.5, 1.0, 2.0]
    weights = weights_of(lengths, 1.0, 1000, 64)
    assert weights == sorted(weights)
    assert weights[0] < 1 / 1000 < weights[2]
