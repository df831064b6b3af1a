"""Candles without keys: exact, oldest first, and refused where they contradict themselves."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest

from gridhedge.domain.errors import Refused
from gridhedge.venue.binance.candles import BinanceCandles
from gridhedge.venue.clock import ServerClock
from gridhedge.venue.fields import Malformed
from tests.venue.binance.rows import AT, ScriptedClient

MINUTE = 60_000
FIRST = AT // MINUTE * MINUTE


def bar(at: int, *prices: str) -> list[Any]:
    return [at, *prices, "12.5", at + MINUTE - 1, "0", 1, "0", "0", "0"]


def source(body: object) -> tuple[BinanceCandles, ScriptedClient]:
    client = ScriptedClient(lambda method, query: body)
    return BinanceCandles(client, ServerClock()), client


def test_a_page_is_what_was_asked_for() -> None:
    """Digits as they were written; what lies outside is left out."""
    candles, client = source([bar(FIRST + MINUTE, "2", "3", "1", "2.50"), bar(FIRST, "1.10", "2", "1", "2")])
    (one,) = candles.page("BTCUSDC", MINUTE, FIRST, FIRST)
    assert one == (FIRST, D("1.10"), D(2), D(1), D(2), D("12.5"))
    query = {"symbol": "BTCUSDC", "interval": "1m", "startTime": FIRST, "endTime": FIRST, "limit": 1500}
    assert client.asked == [("futures_klines", query)]
    assert candles.newest("BTCUSDC", MINUTE) == FIRST + MINUTE


@pytest.mark.parametrize("body", [{}, [[]], [bar(FIRST, "1", "2", "1.5", "2")], [bar(FIRST, "1", "2", "0", "2")],
                                  [bar(FIRST, "1", "NaN", "1", "2")], [[str(FIRST)]]])  # fmt: skip
def test_what_is_no_candle_is_malformed(body: object) -> None:
    """Prices outside of low and high as well."""
    candles, _ = source(body)
    with pytest.raises(Malformed):
        candles.page("BTCUSDC", MINUTE, FIRST, FIRST)


def test_a_symbol_begins_when_it_was_listed() -> None:
    """One that is not listed is refused with what to do."""
    candles, _ = source({"symbols": [{"symbol": "BTCUSDC", "onboardDate": AT}]})
    assert candles.first("BTCUSDC") == AT
    with pytest.raises(Refused, match="NOPE is not listed at Binance; correct the symbol"):
        candles.first("NOPE")
