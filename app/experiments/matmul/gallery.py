"""Famous matmuls: what was published of them, and how the same number is read off a Result."""

from collections.abc import Callable

from ..experiment import Famous, Published
from .result import MatmulResult


def _variance(place: int) -> Callable[[MatmulResult], float | None]:
    return lambda result: result.inits[place].measured.variance


GALLERY = (
    Famous(
        "the-question",
        "The question this began with",
        "draws=fresh",
        "difference",
        "the question itself, three lines of PyTorch",
        "",
        (
            Published("variance, w as drawn", 513.7, _variance(0), within=0.2),
            Published("variance, w divided by 512", 0.00203, _variance(1), within=0.2),
            Published("variance, w divided by √512", 1.019, _variance(2), within=0.2),
        ),
        "Every line draws an x of its own, so one such number differs from the next by 6 % or so.",
    ),
)
