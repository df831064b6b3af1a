"""A year of one-minute candles through the live engine, against a compiled loop that has no engine at all."""

from __future__ import annotations

from floor import compiled_floor
from stopwatch import duration, show, timed
from year import SYMBOL, year_of_candles, year_profile

from gridhedge.replay.candles import Candles
from gridhedge.replay.equity import Market
from gridhedge.replay.metrics import Metrics, Recording, measure
from gridhedge.replay.run import ReplayResult, replay
from gridhedge.venue.paper.candle_feed import CandleFeed

ROUNDS = 7


def main() -> None:
    candles, profile = year_of_candles(), year_profile()
    floor = compiled_floor()
    rows = []
    floor_seconds = None
    if floor is not None:
        timing = timed(lambda: floor(candles), ROUNDS)
        floor_seconds = timing.median
        rows.append(_row("compiled loop, no engine", timing.median, floor_seconds, str(timing.result)))
    search = timed(lambda: _quiet_year(candles), ROUNDS)
    rows.append(_row("search, nothing in reach", search.median, floor_seconds, "0"))
    replayed = timed(lambda: replay(profile, {SYMBOL: candles}), ROUNDS)
    result = replayed.result
    assert isinstance(result, ReplayResult)
    recording = _recording(result, candles)
    measured = timed(lambda: measure(recording), ROUNDS)
    metrics = measured.result
    assert isinstance(metrics, Metrics)
    fills = str(metrics.fills)
    rows.append(_row("replay, live engine", replayed.median, floor_seconds, fills))
    rows.append(_row("metrics", measured.median, floor_seconds, fills))
    rows.append(_row("replay and metrics", replayed.median + measured.median, floor_seconds, fills))
    columns = ("", "median", "times the loop", "fills", "candles / s", "per fill")
    show(f"{len(candles):,} candles, {ROUNDS} rounds; the replay ended by {result.ended_by}", columns, rows)


def _quiet_year(candles: Candles) -> None:
    """All bounds out of reach, from building the search's blocks to the end of the data."""
    feed = CandleFeed(candles.times, candles.open, candles.high, candles.low, candles.close, candles.interval_ms)
    assert feed.seek(0.1, 1e12, candles.end) is None, "the bounds are out of reach"


def _recording(result: ReplayResult, candles: Candles) -> Recording:
    market = result.exchange.markets[SYMBOL]
    leverage = result.profile.symbols[0].leverage
    return Recording(
        result.profile.account,
        {SYMBOL: Market(candles, market.instrument, market.fees, leverage)},
        result.events,
        result.session.book,
        result.start_balance,
        result.ended_at,
        result.last_prices,
        result.ended_by,
    )


def _row(name: str, seconds: float, floor: float | None, fills: str) -> tuple[str, ...]:
    ratio = "-" if floor is None else f"{seconds / floor:.2f}"
    per_fill = duration(seconds / int(fills)) if int(fills) else "-"
    return name, duration(seconds), ratio, fills, f"{525_600 / seconds:,.0f}", per_fill


if __name__ == "__main__":
    main()
