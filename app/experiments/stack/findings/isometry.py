"""Whether the map from an input to the last layer keeps lengths in all directions, or only on average."""

from ....figures.numbers import number, power
from ....finding import Finding, by_chance, in_spreads
from ..result import Jacobian, StackInit
from ..spec import StackSpec
from .sizes import label_of, layers_of

EQUAL, FEW = 0.05, 3.0  # decades between the largest and the smallest singular value


def isometry(spec: StackSpec, entry: StackInit) -> list[Finding]:
    """The largest and the smallest singular value, beside their mean square."""
    found = entry.layers[-1].jacobian
    if found is None:
        return []
    if found.log10_largest is None:
        said, word = f"after {layers_of(spec)} the map from the input is zero in every direction", "zero"
    else:
        word, said = _spread(spec, found)
    predicted = found.predicted
    off = in_spreads(found.log10_mean_square, predicted.log10_mean_square, predicted.log10_mean_square_std)
    return [
        Finding(
            about="isometry",
            init=entry.init,
            word=word,
            sentence=f"{label_of(entry)}: {said}. {_beside(found, off)}",
            value=found.largest,
            predicted=predicted.largest,
            by_chance=by_chance(off),
            layer=entry.layers[-1].layer,
            brief=f"largest {power(found.log10_largest)}, smallest {_smallest(found)}",
        )
    ]


def _spread(spec: StackSpec, found: Jacobian) -> tuple[str, str]:
    """In a word, and in words."""
    largest, many = power(found.log10_largest), sum(found.histogram.counts) + found.histogram.below
    if found.log10_smallest is None or found.log10_largest is None:
        lost = found.histogram.below
        return "singular", (
            f"of the {many:,} singular values of the map from the input to layer {spec.depth:,} the largest is "
            f"{largest}, and {lost:,} are so small that float64 does not tell them from zero: what lies in those "
            "directions is lost, forward and back"
        )
    decades = found.log10_largest - found.log10_smallest
    if decades <= EQUAL:
        return "isometry", (
            f"all {many:,} singular values of the map from the input to layer {spec.depth:,} are {largest}: every "
            "direction keeps its length in the same proportion, forward and back"
        )
    return "uneven" if decades <= FEW else "singular", (
        f"the singular values of the map from the input to layer {spec.depth:,} go from "
        f"{power(found.log10_smallest)} to {largest}, {number(decades, 2)} decades: some directions are stretched, "
        "others as good as lost"
    )


def _beside(found: Jacobian, off: float | None) -> str:
    predicted = found.predicted
    square = f"Their mean square, which is all that a variance tells, is {power(found.log10_mean_square)}"
    if predicted.log10_mean_square is None:
        return f"{square}."
    chance = "" if off is None else f", {abs(off):.1f} standard deviations of its logarithm away"
    more = "" if by_chance(off) is not False else ", more than chance explains"
    largest = f"; for wide layers the largest is to be {power(predicted.log10_largest)}"
    return f"{square} (theory says {power(predicted.log10_mean_square)}{chance}{more}){largest}."


def _smallest(found: Jacobian) -> str:
    return "lost" if found.log10_smallest is None else power(found.log10_smallest)
