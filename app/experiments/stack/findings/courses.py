"""What becomes of the signal, of a residual stream, and of the gradient on its way back."""

from ....figures.numbers import number, percent, power
from ....finding import Finding, by_chance
from ....lab.norms import NORM_LABELS
from ..result import StackInit
from ..spec import StackSpec
from .sizes import gradient_size, label_of, layers_of, saturates, signal_size, stream_size

EVEN = 10.0  # times between the first and the last layer's steps
NORMED = 0.1  # decades from one, within which it is a norm that sets a mean square
LITTLE = 0.1  # share of a stream that a branch adds

SIGNAL = {
    "vanishes": "loses the signal",
    "fades": "lets the signal fade",
    "holds": "holds the signal",
    "grows": "lets the signal grow",
    "explodes": "lets the signal explode",
    "saturates": "saturates",
}


def signal(spec: StackSpec, entry: StackInit) -> Finding:
    """The last preactivations beside the input."""
    size, last = signal_size(spec, entry), entry.layers[-1]
    word = "saturates" if saturates(entry) else size.course
    after = f"after {layers_of(spec)}"
    if size.measured is None:
        said = f"{after} every preactivation is exactly zero."
    else:
        said = f"{after} the preactivations have a mean square of {size.beside_start}."
    if spec.norm != "none" and not spec.residual and size.measured is not None and abs(size.measured) < NORMED:
        said += f" It is the {NORM_LABELS[spec.norm]} that sets it, whatever the weights' scale."
    return Finding(
        about="signal",
        init=entry.init,
        word=word,
        sentence=" ".join(filter(None, (f"{label_of(entry)} {SIGNAL[word]}: {said}", size.judgement))),
        value=last.preactivation.mean_square,
        predicted=_plain(size.predicted),
        by_chance=by_chance(size.off),
        layer=last.layer,
        brief=f"mean square {size.brief}",
    )


STREAM = {
    "vanishes": "vanishes",
    "fades": "fades",
    "holds": "holds",
    "grows": "grows",
    "explodes": "explodes",
}


def stream(spec: StackSpec, entry: StackInit) -> list[Finding]:
    """A residual stream, which the branches add to, and what the last of them adds."""
    if not spec.residual:
        return []
    size, last = stream_size(spec, entry), entry.layers[-1]
    added = ""
    if last.branch is not None and last.branch.mean_square and last.activation.mean_square:
        share = last.branch.mean_square / last.activation.mean_square
        consequence = "late layers change little" if share < LITTLE else "late layers still count"
        added = f" The last branch is {percent(share)} of it: {consequence}."
    return [
        Finding(
            about="stream",
            init=entry.init,
            word=size.course,
            sentence=f"{label_of(entry)}: the stream {STREAM[size.course]}, from a mean square of "
            f"{power(size.start)} to "
            f"{power(size.measured)} after {layers_of(spec)}.{added} {size.judgement}".strip(),
            value=last.activation.mean_square,
            predicted=_plain(size.predicted),
            by_chance=None,
            layer=last.layer,
            brief=size.brief,
        )
    ]


GRADIENT = {
    "vanishes": "vanish: the first layers would hardly learn",
    "fades": "fade on their way back",
    "holds": "keep their size",
    "grows": "grow on their way back",
    "explodes": "explode: a step that suits the last layer would destroy the first",
}


def gradient(spec: StackSpec, entry: StackInit) -> list[Finding]:
    """The gradient at the first layer beside the last's."""
    size = gradient_size(entry)
    if size is None or spec.depth == 1:
        return []
    measured = entry.layers[0].gradient
    at = "exactly zero" if size.measured is None else f"{power(size.measured)}"
    return [
        Finding(
            about="gradient",
            init=entry.init,
            word=size.course,
            sentence=" ".join(
                filter(
                    None,
                    (
                        f"{label_of(entry)}: gradients {GRADIENT[size.course]}. Their mean square is 1 at the last "
                        f"activations and {at} at the first.",
                        size.judgement,
                    ),
                )
            ),
            value=measured.mean_square if measured else None,
            predicted=_plain(size.predicted),
            by_chance=by_chance(size.off),
            layer=1,
            brief=f"{at} at layer 1",
        )
    ]


def steps(spec: StackSpec, entry: StackInit) -> list[Finding]:
    """The weights' gradient over the weights, which is what one learning rate makes of a layer."""
    first, last = (layer.weight_gradient for layer in (entry.layers[0], entry.layers[-1]))
    if first is None or last is None or not first.grad_to_data or not last.grad_to_data or spec.depth == 1:
        return []
    change = first.grad_to_data / last.grad_to_data
    word = "even" if 1 / EVEN < change < EVEN else "first" if change > 1 else "last"
    consequence = "all layers change alike" if word == "even" else f"the {word} layers change most"
    return [
        Finding(
            about="steps",
            init=entry.init,
            word=word,
            sentence=f"{label_of(entry)}: a weight matrix's gradient is {number(first.grad_to_data, 3)} of the "
            "weights' own "
            f"size in layer 1 and {number(last.grad_to_data, 3)} in the last: with one learning rate {consequence}.",
            value=first.grad_to_data,
            layer=1,
            brief=f"{number(first.grad_to_data, 3)} in layer 1",
        )
    ]


def _plain(log10_value: float | None) -> float | None:
    """The number itself, where float64 holds it with all its digits."""
    return 10.0**log10_value if log10_value is not None and -307 < log10_value < 308 else None
