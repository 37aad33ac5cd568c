"""The seed experiment is a plain matmul, measured: x @ (k·w), column by column."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from math import ceil, sqrt

import numpy as np
import pytest
import torch
from torch import Tensor

from app.experiments.matmul import run as matmul
from app.experiments.matmul.result import MatmulInit
from app.experiments.matmul.run import run_matmul
from app.experiments.matmul.spec import MatmulSpec
from app.lab.draws import DISTRIBUTIONS
from app.lab.initializers import INITIALIZERS
from app.lab.kernels.distributions import fill
from app.lab.kernels.product import ROWS, chunk_width
from app.lab.kernels.threefry import CHUNK, key_of
from app.lab.summary import Tally
from app.lab.threads import in_order, thread_count, use_threads
from app.theory.moments import Moments
from tests.lab.tools import (
    EPS32,
    STANDARD_ERRORS,
    all_finite,
    errors_apart,
    outcome,
    std_error,
    stopped,
    variance_error,
)

every_input = pytest.mark.parametrize("input", list(DISTRIBUTIONS))
every_weights = pytest.mark.parametrize("weights", list(DISTRIBUTIONS))

SHAPES = [(64, 70_001), (512, 20_000), (5000, 1700), (1, 70_000), (7, 1)]

COLUMN_INITS = [name for name, entry in INITIALIZERS.items() if entry.family != "orthogonal"]


def whole_w(spec: MatmulSpec, repeat: int = 0, group: int = 0) -> Tensor:
    """w of shape (fan_in, fan_out), put together from its chunks: 1024 columns of a row, or all of several rows."""
    width = chunk_width(spec.fan_out)
    rows, across = CHUNK // width, ceil(spec.fan_out / width)
    down = ceil(spec.fan_in / rows)
    number = DISTRIBUTIONS[spec.weights].number
    out = np.empty(down * across * CHUNK, np.float32)
    fill(number, key_of(spec.seed, matmul.W + number, group, repeat), 0, out)
    tiles = out.reshape(down, across, rows, width).swapaxes(1, 2).reshape(down * rows, across * width)
    return torch.from_numpy(tiles[: spec.fan_in, : spec.fan_out].copy()) + spec.weight_mean


def only_init(spec: MatmulSpec) -> MatmulInit:
    (measured,) = outcome(run_matmul(spec)).inits
    return measured


def moments(name: str, shift: float = 0.0) -> Moments:
    declared = DISTRIBUTIONS[name].moments
    return declared._replace(mean=declared.mean + shift)


def column_kurtosis(spec: MatmulSpec, x: Tensor) -> float:
    """Of a sum of independent terms xᵢ·wᵢ: κ_w·Σxᵢ⁴/‖x‖⁴."""
    share = float((x**4).sum() / (x**2).sum() ** 2)
    return DISTRIBUTIONS[spec.weights].moments.excess_kurtosis * share


@contextmanager
def recorded_columns(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Tensor]]:
    """Every block of k·z that is measured, in order."""
    blocks: list[Tensor] = []
    add = Tally.add

    def record(self: Tally, block: Tensor) -> Tally:
        blocks.append(block.clone())
        return add(self, block)

    with monkeypatch.context() as patch:
        patch.setattr(Tally, "add", record)
        yield blocks


@pytest.mark.parametrize(("fan_in", "fan_out"), SHAPES)
def test_the_columns_measured_are_those_of_the_whole_product(
    fan_in: int, fan_out: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = MatmulSpec(fan_in=fan_in, fan_out=fan_out, init=["kaiming_normal"], input_mean=0.5, weight_mean=-0.25)
    with recorded_columns(monkeypatch) as blocks:
        outcome(run_matmul(spec))
    # What the mean of the weights adds is the same for all columns, and stays out of the sums.
    w = whole_w(spec.model_copy(update={"weight_mean": 0.0})).double()
    x = matmul.draw_input(spec, repeat=0, group=0).double()
    k = INITIALIZERS["kaiming_normal"].std(fan_in, fan_out, 1.0)
    rounding = fan_in * EPS32 * (x.abs() @ w.abs()) * k
    z = torch.cat(blocks)
    assert z.shape == (fan_out,)
    assert bool(((z - x @ w * k).abs() <= rounding).all())


@pytest.mark.parametrize(("fan_in", "fan_out"), SHAPES)
def test_the_summary_is_that_of_the_whole_product(fan_in: int, fan_out: int) -> None:
    spec = MatmulSpec(fan_in=fan_in, fan_out=fan_out, init=["unscaled"], gain=0.5)
    measured = only_init(spec).measured
    z = (matmul.draw_input(spec, repeat=0, group=0).double() @ whole_w(spec).double() * 0.5).numpy()
    rounding = fan_in * EPS32
    size = float(np.abs(z).max())
    assert measured.count == fan_out
    assert measured.mean == pytest.approx(float(z.mean()), abs=rounding * size)
    assert (measured.min, measured.max) == pytest.approx((float(z.min()), float(z.max())), abs=rounding * size)
    if fan_out > 1:
        assert measured.variance == pytest.approx(float(z.var(ddof=1)), rel=rounding, abs=rounding)


def test_means_of_a_thousand_cost_no_digits() -> None:
    spec = MatmulSpec(fan_in=65536, fan_out=800, init=["1/sqrt(D)"], input_mean=1000, weight_mean=1000, repeats=2)
    found = only_init(spec)
    measured, predicted = found.measured, found.predicted
    assert errors_apart(measured.mean, predicted.mean_given_input, predicted.mean_given_input_std) <= STANDARD_ERRORS
    error = predicted.variance_given_input_std
    assert found.repeats is not None
    for variance in found.repeats.variances:
        assert errors_apart(variance, predicted.variance_given_input, error) <= STANDARD_ERRORS
    edges = [edge or 0.0 for edge in measured.histogram.edges]
    assert measured.min is not None
    assert measured.max is not None
    assert measured.std is not None
    assert edges[-1] - edges[0] < 12 * measured.std
    assert edges[0] < predicted.mean_given_input < edges[-1]
    assert measured.histogram.below + measured.histogram.above < 20
    # Of 800 normals the largest is beyond 2 standard deviations but once in 10⁸ times.
    assert 2 < (measured.max - predicted.mean_given_input) / measured.std < STANDARD_ERRORS
    assert 2 < (predicted.mean_given_input - measured.min) / measured.std < STANDARD_ERRORS


def test_variances_of_inits_with_shared_draws_differ_by_exactly_k_squared() -> None:
    sharing = [name for name, entry in INITIALIZERS.items() if entry.family in (None, "normal")]
    result = outcome(run_matmul(MatmulSpec(fan_out=20_000, init=sharing, gain=1.5)))
    unscaled, *others = result.inits
    assert unscaled.measured.variance is not None
    for other in others:
        k = INITIALIZERS[other.init].std(512, 20_000, 1.5) / 1.5
        # k·z is rounded once to float32, so its square is off by two roundings at most.
        assert other.measured.variance == pytest.approx(k**2 * unscaled.measured.variance, rel=2 * EPS32)


def test_shared_draws_share_the_input_and_fresh_ones_give_each_init_its_own() -> None:
    shared, fresh = (
        [entry.input.square for entry in outcome(run_matmul(spec)).inits]
        for spec in (MatmulSpec(fan_out=16), MatmulSpec(fan_out=16, draws="fresh"))
    )
    assert len(set(shared)) == 1
    assert len(set(fresh)) == len(fresh) == 3
    assert fresh[0] == shared[0]


def test_fresh_draws_give_each_init_its_own_weights() -> None:
    spec = MatmulSpec(fan_in=4, fan_out=1000, init=["unscaled", "1/D"], input="rademacher", draws="fresh")
    first, second = outcome(run_matmul(spec)).inits
    assert first.input.square == second.input.square
    assert first.measured.skewness != pytest.approx(second.measured.skewness, rel=1e-3)


@every_input
@every_weights
@pytest.mark.parametrize(("input_mean", "weight_mean"), [(0.0, 0.0), (2.0, -0.5)])
def test_columns_scatter_around_their_input_as_predicted(
    input: str, weights: str, input_mean: float, weight_mean: float
) -> None:
    spec = MatmulSpec(
        fan_in=64,
        fan_out=20_000,
        init=["1/sqrt(D)"],
        gain=0.7,
        input=input,
        weights=weights,
        input_mean=input_mean,
        weight_mean=weight_mean,
    )
    found = only_init(spec)
    x = matmul.draw_input(spec, repeat=0, group=0).double()
    weight, k = moments(weights, weight_mean), 0.7 / 8
    variance = k**2 * weight.variance * float((x**2).sum())
    error = variance_error(variance, spec.fan_out, column_kurtosis(spec, x))
    assert found.predicted.variance_given_input == pytest.approx(variance)
    assert found.predicted.variance_given_input_std == pytest.approx(error)
    assert errors_apart(found.measured.variance, variance, error) <= STANDARD_ERRORS

    mean = k * weight.mean * float(x.sum())
    assert found.predicted.mean_given_input == pytest.approx(mean)
    assert errors_apart(found.measured.mean, mean, sqrt(variance / spec.fan_out)) <= STANDARD_ERRORS


@every_input
@pytest.mark.parametrize("input_mean", [0.0, -1.5])
def test_the_drawn_input_is_reported_beside_what_it_is_on_average(input: str, input_mean: float) -> None:
    spec = MatmulSpec(fan_in=4000, fan_out=1, init=["unscaled"], input=input, input_mean=input_mean)
    found = only_init(spec).input
    x = matmul.draw_input(spec, repeat=0, group=0).double()
    entry = moments(input, input_mean)
    assert found.square == pytest.approx(float((x**2).sum()))
    assert found.total == pytest.approx(float(x.sum()))
    assert found.square_mean == pytest.approx(4000 * (entry.variance + entry.mean**2))
    # float32 entries of ±1.5 ± 1 are not exactly that: a rounding where no spread is allowed.
    rounding = EPS32 * found.square_mean
    assert errors_apart(found.square, found.square_mean, found.square_std + rounding) <= STANDARD_ERRORS
    error = sqrt(4000 * entry.variance)
    assert errors_apart(found.total, 4000 * entry.mean, error) <= STANDARD_ERRORS


@every_weights
def test_weight_std_is_k_times_that_of_the_entries(weights: str) -> None:
    spec = MatmulSpec(fan_in=9, fan_out=1, init=["1/sqrt(D)", "1/D"], weights=weights, weight_mean=2.0)
    std = sqrt(DISTRIBUTIONS[weights].moments.variance)
    found = outcome(run_matmul(spec)).inits
    assert [entry.scale for entry in found] == pytest.approx([1 / 3, 1 / 9])
    assert [entry.weight_std for entry in found] == pytest.approx([std / 3, std / 9])


@pytest.mark.parametrize("draws", ["shared", "fresh"])
def test_every_column_falls_into_the_histogram_or_beside_it(draws: str) -> None:
    result = outcome(run_matmul(MatmulSpec(fan_in=16, fan_out=150_000, draws=draws, bins=20)))
    for entry in result.inits:
        histogram = entry.measured.histogram
        assert len(histogram.counts) == 20
        assert len(histogram.edges) == 21
        assert entry.measured.nonfinite == 0
        assert histogram.below + sum(histogram.counts) + histogram.above == entry.measured.count == 150_000


def test_one_run_has_no_repeats() -> None:
    assert only_init(MatmulSpec(fan_in=4, fan_out=8, init=["1/D"])).repeats is None


@pytest.mark.parametrize("draws", ["shared", "fresh"])
def test_repeats_begin_with_the_measured_variance(draws: str) -> None:
    for entry in outcome(run_matmul(MatmulSpec(fan_in=16, fan_out=100, draws=draws, repeats=7))).inits:
        assert entry.repeats is not None
        assert len(entry.repeats.variances) == len(set(entry.repeats.variances)) == 7
        assert entry.repeats.variances[0] == entry.measured.variance
        variances = np.array(entry.repeats.variances, float)
        assert entry.repeats.mean == pytest.approx(float(variances.mean()))
        assert entry.repeats.std == pytest.approx(float(variances.std(ddof=1)))


def test_repeats_draw_what_one_run_of_that_repeat_would() -> None:
    spec = MatmulSpec(fan_in=16, fan_out=500, init=["unscaled"], repeats=3)
    repeats = only_init(spec).repeats
    assert repeats is not None
    for repeat, variance in enumerate(repeats.variances):
        z = matmul.draw_input(spec, repeat, group=0).double() @ whole_w(spec, repeat).double()
        assert variance == pytest.approx(float(z.var()), rel=16 * EPS32)


@every_input
@pytest.mark.parametrize("input_mean", [0.0, 1.0])
def test_repeats_scatter_around_the_predicted_variance_as_predicted(input: str, input_mean: float) -> None:
    spec = MatmulSpec(fan_in=48, fan_out=400, init=["1/sqrt(D)"], input=input, input_mean=input_mean, repeats=300)
    found = only_init(spec)
    repeats, predicted = found.repeats, found.predicted
    assert repeats is not None
    between = predicted.variance_std
    # Given x the spread is proportional to ‖x‖², whose mean square over x is variance² + between².
    within = sqrt((predicted.variance**2 + between**2) * 2 / (spec.fan_out - 1))
    spread = sqrt(between**2 + within**2)
    assert errors_apart(repeats.mean, predicted.variance, spread / sqrt(spec.repeats)) <= STANDARD_ERRORS
    assert errors_apart(repeats.std, spread, std_error(spread, spec.repeats)) <= STANDARD_ERRORS


@pytest.mark.parametrize("draws", ["shared", "fresh"])
def test_the_json_is_the_same_to_the_byte_on_any_number_of_threads(draws: str) -> None:
    spec = MatmulSpec(fan_in=500, fan_out=40_001, draws=draws, repeats=2, seed=9)
    found = set()
    for threads in (1, 2, 8):
        use_threads(threads)
        found.add(outcome(run_matmul(spec)).model_dump_json())
    assert len(found) == 1


def test_closing_a_run_midway_leaves_no_work_running(monkeypatch: pytest.MonkeyPatch) -> None:
    use_threads(4)
    lock, running, begun = threading.Lock(), 0, 0

    product = matmul._product

    def counted(spec: MatmulSpec, task: matmul.Task) -> Tensor:
        nonlocal running, begun
        with lock:
            running, begun = running + 1, begun + 1
        try:
            return product(spec, task)
        finally:
            with lock:
                running -= 1

    monkeypatch.setattr(matmul, "_product", counted)
    run = run_matmul(MatmulSpec(fan_out=1_000_000))
    next(run)
    run.close()
    assert running == 0
    tasks = begun
    # The pool's queue is first in, first out: what still waited in it would run before these.
    list(in_order(lambda item: item, range(4 * thread_count())))
    assert begun == tasks <= 1 + 2 * thread_count() < 512 * 1_000_000 / matmul.TASK


def test_every_step_comes_with_a_result_that_has_seen_more() -> None:
    spec = MatmulSpec(fan_in=2048, fan_out=20_000, repeats=2)
    steps = [(step.done, step.total, step.partial()) for step in run_matmul(spec)]
    total = steps[-1][1]
    assert [(done, of) for done, of, _ in steps] == [(done, total) for done in range(1, total + 1)]
    for (_, _, one), (_, _, after) in pairwise(steps):
        counts = [
            entry.measured.count + 20_000 * (len(entry.repeats.variances) - 1 if entry.repeats else 0)
            for entry in (*one.inits, *after.inits)
        ]
        assert len(one.inits) == len(after.inits) == 3
        assert max(counts[:3]) <= min(counts[3:])
    assert {entry.measured.count for entry in steps[-1][2].inits} == {20_000}


def test_a_step_handles_some_milliseconds_of_weights() -> None:
    for fan_in, fan_out in SHAPES:
        step = next(run_matmul(MatmulSpec(fan_in=fan_in, fan_out=fan_out)))
        assert step.total >= fan_in * fan_out / matmul.TASK


def test_the_result_holds_the_spec_and_its_links() -> None:
    spec = MatmulSpec(fan_in=4, fan_out=8, init=["1/D"], seed=5)
    result = outcome(run_matmul(spec))
    assert result.experiment == spec.model_dump()
    assert result.links == spec.links
    assert [entry.init for entry in result.inits] == ["1/D"]


def test_a_single_column_has_no_variance() -> None:
    found = only_init(MatmulSpec(fan_in=4, fan_out=1, init=["unscaled"], repeats=3))
    assert found.measured.count == 1
    assert (found.measured.variance, found.measured.std) == (None, None)
    assert found.repeats is not None
    assert (found.repeats.variances, found.repeats.mean, found.repeats.std) == ([None] * 3, None, None)


def test_a_single_product_scales_the_weights_by_x() -> None:
    spec = MatmulSpec(fan_in=1, fan_out=5000, init=["unscaled"])
    found = only_init(spec)
    x = float(matmul.draw_input(spec, repeat=0, group=0)[0])
    assert found.measured.variance == pytest.approx(x**2 * float(whole_w(spec).double().var()), rel=2 * EPS32)


def test_a_gain_of_zero_leaves_zeros_only() -> None:
    result = outcome(run_matmul(MatmulSpec(fan_in=4, fan_out=100, gain=0.0, repeats=2)))
    for entry in result.inits:
        measured = entry.measured
        assert (measured.mean, measured.variance, measured.min, measured.max) == (0, 0, 0, 0)
        assert (measured.log10_mean_square, measured.skewness, measured.excess_kurtosis) == (None, None, None)
        assert max(measured.histogram.counts) == 100
        assert (entry.predicted.variance, entry.predicted.variance_std) == (0, 0)
        assert entry.repeats is not None
        assert entry.repeats.variances == [0, 0]


@pytest.mark.parametrize(
    "extreme",
    [
        {"gain": 1000.0, "input_mean": 1000.0, "weight_mean": 1000.0},
        {"gain": 1e-300},
        {"weights": "rand", "weight_mean": -0.5},
        {"fan_in": 65536, "fan_out": 2},
        {"fan_in": 1, "fan_out": 1},
    ],
    ids=str,
)
def test_no_number_of_an_extreme_run_is_nan_or_infinite(extreme: dict[str, float]) -> None:
    spec = MatmulSpec.parse({"fan_in": 32, "fan_out": 500, "init": COLUMN_INITS, "repeats": 2, **extreme})
    assert all_finite(outcome(run_matmul(spec)).model_dump())


def test_it_stops_between_two_blocks_of_the_columns_measured_at_once() -> None:
    use_threads(1)
    spec = MatmulSpec(fan_in=4 * ROWS, fan_out=CHUNK)
    assert len(list(run_matmul(spec))) == 1
    with stopped(after=3):  # as the task is handed out, and before its first two blocks
        outcome(run_matmul(spec))
