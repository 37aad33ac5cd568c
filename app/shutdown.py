"""Going when told to: nothing new begins, what runs may end, and what does not end in time is cancelled."""

import asyncio
import signal
from types import FrameType

import uvicorn

from .compute.runner import Runner

PATIENCE = 5.0  # seconds


class DrainingServer(uvicorn.Server):
    """A server that turns unready at SIGTERM, goes on answering while experiments end, and then shuts down."""

    def __init__(self, config: uvicorn.Config, runner: Runner) -> None:
        super().__init__(config)
        self._runner = runner
        self._going: asyncio.Task[None] | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if sig != signal.SIGTERM or self._going or not self.started:
            super().handle_exit(sig, frame)
            return
        self._runner.admission.draining = True
        loop = asyncio.get_running_loop()

        async def go() -> None:
            await self._runner.drain(PATIENCE)
            super(DrainingServer, self).handle_exit(sig, frame)

        def begin() -> None:
            self._going = loop.create_task(go())

        loop.call_soon_threadsafe(begin)
