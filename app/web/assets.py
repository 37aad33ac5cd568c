"""Static files under an address that holds their hash, so that a browser may keep them for ever."""

import gzip
import hashlib
import mimetypes

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from ..folders import folder

FOREVER = "public, max-age=31536000, immutable"


class Assets:
    """All static files, read once, compressed once."""

    def __init__(self) -> None:
        root = folder("static")
        files = {str(path.relative_to(root)): path for path in sorted(root.rglob("*")) if path.is_file()}
        contents = {name: path.read_bytes() for name, path in files.items()}
        digest = hashlib.sha256()
        for name, content in contents.items():
            digest.update(name.encode() + b"\0" + content)
        self.version = digest.hexdigest()[:16]
        self._contents = contents
        self._compressed: dict[str, bytes] = {}

    def url(self, name: str) -> str:
        return f"/static/{self.version}/{name}"

    def text(self, name: str) -> str:
        """What a file holds."""
        return self._contents[name].decode()

    def respond(self, request: Request) -> Response:
        """One file, compressed if the browser takes it so. Raises HTTPException 404."""
        name = request.path_params["name"]
        content = self._contents.get(name)
        if content is None or request.path_params["version"] != self.version:
            raise HTTPException(404)
        headers = {"Cache-Control": FOREVER, "Vary": "Accept-Encoding"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            if name not in self._compressed:
                self._compressed[name] = gzip.compress(content, mtime=0)
            content = self._compressed[name]
            headers["Content-Encoding"] = "gzip"
        return Response(content, headers=headers, media_type=mimetypes.guess_type(name)[0])
