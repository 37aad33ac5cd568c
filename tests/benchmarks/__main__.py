"""Ratios measured side by side in one run, as a table: python -m tests.benchmarks [part of a row's name …].

Beside what the tests need it takes torchlens and unit-scaling.
"""

import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from math import log
from pathlib import Path

import torch
from playwright.sync_api import sync_playwright

from app.lab import threads
from tests.benchmarks.browsing import changes, first_marks
from tests.benchmarks.contenders import CONTENDERS, NETWORKS
from tests.benchmarks.serving import Client
from tests.benchmarks.timing import Compared, Contender, compare
from tests.browser.tools import launch

QUIET = 0.15  # seconds the page waits after a change
MIB = 1024  # KiB
PROCESSES = 5
Row = tuple[str, str, str]


@contextmanager
def server() -> Iterator[tuple[str, int]]:
    """The address and the process of the application, with bare things beside it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.serving"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    address = process.stdout.readline().strip()
    try:
        yield address, process.pid
    finally:
        process.terminate()
        process.wait()


def forget_peak(process: int) -> None:
    """Let the peak of a process's memory be what it holds now."""
    Path(f"/proc/{process}/clear_refs").write_text("5")


def peak_kib(process: int) -> int:
    with open(f"/proc/{process}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def said(compared: Compared) -> str:
    return f"{compared.first * 1e3:,.0f} ms / {compared.second * 1e3:,.0f} ms"


def pair(what: str, first: str, second: str) -> Row:
    """Several processes of each: how fast one is differs from the next, and stays so while it lives."""
    found = []
    for _ in range(PROCESSES):
        with Contender(first) as one, Contender(second) as other:
            found.append(compare(one.seconds, other.seconds))
    ratios = sorted(compared.ratio for compared in found)
    middle = Compared(*(statistics.median(column) for column in zip(*found, strict=True)))
    return what, said(middle), f"{middle.ratio:.2f} ({ratios[0]:.2f} … {ratios[-1]:.2f})"


def matmul_over_http(theirs: str) -> Iterator[Row]:
    seeds = count(1)
    with server() as (address, process), Contender(theirs) as naive:
        client = Client(address)
        client.get("/livez")
        forget_peak(process)
        idle = peak_kib(process)
        compared = compare(naive.seconds, lambda: timed(lambda: client.get(f"/api/matmul?seed={next(seeds)}")))
        rise = peak_kib(process) - idle
        yield f"{theirs} ÷ the matmul over HTTP", said(compared), f"{compared.ratio:.1f}"
        memory = f"{naive.peak_kib / MIB:,.0f} MiB / {rise / MIB:,.0f} MiB"
        yield f"{theirs}: rise of peak memory", memory, f"1/{naive.peak_kib / max(rise, 1):.0f}"


def scripts() -> Iterator[Row]:
    """What somebody waits for who starts such a script, importing torch included."""
    seeds = count(1000)
    for theirs in ("naive_shared", "naive_separate"):
        command = [sys.executable, "-m", "tests.benchmarks.contenders", theirs]
        with server() as (address, _):
            client = Client(address)
            compared = compare(
                lambda: timed(lambda: subprocess.run(command, input=b"\n", stdout=subprocess.DEVNULL, check=True)),  # noqa: B023
                lambda: timed(lambda: client.get(f"/api/matmul?seed={next(seeds)}")),  # noqa: B023
                rounds=3,
            )
        yield f"{theirs} as a script, start to end ÷ the matmul over HTTP", said(compared), f"{compared.ratio:.1f}"


def limits() -> Iterator[Row]:
    """How near experiments are to what the processor can do."""
    yield pair("drawing alone ÷ the whole matmul: share of the best rate", "only_draw", "matmul")
    yield pair("multiplying alone ÷ the whole stack: share of the best rate", "only_multiply", "forward")


def stacks() -> Iterator[Row]:
    for ours, bare, what in (
        ("forward", "bare_forward", "stack 30 × 512 × 1024 tanh, measured ÷ bare torch"),
        ("backward", "bare_backward", "the same with gradients ÷ bare autograd"),
        ("small", "bare_small", "stack 100 × 64 × 64 tanh, measured ÷ bare torch"),
        ("relu_three", "relu_one", "ReLU stack, three inits ÷ one"),
        (
            "transformer",
            "bare_transformer",
            "24 transformer blocks, one sequence of eight there and back ÷ bare torch and autograd",
        ),
    ):
        yield pair(what, ours, bare)


def lessons() -> Iterator[Row]:
    yield pair("attention under three scales, measured ÷ bare torch", "attention", "bare_attention")
    yield pair("three networks learn, measured ÷ bare torch, one after the other", "training", "bare_training")


def instruments() -> Iterator[Row]:
    for ours in ("forward", "sizes_only"):
        yield pair(f"instrumentation: {ours} ÷ bare_forward", ours, "bare_forward")
    yield pair("instrumentation: unit_scaling ÷ the stack alone", "unit_scaling_stack", "bare_stack")
    for network in NETWORKS:
        for name in ("recorder", "recorder_read", "fastai_hook", "torchlens"):
            yield pair(f"instrumentation: {name} ÷ {network} alone", f"{name}_{network}", f"bare_{network}")


def slopes() -> Iterator[Row]:
    for field in ("fan_out", "depth", "batch", "width"):
        sizes = [int(name.removeprefix(f"{field}_")) for name in CONTENDERS if name.startswith(f"{field}_")]
        times, peaks = [], []
        for size in sizes:
            with Contender(f"{field}_{size}") as contender:
                times.append(min(contender.seconds() for _ in range(5)))
                peaks.append(contender.peak_kib / MIB)
        steepest = log(times[-1] / times[-3]) / log(sizes[-1] / sizes[-3])
        whole = log(times[-1] / times[0]) / log(sizes[-1] / sizes[0])
        figures = f"{times[0] * 1e3:,.0f} … {times[-1] * 1e3:,.0f} ms; {peaks[0]:,.0f} … {peaks[-1]:,.0f} MiB"
        yield (
            f"slope of time against {field}, {sizes[0]} … {sizes[-1]}; last two doublings",
            figures,
            (f"{whole:.2f}; {steepest:.2f}"),
        )


def cached() -> Iterator[Row]:
    with server() as (address, _):
        client = Client(address)
        assert len(client.get("/api/matmul")) == len(client.get("/bare"))
        compared = compare(
            lambda: timed(lambda: [client.get("/bare") for _ in range(500)]),
            lambda: timed(lambda: [client.get("/api/matmul") for _ in range(500)]),
        )
        yield "500 times a bare route ÷ the cached result", said(compared), f"{compared.ratio:.2f}"


def pages() -> Iterator[Row]:
    with server() as (address, _), sync_playwright() as playwright:
        browser = launch(playwright)
        for path in ("/matmul", "/stack"):
            compared = compare(
                lambda path=path: first_marks(browser, address + path),  # type: ignore[misc]
                lambda: first_marks(browser, f"{address}/bare.html"),
            )
            yield f"first marks on {path} ÷ on a page with one bar chart", said(compared), f"{compared.ratio:.2f}"
        for path, what in (("/matmul", "512 × 500,000"), ("/matmul?fan_in=256&fan_out=10000", "256 × 10,000")):
            waited = statistics.median(changes(browser, f"{address}{path}", 9)) - QUIET
            yield f"a change to the first new chart, {what}, beyond the debounce", f"{waited * 1e3:.0f} ms", ""
        browser.close()


PARTS: dict[str, Callable[[], Iterator[Row]]] = {
    "naive_shared": lambda: matmul_over_http("naive_shared"),
    "naive_separate": lambda: matmul_over_http("naive_separate"),
    "scripts": scripts,
    "limits": limits,
    "stacks": stacks,
    "lessons": lessons,
    "instruments": instruments,
    "slopes": slopes,
    "cached": cached,
    "pages": pages,
}


def main() -> None:
    print(f"{platform.machine()}, {threads.thread_count()} cores, Python {platform.python_version()}, ", end="")
    print(f"torch {torch.__version__}\n\n| what | first / second | ratio |\n| --- | --- | --- |")
    for name in sys.argv[1:] or PARTS:
        for row in PARTS[name]():
            print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
