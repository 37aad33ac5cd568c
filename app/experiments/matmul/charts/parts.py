"""What these charts share."""

from ....figures.palette import PREDICTED, Figure


def rule() -> Figure:
    return {"color": PREDICTED, "width": 1.5, "dash": "dash"}


def level(y: float) -> Figure:
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": y, "y1": y, "line": rule()}


def level_label(y: float, text: str) -> Figure:
    return {"xref": "paper", "x": 1, "y": y, "xanchor": "right", "yanchor": "bottom", "text": text}
