from app.figures.palette import Figure, figure
from tests.toy.result import ToyResult


def means(result: ToyResult) -> Figure | None:
    """The mean of each die."""
    if not result.dice:
        return None
    bars = {"type": "bar", "x": [die.die for die in result.dice], "y": [die.mean for die in result.dice]}
    return figure([bars])
