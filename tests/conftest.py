"""The application as its users meet it: a process of its own, on a real socket, at its defaults."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from app.compute import runner  # noqa: F401 with all that it computes with
from app.lab.kernels import compiling

ROOT = Path(__file__).parents[1]
TO_STOP = 30  # seconds a server may take to end

os.environ["INITSCOPE_PROCESSES"] = "0"  # in this process: most tests do without what takes seconds to begin


class Served(NamedTuple):
    """A server that answers at `url`."""

    url: str
    process: "subprocess.Popen[str]"

    @property
    def process_id(self) -> int:
        return self.process.pid

    def signal(self, which: signal.Signals) -> None:
        self.process.send_signal(which)

    def alive(self) -> bool:
        return self.process.poll() is None

    def children(self) -> list[int]:
        """The processes it has begun, on Linux."""
        tasks = Path(f"/proc/{self.process_id}/task")
        return [int(child) for task in tasks.iterdir() for child in (task / "children").read_text().split()]


def default_environment() -> dict[str, str]:
    """This environment without settings of the application's own."""
    return {name: value for name, value in os.environ.items() if not name.startswith("INITSCOPE_")}


@contextmanager
def serving(
    *flags: str, environment: Mapping[str, str] | None = None, ready: bool = True, processes: int | None = 0
) -> Iterator[Served]:
    """`python -m app` until the block is left, once it is ready. It says where it is; nothing went wrong unseen.

    There are so many `processes` beside it, which it does not wait for; None leaves that at its default.
    """
    command = [sys.executable, "-m", "app", *flags, *(() if processes is None else ("--processes", str(processes)))]
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=default_environment() | dict(environment or {}),
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
        )
        assert process.stdout is not None
        try:
            found = re.search(r"http://\S+", process.stdout.readline())
            said.seek(0)
            assert found, said.read()
            while ready and httpx.get(f"{found[0]}/readyz").status_code != 200:
                time.sleep(0.02)
            yield Served(found[0], process)
        finally:
            process.terminate()
            process.wait(TO_STOP)
            process.stdout.close()
        said.seek(0)
        errors = said.read()
        assert "Traceback" not in errors, errors


@pytest.fixture(scope="session", autouse=True)
def _compiled() -> None:
    """Kernels, before a test counts seconds: the servers that tests start find them on disk."""
    compiling.prepare()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of the running application."""
    with serving("--port", "0", processes=None) as served:
        yield served.url
