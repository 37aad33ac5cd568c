"""What a sweep will take: what its cells take."""

from operator import mul

from ...compute.cost import RUN, Cost
from ...compute.rates import USUAL
from .plan import places
from .spec import SweepSpec

CELL_BYTES = 420  # of a result, for each series of a cell
OWN_STEPS = 1  # of every cell, to read and keep it, beside those of any run


def sweep_cost(spec: SweepSpec) -> Cost:
    """The sum of the cells' costs; of their memory that of the largest, once for each of those computed at once."""
    one = spec.cell({})
    # Fields are set without being checked: a cell that cannot be is counted as if it could, and none is parsed.
    each = [spec.swept.cost(one.model_copy(update=place.at)) for place in places(spec)]
    series = max(len(spec.compared), 1)
    work = [cost.seconds(1, USUAL) for cost in each]
    return Cost(
        random_numbers=spec.seeds * sum(cost.random_numbers for cost in each),
        multiply_adds=spec.seeds * sum(cost.multiply_adds for cost in each),
        values=spec.seeds * sum(cost.values for cost in each),
        steps=spec.seeds * sum(RUN + cost.steps + OWN_STEPS for cost in each),
        memory_bytes=AT_ONCE * max(cost.memory_bytes for cost in each),
        result_bytes=2000 + len(each) * series * CELL_BYTES,
        entries=spec.seeds * sum(cost.entries for cost in each),
        predicting=sum(cost.predicting for cost in each),
        undivided=sum(map(mul, work, (cost.undivided for cost in each))) / sum(work),
        cells=len(each) * spec.seeds,
    )


AT_ONCE = 2  # cells in memory
