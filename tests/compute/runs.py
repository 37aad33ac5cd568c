"""Runs that another process can be asked for, because it finds them by their names."""

from collections.abc import Generator

from app.results import Step
from tests.toy.result import ToyResult
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
