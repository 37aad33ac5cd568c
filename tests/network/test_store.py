"""Recordings kept for a link: by their content, for whoever has the secret, whatever happens to process or disk."""

import random
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from app.network.store import KEPT_SECONDS, Store, StoreError, StoreFull, key_of

LIMITS = (10 * 2**20, 1000)
WRITER = """
import random, sys
from app.network.store import Store
store, seed = Store(sys.argv[1], 2**30, 100_000), int(sys.argv[2])
drawn = random.Random(seed)
for number in range(int(sys.argv[3])):
    content = f"{seed} {number} ".encode() + drawn.randbytes(20_000)
    print(store.keep(content).key, flush=True)
"""


def writer(path: Path, seed: int, count: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", WRITER, str(path), str(seed), str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def whole(path: Path) -> bool:
    """Whether the file is a database in order, in which every recording hashes to its key."""
    with closing(sqlite3.connect(path)) as connection:
        (said,) = connection.execute("PRAGMA integrity_check").fetchone()
        keys = [key for (key,) in connection.execute("SELECT key FROM recordings")]
        claimed = {key for (key,) in connection.execute("SELECT key FROM claims")}
    store = Store(path, *LIMITS)
    return said == "ok" and set(keys) == claimed and all(key_of(store.get(key) or b"") == key for key in keys)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kept.sqlite"


def test_what_is_kept_comes_back_to_whoever_has_its_key(path: Path) -> None:
    kept = Store(path, *LIMITS).keep(b"content")
    assert Store(path, *LIMITS).get(kept.key) == b"content"
    assert kept.key == key_of(b"content")
    assert Store(path, *LIMITS).get("0" * 32) is None


def test_the_same_content_is_kept_once_and_goes_with_the_last_who_kept_it(path: Path) -> None:
    store = Store(path, *LIMITS)
    one, other = store.keep(b"content"), store.keep(b"content")
    assert one.key == other.key
    assert one.secret != other.secret
    assert store.remove(one.key, one.secret)
    assert store.get(one.key) == b"content"
    assert not store.remove(one.key, one.secret)
    assert store.remove(other.key, other.secret)
    assert store.get(one.key) is None


def test_a_secret_removes_its_own_alone_and_does_not_stand_in_the_file(path: Path) -> None:
    store = Store(path, *LIMITS)
    one, other = store.keep(b"one"), store.keep(b"other")
    assert not store.remove(one.key, other.secret)
    assert not store.remove(one.key, "")
    assert store.get(one.key) == b"one"
    files = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert one.secret.encode() not in files


def test_after_thirty_days_it_is_gone(path: Path) -> None:
    now = 1e9
    store = Store(path, *LIMITS, clock=lambda: now)
    key = store.keep(b"content").key
    now += KEPT_SECONDS - 1
    assert store.get(key) == b"content"
    now += 2
    assert store.get(key) is None
    store.keep(b"another")
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM recordings").fetchone() == (1,)


def test_no_more_are_kept_than_may_be_and_none_is_lost_for_it(path: Path) -> None:
    by_count = Store(path, 2**20, 2)
    keys = [by_count.keep(content).key for content in (b"one", b"two")]
    with pytest.raises(StoreFull):
        by_count.keep(b"three")
    by_count.keep(b"two")
    by_size = Store(path, 1000, 100)
    with pytest.raises(StoreFull):
        by_size.keep(random.Random(0).randbytes(1001))
    assert all(by_count.get(key) for key in keys)


@pytest.mark.parametrize("where", ["nowhere/kept.sqlite", "text.txt"])
def test_a_file_that_can_be_none_is_refused_in_words(tmp_path: Path, where: str) -> None:
    (tmp_path / "text.txt").write_text("no database " * 100)
    with pytest.raises(StoreError, match="cannot keep recordings in"):
        Store(tmp_path / where, *LIMITS)


def test_two_processes_and_many_threads_lose_nothing(path: Path) -> None:
    store = Store(path, 2**30, 100_000)
    writers = [writer(path, seed, 40) for seed in (1, 2)]
    with ThreadPoolExecutor(4) as pool:
        mine = list(pool.map(lambda number: store.keep(f"mine {number}".encode()).key, range(40)))
    theirs = [line for process in writers for line in process.communicate(timeout=60)[0].split()]
    assert [process.returncode for process in writers] == [0, 0]
    assert len(set(mine + theirs)) == 120
    assert all(store.get(key) for key in mine + theirs)
    assert whole(path)


def test_killed_in_the_midst_of_writing_what_was_answered_is_there_and_nothing_half(path: Path) -> None:
    Store(path, *LIMITS)
    drawn = random.Random(0)
    for seed in range(4):
        process = writer(path, seed, 100_000)
        assert process.stdout is not None
        answered = [process.stdout.readline().strip()]
        time.sleep(drawn.uniform(0.0, 0.1))
        process.kill()
        answered += process.stdout.read().split()
        process.wait()
        store = Store(path, *LIMITS)
        assert all(store.get(key) for key in answered if len(key) == 32)
        assert whole(path)


FULL_DISK = """
import resource, sys
from app.network.store import Store, StoreFull
store = Store(sys.argv[1], 2**30, 100_000)
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
import random
drawn, kept = random.Random(0), []
try:
    while True:
        kept.append(store.keep(drawn.randbytes(20_000)).key)
except StoreFull:
    print(*kept)
assert all(store.get(key) for key in kept)
"""


def test_on_a_full_disk_it_says_so_and_keeps_what_it_has(path: Path) -> None:
    """A file that may not grow: the operating system refuses the write itself."""
    command = [sys.executable, "-c", FULL_DISK, str(path)]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.split()
    assert said
    store = Store(path, *LIMITS)
    assert all(store.get(key) for key in said)
    assert whole(path)
    assert store.get(store.keep(b"there is room again").key)
