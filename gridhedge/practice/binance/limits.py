"""Request weight per address and orders per account, in windows that begin at multiples of their length."""

from __future__ import annotations

from gridhedge.domain.values import Millis
from gridhedge.practice.binance.answers import Answer

__all__ = ["ORDERS", "WEIGHT", "Limits"]

WEIGHT = 2400
"""Per minute and address."""
ORDERS: dict[str, tuple[Millis, int]] = {"10S": (10_000, 300), "1M": (60_000, 1200)}
"""Length and cap by the name of the window."""
_MINUTE: Millis = 60_000


class Limits:
    """Counts; when it is too much, it raises the venue's Answer."""

    def __init__(self) -> None:
        self._used: dict[tuple[str, str], tuple[int, int]] = {}
        """By who and window: the window's number, and what is used of it."""

    def weigh(self, weight: int, now: Millis) -> dict[str, str]:
        """Add a request's weight; returns the header that tells it. Answer -1003 with status 429."""
        used = self._count("ip", "1M", _MINUTE, weight, now)
        if used > WEIGHT:
            text = f"Too many requests; current limit of IP(127.0.0.1) is {WEIGHT} requests per minute."
            raise Answer(-1003, text, 429, _left(_MINUTE, now))
        return {"X-MBX-USED-WEIGHT-1M": str(used)}

    def order(self, key: str, count: int, now: Millis) -> dict[str, str]:
        """Add orders of an account; returns the headers that tell it. Answer -1015 with status 429."""
        headers = {}
        for name, (length, cap) in ORDERS.items():
            used = self._count(key, name, length, count, now)
            if used > cap:
                text = f"Too many new orders; current limit is {cap} orders per {length // 1000}SECOND."
                raise Answer(-1015, text, 429, _left(length, now))
            headers[f"X-MBX-ORDER-COUNT-{name}"] = str(used)
        return headers

    def _count(self, who: str, name: str, length: Millis, count: int, now: Millis) -> int:
        number, used = self._used.get((who, name), (0, 0))
        if number != now // length:
            number, used = now // length, 0
        self._used[who, name] = number, used + count
        return used + count


def _left(length: Millis, now: Millis) -> int:
    return (length - now % length) // 1000 + 1
