"""What networks that learn will take."""

from operator import mul

from ...compute.cost import BIN_BYTES, SUMMARY_BYTES, Cost
from ...compute.rates import USUAL
from .data import DATASETS
from .lesson import KEPT
from .setting import HELD_OUT, widths_of
from .spec import TrainingSpec

# One core does it all, as a step begins with what the one before left: its time is counted in steps, which no second
# core shortens. Seconds of a usual core:
MULTIPLY_ADD = 2 * USUAL.multiply_add  # in products as small as these
ENTRY = 1e-9  # of a tensor, each time it is passed over
OPERATION = 3e-6  # whatever its size
PASSED = 6  # times that a unit's numbers are on their way there and back
OPERATIONS = 9  # a layer and step
UPDATED = {"sgd": 1, "momentum": 2, "adam": 6}  # times that a parameter is passed over


def training_cost(spec: TrainingSpec) -> Cost:
    """Cost of the lesson: every init pays for its own network, and the held-out examples are asked now and then."""
    widths = widths_of(spec)
    networks, kept = len(spec.init), min(spec.steps, KEPT)
    weights, units = sum(map(mul, widths, widths[1:])), sum(widths)
    parameters = weights + units + DATASETS[spec.data].symbols * spec.embedding
    examples = 3 * spec.steps * spec.batch + (kept + 6) * HELD_OUT
    seconds = (
        networks * weights * examples * MULTIPLY_ADD
        + networks * units * PASSED * examples / 3 * ENTRY
        + networks * parameters * (spec.steps * UPDATED[spec.optimizer] + 8 * kept) * ENTRY
        + spec.steps * OPERATIONS * (spec.depth + 4) * OPERATION
    )
    summaries = 5 * (SUMMARY_BYTES + BIN_BYTES * spec.histogram_bins)
    return Cost(
        random_numbers=parameters * len(spec.init) + spec.steps * spec.batch,
        multiply_adds=0,
        values=5 * networks * units * HELD_OUT,
        steps=round(seconds / USUAL.step) + 5 * networks * spec.depth,
        memory_bytes=2**25 + 4 * networks * (6 * parameters + PASSED * units * max(spec.batch, HELD_OUT)),
        result_bytes=2000 + networks * (6000 + spec.depth * (1000 + summaries + 5 * 22 * kept)),
    )
