"""Stops and the orders that they become. Bitget pushes both, and says in neither which belongs to which.

A triggered stop becomes a market order under an id of Bitget's own. So a closing order that nobody here has sent, on a
side where a stop of ours waits, is kept for a moment: until the stop is told as triggered, and then it is the stop's;
or until it is clear that it was somebody's hand.
"""

from __future__ import annotations

import threading
from typing import Literal, NamedTuple, TypeAlias

from gridhedge.domain.events import OrderUpdate
from gridhedge.domain.order import OrderState, Reject
from gridhedge.domain.values import ZERO, Millis, Price, Quantity, Side
from gridhedge.venue.fields import Row

__all__ = ["Children", "Phase", "Stop", "StopNews", "Stops"]

_PATIENCE_MS = 1_000
_MOST = 1_000

Phase: TypeAlias = Literal["waits", "fired", "cancelled", "failed"]
_Leg: TypeAlias = tuple[str, Side]


class StopNews(NamedTuple):
    """A pushed row about a stop."""

    client_id: str
    venue_id: str
    phase: Phase
    at: Millis


class Stop(NamedTuple):
    """A stop as it was wanted, or listed."""

    client_id: str
    symbol: str
    side: Side
    trigger: Price
    quantity: Quantity

    @property
    def leg(self) -> _Leg:
        return self.symbol, self.side

    def update(self, news: StopNews) -> OrderUpdate:
        """What is told of it while it is not an order of the market."""
        failed = news.phase == "failed"
        return OrderUpdate(
            self.symbol, self.client_id, news.venue_id,
            OrderState.WORKING if news.phase == "waits" else OrderState.CANCELLED,
            self.trigger, self.quantity, ZERO, news.at,
            Reject.OTHER if failed else None, "Bitget could not carry the stop out" if failed else "",
        )  # fmt: skip


class Stops:
    """Ours that wait. Learns from the session's thread and from the stream's. Of those that have ended only the names
    are kept, and the oldest are forgotten."""

    def __init__(self) -> None:
        self._waiting: dict[str, Stop] = {}
        self._ended: dict[str, None] = {}
        self._lock = threading.Lock()

    def learn(self, stop: Stop) -> None:
        with self._lock:
            if stop.client_id not in self._ended:
                self._waiting[stop.client_id] = stop

    def forget(self, client_id: str) -> None:
        """It has ended, or was never taken."""
        with self._lock:
            if self._waiting.pop(client_id, None) is not None:
                self._ended[client_id] = None
                if len(self._ended) > _MOST:
                    del self._ended[next(iter(self._ended))]

    def get(self, client_id: str) -> Stop | None:
        with self._lock:
            return self._waiting.get(client_id)

    def has_ended(self, client_id: str) -> bool:
        with self._lock:
            return client_id in self._ended

    def on(self, symbol: str, side: Side) -> bool:
        """Whether one waits on this leg."""
        with self._lock:
            return any(stop.leg == (symbol, side) for stop in self._waiting.values())


class Children:
    """Closing orders that may be those of a stop, and stops whose order has not come yet."""

    def __init__(self) -> None:
        self._kept: dict[_Leg, tuple[Millis, dict[str, list[Row]]]] = {}
        self._fired: dict[_Leg, tuple[Millis, Stop]] = {}

    def keep(self, leg: _Leg, order: str, item: Row, now: Millis) -> None:
        self._kept.setdefault(leg, (now + _PATIENCE_MS, {}))[1].setdefault(order, []).append(item)

    def fired(self, stop: Stop, now: Millis) -> None:
        self._fired.setdefault(stop.leg, (now + _PATIENCE_MS, stop))

    def match(self, leg: _Leg) -> tuple[Stop, str, list[Row]] | None:
        """A stop that was triggered, and what has been told of its order: the newest one that was kept."""
        if leg not in self._fired or leg not in self._kept:
            return None
        orders = self._kept[leg][1]
        order, items = orders.popitem()
        if not orders:
            del self._kept[leg]
        return self._fired.pop(leg)[1], order, items

    def next_due(self) -> Millis | None:
        dues = [*(due for due, _ in self._kept.values()), *(due for due, _ in self._fired.values())]
        return min(dues, default=None)

    def overdue(self, now: Millis) -> tuple[list[Row], int]:
        """What was kept for too long, so that it was somebody's hand; and how many stops wait in vain for an order."""
        late = [leg for leg, (due, _) in self._kept.items() if due <= now]
        items = [item for leg in late for rows in self._kept.pop(leg)[1].values() for item in rows]
        vain = [leg for leg, (due, _) in self._fired.items() if due <= now]
        for leg in vain:
            del self._fired[leg]
        return items, len(vain)
