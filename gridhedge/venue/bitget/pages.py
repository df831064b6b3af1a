"""Reads lists that Bitget hands out in pages and in windows of time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from gridhedge.domain.values import Millis
from gridhedge.venue.bitget.client import Client
from gridhedge.venue.fields import Malformed, Row, row, rows

__all__ = ["Listing", "pages", "windows"]

_WINDOW_MS = 30 * 24 * 3600 * 1000 - 1
_LIMIT = 100
_MOST_PAGES = 400


class Listing(NamedTuple):
    """A list: where it is, the name of its rows, and how the next page is asked for."""

    path: str
    rows: str
    cursor: str
    """The name in the answer."""
    after: str
    """The name in the next request."""


def pages(client: Client, listing: Listing, **query: Any) -> Iterator[Row]:
    """All rows, newest first. A list that is empty may be told as null. Raises VenueError."""
    cursor: str | None = None
    for _ in range(_MOST_PAGES):
        answer = client.read(listing.path, **query, limit=str(_LIMIT), **{listing.after: cursor})
        data = row(answer.data or {}, "data")
        page = rows(data, listing.rows) if data.get(listing.rows) is not None else []
        yield from page
        following = data.get(listing.cursor)
        if len(page) < _LIMIT or not following or following == cursor:
            return
        if not isinstance(following, str):
            raise Malformed(f"Bitget: {listing.cursor} is not a text")
        cursor = following
    raise Malformed(f"Bitget: {listing.path} does not end after {_MOST_PAGES} pages")


def windows(client: Client, listing: Listing, since: Millis, now: Millis, **query: Any) -> Iterator[Row]:
    """All rows since then. Bitget answers for thirty days at most; the last window is open, so that what happens now
    is in it."""
    begin = since
    while True:
        end = begin + _WINDOW_MS
        is_last = end >= now
        last = {} if is_last else {"endTime": str(end)}
        yield from pages(client, listing, startTime=str(begin), **query, **last)
        if is_last:
            return
        begin = end + 1
