from typing import Any

from tests.toy.result import ToyResult


def toy_words(result: ToyResult) -> dict[str, Any]:
    return {
        "sentences": [f"The mean of {die.die} is {die.mean}, and should be {die.predicted}." for die in result.dice]
    }
