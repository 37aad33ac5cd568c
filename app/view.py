"""Views: how a Result is looked at. A view stands in a page's address beside the spec, and decides nothing computed.

One query holds both; the names of a view's fields are no spec's. Whoever computes reads the spec and leaves the view
aside: the cache's key, the canonical link and the numbers do not know of it.
"""

from typing import Annotated, Self
from urllib.parse import quote, unquote_plus, urlencode

from pydantic import BaseModel, ConfigDict, Field

from .fields import OneOf, query_values, to_text, validate

ALL = "all"  # in `open`
AXES = {
    "own": "each on its own axis",
    "common": "all on one axis",
    "linear": "linear axis",
    "log": "logarithmic axis",
    "count": "counts",
    "std": "standard deviations",
    "whole": "the whole range",
}
HIDDEN = {"predicted": "what was predicted", "measured": "what was measured"}

Section = Annotated[str, Field(min_length=1, max_length=40)]


class View(BaseModel):
    """How a Result is looked at."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    layer: int | None = Field(None, ge=1, le=10_000, description="The chosen layer; the last one if none is.")
    open: list[Section] = Field([], max_length=40, description="Sections unfolded, by name; all unfolds every one.")
    axes: list[Annotated[str, OneOf(AXES)]] = Field([], description="Axes other than the charts' own choice.")
    pinned: str | None = Field(None, max_length=2000, description="The query of another run to compare this one with.")
    embed: bool = Field(False, description="Without the frame of the site, for an iframe.")
    hide: Annotated[str, OneOf(HIDDEN)] | None = Field(None, description="What is kept hidden until it is asked for.")
    ask: str | None = Field(None, max_length=300, description="A question the reader answers before seeing the result.")

    @classmethod
    def from_query(cls, query: str) -> Self:
        """A view from a query string that holds nothing else. Raises SpecError."""
        return validate(cls, query_values(cls, query))

    @property
    def query(self) -> str:
        """The canonical query: fields that differ from their default, in the order they are declared."""
        given: list[tuple[str, str]] = []
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if value != field.default:
                given += [(name, to_text(item)) for item in (value if isinstance(value, list) else [value])]
        return urlencode(given, safe="/", quote_via=quote)

    def unfolds(self, section: str) -> bool:
        """Whether a section is open."""
        return section in self.open or ALL in self.open


def split(query: str) -> tuple[str, str]:
    """A query's two parts: what is computed, and how it is looked at."""
    parts: tuple[list[str], list[str]] = ([], [])
    for part in query.split("&"):
        parts[unquote_plus(part.partition("=")[0]) in View.model_fields].append(part)
    return "&".join(parts[0]), "&".join(parts[1])
