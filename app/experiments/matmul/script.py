"""A matmul as a script in PyTorch alone."""

from ...lab.code import draw_functions, init_code
from ...lab.initializers import INITIALIZERS
from .spec import MatmulSpec
from .words import matmul_heading

SCRIPT = '''"""{heading}

In PyTorch alone, with draws of its own: run it, change it. The experiment is
{address}
"""

import torch

fan_in, fan_out, gain, repeats = {fan_in}, {fan_out}, {gain}, {repeats}
at_once = 10_000  # columns drawn at a time: all of them need not fit into memory
torch.manual_seed({seed})


{draws}


inits = {{  # how the entries of w are drawn, and their scale k
{inits}
}}


def outputs(x, name):
    """z = x @ (k * w), every column of w drawn afresh."""
    draw, scale = inits[name]
    k = scale(fan_in, fan_out)
    sizes = [min(at_once, fan_out - done) for done in range(0, fan_out, at_once)]
    return torch.cat([x @ (k * ({drawn})) for size in sizes])


def draw_x():
    return {x}


print(f"{{'init':<18}}{{'mean':>14}}{{'variance':>14}}{{'k² ‖x‖² Var(w)':>18}}")
for repeat in range(repeats):
    x, state = draw_x(), torch.get_rng_state()
    for name, (draw, scale) in inits.items():
        {each}
        z = outputs(x, name)
        expected = scale(fan_in, fan_out) ** 2 * x.square().sum() * draw(100_000).var()
        print(f"{{name:<18}}{{z.mean():>14.5g}}{{z.var():>14.5g}}{{expected:>18.5g}}")
'''


def matmul_script(spec: MatmulSpec) -> str:
    """A program that prints, of every init, the mean and the variance of z, and what the variance should be."""
    families = [INITIALIZERS[name].family or spec.weights for name in spec.init]
    drawn, x = "draw(fan_in, size)", f"{spec.input}(fan_in)"
    return SCRIPT.format(
        heading=matmul_heading(spec),
        address=spec.links["page"],
        fan_in=spec.fan_in,
        fan_out=spec.fan_out,
        gain=spec.gain,
        repeats=spec.repeats,
        seed=spec.seed,
        draws=draw_functions([spec.input, *families]),
        inits="\n".join(f"    {name!r}: {init_code(name, spec.weights, spec.fan_mode)}," for name in spec.init),
        drawn=f"{drawn} + {spec.weight_mean}" if spec.weight_mean else drawn,
        x=f"{x} + {spec.input_mean}" if spec.input_mean else x,
        each="torch.set_rng_state(state)  # all inits scale the same w"
        if spec.draws == "shared"
        else "x = draw_x()  # every line draws its own x and w",
    )
