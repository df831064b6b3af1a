"""The wall clock, which clients sign with, and the exchange's own time, which may run faster."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Callable

from gridhedge.domain.values import Millis

__all__ = ["Clock", "wall_ms"]


def wall_ms() -> Millis:
    return time.time_ns() // 1_000_000


class Clock:
    """Maps the two times onto each other, piece by piece: every start and every jump begins a new piece.

    Clients know the wall clock only, so that whatever happened at an exchange time is told in wall time. ``offset``
    (ms) is added to all that clients see: a venue whose clock is wrong.
    """

    def __init__(self, speed: int = 1, wall: Callable[[], Millis] = wall_ms) -> None:
        assert speed >= 1, "time on the exchange runs at least as fast as on the wall"
        self.speed = speed
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
        return self._wall() + self.offset

    def due(self) -> Millis:
        """The exchange time that the wall clock asks for."""
        wall, at = self.pieces[-1]
        return at + max(0, self._wall() - wall) * self.speed

    def shown(self, at: Millis) -> Millis:
        """What clients are told of an exchange time. Times before the first piece count on at its speed."""
        index = max(0, bisect_right(self.pieces, at, key=lambda piece: piece[1]) - 1)
        wall, begun = self.pieces[index]
        wall += (at - begun) // self.speed
        if index + 1 < len(self.pieces):
            wall = min(wall, self.pieces[index + 1][0])
        return wall + self.offset
