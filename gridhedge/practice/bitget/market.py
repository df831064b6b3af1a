"""Public market data, in both generations' words."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from gridhedge.domain.values import ZERO, Millis
from gridhedge.practice.bitget.answers import bad_parameter, plain, rounded
from gridhedge.practice.bitget.call import PRODUCT, Call
from gridhedge.practice.bitget.query import required, whole
from gridhedge.practice.tape import DAY, MINUTE, WEEK, Bar
from gridhedge.practice.world import World
from gridhedge.venue.paper.market import Market

__all__ = ["CLASSIC", "INTERVALS", "UNIFIED", "classic_ticker", "unified_ticker"]

_HOUR = 60 * MINUTE
_WHOLE = {"1H": _HOUR, "4H": 4 * _HOUR, "6H": 6 * _HOUR, "12H": 12 * _HOUR, "1D": DAY, "3D": 3 * DAY, "1W": WEEK}
INTERVALS: dict[str, Millis] = {
    **{f"{minutes}m": minutes * MINUTE for minutes in (1, 3, 5, 15, 30)},
    **_WHOLE,
    **{f"{name}utc": span for name, span in _WHOLE.items() if span >= 6 * _HOUR},
}
"""Here every interval is anchored in UTC."""
_BAND = Decimal("0.1")


def server_time(call: Call) -> dict[str, str]:
    """What clients set their clocks by."""
    return {"serverTime": str(call.now)}


# ---- rules -----------------------------------------------------------------------------------------------------------


def contracts(call: Call) -> list[dict[str, Any]]:
    return [_contract(market) for market in call.markets()]


def _contract(market: Market) -> dict[str, Any]:
    rules, band = market.instrument, plain(market.price_band or _BAND)
    tick = rules.tick_size.normalize().as_tuple()
    places = max(-int(tick.exponent), 0)
    return {
        "symbol": rules.symbol,
        "baseCoin": rules.base,
        "quoteCoin": rules.quote,
        "buyLimitPriceRatio": band,
        "sellLimitPriceRatio": band,
        "feeRateUpRatio": "0.005",
        "makerFeeRate": plain(market.fees.maker),
        "takerFeeRate": plain(market.fees.taker),
        "openCostUpRatio": "0.01",
        "supportMarginCoins": ["USDT"],
        "minTradeNum": plain(rules.min_quantity),
        "priceEndStep": plain(rules.tick_size.scaleb(places)),
        "volumePlace": str(_places(rules.lot_step)),
        "pricePlace": str(places),
        "sizeMultiplier": plain(rules.lot_step),
        "symbolType": "perpetual",
        "minTradeUSDT": plain(rules.min_notional),
        "maxSymbolOrderNum": "200",
        "maxProductOrderNum": "400",
        "maxPositionNum": "150",
        "symbolStatus": "normal",
        "offTime": "-1",
        "limitOpenTime": "-1",
        "deliveryTime": "",
        "deliveryStartTime": "",
        "deliveryPeriod": "",
        "launchTime": "",
        "fundInterval": str(rules.funding_interval_minutes // 60),
        "minLever": "1",
        "maxLever": str(rules.max_leverage),
        "posLimit": "0.05",
        "maintainTime": "",
        "maxMarketOrderQty": plain(rules.max_market_quantity),
        "maxOrderQty": plain(rules.max_quantity),
    }


def _places(step: Decimal) -> int:
    return max(-int(step.normalize().as_tuple().exponent), 0)


def instruments(call: Call) -> list[dict[str, Any]]:
    required(call.params, "category")
    return [_instrument(market) for market in call.markets()]


def _instrument(market: Market) -> dict[str, Any]:
    rules, band = market.instrument, plain(market.price_band or _BAND)
    return {
        "symbol": rules.symbol,
        "category": PRODUCT,
        "baseCoin": rules.base,
        "quoteCoin": rules.quote,
        "buyLimitPriceRatio": band,
        "sellLimitPriceRatio": band,
        "feeRateUpRatio": "0.005",
        "makerFeeRate": plain(market.fees.maker),
        "takerFeeRate": plain(market.fees.taker),
        "openCostUpRatio": "0.01",
        "minOrderQty": plain(rules.min_quantity),
        "maxOrderQty": plain(rules.max_quantity),
        "pricePrecision": str(_places(rules.tick_size)),
        "quantityPrecision": str(_places(rules.lot_step)),
        "quotePrecision": "",
        "priceMultiplier": plain(rules.tick_size),
        "quantityMultiplier": plain(rules.lot_step),
        "type": "perpetual",
        "minOrderAmount": plain(rules.min_notional),
        "maxSymbolOrderNum": "",
        "maxProductOrderNum": "400",
        "maxPositionNum": "200",
        "status": "online",
        "offTime": "-1",
        "limitOpenTime": "-1",
        "deliveryTime": "",
        "deliveryStartTime": "",
        "deliveryPeriod": "",
        "launchTime": "0",
        "fundInterval": str(rules.funding_interval_minutes // 60),
        "minLeverage": "1",
        "maxLeverage": str(rules.max_leverage),
        "maintainTime": "",
        "symbolType": "crypto",
        "maxMarketOrderQty": plain(rules.max_market_quantity),
    }


def classic_tiers(call: Call) -> list[dict[str, str]]:
    """Margin tiers of a symbol, smallest first."""
    market, before, rows = call.market(), ZERO, []
    for level, tier in enumerate(market.instrument.tiers, start=1):
        rows.append(
            {
                "symbol": market.symbol,
                "level": str(level),
                "startUnit": plain(before),
                "endUnit": plain(tier.max_notional),
                "leverage": str(tier.max_leverage),
                "keepMarginRate": plain(tier.rate),
            }
        )
        before = tier.max_notional
    return rows


def unified_tiers(call: Call) -> list[dict[str, str]]:
    names = {"level": "tier", "startUnit": "minTierValue", "endUnit": "maxTierValue", "keepMarginRate": "mmr"}
    return [
        {names.get(name, name): value for name, value in row.items() if name != "symbol"} for row in classic_tiers(call)
    ]


# ---- prices ----------------------------------------------------------------------------------------------------------


def classic_ticker(world: World, market: Market) -> dict[str, str]:
    """Mark and index are the last price; volumes those of the recorded candles."""
    price, (day, _) = market.price, world.tapes[market.symbol].day()
    size = plain(market.liquidity or market.instrument.max_market_quantity)
    at = market.next_funding
    change = rounded((price - day.open) / day.open)
    return {
        "symbol": market.symbol,
        "lastPr": plain(price),
        "askPr": plain(market.ask),
        "bidPr": plain(market.bid),
        "bidSz": size,
        "askSz": size,
        "high24h": plain(day.high),
        "low24h": plain(day.low),
        "ts": str(world.clock.now()),
        "change24h": change,
        "baseVolume": plain(day.volume),
        "quoteVolume": rounded(day.volume * price),
        "usdtVolume": rounded(day.volume * price),
        "openUtc": plain(day.open),
        "changeUtc24h": change,
        "indexPrice": plain(price),
        "fundingRate": "0" if at is None else plain(market.funding.rate(at)),
        "nextFundingTime": "" if at is None else str(world.clock.shown(at)),
        "holdingAmount": "0",
        "open24h": plain(day.open),
        "markPrice": plain(price),
    }


_NEW_NAMES = {
    "lastPr": "lastPrice",
    "askPr": "ask1Price",
    "bidPr": "bid1Price",
    "bidSz": "bid1Size",
    "askSz": "ask1Size",
    "high24h": "highPrice24h",
    "low24h": "lowPrice24h",
    "open24h": "openPrice24h",
    "change24h": "price24hPcnt",
    "baseVolume": "volume24h",
    "quoteVolume": "turnover24h",
    "indexPrice": "indexPrice",
    "markPrice": "markPrice",
    "fundingRate": "fundingRate",
    "nextFundingTime": "nextFundingTime",
    "holdingAmount": "openInterest",
}


def unified_ticker(world: World, market: Market) -> dict[str, str]:
    row = classic_ticker(world, market)
    return {"category": PRODUCT, "symbol": row["symbol"], "ts": row["ts"]} | {
        new: row[old] for old, new in _NEW_NAMES.items()
    }


def ticker(call: Call) -> list[dict[str, str]]:
    return [classic_ticker(call.world, call.market())]


def classic_tickers(call: Call) -> list[dict[str, str]]:
    return [classic_ticker(call.world, market) for market in call.markets()]


def unified_tickers(call: Call) -> list[dict[str, str]]:
    return [unified_ticker(call.world, market) for market in call.markets()]


def symbol_price(call: Call) -> list[dict[str, str]]:
    market, now = call.market(), str(call.now)
    price = plain(market.price)
    return [{"symbol": market.symbol, "price": price, "indexPrice": price, "markPrice": price, "ts": now}]


def depth(call: Call) -> dict[str, Any]:
    """The book around the touch, the same quantity on every tick."""
    market, tick = call.market(), call.market().instrument.tick_size
    size = plain(market.liquidity or market.instrument.max_market_quantity)
    wanted = call.params.get("limit", "15")
    levels = 50 if wanted == "max" else max(1, min(50, whole(call.params, "limit", 15)))
    bids = [market.bid - tick * index for index in range(levels)]
    asks = [[plain(market.ask + tick * index), size] for index in range(levels)]
    return {"asks": asks, "bids": [[plain(price), size] for price in bids if price > 0], "ts": str(call.now)}


def order_book(call: Call) -> dict[str, Any]:
    book = depth(call)
    return {"a": book["asks"], "b": book["bids"], "ts": book["ts"]}


def recent_fills(call: Call) -> list[dict[str, str]]:
    """The last public trades, newest first: one for every price that the market has come to."""
    market, clock = call.market(), call.world.clock
    limit = max(1, min(100, whole(call.params, "limit", 100)))
    size = plain(market.instrument.min_quantity)
    return [
        {
            "tradeId": str(printed.number),
            "execId": str(printed.number),
            "price": plain(printed.price),
            "size": size,
            "side": "buy" if printed.rises else "sell",
            "ts": str(clock.shown(printed.at)),
            "symbol": market.symbol,
        }
        for printed in list(reversed(call.world.tapes[market.symbol].prints))[:limit]
    ]


# ---- candles ---------------------------------------------------------------------------------------------------------


def candle_row(bar: Bar) -> list[str]:
    prices = (bar.open, bar.high, bar.low, bar.close, bar.volume)
    return [str(bar.start), *map(plain, prices), rounded(bar.volume * bar.close)]


def candles(call: Call) -> list[list[str]]:
    """Oldest first; the last may still be forming. Their times are those of the data, not of the wall."""
    return _candles(call, 1000, forming=True)


def history_candles(call: Call) -> list[list[str]]:
    """Those that have closed."""
    return _candles(call, 200, forming=False)


def _candles(call: Call, most: int, *, forming: bool) -> list[list[str]]:
    params, tape = call.params, call.world.tapes[call.market().symbol]
    name = str(params.get("granularity") or params.get("interval"))
    interval = INTERVALS.get(name)
    if interval is None:
        raise bad_parameter(f"granularity {name!r}: use one of {', '.join(INTERVALS)}")
    limit = max(1, min(most, whole(params, "limit", 100)))
    start, end = whole(params, "startTime", 0), whole(params, "endTime", 0)
    bars = tape.bars(interval, start, end - 1 if end else tape.at, limit + 1)
    closed = [bar for bar in bars if forming or bar.start + interval <= tape.at]
    return [candle_row(bar) for bar in reversed(closed[:limit])]


# ---- funding ---------------------------------------------------------------------------------------------------------


def current_rate(call: Call) -> list[dict[str, str]]:
    """The rate that will be charged next, and when."""
    rows = []
    for market in call.markets():
        at = market.next_funding
        rows.append(
            {
                "symbol": market.symbol,
                "fundingRate": "0" if at is None else plain(market.funding.rate(at)),
                "fundingRateInterval": str(market.instrument.funding_interval_minutes // 60),
                "nextUpdate": "" if at is None else str(call.world.clock.shown(at)),
                "minFundingRate": "-0.003",
                "maxFundingRate": "0.003",
            }
        )
    return rows


def _rates(call: Call, size: int, number: int) -> list[tuple[str, str]]:
    """Rates charged so far, newest first, at the times at which clients have seen them charged."""
    market, shown = call.market(), call.world.clock.shown
    times = call.world.charges(market.symbol)[::-1]
    return [(plain(market.funding.rate(at)), str(shown(at))) for at in times[size * (number - 1) : size * number]]


def classic_rates(call: Call) -> list[dict[str, str]]:
    size, number = max(1, min(100, whole(call.params, "pageSize", 20))), max(1, whole(call.params, "pageNo", 1))
    symbol = call.market().symbol
    return [{"symbol": symbol, "fundingRate": rate, "fundingTime": at} for rate, at in _rates(call, size, number)]


def unified_rates(call: Call) -> dict[str, Any]:
    """Funding rates that have been charged, newest first."""
    size, number = max(1, min(100, whole(call.params, "limit", 20))), max(1, whole(call.params, "cursor", 1))
    symbol = call.market().symbol
    rows = [
        {"symbol": symbol, "fundingRate": rate, "fundingRateTimestamp": at} for rate, at in _rates(call, size, number)
    ]
    return {"resultList": rows}


def nothing(call: Call) -> list[Any]:
    """Products that there are not here."""
    return []


CLASSIC = {
    "public/time": server_time,
    "mix/market/contracts": contracts,
    "mix/market/ticker": ticker,
    "mix/market/tickers": classic_tickers,
    "mix/market/symbol-price": symbol_price,
    "mix/market/merge-depth": depth,
    "mix/market/fills": recent_fills,
    "mix/market/candles": candles,
    "mix/market/history-candles": history_candles,
    "mix/market/current-fund-rate": current_rate,
    "mix/market/history-fund-rate": classic_rates,
    "mix/market/query-position-lever": classic_tiers,
    "spot/public/symbols": nothing,
    "spot/public/coins": nothing,
    "margin/currencies": nothing,
}
UNIFIED = {
    "market/instruments": instruments,
    "market/tickers": unified_tickers,
    "market/orderbook": order_book,
    "market/fills": recent_fills,
    "market/candles": candles,
    "market/history-candles": history_candles,
    "market/current-fund-rate": current_rate,
    "market/history-fund-rate": unified_rates,
    "market/position-tier": unified_tiers,
}
