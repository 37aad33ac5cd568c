"""What is learned: real examples, in the package, some of them held out."""

from math import log
from pathlib import Path

import pytest
import torch

from app.experiments.training import data
from app.experiments.training.data import DATASETS, LETTERS, Dataset, digits, lines_of, names

FOLDER = Path(data.__file__).parent
every_dataset = pytest.mark.parametrize("name", DATASETS)


def read(name: str) -> Dataset:
    return DATASETS[name].read()


@every_dataset
def test_a_file_says_where_it_is_from(name: str) -> None:
    first, *rest = (FOLDER / f"{name}.txt").read_text().splitlines()
    assert first.startswith("# ")
    assert "Census" in first or "CC BY 4.0" in first
    assert not any(line.startswith("#") for line in rest)
    assert f"{len(rest):,}" in DATASETS[name].origin


@every_dataset
def test_every_tenth_is_held_out_and_none_is_lost(name: str) -> None:
    dataset, lines = read(name), lines_of(name)
    examples = [1] * len(lines) if name == "digits" else [len(line) + 1 for line in lines]
    assert len(dataset.held_out) == sum(examples[9::10])
    assert len(dataset.training) + len(dataset.held_out) == sum(examples)


@every_dataset
def test_every_class_is_seen_in_training(name: str) -> None:
    counts = torch.bincount(read(name).training.targets)
    assert len(counts) == DATASETS[name].classes
    assert int(counts.min()) > 0
    assert DATASETS[name].expected_loss == log(DATASETS[name].classes)


def test_names_are_told_letter_by_letter() -> None:
    assert len(set(lines_of("names"))) == 5163
    first = lines_of("names")[0]
    inputs, targets = names().training.inputs.tolist(), names().training.targets.tolist()
    said = [("".join(LETTERS[i] for i in row), LETTERS[t]) for row, t in zip(inputs, targets, strict=True)]
    assert said[:3] == [("...", first[0]), (f"..{first[0]}", first[1]), (f".{first[:2]}", first[2])]
    assert said[len(first)] == (first[-3:], ".")


def test_digits_are_centred_and_of_unit_variance_and_look_like_themselves() -> None:
    training = digits().training
    assert float(training.inputs.mean()) == pytest.approx(0, abs=1e-5)
    assert float(training.inputs.var()) == pytest.approx(1, abs=1e-4)
    means = torch.stack([training.inputs[training.targets == digit].mean(0) for digit in range(10)])
    held = digits().held_out
    nearest = torch.cdist(held.inputs, means).argmin(1)
    assert float((nearest == held.targets).float().mean()) > 0.8


def test_knowing_the_frequencies_alone_is_worth_what_the_training_examples_say() -> None:
    dataset = names()
    shares = torch.bincount(dataset.training.targets).double() / len(dataset.training)
    entropy = float(-(shares * shares.log()).sum())
    assert dataset.frequency_loss(dataset.training) == pytest.approx(entropy)
    assert dataset.frequency_loss(dataset.held_out) == pytest.approx(entropy, abs=0.05)


@pytest.mark.parametrize("count", [1, 7, 512, 10**6])
def test_some_examples_are_evenly_spaced(count: int) -> None:
    held = names().held_out
    some = held.spread(count)
    assert len(some) == min(count, len(held))
    assert torch.equal(some.inputs[0], held.inputs[0])
