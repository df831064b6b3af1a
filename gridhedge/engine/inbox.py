"""The only door from venue threads into the session."""

from __future__ import annotations

from collections import deque

from gridhedge.domain.events import Seen


class DequeInbox:
    """``put`` may be called from any thread (appending to a deque is atomic), ``drain`` from the session's."""

    __slots__ = ("_waiting", "put")

    def __init__(self) -> None:
        self._waiting: deque[Seen] = deque()
        self.put = self._waiting.append

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def drain(self) -> list[Seen]:
        waiting = self._waiting
        return [waiting.popleft() for _ in range(len(waiting))]
