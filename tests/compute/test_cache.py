"""The cache holds so many bytes and no more; what was asked for last stays longest."""

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from app.compute.cache import Cache

ROOM = 100
KEYS = "abcdefgh"


class Put(NamedTuple):
    key: str
    size: int


keys = st.sampled_from(KEYS)
actions = st.lists(keys | st.builds(Put, keys, st.integers(1, ROOM)), max_size=40)


def held(cache: Cache) -> int:
    return sum(len(cache.get(key) or b"") for key in KEYS)


def test_what_was_put_is_found() -> None:
    cache = Cache(ROOM)
    cache.put("a", b"said")
    assert cache.get("a") == b"said"
    assert cache.get("b") is None


def test_what_was_used_least_recently_goes_first() -> None:
    cache = Cache(ROOM)
    cache.put("old, still asked for", b"1" * 40)
    cache.put("newer, forgotten", b"2" * 40)
    cache.get("old, still asked for")
    cache.put("newest", b"3" * 40)
    assert cache.get("newer, forgotten") is None
    assert cache.get("old, still asked for") == b"1" * 40
    assert cache.get("newest") == b"3" * 40


def test_replacing_a_value_gives_its_room_back() -> None:
    cache = Cache(ROOM)
    for value in (b"1" * 60, b"2" * 60, b"3" * 60):
        cache.put("a", value)
    cache.put("b", b"4" * 40)
    assert cache.get("a") == b"3" * 60
    assert cache.get("b") == b"4" * 40


def test_what_exactly_fills_it_stays() -> None:
    cache = Cache(ROOM)
    cache.put("a", b"1" * ROOM)
    assert cache.get("a") == b"1" * ROOM


def test_without_room_nothing_is_kept() -> None:
    cache = Cache(0)
    cache.put("a", b"1")
    assert cache.get("a") is None


@given(actions)
def test_it_never_holds_more_than_its_room_nor_an_outdated_value(done: list[str | Put]) -> None:
    cache = Cache(ROOM)
    latest: dict[str, bytes] = {}
    for number, action in enumerate(done):
        if isinstance(action, str):
            assert cache.get(action) in (None, latest.get(action))
        else:
            latest[action.key] = bytes([number]) * action.size
            cache.put(action.key, latest[action.key])
            assert cache.get(action.key) == latest[action.key]
        assert held(cache) <= ROOM


@given(actions)
def test_nothing_is_dropped_that_still_has_room(done: list[str | Put]) -> None:
    cache = Cache(ROOM)
    recent: dict[str, int] = {}
    for action in done:
        key = action if isinstance(action, str) else action.key
        if isinstance(action, Put):
            cache.put(key, b"1" * action.size)
            recent.pop(key, None)
            recent[key] = action.size
        elif cache.get(key) is not None:
            recent[key] = recent.pop(key)
        room, kept = ROOM, []
        for name in reversed(recent):
            room -= recent[name]
            if room < 0:
                break
            kept.append(name)
        recent = {name: recent[name] for name in reversed(kept)}
    assert {key for key in KEYS if cache.get(key) is not None} == set(recent)
