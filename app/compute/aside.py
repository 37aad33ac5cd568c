"""What has made way: flights that wait to go on, and what is left of their runs."""

import time
from collections.abc import Iterator
from typing import NamedTuple

from ..spec import Spec
from .admission import Admission
from .beside import Beside, Rest
from .flight import Flight

LATE_SECONDS = 10.0  # after which one waits like any other: somebody always comes


class Waiting(NamedTuple):
    """A flight that has made way, by the key of its spec, and the rest of its run."""

    key: str
    spec: Spec
    flight: Flight
    rest: Rest


class Aside:
    """All of them, in the order in which they made way."""

    def __init__(self, admission: Admission, beside: Beside) -> None:
        self._admission = admission
        self._beside = beside
        self._left: list[Waiting] = []

    def put(self, left: Waiting) -> None:
        """It has made way."""
        left.flight.running, left.flight.made_way = False, time.monotonic()
        self._left.append(left)

    def ready(self) -> Iterator[Waiting]:
        """Those that may go on now, and do."""
        for left in tuple(self._left):
            late = time.monotonic() - left.flight.made_way > LATE_SECONDS
            if late or (self._admission.a_place_is_free and self._beside.could_go_on(left.rest)):
                self._left.remove(left)
                left.flight.running, left.flight.made_way = True, 0.0
                yield left

    def forget(self, flight: Flight) -> Waiting | None:
        """If it has made way, it will not go on."""
        for left in self._left:
            if left.flight is flight:
                self._left.remove(left)
                self._beside.forget(left.rest)
                return left
        return None
