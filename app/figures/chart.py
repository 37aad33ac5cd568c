"""A chart of a Result, as an experiment registers it."""

from collections.abc import Callable
from typing import Any, NamedTuple

from .palette import Figure


class Chart(NamedTuple):
    """What a chart is called, how to read it (of any spec, or of this one), and how it is drawn from a Result.

    It draws None if it has nothing to show. `about`: what the findings are about that it shows.
    """

    title: str
    caption: str | Callable[[Any], str]
    draw: Callable[[Any], Figure | None]
    about: str = ""

    def read(self, spec: Any) -> str:
        """How to read it."""
        return self.caption if isinstance(self.caption, str) else self.caption(spec)
