"""`initscope` and `python -m app`: serve the application."""

import argparse
import gc
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

from pydantic import ValidationError

from . import __version__
from .settings import Settings


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until interrupted. A bad flag or a port in use is one line on stderr."""
    settings = _settings(arguments)
    listener = listen(settings)
    import uvicorn

    from . import logs
    from .compute.runner import Runner
    from .experiments import EXPERIMENTS
    from .main import create_app
    from .network.store import StoreError
    from .shutdown import DrainingServer
    from .web.protocol import protocol

    logs.configure()
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    try:
        runner = Runner(settings, EXPERIMENTS)
    except ValueError as error:
        sys.exit(f"initscope: --device: {error}")
    try:
        app = create_app(settings, runner)
    except StoreError as error:
        runner.close()
        sys.exit(f"initscope: --store: {error}")
    config = uvicorn.Config(
        app,
        http=protocol(settings.hsts_seconds),
        server_header=False,
        proxy_headers=False,  # ours is app/web/prefix.py's
        access_log=False,  # ours is app/logs.py's
        log_config=None,
        log_level="warning",
        timeout_graceful_shutdown=2,
    )
    server = DrainingServer(config, runner)
    print(f"Initscope is at http://{shown}:{port}", flush=True)
    gc.collect()
    gc.freeze()  # torch's own objects, which take a tenth of a second to look through, while nobody is answered
    with suppress(KeyboardInterrupt):  # uvicorn raises it again once all is in order
        server.run(sockets=[listener])


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def _settings(arguments: Sequence[str] | None) -> Settings:
    fields = Settings.model_fields
    parser = _Parser(
        prog="initscope",
        description="See how the scale of random weights carries a signal, measured beside theory.",
        epilog="Every setting is also an environment variable: "
        + ", ".join(f"INITSCOPE_{name.upper()}" for name in fields),
    )
    parser.add_argument("--version", action="version", version=f"initscope {__version__}")
    for name, field in fields.items():
        parser.add_argument(f"--{name.replace('_', '-')}", dest=name, help=field.description, metavar="VALUE")
    given = {name: value for name, value in vars(parser.parse_args(arguments)).items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        flag = f"--{name.replace('_', '-')}" if name in given else f"INITSCOPE_{name.upper()}"
        sys.exit(f"initscope: {flag}: {first['msg'][0].lower()}{first['msg'][1:]}")


def listen(settings: Settings) -> socket.socket:
    """A listening socket. Exits with one line if the address cannot be had."""
    try:
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # asyncio sets TCP_NODELAY by it
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.host, settings.port))
        listener.listen(512)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        sys.exit(
            f"initscope: cannot listen on {settings.host}:{settings.port}: {reason}; choose another --port or --host"
        )
    return listener


if __name__ == "__main__":
    main()
