"""Small worlds for engine tests: a real session on the embedded exchange, with prices written down by hand."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from gridhedge.domain.account import OrderRecord
from gridhedge.domain.book import SymbolBook
from gridhedge.domain.events import Event
from gridhedge.domain.instrument import Fees, Instrument, Tier
from gridhedge.domain.values import SIDES, Millis, Role, Side
from gridhedge.engine.assemble import Parts, assemble
from gridhedge.engine.desk import Desk
from gridhedge.engine.inbox import DequeInbox
from gridhedge.engine.loop import Loop
from gridhedge.engine.ports import Level, Venue
from gridhedge.engine.session import Session
from gridhedge.profile.settings import Profile
from gridhedge.store.memory import MemoryJournal
from gridhedge.venue.paper.exchange import Exchange
from gridhedge.venue.paper.feed import Feed, ScriptedFeed
from gridhedge.venue.paper.funding import RecordedFunding
from gridhedge.venue.paper.market import Listing
from gridhedge.venue.paper.venue import PaperVenue

D = Decimal
L, S = Side.LONG, Side.SHORT
START = 1_767_225_600_000
DOGE = "DOGEUSDT"
RULES = Instrument(
    symbol=DOGE,
    base="DOGE",
    quote="USDT",
    tick_size=D("0.00001"),
    lot_step=D(1),
    min_quantity=D(1),
    max_quantity=D(43678900),
    max_market_quantity=D(5991100),
    min_notional=D(5),
    max_leverage=75,
    tiers=(Tier(D(80000), D("0.0065"), D(0), 75), Tier(D(10**12), D("0.01"), D(280), 50)),
)
FEES = Fees(maker=D("0.0002"), taker=D("0.00055"))


def profile(strategy: dict[str, object] | None = None, **sections: Any) -> Profile:
    """A one-symbol profile: 1 USD at 75x, six levels, 1 % steps. ``sections`` replace parts of it."""
    document: dict[str, Any] = {
        "account": "001",
        "venue": {"name": "paper", "rules": "bybit", "feeds": {DOGE: {"kind": "synthetic", "price": D("0.19933")}}},
        "symbols": [
            {
                "symbol": DOGE,
                "leverage": 75,
                "strategy": {
                    "kind": "symmetric",
                    "initial_position_size_usd": D(1),
                    "max_grid_levels_per_side": 6,
                    **(strategy or {}),
                },
            }
        ],
    }
    return Profile.model_validate(document | sections)


class Ear:
    """An audience that remembers what it was told."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.lines: list[tuple[Level, str]] = []
        self.steps = 0

    def told(self, event: Event) -> None:
        self.events.append(event)

    def said(self, level: Level, text: str) -> None:
        self.lines.append((level, text))

    def stepped(self) -> None:
        self.steps += 1

    def heard(self, text: str, level: Level | None = None) -> int:
        """How often something with ``text`` in it was said."""
        return sum(text in line and level in (None, spoken) for spoken, line in self.lines)


class Paper:
    """A stop file in memory."""

    def __init__(self) -> None:
        self.written: list[tuple[Millis, str, str, Decimal]] = []

    def is_set(self) -> bool:
        return bool(self.written)

    def write(self, at: Millis, symbol: str, reason: str, mm_rate: Decimal) -> None:
        self.written.append((at, symbol, reason, mm_rate))


class World:
    """One account on an embedded exchange. ``venue`` may wrap the paper venue."""

    def __init__(
        self,
        settings: Profile | None = None,
        *,
        wallet: str = "100000",
        feed: Feed | None = None,
        rules: Instrument = RULES,
        **options: Any,
    ) -> None:
        self.profile = settings or profile()
        self.feed = feed or ScriptedFeed([(START, D("0.19933"))])
        funding = options.pop("funding", RecordedFunding((), ()))
        self.exchange = Exchange([Listing(rules, FEES, self.feed, funding)], D(wallet), **options)
        self.paper = PaperVenue(self.exchange)
        self.venue: Venue = self.paper
        self.begin()

    def begin(self, remembered: Iterable[Event] = (), venue: Venue | None = None) -> Loop:
        """Put a bot together, without starting it. The exchange goes on as it is."""
        self.venue = venue or self.venue
        self.journal = MemoryJournal()
        self.ear = Ear()
        self.stop_file = Paper()
        parts = Parts(self.venue, self.journal, self.paper, DequeInbox(), self.ear, self.stop_file)
        self.loop = assemble(self.profile, parts, remembered)
        return self.loop

    def start(self) -> World:
        self.loop.start()
        return self

    @property
    def session(self) -> Session:
        return self.loop.session

    @property
    def desk(self) -> Desk:
        return self.session.desks[0]

    @property
    def book(self) -> SymbolBook:
        return self.desk.book

    def go(self, price: str | Decimal, ticks: int = 1) -> None:
        """The price jumps; then the bot ticks."""
        assert isinstance(self.feed, ScriptedFeed)
        self.feed.add(self.exchange.now() + 1, D(price))
        self.tick(ticks)

    def tick(self, ticks: int = 1) -> None:
        for _ in range(ticks):
            self.loop.tick()

    def run_into(self, side: Side, level: int) -> None:
        """Let the price trade through a resting entry."""
        order = self.book.of(side).entries[level]
        self.go(order.price - self.desk.instrument.tick_size * side.sign)

    def take_profit(self, side: Side) -> None:
        """Let the price trade through a side's take-profit."""
        order = self.book.of(side).exits[Role.TAKE_PROFIT]
        self.go(order.price + self.desk.instrument.tick_size * side.sign)

    def at_venue(self) -> list[OrderRecord]:
        return list(self.paper.snapshot([DOGE]).orders)

    def held(self, side: Side, symbol: str = DOGE) -> Decimal:
        """The position of a side as the exchange has it."""
        return self.exchange.market(symbol).holding(side).quantity

    def forget(self) -> None:
        """The process dies and its disk with it: a new bot that remembers nothing."""
        self.begin()


def working(book: SymbolBook) -> dict[str, tuple[Decimal, Decimal, Decimal]]:
    """Live orders as (price, quantity, filled) by client id."""
    return {order.client_id: (order.price, order.quantity, order.filled) for order in book.orders.values()}


def listed(records: Iterable[OrderRecord]) -> dict[str, tuple[Decimal, Decimal, Decimal]]:
    return {record.client_id: (record.price, record.quantity, record.filled) for record in records}


def ladders(book: SymbolBook) -> dict[str, object]:
    """What matters of a book: the table, and per side levels, money and take-profit."""
    shown: dict[str, object] = {"reference": book.reference}
    for side in SIDES:
        ladder = book.of(side)
        exits = {role.name: (order.price, order.remaining) for role, order in ladder.exits.items()}
        shown[side.value] = {
            "cycle": ladder.cycle,
            "now": ladder.now_levels,
            "filled": [fill.quantity for fill in ladder.fills],
            "resting": {level: (order.price, order.remaining) for level, order in sorted(ladder.entries.items())},
            "exits": exits,
            "money": (ladder.cost, ladder.fees, ladder.funding, ladder.closed, ladder.closed_money),
        }
    return shown
