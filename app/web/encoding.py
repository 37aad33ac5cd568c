"""gzip for whoever takes it: results are long lists of short numbers."""

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator

from fastapi import Request

LEVEL = 5
WORTH_IT = 1024  # bytes


def accepts_gzip(request: Request) -> bool:
    """Whether the client says it does."""
    offers = (offer.replace(" ", "").lower() for offer in request.headers.get("accept-encoding", "").split(","))
    return any(offer.partition(";")[0] == "gzip" and not offer.endswith((";q=0", ";q=0.0")) for offer in offers)


def compressed(content: bytes) -> bytes:
    """The same bytes for the same content, whenever it is compressed."""
    return gzip.compress(content, LEVEL, mtime=0)


async def gzipped(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """A stream of which every part can be read as soon as it has come."""
    compressor = zlib.compressobj(LEVEL, wbits=zlib.MAX_WBITS | 16)

    def squeeze(part: bytes) -> bytes:
        return compressor.compress(part) + compressor.flush(zlib.Z_SYNC_FLUSH)

    async for part in parts:
        yield await asyncio.to_thread(squeeze, part) if len(part) > WORTH_IT else squeeze(part)
    yield compressor.flush()
