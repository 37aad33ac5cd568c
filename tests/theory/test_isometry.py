"""Singular values of products of random matrices, against closed forms and drawn matrices."""

from math import exp, log, sqrt

import numpy as np
import pytest

from app.theory.isometry import Factor, log_fuss_catalan, log_largest, lyapunov_exponents

LINEAR = (np.array([1.0]), np.array([1.0]))
RELU = (np.array([0.0, 1.0]), np.array([0.5, 0.5]))
DEPTHS = range(1, 31)


def drawn(n: int, depth: int, networks: int) -> np.ndarray:
    """ln of the singular values of products of Gaussian matrices, the largest first; shape (networks, n)."""
    chance = np.random.default_rng(n)
    product = np.broadcast_to(np.eye(n), (networks, n, n))
    for _ in range(depth):
        product = product @ (chance.standard_normal((networks, n, n)) / sqrt(n))
    return np.asarray(np.log(np.linalg.svd(product, compute_uv=False)))


def test_independent_linear_layers_reach_the_edge_of_the_fuss_catalan_law() -> None:
    found = log_largest([Factor(0.0, False, *LINEAR)] * 30)
    assert found == pytest.approx([((m + 1) * log(m + 1) - m * log(m)) / 2 for m in DEPTHS], abs=1e-3)


def test_orthogonal_linear_layers_keep_every_length() -> None:
    assert log_largest([Factor(0.0, True, *LINEAR)] * 30) == pytest.approx([0.0] * 30, abs=1e-4)


def test_strength_multiplies() -> None:
    one, other = (log_largest([Factor(at, False, *RELU)] * 30) for at in (0.0, log(4)))
    assert np.subtract(other, one) == pytest.approx([depth * log(2) for depth in DEPTHS])


@pytest.mark.parametrize(
    ("orthogonal", "grows"),
    [
        # x(z) is worked out by hand: with half of all slopes zero wₗ is 1 + 1/(2z).
        (False, lambda z, m: np.log((1 + z) / z) + m * np.log(1 + 2 * z)),
        (True, lambda z, m: np.log((1 + z) / z) + m * np.log((1 + 2 * z) / (1 + z))),
    ],
)
def test_relu_layers_of_he_reach_the_least_of_their_moment_function(orthogonal: bool, grows: object) -> None:
    assert callable(grows)
    z = np.exp(np.linspace(log(1e-4), log(1e4), 20001))
    expected = [float(grows(z, depth).min()) / 2 for depth in DEPTHS]
    assert log_largest([Factor(log(2), orthogonal, *RELU)] * 30) == pytest.approx(expected, abs=1e-3)


def test_slopes_of_zero_leave_nothing() -> None:
    assert log_largest([Factor(0.0, False, np.array([0.0]), np.array([1.0]))]) == [-np.inf]


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_the_fuss_catalan_law_is_that_of_drawn_products(depth: int) -> None:
    """Of all singular values together chance leaves little: the shape is off by order 1/n."""
    n, shares = 128, [0.1, 0.25, 0.5, 0.75, 0.9]
    values = drawn(n, depth, 6)
    assert log_fuss_catalan(depth, shares) == pytest.approx(np.quantile(values, shares).tolist(), abs=6 * depth / n)


@pytest.mark.parametrize("depth", [1, 3, 10])
def test_the_fuss_catalan_law_keeps_the_mean_square_and_has_its_known_fourth_moment(depth: int) -> None:
    values = np.exp(log_fuss_catalan(depth, ((np.arange(20000) + 0.5) / 20000).tolist()))
    assert float((values**2).mean()) == pytest.approx(1, rel=0.01)
    assert float((values**4).mean()) == pytest.approx(depth + 1, rel=0.03)


def test_deep_products_grow_by_their_lyapunov_exponents() -> None:
    """n = 4: ln of the k-th singular value after l layers is normal of mean lμ and variance lσ², up to a constant."""
    n, networks, depths = 4, 400, (5, 10)
    near, far = (drawn(n, depth, networks) for depth in depths)
    layers = depths[1] - depths[0]
    for place, expected in enumerate(lyapunov_exponents(n)):
        growth = float(far[:, place].mean() - near[:, place].mean())
        error = sqrt((depths[0] + depths[1]) / networks) * expected.std
        assert growth == pytest.approx(layers * expected.mean, abs=5 * error)


def test_the_exponents_sum_to_that_of_a_determinant() -> None:
    """E ln|det| of a Gaussian matrix is the sum over k of E ln χₖ, here for n = 2: Γ′ by hand."""
    euler = 0.5772156649015329
    digammas = [-euler, -euler - 2 * log(2)]  # ψ(1), ψ(1/2)
    total = sum(at.mean for at in lyapunov_exponents(2))
    assert total == pytest.approx(sum((psi + log(2 / 2)) / 2 for psi in digammas), rel=1e-9)
    assert exp(total) < 1
