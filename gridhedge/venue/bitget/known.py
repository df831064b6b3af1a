"""Which leg an order belongs to, by Bitget's order id: rows about executions do not always tell."""

from __future__ import annotations

import threading

from gridhedge.domain.account import OrderRecord
from gridhedge.venue.bitget.parse import Leg, leg_of

__all__ = ["KnownOrders"]

_MOST = 20_000


class KnownOrders:
    """Learns from the session's thread and from the stream's. The oldest are forgotten."""

    def __init__(self) -> None:
        self._legs: dict[str, Leg] = {}
        self._lock = threading.Lock()

    def learn(self, record: OrderRecord) -> OrderRecord:
        """Remember the order of a record, and hand the record back."""
        self.put(record.venue_id, leg_of(record))
        return record

    def put(self, venue_id: str, leg: Leg) -> None:
        with self._lock:
            self._legs[venue_id] = leg
            if len(self._legs) > _MOST:
                del self._legs[next(iter(self._legs))]

    def get(self, venue_id: object) -> Leg | None:
        with self._lock:
            return self._legs.get(venue_id) if isinstance(venue_id, str) else None
