"""What a replay was worth: profit, risk and time, from its candles and its journal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple, TypeAlias

from gridhedge.domain.book import Book
from gridhedge.domain.events import Event, Execution
from gridhedge.domain.order import account_tag, parse_client_id
from gridhedge.domain.values import Millis, Money, Price, Side
from gridhedge.replay.equity import EquityScan, Fall, Market, Moment
from gridhedge.replay.tally import tally

EndedBy: TypeAlias = Literal["data_end", "emergency_stop", "liquidation"]


class Recording(NamedTuple):
    """What a replay leaves behind. ``events`` is its journal, oldest first, and ``book`` what it made of them;
    ``markets`` is keyed by symbol."""

    account: str
    markets: Mapping[str, Market]
    events: Sequence[Event]
    book: Book
    start_balance: Money
    ended_at: Millis
    """When the replay ended; the closing time of the last candle if nothing ended it before."""
    last_prices: Mapping[str, Price]
    """The prices at the end, at which open positions are valued."""
    ended_by: EndedBy = "data_end"
    load_seconds: float = 0.0
    replay_seconds: float = 0.0


class Metrics(NamedTuple):
    """Figures of a replay. Money in quote currency, times in ms UTC, durations as their names say."""

    account: str
    symbols: tuple[str, ...]
    start: Millis
    end: Millis
    candles: int
    """How many were replayed, all symbols together."""
    load_seconds: float
    replay_seconds: float
    fills: int
    cycles: int
    """How often a take-profit or break-even order has executed completely, or a side was flat again."""
    win_rate: Decimal | None
    """The share of the cycles that ended with a profit (fraction); None without a cycle."""
    net_profit: Money
    """Realised and open profit, less fees and funding."""
    final_equity: Money
    fees: Money
    funding: Money
    volume: Money
    """Notional of all executions."""
    profits: Mapping[Side, Money]
    """By side: realised plus open profit, minus fees and funding."""
    max_drawdown: Fall
    """The fall of the equity that cost most money."""
    max_drawdown_percent: Fall
    """The fall of the equity that cost the largest share of its peak."""
    worst_mm_rate: Decimal
    """Maintenance margin (closing fees included, both sides in full) in percent of the equity, at most."""
    deepest_level: int | None
    time_at_depth_seconds: Mapping[int, Decimal]
    """Seconds for which the deeper side of a symbol had so many levels started, added over the symbols."""
    longest_unhedged_seconds: Decimal
    ended_by: EndedBy
    equity: tuple[tuple[Millis, Money], ...]
    """At most 2,000 points; between them nothing was higher or lower than its neighbours."""
    executions: tuple[Execution, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values under stable names: decimals as strings, times as ISO UTC, durations in seconds."""
        return {
            "symbols": list(self.symbols),
            "from": iso(self.start),
            "to": iso(self.end),
            "candles": self.candles,
            "load_seconds": round(self.load_seconds, 6),
            "replay_seconds": round(self.replay_seconds, 6),
            "fills": self.fills,
            "cycles": self.cycles,
            "win_rate": None if self.win_rate is None else plain(self.win_rate),
            "net_profit": plain(self.net_profit),
            "fees": plain(self.fees),
            "funding": plain(self.funding),
            "volume": plain(self.volume),
            "profit_by_side": {side.value: plain(profit) for side, profit in self.profits.items()},
            "max_drawdown": plain(self.max_drawdown.amount),
            "max_drawdown_percent": plain(self.max_drawdown_percent.percent),
            "max_drawdown_from": iso(self.max_drawdown.peak_at),
            "max_drawdown_to": iso(self.max_drawdown.bottom_at),
            "worst_mm_rate": plain(self.worst_mm_rate),
            "deepest_level": self.deepest_level,
            "time_at_depth_seconds": {
                str(depth): float(seconds) for depth, seconds in self.time_at_depth_seconds.items()
            },
            "longest_unhedged_seconds": float(self.longest_unhedged_seconds),
            "final_equity": plain(self.final_equity),
            "ended_by": self.ended_by,
            "equity": [[iso(at), plain(money)] for at, money in self.equity],
            "executions": [_execution_json(self.account, execution) for execution in self.executions],
        }


def measure(recording: Recording) -> Metrics:
    """All figures of a replay. Its candles must cover the time until ``ended_at``."""
    markets = tuple(recording.markets.values())
    symbols = tuple(recording.markets)
    prices = {symbol: recording.last_prices[symbol] for symbol in symbols}
    start, end = min(market.candles.start for market in markets), recording.ended_at
    exact = tally(recording.account, recording.events, recording.start_balance, start, end, prices)
    scan = EquityScan(markets, exact.steps, end)
    figures = scan.run()
    ending = Moment(end, len(exact.steps) - 1, tuple(prices.values()))
    final = scan.value(ending)
    last_fall = scan.fall_to(ending)
    sides = [side for book in recording.book.symbols.values() for side in (book.long, book.short)]
    cycles = sum(side.cycles for side in sides)
    return Metrics(
        account=recording.account,
        symbols=symbols,
        start=start,
        end=end,
        candles=sum(int((market.candles.times < end).sum()) for market in markets),
        load_seconds=recording.load_seconds,
        replay_seconds=recording.replay_seconds,
        fills=exact.fills,
        cycles=cycles,
        win_rate=Decimal(sum(side.won for side in sides)) / cycles if cycles else None,
        net_profit=final - recording.start_balance,
        final_equity=final,
        fees=exact.fees,
        funding=exact.funding,
        volume=exact.volume,
        profits=exact.profits,
        max_drawdown=max(figures.deepest_fall, last_fall, key=lambda fall: fall.amount),
        max_drawdown_percent=max(figures.deepest_fall_percent, last_fall, key=lambda fall: fall.percent),
        worst_mm_rate=max(figures.worst_margin_rate, scan.margin_rate(ending)),
        deepest_level=exact.deepest_level,
        time_at_depth_seconds={depth: _seconds(time) for depth, time in exact.time_at_depth.items()},
        longest_unhedged_seconds=_seconds(exact.longest_unhedged),
        ended_by=recording.ended_by,
        equity=(*figures.curve, (end, final)),
        executions=tuple([event for event in recording.events if type(event) is Execution]),
    )


def iso(at: Millis) -> str:
    """A time as ISO UTC with milliseconds: ``2025-05-04T15:33:00.000Z``."""
    return datetime.fromtimestamp(at // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{at % 1000:03d}Z"


def plain(number: Decimal) -> str:
    """A decimal without exponent and without zeros at its end, at most 12 digits after the point."""
    if not number.is_finite():
        return str(number)
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -12:
        number = round(number, 12)
    text = f"{number:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def _seconds(duration: Millis) -> Decimal:
    return Decimal(duration) / 1000


def _execution_json(account: str, execution: Execution) -> dict[str, Any]:
    key = parse_client_id(account_tag(account, execution.symbol), execution.client_id)
    return {
        "time": iso(execution.at),
        "symbol": execution.symbol,
        "side": execution.side.value,
        "role": None if key is None else key.role.name.lower(),
        "level": None if key is None else key.level,
        "closing": execution.closing,
        "quantity": plain(execution.quantity),
        "price": plain(execution.price),
        "fee": plain(execution.fee),
        "maker": execution.maker,
        "kind": execution.kind.value,
        "client_id": execution.client_id,
        "execution_id": execution.execution_id,
    }
