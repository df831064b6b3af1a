"""Facts about a few perpetuals under the rules of real venues, so that paper trading has real filters, fees and tiers.

Sources: Bybit ``instruments-info`` rows (April 2025), Bitget ``contracts`` and ``query-position-lever`` rows, Binance
``exchangeInfo`` rows (May 2022, ETHUSDC 2026) and Binance's leverage brackets (May 2026). What was never recorded is
said beside the number.
"""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import NamedTuple

from gridhedge.domain.errors import UsageError
from gridhedge.domain.instrument import Fees, Instrument, Tier
from gridhedge.domain.values import ZERO, Price
from gridhedge.venue.paper.feed import Feed
from gridhedge.venue.paper.funding import FundingPlan, Swap
from gridhedge.venue.paper.hours import ForexWeek
from gridhedge.venue.paper.market import Listing

__all__ = ["Terms", "fees", "instrument", "listing", "ordinary_fees", "rule_sets", "symbols", "terms", "with_terms"]


class _Row(NamedTuple):
    base: str
    quote: str
    tick: str
    step: str
    least: str
    most: str
    most_at_market: str
    min_notional: str
    max_leverage: int
    tiers: str


class Terms(NamedTuple):
    """What trading one unit of a forex symbol costs: the distance from bid to ask, and the swap per night (negative:
    paid) of either side; money of the quote currency."""

    spread: Price
    long_swap: Decimal
    short_swap: Decimal


# "largest notional in thousands, rate, largest leverage"; deductions follow from continuity.
_TIERS = {
    "BTC-USDT": "300 .004 150|800 .005 100|3000 .0065 75|12000 .01 50|70000 .02 25|100000 .025 20|230000 .05 10"
    "|480000 .1 5|600000 .125 4|800000 .15 3|1200000 .25 2|1800000 .5 1",
    "ETH-USDT": "300 .004 150|800 .005 100|3000 .0065 75|12000 .01 50|50000 .02 25|65000 .025 20|150000 .05 10"
    "|320000 .1 5|400000 .125 4|530000 .15 3|800000 .25 2|1200000 .5 1",
    "SOL-USDT": "50 .005 100|400 .0065 75|1000 .01 50|4000 .02 25|8000 .025 20|40000 .05 10|80000 .1 5|100000 .125 4"
    "|200000 .25 2|400000 .5 1",
    "DOGE-USDT": "80 .0065 75|150 .01 50|750 .0125 40|2000 .02 25|4000 .025 20|20000 .05 10|40000 .1 5|50000 .125 4"
    "|100000 .25 2|200000 .5 1",
    "BTC-USDC": "50 .004 125|500 .005 100|10000 .01 50|80000 .025 20|150000 .05 10|300000 .1 5|450000 .125 4"
    "|600000 .15 3|800000 .25 2|1000000 .5 1",
    "ETH-USDC": "50 .004 125|500 .005 100|1000 .0065 75|5000 .01 50|50000 .02 20|100000 .05 10|150000 .1 5"
    "|300000 .125 4|400000 .15 3|500000 .25 2|800000 .5 1",
    "BTC-bitget": "150 .004 125|900 .005 100|12000 .01 50|38000 .015 25|50000 .03 20|100000 .05 10|150000 .12 5"
    "|200000 .15 4|250000 .2 3|400000 .3 2|1200000 .6 1",
    # A broker with leverage up to 1:500 and a stop-out at 50 % of the margin that 1:100 needs.
    "forex": "1000000 .005 500",
    # Bybit's own ladder of 2023; above 8.5 million nothing was recorded and Binance's steps stand in.
    "BTC-bybit": "2000 .005 100|2600 .0056 90|3200 .0063 80|3800 .0067 75|4400 .0071 70|5000 .0077 65|5600 .0091 55"
    "|8500 .01 50|70000 .02 25|100000 .025 20|230000 .05 10|480000 .1 5",
}

_ROWS = {
    "bybit": {
        "BTCUSDT": _Row("BTC", "USDT", "0.1", "0.001", "0.001", "1190", "119", "5", 100, "BTC-bybit"),
        # Bybit's tiers of these three were not recorded: Binance's stand in, at 2.5 times their limits, which is what
        # the two venues' BTCUSDT tables differ by at 100x.
        "ETHUSDT": _Row("ETH", "USDT", "0.01", "0.01", "0.01", "7240", "724", "5", 100, "ETH-USDT*2.5"),
        # Largest quantities of SOLUSDT are not recorded either.
        "SOLUSDT": _Row("SOL", "USDT", "0.01", "0.1", "0.1", "50000", "10000", "5", 100, "SOL-USDT*2.5"),
        "DOGEUSDT": _Row("DOGE", "USDT", "0.00001", "1", "1", "43678900", "5991100", "5", 75, "DOGE-USDT*2.5"),
    },
    "binance": {
        "BTCUSDT": _Row("BTC", "USDT", "0.1", "0.001", "0.001", "1000", "120", "100", 150, "BTC-USDT"),
        "ETHUSDT": _Row("ETH", "USDT", "0.01", "0.001", "0.001", "10000", "2000", "20", 150, "ETH-USDT"),
        "SOLUSDT": _Row("SOL", "USDT", "0.01", "0.01", "0.01", "1000000", "9000", "5", 100, "SOL-USDT"),
        "DOGEUSDT": _Row("DOGE", "USDT", "0.00001", "1", "1", "10000000", "2500000", "5", 75, "DOGE-USDT"),
        # No row of BTCUSDC was recorded: BTCUSDT's quantities, and the smaller of the two minimum notionals seen.
        "BTCUSDC": _Row("BTC", "USDC", "0.1", "0.001", "0.001", "1000", "120", "50", 125, "BTC-USDC"),
        "ETHUSDC": _Row("ETH", "USDC", "0.01", "0.001", "0.001", "8000", "700", "20", 125, "ETH-USDC"),
    },
    # Quantities in units of the base currency: a lot of 100,000 (gold: 100 ounces), steps of 0.01 lots, at most 100.
    "mt5": {
        "EURUSD": _Row("EUR", "USD", "0.00001", "1000", "1000", "10000000", "10000000", "0", 500, "forex"),
        "GBPUSD": _Row("GBP", "USD", "0.00001", "1000", "1000", "10000000", "10000000", "0", 500, "forex"),
        "AUDUSD": _Row("AUD", "USD", "0.00001", "1000", "1000", "10000000", "10000000", "0", 500, "forex"),
        "XAUUSD": _Row("XAU", "USD", "0.01", "1", "1", "10000", "10000", "0", 500, "forex"),
    },
}

# Only Bitget's BTCUSDT was recorded: the others have Bybit's rows.
_ROWS["bitget"] = {
    **_ROWS["bybit"],
    "BTCUSDT": _Row("BTC", "USDT", "0.1", "0.0001", "0.0001", "1200", "220", "5", 125, "BTC-bitget"),
}

_FEES = {
    ("bybit", "USDT"): Fees(Decimal("0.0002"), Decimal("0.00055")),
    ("bitget", "USDT"): Fees(Decimal("0.0002"), Decimal("0.0006")),
    ("binance", "USDT"): Fees(Decimal("0.0002"), Decimal("0.0005")),
    ("binance", "USDC"): Fees(ZERO, Decimal("0.0004")),
    ("mt5", "USD"): Fees(Decimal("0.00003"), Decimal("0.00003")),  # 30 USD per million: an ordinary raw-spread account
}

_TERMS = {
    "EURUSD": Terms(Decimal("0.00006"), Decimal("-0.000062"), Decimal("0.000021")),
    "GBPUSD": Terms(Decimal("0.00009"), Decimal("-0.000031"), Decimal("-0.000018")),
    "AUDUSD": Terms(Decimal("0.00008"), Decimal("-0.000024"), Decimal("-0.000006")),
    "XAUUSD": Terms(Decimal("0.15"), Decimal("-0.42"), Decimal("0.18")),
}
"""Spreads and swaps of the same kind of account (FXCM's EURUSD of May 2014 is 2 to 6 points wide)."""


def rule_sets() -> tuple[str, ...]:
    """The venues whose rules are known here."""
    return tuple(_ROWS)


def symbols(rules: str) -> tuple[str, ...]:
    """The symbols known under these rules; UsageError for unknown rules."""
    if rules not in _ROWS:
        raise UsageError(f"no paper rules are called {rules!r}: choose one of {', '.join(_ROWS)}")
    return tuple(_ROWS[rules])


@cache
def instrument(rules: str, symbol: str) -> Instrument:
    """The instrument of ``symbol`` under the rules of a venue; UsageError names what there is."""
    row = _row(rules, symbol)
    return Instrument(
        symbol=symbol,
        base=row.base,
        quote=row.quote,
        tick_size=Decimal(row.tick),
        lot_step=Decimal(row.step),
        min_quantity=Decimal(row.least),
        max_quantity=Decimal(row.most),
        max_market_quantity=Decimal(row.most_at_market),
        min_notional=Decimal(row.min_notional),
        max_leverage=row.max_leverage,
        tiers=_tiers(row.tiers),
    )


def fees(rules: str, symbol: str) -> Fees:
    """The fee rates of an ordinary account (no volume discount)."""
    return ordinary_fees(rules, _row(rules, symbol).quote)


def ordinary_fees(rules: str, quote: str) -> Fees:
    """The same for every perpetual of a quote currency; UsageError where they were not recorded."""
    if (rules, quote) not in _FEES:
        raise UsageError(f"the fees of {rules}'s {quote} perpetuals are not known here")
    return _FEES[rules, quote]


def terms(rules: str, symbol: str) -> Terms | None:
    """Spread and swap where a broker's rules have them; None for the perpetuals of exchanges."""
    _row(rules, symbol)
    return _TERMS[symbol] if rules == "mt5" else None


def listing(rules: str, symbol: str, feed: Feed, funding: FundingPlan | None) -> Listing:
    """A symbol under a venue's rules, on the given prices."""
    return with_terms(rules, Listing(instrument(rules, symbol), fees(rules, symbol), feed, funding))


def with_terms(rules: str, bare: Listing) -> Listing:
    """A broker's symbols have a spread, the hours of the forex week and, unless funding is given, swap; prices are
    bids."""
    cost = _TERMS.get(bare.instrument.symbol) if rules == "mt5" else None
    if cost is None:
        return bare
    funding = bare.funding or Swap(cost.long_swap, cost.short_swap)
    return bare._replace(funding=funding, spread=cost.spread, hours=ForexWeek())


def _row(rules: str, symbol: str) -> _Row:
    known = symbols(rules)
    if symbol not in known:
        raise UsageError(f"no paper instrument {symbol!r} under the rules of {rules}: there are {', '.join(known)}")
    return _ROWS[rules][symbol]


def _tiers(name: str) -> tuple[Tier, ...]:
    """Tiers from a row of the table, limits times what stands behind ``*``: deduction k = deduction k-1 + limit k-1 x
    (rate k - rate k-1)."""
    row, _, scale = name.partition("*")
    tiers: list[Tier] = []
    for cell in _TIERS[row].split("|"):
        limit, rate, leverage = cell.split()
        deduction = ZERO
        if tiers:
            last = tiers[-1]
            deduction = last.deduction + last.max_notional * (Decimal(rate) - last.rate)
        tiers.append(Tier(Decimal(limit) * 1000 * Decimal(scale or 1), Decimal(rate), deduction, int(leverage)))
    return tuple(tiers)
