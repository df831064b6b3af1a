"""What a report needs to know: three kinds of rows, from a ledger or from a replay."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

from gridhedge.domain.book import SymbolBook
from gridhedge.domain.events import Event, Execution, ExecutionKind, RiskAccepted, StopLifted, StopRaised, TradingHalted
from gridhedge.domain.values import Millis, Money, Price, Quantity, Role, Side
from gridhedge.store.rows import LedgerReader


class TradeRow(NamedTuple):
    """One execution. ``fee`` is positive when paid; role, level and cycle are None for orders that are not ours.
    ``ends_cycle``: the side's cycle is over with it, see ``cycle_ends``."""

    at: Millis
    symbol: str
    side: Side
    role: Role | None
    level: int | None
    cycle: int | None
    closing: bool
    quantity: Quantity
    price: Price
    fee: Money
    maker: bool
    kind: ExecutionKind = ExecutionKind.TRADE
    ends_cycle: bool = False


class FundingRow(NamedTuple):
    """One funding payment of a side; ``amount`` is positive when paid."""

    at: Millis
    symbol: str
    side: Side
    amount: Money
    rate: Decimal


class EquityRow(NamedTuple):
    """The account's value at a moment: ``margin_balance`` includes unrealised profit."""

    at: Millis
    margin_balance: Money
    wallet_balance: Money


class Rows(NamedTuple):
    """Everything a report is made of, each kind oldest first."""

    trades: Sequence[TradeRow]
    funding: Sequence[FundingRow]
    equity: Sequence[EquityRow]


def cycle_ends(account: str, events: Iterable[Event]) -> set[tuple[str, str]]:
    """Symbol and id of the executions with which a side's cycle ended. The book decides that, as it does while the bot
    runs: a take-profit or break-even order has executed completely, or the side is flat."""
    books: dict[str, SymbolBook] = {}
    latest: dict[tuple[str, Side], str] = {}
    counted: dict[tuple[str, Side], int] = {}
    ends: set[tuple[str, str]] = set()
    for event in events:
        if isinstance(event, StopRaised | StopLifted | TradingHalted | RiskAccepted):
            continue
        symbol = event.symbol
        if symbol not in books:
            books[symbol] = SymbolBook(account, symbol)
        books[symbol].apply(event)
        if isinstance(event, Execution):
            latest[symbol, event.side] = event.execution_id
        for side in (books[symbol].long, books[symbol].short):
            place = (symbol, side.side)
            if side.cycles > counted.get(place, 0):
                counted[place] = side.cycles
                if place in latest:  # else nothing of it has executed before the ledger's eyes
                    ends.add((symbol, latest[place]))
    return ends


def read_ledger(reader: LedgerReader, account: str, until: Millis | None = None) -> Rows:
    """The rows of an account's ledger from its beginning: average costs need all entries. Raises what the reader
    raises."""
    ends = cycle_ends(account, reader.events())
    trades = [
        TradeRow(
            row.at,
            row.symbol,
            row.side,
            row.role,
            row.level,
            row.cycle,
            row.closing,
            row.quantity,
            row.price,
            row.fee,
            row.maker,
            row.kind,
            (row.symbol, row.execution_id) in ends,
        )
        for row in reader.executions(0, until)
    ]
    funding = [FundingRow(row.at, row.symbol, row.side, row.amount, row.rate) for row in reader.funding(0, until)]
    equity = [EquityRow(*row) for row in reader.equity_samples(0, until)]
    return Rows(trades, funding, equity)
