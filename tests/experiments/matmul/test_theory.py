"""Predictions for one matmul, against published numbers and float64 simulations that share no code with them."""

from collections.abc import Callable
from math import sqrt

import numpy as np
import pytest

from app.experiments.matmul.theory import InputSums, MatmulPrediction, predict
from app.lab.draws import DISTRIBUTIONS
from app.theory.moments import Moments
from tests.lab.tools import (
    EPS64,
    STANDARD_ERRORS,
    Floats,
    errors_apart,
    kurtosis,
    mean_error,
    std_error,
)


def truncated(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    """A normal cut at ±2 by throwing away what lies beyond, divided by its std."""
    drawn = rng.normal(size=2 * int(np.prod(shape)))
    kept = drawn[np.abs(drawn) < 2][: int(np.prod(shape))]
    return kept.reshape(shape) / 0.8796256610342398


SAMPLERS: dict[str, Callable[[np.random.Generator, tuple[int, ...]], Floats]] = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "uniform": lambda rng, shape: rng.uniform(-sqrt(3), sqrt(3), shape),
    "rademacher": lambda rng, shape: rng.choice([-1.0, 1.0], shape),
    "laplace": lambda rng, shape: rng.laplace(scale=sqrt(0.5), size=shape),
    "truncated_normal": lambda rng, shape: truncated(rng, shape),
    "rand": lambda rng, shape: rng.random(shape),
}

FAN_IN, SCALE = 12, 0.6
NORMAL = Moments(0, 1, 0)

every_input = pytest.mark.parametrize("input", list(DISTRIBUTIONS))
every_weights = pytest.mark.parametrize("weights", list(DISTRIBUTIONS))
some_means = pytest.mark.parametrize(("input_mean", "weight_mean"), [(0.0, 0.0), (1.5, -0.5)])


def sums(x: Floats) -> InputSums:
    return InputSums(float(x.sum()), float((x**2).sum()), float((x**4).sum()))


def prediction(input: str, weights: str, input_mean: float, weight_mean: float, x: Floats) -> MatmulPrediction:
    entry, weight = DISTRIBUTIONS[input].moments, DISTRIBUTIONS[weights].moments
    return predict(FAN_IN, 50, SCALE, entry.shifted(input_mean), weight.shifted(weight_mean), sums(x))


def std_apart(values: Floats, predicted: float) -> float:
    """Standard errors between the std of independent values and its prediction; rounding, where none is allowed."""
    error = std_error(float(values.std()), values.size, kurtosis(values)) if predicted else 0.0
    rounding = values.size * EPS64 * float(np.abs(values).max())
    return errors_apart(float(values.std(ddof=1)), predicted, error + rounding)


def test_a_normal_input_of_512_entries_gives_a_variance_of_512_give_or_take_32() -> None:
    predicted = predict(512, 500_000, 1.0, NORMAL, NORMAL, InputSums(0.0, 514.0, 1536.0))
    assert (predicted.variance, predicted.variance_std) == (512, 32)
    assert predicted.mean == 0
    assert predicted.mean_std == pytest.approx(sqrt(512 / 500_000))
    assert predicted.mean_given_input_std == pytest.approx(sqrt(514 / 500_000))
    assert predicted.variance_given_input == 514
    assert predicted.variance_given_input_std == pytest.approx(514 * sqrt(2 / 499_999))


@pytest.mark.parametrize(
    ("scale", "variance"), [(1 / 512, 1 / 512), (1 / sqrt(512), 1.0), (sqrt(2 / 512), 2.0), (0.0, 0.0)]
)
def test_the_variance_goes_with_the_square_of_the_scale(scale: float, variance: float) -> None:
    predicted = predict(512, 500_000, scale, NORMAL, NORMAL, InputSums(0.0, 514.0, 1536.0))
    assert predicted.variance == pytest.approx(variance)
    assert predicted.variance_std == pytest.approx(variance / 16)
    assert predicted.variance_given_input == pytest.approx(variance * 514 / 512)


@every_input
@every_weights
@some_means
def test_the_variance_of_independent_outputs_is_that_within_an_input_and_that_between_inputs(
    input: str, weights: str, input_mean: float, weight_mean: float
) -> None:
    rng = np.random.default_rng(1)
    x = SAMPLERS[input](rng, (40_000, FAN_IN)) + input_mean
    w = SAMPLERS[weights](rng, x.shape) + weight_mean
    z = SCALE * (x * w).sum(axis=1)
    predicted = prediction(input, weights, input_mean, weight_mean, x[0])
    assert errors_apart(float(z.mean()), predicted.mean, mean_error(z)) <= STANDARD_ERRORS
    between = SCALE * (DISTRIBUTIONS[weights].moments.mean + weight_mean) * float(x.sum(axis=1).std())
    assert std_apart(z, sqrt(predicted.variance + between**2)) <= STANDARD_ERRORS


@every_input
@some_means
def test_the_variance_given_the_input_varies_over_inputs_as_predicted(
    input: str, input_mean: float, weight_mean: float
) -> None:
    x = SAMPLERS[input](np.random.default_rng(2), (40_000, FAN_IN)) + input_mean
    variances = SCALE**2 * (x**2).sum(axis=1)
    predicted = prediction(input, "normal", input_mean, weight_mean, x[0])
    rounding = FAN_IN * EPS64 * predicted.variance
    error = mean_error(variances) + rounding
    assert errors_apart(float(variances.mean()), predicted.variance, error) <= STANDARD_ERRORS
    assert std_apart(variances, predicted.variance_std) <= STANDARD_ERRORS
    assert predicted.variance_given_input == pytest.approx(variances[0])


@every_input
@every_weights
@some_means
def test_a_measured_mean_varies_over_inputs_and_columns_as_predicted(
    input: str, weights: str, input_mean: float, weight_mean: float
) -> None:
    rng = np.random.default_rng(3)
    x = SAMPLERS[input](rng, (4000, 1, FAN_IN)) + input_mean
    w = SAMPLERS[weights](rng, (4000, 50, FAN_IN)) + weight_mean
    predicted = prediction(input, weights, input_mean, weight_mean, x[0, 0])
    means = SCALE * (x * w).sum(axis=2).mean(axis=1)
    assert errors_apart(float(means.mean()), predicted.mean, mean_error(means)) <= STANDARD_ERRORS
    assert std_apart(means, predicted.mean_std) <= STANDARD_ERRORS
    given = SCALE * (x[0] * w).sum(axis=2).mean(axis=1)
    assert errors_apart(float(given.mean()), predicted.mean_given_input, mean_error(given)) <= STANDARD_ERRORS
    assert std_apart(given, predicted.mean_given_input_std) <= STANDARD_ERRORS


@every_input
@every_weights
@some_means
def test_a_measured_variance_scatters_around_that_given_the_input_as_predicted(
    input: str, weights: str, input_mean: float, weight_mean: float
) -> None:
    rng = np.random.default_rng(4)
    x = SAMPLERS[input](rng, (FAN_IN,)) + input_mean
    w = SAMPLERS[weights](rng, (2000, 50, FAN_IN)) + weight_mean
    variances = (SCALE * (w @ x)).var(axis=1, ddof=1)
    predicted = prediction(input, weights, input_mean, weight_mean, x)
    error = mean_error(variances)
    assert errors_apart(float(variances.mean()), predicted.variance_given_input, error) <= STANDARD_ERRORS
    assert std_apart(variances, predicted.variance_given_input_std) <= STANDARD_ERRORS


def test_a_single_column_has_no_sampling_error_for_there_is_no_variance() -> None:
    assert predict(4, 1, 1.0, NORMAL, NORMAL, InputSums(0, 4, 12)).variance_given_input_std == 0


def test_an_input_of_zeros_predicts_zero_variance() -> None:
    coin = Moments(0, 1, -2)
    predicted = predict(4, 10, 1.0, NORMAL, coin, InputSums(0, 0, 0))
    assert (predicted.variance_given_input, predicted.variance_given_input_std) == (0, 0)
