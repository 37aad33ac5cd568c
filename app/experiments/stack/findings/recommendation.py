"""What to use instead: computed for this depth, activation, norm, biases and residual connections."""

from ....figures.numbers import listed, number, power
from ....finding import Finding, course
from ....lab.activations import ACTIVATIONS, nonlinearity
from ....lab.initializers import INITIALIZERS
from ....lab.norms import NORM_LABELS
from ....theory.gains import gains
from ..spec import StackSpec
from ..totals import Totals, any_gain, best_branches, best_gain, with_branches, with_gain
from .sizes import layers_of

SHOWN = 0.002  # decades that would be shown as a factor of one
SAME = 1e-4  # relative difference within which two gains are one
LOST = ("vanishes", "explodes")


def recommendation(spec: StackSpec) -> list[Finding]:
    """The gain, or the scale of the branches, that serves this stack best, and what the well-known ones would do."""
    if spec.residual:
        return [_branches(spec)]
    if (indifferent := any_gain(spec)) is not None:
        return [_no_matter(spec, indifferent)]
    best = best_gain(spec)
    return [_unknown()] if best is None else [_gain(spec, *best), *_marks(spec)]


def known_gains(activation: str) -> dict[str, float]:
    """The gains people know for an activation: what each keeps, and its value."""
    found = gains(nonlinearity(activation))
    named = {
        "preserving": found.variance_preserving,
        "critical": found.critical,
        "torch": ACTIVATIONS[activation].gain,
    }
    return {name: gain for name, gain in named.items() if gain is not None}


def _stack(spec: StackSpec) -> str:
    activation = "linear" if spec.activation == "linear" else ACTIVATIONS[spec.activation].label
    return (
        f"{layers_of(spec).removesuffix('s').removesuffix(' layer')} {activation} layer{'' if spec.depth == 1 else 's'}"
    )


def does(found: Totals) -> str:
    """What becomes of both mean squares, in words."""
    forward = (
        "stays the input's" if abs(found.forward) < SHOWN else f"comes to {power(found.forward)} times the input's"
    )
    backward = "keeps its size" if abs(found.backward) < SHOWN else f"comes to {power(found.backward)} times its size"
    widths = f" (n_L/n₁ alone makes it {power(found.mismatch)} times, whatever the gain)" if found.mismatch else ""
    return f"the activations' mean square {forward}, the gradient's {backward}{widths}"


def _gain(spec: StackSpec, gain: float, found: Totals) -> Finding:
    works = course(found.forward) not in LOST and course(found.backward - found.mismatch) not in LOST
    said = (
        f"Over {_stack(spec)} a gain of {number(gain)}, a weight std of {number(gain)}/√fan_in, keeps signal and "
        "gradient "
        f"closest to their size: {does(found)}."
        if works
        else f"No gain carries both signal and gradient over {_stack(spec)}. The best, {number(gain)}, still "
        "loses one: "
        f"{does(found)}."
    )
    return Finding(
        about="recommendation",
        word="gain" if works else "none",
        sentence=said,
        value=gain,
        advice=f"Use a gain of {number(gain)}." if works else _instead(spec),
        code=f"torch.nn.init.normal_(layer.weight, std={gain:.4f} / layer.in_features**0.5)" if works else None,
    )


def _instead(spec: StackSpec) -> str:
    missing = "Add a norm, or residual connections" if spec.norm == "none" else "Add residual connections"
    return f"{missing}, use fewer layers, or another activation."


MARKS = {
    "preserving": "the variance-preserving gain",
    "critical": "the critical gain",
    "torch": "what torch.nn.init.calculate_gain gives",
}


def _marks(spec: StackSpec) -> list[Finding]:
    """What each well-known gain would do over this stack; those that are one gain are said at once."""
    known = known_gains(spec.activation)
    found: list[Finding] = []
    for name, gain in known.items():
        same = [other for other in known if abs(known[other] / gain - 1) < SAME]
        totals = with_gain(spec, gain)
        if totals is None or same[0] != name:
            continue
        named = listed([MARKS[other] for other in same])
        said = f"{named[0].upper()}{named[1:]}: {number(gain)}. Over {layers_of(spec)} {does(totals)}."
        if name == "torch":
            said += " It is a rule of thumb."
        found.append(Finding(about="recommendation", word=name, sentence=said, value=gain))
    return found


def _no_matter(spec: StackSpec, found: Totals) -> Finding:
    """A norm undoes whatever gain there is."""
    undoes = NORM_LABELS[spec.norm] if spec.norm != "none" else "the stack"
    works = course(found.backward) not in LOST
    return Finding(
        about="recommendation",
        word="any" if works else "none",
        sentence=f"Whatever the gain, {undoes} undoes it: over {_stack(spec)} {does(found)}.",
        value=None,
        advice="The gain does not matter here." if works else _instead(spec),
    )


def _branches(spec: StackSpec) -> Finding:
    best, now = best_branches(spec), with_branches(spec, spec.branch_scale or 0.0)
    if best is None or now is None:
        return _unknown()
    scale, found = best
    return Finding(
        about="recommendation",
        word="residual_scale",
        sentence=f"Under {INITIALIZERS[spec.init[0]].label} a residual scale of {number(scale)} makes the "
        f"{layers_of(spec)} together add as much to the "
        "stream as came "
        f"in: {does(found)}. With {number(spec.branch_scale)} {does(now)}.",
        value=scale,
        advice=f"Multiply each branch by {number(scale)}.",
        code=f"x = x + {scale:.4g} * branch({'norm(x)' if spec.norm != 'none' else 'x'})",
    )


def _unknown() -> Finding:
    return Finding(
        about="recommendation",
        word="unknown",
        sentence="No formula tells what another gain would do to such a stack.",
        advice="Measure it: try gains, and see.",
    )
