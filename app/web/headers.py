"""Security headers on every response, whatever made it, and who else's pages may read it."""

from collections.abc import Mapping
from types import MappingProxyType

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .prefix import route_path

_PAGE = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self' 'unsafe-inline'",  # Plotly writes styles of its own
    "img-src": "'self' data: blob:",  # and exports pictures through blobs
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
}


def _policy(frame_ancestors: str) -> str:
    return "; ".join(f"{name} {value}" for name, value in (_PAGE | {"frame-ancestors": frame_ancestors}).items())


PAGE_POLICY = _policy("'none'")
POLICY = "default-src 'none'; frame-ancestors 'none'"  # of everything a browser need not run

_FEATURES = (
    *("accelerometer", "autoplay", "camera", "display-capture", "encrypted-media", "fullscreen", "geolocation"),
    *("gyroscope", "hid", "idle-detection", "magnetometer", "microphone", "midi", "payment", "picture-in-picture"),
    *("publickey-credentials-get", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking"),
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in _FEATURES),
}
_ASKS = b"access-control-request-method"
FRAMED = {  # of a page asked for as one to be framed by whoever likes
    "Content-Security-Policy": _policy("*"),
    "Cross-Origin-Resource-Policy": "cross-origin",
}
SHARED = {  # of the API, which is public and knows no cookies: other sites may load it and read it
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Retry-After, Server-Timing, X-Request-Id",
}
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST",
    "Access-Control-Allow-Headers": "Content-Type, If-None-Match",
    "Access-Control-Max-Age": "86400",
}


def security_headers(
    hsts_seconds: int = 0, policy: str = POLICY, shared: Mapping[str, str] = MappingProxyType({})
) -> list[tuple[bytes, bytes]]:
    """All of them, as ASGI has headers; browsers are told to come by HTTPS alone for so many seconds, if any."""
    hsts = {"Strict-Transport-Security": f"max-age={hsts_seconds}"} if hsts_seconds else {}
    every = {"Content-Security-Policy": policy} | HEADERS | hsts | dict(shared)
    return [(name.lower().encode(), value.encode()) for name, value in every.items()]


class SecurityHeaders:
    """Wraps the whole app, so that errors the framework answers itself carry them too; a header of its own wins."""

    def __init__(self, app: ASGIApp, hsts_seconds: int = 0) -> None:
        self._app = app
        self._of_a_page = security_headers(hsts_seconds, PAGE_POLICY)
        self._of_the_api = security_headers(hsts_seconds, shared=SHARED)
        self._of_the_rest = security_headers(hsts_seconds)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        api = route_path(scope).startswith("/api/")

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = dict(message.get("headers", ()))
                page = own.get(b"content-type", b"").startswith(b"text/html")
                common = self._of_the_api if api else self._of_a_page if page else self._of_the_rest
                message["headers"] = [*message.get("headers", ()), *[each for each in common if each[0] not in own]]
            await send(message)

        # A browser asks on behalf of another site's page whether that may ask.
        preflight = scope["method"] == "OPTIONS" and any(name == _ASKS for name, _ in scope["headers"])
        answer = Response(status_code=204, headers=PREFLIGHT) if api and preflight else self._app
        await answer(scope, receive, send_with_headers)
