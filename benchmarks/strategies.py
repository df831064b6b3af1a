"""Every strategy on the same candles, in one process: what does a fill cost, what a request, and what the search?

python benchmarks/strategies.py [SYMBOL=FILE …]      without files: the made-up year
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from stopwatch import duration, show
from year import SYMBOL, year_of_candles, year_profile

from gridhedge.domain.events import AmendIntended, CancelIntended, Execution, OrderIntended
from gridhedge.domain.values import Millis
from gridhedge.profile.settings import Profile
from gridhedge.replay.candles import Candles, load_candles
from gridhedge.replay.run import ReplayResult, replay
from gridhedge.venue.paper.candle_feed import CandleFeed
from gridhedge.venue.paper.feed import Leg

ROUNDS = 7
_REQUESTS = (OrderIntended, AmendIntended, CancelIntended)
_COLUMNS = ("", "processor", "fills", "per fill", "times", "requests", "each", "times", "candles / s", "a search")
_PROFILES = (
    ("symmetric", "year.yaml"),
    ("trim, long", "year_trim.yaml"),
    ("trim, both", "year_trim.yaml"),
    ("signal, 1m", "year_signal.yaml"),
)


class Cost(NamedTuple):
    """Processor seconds of one replay, and what it did."""

    seconds: float
    fills: int
    requests: int
    candles: int
    search_seconds: float
    searches: int


def main(arguments: Sequence[str]) -> None:
    given = [argument.partition("=")[::2] for argument in arguments]
    series = [(symbol, load_candles(Path(file), allow_gaps=True), Path(file).name) for symbol, file in given]
    for symbol, candles, name in series or [(SYMBOL, year_of_candles(), "the made-up year")]:
        costs = costs_of([_profile(kind, file, symbol) for kind, file in _PROFILES], symbol, candles)
        rows = [_row(kind, cost, costs[0]) for (kind, _), cost in zip(_PROFILES, costs, strict=True)]
        show(f"{name}: {len(candles):,} candles, best of {ROUNDS} rounds, one after the other", _COLUMNS, rows)


def costs_of(profiles: Sequence[Profile], symbol: str, candles: Candles) -> list[Cost]:
    """Each profile's cost: one round that looks at the search, and then ``ROUNDS`` in which all take their turn."""
    searches = [_Search() for _ in profiles]
    results = [search.measured(profile, symbol, candles) for search, profile in zip(searches, profiles, strict=True)]
    best = [math.inf] * len(profiles)
    for _ in range(ROUNDS):
        for index, profile in enumerate(profiles):
            began = time.process_time()
            replay(profile, {symbol: candles})
            best[index] = min(best[index], time.process_time() - began)
    return [
        Cost(
            seconds,
            sum(type(event) is Execution for event in result.events),
            sum(type(event) in _REQUESTS for event in result.events),
            len(candles),
            search.seconds,
            search.calls,
        )
        for seconds, result, search in zip(best, results, searches, strict=True)
    ]


class _Search:
    """Counts what the search for the next candle takes."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.calls = 0

    def measured(self, profile: Profile, symbol: str, candles: Candles) -> ReplayResult:
        seek = CandleFeed.seek

        def timed(feed: CandleFeed, below: float, above: float, until: Millis) -> Leg | None:
            began = time.process_time()
            leg = seek(feed, below, above, until)
            self.seconds += time.process_time() - began
            self.calls += 1
            return leg

        CandleFeed.seek = timed
        try:
            return replay(profile, {symbol: candles})
        finally:
            CandleFeed.seek = seek


def _profile(name: str, file: str, symbol: str) -> Profile:
    profile = year_profile(file)
    entries = profile.symbols[:1] if name == "trim, long" else profile.symbols
    return profile.model_copy(
        update={"symbols": tuple(entry.model_copy(update={"symbol": symbol}) for entry in entries)}
    )


def _row(name: str, cost: Cost, yardstick: Cost) -> tuple[str, ...]:
    fill, request = cost.seconds / max(cost.fills, 1), cost.seconds / max(cost.requests, 1)
    return (
        name,
        duration(cost.seconds),
        f"{cost.fills:,}",
        duration(fill),
        f"{fill / (yardstick.seconds / max(yardstick.fills, 1)):.2f}",
        f"{cost.requests:,}",
        duration(request),
        f"{request / (yardstick.seconds / max(yardstick.requests, 1)):.2f}",
        f"{cost.candles / cost.seconds:,.0f}",
        duration(cost.search_seconds / max(cost.searches, 1)),
    )


if __name__ == "__main__":
    main(sys.argv[1:])
