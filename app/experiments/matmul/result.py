"""The result of one matmul."""

from ...results import Record, Result, Summary


class MatmulPredicted(Record):
    """The mean and the variance that z should have over the columns; each `_std` is the spread chance allows them.

    `mean_std` is over fresh x and columns, `variance_std` over fresh x alone; what is `given_input` is for the x of
    this run, and its spread over fresh columns.
    """

    mean: float
    mean_std: float
    mean_given_input: float
    mean_given_input_std: float
    variance: float
    variance_std: float
    variance_given_input: float
    variance_given_input_std: float


class DrawnInput(Record):
    """The x of this run: its length squared ‖x‖² and the sum of its entries, beside what they are on average."""

    square: float
    square_mean: float
    square_std: float
    total: float


class Repeats(Record):
    """The measured variance of every repeat, each with fresh x and w; the first is the one in `measured`."""

    variances: list[float | None]
    mean: float | None
    std: float | None


class MatmulInit(Record):
    init: str
    scale: float
    weight_std: float
    input: DrawnInput
    measured: Summary
    predicted: MatmulPredicted
    repeats: Repeats | None


class MatmulResult(Result):
    inits: list[MatmulInit]
