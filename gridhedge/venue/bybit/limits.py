"""Bybit's order budget: so many orders per second and endpoint, counted here before they are counted there."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from gridhedge.domain.values import Millis

__all__ = ["Limits"]

_WINDOW_MS = 1_050
"""Bybit's window is one second; messages do not all travel equally fast."""
_DEFAULT = 10
_MOST = 1_000


class _Pool:
    __slots__ = ("cap", "sent")

    def __init__(self) -> None:
        self.cap = _DEFAULT
        self.sent: deque[Millis] = deque()

    def free(self, now: Millis) -> int:
        while self.sent and self.sent[0] + _WINDOW_MS <= now:
            self.sent.popleft()
        return max(self.cap - len(self.sent), 0)


class Limits:
    """The rolling windows of the endpoints. Items of a batch count singly."""

    def __init__(self, local: Callable[[], Millis]) -> None:
        self._local = local
        self._pools: dict[str, _Pool] = {}

    def free(self, pool: str) -> int:
        """How many may leave now."""
        return self._pool(pool).free(self._local())

    def wait_ms(self, pool: str) -> Millis:
        """How long until the next one may leave."""
        now = self._local()
        entry = self._pool(pool)
        return 0 if entry.free(now) or not entry.sent else entry.sent[0] + _WINDOW_MS - now

    def took(self, pool: str, count: int) -> None:
        """So many leave now."""
        self._pool(pool).sent.extend([self._local()] * count)

    def told(self, pool: str, cap: int, remaining: int) -> None:
        """What an answer's headers say: another process may use up the same budget."""
        entry = self._pool(pool)
        now = self._local()
        if 0 < cap <= _MOST:
            entry.cap = cap
        while entry.free(now) > max(remaining, 0):
            entry.sent.append(now)

    def _pool(self, pool: str) -> _Pool:
        return self._pools.setdefault(pool, _Pool())
