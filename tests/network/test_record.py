"""Recording: every layer of any network, and nothing of the network changed."""

import gc
import json
import shutil
import subprocess
import sys
import weakref
from collections.abc import Callable
from math import log10
from typing import cast

import pytest
import torch
from torch import Tensor, nn
from torch.optim import optimizer

import app as initscope
from app.network import hooks
from app.network.record import record
from tests.network.models import CASES, Case, Fails, Functional, made, recorded, stack, vgg

every_case = pytest.mark.parametrize("name", CASES)
needs_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="torch's own backend needs a C++ compiler")


def hooks_of(model: nn.Module) -> int:
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) + len(m._backward_hooks) for m in model.modules())


def gradients(model: nn.Module) -> list[Tensor | None]:
    return [p.grad for p in model.parameters()]


@every_case
def test_a_models_results_are_the_same_to_the_last_bit(name: str) -> None:
    bare, watched = made(name), made(name)
    torch.manual_seed(1)
    loss = bare.step()
    torch.manual_seed(1)
    threads = torch.get_num_threads()
    with record(watched.model):
        assert torch.equal(watched.step(), loss)
    assert torch.get_num_threads() == threads
    for one, other in zip(gradients(bare.model), gradients(watched.model), strict=True):
        assert (one is None and other is None) or (one is not None and other is not None and torch.equal(one, other))


@every_case
def test_hooks_last_as_long_as_the_block(name: str) -> None:
    case = made(name)
    with record(case.model):
        assert hooks_of(case.model) > 0
        case.step()
    assert hooks_of(case.model) == 0
    assert not optimizer._global_optimizer_pre_hooks
    assert not optimizer._global_optimizer_post_hooks


@every_case
def test_every_layer_is_there_in_order_with_what_came_out_and_back(name: str) -> None:
    case = made(name)
    ran: list[str] = []
    names = {module: name for name, module in case.model.named_modules()}
    for module in names:
        if not list(module.children()):
            module.register_forward_hook(lambda m, *_: ran.append(names[m]))
    with record(case.model) as r:
        case.step()
    assert [layer.name for layer in r.layers if layer.kind != "MultiheadAttention"] == ran
    assert all(layer.gradient is not None for layer in r.layers)
    assert all(layer.weights.grad_to_data is not None for layer in r.layers if layer.weights)


def test_what_is_measured_is_what_passed() -> None:
    torch.manual_seed(0)
    first, x = nn.Linear(8, 6), torch.randn(32, 8)
    model = nn.Sequential(first, nn.Tanh())
    kept: list[Tensor] = []
    with record(model) as r:
        out = model(x)
        out.register_hook(kept.append)
        out.square().sum().backward()
    linear, tanh = r.layers
    assert linear.input is not None
    assert tanh.gradient is not None
    assert linear.input.variance == pytest.approx(x.var().item(), rel=1e-5)
    assert tanh.output.variance == pytest.approx(out.var().item(), rel=1e-5)
    assert tanh.output.saturated == pytest.approx((out.abs() > 0.97).float().mean().item())
    assert tanh.gradient.std == pytest.approx(kept[0].std().item(), rel=1e-5)
    unit = out / out.norm(dim=1, keepdim=True)
    pairs = unit @ unit.T
    assert tanh.cosine == pytest.approx((pairs.sum() - pairs.trace()).item() / (32 * 31), abs=1e-6)
    weight = first.weight
    assert linear.weights is not None
    assert weight.grad is not None
    assert linear.weights.std == pytest.approx(weight.std().item(), rel=1e-5)
    assert linear.weights.grad_to_data == pytest.approx((weight.grad.std() / weight.std()).item(), rel=1e-4)


def test_shared_reused_and_in_place_modules_are_told_apart_by_their_calls() -> None:
    case = made("functional")
    with record(case.model) as r:
        case.step()
    assert [(layer.name, layer.call) for layer in r.layers] == [
        *(("first", 1), ("shared", 1), ("shared", 2), ("relu", 1), ("last", 1))
    ]
    relu = r.layers[3]
    assert relu.input is not None
    assert relu.input.min is not None
    assert relu.input.min < 0 == relu.output.min


def test_where_a_signal_came_from_is_known_whatever_functions_it_went_through() -> None:
    case = made("functional")
    with record(case.model) as r:
        case.step()
    assert [(layer.sources, layer.applied, layer.joined) for layer in r.layers] == [
        *(([], None, False), ([1], "tanh", False), ([2], "relu", False), ([3], None, False), ([4], None, False))
    ]


def test_residual_connections_and_attention_join() -> None:
    case = made("gpt")
    with record(case.model) as r:
        case.step()
    by_name = {layer.name: (number, layer) for number, layer in enumerate(r.layers, 1)}
    proj, norm = by_name["h.0.proj"][1], by_name["h.0.ln_2"][1]
    assert proj.joined
    assert proj.sources == [by_name["h.0.attn"][0]]
    assert norm.joined
    assert norm.sources == [by_name[name][0] for name in ("wte", "wpe", "h.0.proj")]
    assert not by_name["h.0.out"][1].joined


def test_an_optimizers_step_is_measured_against_the_weights() -> None:
    torch.manual_seed(0)
    first, x = nn.Linear(8, 8), torch.randn(16, 8)
    model = nn.Sequential(first, nn.ReLU(), nn.Linear(8, 2))
    before = first.weight.detach().clone()
    sgd = torch.optim.SGD(model.parameters(), 0.1)
    with record(model) as r:
        for _ in range(3):
            sgd.zero_grad()
            model(x).square().mean().backward()
            sgd.step()
            if r._hooks.passes == 1:
                update = first.weight.detach() - before
    found = r.layers[0].weights
    assert found is not None
    assert found.update_to_data == pytest.approx(log10((update.std() / before.std()).item()), abs=1e-4)
    assert (r.recording.passes, r.recording.optimizer) == (3, "SGD")


def test_what_is_kept_does_not_grow_with_the_steps() -> None:
    case = made("functional")
    with record(case.model) as r:
        case.step()
        after_one = (len(r._hooks.entries), len(r._hooks._on_tensors), hooks_of(case.model))
        outputs = [weakref.ref(case.model(*case.inputs)) for _ in range(20)]
        assert (len(r._hooks.entries), len(r._hooks._on_tensors)) == after_one[:2]
        assert hooks_of(case.model) == 1
        gc.collect()
        assert [output() for output in outputs] == [None] * 20


@pytest.mark.parametrize("room", [0, 1000])
def test_the_room_for_tensors_to_be_counted_later_is_limited_and_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    case = made("functional")
    with record(case.model) as with_room:
        case.step()
    monkeypatch.setattr(hooks, "ROOM", room)
    with record(case.model) as without:
        case.model.zero_grad()
        case.step()
        entries = without._hooks.entries
        kept = [seen._held for entry in entries for seen in (entry.input.seen, entry.seen, entry.gradient) if seen]
        assert sum(held.numel() for held in set(kept) if isinstance(held, Tensor)) <= room
    assert without.to_json() == with_room.to_json()


def test_an_exception_passes_through_and_what_ran_before_it_is_recorded() -> None:
    model = Fails()
    with pytest.raises(RuntimeError, match="mat1 and mat2"), record(model) as r:
        model(torch.randn(3, 4))
    assert hooks_of(model) == 0
    assert [layer.name for layer in r.layers] == ["first"]
    assert r.recording.failed == "RuntimeError"
    assert "RuntimeError ended the run after `first`" in str(r.diagnosis[0])


def test_an_exception_that_is_caught_within_the_block_leaves_the_rest_in_order() -> None:
    inner = Fails()
    model = nn.Sequential(nn.Linear(4, 4), nn.Tanh())
    both = nn.ModuleDict({"fails": inner, "works": model})
    with record(both) as r:
        with pytest.raises(RuntimeError):
            inner(torch.randn(3, 4))
        model(torch.randn(3, 4))
    assert [layer.name for layer in r.layers] == ["fails.first", "works.0", "works.1"]
    assert r.recording.failed is None


@pytest.mark.parametrize("backend", ["eager", pytest.param("inductor", marks=needs_compiler)])
def test_a_compiled_model_is_recorded_layer_by_layer(backend: str) -> None:
    torch.manual_seed(0)
    model = stack(3, nn.ReLU)
    x = torch.randn(8, 64)
    compiled = cast(nn.Module, torch.compile(model, backend=backend))
    plain = compiled(x)
    with record(compiled) as r:
        assert torch.equal(compiled(x), plain)
    assert [layer.name for layer in r.layers] == ["0", "1", "2", "3", "4", "5"]
    assert r.recording.model == "Sequential"
    assert torch.equal(compiled(x), plain)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_autocast_is_seen_as_it_is(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    model, x = stack(2, nn.Tanh), torch.randn(8, 64)
    with record(model) as r, torch.autocast("cpu", dtype):
        out = model(x)
    assert {layer.dtype for layer in r.layers} == {str(dtype).removeprefix("torch.")}
    assert r.layers[-1].output.variance == pytest.approx(out.float().var().item(), rel=1e-4)


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_without_gradients_what_modules_hand_on_is_known_and_the_rest_is_not(mode: Callable[[], object]) -> None:
    torch.manual_seed(0)
    chain, functional = stack(3, nn.ReLU), Functional(64)
    x = torch.randn(8, 64)
    with record(chain) as r, mode():  # type: ignore[attr-defined]
        chain(x)
    assert all(layer.gradient is None for layer in r.layers)
    if mode is torch.no_grad:
        assert [layer.sources for layer in r.layers] == [[], [1], [2], [3], [4], [5]]
    with record(functional) as r, mode():  # type: ignore[attr-defined]
        functional(x)
    assert r.layers[1].joined


def test_what_holds_no_numbers_is_passed_over() -> None:
    class Odd(nn.Module):
        def forward(self, x: Tensor) -> tuple[str, Tensor, Tensor, None]:
            return "text", x.argmax(1), x[:0], None

    model = nn.Sequential(nn.Linear(4, 4), Odd())
    with record(model) as r:
        model(torch.randn(2, 4))
    assert [layer.kind for layer in r.layers] == ["Linear"]


def test_lazy_modules_and_odd_names() -> None:
    model = nn.ModuleDict({"a<b>": nn.LazyLinear(3)})
    with record(model) as r:
        model["a<b>"](torch.randn(5, 7))
    assert r.layers[0].weights is not None
    assert r.layers[0].weights.fan_in == 7
    assert "a<b>" not in r.to_html().replace("a&lt;b&gt;", "")


def test_nothing_of_the_model_is_kept_and_a_recorder_is_used_once() -> None:
    model = stack(1, nn.ReLU)
    r = recorded(model, torch.randn(4, 64))
    with pytest.raises(RuntimeError, match="already"), r:
        pass
    with pytest.raises(RuntimeError, match="ended"):
        _ = record(model).layers
    with pytest.raises(TypeError, match=r"nn\.Module"):
        record(lambda x: x)  # type: ignore[arg-type]


def test_vgg_is_recorded_whole() -> None:
    case: Case = vgg()
    with record(case.model) as r:
        case.step()
    assert len(r.layers) == 29
    said = str(r.diagnosis[0])
    assert r.diagnosis[0].about == "signal"
    assert "`features.0`" in said
    assert "He (Kaiming) normal by fan_out" in said


def test_it_prints_saves_and_shows(tmp_path: object) -> None:
    r = recorded(stack(2, nn.ReLU), torch.randn(4, 64))
    assert str(r.diagnosis[0]) in repr(r)
    html = r._repr_html_()
    assert html is not None
    assert html.startswith("<iframe")
    path = f"{tmp_path}/run.json"
    r.save(path)
    with open(path) as saved:
        assert saved.read() == r.to_json()
    assert r.to_html(f"{tmp_path}/run.html").startswith("<!doctype html>")


def test_neither_fastapi_nor_plotly_is_loaded() -> None:
    script = (
        "import sys, json, app\n"
        "before = [name for name in ('torch', 'numpy', 'pydantic') if name in sys.modules]\n"
        "from app import record\n"
        "import torch\n"
        "model = torch.nn.Linear(4, 4)\n"
        "with record(model) as r: model(torch.randn(3, 4))\n"
        "r.figures(), repr(r), r.to_html()\n"
        "heavy = ('fastapi', 'starlette', 'uvicorn', 'plotly', 'jinja2', 'matplotlib', 'torch._dynamo')\n"
        "print(json.dumps([before, [name for name in heavy if name in sys.modules]]))"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert json.loads(said.stdout) == [[], []]


def test_it_is_at_the_top() -> None:
    assert initscope.record is record
