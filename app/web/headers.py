"""Security headers on every response, whatever made it."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PAGE = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self' 'unsafe-inline'",  # Plotly writes styles of its own
    "img-src": "'self' data: blob:",  # and exports pictures through blobs
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
PAGE_POLICY = "; ".join(f"{name} {value}" for name, value in _PAGE.items())
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


def security_headers(hsts_seconds: int = 0, policy: str = POLICY) -> list[tuple[bytes, bytes]]:
    """All of them, as ASGI has headers; browsers are told to come by HTTPS alone for so many seconds, if any."""
    hsts = {"Strict-Transport-Security": f"max-age={hsts_seconds}"} if hsts_seconds else {}
    every = {"Content-Security-Policy": policy} | HEADERS | hsts
    return [(name.lower().encode(), value.encode()) for name, value in every.items()]


class SecurityHeaders:
    """Wraps the whole app, so that errors the framework answers itself carry them too."""

    def __init__(self, app: ASGIApp, hsts_seconds: int = 0) -> None:
        self._app = app
        self._of_a_page = security_headers(hsts_seconds, PAGE_POLICY)
        self._of_the_rest = security_headers(hsts_seconds)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = list(message.get("headers", ()))
                page = any(name == b"content-type" and value.startswith(b"text/html") for name, value in own)
                message["headers"] = own + (self._of_a_page if page else self._of_the_rest)
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)
