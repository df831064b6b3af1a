"""The doors of the engine: what it needs from a venue, a journal and a strategy. Everything real is handed in."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal, NamedTuple, Protocol, TypeAlias

from gridhedge.domain.account import OrderRecord, Snapshot
from gridhedge.domain.candles import Candles, Timeframe
from gridhedge.domain.change import Change
from gridhedge.domain.events import AccountSeen, Event, Execution, Funding, MarketSeen, OrderUpdate, Seen
from gridhedge.domain.instrument import Fees, Instrument
from gridhedge.domain.order import Reject
from gridhedge.domain.values import Millis, Money, Price

Level: TypeAlias = Literal["debug", "info", "warning", "error", "critical"]


class Accepted(NamedTuple):
    """The venue took the request. ``update`` carries the order's state where the answer is authoritative."""

    venue_id: str
    update: OrderUpdate | None = None


class Rejected(NamedTuple):
    """The venue refused. ``until`` is set with RATE_LIMITED: send nothing before it; with MARKET_CLOSED it is when the
    symbol's market opens, where the venue says that."""

    reason: Reject
    text: str
    until: Millis = 0


class NotSent(NamedTuple):
    """Nothing left this machine: the same request may be sent again."""

    text: str


class Unknown(NamedTuple):
    """It may have been carried out: only asking helps."""

    text: str


Outcome: TypeAlias = Accepted | Rejected | NotSent | Unknown


class Capabilities(NamedTuple):
    """What a venue can do; the engine chooses another way where it can not."""

    batch_size: int
    """Orders per request; 1 where there are no batches."""
    can_amend: bool
    has_stop_orders: bool
    receive_window_ms: Millis
    """The venue refuses a request older than this; the fence for unknown outcomes rests on it."""
    processing_ms: Millis
    """How long the venue may still work on a request that arrived in time."""
    max_open_orders: int
    is_instant: bool = False
    """What it tells is never late or lost: to read the position again teaches nothing (the embedded exchange)."""


class Check(NamedTuple):
    """One line of the readiness table. ``passed`` is None for a remark that stops nothing."""

    name: str
    passed: bool | None
    text: str


class Inbox(Protocol):
    """The only door from venue threads into the session."""

    def put(self, seen: Seen) -> None: ...

    def drain(self) -> list[Seen]:
        """Everything that has arrived, in order; empties the inbox."""


class Clock(Protocol):
    def now(self) -> Millis:
        """Milliseconds since the epoch, UTC. Never decreases."""


class Venue(Protocol):
    """An exchange, as the engine sees it. All methods are called from the session's thread.

    Reads raise ``Refused``, ``NotSent``, ``Unclear`` or ``RateLimited`` (domain/errors.py); an adapter retries reads
    itself, with back-off. ``send`` never raises for a request: each change gets its own outcome.
    """

    name: str
    capabilities: Capabilities

    def connect(self, symbols: Sequence[str], inbox: Inbox) -> None:
        """Open the streams; from now on events of these symbols go into the inbox."""

    def prepare(self, symbol: str, leverage: int) -> int:
        """Set hedge mode, cross margin and leverage; return the leverage in force (never above the one asked for)."""

    def checks(self, symbols: Sequence[str]) -> list[Check]:
        """Readiness, one line each, changing nothing."""

    def instrument(self, symbol: str) -> Instrument: ...

    def fees(self, symbol: str) -> Fees: ...

    def market(self, symbol: str) -> MarketSeen: ...

    def account(self) -> AccountSeen: ...

    def snapshot(self, symbols: Sequence[str]) -> Snapshot:
        """Account, positions and open orders (everybody's, not only ours) of these symbols."""

    def history(self, symbol: str, since: Millis) -> tuple[list[OrderRecord], list[Execution | Funding]]:
        """Ended orders, and executions and funding payments, since then; each list oldest first."""

    def candles(self, symbol: str, timeframe: Timeframe, limit: int) -> Candles:
        """The last ``limit`` (1 to 500) candles of last-traded prices that have closed by now, oldest first.

        Asked at the start and shortly after every close; the candle that still forms is never among them, and the
        newest one may be missing for a moment after its close (it is asked for again). There are fewer where the
        venue has no more, and times in which nothing was traded may be left out. Candles open at whole multiples of
        the timeframe in UTC, whatever the venue's own day is (Bitget: granularities ``4Hutc`` and ``1Dutc``).
        """

    def find_open(self, symbol: str, client_id: str) -> OrderRecord | None:
        """The order by client id, asked where working orders are listed."""

    def find_ended(self, symbol: str, client_id: str) -> OrderRecord | None:
        """The order by client id, asked where the order history is kept."""

    def send(self, changes: Sequence[Change]) -> list[Outcome]:
        """Carry out the changes in order, batched where the venue can; one outcome each, in the same order."""

    def wait(self, until: Millis) -> None:
        """Return when something is in the inbox, at the latest at ``until``. The paper venue advances its time here."""

    def watch(self, symbol: str, below: Price | None, above: Price | None) -> None:
        """Ask for a ``MarketSeen`` as soon as the price is at or beyond one of these. Streams that push every price
        need do nothing; a replay steps over everything else."""

    def heard(self) -> dict[str, Millis]:
        """When each stream was last heard of, by its name; empty where nothing is pushed."""

    def close(self) -> None:
        """Close streams and connections. Orders stay."""


class Audience(Protocol):
    """Whoever keeps files and screens up to date. It is told, and can change nothing."""

    def told(self, event: Event) -> None:
        """An event has been journaled and applied."""

    def said(self, level: Level, text: str) -> None:
        """The bot has something to say: a decision with its reason, an alarm, a repair."""

    def stepped(self) -> None:
        """A step has ended in which the book changed."""


class StopFile(Protocol):
    """The emergency file. Only a person's hand removes it."""

    def is_set(self) -> bool: ...

    def write(self, at: Millis, symbol: str, reason: str, mm_rate: Decimal) -> None: ...


class Journal(Protocol):
    """Durable memory. ``append`` may buffer; after ``sync`` everything appended survives a power cut."""

    def append(self, event: Event) -> None: ...

    def write(self) -> None:
        """There is time: do now what can be done of the next ``sync``. Raises DiskFailure like it."""

    def sync(self) -> None:
        """Raises DiskFailure; after that nothing may be sent."""

    def equity(self, at: Millis, margin_balance: Money, wallet_balance: Money) -> None:
        """Keep a sample of the account for reports."""
