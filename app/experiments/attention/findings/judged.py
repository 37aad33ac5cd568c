"""A measured number beside its prediction, with what chance makes of the difference."""

from math import log

from ....figures.numbers import between, number
from ....finding import by_chance, in_spreads
from ..result import AttentionScale
from ..spec import SCALES


def label_of(entry: AttentionScale) -> str:
    return SCALES[entry.scale].label


def size_off(measured: float | None, predicted: float, std: float | None) -> float | None:
    """How many standard deviations a mean square is off: on its logarithm, as a few entries' squares are skewed."""
    if not measured or not std or predicted <= 0:
        return None
    return log(measured / predicted) * predicted / std


def judgement(measured: float | None, predicted: float | None, error: float | None, digits: int = 3) -> str:
    """“theory says 0.597, 0.4 standard errors away”, as far as each is known."""
    return off_by(predicted, in_spreads(measured, predicted, error), digits)


def off_by(predicted: float | None, off: float | None, digits: int = 3) -> str:
    """The same where it is known how many standard errors the two are apart."""
    if predicted is None:
        return "no formula is used for it here"
    if off is None:
        return f"theory says {number(predicted, digits)}"
    chance = "" if by_chance(off) else ", more than chance explains"
    return f"theory says {number(predicted, digits)}, {abs(off):.1f} standard errors away{chance}"


def cosine(value: float) -> str:
    """A cosine as a person reads it, a small one as the number it is."""
    return number(value, 2) if abs(value) < 0.01 else between(value)
