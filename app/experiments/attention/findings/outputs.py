"""The outputs: how much of the values they keep, and whether different queries get different ones."""

from ....figures.numbers import number
from ....finding import Finding, by_chance
from ..result import AttentionScale
from ..spec import AttentionSpec
from ..theory import cosine_off
from .judged import cosine, label_of, off_by, size_off

ALIKE, RESEMBLING = 0.95, 0.5  # cosines from which outputs are taken for one another, or for relatives


def outputs(spec: AttentionSpec, entry: AttentionScale) -> Finding:
    """Whether two queries get different answers."""
    seen, predicted = entry.output, entry.predicted
    if seen.cosine is None:
        return _size(entry)
    judged = seen.cosine if predicted.output_cosine is None else predicted.output_cosine
    word = "collapse" if judged > ALIKE else "resemble" if judged > RESEMBLING else "differ"
    says = {
        "collapse": "different queries get nearly the same answer",
        "resemble": "different queries get answers that resemble each other",
        "differ": "different queries get different answers",
    }[word]
    off = cosine_off(spec, seen, predicted)
    return Finding(
        about="outputs",
        init=entry.scale,
        word=word,
        sentence=f"{label_of(entry)}: after one layer the outputs of two queries have a cosine of "
        f"{cosine(seen.cosine)} ({off_by(predicted.output_cosine, off)}): "
        f"{says}. {_kept(entry)}",
        value=seen.cosine,
        predicted=predicted.output_cosine,
        by_chance=by_chance(off),
        brief=f"cosine {cosine(seen.cosine)}",
    )


def _size(entry: AttentionScale) -> Finding:
    """Of a single query's output."""
    return Finding(
        about="outputs",
        init=entry.scale,
        word="one",
        sentence=f"{label_of(entry)}: {_kept(entry)}",
        value=entry.output.ratio,
        predicted=entry.predicted.output_ratio,
        by_chance=by_chance(_ratio_off(entry)),
        brief=f"variance {number(entry.output.ratio, 3)} of the values'",
    )


def _kept(entry: AttentionScale) -> str:
    ratio, expected = entry.output.ratio, entry.predicted.output_ratio
    return f"The outputs keep {number(ratio, 3)} of the values' variance; {off_by(expected, _ratio_off(entry))}."


def _ratio_off(entry: AttentionScale) -> float | None:
    return size_off(entry.output.ratio, entry.predicted.output_ratio, entry.predicted.output_ratio_std)


def similarity(spec: AttentionSpec, entry: AttentionScale) -> list[Finding]:
    """What keys share does not tell them apart."""
    if not spec.similarity:
        return []
    left = entry.predicted.query_score_variance
    return [
        Finding(
            about="similarity",
            word="shared",
            sentence=f"Keys with a cosine of {number(spec.similarity)} share that part of a query's scores, which the "
            f"softmax ignores: under {label_of(entry)} a variance of {number(left, 3)} is left to tell them apart. The "
            "values' common part goes straight through to every output.",
            value=left,
            predicted=left,
        )
    ]
