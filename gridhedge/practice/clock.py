"""The wall clock, which clients sign with, and the exchange's own time, which may run faster."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Callable

from gridhedge.domain.values import Millis

__all__ = ["Clock", "wall_ms"]

_SECONDS_END = 10**11
"""Larger stamps are milliseconds."""


def wall_ms() -> Millis:
    return time.time_ns() // 1_000_000


class Clock:
    """Maps the two times onto each other, piece by piece: every start and every jump begins a new piece.

    Most clients know the wall clock only, so that whatever happened at an exchange time is told in wall time; with
    ``tells_exchange_time`` it is told as it is, for clients that go by the venue's time. ``offset`` (ms) is added to
    all that clients see: a venue whose clock is wrong.
    """

    def __init__(
        self, speed: int = 1, wall: Callable[[], Millis] = wall_ms, *, tells_exchange_time: bool = False
    ) -> None:
        assert speed >= 1, "time on the exchange runs at least as fast as on the wall"
        self.speed = speed
        self.tells_exchange_time = tells_exchange_time
        self.offset: Millis = 0
        self._wall = wall
        self.pieces: list[tuple[Millis, Millis]] = []
        """(wall time, exchange time) at the beginning of each piece; both only grow."""

    def begin(self, at: Millis) -> tuple[Millis, Millis]:
        """The exchange stands at ``at`` now and goes on from there; returns the new piece."""
        wall = self._wall()
        if self.pieces:
            assert at > self.pieces[-1][1], "exchange time never goes back"
            wall = max(wall, self.pieces[-1][0])
        self.pieces.append((wall, at))
        return self.pieces[-1]

    def now(self) -> Millis:
        """The time that clients are told."""
        told = self.due() if self.tells_exchange_time and self.pieces else self._wall()
        return told + self.offset

    def beside(self, stamp: object) -> Millis:
        """The present on the clock that a client has signed by, to be compared with its ``stamp`` (ms or s, as text
        or number): where exchange time is told, the wall's or that, as far from the stamp as time has really passed."""
        now = self.now()
        if not self.tells_exchange_time or not str(stamp).isdecimal():
            return now
        signed = int(str(stamp))
        signed *= 1 if signed > _SECONDS_END else 1000
        wall = self._wall() + self.offset
        return wall if abs(wall - signed) < abs(now - signed) else signed + (now - signed) // self.speed

    def due(self) -> Millis:
        """The exchange time that the wall clock asks for."""
        wall, at = self.pieces[-1]
        return at + max(0, self._wall() - wall) * self.speed

    def shown(self, at: Millis) -> Millis:
        """What clients are told of an exchange time. Times before the first piece count on at its speed."""
        if self.tells_exchange_time:
            return at + self.offset
        index = max(0, bisect_right(self.pieces, at, key=lambda piece: piece[1]) - 1)
        wall, begun = self.pieces[index]
        wall += (at - begun) // self.speed
        if index + 1 < len(self.pieces):
            wall = min(wall, self.pieces[index + 1][0])
        return wall + self.offset
