"""Days and hours in the account's time zone. Pure: the moment is handed in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from gridhedge.domain.values import Millis

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE_MS: Millis = 60_000
_STEP_MS = 900_000
"""Zones differ from UTC by quarters of an hour: within one of them the day is the same."""


class Day(NamedTuple):
    """A calendar day: from ``begins`` to before ``ends``. Where clocks are changed it has 23 or 25 hours."""

    begins: Millis
    ends: Millis


def day_at(zone: str, at: Millis) -> Day:
    """The day of a moment."""
    return _day(zone, at // _STEP_MS)


def next_minute(at: Millis) -> Millis:
    """The close of the one-minute candle that is under way at ``at``."""
    return (at // _MINUTE_MS + 1) * _MINUTE_MS


@lru_cache(maxsize=64)
def _day(zone: str, step: int) -> Day:
    midnight = _local(zone, step * _STEP_MS).replace(hour=0, minute=0, fold=0)
    return Day(_millis(midnight), _millis(midnight + timedelta(days=1)))


class Hours(NamedTuple):
    """The part of each day from ``start`` to before ``finish`` (minutes after midnight); it may pass midnight. Equal
    ends mean the whole day."""

    zone: str
    start: int
    finish: int

    def are_open(self, at: Millis) -> bool:
        """Whether the moment lies in it."""
        local = _local(self.zone, at)
        minute = local.hour * 60 + local.minute
        if self.start < self.finish:
            return self.start <= minute < self.finish
        return self.start == self.finish or minute >= self.start or minute < self.finish

    def next_start(self, at: Millis) -> Millis:
        """When they begin next, after ``at``. On a day without that minute (clocks go forward), at the next quarter."""
        midnight = _local(self.zone, at).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        starts = (midnight + timedelta(days=days, minutes=self.start) for days in range(3))
        return next(start for start in map(_millis, starts) if start > at)


def minutes_of(text: str) -> int:
    """``08:30`` is 510."""
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)


def _local(zone: str, at: Millis) -> datetime:
    return (_EPOCH + timedelta(milliseconds=at)).astimezone(ZoneInfo(zone))


def _millis(moment: datetime) -> Millis:
    return (moment - _EPOCH) // timedelta(milliseconds=1)
