"""The scale to use, and what a longer context makes of it."""

from math import isclose, log, sqrt

from ....figures.numbers import listed, number, percent
from ....finding import Finding
from ..result import AttentionScale
from ..spec import AttentionSpec
from ..theory import scores_of
from .judged import cosine, label_of
from .outputs import ALIKE
from .weights import sharing

LONGER = 16  # times as many keys


def compromise(spec: AttentionSpec, scales: list[AttentionScale]) -> Finding:
    """The k under which a query's scores have a variance of one, between a frozen softmax and a plain average."""
    per_square = scores_of(spec, 1.0).variance * (1 - spec.similarity)
    if per_square <= 0:
        return Finding(
            about="recommendation",
            word="none",
            sentence="No scale tells keys apart that are all the same: every query gets the same answer.",
            advice="Give the keys a similarity below 1.",
        )
    k = per_square**-0.5
    plain = isclose(per_square, spec.head_dim)
    divisor = f"√D = √{spec.head_dim:,}" if plain else f"√{number(per_square)}"
    deaths = [said for entry in scales if (said := _death(entry))]
    between_two = f" {listed(deaths)[0].upper()}{listed(deaths)[1:]}." if deaths else ""
    return Finding(
        about="recommendation",
        word="√D" if plain else divisor,
        sentence=f"Divide the scores by {divisor}, a k of {number(k)}: then those of one query have a std of 1, "
        f"below √(2 ln n) = {number(sqrt(2 * log(spec.keys)), 3)}, where the softmax freezes, and still tell keys "
        f"apart.{between_two}",
        value=k,
        predicted=k,
        advice=f"Divide the scores by {divisor}.",
        code="F.scaled_dot_product_attention(q, k, v)  # divides by √D"
        if plain
        else f"F.scaled_dot_product_attention(q, k, v, scale={k:.6g})",
    )


def _death(entry: AttentionScale) -> str | None:
    word, alike = sharing(entry), entry.output.cosine
    if word == "freezes":
        return f"under {label_of(entry)} one key takes {percent(entry.largest.mean)} of the weight"
    if word == "averages" and alike is not None and alike > ALIKE:
        return f"under {label_of(entry)} all queries get one answer, with a cosine of {cosine(alike)}"
    return None


def contexts(spec: AttentionSpec) -> list[Finding]:
    """How the size at which the softmax freezes grows with the context."""
    if spec.keys < 2:
        return []
    now, then = sqrt(2 * log(spec.keys)), sqrt(2 * log(LONGER * spec.keys))
    return [
        Finding(
            about="contexts",
            word="longer",
            sentence=f"With {spec.keys:,} keys the softmax freezes where scores have a std of {number(now, 3)}, with "
            f"{LONGER} times as many at {number(then, 3)}: √(2 ln n) grows, so that at one scale each weight of a "
            "longer context is smaller. To keep attention as sharp, the scores' std has to grow like √ln n.",
            value=now,
            predicted=now,
        )
    ]
