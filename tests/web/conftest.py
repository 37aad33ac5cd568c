from collections.abc import Iterator

import httpx
import pytest


@pytest.fixture(scope="session")
def client(server: str) -> Iterator[httpx.Client]:
    """A client of the running application."""
    with httpx.Client(base_url=server, timeout=60) as client:
        yield client
