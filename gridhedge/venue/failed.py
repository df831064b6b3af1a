"""A request without the answer that was hoped for: what may be concluded from it, whatever the venue."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import requests.exceptions as http
from urllib3.exceptions import NewConnectionError

from gridhedge.domain import errors
from gridhedge.domain.order import Reject
from gridhedge.engine.ports import NotSent, Rejected, Unknown

__all__ = ["Failed", "of_transport"]


class Failed(Exception):
    """A request without the answer that was hoped for, and what is known of it."""

    def __init__(self, outcome: Rejected | NotSent | Unknown, code: int = 0) -> None:
        super().__init__(outcome.text)
        self.outcome = outcome
        self.code = code
        """The venue's own error code, where there was one."""

    def as_read(self) -> errors.VenueError:
        """The same for a request that changes nothing."""
        outcome = self.outcome
        if isinstance(outcome, NotSent):
            return errors.NotSent(outcome.text)
        if isinstance(outcome, Unknown):
            return errors.Unclear(outcome.text)
        if outcome.reason is Reject.RATE_LIMITED:
            return errors.RateLimited(outcome.text, outcome.until)
        if outcome.reason is Reject.BUSY:
            return errors.Unclear(outcome.text)  # it says nothing about what was asked: ask again
        return errors.Refused(outcome.text)


def of_transport(error: Exception, venue: str) -> NotSent | Unknown:
    """No answer at all. A request has left unless the connection, or the trust in its other end, never came about."""
    said = f"no answer from {venue} ({type(error).__name__})"
    if isinstance(error, http.ConnectTimeout):
        return NotSent(f"{venue} can not be reached: {type(error).__name__}")
    for cause in _causes(error):
        if isinstance(cause, NewConnectionError):
            return NotSent(f"{venue} can not be reached: connection refused or name not found")
        if isinstance(cause, ssl.SSLCertVerificationError):
            return NotSent(f"{venue}'s certificate is not valid: is this network's log-in page in between?")
    return Unknown(said)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The errors that requests and urllib3 wrap into one another."""
    inner: object = error
    for _ in range(5):
        arguments: tuple[object, ...] = getattr(inner, "args", ())
        following = getattr(inner, "reason", None) or (arguments[0] if arguments else None)
        if not isinstance(following, BaseException):
            return
        yield following
        inner = following
