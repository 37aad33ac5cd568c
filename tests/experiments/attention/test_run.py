"""What is measured of a layer of attention is what PyTorch's own makes of the same queries, keys and values."""

from math import log, sqrt
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from app.experiments.attention.draws import Layer, draw_layer
from app.experiments.attention.findings.judged import size_off
from app.experiments.attention.result import AttentionResult
from app.experiments.attention.run import run_attention
from app.experiments.attention.spec import AttentionSpec
from app.experiments.attention.theory import cosine_off
from app.fields import SpecError
from app.lab.threads import use_threads
from tests.compute.tools import result_of
from tests.lab.tools import outcome

SMALL: dict[str, Any] = {"head_dim": 8, "keys": 40, "queries": 24, "bins": 16}
ROUNDED = 2e-5  # relative: of float32, over a thousand terms
CHANGES: list[dict[str, Any]] = [
    {},
    {"similarity": 0.4},
    {"causal": True},
    {"causal": True, "queries": 40},
    {"input": "rand", "input_mean": -0.25, "gain": 2.0},
    {"input": "rademacher", "keys": 1},
    {"queries": 1},
    {"repeats": 3, "similarity": 0.2},
]
change = pytest.mark.parametrize("change", CHANGES, ids=str)


class Attention:
    """One layer under one scale, by torch.nn.functional and autograd in float64."""

    def __init__(self, spec: AttentionSpec, layer: Layer, scale: str) -> None:
        mean = {"rand": 0.5}.get(spec.input, 0.0) + spec.input_mean
        q, k, v = layer.queries.double(), layer.keys.double() + mean, layer.values.double() + mean
        self.visible = torch.arange(spec.keys) < torch.tensor([[spec.visible(i)] for i in range(spec.queries)])
        q.requires_grad_()
        out = F.scaled_dot_product_attention(q, k, v, attn_mask=self.visible, scale=spec.factor(scale))
        scores = (spec.factor(scale) * q @ k.T).detach().masked_fill(~self.visible, -torch.inf).requires_grad_()
        p = scores.softmax(1)
        assert layer.gradient is not None
        (p @ v).backward(layer.gradient.double())
        out.backward(layer.gradient.double())
        assert q.grad is not None
        assert scores.grad is not None
        self.scores, self.p, self.out = scores.detach()[self.visible], p.detach(), out.detach() - mean
        self.at_queries, self.at_scores = q.grad, scores.grad
        self.values = v.detach() - mean


def layers(spec: AttentionSpec, scale: str) -> list[Attention]:
    return [Attention(spec, draw_layer(spec, repeat), scale) for repeat in range(spec.repeats)]


def rows(numbers: list[Tensor]) -> Tensor:
    return torch.cat(numbers)


def run(**fields: Any) -> AttentionResult:
    result = outcome(run_attention(AttentionSpec.parse(SMALL | fields)))
    assert isinstance(result, AttentionResult)
    return result


@change
def test_scores_weights_and_outputs_are_torchs(change: dict[str, Any]) -> None:
    spec = AttentionSpec.parse(SMALL | change)
    for entry in run(**change).scales:
        torchs = layers(spec, entry.scale)
        scores = rows([each.scores for each in torchs])
        assert entry.scores.count == scores.numel()
        assert entry.scores.mean == pytest.approx(float(scores.mean()), rel=1e-4, abs=1e-5)
        if len(scores) > 1:
            assert entry.scores.variance == pytest.approx(float(scores.var()), rel=1e-4)
        entropy = rows([torch.special.entr(each.p).sum(1) for each in torchs])
        square = rows([each.p.square().sum(1) for each in torchs])
        largest = rows([each.p.amax(1) for each in torchs])
        for found, expected in ((entry.entropy, entropy), (entry.participation, square), (entry.largest, largest)):
            assert found.mean == pytest.approx(float(expected.mean()), rel=ROUNDED, abs=1e-6)
            assert found.std == pytest.approx(float(expected.std(correction=0)), rel=1e-3, abs=1e-6)
        assert entry.largest.concentrated == pytest.approx(float((largest > 0.97).double().mean()))
        squares = sum(float(each.out.square().sum()) for each in torchs)
        assert entry.output.variance == pytest.approx(squares / spec.queries / spec.head_dim / spec.repeats, rel=1e-4)
        values = rows([each.values.flatten() for each in torchs]).square().mean()
        assert entry.output.ratio == pytest.approx(entry.output.variance / float(values), rel=1e-6)
        if spec.queries > 1:
            products = sum(float((each.out @ each.out.T).sum()) for each in torchs) - squares
            assert entry.output.cosine == pytest.approx(products / (spec.queries - 1) / squares, abs=1e-4)


@change
def test_gradients_are_autograds(change: dict[str, Any]) -> None:
    spec = AttentionSpec.parse(SMALL | change)
    for entry in run(**change).scales:
        torchs = layers(spec, entry.scale)
        at_queries = rows([each.at_queries for each in torchs]).square().mean()
        at_scores = rows([each.at_scores[each.visible] for each in torchs]).square().mean()
        assert entry.gradient is not None
        assert entry.gradient.queries == pytest.approx(float(at_queries), rel=1e-3, abs=1e-9)
        assert entry.gradient.scores == pytest.approx(float(at_scores), rel=1e-3, abs=1e-9)


def test_ranks_are_those_of_sorted_weights() -> None:
    spec = AttentionSpec.parse(SMALL)
    for entry in run().scales:
        (torchs,) = layers(spec, entry.scale)
        typical = torchs.p.sort(1, descending=True).values.log().mean(0)
        assert [at.rank for at in entry.ranks] == sorted({at.rank for at in entry.ranks})
        for at in entry.ranks:
            assert at.log10_weight == pytest.approx(float(typical[at.rank - 1]) / log(10), abs=1e-4)
        assert 10 ** entry.ranks[-1].log10_weight <= 1 / spec.keys


@pytest.mark.parametrize(("scale", "factor"), [("unscaled", 3.0), ("1/D", 3 / 8), ("1/sqrt(D)", 3 / sqrt(8))])
def test_the_factor_is_the_gain_times_the_scale(scale: str, factor: float) -> None:
    (entry,) = run(scale=[scale], gain=3.0).scales
    assert entry.factor == pytest.approx(factor)


def test_causal_queries_see_what_torchs_own_mask_shows_them() -> None:
    spec = AttentionSpec.parse(SMALL | {"causal": True, "queries": 40})
    assert [spec.visible(query) for query in range(40)] == list(range(1, 41))


def test_keys_have_the_cosine_that_was_asked_for() -> None:
    spec = AttentionSpec.parse(SMALL | {"similarity": 0.6, "head_dim": 4096, "keys": 8})
    keys = F.normalize(draw_layer(spec, 0).keys)
    cosines = (keys @ keys.T)[~torch.eye(8, dtype=torch.bool)]
    assert cosines.numpy() == pytest.approx(0.6, abs=5 / sqrt(4096))


def test_threads_change_nothing() -> None:
    def numbers(threads: int) -> str:
        use_threads(threads)
        return run(keys=3000, queries=100).model_dump_json()

    try:
        assert numbers(1) == numbers(3)
    finally:
        use_threads(2)


def test_each_partial_result_holds_the_queries_so_far() -> None:
    spec = AttentionSpec.parse(SMALL | {"keys": 16384, "queries": 9})
    counts = [step.partial().scales[0].scores.count for step in run_attention(spec)]
    assert counts == [4 * 16384, 8 * 16384, 9 * 16384]


@pytest.mark.parametrize("fields", [{}, {"similarity": 0.3}, {"causal": True}])
def test_chance_explains_what_sets_measurement_and_theory_apart(fields: dict[str, Any]) -> None:
    """Of 16 layers a mean of z beyond ±5/√16, or a mean square beyond 3, chance passes once in a million."""
    offs: dict[str, list[float | None]] = {}
    for seed in range(16):
        asked = {"head_dim": 32, "keys": 200, "queries": 64, "scale": ["1/sqrt(D)"], "seed": seed} | fields
        (entry,), spec = run(**asked).scales, AttentionSpec.parse(SMALL | asked)
        predicted = entry.predicted
        measured = {
            "entropy": (entry.entropy.mean - predicted.entropy) / (entry.entropy.error or 1),
            "participation": (entry.participation.mean - predicted.participation) / (entry.participation.error or 1),
            "scores": size_off(entry.scores.variance, predicted.score_variance, predicted.score_variance_std),
            "outputs": size_off(entry.output.ratio, predicted.output_ratio, predicted.output_ratio_std),
            "cosine": cosine_off(spec, entry.output, predicted),
        }
        for name, off in measured.items():
            offs.setdefault(name, []).append(off)
    for name, found in offs.items():
        known = [off for off in found if off is not None]
        if known:
            assert abs(sum(known)) / len(known) < 5 / sqrt(len(known)), name
            assert sum(off**2 for off in known) / len(known) < 3, name


def test_the_default_is_what_the_question_is_about() -> None:
    """One key of a thousand takes most, all are nearly even, or one answer for all."""
    unscaled, over_d, over_root = outcome(run_attention(AttentionSpec())).scales
    assert unscaled.participation.mean > 0.5
    assert over_d.output.cosine is not None
    assert over_d.output.cosine > 0.95
    assert over_root.entropy.mean == pytest.approx(log(1024) - 0.5, abs=0.05)


def test_a_scale_is_named_once() -> None:
    with pytest.raises(SpecError) as refused:
        AttentionSpec.parse({"scale": ["1/D", "1/D"]})
    assert refused.value.errors == [("scale", "name each scale once")]


@pytest.mark.parametrize("gain", ["0", "1e-238"])
def test_keys_that_are_not_seen_have_no_weight_under_a_factor_that_float32_takes_for_zero(gain: str) -> None:
    spec = AttentionSpec.from_query(f"scale=unscaled&gain={gain}&keys=24&queries=24&causal=true")
    text = result_of(spec).model_dump_json()
    assert AttentionResult.model_validate_json(text) == result_of(spec)
