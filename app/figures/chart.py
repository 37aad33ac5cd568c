"""A chart of a Result, as an experiment registers it, and the sections charts stand in."""

from collections.abc import Callable
from typing import Any, NamedTuple

from ..view import View
from .coinciding import laid_open
from .palette import Figure


class Chart(NamedTuple):
    """What a chart is called, how to read it (of any spec, or of this one), and how it is drawn from a Result.

    It draws None if it has nothing to show; `when`, asked of the spec, says so before there is a Result. `about`: what
    the findings are about that it shows. `axes`: the choices of axes it understands, of those a view knows; each is a
    keyword of `draw`, true where the reader chose it.
    """

    title: str
    caption: str | Callable[[Any], str]
    draw: Callable[..., Figure | None]
    about: str = ""
    axes: tuple[str, ...] = ()
    when: Callable[[Any], bool] = lambda spec: True

    def read(self, spec: Any) -> str:
        """How to read it."""
        return self.caption if isinstance(self.caption, str) else self.caption(spec)

    def figure(self, result: Any, view: View) -> Figure | None:
        """The chart of a Result, looked at this way, each of its lines to be seen."""
        drawn = self.draw(result, **{word: word in view.axes for word in self.axes})
        return laid_open(drawn) if drawn else None


class Section(NamedTuple):
    """Charts that belong together, folded under one line: what the findings about this say."""

    name: str
    title: str
    charts: tuple[str, ...]
    about: str
