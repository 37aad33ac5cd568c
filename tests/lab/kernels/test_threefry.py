"""Random words are the published ones, and those of one key say nothing of another's."""

from itertools import combinations
from math import sqrt
from statistics import NormalDist

import numpy as np
import pytest
from numba import njit

from app.lab.kernels.threefry import CHUNK, COUNTERS, Words, draw_words, encrypted, key_of
from app.spec import LARGEST_SEED
from tests.lab.tools import STANDARD_ERRORS, Floats, errors_apart

CHUNKS = 256
CHANGED = 2**12
SPREAD = 0x9E3779B1  # odd: with one bit changed, hardly a counter is another one of them


def words_of(key: Words, first: int = 0, chunks: int = CHUNKS) -> Words:
    found = np.empty((chunks, CHUNK), np.uint32)
    for index, out in enumerate(found):
        draw_words(key, first + index, out)
    return found


def uniform(words: Words) -> Floats:
    return words.ravel() / 2.0**32


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        ([0] * 4, [0] * 4, [0x531C7E4F, 0x39491EE5, 0x2C855A92, 0x3D6ABF9A]),
        ([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 4, [0xC4189358, 0x1C9CC83A, 0xD5881C67, 0x6A0A89E0]),
        (
            [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
            [0xA4093822, 0x299F31D0, 0x082EFA98, 0xEC4E6C89],
            [0x4AA71D8F, 0x734738C2, 0x431FC6A8, 0xAE6DEBF1],
        ),
    ],
)
def test_words_are_those_of_random123s_known_answers(counter: list[int], key: list[int], expected: list[int]) -> None:
    """The file kat_vectors of Random123, lines threefry4x32 13."""
    given = tuple(map(np.uint32, key)), *map(np.uint32, counter)
    assert list(map(int, encrypted(*given))) == expected


@pytest.mark.parametrize("chunk", [0, 1, 2**24 - 1, 2**24, 2**40 + 5])
def test_a_chunk_holds_the_words_of_its_counters(chunk: int) -> None:
    key = np.array([1, 2, 3, 4], np.uint32)
    out = words_of(key, chunk, 1)[0]
    for index in (0, 1, COUNTERS - 1):
        low, high = (chunk * COUNTERS + index) & 0xFFFFFFFF, (chunk * COUNTERS + index) >> 32
        four = encrypted(tuple(key), np.uint32(low), np.uint32(high), np.uint32(0), np.uint32(0))
        assert out[index::COUNTERS].tolist() == list(map(int, four))


def test_every_seed_and_path_has_a_key_of_its_own() -> None:
    seeds = [0, 1, 2**32 - 1, 2**32, 2**32 + 1, LARGEST_SEED]
    paths: list[tuple[int, ...]] = [(), (0,), (1,), (2**40,), (0, 0), (0, 1), (1, 0), (0, 0, 0)]
    assert len({key_of(seed, *path).tobytes() for seed in seeds for path in paths}) == len(seeds) * len(paths)


def test_bits_are_as_often_set_as_not() -> None:
    bits = np.unpackbits(words_of(key_of(1)).ravel().view(np.uint8)).reshape(-1, 32)
    for share in bits.mean(0):
        assert errors_apart(float(share), 0.5, 0.5 / sqrt(len(bits))) <= STANDARD_ERRORS


@pytest.mark.parametrize("lag", [1, 2, COUNTERS, 2 * COUNTERS, 3 * COUNTERS, CHUNK, CHUNK + 1])
def test_neighbouring_counters_and_the_words_of_one_are_uncorrelated(lag: int) -> None:
    values = uniform(words_of(key_of(2)))
    correlation = float(np.corrcoef(values[:-lag], values[lag:])[0, 1])
    assert errors_apart(correlation, 0.0, 1 / sqrt(values.size - lag)) <= STANDARD_ERRORS


def test_neighbouring_streams_and_seeds_are_uncorrelated() -> None:
    keys = [key_of(3), key_of(4), key_of(3, 0), key_of(3, 1), key_of(4, 0), key_of(3, 0, 0)]
    for one, other in combinations([uniform(words_of(key)) for key in keys], 2):
        correlation = float(np.corrcoef(one, other)[0, 1])
        assert errors_apart(correlation, 0.0, 1 / sqrt(one.size)) <= STANDARD_ERRORS


@njit  # type: ignore[untyped-decorator]
def encrypted_each(key: Words, counters: Words) -> Words:
    found = np.empty((4, len(counters)), np.uint32)
    k = (key[0], key[1], key[2], key[3])
    for i in range(len(counters)):
        found[0, i], found[1, i], found[2, i], found[3, i] = encrypted(
            k, counters[i, 0], counters[i, 1], counters[i, 2], counters[i, 3]
        )
    return found


def test_each_bit_of_a_counter_or_key_changes_half_the_bits_of_its_words() -> None:
    """So that one counter, seed or stream says nothing of the next: of eight rounds this is not yet true."""
    key = key_of(5)
    counters = np.zeros((CHANGED, 4), np.uint32)
    counters[:, 0] = np.arange(CHANGED) * SPREAD
    before, errors = encrypted_each(key, counters), []
    for bit in range(256):
        place, mask = bit // 32, np.uint32(1 << bit % 32)
        (key if place < 4 else counters.T)[place % 4] ^= mask
        changed = before ^ encrypted_each(key, counters)
        (key if place < 4 else counters.T)[place % 4] ^= mask
        shares = np.unpackbits(changed.view(np.uint8), axis=1).reshape(4, CHANGED, 32).mean(1)
        errors.append((shares - 0.5) / (0.5 / sqrt(CHANGED)))
    found = np.abs(errors).ravel()
    assert errors_apart(float(np.square(found).mean()), 1.0, sqrt(2 / found.size)) <= STANDARD_ERRORS
    assert found.max() <= -NormalDist().inv_cdf(1e-6 / found.size)
