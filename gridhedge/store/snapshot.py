"""``status.json``: what a running bot shows of itself, for ``gridhedge status`` and other programs.

The status is any named tuple (the session's is ``engine.status.AccountStatus``); the file is its open JSON form.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from gridhedge.domain.values import Millis
from gridhedge.store.codec import decode_open, encode_open
from gridhedge.store.files import atomic_write, disk_failure

__all__ = ["StatusFile", "read_status"]

_T = TypeVar("_T")
_INTERVAL_MS = 1000


class StatusFile:
    """Writes the newest status, at most once per second of the session's time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._next: Millis = 0

    def offer(self, now: Millis, status: tuple[Any, ...]) -> bool:
        """Write it unless the last one is younger than a second; whether it was written. Raises DiskFailure."""
        if now < self._next:
            return False
        self._next = now + _INTERVAL_MS
        atomic_write(self._path, encode_open(status).encode(), durable=False)
        return True


def read_status(path: Path, kind: type[_T]) -> _T | None:
    """The last status written, however old; None when there is none, or a power cut tore it. Raises DiskFailure."""
    try:
        return decode_open(kind, path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    except OSError as error:
        raise disk_failure(path, error) from error
