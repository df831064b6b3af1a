"""Reads a profile again when its file has changed, in a thread of its own: a slow disk must not stop the trading."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TypeAlias

from gridhedge.domain.errors import UsageError
from gridhedge.profile.settings import Profile

__all__ = ["News", "ProfileWatch"]

News: TypeAlias = Profile | UsageError
"""The profile as it is now, or what is wrong with the file."""

_LOOK_SECONDS = 2.0
_Stamp: TypeAlias = tuple[int, int, int, int] | None


class ProfileWatch:
    """Looks at a file every few seconds and reads it once it has stayed the same from one look to the next: half a
    file may be a valid profile, too. ``read`` opens and checks it as at the start. The first news is the file as it
    is found, so that no edit between start and first look is lost.
    """

    def __init__(self, path: Path, read: Callable[[], Profile], every_s: float = _LOOK_SECONDS) -> None:
        self._path = path.absolute()
        self._read = read
        self._every_s = every_s
        self._stop = threading.Event()
        self._told: SimpleQueue[News] = SimpleQueue()
        self._thread = threading.Thread(target=self._watch, name=f"watch {path.name}", daemon=True)
        self._thread.start()

    def news(self) -> News | None:
        """The latest that has not been taken yet; returns at once."""
        latest: News | None = None
        with suppress(Empty):
            while True:
                latest = self._told.get_nowait()
        return latest

    def close(self) -> None:
        """End, without waiting for a disk that hangs."""
        self._stop.set()
        self._thread.join(timeout=1)

    def _watch(self) -> None:
        before: _Stamp = None
        known: tuple[_Stamp] | None = None
        """What was read last."""
        is_first = True
        while not self._stop.wait(0 if is_first else self._every_s):
            stamp = self._stamp()
            if not is_first and stamp == before and known != (stamp,):
                news = self._news()
                if self._stamp() == stamp:
                    known = (stamp,)
                    self._told.put(news)
            before, is_first = stamp, False

    def _stamp(self) -> _Stamp:
        """What changes whenever somebody writes the file; None while there is none."""
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns

    def _news(self) -> News:
        try:
            return self._read()
        except UsageError as error:
            return error
        except Exception as error:
            return UsageError(f"{self._path}: can not be read ({type(error).__name__}: {error})")
