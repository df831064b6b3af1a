"""Rate limits: per account and endpoint, a rolling second."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from gridhedge.domain.values import Millis

__all__ = ["Budget", "Limits"]

_SECOND_MS = 1000


class Budget(NamedTuple):
    """What is left of a limit after a request. ``allowed``: how many of the request's orders fit."""

    limit: int
    left: int
    allowed: int
    resets: Millis

    def headers(self) -> dict[str, str]:
        """The three headers by which clients pace themselves."""
        return {
            "X-Bapi-Limit": str(self.limit),
            "X-Bapi-Limit-Status": str(self.left),
            "X-Bapi-Limit-Reset-Timestamp": str(self.resets),
        }


class Limits:
    def __init__(self) -> None:
        self._spent: dict[tuple[str, str], deque[Millis]] = {}

    def spend(self, key: str, path: str, limit: int, cost: int, now: Millis) -> Budget:
        """Take ``cost`` from the account's budget of an endpoint, as far as it goes."""
        spent = self._spent.setdefault((key, path), deque())
        while spent and spent[0] <= now - _SECOND_MS:
            spent.popleft()
        allowed = min(cost, limit - len(spent))
        spent.extend([now] * allowed)
        resets = spent[0] + _SECOND_MS if allowed < cost and spent else now
        return Budget(limit, limit - len(spent), allowed, resets)
