"""The accounts of a practice exchange, which trade side by side on the same prices, and the time they share."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from gridhedge.domain.errors import UsageError
from gridhedge.domain.values import Millis, Money, Price
from gridhedge.practice.begin import begin_of
from gridhedge.practice.clock import Clock
from gridhedge.practice.desk import Desk, Teller
from gridhedge.practice.faults import Faults
from gridhedge.practice.notes import Notes
from gridhedge.practice.prices import Prices
from gridhedge.practice.tape import Tape
from gridhedge.store.files import private_directory
from gridhedge.venue.paper.exchange import Exchange
from gridhedge.venue.paper.feed import ScriptedFeed
from gridhedge.venue.paper.market import Listing

__all__ = ["Options", "World"]

_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_SAVE_EVERY_S = 1.0


@dataclass(frozen=True)
class Options:
    """What a practice exchange is made of.

    ``rules``: whose price and quantity steps, margin tiers and fees apply. ``keys``: secret by key, an account each.
    ``speed``: exchange seconds per second. ``tells_exchange_time``: to clients,
    instead of the wall's. ``bands``: how far from the mark a limit price may lie, by symbol (a fraction).
    ``data_dir``: where everything is kept; None forgets it.
    """

    prices: tuple[Prices, ...] = ()
    rules: str = "bybit"
    keys: Mapping[str, str] = field(default_factory=lambda: {"practice": "practice"})
    wallet: Money = Decimal(10_000)
    speed: int = 1
    tells_exchange_time: bool = False
    bands: Mapping[str, Decimal] = field(default_factory=dict)
    data_dir: Path | None = None
    rate_limits: bool = True
    faults: tuple[str, ...] = ()
    """What goes wrong from the start, as ``Faults.add_text`` reads it."""
    ack_delay_ms: Millis = 30
    """Between a request on a websocket and its answer: clients exist that a faster venue breaks."""
    push_delay_ms: Millis = 2
    """Between a REST answer and the messages that it causes."""

    def exchange(self, listings: Sequence[Listing]) -> Exchange:
        """An account of these rules, new."""
        return Exchange(listings, self.wallet, ids_return=self.rules == "binance")

    def __post_init__(self) -> None:
        for key, secret in self.keys.items():
            if not _KEY.match(key) or not secret:
                raise UsageError(
                    f"key {key!r}: a practice key has 1 to 64 letters, digits, - or _, and its secret is not empty"
                )
        if not 1 <= self.speed <= 100_000:
            raise UsageError(f"speed {self.speed}: time runs 1 to 100000 times as fast as on the wall")


class World:
    """Owned by one thread. ``exchange`` is the account of a practice exchange that was built elsewhere."""

    def __init__(self, options: Options, teller: Teller, clock: Clock, exchange: Exchange | None = None) -> None:
        self.options, self.clock = options, clock
        self.faults = Faults()
        for fault in options.faults:
            self.faults.add_text(fault)
        self._notes = Notes(None)
        self._saved = time.monotonic()
        self.connected: Counter[str] = Counter()
        """Open websockets by channel."""
        self.desks: dict[str, Desk] = {}
        self.tapes: dict[str, Tape] = {}
        if exchange is None:
            self._build(options, teller)
        else:
            if not exchange.account.keep_history:
                raise UsageError("a practice exchange needs an exchange that keeps its history")
            (key, secret), *_ = options.keys.items()
            self.desks[key] = Desk(key, secret, exchange, teller, None)
        for desk in self.desks.values():
            desk.exchange.matching.sticks = lambda order: bool(self.faults.strike(("stuck_stop",), order.symbol))
        self.first = next(iter(self.desks.values()))
        if exchange is not None:
            for symbol, market in exchange.markets.items():
                self.tapes[symbol] = Tape(exchange.now(), market.price)
        self._level()

    def _build(self, options: Options, teller: Teller) -> None:
        if not options.prices:
            raise UsageError("a practice exchange needs the prices of at least one symbol")
        folder = options.data_dir
        if folder is not None:
            private_directory(folder)
            self._notes = Notes(folder / "clock.jsonl")
        begin = begin_of(self._notes, self.clock, options.prices, folder)
        for key, secret in options.keys.items():
            listings = [
                prices.listing(options.rules, begin, options.bands.get(prices.symbol)) for prices in options.prices
            ]
            home = None if folder is None else folder / key
            if home is not None:
                private_directory(home)
            self.desks[key] = Desk(key, secret, options.exchange(listings), teller, home)
        for prices in options.prices:
            feed = prices.feed(begin)
            self.tapes[prices.symbol] = Tape(feed.at, feed.price, feed, prices.past)

    def _level(self) -> None:
        """Bring all accounts to one time (a crash may have kept them at different ones) and let it go on from there."""
        at = max(desk.exchange.now() for desk in self.desks.values())
        if self.clock.pieces:
            at = max(at, self.clock.pieces[-1][1]) + 1
        wall, at = self.clock.begin(at)
        self._notes.write({"clock": [wall, at, self.clock.speed]})
        self.advance(at)
        self.save(always=True)

    # ---- time --------------------------------------------------------------------------------------------------------

    def catch_up(self) -> None:
        """Let happen what the wall clock says should have happened."""
        wrong = self.faults.active("clock")
        self.clock.offset = 0 if wrong is None else int(wrong.seconds * 1000)
        self.advance(self.clock.due())

    def advance(self, at: Millis) -> None:
        """Go to an exchange time; nothing happens if it has passed already."""
        for desk in self.desks.values():
            while desk.exchange.advance(at):
                pass
        now = self.first.exchange.now()
        for symbol, tape in self.tapes.items():
            if now > tape.at:
                tape.reach(now, self.first.exchange.mark(symbol))

    def skip(self, milliseconds: Millis) -> None:
        """Jump ahead by this much exchange time."""
        self.catch_up()
        at = self.first.exchange.now() + milliseconds
        self.advance(at)
        wall, at = self.clock.begin(at)
        self._notes.write({"clock": [wall, at, self.clock.speed]})
        self.save()

    def move(self, symbol: str, price: Price) -> None:
        """Let the price jump now. Only where the prices are a script (``ScriptedFeed``)."""
        self.catch_up()
        at = self.first.exchange.now() + 1
        for desk in self.desks.values():
            feed = desk.exchange.market(symbol).feed
            assert isinstance(feed, ScriptedFeed), "only scripted prices can be moved"
            feed.add(at, price)
            desk.exchange.market(symbol).stale = True
        self.advance(at)
        self.save()

    def charges(self, symbol: str) -> list[Millis]:
        """When funding has been charged since the prices begin, oldest first, in exchange time."""
        plan, now = self.first.exchange.market(symbol).funding, self.first.exchange.now()
        times: list[Millis] = []
        at = plan.after(self.tapes[symbol].first - 1)
        while at is not None and at <= now:
            times.append(at)
            at = plan.after(at)
        return times

    # ---- disk --------------------------------------------------------------------------------------------------------

    def save(self, always: bool = False) -> None:
        """Put what has changed on disk; now and then also where nothing but time has."""
        now = time.monotonic()
        always = always or now - self._saved >= _SAVE_EVERY_S
        if always:
            self._saved = now
        for desk in self.desks.values():
            desk.save(always)

    def close(self) -> None:
        for desk in self.desks.values():
            desk.close()
        self._notes.close()

    def books(self, key: str) -> str:
        """The exchange's own books of an account as JSON: what every other account of the same must agree with."""
        exchange = self.desks[key].exchange
        account = exchange.account
        positions = {
            f"{symbol} {holding.side.value}": {"quantity": str(holding.quantity), "cost": str(holding.cost)}
            for symbol, market in exchange.markets.items()
            for holding in market.holdings
        }
        return json.dumps(
            {
                "now": exchange.now(),
                "wallet": str(account.wallet),
                "totals": {name: str(total) for name, total in account.totals._asdict().items()},
                "positions": positions,
                "orders": exchange.orders,
                "bookings": len(account.bookings),
            }
        )
