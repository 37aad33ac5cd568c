"""Networks stray from what is predicted of them as far as they are said to: no further, and no less."""

from functools import cache
from math import sqrt
from typing import Any

import numpy as np
import pytest

from app.experiments.transformer import strays
from app.experiments.transformer.inits import INITS
from app.experiments.transformer.result import TransformerBlock, TransformerInit
from app.experiments.transformer.run import run_transformer
from app.experiments.transformer.scales import COSINE, SIZE, Scale, share
from app.experiments.transformer.spec import TransformerSpec
from app.experiments.transformer.strays import Stray, Straying
from app.experiments.transformer.theory import predict
from app.theory.finite_width import NORMAL_975
from tests.lab.tools import STANDARD_ERRORS, Floats, kurtosis, outcome, std_error

NETWORKS = 100
SMALL: dict[str, Any] = {"depth": 3, "width": 64, "heads": 2, "tokens": 12, "batch": 5, "bins": 4}
SETTINGS: dict[str, dict[str, Any]] = {
    "pre-norm": {},
    "post-norm": {"norm": "post"},
    "no norm": {"norm": "none", "residual_scale": 0.5},
    "alike": {"similarity": 0.5, "activation": "relu"},
    "causal": {"causal": True},
    "sharp scores": {"gain": 2.0},
}
STRAYING: dict[str, Straying] = {
    "stream": strays.stream,
    "attention": strays.attention,
    "mlp": strays.mlp,
    "token cosine": strays.token_cosine,
    "sequence cosine": strays.sequence_cosine,
    "entropy": strays.entropy,
    "participation": strays.participation,
    "gradient": strays.gradient,
}
DEEP: dict[str, Any] = {"norm": "post", "causal": True, "depth": 21, "width": 256, "batch": 2, "backward": False}
LEFT_OUT = 0.35  # of a standard deviation: higher orders, at a width of 64, in what strays and in what it strays from


@cache
def networks(name: str) -> list[TransformerInit]:
    settings = DEEP if name == "deep" else SETTINGS[name]
    spec = TransformerSpec.parse({**SMALL, **settings, "init": ["1/sqrt(D)"]})
    return [outcome(run_transformer(spec.model_copy(update={"seed": seed}))).inits[0] for seed in range(NETWORKS)]


def offs(name: str, straying: Straying, block: int) -> Floats:
    """How many standard deviations each network lies off; none where nothing is said of it."""
    found = [straying(entry.blocks[block]).off for entry in networks(name)]
    return np.array([off for off in found if off is not None])


@pytest.mark.parametrize("quantity", STRAYING)
@pytest.mark.parametrize("name", SETTINGS)
def test_networks_stray_as_far_as_chance_is_said_to_let_them(name: str, quantity: str) -> None:
    for block in range(SMALL["depth"]):
        off = offs(name, STRAYING[quantity], block)
        if not off.size:
            assert (name, quantity) == ("post-norm", "stream"), "the norm's doing"
            continue
        assert off.size == NETWORKS
        allowed = STANDARD_ERRORS * std_error(1, NETWORKS, max(0.0, kurtosis(off))) + LEFT_OUT
        assert float(off.std(ddof=1)) == pytest.approx(1, abs=allowed), block + 1
        assert abs(off.mean()) < STANDARD_ERRORS / sqrt(NETWORKS) + LEFT_OUT, block + 1


@pytest.mark.parametrize("quantity", ["token cosine", "entropy", "participation", "attention"])
def test_what_tells_tokens_apart_strays_the_more_the_more_matrices_it_has_passed(quantity: str) -> None:
    """Behind a mask it soon lies in few tokens, and in few directions: looked at in the last block with a band."""
    *_, last = (block for block in range(DEEP["depth"]) if offs("deep", STRAYING[quantity], block).size)
    off = offs("deep", STRAYING[quantity], last)
    allowed = STANDARD_ERRORS * std_error(1, NETWORKS, max(0.0, kurtosis(off))) + LEFT_OUT
    assert last >= SMALL["depth"]
    assert float(off.std(ddof=1)) == pytest.approx(1, abs=allowed)
    assert abs(off.mean()) < STANDARD_ERRORS / sqrt(NETWORKS) + LEFT_OUT


def test_bands_hold_95_of_100_networks() -> None:
    """Over all numbers of all settings: each network's are correlated, so that it counts once."""
    inside = []
    for name in SETTINGS:
        for entry in networks(name):
            off = [at.off for block in entry.blocks for at in _all(block)]
            inside.append(np.mean([abs(each) <= NORMAL_975 for each in off if each is not None]))
    assert float(np.mean(inside)) == pytest.approx(0.95, abs=0.05)


def _all(block: TransformerBlock) -> list[Stray]:
    return [straying(block) for straying in STRAYING.values()]


@pytest.mark.parametrize(
    ("scale", "number"), [(SIZE, 3.0), (COSINE, -0.2), (COSINE, 0.999), (share(), 0.02), (share(0.02), 0.021)]
)
def test_a_number_at_the_edge_of_its_band_lies_1_96_standard_deviations_off(scale: Scale, number: float) -> None:
    std = 0.01 / scale.slope(number)
    band = scale.band(number, std)
    assert band is not None
    assert [scale.off(edge, number, std) for edge in band] == pytest.approx([-NORMAL_975, NORMAL_975])
    assert band[0] < number < band[1]
    assert (band[1] - band[0]) / 2 == pytest.approx(NORMAL_975 * std, rel=0.01)


def test_what_chance_has_no_part_in_has_no_band() -> None:
    """Post-norm sets the stream, equal weights have one entropy, and what is the same stays the same."""
    settings: dict[str, Any] = {"norm": "post", "gain": 0.0, "similarity": 1.0, "init": ["1/sqrt(D)"]}
    found = predict(TransformerSpec.parse(settings), INITS["1/sqrt(D)"]).blocks[0]
    assert (found.stream_std, found.entropy_std, found.token_cosine_std) == (None, None, None)


def test_where_the_first_order_does_not_say_how_far_chance_goes_there_is_no_band_and_it_is_said() -> None:
    found = predict(TransformerSpec(norm="none", width=64, depth=20), INITS["1/sqrt(D)"])
    assert found.blocks[0].stream_std is not None
    assert found.blocks[-1].stream_std is None
    assert "leading order in 1/width does not say" in " ".join(found.sentences)


def test_behind_a_mask_and_no_norm_there_is_no_band_once_attention_is_frozen_and_it_is_said() -> None:
    spec = TransformerSpec(norm="none", causal=True, depth=12)
    found = predict(spec, INITS["1/sqrt(D)"])
    assert found.blocks[0].entropy_std is not None
    assert all(value is None for name, value in found.blocks[-1].model_dump().items() if name.endswith("_std"))
    assert "earlier tokens are longer" in " ".join(found.sentences)
    assert found.blocks[-1].entropy is not None


def test_without_a_norm_the_cosine_has_no_band_once_every_query_has_one_key_and_it_is_said() -> None:
    spec = TransformerSpec(norm="none", width=128, depth=16)
    found = predict(spec, INITS["1/sqrt(D)"])
    assert found.blocks[0].token_cosine_std is not None
    assert found.blocks[-1].token_cosine_std is None
    assert found.blocks[-1].sequence_cosine_std is not None
    assert "one key alone" in " ".join(found.sentences)
    shallow = predict(spec.model_copy(update={"depth": 6}), INITS["1/sqrt(D)"])
    assert shallow.blocks[-1].token_cosine_std is not None
    assert "one key alone" not in " ".join(shallow.sentences)
