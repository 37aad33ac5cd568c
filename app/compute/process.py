"""A process that computes for another, from both ends: they talk through a pipe, and see the same two flags."""

import ctypes
import multiprocessing
import os
import pickle
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import count
from multiprocessing.connection import Connection
from traceback import format_exception
from typing import Any, NamedTuple, Protocol, TypeAlias

from .. import logs
from ..lab import memory, threads
from ..lab.device import use_device
from ..settings import Settings
from .beginning import begin
from .computation import Watched
from .flight import Update
from .worker import engine_here

BEGIN_SECONDS = 0.1  # between two looks at whether it is still wanted
LOOK_SECONDS = 0.02  # between two at whether anybody still waits
CANCELLED, OTHERS_WAIT, MAY_MAKE_WAY = range(3)  # flags

_CONTEXT = multiprocessing.get_context("spawn")  # a fork of a process with threads may find their locks taken
Flags = ctypes.Array[ctypes.c_bool]
Pipe: TypeAlias = "Connection[Any, Any]"


class Work(Protocol):
    """What comes to some bytes, or to what is left to do, where the flight made way."""

    def __call__(self, flight: Watched) -> "bytes | Work": ...


class Left(NamedTuple):
    """What is left of some work, kept by the process that did the rest."""

    number: int


class Died(Exception):
    """The process has come to an end in the midst of its work."""


class Process:
    """One, as it is seen by whoever began it."""

    def __init__(self, settings: Settings, modules: Iterable[str]) -> None:
        self.alive = True
        self._connection, there = _CONTEXT.Pipe()
        self._flags = _CONTEXT.RawArray(ctypes.c_bool, 3)
        self._forgotten: list[Left] = []
        self._process = _CONTEXT.Process(
            target=begin,
            args=(modules, there, self._flags, settings.device, max(1, settings.threads // settings.at_once)),
            name="beside",
            daemon=True,
        )
        self._process.start()
        there.close()
        if sys.platform == "linux" and self._process.pid:
            # A nice thread that began a nice process would keep this one's other threads from the interpreter.
            os.setpriority(os.PRIO_PROCESS, self._process.pid, threads.NICENESS)

    def ready(self, stop: Callable[[], bool]) -> bool:
        """Waits until it is, and computes what would be computed here; False where that will not be, or is to stop."""
        try:
            while not self._connection.poll(BEGIN_SECONDS):
                if stop():
                    return False
            return bool(self._connection.recv() == engine_here())
        except (EOFError, OSError):
            return False

    def computed(self, work: bytes | Left, flight: Watched) -> bytes | Left:
        """What some pickled work comes to, or what was left of it. Raises Died, and whatever the work has raised."""
        self._look(flight)
        flight.running = True
        with threads.computing(lambda: None):
            try:
                forgotten, self._forgotten = self._forgotten, []
                self._connection.send((work, forgotten))
                while isinstance(said := self._heard(), Update | None):
                    if said is not None:
                        flight.publish(said)
                    self._look(flight)
            except Exception as error:  # what else it might still say would be of this work
                self.end()
                raise Died from error
        if isinstance(said, bytes | Left):
            return said
        raise said

    def forget(self, left: Left) -> None:
        """Let the process do so too, when it is next spoken to."""
        self._forgotten.append(left)

    def end(self) -> None:
        """At once: it keeps nothing."""
        self.alive = False
        self._process.kill()
        self._process.join()
        self._connection.close()

    def _heard(self) -> Any:
        """An Update, or at the end JSON or an exception; None if nothing was said for a while."""
        return self._connection.recv() if self._connection.poll(LOOK_SECONDS) else None

    def _look(self, flight: Watched) -> None:
        self._flags[CANCELLED] = flight.cancelled.is_set()
        self._flags[OTHERS_WAIT] = flight.others_wait()
        self._flags[MAY_MAKE_WAY] = flight.may_make_way()


class _Flag:
    """One that is set by the other process."""

    def __init__(self, flags: Flags, number: int) -> None:
        self._flags = flags
        self._number = number

    def is_set(self) -> bool:
        return bool(self._flags[self._number])


class _FlightThere:
    """A flight, as it is seen from the process that computes."""

    running = False

    def __init__(self, connection: Pipe, flags: Flags) -> None:
        self.cancelled = _Flag(flags, CANCELLED)
        self.others_wait = _Flag(flags, OTHERS_WAIT).is_set
        self.may_make_way = _Flag(flags, MAY_MAKE_WAY).is_set
        self.publish: Callable[[Update], None] = connection.send


def pickled(work: Work) -> bytes | None:
    """As it is sent to a process; None for what is local to this one."""
    try:
        return pickle.dumps(work)
    except (pickle.PicklingError, AttributeError, TypeError):
        return None


def compute(connection: Pipe, flags: Flags, device: str, thread_count: int) -> None:
    """What such a process does until nobody is left at the other end."""
    logs.configure()
    memory.keep_freed()
    memory.keep_few_primitives()
    threads.use_threads(thread_count)
    threads.prepare()
    use_device(device)
    flight, kept = _FlightThere(connection, flags), dict[Left, Work]()
    with suppress(EOFError, OSError):
        connection.send(engine_here())
        for left in map(Left, count()):
            asked, forgotten = connection.recv()
            for each in forgotten:
                kept.pop(each, None)
            try:
                work: Work = kept.pop(asked) if isinstance(asked, Left) else pickle.loads(asked)
                said = work(flight)
            except Exception as error:
                connection.send(_portable(error))
            else:
                if not isinstance(said, bytes):
                    kept[left] = said
                connection.send(said if isinstance(said, bytes) else left)


def _portable(error: Exception) -> Exception:
    """The same with its traceback as a note; what cannot be read again, once it is pickled, is put into words."""
    noted = "".join(format_exception(error))
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        error = RuntimeError(f"{type(error).__name__}: {error}")
    error.add_note(noted)
    return error
