"""Times as people read them: ISO 8601, UTC, with the offset written out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gridhedge.domain.values import Millis

__all__ = ["iso", "millis"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def iso(at: Millis) -> str:
    """``1760633994480`` -> ``2025-10-16T16:59:54.480+00:00``."""
    return (_EPOCH + timedelta(milliseconds=at)).isoformat(timespec="milliseconds")


def millis(text: str) -> Millis:
    """The inverse of ``iso``; any offset is understood. Raises ValueError, also for a time without an offset."""
    when = datetime.fromisoformat(text)
    if when.tzinfo is None:
        raise ValueError(f"the time {text!r} lacks its UTC offset")
    return (when - _EPOCH) // _MILLISECOND
