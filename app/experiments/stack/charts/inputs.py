"""What becomes of the inputs: whether they stay apart, which units saturate or die, how each unit varies."""

from collections.abc import Callable
from math import isfinite, log10

from ....figures.axes import axis, axis_key, panel_title, panels
from ....figures.palette import DASHES, PREDICTED, STYLES, Figure, figure
from ....figures.shapes import MOST_SHAPES, PANEL
from ....lab.initializers import INITIALIZERS
from ..result import StackInit, StackLayer, StackResult
from .shapes import init_title, some_layers

VIEW_DECADES = 12  # of growth, before a line is let go: it has long left the chart


def collapse(result: StackResult) -> Figure | None:
    """Variance over everything, variance across inputs, and the cosine between inputs, per layer.

    Both variances are relative to the first layer's. Where the first holds and the others do not, every input
    has become the same vector, which a variance pooled over units and inputs hides. A single input has neither.
    """
    if result.experiment["batch"] == 1:
        return None
    dashes = {
        "variance over everything": "solid",
        "variance across inputs": "dash",
        "mean cosine between inputs": "dot",
    }
    traces: list[Figure] = [_key(name, dash) for name, dash in dashes.items()]
    traces.append(_key("predicted cosine", "solid", 5))
    layout: Figure = {"annotations": [], "hovermode": "x"}
    domains = panels(len(result.inits), gap=0.24 / len(result.inits))
    for index, (entry, domain) in enumerate(zip(result.inits, domains, strict=True)):
        x, y = axis("x", index), axis("y", index)
        passed = entry.layers
        start = passed[0].preactivation.log10_variance
        lines: list[list[float | None]] = [
            [_relative(at.preactivation.log10_variance, start) for at in passed],
            [_relative(_log10(at.unit_variance.mean if at.unit_variance else None), start) for at in passed],
            [at.cosine.mean for at in passed],
        ]
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": "predicted cosine",
                "showlegend": False,
                "x": [layer.layer for layer in passed],
                "y": [at.predicted.cosine for at in passed],
                "line": {"color": "rgba(111,120,133,0.45)", "width": 5},
                "hovertemplate": "%{y:.3g}",
                "xaxis": x,
                "yaxis": y,
            }
        )
        for (name, dash), values in zip(dashes.items(), lines, strict=True):
            traces.append(
                {
                    "type": "scatter",
                    "mode": "lines",
                    "name": name,
                    "legendgroup": name,
                    "showlegend": False,
                    "x": [layer.layer for layer in passed],
                    "y": values,
                    "line": {"color": STYLES[entry.init].color, "dash": dash, "width": 2.5},
                    "hovertemplate": "%{y:.3g}",
                    "xaxis": x,
                    "yaxis": y,
                }
            )
        layout[axis_key("x", index)] = {
            "anchor": y,
            "matches": None if index == 0 else "x",
            "showticklabels": index == len(result.inits) - 1,
            "zeroline": False,
        }
        layout[axis_key("y", index)] = {"anchor": x, "domain": domain, "range": [-0.08, 1.6], "nticks": 4}
        layout["annotations"].append(init_title(entry, index))
    layout[axis_key("x", len(result.inits) - 1)]["title"] = {"text": "layer"}
    return figure(traces, height=100 + PANEL * len(result.inits), **layout)


def shares(result: StackResult) -> Figure | None:
    """Share of activations that are saturated, that are zero, and of units dead on the whole batch."""
    quantities: list[tuple[str, Callable[[StackLayer], float | None]]] = [
        ("saturated activations", _saturated),
        ("activations that are exactly zero", lambda layer: layer.activation.zero),
        ("units dead on the whole batch", lambda layer: layer.activation.dead_units),
    ]
    bounded = any(layer.activation.saturated is not None for entry in result.inits for layer in entry.layers)
    quantities = quantities if bounded else quantities[1:]
    traces: list[Figure] = []
    layout: Figure = {"annotations": []}
    for index, ((name, share), domain) in enumerate(zip(quantities, panels(len(quantities), gap=0.08), strict=True)):
        x, y = axis("x", index), axis("y", index)
        place = {"xaxis": x, "yaxis": y, "showlegend": index == 0, "hovertemplate": "%{y:.2%}"}
        traces += [_line(entry, [share(layer) for layer in entry.layers]) | place for entry in result.inits]
        if share is _saturated:
            traces += [
                _line(entry, [layer.predicted.saturated for layer in entry.layers])
                | place
                | {
                    "mode": "lines",
                    "line": {"color": PREDICTED, "dash": "dot", "width": 2},
                    "name": "predicted",
                    "showlegend": number == 0,
                    "legendgroup": "predicted",
                    "zorder": len(DASHES),
                }
                for number, entry in enumerate(result.inits)
            ]
        layout[axis_key("x", index)] = {
            "anchor": y,
            "matches": None if index == 0 else "x",
            "showticklabels": index == len(quantities) - 1,
            "zeroline": False,
        }
        layout[axis_key("y", index)] = {
            "anchor": x,
            "domain": domain,
            "range": [-0.05, 1.05],
            "tickformat": ".0%",
            "nticks": 3,
        }
        layout["annotations"].append(panel_title(name, index))
    layout[axis_key("x", len(quantities) - 1)]["title"] = {"text": "layer"}
    return figure(traces, height=100 + 150 * len(quantities), hovermode="x", **layout)


def unit_variance(result: StackResult) -> Figure | None:
    """The histogram, over units, of each unit's variance across the batch; a slider chooses the layer."""
    if result.experiment["batch"] == 1:
        return None
    layers = [layer.layer for layer in some_layers(result.inits[0].layers)]
    inits = result.inits
    domains = panels(len(inits), gap=0.3 / len(inits))
    traces: list[Figure] = []
    for layer in layers:
        for index, entry in enumerate(inits):
            summary = entry.layers[layer - 1].unit_variance if layer <= len(entry.layers) else None
            if summary is None:
                continue
            style = STYLES[entry.init]
            traces.append(
                {
                    "type": "scatter",
                    "name": INITIALIZERS[entry.init].label,
                    "meta": layer,
                    "mode": "lines",
                    "x": summary.histogram.edges,
                    "y": [*summary.histogram.counts, 0],
                    "line": {"shape": "hv", "color": style.color, "width": 0},
                    "fill": "tozeroy",
                    "fillcolor": style.filled(0.55),
                    "visible": layer == layers[-1],
                    "hovertemplate": "variance %{x:.4g}<br>%{y} units<extra></extra>",
                    "xaxis": axis("x", index),
                    "yaxis": axis("y", index),
                }
            )
    layout: Figure = {"showlegend": False, "annotations": []}
    for index, (entry, domain) in enumerate(zip(inits, domains, strict=True)):
        layout[axis_key("x", index)] = {"anchor": axis("y", index), "tickformat": "~g", "nticks": 6}
        layout[axis_key("y", index)] = {
            "anchor": axis("x", index),
            "domain": domain,
            "nticks": 3,
            "rangemode": "tozero",
        }
        layout["annotations"].append(init_title(entry, index))
    layout[axis_key("x", len(inits) - 1)]["title"] = {"text": "variance of a unit across the batch"}
    steps = [
        {
            "label": str(layer),
            "method": "restyle",
            "args": [{"visible": [trace["meta"] == layer for trace in traces]}],
        }
        for layer in layers
    ]
    slider = {"steps": steps, "active": len(layers) - 1, "currentvalue": {"prefix": "layer "}, "pad": {"t": 56}}
    return figure(traces, height=190 + 150 * len(inits), sliders=[slider], **layout)


def _saturated(layer: StackLayer) -> float | None:
    return layer.activation.saturated


def _key(name: str, dash: str, width: float = 2.5) -> Figure:
    """A line of the legend alone, in no init's colour."""
    line = {"color": PREDICTED if width < 3 else "rgba(111,120,133,0.45)", "dash": dash, "width": width}
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "legendgroup": name,
        "x": [None],
        "y": [None],
        "line": line,
    }


def _line(entry: StackInit, values: list[float | None]) -> Figure:
    style = STYLES[entry.init]
    return {
        "type": "scatter",
        "mode": "lines+markers" if len(values) <= MOST_SHAPES else "lines",
        "name": INITIALIZERS[entry.init].label,
        "legendgroup": entry.init,
        "zorder": DASHES.index(style.dash),
        "x": [layer.layer for layer in entry.layers],
        "y": values,
        "line": {"color": style.color, "dash": style.dash, "width": 2},
        "marker": {"color": style.color, "symbol": style.symbol, "size": 6},
    }


def _log10(value: float | None) -> float | None:
    return log10(value) if value else None


def _relative(log10_value: float | None, log10_start: float | None) -> float | None:
    """A ratio of two variances; None where it leaves the chart by far."""
    if log10_value is None or log10_start is None:
        return 0.0 if log10_start is not None else None
    ratio = log10_value - log10_start
    return 10**ratio if isfinite(ratio) and ratio < VIEW_DECADES else None
