"""REST rows in the engine's words: every digit, and a typed error for what is not what it must be."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest

from gridhedge.domain.account import Position
from gridhedge.domain.errors import Refused
from gridhedge.domain.events import ExecutionKind
from gridhedge.domain.instrument import Fees, Tier
from gridhedge.domain.order import OrderState
from gridhedge.domain.values import Side
from gridhedge.venue.binance import parse
from gridhedge.venue.fields import Malformed
from tests.venue.binance.conftest import Recorded
from tests.venue.binance.rows import AT, RATES, algo_row, order_row, trade_row

LONG, SHORT = Side.LONG, Side.SHORT


@pytest.mark.parametrize(
    ("side", "leg", "expected"),
    [("BUY", "LONG", (LONG, False)), ("SELL", "LONG", (LONG, True)), ("SELL", "SHORT", (SHORT, False)),
     ("BUY", "SHORT", (SHORT, True))],
)  # fmt: skip
def test_in_hedge_mode_the_sides_tell_what_an_order_does(side: str, leg: str, expected: tuple[Side, bool]) -> None:
    """The reduce-only flag plays no part."""
    record = parse.order(order_row(side=side, positionSide=leg))
    assert (record.side, record.closing) == expected


def test_an_order_keeps_every_digit() -> None:
    """Price, quantities, names and times."""
    record = parse.order(order_row(status="PARTIALLY_FILLED", executedQty="0.001"))
    assert record == (
        "BTCUSDC", "g1-000001", "8389765739", LONG, False, D("60000.1"), D("0.002"), D("0.001"), OrderState.WORKING,
        AT - 9, AT, None, False,
    )  # fmt: skip


IMPOSSIBLE: list[dict[str, Any]] = [
    {"executedQty": "0.003"}, {"status": "FILLED"}, {"status": "HALTED"}, {"orderId": "7"}, {"price": 60000.1},
    {"origQty": "1e3"}, {"positionSide": "X"},
]  # fmt: skip


@pytest.mark.parametrize("changes", IMPOSSIBLE)
def test_an_order_that_can_not_be_is_malformed(changes: dict[str, Any]) -> None:
    """Nothing is concluded from it."""
    with pytest.raises(Malformed):
        parse.order(order_row(**changes))


def test_a_stop_for_the_whole_position_has_the_size_of_what_is_held() -> None:
    """Its price is the trigger; its number is told apart from those of ordinary orders."""
    record = parse.algo_order(algo_row(), {LONG: D("0.007")})
    assert record[2:9] == ("A1000000033225453", LONG, True, D("55000.0"), D("0.007"), D(0), OrderState.WORKING)
    assert record.trigger_price == D("55000.0")
    assert parse.algo_id(record.venue_id) == "1000000033225453"


@pytest.mark.parametrize(
    ("changes", "state", "filled"),
    [
        ({"algoStatus": "FINISHED", "actualQty": "0.007"}, OrderState.FILLED, D("0.007")),
        ({"algoStatus": "FINISHED", "actualQty": "0"}, OrderState.CANCELLED, D(0)),
        ({"algoStatus": "CANCELED"}, OrderState.CANCELLED, D(0)),
        ({"algoStatus": "EXPIRED"}, OrderState.CANCELLED, D(0)),
        ({"algoStatus": "REJECTED"}, OrderState.REJECTED, D(0)),
        ({"algoStatus": "TRIGGERED"}, OrderState.WORKING, D(0)),
    ],
)
def test_a_stop_ends_as_what_it_was_triggered_into(changes: dict[str, Any], state: OrderState, filled: D) -> None:
    """FINISHED alone says nothing: what executed decides."""
    record = parse.algo_order(algo_row(**changes), {})
    assert (record.state, record.filled) == (state, filled)


def test_a_person_s_trailing_stop_has_no_trigger_and_hides_nothing() -> None:
    """It is listed beside ours and has to be read; an order of another kind without its trigger is malformed."""
    row = algo_row(clientAlgoId="web_1", orderType="TRAILING_STOP_MARKET", triggerPrice="0.0", activatePrice="70000.0")
    record = parse.algo_order(row | {"quantity": "0.002", "closePosition": False}, {})
    assert (record.client_id, record.quantity, record.trigger_price) == ("web_1", D("0.002"), D(0))
    with pytest.raises(Malformed, match="triggerPrice is 0"):
        parse.algo_order(algo_row(triggerPrice="0.0"), {})


def test_an_execution_is_named_by_symbol_and_trade() -> None:
    """The fee in the quote currency is taken as it is; another coin's counts as the usual fee; a rebate is negative."""
    made = parse.execution(trade_row(), "g1-000001", "USDC", RATES)
    assert made[:9] == (
        "BTCUSDC-698759", "BTCUSDC", "g1-000001", "8389765739", LONG, False, D("0.001"), D("60000.1"), D("0.01200002"),
    )  # fmt: skip
    in_bnb = parse.execution(trade_row(commissionAsset="BNB", commission="0.00002"), "", "USDC", RATES)
    assert in_bnb.fee == D("60000.1") * D("0.001") * D("0.0002")
    assert parse.execution(trade_row(commission="-0.003"), "", "USDC", RATES).fee == D("-0.003")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("autoclose-1234", ExecutionKind.LIQUIDATION), ("adl_autoclose", ExecutionKind.ADL),
        ("settlement_autoclose-9", ExecutionKind.SETTLEMENT), ("g1-000001", ExecutionKind.TRADE),
        ("", ExecutionKind.TRADE),
    ],
)  # fmt: skip
def test_binance_s_own_client_ids_tell_whose_doing_it_was(name: str, kind: ExecutionKind) -> None:
    """They are reserved."""
    assert parse.execution(trade_row(), name, "USDC", RATES).kind is kind


def test_an_execution_in_one_way_mode_is_refused() -> None:
    """It belongs to no side."""
    with pytest.raises(Refused, match="one-way mode"):
        parse.execution(trade_row(positionSide="BOTH"), "", "USDC", RATES)


def account(**asset: str) -> dict[str, Any]:
    row = {
        "asset": "USDC", "walletBalance": "1000.00000000", "marginBalance": "996.80000000", "maintMargin": "0.96000000",
        "initialMargin": "24.00000000", "availableBalance": "972.80000000",
    }  # fmt: skip
    return {"totalMarginBalance": "0.00000000", "assets": [{**row, "asset": "USDT"}, {**row, **asset}]}


def test_the_margin_rate_is_reckoned_from_the_margin_asset() -> None:
    """The totals are those of USDT: 0.96 of 996.8 is 0.0963 %."""
    seen = parse.account(account(), "USDC", AT)
    assert seen[:5] == (D(1000), D("996.8"), D("972.8"), D(24), D("0.96"))
    assert seen.mm_rate == D(96) / D("996.8")


@pytest.mark.parametrize(("balance", "rate"), [("0", 9999), ("-5", 9999), ("0.000001", 9999)])
def test_a_margin_balance_that_is_gone_is_the_worst_rate(balance: str, rate: int) -> None:
    """No division by nothing."""
    assert parse.account(account(marginBalance=balance), "USDC", AT).mm_rate == rate


def test_an_account_without_the_currency_is_refused() -> None:
    """With what to do."""
    with pytest.raises(Refused, match="lists no BNB in the futures account; transfer some"):
        parse.account(account(), "BNB", AT)


def test_positions_of_both_sides_are_read_and_one_way_mode_is_refused(recorded: Recorded) -> None:
    """Shorts are negative there."""
    rows = recorded("integration/http_futures_account_positions_hedge")
    rows[1]["entryPrice"] = "6679.5"
    assert [parse.position(row) for row in rows] == [
        Position("BTCUSDT", LONG, D("20.000"), D("6563.66500")), Position("BTCUSDT", SHORT, D("10.000"), D("6679.5")),
    ]  # fmt: skip
    assert parse.position(recorded("integration/http_futures_account_positions_one_way")[0]) is None
    with pytest.raises(Refused, match="one-way mode"):
        parse.position(recorded("http_json/position_risk")[0])
    with pytest.raises(Malformed):
        parse.position({**rows[0], "positionAmt": "-1"})


def test_recorded_rows_are_read(recorded: Recorded) -> None:
    """Orders, conditional orders, fees and the account, as Binance has sent them."""
    assert parse.order(recorded("http_json/order_response")).quantity == D("0.001")
    order = recorded("integration/http_futures_account_orders")[0]
    assert parse.order(order)[3:7] == (SHORT, True, D("0"), D("0.40"))
    stop = parse.algo_order(recorded("http_json/open_algo_orders")[0], {})
    assert (stop.quantity, stop.trigger_price) == (D("0.001"), D("45000.00"))
    rates = parse.fees(recorded("integration/http_futures_wallet_commission_rate_btcusdt"))
    assert rates == Fees(D("0.0002"), D("0.0005"))
    assert parse.account(recorded("http_json/account_info_v2"), "USDT", AT).wallet_balance == D("23.72469206")


BRACKETS = [
    {"bracket": 2, "initialLeverage": 100, "notionalCap": 500000, "notionalFloor": 50000, "maintMarginRatio": 0.005,
     "cum": 50.0},
    {"bracket": 1, "initialLeverage": 125, "notionalCap": 50000, "notionalFloor": 0, "maintMarginRatio": 0.004,
     "cum": 0.0},
]  # fmt: skip


OF_BTC = {"symbol": "BTCUSDC", "brackets": BRACKETS}


@pytest.mark.parametrize("body", [[OF_BTC], OF_BTC], ids=["list", "object"])
def test_brackets_are_tiers_to_the_last_digit(body: object) -> None:
    """JSON numbers give back the digits that stood there; the smallest comes first."""
    assert parse.tiers(body, "BTCUSDC") == (
        Tier(D(50000), D("0.004"), D("0.0"), 125), Tier(D(500000), D("0.005"), D("50.0"), 100),
    )  # fmt: skip
    with pytest.raises(Malformed, match="no leverage brackets of ETHUSDC"):
        parse.tiers(body, "ETHUSDC")


FILTERS = [
    {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "100000", "tickSize": "0.01"},
    {"filterType": "LOT_SIZE", "minQty": "0.001", "maxQty": "8000", "stepSize": "0.001"},
    {"filterType": "MARKET_LOT_SIZE", "minQty": "0.001", "maxQty": "700", "stepSize": "0.001"},
    {"filterType": "MIN_NOTIONAL", "notional": "20"},
    {"filterType": "POSITION_RISK_CONTROL", "positionControlSide": "NONE"},
]
LISTED = {"symbol": "ETHUSDC", "contractType": "PERPETUAL", "status": "TRADING", "baseAsset": "ETH",
          "quoteAsset": "USDC", "marginAsset": "USDC", "filters": FILTERS}  # fmt: skip
TIERS = (Tier(D(50000), D("0.004"), D(0), 125),)


def test_the_rules_of_a_symbol_are_exact() -> None:
    """The row of ETHUSDC of mid 2026; unknown filters are passed over."""
    rules = parse.instrument(LISTED, TIERS, 480)
    assert (rules.tick_size, rules.lot_step, rules.min_quantity) == (D("0.01"), D("0.001"), D("0.001"))
    assert (rules.max_quantity, rules.max_market_quantity, rules.min_notional) == (D(8000), D(700), D(20))
    assert (rules.base, rules.quote, rules.max_leverage) == ("ETH", "USDC", 125)


def test_the_band_around_the_mark_is_read() -> None:
    """Where there is one, and where it is one."""
    assert parse.band(LISTED) is None
    bounds = {"filterType": "PERCENT_PRICE", "multiplierUp": "1.0500", "multiplierDown": "0.9500"}
    assert parse.band(LISTED | {"filters": [*FILTERS, bounds]}) == (D("0.95"), D("1.05"), D("0.01"))
    with pytest.raises(Malformed, match="no band around it"):
        parse.band(LISTED | {"filters": [*FILTERS, bounds | {"multiplierDown": "1.2000"}]})


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [({"contractType": "CURRENT_QUARTER"}, "no USDT or USDC perpetual"), ({"quoteAsset": "BTC"}, "no USDT or USDC"),
     ({"status": "SETTLING"}, "does not trade at Binance now")],
)  # fmt: skip
def test_what_can_not_be_traded_is_refused_in_a_sentence(changes: dict[str, Any], sentence: str) -> None:
    """Naming what it is."""
    with pytest.raises(Refused, match=sentence):
        parse.instrument({**LISTED, **changes}, TIERS, 480)


def test_every_perpetual_of_a_recorded_exchange_is_read(recorded: Recorded) -> None:
    """Whatever quotes in USDT and trades."""
    body = recorded("integration/http_futures_market_exchange_info")
    read = 0
    for item in body["symbols"]:
        try:
            read += parse.instrument(item, TIERS, 480).tick_size > 0
        except Refused:
            continue
    assert read > 0
