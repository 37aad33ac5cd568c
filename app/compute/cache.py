"""A cache of bytes, bounded in bytes, least recently used first out."""

import threading
from collections import OrderedDict


class Cache:
    """For any number of threads."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._held = 0
        self._entries: OrderedDict[str, bytes] = OrderedDict()
        self._changing = threading.Lock()

    def has(self, key: str) -> bool:
        return key in self._entries

    def get(self, key: str) -> bytes | None:
        with self._changing:
            if key in self._entries:
                self._entries.move_to_end(key)
            return self._entries.get(key)

    def put(self, key: str, value: bytes) -> None:
        with self._changing:
            self._held += len(value) - len(self._entries.pop(key, b""))
            self._entries[key] = value
            while self._held > self._max_bytes:
                _, dropped = self._entries.popitem(last=False)
                self._held -= len(dropped)
