"""The page at ``/``: four files as they are, without secrets in them. What it shows it asks for with the admin key."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files

from fastapi import FastAPI
from fastapi.responses import Response

__all__ = ["add_page"]

_FILES = {
    "/": ("index.html", "text/html"),
    "/page.css": ("page.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}


def add_page(app: FastAPI) -> None:
    """Serve the page's files from memory; no path of a request ever reaches the disk."""
    folder = files("gridhedge.server") / "static"
    for path, (name, kind) in _FILES.items():
        content = (folder / name).read_bytes()
        app.add_api_route(path, _serving(content, kind), include_in_schema=False, response_class=Response)


def _serving(content: bytes, kind: str) -> Callable[[], Response]:
    def serve() -> Response:
        return Response(content, media_type=kind)

    return serve
