"""When a market is closed: as long as the venue says, or asked again less and less often until it is open."""

from __future__ import annotations

from gridhedge.domain.values import Millis

__all__ = ["Hours"]

_FIRST_PAUSE_MS = 60_000
_LONGEST_PAUSE_MS = 16 * _FIRST_PAUSE_MS
"""What is closed is a break of the day, too: nobody should miss much of the hour after one."""


class Hours:
    """One symbol's. It is open until a request is refused."""

    __slots__ = ("_asked", "_pause", "closed_until", "is_closed")

    def __init__(self) -> None:
        self.is_closed = False
        self.closed_until: Millis = 0
        """Nothing is asked before."""
        self._asked: Millis = 0
        """When it was found closed last."""
        self._pause = _FIRST_PAUSE_MS

    def close(self, now: Millis, opens: Millis) -> bool:
        """A request has been refused; ``opens``: when the venue says that the market does, 0 where it does not say.
        True if that is news."""
        if now < self.closed_until:
            return False
        is_news, self.is_closed, self._asked = not self.is_closed, True, now
        self.closed_until = opens or now + self._pause
        self._pause = min(2 * self._pause, _LONGEST_PAUSE_MS)
        return is_news

    def open(self, at: Millis) -> bool:
        """An order was taken, or has executed. True if that is news: what was before it closed may be told late."""
        if not self.is_closed or at < self._asked:
            return False
        self.is_closed, self.closed_until, self._pause = False, 0, _FIRST_PAUSE_MS
        return True
