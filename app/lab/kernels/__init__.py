"""The loops that everything waits for, compiled by numba: random numbers, and statistics in one pass.

Each reads like its formula. They release the interpreter, keep no state, and know nothing of torch. Whoever imports
one imports all, for they are compiled together.
"""

from . import distributions, gradients, layers, product, rows, statistics, summaries, threefry, tokens

__all__ = ["distributions", "gradients", "layers", "product", "rows", "statistics", "summaries", "threefry", "tokens"]
