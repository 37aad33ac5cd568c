"""A measured number beside its prediction, with what chance makes of the difference."""

from ....figures.numbers import number
from ....finding import by_chance, in_spreads
from ..result import AttentionScale
from ..spec import SCALES


def label_of(entry: AttentionScale) -> str:
    return SCALES[entry.scale].label


def judgement(measured: float | None, predicted: float | None, error: float | None, digits: int = 3) -> str:
    """“theory says 0.597, 0.4 standard errors away”, as far as each is known."""
    if predicted is None:
        return "no formula is used for it here"
    off = in_spreads(measured, predicted, error)
    if off is None:
        return f"theory says {number(predicted, digits)}"
    chance = "" if by_chance(off) else ", more than chance explains"
    return f"theory says {number(predicted, digits)}, {abs(off):.1f} standard errors away{chance}"
