"""The weights: what their scale is called, how each init draws them, and the scale to use."""

from itertools import combinations
from math import isclose, sqrt

from ....figures.numbers import number
from ....finding import Finding, by_chance, in_spreads
from ....lab.draws import TRUNCATED_STD
from ....lab.initializers import INITIALIZERS
from ..result import MatmulInit
from ..spec import MatmulSpec
from .drawn import input_moments, label_of, weight_moments

TORCH = {
    "xavier_normal": "xavier_normal_(w.T)",
    "xavier_uniform": "xavier_uniform_(w.T)",
    "kaiming_normal": "kaiming_normal_(w.T, nonlinearity='relu')",
    "kaiming_uniform": "kaiming_uniform_(w.T, nonlinearity='relu')",
}


def scale(spec: MatmulSpec, entry: MatmulInit) -> Finding:
    """The scale is a standard deviation; its square is a variance."""
    label, std = label_of(entry), entry.weight_std
    said = (
        f"{label}: a weight has a standard deviation of {number(std)} and a variance of {number(std**2)}, its square."
    )
    if isclose(std, spec.fan_in**-0.5):
        said += f" 1/√{spec.fan_in:,} is the standard deviation, 1/{spec.fan_in:,} the variance."
    if entry.init == "trunc_normal":
        said += (
            f" A normal cut at ±2 standard deviations keeps only {TRUNCATED_STD:.4f} of its own; Keras corrects "
            "for that, "
            "as LeCun normal does here. torch.nn.init.trunc_normal_ cuts at an absolute ±2, which at this scale cuts "
            "nothing."
        )
    return Finding(about="scale", init=entry.init, word="std", sentence=said, value=std, predicted=std)


def transposed(spec: MatmulSpec, inits: list[MatmulInit]) -> list[Finding]:
    """PyTorch reads the fans of a weight as nn.Linear stores it, the other way round."""
    return [_transposed(spec, entry) for entry in inits if entry.init in TORCH]


def _transposed(spec: MatmulSpec, entry: MatmulInit) -> Finding:
    own = INITIALIZERS[entry.init].scale(spec.fan_in, spec.fan_out, 1.0, spec.fan_mode)
    return Finding(
        about="torch",
        init=entry.init,
        word="transposed",
        sentence=f"{label_of(entry)}: torch.nn.init reads a weight as nn.Linear stores it, (fan_out, fan_in). On "
        "the w of "
        f"x @ w it would take {spec.fan_out:,} for fan_in; handed w.T it gives weights a std of {number(own)}.",
        value=own,
        predicted=own,
        advice="Hand it w.T.",
        code=f"torch.nn.init.{TORCH[entry.init]}",
    )


def alike(inits: list[MatmulInit]) -> list[Finding]:
    """Inits of one scale: the same numbers if they share their draws too, else another sample of the same."""
    found = []
    for a, b in combinations(inits, 2):
        if not isclose(a.scale, b.scale, rel_tol=1e-9):
            continue
        same = a.measured == b.measured
        drawn = (
            "and they share their draws, so every number is the same"
            if same
            else f"but one draws {_entries(a)}, the other {_entries(b)}: only the variance counts, and the "
            "numbers differ by "
            "chance"
        )
        found.append(
            Finding(
                about="alike",
                init=b.init,
                word="same" if same else "same scale",
                sentence=f"{label_of(a)} and {label_of(b)} have the same scale here, k = {number(a.scale)}, {drawn}.",
                value=b.scale,
                predicted=a.scale,
            )
        )
    return found


def _entries(entry: MatmulInit) -> str:
    """How its weights are drawn."""
    family = INITIALIZERS[entry.init].family or "normal"
    if family == "uniform":
        return f"uniform weights within ±√3 · k = ±{number(sqrt(3) * entry.scale)}"
    return f"{family.replace('_', ' ')} ones"


def fresh(spec: MatmulSpec, inits: list[MatmulInit]) -> list[Finding]:
    """With fresh draws the variances do not agree among themselves."""
    if spec.draws != "fresh" or len(inits) < 2:
        return []
    squares = ", ".join(number(entry.input.square) for entry in inits)
    first = inits[0].input
    return [
        Finding(
            about="draws",
            word="fresh",
            sentence=f"Each line drew its own x, so ‖x‖² is {squares}: the variances differ by more than k², as they "
            "did for whoever asked first.",
            value=first.square,
            predicted=first.square_mean,
            by_chance=by_chance(in_spreads(first.square, first.square_mean, first.square_std)),
        )
    ]


def weighs_fan_out(spec: MatmulSpec, entry: MatmulInit) -> bool:
    return entry.init.startswith("xavier") and spec.fan_out > 4 * spec.fan_in


def sample(spec: MatmulSpec, entry: MatmulInit) -> Finding:
    """Xavier reads a sample of columns as a layer's width."""
    return Finding(
        about="sample",
        init=entry.init,
        word="fan_out",
        sentence=f"{label_of(entry)} gives {number(entry.measured.variance)}, {number(entry.predicted.variance)} on "
        f"average, and on purpose: it weighs fan_out = {spec.fan_out:,} as much as fan_in = {spec.fan_in:,}, a "
        "compromise between the forward and the backward pass that keeps neither unless they are equal. These columns "
        "are a sample, not a layer.",
        value=entry.measured.variance,
        predicted=entry.predicted.variance,
        by_chance=None,
    )


def recommendation(spec: MatmulSpec, entry: MatmulInit) -> Finding:
    """The k under which z has a variance of one, for the weights this experiment draws."""
    square, weight = input_moments(spec).mean_square, weight_moments(spec, entry.init).variance
    total = spec.fan_in * square * weight
    if total <= 0:
        return Finding(
            about="recommendation",
            word="none",
            sentence="No scale gives a variance of 1: the products are all zero.",
            advice="Give x or w some spread.",
        )
    k = total**-0.5
    plain = isclose(total, spec.fan_in)
    divisor = "√D" if plain else f"√{number(total)}"
    reason = f"D = {spec.fan_in:,}" if plain else f"D · E[x²] · Var(w) = {number(total)}"
    return Finding(
        about="recommendation",
        word=divisor,
        sentence=f"For a variance of 1 divide w by {divisor} = {number(1 / k)}, a k of {number(k)}: a factor of k "
        "on w is a "
        f"factor of k² on the variance, and k² · {number(total)} = 1, with {reason}.",
        value=k,
        predicted=k,
        advice=f"Divide w by {divisor}.",
        code=f"w = torch.randn({spec.fan_in}, {spec.fan_out}) / {spec.fan_in}**0.5"
        if plain and _as_randn(spec)
        else f"w = w / {total:.6g}**0.5",
    )


def _as_randn(spec: MatmulSpec) -> bool:
    return spec.weights == "normal" and not spec.weight_mean
