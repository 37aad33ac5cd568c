"""What all findings about a transformer say in the same words."""

from ..inits import INITS
from ..result import TransformerInit
from ..spec import TransformerSpec


def label_of(entry: TransformerInit) -> str:
    return INITS[entry.init].label


def blocks_of(spec: TransformerSpec) -> str:
    """So many blocks."""
    return "one block" if spec.depth == 1 else f"{spec.depth:,} blocks"


def percent(share: float) -> str:
    """With two digits, however small."""
    digits = 0
    while share and round(100 * share, digits) < 10 ** (1 - digits) and digits < 12:
        digits += 1
    return f"{100 * share:.{digits}f}%"
