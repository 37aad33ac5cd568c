from collections.abc import Iterator

import pytest

from app.lab.threads import thread_count, use_threads


@pytest.fixture(autouse=True)
def _same_threads_afterwards() -> Iterator[None]:
    before = thread_count()
    yield
    if thread_count() != before:
        use_threads(before)
