"""Two contenders timed in turn, A B A B …, so that whatever else the machine does happens to both."""

import statistics
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import NamedTuple, Self

ROUNDS = 7


class Contender(AbstractContextManager["Contender"]):
    """One of `contenders`, in a process of its own."""

    def __init__(self, name: str) -> None:
        command = [sys.executable, "-W", "ignore", "-m", "tests.benchmarks.contenders", name]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.peak_kib = 0

    def seconds(self) -> float:
        """How long one more round takes."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(file=self._process.stdin, flush=True)
        took, peak = self._process.stdout.readline().split()
        self.peak_kib = int(peak)
        return float(took)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


class Compared(NamedTuple):
    """Median seconds of either, and the median of first/second over the rounds."""

    first: float
    second: float
    ratio: float


def compare(first: Callable[[], float], second: Callable[[], float], rounds: int = ROUNDS) -> Compared:
    """Both say how long they took. The first round warms up and does not count."""
    first(), second()
    pairs = [(first(), second()) for _ in range(rounds)]
    return Compared(
        statistics.median(one for one, _ in pairs),
        statistics.median(other for _, other in pairs),
        statistics.median(one / other for one, other in pairs),
    )
