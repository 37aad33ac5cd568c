"""One thing that is wrong with a network, or that nothing is."""

from ...finding import Finding
from ..recording import Layer


class Diagnosis(Finding):
    """A finding of a recording; `layer` counts the recording's, from 1. It prints as its sentence with the code."""

    def __str__(self) -> str:
        said = " ".join(filter(None, (self.sentence, self.advice)))
        return f"{said}\n    {self.code}" if self.code else said


def named(layer: Layer) -> str:
    """A layer as a sentence names it, with what it is."""
    if layer.weights and layer.role == "weights":
        return f"`{layer.label}` ({layer.kind}, {layer.weights.fan_in} → {layer.weights.shape[0]})"
    return f"`{layer.label}` ({layer.kind})"
