"""A venue's time, from what its answers say."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from gridhedge.domain.values import Millis
from gridhedge.engine.ports import Check

__all__ = ["ServerClock", "clock_check", "monotonic_ms", "wall_ms"]

_BUCKET_MS = 300_000
_MOST_SKEW_MS = 500
_DAY_MS = 86_400_000


def monotonic_ms() -> Millis:
    return time.monotonic_ns() // 1_000_000


def wall_ms() -> Millis:
    return time.time_ns() // 1_000_000


def clock_check(
    ask: Callable[[], Millis], venue: str, *, is_practice: bool, wall: Callable[[], Millis] = wall_ms
) -> Check:
    """A line of the readiness table: whether this machine's clock is off. ``ask`` gets the venue's time, which was read
    at some moment until the answer came: a slow answer is no clock that is off. A practice exchange may keep the time
    of its data, which is another day's; a real one never does."""
    before, at, after = wall(), ask(), wall()
    least, most = before - at, after - at
    if least <= _MOST_SKEW_MS and most >= -_MOST_SKEW_MS:
        return Check("clock", True, f"this machine's clock agrees with {venue}'s within {max(-least, most)} ms")
    skew = (least + most) // 2
    if is_practice and abs(skew) > _DAY_MS:
        return Check("clock", None, f"this {venue}, of this machine, keeps the time of its data")
    where = "ahead of" if skew > 0 else "behind"
    remedy = "set it by NTP (for example: timedatectl set-ntp true)"
    return Check("clock", False, f"this machine's clock is {abs(skew) / 1000:.1f} s {where} {venue}'s: {remedy}")


class ServerClock:
    """The session's clock: never ahead of the venue's (by more than this machine drifts in minutes), never decreasing.

    A stamp is older than the moment at which it is seen, so the largest difference between stamps and our own
    (monotonic) time is the best that can be known; differences older than two spans of five minutes are forgotten.
    This machine's wall clock, and its jumps, play no part.
    """

    def __init__(self, local: Callable[[], Millis] = monotonic_ms, begin: Callable[[], Millis] = wall_ms) -> None:
        self._local = local
        self._lock = threading.Lock()
        self._shown: Millis = 0
        self._until = local() + _BUCKET_MS
        self._best: Millis | None = None
        self._before: Millis = begin() - local()

    def now(self) -> Millis:
        with self._lock:
            self._shown = max(self._shown, self._local() + self._offset())
            return self._shown

    def answered(self, stamp: Millis) -> None:
        """The time in an answer that has just come. The first one replaces this machine's own guess, backwards
        too: whatever was asked before it went by the guess."""
        with self._lock:
            local = self._local()
            offset = stamp - local
            if self._best is None:
                self._best = self._before = offset
                self._shown = 0
            elif local >= self._until:
                self._before, self._best = self._best, offset
                self._until = local + _BUCKET_MS
            else:
                self._best = max(self._best, offset)

    def _offset(self) -> Millis:
        return self._before if self._best is None else max(self._best, self._before)
