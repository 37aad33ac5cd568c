"""Small layers measured together are what each of them is alone."""

import pytest
import torch

from app.lab.draws import DISTRIBUTIONS, draw, draw_each
from app.lab.large_layers import Frame, LayerTally
from app.lab.layers import Added, Measured
from app.lab.scaled import Scaled
from app.lab.small_layers import Together

BINS = 24
BOUNDS = (-1.0, 1.0)
EXPONENTS = [(0, 0), (3, -2), (-7, 5)]
SHIFTS = [0.0, 1.5, -40.25]


def layers(batch: int, units: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Preactivations and activations: one layer as any, one with rows and units that are zero, one nearly collapsed."""
    drawn = [draw(DISTRIBUTIONS["normal"], (batch, units), 7, number) for number in range(3)]
    drawn[1][0], drawn[1][:, -1] = -1.0, -1.0
    drawn[2] = drawn[2][:1] + 1e-4 * drawn[2]
    return [(u, torch.relu(u) if number == 1 else torch.tanh(3 * u)) for number, u in enumerate(drawn)]


def together(shape: tuple[int, int], bounds: tuple[float, float] | None) -> Measured:
    waiting = Together(shape, bounds, BINS)
    for at, (u, h) in enumerate(layers(*shape)):
        assert waiting.fits(shape)
        for room, values in zip(waiting.room(), (u, h), strict=True):
            room.copy_(values)
        waiting.add(*EXPONENTS[at], Added(0.5 + at, at), float(at))
    return waiting.measured()


def alone(shape: tuple[int, int], bounds: tuple[float, float] | None) -> list[Measured]:
    seen = []
    for (u, h), (u_exponent, h_exponent) in zip(layers(*shape), EXPONENTS, strict=True):
        frame = Frame.around(Scaled(u, u_exponent), Scaled(h, h_exponent), bounds, BINS)
        seen.append(LayerTally(frame).add(u, h, first=True).measured())
    return seen


@pytest.mark.parametrize("bounds", [BOUNDS, None], ids=["bounded", "unbounded"])
@pytest.mark.parametrize("shape", [(80, 40), (64, 3), (3, 700), (2, 1), (1, 5)], ids=str)
def test_layers_measured_together_are_what_each_is_alone(
    shape: tuple[int, int], bounds: tuple[float, float] | None
) -> None:
    several = together(shape, bounds)
    for what in ("preactivations", "activations", "unit_variances", "magnitudes"):
        found = getattr(several, what)(SHIFTS)
        for at, one in enumerate(alone(shape, bounds)):
            (expected,) = getattr(one, what)([SHIFTS[at]])
            assert found[at] == expected
    assert several.cosines == [cosine for one in alone(shape, bounds) for cosine in one.cosines]


def test_what_else_is_known_of_a_layer_stays_with_it() -> None:
    several = together((4, 6), BOUNDS)
    assert several.exponents == EXPONENTS
    assert several.branches == [Added(0.5, 0), Added(1.5, 1), Added(2.5, 2)]
    assert several.log2_products == [0.0, 1.0, 2.0]


def test_there_is_room_for_some_layers_of_one_shape() -> None:
    waiting = Together((2**9, 2**6), None, BINS)
    assert not waiting.fits((2**6, 2**9))
    while waiting.fits((2**9, 2**6)):
        waiting.add(0, 0, None, None)
    with pytest.raises(IndexError):
        waiting.room()


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_entries_of_several_keys_are_those_of_each(name: str) -> None:
    keys = [(1, 0, 0), (2, 0, 0), (2, 3, 2**63)]
    several = draw_each(DISTRIBUTIONS[name], (30, 50), 11, 4, keys)
    for one, key in zip(several, keys, strict=True):
        assert torch.equal(one, draw(DISTRIBUTIONS[name], (30, 50), 11, 4, *key))
