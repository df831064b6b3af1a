"""What an answer looks like: ``{"success": true, "message", "data"}``, or ``{"success": false, "error", "code"}``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi.responses import Response
from pydantic import BaseModel

from gridhedge.domain.wire import Json, exact_json

__all__ = ["Done", "Failed", "done", "failed"]


class Done(BaseModel):
    """The form of a success, for the API's own description."""

    success: bool
    message: str
    data: dict[str, Any]


class Failed(BaseModel):
    """The form of an error, for the API's own description."""

    success: bool
    error: str
    code: str


def done(message: str, data: Mapping[str, Json], status: int = 200) -> Response:
    """A success. Decimals are written as numbers with exactly their digits."""
    body = exact_json({"success": True, "message": message, "data": data})
    return Response(body, status, media_type="application/json")


def failed(status: int, code: str, text: str) -> Response:
    """An error."""
    return Response(exact_json({"success": False, "error": text, "code": code}), status, media_type="application/json")
