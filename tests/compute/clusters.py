"""A Dask cluster on loopback: a scheduler and workers, each a process of its own, as an operator would start them."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from distributed import Client

from tests.compute.tools import until
from tests.conftest import ROOT, TO_STOP

START = (sys.executable, "-m", "distributed.cli")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def started(*command: str, root: Path = ROOT) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "PYTHONPATH": str(root)}
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, cwd=root, env=environment, stdout=quiet, stderr=quiet)


def ended(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait(TO_STOP)


class Loopback(NamedTuple):
    """A cluster that can lose and gain its parts."""

    address: str
    processes: list["subprocess.Popen[bytes]"]

    def schedule(self) -> "subprocess.Popen[bytes]":
        port = self.address.rpartition(":")[2]
        flags = ("--host", "127.0.0.1", "--port", port, "--no-dashboard", "--no-show")
        return self._begun("distributed.cli.dask_scheduler", *flags)

    def work(self, root: Path = ROOT) -> "subprocess.Popen[bytes]":
        """A worker of one thread, of the package that lies there."""
        flags = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--preload", "app.compute.worker")
        return self._begun("distributed.cli.dask_worker", self.address, *flags, root=root)

    def _begun(self, module: str, *flags: str, root: Path = ROOT) -> "subprocess.Popen[bytes]":
        self.processes.append(started(sys.executable, "-m", module, *flags, root=root))
        return self.processes[-1]

    def wait_for(self, workers: int) -> None:
        def there() -> int:
            with Client(self.address, timeout=TO_STOP, set_as_default=False) as client:
                return len(client.nthreads())

        until(lambda: there() == workers, TO_STOP)


@contextmanager
def loopback() -> Iterator[Loopback]:
    """An address at which a scheduler may stand; whatever was started there ends with the block."""
    cluster = Loopback(f"tcp://127.0.0.1:{free_port()}", [])
    try:
        yield cluster
    finally:
        for process in cluster.processes:
            ended(process)


def another_version(folder: Path) -> Path:
    """A copy of the package that says it is another version."""
    shutil.copytree(ROOT / "app", folder / "app")
    init = folder / "app" / "__init__.py"
    init.write_text(f"{init.read_text()}\n__version__ = 'another'\n")
    return folder
