"""What is told: each trade once, errors, the status every five ticks, a low balance once."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest

from gridhedge.domain.events import ExecutionKind
from gridhedge.domain.values import Role, Side
from gridhedge.notify.herald import Herald, Trade
from gridhedge.notify.outbox import Outbox
from tests.dashboard.statuses import account_status

LOG = logging.getLogger("gridhedge.account.herald-test")
OPENED = Trade(
    4, "x4", "DOGEUSDT", 1_760_633_994_480, Side.LONG, Role.GRID, 1, False, D(752), D("0.19733"), D("0.03"), None, "v4"
)
CLOSED = OPENED._replace(
    number=9, execution_id="x9", role=Role.TAKE_PROFIT, level=0, closing=True, profit=D("1.23"), order_id="v9"
)


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    box = Outbox(tmp_path / "outbox.sqlite3")
    yield box
    box.close()


@pytest.fixture
def herald(outbox: Outbox) -> Herald:
    return Herald({"userId": "anna"}, outbox, lambda status: [{"tick": status.ticks}], LOG)


def taken(outbox: Outbox) -> list[dict[str, Any]]:
    """The messages that wait; empties the outbox."""
    found = []
    while (first := outbox.first()) is not None:
        found.append(json.loads(first.body, parse_float=D))
        outbox.remove(first)
    return found


def test_a_trade_says_everything_about_itself(herald: Herald, outbox: Outbox) -> None:
    """Side, price, lot, order, level, fee; a closing one its profit; the id is that of the execution."""
    herald.catch_up(lambda after: [OPENED, CLOSED])
    opened, closed = taken(outbox)
    assert (opened["id"], opened["event"], closed["event"]) == ("DOGEUSDT-x4", "trade_opened", "trade_closed")
    assert opened["timestamp"].endswith("Z")
    assert opened["data"] == {
        "userId": "anna",
        "symbol": "DOGEUSDT",
        "side": "buy",
        "price": D("0.19733"),
        "lot": 752,
        "orderId": "v4",
        "gridLevel": 1,
        "reason": "grid",
        "fee": D("0.03"),
        "pnl": None,
        "executionId": "x4",
        "openedAt": "2025-10-16T16:59:54.480Z",
    }
    assert (closed["data"]["pnl"], closed["data"]["reason"]) == (D("1.23"), "take-profit")
    assert "closedAt" in closed["data"]


def test_trades_are_told_from_where_the_last_run_ended(herald: Herald, outbox: Outbox) -> None:
    """The journal is read after the newest one told; nothing new adds nothing."""
    asked: list[int] = []

    def journal(after: int) -> list[Trade]:
        asked.append(after)
        return [trade for trade in (OPENED, CLOSED) if trade.number > after]

    herald.begin(3)
    for _ in range(3):
        herald.catch_up(journal)
    assert asked == [3, 9, 9]
    assert [message["id"] for message in taken(outbox)] == ["DOGEUSDT-x4", "DOGEUSDT-x9"]


def test_history_is_no_news(herald: Herald, outbox: Outbox) -> None:
    """A webhook that is new begins at the journal's end; one that knows, stays; a journal begun anew begins anew."""
    herald.begin(9)
    assert outbox.cursor == 9
    herald.begin(20)
    assert outbox.cursor == 9
    herald.begin(2)
    assert outbox.cursor == 2


@pytest.mark.parametrize(
    ("trade", "reason"),
    [
        (CLOSED._replace(role=None), "by hand"),
        (CLOSED._replace(kind=ExecutionKind.LIQUIDATION), "liquidation"),
        (OPENED._replace(role=Role.OPENING), "opening"),
    ],
)
def test_a_trade_says_why(herald: Herald, outbox: Outbox, trade: Trade, reason: str) -> None:
    """Role of the order, the venue's doing, or somebody's hand."""
    herald.catch_up(lambda after: [trade])
    assert taken(outbox)[0]["data"]["reason"] == reason


def test_the_status_is_told_every_five_ticks(herald: Herald, outbox: Outbox) -> None:
    """Ticks 1 to 12, the tenth shown twice: twice in all, and it may be dropped."""
    for tick in (*range(1, 11), 10, 11, 12):
        herald.tick(account_status()._replace(ticks=tick))
    first = outbox.first()
    assert first is not None
    assert not first.kept
    assert [message["data"]["tick"] for message in taken(outbox)] == [5, 10]


def test_a_low_balance_is_told_once_until_it_is_well_again(herald: Herald, outbox: Outbox) -> None:
    """Reserve 100: 99 warns, 105 is not yet well, 110 is, 99 warns again."""
    for available in (150, 99, 50, 105, 99, 110, 99):
        herald.tick(account_status()._replace(ticks=1, available=D(available), reserve=D(100)))
    messages = taken(outbox)
    assert [message["event"] for message in messages] == ["balance_warning"] * 2
    assert [message["data"]["available"] for message in messages] == [99, 99]
    assert messages[0]["data"]["message"] == "99.00 USDT are available, less than the reserve of 100.00"


def test_errors_and_states_are_told(herald: Herald, outbox: Outbox) -> None:
    """Errors and worse that the engine says; warnings stay in the log."""
    herald.said("warning", "not this")
    herald.said("critical", "margin rate")
    herald.failed("wrong key")
    herald.changed("error", "starting", "wrong key")
    assert [(message["event"], message["data"]) for message in taken(outbox)] == [
        ("error_occurred", {"userId": "anna", "level": "critical", "error": "margin rate"}),
        ("error_occurred", {"userId": "anna", "level": "error", "error": "wrong key"}),
        ("status_changed", {"userId": "anna", "status": "error", "previousStatus": "starting", "reason": "wrong key"}),
    ]


def test_a_limit_of_the_day_is_told_with_its_kind(herald: Herald, outbox: Outbox) -> None:
    """A positive one is a profit, a negative one a loss."""
    herald.limit_hit(D("50.25"), D(50), 3, "the day's profit is reached")
    herald.limit_hit(D("-21"), D(-20), 1, "the day's loss is reached")
    profit, loss = [message["data"] for message in taken(outbox)]
    assert profit == {
        "userId": "anna",
        "totalPnl": D("50.25"),
        "limitType": "PROFIT",
        "limitValue": 50,
        "positionsClosed": 3,
        "message": "the day's profit is reached",
    }
    assert (loss["limitType"], loss["limitValue"]) == ("LOSS", -20)


def test_a_full_disk_costs_messages_and_nothing_else(herald: Herald, outbox: Outbox) -> None:
    """Every way of telling goes on when the outbox can not be written."""
    outbox.close()
    herald.begin(1)
    herald.catch_up(lambda after: [OPENED])
    herald.failed("text")
    herald.tick(account_status()._replace(ticks=5))
