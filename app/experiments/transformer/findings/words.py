"""What all findings about a transformer say in the same words."""

from collections.abc import Callable

from ....theory.finite_width import NORMAL_975
from ..inits import INITS
from ..result import TransformerInit
from ..spec import TransformerSpec
from ..strays import Stray


def label_of(entry: TransformerInit) -> str:
    return INITS[entry.init].label


def blocks_of(spec: TransformerSpec) -> str:
    """So many blocks."""
    return "one block" if spec.depth == 1 else f"{spec.depth:,} blocks"


def judged(stray: Stray, write: Callable[[float], str], lowest_of: int = 1) -> str:
    """What theory says of a number, and whether chance explains the difference; nothing where theory says nothing.

    `lowest_of`: the blocks that the number was chosen from, for which chance is not what it is for a given one.
    """
    if stray.predicted is None:
        return ""
    off, band = stray.off, stray.band
    if off is None or band is None:
        return f"Theory says {write(stray.predicted)}."
    low, high = map(write, band)
    between = f"between {low} and {high}" if low != high else f"around {low}"
    if abs(off) <= NORMAL_975:
        return f"As predicted: 95 % of such networks lie {between}."
    each = " for a given block" if lowest_of > 1 else ""
    said = f"Predicted {write(stray.predicted)}, 95 % of networks {between}{each}:"
    if stray.by_chance and lowest_of > 1:
        return f"{said} this one, the lowest of {lowest_of}, is {abs(off):.1f} standard deviations off."
    if stray.by_chance:
        return f"{said} one in 20 lies outside, this one {abs(off):.1f} standard deviations off."
    return f"{said} this one lies {abs(off):.1f} standard deviations off, more than chance explains."


def percent(share: float) -> str:
    """With two digits, however small."""
    digits = 0
    while share and round(100 * share, digits) < 10 ** (1 - digits) and digits < 12:
        digits += 1
    return f"{100 * share:.{digits}f} %"
