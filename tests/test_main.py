"""Starting the application: it says where it is, and what is wrong in one line, naming the setting."""

import asyncio
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping

import httpx
import pytest

from app import __version__
from app.__main__ import listen
from app.settings import Settings
from tests.conftest import ROOT, default_environment, serving

TO_REFUSE = 30  # seconds, a resolver's patience included


def start(*flags: str, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """A start that should come to an end by itself."""
    return subprocess.run(
        [sys.executable, "-m", "app", *flags],
        cwd=ROOT,
        env=default_environment() | dict(environment or {}),
        capture_output=True,
        text=True,
        timeout=TO_REFUSE,
        check=False,
    )


def refusal(*flags: str, environment: Mapping[str, str] | None = None) -> str:
    """The one line a start that cannot be says on stderr."""
    ended = start(*flags, environment=environment)
    assert ended.returncode != 0
    assert ended.stdout == ""
    (line,) = ended.stderr.splitlines()
    assert "Traceback" not in line
    return line


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        yield port


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as once:
        port: int = once.getsockname()[1]
        return port


def test_help_lists_every_setting_as_flag_and_variable() -> None:
    ended = start("--help")
    assert (ended.returncode, ended.stderr) == (0, "")
    for name in Settings.model_fields:
        assert f"--{name.replace('_', '-')}" in ended.stdout
        assert f"INITSCOPE_{name.upper()}" in ended.stdout


def test_version_is_told() -> None:
    ended = start("--version")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert __version__ in ended.stdout


@pytest.mark.parametrize(
    ("flag", "value"),
    [("--port", "x"), ("--port", "65536"), ("--port", "-1"), ("--threads", "0"), ("--max-seconds", "-1")],
)
def test_a_bad_value_is_refused_by_its_flag(flag: str, value: str) -> None:
    assert flag in refusal(f"{flag}={value}")


def test_a_bad_variable_is_refused_by_its_name() -> None:
    assert "INITSCOPE_PORT" in refusal(environment={"INITSCOPE_PORT": "x"})


def test_an_unknown_flag_is_refused_by_its_name() -> None:
    ended = start("--prot", "1")
    assert ended.returncode != 0
    assert "--prot" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_port_in_use_is_named(taken_port: int) -> None:
    assert str(taken_port) in refusal("--port", str(taken_port))


@pytest.mark.parametrize("host", ["no-such-host.invalid", "999.1.1.1", "192.0.2.1"])
def test_a_host_that_cannot_be_had_is_named(host: str) -> None:
    assert host in refusal("--port", "0", "--host", host)


def test_a_variable_sets_the_port(free_port: int) -> None:
    with serving(environment={"INITSCOPE_PORT": str(free_port)}) as served:
        assert served.url.endswith(f":{free_port}")
        assert httpx.get(f"{served.url}/livez").status_code == 200


def test_a_flag_goes_before_a_variable(taken_port: int, free_port: int) -> None:
    with serving("--port", str(free_port), environment={"INITSCOPE_PORT": str(taken_port)}) as served:
        assert served.url.endswith(f":{free_port}")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_quietly_when_interrupted(how: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "app", "--port", "0"],
        cwd=ROOT,
        env=default_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    url = process.stdout.readline().split()[-1]
    assert httpx.get(f"{url}/livez").status_code == 200
    process.send_signal(how)
    _, errors = process.communicate(timeout=TO_REFUSE)
    assert errors == ""


def test_an_answer_is_not_held_back_for_more() -> None:
    async def accepted() -> int:
        delays: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def connected(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            taken: socket.socket = writer.get_extra_info("socket")
            delays.set_result(taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        listener = listen(Settings(port=0))
        server = await asyncio.start_server(connected, sock=listener)
        async with server:
            _, writer = await asyncio.open_connection(*listener.getsockname()[:2])
            no_delay = await delays
            writer.close()
        return no_delay

    assert asyncio.run(accepted()) == 1
