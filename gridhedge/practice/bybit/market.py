"""Public market data."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from gridhedge.domain.values import ONE, ZERO, Millis
from gridhedge.practice.bybit.answers import Answer, bad_parameter, plain
from gridhedge.practice.bybit.call import Call, Result
from gridhedge.practice.bybit.query import page, whole
from gridhedge.practice.tape import DAY, MINUTE, WEEK, Bar
from gridhedge.practice.world import World
from gridhedge.venue.paper.market import Market

__all__ = [
    "BANDS",
    "INTERVALS",
    "book_rows",
    "candle_row",
    "candles",
    "depth",
    "funding_history",
    "instruments",
    "mark_candles",
    "order_book",
    "price_limit",
    "recent_trades",
    "risk_limits",
    "server_time",
    "ticker",
    "tickers",
]

INTERVALS: dict[str, Millis] = {
    **{str(minutes): minutes * MINUTE for minutes in (1, 3, 5, 15, 30, 60, 120, 240, 360, 720)},
    "D": DAY,
    "W": WEEK,
}
BANDS = {
    "BTCUSDT": Decimal("0.02"),
    "ETHUSDT": Decimal("0.04"),
    "SOLUSDT": Decimal("0.1"),  # not recorded: as DOGEUSDT
    "DOGEUSDT": Decimal("0.1"),
}
"""priceLimitRatioY of instruments-info (April 2025): how far from the mark a limit price may lie."""
_LAUNCHED = "1585526400000"
_RISK_SYMBOLS = 15


def server_time(call: Call) -> Result:
    """What clients set their clocks by."""
    return {"timeSecond": str(call.now // 1000), "timeNano": str(call.now * 1_000_000)}


def instruments(call: Call) -> Result:
    """Rules of all symbols, or of one; other categories than linear are empty."""
    params = call.params
    listed: list[Market] = []
    if call.linear() and params.get("status", "Trading") in ("Trading", ""):
        listed = call.markets()
        if params.get("baseCoin"):
            listed = [market for market in listed if market.instrument.base == params["baseCoin"]]
    # Cursors count down, as everywhere.
    places = {market.symbol: len(listed) - index for index, market in enumerate(listed)}
    rows, cursor = page(listed, lambda market: places[market.symbol], params, 500, 1000)
    cursor = "" if len(rows) == len(listed) else cursor
    return {"category": params["category"], "list": [_instrument(market) for market in rows], "nextPageCursor": cursor}


def _instrument(market: Market) -> dict[str, Any]:
    rules = market.instrument
    band = market.price_band or Decimal("0.1")
    tick = plain(rules.tick_size)
    return {
        "symbol": rules.symbol,
        "symbolId": sum(rules.symbol.encode()),
        "contractType": "LinearPerpetual",
        "status": "Trading",
        "baseCoin": rules.base,
        "quoteCoin": rules.quote,
        "settleCoin": rules.quote,
        "launchTime": _LAUNCHED,
        "deliveryTime": "0",
        "deliveryFeeRate": "",
        "priceScale": str(len(tick.partition(".")[2])),
        "leverageFilter": {"minLeverage": "1", "maxLeverage": f"{rules.max_leverage}.00", "leverageStep": "0.01"},
        "priceFilter": {"minPrice": tick, "maxPrice": plain(rules.tick_size * 19_999_998), "tickSize": tick},
        "lotSizeFilter": {
            "maxOrderQty": plain(rules.max_quantity),
            "minOrderQty": plain(rules.min_quantity),
            "qtyStep": plain(rules.lot_step),
            "postOnlyMaxOrderQty": plain(rules.max_quantity),
            "maxMktOrderQty": plain(rules.max_market_quantity),
            "minNotionalValue": plain(rules.min_notional),
        },
        "unifiedMarginTrade": True,
        "fundingInterval": rules.funding_interval_minutes,
        "copyTrading": "both",
        "upperFundingRate": "0.005",
        "lowerFundingRate": "-0.005",
        "displayName": "",
        "forbidUplWithdrawal": False,
        "isPreListing": False,
        "preListingInfo": None,
        "riskParameters": {"priceLimitRatioX": plain(band / 2), "priceLimitRatioY": plain(band)},
        "symbolType": "",
    }


def tickers(call: Call) -> Result:
    """The tickers of all symbols, or of one."""
    rows = [ticker(call.world, market) for market in call.markets()] if call.linear() else []
    extra = {"predictedDeliveryPrice": "", "basis": "", "basisRate": "", "basisRateYear": "", "deliveryFeeRate": ""}
    return {"category": call.params["category"], "list": [{**row, **extra, "deliveryTime": "0"} for row in rows]}


def depth(market: Market) -> Decimal:
    """What stands at each price of the book: nobody else trades here, so it is as deep as the rules let one trade."""
    return market.liquidity or market.instrument.max_market_quantity


def ticker(world: World, market: Market) -> dict[str, str]:
    """All fields of a ticker: mark and index are the last price, interest and volume those of the recorded candles."""
    price, tape = market.price, world.tapes[market.symbol]
    day, hour = tape.day()
    size = plain(depth(market))
    change = (price - day.open) / day.open
    at = market.next_funding
    return {
        "symbol": market.symbol,
        "tickDirection": "PlusTick" if tape.prints[-1].rises else "MinusTick",
        "price24hPcnt": plain(change.quantize(Decimal("0.000001"))),
        "lastPrice": plain(price),
        "prevPrice24h": plain(day.open),
        "highPrice24h": plain(day.high),
        "lowPrice24h": plain(day.low),
        "prevPrice1h": plain(hour),
        "markPrice": plain(price),
        "indexPrice": plain(price),
        "openInterest": "0",
        "openInterestValue": "0",
        "singleOpenInterest": "0",
        "singleOpenInterestValue": "0",
        "turnover24h": plain((day.volume * price).quantize(Decimal("0.0001"))),
        "volume24h": plain(day.volume),
        "nextFundingTime": "" if at is None else str(world.clock.shown(at)),
        "fundingRate": "" if at is None else plain(market.funding.rate(at)),
        "fundingIntervalHour": plain(Decimal(market.instrument.funding_interval_minutes) / 60),
        "fundingCap": "0.005",
        "bid1Price": plain(market.bid),
        "bid1Size": size,
        "ask1Price": plain(market.ask),
        "ask1Size": size,
        "preOpenPrice": "",
        "preQty": "",
        "curPreListingPhase": "",
    }


def candles(call: Call) -> Result:
    """Candles, newest first; the newest may still be forming. Their times are those of the data, not of the wall."""
    rows = [candle_row(bar) for bar in _bars(call)]
    return {"symbol": call.symbol(), "category": call.params["category"], "list": rows}


def mark_candles(call: Call) -> Result:
    """As ``candles``, without volume: the mark is the last price."""
    rows = [candle_row(bar)[:5] for bar in _bars(call)]
    return {"symbol": call.symbol(), "category": call.params["category"], "list": rows}


def _bars(call: Call) -> list[Bar]:
    if not call.linear():
        raise bad_parameter("only category linear is traded here")
    params, tape = call.params, call.world.tapes[call.symbol()]
    interval = INTERVALS.get(str(params.get("interval")))
    if interval is None:
        raise bad_parameter(f"interval {params.get('interval')!r}: use one of {', '.join(INTERVALS)}")
    limit = whole(params, "limit", 200)
    if limit < 1:
        raise bad_parameter("limit is not between 1 and 1000")
    limit = min(limit, 1000)
    start, end = whole(params, "start", -1), whole(params, "end", -1)
    if start >= 0 and end < 0:
        # From a start alone the venue gives the candles that follow it, not the newest ones.
        end = start + (limit - 1) * interval if start % interval == 0 else start + limit * interval
    return tape.bars(interval, max(start, 0), tape.at if end < 0 else end, limit)


def candle_row(bar: Bar) -> list[str]:
    prices = (bar.open, bar.high, bar.low, bar.close, bar.volume)
    return [str(bar.start), *map(plain, prices), plain(bar.volume * bar.close)]


def funding_history(call: Call) -> Result:
    """Rates charged so far, newest first, at the times at which clients have seen them charged."""
    market, params = call.market(), call.params
    start, end = whole(params, "startTime", -1), whole(params, "endTime", -1)
    if start >= 0 and end < 0:
        raise Answer(10001, "params error: endTime is needed with startTime")
    limit = max(1, min(200, whole(params, "limit", 200)))
    plan, shown = market.funding, call.world.clock.shown
    found = [at for at in call.world.charges(market.symbol) if shown(at) >= start and (end < 0 or shown(at) <= end)]
    rows = [
        {"symbol": market.symbol, "fundingRate": plain(plan.rate(at)), "fundingRateTimestamp": str(shown(at))}
        for at in found[: -limit - 1 : -1]
    ]
    return {"category": call.params.get("category", "linear"), "list": rows}


def risk_limits(call: Call) -> Result:
    """One row per margin tier; without a symbol fifteen symbols a page."""
    listed = call.markets() if call.linear() else []
    places = {market.symbol: len(listed) - index for index, market in enumerate(listed)}
    cut = {name: value for name, value in call.params.items() if name == "cursor"}
    found, cursor = page(listed, lambda market: places[market.symbol], cut, _RISK_SYMBOLS, _RISK_SYMBOLS)
    rows = [row for market in found for row in _tiers(market)]
    cursor = "" if len(listed) == len(found) else cursor
    return {"category": call.params["category"], "list": rows, "nextPageCursor": cursor}


def _tiers(market: Market) -> list[dict[str, Any]]:
    return [
        {
            "id": number,
            "symbol": market.symbol,
            "riskLimitValue": plain(tier.max_notional),
            "maintenanceMargin": plain(tier.rate),
            "initialMargin": plain((ONE / tier.max_leverage).quantize(Decimal("0.0001"))),
            "isLowestRisk": 1 if number == 1 else 0,
            "maxLeverage": f"{tier.max_leverage}.00",
            "mmDeduction": plain(tier.deduction) if number > 1 else "",
        }
        for number, tier in enumerate(market.instrument.tiers, start=1)
    ]


def price_limit(call: Call) -> Result:
    """The band in which limit prices are taken as they are."""
    market = call.market()
    rules = market.instrument
    most = market.banded(True, rules.tick_size * 19_999_998)
    least = market.banded(False, rules.tick_size)
    return {"symbol": market.symbol, "buyLmt": plain(most), "sellLmt": plain(least), "ts": str(call.now)}


def order_book(call: Call) -> Result:
    """The book around the touch, the same quantity on every tick."""
    market = call.market()
    levels = max(1, min(500, whole(call.params, "limit", 25)))
    return {
        **book_rows(market, levels),
        "ts": call.now,
        "u": call.desk.exchange.now(),
        "seq": call.desk.exchange.now(),
        "cts": call.now,
    }


def book_rows(market: Market, levels: int) -> dict[str, Any]:
    """Symbol, bids and asks, best first."""
    size, tick = plain(depth(market)), market.instrument.tick_size
    bids = [market.bid - tick * index for index in range(levels)]
    return {
        "s": market.symbol,
        "b": [[plain(price), size] for price in bids if price > ZERO],
        "a": [[plain(market.ask + tick * index), size] for index in range(levels)],
    }


def recent_trades(call: Call) -> Result:
    """The last public trades, newest first: one for every price that the market has come to."""
    market = call.market()
    limit = max(1, min(1000, whole(call.params, "limit", 500)))
    prints = list(reversed(call.world.tapes[market.symbol].prints))[:limit]
    size = plain(market.instrument.min_quantity)
    rows = [
        {
            "execId": f"{market.symbol}-{printed.number}",
            "symbol": market.symbol,
            "price": plain(printed.price),
            "size": size,
            "side": "Buy" if printed.rises else "Sell",
            "time": str(call.world.clock.shown(printed.at)),
            "isBlockTrade": False,
        }
        for printed in prints
    ]
    return {"category": call.params.get("category", "linear"), "list": rows}
