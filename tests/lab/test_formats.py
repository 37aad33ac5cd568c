"""Number formats: what each would lose is what torch's own conversion loses."""

import pytest
import torch

from app.lab.formats import FORMATS, magnitude_counts, magnitudes

TORCH = {name: getattr(torch, f"{name}fn" if name == "float8_e4m3" else name) for name in FORMATS}


@pytest.mark.parametrize("name", list(FORMATS))
@pytest.mark.parametrize("log2_spread", [0, 8, 20, 60])
def test_losses_are_those_of_a_conversion(name: str, log2_spread: int) -> None:
    generator = torch.Generator().manual_seed(1)
    scale = torch.randn(200_000, generator=generator) * log2_spread
    values = torch.randn(200_000, generator=generator) * torch.exp2(scale.clamp(-120, 120))
    values[:1000] = 0
    found = magnitudes(magnitude_counts(values.abs()), 0, int((values == 0).count_nonzero())).formats[name]
    limit = FORMATS[name].largest
    overflow = float((values.abs().double() > limit).double().mean())
    kept = values[values.abs().double() <= limit]
    underflow = float(((kept != 0) & (kept.to(TORCH[name]).float() == 0)).double().sum()) / values.numel()
    # A limit lies within a quarter octave of the histogram's edge; few values do.
    near = float(((values.abs() / limit).log2().abs() < 0.25).double().mean())
    assert found.overflow == pytest.approx(overflow, abs=near + 1e-9)
    assert found.underflow == pytest.approx(underflow, abs=1e-5 if name != "float32" else 2e-3)


def test_an_exponent_moves_the_magnitudes() -> None:
    values = torch.randn(10_000, generator=torch.Generator().manual_seed(2))
    here = magnitudes(magnitude_counts(values.abs()), 0, 0)
    there = magnitudes(magnitude_counts(values.abs()), 100, 0)
    assert here.log2_median is not None
    assert there.log2_median == pytest.approx(here.log2_median + 100)
    assert there.formats["float16"].overflow > 0.99
    assert there.formats["float32"].overflow == 0


def test_nothing_but_zeros_loses_nothing() -> None:
    found = magnitudes(magnitude_counts(torch.zeros(50)), 0, 50)
    assert found.log2_median is None
    assert all(share.underflow == 0 and share.overflow == 0 for share in found.formats.values())


def test_limits_are_the_published_ones() -> None:
    """IEEE 754 and Micikevicius et al. 2022, "FP8 formats for deep learning", table 1."""
    assert FORMATS["float16"].largest == 65504
    assert FORMATS["float16"].smallest == 2.0**-24
    assert (FORMATS["float8_e4m3"].largest, FORMATS["float8_e4m3"].smallest) == (448, 2.0**-9)
    assert (FORMATS["float8_e5m2"].largest, FORMATS["float8_e5m2"].smallest) == (57344, 2.0**-16)
