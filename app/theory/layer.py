"""What theory needs to know of one layer."""

from math import inf, log
from typing import NamedTuple


class LayerShape(NamedTuple):
    """What theory needs of one layer; variances, not standard deviations.

    The logarithms say what float64 cannot hold: a scale of 1e-170 has a variance of 1e-340.
    """

    fan_in: int
    fan_out: int
    weight_variance: float
    bias_variance: float
    log_weight_variance: float | None = None
    log_bias_variance: float | None = None

    @classmethod
    def of(cls, fan_in: int, fan_out: int, weight_std: float, bias_std: float) -> "LayerShape":
        """From standard deviations, whose squares may be beyond float64."""
        return cls(fan_in, fan_out, weight_std**2, bias_std**2, 2 * safe_log(weight_std), 2 * safe_log(bias_std))

    @property
    def log_gain(self) -> float:
        """log fan_in·Var(w)."""
        return log(self.fan_in) + self._log_weight

    @property
    def log_gain_back(self) -> float:
        """log fan_out·Var(w)."""
        return log(self.fan_out) + self._log_weight

    @property
    def log_bias(self) -> float:
        """log Var(b)."""
        return safe_log(self.bias_variance) if self.log_bias_variance is None else self.log_bias_variance

    @property
    def _log_weight(self) -> float:
        return safe_log(self.weight_variance) if self.log_weight_variance is None else self.log_weight_variance


def safe_log(value: float) -> float:
    """log, and -∞ of zero."""
    return log(value) if value > 0 else -inf
