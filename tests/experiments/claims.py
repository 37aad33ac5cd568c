"""What each finding claims, checked again from a Result's raw numbers by other code than that which made it."""

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from math import isclose, log, log10, sqrt
from typing import Any, NamedTuple

import numpy as np
import torch

from app.experiments import EXPERIMENTS
from app.finding import Finding
from app.results import Result
from tests.compute.tools import lines_of

Raw = dict[str, Any]


class Case(NamedTuple):
    """A finding, the whole result as JSON has it, and the entry of the init it is about."""

    finding: Finding
    raw: Raw
    entry: Raw


Claim = Callable[[Case], None]

MEAN_SQUARES = {"rand": 1 / 3}  # of the inputs' entries; of all others one
HALF = torch.finfo(torch.float16)
LABELS = tuple(line.label for experiment in EXPERIMENTS.values() for line in experiment.lines.values())
COURSES = ["vanishes", "fades", "holds", "grows", "explodes"]
ROUNDED = 0.06  # relative: how far a number in a sentence may be rounded
SUPERSCRIPTS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def check(name: str, result: Result) -> list[Finding]:
    """Every finding of a result holds: its number stands in its sentence, and its claim in the result."""
    found, raw = EXPERIMENTS[name].findings(result), result.model_dump()
    for finding in found:
        lines = lines_of(raw)
        entry = lines.get(finding.init or "", next(iter(lines.values())))
        assert finding.sentence[0].isupper() or finding.sentence.startswith(LABELS), finding.sentence
        assert not re.search(r"\b(nan|inf|None|True|False)\b|\s\s|\{|\}", finding.sentence), finding.sentence
        assert finding.sentence.endswith("."), finding.sentence
        if finding.value is not None:
            assert states(finding.sentence, finding.value), finding
        CLAIMS[name][finding.about](Case(finding, raw, entry))
    return found


def numbers_in(sentence: str) -> Iterator[float]:
    """Every number a sentence states, powers of ten and shares included."""
    if "zero" in sentence or "nothing" in sentence:
        yield 0.0
    for text in re.finditer(r"(1/)?([−-]?\d[\d,]*(?:\.\d+)?)(?: × 10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))?( ?%)?", sentence):
        fraction, mantissa, exponent, percent = text.groups()
        value = float(mantissa.replace(",", "").replace("−", "-"))
        power = int(exponent.translate(SUPERSCRIPTS)) if exponent else 0
        value = value * 10.0**power if abs(power) < 308 else 0.0
        value = value / 100 if percent else value
        yield 1 / value if fraction and value else value


def states(sentence: str, value: float) -> bool:
    return any(
        isclose(number, value, rel_tol=ROUNDED, abs_tol=6e-3 if abs(value) < 1 else 0)
        for number in numbers_in(sentence)
    )


def course(log10_factor: float) -> str:
    """Within a factor of 10^½ it holds; what float16 could not hold has vanished or exploded."""
    if log10_factor > log10(HALF.max):
        return "explodes"
    if log10_factor < log10(HALF.tiny * HALF.eps / 2):
        return "vanishes"
    return "holds" if abs(log10_factor) <= 0.5 else "grows" if log10_factor > 0 else "fades"


def judged(word: str, measured: float | None, typical: float | None, off: float | None, start: float) -> None:
    """The word is the prediction's where chance explains what was measured, else the measurement's."""
    if measured is None:
        assert word == "vanishes"
    elif typical is None or (off is not None and abs(off) > 4):
        assert word == course(measured - start)
    elif off is not None:
        assert word == course(typical - start)
    else:
        assert word in (course(typical - start), course(measured - start))


def band_off(measured: float | None, band: Raw | None) -> float | None:
    if measured is None or band is None or band["log10_median"] is None:
        return None
    spread = (band["log10_high"] - band["log10_low"]) / (2 * 1.959964)
    return float((measured - band["log10_median"]) / spread) if spread > 0 else None


def start_of(raw: Raw) -> float:
    return log10(MEAN_SQUARES.get(raw["experiment"]["input"], 1.0))


def agrees(by_chance: bool | None, off: float | None) -> None:
    assert by_chance == (None if off is None else abs(off) <= 4)


def _stack_signal(case: Case) -> None:
    last = case.entry["layers"][-1]
    measured, predicted = last["preactivation"]["log10_mean_square"], last["predicted"]
    off = band_off(measured, predicted)
    assert case.finding.value == last["preactivation"]["mean_square"]
    assert case.finding.layer == last["layer"]
    agrees(case.finding.by_chance, off)
    if case.finding.word == "saturates":
        assert last["activation"]["saturated"] > 0.4
        return
    typical = predicted["log10_median"]
    typical = predicted["log10_preactivation_variance"] if typical is None else typical
    judged(case.finding.word, measured, typical, off, start_of(case.raw))


def _stream(case: Case) -> None:
    last = case.entry["layers"][-1]
    assert case.raw["experiment"]["residual"]
    assert case.finding.value == last["activation"]["mean_square"]
    typical = last["predicted"]["log10_activation_mean_square"]
    judged(case.finding.word, last["activation"]["log10_mean_square"], typical, None, start_of(case.raw))


def _gradient(case: Case) -> None:
    first = case.entry["layers"][0]
    measured, predicted = first["gradient"]["log10_mean_square"], first["predicted"]
    off = band_off(measured, predicted["gradient_band"])
    assert case.finding.value == first["gradient"]["mean_square"]
    agrees(case.finding.by_chance, off)
    band = predicted["gradient_band"]
    typical = band["log10_median"] if band else predicted["log10_gradient_mean_square"]
    judged(case.finding.word, measured, typical, off, 0.0)


def _inputs(case: Case) -> None:
    cosine = case.entry["layers"][-1]["cosine"]["mean"]
    assert case.finding.value == cosine
    least, most = {"collapses": (0.9, 1.0), "fades": (0.45, 1.0), "holds": (-1.0, 0.55)}[case.finding.word]
    assert least - 1e-6 <= cosine <= most + 1e-6


def _saturation(case: Case) -> None:
    here = case.entry["layers"][-1]["activation"]
    if case.finding.word in ("saturates", "partly", "free"):
        assert case.finding.value == here["saturated"]
        assert (case.finding.word == "free") <= (here["saturated"] < 0.05)
        assert (case.finding.word == "saturates") <= (here["saturated"] > 0.4)
    else:
        assert case.finding.value == here["dead_units"]
        assert (case.finding.word == "dies") == (here["dead_units"] > 0.1)
    gradient = case.entry["layers"][0]["gradient"]
    if "grow all the same" in case.finding.sentence:
        assert gradient["mean_square"] > 1


def _activation(case: Case) -> None:
    first = case.entry["layers"][0]
    kept = first["activation"]["mean_square"] / first["preactivation"]["mean_square"]
    assert case.finding.value is not None
    assert isclose(kept, case.finding.value, rel_tol=1e-9)
    assert {"shrinks": kept < 1, "enlarges": kept > 1, "keeps": abs(kept - 1) < 0.05}[case.finding.word]


def _formats(case: Case) -> None:
    over = [*case.entry["overflow_layer"].values(), *case.entry["variance_overflow_layer"].values()]
    under = [*case.entry["underflow_layer"].values(), *case.entry["variance_underflow_layer"].values()]
    failing = [layer for layer in over + under if layer is not None]
    assert (case.finding.word == "fits") == (not failing)
    if failing:
        assert case.finding.value == case.finding.layer == min(failing)
        assert case.finding.layer in (over if case.finding.word == "overflows" else under)


def _networks(case: Case) -> None:
    sizes = [sizes[-1] for sizes in case.entry["repeats"]["log10_mean_square"] if sizes[-1] is not None]
    mean = sum(sizes) / len(sizes)
    assert case.finding.value is not None
    assert isclose(case.finding.value, sqrt(sum((size - mean) ** 2 for size in sizes) / (len(sizes) - 1)), rel_tol=1e-9)


def _isometry(case: Case) -> None:
    found = case.entry["layers"][-1]["jacobian"]
    assert case.finding.value == found["largest"]
    lost, largest, smallest = found["histogram"]["below"], found["log10_largest"], found["log10_smallest"]
    assert (case.finding.word == "zero") == (largest is None)
    assert (smallest is None) == (lost > 0)
    if smallest is not None:
        word = "isometry" if largest - smallest <= 0.05 else "uneven" if largest - smallest <= 3 else "singular"
        assert case.finding.word == word
    predicted = found["predicted"]
    square, std = predicted["log10_mean_square"], predicted["log10_mean_square_std"]
    agrees(case.finding.by_chance, standard_errors(found["log10_mean_square"], square, std))


def _fans(case: Case) -> None:
    widths = case.raw["experiment"]["widths"]
    assert states(case.finding.sentence, widths[-1] / widths[0])


def _steps(case: Case) -> None:
    first, last = (
        layer["weight_gradient"]["grad_to_data"] for layer in (case.entry["layers"][0], case.entry["layers"][-1])
    )
    assert case.finding.value == first
    assert states(case.finding.sentence, last)
    assert {"even": 0.1 < first / last < 10, "first": first > last, "last": first < last}[case.finding.word]


def _stack_scale(case: Case) -> None:
    assert case.finding.value is not None
    assert isclose(case.finding.value, case.entry["layers"][0]["weight_std"] ** 2)


def _alike(case: Case) -> None:
    """Some other init has these weights' std; its numbers are the same to the last bit just where that is said."""
    others = [other for other in case.raw["inits"] if other["init"] != case.entry["init"]]
    same_std = [other for other in others if isclose(other["weight_std"], case.entry["weight_std"], rel_tol=1e-9)]
    if "weights=rand" not in case.raw["links"]["page"]:
        assert same_std
    key = "measured" if "measured" in case.entry else "layers"
    same = [other for other in others if _numbers(other[key]) == _numbers(case.entry[key])]
    assert bool(same) >= (case.finding.word == "same")


def _numbers(measured: Any) -> Any:
    return [layer["preactivation"] for layer in measured] if isinstance(measured, list) else measured


def _tied(case: Case) -> None:
    assert case.raw["experiment"]["tied"]
    assert case.finding.value == case.entry["layers"][-1]["preactivation"]["mean_square"]


def _stack_recommendation(case: Case) -> None:
    if case.finding.word in ("none", "unknown", "any"):
        assert case.finding.code is None
        assert case.finding.advice
    if case.finding.code:
        assert case.finding.value is not None
        assert states(case.finding.code.removesuffix("**0.5)"), case.finding.value)


def _matmul_signal(case: Case) -> None:
    measured, predicted = case.entry["measured"]["variance"], case.entry["predicted"]
    assert case.finding.value == measured
    assert case.finding.predicted == predicted["variance_given_input"]
    spread = predicted["variance_given_input_std"]
    if measured is not None and spread > 0:
        agrees(case.finding.by_chance, (measured - predicted["variance_given_input"]) / spread)
    squares = case.entry["input"]["square_mean"] / case.raw["experiment"]["fan_in"]
    factor = predicted["variance"] / squares if squares else 0.0
    assert case.finding.word == (course(log10(factor)) if factor > 0 else "vanishes")


def _matmul_mean(case: Case) -> None:
    assert case.finding.value == case.entry["measured"]["mean"]
    assert case.finding.predicted == case.entry["predicted"]["mean_given_input"]
    assert (case.finding.word == "shared") == (case.finding.predicted != 0)


def _matmul_scale(case: Case) -> None:
    assert case.finding.value == case.entry["weight_std"]
    assert states(case.finding.sentence, case.entry["weight_std"] ** 2)


def _difference(case: Case) -> None:
    """Of the two errors the larger one is named as the cause, and both are stated with their signs."""
    predicted, measured = case.entry["predicted"], case.entry["measured"]["variance"]
    by_input = predicted["variance_given_input"] - predicted["variance"]
    by_columns = measured - predicted["variance_given_input"]
    assert case.finding.word == (
        "input" if abs(by_input) >= abs(by_columns) and case.entry["input"]["square_std"] else "columns"
    )
    assert states(case.finding.sentence.replace("+", ""), by_columns)


def _matmul_repeats(case: Case) -> None:
    assert case.finding.value == case.entry["repeats"]["std"]
    by_input, by_columns = case.entry["predicted"]["variance_std"], case.entry["predicted"]["variance_given_input_std"]
    assert {"input": by_input > by_columns, "columns": by_columns > by_input, "both": True}[case.finding.word]


def _fresh(case: Case) -> None:
    assert case.raw["experiment"]["draws"] == "fresh"
    for each in case.raw["inits"]:
        assert states(case.finding.sentence, each["input"]["square"])


def _sample(case: Case) -> None:
    assert case.raw["experiment"]["fan_out"] > case.raw["experiment"]["fan_in"]
    assert case.finding.value == case.entry["measured"]["variance"]


def _torch(case: Case) -> None:
    """The line of code, run by torch on such a w, gives weights of the std that is said."""
    spec = case.raw["experiment"]
    w = torch.empty(spec["fan_in"], min(spec["fan_out"], 4096))
    assert case.finding.code is not None
    if spec["fan_out"] == w.shape[1] and w.numel() > 1000 and spec["fan_mode"] == "fan_in":
        exec(case.finding.code, {"torch": torch, "w": w})
        assert isclose(float(w.std()), case.finding.value or 0.0, rel_tol=5 / sqrt(2 * w.numel()))


def _matmul_recommendation(case: Case) -> None:
    if case.finding.value is None:
        assert case.finding.code is None
        return
    if case.entry["scale"] > 1e-100:  # whose square float64 holds
        assert isclose(case.finding.value**2 * case.entry["predicted"]["variance"] / case.entry["scale"] ** 2, 1)


def _learning(case: Case) -> None:
    """Judged beside the loss of knowing the frequencies alone; a network that ended tells its step and layer."""
    ended, losses = case.entry["ended"], case.entry["loss"]["validation"]
    assert (case.finding.word == "diverges") == (ended is not None)
    if ended:
        assert (case.finding.value, case.finding.layer) == (ended["step"], ended["layer"])
        assert max(case.entry["loss"]["step"], default=-1) < ended["step"]
        return
    assert case.finding.value == losses[-1]
    over = losses[-1] / case.raw["frequency_loss"]
    assert case.finding.word == ("learns" if over < 0.98 else "lags" if over > 1.02 else "stalls")


def _loss_at_start(case: Case) -> None:
    classes = case.entry["layers"][-1]["fan_out"]
    expected, loss = log(classes), (case.entry["loss"]["validation"] or [None])[0]
    assert isclose(case.raw["expected_initial_loss"], expected)
    assert states(case.finding.sentence, expected)
    assert case.finding.value == loss
    assert (case.finding.word == "right") == (loss is not None and loss <= 1.05 * expected)
    if case.entry["initial_loss"]:
        assert case.finding.predicted == case.entry["initial_loss"]["loss"]
        inside = loss is not None and case.entry["initial_loss"]["low"] <= loss <= case.entry["initial_loss"]["high"]
        assert case.finding.by_chance or not inside


def _later_half(layer: Raw) -> list[float]:
    known = [value for value in layer["update_to_data"] if value is not None]
    return known[len(known) // 2 :]


def _updates(case: Case) -> None:
    """The median over layers of the mean log₁₀ in the later half, beside −3 and within one decade of it."""
    levels = sorted(sum(half) / len(half) for layer in case.entry["layers"] if (half := _later_half(layer)))
    middle = (levels[len(levels) // 2] + levels[(len(levels) - 1) // 2]) / 2
    assert case.finding.value is not None
    assert isclose(case.finding.value, 10**middle, rel_tol=1e-9)
    if abs(middle + 3) > 1:
        assert case.finding.word == ("too large" if middle > -3 else "too small")
    else:
        assert (case.finding.word == "even") == all(abs(level + 3) <= 1 for level in levels)


def _signal_before(case: Case) -> None:
    last = case.entry["layers"][-2]
    assert case.finding.value == last["preactivation_start"]["mean_square"]
    assert case.finding.layer == last["layer"]
    size = last["preactivation_start"]["log10_mean_square"]
    assert case.finding.word == ("vanishes" if size is None else course(size))


def _gradient_before(case: Case) -> None:
    first, last = (case.entry["layers"][place]["gradient_start"] for place in (0, -2))
    assert case.finding.value == first["mean_square"]
    sizes = first["log10_mean_square"], last["log10_mean_square"]
    assert case.finding.word == ("vanishes" if None in sizes else course(sizes[0] - sizes[1]))


def _saturation_before(case: Case) -> None:
    shares = [layer["activation_start"]["saturated"] for layer in case.entry["layers"][:-1]]
    assert case.finding.value == max(shares)
    assert case.finding.word == ("saturates" if max(shares) > 0.4 else "partly" if max(shares) > 0.05 else "free")


def _norm_forgives(case: Case) -> None:
    ends = [entry["loss"]["validation"][-1] for entry in case.raw["inits"]]
    assert case.finding.value == max(ends) - min(ends)
    assert (case.finding.word == "forgives") == (max(ends) <= 1.1 * min(ends))


def _adam(case: Case) -> None:
    """The first update of a weight is the learning rate, but for gradients that are next to nothing."""
    assert case.raw["experiment"]["optimizer"] == "adam"
    rate, value = case.raw["experiment"]["learning_rate"], case.finding.value
    stds = [layer["weight_std"] for layer in case.entry["layers"]]
    assert value is not None
    assert value <= 1.1 * rate / min(stds)


def _law(case: Case) -> None:
    """The slope by numpy's least squares, or the point that lies furthest from theory; and chance only within reach.

    A slope is told of what goes with a power, to a twentieth of a decade.
    """
    line = next(line for line in case.raw["lines"] if line["init"] == case.finding.init)
    if line["slope"] is None:
        _furthest(case, line["value"], line["predicted"])
        return
    known = [(x, y) for x, y in zip(line["x"], line["value"], strict=True) if y is not None and y > 0]
    across, up = np.log10(known).T
    slope, start = (float(each) for each in np.polyfit(across, up, 1))
    assert case.finding.word.startswith("∝") == (np.std(up - start - slope * across) <= 0.05)
    if not case.finding.word.startswith("∝"):
        _furthest(case, line["value"], line["predicted"])
        return
    assert case.finding.value == line["slope"]["value"]
    assert isclose(slope, line["slope"]["value"], abs_tol=1e-9)
    if case.finding.predicted is not None:
        off = abs(slope - case.finding.predicted) / max(line["slope"]["standard_error"], 1e-6)
        assert case.finding.by_chance or off > 4


def _furthest(case: Case, values: list[float | None], predicted: list[float | None]) -> None:
    compared = [(y, p) for y, p in zip(values, predicted, strict=True) if y is not None and p is not None]
    if case.finding.value is None:
        assert compared == []
        return
    assert (case.finding.value, case.finding.predicted) in compared
    assert case.finding.predicted is not None
    off = abs(case.finding.value - case.finding.predicted) / (abs(case.finding.predicted) or 1)
    assert all(abs(y - p) / (abs(p) or 1) <= off * (1 + 1e-9) for y, p in compared)
    assert case.finding.word == "as predicted" or off > 0.1


def _crossing(case: Case) -> None:
    line = next(line for line in case.raw["lines"] if line["init"] == case.finding.init)
    level, at = case.raw["statistic"]["level"], case.finding.value
    known = [(x, y) for x, y in zip(line["x"], line["value"], strict=True) if y is not None]
    assert any(
        left <= at <= right and (before - level) * (after - level) < 0
        for (left, before), (right, after) in pairwise(known)
    )


def _map(case: Case) -> None:
    cells = [cell for cell in case.raw["cells"] if cell["init"] == case.finding.init and cell["value"] is not None]
    if case.finding.word != "parted":
        _furthest(case, [cell["value"] for cell in cells], [cell["predicted"] for cell in cells])
        return
    level = case.raw["statistic"]["level"]
    cells = [cell for cell in cells if cell["predicted"] is not None]
    assert case.finding.value == sum(cell["value"] > level for cell in cells)
    assert case.finding.predicted == sum(cell["predicted"] > level for cell in cells)


def _failed(case: Case) -> None:
    problems = [problem for line in case.raw["lines"] for problem in line["problem"] if problem]
    problems += [cell["problem"] for cell in case.raw["cells"] if cell["problem"]]
    assert case.finding.value == len(problems) > 0
    assert any(problem in case.finding.sentence for problem in problems)


def standard_errors(measured: float | None, expected: float | None, error: float | None) -> float | None:
    return None if measured is None or expected is None or not error else (measured - expected) / error


def _sharing(case: Case) -> None:
    seen, predicted = case.entry["participation"], case.entry["predicted"]
    assert case.finding.value == seen["mean"]
    agrees(case.finding.by_chance, standard_errors(seen["mean"], predicted["participation"], seen["error"]))
    std = sqrt(predicted["query_score_variance"])
    frozen = std > sqrt(2 * log(case.raw["experiment"]["keys"])) * (1 + 1e-12)
    assert (case.finding.word == "freezes") == (frozen and case.finding.word != "averages")
    assert (case.finding.word == "averages") == (std**2 <= log(1.1))
    assert states(case.finding.sentence, 1 / seen["mean"])


def _attention_entropy(case: Case) -> None:
    seen, predicted = case.entry["entropy"], case.entry["predicted"]
    assert case.finding.value == seen["mean"]
    agrees(case.finding.by_chance, standard_errors(seen["mean"], predicted["entropy"], seen["error"]))
    if seen["share"] is not None:
        least, most = {"even": (0.98, 1.0), "spread": (0.5, 0.98), "low": (0.0, 0.5)}[case.finding.word]
        assert least <= seen["share"] <= most + 1e-6


def _outputs(case: Case) -> None:
    cosine, ratio = case.entry["output"]["cosine"], case.entry["output"]["ratio"]
    assert states(case.finding.sentence, ratio)
    if case.finding.word == "one":
        assert case.raw["experiment"]["queries"] == 1
        return
    assert case.finding.value == cosine
    expected = case.entry["predicted"]["output_cosine"]
    judged_by = cosine if expected is None else expected
    least, most = {"collapse": (0.95, 1.01), "resemble": (0.5, 0.95), "differ": (-1.0, 0.5)}[case.finding.word]
    assert least <= judged_by <= most


def _attention_gradient(case: Case) -> None:
    seen = case.entry["gradient"]
    assert case.finding.value == seen["row"]["mean"]
    assert states(case.finding.sentence, seen["queries"])
    assert (case.finding.word == "uneven") == (seen["quiet"] > 0.05)
    error = seen["row"]["error"]
    agrees(case.finding.by_chance, standard_errors(seen["row"]["mean"], case.entry["predicted"]["row_gradient"], error))


def _scores(case: Case) -> None:
    spec, measured = case.raw["experiment"], case.entry["scores"]["variance"]
    assert case.finding.value == measured
    if spec["input"] != "rand" and not spec["input_mean"]:
        assert case.finding.predicted is not None
        assert isclose(case.finding.predicted, spec["head_dim"] * case.entry["factor"] ** 2, rel_tol=1e-9)


def _similarity(case: Case) -> None:
    assert case.raw["experiment"]["similarity"] > 0
    assert case.finding.value == case.entry["predicted"]["query_score_variance"]


def _divisor(case: Case) -> None:
    """Under the k that is recommended the scores of a query have a variance of one."""
    if case.finding.value is None:
        assert case.finding.code is None
        return
    if case.entry["factor"] > 1e-100:
        per_square = case.entry["predicted"]["query_score_variance"] / case.entry["factor"] ** 2
        assert isclose(case.finding.value**2 * per_square, 1, rel_tol=1e-6)


def _contexts(case: Case) -> None:
    assert case.finding.value is not None
    assert isclose(case.finding.value, sqrt(2 * log(case.raw["experiment"]["keys"])))


def _tokens_stream(case: Case) -> None:
    last = case.entry["blocks"][-1]
    measured, predicted = last["stream"]["log10_mean_square"], last["predicted"]
    if last["stream"]["nonfinite"]:
        assert (case.finding.word, case.finding.value) == ("overflows", None)
        return
    assert case.finding.value == last["stream"]["mean_square"]
    off = None
    if predicted["stream_std"]:
        off = log(last["stream"]["mean_square"] / predicted["stream"]) / predicted["stream_std"]
    agrees(case.finding.by_chance, off)
    judged(case.finding.word, measured, predicted["log10_stream"], off, 0.0)


def _branches(case: Case) -> None:
    """What is added, on average over blocks; and that the other residual scale would leave what running it leaves."""
    added = [block[branch]["mean_square"] for block in case.entry["blocks"] for branch in ("attention", "mlp")]
    assert case.finding.value is not None
    assert isclose(case.finding.value, sum(added) / len(case.entry["blocks"]), rel_tol=1e-9)
    assert states(case.finding.sentence, 1 + 2 * case.raw["experiment"]["depth"])
    assert (case.finding.word == "small") == (case.finding.value < 0.01)


def _idle(case: Case) -> None:
    blocks = case.entry["blocks"]
    known = {block["block"]: block for block in blocks if not block["stream"]["nonfinite"]}
    shares = {number: block["attention"]["share"] + block["mlp"]["share"] for number, block in known.items()}
    few = sum(share < 0.01 for share in shares.values())
    assert case.finding.value == (few or min(shares.values()))
    assert shares[case.finding.layer or 0] == min(shares.values())
    assert {"works": few == 0, "some idle": 2 * few <= len(blocks), "idle": 2 * few > len(blocks)}[case.finding.word]


def _tokens(case: Case) -> None:
    cosine = case.entry["blocks"][-1]["token_cosine"]["mean"]
    assert case.finding.value == cosine
    least, most = {"collapses": (0.85, 1.0), "same": (0.85, 1.0), "alike": (0.4, 1.0), "apart": (-1.0, 0.6)}[
        case.finding.word
    ]
    assert least - 1e-6 <= cosine <= most + 1e-6


def _attention(case: Case) -> None:
    shares = [block["entropy"]["share"] for block in case.entry["blocks"] if block["entropy"]["share"] is not None]
    at = case.entry["blocks"][(case.finding.layer or 0) - 1]["entropy"]
    assert at["share"] == min(shares)
    assert case.finding.value == at["mean"]
    least, most = {"frozen": (0.0, 0.4), "chooses": (0.2, 1.0), "averages": (0.88, 1.0)}[case.finding.word]
    assert least <= at["share"] <= most + 1e-6


def _input_gradient(case: Case) -> None:
    found = case.entry["input_gradient"]
    assert case.finding.value == found["mean_square"]
    predicted = case.entry["predicted_input_gradient"]
    judged(case.finding.word, found["log10_mean_square"], predicted and log10(predicted), None, 0.0)


def _matrices(case: Case) -> None:
    found = [at["grad_to_data"] for block in case.entry["blocks"] for at in block["weight_gradients"].values()]
    known = [ratio for ratio in found if ratio is not None]
    lost = sum(ratio < 1e-5 * max(known) for ratio in known)
    assert case.finding.value is not None
    assert case.finding.value == (lost or max(known) / min(known))
    assert (case.finding.word == "even") == (not lost and case.finding.value < 10)


def _overflow(case: Case) -> None:
    over = [block for block in case.entry["overflow_block"].values() if block is not None]
    assert (case.finding.word == "fits") == (not over)
    assert case.finding.value == (min(over) if over else None)


CLAIMS: dict[str, dict[str, Claim]] = {
    "sweep": {"law": _law, "map": _map, "crossing": _crossing, "failed": _failed},
    "attention": {
        "weights": _sharing,
        "entropy": _attention_entropy,
        "outputs": _outputs,
        "gradient": _attention_gradient,
        "scores": _scores,
        "similarity": _similarity,
        "recommendation": _divisor,
        "contexts": _contexts,
    },
    "transformer": {
        "stream": _tokens_stream,
        "branches": _branches,
        "idle": _idle,
        "tokens": _tokens,
        "attention": _attention,
        "gradient": _input_gradient,
        "steps": _matrices,
        "formats": _overflow,
    },
    "stack": {
        "signal": _stack_signal,
        "stream": _stream,
        "gradient": _gradient,
        "steps": _steps,
        "inputs": _inputs,
        "saturation": _saturation,
        "activation": _activation,
        "formats": _formats,
        "isometry": _isometry,
        "networks": _networks,
        "fans": _fans,
        "scale": _stack_scale,
        "alike": _alike,
        "tied": _tied,
        "recommendation": _stack_recommendation,
    },
    "training": {
        "learning": _learning,
        "start": _loss_at_start,
        "updates": _updates,
        "signal": _signal_before,
        "gradient": _gradient_before,
        "saturation": _saturation_before,
        "norm": _norm_forgives,
        "optimizer": _adam,
    },
    "matmul": {
        "signal": _matmul_signal,
        "mean": _matmul_mean,
        "scale": _matmul_scale,
        "difference": _difference,
        "repeats": _matmul_repeats,
        "alike": _alike,
        "draws": _fresh,
        "sample": _sample,
        "torch": _torch,
        "recommendation": _matmul_recommendation,
    },
}
