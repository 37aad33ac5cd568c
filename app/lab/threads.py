"""One pool of threads for independent blocks, torch on one thread in each: cores are never fought over."""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TypeVar

import torch

T = TypeVar("T")
U = TypeVar("U")


class _Pool:
    executor: ThreadPoolExecutor | None = None
    size: int = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def use_threads(count: int) -> None:
    """Compute with `count` threads from now on. Results do not depend on it."""
    _Pool.executor, _Pool.size = None, count


def thread_count() -> int:
    return _Pool.size


_here = threading.local()


def _begin() -> None:
    _here.is_worker = True
    pin()


def pin() -> None:
    """Keep torch to one thread within the calling thread: sums must not depend on how many there are."""
    torch.set_num_threads(1)


def between_blocks(check: Callable[[], None] | None) -> None:
    """Call this from now on wherever the calling thread hands out a block: what it raises ends the experiment."""
    _here.check = check


def submit(function: Callable[[T], U], item: T) -> Future[U]:
    """Begin function(item) on one of the threads; on one of them already, do it here and now."""
    if getattr(_here, "is_worker", False):
        done: Future[U] = Future()
        done.set_result(function(item))
        return done
    if _Pool.executor is None:
        _Pool.executor = ThreadPoolExecutor(_Pool.size, thread_name_prefix="lab", initializer=_begin)
    return _Pool.executor.submit(function, item)


def in_order(function: Callable[[T], U], items: Iterable[T]) -> Iterator[U]:
    """Yield function(item) for every item, in order, computed on all threads a little ahead of the consumer.

    Closing the iterator cancels the blocks that have not begun and waits for those that have. On one of the
    threads itself the blocks are computed right there: waiting for another thread could wait for ever.
    """
    if getattr(_here, "is_worker", False):
        yield from map(function, items)
        return
    ahead: deque[Future[U]] = deque()
    check = getattr(_here, "check", None)
    try:
        for item in items:
            if check:
                check()
            ahead.append(submit(function, item))
            if len(ahead) > 2 * _Pool.size:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
    finally:
        for future in ahead:
            future.cancel()
        wait([future for future in ahead if not future.cancelled()])
