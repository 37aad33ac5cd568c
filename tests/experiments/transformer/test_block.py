"""A block is PyTorch's own, with the same weights; and its gradients are autograd's."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from app.experiments.transformer.block import Block
from app.experiments.transformer.draws import UnitWeights
from app.experiments.transformer.inits import GROUPS, INITS
from app.experiments.transformer.spec import TransformerSpec
from tests.experiments.transformer.plain import plain
from tests.lab.tools import EPS32

SMALL: dict[str, Any] = {"depth": 3, "width": 24, "heads": 3, "tokens": 7, "batch": 4}
ROUNDED = 64 * 24 * EPS32  # sums of at most 96 products, of numbers up to a few, one after the other
PLACES = ["pre", "post", "none"]
SETTINGS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "causal": {"causal": True},
    "RMS norm": {"norm_kind": "rms"},
    "ReLU": {"activation": "relu"},
    "scaled branches": {"residual_scale": "1/sqrt(2L)"},
    "sharp scores": {"gain": 5.0},
    "one head": {"heads": 1},
    "one token": {"tokens": 1},
}
every_place = pytest.mark.parametrize("place", PLACES)


def unit_weights(spec: TransformerSpec) -> UnitWeights:
    torch.manual_seed(5)
    return {weight.group: torch.randn(weight.fan_in, weight.fan_out) for weight in spec.weights}


def block_of(spec: TransformerSpec, init: str = "1/sqrt(D)") -> tuple[Block, UnitWeights, Tensor]:
    """A block, its weights before scaling, and tokens that enter it, shape (batch · tokens, width)."""
    weights = unit_weights(spec)
    return Block.of(spec, INITS[init]), weights, torch.randn(spec.batch * spec.tokens, spec.width)


def scaled(block: Block, weights: UnitWeights) -> UnitWeights:
    return {group: weights[group] * block.stds[group] for group in GROUPS}


def torchs_attention(w: UnitWeights, heads: int) -> nn.MultiheadAttention:
    """nn.MultiheadAttention with these matrices, which it stores transposed."""
    width = w["query"].shape[0]
    module = nn.MultiheadAttention(width, heads, bias=False, batch_first=True)
    with torch.no_grad():
        module.in_proj_weight.copy_(torch.cat([w["query"].T, w["key"].T, w["value"].T]))
        module.out_proj.weight.copy_(w["output"].T)
    return module


@pytest.mark.parametrize("causal", [False, True])
def test_attention_is_torchs(causal: bool) -> None:
    spec = TransformerSpec(norm="none", causal=causal, **SMALL)
    block, weights, x = block_of(spec)
    passed = block.forward(x, weights)
    sequences = x.view(spec.batch, spec.tokens, spec.width)
    mask = nn.Transformer.generate_square_subsequent_mask(spec.tokens) if causal else None
    torchs = torchs_attention(scaled(block, weights), spec.heads)
    expected, p = torchs(sequences, sequences, sequences, attn_mask=mask, average_attn_weights=False)
    torch.testing.assert_close(passed.attention.view_as(expected), expected, atol=ROUNDED, rtol=ROUNDED)
    torch.testing.assert_close(passed.weights, p, atol=ROUNDED, rtol=ROUNDED)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("score_scale", ["unscaled", "1/D", "1/sqrt(D)"])
def test_heads_are_torchs_scaled_dot_product_attention(causal: bool, score_scale: str) -> None:
    spec = TransformerSpec(causal=causal, score_scale=score_scale, **SMALL)
    heads = Block.of(spec, INITS["gpt2"]).heads
    torch.manual_seed(2)
    query, key, value = (torch.randn(spec.batch * spec.tokens, spec.width) for _ in range(3))
    found, mixed = heads.forward(query, key, value)
    expected = F.scaled_dot_product_attention(*mixed[:3], is_causal=causal, scale=heads.factor)
    torch.testing.assert_close(found, expected.transpose(1, 2).reshape_as(found), atol=ROUNDED, rtol=ROUNDED)


@pytest.mark.parametrize("activation", ["relu", "gelu"])
@pytest.mark.parametrize("place", ["pre", "post"])
def test_a_block_is_torchs_encoder_layer(place: str, activation: str) -> None:
    spec = TransformerSpec(norm=place, activation=activation, **SMALL)
    block, weights, x = block_of(spec, "xavier")
    w = scaled(block, weights)
    layer = nn.TransformerEncoderLayer(
        spec.width,
        spec.heads,
        spec.width * spec.mlp_ratio,
        dropout=0.0,
        activation=activation,
        batch_first=True,
        norm_first=place == "pre",
        bias=False,
    )
    with torch.no_grad():
        layer.self_attn = torchs_attention(w, spec.heads)
        layer.linear1.weight.copy_(w["mlp_in"].T)
        layer.linear2.weight.copy_(w["mlp_out"].T)
    expected = layer(x.view(spec.batch, spec.tokens, spec.width))
    found = block.forward(x, weights).stream
    torch.testing.assert_close(found.view_as(expected), expected, atol=ROUNDED, rtol=ROUNDED)


@every_place
@pytest.mark.parametrize("settings", SETTINGS.values(), ids=list(SETTINGS))
def test_gradients_are_autograds(place: str, settings: dict[str, Any]) -> None:
    spec = TransformerSpec(norm=place, **{**SMALL, **settings})
    block, weights, x = block_of(spec, "deepnet")
    passed = block.forward(x, weights)
    gradient = torch.randn_like(x)
    found = block.backward(gradient.clone(), weights, passed.way_back)
    at = x.double().requires_grad_()
    w = {group: (weights[group] * block.stds[group]).double().requires_grad_() for group in GROUPS}
    stream = plain(spec, block, at, w)
    torch.testing.assert_close(passed.stream.double(), stream, atol=ROUNDED, rtol=ROUNDED)
    expected, *of_weights = torch.autograd.grad(stream, [at, *w.values()], gradient.double())
    at_weights = [found.weights[group].inner.T @ found.weights[group].delta for group in GROUPS]
    for mine, exact in zip([found.stream, *at_weights], [expected, *of_weights], strict=True):
        size = float(exact.abs().max())
        torch.testing.assert_close(mine.double(), exact, atol=ROUNDED * max(size, 1e-6), rtol=ROUNDED)


def test_deepnet_multiplies_the_stream_where_post_norm_follows_and_nowhere_else() -> None:
    for place, expected in (("post", (2 * 3) ** 0.25), ("pre", 1.0), ("none", 1.0)):
        assert Block.of(TransformerSpec(norm=place, **SMALL), INITS["deepnet"]).joint.stream == expected
