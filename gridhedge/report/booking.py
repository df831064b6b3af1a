"""Realised profit by average cost, per symbol and side; cycles and re-entries fall out on the way.

    entry:    Q += q    C += q·p    F += fee
    exit:     share = q / Q    gross = ±(q·p − share·C)    profit = gross − fee − share·(F + U)
    funding:  U += amount

``gross`` is before fees; ``profit`` is what this exit earned after its own fee and its share of the entry fees and of
the funding paid so far. A cycle ends where the book says so (``TradeRow.ends_cycle``); what is still held then begins
the next one, with its cost and entry fees. Over all cycles, from flat to flat, both add up to the same net result.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gridhedge.domain.values import MONEY_STEP, SIDES, ZERO, Millis, Money, Quantity, Role, Side
from gridhedge.report.rows import FundingRow, TradeRow


class Booked(NamedTuple):
    """An execution with its result. ``profit`` is None for an entry; ``unmatched`` is what an exit closed of a position
    whose entries are not among the rows: it counts for nothing."""

    trade: TradeRow
    gross: Money
    profit: Money | None
    unmatched: Quantity = ZERO


class Cycle(NamedTuple):
    """A side of a symbol from its first entry, or from what the cycle before has left, to the execution that ended it:
    the last one of a take-profit or break-even order, or whatever made the side flat."""

    symbol: str
    side: Side
    opened: Millis
    closed: Millis
    deepest_level: int | None
    quantity: Quantity
    gross: Money
    fees: Money
    funding: Money

    @property
    def net(self) -> Money:
        return self.gross - self.fees - self.funding

    @property
    def milliseconds(self) -> Millis:
        return self.closed - self.opened


class Reentry(NamedTuple):
    """A side was closed by its take-profit at ``closed`` while the other held a position; its last now-level executed
    at ``hedged`` (None: it has not re-opened)."""

    symbol: str
    side: Side
    closed: Millis
    hedged: Millis | None

    @property
    def unhedged_milliseconds(self) -> Millis | None:
        return None if self.hedged is None else self.hedged - self.closed


class Books(NamedTuple):
    """Everything that the executions and funding payments say, in the order of time."""

    booked: tuple[Booked, ...]
    cycles: tuple[Cycle, ...]
    reentries: tuple[Reentry, ...]


class _SideBook:
    """One side of one symbol while its rows pass by."""

    def __init__(self) -> None:
        self.quantity = ZERO
        self.cost = ZERO
        self.carried_fees = ZERO
        """Entry fees that no exit has borne yet."""
        self.carried_funding = ZERO
        self.lowest: int | None = None
        """The lowest level that has executed: what a cycle leaves is the next one's lowest."""
        self.cycle: Cycle | None = None
        self.reentry: Reentry | None = None

    def enter(self, trade: TradeRow) -> Booked:
        if self.cycle is None:
            self.cycle = Cycle(trade.symbol, trade.side, trade.at, trade.at, None, ZERO, ZERO, ZERO, ZERO)
        self.quantity += trade.quantity
        self.cost += trade.quantity * trade.price
        self.carried_fees += trade.fee
        if trade.level is not None:
            self.lowest = trade.level if self.lowest is None else min(self.lowest, trade.level)
        levels = [level for level in (self.cycle.deepest_level, trade.level) if level is not None]
        self.cycle = self.cycle._replace(
            deepest_level=max(levels, default=None),
            quantity=self.cycle.quantity + trade.quantity,
            fees=self.cycle.fees + trade.fee,
        )
        return Booked(trade, ZERO, None)

    def leave(self, trade: TradeRow) -> Booked:
        matched = min(trade.quantity, self.quantity)
        if not matched:
            return Booked(trade, ZERO, -trade.fee, trade.quantity)
        # All of it, not a rounded share, when the side is flat afterwards.
        flat = matched == self.quantity
        cost = self.cost if flat else (self.cost * matched / self.quantity).quantize(MONEY_STEP)
        fees = self.carried_fees if flat else (self.carried_fees * matched / self.quantity).quantize(MONEY_STEP)
        funding = self.carried_funding
        funding = funding if flat else (funding * matched / self.quantity).quantize(MONEY_STEP)
        gross = trade.side.sign * (matched * trade.price - cost)
        self.quantity -= matched
        self.cost -= cost
        self.carried_fees -= fees
        self.carried_funding -= funding
        if self.cycle is not None:
            self.cycle = self.cycle._replace(gross=self.cycle.gross + gross, fees=self.cycle.fees + trade.fee)
        return Booked(trade, gross, gross - trade.fee - fees - funding, trade.quantity - matched)

    def pay(self, payment: FundingRow) -> None:
        """Funding that arrives while the side is flat belongs to no cycle; the sums of the report still count it."""
        if self.cycle is not None:
            self.carried_funding += payment.amount
            self.cycle = self.cycle._replace(funding=self.cycle.funding + payment.amount)

    def end_cycle(self, at: Millis) -> Cycle | None:
        """Close the cycle's account. Like the book's: what is left takes its entry fees along, no funding."""
        ended, self.cycle = self.cycle, None
        if ended is None or not self.quantity:
            return ended and ended._replace(closed=at)
        left = ended.symbol, ended.side, at, at, self.lowest, self.quantity, ZERO, self.carried_fees, ZERO
        self.cycle = Cycle(*left)
        return ended._replace(closed=at, fees=ended.fees - self.carried_fees)


def book(trades: Sequence[TradeRow], funding: Sequence[FundingRow]) -> Books:
    """Go through all rows in the order of time; at the same moment funding comes first."""
    books: dict[tuple[str, Side], _SideBook] = {}
    booked: list[Booked] = []
    cycles: list[Cycle] = []
    reentries: list[Reentry] = []
    rows: list[TradeRow | FundingRow] = [*funding, *trades]
    for row in sorted(rows, key=lambda row: row.at):
        long, short = (books.setdefault((row.symbol, side), _SideBook()) for side in SIDES)
        own, other = (long, short) if row.side is Side.LONG else (short, long)
        if isinstance(row, FundingRow):
            own.pay(row)
        elif row.closing:
            booked.append(own.leave(row))
        else:
            booked.append(own.enter(row))
            if own.reentry is not None and row.role is Role.OPENING:
                own.reentry = own.reentry._replace(hedged=row.at)
        if isinstance(row, TradeRow) and row.ends_cycle and (ended := own.end_cycle(row.at)) is not None:
            cycles.append(ended)
            reentries += [own.reentry] if own.reentry is not None else []
            own.reentry = _reentry_after(row, other)
    reentries += [side.reentry for side in books.values() if side.reentry is not None]
    return Books(tuple(booked), tuple(cycles), tuple(sorted(reentries, key=lambda reentry: reentry.closed)))


def _reentry_after(exit_: TradeRow, other: _SideBook) -> Reentry | None:
    """Only a take-profit begins a re-entry, and only a position on the other side is left unhedged by it."""
    if exit_.role is not Role.TAKE_PROFIT or not other.quantity:
        return None
    return Reentry(exit_.symbol, exit_.side, exit_.at, None)
