"""Bitget's request budget: so many requests per second and endpoint, counted here before they are counted there."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from gridhedge.domain.values import Millis

__all__ = ["Limits"]

_WINDOW_MS = 1_050
"""Bitget's window is one second; requests do not all travel equally fast."""
_DEFAULT = 10
_PER_SECOND = {
    "v2/mix/order/batch-place-order": 5,
    "v2/mix/position/all-position": 5,
    "v2/mix/account/set-leverage": 5,
    "v2/mix/account/set-margin-mode": 5,
    "v2/mix/account/set-position-mode": 5,
    "v2/spot/account/info": 1,
    "v3/trade/place-batch": 5,
    "v3/trade/cancel-batch": 5,
    "v3/account/info": 5,
    "v3/account/fee-rate": 3,
}
"""Documented limits per account; where ten or more are allowed, ten are used."""


class Limits:
    """The rolling windows of the endpoints. A batch counts once."""

    def __init__(self, local: Callable[[], Millis]) -> None:
        self._local = local
        self._sent: dict[str, deque[Millis]] = {}

    def wait_ms(self, path: str) -> Millis:
        """How long until the next request may leave; 0 for now."""
        now, sent = self._local(), self._sent.setdefault(path, deque())
        while sent and sent[0] + _WINDOW_MS <= now:
            sent.popleft()
        return 0 if len(sent) < _PER_SECOND.get(path, _DEFAULT) else sent[0] + _WINDOW_MS - now

    def took(self, path: str) -> None:
        """A request leaves now."""
        self._sent.setdefault(path, deque()).append(self._local())
