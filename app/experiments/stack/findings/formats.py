"""What number formats would make of the stack: where each would first hold no number, or nothing but zeros."""

from collections.abc import Iterator
from typing import NamedTuple

from ....figures.numbers import listed
from ....finding import Finding
from ..result import StackInit
from .sizes import label_of


class Loss(NamedTuple):
    """The first layer in which a format fails, and how."""

    layer: int
    word: str
    said: str


def formats(entry: StackInit) -> Finding:
    """In which layer a plain run would first overflow or underflow, and the variance computed in the same type."""
    lost = {name: list(_losses(entry, name)) for name in entry.overflow_layer}
    every = [loss for losses in lost.values() for loss in losses]
    if not every:
        return Finding(
            about="formats",
            init=entry.init,
            word="fits",
            sentence=f"{label_of(entry)}: {listed(list(lost))} hold every layer, and its variance.",
        )
    first = min(every)
    said = [f"{name} {listed([loss.said for loss in losses])}" for name, losses in lost.items() if losses]
    kept = [name for name, losses in lost.items() if not losses]
    advice = f"Of these, {listed(kept)} would do." if kept else "Change the scale: none of these formats holds it."
    return Finding(
        about="formats",
        init=entry.init,
        word=first.word,
        sentence=f"{label_of(entry)}: {'; '.join(said)}.",
        value=float(first.layer),
        layer=first.layer,
        advice=advice,
        brief=f"from layer {first.layer}",
    )


def _losses(entry: StackInit, name: str) -> Iterator[Loss]:
    for layers, word, said in (
        (entry.overflow_layer, "overflows", "overflows in layer {}"),
        (entry.underflow_layer, "underflows", "holds nothing but zeros from layer {}"),
        (entry.variance_overflow_layer, "overflows", "cannot hold the variance from layer {}"),
        (entry.variance_underflow_layer, "underflows", "gives a variance of exactly 0 from layer {}"),
    ):
        layer = layers[name]
        if layer is not None:
            yield Loss(layer, word, said.format(layer))
