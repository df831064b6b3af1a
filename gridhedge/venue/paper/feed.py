"""What moves the price: a path of legs. Recorded ticks, a script, or (elsewhere) candles and a synthetic walk.

A leg either jumps (the prices in between are never seen) or runs evenly from one price to the other. Feeds are asked
for the next leg that reaches a bound, so that a long quiet stretch costs one question.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import ROUND_DOWN, Decimal
from typing import Any, NamedTuple, Protocol, TypeAlias

from gridhedge.domain.candles import Candles, Timeframe
from gridhedge.domain.errors import UsageError
from gridhedge.domain.values import Millis, Price
from gridhedge.venue.paper.bars import Bars

__all__ = ["Cursor", "Feed", "Leg", "PointFeed", "ScriptedFeed", "TickFeed", "price_at", "time_of"]

Cursor: TypeAlias = dict[str, Any]
"""The position of a feed as plain JSON values."""


class Leg(NamedTuple):
    """One straight piece of the path. ``number`` grows along the path; a jump has ``begins == ends``."""

    number: int
    begins: Millis
    ends: Millis
    origin: Price
    target: Price
    jump: bool


class Feed(Protocol):
    """A price that can be moved along its path and never backwards."""

    at: Millis
    price: Price
    end: Millis | None
    """The last moment of the data; None where it goes on for ever."""

    @property
    def number(self) -> int:
        """The number of the leg under way, or of the last one when it is over."""

    def seek(self, below: float, above: float, until: Millis) -> Leg | None:
        """The next leg beginning at ``until`` or before whose target is ``<= below`` or ``>= above``. Moves nothing.

        Bounds are floats: those of two different decimals of at most 15 digits differ, so comparing stays exact.
        """

    def move(self, leg: Leg, at: Millis, price: Price) -> None:
        """Go to a point on a leg that ``seek`` returned."""

    def pass_to(self, until: Millis) -> None:
        """Go to where the path is at ``until``."""

    def candles(self, timeframe: Timeframe, limit: int) -> Candles:
        """The last whole candles of the path that have closed by ``at``, oldest first."""

    def cursor(self) -> Cursor: ...

    def restore(self, cursor: Cursor) -> None: ...


def price_at(leg: Leg, at: Millis) -> Price:
    """The price on a running leg at a moment, cut towards the origin at the digits of its two ends."""
    if at >= leg.ends:
        return leg.target
    way = leg.target - leg.origin
    moved = (way * (at - leg.begins) / (leg.ends - leg.begins)).quantize(way, ROUND_DOWN)
    return leg.origin + moved


def time_of(leg: Leg, price: Price) -> Millis:
    """The millisecond in which a leg meets a price between its ends."""
    if leg.jump or price == leg.target:
        return leg.ends
    return leg.begins + int((leg.ends - leg.begins) * (price - leg.origin) / (leg.target - leg.origin))


class _Point(NamedTuple):
    at: Millis
    price: Price
    size: float


class PointFeed:
    """A price that jumps from point to point and holds the last one in between."""

    end: Millis | None = None

    def __init__(self, at: Millis, price: Price) -> None:
        self.at = at
        self.price = price
        self._points: list[_Point] = []
        self._next = 0
        """The first point that has not been reached yet."""
        self._number = 0
        """How many points have been left behind before ``_points[0]``."""
        self._bars: dict[Timeframe, Bars] = {}
        """Candles of the timeframes that have been asked for."""

    @property
    def number(self) -> int:
        return self._number + self._next - 1

    def seek(self, below: float, above: float, until: Millis) -> Leg | None:
        index = self._next
        while True:
            if index == len(self._points) and not self._extend():
                return None
            point = self._points[index]
            if point.at > until:
                return None
            if point.size <= below or point.size >= above:
                return Leg(self._number + index, point.at, point.at, point.price, point.price, True)
            index += 1

    def move(self, leg: Leg, at: Millis, price: Price) -> None:
        self.at = at
        self.price = price
        passed = leg.number - self._number + 1
        for point in self._points[self._next : passed] if self._bars else ():
            self._chart(point)
        self._next = passed
        self._forget()

    def pass_to(self, until: Millis) -> None:
        while self._next < len(self._points) or self._extend():
            point = self._points[self._next]
            if point.at > until:
                break
            self.price = point.price
            self._next += 1
            self._chart(point)
        self.at = until
        self._forget()

    def candles(self, timeframe: Timeframe, limit: int) -> Candles:
        bars = self._bars.get(timeframe)
        if bars is None:
            bars = self._bars[timeframe] = self._charted(timeframe)
        return bars.closed(self.at, limit)

    def _charted(self, timeframe: Timeframe) -> Bars:
        """The candles of the path up to now: told from its beginning, where it can be walked again."""
        twin = self._again()
        if twin is None:
            return Bars(timeframe, self.at, float(self.price))
        bars = twin._bars[timeframe] = Bars(timeframe, twin.at, float(twin.price))
        twin.pass_to(self.at)
        return bars

    def _again(self) -> PointFeed | None:
        """A new feed of the same path, at its beginning; None where the path can not be walked twice."""
        return None

    def _chart(self, point: _Point) -> None:
        for bars in self._bars.values():
            bars.see(point.at, point.size)

    def cursor(self) -> Cursor:
        return {"at": self.at, "price": str(self.price), "reached": self._number + self._next}

    def restore(self, cursor: Cursor) -> None:
        """Only for a feed that holds the same points as the one whose cursor this is."""
        self.at = cursor["at"]
        self.price = Decimal(cursor["price"])
        while self._number + self._next < cursor["reached"]:
            if self._next == len(self._points) and not self._extend():
                break
            self._next += 1
        self._forget()

    def _add(self, at: Millis, price: Price) -> None:
        self._points.append(_Point(at, price, float(price)))

    def _extend(self) -> bool:
        """Make one more point, if there is one."""
        return False

    def _forget(self) -> None:
        """Drop the points left behind, now and then, so that memory stays bounded."""
        if self._next >= 1024:
            del self._points[: self._next]
            self._number += self._next
            self._next = 0


class ScriptedFeed(PointFeed):
    """Prices written down by hand; the last one holds for ever, and more may be added at any time."""

    def __init__(self, points: Iterable[tuple[Millis, Price]]) -> None:
        (at, price), *rest = points
        super().__init__(at, price)
        for point in rest:
            self.add(*point)

    def add(self, at: Millis, price: Price) -> None:
        """The price becomes ``price`` at ``at``, which must not lie before the last point."""
        last = self._points[-1].at if self._points else self.at
        assert at >= max(last, self.at), f"a scripted price at {at} would lie before {max(last, self.at)}"
        self._add(at, price)


class TickFeed(PointFeed):
    """Recorded ticks: times in ms, rising or equal, and prices as written by ``repr`` of a float."""

    def __init__(self, times: Sequence[Millis], prices: Sequence[float]) -> None:
        if len(times) == 0 or len(times) != len(prices):
            raise UsageError(f"a tick feed needs as many prices as times, at least one: {len(prices)} and {len(times)}")
        super().__init__(int(times[0]), Decimal(repr(float(prices[0]))))
        self.end = int(times[-1])
        self._times = times
        self._prices = prices
        self._made = 1

    def _again(self) -> TickFeed:
        return TickFeed(self._times, self._prices)

    def _extend(self) -> bool:
        if self._made == len(self._times):
            return False
        at, size = int(self._times[self._made]), float(self._prices[self._made])
        self._points.append(_Point(at, Decimal(repr(size)), size))
        self._made += 1
        return True
