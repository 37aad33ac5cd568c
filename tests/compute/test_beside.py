"""What is computed beside something else is computed by another process, to the byte, and watched as it is here."""

import logging
import multiprocessing
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path

import httpx
import pytest

from app.compute import beside as beside_this
from app.compute.beside import Beside, Rest, Run
from app.compute.cells import as_json
from app.compute.computation import MADE_WAY
from app.compute.flight import Cancelled, DeadlineExceeded, Update
from app.compute.metrics import Metrics
from app.experiments import EXPERIMENTS, MEASURED
from app.lab import threads
from app.results import Result, Step
from app.settings import Settings
from tests.compute.runs import fails, fails_oddly
from tests.compute.tools import Puppet, result_of, small_result, small_spec, until
from tests.conftest import TO_STOP, serving
from tests.toy import TOY
from tests.toy.run import run_toy
from tests.toy.spec import ToySpec

TO_BEGIN = 120.0  # seconds a process may take, on a machine that is busy with other tests
LONG = 60.0  # seconds no run here takes
ENDLESS = ToySpec(throws=10**12)
A_SECOND = 10**8  # throws, or so
LEFT = ToySpec(throws=3 * A_SECOND)  # long before its half, once it has had its turn

linux = pytest.mark.skipif(sys.platform != "linux", reason="processes are counted in /proc")


class Watcher:
    """Whoever waits for a run, and what they are told of it."""

    def __init__(self, hear: Callable[[Update], None] = lambda _: None) -> None:
        self.running = False
        self.cancelled = threading.Event()
        self.others_wait: Callable[[], bool] = lambda: False
        self.may_make_way: Callable[[], bool] = lambda: False
        self.heard: list[Update] = []
        self._hear = hear

    def publish(self, update: Update) -> None:
        self.heard.append(update)
        self._hear(update)


def begun() -> set[int]:
    """The processes that this one has begun, and that live."""
    return {process.pid for process in multiprocessing.active_children() if process.pid}


def lives(process: int) -> bool:
    """Whether it is there, and not only waits to be buried."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def ready(metrics: str) -> int:
    """How many processes are, by the metrics."""
    (found,) = re.findall(r"^initscope_processes (\S+)", metrics, re.MULTILINE)
    return int(float(found))


@contextmanager
def processes(count: int) -> Iterator[Beside]:
    metrics = Metrics()
    beside = Beside(Settings(processes=count, threads=2), {**EXPERIMENTS, TOY.name: TOY}, metrics)
    beside.begin()
    try:
        until(lambda: ready(metrics.text().decode()) == count, TO_BEGIN)
        yield beside
    finally:
        beside.close()


@contextmanager
def computing_here(beside: Beside) -> Iterator[None]:
    """Something is being computed here meanwhile, that no other process could."""
    puppet = Puppet(small_result("matmul"))
    here = threading.Thread(target=computed, args=(beside, puppet.run))
    here.start()
    until(lambda: puppet.began)
    try:
        yield
    finally:
        puppet.go.set()
        here.join()


def computed(
    beside: Beside,
    run: Run,
    watcher: Watcher | None = None,
    deadline: float = LONG,
    parts_after: float = LONG,
    rest: Rest | None = None,
) -> Result | bytes | Rest:
    return beside.computed(watcher or Watcher(), run, deadline, parts_after, rest)


def last_of(steps: Generator[Step[Result]]) -> Result:
    """The whole Result, right here."""
    *_, last = steps
    return last.partial()


@pytest.fixture(scope="module")
def one() -> Iterator[Beside]:
    """One process; none is lost but where a test says so."""
    with processes(1) as beside:
        yield beside


@pytest.fixture
def beside(one: Beside) -> Iterator[Beside]:
    """One process, while something is being computed here."""
    with computing_here(one):
        yield one


def test_where_nothing_is_computed_it_is_computed_here(one: Beside) -> None:
    spec = small_spec("matmul")
    assert computed(one, partial(EXPERIMENTS["matmul"].run, spec)) == result_of(spec)


@pytest.mark.parametrize("name", MEASURED)
def test_another_process_computes_the_same_bytes(beside: Beside, name: str) -> None:
    spec = small_spec(name)
    assert computed(beside, partial(EXPERIMENTS[name].run, spec)) == as_json(result_of(spec))


def test_where_every_process_computes_it_is_computed_here(beside: Beside) -> None:
    watcher = Watcher()
    there = threading.Thread(target=computed_until_cancelled, args=(beside, watcher))
    there.start()
    until(lambda: watcher.heard)
    spec = small_spec("matmul")
    assert computed(beside, partial(EXPERIMENTS["matmul"].run, spec)) == result_of(spec)
    watcher.cancelled.set()
    there.join()


def computed_until_cancelled(beside: Beside, watcher: Watcher) -> None:
    with pytest.raises(Cancelled):
        computed(beside, partial(run_toy, ENDLESS), watcher)


def test_what_is_computed_here_leaves_its_core_to_the_other_process(beside: Beside) -> None:
    used: set[int] = set()

    def look(_: Update) -> None:
        if not used:
            used.update(threads.in_order(lambda _: threading.get_ident(), range(20)))
        watcher.cancelled.set()

    watcher, before = Watcher(look), threads.thread_count()
    threads.use_threads(2)
    computed_until_cancelled(beside, watcher)
    threads.use_threads(before)
    assert used == {threading.get_ident()}


def test_a_watcher_is_told_how_far_it_is_and_sees_parts(beside: Beside) -> None:
    watcher = Watcher(lambda update: watcher.cancelled.set() if len(watcher.heard) > 3 else None)
    with pytest.raises(Cancelled):
        computed(beside, partial(run_toy, ENDLESS), watcher, parts_after=0.0)
    assert watcher.running
    done = [update.done for update in watcher.heard]
    assert done == sorted(set(done))
    assert all(isinstance(update.partial, TOY.result) for update in watcher.heard)


def test_while_others_wait_no_parts_are_made(beside: Beside) -> None:
    watcher = Watcher(lambda update: watcher.cancelled.set() if len(watcher.heard) > 3 else None)
    watcher.others_wait = lambda: True
    with pytest.raises(Cancelled):
        computed(beside, partial(run_toy, ENDLESS), watcher, parts_after=0.0)
    assert {update.partial for update in watcher.heard} == {None}


def as_bytes(found: Result | bytes | Rest) -> bytes:
    assert not isinstance(found, Rest)
    return found if isinstance(found, bytes) else as_json(found)


def making_way() -> Watcher:
    """Others wait, until it has made way for them."""
    made_way = threading.Event()
    watcher = Watcher(lambda update: made_way.set() if update.waits_for else None)
    watcher.others_wait, watcher.may_make_way = lambda: not made_way.is_set(), lambda: True
    return watcher


def left_by(beside: Beside, watcher: Watcher) -> Rest:
    rest = computed(beside, partial(run_toy, LEFT), watcher)
    assert isinstance(rest, Rest)
    return rest


@pytest.mark.parametrize("elsewhere", [False, True], ids=["here", "there"])
def test_what_makes_way_shows_what_it_has_and_goes_on_later_to_the_same_end(one: Beside, elsewhere: bool) -> None:
    watcher = making_way()
    with computing_here(one) if elsewhere else nullcontext():
        rest = left_by(one, watcher)
        assert (rest.process is not None) == elsewhere
        *_, shown = watcher.heard
        assert shown.waits_for == MADE_WAY
        assert isinstance(shown.partial, TOY.result)
        assert shown.done < shown.total / 2
        assert as_bytes(computed(one, partial(run_toy, ToySpec()))) == as_json(last_of(run_toy(ToySpec())))
        watcher.heard.clear()
        found = computed(one, partial(run_toy, LEFT), watcher, rest=rest)
    assert watcher.heard[0].done > shown.done
    whole = last_of(run_toy(LEFT))
    assert found == (as_json(whole) if elsewhere else whole)


def test_only_what_could_go_on_later_makes_way(one: Beside) -> None:
    watcher = Watcher()
    watcher.others_wait = lambda: True
    assert computed(one, partial(run_toy, LEFT), watcher) == last_of(run_toy(LEFT))
    assert not any(update.partial or update.waits_for for update in watcher.heard)


def test_what_is_more_than_half_done_is_brought_to_its_end(one: Beside) -> None:
    spec = ToySpec(dice=["d6", "d20"], throws=A_SECOND)
    watcher = Watcher()
    watcher.may_make_way = lambda: True
    watcher.others_wait = lambda: any(update.done > update.total / 2 for update in watcher.heard)
    assert computed(one, partial(run_toy, spec), watcher) == last_of(run_toy(spec))


def test_what_has_made_way_is_given_up_when_nobody_wants_it_and_when_its_time_is_over(one: Beside) -> None:
    for wanted, problem in ((False, Cancelled), (True, DeadlineExceeded)):
        rest = computed(one, partial(run_toy, LEFT), watcher := making_way(), deadline=0.5)
        assert isinstance(rest, Rest)
        if not wanted:
            watcher.cancelled.set()
        with pytest.raises(problem):
            computed(one, partial(run_toy, LEFT), watcher, rest=rest)


def test_while_it_has_made_way_its_time_stands_still(one: Beside, monkeypatch: pytest.MonkeyPatch) -> None:
    rest = computed(one, partial(run_toy, LEFT), watcher := making_way(), deadline=LONG)
    assert isinstance(rest, Rest)
    now = time.monotonic() + 10 * LONG
    monkeypatch.setattr("app.compute.computation.time.monotonic", lambda: now)
    assert computed(one, partial(run_toy, LEFT), watcher, rest=rest) == last_of(run_toy(LEFT))


def test_what_nobody_wants_any_more_is_forgotten_where_it_is(beside: Beside) -> None:
    rest = left_by(beside, making_way())
    beside.forget(rest)
    assert isinstance(computed(beside, partial(run_toy, ToySpec())), bytes)
    with pytest.raises(KeyError):
        computed(beside, partial(run_toy, LEFT), rest=rest)


def test_who_has_gone_before_it_begins_computes_nothing(beside: Beside) -> None:
    watcher = Watcher()
    watcher.cancelled.set()
    computed_until_cancelled(beside, watcher)
    assert watcher.heard == []


def test_past_its_deadline_it_is_given_up(beside: Beside) -> None:
    with pytest.raises(DeadlineExceeded):
        computed(beside, partial(run_toy, ENDLESS), deadline=0.2)


@pytest.mark.parametrize(("run", "kind"), [(fails, ArithmeticError), (fails_oddly, RuntimeError)])
def test_what_goes_wrong_there_is_raised_here_and_says_where(
    beside: Beside, run: Callable[[ToySpec], Generator[Step[Result]]], kind: type[Exception]
) -> None:
    with pytest.raises(kind) as failure:
        computed(beside, partial(run, ToySpec()))
    assert "a die of d6" in str(failure.value)
    assert f"in {run.__name__}" in "".join(failure.value.__notes__)


def test_a_process_that_dies_costs_time_and_no_answer(caplog: pytest.LogCaptureFixture) -> None:
    others = begun()
    with processes(1) as beside, computing_here(beside):
        (first,) = begun() - others
        spec = ToySpec(throws=A_SECOND)
        killed = Watcher(lambda _: os.kill(first, signal.SIGKILL) if not killed.heard[1:] else None)
        with caplog.at_level(logging.WARNING):
            assert computed(beside, partial(run_toy, spec), killed) == last_of(run_toy(spec))
        assert "died" in caplog.text
        until(lambda: begun() - others, TO_BEGIN)
        assert first not in begun()
        until(lambda: isinstance(computed(beside, partial(run_toy, ToySpec())), bytes), TO_BEGIN)


def test_a_process_that_dies_with_what_it_keeps_costs_time_and_no_answer() -> None:
    others = begun()
    with processes(1) as beside, computing_here(beside):
        rest = left_by(beside, making_way())
        (first,) = begun() - others
        os.kill(first, signal.SIGKILL)
        until(lambda: not lives(first))
        assert computed(beside, partial(run_toy, LEFT), rest=rest) == last_of(run_toy(LEFT))


def test_where_there_is_no_process_nothing_waits_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside_this, "PATIENCE_SECONDS", 10 * LONG)
    with processes(0) as none, computing_here(none):
        assert computed(none, partial(run_toy, ToySpec())) == last_of(run_toy(ToySpec()))


def test_closing_ends_every_process_even_before_it_is_ready() -> None:
    others = begun()
    beside = Beside(Settings(processes=2), EXPERIMENTS, Metrics())
    beside.begin()
    until(lambda: begun() - others)
    beside.close()
    assert begun() == others


def test_a_process_that_cannot_begin_is_done_without(caplog: pytest.LogCaptureFixture) -> None:
    others = begun()
    beside = Beside(Settings(processes=1, device="meta"), EXPERIMENTS, Metrics())  # other numbers than here
    with caplog.at_level(logging.WARNING):
        beside.begin()
        until(lambda: "could not begin" in caplog.text, TO_BEGIN)
    assert begun() == others
    with computing_here(beside):
        assert computed(beside, partial(run_toy, ToySpec())) == last_of(run_toy(ToySpec()))
    beside.close()


def ask_in_vain(url: str, seed: int) -> None:
    with suppress(httpx.TransportError):
        httpx.get(f"{url}/api/training?steps=5000&seed={seed}", timeout=LONG)


@linux
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_server_leaves_no_process_behind_however_it_ends(how: signal.Signals) -> None:
    with (
        serving("--port=0", "--metrics=true", "--max-seconds=1000", processes=1) as served,
        httpx.Client(base_url=served.url, timeout=LONG) as client,
    ):
        until(lambda: ready(client.get("/metrics").text) == 1, TO_BEGIN)
        children = served.children()
        asking = [threading.Thread(target=ask_in_vain, args=(served.url, seed)) for seed in range(2)]
        for each in asking:
            each.start()
        until(lambda: "initscope_running 2.0" in client.get("/metrics").text)
        assert any(lives(child) for child in children)
        served.signal(how)
        served.process.wait(TO_STOP)
        until(lambda: not any(lives(child) for child in children))
        for each in asking:
            each.join()
