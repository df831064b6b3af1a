"""When a market trades: the forex week, from Sunday to Friday 17:00 in New York, and the rollovers in it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Protocol

from gridhedge.domain.values import Millis

__all__ = ["DAY_MS", "MINUTE_MS", "ForexWeek", "Hours", "rollover_after"]

MINUTE_MS: Millis = 60_000
_HOUR_MS: Millis = 60 * MINUTE_MS
DAY_MS: Millis = 24 * _HOUR_MS
_EPOCH = date(1970, 1, 1)
_CLOSE_HOUR = 17
_FRIDAY, _SUNDAY = 4, 6
_NIGHTS = (1, 1, 3, 1, 1)
"""Nights that a rollover stands for, Monday to Friday: Wednesday's also counts for the weekend."""


class Hours(Protocol):
    def opens(self, at: Millis) -> Millis:
        """``at`` itself where the market is open then, else the moment at which it opens."""


class ForexWeek:
    """Open from Sunday 17:00 to Friday 17:00, New York (21:00 UTC in summer, 22:00 in winter)."""

    def opens(self, at: Millis) -> Millis:
        today = _EPOCH + timedelta(days=at // DAY_MS)
        friday = today - timedelta(days=(today.weekday() - _FRIDAY) % 7)
        opens = _close_of(friday + timedelta(days=2))
        return opens if _close_of(friday) <= at < opens else at


def rollover_after(at: Millis) -> tuple[Millis, int]:
    """The first rollover later than ``at``, and how many nights it stands for."""
    day = _EPOCH + timedelta(days=at // DAY_MS)
    while day.weekday() > _FRIDAY or _close_of(day) <= at:
        day += timedelta(days=1)
    return _close_of(day), _NIGHTS[day.weekday()]


def _close_of(day: date) -> Millis:
    """17:00 in New York of a day. Summer time: second Sunday of March to first Sunday of November."""
    begins = _sunday(date(day.year, 3, 8))
    ends = _sunday(date(day.year, 11, 1))
    behind = 4 if begins <= day < ends else 5
    return (day - _EPOCH).days * DAY_MS + (_CLOSE_HOUR + behind) * _HOUR_MS


def _sunday(day: date) -> date:
    """The first Sunday at or after a day."""
    return day + timedelta(days=(_SUNDAY - day.weekday()) % 7)
