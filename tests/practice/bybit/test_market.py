"""Public market data."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gridhedge.practice.bybit import market
from gridhedge.practice.tape import MINUTE
from tests.practice.bybit.venues import HOUR, NOW, Venue


def test_public_requests_need_no_key() -> None:
    """Unsigned, and without limit headers."""
    venue = Venue()
    reply = venue.raw("GET", "/v5/market/time", key="")
    answer = json.loads(reply.body)
    assert answer["result"] == {"timeSecond": "1795000000", "timeNano": "1795000000000000000"}
    assert "X-Bapi-Limit" not in reply.headers


def test_rules_are_those_that_orders_must_obey(recorded: Any) -> None:
    """Tick, step, minimum and tiers; every field that the real venue's row has is there."""
    venue = Venue()
    row = venue.rows_of("market/instruments-info", symbol="DOGEUSDT")[0]
    assert (row["priceFilter"]["tickSize"], row["priceScale"]) == ("0.00001", "5")
    assert (row["lotSizeFilter"]["qtyStep"], row["lotSizeFilter"]["minNotionalValue"]) == ("1", "5")
    assert (row["leverageFilter"]["maxLeverage"], row["fundingInterval"]) == ("75.00", 480)
    assert row["riskParameters"] == {"priceLimitRatioX": "0.05", "priceLimitRatioY": "0.1"}
    real = json.loads((recorded / "bybit" / "nautilus" / "http_get_instruments_linear.json").read_text())
    missing = set(real["result"]["list"][0]) - set(row)
    assert missing == set()


def test_only_trading_linear_perpetuals_exist() -> None:
    """Other categories and states are empty lists, as clients ask for them at start."""
    venue = Venue()
    assert len(venue.rows_of("market/instruments-info")) == 2
    assert venue.rows_of("market/instruments-info", status="PreLaunch") == []
    assert venue.rows_of("market/instruments-info", category="option", baseCoin="BTC") == []
    assert [row["symbol"] for row in venue.rows_of("market/instruments-info", baseCoin="BTC")] == ["BTCUSDT"]
    assert venue.ask("market/instruments-info", symbol="NOUSDT")["retCode"] == 10001
    assert venue.ask("market/instruments-info", category="bonds")["retCode"] == 10001


def test_lists_of_instruments_have_pages() -> None:
    """One by one, then no more."""
    venue = Venue()
    first = venue.ask("market/instruments-info", limit=1)["result"]
    second = venue.ask("market/instruments-info", limit=1, cursor=first["nextPageCursor"])["result"]
    third = venue.ask("market/instruments-info", limit=1, cursor=second["nextPageCursor"])["result"]
    assert [row["symbol"] for page in (first, second, third) for row in page["list"]] == ["DOGEUSDT", "BTCUSDT"]


def test_the_ticker_stands_at_the_touch() -> None:
    """Bid, ask one tick above, last and mark; change since a day ago; the next funding in wall time."""
    venue = Venue()
    venue.move("0.25")
    row = venue.rows_of("market/tickers", symbol="DOGEUSDT")[0]
    assert (row["bid1Price"], row["ask1Price"], row["lastPrice"], row["markPrice"]) == (
        "0.25",
        "0.25001",
        "0.25",
        "0.25",
    )
    assert (row["price24hPcnt"], row["highPrice24h"], row["lowPrice24h"]) == ("0.25", "0.25", "0.2")
    assert abs(int(row["nextFundingTime"]) - (NOW // (8 * HOUR) + 1) * 8 * HOUR) <= 1
    assert (row["fundingRate"], row["fundingIntervalHour"]) == ("0.0001", "8")


def test_candles_come_newest_first_and_in_windows() -> None:
    """From a start alone: the candles that follow it; with an end: up to it; at most a thousand."""
    venue = Venue()
    for price in ("0.21", "0.19", "0.22"):
        venue.later(MINUTE)
        venue.move(price)
    first = NOW // MINUTE * MINUTE
    rows = venue.rows_of("market/kline", symbol="DOGEUSDT", interval=1)
    assert [int(row[0]) for row in rows] == [first + number * MINUTE for number in (3, 2, 1, 0)]
    assert rows[1][1:5] == ["0.21", "0.21", "0.19", "0.19"]
    since = venue.rows_of("market/kline", symbol="DOGEUSDT", interval=1, start=first, limit=2)
    assert [int(row[0]) for row in since] == [first + MINUTE, first]
    ending = venue.rows_of("market/kline", symbol="DOGEUSDT", interval=1, end=first + MINUTE)
    assert [int(row[0]) for row in ending] == [first + MINUTE, first]
    assert [len(row) for row in venue.rows_of("market/mark-price-kline", symbol="DOGEUSDT", interval=5)] == [5]
    assert venue.ask("market/kline", symbol="DOGEUSDT", interval=7)["retCode"] == 10001


def test_tiers_are_fractions_with_deductions() -> None:
    """The first tier has none; the second makes the line continuous: 2,000,000 x (0.0056 - 0.005)."""
    rows = Venue().rows_of("market/risk-limit", symbol="BTCUSDT")
    names = ("riskLimitValue", "maintenanceMargin", "mmDeduction", "maxLeverage", "isLowestRisk")
    assert [rows[0][name] for name in names] == ["2000000", "0.005", "", "100.00", 1]
    assert [rows[1][name] for name in names] == ["2600000", "0.0056", "1200", "90.00", 0]


def test_tiers_of_all_symbols_come_fifteen_symbols_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here one a page: a cursor leads to the rest, and of one symbol there is one page."""
    monkeypatch.setattr(market, "_RISK_SYMBOLS", 1)
    venue = Venue()
    first = venue.ask("market/risk-limit")["result"]
    second = venue.ask("market/risk-limit", cursor=first["nextPageCursor"])["result"]
    assert [{row["symbol"] for row in page["list"]} for page in (first, second)] == [{"DOGEUSDT"}, {"BTCUSDT"}]
    assert venue.ask("market/risk-limit", cursor=second["nextPageCursor"])["result"]["list"] == []
    assert venue.ask("market/risk-limit", symbol="BTCUSDT")["result"]["nextPageCursor"] == ""


def test_the_band_is_ten_percent_around_the_mark() -> None:
    """As place and amend apply it."""
    answer = Venue().ask("market/price-limit", symbol="DOGEUSDT")["result"]
    assert (answer["buyLmt"], answer["sellLmt"]) == ("0.22", "0.18")


def test_the_book_stands_around_the_touch() -> None:
    """Best first, a tick apart."""
    answer = Venue().ask("market/orderbook", symbol="DOGEUSDT", limit=2)["result"]
    assert [row[0] for row in answer["b"]] == ["0.2", "0.19999"]
    assert [row[0] for row in answer["a"]] == ["0.20001", "0.20002"]


def test_rates_that_were_charged_are_listed_when_they_were_seen() -> None:
    """Two in seventeen hours; a start needs an end."""
    venue = Venue()
    venue.later(17 * HOUR)
    rows = venue.rows_of("market/funding/history", symbol="DOGEUSDT")
    assert [row["fundingRate"] for row in rows] == ["0.0001", "0.0001"]
    times = [int(row["fundingRateTimestamp"]) for row in rows]
    assert times[0] - times[1] == 8 * HOUR
    assert venue.ask("market/funding/history", symbol="DOGEUSDT", startTime=1)["retCode"] == 10001
    bounded = venue.rows_of("market/funding/history", symbol="DOGEUSDT", startTime=times[0], endTime=times[0])
    assert len(bounded) == 1


def test_every_new_price_is_a_public_trade() -> None:
    """Newest first, with the taker's side."""
    venue = Venue()
    venue.move("0.21")
    venue.move("0.19")
    rows = venue.rows_of("market/recent-trade", symbol="DOGEUSDT", limit=2)
    assert [(row["price"], row["side"]) for row in rows] == [("0.19", "Sell"), ("0.21", "Buy")]
