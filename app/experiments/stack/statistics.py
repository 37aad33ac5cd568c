"""What of a stack can be followed while one of its fields runs, the laws that show, and the gains worth marking."""

from collections.abc import Callable
from math import log, log10, sqrt
from statistics import variance

from ...lab.activations import ACTIVATIONS, nonlinearity
from ...lab.formats import FORMATS
from ...lab.initializers import INITIALIZERS
from ...statistic import Mark, Measured, Statistic, growth, of_inits, power
from ...theory.finite_width import LN10, NORMAL_975
from ...theory.gains import gains
from ..experiment import Preset
from .result import Band, StackInit, StackLayer, StackResult
from .spec import StackSpec

Log10 = Callable[[StackLayer], float | None]


def _final(entry: StackInit) -> Measured:
    last = entry.layers[-1]
    return Measured(last.preactivation.mean_square, power(last.predicted.typical), _log_spread(last.predicted.band))


def _growth(entry: StackInit) -> Measured:
    """Of the preactivations' mean square, a layer, from the middle of the stack to its end."""
    middle, last = _second_half(entry)
    return Measured(
        _factor(middle, last, lambda at: at.preactivation.log10_mean_square),
        _factor(middle, last, lambda at: at.predicted.typical),
    )


def _gradient_growth(entry: StackInit) -> Measured:
    """Of the mean square of the gradient at the activations, a layer, on its way back from the end to the middle.

    There the signal has settled, and the factor is χ₁ (Schoenholz et al. 2017, "Deep Information Propagation", eq. 5).
    """
    middle, last = _second_half(entry)
    return Measured(_factor(last, middle, _gradient), _factor(last, middle, lambda at: at.predicted.typical_gradient))


def _growths(result: StackResult) -> dict[str, Measured]:
    """Both of them, each a series of its own."""
    return {
        f"{entry.init} {way}": measured(entry)
        for entry in result.inits
        for way, measured in (("forward", _growth), ("backward", _gradient_growth))
    }


def _depth_scale(entry: StackInit) -> Measured:
    """1 / |ln χ₁|, of the same factor (Schoenholz et al. 2017, eq. 9)."""
    a_layer = _gradient_growth(entry)
    return Measured(_layers_to_e(a_layer.value), _layers_to_e(a_layer.predicted))


def _second_half(entry: StackInit) -> tuple[StackLayer, StackLayer]:
    return entry.layers[max(len(entry.layers) // 2, 1) - 1], entry.layers[-1]


def _over_networks(entry: StackInit) -> Measured:
    """Var ln q over networks, q of one input at the last layer: 5·depth/width for ReLU (Hanin and Nica 2019)."""
    found, band = entry.repeats, entry.layers[-1].predicted.one_input
    spread = _log_spread(band)
    predicted = None if spread is None else spread**2
    sizes = [network[-1] for network in found.log10_mean_square] if found else []
    known = [LN10 * size for size in sizes if size is not None]
    if len(known) < 2:
        return Measured(None, predicted)
    return Measured(variance(known), predicted, predicted and predicted * sqrt(2 / (len(known) - 1)))


def _overflow(name: str) -> Callable[[StackInit], Measured]:
    """Predicted where the largest of N normal preactivations, √(2 ln N) standard deviations, passes the format."""
    limit = log10(FORMATS[name].overflows)

    def measured(entry: StackInit) -> Measured:
        layer = entry.overflow_layer[name]
        return Measured(None if layer is None else float(layer), _first_beyond(entry, limit))

    return measured


def _first_beyond(entry: StackInit, limit: float) -> float | None:
    for layer in entry.layers:
        size = layer.predicted.typical
        if size is None:
            return None
        if size / 2 + log10(2 * log(max(layer.preactivation.count, 2))) / 2 > limit:
            return float(layer.layer)
    return None


def _gradient(layer: StackLayer) -> float | None:
    return layer.gradient.log10_mean_square if layer.gradient else None


def _factor(start: StackLayer, end: StackLayer, size: Log10) -> float | None:
    """A layer, from one layer to another."""
    return growth(size(start), size(end), abs(end.layer - start.layer))


def _layers_to_e(factor: float | None) -> float | None:
    return None if not factor or factor == 1 else 1 / abs(log(factor))


def _log_spread(band: Band | None) -> float | None:
    """The standard deviation of ln of a number whose 95 % band this is."""
    if band is None or band.log10_low is None or band.log10_high is None:
        return None
    return LN10 * (band.log10_high - band.log10_low) / (2 * NORMAL_975)


SETTLED = "Growth is from the middle of the stack to its end, where the signal has settled."
BACKWARD = ("backward",)
STATISTICS = {
    "final_mean_square": Statistic(
        "mean square of the last preactivations",
        of_inits(_final),
        log=True,
        by_factors=True,
        printed=1,
        short="mean square in the last layer",
    ),
    "growth": Statistic(
        "growth of the signal",
        of_inits(_growth),
        unit="factor a layer",
        help=SETTLED,
        log=True,
        by_factors=True,
        level=1.0,
    ),
    "gradient_growth": Statistic(
        "growth of the gradient",
        of_inits(_gradient_growth),
        unit="factor a layer",
        help=SETTLED,
        log=True,
        by_factors=True,
        level=1.0,
        needs=BACKWARD,
    ),
    "growths": Statistic(
        "growth of signal and gradient",
        _growths,
        unit="factor a layer",
        help=SETTLED,
        log=True,
        by_factors=True,
        level=1.0,
        needs=BACKWARD,
    ),
    "depth_scale": Statistic(
        "depth over which the gradient changes by a factor of e",
        of_inits(_depth_scale),
        unit="layers",
        help=SETTLED,
        log=True,
        by_factors=True,
        needs=BACKWARD,
        short="depth scale of the gradient",
    ),
    "cosine": Statistic(
        "cosine between inputs after the last layer",
        of_inits(lambda entry: Measured(entry.layers[-1].cosine.mean, entry.layers[-1].predicted.cosine)),
        printed=3,
        short="cosine in the last layer",
    ),
    "saturated": Statistic(
        "share of saturated activations in the last layer",
        of_inits(lambda entry: Measured(entry.layers[-1].activation.saturated, entry.layers[-1].predicted.saturated)),
        short="saturated in the last layer",
    ),
    "dead": Statistic(
        "share of dead units in the last layer",
        of_inits(lambda entry: Measured(entry.layers[-1].activation.dead_units)),
        predicted=False,
        short="dead units in the last layer",
    ),
    "network_spread": Statistic(
        "variance over networks of ln of one input's mean square",
        of_inits(_over_networks),
        log=True,
        of_repeats=True,
        short="how far networks differ",
    ),
    **{
        f"overflow_{name}": Statistic(
            f"first layer that overflows {name}",
            of_inits(_overflow(name)),
            unit="layer",
            short=f"first overflow in {name}",
        )
        for name in ("float16", "bfloat16", "float32")
    },
}


def marks(spec: StackSpec, field: str) -> list[Mark]:
    """The gains that PyTorch, the variance and the gradient ask for, as they are written for the spec's first init."""
    if field != "gain":
        return []
    width = spec.layer_widths[0]
    own = INITIALIZERS[spec.init[0]].scale(width, width, 1.0, spec.fan_mode) * sqrt(width)
    wanted = gains(nonlinearity(spec.activation))
    named = {
        "torch's": ACTIVATIONS[spec.activation].gain,
        "keeps the variance": wanted.variance_preserving,
        "critical": wanted.critical,
    }
    return [Mark(label, gain / own) for label, gain in named.items() if gain is not None]


SMALL = "bins=4&batch=32&width=128"
LAWS = (
    Preset(
        "Growth forward and backward against gain",
        f"of=stack&x=gain&x_from=0.5&x_to=3&x_steps=9&statistic=growths&init=1/sqrt(D)&depth=20&repeats=2&{SMALL}",
    ),
    Preset(
        "Order and chaos",
        "of=stack&x=gain&x_from=0.5&x_to=3&x_steps=11&y=bias_std&y_from=0&y_to=0.8&y_steps=5"
        "&statistic=gradient_growth&repeats=1&init=1/sqrt(D)&depth=16&bins=4&batch=4&width=128",
    ),
    Preset(
        "How deep a signal lives",
        "of=stack&x=gain&x_from=0.6&x_to=1.8&x_steps=9&statistic=depth_scale&init=1/sqrt(D)"
        f"&depth=30&repeats=2&{SMALL}",
    ),
    Preset(
        "Networks differ by depth over width",
        "of=stack&x=depth&x_from=4&x_to=32&x_steps=4&x_scale=log&statistic=network_spread&repeats=100"
        "&activation=relu&init=kaiming_normal&batch=2&width=64&bins=4&backward=false",
    ),
    Preset(
        "float16 against width",
        "of=stack&x=width&x_from=8&x_to=256&x_steps=6&statistic=overflow_float16&repeats=2&activation=linear"
        "&init=unscaled&depth=12&batch=8&bins=4&backward=false",
    ),
)
