"""Modes, wallet, positions and the log of transactions."""

from __future__ import annotations

from decimal import Decimal as D

from tests.practice.bybit.venues import HOUR, Venue


def test_hedge_mode_is_on_and_can_be_left_only_when_flat() -> None:
    """110025 unchanged, 110028 with orders, 110024 with positions; in one-way mode hedged orders are refused."""
    venue = Venue()

    def switch(mode: int) -> int:
        return int(venue.say("position/switch-mode", symbol="DOGEUSDT", mode=mode)["retCode"])

    assert switch(3) == 110025
    assert venue.say("position/switch-mode", coin="USDT", mode=3)["retCode"] == 0
    venue.order("Buy", 1, "100", "0.1")
    assert switch(0) == 110028
    venue.say("order/cancel-all", symbol="DOGEUSDT")
    venue.order("Buy", 1, "100")
    assert switch(0) == 110024
    venue.order("Sell", 1, "100")
    assert switch(0) == 0
    assert venue.order("Buy", 1, "100", "0.1")["retMsg"] == "position idx not match position mode"
    assert [row["positionIdx"] for row in venue.rows_of("position/list", symbol="DOGEUSDT")] == [0]
    assert switch(3) == 0
    assert switch(7) == 10001


def test_the_mode_belongs_to_a_symbol_and_a_coin_passes_over_what_is_in_use() -> None:
    """BTCUSDT has an order: DOGEUSDT is switched all the same, and by coin BTCUSDT stays as it is."""
    venue = Venue()
    venue.order("Buy", 1, "0.001", "50000", symbol="BTCUSDT")
    assert venue.say("position/switch-mode", symbol="DOGEUSDT", mode=0)["retCode"] == 0
    assert venue.say("position/switch-mode", symbol="DOGEUSDT", mode=3)["retCode"] == 0
    assert venue.say("position/switch-mode", coin="USDT", mode=0)["retCode"] == 0
    indices = {
        symbol: [row["positionIdx"] for row in venue.rows_of("position/list", symbol=symbol)]
        for symbol in ("DOGEUSDT", "BTCUSDT")
    }
    assert indices == {"DOGEUSDT": [0], "BTCUSDT": [1, 2]}
    assert venue.order("Buy", 1, "100", "0.1")["retMsg"] == "position idx not match position mode"
    assert venue.order("Buy", 1, "0.001", "50000", symbol="BTCUSDT")["retCode"] == 0


def test_an_account_without_hedge_mode_can_not_get_it() -> None:
    """The fault: one row per symbol, and 110029."""
    venue = Venue()
    venue.world.faults.add("no_hedge_mode")
    assert [row["positionIdx"] for row in venue.rows_of("position/list", symbol="DOGEUSDT")] == [0]
    assert venue.say("position/switch-mode", symbol="DOGEUSDT", mode=3)["retCode"] == 110029


def test_leverage_is_equal_whole_and_within_the_limit() -> None:
    """110043 unchanged, 110013 above 75 or above what the position's tier allows, 10001 where sides differ."""
    venue = Venue()

    def wish(buy: str, sell: str) -> int:
        answer = venue.say("position/set-leverage", symbol="DOGEUSDT", buyLeverage=buy, sellLeverage=sell)
        return int(answer["retCode"])

    assert wish("10", "10") == 110043
    assert wish("20", "20") == 0
    assert venue.exchange.market("DOGEUSDT").leverage == 20
    assert wish("20", "10") == 10001
    assert wish("76", "76") == 110013
    assert wish("0.5", "0.5") == 110013
    assert wish("50", "50") == 0
    most = venue.exchange.market("DOGEUSDT").instrument.max_notional_at(75)
    venue.order("Buy", 1, str(int(most / D("0.2")) + 100))  # above the tier of 75x, within that of 50x
    assert venue.exchange.market("DOGEUSDT").long.quantity * D("0.2") > most
    assert wish("75", "75") == 110013
    assert wish("40", "40") == 0


def test_only_cross_margin_is_to_be_had() -> None:
    """The failure brings the venue's reasons."""
    venue = Venue()
    assert venue.say("account/set-margin-mode", setMarginMode="REGULAR_MARGIN")["result"] == {"reasons": []}
    answer = venue.say("account/set-margin-mode", setMarginMode="ISOLATED_MARGIN")
    assert answer["retCode"] == 3400045
    assert len(answer["result"]["reasons"]) == 1
    assert venue.ask("account/info")["result"]["marginMode"] == "REGULAR_MARGIN"


def test_the_wallet_is_the_exchange_s_to_the_last_digit() -> None:
    """After a purchase, at another price; rates are cut to four decimals."""
    venue = Venue()
    venue.order("Buy", 1, "10000")
    venue.move("0.21")
    row = venue.rows_of("account/wallet-balance", accountType="UNIFIED")[0]
    seen = venue.exchange.account_seen()
    coin = row["coin"][0]
    assert D(coin["walletBalance"]) == seen.wallet_balance == D("9998.899945")  # 10000 - 10000 x 0.20001 x 0.00055
    assert D(coin["equity"]) == D(row["totalEquity"]) == seen.margin_balance == D("10098.799945")
    assert D(row["totalAvailableBalance"]) == seen.available
    assert D(row["totalInitialMargin"]) == seen.initial_margin
    assert D(row["totalMaintenanceMargin"]) == seen.maintenance_margin
    assert row["accountMMRate"] == "0.0014"
    assert venue.ask("account/wallet-balance", accountType="SPOT")["retCode"] == 10001
    assert venue.rows_of("account/wallet-balance", accountType="UNIFIED", coin="BTC")[0]["coin"] == []


def test_positions_by_symbol_show_flat_legs_and_by_coin_only_held_ones() -> None:
    """Two rows by symbol; one by coin; a flat leg is empty where the venue's is."""
    venue = Venue()
    venue.order("Sell", 2, "1000")
    long, short = venue.rows_of("position/list", symbol="DOGEUSDT")
    assert (long["positionIdx"], long["side"], long["size"], long["avgPrice"], long["positionValue"]) == (
        1,
        "",
        "0",
        "0",
        "",
    )
    assert (short["positionIdx"], short["side"], short["size"], short["avgPrice"]) == (2, "Sell", "1000", "0.2")
    assert [row["symbol"] for row in venue.rows_of("position/list", settleCoin="USDT")] == ["DOGEUSDT"]
    assert venue.rows_of("position/list", settleCoin="USDC") == []
    assert venue.ask("position/list")["retCode"] == 10001


def test_the_log_of_transactions_adds_up_to_the_wallet() -> None:
    """Open, funding, close: change = cash flow + funding - fee, row by row, and the sum is the wallet's."""
    venue = Venue()
    venue.order("Buy", 1, "10000")
    venue.later(9 * HOUR)
    venue.move("0.25")
    venue.order("Sell", 1, "10000")
    rows = venue.rows_of("account/transaction-log", accountType="UNIFIED")
    assert [row["type"] for row in rows] == ["TRADE", "SETTLEMENT", "TRADE"]
    for row in rows:
        assert D(row["change"]) == D(row["cashFlow"]) + D(row["funding"] or 0) - D(row["fee"])
    assert rows[1]["funding"] == "-0.2"  # 10000 x 0.2 x 0.0001, paid by the long side
    assert [row["size"] for row in rows] == ["0", "10000", "10000"]
    assert D(10_000) + sum(D(row["change"]) for row in rows) == venue.exchange.account.wallet
    assert D(rows[0]["cashBalance"]) == venue.exchange.account.wallet
    assert len(venue.rows_of("account/transaction-log", type="SETTLEMENT")) == 1
    assert venue.rows_of("account/transaction-log", currency="BTC") == []


def test_the_key_s_permissions_follow_the_faults() -> None:
    """Withdrawal, read-only; otherwise what a bot should have."""
    venue = Venue()
    row = venue.ask("user/query-api")["result"]
    assert (row["readOnly"], row["permissions"]["Wallet"]) == (0, [])
    assert row["permissions"]["ContractTrade"] == ["Order", "Position"]
    assert row["expiredAt"] == "2027-02-09T11:06:40Z"
    venue.world.faults.add("withdrawal_permission")
    assert "Withdraw" in venue.ask("user/query-api")["result"]["permissions"]["Wallet"]


def test_fees_are_those_that_are_charged() -> None:
    """Per symbol, or all."""
    venue = Venue()
    expected = {"symbol": "DOGEUSDT", "takerFeeRate": "0.00055", "makerFeeRate": "0.0002"}
    assert venue.rows_of("account/fee-rate", symbol="DOGEUSDT") == [expected]
    assert len(venue.rows_of("account/fee-rate")) == 2


def test_play_money_is_given_on_request() -> None:
    """And the books still agree with the wallet."""
    venue = Venue()
    money = [{"coin": "USDT", "amountStr": "500"}]
    assert venue.say("account/demo-apply-money", adjustType=0, utaDemoApplyMoney=money)["retCode"] == 0
    assert venue.exchange.account.wallet == venue.desk.books.balance == D(10_500)
    for wrong in ([{"coin": "BTC", "amountStr": "1"}], [{"coin": "USDT", "amountStr": "200000"}], "x"):
        assert venue.say("account/demo-apply-money", utaDemoApplyMoney=wrong)["retCode"] == 10001
