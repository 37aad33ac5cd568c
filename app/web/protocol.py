"""What is no HTTP, and so never reaches the application, is answered as everything else is."""

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from ..logs import new_request_id
from .headers import security_headers
from .problems import Problem


def protocol(hsts_seconds: int = 0) -> type[H11Protocol]:
    """uvicorn's HTTP, whose own refusal is a problem with all the headers."""
    common = security_headers(hsts_seconds)

    class Protocol(H11Protocol):
        def send_400_response(self, msg: str) -> None:
            if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):  # not in the midst of an answer
                refusal = Problem("http", "Bad Request", 400, msg).response()
                own = (b"x-request-id", new_request_id().encode()), (b"connection", b"close")
                for event in (
                    h11.Response(status_code=400, headers=[*refusal.raw_headers, *common, *own], reason=b"Bad Request"),
                    h11.Data(data=bytes(refusal.body)),
                    h11.EndOfMessage(),
                ):
                    self.transport.write(self.conn.send(event))
            self.transport.close()

    return Protocol
