"""The result of one layer of attention."""

from ...results import Record, Result, Summary


class Spread(Record):
    """A number of each query: its mean and its standard deviation over queries.

    `error` is the standard error of the mean, over fresh queries and keys; null where it is not known: for entries
    that are not normal, have a mean or are all alike, in fewer than 8 dimensions, of fewer than 32 queries or keys, and
    where most queries are as good as decided, so that a few carry the mean (of the gradient from a Σp² of 0.1 on).
    """

    mean: float
    std: float
    error: float | None


class Entropy(Spread):
    """In nats; `share` is the mean over that of even weights."""

    share: float | None


class Largest(Spread):
    """Of the largest weight; `concentrated` is the share of queries in which it is above 0.97."""

    concentrated: float


class Output(Record):
    """`variance` of the outputs' entries about the values' mean, `ratio` of it to the values' own.

    `cosine` between the outputs of two queries: their mean product over the outputs' mean square; null for one query.
    """

    variance: float
    ratio: float
    cosine: float | None


class AttentionGradient(Record):
    """Of a loss whose gradient at the outputs is standard normal: mean squares at the scores and at the queries.

    `row`: over queries, of the sum of a query's squares at the scores, divided by D and the values' variance; ¼ if two
    keys share the weight evenly. `quiet`: the share of queries in which that is below a hundredth of the mean.
    """

    scores: float
    queries: float
    row: Spread
    quiet: float


class Ranked(Record):
    """log₁₀ of the typical weight (the geometric mean over queries) of the key of this rank, the heaviest first."""

    rank: int
    log10_weight: float
    predicted: float


class Limit(Record):
    """The limit of many keys: the softmax freezes where a query's scores have more than `critical_std`."""

    critical_std: float
    entropy: float
    participation: float


class AttentionPredicted(Record):
    """What theory says, from the spec alone; null where it has no formula. Each `_std` is what chance allows.

    `score_variance`: over queries and keys; `query_score_variance`: among the keys of one query, what they share left
    out, on average over queries. `score_gradient` and `query_gradient` are mean squares; the second to leading order
    in 1/D.
    """

    score_variance: float
    score_variance_std: float | None
    query_score_variance: float
    entropy: float
    participation: float
    participation_std: float
    largest: float
    concentrated: float
    output_ratio: float
    output_ratio_std: float | None
    output_cosine: float | None
    output_cosine_std: float | None
    row_gradient: float
    score_gradient: float
    query_gradient: float
    limit: Limit


class AttentionScale(Record):
    """One scale. `weights` summarizes log₁₀ of the weights; `ranks` is empty where queries see different keys."""

    scale: str
    factor: float
    scores: Summary
    weights: Summary
    ranks: list[Ranked]
    entropy: Entropy
    participation: Spread
    largest: Largest
    output: Output
    gradient: AttentionGradient | None
    predicted: AttentionPredicted


class AttentionResult(Result):
    """`theory` says which assumptions the predictions make."""

    scales: list[AttentionScale]
    theory: list[str]
