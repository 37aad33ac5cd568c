"""What of a matmul can be followed while one of its fields runs, and the laws that show."""

from math import hypot, sqrt

from ...statistic import Measured, Statistic, of_inits
from ..experiment import Preset
from .findings.variance import columns_off
from .result import MatmulInit


def _variance(entry: MatmulInit) -> Measured:
    """Beside its mean over inputs; its spread is that of ‖x‖² and of the columns."""
    return Measured(entry.measured.variance, entry.predicted.variance, _spread(entry))


def _z(entry: MatmulInit) -> Measured:
    return Measured(columns_off(entry), 0.0, 1.0)


def _over_inputs(entry: MatmulInit) -> Measured:
    """A normal sample's standard deviation has a standard error of its own over √(2(n − 1))."""
    found, spread = entry.repeats, _spread(entry)
    if found is None or found.std is None:
        return Measured(None, spread)
    return Measured(found.std, spread, spread / sqrt(2 * (len(found.variances) - 1)))


def _spread(entry: MatmulInit) -> float:
    return hypot(entry.predicted.variance_std, entry.predicted.variance_given_input_std)


STATISTICS = {
    "variance": Statistic("variance of z", of_inits(_variance), log=True, printed=1),
    "z": Statistic(
        "distance of the variance from that of its x",
        of_inits(_z),
        unit="standard errors over the columns",
        short="variance beside that of its x",
    ),
    "input_spread": Statistic(
        "standard deviation of the variance over inputs",
        of_inits(_over_inputs),
        log=True,
        of_repeats=True,
        short="spread of the variance",
    ),
}

LAWS = (
    Preset("Variance against D", "of=matmul&x=fan_in&x_from=16&x_to=1024&x_steps=7&repeats=20&fan_out=4000&bins=4"),
    Preset(
        "Variance against k",
        "of=matmul&x=gain&x_from=0.01&x_to=100&x_steps=9&init=unscaled&fan_in=256&fan_out=2000&bins=4",
    ),
    Preset(
        "Xavier and He between two widths",
        "of=matmul&x=fan_in&x_from=16&x_to=1024&x_steps=7&y=fan_out&y_from=16&y_to=1024&y_steps=7"
        "&init=xavier_normal&init=kaiming_normal&bins=4&repeats=4",
    ),
)
