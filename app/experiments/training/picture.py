"""Networks that learn as a picture: the held-out loss, step by step."""

from math import log10
from typing import TYPE_CHECKING

from ...figures.axes import log_axis
from ...figures.palette import LINES, PREDICTED, STYLES
from .result import TrainingResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DASHED = {"solid": "-", "9px,4px": "--", "4px,4px": (0, (2.0, 1.0)), "14px,4px,4px,4px": "-."}


def training_picture(result: TrainingResult, axes: "Axes") -> None:
    """One line an init, and dotted the loss of one who holds every class for equally likely."""
    expected = log10(result.expected_initial_loss)
    known = [expected]
    for entry in result.inits:
        losses = [log10(value) if value else float("nan") for value in entry.loss.validation]
        known += [value for value in losses if value == value]
        style = STYLES[entry.init]
        dashed = DASHED[style.dash]
        axes.plot(
            entry.loss.step, losses, label=LINES[entry.init].label, color=style.color, linewidth=3, linestyle=dashed
        )
    axes.axhline(expected, color=PREDICTED, linewidth=2, linestyle=":")
    axis = log_axis(min(known), min(max(known), expected + 2))
    axes.set_yticks(axis["tickvals"], axis["ticktext"])
    axes.set_ylim(*axis["range"])
    classes = result.inits[0].layers[-1].fan_out
    axes.set_title(
        f"held-out loss; dotted ln {classes} = {result.expected_initial_loss:.3f}",
        loc="left",
        size=14,
        color=axes.yaxis.label.get_color(),
    )
    axes.set_xlabel("step")
