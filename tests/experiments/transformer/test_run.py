"""What is measured of a transformer is what a plain loop over its blocks holds."""

from collections.abc import Iterator
from itertools import combinations
from math import log, sqrt
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from app.experiments.transformer import draws
from app.experiments.transformer.block import Block, Passed
from app.experiments.transformer.inits import GROUPS, INITS
from app.experiments.transformer.result import TransformerResult
from app.experiments.transformer.run import run_transformer
from app.experiments.transformer.spec import TransformerSpec
from app.fields import SpecError
from app.lab.threads import use_threads
from tests.experiments.transformer.plain import plain
from tests.lab.tools import EPS32, all_finite, outcome, stopped

SMALL: dict[str, Any] = {"depth": 3, "width": 32, "heads": 2, "tokens": 6, "batch": 5, "bins": 8}
ROUNDED = 3 * 32 * 8 * EPS32


def run(**settings: Any) -> TransformerResult:
    return outcome(run_transformer(TransformerSpec.parse({**SMALL, **settings})))


def plain_loop(spec: TransformerSpec, init: str) -> Iterator[Passed]:
    """Block by block, all sequences at once."""
    block, x = Block.of(spec, INITS[init]), draws.draw_input(spec).view(-1, spec.width)
    for w in draws.Weights(spec).of(range(spec.depth)):
        passed = block.forward(x, w)
        x = passed.stream
        yield passed


def mean_cosine(pairs: list[tuple[Tensor, Tensor]]) -> float:
    return float(torch.stack([F.cosine_similarity(a.double(), b.double(), dim=0) for a, b in pairs]).mean())


def test_every_block_is_measured_as_a_plain_loop_has_it() -> None:
    spec = TransformerSpec(init=["1/sqrt(D)"], **SMALL)
    (entry,) = run(init=["1/sqrt(D)"]).inits
    before = 1.0
    for block, passed in zip(entry.blocks, plain_loop(spec, "1/sqrt(D)"), strict=True):
        x, p = passed.stream, passed.weights.double()
        assert block.stream.mean_square == pytest.approx(float(x.double().square().mean()), rel=ROUNDED)
        assert block.attention.mean_square == pytest.approx(float(passed.attention.square().mean()), rel=ROUNDED)
        assert block.mlp.mean_square == pytest.approx(float(passed.mlp.square().mean()), rel=ROUNDED)
        if block.block > 1:
            assert block.mlp.share == pytest.approx((block.mlp.mean_square or 0.0) / before, rel=1e-9)
        entropy = torch.special.entr(p).sum(-1)
        assert block.entropy.mean == pytest.approx(float(entropy.mean()), rel=ROUNDED)
        assert block.entropy.std == pytest.approx(float(entropy.std()), rel=100 * ROUNDED)
        assert block.entropy.share == pytest.approx(float(entropy.mean()) / log(6), rel=ROUNDED)
        assert block.entropy.participation.mean == pytest.approx(float(p.square().sum(-1).mean()), rel=ROUNDED)
        assert block.entropy.largest == pytest.approx(float(p.amax(-1).mean()), rel=ROUNDED)
        before = block.stream.mean_square or 0.0


def test_cosines_are_over_all_pairs_of_tokens() -> None:
    spec = TransformerSpec(init=["xavier"], similarity=0.3, **SMALL)
    (entry,) = run(init=["xavier"], similarity=0.3).inits
    for block, passed in zip(entry.blocks, plain_loop(spec, "xavier"), strict=True):
        sequences = passed.stream.view(5, 6, 32)
        within = [pair for sequence in sequences for pair in combinations(sequence, 2)]
        across = [(a, b) for one, other in combinations(sequences, 2) for a in one for b in other]
        assert block.token_cosine.mean == pytest.approx(mean_cosine(within), abs=ROUNDED)
        assert block.sequence_cosine == pytest.approx(mean_cosine(across), abs=ROUNDED)


@pytest.mark.parametrize(("tokens", "returning"), [(6, 5), (30, 3), (32, 2), (64, 1), (70, 1)])
def test_the_gradient_is_autograds_through_the_whole_stack(tokens: int, returning: int) -> None:
    """Of the first sequences alone, which hold 64 tokens, or of all: at the matrices what these give."""
    settings: dict[str, Any] = {**SMALL, "tokens": tokens, "init": ["1/sqrt(D)"]}
    spec, (entry,) = TransformerSpec.parse(settings), run(**settings).inits
    assert spec.returning == returning
    block, rows = Block.of(spec, INITS["1/sqrt(D)"]), returning * tokens
    streams, weights = [draws.draw_input(spec).view(-1, spec.width).requires_grad_()], []
    for unit in draws.Weights(spec).of(range(spec.depth)):
        weights.append({group: unit[group].mul(block.stds[group]).requires_grad_() for group in GROUPS})
        streams.append(plain(spec, block, streams[-1], weights[-1]))
    loss_gradient = draws.draw_gradient(spec).view(-1, spec.width)
    every = [*streams, *(w[group] for w in weights for group in GROUPS)]
    found = torch.autograd.grad(streams[-1][:rows], every, loss_gradient)
    at_streams, at_weights = found[: spec.depth + 1], iter(found[spec.depth + 1 :])
    measured = [entry.input_gradient, *(at.gradient for at in entry.blocks)]
    for summary, gradient in zip(measured, at_streams, strict=True):
        assert summary is not None
        assert summary.count == rows * spec.width
        assert not gradient[rows:].any()
        assert summary.mean_square == pytest.approx(mean_square(gradient[:rows]), rel=ROUNDED)
    for at in entry.blocks:
        assert at.weight_gradients is not None
        for group in GROUPS:
            size = mean_square(next(at_weights))
            assert at.weight_gradients[group].mean_square == pytest.approx(size, rel=ROUNDED)
            assert at.weight_gradients[group].grad_to_data == pytest.approx(sqrt(size) / block.stds[group], rel=ROUNDED)


def mean_square(gradient: Tensor) -> float:
    return float(gradient.double().square().mean())


def test_sequences_never_meet_so_that_a_gradient_through_the_first_is_what_they_get_alone() -> None:
    whole, alone = run(tokens=32, batch=5), run(tokens=32, batch=2)
    for mine, theirs in zip(whole.inits, alone.inits, strict=True):
        assert mine.input_gradient == theirs.input_gradient
        for block, same in zip(mine.blocks, theirs.blocks, strict=True):
            assert (block.gradient, block.weight_gradients) == (same.gradient, same.weight_gradients)


def test_without_backward_there_is_no_gradient_and_the_rest_is_the_same() -> None:
    there, back = run(backward=False), run()
    for mine, theirs in zip(there.inits, back.inits, strict=True):
        assert mine.input_gradient is None
        for before, after in zip(mine.blocks, theirs.blocks, strict=True):
            assert before.gradient is None
            assert before.weight_gradients is None
            assert (before.stream, before.entropy) == (after.stream, after.entropy)


def test_results_do_not_depend_on_threads_nor_on_the_other_inits() -> None:
    settings: dict[str, Any] = {"tokens": 64, "init": ["gpt2", "deepnet"]}
    use_threads(1)
    alone = run(**settings)
    use_threads(3)
    try:
        assert run(**settings) == alone
        assert run(**{**settings, "init": ["deepnet"]}).inits[0] == alone.inits[1]
    finally:
        use_threads(2)


def test_weights_that_are_drawn_again_are_those_that_were_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = run()
    monkeypatch.setattr(draws, "KEPT", 0)
    assert run() == kept


def test_tokens_begin_with_the_similarity_asked_for() -> None:
    spec = TransformerSpec(similarity=0.4, width=1024, tokens=8, batch=16)
    x = draws.draw_input(spec)
    (within,) = (mean_cosine([pair for sequence in x for pair in combinations(sequence, 2)]),)
    assert within == pytest.approx(0.4, abs=5 * sqrt(2 / 1024 / 16))  # their common part is one draw a sequence
    assert float(x.square().mean()) == pytest.approx(1, abs=5 * sqrt(2 / (1024 * 16)))


def test_a_step_comes_after_every_block_either_way_and_any_of_them_can_be_read() -> None:
    spec = TransformerSpec(**SMALL)
    steps = list(run_transformer(spec))
    assert [step.done for step in steps] == list(range(1, 3 * 2 + 1))
    assert {step.total for step in steps} == {6}
    assert all_finite(steps[-1].partial().model_dump())


def test_a_run_can_be_stopped_between_blocks() -> None:
    with stopped(after=20):
        list(run_transformer(TransformerSpec(**{**SMALL, "depth": 50})))


@pytest.mark.parametrize(
    ("init", "expected"),
    [
        ("gpt2", {"query": 0.02, "output": 0.02 / sqrt(48), "mlp_in": 0.02, "mlp_out": 0.02 / sqrt(48)}),
        ("1/sqrt(D)", {"query": 1 / 16, "output": 1 / 16, "mlp_in": 1 / 16, "mlp_out": 1 / 32}),
        ("xavier", {"query": 1 / 16, "mlp_in": sqrt(2 / 1280), "mlp_out": sqrt(2 / 1280)}),
        ("deepnet", {"query": 1 / 16, "value": 192**-0.25 / 16, "output": 192**-0.25 / 16}),
        ("mup", {"query": 1 / 16, "mlp_in": 1 / 16, "mlp_out": 1 / 32}),
    ],
)
def test_recipes_are_those_that_were_published(init: str, expected: dict[str, float]) -> None:
    stds = {weight.group: INITS[init].std(weight) for weight in TransformerSpec().weights}
    for group, std in stds.items():
        if group in expected:
            assert std == pytest.approx(expected[group])
    assert INITS[init].score_scale == ("1/D" if init == "mup" else "1/sqrt(D)")


def test_heads_that_do_not_share_the_width_are_refused_with_those_that_do() -> None:
    with pytest.raises(SpecError) as refused:
        TransformerSpec.parse({"width": 90, "heads": 4})
    ((field, message),) = refused.value.errors
    assert field == "heads"
    assert "1, 2, 3, 5, 6, 9" in message
    assert "a width of 88" in message


def test_where_float32_ends_is_said() -> None:
    (entry,) = run(depth=100, norm="none", init=["1/sqrt(D)"], backward=False).inits
    over = entry.overflow_block["float32"]
    assert over is not None
    assert entry.blocks[over - 1].stream.nonfinite
    assert not entry.blocks[over - 2].stream.nonfinite
    assert (entry.overflow_block["float16"] or 100) < over
