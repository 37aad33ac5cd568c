"""python -m initscope.lab.kernels: compile every kernel now, for this processor, and keep them."""

from . import distributions, product, rows, statistics, threefry
from .compiling import FOLDER, prepare

ROOM = distributions, product, rows, statistics, threefry

if __name__ == "__main__":
    prepare()
    print(f"{len(ROOM)} modules of kernels are compiled, and kept in {FOLDER or 'memory alone'}.")
