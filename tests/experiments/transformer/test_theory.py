"""What is predicted of a transformer: closed forms where there are any, simulations with their standard errors else."""

from dataclasses import replace
from math import e, log, sqrt
from typing import Any, NamedTuple

import numpy as np
import pytest

from app.experiments.transformer.inits import INITS
from app.experiments.transformer.mixing import mixing
from app.experiments.transformer.places import Places, places_of
from app.experiments.transformer.recursion import Tokens, forward
from app.experiments.transformer.result import BlockPredicted, TransformerBlock
from app.experiments.transformer.run import run_transformer
from app.experiments.transformer.spec import TransformerSpec
from app.experiments.transformer.theory import Prediction, predict, shape_of
from tests.lab.tools import STANDARD_ERRORS, mean_error, outcome

EPS = 1e-5  # torch's, in every norm


def prediction(init: str = "1/sqrt(D)", **settings: Any) -> Prediction:
    return predict(TransformerSpec.parse({**settings, "init": [init]}), INITS[init])


def streams(found: Prediction) -> list[float]:
    return [block.stream for block in found.blocks if block.stream is not None]


@pytest.mark.parametrize("depth", [1, 2, 24])
def test_branches_as_large_as_the_input_add_up_to_1_plus_2l_and_scaled_to_two(depth: int) -> None:
    alike: dict[str, Any] = {"depth": depth, "similarity": 1.0, "activation": "linear"}
    grown = streams(prediction(**alike))
    assert grown == pytest.approx([1 + 2 * block for block in range(1, depth + 1)], rel=2 * EPS)
    assert streams(prediction(residual_scale="1/sqrt(2L)", **alike))[-1] == pytest.approx(2, rel=2 * EPS)


def test_without_scores_attention_is_the_average_that_it_is() -> None:
    """Of n independent tokens 1/n is left of the mean square; tokens of cosine c become c + (1 − c)/n."""
    found = prediction(gain=0.0, norm="none", similarity=0.25, depth=1, activation="linear", tokens=5)
    (block,) = found.blocks
    kept = 0.25 + 0.75 / 5
    assert block.attention == pytest.approx(kept, rel=1e-6)
    assert block.entropy == pytest.approx(log(5), rel=1e-6)
    assert block.participation == pytest.approx(1 / 5, rel=1e-6)
    middle = 1 + kept
    assert block.mlp == pytest.approx(middle, rel=1e-6)
    assert block.stream == pytest.approx(2 * middle, rel=1e-6)
    assert block.token_cosine == pytest.approx((0.25 + kept) / middle, rel=1e-6)


def test_a_gradient_through_averages_and_linear_branches_has_a_closed_form() -> None:
    """Without a norm and with even weights: MLP and values each return what they receive, the values 1/n of it."""
    found = prediction(gain=0.0, norm="none", depth=1, activation="linear", tokens=5)
    assert found.input_gradient == pytest.approx(2 * (1 + 1 / 5), rel=1e-6)


@pytest.mark.parametrize(("kind", "removed"), [("layer", 2), ("rms", 1)])
def test_back_through_one_norm_a_gradient_is_divided_by_what_each_token_happens_to_be(kind: str, removed: int) -> None:
    """Of d = D normals, or one fewer where a norm centres, E[D/χ²] is D/(d − 2); and the norm takes its directions."""
    width = 64
    found = prediction(residual_scale=0.0, norm="post", norm_kind=kind, depth=1, width=width, heads=1)
    exact = width / (width - removed - 1) * (1 - removed / width)
    assert found.input_gradient == pytest.approx(exact, rel=2 * (3 / width) ** 2)


def test_one_token_attends_to_itself_alone() -> None:
    found = prediction(tokens=1, activation="linear", depth=3)
    assert streams(found) == pytest.approx([3, 5, 7], rel=4 * EPS)
    assert [block.token_cosine for block in found.blocks] == [None] * 3


def test_under_a_mask_plain_averages_have_a_closed_form() -> None:
    """Token t averages t tokens: 1/t of its mean square is left, 1/t too of its product with an earlier one."""
    n = 5
    found = prediction(gain=0.0, norm="none", depth=1, activation="linear", tokens=n, causal=True)
    (block,) = found.blocks
    squares = [1 / t for t in range(1, n + 1)]
    assert block.attention == pytest.approx(sum(squares) / n, rel=1e-6)
    assert block.mlp == pytest.approx(1 + sum(squares) / n, rel=1e-6)
    pairs = [(s, t) for t in range(1, n + 1) for s in range(1, t)]
    cosines = [(1 / t) / sqrt((1 + 1 / s) * (1 + 1 / t)) for s, t in pairs]
    assert block.token_cosine == pytest.approx(sum(cosines) / len(cosines), rel=1e-6)
    assert block.entropy == pytest.approx(sum(log(t) for t in range(1, n + 1)) / n, rel=1e-6)
    assert block.entropy_share == pytest.approx(1, rel=1e-6)
    # Key s receives 1/t of the gradient of every token from s on: as much in all as the values left.
    assert found.input_gradient == pytest.approx(2 * (1 + sum(squares) / n), rel=1e-6)
    assert "causal mask" in " ".join(found.sentences)


def test_neighbours_behind_a_mask_are_nearly_what_each_of_them_is() -> None:
    """A place for each of the later tokens changes predictions by less than a part in a thousand."""
    spec = TransformerSpec(tokens=96, causal=True, depth=4)
    shape = shape_of(spec, INITS["1/sqrt(D)"])
    alone = Places.causal([1.0] * 96)
    assert len(shape.places.counts) < 50
    sizes = []
    for each in (shape, replace(shape, places=alone)):
        x = Tokens.alike(each.places, 0.0)
        for _ in range(spec.depth):
            passed = forward(each, x)
            x = passed.mlp.out
        mean = each.places.mean
        sizes.append([mean(x.square), each.places.mean_within(x.within), mean(passed.attention.mixing.entropy)])
    assert sizes[0] == pytest.approx(sizes[1], rel=1e-3)


def test_what_frozen_attention_returns_is_predicted_only_while_it_is_not_the_work_of_a_few_ties() -> None:
    assert prediction(score_scale="unscaled").input_gradient is not None
    assert prediction(gain=1000.0).input_gradient is None
    assert "nearly tie" in " ".join(prediction(gain=1000.0).sentences)


class Alike(NamedTuple):
    shared: float
    participation: float
    along: float


def of_all(seen: float, cosine: float, tokens: int, head_dim: int) -> Alike:
    """Of queries that all see the same keys."""
    found = mixing(np.array([seen]), np.array([[cosine]]), places_of(tokens, causal=False), head_dim)
    return Alike(float(found.shared[0, 0]), float(found.participation[0]), float(found.along[0]))


@pytest.mark.parametrize("cosine", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("variance", [1.0, 16.0])
def test_weights_of_two_queries_overlap_as_simulated(variance: float, cosine: float) -> None:
    """Exact at no correlation; between it and one the interpolation is said to be right to a fifth."""
    rng, n = np.random.default_rng(1), 32
    lengths = np.sqrt(rng.chisquare(64, (2, 4000, 1)) / 64)
    common = rng.standard_normal((4000, n))
    own = rng.standard_normal((2, 4000, n))
    seen = variance * (1 - cosine)
    scores = sqrt(seen) * lengths * (sqrt(cosine) * common + sqrt(1 - cosine) * own)
    p = np.exp(scores - scores.max(-1, keepdims=True))
    p /= p.sum(-1, keepdims=True)
    shared = (p[0] * p[1]).sum(-1)
    found = of_all(seen, cosine, n, 64)
    within = 0.2 if 0 < cosine < 1 else 0.0
    assert found.shared == pytest.approx(
        shared.mean(), abs=STANDARD_ERRORS * mean_error(shared) + within * found.shared
    )
    alone = (p[0] ** 2).sum(-1)
    assert found.participation == pytest.approx(alone.mean(), abs=STANDARD_ERRORS * mean_error(alone))


@pytest.mark.parametrize("variance", [0.25, 1.0, 4.0, 16.0, 64.0])
def test_preferred_keys_lie_along_their_query_as_simulated(variance: float) -> None:
    """To a sixth: it is a correction of the order of 1/width."""
    rng = np.random.default_rng(2)
    s = rng.standard_normal((8000, 48)) * sqrt(variance)
    p = np.exp(s - s.max(-1, keepdims=True))
    p /= p.sum(-1, keepdims=True)
    along = ((p * s).sum(-1) ** 2 - (p**2 * s**2).sum(-1)) / variance
    found = of_all(variance, 0.0, 48, 4096).along
    assert found == pytest.approx(along.mean(), abs=STANDARD_ERRORS * mean_error(along) + found / 6)


SEEDS = 24
WIDE: dict[str, Any] = {"depth": 3, "width": 128, "heads": 2, "tokens": 16, "batch": 4, "bins": 4}
SETTINGS: dict[str, dict[str, Any]] = {
    "pre-norm": {},
    "post-norm": {"norm": "post"},
    "alike": {"similarity": 0.5},
    "ReLU, RMS norm": {"activation": "relu", "norm_kind": "rms"},
    "unscaled scores": {"score_scale": "unscaled", "heads": 4},
    "causal": {"causal": True},
    "causal, post-norm": {"causal": True, "norm": "post", "similarity": 0.3},
    "causal, unscaled scores": {"causal": True, "score_scale": "unscaled", "heads": 4},
}


def over_seeds(settings: dict[str, Any], init: str) -> tuple[list[list[TransformerBlock]], Prediction]:
    spec = TransformerSpec.parse({**WIDE, **settings, "init": [init]})
    runs = [outcome(run_transformer(spec.model_copy(update={"seed": seed}))).inits[0].blocks for seed in range(SEEDS)]
    return runs, predict(spec, INITS[init])


@pytest.mark.parametrize("init", ["1/sqrt(D)", "deepnet"])
@pytest.mark.parametrize("settings", SETTINGS.values(), ids=list(SETTINGS))
def test_blocks_are_on_average_what_is_predicted(settings: dict[str, Any], init: str) -> None:
    """Within the standard errors of the seeds' mean, and what finite width leaves out: a few parts in the width."""
    runs, found = over_seeds(settings, init)
    left_out = 6 / 128
    for block, expected in enumerate(found.blocks):
        for name, read in READ.items():
            seen = np.array([read(blocks[block]) for blocks in runs])
            predicted = getattr(expected, name)
            apart = STANDARD_ERRORS * mean_error(seen) + left_out * (1.0 if "cosine" in name else predicted)
            assert seen.mean() == pytest.approx(predicted, abs=apart), (block + 1, name)


READ = {
    "stream": lambda block: block.stream.mean_square,
    "attention": lambda block: block.attention.mean_square,
    "mlp": lambda block: block.mlp.mean_square,
    "token_cosine": lambda block: block.token_cosine.mean,
    "sequence_cosine": lambda block: block.sequence_cosine,
    "entropy": lambda block: block.entropy.mean,
    "participation": lambda block: block.entropy.participation.mean,
    "gradient": lambda block: block.gradient.mean_square,
}


WEAK: dict[str, Any] = {"norm": "post", "residual_scale": 0.4, "depth": 4, "width": 64, "tokens": 16, "bins": 4}
WEAK_SETTINGS: dict[str, dict[str, Any]] = {
    "as they are": {},
    "linear averages": {"activation": "linear", "gain": 0.0},
    "RMS norm": {"norm_kind": "rms"},
    "pre-norm": {"norm": "pre", "residual_scale": 0.6},
}


@pytest.mark.parametrize("settings", WEAK_SETTINGS.values(), ids=list(WEAK_SETTINGS))
def test_past_weak_branches_even_the_first_order_in_1_over_width_is_predicted(settings: dict[str, Any]) -> None:
    """It adds up, norm after norm, to several parts in a hundred of a gradient; the second order is left out."""
    spec = TransformerSpec.parse({**WEAK, **settings, "init": ["1/sqrt(D)"]})
    sizes = []
    for seed in range(100):
        (entry,) = outcome(run_transformer(spec.model_copy(update={"seed": seed}))).inits
        assert entry.input_gradient is not None
        sizes.append(entry.input_gradient.mean_square)
    found = np.array(sizes)
    left_out = 2 * spec.depth * (3 / spec.width) ** 2
    assert entry.predicted_input_gradient == pytest.approx(
        found.mean(), abs=STANDARD_ERRORS * mean_error(found), rel=left_out
    )


def test_rank_collapses_under_post_norm_and_not_with_deepnets_scale() -> None:
    collapsed, kept = (prediction(init, norm="post").blocks[-1] for init in ("1/sqrt(D)", "deepnet"))
    assert cosine(collapsed) > 0.999
    assert cosine(kept) < 0.01


def cosine(block: BlockPredicted) -> float:
    assert block.token_cosine is not None
    return block.token_cosine


def test_attention_freezes_beyond_the_critical_variance() -> None:
    """e^σ²/n of the weight on any key below, most of it on one far above (Derrida 1981)."""
    assert of_all(0.25, 0.0, 1024, 4096).participation == pytest.approx(e**0.25 / 1024, rel=0.01)
    assert of_all(400.0, 0.0, 1024, 4096).participation > 1 - sqrt(2 * log(1024) / 400)


def test_a_token_that_sees_itself_alone_is_predicted_however_large_the_stream_grows() -> None:
    query = "width=24&heads=1&tokens=24&mlp_ratio=1&activation=relu&norm=none&gain=532&residual_scale=1.75&causal=true"
    prediction = predict(TransformerSpec.from_query(query), INITS["1/sqrt(D)"])
    squares = [block.stream for block in prediction.blocks]
    assert all(square is not None and square > 0 for square in squares)
