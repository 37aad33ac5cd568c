"""What a matmul will take."""

from math import ceil

from ...compute.cost import BIN_BYTES, Cost, alone
from ...lab.initializers import INITIALIZERS
from ...lab.kernels.product import chunk_width
from .run import TASK
from .spec import MatmulSpec

SUMMING_UP = 4  # steps an init


def matmul_cost(spec: MatmulSpec) -> Cost:
    """Cost of the seed experiment: almost all of it is drawing w."""
    families, inits = len({INITIALIZERS[name].family or spec.weights for name in spec.init}), len(spec.init)
    draws = (families if spec.draws == "shared" else inits) * spec.repeats
    width = chunk_width(spec.fan_out)
    products = spec.fan_in * ceil(spec.fan_out / width) * width  # whole chunks are drawn
    return Cost(
        random_numbers=draws * (products + spec.fan_in) + inits * spec.fan_in,
        multiply_adds=draws * products,
        values=inits * spec.repeats * spec.fan_out,
        steps=SUMMING_UP * inits + draws + draws * products // TASK,
        memory_bytes=2**26 + inits * spec.repeats * (16 * spec.bins + 1000),
        result_bytes=1000 + inits * (1200 + BIN_BYTES * spec.bins + 22 * spec.repeats),
        undivided=alone(products, TASK) / draws,
    )
