"""Lists in pages and windows: everything, once, in order."""

from __future__ import annotations

from typing import Any, cast

import pytest

from gridhedge.domain.events import Execution
from gridhedge.venue.bybit.client import Answer, Client
from gridhedge.venue.bybit.pages import bookings, ended_orders, pages
from gridhedge.venue.fields import Malformed
from tests.venue.bybit.rows import AT, ScriptedClient, answered, execution_row, order_row

DAY = 24 * 3600 * 1000


def client(*listed: list[dict[str, Any]], cursors: list[Any] | None = None) -> ScriptedClient:
    """Hands out these pages, one per request."""
    waiting = list(listed)
    tokens = list(cursors or [])

    def script(method: str, query: dict[str, Any]) -> Answer:
        return answered({"list": waiting.pop(0), "nextPageCursor": tokens.pop(0) if tokens else ""})

    return ScriptedClient(script)


def test_a_cursor_goes_back_as_it_came_and_an_empty_page_is_the_end() -> None:
    """The last page may carry a cursor, too."""
    source = client([{"a": 1}], [{"a": 2}], [], cursors=["5%3A0%2C5%3A0", "7%3A0", "7%3A1"])
    assert [item["a"] for item in pages(cast(Client, source), "m", limit=50)] == [1, 2]
    assert [query["cursor"] for _, query in source.asked] == [None, "5%3A0%2C5%3A0", "7%3A0"]


@pytest.mark.parametrize("cursor", ["", None, "same"])
def test_no_cursor_or_the_same_again_is_the_end(cursor: Any) -> None:
    """A list must not be read for ever."""
    source = client([{"a": 1}], [{"a": 2}], cursors=["same", cursor])
    assert [item["a"] for item in pages(cast(Client, source), "m")] == [1, 2]


def test_a_cursor_that_is_no_text_is_refused() -> None:
    """It would go into a signed query."""
    with pytest.raises(Malformed, match="nextPageCursor"):
        list(pages(cast(Client, client([{"a": 1}], cursors=[{"x": 1}])), "m"))


def test_more_than_seven_days_are_read_in_windows_and_the_last_is_open() -> None:
    """16 days: two closed windows that do not overlap, and one without an end."""
    source = client([], [], [])
    assert bookings(cast(Client, source), "BTCUSDT", AT - 16 * DAY, AT) == []
    windows = [(query["startTime"], query.get("endTime")) for _, query in source.asked]
    first = AT - 16 * DAY
    assert windows == [
        (first, first + 7 * DAY - 1),
        (first + 7 * DAY, first + 14 * DAY - 1),
        (first + 14 * DAY, None),
    ]


def test_executions_are_told_once_and_oldest_first() -> None:
    """Pages come newest first; inside one millisecond the venue's sequence decides; strangers are left out."""
    early, late = str(AT), str(AT + 1)
    source = client(
        [
            execution_row(execId="d", execTime=late),
            execution_row(execId="b", execTime=early, seq=8),
            execution_row(execId="x", symbol="ETHUSDT"),
        ],
        [execution_row(execId="b", execTime=early, seq=8), execution_row(execId="a", execTime=early, seq=7)],
        cursors=["1", ""],
    )
    facts = bookings(cast(Client, source), "BTCUSDT", AT - DAY, AT)
    assert [fact.execution_id for fact in facts if isinstance(fact, Execution)] == ["a", "b", "d"]


def test_ended_orders_leave_out_what_still_works() -> None:
    """Oldest end first."""
    source = client(
        [
            order_row(orderId="c", orderStatus="Cancelled", updatedTime=str(AT + 2)),
            order_row(orderId="b", orderStatus="New"),
            order_row(orderId="a", orderStatus="Filled", cumExecQty="0.010", updatedTime=str(AT + 1)),
        ]
    )
    assert [record.venue_id for record in ended_orders(cast(Client, source), "BTCUSDT", AT - DAY, AT)] == ["a", "c"]
