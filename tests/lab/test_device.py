"""Weights may be multiplied elsewhere; what is measured keeps its meaning."""

from collections.abc import Iterator

import pytest
import torch

from app.experiments import EXPERIMENTS
from app.experiments.stack.draws import weights
from app.experiments.stack.spec import StackSpec
from app.lab.device import CPU, device, use_device
from tests.compute.tools import every_preset, result_of, small_spec

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no CUDA device on this machine")


@pytest.fixture
def on_cuda() -> Iterator[None]:
    use_device("cuda")
    yield
    use_device("cpu")


def _weights() -> list[torch.Tensor]:
    spec = EXPERIMENTS["stack"].spec.from_query("depth=3&width=64")
    assert isinstance(spec, StackSpec)
    return [w for drawn in weights(spec, range(1, 4)) for w in drawn.values()]


def test_the_cpu_is_where_it_happens_unless_told_otherwise() -> None:
    assert device() == CPU


@pytest.mark.parametrize("name", ["nowhere", "cuda:99"])
def test_a_device_that_is_not_there_is_refused_by_name(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        use_device(name)
    assert device() == CPU


@needs_cuda
@pytest.mark.usefixtures("on_cuda")
@every_preset
def test_on_a_gpu_the_same_spec_gives_the_same_bytes(name: str, query: str) -> None:
    spec = small_spec(name, query)
    assert result_of(spec).model_dump_json() == result_of(spec).model_dump_json()


@needs_cuda
@pytest.mark.usefixtures("on_cuda")
def test_on_a_gpu_a_seed_means_the_same_weights() -> None:
    there = [w.cpu() for w in _weights()]
    use_device("cpu")
    assert all(torch.equal(one, other) for one, other in zip(there, _weights(), strict=True))


@needs_cuda
@pytest.mark.parametrize("query", ["activation=relu", "activation=gelu&gain=1.5&bias_std=0.1", "norm=layer"])
def test_on_a_gpu_a_stack_is_the_same_but_for_rounding(query: str) -> None:
    """Sums of 512 products, each rounded to 2⁻²⁴, part by √512 of that a layer at most: ten layers, both ways."""
    spec = EXPERIMENTS["stack"].spec.from_query(f"depth=10&batch=64&init=1/sqrt(D)&{query}")
    rounding = 2 * spec.depth * 512**0.5 * 2.0**-24
    use_device("cuda")
    try:
        there = result_of(spec).model_dump()["inits"][0]["layers"]
    finally:
        use_device("cpu")
    for here, layer in zip(result_of(spec).model_dump()["inits"][0]["layers"], there, strict=True):
        for what in ("preactivation", "activation", "gradient"):
            assert layer[what]["mean_square"] == pytest.approx(here[what]["mean_square"], rel=rounding)
        assert layer["weight_gradient"]["std"] == pytest.approx(here["weight_gradient"]["std"], rel=rounding)


@needs_cuda
@pytest.mark.usefixtures("on_cuda")
def test_on_a_gpu_the_question_has_the_same_answer() -> None:
    spec = EXPERIMENTS["matmul"].spec()
    for entry in result_of(spec).model_dump()["inits"]:
        apart = entry["measured"]["variance"] - entry["predicted"]["variance_given_input"]
        assert abs(apart) < 5 * entry["predicted"]["variance_given_input_std"]
