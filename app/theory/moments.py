"""The moments of an independent, identically distributed entry, as far as the predictions need them."""

from typing import NamedTuple


class Moments(NamedTuple):
    """Moments of one entry x of a symmetric distribution about its mean."""

    mean: float
    variance: float
    excess_kurtosis: float

    @property
    def mean_square(self) -> float:
        """E[x²] = Var(x) + E[x]²."""
        return self.variance + self.mean**2

    @property
    def square_variance(self) -> float:
        """Var(x²) = E[x⁴] − E[x²]², with E[x⁴] from the central moments (odd ones vanish by symmetry)."""
        fourth_central = (self.excess_kurtosis + 3) * self.variance**2
        fourth = fourth_central + 6 * self.mean**2 * self.variance + self.mean**4
        return fourth - self.mean_square**2

    def shifted(self, by: float) -> "Moments":
        """Moments of x + by."""
        return self._replace(mean=self.mean + by)
