"""Freed memory is at hand for the next experiment, where the C library can be told so; compiled code is not kept."""

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


HELD = """
import ctypes
import random
import torch
from app.lab import memory
from app.lab.activations import ACTIVATIONS

memory.keep_few_primitives()

class MallInfo(ctypes.Structure):  # as glibc's malloc.h has it
    _fields_ = [(f"field_{place}", ctypes.c_size_t) for place in range(10)]

libc = ctypes.CDLL(None)
libc.mallinfo2.restype = MallInfo
chance = random.Random(0)

def held_after(shapes: int) -> int:
    for _ in range(shapes):
        ACTIVATIONS["gelu"].with_slope(torch.zeros(chance.randrange(1, 100), chance.randrange(1, 100)))
    return libc.mallinfo2().field_7  # bytes in use

print(-held_after(100) + held_after(200))
"""
MIB = 2**20


@pytest.mark.skipif(platform.libc_ver() < ("glibc", "2.33"), reason="only newer glibcs say what is in use")
def test_every_new_shape_of_a_layer_leaves_nothing_behind() -> None:
    ran = subprocess.run([sys.executable, "-c", HELD], capture_output=True, text=True, check=True)
    assert int(ran.stdout) < MIB
