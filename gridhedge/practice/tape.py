"""The public record of one symbol: one-minute bars and the last trades, up to the exchange's present."""

from __future__ import annotations

from collections import deque
from math import inf
from typing import NamedTuple

from gridhedge.domain.values import ZERO, Millis, Price, Quantity
from gridhedge.practice.prices import Past
from gridhedge.venue.paper.feed import Feed

__all__ = ["Bar", "Print", "Tape"]

MINUTE: Millis = 60_000
DAY: Millis = 86_400_000
WEEK: Millis = 7 * DAY
_MONDAY: Millis = 4 * DAY
"""1970-01-05, the first Monday."""
_KEPT_PRINTS = 1000


class Bar(NamedTuple):
    """Prices of one interval that opens at ``start`` (ms, exchange time)."""

    start: Millis
    open: Price
    high: Price
    low: Price
    close: Price
    volume: Quantity


class Print(NamedTuple):
    """One public trade. ``rises``: the buyer was the taker."""

    number: int
    at: Millis
    price: Price
    rises: bool


class Tape:
    """Follows a feed of its own, twin of the one that is traded on; without one it is shown the price now and then."""

    def __init__(self, begin: Millis, price: Price, feed: Feed | None = None, past: Past | None = None) -> None:
        self._feed = feed
        self._past = past
        self._bars: list[list[Price]] = []
        """Open, high, low, close by minute, without gaps, from ``_first`` on."""
        self._first = begin // MINUTE * MINUTE
        self._begin = begin
        self.at = begin
        self.prints: deque[Print] = deque(maxlen=_KEPT_PRINTS)
        self.printed = 0
        """Counts all trades."""
        self._day: tuple[Millis, Bar, Price] | None = None
        self._see(begin, price)

    @property
    def first(self) -> Millis:
        """When the first minute opens that is on the tape itself (the recorded past may reach further back)."""
        return self._first

    def reach(self, at: Millis, price: Price) -> None:
        """Time has come to ``at``; ``price`` counts where the tape has no feed of its own."""
        feed = self._feed
        if feed is not None:
            while (leg := feed.seek(inf, -inf, at)) is not None:
                if leg.ends > at:
                    break
                feed.move(leg, leg.ends, leg.target)
                self._see(leg.ends, leg.target)
            feed.pass_to(at)
            price = feed.price
        self._see(at, price)
        self.at = at

    def _see(self, at: Millis, price: Price) -> None:
        minute = (at - self._first) // MINUTE
        bars = self._bars
        if not bars:
            bars.append([price] * 4)
        while len(bars) <= minute:
            bars.append([bars[-1][3]] * 4)
        bar = bars[-1]
        if price == bar[3] and self.prints:
            return
        rises = price >= bar[3]
        bar[1], bar[2], bar[3] = max(bar[1], price), min(bar[2], price), price
        self.printed += 1
        self.prints.append(Print(self.printed, at, price, rises))

    # ---- candles -----------------------------------------------------------------------------------------------------

    def bars(self, interval: Millis, first: Millis, last: Millis, limit: int) -> list[Bar]:
        """Bars that open in [first, last], newest first, at most ``limit``; the newest may still be forming."""
        found: list[Bar] = []
        start = opening(interval, min(last, self.at))
        oldest = self._oldest()
        while start >= first and start + interval > oldest and len(found) < limit:
            bar = self._bar(start, interval)
            if bar is not None:
                found.append(bar)
            start -= interval
        return found

    def _oldest(self) -> Millis:
        return self._first if self._past is None else min(self._past.first, self._first)

    def _bar(self, start: Millis, interval: Millis) -> Bar | None:
        end = start + interval
        past = self._past
        parts: list[Bar] = []
        if past is not None and interval % past.interval == 0:
            # Whole recorded candles bring their volume; the minutes after the last whole one come from the tape.
            known = self.at // past.interval * past.interval
            parts = [Bar(*row) for row in past.rows(start, min(end, known))]
            start = max(start, known)
        parts += self._minutes(start, end)
        if not parts:
            return None
        return Bar(
            end - interval,
            parts[0].open,
            max(part.high for part in parts),
            min(part.low for part in parts),
            parts[-1].close,
            sum((part.volume for part in parts), ZERO),
        )

    def _minutes(self, start: Millis, end: Millis) -> list[Bar]:
        index = max(0, (start - self._first) // MINUTE)
        stop = min(len(self._bars), max(0, (end - self._first) // MINUTE))
        if start > self.at:
            return []
        bars = self._bars
        return [Bar._make((self._first + number * MINUTE, *bars[number], ZERO)) for number in range(index, stop)]

    def day(self) -> tuple[Bar, Price]:
        """The last 24 hours as one bar, and the price an hour ago. Reckoned once a minute, then kept up to date."""
        minute = self.at // MINUTE
        if self._day is None or self._day[0] != minute:
            bars = self.bars(60 * MINUTE, self.at - DAY, self.at, 25)
            volume = sum((bar.volume for bar in bars), ZERO)
            high, low = max(bar.high for bar in bars), min(bar.low for bar in bars)
            whole = Bar(bars[-1].start, bars[-1].open, high, low, bars[0].close, volume)
            self._day = minute, whole, bars[min(1, len(bars) - 1)].open
        _, whole, hour = self._day
        _, high, low, close = self._bars[-1]
        return whole._replace(high=max(whole.high, high), low=min(whole.low, low), close=close), hour


def opening(interval: Millis, at: Millis) -> Millis:
    """When the bar opens in which ``at`` lies: weeks begin on Mondays, all else at multiples of the interval."""
    shift = _MONDAY if interval == WEEK else 0
    return (at - shift) // interval * interval + shift
