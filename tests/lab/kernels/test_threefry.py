"""Random words are the published ones, and those of one key say nothing of another's."""

from itertools import combinations
from math import sqrt

import numpy as np
import pytest

from app.lab.kernels.threefry import CHUNK, COUNTERS, Words, draw_words, encrypted, key_of
from app.spec import LARGEST_SEED
from tests.lab.tools import STANDARD_ERRORS, Floats, errors_apart

CHUNKS = 256


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
        ([0] * 4, [0] * 4, [0x9C6CA96A, 0xE17EAE66, 0xFC10ECD4, 0x5256A7D8]),
        ([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 4, [0x2A881696, 0x57012287, 0xF6C7446E, 0xA16A6732]),
        (
            [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
            [0xA4093822, 0x299F31D0, 0x082EFA98, 0xEC4E6C89],
            [0x59CD1DBB, 0xB8879579, 0x86B5D00C, 0xAC8B6D84],
        ),
    ],
)
def test_words_are_those_of_random123s_known_answers(counter: list[int], key: list[int], expected: list[int]) -> None:
    """The file kat_vectors of Random123, lines threefry4x32 20."""
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
