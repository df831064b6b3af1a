"""What a session shows of itself: the one model behind the dashboard, ``status --json`` and the server's answers.

Plain data, safe to hand to another thread; whoever reads it can not trade.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from gridhedge.domain.events import SignalSeen
from gridhedge.domain.values import Millis, Money, Price, Quantity, Side

ExitName = Literal["take-profit", "break-even"]
RowState = Literal["filled", "partly", "resting", "now", "unknown"]


class LadderRow(NamedTuple):
    """One level of a side: executed (price is its average), resting, or on its way."""

    level: int
    price: Price
    quantity: Quantity
    filled: Quantity
    state: RowState
    order_id: str = ""
    """The venue's id of the order that executed last or rests, or ours while the venue has told none."""
    executed: Millis = 0
    """When it last executed; 0 while nothing has."""


class SideStatus(NamedTuple):
    side: Side
    quantity: Quantity
    average: Price | None
    take_profit: Price | None
    take_profit_distance_percent: Price | None
    """From the last price to the take-profit, in percent of the price; positive while it has not been reached."""
    unrealised: Money
    realised_net: Money
    """Profit of the ended cycles, all fees and funding paid."""
    cycles: int
    rows: tuple[LadderRow, ...]
    """Levels from 0 downwards."""
    exit: ExitName = "take-profit"
    """What ``take_profit`` is the price of: a grid that has grown sheds its load at break-even instead."""
    exit_quantity: Quantity | None = None
    """What that order closes, where it is not everything."""
    stop_loss: Price | None = None
    center: Price | None = None
    """What the side's own grid is built around; None where it has none."""
    capital: Money | None = None
    """What the grid trades with: the first capital and all net profit since."""
    won: int = 0
    """Ended cycles that earned more than nothing, all fees and funding paid."""
    traded_at: Millis = 0
    """The latest entry or end of a cycle; 0 while there has been neither."""
    is_watched: bool = False
    """No exit rests there, because a sum is watched instead."""
    is_traded: bool = True
    """Whether the strategy trades this side at all."""


class SymbolStatus(NamedTuple):
    symbol: str
    strategy: str
    bid: Price
    ask: Price
    last: Price
    mark: Price
    price_at: Millis
    tick_size: Price
    long: SideStatus
    short: SideStatus
    unhedged_seconds_last: Price
    unhedged_seconds_max: Price
    prices: tuple[Price, ...]
    """Recent prices, oldest first, for a sparkline."""
    alarms: tuple[str, ...]
    notes: tuple[str, ...] = ()
    """What the strategy says of its state: signals, the day's limits."""
    signal: SignalSeen | None = None
    """What the newest closed candle said, where the strategy goes by candles."""


class Connection(NamedTuple):
    stream: str
    up: bool
    since: Millis
    """Time of the last sign of life."""


EventLevel: TypeAlias = Literal["info", "warning", "error", "critical"]


class RecentEvent(NamedTuple):
    at: Millis
    level: EventLevel
    text: str


class AccountStatus(NamedTuple):
    account: str
    venue: str
    demo: bool
    """True on demo, practice and paper; False means real money."""
    dry_run: bool
    now: Millis
    started: Millis
    ticks: int
    margin_balance: Money
    wallet_balance: Money
    available: Money
    reserve: Money
    mm_rate: Price
    mm_threshold: Price
    quote: str
    connections: tuple[Connection, ...]
    symbols: tuple[SymbolStatus, ...]
    events: tuple[RecentEvent, ...]
    """Latest last."""
    alarms: tuple[str, ...]
    stop: str
    """Empty while trading; otherwise why nothing is sent (emergency, freeze, stopping)."""
