"""Number formats: what each would lose is what torch's own conversion loses."""

import pytest
import torch
from torch import Tensor

from app.lab.formats import FORMATS, Magnitudes, magnitudes
from app.lab.summary import Tally, robust_grid

TORCH = {name: getattr(torch, f"{name}fn" if name == "float8_e4m3" else name) for name in FORMATS}


QUARTER = 0.33  # of an octave: log₂ of 5/4, the widest bin


def found_in(values: Tensor, exponent: float = 0) -> Magnitudes:
    return magnitudes(Tally(robust_grid(values, 80), by_size=True).add(values), exponent)


def quantiles(found: Magnitudes) -> Tensor:
    """The three, in order."""
    assert found.log2_low is not None
    assert found.log2_median is not None
    assert found.log2_high is not None
    return torch.tensor([found.log2_low, found.log2_median, found.log2_high], dtype=torch.float64)


@pytest.mark.parametrize("name", list(FORMATS))
@pytest.mark.parametrize("log2_spread", [0, 8, 20, 60])
def test_losses_are_those_of_a_conversion(name: str, log2_spread: int) -> None:
    generator = torch.Generator().manual_seed(1)
    scale = torch.randn(200_000, generator=generator) * log2_spread
    values = torch.randn(200_000, generator=generator) * torch.exp2(scale.clamp(-120, 120))
    values[:1000] = 0
    found = found_in(values).formats[name]
    limit = FORMATS[name].overflows
    overflow = float((values.abs().double() >= limit).double().mean())
    kept = values[values.abs().double() < limit]
    underflow = float(((kept != 0) & (kept.to(TORCH[name]).float() == 0)).double().sum()) / values.numel()
    # A limit lies within a quarter octave of the histogram's edge; few values do.
    near = float(((values.abs() / limit).log2().abs() < 0.25).double().mean())
    assert found.overflow == pytest.approx(overflow, abs=near + 1e-9)
    assert found.underflow == pytest.approx(underflow, abs=1e-5)


def test_an_exponent_moves_the_magnitudes() -> None:
    values = torch.randn(10_000, generator=torch.Generator().manual_seed(2))
    here, there = found_in(values), found_in(values, 100)
    torch.testing.assert_close(quantiles(there), quantiles(here) + 100)
    assert there.formats["float16"].overflow > 0.99
    assert there.formats["float32"].overflow == 0


@pytest.mark.parametrize(
    ("data", "bin"), [("normal", QUARTER), ("lognormal", QUARTER), ("ReLU", QUARTER), ("tiny", 1.0)]
)
def test_quantiles_are_not_biased_and_never_off_by_more_than_a_bin(data: str, bin: float) -> None:
    normal = torch.randn(50_000, generator=torch.Generator().manual_seed(4))
    values = {"normal": normal, "lognormal": (3 * normal).exp(), "tiny": normal * 2.0**-121, "ReLU": normal.relu()}
    errors = []
    for step in range(32):  # an octave, so that quantiles lie anywhere within their bins
        scaled = values[data] * 2 ** (step / 32)
        logs = scaled[scaled != 0].abs().double().log2()
        exact = torch.quantile(logs, torch.tensor([0.01, 0.5, 0.99], dtype=torch.float64))
        errors.append(quantiles(found_in(scaled)) - exact)
    assert float(torch.stack(errors).abs().max()) < bin
    # Where a density over the logarithm falls by s an octave, evenness within a bin of width w is off by s·w²/12 on
    # average: a normal's falls by 3.9 at its 99 % quantile.
    assert float(torch.stack(errors).mean(0).abs().max()) < 3.9 * bin**2 / 12


@pytest.mark.parametrize("value", [1.2431, 1.0, 3e-39, 100.0])
def test_magnitudes_that_are_all_the_same_have_it_as_their_quantiles(value: float) -> None:
    values = torch.full((1000,), value)
    exact = torch.full((3,), float(values[0].double().log2()), dtype=torch.float64)
    for same in (values, -values):
        torch.testing.assert_close(quantiles(found_in(same)), exact)
    both = torch.where(torch.arange(1000) % 2 > 0, values, -values)
    assert float((quantiles(found_in(both)) - exact).abs().max()) < QUARTER


def test_float8_e4m3_holds_what_torch_makes_448_without_clipping_it() -> None:
    values = torch.tensor([448.0, 460.0, 464.0])
    assert values.to(TORCH["float8_e4m3"]).float().tolist() == [448] * 3
    assert found_in(values).formats["float8_e4m3"].overflow == pytest.approx(0, abs=1e-12)
    beyond = torch.tensor([513.0, 700.0])
    assert beyond.to(TORCH["float8_e4m3"]).float().tolist() == [448] * 2
    assert found_in(beyond).formats["float8_e4m3"].overflow == 1


def test_nothing_but_zeros_loses_nothing() -> None:
    found = found_in(torch.zeros(50))
    assert found.log2_median is None
    assert all(share.underflow == 0 and share.overflow == 0 for share in found.formats.values())


def test_limits_are_the_published_ones() -> None:
    """IEEE 754 and Micikevicius et al. 2022, "FP8 formats for deep learning", table 1."""
    assert FORMATS["float16"].largest == 65504
    assert FORMATS["float16"].smallest == 2.0**-24
    assert (FORMATS["float8_e4m3"].largest, FORMATS["float8_e4m3"].smallest) == (448, 2.0**-9)
    assert (FORMATS["float8_e5m2"].largest, FORMATS["float8_e5m2"].smallest) == (57344, 2.0**-16)


def test_where_no_value_is_finite_none_is_lost_track_of() -> None:
    """The tally of such values knows no extremes; all of them overflow every format."""
    values = torch.full((8,), torch.inf)
    found = found_in(values)
    assert {share.overflow for share in found.formats.values()} == {1.0}
    assert found.log2_median is not None
    assert found.log2_median >= 128
