"""Runs that another process can be asked for, because it finds them by their names."""

import multiprocessing
from collections.abc import Generator

from app.results import Step
from tests.toy.result import ToyResult
from tests.toy.run import run_toy
from tests.toy.spec import ToySpec


class TwoWords(Exception):
    """One that cannot be read again once it is pickled."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"{first} {second}")


def fails(spec: ToySpec) -> Generator[Step[ToyResult]]:
    raise ArithmeticError(f"a die of {spec.dice[0]}")
    yield


def fails_oddly(spec: ToySpec) -> Generator[Step[ToyResult]]:
    raise TwoWords("a die of", spec.dice[0])
    yield


def ends_only_here(spec: ToySpec) -> Generator[Step[ToyResult]]:
    """Quick in the process that tests run in, endless in any it has begun."""
    throws = spec.throws if multiprocessing.parent_process() is None else 10**12
    yield from run_toy(spec.model_copy(update={"throws": throws}))
