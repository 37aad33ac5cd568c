"""Recordings kept for a link, in one SQLite file that several processes may share.

A recording's key is the hash of its content, so that the same is kept once. Whoever keeps it gets a secret; the content
goes when everybody who kept it has removed it, or their 30 days are over. What is answered as kept is on disk; what is
not, is not there at all.
"""

import hashlib
import secrets
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

KEPT_SECONDS = 30 * 24 * 3600
PATIENCE = 10.0  # seconds that one process waits for another's writing
KEY_BYTES = 16
FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}  # a file system says it either way
_SCHEMA = """
CREATE TABLE IF NOT EXISTS recordings (key TEXT PRIMARY KEY, content BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS claims (
    key TEXT NOT NULL REFERENCES recordings ON DELETE CASCADE,
    secret BLOB PRIMARY KEY,
    expires REAL NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS claims_by_key ON claims (key);
"""


class StoreError(ValueError):
    """There can be no store in this file."""


class StoreFull(Exception):
    """There is no room for another recording."""


class Kept(NamedTuple):
    """Under which key, who may remove it, and until when: seconds since 1970."""

    key: str
    secret: str
    expires: float


class Store:
    """At most so many recordings, of so many bytes in all once they are compressed."""

    def __init__(self, path: str | Path, most_bytes: int, most: int, clock: Callable[[], float] = time.time) -> None:
        """Raises StoreError if the file is none of these, or cannot be written."""
        self._path = str(path)
        self._most_bytes, self._most, self._clock = most_bytes, most, clock
        try:
            with closing(self._connect()) as connection:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise StoreError(f"cannot keep recordings in {self._path}: {error}") from None

    def keep(self, content: bytes) -> Kept:
        """Keep it from now on for 30 days. Raises StoreFull."""
        key, secret = key_of(content), secrets.token_urlsafe(KEY_BYTES)
        packed = zlib.compress(content, 6)
        expires = self._clock() + KEPT_SECONDS
        with self._writing() as connection:
            self._expire(connection)
            if connection.execute("SELECT 1 FROM recordings WHERE key = ?", (key,)).fetchone() is None:
                count, size = connection.execute("SELECT count(*), total(length(content)) FROM recordings").fetchone()
                if count >= self._most or size + len(packed) > self._most_bytes:
                    raise StoreFull
                connection.execute("INSERT INTO recordings VALUES (?, ?)", (key, packed))
            claims = connection.execute("SELECT count(*) FROM claims").fetchone()[0]
            if claims >= 10 * self._most:
                raise StoreFull
            connection.execute("INSERT INTO claims VALUES (?, ?, ?)", (key, _hashed(secret), expires))
        return Kept(key, secret, expires)

    def get(self, key: str) -> bytes | None:
        """What is kept under a key, if somebody still keeps it."""
        query = """SELECT content FROM recordings WHERE key = ?
                   AND EXISTS (SELECT 1 FROM claims WHERE claims.key = recordings.key AND expires > ?)"""
        with closing(self._connect()) as connection:
            found = connection.execute(query, (key, self._clock())).fetchone()
        return zlib.decompress(found[0]) if found else None

    def remove(self, key: str, secret: str) -> bool:
        """Take back one's own keeping of it; False if the secret is not of this key."""
        with self._writing() as connection:
            removed = connection.execute("DELETE FROM claims WHERE key = ? AND secret = ?", (key, _hashed(secret)))
            self._expire(connection)
            return removed.rowcount == 1

    def _expire(self, connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM claims WHERE expires <= ?", (self._clock(),))
        connection.execute("DELETE FROM recordings WHERE key NOT IN (SELECT key FROM claims)")

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, the only one that writes: all of it or, if anything is raised, nothing."""
        with closing(self._connect()) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
            except sqlite3.Error as error:
                if (error.sqlite_errorcode or 0) & 0xFF in FULL:
                    raise StoreFull from error
                raise

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=PATIENCE, isolation_level=None)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        return connection


def key_of(content: bytes) -> str:
    """Of the content alone."""
    return hashlib.sha256(content).hexdigest()[: 2 * KEY_BYTES]


def _hashed(secret: str) -> bytes:
    """A secret as it is kept: who reads the file cannot remove by it."""
    return hashlib.sha256(secret.encode()).digest()
