"""What a matmul will take."""

from math import ceil

from ...compute.cost import BIN_BYTES, Cost
from ...lab.initializers import INITIALIZERS
from ...lab.kernels.product import chunk_width
from .run import TASK
from .spec import MatmulSpec


def matmul_cost(spec: MatmulSpec) -> Cost:
    """Cost of the seed experiment: almost all of it is drawing w."""
    families = len({INITIALIZERS[name].family or spec.weights for name in spec.init})
    draws = (families if spec.draws == "shared" else len(spec.init)) * spec.repeats
    width = chunk_width(spec.fan_out)
    products = spec.fan_in * ceil(spec.fan_out / width) * width  # whole chunks are drawn
    return Cost(
        random_numbers=draws * (products + spec.fan_in),
        multiply_adds=draws * products,
        values=len(spec.init) * spec.repeats * spec.fan_out,
        steps=4 + draws + draws * products // TASK,
        memory_bytes=2**26 + len(spec.init) * spec.repeats * (16 * spec.bins + 1000),
        result_bytes=1000 + len(spec.init) * (1200 + BIN_BYTES * spec.bins + 22 * spec.repeats),
    )
