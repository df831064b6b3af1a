"""What an answer looks like: ``{"success": true, "message", "data"}``, or ``{"success": false, "error", "code"}``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi.responses import Response
from pydantic import BaseModel

from gridhedge.domain.errors import (
    AlreadyRunning,
    DiskFailure,
    EmergencyStop,
    GridhedgeError,
    RateLimited,
    Refused,
    RiskStop,
    UsageError,
    VenueError,
)
from gridhedge.domain.wire import Json, exact_json

__all__ = ["ApiError", "Done", "Failed", "done", "failed", "failure_of"]


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


class ApiError(Exception):
    """A request that can not be served: the sentence and the code go to who asked."""

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.code = code


def done(message: str, data: Mapping[str, Json], status: int = 200) -> Response:
    """A success. Decimals are written as numbers with exactly their digits."""
    body = exact_json({"success": True, "message": message, "data": data})
    return Response(body, status, media_type="application/json")


def failed(status: int, code: str, text: str) -> Response:
    """An error."""
    return Response(exact_json({"success": False, "error": text, "code": code}), status, media_type="application/json")


_CODES: tuple[tuple[type[GridhedgeError], int, str], ...] = (
    (UsageError, 422, "INVALID_SETTINGS"),
    (RateLimited, 503, "EXCHANGE_BUSY"),
    (Refused, 422, "EXCHANGE_REFUSED"),
    (VenueError, 502, "EXCHANGE_UNREACHABLE"),
    (EmergencyStop, 409, "EMERGENCY_STOP"),
    (AlreadyRunning, 409, "ALREADY_RUNNING"),
    (RiskStop, 409, "STOPPED_BY_RISK"),
    (DiskFailure, 507, "DISK_FAILURE"),
)


def failure_of(error: BaseException) -> ApiError:
    """How an error of the bot is told over HTTP. What nobody expected says no more than that."""
    if isinstance(error, ApiError):
        return error
    for kind, status, code in _CODES:
        if isinstance(error, kind):
            return ApiError(status, code, str(error))
    return ApiError(500, "INTERNAL_ERROR", f"unexpected error ({type(error).__name__}); the server's log tells more")
