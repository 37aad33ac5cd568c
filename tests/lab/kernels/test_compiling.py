"""Kernels are kept on disk where that can be done; where it cannot, or goes wrong, it costs time and nothing else."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import ROOT

PATIENCE = 900  # seconds, as many processes may compile at once

DRAW = """
import sys, numpy as np
from app.lab.kernels.distributions import fill
from app.lab.kernels.threefry import draw_words, key_of
from app.lab.kernels.compiling import prepare
prepare()
words, entries = np.empty(1024, np.uint32), np.empty(1024, np.float32)
draw_words(key_of(5, 1), 3, words)
fill(0, key_of(5, 1), 3, entries)
sys.stdout.buffer.write(words.tobytes() + entries.tobytes())
"""


SEE = """
import sys, numpy as np
from app.lab.kernels.distributions import fill
from app.lab.kernels.threefry import key_of
{}
entries, sums = np.empty(1000, np.float32), np.zeros(2)
fill(0, key_of(5, 1), 3, entries)
from app.lab.kernels.gradients import see_matrix
from app.lab.kernels.statistics import square_sum
see_matrix(entries.reshape(25, 40), sums)
sys.stdout.buffer.write(entries.tobytes() + sums.tobytes() + np.float64(square_sum(entries)).tobytes())
"""
PREPARED = SEE.format("from app.lab.kernels.compiling import prepare; prepare()")
CALLED = SEE.format("")


def begin(cache: Path, environment: Mapping[str, str] = {}, command: str = DRAW) -> "subprocess.Popen[bytes]":
    known = os.environ | {"XDG_CACHE_HOME": str(cache)} | dict(environment)
    return subprocess.Popen([sys.executable, "-c", command], cwd=ROOT, env=known, stdout=subprocess.PIPE)


def drawn(process: "subprocess.Popen[bytes]") -> tuple[bytes, "np.ndarray[tuple[int], np.dtype[np.float32]]"]:
    """The words, and the entries made of them."""
    said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    return said[:4096], np.frombuffer(said[4096:], np.float32)


def kept(cache: Path) -> dict[Path, int]:
    """Files of compiled code, and when they were written."""
    return {path: path.stat().st_mtime_ns for path in cache.rglob("*.nbc")}


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that one process has filled."""
    folder = tmp_path_factory.mktemp("cache")
    drawn(begin(folder))
    return folder


@pytest.fixture(scope="module")
def usual(cache: Path) -> tuple[bytes, "np.ndarray[tuple[int], np.dtype[np.float32]]"]:
    return drawn(begin(cache))


def same(one: tuple[bytes, object], other: tuple[bytes, object]) -> bool:
    return one[0] == other[0] and bool(np.array_equal(one[1], other[1]))  # type: ignore[arg-type]


def test_what_was_compiled_once_is_not_compiled_again(cache: Path, usual: tuple[bytes, object]) -> None:
    before = kept(cache)
    assert before
    assert same(drawn(begin(cache)), usual)
    assert kept(cache) == before


def test_where_no_folder_can_be_made_numbers_are_the_same(tmp_path: Path, usual: tuple[bytes, object]) -> None:
    (tmp_path / "file").write_text("no folder")
    assert same(drawn(begin(tmp_path / "file")), usual)


def test_where_nothing_can_be_written_numbers_are_the_same(tmp_path: Path, usual: tuple[bytes, object]) -> None:
    """As on a full disk."""
    limited = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)){DRAW}"
    assert same(drawn(begin(tmp_path, command=limited)), usual)
    assert not any(kept(tmp_path).values()) or all(path.stat().st_size == 0 for path in kept(tmp_path))


def test_files_that_hold_something_else_are_replaced(tmp_path: Path, usual: tuple[bytes, object]) -> None:
    drawn(begin(tmp_path))
    for path in tmp_path.rglob("*.nb*"):
        path.write_bytes(b"something else")
    assert same(drawn(begin(tmp_path)), usual)
    restored = kept(tmp_path)
    assert all(path.stat().st_size > 1000 for path in restored)
    assert same(drawn(begin(tmp_path)), usual)
    assert kept(tmp_path) == restored


def test_two_processes_may_fill_the_cache_at_once(tmp_path: Path, usual: tuple[bytes, object]) -> None:
    both = [begin(tmp_path) for _ in range(2)]
    assert [same(drawn(process), usual) for process in both] == [True, True]


def test_another_processor_has_its_own_code_the_same_words_and_entries_to_rounding(
    cache: Path, usual: tuple[bytes, "np.ndarray[tuple[int], np.dtype[np.float32]]"]
) -> None:
    before = kept(cache)
    plain = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
    words, entries = drawn(begin(cache, plain))
    assert words == usual[0]
    np.testing.assert_allclose(entries, usual[1], rtol=1e-5, atol=1e-6)
    assert before.items() <= kept(cache).items()


def test_kernels_called_before_they_were_prepared_give_the_same_bits_and_keep_all_of_them(tmp_path: Path) -> None:
    prepared, called = tmp_path / "prepared", tmp_path / "called"
    said = [
        begin(folder, command=command).communicate(timeout=PATIENCE)[0]
        for folder, command in ((prepared, PREPARED), (called, CALLED), (prepared, CALLED), (called, PREPARED))
    ]
    assert len(said[0]) == 4024
    assert set(said) == {said[0]}
    assert {path.name for path in kept(called)} == {path.name for path in kept(prepared)}


def test_nothing_is_compiled_twice_for_other_types(cache: Path) -> None:
    before = kept(cache)
    drawn(begin(cache))
    begin(cache, command=CALLED).communicate(timeout=PATIENCE)
    assert kept(cache) == before
