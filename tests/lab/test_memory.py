"""Freed memory is at hand for the next experiment, where the C library can be told so."""

import platform
import subprocess
import sys

import pytest

FAULTS = """
import resource
from app.experiments.stack.run import run_stack
from app.lab import memory, threads
from app.experiments.stack.spec import StackSpec

memory.keep_freed()
threads.use_threads(1)

def faults() -> int:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    *_, last = run_stack(StackSpec(batch=1024, init=["1/sqrt(D)"]))
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

print(min([faults() for _ in range(5)][1:]))
"""
PAGES = 2 * 30 * 1024 * 512 * 4 // 4096  # of what the layers keep for the way back


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told")
def test_the_kernel_clears_pages_once_and_not_for_every_run() -> None:
    ran = subprocess.run([sys.executable, "-c", FAULTS], capture_output=True, text=True, check=True)
    assert int(ran.stdout) < PAGES / 20
