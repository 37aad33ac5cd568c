"""A transformer as a script in PyTorch alone."""

from ...lab.code import ACTIVATED
from .inits import GROUPS, INITS, SCORE_SCALES
from .spec import AS_INIT, TransformerSpec
from .words import transformer_heading

SCRIPT = '''"""{heading}

In PyTorch alone, with draws of its own: run it, change it. The experiment is
{address}
"""

import torch
import torch.nn.functional as F

depth, width, heads, tokens, batch, hidden = {depth}, {width}, {heads}, {tokens}, {batch}, {hidden}
head_dim = width // heads
torch.manual_seed({seed})

inits = {{  # the std of {groups}; what query · key and the stream are multiplied by
{inits}
}}


def phi(u):
    return {phi}


def norm(x):
    return {norm}


def attend(x, w):
    """What attention makes of the tokens, and the entropy of its weights."""
    split = lambda y: y.view(batch, tokens, heads, head_dim).transpose(1, 2)
    q, k, v = (split(x @ w[name]) for name in ("query", "key", "value"))
    scores = w["score"] * q @ k.mT
{mask}    p = scores.softmax(-1)
    entropy = torch.special.entr(p).sum(-1).mean()
    return (p @ v).transpose(1, 2).reshape(batch, tokens, width) @ w["output"], entropy


def block(x, w):
    """The stream after a block, and the entropy of its attention."""
{block}


def weights(name):
    """A block's matrices, freshly drawn."""
    *stds, score, stream = inits[name]
    shapes = [(width, width)] * 4 + [(width, hidden), (hidden, width)]
    names = {group_names}
    drawn = {{group: std * torch.randn(shape) for group, std, shape in zip(names, stds, shapes)}}
    return {{**drawn, "score": score, "stream": stream}}


def cosine(x):
    """Mean cosine between different tokens of a sequence."""
    x = F.normalize(x, dim=-1)
    return ((x @ x.mT).sum((1, 2)) - tokens).mean() / max(tokens * (tokens - 1), 1)


x = {x}
print(f"mean squares; the gradient is standard normal at the last block\\n{{'init':<12}}{{'stream, at its end':>20}}"
      f"{{'gradient, input':>17}}{{'cosine of tokens':>18}}{{'entropy, block 1':>18}}")
for name in inits:
    first = stream = x.clone().requires_grad_()
    entropies = []
    for _ in range(depth):
        stream, entropy = block(stream, weights(name))
        entropies.append(entropy)
    back = stream[:{returning}]  # sequences never meet: a gradient through some is theirs in the whole batch
    gradient = torch.autograd.grad(back, first, torch.randn_like(back))[0][:{returning}]
    print(f"{{name:<12}}{{stream.square().mean():>20.5g}}{{gradient.square().mean():>17.5g}}"
          f"{{cosine(stream):>18.4f}}{{entropies[0]:>18.4f}}")
'''
NORMS = {
    "layer": "F.layer_norm(x, x.shape[-1:])",
    "rms": "F.rms_norm(x, x.shape[-1:], eps=1e-5)",
}
MASK = '    scores = scores.masked_fill(torch.ones(tokens, tokens, dtype=torch.bool).triu(1), float("-inf"))\n'


def transformer_script(spec: TransformerSpec) -> str:
    """A program that prints, of every init, what becomes of the stream, its gradient, its tokens and attention."""
    return SCRIPT.format(
        heading=transformer_heading(spec),
        address=spec.links["page"],
        depth=spec.depth,
        width=spec.width,
        heads=spec.heads,
        tokens=spec.tokens,
        batch=spec.batch,
        hidden=spec.width * spec.mlp_ratio,
        seed=spec.seed,
        returning=spec.returning,
        groups=", ".join(GROUPS),
        group_names=list(GROUPS),
        inits="\n".join(_init(spec, name) for name in spec.init),
        phi=ACTIVATED[spec.activation],
        norm=NORMS[spec.norm_kind],
        mask=MASK if spec.causal else "",
        block=_block(spec),
        x=_input(spec),
    )


def _init(spec: TransformerSpec, name: str) -> str:
    recipe = INITS[name]
    score = recipe.score_scale if spec.score_scale == AS_INIT else spec.score_scale
    scale = SCORE_SCALES[score](spec.head_dim) * spec.gain
    numbers = [*(recipe.std(weight) for weight in spec.weights), scale, spec.stream_factor(recipe)]
    return f"    {name!r}: ({', '.join(f'{number:.10g}' for number in numbers)}),"


def _block(spec: TransformerSpec) -> str:
    enter = "norm({})" if spec.norm == "pre" else "{}"
    leave = 'norm(w["stream"] * x + {})' if spec.norm == "post" else "x + {}"
    scale = "" if spec.branch_scale == 1 else f"{spec.branch_scale:.10g} * "
    mlp = f'{scale}phi({enter.format("x")} @ w["mlp_in"]) @ w["mlp_out"]'
    return "\n".join(
        [
            f"    mixed, entropy = attend({enter.format('x')}, w)",
            f"    x = {leave.format(f'{scale}mixed')}",
            f"    return {leave.format(mlp)}, entropy",
        ]
    )


def _input(spec: TransformerSpec) -> str:
    own = "torch.randn(batch, tokens, width)"
    if not spec.similarity:
        return own
    return f"{(1 - spec.similarity) ** 0.5:.10g} * {own} + {spec.similarity**0.5:.10g} * torch.randn(batch, 1, width)"
