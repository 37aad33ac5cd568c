"""Weights may be multiplied elsewhere; what is measured keeps its meaning."""

from collections.abc import Iterator

import pytest
import torch

from app.experiments import EXPERIMENTS
from app.lab.device import CPU, device, use_device
from tests.compute.tools import every_preset, result_of, small_spec

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no CUDA device on this machine")


@pytest.fixture
def on_cuda() -> Iterator[None]:
    use_device("cuda")
    yield
    use_device("cpu")


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
def test_on_a_gpu_the_question_has_the_same_answer() -> None:
    spec = EXPERIMENTS["matmul"].spec()
    for entry in result_of(spec).model_dump()["inits"]:
        apart = entry["measured"]["variance"] - entry["predicted"]["variance_given_input"]
        assert abs(apart) < 5 * entry["predicted"]["variance_given_input_std"]
