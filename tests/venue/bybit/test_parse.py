"""Rows of Bybit in the engine's words: written ones for every case, recorded ones for the shapes."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest

from gridhedge.domain.candles import Timeframe
from gridhedge.domain.errors import Refused
from gridhedge.domain.events import Execution, ExecutionKind, Funding, OrderUpdate
from gridhedge.domain.instrument import Fees, Tier
from gridhedge.domain.order import OrderState, Reject
from gridhedge.domain.values import Side
from gridhedge.venue.bybit import parse
from gridhedge.venue.fields import Malformed
from tests.venue.bybit.conftest import Recorded
from tests.venue.bybit.rows import (
    AT,
    execution_row,
    instrument_row,
    order_row,
    position_row,
    tier_row,
    wallet_row,
)

LONG, SHORT = Side.LONG, Side.SHORT


@pytest.mark.parametrize(
    ("index", "buys", "reduces", "side", "closing"),
    [
        (1, "Buy", False, LONG, False),
        (1, "Sell", True, LONG, True),
        (1, "Sell", False, LONG, True),
        (2, "Sell", False, SHORT, False),
        (2, "Buy", True, SHORT, True),
        (2, "Buy", False, SHORT, True),
        (0, "Buy", False, LONG, False),
        (0, "Sell", True, LONG, True),
        (0, "Sell", False, SHORT, False),
        (0, "Buy", True, SHORT, True),
    ],
)
def test_the_position_index_says_whose_order_it_is(
    index: int, buys: str, reduces: bool, side: Side, closing: bool
) -> None:
    """In hedge mode a sell of the long leg closes it, flag or not; in one-way mode the flag decides."""
    record = parse.order(order_row(positionIdx=index, side=buys, reduceOnly=reduces))
    assert (record.side, record.closing) == (side, closing)


def test_a_stop_whose_price_has_come_is_told_as_triggered() -> None:
    """Listed and pushed; one that waits is not."""
    stop = {"triggerPrice": "66000.5", "orderType": "Market"}
    waits, came = (order_row(**stop, orderStatus=status) for status in ("Untriggered", "Triggered"))
    assert [parse.order(row).triggered for row in (waits, came)] == [False, True]
    assert [parse.order_update(row).triggered for row in (waits, came)] == [False, True]


def test_an_order_keeps_every_digit() -> None:
    """And its times are milliseconds."""
    record = parse.order(order_row(cumExecQty="0.004", orderStatus="PartiallyFilled", triggerPrice="66000.5"))
    assert record == (
        "BTCUSDT", "g1-000001", "fd4300ae", LONG, False, D("66900"), D("0.010"), D("0.004"), OrderState.WORKING,
        1_795_000_000_444, 1_795_000_000_457, D("66000.5"), False,
    )  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        {"orderStatus": "PartiallyFilledCanceled"}, {"side": "buy"}, {"positionIdx": 3}, {"positionIdx": "1"},
        {"reduceOnly": "false"}, {"qty": "-1"}, {"price": "NaN"}, {"cumExecQty": "0.011"}, {"orderId": ""},
        {"createdTime": "0"}, {"symbol": "BTC USDT"}, {"orderStatus": "Filled", "cumExecQty": "0"},
    ],
    ids=str,
)  # fmt: skip
def test_an_order_that_makes_no_sense_is_refused(changes: dict[str, Any]) -> None:
    """A number that is impossible is not taken for another."""
    with pytest.raises(Malformed):
        parse.order(order_row(**changes))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"orderStatus": "Cancelled", "cancelType": "CancelByUser", "rejectReason": "EC_PerCancelRequest"}, None),
        ({"orderStatus": "Cancelled", "rejectReason": "EC_PostOnlyWillTakeLiquidity"}, Reject.WOULD_TAKE),
        ({"orderStatus": "Cancelled", "cancelType": "CancelByReduceOnly"}, Reject.REDUCE_ONLY),
        ({"orderStatus": "Rejected", "rejectReason": "EC_NoError"}, Reject.OTHER),
        ({"orderStatus": "Rejected", "rejectReason": "EC_Others"}, Reject.OTHER),
        ({"orderStatus": "New", "rejectReason": "EC_NoError"}, None),
        ({"orderStatus": "Filled", "cumExecQty": "0.010", "rejectReason": "EC_OrigClOrdIDDoesNotExist"}, None),
    ],
    ids=str,
)
def test_an_update_says_why_the_venue_ended_an_order(changes: dict[str, Any], reason: Reject | None) -> None:
    """Only where it was the venue's will."""
    assert parse.order_update(order_row(**changes)).reason is reason


@pytest.mark.parametrize(
    ("buys", "closed", "side", "closing"),
    [
        ("Buy", "0", LONG, False),
        ("Sell", "0", SHORT, False),
        ("Sell", "0.010", LONG, True),
        ("Buy", "0.010", SHORT, True),
    ],
)
def test_the_closed_size_says_which_side_executed(buys: str, closed: str, side: Side, closing: bool) -> None:
    """Executions do not name the position."""
    made = parse.execution(execution_row(side=buys, closedSize=closed))
    assert isinstance(made, Execution)
    assert (made.side, made.closing, made.quantity, made.price, made.fee, made.maker) == (
        side, closing, D("0.010"), D("66900"), D("0.1338"), True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "created", "expected"),
    [
        ("Trade", "CreateByUser", ExecutionKind.TRADE),
        ("AdlTrade", "CreateByAdl_PassThrough", ExecutionKind.ADL),
        ("AdlTrade", None, ExecutionKind.ADL),
        ("BustTrade", "CreateByTakeOver_PassThrough", ExecutionKind.LIQUIDATION),
        ("Trade", "CreateByLiq", ExecutionKind.LIQUIDATION),
        ("Settle", "CreateBySettle", ExecutionKind.SETTLEMENT),
    ],
)
def test_forced_executions_are_named(kind: str, created: str | None, expected: ExecutionKind) -> None:
    """The first steps of a liquidation look like trades."""
    made = parse.execution(execution_row(execType=kind, createType=created, side="Sell", closedSize="0.010"))
    assert isinstance(made, Execution)
    assert (made.kind, made.side, made.closing) == (expected, LONG, True)


def test_funding_is_a_payment_of_the_side_it_names() -> None:
    """Positive: paid. The recorded row of the facts: 1.2 LTC long at 72.25 pay 0.00867."""
    row = execution_row(execType="Funding", side="Buy", execFee="0.00867", feeRate="0.0001", orderLinkId="")
    assert parse.execution(row) == Funding("0ab1bdf7", "BTCUSDT", LONG, D("0.00867"), D("0.0001"), 1_795_000_000_353)
    received = parse.execution({**row, "side": "Sell", "execFee": "-0.00867"})
    assert isinstance(received, Funding)
    assert (received.side, received.amount) == (SHORT, D("-0.00867"))


@pytest.mark.parametrize(
    "changes",
    [
        {"execType": "Gift"}, {"execQty": "0"}, {"execPrice": "0"}, {"closedSize": "0.005"}, {"side": ""},
        {"isMaker": 1}, {"execFee": ""}, {"execId": ""}, {"execTime": ""},
    ],
    ids=str,
)  # fmt: skip
def test_an_execution_that_makes_no_sense_is_refused(changes: dict[str, Any]) -> None:
    """Money is counted from these."""
    with pytest.raises(Malformed):
        parse.execution(execution_row(**changes))


def test_the_account_s_margin_rate_is_percent() -> None:
    """0.0131 is 1.31 %."""
    seen = parse.account(wallet_row(), AT)
    assert seen == (D("10001.12"), D("10012.33456789"), D("9881.4"), D("130.93"), D("20.7"), D("1.3100"), AT)


def test_a_flat_leg_is_no_position() -> None:
    """Whatever stands in the fields that mean nothing then."""
    flat = position_row(side="", size="0", avgPrice="", leverage="10")
    assert parse.position(flat) is None
    assert parse.leg(flat).leverage == 10
    assert parse.position(position_row()) == ("BTCUSDT", LONG, D("0.010"), D("66900"))


def test_a_position_on_the_wrong_index_is_refused() -> None:
    """In one-way mode the remedy is said."""
    with pytest.raises(Malformed, match="on index 2 has the side 'Buy'"):
        parse.position(position_row(positionIdx=2))
    with pytest.raises(Refused, match="BTCUSDT has a position in one-way mode; close it"):
        parse.position(position_row(positionIdx=0))


def test_deductions_follow_from_continuity_where_they_are_not_told() -> None:
    """2,000,000 x (0.0056 - 0.005) = 1200; told ones are taken."""
    listed = {"list": [tier_row("2600000", "0.0056", "90.00"), tier_row("2000000", "0.005", "100.00")]}
    assert parse.tiers(listed) == (
        Tier(D(2_000_000), D("0.005"), D(0), 100),
        Tier(D(2_600_000), D("0.0056"), D(1200), 90),
    )
    listed["list"][0]["mmDeduction"] = "1234"
    assert parse.tiers(listed)[1].deduction == 1234
    with pytest.raises(Malformed, match="no margin tiers"):
        parse.tiers({"list": []})


def test_an_instrument_is_read_to_the_last_digit() -> None:
    """Leverage is a whole number."""
    rules = parse.instrument(instrument_row(), parse.tiers({"list": [tier_row("2000000", "0.005", "100")]}))
    assert (rules.tick_size, rules.lot_step, rules.min_quantity) == (D("0.10"), D("0.001"), D("0.001"))
    assert (rules.max_quantity, rules.max_market_quantity, rules.min_notional) == (D("1190.000"), D("500.000"), D(5))
    assert (rules.max_leverage, rules.funding_interval_minutes) == (100, 480)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"status": "Closed"}, "does not trade at Bybit now"),
        ({"contractType": "LinearFutures"}, "is no USDT perpetual"),
        ({"settleCoin": "USDC"}, "is no USDT perpetual"),
    ],
)
def test_a_symbol_that_can_not_be_traded_is_refused(changes: dict[str, Any], sentence: str) -> None:
    """In one sentence."""
    with pytest.raises(Refused, match=sentence):
        parse.instrument(instrument_row(**changes), ())


def test_a_minimum_off_the_step_is_malformed() -> None:
    """It would be an error of ours later."""
    lots = {**instrument_row()["lotSizeFilter"], "minOrderQty": "0.0015"}
    with pytest.raises(Malformed, match=r"minimum quantity 0\.0015 of BTCUSDT is off its step 0\.001"):
        parse.instrument(instrument_row(lotSizeFilter=lots), ())


# ---- recorded messages -----------------------------------------------------------------------------------------------


def test_recorded_orders_are_read(recorded: Recorded) -> None:
    """Open, ended, rejected after a part, and the stream's."""
    first, second = (parse.order(item) for item in recorded("http_get_orders_realtime")["result"]["list"])
    assert (first.client_id, first.price, first.quantity, first.side) == (
        "client-open-1",
        D("3930.41"),
        D("0.010"),
        LONG,
    )
    assert (second.price, second.side, second.closing) == (D("3940.42"), SHORT, False)
    (ended,) = (parse.order(item) for item in recorded("http_get_orders_history")["result"]["list"])
    assert (ended.state, ended.filled, ended.changed) == (OrderState.CANCELLED, D(0), 1_700_000_005_000)
    (rejected,) = recorded("http_get_order_partially_filled_rejected")["result"]["list"]
    update = parse.order_update(rejected)
    assert (update.state, update.filled, update.reason) == (OrderState.REJECTED, D("0.005"), Reject.MARGIN)
    (filled,) = recorded("ws_account_order_filled")["data"]
    assert parse.order_update(filled) == OrderUpdate(
        "BTCUSDT", "test-client-order-001", "5cf98598-39a7-459e-97bf-76ca765ee020", OrderState.FILLED, D("30000.50"),
        D("0.100"), D("0.100"), 1_672_364_262_457,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "price", "trigger"),
    [
        ("ws_account_order_buy_stop_market", "55000", "55000"),
        ("ws_account_order_limit_if_touched", "55500", "55000"),
        ("ws_account_order_market_if_touched", "55000", "55000"),
        ("ws_account_order_sell_market_if_touched", "55000", "55000"),
        ("ws_account_order_stop_limit", "44500", "45000"),
        ("ws_account_order_stop_loss", "48000", "48000"),
        ("ws_account_order_stop_market", "45000", "45000"),
        ("ws_account_order_take_profit", "55000", "55000"),
    ],
)
def test_recorded_conditional_orders_are_read(recorded: Recorded, name: str, price: str, trigger: str) -> None:
    """They wait; one that goes to market has its trigger for a price."""
    (row,) = recorded(name)["data"]
    record = parse.order(row)
    assert (record.state, record.price, record.trigger_price, record.filled) == (
        OrderState.WORKING, D(price), D(trigger), D(0),
    )  # fmt: skip
    assert parse.order_update(row).price == D(price)


def test_recorded_take_profit_and_stop_loss_of_a_position_are_read(recorded: Recorded) -> None:
    """Set by a person's hand: a market order at 55000, a limit of 47500 behind 48000; both close a long."""
    rows = recorded("http_get_orders_realtime_tp_sl")["result"]["list"]
    told = [(found.side, found.closing, found.price, found.trigger_price) for found in map(parse.order, rows)]
    assert told == [(LONG, True, D(55000), D(55000)), (LONG, True, D(47500), D(48000))]


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("Untriggered", OrderState.WORKING),
        ("Triggered", OrderState.WORKING),
        ("Filled", OrderState.FILLED),
        ("Deactivated", OrderState.CANCELLED),
    ],
)
def test_the_life_of_a_stop_is_read(status: str, state: OrderState) -> None:
    """Once it has gone to market its row shows the price cap of the market order; its trigger stays its price."""
    filled = "0.010" if state is OrderState.FILLED else "0"
    row = order_row(
        orderStatus=status, orderType="Market", price="60210", triggerPrice="66900", reduceOnly=True, side="Sell",
        cumExecQty=filled,
    )  # fmt: skip
    record = parse.order(row)
    assert (record.state, record.price, record.trigger_price) == (state, D(66900), D(66900))


def test_recorded_executions_are_read(recorded: Recorded) -> None:
    """By REST, by stream, and a deleveraging."""
    first, second = recorded("http_get_executions")["result"]["list"]
    made = parse.execution(first)
    assert isinstance(made, Execution)
    assert (made.side, made.quantity, made.price, made.fee) == (LONG, D("0.100"), D("50000.00"), D("0.0150"))
    assert parse.execution(second).side is SHORT
    (row,) = recorded("ws_account_execution")["data"]
    made = parse.execution(row)
    assert isinstance(made, Execution)
    assert (made.side, made.closing, made.fee, made.maker) == (LONG, True, D("26.3725275"), False)
    (row,) = recorded("ws_account_execution_adl")["data"]
    made = parse.execution(row)
    assert isinstance(made, Execution)
    assert (made.kind, made.side, made.client_id) == (ExecutionKind.ADL, LONG, "")


def test_recorded_balances_positions_and_fees_are_read(recorded: Recorded) -> None:
    """The totals, not the coins."""
    (row,) = recorded("http_get_wallet_balance")["result"]["list"]
    assert parse.account(row, AT)[:3] == (D("3.00326056"),) * 3
    (row,) = recorded("ws_account_wallet")["data"]
    assert parse.account(row, AT).maintenance_margin == D("12.78573161")
    legs = [parse.leg(row) for row in recorded("http_get_positions")["result"]["list"]]
    assert [(leg.side, leg.quantity) for leg in legs] == [(LONG, D("0.5")), (SHORT, D("5.0")), (None, D(0))]
    rates = [parse.fees(row) for row in recorded("http_get_fee_rate")["result"]["list"]]
    assert rates[0] == Fees(D("0.0001"), D("0.0006"))
    row = recorded("http_get_instruments_linear")["result"]["list"][0]
    rules = parse.instrument(row, parse.tiers({"list": [tier_row("2000000", "0.005", "100")]}))
    assert (rules.tick_size, rules.max_quantity, rules.max_leverage) == (D("0.5"), D("100.0"), 100)


# ---- candles ---------------------------------------------------------------------------------------------------------


def kline(*minutes: int, **changed: str) -> dict[str, Any]:
    """An answer of ``market/kline``: five-minute candles that open at these minutes after an hour."""
    rows = []
    for minute in minutes:
        start = str(1_795_000_800_000 + minute * 60_000)
        fields = {"start": start, "open": "10", "high": "12.5", "low": "9.25", "close": "11"} | changed
        rows.append([*fields.values(), "100", "1100"])
    return {"symbol": "BTCUSDT", "category": "linear", "list": rows}


def test_candles_come_oldest_first_and_without_the_one_that_forms() -> None:
    """Bybit lists the newest first; at minute 12 the candle of minute 10 still forms, and twice is once."""
    now = 1_795_000_800_000 + 12 * 60_000
    told = parse.candles(kline(10, 5, 5, 0), Timeframe.M5, now, 10)
    assert [(at - 1_795_000_800_000) // 60_000 for at in told.times] == [0, 5]
    assert (list(told.high), list(told.low), list(told.close)) == ([12.5] * 2, [9.25] * 2, [11.0] * 2)
    assert list(parse.candles(kline(10, 5, 0), Timeframe.M5, now, 1).times) == list(told.times[1:])


@pytest.mark.parametrize(
    "broken",
    [
        {"high": "10.5"}, {"low": "10.5"}, {"close": "NaN"}, {"low": "-1"}, {"low": "0"}, {"open": ""}, {"start": "x"},
        {"start": "12"}, {"close": "1e3"},
    ],
)  # fmt: skip
def test_a_candle_that_can_not_be_is_refused(broken: dict[str, str]) -> None:
    """A high below the close, a price of nothing, a time that is none."""
    with pytest.raises(Malformed):
        parse.candles(kline(0, **broken), Timeframe.M5, 1_795_009_999_999, 10)


@pytest.mark.parametrize("rows", [None, {}, "x", [None], ["10"], [["1795000800000", "1", "1"]], [{}]])
def test_an_answer_without_candles_is_refused(rows: object) -> None:
    """Whatever stands in its place."""
    with pytest.raises(Malformed):
        parse.candles({"list": rows}, Timeframe.M5, 1_795_009_999_999, 10)
