"""One init's way through the stack: what has been measured of it, layer by layer, there and back.

Where φ is positively homogeneous and nothing else sets a scale, two inits that share their draws send the same
vectors through the stack, up to a factor a layer. Then one lane leads and the others follow: a follower's layers are
the leader's, read at another scale.
"""

from dataclasses import dataclass, field
from math import inf, isfinite, log2, log10
from typing import Any

from ...lab.activations import ACTIVATIONS
from ...lab.formats import magnitudes
from ...lab.initializers import INITIALIZERS, Initializer
from ...lab.kernels.summaries import LOG10_2
from ...lab.layers import Added, Measured
from ...lab.scaled import Scaled, log2_size
from ...lab.summary import log10_square, scaled
from ...lab.threads import within_block
from .backward import MeasuredGradient, Retreat
from .forward import WayBack
from .isometry import predict_jacobian
from .jacobian import Spectrum, Tangent
from .limits import Limits
from .result import Branch, Jacobian, StackLayer, WeightGradient
from .spec import StackSpec
from .theory import Prediction, power_of_ten


@dataclass(eq=False)
class Lane:
    """The signal as it stands, what was measured of the layers it has passed, and what they left for the way back.

    `scales`: the std of every layer's weights. `leader`: the lane this one follows, if any.
    """

    spec: StackSpec
    initializer: Initializer
    scales: list[float]
    signal: Scaled
    prediction: Prediction
    leader: "Lane | None" = None
    retreat: Retreat | None = None
    ways_back: list[WayBack] = field(default_factory=list)
    limits: Limits = field(default_factory=Limits)
    networks: list[list[float | None]] = field(default_factory=list)
    tangent: Tangent | None = None
    _back: list[MeasuredGradient] = field(default_factory=list)
    _maps: list[Spectrum] = field(default_factory=list)
    _layers: list[StackLayer] = field(default_factory=list)
    _with_gradient: int = 0
    _with_map: int = 0

    @property
    def family(self) -> str:
        """How its weights are drawn."""
        return self.initializer.family or "normal"

    @property
    def layers(self) -> list[StackLayer]:
        """Every layer passed so far, with its gradient once the way back has come by; each is written down once."""
        for gradient in self._back[self._with_gradient :]:
            within_block()
            layer = self.spec.depth - self._with_gradient
            self._layers[layer - 1] = self._layers[layer - 1].model_copy(update=self._gradient(layer, gradient))
            self._with_gradient += 1
        for spectrum in self._maps[self._with_map :]:
            known = {"jacobian": self._jacobian(self._with_map + 1, spectrum)}
            self._layers[self._with_map] = self._layers[self._with_map].model_copy(update=known)
            self._with_map += 1
        return list(self._layers)

    def shift(self, first: int, last: int) -> float:
        """log₂ of the factor between this lane and its leader from layers first to last; 0 for a leader."""
        if self.leader is None:
            return 0.0
        pairs = zip(self.scales[first - 1 : last], self.leader.scales[first - 1 : last], strict=True)
        return sum(log2(mine / theirs) for mine, theirs in pairs)

    def record(self, seen: Measured) -> None:
        """The next layers on the way there."""
        within_block()
        first, number = len(self._layers) + 1, len(seen.exponents)
        shifts = [self.shift(1, layer) for layer in range(first, first + number)]
        self._see_limits(seen, shifts)
        widths = self.spec.layer_widths
        for layer, u, h, variance, by_size, cosine, branch in zip(
            range(first, first + number),
            seen.preactivations(shifts),
            seen.activations(shifts),
            seen.unit_variances(shifts),
            seen.magnitudes(shifts),
            seen.cosines,
            seen.branches,
            strict=True,
        ):
            self._layers.append(
                StackLayer(
                    layer=layer,
                    fan_in=widths[layer - 1],
                    fan_out=widths[layer],
                    weight_std=self.scales[layer - 1],
                    preactivation=u,
                    activation=h,
                    branch=self._branch(branch),
                    unit_variance=variance,
                    cosine=cosine,
                    gradient=None,
                    weight_gradient=None,
                    activation_magnitudes=by_size,
                    gradient_magnitudes=None,
                    jacobian=None,
                    predicted=self.prediction.layers[layer - 1],
                )
            )

    def _see_limits(self, seen: Measured, shifts: list[float]) -> None:
        has_zeros = ACTIVATIONS[self.spec.activation].has_zeros
        for layer, shift, u, h, variance, exponents, log2_product in zip(
            range(len(self._layers) + 1, len(self._layers) + 1 + len(shifts)),
            shifts,
            seen.preactivation.largest,
            seen.activation.largest,
            seen.preactivation.variances,
            seen.exponents,
            seen.log2_products,
            strict=True,
        ):
            u_exponent, h_exponent = (exponent + shift for exponent in exponents)
            log2_u, log2_h = log2_size(u, u_exponent), log2_size(h, h_exponent)
            if log2_h is None and log2_u is not None and not has_zeros:
                log2_h = -inf
            self.limits.see(layer, (log2_product, log2_u, log2_h), log2_size(variance, 2 * u_exponent))

    def _branch(self, seen: Added | None) -> Branch | None:
        if seen is None:
            return None
        if not self.spec.branch_scale:
            return Branch(mean_square=0.0, log10_mean_square=None)
        square, log2_scale = seen.mean_square, seen.exponent + log2(self.spec.branch_scale)
        return Branch(mean_square=scaled(square, 2 * log2_scale), log10_mean_square=log10_square(square, log2_scale))

    def record_gradient(self, seen: MeasuredGradient) -> None:
        """The next layer on the way back."""
        self._back.append(seen)

    def _gradient(self, layer: int, seen: MeasuredGradient) -> dict[str, Any]:
        after, before = self.shift(layer + 1, self.spec.depth), self.shift(1, layer - 1)
        own_scale, exponent = self.scales[layer - 1], seen.exponent + after
        log2_std = seen.weights_exponent + before + after
        std = scaled(seen.weights_std, log2_std)
        ratio = std / own_scale if std is not None and own_scale > 0 else inf
        return {
            "gradient": seen.values.summary(exponent),
            "gradient_magnitudes": magnitudes(seen.values, exponent),
            "weight_gradient": WeightGradient(
                std=std,
                log10_std=log10(seen.weights_std) + log2_std * LOG10_2 if seen.weights_std > 0 else None,
                grad_to_data=ratio if isfinite(ratio) else None,
            ),
        }

    def record_map(self, spectrum: Spectrum) -> None:
        """The map from the input to the next layer."""
        self._maps.append(spectrum)

    def _jacobian(self, layer: int, spectrum: Spectrum) -> Jacobian:
        log2_scale = self.shift(1, layer)
        logs, exponent = spectrum.logs(log2_scale), spectrum.exponent + log2_scale
        largest = float(logs[0]) if len(logs) else None
        smallest = float(logs[-1]) if len(logs) and not spectrum.lost else None
        return Jacobian(
            largest=0.0 if largest is None else power_of_ten(largest),
            log10_largest=largest,
            smallest=power_of_ten(smallest),
            log10_smallest=smallest,
            mean_square=scaled(spectrum.mean_square, 2 * exponent),
            log10_mean_square=log10_square(spectrum.mean_square, exponent),
            histogram=spectrum.histogram(logs),
            predicted=predict_jacobian(self.spec, self.initializer)[layer - 1],
        )


def leaders(spec: StackSpec) -> list[str]:
    """For every init the first of its family, if scale is all that tells them apart, else itself."""
    activation = ACTIVATIONS[spec.activation]
    scale_free = activation.homogeneous and not spec.bias_std and spec.norm == "none" and not spec.residual
    first: dict[str, str] = {}

    def leader(name: str) -> str:
        entry = INITIALIZERS[name]
        alike = scale_free and entry.bias_bound is None and spec.gain != 0
        return first.setdefault(entry.family or "normal", name) if alike else name

    return [leader(name) for name in spec.init]


def follow_leaders(lanes: list[Lane]) -> None:
    """Let every lane follow the first of its family, if it may."""
    by_name = {lane.initializer.name: lane for lane in lanes}
    for lane, name in zip(lanes, leaders(lanes[0].spec), strict=True):
        lane.leader = None if name == lane.initializer.name else by_name[name]
