"""How errors of the bot are told over HTTP: a status, a code for programs and a sentence for people."""

from __future__ import annotations

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

__all__ = ["ApiError", "failure_of", "sentence_of"]


class ApiError(Exception):
    """A request that can not be served: the sentence and the code go to who asked."""

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.code = code


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
    return ApiError(500, "INTERNAL_ERROR", sentence_of(error))


def sentence_of(failure: BaseException | None) -> str:
    """What a user may read of a failure: our own sentences, and of a bug no more than that there is one."""
    if failure is None or isinstance(failure, GridhedgeError):
        return str(failure or "")
    return f"unexpected error ({type(failure).__name__}); the log tells more"
