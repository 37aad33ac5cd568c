"""Where a stack's signal and gradient lie, over fresh networks and inputs; or in words why that is not said."""

from typing import NamedTuple

from ...lab.activations import ACTIVATIONS
from ...lab.draws import DISTRIBUTIONS
from ...lab.initializers import Initializer
from ...lab.norms import NORMS
from ...theory.finite_width import Band, Bands, gradient_bands, normed_gradient_reason, signal_bands
from ...theory.layer import LayerShape
from ...theory.meanfield import Nonlinearity
from .spec import StackSpec

SOURCES = (
    "Bands: where 95 % of networks lie, over fresh weights and inputs, of the very number measured: the mean over this "
    "batch, and among repeats that of one input. Leading order in 1/width (Roberts, Yaida and Hanin 2022, ch. 4), "
    "products of chi-squares for one input of a linear or ReLU stack (Hanin and Nica 2019). The mean lies above the "
    "median: a few networks carry it."
)


class StackBands(NamedTuple):
    """One band a layer, or None: of the preactivations' mean square over the batch and over one input, and of the
    gradient's over the batch; and what to know about them."""

    batch: list[Band | None]
    one_input: list[Band | None]
    gradient: list[Band | None]
    sentences: list[str]


def bands_of(spec: StackSpec, initializer: Initializer, phi: Nonlinearity, layers: list[LayerShape]) -> StackBands:
    """The bands of one init."""
    nothing: list[Band | None] = [None] * len(layers)
    refused = _no_formula(spec, initializer)
    if refused:
        return StackBands(nothing, nothing, nothing, [f"No band over seeds: {refused}.", *_normed(spec, phi, layers)])
    inputs = DISTRIBUTIONS[spec.input].moments
    batch = signal_bands(phi, layers, inputs, spec.batch)
    one_input = batch if spec.batch == 1 else signal_bands(phi, layers, inputs, 1)
    gradient = gradient_bands(phi, layers, inputs, spec.batch)
    return StackBands(batch.bands, one_input.bands, gradient.bands, [SOURCES, *_reasons(batch, one_input, gradient)])


def _reasons(batch: Bands, one_input: Bands, gradient: Bands) -> list[str]:
    """Each once; where one input's are the batch's they are not said again."""
    alone = [
        f"One input: {reason[0].lower()}{reason[1:]}" for reason in one_input.reasons if reason not in batch.reasons
    ]
    return [*batch.reasons, *alone, *gradient.reasons]


def _normed(spec: StackSpec, phi: Nonlinearity, layers: list[LayerShape]) -> list[str]:
    """How far finite width lets the gradient stray behind a norm over the units."""
    over_units = spec.norm in NORMS and spec.norm != "batch"
    if not over_units or spec.residual or spec.tied or spec.bias_std or spec.depth == 1:
        return []
    return [normed_gradient_reason(phi, layers, NORMS[spec.norm].centres)]


def _no_formula(spec: StackSpec, initializer: Initializer) -> str | None:
    """Why no formula is used here, whatever the depth and the width."""
    if spec.weight_mean:
        return "the formulas are for weights of mean zero"
    if spec.tied and spec.depth > 1:
        bounded = ACTIVATIONS[spec.activation].bounds is not None
        where = "wider where this activation is nearly linear, about as wide where it saturates" if bounded else "wider"
        return (
            f"one matrix reused is a power iteration, whose spread is {where}, compared with fresh weights, and no "
            "formula for it is used here"
        )
    if spec.residual or spec.norm != "none":
        which = "residual streams" if spec.residual else "normalized layers"
        return f"no finite-width formula for {which} is used here"
    if initializer.family == "orthogonal":
        return "orthogonal weights keep lengths, and the formulas are for independent entries"
    return None
