"""The outputs: a bell for each init."""

from math import sqrt

from ....figures.bells import Bell, bells
from ....figures.numbers import number
from ....figures.palette import Figure
from ....lab.initializers import INITIALIZERS
from ..result import MatmulInit, MatmulResult
from ..spec import MatmulSpec


def histograms(result: MatmulResult, own: bool = False, log: bool = False, count: bool = False) -> Figure | None:
    """The outputs of each init under the predicted normal density."""
    return bells([_bell(entry) for entry in result.inits], "output z", own, log, count)


def _bell(entry: MatmulInit) -> Bell:
    measured, predicted = entry.measured, entry.predicted
    variance = predicted.variance_given_input
    return Bell(
        entry.init,
        INITIALIZERS[entry.init].label,
        f"variance {number(measured.variance)}, k = {number(entry.scale, 3)}",
        measured.histogram,
        measured.count,
        measured.std,
        (predicted.mean_given_input, sqrt(variance)) if variance > 0 else None,
    )


def read_histograms(spec: MatmulSpec) -> str:
    dotted = " Dotted: the normal density predicted for this x." if spec.fan_in > 1 else ""
    return (
        f"Filled: measured, as wide as they are.{dotted} The grey band is −1 … 1: where it is a sliver the outputs are "
        "far too large, where it is wider than the bell they are too small."
    )
