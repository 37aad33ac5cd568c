"""Draws depend on the seed and the key, and on nothing else; their moments are the declared ones."""

from itertools import combinations
from math import sqrt

import numpy as np
import pytest
import torch
from torch import Tensor

from app.experiments.matmul.run import run_matmul
from app.experiments.matmul.spec import MatmulSpec
from app.experiments.stack.run import run_stack
from app.experiments.stack.spec import StackSpec
from app.lab.draws import BLOCK, DISTRIBUTIONS, Distribution, draw, drawing
from app.lab.threads import use_threads
from app.spec import LARGEST_SEED
from tests.lab.tools import STANDARD_ERRORS, Floats, errors_apart, outcome

every_distribution = pytest.mark.parametrize("distribution", DISTRIBUTIONS.values(), ids=list(DISTRIBUTIONS))

SHAPE = (5, BLOCK // 2 + 8)  # two whole blocks and a part of one, cut across rows
MANY = (2**21,)


def sample(distribution: Distribution) -> Floats:
    return draw(distribution, MANY, 20, 1).double().numpy()


def content(tensor: Tensor) -> bytes:
    return tensor.numpy().tobytes()


@every_distribution
@pytest.mark.parametrize("threads", [2, 8])
def test_the_same_key_gives_the_same_bytes_on_any_number_of_threads(distribution: Distribution, threads: int) -> None:
    use_threads(1)
    alone = draw(distribution, SHAPE, 3, 1, 4)
    use_threads(threads)
    assert content(draw(distribution, SHAPE, 3, 1, 4)) == content(alone)


@every_distribution
def test_blocks_are_the_same_in_whatever_order_they_are_drawn(distribution: Distribution) -> None:
    out, fills = drawing(distribution, SHAPE, 3, 1, 4)
    assert len(fills) > 2
    for fill in reversed(fills):
        fill()
    assert content(out) == content(draw(distribution, SHAPE, 3, 1, 4))


@every_distribution
def test_every_seed_and_key_draws_numbers_of_its_own(distribution: Distribution) -> None:
    seeds = [0, 1, 2**32, 2**32 + 1, LARGEST_SEED]
    keys: list[tuple[int, ...]] = [(), (0,), (1,), (0, 0), (0, 1), (1, 0), (0, 0, 0)]
    drawn = [content(draw(distribution, (128,), seed, *key)) for seed in seeds for key in keys]
    assert len(set(drawn)) == len(drawn)


@every_distribution
def test_neighbouring_blocks_are_uncorrelated(distribution: Distribution) -> None:
    blocks = draw(distribution, (4, BLOCK), 0, 1).double().numpy()
    for one, other in combinations(blocks, 2):
        correlation = float(np.corrcoef(one, other)[0, 1])
        assert errors_apart(correlation, 0.0, 1 / sqrt(BLOCK)) <= STANDARD_ERRORS


@every_distribution
def test_entries_have_the_declared_mean(distribution: Distribution) -> None:
    values = sample(distribution)
    declared = distribution.moments
    error = sqrt(declared.variance / values.size)
    assert errors_apart(float(values.mean()), declared.mean, error) <= STANDARD_ERRORS


@every_distribution
def test_entries_have_the_declared_variance(distribution: Distribution) -> None:
    values = sample(distribution)
    declared = distribution.moments
    measured = float(((values - declared.mean) ** 2).mean())
    error = declared.variance * sqrt((declared.excess_kurtosis + 2) / values.size)
    assert errors_apart(measured, declared.variance, error) <= STANDARD_ERRORS


@every_distribution
def test_entries_have_the_declared_kurtosis(distribution: Distribution) -> None:
    declared = distribution.moments
    fourth = ((sample(distribution) - declared.mean) / sqrt(declared.variance)) ** 4
    error = float(fourth.std()) / sqrt(fourth.size)
    assert errors_apart(float(fourth.mean()) - 3, declared.excess_kurtosis, error) <= STANDARD_ERRORS


@every_distribution
def test_entries_are_symmetric_about_their_mean(distribution: Distribution) -> None:
    third = (sample(distribution) - distribution.moments.mean) ** 3
    error = float(third.std()) / sqrt(third.size)
    assert errors_apart(float(third.mean()), 0.0, error) <= STANDARD_ERRORS


def test_experiments_leave_the_global_random_state_alone() -> None:
    torch.manual_seed(11)
    before = torch.get_rng_state()
    numpy_before = np.random.get_state(legacy=False)
    outcome(run_matmul(MatmulSpec(fan_in=8, fan_out=64)))
    outcome(run_stack(StackSpec(depth=2, width=8, batch=4)))
    assert torch.equal(torch.get_rng_state(), before)
    assert str(np.random.get_state(legacy=False)) == str(numpy_before)


def test_experiments_do_not_depend_on_the_global_random_state() -> None:
    found = set()
    for seed in (1, 2):
        torch.manual_seed(seed)
        measured = outcome(run_matmul(MatmulSpec(fan_in=8, fan_out=64))).model_dump_json()
        stacked = outcome(run_stack(StackSpec(depth=2, width=8, batch=4))).model_dump_json()
        found.add(measured + stacked)
    assert len(found) == 1
