"""One pass over a tensor: against torch, whatever its shape and its samples, on however many threads."""

import weakref

import pytest
import torch
from torch import Tensor

from app.lab.threads import torch_kept
from app.network.measure import Powers, see, see_gradient

SHAPES = [(5,), (64, 300), (3, 7, 50), (300, 2, 9, 11), (1, 4), (2, 100_000)]


@pytest.mark.parametrize("shape", SHAPES)
def test_moments_extremes_and_cosines_are_torchs(shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    values = torch.randn(shape) * 3 + 1
    seen = see(values, -1, (-1.0, 1.0))
    for found in (seen.output, see_gradient(values).summary):
        assert found.count == values.numel()
        assert found.variance == pytest.approx(values.var().item(), rel=1e-5)
        assert found.mean == pytest.approx(values.mean().item(), rel=1e-5)
        assert (found.min, found.max) == (values.min().item(), values.max().item())
    assert seen.output.saturated == pytest.approx((values.abs() > 0.97).float().mean().item())
    if len(shape) > 1 and shape[0] > 1:
        unit = torch.nn.functional.normalize(values.reshape(shape[0], -1).double(), dim=1)
        pairs = unit @ unit.T
        mean = (pairs.sum() - pairs.trace()) / (shape[0] * (shape[0] - 1))
        assert seen.cosine == pytest.approx(mean.item(), abs=1e-6)
    else:
        assert seen.cosine is None


def test_results_do_not_depend_on_threads() -> None:
    torch.manual_seed(0)
    values = torch.randn(256, 600)
    with torch_kept():
        torch.set_num_threads(1)
        one = see(values)
        torch.set_num_threads(5)
        other = see(values)
    assert one.output.histogram == other.output.histogram
    assert one.output.variance == pytest.approx(other.output.variance, rel=1e-12)
    assert one.cosine == pytest.approx(other.cosine, abs=1e-12)


@pytest.mark.parametrize(("shape", "channel"), [((6, 4), -1), ((6, 5, 4), -1), ((6, 4, 3, 3), 1)])
def test_a_unit_is_dead_where_it_is_zero_in_every_sample_and_place(shape: tuple[int, ...], channel: int) -> None:
    values = torch.ones(shape)
    values.select(channel, 2).zero_()
    values.select(channel, 1)[0] = 0
    assert see(values, channel, None).output.dead_units == 1 / 4


@pytest.mark.parametrize("values", [torch.ones(3, 4, dtype=torch.float64), torch.ones(3, 4).half(), torch.ones(4, 3).T])
def test_formats_and_layouts_do_not_matter(values: Tensor) -> None:
    assert see(values).output.mean_square == 1.0


def test_what_is_not_finite_is_counted_and_left_out() -> None:
    values = torch.tensor([[1.0, float("nan")], [float("inf"), 3.0]])
    seen = see(values)
    assert (seen.output.nonfinite, seen.output.mean) == (2, 2.0)
    assert Powers(values).moments == (None, None, None, None)


def test_what_is_kept_to_be_counted_later_is_what_passed() -> None:
    values = torch.ones(3, 4)
    seen = see(values, later=True)
    values.zero_()
    assert seen.output.mean_square == 1.0


def test_when_it_is_counted_makes_no_difference() -> None:
    torch.manual_seed(0)
    values = torch.randn(30, 40).relu()
    now, later = see(values), see(values, later=True)
    assert (now.output, now.cosine, now.magnitudes) == (later.output, later.cosine, later.magnitudes)


def test_what_is_counted_is_not_kept() -> None:
    values = torch.randn(5)
    seen, gone = see_gradient(values), weakref.ref(values)
    del values
    assert gone() is None
    assert seen.summary.count == 5
