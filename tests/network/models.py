"""Networks to record: of every kind that people bring, each with what goes in and a loss."""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from app.network.record import record


def without_own_operators() -> torch.library.Library:
    """torchvision's models need none of its own operators, but its import does, where they are of another build."""
    library = torch.library.Library("torchvision", "FRAGMENT")
    for name in ("nms", "qnms"):
        if not hasattr(torch.ops.torchvision, name):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    return library


LIBRARY = without_own_operators()
from torchvision.models import resnet18, vgg11  # noqa: E402


def stack(depth: int, activation: type[nn.Module], width: int = 64, init: Callable[[Tensor], Any] | None = None) -> Any:
    """Layers of one width, each with its activation, biases zero if the weights are drawn by `init`."""
    model = nn.Sequential(*[layer for _ in range(depth) for layer in (nn.Linear(width, width), activation())])
    for layer in model:
        if init and isinstance(layer, nn.Linear):
            init(layer.weight)
            nn.init.zeros_(layer.bias)
    return model


class Block(nn.Module):
    """Of a GPT: attention and a perceptron, each on a normed copy of the stream, and added to it."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.fc, self.gelu, self.out = nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        batch, length, width = x.shape
        parts = self.attn(self.ln_1(x)).split(width, 2)
        q, k, v = (part.view(batch, length, self.heads, -1).transpose(1, 2) for part in parts)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.proj(y.transpose(1, 2).reshape(batch, length, width))
        added: Tensor = x + self.out(self.gelu(self.fc(self.ln_2(x))))
        return added


class GPT(nn.Module):
    """As GPT-2 initializes it; the head's weights are the embedding's."""

    def __init__(self, blocks: int = 6, words: int = 65, width: int = 48, length: int = 16) -> None:
        super().__init__()
        self.wte, self.wpe = nn.Embedding(words, width), nn.Embedding(length, width)
        self.h = nn.ModuleList(Block(width, 4) for _ in range(blocks))
        self.ln_f, self.head = nn.LayerNorm(width), nn.Linear(width, words, bias=False)
        self.head.weight = self.wte.weight
        for name, parameter in self.named_parameters():
            if parameter.dim() > 1:
                last = name.endswith(("proj.weight", "out.weight"))
                nn.init.normal_(parameter, std=0.02 / (2 * blocks) ** 0.5 if last else 0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)

    def forward(self, words: Tensor) -> Tensor:
        x = self.wte(words) + self.wpe(torch.arange(words.shape[1]))
        for block in self.h:
            x = block(x)
        logits: Tensor = self.head(self.ln_f(x))
        return logits


class Recurrent(nn.Module):
    """An LSTM that gives a dict of what it found."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm, self.head = nn.LSTM(8, 16, 2, batch_first=True), nn.Linear(16, 5)

    def forward(self, given: dict[str, Tensor]) -> dict[str, Any]:
        out, state = self.lstm(given["x"])
        return {"state": state, "logits": self.head(out[:, -1])}


class Functional(nn.Module):
    """A perceptron whose activations are functions, one layer of it used twice, one activation in place."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.first, self.shared, self.last = (nn.Linear(width, width) for _ in range(3))
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.tanh(self.first(x))
        x = self.shared(F.relu(self.shared(x)))
        last: Tensor = self.last(self.relu(x))
        return last


class Fails(nn.Module):
    """Until somebody mends it."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(4, 4), nn.Linear(5, 4)

    def forward(self, x: Tensor) -> Tensor:
        second: Tensor = self.second(torch.relu(self.first(x)))
        return second


class Case(NamedTuple):
    """A model, how it is called, and its loss."""

    model: nn.Module
    inputs: tuple[Any, ...]
    loss: Callable[[Any], Tensor]

    def step(self) -> Tensor:
        """Forward and back; the loss."""
        loss = self.loss(self.model(*self.inputs))
        loss.backward()
        return loss.detach()


def square(out: Tensor) -> Tensor:
    return out.square().mean()


def classes(out: Tensor) -> Tensor:
    return F.cross_entropy(out, torch.arange(len(out)) % out.shape[1])


CASES: dict[str, Callable[[], Case]] = {
    "resnet18": lambda: Case(resnet18(num_classes=10), (torch.randn(4, 3, 32, 32),), classes),
    "gpt": lambda: Case(GPT(), (torch.randint(65, (4, 16)),), lambda out: classes(out.flatten(0, 1))),
    "transformer": lambda: Case(
        nn.Transformer(16, 2, 2, 2, 32, batch_first=True), (torch.randn(3, 5, 16), torch.randn(3, 4, 16)), square
    ),
    "lstm": lambda: Case(Recurrent(), ({"x": torch.randn(6, 7, 8)},), lambda out: classes(out["logits"])),
    "functional": lambda: Case(Functional(), (torch.randn(16, 32),), square),
}


def made(name: str) -> Case:
    """The same each time."""
    torch.manual_seed(0)
    return CASES[name]()


def vgg() -> Case:
    """128 million weights: as few of these as may be."""
    torch.manual_seed(0)
    return Case(vgg11(num_classes=10), (torch.randn(4, 3, 32, 32),), classes)


def recorded(model: nn.Module, x: Tensor) -> record:
    """Forward, and back from a standard normal gradient."""
    with record(model) as r:
        out = model(x)
        out.backward(torch.randn_like(out))
    return r
