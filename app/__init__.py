"""Initscope measures how the scale of random weights carries a signal through matmuls and deep stacks."""

__version__ = "0.4.0"
