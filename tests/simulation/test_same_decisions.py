"""Backtest and paper-live on the same prices take the same decisions at the same times (I-39)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from gridhedge.domain.events import AmendIntended, CancelIntended, CycleOpened, Event, Execution, OrderIntended
from gridhedge.engine.assemble import Parts, assemble
from gridhedge.engine.inbox import DequeInbox
from gridhedge.profile.settings import Profile
from gridhedge.replay.random_walk import random_walk
from gridhedge.replay.run import replay
from gridhedge.store.memory import MemoryJournal
from gridhedge.venue.paper.candle_feed import CandleFeed
from gridhedge.venue.paper.exchange import Exchange
from gridhedge.venue.paper.instruments import fees, instrument
from gridhedge.venue.paper.market import Listing
from gridhedge.venue.paper.venue import PaperVenue

DECIDED = (OrderIntended, AmendIntended, CancelIntended, CycleOpened, Execution)


STRATEGIES: dict[str, dict[str, object]] = {
    "symmetric": {"kind": "symmetric", "initial_position_size_usd": "1", "grid_step_percent": "0.5"},
    "signal": {
        "kind": "signal", "timeframe": "15m", "space_percent": "0.4", "space_orders": 4, "space_lots": "200",
        "multiplier": "1.5", "single_order_profit": "0.3", "pair_global_profit": "0.2", "max_loss": "-5",
        "cci_period": 5,
    },
}  # fmt: skip


def profile(balance: str, kind: str) -> Profile:
    return Profile.model_validate(
        {
            "account": "same",
            "venue": {
                "name": "paper",
                "rules": "bybit",
                "balance": balance,
                "feeds": {"DOGEUSDT": {"kind": "synthetic", "price": "0.2"}},
            },
            "symbols": [
                {
                    "symbol": "DOGEUSDT",
                    "leverage": 75,
                    "strategy": STRATEGIES[kind],
                }
            ],
        }
    )


def decisions(events: list[Event]) -> list[Event]:
    return [event for event in events if isinstance(event, DECIDED)]


@pytest.mark.parametrize("kind", STRATEGIES)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_ticking_through_candles_decides_what_the_replay_decides(seed: int, kind: str) -> None:
    """Half a day of minutes, a tick a second with housekeeping, against the replay that skips to the happenings."""
    candles = random_walk(720, 0.0015, seed, Decimal("0.2"), Decimal("0.00001"))
    settings = profile("100000", kind)
    replayed = replay(settings, {"DOGEUSDT": candles})
    feed = CandleFeed(candles.times, candles.open, candles.high, candles.low, candles.close, candles.interval_ms)
    exchange = Exchange([Listing(instrument("bybit", "DOGEUSDT"), fees("bybit", "DOGEUSDT"), feed)], Decimal("100000"))
    venue, journal = PaperVenue(exchange), MemoryJournal()
    loop = assemble(settings, Parts(venue, journal, venue, DequeInbox()))
    loop.start()
    while not exchange.ended and not loop.session.stopper.reason:
        loop.tick()
    assert loop.session.stopper.reason == ""
    ticked, expected = decisions(journal.events), decisions(replayed.events)
    assert len(expected) > 40
    assert ticked[: len(expected)] == expected
