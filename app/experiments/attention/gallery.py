"""Famous sentences on attention: what was published, and how the same number is read off a Result."""

from ..experiment import Famous, Published
from .result import AttentionResult


def _score_variance(result: AttentionResult) -> float | None:
    return result.scales[0].scores.variance


GALLERY = (
    Famous(
        "footnote-four",
        "The footnote that divides by √d",
        "scale=unscaled&scale=1/sqrt(D)",
        "weights",
        "A. Vaswani et al., “Attention Is All You Need”, 2017, section 3.2.1 and its footnote 4",
        "https://arxiv.org/abs/1706.03762",
        (Published("variance of q · k, d = 64", 64.0, _score_variance, within=0.06),),
        "The paper's heads have 64 dimensions. It suspects that the softmax is pushed to where its gradients are "
        "small; here the share of queries that get hardly any is counted.",
    ),
)
