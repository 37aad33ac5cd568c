"""The outputs: their mean and variance under each scale, and why they are not exactly what one expects."""

from math import log10, sqrt

from ....figures.numbers import number, signed
from ....finding import Finding, by_chance, course, in_spreads
from ..result import MatmulInit
from ..spec import MatmulSpec
from .drawn import input_moments, label_of

MOSTLY = 0.8  # share of a variance that one cause explains, before it counts as the cause


def columns_off(entry: MatmulInit) -> float | None:
    """How far the columns' variance is from that of this x, in standard errors."""
    predicted = entry.predicted
    return in_spreads(entry.measured.variance, predicted.variance_given_input, predicted.variance_given_input_std)


def signal(spec: MatmulSpec, entry: MatmulInit) -> Finding:
    """The outputs' variance beside the mean square of what went in."""
    predicted, measured, label = entry.predicted, entry.measured.variance, label_of(entry)
    started = input_moments(spec).mean_square
    factor = predicted.variance / started if started else 0.0
    if measured is None:
        said = f"{label}: one column has no variance; theory says {number(predicted.variance)}."
    else:
        against = f"where x's entries have a mean square of {number(started)} on average"
        off = columns_off(entry)
        chance = "" if off is None else f", {abs(off):.1f} standard errors away"
        said = (
            f"{label}: the outputs have a variance of {number(measured)}, {against}. Theory says "
            f"{number(predicted.variance_given_input, 5)} for this x{chance}."
        )
    return Finding(
        about="signal",
        init=entry.init,
        word=course(log10(factor)) if factor > 0 else "vanishes",
        sentence=said,
        value=measured,
        predicted=predicted.variance_given_input,
        by_chance=by_chance(columns_off(entry)),
        brief=f"variance {number(measured)}, predicted {number(predicted.variance_given_input)}",
    )


def mean(entry: MatmulInit) -> Finding:
    """The outputs' mean: of chance alone, or of what weights with a mean add up."""
    expected, measured = entry.predicted.mean_given_input, entry.measured.mean
    count = entry.measured.count - entry.measured.nonfinite
    error = sqrt(entry.predicted.variance_given_input / count) if count else 0.0
    chance = by_chance(in_spreads(measured, expected, error))
    if expected:
        said = (
            f"the weights have a mean, so the outputs share one, k · E[w] · Σxᵢ = {number(expected, 3)} for this x "
            f"({number(measured, 3)} measured). It grows with D, not with √D."
        )
    else:
        verdict = "more than chance explains" if chance is False else "0 but for chance"
        said = f"the outputs have a mean of {number(measured, 2)}, {verdict}: its standard error is {number(error, 2)}."
    return Finding(
        about="mean",
        init=entry.init,
        word="shared" if expected else "zero",
        sentence=f"{label_of(entry)}: {said}",
        value=measured,
        predicted=expected,
        by_chance=chance,
    )


def difference(spec: MatmulSpec, entry: MatmulInit) -> list[Finding]:
    """Why the measured variance is not its mean over all inputs: the larger of the two errors is named."""
    predicted, measured = entry.predicted, entry.measured.variance
    if measured is None or predicted.variance <= 0:
        return []
    by_input = predicted.variance_given_input - predicted.variance
    by_columns = measured - predicted.variance_given_input
    question = f"Why {number(measured)} and not {number(predicted.variance)}?"
    square = f"‖x‖² is itself random, {number(entry.input.square_mean)} ± {number(entry.input.square_std, 3)}"
    sampling = f"± {number(predicted.variance_given_input_std, 2)}"
    if not entry.input.square_std:
        word = "columns"
        said = (
            f"With these inputs ‖x‖² is always {number(entry.input.square_mean)}, so only the sampling error over "
            f"{spec.fan_out:,} columns is left, {sampling}: it moved the variance by {signed(by_columns)}."
        )
    elif abs(by_input) >= abs(by_columns):
        word = "input"
        said = (
            f"Mostly because of x: {square}. This x has {entry.input.square:,.2f}, which moved the variance by "
            f"{signed(by_input)}. The sampling error over {spec.fan_out:,} columns, {sampling}, moved it by "
            f"{signed(by_columns)}. More columns shrink the second; only another x changes the first."
        )
    else:
        word = "columns"
        said = (
            f"Mostly because there are only {spec.fan_out:,} columns: the sampling error of their variance is "
            f"{sampling}, and it moved this one by {signed(by_columns)}. {square[0].upper()}{square[1:]}: this x has "
            f"{entry.input.square:,.2f}, which moved the variance by {signed(by_input)}."
        )
    spread = sqrt(predicted.variance_std**2 + predicted.variance_given_input_std**2)
    return [
        Finding(
            about="difference",
            init=entry.init,
            word=word,
            sentence=f"{question} {said}",
            value=measured,
            predicted=predicted.variance,
            by_chance=by_chance(in_spreads(measured, predicted.variance, spread)),
        )
    ]


def repeats(spec: MatmulSpec, entry: MatmulInit) -> list[Finding]:
    """What the spread over repeats is made of."""
    seen, predicted = entry.repeats, entry.predicted
    if seen is None or seen.std is None or seen.mean is None:
        return []
    spread = sqrt(predicted.variance_std**2 + predicted.variance_given_input_std**2)
    if spread == 0:
        return []
    share = (predicted.variance_std / spread) ** 2
    word = "input" if share > MOSTLY else "columns" if share < 1 - MOSTLY else "both"
    mine, rest = (f"{100 * part:.0f} % of its variance is" for part in (share, 1 - share))
    cause = {
        "input": f"{mine} ‖x‖²'s: all columns share one x, so more columns would not help.",
        "columns": f"{rest} the sampling error over {spec.fan_out:,} columns.",
        "both": f"{mine} ‖x‖²'s, the rest the sampling error over {spec.fan_out:,} columns.",
    }
    # The standard error of a standard deviation, for a normal spread.
    off = in_spreads(seen.std, spread, spread / sqrt(2 * max(len(seen.variances) - 1, 1)))
    return [
        Finding(
            about="repeats",
            init=entry.init,
            word=word,
            sentence=f"Over {len(seen.variances):,} repeats, each with its own x and w, the variance of "
            f"{label_of(entry)} was {number(seen.mean)} ± {number(seen.std, 3)}; theory says "
            f"{number(predicted.variance)} ± {number(spread, 3)}. {cause[word]}",
            value=seen.std,
            predicted=spread,
            by_chance=by_chance(off),
        )
    ]
