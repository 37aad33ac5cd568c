"""A block as one would write it in PyTorch, for autograd to go back through."""

import torch.nn.functional as F
from torch import Tensor

from app.experiments.transformer.block import Block
from app.experiments.transformer.draws import UnitWeights
from app.experiments.transformer.spec import TransformerSpec


def plain(spec: TransformerSpec, block: Block, x: Tensor, w: UnitWeights) -> Tensor:
    """x of shape (rows, width); w scaled."""

    def norm(tokens: Tensor) -> Tensor:
        kind = F.rms_norm if spec.norm_kind == "rms" else F.layer_norm
        return kind(tokens, tokens.shape[-1:], eps=1e-5)

    def add(stream: Tensor, branch: Tensor) -> Tensor:
        total = block.joint.stream * stream + spec.branch_scale * branch
        return norm(total) if spec.norm == "post" else total

    def enter(stream: Tensor) -> Tensor:
        return norm(stream) if spec.norm == "pre" else stream

    def split(rows: Tensor) -> Tensor:
        return rows.view(-1, spec.tokens, spec.heads, spec.head_dim).transpose(1, 2)

    entered = enter(x)
    q, k, v = (split(entered @ w[group]) for group in ("query", "key", "value"))
    mixed = F.scaled_dot_product_attention(q, k, v, is_causal=spec.causal, scale=block.heads.factor)
    x = add(x, mixed.transpose(1, 2).reshape(x.shape) @ w["output"])
    return add(x, block.activation.function(enter(x) @ w["mlp_in"]) @ w["mlp_out"])
