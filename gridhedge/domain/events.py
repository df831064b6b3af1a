"""What can happen. Events are past tense; the book changes through them and through nothing else.

Three families:

* **facts** that a venue tells and the journal keeps: ``Execution``, ``Funding``, ``OrderUpdate``;
* **sights** that a venue tells and nobody needs to keep: ``MarketSeen``, ``AccountSeen``, ``ConnectionChanged``;
* **steps** that the bot itself takes: intents, outcomes, and what a strategy decided to remember.
"""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from typing import NamedTuple, TypeAlias

from gridhedge.domain.basket import Cause
from gridhedge.domain.order import OrderKey, OrderState, Reject
from gridhedge.domain.values import ZERO, Millis, Money, Price, Quantity, Side


class ExecutionKind(Enum):
    TRADE = "trade"
    LIQUIDATION = "liquidation"
    ADL = "adl"
    SETTLEMENT = "settlement"

    __hash__ = object.__hash__


# ---- facts -----------------------------------------------------------------------------------------------------------


class Execution(NamedTuple):
    """One execution, which counts once, by ``execution_id``. ``side`` is the position side, ``closing`` tells whether
    it reduced that position, ``fee`` is positive when paid."""

    execution_id: str
    symbol: str
    client_id: str
    venue_id: str
    side: Side
    closing: bool
    quantity: Quantity
    price: Price
    fee: Money
    maker: bool
    at: Millis
    kind: ExecutionKind = ExecutionKind.TRADE


class Funding(NamedTuple):
    """A funding payment of one position side; ``amount`` is positive when paid, negative when received."""

    funding_id: str
    symbol: str
    side: Side
    amount: Money
    rate: Decimal
    at: Millis


class OrderUpdate(NamedTuple):
    """What the venue says an order is now. ``price`` may differ from ours where the venue moved it into its band."""

    symbol: str
    client_id: str
    venue_id: str
    state: OrderState
    price: Price
    quantity: Quantity
    filled: Quantity
    at: Millis
    reason: Reject | None = None
    text: str = ""
    triggered: bool = False
    """The venue says that the price of a stop has come: it waits no more, and has yet to execute."""


# ---- sights ----------------------------------------------------------------------------------------------------------


class MarketSeen(NamedTuple):
    """The touch and the prices of a symbol. ``mark`` values positions and margin."""

    symbol: str
    bid: Price
    ask: Price
    last: Price
    mark: Price
    at: Millis


class AccountSeen(NamedTuple):
    """The venue's own figures of the account, in the margin currency. ``margin_balance`` is wallet balance plus
    unrealised profit; ``mm_rate`` is the maintenance margin rate in percent (100 = liquidation)."""

    wallet_balance: Money
    margin_balance: Money
    available: Money
    initial_margin: Money
    maintenance_margin: Money
    mm_rate: Decimal
    at: Millis


class ConnectionChanged(NamedTuple):
    """A stream of the venue came up or went down. After ``up`` the gap must be filled before anything is sent."""

    stream: str
    up: bool
    at: Millis
    text: str = ""


# ---- steps -----------------------------------------------------------------------------------------------------------


class OrderIntended(NamedTuple):
    """Written durably before the request leaves."""

    client_id: str
    symbol: str
    key: OrderKey
    price: Price
    quantity: Quantity
    reduce_only: bool
    at: Millis
    trigger_price: Price | None = None


class OrderSettled(NamedTuple):
    """The outcome of placing: WORKING, REJECTED, ABSENT (proved never to have arrived) or UNKNOWN."""

    client_id: str
    symbol: str
    state: OrderState
    venue_id: str
    at: Millis
    reason: Reject | None = None
    text: str = ""


class AmendIntended(NamedTuple):
    client_id: str
    symbol: str
    price: Price
    quantity: Quantity
    at: Millis


class CancelIntended(NamedTuple):
    client_id: str
    symbol: str
    at: Millis


class ChangeSettled(NamedTuple):
    """The outcome of an amend or a cancel. ``accepted`` is None while it is unknown."""

    client_id: str
    symbol: str
    accepted: bool | None
    at: Millis
    price: Price | None = None
    quantity: Quantity | None = None
    reason: Reject | None = None
    text: str = ""


class OrderAdopted(NamedTuple):
    """A live order of ours found at the venue that the book does not know, or had taken for ended."""

    client_id: str
    symbol: str
    key: OrderKey
    price: Price
    quantity: Quantity
    reduce_only: bool
    venue_id: str
    at: Millis
    trigger_price: Price | None = None


class ReferenceFixed(NamedTuple):
    """The table of quantities, level by level, that both sides of a symbol use until both are flat again."""

    symbol: str
    quantities: tuple[Quantity, ...]
    at: Millis


class CapitalFixed(NamedTuple):
    """The money with which a side begins; the net profit that it realises from now on is added to it."""

    symbol: str
    side: Side
    amount: Money
    at: Millis


class GridFixed(NamedTuple):
    """The grid of one side: quantities and prices of its entries, level by level, around ``center``. Levels count from
    1 (place 0 of both tables is empty). What the side holds already is its level 1."""

    symbol: str
    side: Side
    center: Price
    quantities: tuple[Quantity, ...]
    prices: tuple[Price, ...]
    at: Millis


class LevelShrunk(NamedTuple):
    """A level of a grid gets this quantity in all, until the next grid: there is too little margin for the wanted
    one. What has executed of it stays."""

    symbol: str
    side: Side
    level: int
    quantity: Quantity
    at: Millis


class SurplusTaken(NamedTuple):
    """What somebody else has added to the position belongs to the strategy from now on."""

    symbol: str
    side: Side
    quantity: Quantity
    at: Millis


class StopReached(NamedTuple):
    """The mark price has come to the stop-loss of a side: the venue has to execute it now."""

    symbol: str
    side: Side
    at: Millis


class CycleOpened(NamedTuple):
    """A side starts anew: levels 0 .. now_levels-1 execute now."""

    symbol: str
    side: Side
    cycle: int
    now_levels: int
    at: Millis


class LookAheadSwitched(NamedTuple):
    """The look-ahead pair was withdrawn to protect the reserve, or is allowed again."""

    symbol: str
    withdrawn: bool
    at: Millis


class SignalSeen(NamedTuple):
    """What a candle says that has closed: which sides may be opened, and the figures behind it. A side that ``stands``
    may be opened until the next candle has closed, and one that ``crossed`` once in that time."""

    symbol: str
    candle: Millis
    """When it closed."""
    close: Price
    stands: tuple[Side, ...]
    crossed: tuple[Side, ...]
    at: Millis
    average: Decimal | None = None
    sar: Decimal | None = None
    cci: Decimal | None = None


class TableFixed(NamedTuple):
    """The quantities of one side's next basket, order by order."""

    symbol: str
    side: Side
    quantities: tuple[Quantity, ...]
    at: Millis


class LevelStarted(NamedTuple):
    """The next order of a basket executes now, at the close of a candle."""

    symbol: str
    side: Side
    level: int
    at: Millis


class CloseDecided(NamedTuple):
    """A sum that is watched has been reached: the basket is closed now, whatever it comes to meanwhile."""

    symbol: str
    side: Side
    cause: Cause
    profit: Money
    """The sum that was reached: of both baskets, or of the day."""
    at: Millis


class BasketClosed(NamedTuple):
    """A basket has ended: told once, however it came about."""

    symbol: str
    side: Side
    cause: Cause
    profit: Money
    """Net of fees and funding."""
    at: Millis


class TradingHalted(NamedTuple):
    """A limit of the day has been reached: nothing is opened on the account before ``until``."""

    symbol: str
    """The one that was looked at first."""
    cause: Cause
    profit: Money
    until: Millis
    at: Millis
    limit: Money = ZERO
    """Profit: positive; loss: negative."""


class PositionMended(NamedTuple):
    """The venue's position differs from the book for good: ``quantity`` fills the levels from the bottom."""

    symbol: str
    side: Side
    quantity: Quantity
    average: Price
    at: Millis
    text: str = ""
    price: Price | None = None
    """The market's price then: missing levels rest one step from it."""


class StopRaised(NamedTuple):
    """Trading stopped (``freeze`` or ``emergency``) until a person lifts it."""

    level: str
    symbol: str
    reason: str
    at: Millis


class StopLifted(NamedTuple):
    at: Millis


class RiskAccepted(NamedTuple):
    """A person has let the bot trade in spite of something (``text``) that otherwise forbids it."""

    symbol: str
    """Empty where it is about the whole account."""
    text: str
    at: Millis


Fact: TypeAlias = Execution | Funding | OrderUpdate
Sight: TypeAlias = MarketSeen | AccountSeen | ConnectionChanged
Decision: TypeAlias = (
    ReferenceFixed
    | CycleOpened
    | LookAheadSwitched
    | CapitalFixed
    | GridFixed
    | LevelShrunk
    | SurplusTaken
    | StopReached
    | SignalSeen
    | TableFixed
    | LevelStarted
    | CloseDecided
    | BasketClosed
    | TradingHalted
)
Step: TypeAlias = (
    OrderIntended
    | OrderSettled
    | AmendIntended
    | CancelIntended
    | ChangeSettled
    | OrderAdopted
    | Decision
    | PositionMended
    | StopRaised
    | StopLifted
    | RiskAccepted
)
Seen: TypeAlias = Fact | Sight
"""What arrives in the inbox."""
Event: TypeAlias = Fact | Step
"""What the journal keeps and the book is folded from."""
