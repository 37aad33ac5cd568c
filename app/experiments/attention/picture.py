"""A layer of attention as a picture: who gets the weight, from the heaviest key of a query to its last."""

from math import log10
from typing import TYPE_CHECKING

from ...figures.axes import decades, power_of_ten
from ...figures.palette import PREDICTED, STYLES
from .findings.judged import label_of
from .result import AttentionResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOWEST = -7.0  # decades


def attention_picture(result: AttentionResult, axes: "Axes") -> None:
    """The typical weight of each rank, on log axes; where queries see different keys, how spread out weights are."""
    ranked = [entry for entry in result.scales if len(entry.ranks) > 1]
    for entry in ranked:
        x, style = [log10(at.rank) for at in entry.ranks], STYLES[entry.scale]
        axes.plot(x, [at.log10_weight for at in entry.ranks], color=style.color, linewidth=3, label=label_of(entry))
        axes.plot(x, [at.predicted for at in entry.ranks], color=PREDICTED, linewidth=2, linestyle=":")
    for entry in result.scales if not ranked else []:
        edges = [edge or 0.0 for edge in entry.weights.histogram.edges]
        tallest = max(entry.weights.histogram.counts) or 1
        heights = [count / tallest for count in entry.weights.histogram.counts]
        axes.stairs(heights, edges, fill=True, color=STYLES[entry.scale].color, alpha=0.5)
    if ranked:
        last = log10(ranked[0].ranks[-1].rank)
        axes.axhline(-last, color=PREDICTED, linewidth=1.5, linestyle="--")
        axes.set_xlim(0, last)
        axes.set_ylim(LOWEST, 0)
        ticks = range(0, int(LOWEST) - 1, -2)
        axes.set_yticks(list(ticks), [power_of_ten(tick) for tick in ticks])
    ends = axes.get_xlim()
    across = decades(*ends)
    axes.set_xticks(across["tickvals"], across["ticktext"])
    axes.set_xlabel("rank of the key" if ranked else "weight p")
    axes.set_title("who gets the weight", loc="left", size=14, color=axes.xaxis.label.get_color())
