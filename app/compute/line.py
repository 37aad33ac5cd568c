"""The line before the server: whoever is behind one address waits in the order of coming."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable


class Line:
    """One line a client; at most `longest` wait in each."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._waiting: defaultdict[str, list[object]] = defaultdict(list)
        self._moved = asyncio.Event()

    def full(self, client: str) -> bool:
        return len(self._waiting.get(client, ())) >= self._longest

    @property
    def anyone(self) -> bool:
        """Whether somebody waits in one of them."""
        return bool(self._waiting)

    @property
    def clients(self) -> tuple[str, ...]:
        """Whose lines they are."""
        return tuple(self._waiting)

    def move(self) -> None:
        """Let everyone look whether it is their turn."""
        self._moved.set()
        self._moved = asyncio.Event()

    async def turn(self, client: str, may_go: Callable[[bool], bool]) -> AsyncIterator[int]:
        """Yields how many are ahead, whenever that changes, until `may_go` says so: it is told who is first.

        It is asked again whenever the line is told to `move`, and when somebody leaves it.
        """
        line, ticket, told = self._waiting[client], object(), -1
        line.append(ticket)
        try:
            while not may_go(line[0] is ticket):
                moved = self._moved
                if (ahead := line.index(ticket)) != told:
                    yield (told := ahead)
                await moved.wait()
        finally:
            line.remove(ticket)
            if not line:
                self._waiting.pop(client, None)
            self.move()
