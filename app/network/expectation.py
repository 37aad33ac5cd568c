"""What a layer's output should be, given its input as it was measured, and its weights.

Weights that are drawn independently of the input, of mean zero, give an output of mean square

    E[u²] = taps · E[w²] · E[x²] + E[b²]

with as many taps as products are summed (He et al. 2015, "Delving Deep into Rectifiers", eq. 7, in which the input's
own mean square stands for every unit's). Over draws of normal weights the mean over `fan_out` outputs scatters about
it: for inputs of Gram matrix XXᵀ its relative variance is 2/fan_out · Σλ²/(Σλ)², λ the eigenvalues, which is at most
2/fan_out, where all inputs point in one direction. An activation of normal preactivations of variance q has the mean
square V(q) of `theory.meanfield`.
"""

from math import log, log10, sqrt

from ..lab.activations import nonlinearity
from ..lab.initializers import INITIALIZERS
from ..theory.meanfield import ratios
from .hooks import Weighed
from .recording import Expected, Role

LN10 = log(10)


def expected(
    role: Role, activation: str | None, mean_square: float | None, weights: Weighed | None, rule: str | None
) -> Expected:
    """Of a layer of this role, whose input has this mean square."""
    if not mean_square:
        return Expected()
    if role == "activation" and activation:
        return Expected(given_weights=ratios(nonlinearity(activation), log(mean_square)).log_square / LN10)
    if role != "weights" or weights is None or weights.fans.taps is None:
        return Expected()
    of_rule = _rule_variance(rule, weights)
    return Expected(
        given_weights=_output(mean_square, weights, weights.moments.mean_square),
        by_rule=_output(mean_square, weights, of_rule),
        spread=sqrt(2 / weights.shape[0]) / LN10,
    )


def _output(mean_square: float, weights: Weighed, variance: float | None) -> float | None:
    """log10 of the output's mean square under weights of this one."""
    if variance is None or weights.fans.taps is None:
        return None
    size = weights.fans.taps * variance * mean_square + weights.bias_mean_square
    return log10(size) if 0 < size < float("inf") else None


def _rule_variance(rule: str | None, weights: Weighed) -> float | None:
    return INITIALIZERS[rule].scale(weights.fans.fan_in, weights.fans.fan_out, 1.0) ** 2 if rule else None
