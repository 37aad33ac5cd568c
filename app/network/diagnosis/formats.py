"""What float16, the narrowest format that people train in, would make of a network's numbers."""

from collections.abc import Iterator

from ...figures.numbers import percent
from ...lab.formats import Magnitudes
from ..recording import Layer, Recording
from .item import Diagnosis, named

NARROW, WIDE = "float16", "bfloat16"
FAINT = 0.01  # share of a gradient that may become zero unsaid


def overflowing(recording: Recording) -> list[Diagnosis]:
    """The first layer of whose numbers some are beyond the format, as `torch.autocast` would have them."""
    beyond = [
        (at, layer, what, share)
        for at, layer in enumerate(recording.layers, 1)
        for what, found in _magnitudes(layer)
        if (share := found.formats[NARROW].overflow) > 0
    ]
    if not beyond:
        return []
    at, layer, what, share = beyond[0]
    layers, device = len({each[0] for each in beyond}), layer.device.partition(":")[0]
    said = f"In {NARROW} {percent(share)} of the {what} of {named(layer)} would be infinite"
    said += f", the first of {layers} layers with such numbers." if layers > 1 else "; no other layer has such numbers."
    if held := all(found.formats[WIDE].overflow == 0 for each in recording.layers for _, found in _magnitudes(each)):
        said += f" {WIDE} holds all of them."
    return [
        Diagnosis(
            about="formats",
            word=f"beyond {NARROW}",
            sentence=said,
            value=share,
            layer=at,
            advice="Where it is trained in mixed precision:" if held else None,
            code=f'torch.autocast("{device}", dtype=torch.{WIDE})' if held else None,
        )
    ]


def faint(recording: Recording) -> str | None:
    """The gradient of which most would become zero in the format, if that is worth a word."""
    found = [
        (layer.gradient_magnitudes.formats[NARROW].underflow, layer)
        for layer in recording.layers
        if layer.gradient_magnitudes
    ]
    share, layer = max(found, key=lambda each: each[0], default=(0.0, None))
    if layer is None or share <= FAINT:
        return None
    return f"in {NARROW} {percent(share)} of the gradient of {named(layer)} would be zero unless the loss is scaled"


def _magnitudes(layer: Layer) -> Iterator[tuple[str, Magnitudes]]:
    yield "output", layer.magnitudes
    if layer.gradient_magnitudes:
        yield "gradient", layer.gradient_magnitudes
