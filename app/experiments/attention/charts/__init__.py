"""The charts of one layer of attention, with their titles and captions, and the sections they stand in."""

from ....figures.chart import Chart, Section
from ..spec import AttentionSpec
from .contexts import READ_CONTEXTS, contexts
from .freezing import READ_FREEZING, READ_GRADIENT, READ_OUTPUTS, freezing, gradient, outputs
from .ranked import ranked
from .scores import scores
from .weights import weights


def _read_scores(spec: AttentionSpec) -> str:
    return (
        f"Filled: the scores of {spec.queries:,} queries and {spec.keys:,} keys, as wide as they are. Dotted: the "
        "normal density predicted. The grey band is −1 … 1, where a softmax weighs: in far wider scores the largest "
        "takes all, in far narrower ones all are alike."
    )


def _read_ranked(spec: AttentionSpec) -> str:
    return (
        "The weight of the heaviest key, of the second, and so on, typical of the queries (their geometric mean), on "
        f"log axes. Dotted: predicted. Grey: an even weight, 1/{spec.keys:,}."
    )


_READ_WEIGHTS = (
    "The histogram of log₁₀ of all weights, each scale's as tall as the others': how many decades lie between keys."
)

CHARTS: dict[str, Chart] = {
    "scores": Chart("The scores", _read_scores, scores, "weights", ("own", "log", "count")),
    "ranked": Chart(
        "Who gets the weight", _read_ranked, ranked, "outputs", when=lambda spec: not spec.causal and spec.keys > 1
    ),
    "freezing": Chart("From a plain average to a frozen softmax", READ_FREEZING, freezing, "entropy"),
    "outputs": Chart("The outputs", READ_OUTPUTS, outputs, "outputs", when=lambda spec: not spec.causal),
    "gradient": Chart("The gradient", READ_GRADIENT, gradient, "gradient", when=lambda spec: spec.backward),
    "contexts": Chart("Longer contexts", READ_CONTEXTS, contexts, "contexts", when=lambda spec: spec.keys > 1),
    "weights": Chart("All weights", _READ_WEIGHTS, weights, "scores"),
}

# What stands in none of them is shown first.
SECTIONS = (
    Section("scale", "Which scale?", ("freezing",), "recommendation"),
    Section("outputs", "Queries told apart", ("outputs",), "outputs"),
    Section("gradient", "Gradients", ("gradient",), "gradient"),
    Section("contexts", "Long contexts", ("contexts",), "contexts"),
    Section("weights", "Scores and weights", ("weights",), "scores"),
)
