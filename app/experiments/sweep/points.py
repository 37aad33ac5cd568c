"""How far a cell's number is from theory, as a share and in standard errors."""

from math import log, sqrt
from typing import NamedTuple


class Point(NamedTuple):
    """A cell with a number, where it lies, and how far from theory: as a share of it, and in standard errors."""

    where: str
    value: float
    low: float | None
    high: float | None
    predicted: float | None
    by_factors: bool

    @property
    def off(self) -> float | None:
        """In a share of theory's value, or as it is where that is zero."""
        if self.predicted is None:
            return None
        return (self.value - self.predicted) / (abs(self.predicted) or 1.0)

    @property
    def errors(self) -> float | None:
        """In standard errors."""
        if self.predicted is None or self.low is None or self.high is None or self.high <= self.low:
            return None
        if self.by_factors and min(self.low, self.value, self.predicted) > 0:
            return log(self.value / self.predicted) / (log(self.high / self.low) / 2)
        return (self.value - self.predicted) / ((self.high - self.low) / 2)


def normal_errors(errors: float | None, degrees: int | None) -> float | None:
    """A distance in estimated standard errors as one in true ones: of a t with so few degrees of freedom, to a tenth.

    Wallace 1959, "Bounds on normal approximations to Student's and the chi-square distributions".
    """
    if errors is None or degrees is None:
        return errors
    if degrees < 1:
        return None
    shrunk = sqrt(degrees * log(1 + errors**2 / degrees)) * (8 * degrees + 1) / (8 * degrees + 3)
    return shrunk if errors > 0 else -shrunk
