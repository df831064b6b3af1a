"""What a report needs to know: three kinds of rows, from a ledger or from a replay."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from gridhedge.domain.events import ExecutionKind
from gridhedge.domain.values import Millis, Money, Price, Quantity, Role, Side
from gridhedge.store.rows import LedgerReader


class TradeRow(NamedTuple):
    """One execution. ``fee`` is positive when paid; role, level and cycle are None for orders that are not ours."""

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


def read_ledger(reader: LedgerReader, until: Millis | None = None) -> Rows:
    """The rows of a ledger from its beginning: average costs need all entries. Raises what the reader raises."""
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
        )
        for row in reader.executions(0, until)
    ]
    funding = [FundingRow(row.at, row.symbol, row.side, row.amount, row.rate) for row in reader.funding(0, until)]
    equity = [EquityRow(*row) for row in reader.equity_samples(0, until)]
    return Rows(trades, funding, equity)
