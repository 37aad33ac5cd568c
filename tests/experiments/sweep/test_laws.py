"""The laws that show when a field runs, experiment by experiment, each within its own standard errors."""

from math import log

import pytest

from app.compute.key import spec_key
from app.experiments import EXPERIMENTS
from app.experiments.sweep.result import Line
from app.experiments.sweep.spec import SweepSpec
from tests.compute.test_runner import a_runner, at_last
from tests.compute.tools import result_of
from tests.experiments.sweep.test_run import MODEL, led_to, swept

SPREADS = 5.0  # standard errors that chance may part a cell from theory by
HEAD = "of=attention&queries=64&bins=4&repeats=1&backward=false"
TOKENS = "of=transformer&width=64&heads=2&tokens=32&batch=2&mlp_ratio=2&bins=4&repeats=1"
LESSON = "of=training&width=32&depth=3&steps=2&bins=4"
FEW = {
    "matmul": "x=fan_in&x_from=4&x_to=16&x_steps=2&fan_out=60&bins=4&repeats=1",
    "stack": "of=stack&x=gain&x_steps=2&depth=3&width=8&batch=4&bins=4&repeats=1",
    "attention": "of=attention&x=keys&x_from=4&x_to=16&x_steps=2&head_dim=8&queries=8&bins=4&repeats=1",
    "transformer": "of=transformer&x=gain&x_from=1&x_to=2&x_steps=2&depth=2&width=8&tokens=4&batch=2&bins=4&repeats=1",
    "training": "of=training&x=learning_rate&x_from=0.1&x_to=1&x_steps=2&steps=2&width=8&depth=2&bins=4&repeats=1",
}


def errors(line: Line, by_factors: bool = False) -> list[float]:
    """How many standard errors each cell is from theory, where theory or the run knows one."""
    found = []
    for value, low, high, predicted in zip(line.value, line.low, line.high, line.predicted, strict=True):
        assert value is not None
        assert predicted is not None
        if low is None or high is None:
            continue
        off, error = (log(value / predicted), log(high / low)) if by_factors else (value - predicted, high - low)
        found.append(2 * off / error)
    return found


@pytest.mark.parametrize("of", list(MODEL.kinds()))
def test_a_cell_of_any_experiment_is_kept_as_a_single_run_of_it_to_the_byte(of: str) -> None:
    spec = MODEL.from_query(FEW[of])
    single = [led_to(page) for page in swept(FEW[of]).lines[0].page]

    async def scenario() -> list[bytes | None]:
        with a_runner() as runner:
            await runner.result(spec)
            return [runner.cache.get(spec_key(each)) for each in single]

    assert at_last(scenario) == [result_of(each).model_dump_json().encode() for each in single]


@pytest.mark.parametrize("statistic", ["participation", "entropy", "largest"])
def test_how_weights_are_shared_among_ever_more_keys_is_theory_s_within_its_error(statistic: str) -> None:
    result = swept(f"{HEAD}&x=keys&x_from=32&x_to=2048&x_steps=4&statistic={statistic}")
    assert [line.init for line in result.lines] == ["unscaled", "1/D", "1/sqrt(D)"]
    for line in result.lines[1:]:  # few queries carry every mean where the softmax has frozen: no error is known
        off = errors(line)
        assert len(off) == len(line.x)
        assert max(map(abs, off)) < SPREADS


@pytest.mark.parametrize(("scale", "power"), [("unscaled", 1), ("1/D", -1), ("1/sqrt(D)", 0)])
def test_the_variance_of_scores_goes_with_d_as_that_of_a_matmul_does(scale: str, power: int) -> None:
    query = f"{HEAD.replace('repeats=1', 'repeats=6')}&x=head_dim&x_from=8&x_to=512&x_steps=4&statistic=score_variance"
    (line,) = swept(f"{query}&keys=64&scale={scale}").lines
    assert line.slope is not None
    assert line.slope.predicted == pytest.approx(power)
    assert abs(line.slope.value - power) < SPREADS * line.slope.standard_error


def test_the_gain_is_marked_at_which_the_scores_have_the_critical_standard_deviation() -> None:
    result = swept(f"{HEAD}&x=gain&x_from=0.1&x_to=10&x_steps=2&keys=100&similarity=0.36")
    marks = {mark.label: mark.x for mark in result.marks}
    critical = (2 * log(100)) ** 0.5
    assert marks == {
        "unscaled freezes": pytest.approx(critical / (64 * 0.64) ** 0.5),
        "1/√D freezes": pytest.approx(critical / 0.64**0.5),
    }  # that of 1/D lies beyond the axis


def test_pre_norm_s_stream_grows_with_depth_as_theory_says_within_its_spread() -> None:
    query = f"{TOKENS}&x=depth&x_from=1&x_to=16&x_steps=4&statistic=final_mean_square&backward=false"
    for line in swept(query).lines:
        off = errors(line, by_factors=True)
        assert len(off) == len(line.x)
        assert max(map(abs, off)) < SPREADS


def test_a_transformer_s_growths_are_the_roots_of_what_a_single_run_has_at_its_ends() -> None:
    query = f"{TOKENS}&x=gain&x_from=1&x_to=2&x_steps=2&depth=3&init=1/sqrt(D)"
    (growth,), (back,) = (swept(f"{query}&statistic={name}").lines for name in ("growth", "gradient_growth"))
    for forth_factor, back_factor, page in zip(growth.value, back.value, growth.page, strict=True):
        (entry,) = result_of(led_to(page)).model_dump()["inits"]
        assert forth_factor == pytest.approx(entry["blocks"][-1]["stream"]["mean_square"] ** (1 / 3))
        assert back_factor == pytest.approx(entry["input_gradient"]["mean_square"] ** (1 / 3))


def test_the_loss_before_the_first_step_is_theory_s_within_its_band() -> None:
    for line in swept(f"{LESSON}&x=output_gain&x_from=0.1&x_to=10&x_steps=3&statistic=first_loss&repeats=1").lines:
        off = errors(line, by_factors=True)
        assert len(off) == len(line.x)
        assert max(map(abs, off)) < SPREADS


def test_a_network_whose_loss_is_no_number_has_a_problem_and_no_loss() -> None:
    (line,) = swept(
        "of=training&x=learning_rate&x_from=1e-6&x_to=1000&x_steps=2&gain=100&steps=30&width=16&depth=3&bins=4"
        "&activation=relu&init=unscaled&repeats=1"
    ).lines
    assert line.value[1] is None
    assert line.problem == [None, "there is no such number here"]


def test_growth_forward_and_backward_is_both_growths_in_one_picture() -> None:
    query = "of=stack&x=gain&x_from=0.5&x_to=2&x_steps=2&depth=4&width=16&batch=4&bins=4&init=1/sqrt(D)&repeats=2"
    both = {line.init: line.value for line in swept(f"{query}&statistic=growths").lines}
    alone = [swept(f"{query}&statistic={name}").lines[0].value for name in ("growth", "gradient_growth")]
    assert both == {"1/sqrt(D) forward": alone[0], "1/sqrt(D) backward": alone[1]}


def test_what_is_set_side_by_side_is_called_as_on_its_experiment_s_own_page() -> None:
    result = swept(f"{TOKENS}&x=depth&x_from=1&x_to=2&x_steps=2&statistic=growth&init=gpt2&init=mup&backward=false")
    own, experiment = EXPERIMENTS["transformer"].lines, EXPERIMENTS["sweep"]
    figure = experiment.figures(result)["lines"]
    shown = {trace["name"]: trace["line"]["color"] for trace in figure["data"] if trace["name"] != "theory"}
    assert shown == {own[init].label: own[init].style.color for init in ("gpt2", "mup")}
    assert [finding.sentence.partition(":")[0] for finding in experiment.findings(result)] == ["GPT-2", "μP"]


def test_every_law_is_of_the_experiment_in_whose_folder_it_stands() -> None:
    for name, experiment in EXPERIMENTS.items():
        for law in experiment.laws:
            spec = MODEL.from_query(law.query)
            assert isinstance(spec, SweepSpec)
            assert spec.of == name
