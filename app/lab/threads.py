"""One pool of threads for independent blocks, torch on one thread in each: cores are never fought over.

The thread that wants the results works too, so that there are as many threads as cores.
"""

import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import partial
from typing import Generic, TypeVar

import torch

NICENESS = 10

T = TypeVar("T")
U = TypeVar("U")


class _Pool:
    executor: ThreadPoolExecutor | None = None
    size: int = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    computing: int = 0  # experiments, each on a thread beside the pool's
    counting = threading.Lock()


def use_threads(count: int) -> None:
    """Compute with `count` threads from now on. Results do not depend on it."""
    _Pool.executor, _Pool.size = None, count


def thread_count() -> int:
    return _Pool.size


_here = threading.local()


def _begin() -> None:
    _here.is_worker = True
    prepare()


def prepare() -> None:
    """Make the calling thread one that computes: torch keeps to it, and who answers requests goes first."""
    pin()
    if sys.platform == "linux":  # where a thread has a priority of its own
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


def pin() -> None:
    """Keep torch to one thread within the calling thread: sums must not depend on how many there are."""
    torch.set_num_threads(1)


@contextmanager
def torch_kept() -> Iterator[None]:
    """Leave the caller's torch as many threads as it had: a run keeps it to one in each of its own."""
    count = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(count)


@contextmanager
def computing(check: Callable[[], None]) -> Iterator[None]:
    """The calling thread computes an experiment meanwhile.

    Wherever it hands out a block `check` is called: what that raises ends the experiment.
    """
    _here.check = check
    _count(1)
    try:
        yield
    finally:
        _count(-1)
        _here.check = None


def _count(more: int) -> None:
    with _Pool.counting:
        _Pool.computing += more


@contextmanager
def also_between_blocks(check: Callable[[], None]) -> Iterator[None]:
    """Call this too, as long as the block lasts."""
    before = getattr(_here, "check", None)

    def both() -> None:
        if before:
            before()
        check()

    _here.check = both
    try:
        yield
    finally:
        _here.check = before


def within_block() -> None:
    """Between two pieces of a long block, call what is called between blocks, whichever thread works on it."""
    if check := getattr(_here, "check", None):
        check()


def submit(function: Callable[[T], U], item: T) -> Future[U]:
    """Begin function(item) on one of the threads; on one of them already, do it here and now."""
    if getattr(_here, "is_worker", False):
        done: Future[U] = Future()
        done.set_result(function(item))
        return done
    if _Pool.executor is None:
        _Pool.executor = ThreadPoolExecutor(max(1, _Pool.size - 1), thread_name_prefix="lab", initializer=_begin)
    return _Pool.executor.submit(function, item)


class _Block(Generic[U]):
    """A piece of work, done by the first thread that comes to it, and what is to be called between its pieces."""

    def __init__(self, work: Callable[[], U], check: Callable[[], None] | None) -> None:
        self.outcome: Future[U] = Future()
        self._work = work
        self._check = check
        self._taken = threading.Lock()

    def take(self) -> bool:
        """Whether nobody has before."""
        return self._taken.acquire(blocking=False)

    def do(self) -> None:
        if self.take():
            before, _here.check = getattr(_here, "check", None), self._check
            try:
                self.outcome.set_result(self._work())
            except BaseException as problem:
                self.outcome.set_exception(problem)
            finally:
                _here.check = before


def in_order(
    function: Callable[[T], U], items: Iterable[T], most_ahead: int | None = None, alone: bool = False
) -> Iterator[U]:
    """Yield function(item) for every item, in order, computed on all threads a little ahead of the consumer.

    It runs ahead by `most_ahead` items, or by two a thread. The consumer's thread works too: rather than wait for a
    block it does one that nobody has begun. Closing the iterator drops such blocks and waits for the others. On a
    thread of the pool all blocks are done right there: waiting for another thread could wait for ever; as they are
    with `alone`, where they are so small, or so few, that handing them out takes longer, and while there are as many
    experiments as threads: each then has one for itself.
    """
    pin()
    if alone or getattr(_here, "is_worker", False):
        return _alone(function, items)
    return _ahead(function, items, most_ahead or 2 * _Pool.size)


def _alone(function: Callable[[T], U], items: Iterable[T]) -> Iterator[U]:
    for item in items:
        within_block()
        yield function(item)


def _ahead(function: Callable[[T], U], items: Iterable[T], most_ahead: int) -> Iterator[U]:
    check = getattr(_here, "check", None)
    ahead: deque[_Block[U]] = deque()

    def oldest() -> U:
        for block in ahead:
            if ahead[0].outcome.done():
                break
            block.do()
        return ahead.popleft().outcome.result()

    try:
        for item in items:
            within_block()
            if max(1, _Pool.computing) >= _Pool.size:
                while ahead:
                    yield oldest()
                yield function(item)
                continue
            ahead.append(_Block(partial(function, item), check))
            submit(_Block.do, ahead[-1])
            if len(ahead) > most_ahead:
                yield oldest()
        while ahead:
            yield oldest()
    finally:
        if begun := [block.outcome for block in ahead if not block.take()]:
            wait(begun)
