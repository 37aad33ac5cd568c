"""The diagnosis: the first guilty layer by name, with its numbers, and a line that really mends it."""

import re
from collections.abc import Callable
from math import log10
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from app.network.chains import chains
from app.network.record import record
from tests.network.models import CASES, made, recorded, stack, vgg

X = torch.randn(64, 64, generator=torch.Generator().manual_seed(0))


def run(code: str | None, model: nn.Module) -> None:
    assert code is not None
    exec(code, {"torch": torch, "model": model})


ILL: dict[str, tuple[Callable[[], nn.Module], str, str]] = {
    "relu, nn.Linear's default": (lambda: stack(12, nn.ReLU), "signal", "fades"),
    "tanh, unscaled": (lambda: stack(12, nn.Tanh, init=nn.init.normal_), "saturation", "saturates"),
    "relu, unscaled": (lambda: stack(12, nn.ReLU, init=nn.init.normal_), "signal", "explodes"),
    "gelu, too small": (lambda: stack(12, nn.GELU, init=lambda w: nn.init.normal_(w, std=0.05)), "signal", "vanishes"),
    "linear, 1/D": (
        lambda: stack(12, nn.Identity, init=lambda w: nn.init.normal_(w, std=1 / 64)),
        "signal",
        "vanishes",
    ),
    "a deep perceptron of functions": (lambda: Perceptron(10), "signal", "fades"),
}


class Perceptron(nn.Module):
    """Its ReLUs are functions."""

    def __init__(self, depth: int) -> None:
        super().__init__()
        self.fc = nn.ModuleList(nn.Linear(64, 64) for _ in range(depth))

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.fc:
            x = layer(x).relu()
        return x


@pytest.mark.parametrize(("make", "about", "word"), ILL.values(), ids=ILL)
def test_what_is_ill_is_named_and_its_code_mends_it(make: Callable[[], nn.Module], about: str, word: str) -> None:
    torch.manual_seed(0)
    model = make()
    first = recorded(model, X).diagnosis[0]
    assert (first.about, first.word) == (about, word)
    assert first.code is not None
    assert first.code in str(first)
    for layer in model.modules():  # a mended network starts from zero biases
        if isinstance(layer, nn.Linear):
            nn.init.zeros_(layer.bias)
    run(first.code, model)
    assert about not in {item.about for item in recorded(model, X).diagnosis}


def test_a_single_layer_to_blame_is_the_one_named() -> None:
    torch.manual_seed(0)
    model = stack(10, nn.ReLU, width=128, init=nn.init.kaiming_normal_)
    nn.init.normal_(model[6].weight, std=0.01)
    r = recorded(model, torch.randn(64, 128))
    (found,) = r.diagnosis
    assert found.layer == 7
    assert "`6` (Linear, 128 → 128) is the first" in found.sentence
    assert found.code == 'torch.nn.init.kaiming_normal_(model[6].weight, nonlinearity="relu")'
    assert found.by_chance
    run(found.code, model)
    assert recorded(model, torch.randn(64, 128)).diagnosis[0].word == "healthy"


def test_the_numbers_are_the_networks_own() -> None:
    torch.manual_seed(0)
    model = stack(8, nn.ReLU, init=lambda w: nn.init.normal_(w, std=0.05))
    r = recorded(model, X)
    (chain,) = chains(r.recording)
    sizes = [X.square().mean().item()]
    x = X
    with torch.no_grad():
        for layer in model:
            x = layer(x)
            if isinstance(layer, nn.ReLU):
                sizes.append(x.square().mean().item())
    assert chain.total == pytest.approx(log10(sizes[-1] / sizes[0]), abs=1e-5)
    assert r.diagnosis[0].value == pytest.approx(log10(sizes[1] / sizes[0]), abs=1e-5)
    # He et al. 2015: half of 64 · 0.05², to the spread of one layer's draws.
    assert r.diagnosis[0].predicted == pytest.approx(log10(64 * 0.05**2 / 2), abs=0.02)


HEALTHY: dict[str, Callable[[], nn.Module]] = {
    "relu, He": lambda: stack(12, nn.ReLU, width=256, init=nn.init.kaiming_normal_),
    "tanh, 5/3": lambda: stack(12, nn.Tanh, width=256, init=lambda w: nn.init.xavier_normal_(w, 5 / 3)),
    "orthogonal": lambda: stack(12, nn.Identity, width=256, init=nn.init.orthogonal_),
    "one layer": lambda: nn.Sequential(nn.Linear(256, 1)),
}


@pytest.mark.parametrize("make", HEALTHY.values(), ids=HEALTHY)
def test_a_healthy_network_is_told_so_in_one_sentence(make: Callable[[], nn.Module]) -> None:
    torch.manual_seed(0)
    (found,) = recorded(make(), torch.randn(64, 256)).diagnosis
    assert found.word == "healthy"
    assert found.code is None
    assert str(found).count(". ") == 0


@pytest.mark.parametrize("name", [name for name in CASES if name != "functional"])
def test_networks_that_people_train_are_healthy(name: str) -> None:
    case = made(name)
    with record(case.model) as r:
        case.step()
    assert [item.word for item in r.diagnosis] == ["healthy"]


def test_vgg_is_mended_by_what_its_diagnosis_says() -> None:
    case = vgg()
    with record(case.model) as r, torch.no_grad():
        case.model(*case.inputs)
    run(r.diagnosis[0].code, case.model)
    with record(case.model) as again, torch.no_grad():
        case.model(*case.inputs)
    assert "signal" not in {item.about for item in again.diagnosis}


def test_logits_too_sure_of_themselves_begin_at_the_loss_said() -> None:
    torch.manual_seed(0)
    last = nn.Linear(64, 27, bias=False)
    nn.init.normal_(last.weight, std=2 / 8)
    model = nn.Sequential(last)
    x = torch.randn(4000, 64)
    (found,) = recorded(model, x).diagnosis
    assert found.about == "output"
    loss = nn.functional.cross_entropy(model(x), torch.randint(27, (4000,))).item()
    # Every sample's loss scatters by some two nats: four standard errors over 4,000 of them.
    assert found.value == pytest.approx(loss, abs=4 * 2 / 4000**0.5)
    assert found.predicted == pytest.approx(log10(27) / log10(2.718281828))
    run(found.code, model)
    assert [item.word for item in recorded(model, x).diagnosis] == ["healthy"]


def test_units_that_nothing_wakes_are_dead_beyond_what_likeness_explains() -> None:
    torch.manual_seed(0)
    first = nn.Linear(64, 64)
    nn.init.constant_(first.bias, -3.0)
    model = nn.Sequential(first, nn.ReLU(), nn.Linear(64, 64))
    found = {item.about: item for item in recorded(model, X).diagnosis}
    assert found["dead"].layer == 2
    assert found["dead"].value == 1.0


def test_the_first_number_that_is_none_comes_before_all_else() -> None:
    model: Any = stack(4, nn.ReLU)
    with torch.no_grad():
        model[2].weight[0, 0] = float("inf")
    first = recorded(model, X).diagnosis[0]
    assert (first.word, first.layer) == ("overflows", 3)
    assert "of an input that has none" in first.sentence


def test_a_step_far_too_long_is_named() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 8))
    optimizer = torch.optim.Adam(model.parameters(), 0.1)
    with record(model) as r:
        model(X).square().mean().backward()
        optimizer.step()
    (found,) = [item for item in r.diagnosis if item.about == "update"]
    assert found.word == "large"
    assert found.value is not None
    assert found.value > -1


def test_what_float16_would_not_hold_is_named_and_another_format_holds_it() -> None:
    torch.manual_seed(0)
    model = stack(2, nn.ReLU, init=nn.init.kaiming_normal_)
    x = 2e4 * X
    (found,) = recorded(model, x).diagnosis
    assert (found.about, found.layer) == ("formats", 1)
    with torch.no_grad():
        beyond = model[0](x).half().isinf().double().mean().item()
    # Right to a quarter octave at the limit, over which a normal density falls by half at most.
    assert found.value == pytest.approx(beyond, rel=0.5)
    assert found.code is not None
    with eval(found.code, {"torch": torch}), torch.no_grad():
        assert model(x).isfinite().all()


def test_a_gradient_that_float16_would_lose_is_said_of_a_healthy_network() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 64))
    with record(model) as r:
        out = model(X)
        out.retain_grad()
        (out.square().mean() * 1e-4).backward()
    (found,) = r.diagnosis
    lost = (out.grad.half() == 0).double().mean().item()
    assert found.word == "healthy"
    assert 0.02 < lost < 0.98
    said = re.search(r"in float16 ([\d.]+) % of the gradient of `0`", found.sentence)
    assert said
    assert float(said[1]) / 100 == pytest.approx(lost, abs=0.1)


def test_nothing_recorded_is_said() -> None:
    with record(nn.Linear(2, 2)) as r:
        pass
    assert str(r.diagnosis[0]).startswith("Nothing was recorded")
    with pytest.raises(KeyError), record(nn.Linear(2, 2)) as r:
        raise KeyError
    assert "KeyError" in str(r.diagnosis[0])
