"""What a method asks for, where the framework does not say."""

from starlette.types import ASGIApp, Receive, Scope, Send


class HeadIsGet:
    """HEAD is answered as GET is, everywhere: the server leaves out the body (RFC 9110, section 9.3.2)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = {**scope, "method": "GET"} if scope.get("method") == "HEAD" else scope
        await self._app(asked, receive, send)
