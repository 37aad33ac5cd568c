"""A chart of a Result, as an experiment registers it."""

from collections.abc import Callable
from typing import Any, NamedTuple

from .palette import Figure


class Chart(NamedTuple):
    """What a chart is called, how to read it, and how it is drawn from a Result; None if it has nothing to show."""

    title: str
    caption: str
    draw: Callable[[Any], Figure | None]
