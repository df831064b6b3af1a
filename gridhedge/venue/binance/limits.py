"""Binance's order budget: so many orders per ten seconds and per minute, counted here before they are counted there."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping

from gridhedge.domain.values import Millis

__all__ = ["Limits"]

_WINDOWS: Mapping[str, tuple[Millis, int]] = {"10S": (10_000, 300), "1M": (60_000, 1200)}
"""Length and cap by the suffix of ``X-MBX-ORDER-COUNT-``. Binance's windows begin at multiples of their length; a
rolling one of the same cap never exceeds them."""
_SLACK_MS = 50
"""Messages do not all travel equally fast."""


class _Window:
    __slots__ = ("cap", "length", "sent")

    def __init__(self, length: Millis, cap: int) -> None:
        self.length, self.cap = length + _SLACK_MS, cap
        self.sent: deque[Millis] = deque()

    def free(self, now: Millis) -> int:
        while self.sent and self.sent[0] + self.length <= now:
            self.sent.popleft()
        return max(self.cap - len(self.sent), 0)


class Limits:
    """Placing and amending count; cancelling does not. Items of a batch count singly."""

    def __init__(self, local: Callable[[], Millis]) -> None:
        self._local = local
        self._windows = {name: _Window(*window) for name, window in _WINDOWS.items()}

    def free(self) -> int:
        """How many may leave now."""
        now = self._local()
        return min(window.free(now) for window in self._windows.values())

    def wait_ms(self) -> Millis:
        """How long until the next one may leave."""
        now = self._local()
        full = [window for window in self._windows.values() if not window.free(now)]
        return max((window.sent[0] + window.length - now for window in full), default=0)

    def took(self, count: int) -> None:
        """So many leave now."""
        for window in self._windows.values():
            window.sent.extend([self._local()] * count)

    def told(self, name: str, used: int) -> None:
        """What a header says is used up in a window: another process may trade on the same account."""
        window, now = self._windows[name], self._local()
        missing = min(used, window.cap) - (window.cap - window.free(now))
        window.sent.extend([now] * max(missing, 0))
