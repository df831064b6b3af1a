"""Public market data."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from gridhedge.domain.values import ZERO, Millis
from gridhedge.practice.binance.answers import Answer, bad_parameter, plain
from gridhedge.practice.binance.call import Call, Result
from gridhedge.practice.binance.limits import ORDERS, WEIGHT
from gridhedge.practice.binance.query import limited, whole
from gridhedge.practice.tape import DAY, MINUTE, WEEK, Bar
from gridhedge.practice.world import World
from gridhedge.venue.paper.market import Market

__all__ = [
    "BAND",
    "INTERVALS",
    "aggregate_trades",
    "bar_row",
    "brackets",
    "candles",
    "depth",
    "exchange_info",
    "funding_info",
    "funding_rates",
    "mark_prices",
    "nothing",
    "order_book",
    "prices",
    "recent_trades",
    "server_time",
    "ticker",
    "tickers",
    "touch",
    "touches",
]

INTERVALS: dict[str, Millis] = {
    **{f"{minutes}m": minutes * MINUTE for minutes in (1, 3, 5, 15, 30)},
    **{f"{hours}h": hours * 60 * MINUTE for hours in (1, 2, 4, 6, 8, 12)},
    "1d": DAY,
    "3d": 3 * DAY,
    "1w": WEEK,
}
BAND = Decimal("0.05")
"""PERCENT_PRICE: how far above the mark a buy, and below it a sell, may lie."""
_ONBOARD = 1_569_398_400_000
_NEVER = 4_133_404_800_000
_MOST_PRICE = Decimal(10_000_000)


def nothing(call: Call) -> Result:
    """``ping``."""
    return {}


def server_time(call: Call) -> Result:
    """What clients set their clocks by."""
    return {"serverTime": call.now}


def exchange_info(call: Call) -> Result:
    """Rules of all symbols, and the rate limits."""
    limits = [_limit("REQUEST_WEIGHT", 60_000, WEIGHT), *(_limit("ORDERS", *window) for window in ORDERS.values())]
    quotes = sorted({market.instrument.quote for market in call.desk.exchange.markets.values()})
    return {
        "timezone": "UTC",
        "serverTime": call.now,
        "futuresType": "U_MARGINED",
        "rateLimits": limits,
        "exchangeFilters": [],
        "assets": [{"asset": quote, "marginAvailable": True, "autoAssetExchange": "-10000"} for quote in quotes],
        "symbols": [_symbol(market) for market in call.desk.exchange.markets.values()],
    }


def _limit(kind: str, length: Millis, cap: int) -> dict[str, Any]:
    seconds = length // 1000
    interval, number = ("MINUTE", seconds // 60) if seconds % 60 == 0 else ("SECOND", seconds)
    return {"rateLimitType": kind, "interval": interval, "intervalNum": number, "limit": cap}


def _symbol(market: Market) -> dict[str, Any]:
    rules = market.instrument
    tick, step = plain(rules.tick_size), plain(rules.lot_step)
    lots = {"minQty": plain(rules.min_quantity), "stepSize": step}
    return {
        "symbol": rules.symbol,
        "pair": rules.symbol,
        "contractType": "PERPETUAL",
        "deliveryDate": _NEVER,
        "onboardDate": _ONBOARD,
        "status": "TRADING",
        "maintMarginPercent": "2.5000",
        "requiredMarginPercent": "5.0000",
        "baseAsset": rules.base,
        "quoteAsset": rules.quote,
        "marginAsset": rules.quote,
        "pricePrecision": _digits(tick),
        "quantityPrecision": _digits(step),
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "underlyingSubType": [],
        "triggerProtect": "0.0500",
        "liquidationFee": "0.012500",
        "marketTakeBound": "0.05",
        "maxMoveOrderLimit": 10000,
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": tick, "maxPrice": plain(_MOST_PRICE), "tickSize": tick},
            {"filterType": "LOT_SIZE", "maxQty": plain(rules.max_quantity), **lots},
            {"filterType": "MARKET_LOT_SIZE", "maxQty": plain(rules.max_market_quantity), **lots},
            {"filterType": "MAX_NUM_ORDERS", "limit": 200},
            {"filterType": "MIN_NOTIONAL", "notional": plain(rules.min_notional)},
            {
                "filterType": "PERCENT_PRICE",
                "multiplierUp": plain(1 + BAND),
                "multiplierDown": plain(1 - BAND),
                "multiplierDecimal": "4",
            },
            {"filterType": "POSITION_RISK_CONTROL", "positionControlSide": "NONE"},
        ],
        "orderTypes": ["LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET"],
        "timeInForce": ["GTC", "IOC", "FOK", "GTX"],
    }


def _digits(step: str) -> int:
    return len(step.partition(".")[2])


def brackets(call: Call) -> Result:
    """Margin tiers, as JSON numbers; a list also for one symbol."""
    return [
        {
            "symbol": market.symbol,
            "brackets": [
                {
                    "bracket": number,
                    "initialLeverage": tier.max_leverage,
                    "notionalCap": int(tier.max_notional),
                    "notionalFloor": int(before),
                    "maintMarginRatio": _json(tier.rate),
                    "cum": _json(tier.deduction),
                }
                for number, (tier, before) in enumerate(zip(tiers, floors, strict=True), start=1)
            ],
        }
        for market in call.markets()
        for tiers in [market.instrument.tiers]
        for floors in [(ZERO, *(tier.max_notional for tier in tiers[:-1]))]
    ]


def _json(number: Decimal) -> float:
    """As the venue's own tables: a JSON number whose shortest text is the number."""
    return float(number)


# ---- prices ----------------------------------------------------------------------------------------------------------


def depth(market: Market) -> Decimal:
    """What stands at each price of the book: nobody else trades here, so it is as deep as the rules let one trade."""
    return market.liquidity or market.instrument.max_market_quantity


def touch(market: Market) -> dict[str, str]:
    size = plain(depth(market))
    return {"bidPrice": plain(market.bid), "bidQty": size, "askPrice": plain(market.ask), "askQty": size}


def touches(call: Call) -> Result:
    """Best bid and ask."""
    last = {"time": call.now, "lastUpdateId": call.desk.exchange.now()}
    return call.one_or_all(lambda market: {"symbol": market.symbol, **touch(market), **last})


def prices(call: Call) -> Result:
    """The last prices."""
    return call.one_or_all(lambda market: {"symbol": market.symbol, "price": plain(market.price), "time": call.now})


def mark_prices(call: Call) -> Result:
    """Mark and index are the last price."""

    def tell(market: Market) -> dict[str, Any]:
        at, price = market.next_funding, f"{market.price:.8f}"
        return {
            "symbol": market.symbol,
            "markPrice": price,
            "indexPrice": price,
            "estimatedSettlePrice": price,
            "lastFundingRate": "" if at is None else f"{market.funding.rate(at):.8f}",
            "interestRate": "0.00010000",
            "nextFundingTime": 0 if at is None else call.world.clock.shown(at),
            "time": call.now,
        }

    return call.one_or_all(tell)


def ticker(world: World, market: Market) -> dict[str, Any]:
    """The last 24 hours of a symbol."""
    tape, price = world.tapes[market.symbol], market.price
    day, _ = tape.day()
    change = price - day.open
    return {
        "symbol": market.symbol,
        "priceChange": plain(change),
        "priceChangePercent": f"{change / day.open * 100:.3f}",
        "weightedAvgPrice": plain(price),
        "lastPrice": plain(price),
        "lastQty": plain(market.instrument.min_quantity),
        "openPrice": plain(day.open),
        "highPrice": plain(day.high),
        "lowPrice": plain(day.low),
        "volume": plain(day.volume),
        "quoteVolume": f"{day.volume * price:.4f}",
        "openTime": world.clock.now() - DAY,
        "closeTime": world.clock.now(),
        "firstId": max(1, tape.printed - 1000),
        "lastId": tape.printed,
        "count": tape.printed,
    }


def tickers(call: Call) -> Result:
    """The last 24 hours."""
    return call.one_or_all(lambda market: ticker(call.world, market))


def order_book(call: Call) -> Result:
    """The book around the touch, the same quantity on every tick."""
    market = call.market()
    levels = limited(call.params, 500, 1000)
    return {"lastUpdateId": call.desk.exchange.now(), "E": call.now, "T": call.now, **book_sides(market, levels)}


def book_sides(market: Market, levels: int) -> dict[str, list[list[str]]]:
    """Bids and asks, best first."""
    size, tick = plain(depth(market)), market.instrument.tick_size
    bids = [market.bid - tick * index for index in range(levels)]
    return {
        "bids": [[plain(price), size] for price in bids if price > ZERO],
        "asks": [[plain(market.ask + tick * index), size] for index in range(levels)],
    }


def recent_trades(call: Call) -> Result:
    """The last public trades, oldest first: one for every price that the market has come to."""
    market = call.market()
    limit = limited(call.params, 500, 1000)
    size = market.instrument.min_quantity
    return [
        {
            "id": printed.number,
            "price": plain(printed.price),
            "qty": plain(size),
            "quoteQty": plain(size * printed.price),
            "time": call.world.clock.shown(printed.at),
            "isBuyerMaker": not printed.rises,
        }
        for printed in list(call.world.tapes[market.symbol].prints)[-limit:]
    ]


def aggregate_trades(call: Call) -> Result:
    """The same, in the letters of the stream."""
    trades = recent_trades(call)
    assert isinstance(trades, list)
    return [
        {
            "a": row["id"],
            "p": row["price"],
            "q": row["qty"],
            "nq": row["qty"],
            "f": row["id"],
            "l": row["id"],
            "T": row["time"],
            "m": row["isBuyerMaker"],
        }
        for row in trades
    ]


# ---- candles ---------------------------------------------------------------------------------------------------------


def candles(call: Call) -> Result:
    """Candles, oldest first; the newest may still be forming. Their times are those of the data, not of the wall."""
    market, params = call.market(), call.params
    interval = INTERVALS.get(params.get("interval", ""))
    if interval is None:
        raise Answer(-1120, "Invalid interval.")
    limit, tape = limited(params, 500, 1500), call.world.tapes[market.symbol]
    start, end = whole(params, "startTime", -1), whole(params, "endTime", -1)
    if start >= 0 and end < 0:
        # From a start alone the venue gives the candles that follow it, not the newest ones.
        first = -(-start // interval) * interval
        end = first + (limit - 1) * interval
    bars = tape.bars(interval, max(start, 0), tape.at if end < 0 else end, limit)
    return [bar_row(bar, interval) for bar in reversed(bars)]


def bar_row(bar: Bar, interval: Millis) -> list[Any]:
    """The twelve items of a candle."""
    figures = [plain(value) for value in (bar.open, bar.high, bar.low, bar.close, bar.volume)]
    turnover, half = plain(bar.volume * bar.close), plain(bar.volume / 2)
    return [bar.start, *figures, bar.start + interval - 1, turnover, 1, half, plain(bar.volume / 2 * bar.close), "0"]


# ---- funding ---------------------------------------------------------------------------------------------------------


def funding_info(call: Call) -> Result:
    """Only symbols whose interval is not eight hours."""
    return [
        {
            "symbol": market.symbol,
            "adjustedFundingRateCap": "0.02",
            "adjustedFundingRateFloor": "-0.02",
            "fundingIntervalHours": market.instrument.funding_interval_minutes // 60,
            "disclaimer": False,
        }
        for market in call.desk.exchange.markets.values()
        if market.instrument.funding_interval_minutes != 480
    ]


def funding_rates(call: Call) -> Result:
    """Rates charged so far, oldest first, at the times at which clients have seen them charged."""
    params, shown = call.params, call.world.clock.shown
    start, end = whole(params, "startTime", -1), whole(params, "endTime", call.now)
    limit = limited(params, 100, 1000)
    if 0 <= end < start:
        raise bad_parameter("endTime")
    rows: list[dict[str, Any]] = []
    for market in call.markets():
        found = [at for at in call.world.charges(market.symbol) if start <= shown(at) <= end]
        rows += [_charged(call, market, at) for at in found[-limit:]]
    return rows


def _charged(call: Call, market: Market, at: Millis) -> dict[str, Any]:
    bars = call.world.tapes[market.symbol].bars(MINUTE, 0, at, 1)
    price = bars[0].open if bars and bars[0].start == at else market.price
    return {
        "symbol": market.symbol,
        "fundingRate": f"{market.funding.rate(at):.8f}",
        "fundingTime": call.world.clock.shown(at),
        "markPrice": f"{price:.8f}",
    }
