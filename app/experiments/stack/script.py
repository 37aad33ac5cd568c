"""A deep stack as a script in PyTorch alone."""

from ...lab.code import ACTIVATED, NORMED, draw_functions, init_code
from ...lab.initializers import INITIALIZERS
from .spec import StackSpec
from .words import stack_heading

SCRIPT = '''"""{heading}

In PyTorch alone, with draws of its own: run it, change it. The experiment is
{address}
"""

import torch
import torch.nn.functional as F

widths, batch, gain = {widths}, {batch}, {gain}
torch.manual_seed({seed})
torch.set_default_dtype(torch.float64)  # so that what explodes or vanishes can still be told


{draws}


inits = {{  # how the entries of W are drawn, and the standard deviation they are scaled to
{inits}
}}


def phi(u):
    return {phi}

{norm}
def layer(h, W, b):
    """The preactivations u, and what the next layer receives."""
{layer}


def forward(h, name):
    """u and h of every layer."""
    draw, std = inits[name]
    passed = []
{through}
    return passed


def cosine(h):
    """Mean cosine between different rows."""
    h = F.normalize(h)
    return ((h @ h.T).sum() - len(h)) / (len(h) * (len(h) - 1))


x = {x}
print(f"mean squares; the gradient is standard normal at the last layer\\n{{'init':<18}}{{'u, layer 1':>14}}"
      f"{{'u, last layer':>14}}{{'gradient, h 1':>14}}{{'cosine, last h':>16}}")
for name in inits:
    passed = forward(x.clone(), name)
    (first_u, first_h), (last_u, last_h) = passed[0], passed[-1]
    gradient = torch.autograd.grad(last_h, first_h, torch.randn_like(last_h))[0]
    print(f"{{name:<18}}{{first_u.square().mean():>14.5g}}{{last_u.square().mean():>14.5g}}"
          f"{{gradient.square().mean():>14.5g}}{{cosine(last_h):>16.4f}}")
'''
NETWORKS = """
print("\\none input each through {repeats} networks: log10 of the mean square of u in the last layer")
for name in inits:
    with torch.no_grad():
        sizes = [forward({x}, name)[-1][0].square().mean().log10() for network in range({repeats})]
    sizes = torch.stack(sizes)
    print(f"{{name:<18}}median {{sizes.median():.3f}}, standard deviation {{sizes.std():.3f}}")
"""


def stack_script(spec: StackSpec) -> str:
    """A program that prints, of every init, what becomes of the signal, its gradient and the inputs' cosine."""
    families = [INITIALIZERS[name].family or "normal" for name in spec.init]
    x = f"{spec.input}({{}}, widths[0])"
    square = len(set(spec.layer_widths)) == 1
    script = SCRIPT.format(
        heading=stack_heading(spec),
        address=spec.links["page"],
        widths=f"[{spec.width}] * {spec.depth + 1}" if square else spec.layer_widths,
        batch=spec.batch,
        gain=spec.gain,
        seed=spec.seed,
        draws=draw_functions([spec.input, *families, *(["uniform"] if _uniform_bias(spec) else [])]),
        inits="\n".join(f"    {name!r}: {init_code(name, 'normal', spec.fan_mode)}," for name in spec.init),
        phi=ACTIVATED[spec.activation],
        norm=f"\ndef norm(u):\n    return {NORMED[spec.norm]}\n\n" if spec.norm != "none" else "",
        layer=_layer(spec),
        through=_through(spec),
        x=x.format("batch"),
    )
    return script + NETWORKS.format(repeats=spec.repeats, x=x.format(1)) if spec.repeats > 1 else script


def _uniform_bias(spec: StackSpec) -> bool:
    return any(INITIALIZERS[name].bias_bound for name in spec.init)


def _layer(spec: StackSpec) -> str:
    normed = "norm({})" if spec.norm != "none" else "{}"
    if spec.residual:
        return f"    u = {normed.format('h')} @ W + b\n    return u, h + {spec.branch_scale} * phi(u)"
    return f"    u = {normed.format('h @ W + b')}\n    return u, phi(u)"


def _through(spec: StackSpec) -> str:
    mean = f" + {spec.weight_mean}" if spec.weight_mean else ""
    bias = f"{spec.bias_std} * torch.randn(fan_out)" if spec.bias_std else "0"
    lines = [
        "for fan_in, fan_out in zip(widths, widths[1:]):",
        f"    W = std(fan_in, fan_out) * (draw(fan_in, fan_out){mean})",
        f"    b = {bias}",
        *(
            ['    if name == "torch_default":', "        b = b + uniform(fan_out) / (3 * fan_in) ** 0.5"]
            * _uniform_bias(spec)
        ),
        "    u, h = layer(h, W, b)",
        "    h.requires_grad_()",
        "    passed.append((u, h))",
    ]
    if spec.tied:
        lines[1:2] = []
        lines.insert(0, f"W = std(widths[0], widths[0]) * (draw(widths[0], widths[0]){mean})  # one for all layers")
    return "\n".join(f"    {line}" for line in lines)
