"""A layer of attention as a script in PyTorch alone."""

from ...lab.code import draw_functions
from .spec import AttentionSpec
from .words import attention_heading

FACTORS = {"unscaled": "gain", "1/D": "gain / head_dim", "1/sqrt(D)": "gain / head_dim**0.5"}

SCRIPT = '''"""{heading}

In PyTorch alone, with draws of its own: run it, change it. The experiment is
{address}
"""

import torch
import torch.nn.functional as F

head_dim, keys, queries, gain, similarity = {head_dim}, {keys}, {queries}, {gain}, {similarity}
torch.manual_seed({seed})


{draws}


def entries(count):
    return {entries}


def alike(count):
    """Vectors with this cosine between any two."""
    mean = {mean}
    return mean + similarity**0.5 * (entries(1) - mean) + (1 - similarity) ** 0.5 * (entries(count) - mean)


q, k, v = entries(queries), alike(keys), alike(keys)
gradient = torch.randn(queries, head_dim)
visible = {visible}
scales = {{{scales}}}
columns = ("entropy", "sum p^2", "largest", "cosine", "grad q")

print(f"{{'scale':<12}}{{'score var':>12}}" + "".join(f"{{name:>11}}" for name in columns))
for name, scale in scales.items():
    q.requires_grad_().grad = None
    scores = (scale * q @ k.T).masked_fill(~visible, -torch.inf)
    p = scores.softmax(1).detach()
    out = F.scaled_dot_product_attention(q, k, v, attn_mask=visible, scale=scale)
    out.backward(gradient)
    out = out.detach() - {mean}
    entropy = torch.special.entr(p).sum(1).mean()
    square = out.square().sum()
    cosine = (out.sum(0).square().sum() - square) / max(queries - 1, 1) / square
    numbers = (entropy, p.square().sum(1).mean(), p.amax(1).mean(), cosine, q.grad.square().mean())
    print(f"{{name:<12}}{{scores[visible].var():>12.5g}}" + "".join(f"{{each:>11.4g}}" for each in numbers))
'''


def attention_script(spec: AttentionSpec) -> str:
    """A program that prints, of every scale, what becomes of scores, weights, outputs and gradients."""
    causal = "torch.arange(keys) < -(-(torch.arange(queries)[:, None] + 1) * keys // queries)"
    mean = f"({'0.5' if spec.input == 'rand' else '0.0'} + {spec.input_mean})"
    return SCRIPT.format(
        heading=attention_heading(spec),
        address=spec.links["page"],
        head_dim=spec.head_dim,
        keys=spec.keys,
        queries=spec.queries,
        gain=spec.gain,
        similarity=spec.similarity,
        seed=spec.seed,
        draws=draw_functions([spec.input]),
        entries=f"{spec.input}(count, head_dim)" + (f" + {spec.input_mean}" if spec.input_mean else ""),
        mean=mean,
        visible=causal if spec.causal else "torch.ones(queries, keys, dtype=torch.bool)",
        scales=", ".join(f"{name!r}: {FACTORS[name]}" for name in spec.scale),
    )
