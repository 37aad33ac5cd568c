"""Which number formats would hold the stream and its branches."""

from ....figures.numbers import listed
from ....finding import Finding
from ..result import TransformerInit
from .words import label_of


def formats(entry: TransformerInit) -> Finding:
    """The first block in which each format overflows."""
    over = {name: block for name, block in entry.overflow_block.items() if block is not None}
    if not over:
        return Finding(
            about="formats",
            init=entry.init,
            word="fits",
            sentence=f"{label_of(entry)}: {listed(list(entry.overflow_block))} hold the stream after every block.",
            brief="",
        )
    first = min(over.values())
    said = listed([f"{name} overflows in block {block}" for name, block in over.items()])
    kept = [name for name in entry.overflow_block if name not in over]
    return Finding(
        about="formats",
        init=entry.init,
        word="overflows",
        sentence=f"{label_of(entry)}: {said}.",
        value=float(first),
        layer=first,
        advice=f"Of these, {listed(kept)} would do." if kept else "A norm, or smaller branches, would keep it finite.",
        brief=f"from block {first}",
    )
