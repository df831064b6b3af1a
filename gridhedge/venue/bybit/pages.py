"""Reads lists that Bybit hands out in pages and in windows of time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gridhedge.domain.account import OrderRecord
from gridhedge.domain.events import Execution, Funding
from gridhedge.domain.values import Millis
from gridhedge.venue.bybit import parse
from gridhedge.venue.bybit.client import Client
from gridhedge.venue.fields import Malformed, Row, millis, rows

__all__ = ["bookings", "ended_orders", "pages"]

_WINDOW_MS = 7 * 24 * 3600 * 1000 - 1
_MOST_PAGES = 400


def pages(client: Client, method: str, **query: Any) -> Iterator[Row]:
    """All rows of a list. A cursor may stand on a last page too: an empty page or no cursor is the end.

    The cursor comes percent-encoded and is sent back as it came. Raises VenueError.
    """
    cursor: str | None = None
    for _ in range(_MOST_PAGES):
        result = client.read(method, **query, cursor=cursor).result
        page = rows(result, "list")
        yield from page
        following = result.get("nextPageCursor")
        if not page or not following or following == cursor:
            return
        if not isinstance(following, str):
            raise Malformed("Bybit: nextPageCursor is not a text")
        cursor = following
    raise Malformed(f"Bybit: {method} does not end after {_MOST_PAGES} pages")


def ended_orders(client: Client, symbol: str, since: Millis, now: Millis) -> list[OrderRecord]:
    """Orders that have ended, oldest first."""
    found: dict[str, OrderRecord] = {}
    for item in _windows(client, "get_order_history", symbol, since, now, 50):
        record = parse.order(item)
        if record.state.is_final and record.symbol == symbol:
            found[record.venue_id] = record
    return sorted(found.values(), key=lambda record: (record.changed, record.created))


def bookings(client: Client, symbol: str, since: Millis, now: Millis) -> list[Execution | Funding]:
    """Executions and funding payments, each once, oldest first. Inside one millisecond the venue's sequence decides."""
    found: dict[str, tuple[Millis, int, Execution | Funding]] = {}
    for item in _windows(client, "get_executions", symbol, since, now, 100):
        fact = parse.execution(item)
        if fact.symbol == symbol:
            name = fact.execution_id if isinstance(fact, Execution) else fact.funding_id
            sequence = item.get("seq")
            found[name] = millis(item, "execTime"), sequence if type(sequence) is int else 0, fact
    return [fact for _, _, fact in sorted(found.values(), key=lambda entry: entry[:2])]


def _windows(client: Client, method: str, symbol: str, since: Millis, now: Millis, limit: int) -> Iterator[Row]:
    """Bybit answers for seven days at most; the last window is open, so that what happens now is in it."""
    begin = since
    while True:
        end = begin + _WINDOW_MS
        is_last = end >= now
        last = {} if is_last else {"endTime": end}
        yield from pages(client, method, category="linear", symbol=symbol, startTime=begin, limit=limit, **last)
        if is_last:
            return
        begin = end + 1
