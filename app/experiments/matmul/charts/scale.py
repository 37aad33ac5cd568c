"""The variance against the scale."""

from math import log10

from ....figures.axes import log_axis
from ....figures.numbers import number
from ....figures.palette import PREDICTED, STYLES, Figure, figure, meta
from ....figures.panels import title
from ....lab.draws import DISTRIBUTIONS
from ....lab.initializers import INITIALIZERS
from ..result import MatmulInit, MatmulResult
from ..spec import MatmulSpec
from .parts import level, level_label


def variance_vs_scale(result: MatmulResult) -> Figure | None:
    """Variance against k on log axes: measured points on the line of slope 2 predicted for such weights."""
    shown = [entry for entry in result.inits if entry.scale > 0 and entry.measured.variance]
    if not shown:
        return None
    scales = [log10(entry.scale) for entry in shown]
    ends = [min(scales) - 0.5, max(scales) + 0.5]
    alike: dict[float, MatmulInit] = {}
    for entry in shown:
        alike.setdefault(_entry_variance(result, entry), entry)
    traces: list[Figure] = []
    for variance, entry in alike.items():
        band, line = _slope_2(entry, ends)
        if len(alike) > 1:
            band["showlegend"] = not traces
            line["name"] += f", Var(w) = {variance:.3g} k²"
        traces += [band, line]
    heights = [y for trace in traces for y in trace["y"]]
    for entry, scale in zip(shown, scales, strict=True):
        style = STYLES[entry.init]
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": INITIALIZERS[entry.init].label,
                "x": [scale],
                "y": [log10(entry.measured.variance or 1)],
                "marker": {"color": style.color, "symbol": style.symbol, "size": 13},
                "hovertemplate": f"k = {number(entry.scale)}<br>measured {number(entry.measured.variance)}"
                f"<br>predicted {number(entry.predicted.variance)}<extra>%{{fullData.name}}</extra>",
                **meta(entry.init),
            }
        )
    return figure(
        traces,
        height=320,
        xaxis={"title": {"text": "scale k of the weights"}, **log_axis(*ends)},
        yaxis=log_axis(min([*heights, -0.5]), max([*heights, 0.5])),
        shapes=[level(0)],
        annotations=[level_label(0, "variance 1"), title("variance of z")],
    )


def _entry_variance(result: MatmulResult, entry: MatmulInit) -> float:
    """Of an entry of w before it is scaled, as this init draws it."""
    return DISTRIBUTIONS[INITIALIZERS[entry.init].family or result.experiment["weights"]].moments.variance


def _slope_2(entry: MatmulInit, ends: list[float]) -> tuple[Figure, Figure]:
    """The band of an init's predicted variance over inputs, and the line, at any scale of its weights."""
    per_square = entry.predicted.variance / entry.scale**2
    spread = entry.predicted.variance_std / entry.predicted.variance
    line = [log10(per_square) + 2 * end for end in ends]
    high = [value + log10(1 + 2 * spread) for value in line]
    low = [value + log10(max(1 - 2 * spread, 1e-3)) for value in line]
    return (
        {
            "type": "scatter",
            "x": [*ends, *ends[::-1]],
            "y": [*high, *low[::-1]],
            "fill": "toself",
            "fillcolor": "rgba(138,143,152,0.25)",
            "mode": "lines",
            "line": {"width": 0},
            "hoverinfo": "skip",
            "name": "± 2 std over inputs",
            **meta(role="predicted"),
        },
        {
            "type": "scatter",
            "mode": "lines",
            "x": ends,
            "y": line,
            "line": {"color": PREDICTED, "dash": "dot", "width": 2},
            "hoverinfo": "skip",
            "name": "predicted: slope 2",
            **meta(role="predicted"),
        },
    )


def read_variance_vs_scale(spec: MatmulSpec) -> str:
    return (
        f"On log axes the variance lies on a line of slope 2, as it is quadratic in k: a k of 1/{spec.fan_in:,} "
        "divides it "
        f"by {spec.fan_in:,}², one of 1/√{spec.fan_in:,} by {spec.fan_in:,}."
    )
