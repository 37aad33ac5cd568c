"""Blocks come back in order, whatever the number of threads; closing leaves nothing running."""

import threading
from collections.abc import Generator, Iterator

import pytest
import torch

from app.lab.threads import computing, in_order, submit, thread_count, use_threads, within_block


def close(results: Iterator[object]) -> None:
    assert isinstance(results, Generator)
    results.close()


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_results_come_in_the_order_of_their_items(threads: int) -> None:
    use_threads(threads)
    assert thread_count() == threads
    assert list(in_order(lambda item: item * item, range(100))) == [item * item for item in range(100)]


def test_torch_keeps_to_one_thread_on_every_thread_of_the_pool() -> None:
    use_threads(2)
    together = threading.Barrier(2, timeout=60)

    def torch_threads(_: int) -> int:
        together.wait()
        return torch.get_num_threads()

    assert list(in_order(torch_threads, range(2))) == [1, 1]


def test_only_a_few_items_are_begun_ahead_of_the_consumer() -> None:
    use_threads(2)
    begun: list[int] = []
    results = in_order(begun.append, range(1000))
    next(results)
    close(results)
    assert len(begun) <= 2 * thread_count() + 1


def test_an_error_reaches_the_consumer_and_ends_the_rest() -> None:
    use_threads(2)
    begun: list[int] = []

    def fail_at_three(item: int) -> None:
        begun.append(item)
        if item == 3:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(in_order(fail_at_three, range(1000)))
    submit(len, ()).result()
    assert max(begun) <= 3 + 2 * thread_count() + 1


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_the_consumer_works_too_so_that_there_are_as_many_threads_as_asked_for(threads: int) -> None:
    use_threads(threads)
    together = threading.Barrier(threads, timeout=60)

    def meet(_: int) -> int:
        together.wait()
        return threading.get_ident()

    at_work = set(in_order(meet, range(4 * threads)))
    assert len(at_work) == threads
    assert threading.get_ident() in at_work


def test_while_there_are_as_many_experiments_as_threads_each_keeps_to_its_own() -> None:
    use_threads(2)
    begun, proceed = threading.Event(), threading.Event()

    def another() -> None:
        with computing(lambda: None):
            begun.set()
            assert proceed.wait(60)

    def at_work(other: threading.Thread) -> Iterator[int]:
        """Who does the first two blocks, and who the next once the other experiment has ended: both threads then."""
        together = threading.Barrier(2, timeout=60)

        def block(number: int) -> int:
            if number >= 2:
                together.wait()
            return threading.get_ident()

        for number, thread in enumerate(in_order(block, range(12))):
            yield thread
            if number == 1:
                proceed.set()
                other.join()

    other = threading.Thread(target=another)
    other.start()
    assert begun.wait(60)
    with computing(lambda: None):
        first, second, *rest = at_work(other)
    assert first == second == threading.get_ident()
    assert len(set(rest)) == 2


def test_closing_waits_for_what_has_begun() -> None:
    use_threads(2)
    begun, proceed, ended = threading.Event(), threading.Event(), threading.Event()

    def work(item: int) -> None:
        if item and threading.current_thread() is not threading.main_thread():
            begun.set()
            assert proceed.wait(60)
            ended.set()

    results = in_order(work, range(100))
    next(results)
    assert begun.wait(60)
    threading.Timer(0.01, proceed.set).start()
    close(results)
    assert ended.is_set()


@pytest.mark.parametrize("threads", [1, 2])
def test_a_long_block_can_be_ended_within_whichever_thread_works_on_it(threads: int) -> None:
    use_threads(threads)
    together, over = threading.Barrier(threads, timeout=60), threading.Event()

    def stop() -> None:
        if over.is_set():
            raise InterruptedError

    def work(_: int) -> str:
        together.wait()
        over.set()
        try:
            within_block()
        except InterruptedError:
            return "ended"
        return "went on"

    with computing(stop):
        assert list(in_order(work, range(threads))) == ["ended"] * threads
