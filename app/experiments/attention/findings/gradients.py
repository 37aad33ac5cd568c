"""The gradient on its way back through the softmax."""

from ....figures.numbers import number, percent
from ....finding import Finding, by_chance, in_spreads
from ..result import AttentionScale
from .judged import judgement, label_of

SILENT = 0.05  # share of queries that get hardly any gradient, from which it is worth a word
FAINT = 1e-4  # mean square at the queries, of one at the outputs


def gradient(entry: AttentionScale) -> list[Finding]:
    """How much reaches the scores and the queries, and how evenly."""
    seen, predicted = entry.gradient, entry.predicted
    if seen is None:
        return []
    word = "uneven" if seen.quiet > SILENT else "faint" if seen.queries < FAINT else "even"
    quiet = (
        f" {percent(seen.quiet)} of the queries get less than a hundredth of the mean: one weight holds all, and a "
        "softmax that has decided passes nothing on."
        if word == "uneven"
        else ""
    )
    error = seen.row.error
    off = in_spreads(seen.row.mean, predicted.row_gradient, error)
    return [
        Finding(
            about="gradient",
            init=entry.scale,
            word=word,
            sentence=f"{label_of(entry)}: a gradient of mean square 1 at the outputs comes back to the queries with "
            f"{number(seen.queries, 3)} (theory says {number(predicted.query_gradient, 3)}). The scores of one query "
            f"get {number(seen.row.mean, 3)} · D of it; {judgement(seen.row.mean, predicted.row_gradient, error)}."
            f"{quiet}",
            value=seen.row.mean,
            predicted=predicted.row_gradient,
            by_chance=by_chance(off),
            brief=f"{number(seen.queries, 3)} at the queries",
        )
    ]
