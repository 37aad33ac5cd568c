"""The chart of gains: what depth does to signal and gradient under each, and where a good one exists."""

from functools import cache

from ....figures.palette import PREDICTED, Figure, figure
from ....lab.activations import ACTIVATIONS, nonlinearity
from ....theory.gains import Growth, gains, growth
from ..result import StackResult

LOWEST, HIGHEST, STEP = 0.4, 3.0, 0.04
TALLEST = 2.5


@cache
def curve(activation: str) -> list[Growth]:
    """What depth does under each of a range of gains."""
    count = round((HIGHEST - LOWEST) / STEP)
    return [growth(nonlinearity(activation), LOWEST + STEP * i) for i in range(count + 1)]


def gain_chart(result: StackResult) -> Figure | None:
    """Growth per layer, forward and backward, and the map's slope, where each gain settles."""
    activation = result.experiment["activation"]
    points = curve(activation)
    x = [round(point.gain, 4) for point in points]
    lines = (
        ("forward growth", "#2b7fd4", "solid", [point.forward for point in points]),
        ("gradient growth", "#d9480f", "9px,4px", [point.gradient for point in points]),
        ("stability: the map's slope", "#0f9d74", "4px,4px", [point.slope for point in points]),
    )
    traces: list[Figure] = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": name,
            "x": x,
            "y": y,
            "line": {"color": color, "dash": dash, "width": 2.5},
            "hovertemplate": f"gain %{{x}}<br>{name} %{{y:.4g}} per layer<extra></extra>",
        }
        for name, color, dash, y in lines
    ]
    marks = {
        "keeps variance": gains(nonlinearity(activation)).variance_preserving,
        "critical": gains(nonlinearity(activation)).critical,
        "torch": ACTIVATIONS[activation].gain,
    }
    shown = [(name, gain) for name, gain in marks.items() if gain is not None and LOWEST <= gain <= HIGHEST]
    level = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": 1, "y1": 1}
    rule = {"color": PREDICTED, "width": 1.5, "dash": "dash"}
    return figure(
        traces,
        height=440,
        xaxis={"title": {"text": "gain: std of a weight × √fan_in"}, "range": [LOWEST, HIGHEST]},
        yaxis={"title": {"text": "factor per layer"}, "range": [0, TALLEST]},
        shapes=[
            level | {"line": rule},
            *(
                {"type": "line", "x0": gain, "x1": gain, "yref": "paper", "y0": 0, "y1": 1, "line": rule | {"width": 1}}
                for _, gain in shown
            ),
        ],
        annotations=[
            {
                "x": gain,
                "y": 1 - 0.07 * index,
                "yref": "paper",
                "yanchor": "top",
                "xanchor": "left",
                "text": f"{name} {gain:.4g}",
            }
            for index, (name, gain) in enumerate(shown)
        ],
    )
