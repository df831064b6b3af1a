"""Limits of the day are the account's: they count all symbols, close all of them, and hold over a restart."""

from __future__ import annotations

from decimal import Decimal as D

from hypothesis import example, given, settings
from hypothesis import strategies as st

from gridhedge.domain.basket import Cause
from gridhedge.domain.events import Event, SignalSeen, TradingHalted
from gridhedge.domain.values import Side
from gridhedge.engine.assemble import Parts, assemble
from gridhedge.engine.inbox import DequeInbox
from gridhedge.engine.loop import Loop
from gridhedge.engine.show import account_status
from gridhedge.engine.status import AccountStatus
from gridhedge.profile.settings import Profile
from gridhedge.store.memory import MemoryJournal
from gridhedge.strategy.calendar import day_at
from gridhedge.strategy.exits import day_result
from gridhedge.venue.paper.exchange import Exchange
from gridhedge.venue.paper.feed import ScriptedFeed
from gridhedge.venue.paper.instruments import fees, instrument
from gridhedge.venue.paper.market import Listing
from gridhedge.venue.paper.venue import PaperVenue

MIDNIGHT = 1_767_225_600_000
SECOND, DAY = 1_000, 86_400_000
PRICES = {"DOGEUSDT": D("0.2"), "BTCUSDT": D(100_000)}
SIDE = {"DOGEUSDT": Side.SHORT, "BTCUSDT": Side.LONG}
LOTS = {"DOGEUSDT": "1000", "BTCUSDT": "0.002"}


def account(**limits: str) -> Profile:
    """Baskets of one order of 200 USDT on two symbols; in practice only a limit of the day closes them."""
    strategy = {
        "kind": "signal", "space_percent": "5", "space_orders": 1, "single_order_profit": "1000",
        "entry_slippage_percent": "0", **limits,
    }  # fmt: skip
    entries = [
        {"symbol": symbol, "leverage": 20, "strategy": {**strategy, "space_lots": lots}}
        for symbol, lots in LOTS.items()
    ]
    feeds = {symbol: {"kind": "synthetic", "price": price} for symbol, price in PRICES.items()}
    venue = {"name": "paper", "rules": "bybit", "feeds": feeds}
    return Profile.model_validate({"account": "001", "venue": venue, "symbols": entries})


class Account:
    """Two symbols whose prices are scripted."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.feeds = {symbol: ScriptedFeed([(MIDNIGHT, price)]) for symbol, price in PRICES.items()}
        listings = [Listing(instrument("bybit", s), fees("bybit", s), feed) for s, feed in self.feeds.items()]
        self.exchange = Exchange(listings, D(10_000))
        self.events: list[Event] = []
        self.loop: Loop = self.start()

    def start(self) -> Loop:
        """A process that remembers what the ones before it have written."""
        self.venue = PaperVenue(self.exchange)
        self.journal = MemoryJournal()
        parts = Parts(self.venue, self.journal, self.venue, DequeInbox())
        self.loop = assemble(self.profile, parts, self.events)
        for desk in self.loop.session.desks:  # BUY of one, SELL of the other, for days to come
            assert desk.candles is not None
            now, side = self.exchange.now(), SIDE[desk.symbol]
            desk.candles.hold(SignalSeen(desk.symbol, MIDNIGHT + 9 * DAY, desk.market.last, (side,), (), now))
        self.loop.start()
        return self.loop

    def kill(self) -> None:
        self.events += self.journal.events
        self.exchange.listener = None

    def step(self, seconds: int = 1, symbol: str = "", price: D = D(0)) -> None:
        """Time passes, and at the end of it a price may move."""
        at = self.exchange.now() + seconds * SECOND
        if symbol:
            self.feeds[symbol].add(at, price)
        self.venue.wait(at)
        for _ in range(8):
            self.loop.session.step()

    def today(self) -> D:
        """What the day has brought, reckoned from books and prices."""
        begins = day_at("UTC", self.exchange.now()).begins
        desks = self.loop.session.desks
        return sum((day_result(desk.book, desk.market, desk.fees, begins).now for desk in desks), D(0))

    def halts(self) -> list[TradingHalted]:
        return [event for event in (*self.events, *self.journal.events) if isinstance(event, TradingHalted)]

    def held(self) -> D:
        books = self.loop.session.book.symbols.values()
        return sum((side.held for book in books for side in (book.long, book.short)), D(0))

    def status(self) -> AccountStatus:
        return account_status(self.loop.session, True, "USDT", MIDNIGHT, 0, {}, ())


def test_fees_of_two_symbols_reach_a_limit_that_none_of_them_reaches_alone() -> None:
    """Each costs 0.22 to open and to close, and the spread: the sum is below -0.3, and everything closes."""
    world = Account(account(max_loss="-0.3"))
    for _ in range(10):
        world.step()
    (halted,) = world.halts()
    assert (halted.cause, halted.limit, halted.until) == (Cause.DAY_LOSS, D("-0.3"), MIDNIGHT + DAY)
    assert D("-0.5") < halted.profit <= D("-0.3")
    assert world.held() == 0
    assert [symbol.alarms != () for symbol in world.status().symbols] == [True, True]


def test_it_holds_over_a_restart_until_the_next_day() -> None:
    """Killed right after the decision: the next process closes what is left and opens nothing before midnight; then the
    limit is met anew."""
    world = Account(account(max_loss="-0.3"))
    while not world.halts():
        world.step()
    world.kill()
    world.start()
    for _ in range(5):
        world.step()
    assert (len(world.halts()), world.held()) == (1, D(0))
    world.step(DAY // SECOND - 60)
    assert world.held() == 0
    for _ in range(3):
        world.step(30)
    assert [halted.until for halted in world.halts()] == [MIDNIGHT + DAY, MIDNIGHT + 2 * DAY]


def test_the_limit_of_a_symbol_that_is_not_traded_any_more_still_holds() -> None:
    """It was the account's."""
    world = Account(account(max_loss="-0.3"))
    while not world.halts():
        world.step()
    for _ in range(5):
        world.step()
    world.kill()
    first = world.halts()[0].symbol
    kept = tuple(entry for entry in world.profile.symbols if entry.symbol != first)
    world.profile = world.profile.model_copy(update={"symbols": kept})
    world.start()
    for _ in range(5):
        world.step()
    assert world.held() == 0


def test_the_dashboard_tells_the_sum_and_what_it_is_of() -> None:
    """On each symbol the account's figure, the same on both."""
    world = Account(account(max_loss="-20", global_profit="30"))
    for _ in range(3):
        world.step()
    lines = [symbol.notes[-1] for symbol in world.status().symbols]
    assert lines == ["today on 2 symbols -0.45 of +30 / -20"] * 2


moves = st.tuples(st.sampled_from(sorted(PRICES)), st.integers(-30, 30))


@settings(max_examples=60)
@given(st.lists(moves, min_size=20, max_size=80))
@example([("DOGEUSDT", 30)] * 12 + [("BTCUSDT", -30)] * 12)
def test_no_limit_is_passed_unseen_whichever_prices_move(walk: list[tuple[str, int]]) -> None:
    """Long of one symbol, short of the other; a step of the walk moves one price by up to 0.3 %. Only prices beyond
    the bands are looked at, and still the step that passes a limit is the one that halts."""
    world = Account(account(max_loss="-3", global_profit="3"))
    for _ in range(4):
        world.step()
    assert all(desk.book.of(SIDE[desk.symbol]).held > 0 for desk in world.loop.session.desks)
    prices = dict(PRICES)
    for symbol, part in walk:
        prices[symbol] += PRICES[symbol] * part / 10_000
        world.step(1, symbol, prices[symbol])
        if world.halts():
            break
        assert -3 < world.today() < 3
