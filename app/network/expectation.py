"""What a layer's output should be, given its input as it was measured, and its weights.

Weights that are drawn independently of the input, of mean zero, give an output of mean square

    E[u²] = taps · E[w²] · E[x²] + E[b²]

with as many taps as products are summed (He et al. 2015, "Delving Deep into Rectifiers", eq. 7, in which the input's
own mean square stands for every unit's). Over draws of normal weights the mean over `fan_out` outputs scatters about
it: for inputs of Gram matrix XXᵀ its relative variance is 2/fan_out · Σλ²/(Σλ)², λ the eigenvalues, which is at most
2/fan_out, where all inputs point in one direction. An activation is that of normal preactivations
with the mean and variance measured, by `theory.meanfield`.
"""

from math import inf, log, log10, sqrt

from ..lab.activations import nonlinearity
from ..lab.summary import Summary
from ..theory.meanfield import shifted
from .modules import Rule
from .recording import Expected, Role
from .weighed import Weighed

LN10 = log(10)
FARTHEST = 30.0  # standard deviations that a mean may lie from zero for the integrals to see both


def expected(
    role: Role, activation: str | None, taken: Summary | None, weights: Weighed | None, rule: Rule | None
) -> Expected:
    """Of a layer of this role, of what goes into it."""
    if taken is None or not taken.mean_square:
        return Expected()
    if role == "activation" and activation:
        return Expected(given_weights=_activated(activation, taken))
    if role != "weights" or weights is None or weights.fans.taps is None:
        return Expected()
    return Expected(
        given_weights=_output(taken.mean_square, weights, weights.moments.mean_square),
        by_rule=_output(taken.mean_square, weights, rule.std(weights.fans) ** 2) if rule else None,
        spread=sqrt(2 / weights.shape[0]) / LN10,
    )


def _activated(activation: str, taken: Summary) -> float | None:
    """log10 of the mean square of φ of a normal variable with the input's mean and variance."""
    if not taken.variance or taken.mean is None or abs(taken.mean) > FARTHEST * sqrt(taken.variance):
        return None
    log_square, _ = shifted(nonlinearity(activation), log(taken.variance), taken.mean / sqrt(taken.variance))
    return log_square / LN10 if log_square > -inf else None


def _output(mean_square: float, weights: Weighed, variance: float | None) -> float | None:
    """log10 of the output's mean square under weights of this one."""
    if variance is None or weights.fans.taps is None:
        return None
    size = weights.fans.taps * variance * mean_square + weights.bias_mean_square
    return log10(size) if 0 < size < inf else None
