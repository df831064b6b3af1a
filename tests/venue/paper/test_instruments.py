"""The facts about instruments under the rules of Bybit, Binance and a forex broker."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from gridhedge.domain.errors import UsageError
from gridhedge.domain.order import Reject
from gridhedge.domain.values import Side
from gridhedge.venue.paper.exchange import Exchange
from gridhedge.venue.paper.feed import ScriptedFeed
from gridhedge.venue.paper.instruments import fees, instrument, listing, rule_sets, symbols
from gridhedge.venue.paper.orders import Refusal


def test_doge_on_bybit_is_what_the_venue_says() -> None:
    """Filters of DOGEUSDT as recorded in April 2025."""
    doge = instrument("bybit", "DOGEUSDT")
    assert (doge.tick_size, doge.lot_step, doge.min_quantity) == (D("0.00001"), 1, 1)
    assert (doge.max_quantity, doge.max_market_quantity, doge.min_notional) == (43_678_900, 5_991_100, 5)
    assert (doge.max_leverage, doge.funding_interval_minutes) == (75, 480)
    assert fees("bybit", "DOGEUSDT") == (D("0.0002"), D("0.00055"))


def test_fees_follow_the_quote_currency_on_binance() -> None:
    """USDC pairs: nothing for makers, 0.04 % for takers; USDT pairs 0.02 % and 0.05 %."""
    assert fees("binance", "BTCUSDC") == (D(0), D("0.0004"))
    assert fees("binance", "BTCUSDT") == (D("0.0002"), D("0.0005"))


def test_deductions_are_those_that_binance_publishes() -> None:
    """Deductions computed from continuity equal Binance's column ``cum``."""
    deductions = [tier.deduction for tier in instrument("binance", "DOGEUSDT").tiers]
    assert deductions == [0, 280, 655, 6280, 16280, 116280, 1116280, 2116280, 8366280, 33366280]
    assert [tier.deduction for tier in instrument("binance", "BTCUSDC").tiers][:5] == [0, 50, 2550, 152550, 2152550]


@pytest.mark.parametrize(("rules", "symbol"), [(rules, symbol) for rules in rule_sets() for symbol in symbols(rules)])
def test_maintenance_margin_is_continuous_and_leverage_falls_from_tier_to_tier(rules: str, symbol: str) -> None:
    """At each limit both formulas agree, rates rise, and the first tier grants the instrument's leverage."""
    one = instrument(rules, symbol)
    for lower, upper in zip(one.tiers, one.tiers[1:], strict=False):
        edge = lower.max_notional
        assert edge * lower.rate - lower.deduction == edge * upper.rate - upper.deduction
        assert upper.rate > lower.rate
        assert upper.max_leverage < lower.max_leverage
        assert upper.max_notional > edge
    assert one.max_notional_at(one.max_leverage) > 0


def test_unknown_names_are_answered_with_what_there_is() -> None:
    """One sentence that helps, for the rules and for the symbol."""
    with pytest.raises(UsageError, match="no paper rules are called 'kraken': choose one of bybit, binance"):
        instrument("kraken", "BTCUSDT")
    with pytest.raises(UsageError, match="no paper instrument 'XRPUSDT' under the rules of bybit: there are BTCUSDT, "):
        fees("bybit", "XRPUSDT")


def test_a_forex_broker_s_symbols_have_spread_swap_and_a_week() -> None:
    """EURUSD: bid 1.10000, ask 1.10006; nothing can be sent on a Saturday; exchanges know neither."""
    saturday = 1_589_025_600_000
    forex = listing("mt5", "EURUSD", ScriptedFeed([(saturday, D("1.10000"))]), None)
    exchange = Exchange([forex], D(1000))
    market = exchange.market("EURUSD")
    assert (market.bid, market.ask) == (D("1.10000"), D("1.10006"))
    with pytest.raises(Refusal, match="the market is closed") as closed:
        exchange.place("EURUSD", "a", Side.LONG, False, D("1.09"), D(1000))
    assert (closed.value.reason, closed.value.until) == (Reject.MARKET_CLOSED, saturday + 33 * 3_600_000)
    perpetual = listing("bybit", "DOGEUSDT", ScriptedFeed([(0, D("0.2"))]), None)
    assert (perpetual.spread, perpetual.hours, perpetual.funding) == (0, None, None)


@pytest.mark.parametrize(("bid", "filled"), [("1.08995", 0), ("1.08994", 1000)], ids=["ask above", "ask at it"])
def test_a_resting_buy_is_met_by_the_ask(bid: str, filled: int) -> None:
    """Spread 0.00006: a buy at 1.09000 fills once the bid is through 1.08995, and its loss begins with the spread."""
    monday = 1_589_198_400_000
    feed = ScriptedFeed([(monday, D("1.10000")), (monday + 1000, D(bid))])
    exchange = Exchange([listing("mt5", "EURUSD", feed, None)], D(1000))
    order = exchange.place("EURUSD", "a", Side.LONG, False, D("1.09000"), D(1000))
    while exchange.advance(monday + 2000):
        pass
    assert order.filled == filled


def test_a_short_is_worth_what_the_ask_says() -> None:
    """1000 EUR sold at the bid of 1.1: buying them back costs five points more than a tick's spread would."""
    monday = 1_589_198_400_000
    exchange = Exchange([listing("mt5", "EURUSD", ScriptedFeed([(monday, D("1.10000"))]), None)], D(1000))
    exchange.place("EURUSD", "a", Side.SHORT, False, D(0), D(1000), market=True)
    assert exchange.account.figures().unrealised == D("-0.05")
