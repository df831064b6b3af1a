"""Lists of orders, executions and closed profits."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any
from urllib.parse import unquote

from gridhedge.domain.events import Execution
from tests.practice.bybit.venues import HOUR, NOW, Venue

DAY = 24 * HOUR


def pages(venue: Venue, path: str, **params: Any) -> list[dict[str, Any]]:
    """Everything, page by page, until an empty one."""
    rows: list[dict[str, Any]] = []
    cursor = ""
    while True:
        result = venue.ask(path, **params, **({"cursor": cursor} if cursor else {}))["result"]
        if not result["list"]:
            return rows
        rows += result["list"]
        cursor = result["nextPageCursor"]
        assert unquote(cursor) != cursor


def test_open_orders_come_newest_first_page_by_page() -> None:
    """Seven orders in pages of three."""
    venue = Venue()
    for number in range(7):
        venue.order("Buy", 1, "100", "0.1", orderLinkId=f"a{number}")
    rows = pages(venue, "order/realtime", symbol="DOGEUSDT", limit=3)
    assert [row["orderLinkId"] for row in rows] == [f"a{number}" for number in reversed(range(7))]
    assert venue.ask("order/realtime")["retCode"] == 10001
    assert venue.rows_of("order/realtime", symbol="BTCUSDT") == []


def test_an_order_that_has_just_ended_is_found_where_working_ones_are() -> None:
    """By id, whatever openOnly says; in the list only with openOnly=1."""
    venue = Venue()
    venue.order("Buy", 1, "100", orderLinkId="a1")
    assert venue.rows_of("order/realtime", symbol="DOGEUSDT") == []
    assert venue.rows_of("order/realtime", orderLinkId="a1")[0]["orderStatus"] == "Filled"
    assert venue.rows_of("order/realtime", symbol="DOGEUSDT", openOnly=1)[0]["orderLinkId"] == "a1"
    venue.desk.recent.clear()  # a restart of the venue
    assert venue.rows_of("order/realtime", orderLinkId="a1") == []
    assert venue.rows_of("order/history", orderLinkId="a1")[0]["orderStatus"] == "Filled"


def test_cancelled_orders_without_executions_are_forgotten_after_a_day() -> None:
    """Filled ones stay."""
    venue = Venue()
    venue.order("Buy", 1, "100", orderLinkId="filled")
    venue.order("Buy", 1, "100", "0.1", orderLinkId="idle")
    venue.say("order/cancel", symbol="DOGEUSDT", orderLinkId="idle")
    assert len(venue.rows_of("order/history", symbol="DOGEUSDT")) == 2
    venue.later(DAY + 1000)
    assert [row["orderLinkId"] for row in venue.rows_of("order/history", symbol="DOGEUSDT")] == ["filled"]
    assert venue.rows_of("order/history", orderLinkId="idle") == []


def test_a_demo_account_keeps_its_orders_for_a_week() -> None:
    """Those that have executed, too; an ordinary one keeps them."""
    venue = Venue()
    venue.order("Buy", 1, "100", orderLinkId="filled")
    venue.later(7 * DAY + 1000)
    assert len(venue.rows_of("order/history", orderLinkId="filled")) == 1
    venue.world.faults.add("demo")
    assert venue.rows_of("order/history", orderLinkId="filled") == []


def test_history_has_a_window_of_a_week() -> None:
    """The default is the last seven days; older ones are asked for by time or by id."""
    venue = Venue()
    venue.order("Buy", 1, "100", orderLinkId="old")
    venue.later(8 * DAY)
    assert venue.rows_of("order/history", symbol="DOGEUSDT") == []
    assert len(venue.rows_of("order/history", symbol="DOGEUSDT", startTime=NOW, endTime=NOW + DAY)) == 1
    assert len(venue.rows_of("order/history", orderLinkId="old")) == 1
    trades = {"symbol": "DOGEUSDT", "execType": "Trade"}
    assert venue.rows_of("execution/list", **trades) == []
    assert len(venue.rows_of("execution/list", startTime=NOW, **trades)) == 1
    assert venue.ask("execution/list", startTime=NOW, endTime=NOW + 8 * DAY)["retCode"] == 10001


def test_history_may_lag_behind() -> None:
    """The fault: for a while an order is in neither list, as bots have met it."""
    venue = Venue()
    venue.world.faults.add("history_lag", seconds=5)
    venue.order("Buy", 1, "100", orderLinkId="a1")
    assert venue.rows_of("order/history", orderLinkId="a1") == []
    venue.later(5000)
    assert len(venue.rows_of("order/history", orderLinkId="a1")) == 1


def test_executions_are_those_of_the_exchange_to_the_last_digit() -> None:
    """Newest first, with fee, value and id; funding among them; filters by type and order."""
    venue = Venue()
    venue.order("Buy", 1, "10000", orderLinkId="a1")
    venue.later(9 * HOUR)
    rows = pages(venue, "execution/list", limit=1)
    assert [row["execType"] for row in rows] == ["Funding", "Trade"]
    execution = venue.exchange.account.bookings[0]
    assert isinstance(execution, Execution)
    trade = rows[1]
    assert (D(trade["execFee"]), D(trade["execPrice"]), D(trade["execQty"])) == (
        execution.fee,
        D("0.20001"),
        D(10_000),
    )
    assert (trade["side"], trade["isMaker"], trade["closedSize"], trade["orderLinkId"]) == ("Buy", False, "0", "a1")
    funding = rows[0]
    assert (funding["execFee"], funding["feeRate"], funding["execQty"], funding["side"]) == (
        "0.2",
        "0.0001",
        "10000",
        "Buy",
    )
    assert (funding["execPrice"], funding["orderType"], funding["orderLinkId"]) == ("0.2", "UNKNOWN", "")
    assert len(venue.rows_of("execution/list", execType="Funding")) == 1
    assert len(venue.rows_of("execution/list", orderLinkId="a1", symbol="BTCUSDT")) == 1
    assert len({row["execId"] for row in rows}) == 2


def test_funding_of_a_short_has_the_other_sign() -> None:
    """A positive rate is received: fee and rate of the side are negative."""
    venue = Venue()
    venue.order("Sell", 2, "10000")
    venue.later(9 * HOUR)
    row = venue.rows_of("execution/list", execType="Funding")[0]
    assert (row["execFee"], row["feeRate"], row["side"]) == ("-0.2", "-0.0001", "Sell")


def test_a_closed_profit_is_net_of_both_fees() -> None:
    """Bought 10000 at 0.20001, half sold at 0.25: 249.95 - half the opening fee - the closing fee."""
    venue = Venue()
    venue.order("Buy", 1, "10000")
    venue.move("0.25")
    venue.order("Sell", 1, "5000", orderLinkId="c1")
    row = venue.rows_of("position/closed-pnl", symbol="DOGEUSDT")[0]
    assert (row["avgEntryPrice"], row["avgExitPrice"], row["closedSize"], row["side"]) == (
        "0.20001",
        "0.25",
        "5000",
        "Sell",
    )
    # 5000 x (0.25 - 0.20001) = 249.95; fees 2000.1 x 0.00055 / 2 = 0.5500275 and 1250 x 0.00055 = 0.6875
    assert (row["openFee"], row["closeFee"], row["closedPnl"]) == ("0.5500275", "0.6875", "248.7124725")
    assert row["closedPnl"] == venue.rows_of("order/history", orderLinkId="c1")[0]["closedPnl"]
    assert venue.rows_of("position/closed-pnl", symbol="BTCUSDT") == []


def test_other_categories_are_empty() -> None:
    """Every list of theirs."""
    venue = Venue()
    for path in ("order/realtime", "order/history", "execution/list", "position/list", "position/closed-pnl"):
        assert venue.rows_of(path, category="inverse", symbol="BTCUSD") == []
