"""Networks that learn as a script in PyTorch alone, with its examples in it."""

import base64
import textwrap
import zlib
from functools import cache

from ...lab.code import ACTIVATED, NORMED, draw_functions, init_code
from ...lab.initializers import INITIALIZERS
from .data import DATASETS, DEPTHS, EVERY, LETTERS, lines_of
from .optimizers import OPTIMIZERS
from .setting import widths_of
from .spec import TrainingSpec
from .words import training_heading

SCRIPT = '''"""{heading}

In PyTorch alone, with draws of its own: run it, change it. The experiment is
{address}
The examples stand at the end: {origin}.
"""

import base64
import zlib

import torch
import torch.nn.functional as F

widths, hidden_gain, output_gain = {widths}, {gain}, {output_gain}
steps, batch = {steps}, {batch}
gain = 1  # of the formulas below: every layer has its own on top
torch.manual_seed({seed})


{draws}


inits = {{  # how the entries of W are drawn, and the standard deviation they are scaled to
{inits}
}}


def phi(u):
    return {phi}

{norm}
def examples(lines):
{examples}


def network(name):
    """Embedding, weights and biases."""
    draw, std = inits[name]
    layers = []
    for fan_in, fan_out in zip(widths, widths[1:]):
        own = output_gain if len(layers) == len(widths) - 2 else hidden_gain
        W = own * std(fan_in, fan_out) * {entries}
        b = uniform(fan_out) / (3 * fan_in) ** 0.5 if name == "torch_default" else torch.zeros(fan_out)
        layers.append((W, b))
    return torch.randn({embedding}), layers


def forward(x, embedding, layers):
    """The logits."""
    h = {entered}
    for layer, (W, b) in enumerate(layers[:-1], 1):
{hidden}
    W, b = layers[-1]
    return h @ W + b


def main():
    lines = zlib.decompress(base64.b85decode("".join(DATA.split()))).decode().splitlines()
    x, y = examples([line for place, line in enumerate(lines) if place % {every} != {last}])
    x_held, y_held = examples(lines[{last}::{every}])
{standard}    batches = torch.randint(len(y), (steps, batch))
    print(f"{{'init':<18}}{{'loss at first':>14}}{{'at last':>14}}{{'update/data, 1':>16}}{{'output layer':>14}}")
    for name in inits:
        embedding, layers = network(name)
        parameters = [embedding, *(each for layer in layers for each in layer)]
        for each in parameters:
            each.requires_grad_()
        optimizer = {optimizer}

        def held_out():
            with torch.no_grad():
                return F.cross_entropy(forward(x_held, embedding, layers), y_held).item()

        first = held_out()
        for chosen in batches:
            loss = F.cross_entropy(forward(x[chosen], embedding, layers), y[chosen])
            optimizer.zero_grad()
            loss.backward()
            before = [W.detach().clone() for W, _ in layers]
            optimizer.step()
        ratios = [(W.detach() - old).std() / old.std() for (W, _), old in zip(layers, before)]
        print(f"{{name:<18}}{{first:>14.4f}}{{held_out():>14.4f}}{{ratios[0]:>16.2e}}{{ratios[-1]:>14.2e}}")


DATA = """
{data}
"""

main()
'''
EXAMPLES = {
    "names": '''    """Three letters each, and the next one; the first letter of all ends a name."""
    x, y = [], []
    for line in lines:
        places = [0] * 3 + ["{letters}".index(letter) for letter in line] + [0]
        x += [places[start : start + 3] for start in range(len(line) + 1)]
        y += places[3:]
    return torch.tensor(x), torch.tensor(y)''',
    "digits": '''    """64 pixels each, and the digit."""
    pixels = torch.tensor([["{depths}".index(pixel) for pixel in line[:64]] for line in lines]).float()
    return pixels, torch.tensor([int(line[-1]) for line in lines])''',
}
STANDARD = "    mean, std = x.mean(), x.std()\n    x, x_held = (x - mean) / std, (x_held - mean) / std\n"


def training_script(spec: TrainingSpec) -> str:
    """A program that prints every init's held-out loss before and after, and its updates over its weights."""
    source = DATASETS[spec.data]
    families = [INITIALIZERS[name].family or "normal" for name in spec.init]
    return SCRIPT.format(
        heading=training_heading(spec),
        address=spec.links["page"],
        origin=source.origin,
        widths=widths_of(spec),
        gain=spec.gain,
        output_gain=spec.output_gain,
        steps=spec.steps,
        batch=spec.batch,
        seed=spec.seed,
        draws=draw_functions([*families, "uniform"]),
        inits="\n".join(f"    {name!r}: {init_code(name, 'normal', spec.fan_mode)}," for name in spec.init),
        phi=ACTIVATED[spec.activation],
        norm=f"\ndef norm(u):\n    return {NORMED[spec.norm]}\n\n" if spec.norm != "none" else "",
        examples=EXAMPLES[spec.data].format(letters=LETTERS, depths=DEPTHS),
        entries=f"(draw(fan_in, fan_out) + {spec.weight_mean})" if spec.weight_mean else "draw(fan_in, fan_out)",
        embedding=f"{source.symbols}, {spec.embedding}" if source.symbols else "0",
        entered="embedding[x].flatten(1)" if source.symbols else "x",
        hidden=_hidden(spec),
        every=EVERY,
        last=EVERY - 1,
        standard="" if source.symbols else STANDARD,
        optimizer=OPTIMIZERS[spec.optimizer].code.format(rate=spec.learning_rate),
        data=_packed(spec.data),
    )


@cache
def _packed(data: str) -> str:
    """The examples as text."""
    packed = base64.b85encode(zlib.compress("\n".join(lines_of(data)).encode(), 9)).decode()
    return "\n".join(textwrap.wrap(packed, 110, break_on_hyphens=False))


def _hidden(spec: TrainingSpec) -> str:
    """A hidden layer, as lines of the loop over them."""
    normed = spec.norm != "none"
    plain = f"phi({'norm(h @ W)' if normed else 'h @ W'} + b)"
    if not spec.residual:
        return f"        h = {plain}"
    return f"        h = {plain} if layer == 1 else h + phi({'norm(h)' if normed else 'h'} @ W + b)"
