"""Freed memory is at hand for what comes next, where the C library can be told so."""

import platform
import subprocess
import sys

import pytest

FAULTS = """
import resource, torch
from app.lab import memory

def faults() -> int:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    [torch.ones(2**22) for _ in range(8)]
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

{said}
for _ in range(10):
    faults()
print(sum(faults() for _ in range(10)))
"""
PAGES = 10 * 8 * 2**22 * 4 // 4096


def faults(said: str) -> int:
    ran = subprocess.run([sys.executable, "-c", FAULTS.format(said=said)], capture_output=True, text=True, check=True)
    return int(ran.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told")
def test_pages_are_cleared_by_the_kernel_once_and_not_for_every_run() -> None:
    assert faults("memory.keep_freed()") < PAGES / 50


def test_telling_it_twice_does_no_harm() -> None:
    assert faults("memory.keep_freed(); memory.keep_freed()") >= 0
