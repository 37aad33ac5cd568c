"""Who may compute now: so many at once, so many waiting, so many of one client; the rest wait in line or come again.

What has made way for others counts no more until it goes on.
"""

import time
from collections.abc import AsyncIterator, Callable

from ..settings import Settings
from .flight import Busy, Flight, TooMany
from .line import Line
from .metrics import Metrics


class Admission:
    """The flights there are, and who may begin another."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self.draining = False
        self.aloft: set[Flight] = set()  # those cancelled too, until they have come to an end
        self._settings = settings
        self._rejected = metrics.rejected
        self._line = Line(settings.in_line)
        for name, said, read in (
            ("running", "Experiments being computed.", lambda: sum(flight.running for flight in self.aloft)),
            ("waiting", "Experiments waiting for their turn.", lambda: len(self._queued())),
            ("aside", "Experiments that made way for others, and wait to go on.", lambda: len(self._aside())),
            ("waiting_seconds", "For how long the first of them has waited.", self._oldest),
        ):
            metrics.gauge(name, said, read)

    def ask(self, client: str, of_cells: bool = False) -> None:
        """Whether this client may begin one now; a client without a name may have any number in flight.

        Those made of cells are computed one at a time, beside the others, which wait for none of them.

        Raises TooMany or Busy if not.
        """
        settings, at_once = self._settings, 1 if of_cells else self._settings.at_once
        flights = [flight for flight in self._counted() if flight.of_cells == of_cells]
        if client and self._in_flight(client) >= settings.per_client:
            self._rejected.labels("client").inc()
            raise TooMany(settings.per_client)
        # All experiments share the same cores, so what is in flight is waited for one after the other.
        wait = sum(flight.remaining for flight in flights) if len(flights) >= at_once else 0.0
        if self.draining or len(flights) >= at_once + settings.waiting or wait > settings.wait_seconds:
            self._rejected.labels("draining" if self.draining else "queue").inc()
            raise Busy(wait)

    def ask_for_line(self, client: str, of_cells: bool = False) -> None:
        """The same for whoever is ready to wait for a place of their own: TooMany only where too many do already."""
        try:
            self.ask(client, of_cells)
        except TooMany:
            if self._line.full(client):
                raise

    def turn(self, client: str, at_hand: Callable[[], bool], of_cells: bool = False) -> AsyncIterator[int]:
        """Waits in line until the client may begin, or need not: what they ask for is at hand.

        Yields how many of theirs are ahead, whenever that changes. Raises Busy.
        """

        def may_go(first: bool) -> bool:
            if at_hand():
                return True
            if not first:
                return False
            try:
                self.ask(client, of_cells)
            except TooMany:
                return False
            return True

        return self._line.turn(client, may_go)

    def others_wait(self, flight: Flight) -> bool:
        """Whether somebody waits for it to end, or to make way; any thread may ask."""
        return any(each.of_cells == flight.of_cells for each in self._queued()) or self._line.anyone

    def may_make_way(self, flight: Flight) -> bool:
        """Whether somebody would begin then, and there is memory for what is left of it, beside what others have left;
        any thread may ask."""
        left = sum(each.memory_bytes for each in self._aside())
        if flight.of_cells or self.a_place_is_free or left + flight.memory_bytes > self._settings.max_memory_bytes:
            return False
        return any(not each.of_cells for each in self._queued()) or any(
            self._in_flight(client, flight) < self._settings.per_client for client in self._line.clients
        )

    @property
    def a_place_is_free(self) -> bool:
        """For a run, or for what has made way."""
        return sum(not flight.of_cells for flight in self._counted()) < self._settings.at_once

    def begin(self, flight: Flight) -> None:
        """From now on it counts."""
        self.aloft.add(flight)
        self.look_again()

    def end(self, flight: Flight) -> None:
        """It does no more."""
        self.aloft.discard(flight)
        self.look_again()

    def drain(self) -> None:
        """Let nobody begin any more."""
        self.draining = True
        self.look_again()

    def look_again(self) -> None:
        """Let those in line look whether they may go: somebody has begun, ended, or left what they waited for."""
        self._line.move()

    def _queued(self) -> list[Flight]:
        return [flight for flight in tuple(self.aloft) if not (flight.running or flight.made_way)]

    def _counted(self) -> list[Flight]:
        return [flight for flight in tuple(self.aloft) if not flight.made_way]

    def _in_flight(self, client: str, but: Flight | None = None) -> int:
        return sum(flight.clients[client] > 0 for flight in self._counted() if flight is not but)

    def _aside(self) -> list[Flight]:
        return [flight for flight in tuple(self.aloft) if flight.made_way]

    def _oldest(self) -> float:
        return max((time.monotonic() - flight.born for flight in self._queued()), default=0.0)
