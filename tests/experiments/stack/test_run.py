"""The deep stack is a plain loop over layers, measured; and where float32 ends, it goes on."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import combinations
from math import isfinite, log, log10, pi, sqrt
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from app.experiments.stack import draws
from app.experiments.stack.result import StackLayer, StackResult
from app.experiments.stack.run import run_stack
from app.experiments.stack.spec import StackSpec
from app.lab.activations import ACTIVATIONS
from app.lab.draws import DISTRIBUTIONS
from app.lab.initializers import INITIALIZERS
from app.lab.layers import COMPARED
from app.lab.norms import NORM_LABELS
from app.lab.scaled import is_one_block
from app.lab.summary import Summary
from app.lab.threads import use_threads
from tests.lab.tools import (
    EPS32,
    STANDARD_ERRORS,
    TORCH_NORMS,
    all_finite,
    errors_apart,
    mean_error,
    outcome,
    stopped,
    unit_weights_of,
)

every_activation = pytest.mark.parametrize("activation", list(ACTIVATIONS))

SMALL = {"depth": 4, "width": 24, "batch": 40, "init": list(INITIALIZERS)}
SETTINGS: dict[str, dict[str, Any]] = {
    "plain": {},
    "biased": {"bias_std": 0.5},
    "tied": {"tied": True},
    "tied and biased": {"tied": True, "bias_std": 0.5},
    "widths": {"widths": [24, 7, 1, 30, 16]},
    "weights with a mean": {"weight_mean": 0.2},
    "positive input": {"input": "rand", "gain": 1.5, "seed": 3},
    "one input": {"batch": 1},
}
FORMATS = {"float16": 65504.0, "bfloat16": 3.3895313892515355e38, "float32": 3.4028234663852886e38}


def plain_loop(
    spec: StackSpec, init: str, dtype: torch.dtype = torch.float32
) -> Iterator[tuple[Tensor, Tensor, float]]:
    """u, h and k of every layer, by the loop a notebook would hold."""
    entry = INITIALIZERS[init]
    h = draws.draw_input(spec, 0).to(dtype)
    for layer in range(1, spec.depth + 1):
        k = draws.weight_std(spec, entry, layer)
        u = (h @ unit_weights_of(spec, entry, layer).to(dtype)) * k
        bias = draws.draw_bias(spec, entry, layer)
        u = u if bias is None else u + bias.to(dtype)
        h = ACTIVATIONS[spec.activation].function(u)
        yield u, h, k


def layers_beside_the_loop(spec: StackSpec) -> Iterator[tuple[StackLayer, Tensor, Tensor, float]]:
    """Every measured layer of every init, with the plain loop's u, h and k."""
    for entry in outcome(run_stack(spec)).inits:
        yield from (
            (layer, u, h, k) for layer, (u, h, k) in zip(entry.layers, plain_loop(spec, entry.init), strict=True)
        )


def rounding(spec: StackSpec) -> float:
    """Relative: each of the additions behind a number of the last layer rounds once."""
    return spec.depth * max(spec.layer_widths) * EPS32


def assert_summarizes(summary: Summary, values: Tensor, relative: float) -> None:
    exact = values.double()
    size = float(exact.abs().max())
    assert summary.count == exact.numel()
    assert summary.nonfinite == 0
    assert summary.mean == pytest.approx(float(exact.mean()), abs=relative * size)
    assert summary.min == pytest.approx(float(exact.min()), abs=relative * size)
    assert summary.max == pytest.approx(float(exact.max()), abs=relative * size)
    assert summary.variance == pytest.approx(float(exact.var()), abs=2 * relative * size**2)
    assert summary.mean_square == pytest.approx(float(exact.square().mean()), abs=2 * relative * size**2)


def mean_square(result: StackResult, index: int) -> float:
    """Of the preactivations of one layer of the only init."""
    found = result.inits[0].layers[index].preactivation.mean_square
    assert found is not None
    return found


def cosines(h: Tensor) -> Tensor:
    """Between all pairs of inputs."""
    first, second = torch.tensor(list(combinations(range(len(h)), 2))).T
    h = F.normalize(h.double(), dim=1, eps=0.0)  # so that no input is small beside what cosine_similarity adds to it
    return F.cosine_similarity(h[first], h[second])


def log10_mean_squares(spec: StackSpec, init: str) -> Iterator[tuple[float, float]]:
    """log10 of the mean squares of u and h of a homogeneous stack, in float64, rescaled to 1 at every layer."""
    function, entry = ACTIVATIONS[spec.activation].function, INITIALIZERS[init]
    h = draws.draw_input(spec, 0).double()
    log10_h = 0.0
    for layer in range(1, spec.depth + 1):
        w = unit_weights_of(spec, entry, layer).double()
        u = h @ w * entry.std(spec.width, spec.width, spec.gain)
        h = function(u)
        log10_u = log10_h + log10(float(u.square().mean()))
        size = float(h.square().mean())
        log10_h += log10(size)
        h = h / sqrt(size)
        yield log10_u, log10_h


def first_layer_beyond(limit: float, spec: StackSpec, init: str) -> int | None:
    """The first layer of a float64 loop that holds a number larger than the limit."""
    for layer, (u, h, _) in enumerate(plain_loop(spec, init, torch.float64), start=1):
        if max(float(u.abs().max()), float(h.abs().max())) > limit:
            return layer
    return None


@contextmanager
def torch_threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@every_activation
@pytest.mark.parametrize("setting", SETTINGS.values(), ids=list(SETTINGS))
class TestEveryLayerIsThatOfAPlainLoop:
    def test_in_moments_and_extremes(self, activation: str, setting: dict[str, Any]) -> None:
        spec = StackSpec.parse({**SMALL, "activation": activation, **setting})
        for layer, u, h, k in layers_beside_the_loop(spec):
            assert (layer.fan_out, layer.weight_std) == (u.shape[1], k)
            assert_summarizes(layer.preactivation, u, rounding(spec))
            assert_summarizes(layer.activation, h, rounding(spec))

    def test_in_zeros_dead_units_and_saturation(self, activation: str, setting: dict[str, Any]) -> None:
        spec = StackSpec.parse({**SMALL, "activation": activation, **setting})
        bounds = ACTIVATIONS[activation].bounds
        for layer, u, h, _ in layers_beside_the_loop(spec):
            exact = ACTIVATIONS[activation].function(u.double())
            barely = (exact != 0) & (exact.abs() <= EPS32 * u.abs())  # an ulp of u decides whether float32 keeps them
            of_values, of_units = (float(share.double().mean()) for share in (barely, barely.any(dim=0)))
            assert layer.activation.zero == pytest.approx(float((h == 0).double().mean()), abs=of_values)
            assert layer.activation.dead_units == pytest.approx(
                float((h == 0).all(dim=0).double().mean()), abs=of_units
            )
            if bounds is None:
                assert layer.activation.saturated is None
            else:
                low, high = bounds
                beyond = (h.double() - (low + high) / 2).abs() - 0.97 * (high - low) / 2
                nearly = beyond.abs() <= rounding(spec) * float(u.abs().max())  # rounding of u decides
                share = float((beyond > 0).double().mean())
                assert layer.activation.saturated == pytest.approx(share, abs=float(nearly.double().mean()))

    def test_in_the_variance_of_its_units_across_the_batch(self, activation: str, setting: dict[str, Any]) -> None:
        spec = StackSpec.parse({**SMALL, "activation": activation, **setting})
        for layer, u, _, _ in layers_beside_the_loop(spec):
            if spec.batch == 1:
                assert layer.unit_variance is None
                continue
            assert layer.unit_variance is not None
            variances = u.double().var(dim=0)
            size = float(u.double().square().max())
            assert layer.unit_variance.count == u.shape[1]
            assert layer.unit_variance.mean == pytest.approx(float(variances.mean()), abs=2 * rounding(spec) * size)
            assert layer.unit_variance.max == pytest.approx(float(variances.max()), abs=2 * rounding(spec) * size)

    def test_in_the_cosines_between_inputs(self, activation: str, setting: dict[str, Any]) -> None:
        spec = StackSpec.parse({**SMALL, "activation": activation, **setting})
        for layer, _, h, _ in layers_beside_the_loop(spec):
            alive = h[(h != 0).any(dim=1)]
            if len(alive) < 2:
                assert (layer.cosine.mean, layer.cosine.std) == (None, None)
                continue
            expected = cosines(alive)
            assert layer.cosine.mean == pytest.approx(float(expected.mean()), abs=rounding(spec))
            if len(expected) > 1:
                assert layer.cosine.std == pytest.approx(float(expected.std()), abs=rounding(spec))
            else:
                assert layer.cosine.std is None


def test_a_batch_of_many_row_blocks_is_measured_as_one() -> None:
    spec = StackSpec(depth=2, width=1100, batch=150, activation="relu", init=["kaiming_normal"], bias_std=0.1)
    for layer, u, h, _ in layers_beside_the_loop(spec):
        assert_summarizes(layer.preactivation, u, rounding(spec))
        assert_summarizes(layer.activation, h, rounding(spec))
        assert layer.activation.zero == pytest.approx(float((h == 0).double().mean()), abs=rounding(spec))
        assert layer.unit_variance is not None
        assert layer.unit_variance.mean == pytest.approx(float(u.double().var(dim=0).mean()), rel=rounding(spec))
        assert layer.cosine.mean == pytest.approx(float(cosines(h).mean()), abs=rounding(spec))
        assert layer.cosine.std == pytest.approx(float(cosines(h[:COMPARED]).std()), abs=rounding(spec))


def test_layers_are_numbered_from_one_with_their_fans() -> None:
    spec = StackSpec(widths=[5, 3, 8], batch=4, init=["1/D", "xavier_normal"])
    for entry in outcome(run_stack(spec)).inits:
        assert [(layer.layer, layer.fan_in, layer.fan_out) for layer in entry.layers] == [(1, 5, 3), (2, 3, 8)]
        assert entry.weight_std == entry.layers[0].weight_std == INITIALIZERS[entry.init].std(5, 3, 1.0)


def test_every_number_falls_into_a_histogram_or_beside_it() -> None:
    for entry in outcome(run_stack(StackSpec(depth=3, width=40, batch=30, bins=20))).inits:
        for layer in entry.layers:
            assert layer.unit_variance is not None
            for summary in (layer.preactivation, layer.activation, layer.unit_variance):
                histogram = summary.histogram
                assert len(histogram.counts) == 20
                assert histogram.below + sum(histogram.counts) + histogram.above == summary.count


@pytest.mark.parametrize("activation", [name for name, entry in ACTIVATIONS.items() if entry.homogeneous])
@pytest.mark.parametrize("init", [name for name, entry in INITIALIZERS.items() if entry.bias_bound is None])
def test_a_hundred_homogeneous_layers_keep_their_size_far_beyond_float32(activation: str, init: str) -> None:
    spec = StackSpec(depth=100, width=128, batch=16, activation=activation, init=[init])
    layers = outcome(run_stack(spec)).inits[0].layers
    for layer, (log10_u, log10_h) in zip(layers, log10_mean_squares(spec, init), strict=True):
        # A square doubles the relative rounding of what it squares.
        error = 2 * layer.layer * spec.width * EPS32 / log(10)
        assert layer.preactivation.log10_mean_square == pytest.approx(log10_u, abs=error)
        assert layer.activation.log10_mean_square == pytest.approx(log10_h, abs=error)


def test_what_float64_cannot_hold_is_null_and_its_size_is_still_told() -> None:
    spec = StackSpec(depth=120, width=128, batch=8, activation="linear", gain=1000.0, init=["unscaled"])
    last = outcome(run_stack(spec)).inits[0].layers[-1]
    assert (last.preactivation.mean, last.preactivation.variance, last.preactivation.max) == (None, None, None)
    expected = 120 * log10(128 * 1000.0**2)
    assert last.preactivation.log10_mean_square == pytest.approx(expected, rel=0.01)
    assert last.preactivation.excess_kurtosis is not None
    assert last.cosine.mean is not None


@every_activation
@pytest.mark.parametrize(("init", "gain"), [("unscaled", 1.0), ("1/sqrt(D)", 30.0), ("1/D", 1.0), ("1/D", 300.0)])
def test_overflow_layer_is_the_first_a_format_cannot_hold(activation: str, init: str, gain: float) -> None:
    spec = StackSpec(depth=45, width=128, batch=16, activation=activation, init=[init], gain=gain)
    found = outcome(run_stack(spec)).inits[0].overflow_layer
    assert found == {name: first_layer_beyond(limit, spec, init) for name, limit in FORMATS.items()}


@pytest.mark.parametrize(
    "extreme",
    [
        {"gain": 1000.0, "weight_mean": 1000.0, "depth": 60},
        {"gain": 1000.0, "bias_std": 1000.0, "depth": 60},
        {"gain": 0.0},
        {"gain": 0.0, "bias_std": 1.0},
        {"gain": 5e-324, "bias_std": 1.0, "weight_mean": -10.0},
        {"weight_mean": -1000.0, "input": "rand"},
        {"width": 1, "batch": 2, "depth": 60},
        {"widths": [1, 300, 1, 1]},
    ],
    ids=str,
)
@every_activation
def test_no_number_is_ever_nan_or_infinite(activation: str, extreme: dict[str, Any]) -> None:
    values = {"depth": 5, "width": 16, "batch": 6, "init": ["unscaled", "1/D"], "activation": activation, **extreme}
    result = outcome(run_stack(StackSpec.parse(values)))
    assert all_finite(result.model_dump())

    def refuse(name: str) -> None:
        raise AssertionError(name)

    assert json.loads(result.model_dump_json(), parse_constant=refuse) == result.model_dump()


def test_a_dead_layer_is_all_zeros_and_has_no_cosine() -> None:
    spec = StackSpec(depth=3, width=8, batch=5, activation="relu", input="rand", weight_mean=-1000.0)
    for entry in outcome(run_stack(spec)).inits:
        for layer in entry.layers:
            assert (layer.activation.zero, layer.activation.dead_units) == (1, 1)
            assert (layer.activation.max, layer.activation.variance) == (0, 0)
            assert layer.activation.log10_mean_square is None
            assert (layer.cosine.mean, layer.cosine.std) == (None, None)


def test_inputs_that_died_are_left_out_of_the_cosines() -> None:
    spec = StackSpec(depth=1, width=2, batch=40, activation="relu", init=["unscaled"], seed=3)
    ((layer, _, h, _),) = layers_beside_the_loop(spec)
    alive = h[(h != 0).any(dim=1)]
    assert 2 < len(alive) < 40
    assert layer.cosine.mean == pytest.approx(float(cosines(alive).mean()), abs=rounding(spec))


@pytest.mark.parametrize("input", list(DISTRIBUTIONS))
def test_the_first_layers_mean_square_is_k_squared_times_d_times_that_of_the_input(input: str) -> None:
    specs = [StackSpec(depth=1, width=64, batch=32, init=["kaiming_normal"], input=input, seed=s) for s in range(40)]
    found = np.array([mean_square(outcome(run_stack(spec)), 0) for spec in specs])
    declared = DISTRIBUTIONS[input].moments
    predicted = 2 / 64 * 64 * (declared.variance + declared.mean**2)
    assert errors_apart(float(found.mean()), predicted, mean_error(found)) <= STANDARD_ERRORS


def test_he_initialization_keeps_the_mean_square_of_relu_layers_at_two_on_average() -> None:
    specs = [
        StackSpec(depth=5, width=64, batch=16, init=["kaiming_normal"], activation="relu", seed=s) for s in range(60)
    ]
    results = [outcome(run_stack(spec)) for spec in specs]
    for index in range(5):
        found = np.array([mean_square(result, index) for result in results])
        assert errors_apart(float(found.mean()), 2.0, mean_error(found)) <= STANDARD_ERRORS


def test_independent_inputs_leave_a_relu_layer_at_a_cosine_of_one_over_pi() -> None:
    width = 2048
    specs = [
        StackSpec(depth=1, width=width, batch=32, init=["kaiming_normal"], activation="relu", seed=s) for s in range(12)
    ]
    found = np.array([outcome(run_stack(spec)).inits[0].layers[0].cosine.mean for spec in specs])
    # The arc-cosine kernel at a right angle (Cho & Saul 2009); a finite width shifts it by the order of 1/width.
    assert abs(float(found.mean()) - 1 / pi) <= STANDARD_ERRORS * mean_error(found) + 1 / width


def test_shared_draws_make_linear_layers_of_two_inits_differ_by_exactly_their_scales() -> None:
    spec = StackSpec(depth=6, width=32, batch=16, activation="linear", init=["unscaled", "1/sqrt(D)"])
    unscaled, other = outcome(run_stack(spec)).inits
    for layer, scaled in zip(unscaled.layers, other.layers, strict=True):
        one, less = layer.preactivation.log10_mean_square, scaled.preactivation.log10_mean_square
        assert one is not None
        assert less is not None
        assert one - less == pytest.approx(layer.layer * log10(32), abs=rounding(spec))


@pytest.mark.parametrize("bias_std", [0.0, 0.5])
def test_one_tied_matrix_is_the_first_layers(bias_std: float) -> None:
    common = {"depth": 3, "width": 16, "batch": 8, "init": ["1/sqrt(D)"], "bias_std": bias_std, "backward": False}
    tied, free = (outcome(run_stack(StackSpec.parse({**common, "tied": tied}))) for tied in (True, False))
    first, *others = zip(tied.inits[0].layers, free.inits[0].layers, strict=True)
    assert first[0].preactivation == first[1].preactivation
    assert all(one.preactivation != other.preactivation for one, other in others)


@pytest.mark.parametrize(
    "make",
    [
        lambda: StackSpec(depth=3, width=700, batch=200, activation="gelu", bias_std=0.1),
        lambda: StackSpec(depth=40, width=64, batch=3000, activation="relu", init=["unscaled"]),
        lambda: StackSpec(widths=[600, 500, 30], batch=100, activation="sigmoid", seed=7),
    ],
    ids=["wide", "tall", "widths"],
)
def test_the_json_is_the_same_to_the_byte_on_any_number_of_threads(make: Callable[[], StackSpec]) -> None:
    found = set()
    for threads in (1, 2, 8):
        use_threads(threads)
        found.add(outcome(run_stack(make())).model_dump_json())
    assert len(found) == 1


def test_the_json_does_not_depend_on_the_threads_torch_has_in_the_caller() -> None:
    found = set()
    for count in (1, 3):
        with torch_threads(count):
            found.add(outcome(run_stack(StackSpec(depth=2, width=700, batch=200))).model_dump_json())
    assert len(found) == 1


@pytest.mark.parametrize(("shape", "a_step"), [((8, 4), 4), ((256, 512), 1)], ids=["small", "large"])
def test_every_step_comes_with_a_result_a_layer_longer_or_several_small_ones(
    shape: tuple[int, int], a_step: int
) -> None:
    width, batch = shape
    spec = StackSpec(depth=4, width=width, batch=batch, backward=False)
    steps = [(step.done, step.total, step.partial()) for step in run_stack(spec)]
    assert [(done, total) for done, total, _ in steps] == [(done, 12) for done in range(a_step, 13, a_step)]
    for done, _, partial in steps:
        assert sum(len(entry.layers) for entry in partial.inits) == done
    last = steps[-1][2]
    assert [len(entry.layers) for entry in last.inits] == [4, 4, 4]
    for _, _, partial in steps:
        for entry, whole in zip(partial.inits, last.inits, strict=False):
            assert entry.layers == whole.layers[: len(entry.layers)]


def test_small_and_large_layers_follow_each_other_in_their_order() -> None:
    spec = StackSpec(widths=[16, 512, 16, 16, 512, 8], batch=1024, init=["1/sqrt(D)"], backward=False)
    assert {is_one_block(spec.batch, width) for width in spec.layer_widths[1:]} == {True, False}
    (entry,) = outcome(run_stack(spec)).inits
    h = draws.draw_input(spec, 0)
    for layer, drawn in zip(entry.layers, draws.weights(spec, range(1, 6)), strict=True):
        u = h @ (drawn["normal"] * layer.weight_std)
        h = torch.tanh(u)
        rounding = 2 * layer.layer * 512**0.5 * 2.0**-24
        assert layer.preactivation.mean_square == pytest.approx(float(u.double().square().mean()), rel=rounding)
        assert (layer.fan_in, layer.fan_out) == tuple(drawn["normal"].shape)


def test_a_run_can_be_closed_midway() -> None:
    run = run_stack(StackSpec(depth=50, width=16, batch=8))
    kept = next(run).partial()
    run.close()
    (entry,) = kept.inits
    assert 0 < len(entry.layers) < 50
    with pytest.raises(StopIteration):
        next(run)


def test_the_result_holds_the_spec_and_its_links() -> None:
    spec = StackSpec(depth=1, width=4, batch=3, init=["1/D"], seed=5)
    result = outcome(run_stack(spec))
    assert result.experiment == spec.model_dump()
    assert result.links == spec.links


def test_behind_batch_norm_units_that_vary_alike_have_a_spread_without_a_shape() -> None:
    common: dict[str, Any] = {"norm": "batch", "depth": 1, "width": 256, "batch": 64, "init": ["unscaled"]}
    layer = outcome(run_stack(StackSpec(**common))).inits[0].layers[0]
    assert layer.unit_variance is not None
    assert layer.unit_variance.mean == pytest.approx(64 / 63)
    assert (layer.unit_variance.skewness, layer.unit_variance.excess_kurtosis) == (None, None)
    assert layer.preactivation.skewness is not None


@pytest.mark.parametrize("norm", list(NORM_LABELS))
@pytest.mark.parametrize("scale", [1.0, 0.3, "1/sqrt(2L)", 1e-200, 0.0])
def test_a_branch_is_what_the_stream_differs_by(norm: str, scale: float | str) -> None:
    common: dict[str, Any] = {"width": 24, "batch": 70, "residual": True, "residual_scale": scale, "depth": 4}
    spec = StackSpec(activation="gelu", init=["kaiming_normal"], norm=norm, **common)
    h = draws.draw_input(spec, 0).double()
    for layer in outcome(run_stack(spec)).inits[0].layers:
        w = unit_weights_of(spec, INITIALIZERS["kaiming_normal"], layer.layer).double() * layer.weight_std
        phi = F.gelu(TORCH_NORMS[norm](h) @ w)
        size = float(phi.square().mean())
        assert spec.branch_scale is not None
        h = h + spec.branch_scale * phi
        assert layer.branch is not None
        if not scale:
            assert (layer.branch.mean_square, layer.branch.log10_mean_square) == (0, None)
            continue
        expected = log10(size) + 2 * log10(spec.branch_scale)
        assert layer.branch.log10_mean_square == pytest.approx(expected, abs=rounding(spec))
        within = layer.branch.mean_square is not None
        assert within == (scale != 1e-200)
        assert not within or layer.branch.mean_square == pytest.approx(10**expected, rel=10 * rounding(spec))


def test_without_a_stream_there_is_no_branch() -> None:
    assert all(layer.branch is None for layer in outcome(run_stack(StackSpec(depth=2, width=8))).inits[0].layers)


@every_activation
@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("norm", list(NORM_LABELS))
def test_the_way_there_is_the_same_with_and_without_a_way_back(activation: str, norm: str, residual: bool) -> None:
    sizes = {"depth": 3, "width": 600, "batch": 150, "init": ["xavier_normal", "kaiming_uniform"]}
    spec = StackSpec.parse({**sizes, "activation": activation, "norm": norm, "residual": residual})
    and_back = outcome(run_stack(spec))
    there = outcome(run_stack(spec.model_copy(update={"backward": False})))
    back = {"gradient", "weight_gradient", "gradient_magnitudes"}
    for alone, other in zip(there.inits, and_back.inits, strict=True):
        for layer, same in zip(alone.layers, other.layers, strict=True):
            assert layer.model_dump(exclude=back) == same.model_dump(exclude=back)


def test_it_stops_while_layers_are_written_down() -> None:
    *_, last = run_stack(StackSpec(depth=20, width=16, batch=16))
    with stopped(after=2):
        last.partial()
    assert [len(entry.layers) for entry in last.partial().inits] == [20] * 3


def test_activations_hardly_above_zero_are_no_infinities() -> None:
    """Softplus makes of -100 what float32 just holds: the next layer sees it brought near one."""
    spec = StackSpec(
        init=["torch_default"], weight_mean=-670.0, depth=3, width=24, activation="softplus", backward=False, repeats=99
    )
    (entry,) = outcome(run_stack(spec)).inits
    assert entry.repeats is not None
    assert all(size is None or isfinite(size) for sizes in entry.repeats.log10_mean_square for size in sizes)
    assert all(layer.preactivation.nonfinite == layer.activation.nonfinite == 0 for layer in entry.layers)
