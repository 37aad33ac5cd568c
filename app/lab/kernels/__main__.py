"""python -m initscope.lab.kernels: compile every kernel now, for this processor, and keep them."""

from . import __all__ as modules
from .compiling import FOLDER, prepare

if __name__ == "__main__":
    prepare()
    print(f"{len(modules)} modules of kernels are compiled, and kept in {FOLDER or 'memory alone'}.")
