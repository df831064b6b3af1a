"""What the streams push: merged, held back until it is whole, and never a wrong number out of a broken message."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator
from decimal import Decimal as D
from typing import Any

import pytest

from gridhedge.domain.events import (
    AccountSeen,
    ConnectionChanged,
    Execution,
    Funding,
    OrderUpdate,
    Seen,
)
from gridhedge.domain.order import OrderState
from gridhedge.venue.bybit.frames import PRIVATE, Frames
from gridhedge.venue.keeper import Handshake
from tests.venue.bybit.conftest import Recorded
from tests.venue.bybit.mutations import MUTATIONS, decimals_in, mutated, texts
from tests.venue.bybit.rows import (
    AT,
    Inbox,
    execution_row,
    order_row,
    position_row,
    push,
    wallet_row,
)

FILLED = {"orderStatus": "Filled", "cumExecQty": "0.010"}


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def frames(inbox: Inbox) -> Frames:
    return Frames(["BTCUSDT"], inbox.tell, inbox.now, logging.getLogger("gridhedge.account.test"))


# ---- the account -----------------------------------------------------------------------------------------------------


def test_every_row_of_a_message_is_told_in_its_order(frames: Frames, inbox: Inbox) -> None:
    """Two executions in one message."""
    frames.private(push("execution", execution_row(execId="a"), execution_row(execId="b", execType="Funding")))
    assert [type(seen) for seen in inbox.seen] == [Execution, Funding]


def test_other_symbols_and_categories_are_left_alone_however_strange(frames: Frames, inbox: Inbox) -> None:
    """The account may hold anything."""
    frames.private(push("order", order_row(symbol="ETHUSDT", orderStatus="?"), order_row(category="spot", qty="NaN")))
    frames.private(push("greeks", {"a": 1}))
    assert inbox.seen == []


def test_the_end_of_an_order_waits_for_its_executions(frames: Frames, inbox: Inbox) -> None:
    """Bybit sends the two in no certain order; the book needs the executions first."""
    frames.private(push("order", order_row(**FILLED)))
    assert inbox.seen == []
    frames.private(push("execution", execution_row(execId="a", execQty="0.004")))
    frames.private(push("execution", execution_row(execId="b", execQty="0.006")))
    assert [type(seen) for seen in inbox.seen] == [Execution, Execution, OrderUpdate]
    assert frames.next_due() is None


def test_an_end_that_comes_last_is_told_at_once(frames: Frames, inbox: Inbox) -> None:
    """Also a cancel after a part, and one without any."""
    frames.private(push("execution", execution_row(execQty="0.004")))
    frames.private(push("order", order_row(orderStatus="Cancelled", cumExecQty="0.004")))
    frames.private(push("order", order_row(orderId="other", orderStatus="Cancelled")))
    assert [type(seen) for seen in inbox.seen] == [Execution, OrderUpdate, OrderUpdate]


def test_an_end_without_executions_is_told_after_a_second(frames: Frames, inbox: Inbox) -> None:
    """They are lost: the session asks."""
    frames.private(push("order", order_row(**FILLED)))
    assert frames.next_due() == AT + 1_000
    inbox.time = AT + 999
    frames.release()
    assert inbox.seen == []
    inbox.time = AT + 1_000
    frames.release()
    (told,) = inbox.seen
    assert isinstance(told, OrderUpdate)
    assert told.state is OrderState.FILLED


def test_an_update_of_a_working_order_never_waits(frames: Frames, inbox: Inbox) -> None:
    """Only ends do."""
    frames.private(push("order", order_row(orderStatus="PartiallyFilled", cumExecQty="0.004")))
    assert [type(seen) for seen in inbox.seen] == [OrderUpdate]


def test_a_row_that_can_not_be_read_is_a_gap(frames: Frames, inbox: Inbox) -> None:
    """The others of the message are told."""
    frames.private(push("execution", execution_row(execQty="NaN"), execution_row(execId="b")))
    gap, made = inbox.seen
    assert isinstance(gap, ConnectionChanged)
    assert (gap.stream, gap.up) == (PRIVATE, True)
    assert "execQty" in gap.text
    assert isinstance(made, Execution)


def test_a_leverage_that_somebody_changed_stops_trading_until_it_is_put_right(frames: Frames, inbox: Inbox) -> None:
    """Positions are pushed again and again: it is told once."""
    frames.expect_leverage("BTCUSDT", D(10))
    frames.private(push("position", position_row()))
    assert inbox.seen == []
    for _ in range(2):
        frames.private(push("position", position_row(leverage="20")))
    (down,) = inbox.seen
    assert isinstance(down, ConnectionChanged)
    assert (down.stream, down.up) == ("leverage of BTCUSDT", False)
    assert "from 10x to 20x" in down.text
    frames.private(push("position", position_row(leverage="10.00")))
    assert inbox.seen[1:] == [ConnectionChanged("leverage of BTCUSDT", True, AT)]


def test_the_handshake_knows_both_spellings(recorded: Recorded) -> None:
    """Bybit answers log-ins with ret_msg or with retMsg."""
    handshake = Handshake()
    assert handshake.answer(recorded("ws_auth_success"))
    assert not handshake.subscribed
    assert handshake.answer(recorded("ws_subscription_ack"))
    assert handshake.subscribed
    assert handshake.refused == ""
    assert not handshake.answer(recorded("ws_ticker_linear"))
    for name, said in (("ws_auth_failure", "Invalid apikey"), ("ws_subscription_failure", "Invalid topic")):
        handshake = Handshake()
        assert handshake.answer(recorded(name))
        assert said in handshake.refused


# ---- mutations -------------------------------------------------------------------------------------------------------

RECORDED = {
    "ws_account_order": "order",
    "ws_account_order_filled": "order",
    "ws_account_order_buy_stop_market": "order",
    "ws_account_order_limit_if_touched": "order",
    "ws_account_order_market_if_touched": "order",
    "ws_account_order_sell_market_if_touched": "order",
    "ws_account_order_stop_limit": "order",
    "ws_account_order_stop_loss": "order",
    "ws_account_order_stop_market": "order",
    "ws_account_order_take_profit": "order",
    "ws_account_execution": "execution",
    "ws_account_execution_adl": "execution",
    "ws_account_position": "position",
    "ws_account_position_short": "position",
    "ws_account_wallet": "wallet",
    "ws_account_wallet_locked_exceeds_total": "wallet",
    "ws_account_wallet_small_order": "wallet",
}
OTHERS = (
    *(
        "ws_account_execution_fast",
        "ws_account_execution_fast_envelope_id",
        "ws_account_order_partially_filled_rejected",
    ),
    *("ws_auth_failure", "ws_auth_success", "ws_kline", "ws_order_response", "ws_orderbook_delta"),
    *("ws_orderbook_snapshot", "ws_public_trade", "ws_subscription_ack", "ws_subscription_failure", "ws_ticker_option"),
)
"""Recorded messages of topics, categories and operations that are not this bot's."""


def numbers_told(seen: Seen) -> Iterator[D]:
    """Every decimal of an event; a rate in percent as the fraction it was sent as."""
    for name, value in seen._asdict().items():
        if isinstance(value, D):
            yield value / 100 if isinstance(seen, AccountSeen) and name == "mm_rate" else value


@pytest.mark.parametrize("name", RECORDED)
def test_a_mutated_message_is_no_crash_and_no_wrong_number(name: str, recorded: Recorded) -> None:
    """500 mutations: whatever is told stands in the message, digit by digit, and is possible."""
    topic = RECORDED[name]
    message = recorded(name)
    for item in message["data"] if isinstance(message["data"], list) else []:
        item.setdefault("category", "linear")
    check_mutations(message, topic, name)


@pytest.mark.parametrize(
    ("topic", "message"),
    [
        ("order", push("order", order_row(orderStatus="Cancelled"))),
        ("execution", push("execution", execution_row(), execution_row(execId="b", execType="Funding"))),
        ("wallet", push("wallet", wallet_row())),
        ("position", push("position", position_row())),
    ],
    ids=["order", "execution", "wallet", "position"],
)
def test_a_mutated_documented_message_is_no_crash_and_no_wrong_number(topic: str, message: dict[str, Any]) -> None:
    """The same for messages as the documentation has them, on every machine."""
    check_mutations(message, topic, topic)


@pytest.mark.parametrize("name", OTHERS)
def test_a_message_that_is_not_for_us_is_told_nothing_of(name: str, recorded: Recorded) -> None:
    """Mutated it is at most a gap."""
    message, dice = recorded(name), random.Random(name)
    for round in range(MUTATIONS):
        inbox = Inbox()
        frames = Frames(["NOTHING"], inbox.tell, inbox.now, logging.getLogger("gridhedge.account.test"))
        changed = mutated(message, dice) if round else message
        frames.private(changed)
        assert all(isinstance(seen, ConnectionChanged) for seen in inbox.seen)


def check_mutations(message: dict[str, Any], topic: str, seed: str) -> None:
    dice = random.Random(seed)
    told = gaps = 0
    symbol = str(next(text for text in texts(message["data"]) if text.endswith("USDT")) if topic != "wallet" else "X")
    for _ in range(MUTATIONS):
        inbox = Inbox()
        frames = Frames([symbol], inbox.tell, inbox.now, logging.getLogger("gridhedge.account.test"))
        frames.expect_leverage(symbol, D(30))
        changed = mutated(message, dice)
        frames.private(changed)
        inbox.time += 1_000
        frames.release()
        possible = decimals_in(changed)
        for seen in inbox.seen:
            gaps += isinstance(seen, ConnectionChanged)
            told += not isinstance(seen, ConnectionChanged)
            for number in numbers_told(seen):
                assert number.is_finite(), (changed, seen)
                assert number in possible, (changed, seen)
            check_possible(seen)
    assert gaps + told > 0
    if topic != "position":
        assert told > MUTATIONS // 10


def check_possible(seen: Seen) -> None:
    """What no account can be."""
    if isinstance(seen, Execution):
        assert seen.quantity > 0
        assert seen.price > 0
    elif isinstance(seen, OrderUpdate):
        assert 0 <= seen.filled <= seen.quantity
        assert seen.price >= 0
    elif isinstance(seen, AccountSeen):
        assert seen.mm_rate >= 0
        assert seen.initial_margin >= 0
