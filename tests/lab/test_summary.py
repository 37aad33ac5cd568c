"""One pass over blocks says what numpy says of the whole, whatever the blocks, the scale or the outliers."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import chain
from math import isfinite, ldexp, log10, prod, sqrt
from statistics import fmean

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from torch import Generator, Tensor

from app.lab.summary import Grid, Histogram, Summary, Tally, largest_magnitude, robust_grid, scaled
from tests.lab.tools import EPS32, EPS64, Floats, all_finite

COUNT = 100_000
# Of a sum of so many numbers in float64, relative to the sum of their magnitudes: rounding errors are as good as
# independent, so they grow as the square root (Higham and Mary 2019, "A new approach to probabilistic rounding error
# analysis", theorem 3.1).
ROUNDING = sqrt(COUNT) * EPS64
HAIR = 2**-16  # of a bin: so little below an edge may be counted above it
DIGITS = 5e-6  # edges are reported to 6 digits and more
THOUSANDTH = 1e-3  # of a bin: to so much edges are reported


def without(summary: Summary, *names: str) -> dict[str, object]:
    """What else a summary says."""
    return {name: value for name, value in vars(summary).items() if name not in names}


def normal(count: int = COUNT) -> Tensor:
    return torch.empty(count).normal_(generator=Generator().manual_seed(1))


DATA: dict[str, Callable[[], Tensor]] = {
    "normal": normal,
    "shifted": lambda: 3 + 0.5 * normal(),
    "exponential": lambda: torch.empty(COUNT).exponential_(generator=Generator().manual_seed(2)),
    "lognormal": lambda: normal().exp(),
    "small": lambda: normal() * 2.0**-40,
    "large": lambda: normal() * 2.0**40,
    "tiny": lambda: normal() * 1e-30,
    "huge": lambda: normal() * 1e30,
    "matrix": lambda: normal().view(100, -1),
}
every_data = pytest.mark.parametrize("values", [make() for make in DATA.values()], ids=list(DATA))


def tally(*blocks: Tensor, bins: int = 80) -> Tally:
    """A tally of these blocks, on the grid of the first."""
    return tally_of(blocks, bins)


def tally_of(blocks: Iterable[Tensor], bins: int = 80) -> Tally:
    coming = iter(blocks)
    first = next(coming)
    made = Tally(robust_grid(first, bins))
    for block in chain([first], coming):
        made.add(block)
    return made


def central_moments(values: Floats) -> tuple[float, float, float]:
    centred = values - values.mean()
    second, third, fourth = (float((centred**power).mean()) for power in (2, 3, 4))
    return second, third, fourth


def accounted(summary: Summary) -> int:
    histogram = summary.histogram
    return histogram.below + sum(histogram.counts) + histogram.above + summary.nonfinite


def known_edges(histogram: Histogram) -> Floats:
    edges = np.array([edge for edge in histogram.edges if edge is not None])
    assert edges.size == len(histogram.counts) + 1
    return edges


def spread_over_many_bins(counts: Sequence[int], total: int) -> bool:
    """Most bins hold something and none holds more than a tenth."""
    return sum(count > 0 for count in counts) > 0.7 * len(counts) and max(counts) < total / 10


@every_data
def test_moments_and_extremes_are_those_of_numpy(values: Tensor) -> None:
    summary = tally(values).summary()
    exact = values.double().numpy().ravel()
    second, third, fourth = central_moments(exact)
    assert summary.count == exact.size
    assert summary.mean == pytest.approx(float(exact.mean()), abs=ROUNDING * float(np.abs(exact).mean()))
    assert summary.variance == pytest.approx(float(exact.var(ddof=1)), rel=ROUNDING)
    assert summary.std == pytest.approx(float(exact.std(ddof=1)), rel=ROUNDING)
    assert summary.mean_square == pytest.approx(float((exact**2).mean()), rel=ROUNDING)
    assert summary.min == exact.min()
    assert summary.max == exact.max()
    absolute_third = float((np.abs(exact - exact.mean()) ** 3).mean()) / second**1.5
    assert summary.skewness == pytest.approx(third / second**1.5, abs=ROUNDING * absolute_third)
    assert summary.excess_kurtosis == pytest.approx(fourth / second**2 - 3, abs=ROUNDING * fourth / second**2)


@every_data
def test_logarithms_are_those_of_the_mean_square_and_the_variance(values: Tensor) -> None:
    summary = tally(values).summary()
    assert summary.mean_square is not None
    assert summary.variance is not None
    assert summary.log10_mean_square == pytest.approx(log10(summary.mean_square))
    assert summary.log10_variance == pytest.approx(log10(summary.variance))


@every_data
@pytest.mark.parametrize("bins", [4, 80, 200])
def test_histogram_counts_are_those_of_numpy_but_for_values_on_an_edge(values: Tensor, bins: int) -> None:
    histogram = tally(values, bins=bins).summary().histogram
    edges = known_edges(histogram)
    exact = values.double().numpy().ravel()
    expected = np.histogram(exact, edges)[0]
    reach = (edges[1] - edges[0]) * 2 * HAIR + np.abs(edges).max() * (EPS32 + DIGITS)
    on_edge = np.array([np.count_nonzero(np.abs(exact - edge) <= reach) for edge in edges])
    assert on_edge.sum() < exact.size / 100
    assert len(histogram.counts) == bins
    assert bool((np.abs(histogram.counts - expected) <= on_edge[:-1] + on_edge[1:]).all())
    assert abs(histogram.below - np.count_nonzero(exact < edges[0])) <= on_edge[0]
    assert abs(histogram.above - np.count_nonzero(exact > edges[-1])) <= on_edge[-1]


@every_data
def test_two_tallies_merged_are_the_tally_of_everything(values: Tensor) -> None:
    whole = tally(values)
    first, second = values.flatten().split(COUNT // 3 * 2)
    merged = Tally(whole.grid).add(first).merge(Tally(whole.grid).add(second))
    one, other = whole.summary(), merged.summary()
    assert other.histogram == one.histogram
    assert (other.count, other.min, other.max) == (one.count, one.min, one.max)
    assert other.variance == pytest.approx(one.variance, rel=ROUNDING)
    assert other.mean_square == pytest.approx(one.mean_square, rel=ROUNDING)


@every_data
def test_the_order_of_the_blocks_does_not_matter(values: Tensor) -> None:
    grid = robust_grid(values, 80)
    blocks = values.flatten().split(7 * 1024)
    forward, backward = Tally(grid), Tally(grid)
    for block in blocks:
        forward.add(block)
    for block in reversed(blocks):
        backward.add(block)
    one, other = forward.summary(), backward.summary()
    assert other.histogram == one.histogram
    assert (other.count, other.min, other.max) == (one.count, one.min, one.max)
    assert other.variance == pytest.approx(one.variance, rel=ROUNDING)


def test_merging_with_an_empty_tally_changes_nothing() -> None:
    filled = tally(normal())
    before = filled.summary()
    assert filled.merge(Tally(filled.grid)).summary() == before
    assert Tally(filled.grid).merge(filled).summary() == before


def test_a_tally_of_nothing_counts_nothing_and_knows_nothing() -> None:
    empty = Tally(Grid(-1, 1, 8, 0)).summary()
    assert (empty.count, empty.nonfinite, accounted(empty)) == (0, 0, 0)
    known = without(empty, "count", "nonfinite", "histogram")
    assert set(known.values()) == {None}


def test_a_single_number_has_no_variance() -> None:
    one = tally(torch.tensor([2.5])).summary()
    assert (one.mean, one.min, one.max, one.mean_square) == (2.5, 2.5, 2.5, 6.25)
    assert (one.variance, one.std, one.skewness, one.excess_kurtosis) == (None, None, None, None)


@pytest.mark.parametrize("value", [1.0, -0.1, 1e4 / 3, 2.0**-40, 2.0**40, 0.0])
def test_constant_data_has_its_mean_no_spread_and_one_bin(value: float) -> None:
    values = torch.full((COUNT,), value)
    constant = float(values[0])
    summary = tally(values).summary()
    assert summary.mean == pytest.approx(constant, rel=ROUNDING)
    assert (summary.min, summary.max) == (constant, constant)
    assert summary.variance is not None
    assert summary.variance <= (EPS32 * constant) ** 2 * ROUNDING
    assert (summary.skewness, summary.excess_kurtosis) == (None, None)
    assert sorted(summary.histogram.counts)[-2:] == [0, COUNT]
    assert (summary.log10_mean_square is None) == (constant == 0)


@pytest.mark.parametrize(
    "odd",
    [
        [float("nan")],
        [float("inf")],
        [float("-inf")],
        [float("nan"), float("inf"), float("-inf")] * 5,
    ],
    ids=["nan", "inf", "-inf", "all of them"],
)
def test_what_is_not_finite_is_counted_and_left_out_of_the_moments(odd: list[float]) -> None:
    finite = normal()
    grid = robust_grid(finite, 80)
    clean = Tally(grid).add(finite).summary()
    mixed = Tally(grid).add(torch.cat([torch.tensor(odd), finite])).summary()
    assert mixed.nonfinite == len(odd)
    assert mixed.count == finite.numel() + len(odd)
    assert accounted(mixed) == mixed.count
    assert mixed.histogram == clean.histogram
    for name, value in without(clean, "count", "nonfinite", "histogram").items():
        assert getattr(mixed, name) == pytest.approx(value, rel=ROUNDING, abs=ROUNDING)


def test_the_grid_ignores_what_is_not_finite() -> None:
    finite = normal(2000)
    odd = torch.cat([finite, torch.tensor([float("nan"), float("inf"), float("-inf")])])
    histogram = tally(odd).summary().histogram
    assert spread_over_many_bins(histogram.counts, finite.numel())


def test_a_block_of_nothing_finite_leaves_moments_unknown() -> None:
    summary = tally(torch.full((50,), float("nan"))).summary()
    assert (summary.count, summary.nonfinite, accounted(summary)) == (50, 50, 50)
    assert (summary.mean, summary.variance, summary.min, summary.max) == (None, None, None, None)


@example([1.7014117331926443e38, 1.7014118346046923e38], 4)
@given(st.lists(st.floats(width=32), min_size=1, max_size=40), st.integers(4, 200))
def test_any_float32_data_is_counted_in_full_and_summed_up_in_finite_numbers(values: list[float], bins: int) -> None:
    summary = tally(torch.tensor(values), bins=bins).summary()
    finite = [value for value in values if isfinite(value)]
    assert summary.count == accounted(summary) == len(values)
    assert summary.nonfinite == len(values) - len(finite)
    assert all_finite(asdict(summary))
    assert summary.min == min(finite, default=None)
    assert summary.max == max(finite, default=None)
    if len(finite) > 1:
        assert summary.variance is not None
        assert summary.variance >= 0


def test_a_mean_ten_thousand_deviations_away_costs_a_hundred_million_values_no_digits() -> None:
    def blocks() -> Iterator[Tensor]:
        generator = Generator().manual_seed(5)
        for _ in range(100):
            yield torch.empty(10**6).normal_(1e4, 1.0, generator=generator)

    summary = tally_of(blocks()).summary()
    mean = fmean(float(block.double().mean()) for block in blocks())
    variance = sum(float((block.double() - mean).square().sum()) for block in blocks()) / (10**8 - 1)
    assert summary.count == 10**8
    assert summary.variance == pytest.approx(variance, rel=1e4 * EPS64 * 1e4)
    assert summary.mean == pytest.approx(mean, rel=1e4 * EPS64)


@pytest.mark.parametrize("bins", [4, 80, 200])
@pytest.mark.parametrize(("low", "width"), [(0.0, 0.026), (-1.014, 0.026), (-96.0, 2.4), (3e20, 1e19)])
def test_a_value_on_an_edge_is_counted_above_it(low: float, width: float, bins: int) -> None:
    pivot = float(torch.tensor(low + 0.37 * bins * width))
    grid = Grid(low, low + bins * width, bins, pivot)
    on_edges = torch.from_numpy(grid.edges.astype(np.float32)).repeat(3)
    histogram = Tally(grid).add(on_edges).summary().histogram
    assert histogram.counts == [3] * bins
    assert (histogram.below, histogram.above) == (0, 3)


@pytest.mark.parametrize(("ratio", "known"), [(1, False), (3, False), (6, True), (100, True)])
def test_a_spread_that_is_rounding_has_no_shape(ratio: int, known: bool) -> None:
    summary = tally(1 + normal() * (ratio * EPS32)).summary()
    assert summary.variance is not None
    assert (summary.skewness is not None) == (summary.excess_kurtosis is not None) == known


@pytest.mark.parametrize("exponent", [-100, -50, 50, 100])
def test_a_shape_does_not_depend_on_the_size_of_the_numbers(exponent: int) -> None:
    plain, tiny = (tally(normal() * 2.0**size).summary() for size in (0, exponent))
    assert tiny.skewness == pytest.approx(plain.skewness, rel=1e-6)
    assert tiny.excess_kurtosis == pytest.approx(plain.excess_kurtosis, rel=1e-6)


def test_counts_stay_exact_beyond_what_float32_can_count() -> None:
    block, times = torch.full((2**20,), 0.3), 2**24 // 2**20 + 1
    made = Tally(Grid(0.0, 1.0, 4, 0.0))
    for _ in range(times):
        made.add(block)
    made.add(torch.tensor([0.3]))
    summary = made.summary()
    assert summary.histogram.counts == [0, times * 2**20 + 1, 0, 0]
    assert summary.count == times * 2**20 + 1 > 2**24


@pytest.mark.parametrize("outlier", [1e3, -1e6, 1e30])
@pytest.mark.parametrize("place", [0, 1, COUNT - 1])
def test_one_huge_outlier_does_not_flatten_the_histogram(outlier: float, place: int) -> None:
    values = normal()
    values[place] = outlier
    summary = tally(values).summary()
    histogram = summary.histogram
    assert outlier in (
        pytest.approx(summary.min, rel=EPS32),
        pytest.approx(summary.max, rel=EPS32),
    )
    assert histogram.above + histogram.below < COUNT / 100
    assert spread_over_many_bins(histogram.counts, COUNT)
    assert accounted(summary) == COUNT


def test_half_a_relus_zeros_leave_the_other_half_readable() -> None:
    values = normal().relu()
    histogram = tally(values).summary().histogram
    zeros = int((values == 0).sum())
    edges = known_edges(histogram)
    spike = int(np.searchsorted(edges, 0.0, side="right")) - 1
    others = [count for index, count in enumerate(histogram.counts) if index != spike]
    assert histogram.counts[spike] >= zeros
    assert sum(others) > 0.9 * (COUNT - zeros)
    assert spread_over_many_bins(others, COUNT - zeros)


def test_the_bulk_of_a_normal_lies_between_the_edges() -> None:
    histogram = tally(normal()).summary().histogram
    edges = known_edges(histogram)
    assert edges[0] < -4
    assert edges[-1] > 4
    assert histogram.below + histogram.above < COUNT / 1000


@pytest.mark.parametrize("bins", [4, 80, 200])
def test_edges_rise_evenly(bins: int) -> None:
    steps = np.diff(known_edges(tally(normal(), bins=bins).summary().histogram))
    assert steps.size == bins
    assert steps.min() > 0
    # Seven digits of the largest edge, at both ends of a bin.
    assert np.ptp(steps) <= 4 * DIGITS * bins * steps.mean()


@pytest.mark.parametrize("log2_scale", [3, -7, 400, -400])
def test_a_scale_float64_can_hold_scales_every_number_exactly(log2_scale: int) -> None:
    made = tally(normal())
    plain, large = made.summary(), made.summary(log2_scale)
    factor = 2.0**log2_scale
    for name, power in {"mean": 1, "std": 1, "min": 1, "max": 1, "variance": 2, "mean_square": 2}.items():
        assert getattr(large, name) == prod([getattr(plain, name), *[factor] * power])
    assert (large.skewness, large.excess_kurtosis) == (plain.skewness, plain.excess_kurtosis)
    assert large.histogram.counts == plain.histogram.counts
    edges = known_edges(plain.histogram) * factor
    assert known_edges(large.histogram) == pytest.approx(edges, abs=2 * THOUSANDTH * (edges[1] - edges[0]))


@pytest.mark.parametrize("offset", [-3.0, 2.0**40])
def test_an_offset_moves_what_has_a_place_and_nothing_else(offset: float) -> None:
    made = tally(normal())
    plain, moved = made.summary(), made.summary(offset=offset)
    assert plain.mean is not None
    assert plain.min is not None
    assert plain.max is not None
    assert plain.mean_square is not None
    assert (moved.mean, moved.min, moved.max) == (plain.mean + offset, plain.min + offset, plain.max + offset)
    assert moved.mean_square == pytest.approx(plain.mean_square - plain.mean**2 + (plain.mean + offset) ** 2)
    same = ("variance", "std", "skewness", "excess_kurtosis", "count", "nonfinite")
    assert [getattr(moved, name) for name in same] == [getattr(plain, name) for name in same]
    assert moved.histogram.counts == plain.histogram.counts
    edges = known_edges(plain.histogram) + offset
    width = (edges[-1] - edges[0]) / 80
    assert known_edges(moved.histogram) == pytest.approx(edges, rel=4 * EPS64, abs=2 * THOUSANDTH * width)


@pytest.mark.parametrize("log2_scale", [5000, -5000])
def test_beyond_float64_only_the_logarithms_still_tell_the_size(log2_scale: int) -> None:
    made = tally(normal())
    plain, huge = made.summary(), made.summary(log2_scale)
    assert plain.log10_mean_square is not None
    assert plain.log10_variance is not None
    assert (huge.mean, huge.variance, huge.std, huge.mean_square) == (None, None, None, None)
    assert (huge.min, huge.max) == (None, None)
    assert huge.log10_mean_square == pytest.approx(plain.log10_mean_square + 2 * log2_scale * log10(2))
    assert huge.log10_variance == pytest.approx(plain.log10_variance + 2 * log2_scale * log10(2))
    assert (huge.skewness, huge.excess_kurtosis) == (plain.skewness, plain.excess_kurtosis)
    assert huge.histogram.counts == plain.histogram.counts
    assert all(edge is None or edge == 0 for edge in huge.histogram.edges)


@pytest.mark.parametrize("log2_scale", [-1000, -1, 0, 1, 1020])
@pytest.mark.parametrize("value", [1.5, -3.0, 0.1])
def test_a_scaled_number_is_exact_where_float64_holds_it(value: float, log2_scale: int) -> None:
    assert scaled(value, log2_scale) == ldexp(value, log2_scale)


@pytest.mark.parametrize("log2_scale", [1024, 5000, -1025, -1074, -5000])
@pytest.mark.parametrize("value", [1.5, -3.0, 1.1])
def test_a_scaled_number_is_none_where_float64_would_lose_digits(value: float, log2_scale: int) -> None:
    assert scaled(value, log2_scale) is None


def test_zero_is_zero_at_any_scale() -> None:
    assert [scaled(0.0, log2_scale) for log2_scale in (-5000, 0, 5000)] == [0.0, 0.0, 0.0]


def test_a_fractional_scale_is_a_root_of_two() -> None:
    assert scaled(3.0, 0.5) == pytest.approx(3 * sqrt(2))


@pytest.mark.parametrize("sign", [1, -1])
def test_largest_magnitude_looks_at_both_signs(sign: int) -> None:
    values = torch.tensor([-2.0, 0.0, 5.0]) * sign
    assert largest_magnitude(values) == 5.0
    assert tally(values).largest == 5.0
