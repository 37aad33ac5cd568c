"""Measured against predicted: every activation with every init that has a prediction, within the predicted band."""

from math import isfinite, log, log10, sqrt
from typing import Any

import pytest

from app.experiments.stack.result import StackLayer
from app.experiments.stack.run import run_stack
from app.experiments.stack.spec import StackSpec
from app.experiments.stack.theory import predict
from app.lab.activations import ACTIVATIONS
from app.lab.initializers import INITIALIZERS
from app.lab.norms import NORM_LABELS
from app.theory.finite_width import NORMAL_975
from tests.lab.tools import outcome, stopped

WIDTH, DEPTH, BATCH = 1024, 5, 64
STANDARD_DEVIATIONS = 5.0
INITS = list(INITIALIZERS)


def spread(layer: StackLayer) -> float:
    """Standard deviation of log₁₀ of one input's mean square over seeds, from its 95 % band."""
    low, high = layer.predicted.low, layer.predicted.high
    assert low is not None
    assert high is not None
    return (log10(high) - log10(low)) / (2 * NORMAL_975)


@pytest.mark.parametrize("activation", list(ACTIVATIONS))
def test_measured_lies_where_predicted(activation: str) -> None:
    spec = StackSpec(activation=activation, init=INITS, depth=DEPTH, width=WIDTH, batch=BATCH, bins=8)
    for entry in outcome(run_stack(spec)).inits:
        # Orthogonal weights have no band; independent ones of the same scale spread at least as much.
        bands = predict(spec, INITIALIZERS["lecun_normal" if entry.init == "orthogonal" else entry.init])
        for layer, band in zip(entry.layers, bands.layers, strict=True):
            std = spread(layer.model_copy(update={"predicted": band}))
            predicted, measured = layer.predicted, layer.preactivation
            assert predicted.preactivation_variance is not None
            assert measured.log10_mean_square is not None
            off = measured.log10_mean_square - log10(predicted.preactivation_variance)
            assert abs(off) <= STANDARD_DEVIATIONS * std
            assert predicted.cosine is not None
            assert layer.cosine.mean is not None
            assert abs(layer.cosine.mean - predicted.cosine) <= cosine_error(layer, std)


def cosine_error(layer: StackLayer, std: float) -> float:
    """A cosine is a ratio of sums over units, each with the relative error of a mean square, and shares their walk."""
    return STANDARD_DEVIATIONS * (sqrt(2 * layer.layer / WIDTH) / sqrt(BATCH) + std * log(10) / 2)


@pytest.mark.parametrize("activation", ["linear", "relu", "tanh"])
@pytest.mark.parametrize("norm", list(NORM_LABELS))
@pytest.mark.parametrize("residual", [False, True])
def test_norms_and_streams_have_the_predicted_mean_squares_cosines_and_gradients(
    activation: str, norm: str, residual: bool
) -> None:
    settings: dict[str, Any] = {"norm": norm, "residual": residual, "residual_scale": "1/sqrt(2L)"}
    spec = StackSpec(activation=activation, init=["1/sqrt(D)"], depth=4, width=WIDTH, batch=256, bins=8, **settings)
    for layer in outcome(run_stack(spec)).inits[0].layers:
        # Every layer multiplies by a mean over width units, of relative variance at most 5/width (ReLU's).
        tolerance = STANDARD_DEVIATIONS * sqrt(5 * (layer.layer + 1) / WIDTH)
        assert layer.predicted.activation_mean_square == pytest.approx(layer.activation.mean_square, rel=tolerance)
        assert layer.cosine.mean is not None
        assert layer.predicted.cosine == pytest.approx(layer.cosine.mean, abs=tolerance)
        assert layer.gradient is not None
        back = STANDARD_DEVIATIONS * sqrt(5 * (4 - layer.layer + 1) / WIDTH)
        assert layer.predicted.gradient_mean_square == pytest.approx(layer.gradient.mean_square, rel=back)


def test_the_gradient_of_a_relu_stream_is_the_one_measured() -> None:
    """Its part along the activations is nearly all of it: more than a hundred times the doubling of every layer."""
    spec = StackSpec(activation="relu", init=["kaiming_normal"], residual=True, batch=64, bins=8)
    first = outcome(run_stack(spec)).inits[0].layers[0]
    assert first.predicted.log10_gradient_mean_square is not None
    assert first.gradient is not None
    assert first.gradient.log10_mean_square is not None
    # One network's gradient, whose logarithm walks as the signal's does, by 5·depth/width.
    spread = sqrt(5 * spec.depth / spec.width) / log(10)
    off = first.predicted.log10_gradient_mean_square - first.gradient.log10_mean_square
    assert abs(off) <= STANDARD_DEVIATIONS * spread
    assert first.predicted.log10_gradient_mean_square > log10(100 * 2.0**29)


@pytest.mark.parametrize("activation", ["hardtanh", "tanh", "sigmoid"])
@pytest.mark.parametrize("init", ["1/D", "1/sqrt(D)"])
@pytest.mark.parametrize("batch", [2, 5, 64])
def test_batch_norm_knows_its_batch_and_its_eps(activation: str, init: str, batch: int) -> None:
    spec = StackSpec(activation=activation, init=[init], norm="batch", batch=batch, depth=3, width=2048, bins=8)
    for layer in outcome(run_stack(spec)).inits[0].layers:
        tolerance = STANDARD_DEVIATIONS * sqrt(5 * (layer.layer + 1) / 2048)
        measured, predicted = layer.preactivation.mean_square, layer.predicted.preactivation_variance
        assert predicted == pytest.approx(measured, rel=tolerance)
        assert layer.predicted.activation_mean_square == pytest.approx(layer.activation.mean_square, rel=tolerance)
        assert layer.predicted.saturated == pytest.approx(layer.activation.saturated, abs=tolerance)


@pytest.mark.parametrize("activation", ["linear", "relu", "tanh", "gelu"])
def test_the_band_holds_the_networks_drawn(activation: str) -> None:
    gain = {"linear": 1.0, "gelu": 2.0}.get(activation, 1.4)
    spec = StackSpec(
        activation=activation, init=["1/sqrt(D)"], gain=gain, depth=10, width=64, batch=2, repeats=200, bins=4
    )
    entry = outcome(run_stack(spec)).inits[0]
    assert entry.repeats is not None
    for layer in entry.layers:
        sizes = [network[layer.layer - 1] for network in entry.repeats.log10_mean_square]
        band = layer.predicted.one_input
        assert band is not None
        assert band.low is not None
        assert band.high is not None
        outside = sum(1 for size in sizes if size is not None and not log10(band.low) <= size <= log10(band.high))
        expected = 0.05 * len(sizes)
        # The leading order in 1/width leaves the tails up to a few percent wrong at width 64.
        allowed = STANDARD_DEVIATIONS * sqrt(expected) + (
            0.0 if activation in ("linear", "relu") else 0.05 * len(sizes)
        )
        assert abs(outside - expected) <= allowed


@pytest.mark.parametrize(
    ("settings", "held"),
    [
        ({"weight_mean": 0.1}, 1),
        ({"weight_mean": 0.1, "norm": "rms"}, 0),
        ({"weight_mean": 0.1, "norm": "batch"}, 0),
        ({"weight_mean": 0.1, "norm": "layer"}, 3),
        ({"tied": True}, 3),
        ({"tied": True, "residual": True}, 1),
    ],
)
def test_where_there_is_no_formula_there_is_null_and_a_sentence(settings: dict[str, Any], held: int) -> None:
    prediction = predict(StackSpec(depth=3, width=16, **settings), INITIALIZERS["1/sqrt(D)"])
    for layer in prediction.layers[held:]:
        assert all(value is None for value in layer.model_dump().values())
    assert all(layer.preactivation_variance is not None for layer in prediction.layers[:held])
    assert any(sentence.startswith("No prediction") for sentence in prediction.sentences) == (held < 3)
    assert any(sentence.startswith("No band") for sentence in prediction.sentences)


@pytest.mark.parametrize("input", ["normal", "rand"])
@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("activation", ["relu", "tanh", "sin", "hardtanh"])
def test_weights_with_a_mean_have_the_predicted_first_layer(activation: str, input: str, residual: bool) -> None:
    spec = StackSpec(
        activation=activation,
        init=["1/sqrt(D)"],
        depth=1,
        weight_mean=0.05,
        gain=2.0,
        bias_std=0.1,
        input=input,
        residual=residual,
        batch=4096,
        bins=8,
    )
    layer = outcome(run_stack(spec)).inits[0].layers[0]
    # What all units of an input share is one normal number an input; weights and biases one an unit.
    tolerance = STANDARD_DEVIATIONS * (sqrt(2 / spec.batch) + sqrt(2 / spec.width))
    assert layer.predicted.preactivation_variance == pytest.approx(layer.preactivation.variance, rel=tolerance)
    assert layer.predicted.activation_mean_square == pytest.approx(layer.activation.mean_square, rel=tolerance)
    assert layer.predicted.gradient_mean_square == 1.0
    assert layer.predicted.saturated == pytest.approx(layer.activation.saturated, abs=tolerance)


@pytest.mark.parametrize("residual", [False, True])
def test_layer_norm_takes_away_what_a_mean_of_the_weights_adds(residual: bool) -> None:
    spec = StackSpec(
        activation="relu", init=["1/sqrt(D)"], norm="layer", weight_mean=1.0, residual=residual, depth=4, bins=8
    )
    for layer in outcome(run_stack(spec)).inits[0].layers:
        tolerance = STANDARD_DEVIATIONS * sqrt(5 * 5 / spec.width)
        assert layer.gradient is not None
        assert layer.predicted.activation_mean_square == pytest.approx(layer.activation.mean_square, rel=tolerance)
        assert layer.predicted.gradient_mean_square == pytest.approx(layer.gradient.mean_square, rel=tolerance)


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu"])
def test_one_matrix_reused_has_the_mean_squares_of_fresh_ones(activation: str) -> None:
    spec = StackSpec(
        activation=activation, init=["1/sqrt(D)"], gain=1.4, tied=True, depth=6, width=2048, bias_std=0.2, batch=64
    )
    fresh = predict(spec.model_copy(update={"tied": False}), INITIALIZERS["1/sqrt(D)"])
    for layer, untied in zip(outcome(run_stack(spec)).inits[0].layers, fresh.layers, strict=True):
        assert layer.predicted.low is None
        assert layer.predicted.activation_mean_square == untied.activation_mean_square
        # Four times the variance of fresh weights' walk.
        tolerance = 2 * STANDARD_DEVIATIONS * sqrt(5 * 6 / spec.width)
        assert layer.gradient is not None
        assert layer.predicted.activation_mean_square == pytest.approx(layer.activation.mean_square, rel=tolerance)
        assert layer.predicted.gradient_mean_square == pytest.approx(layer.gradient.mean_square, rel=tolerance)


@pytest.mark.parametrize(
    ("activation", "gain", "wider"),
    [
        ("linear", 1.0, True),
        ("relu", 1.4, True),
        ("gelu", 1.4, True),
        ("softplus", 1.0, True),
        ("tanh", 1.0, True),
        ("tanh", 4.0, False),
        ("sigmoid", 4.0, False),
        ("sin", 4.0, False),
    ],
)
def test_what_is_said_of_the_spread_of_one_matrix_reused_is_so(activation: str, gain: float, wider: bool) -> None:
    """Over networks, of log₁₀ of one input's mean square in the last layer, beside that of fresh weights."""
    repeats = 200
    spec = StackSpec(
        activation=activation, init=["1/sqrt(D)"], gain=gain, tied=True, depth=20, width=64, batch=2, bins=4
    ).model_copy(update={"backward": False, "repeats": repeats})

    def spread_over_networks(spec: StackSpec) -> float:
        networks = outcome(run_stack(spec)).inits[0].repeats
        assert networks is not None
        sizes = [network[-1] for network in networks.log10_mean_square if network[-1] is not None]
        middle = sum(sizes) / len(sizes)
        return sqrt(sum((size - middle) ** 2 for size in sizes) / len(sizes))

    ratio = spread_over_networks(spec) / spread_over_networks(spec.model_copy(update={"tied": False}))
    # A ratio of two standard deviations, each within 1/√(2·repeats): what is wider is so by more than three of those.
    assert (ratio > 1 + 3 / sqrt(repeats)) == wider
    sentences = predict(spec, INITIALIZERS["1/sqrt(D)"]).sentences
    bounded = ACTIVATIONS[activation].bounds is not None
    assert any("about as wide where it saturates" in sentence for sentence in sentences) == bounded
    assert any("wider" in sentence for sentence in sentences)


EXTREMES: list[dict[str, Any]] = [
    {"activation": "leaky_relu", "init": ["1/D"], "depth": 108},
    {"activation": "leaky_relu", "gain": 0.05, "depth": 130},
    {"activation": "relu", "init": ["1/D"], "depth": 1000},
    {"activation": "linear", "gain": 1000.0, "depth": 1000},
    {"activation": "tanh", "init": ["1/D"], "depth": 60},
    {"activation": "tanh", "init": ["1/D"], "depth": 300},
    {"activation": "gelu", "init": ["unscaled"], "depth": 200},
    {"activation": "softplus", "gain": 1000.0, "depth": 60, "residual": True},
    {"activation": "selu", "gain": 1e-170, "depth": 3},
    {"activation": "relu", "gain": 1e-170, "depth": 3, "norm": "batch"},
    {"activation": "mish", "gain": 1e-170, "depth": 3, "norm": "rms"},
    {"activation": "elu", "gain": 1e-300, "bias_std": 1e-200, "depth": 4},
    {"activation": "sigmoid", "gain": 1000.0, "bias_std": 1000.0, "depth": 20},
    {"activation": "silu", "gain": 1e-170, "weight_mean": 1000.0, "depth": 2},
    {"activation": "sin", "init": ["unscaled"], "bias_std": 1000.0, "depth": 50},
    {"activation": "hardtanh", "gain": 30.0, "residual": True, "residual_scale": 10.0, "depth": 100},
    {"activation": "gelu", "gain": 1000.0, "residual": True, "residual_scale": 10.0, "depth": 100},
    {"activation": "leaky_relu", "norm": "layer", "gain": 1e-170, "residual": True, "depth": 5},
]


@pytest.mark.parametrize("settings", EXTREMES)
def test_no_legal_spec_is_beyond_prediction(settings: dict[str, Any]) -> None:
    spec = StackSpec(**settings)
    for init in spec.init:
        prediction = predict(spec, INITIALIZERS[init])
        for number, layer in enumerate(prediction.layers, 1):
            if spec.weight_mean and number > 1:
                break
            for name in ("preactivation_variance", "activation_mean_square"):
                value, log10_value = getattr(layer, name), getattr(layer, f"log10_{name}")
                assert log10_value is not None
                assert isfinite(log10_value)
                assert (value is None) == (not -307 < log10_value < 308)
                assert value is None or value > 0
            if not spec.weight_mean:
                assert layer.log10_gradient_mean_square is not None
                assert isfinite(layer.log10_gradient_mean_square)
                assert layer.cosine is not None
                assert -1 <= layer.cosine <= 1
            if layer.log10_low is not None:
                assert layer.log10_median is not None
                assert layer.log10_high is not None
                assert layer.log10_low <= layer.log10_median <= layer.log10_high
            else:
                assert any(sentence.startswith("No band") for sentence in prediction.sentences)


@pytest.mark.parametrize(
    ("activation", "init", "depth"), [("relu", "1/D", 120), ("tanh", "1/D", 60), ("gelu", "unscaled", 110)]
)
def test_what_float64_cannot_hold_is_predicted_as_measured(activation: str, init: str, depth: int) -> None:
    spec = StackSpec(activation=activation, init=[init], depth=depth, width=1024, batch=32, bins=8)
    for layer in outcome(run_stack(spec)).inits[0].layers:
        predicted, measured = layer.predicted, layer.preactivation.log10_mean_square
        assert predicted.log10_preactivation_variance is not None
        assert predicted.log10_low is not None
        assert predicted.log10_high is not None
        assert predicted.cosine is not None
        assert measured is not None
        assert layer.gradient is not None
        assert layer.gradient.log10_mean_square is not None
        assert predicted.log10_gradient_mean_square is not None
        assert layer.cosine.mean is not None
        std = (predicted.log10_high - predicted.log10_low) / (2 * NORMAL_975)
        assert abs(measured - predicted.log10_preactivation_variance) <= STANDARD_DEVIATIONS * std
        # The way back is as long as the way on is for the last layer.
        walked = STANDARD_DEVIATIONS * sqrt(5 * depth / spec.width) / log(10)
        assert abs(layer.gradient.log10_mean_square - predicted.log10_gradient_mean_square) <= walked
        assert abs(layer.cosine.mean - predicted.cosine) <= STANDARD_DEVIATIONS * std


def test_what_is_zero_is_zero_and_has_no_logarithm() -> None:
    for layer in predict(StackSpec(activation="relu", gain=0.0, depth=3), INITIALIZERS["1/D"]).layers:
        assert layer.preactivation_variance == layer.activation_mean_square == 0.0
        assert layer.log10_preactivation_variance is None
        assert layer.cosine is None


@pytest.mark.parametrize("init", INITS)
def test_torch_defaults_bias_and_all_scales_enter_the_prediction(init: str) -> None:
    spec = StackSpec(depth=2, width=64, activation="linear")
    first = predict(spec, INITIALIZERS[init]).layers[0].preactivation_variance
    bias = 1 / (3 * 64) if init == "torch_default" else 0.0
    assert first == pytest.approx(64 * INITIALIZERS[init].std(64, 64, 1.0) ** 2 + bias)


def test_after_ten_layers_of_nn_linears_default_and_relu_inputs_are_almost_the_same_vector() -> None:
    spec = StackSpec(activation="relu", init=["torch_default"], depth=10, width=512, batch=64, bins=8)
    last = outcome(run_stack(spec)).inits[0].layers[-1]
    assert last.cosine.mean is not None
    assert last.cosine.mean > 0.99
    assert last.predicted.cosine == pytest.approx(last.cosine.mean, abs=0.01)


def test_a_prediction_stops_on_the_way_and_is_made_whole_the_next_time() -> None:
    spec, initializer = StackSpec(activation="softplus", width=33, norm="rms"), INITIALIZERS["1/sqrt(D)"]
    with stopped(after=spec.depth // 2):
        predict(spec, initializer)
    assert len(predict(spec, initializer).layers) == spec.depth
