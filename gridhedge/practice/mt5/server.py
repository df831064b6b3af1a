"""A simulated terminal in a process or thread of its own, served by the bridge that real terminals are served by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import cast

from gridhedge.domain.values import Money, Price
from gridhedge.practice.begin import begin_of
from gridhedge.practice.clock import Clock
from gridhedge.practice.mt5.broker import Broker
from gridhedge.practice.mt5.disk import BrokerDisk
from gridhedge.practice.mt5.sights import Login
from gridhedge.practice.mt5.specs import Spec
from gridhedge.practice.mt5.terminal import SimulatedTerminal
from gridhedge.practice.notes import Notes
from gridhedge.practice.prices import Prices
from gridhedge.practice.tape import Tape
from gridhedge.store.files import private_directory
from gridhedge.venue.mt5.terminal.api import Mt5Api
from gridhedge.venue.mt5.terminal.bridge import Address, BridgeServer
from gridhedge.venue.paper.exchange import Exchange

__all__ = ["Options", "Practice", "broker_of", "first_prices", "serve"]


@dataclass(frozen=True)
class Options:
    """What a simulated terminal is made of. ``always_open``: no weekends; ``speed``: exchange seconds per second."""

    prices: tuple[Prices, ...]
    specs: tuple[Spec, ...]
    login: Login
    wallet: Money = Decimal(10_000)
    leverage: int = 100
    speed: int = 1
    always_open: bool = False
    data_dir: Path | None = None
    """Where the account is kept; None forgets it."""


class Practice:
    """A running simulated terminal. ``broker`` may be looked at and touched between two calls of its clients only."""

    def __init__(self, broker: Broker, login: Login, tapes: Mapping[str, Tape], address: Address) -> None:
        self.broker = broker
        self.bridge = BridgeServer(
            lambda: cast(Mt5Api, SimulatedTerminal(broker, login, tapes)), address, "simulated terminal"
        )

    @property
    def url(self) -> str:
        return self.bridge.url

    def stop(self) -> None:
        self.bridge.stop()
        self.broker.release()


def broker_of(options: Options) -> tuple[Broker, dict[str, Tape]]:
    """The account of the options, at the beginning of its prices or as it was kept, and the public record of these.

    Raises UsageError where other prices, symbols or another speed were kept.
    """
    clock, folder = Clock(options.speed), options.data_dir
    if folder is not None:
        private_directory(folder)
    notes = Notes(None if folder is None else folder / "clock.jsonl")
    begin = begin_of(notes, clock, options.prices, folder)
    listings = [prices.listing("mt5", begin, None) for prices in options.prices]
    if options.always_open:
        listings = [listing._replace(hours=None) for listing in listings]
    exchange = Exchange(listings, options.wallet)
    for prices in options.prices:
        exchange.set_leverage(prices.symbol, options.leverage)
    tapes = {}
    for prices in options.prices:
        feed = prices.feed(begin)
        tapes[prices.symbol] = Tape(feed.at, feed.price, feed, prices.past)
    disk = None if folder is None else BrokerDisk(folder / "account.sqlite3")
    return Broker(exchange, _by_name(options.specs), clock, disk=disk, notes=notes), tapes


def _by_name(specs: Iterable[Spec]) -> dict[str, Spec]:
    return {spec.name: spec for spec in specs}


def first_prices() -> Mapping[str, Price]:
    """Where seeded prices begin."""
    return {
        "EURUSD": Decimal("1.10000"),
        "GBPUSD": Decimal("1.27000"),
        "AUDUSD": Decimal("0.65000"),
        "XAUUSD": Decimal("2400.00"),
    }


def serve(options: Options, host: str = "127.0.0.1", port: int = 0) -> Practice:
    """Start a simulated terminal; it is stopped by ``stop``."""
    broker, tapes = broker_of(options)
    practice = Practice(broker, options.login, tapes, Address(host, port))
    practice.bridge.start()
    return practice
