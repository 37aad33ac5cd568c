"""One init's way through the stack: what has been measured of it, layer by layer, there and back.

Where φ is positively homogeneous and nothing else sets a scale, two inits that share their draws send the same
vectors through the stack, up to a factor a layer. Then one lane leads and the others follow: a follower's layers are
the leader's, read at another scale.
"""

from dataclasses import dataclass, field
from functools import reduce
from math import log2, log10
from typing import NamedTuple

import torch

from app.lab.activations import Activation
from app.lab.backward import Gradients
from app.lab.formats import Counts, magnitude_counts, magnitudes
from app.lab.forward import Architecture, Passed
from app.lab.initializers import Initializer
from app.lab.layers import LayerTally, cosine
from app.lab.predictions import Prediction
from app.lab.scaled import Scaled, row_blocks
from app.lab.summary import LOG10_2, Tally, robust_grid, scaled
from app.lab.threads import in_order, submit
from app.results import Cosine, StackLayer, WeightGradient
from app.specs import StackSpec

LARGEST = {name: torch.finfo(getattr(torch, name)).max for name in ("float16", "bfloat16", "float32")}


@dataclass
class Lane:
    """The signal as it stands, the layers it has passed, and what they left for the way back.

    `scales`: the std of every layer's weights. `leader`: the lane this one follows, if any.
    """

    initializer: Initializer
    scales: list[float]
    signal: Scaled
    prediction: Prediction
    leader: "Lane | None" = None
    gradient: Scaled | None = None
    layers: list[StackLayer] = field(default_factory=list)
    passed: list[Passed] = field(default_factory=list)
    overflow_layer: dict[str, int | None] = field(default_factory=lambda: dict.fromkeys(LARGEST))
    networks: list[list[float | None]] = field(default_factory=list)

    def shift(self, first: int, last: int) -> float:
        """log₂ of the factor between this lane and its leader from layers first to last; 0 for a leader."""
        if self.leader is None:
            return 0.0
        pairs = zip(self.scales[first - 1 : last], self.leader.scales[first - 1 : last], strict=True)
        return sum(log2(mine / theirs) for mine, theirs in pairs)

    def record(self, spec: StackSpec, layer: int, seen: "LayerSeen") -> None:
        """Write down a layer on the way there."""
        shift = self.shift(1, layer)
        u, h = seen.preactivation_exponent + shift, seen.activation_exponent + shift
        tally = seen.tally
        fan_in, fan_out = spec.layer_widths[layer - 1 : layer + 1]
        self.layers.append(
            StackLayer(
                layer=layer,
                fan_in=fan_in,
                fan_out=fan_out,
                weight_std=self.scales[layer - 1],
                preactivation=tally.preactivation.summary(u),
                activation=tally.activation_summary(h),
                unit_variance=seen.unit_variance.summary(2 * u),
                cosine=seen.cosine,
                gradient=None,
                weight_gradient=None,
                activation_magnitudes=magnitudes(tally.magnitudes, h, tally.zero),
                gradient_magnitudes=None,
                predicted=self.prediction.layers[layer - 1],
            )
        )
        for name, limit in LARGEST.items():
            exceeded = _exceeds(tally.preactivation.largest, u, limit) or _exceeds(tally.activation.largest, h, limit)
            if exceeded and self.overflow_layer[name] is None:
                self.overflow_layer[name] = layer

    def record_gradient(self, spec: StackSpec, layer: int, seen: "GradientSeen") -> None:
        """Write down a layer on the way back."""
        after, before = self.shift(layer + 1, spec.depth), self.shift(1, layer - 1)
        own_scale, exponent = self.scales[layer - 1], seen.exponent + after
        log2_std = seen.weights_exponent + before + after
        std = scaled(seen.weights_std, log2_std)
        update = {
            "gradient": seen.tally.summary(exponent),
            "gradient_magnitudes": magnitudes(seen.magnitudes, exponent, seen.zeros),
            "weight_gradient": WeightGradient(
                std=std,
                log10_std=log10(seen.weights_std) + log2_std * LOG10_2 if seen.weights_std > 0 else None,
                grad_to_data=std / own_scale if std is not None and own_scale > 0 else None,
            ),
        }
        self.layers[layer - 1] = self.layers[layer - 1].model_copy(update=update)


class LayerSeen(NamedTuple):
    """A layer's measurements, in units of powers of two."""

    tally: LayerTally
    cosine: Cosine
    unit_variance: Tally
    preactivation_exponent: int
    activation_exponent: int


class GradientSeen(NamedTuple):
    """The gradient's, at a layer's output, and the weights'."""

    tally: Tally
    magnitudes: Counts
    zeros: int
    exponent: int
    weights_std: float
    weights_exponent: int


def follow_leaders(lanes: list[Lane], spec: StackSpec, activation: Activation) -> None:
    """Let every lane follow the first of its family, if scale is all that tells them apart."""
    scale_free = activation.homogeneous and not spec.bias_std and spec.norm == "none" and not spec.residual
    leaders: dict[str | None, Lane] = {}
    for lane in lanes:
        if scale_free and lane.initializer.bias_bound is None and all(scale > 0 for scale in lane.scales):
            leader = leaders.setdefault(lane.initializer.family or "normal", lane)
            lane.leader = None if leader is lane else leader


def see_layer(spec: StackSpec, architecture: Architecture, passed: Passed) -> LayerSeen:
    """Measure what a layer leaves, all threads at once."""
    u, h = passed.u, passed.output
    empty = LayerTally.on_grids_of(u.value, h.value, spec.bins)
    bounds = architecture.activation.bounds if architecture.branch_scale is None else None
    if bounds is not None:
        unit = 2.0 ** min(-h.exponent, 1000)  # beyond which a bound is out of reach either way
        bounds = bounds[0] * unit, bounds[1] * unit

    def count(rows: slice) -> LayerTally:
        return empty.fresh().add(u.value[rows], h.value[rows], bounds)

    between = submit(cosine, h.value)
    tally = reduce(LayerTally.merge, in_order(count, row_blocks(u.value)))
    return LayerSeen(tally, between.result(), tally.unit_variance(spec.bins), u.exponent, h.exponent)


def see_gradient(spec: StackSpec, at: Scaled, back: Gradients) -> GradientSeen:
    """Measure the gradient at a layer's output, and that of its weights."""
    grid = robust_grid(at.value, spec.bins)
    # On the pool, where torch has one thread: a sum must not depend on how many the caller has.
    std = submit(lambda w: float(w.double().std()) if w.numel() > 1 else 0.0, back.weights.value)
    tally = reduce(Tally.merge, in_order(lambda rows: Tally(grid).add(at.value[rows]), row_blocks(at.value)))
    return GradientSeen(
        tally=tally,
        magnitudes=magnitude_counts(at.value),
        zeros=int((at.value == 0).count_nonzero()),
        exponent=at.exponent,
        weights_std=std.result(),
        weights_exponent=back.weights.exponent,
    )


def _exceeds(largest: float, exponent: float, limit: float) -> bool:
    return largest > 0 and log2(largest) + exponent > log2(limit)
