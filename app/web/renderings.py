"""What an address of an experiment may answer: its Result, or what is made of that, or of the spec alone."""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

from ..experiments.experiment import Experiment
from ..finding import Finding
from .description import BINARY, FIGURES, TEXT, Schema
from .headers import POLICY

AnyExperiment = Experiment[Any, Any]


class Rendering(NamedTuple):
    """`of_result` makes it of the Result, or `of_spec` without any run; neither: it is the Result, as JSON."""

    suffix: str
    media_type: str
    schema: Schema | Any
    said: str
    of_result: Callable[[Any], bytes] | None = None
    of_spec: Callable[[Any], bytes] | None = None
    headers: Mapping[str, str] = MappingProxyType({})

    @property
    def packed(self) -> bool:
        """It is compressed already."""
        return self.media_type == "image/png"


def renderings(experiment: AnyExperiment) -> list[Rendering]:
    """All of an experiment's."""
    json, svg = "application/json", {"Content-Security-Policy": f"{POLICY}; style-src 'unsafe-inline'"}
    found = [
        Rendering("", json, experiment.result, "The Result as JSON."),
        Rendering("/figures", json, FIGURES, "{chart name: Plotly figure}.", experiment.figures_json),
        Rendering("/findings", json, list[Finding], "What the numbers say.", experiment.findings_json),
        Rendering(
            ".csv", "text/csv; charset=utf-8", TEXT, "A tidy table: init, layer, quantity, value.", experiment.table
        ),
        Rendering(".png", "image/png", BINARY, "A picture, 1200 × 630.", partial(experiment.drawn, "png")),
        Rendering(
            ".svg", "image/svg+xml", TEXT, "The same picture, as lines.", partial(experiment.drawn, "svg"), headers=svg
        ),
    ]
    if script := experiment.script:
        said = "A script of the same experiment in PyTorch alone. Nothing is run here."
        found.append(
            Rendering(".py", "text/x-python; charset=utf-8", TEXT, said, of_spec=lambda spec: script(spec).encode())
        )
    return found
