"""What is timed, each in a process of its own: python -m tests.benchmarks.contenders NAME, a line of input a round.

Every round answers with its seconds and the rise of the process's peak memory over what it was before the first.
"""

import itertools
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from itertools import count
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from app.experiments.attention.run import run_attention
from app.experiments.attention.spec import AttentionSpec
from app.experiments.matmul.run import run_matmul
from app.experiments.matmul.spec import MatmulSpec
from app.experiments.stack import draws
from app.experiments.stack.forward import advance
from app.experiments.stack.run import architecture_of, run_stack
from app.experiments.stack.spec import StackSpec
from app.experiments.training.data import names
from app.experiments.training.run import run_training
from app.experiments.training.spec import TrainingSpec
from app.experiments.transformer.run import run_transformer
from app.experiments.transformer.spec import TransformerSpec
from app.lab import memory, threads
from app.lab.kernels import compiling
from app.lab.kernels.distributions import NORMAL, fill
from app.lab.kernels.threefry import key_of
from app.lab.scaled import Scaled
from app.network.record import record
from app.spec import Spec

SEEDS = count(1)
BUFFER = 2**18  # numbers that stay in a core's cache
STACK: dict[str, Any] = {"batch": 1024, "init": ["1/sqrt(D)"], "backward": False}


def naive_shared() -> None:
    """One randn(512, 500000), three scales, three variances."""
    x, w = torch.randn(512), torch.randn(512, 500_000)
    for k in (1.0, 1 / 512, 512**-0.5):
        (x @ (w * k)).var()


def naive_separate() -> None:
    """Everything drawn anew for each scale, as a newcomer writes it."""
    for k in (1.0, 1 / 512, 512**-0.5):
        (torch.randn(512) @ (torch.randn(512, 500_000) * k)).var()


def on_all_cores(work: Callable[[int], object]) -> None:
    """The same on every core, each with a number of its own."""

    def pinned(index: int) -> None:
        torch.set_num_threads(1)
        work(index)

    with ThreadPoolExecutor(threads.thread_count()) as pool:
        list(pool.map(pinned, range(threads.thread_count())))


def only_draw() -> None:
    """As many numbers as the matmul draws, on all cores, into buffers that stay in cache: what a processor can do."""
    share = 512 * 500_000 // threads.thread_count() // BUFFER

    def fill_again_and_again(index: int) -> None:
        buffer, key = np.empty(BUFFER, np.float32), key_of(index)
        for _ in range(share):
            fill(NORMAL, key, 0, buffer)

    on_all_cores(fill_again_and_again)


def only_multiply() -> None:
    """The products of the stack and nothing else, on all cores."""

    def multiply(_: int) -> None:
        h, w = torch.randn(1024 // threads.thread_count(), 512), torch.randn(512, 512)
        for _ in range(30):
            torch.mm(h, w)

    on_all_cores(multiply)


def measure(run: Callable[[Any], Any], spec: Spec) -> None:
    """The whole experiment, as the server runs it, with a seed nobody has asked for yet."""
    compiling.prepare()
    memory.keep_freed()
    threads.pin()
    for step in run(spec.model_copy(update={"seed": next(SEEDS)})):
        last = step
    last.partial()


def ours(**fields: Any) -> Callable[[], None]:
    return partial(measure, run_stack, StackSpec.parse({**STACK, **fields}))


def sizes_only() -> None:
    """The mean square of every layer and nothing else, as `repeats` measures each of its networks."""
    threads.pin()
    spec = StackSpec.parse(STACK).model_copy(update={"seed": next(SEEDS)})
    architecture, layers = architecture_of(spec), range(1, spec.depth + 1)
    h = Scaled(draws.draw_input(spec, 0), 0)
    for drawn in draws.weights(spec, layers):
        h = advance(architecture, h, drawn["normal"], spec.width**-0.5).output


def bare_stack(backward: bool, width: int = 512, depth: int = 30, batch: int = 1024) -> None:
    """Draw, multiply, tanh, and autograd back: nothing measured."""
    h = torch.randn(batch, width)
    weights = [torch.randn(width, width).mul_(width**-0.5) for _ in range(depth)]
    for w in weights:
        h = torch.tanh(h @ w.requires_grad_(backward))
    if backward:
        h.backward(torch.randn_like(h))


def bare_transformer() -> None:
    """24 of torch's own encoder layers: eight sequences there, one of them back by autograd."""
    blocks = nn.Sequential(
        *(
            nn.TransformerEncoderLayer(
                256, 4, 1024, dropout=0.0, activation="gelu", batch_first=True, norm_first=True, bias=False
            )
            for _ in range(24)
        )
    )
    x = torch.randn(1, 64, 256, requires_grad=True)
    stream = blocks(x)
    torch.autograd.grad(stream, [x, *blocks.parameters()], torch.randn_like(stream))
    with torch.no_grad():
        blocks(torch.randn(7, 64, 256))


def stacked() -> tuple[nn.Module, Tensor]:
    """The same stack as modules, with what goes in."""
    return nn.Sequential(*[layer for _ in range(30) for layer in (nn.Linear(512, 512, bias=False), nn.Tanh())]), (
        torch.randn(1024, 512)
    )


def perceptron() -> tuple[nn.Module, Tensor]:
    """Six small layers, for which the interpreter takes longer than their numbers do."""
    return nn.Sequential(*[layer for _ in range(6) for layer in (nn.Linear(100, 100), nn.Tanh())]), torch.randn(32, 100)


def small_gpt() -> tuple[nn.Module, Tensor]:
    """Six blocks of a GPT, 48 wide."""
    from tests.network.models import GPT

    return GPT(), torch.randint(65, (4, 16))


Network = Callable[[], tuple[nn.Module, Tensor]]
NETWORKS: dict[str, tuple[Network, int]] = {"stack": (stacked, 1), "mlp": (perceptron, 20), "gpt": (small_gpt, 5)}
"""Each with how many passes are timed at once."""
made = cache(lambda network: network())


def passes(watched: Callable[[nn.Module, Tensor], object], network: Network, count: int) -> None:
    """Some passes forward of a network that is there already, each watched anew."""
    model, x = made(network)
    with torch.no_grad():
        for _ in range(count):
            watched(model, x)


def bare(model: nn.Module, x: Tensor) -> None:
    model(x)


def recorder(model: nn.Module, x: Tensor) -> None:
    """All that `initscope.record` does while a network runs forward; what its counts say is worked out when read."""
    with record(model):
        model(x)


def recorder_read(model: nn.Module, x: Tensor) -> None:
    """The same, and read."""
    with record(model) as recorded:
        model(x)
    assert recorded.layers


def fastai_hook(model: nn.Module, x: Tensor) -> None:
    """What fastai's `ActivationStats(with_hist=True, include_paramless=True)` does at every layer."""
    stats: list[dict[str, Any]] = []

    def hook(_: nn.Module, given: tuple[Tensor, ...], output: Tensor) -> None:
        o = [tensor.detach().cpu() for tensor in (*given, output)][-1].float()
        kept = {"mean": o.mean().item(), "std": o.std().item(), "hist": o.histc(40, 0, 10)}
        stats.append(kept | {"near_zero": (o <= 0.05).long().sum().item() / o.numel()})

    layers = [module for module in model.modules() if not module._modules]
    handles = [layer.register_forward_hook(hook) for layer in layers]
    model(x)
    for handle in handles:
        handle.remove()


def torchlens(model: nn.Module, x: Tensor) -> None:
    import torchlens

    torchlens.trace(model, x)


def unit_scaling(model: nn.Module, x: Tensor) -> None:
    from unit_scaling.transforms import track_scales

    with torch.enable_grad():
        track_scales(model)(x)


WATCHES: dict[str, Callable[[nn.Module, Tensor], object]] = {
    "bare": bare,
    "recorder": recorder,
    "recorder_read": recorder_read,
    "fastai_hook": fastai_hook,
    "torchlens": torchlens,
    "unit_scaling": unit_scaling,
}


def bare_training() -> None:
    """The lesson's networks one after the other, as nn.Module and torch.optim have them: nothing measured.

    On one core: handing products as small as these to another takes longer than they do.
    """
    threads.pin()
    examples, widths = names().training, [30, 100, 100, 100, 100, 100, 27]
    batches = torch.randint(len(examples), (1000, 32))
    for std in (lambda _: 1.0, lambda fan_in: 1 / fan_in, lambda fan_in: fan_in**-0.5):
        embedding = nn.Embedding(27, 10)
        linear = [nn.Linear(*fans) for fans in itertools.pairwise(widths)]
        for layer in linear:
            nn.init.normal_(layer.weight, std=std(layer.in_features))
            nn.init.zeros_(layer.bias)
        hidden = [part for layer in linear[:-1] for part in (layer, nn.Tanh())]
        network = nn.Sequential(embedding, nn.Flatten(), *hidden, linear[-1])
        optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
        for chosen in batches:
            loss = nn.functional.cross_entropy(network(examples.inputs[chosen]), examples.targets[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


def bare_attention() -> None:
    """Three scales of attention and a gradient back, as torch.nn.functional has them: nothing measured."""
    for scale in (1.0, 1 / 64, 1 / 8):
        q, k, v = (torch.randn(size, 64, requires_grad=True) for size in (256, 1024, 1024))
        out = nn.functional.scaled_dot_product_attention(q, k, v, scale=scale)
        out.backward(torch.randn_like(out))


def doubled(first: int, last: int) -> list[int]:
    """From first to last, three decades of them, each twice the one before."""
    return [first << power for power in range((last // first).bit_length())]


CONTENDERS: dict[str, Callable[[], None]] = {
    "naive_shared": naive_shared,
    "naive_separate": naive_separate,
    "only_draw": only_draw,
    "only_multiply": only_multiply,
    "matmul": partial(measure, run_matmul, MatmulSpec()),
    "bare_forward": partial(bare_stack, False),
    "bare_backward": partial(bare_stack, True),
    "forward": ours(),
    "sizes_only": sizes_only,
    "backward": ours(backward=True),
    "small": ours(width=64, depth=100, batch=64),
    "bare_small": partial(bare_stack, False, 64, 100, 64),
    "relu_one": ours(activation="relu"),
    "relu_three": ours(activation="relu", init=["unscaled", "1/D", "1/sqrt(D)"]),
    "attention": partial(measure, run_attention, AttentionSpec()),
    "bare_attention": bare_attention,
    "training": partial(measure, run_training, TrainingSpec()),
    "bare_training": bare_training,
    "transformer": partial(measure, run_transformer, TransformerSpec()),
    "bare_transformer": bare_transformer,
    **{
        f"{what}_{name}": partial(passes, watched, network, count)
        for what, watched in WATCHES.items()
        for name, (network, count) in NETWORKS.items()
    },
    **{f"fan_out_{size}": partial(measure, run_matmul, MatmulSpec(fan_out=size)) for size in doubled(1000, 1_024_000)},
    **{
        f"{field}_{size}": partial(measure, run_stack, StackSpec.parse({**STACK, **rest, field: size}))
        for field, sizes, rest in (
            ("depth", [*doubled(1, 512), 1000], {"width": 256, "batch": 256}),
            ("batch", doubled(64, 65_536), {"width": 256, "depth": 8}),
            ("width", doubled(8, 8192), {"batch": 512, "depth": 4}),
        )
        for size in sizes
    },
}


def peak() -> int:
    """The process's peak memory so far, in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main(name: str) -> None:
    run, before = CONTENDERS[name], peak()
    for _ in sys.stdin:
        began = time.perf_counter()
        run()
        print(time.perf_counter() - began, peak() - before, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
