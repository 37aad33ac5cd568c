"""What all charts over layers share: the same axis under each, and one line an init."""

from collections.abc import Callable, Sequence

from ....figures.axes import linear_axis, log_axis, place_axis, reach, spacing
from ....figures.numbers import power
from ....figures.palette import DASHES, PREDICTED, STYLES, Figure, meta
from ....figures.shapes import MOST_SHAPES, some_places
from ....lab.initializers import INITIALIZERS
from ..result import Band, StackInit, StackLayer, StackResult

Log10 = Callable[[StackLayer], float | None]


def layer_axis(result: StackResult) -> Figure:
    """The axis of layers, so that one layer stands at one place in every chart."""
    layers = [layer.layer for layer in result.inits[0].layers]
    return place_axis(layers, "layer", spacing(some_places(layers)))


def line(entry: StackInit, values: Sequence[float | None], text: Sequence[str], name: str = "") -> Figure:
    """The measured numbers of one init, layer by layer."""
    style = STYLES[entry.init]
    return {
        "type": "scatter",
        "mode": "lines+markers" if len(values) <= MOST_SHAPES else "lines",
        "name": INITIALIZERS[entry.init].label,
        "legendgroup": entry.init,
        "zorder": DASHES.index(style.dash),
        "x": [layer.layer for layer in entry.layers],
        "y": list(values),
        "line": {"color": style.color, "dash": style.dash, "width": 2},
        "marker": {"color": style.color, "symbol": style.symbol, "size": 6},
        "text": list(text),
        "hovertemplate": f"layer %{{x}}<br>{name} %{{text}}<extra>%{{fullData.name}}</extra>",
        **meta(entry.init),
    }


def theory(entry: StackInit, values: Sequence[float | None], text: Sequence[str], name: str = "predicted") -> Figure:
    """What is predicted of one init, dotted over the measured."""
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "legendgroup": name,
        "zorder": len(DASHES),
        "x": [layer.layer for layer in entry.layers],
        "y": list(values),
        "text": list(text),
        "line": {"color": PREDICTED, "dash": "dot", "width": 2},
        "hovertemplate": f"layer %{{x}}<br>{name} %{{text}}<extra>{INITIALIZERS[entry.init].label}</extra>",
        **meta(entry.init, "predicted"),
    }


class Sizes:
    """Mean squares over layers, known as log₁₀, on an axis of the reader's choice."""

    def __init__(self, linear: bool = False, std: bool = False, whole: bool = False) -> None:
        self.linear, self.std, self.whole = linear, std, whole
        self._logs: list[list[float | None]] = []

    @property
    def name(self) -> str:
        return "root mean square" if self.std else "mean square"

    def measured(self, entry: StackInit, quantity: Log10) -> Figure:
        logs = self._halved([quantity(layer) for layer in entry.layers])
        self._logs.append(logs)
        return line(entry, self._placed(logs), [power(value) for value in logs], self.name)

    def predicted(self, entry: StackInit, quantity: Log10, name: str = "predicted") -> list[Figure]:
        logs = self._halved([quantity(layer) for layer in entry.layers])
        if all(value is None for value in logs):
            return []
        self._logs.append(logs)
        return [theory(entry, self._placed(logs), [power(value) for value in logs], name)]

    def band(self, entry: StackInit, quantity: Callable[[StackLayer], Band | None]) -> list[Figure]:
        """Where 95 % of networks lie, where theory can say it."""
        known = [
            (layer.layer, found.log10_low, found.log10_high)
            for layer in entry.layers
            if (found := quantity(layer)) and found.log10_low is not None and found.log10_high is not None
        ]
        if not known:
            return []
        self._logs += [self._halved([low for _, low, _ in known]), self._halved([high for _, _, high in known])]
        x = [layer for layer, _, _ in known]
        edges = [*(high for _, _, high in known), *(low for _, low, _ in reversed(known))]
        return [
            {
                "type": "scatter",
                "mode": "lines",
                "name": "95 % of networks",
                "legendgroup": "band",
                "x": [*x, *x[::-1]],
                "y": self._placed(self._halved(edges)),
                "fill": "toself",
                "fillcolor": STYLES[entry.init].filled(0.16),
                "line": {"width": 0},
                "hoverinfo": "skip",
                **meta(entry.init, "predicted"),
            }
        ]

    def thin(self, entry: StackInit, networks: Sequence[Sequence[float | None]]) -> Figure:
        """A thin line for each of many networks."""
        x: list[int | None] = []
        y: list[float | None] = []
        for sizes in networks:
            logs = self._halved(sizes)
            self._logs.append(logs)
            x += [*range(1, len(logs) + 1), None]
            y += [*self._placed(logs), None]
        return {
            "type": "scatter",
            "mode": "lines",
            "name": INITIALIZERS[entry.init].label,
            "x": x,
            "y": y,
            "line": {"color": STYLES[entry.init].filled(0.45), "width": 1},
            "hoverinfo": "skip",
            **meta(entry.init),
        }

    @property
    def empty(self) -> bool:
        return all(value is None for logs in self._logs for value in logs)

    def axis(self) -> Figure:
        """The axis under all that was placed."""
        low, high = reach(self._logs, self.whole)
        if not self.linear:
            return log_axis(low, high)
        return linear_axis(0.0, 10.0 ** min(high, 300) * 1.05)

    def _halved(self, logs: Sequence[float | None]) -> list[float | None]:
        return [value / 2 if value is not None and self.std else value for value in logs]

    def _placed(self, logs: Sequence[float | None]) -> list[float | None]:
        if not self.linear:
            return list(logs)
        return [None if value is None or value > 300 else 10.0**value for value in logs]
