"""Listen keys: who may listen to which account, and for how long."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from gridhedge.domain.values import Millis
from gridhedge.practice.binance.answers import Answer
from gridhedge.practice.desk import Desk

__all__ = ["ListenKeys"]

_HOUR: Millis = 3_600_000


class ListenKeys:
    """One active key per account. Asking for it, and keeping it alive, lets it live for another hour."""

    def __init__(self, desks: Mapping[str, Desk], begun: Millis) -> None:
        self._desks = desks
        self._begun = begun
        self._made = 0
        self._active: dict[str, tuple[str, Millis]] = {}
        """Listen key and its end, by account."""

    def ask(self, desk: Desk, now: Millis) -> str:
        """The account's active key; a new one if there is none."""
        key, _ = self._active.get(desk.key, ("", 0))
        if not key:
            self._made += 1
            seed = f"{desk.key}/{self._begun}/{self._made}".encode()
            key = hashlib.blake2b(seed, digest_size=32).hexdigest()
        self._active[desk.key] = key, now + _HOUR
        return key

    def keep(self, desk: Desk, now: Millis) -> str:
        """Answer -1125 where there is none."""
        if desk.key not in self._active:
            raise Answer(-1125, "This listenKey does not exist.")
        return self.ask(desk, now)

    def close(self, desk: Desk) -> None:
        self._active.pop(desk.key, None)

    def desk(self, key: str) -> Desk | None:
        """The account that a listen key belongs to, as long as it lives."""
        return next((self._desks[name] for name, (active, _) in self._active.items() if active == key), None)

    def expired(self, now: Millis, all_of_them: bool) -> list[tuple[Desk, str]]:
        """Keys whose time has come (or all), which are dead from now on."""
        over = [(name, key) for name, (key, end) in self._active.items() if all_of_them or end <= now]
        for name, _ in over:
            del self._active[name]
        return [(self._desks[name], key) for name, key in over]
