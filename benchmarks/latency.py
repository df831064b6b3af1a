"""From an event in the inbox to the request: what the bot itself adds to every reaction, on the embedded exchange."""

from __future__ import annotations

import time
from collections.abc import Sequence

from stopwatch import duration, percentile, show
from year import SYMBOL, year_of_candles, year_profile

from gridhedge.domain.change import Change
from gridhedge.engine.assemble import Parts, assemble
from gridhedge.engine.inbox import DequeInbox
from gridhedge.engine.ports import Outcome
from gridhedge.engine.session import Session
from gridhedge.replay.candles import Candles
from gridhedge.store.memory import MemoryJournal
from gridhedge.venue.paper.candle_feed import CandleFeed
from gridhedge.venue.paper.exchange import Exchange
from gridhedge.venue.paper.funding import ConstantFunding
from gridhedge.venue.paper.instruments import fees, instrument
from gridhedge.venue.paper.market import Listing
from gridhedge.venue.paper.venue import PaperVenue

BALANCE = year_profile().venue.balance


class StampedVenue(PaperVenue):
    """Notes when requests come in, and how long the exchange takes over them."""

    def __init__(self, exchange: Exchange) -> None:
        super().__init__(exchange)
        self.first_request = 0.0
        self.inside = 0.0

    def send(self, changes: Sequence[Change]) -> list[Outcome]:
        began = time.perf_counter()
        self.first_request = self.first_request or began
        outcomes = super().send(changes)
        self.inside += time.perf_counter() - began
        return outcomes


class Reactions:
    """Seconds of every step of a session, by what the step did."""

    def __init__(self) -> None:
        self.idle: list[float] = []
        """Observe and find that nothing needs to change."""
        self.to_request: list[float] = []
        """From the start of the step to the first request."""
        self.whole: list[float] = []
        """The whole step with requests, without the exchange's own time: observe, plan, reconcile, guard, record."""

    def step(self, session: Session, venue: StampedVenue) -> None:
        venue.first_request = venue.inside = 0.0
        began = time.perf_counter()
        session.step()
        ended = time.perf_counter()
        if venue.first_request:
            self.to_request.append(venue.first_request - began)
            self.whole.append(ended - began - venue.inside)
        else:
            self.idle.append(ended - began)


def reactions(candles: Candles) -> Reactions:
    """Every step of a replay of these candles."""
    feed = CandleFeed(candles.times, candles.open, candles.high, candles.low, candles.close, candles.interval_ms)
    traded, rates = instrument("bybit", SYMBOL), fees("bybit", SYMBOL)
    exchange = Exchange([Listing(traded, rates, feed, ConstantFunding())], BALANCE, keep_history=False)
    venue = StampedVenue(exchange)
    loop = assemble(year_profile(), Parts(venue, MemoryJournal(), venue, DequeInbox()))
    loop.start()
    found = Reactions()
    while not exchange.ended and not loop.session.stopper.reason:
        due = loop.session.next_due()
        venue.wait(candles.end if due is None else min(due, candles.end))
        found.step(loop.session, venue)
    return found


def main() -> None:
    found = reactions(year_of_candles())
    kinds = (
        ("inbox to first request", found.to_request),
        ("observe, plan, reconcile, guard, record", found.whole),
        ("step that changes nothing", found.idle),
    )
    rows = [
        (name, str(len(values)), *(duration(percentile(values, percent)) for percent in (50, 99, 100)))
        for name, values in kinds
        if values
    ]
    show("Reactions of the engine (journal in memory: no fsync)", ("", "steps", "median", "p99", "worst"), rows)


if __name__ == "__main__":
    main()
