"""What a strategy is shown, and what it answers. Both are plain data; a strategy is a function between them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from decimal import Decimal
from typing import Literal, NamedTuple, Protocol

from gridhedge.domain.book import SymbolBook
from gridhedge.domain.candles import Candles, Timeframe
from gridhedge.domain.change import Wanted
from gridhedge.domain.events import Decision, MarketSeen, SignalSeen
from gridhedge.domain.instrument import Fees, Instrument
from gridhedge.domain.invariants import Violation
from gridhedge.domain.ladder_book import SideBook
from gridhedge.domain.values import ZERO, Millis, Money, Price, Quantity, Side
from gridhedge.strategy.signals import Signals


class View(NamedTuple):
    """Everything a decision may depend on."""

    book: SymbolBook
    market: MarketSeen
    instrument: Instrument
    fees: Fees
    leverage: int
    margin_balance: Money
    available: Money
    """The smaller of the venue's figure and our own, less what symbols before this one have reserved in this step."""
    reserve: Money
    """The untouchable part of the margin balance."""
    max_notional: Money
    """Per side; 0 means no cap."""
    now: Millis
    tick_ms: Millis
    wallet_balance: Money = ZERO
    """Margin balance without unrealised profit."""
    signal: SignalSeen | None = None
    """What the last closed candle says, where the strategy reads candles."""
    elsewhere: Money = ZERO
    """What the day has brought on the account's other symbols whose days count, if all of them were closed now."""
    others: int = 0
    """How many these are."""


class Alarm(NamedTuple):
    """Something the user should know. Told once while ``code`` stays raised, not on every tick."""

    code: str
    level: Literal["pending", "warning", "critical"]
    """``pending``: it will pass by itself in a moment, as far as one can tell; nobody needs to see it."""
    text: str


class Withheld(NamedTuple):
    """A part of a level that can not rest, and of which the user has been told."""

    side: Side
    level: int
    quantity: Quantity


class Plan(NamedTuple):
    """Every order that should rest now, and when to ask again."""

    wanted: tuple[Wanted, ...]
    alarms: tuple[Alarm, ...] = ()
    wake_at: Millis | None = None
    wake_below: Price | None = None
    wake_above: Price | None = None
    slack: Money | None = None
    """By how much the available balance may change before the plan could change; None if it does not depend on it."""
    reserved: Money = Decimal(0)
    """Margin of the entries in this plan that do not rest yet."""
    withheld: tuple[Withheld, ...] = ()


class FoundEntry(NamedTuple):
    """The entry orders of one level, as a venue's history tells them."""

    price: Price
    """Of the newest order: a grid may have moved."""
    quantity: Quantity
    """Of the largest order: later ones may be what is left."""
    filled: Quantity
    """Of all of them."""

    def with_earlier(self, entry: FoundEntry | None) -> FoundEntry:
        """Together with the orders that the level had before."""
        if entry is None:
            return self
        return FoundEntry(self.price, max(self.quantity, entry.quantity), self.filled + entry.filled)


class Found(NamedTuple):
    """The last cycle of a side, as a venue's history tells it."""

    side: Side
    cycle: int
    """0: none."""
    entries: dict[int, FoundEntry]
    """By level."""
    held: Quantity
    """The venue's position."""
    average: Price
    moved: dict[int, FoundEntry]
    """By level: orders of former cycles that a grid has moved into this one, or was about to."""


class Awaited(NamedTuple):
    """The candles from which something could follow before the plan is asked again anyway."""

    sides: tuple[Side, ...]
    """Those with a signal for one of these sides,"""
    below: Price | None = None
    above: Price | None = None
    """and those that close at or beyond one of these prices."""

    def includes(self, seen: SignalSeen) -> bool:
        """Whether a candle with this signal is one of them."""
        return (
            any(side in seen.stands or side in seen.crossed for side in self.sides)
            or (self.below is not None and seen.close <= self.below)
            or (self.above is not None and seen.close >= self.above)
        )


class CandleReader(NamedTuple):
    """What a strategy wants of candles: the engine asks for the last ``limit`` of them at the start and after every
    close, and shows what ``read`` makes of them."""

    timeframe: Timeframe
    limit: int
    read: Callable[[str, Candles, Millis], SignalSeen | None]
    """Symbol, closed candles and the time now; None while there are too few candles."""
    read_all: Callable[[Candles], Signals]
    """What ``read`` would say at each of these candles; where all of them are known in advance."""
    awaited: Callable[[SymbolBook, Instrument, Collection[str], Millis], Awaited | None]
    """With raised alarms, and the time now; None: every candle is."""


class Strategy(Protocol):
    """A pure decision. Same view, same answer."""

    kind: str
    promised_rate: Decimal
    """The part of a cycle's cost that a take-profit promises to earn net; 0 where nothing is promised."""
    sides: tuple[Side, ...]
    """The sides that it trades."""
    owns_position: bool
    """Whether the whole position is the strategy's, what the user has added by hand included; the venue's position is
    then read before each closing order."""

    @property
    def day_zone(self) -> str | None:
        """The time zone of the day whose result is limited, account-wide; None where no limit counts it."""

    @property
    def reader(self) -> CandleReader | None:
        """None where candles do not matter."""

    def decide(self, view: View) -> tuple[Decision, ...]:
        """What must be remembered before orders can be planned (a new cycle, a table of quantities). The engine writes
        it into the book and asks again until nothing is left to decide."""

    def plan(self, view: View) -> Plan:
        """Which orders should rest, given the book as it is."""

    def remarks(self, view: View) -> tuple[str, ...]:
        """What the user should know before the first order: limits of the venue that change what was asked for."""

    def notes(self, view: View) -> tuple[str, ...]:
        """What the user should see of its state beside ladders and alarms, a short line each."""

    def restore(self, found: Sequence[Found], view: View) -> tuple[Decision, ...]:
        """What must be remembered, as far as the orders found in a venue's history tell (recovery from nothing)."""

    def closing(self, book: SymbolBook, side: SideBook) -> Quantity:
        """How much of what a side holds its limit exits should close."""

    def settled(self, book: SymbolBook, withheld: Sequence[Withheld]) -> list[Violation]:
        """What its own invariants find at the end of a quiet tick."""
