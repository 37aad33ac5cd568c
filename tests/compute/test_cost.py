"""What an experiment costs is known from its spec alone, and what is beyond the budget names what would fit."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from app.compute.cost import Budget, Cost, TooExpensive, alone, check, largest
from app.compute.rates import USUAL
from app.experiments import EXPERIMENTS, MEASURED
from app.fields import shape
from app.lab.initializers import INITIALIZERS
from app.settings import Settings
from app.spec import Spec
from app.web.forms import form
from tests.compute.tools import every_experiment, every_preset

THREADS = 2
RATES = USUAL
UNLIMITED = Budget(seconds=1e18, memory_bytes=10**18, result_bytes=10**18, threads=THREADS, rates=RATES)
RESOURCES = ("seconds", "memory_bytes", "result_bytes")

every_measured = pytest.mark.parametrize("name", MEASURED)
every_resource = pytest.mark.parametrize("resource", RESOURCES)
every_size = pytest.mark.parametrize(
    ("name", "size"), [(name, size) for name, experiment in EXPERIMENTS.items() for size in experiment.sizes]
)


def default_budget() -> Budget:
    settings = Settings()
    return Budget(settings.max_seconds, settings.max_memory_bytes, settings.max_result_bytes, THREADS, RATES)


def spent(cost: Cost) -> dict[str, float]:
    return {
        "seconds": cost.seconds(THREADS, RATES),
        "memory_bytes": cost.memory_bytes,
        "result_bytes": cost.result_bytes,
    }


def limited(resource: str, amount: float) -> Budget:
    """A budget of one resource."""
    only: dict[str, Any] = {resource: amount}
    return replace(UNLIMITED, **only)


def cost_of(spec: Spec) -> Cost:
    return EXPERIMENTS[spec.name].cost(spec)


def refusal(spec: Spec, budget: Budget) -> TooExpensive:
    experiment = EXPERIMENTS[spec.name]
    with pytest.raises(TooExpensive) as caught:
        check(spec, experiment.cost, experiment.sizes, budget)
    return caught.value


def named(error: TooExpensive) -> dict[str, int]:
    """The largest value that fits, by field, as the messages give it."""
    return {field: int(re.findall(r"\d[\d,]*", message)[-1].replace(",", "")) for field, message in error.errors}


def limits(spec: type[Spec], field: str) -> tuple[int, int]:
    metadata: list[Any] = spec.model_fields[field].metadata
    return next(m.ge for m in metadata if hasattr(m, "ge")), next(m.le for m in metadata if hasattr(m, "le"))


def over_their_range(spec: Spec, field: str) -> Iterator[Spec]:
    """The same spec under ever larger values of one field, from its smallest to its largest."""
    low, high = limits(type(spec), field)
    value = low
    while value < high:
        yield spec.model_copy(update={field: value})
        value = max(value + 1, value * 5 // 4)
    yield spec.model_copy(update={field: high})


@every_preset
def test_what_is_presented_fits_the_default_budget(name: str, query: str) -> None:
    experiment = EXPERIMENTS[name]
    spec = experiment.spec.from_query(query)
    assert check(spec, experiment.cost, experiment.sizes, default_budget()) == experiment.cost(spec)


@every_size
def test_a_larger_experiment_never_costs_less(name: str, size: str) -> None:
    """But for what theory takes, which of few dimensions may have more to say."""
    specs = over_their_range(EXPERIMENTS[name].spec(), size)
    costs = [spent(replace(cost_of(spec), predicting=0)) for spec in specs]
    for resource in RESOURCES:
        amounts = [cost[resource] for cost in costs]
        assert amounts == sorted(amounts)
    assert costs[-1]["seconds"] > costs[0]["seconds"] or costs[-1]["result_bytes"] > costs[0]["result_bytes"]


@every_experiment
def test_more_threads_never_take_longer(name: str) -> None:
    cost = cost_of(EXPERIMENTS[name].spec())
    times = [cost.seconds(threads, RATES) for threads in (1, 2, 4, 64)]
    assert times == sorted(times, reverse=True)
    assert times[-1] > 0
    assert times[0] > times[-1] or cost.undivided == 1


@pytest.mark.parametrize("name", [name for name, experiment in EXPERIMENTS.items() if experiment.of_cells])
def test_processes_share_cells_and_what_the_interpreter_does_for_them(name: str) -> None:
    cost = replace(cost_of(EXPERIMENTS[name].spec()), cells=3)
    one, two, many = (replace(UNLIMITED, processes=processes).time(cost) for processes in (1, THREADS, 99))
    alone = cost.seconds(1, RATES)
    assert two == alone / THREADS
    assert many == alone / 3
    assert two < one <= alone


@every_measured
def test_processes_do_not_share_a_single_run(name: str) -> None:
    cost = cost_of(EXPERIMENTS[name].spec())
    assert replace(UNLIMITED, processes=4).time(cost) == UNLIMITED.time(cost)


@pytest.mark.parametrize("undivided", [0.0, 0.4, 0.8, 1.0])
def test_what_is_undivided_no_other_core_takes(undivided: float) -> None:
    work = Cost(random_numbers=10**9, multiply_adds=0, values=0, steps=0, memory_bytes=0, result_bytes=0)
    shared, kept = work.seconds(THREADS, RATES), replace(work, undivided=undivided).seconds(THREADS, RATES)
    assert kept - shared == pytest.approx(RATES.random_number * 10**9 * max(0.0, undivided - 1 / THREADS))


def test_pieces_are_shared_as_soon_as_there_are_several() -> None:
    assert alone(1, 10) == alone(10, 10) == 1
    assert alone(1000, 10) < 0.02
    times = [work * alone(work, 10) for work in range(1, 100)]
    assert times == sorted(times)


def test_further_seeds_of_a_sweep_are_spared_what_theory_takes() -> None:
    sweep = EXPERIMENTS["sweep"].spec
    one, ten = (cost_of(sweep.from_query(f"of=attention&repeats={seeds}")) for seeds in (1, 10))
    assert ten.random_numbers == 10 * one.random_numbers
    assert ten.predicting == one.predicting > 0


@every_resource
@every_experiment
def test_a_budget_holds_what_it_just_covers_and_nothing_more(name: str, resource: str) -> None:
    cost = cost_of(EXPERIMENTS[name].spec())
    assert limited(resource, spent(cost)[resource]).holds(cost)
    assert not limited(resource, spent(cost)[resource] * 0.999).holds(cost)


@pytest.mark.parametrize("share", [0.9, 0.5, 0.02])
@every_resource
@every_preset
def test_a_refusal_names_for_every_size_the_largest_value_that_fits(
    name: str, query: str, resource: str, share: float
) -> None:
    spec = EXPERIMENTS[name].spec.from_query(query)
    budget = limited(resource, spent(cost_of(spec))[resource] * share)
    largest = named(refusal(spec, budget))
    for size in EXPERIMENTS[name].sizes:
        if size in spec.derived:
            assert size not in largest
            continue

        def fits(value: int, size: str = size) -> bool:
            return budget.holds(cost_of(spec.model_copy(update={size: value})))

        smallest, _ = limits(type(spec), size)
        if size in largest:
            assert smallest <= largest[size] < getattr(spec, size)
            assert fits(largest[size])
            assert not fits(largest[size] + 1)
        else:
            assert not fits(smallest)


@every_preset
def test_what_a_refusal_names_is_accepted(name: str, query: str) -> None:
    spec = EXPERIMENTS[name].spec.from_query(query)
    budget = limited("seconds", cost_of(spec).seconds(THREADS, RATES) * 0.9)
    largest = named(refusal(spec, budget))
    assert largest
    for size, value in largest.items():
        mended = type(spec).from_query(spec.model_copy(update={size: value}).query)
        assert check(mended, EXPERIMENTS[name].cost, EXPERIMENTS[name].sizes, budget)


@every_experiment
def test_the_largest_experiment_is_refused_with_its_cost_and_the_limit(name: str) -> None:
    spec = EXPERIMENTS[name].spec
    largest = spec().model_copy(update={size: limits(spec, size)[1] for size in EXPERIMENTS[name].sizes})
    error = refusal(largest, default_budget())
    assert error.cost.keys() == error.limit.keys() == set(RESOURCES)
    assert any(error.cost[resource] > error.limit[resource] for resource in RESOURCES)
    assert error.cost == pytest.approx(spent(cost_of(largest)), rel=1e-3)


@pytest.mark.parametrize("change", [{"depth": 1000}, {"depth": 100, "init": "nine"}, {"bins": 200}, {"repeats": 200}])
def test_what_a_field_offers_runs_while_the_others_are_at_their_defaults(change: dict[str, Any]) -> None:
    nine = [name for name, entry in INITIALIZERS.items() if entry.family != "orthogonal"][:9]
    spec = EXPERIMENTS["stack"].spec.parse(change | ({"init": nine} if "init" in change else {}))
    assert default_budget().holds(cost_of(spec))


@every_size
def test_the_largest_value_that_fits_does_and_the_next_does_not(name: str, size: str) -> None:
    experiment, budget = EXPERIMENTS[name], default_budget()
    spec = experiment.spec()
    value = largest(spec, experiment.cost, experiment.sizes, budget)[size]
    most = shape(experiment.spec.model_fields[size]).maximum
    assert budget.holds(cost_of(spec.model_copy(update={size: value})))
    assert value == most or not budget.holds(cost_of(spec.model_copy(update={size: value + 1})))


SLIDERS = [
    (name, control.name, end)
    for name, experiment in EXPERIMENTS.items()
    for group in form(experiment.spec, {}, {}).values()
    for control in group
    if control.slider
    for end in (control.slider.low, control.slider.high)
]


@pytest.mark.parametrize(("name", "field", "end"), SLIDERS)
def test_wherever_a_slider_goes_the_experiment_runs_if_the_others_are_where_they_began(
    name: str, field: str, end: float
) -> None:
    whole = shape(EXPERIMENTS[name].spec.model_fields[field]).kind == "integer"
    assert default_budget().holds(cost_of(EXPERIMENTS[name].spec.parse({field: int(end) if whole else float(end)})))
