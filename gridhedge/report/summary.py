"""The sums of a period: profit by day, symbol, side and role; cycles, unhedged times, drawdown. All Decimal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from gridhedge.domain.values import HUNDRED, ZERO, Millis, Money, Role
from gridhedge.report.booking import Booked, Cycle, Reentry, book
from gridhedge.report.rows import EquityRow, FundingRow, Rows, TradeRow


class Sums(NamedTuple):
    """What a group of executions and funding payments earned and cost, booked at the time it was paid."""

    executions: int = 0
    volume: Money = ZERO
    gross: Money = ZERO
    fees: Money = ZERO
    funding: Money = ZERO

    @property
    def net(self) -> Money:
        """Realised profit after all fees and funding of the group."""
        return self.gross - self.fees - self.funding


class Drawdown(NamedTuple):
    """The deepest fall of the margin balance: from its highest value at ``peak_at`` to the lowest after it."""

    amount: Money
    percent: Money
    peak_at: Millis
    bottom_at: Millis


class Summary(NamedTuple):
    """A period. ``since`` and ``until`` are the first and last moment with anything in it (0 when there is nothing)."""

    since: Millis
    until: Millis
    total: Sums
    by_day: dict[str, Sums]
    by_symbol: dict[str, Sums]
    by_side: dict[str, Sums]
    by_role: dict[str, Sums]
    trades: tuple[Booked, ...]
    cycles: tuple[Cycle, ...]
    reentries: tuple[Reentry, ...]
    equity: tuple[EquityRow, ...]
    drawdown: Drawdown | None
    unmatched: Money
    """Notional of exits whose entries the rows do not contain: their profit is unknown and counts as nothing."""

    @property
    def unhedged(self) -> list[Millis]:
        """The ended unhedged times in ms."""
        return [time for time in (entry.unhedged_milliseconds for entry in self.reentries) if time is not None]


def summarise(rows: Rows, since: Millis = 0) -> Summary:
    """The sums from ``since`` on. Earlier rows are needed for average costs and count for nothing else."""
    books = book(rows.trades, rows.funding)
    trades = tuple(booked for booked in books.booked if booked.trade.at >= since)
    funding = [payment for payment in rows.funding if payment.at >= since]
    equity = tuple(sample for sample in rows.equity if sample.at >= since)
    times = [
        *(booked.trade.at for booked in trades),
        *(payment.at for payment in funding),
        *(sample.at for sample in equity),
    ]
    return Summary(
        since=min(times, default=0),
        until=max(times, default=0),
        total=_sum(trades, funding),
        by_day=_grouped(trades, funding, lambda row: _day(row.at)),
        by_symbol=_grouped(trades, funding, lambda row: row.symbol),
        by_side=_grouped(trades, funding, lambda row: row.side.value),
        by_role=_by_role(trades, funding),
        trades=trades,
        cycles=tuple(cycle for cycle in books.cycles if cycle.closed >= since),
        reentries=tuple(entry for entry in books.reentries if entry.closed >= since),
        equity=equity,
        drawdown=drawdown_of([(sample.at, sample.margin_balance) for sample in equity]),
        unmatched=sum((booked.unmatched * booked.trade.price for booked in trades), ZERO),
    )


def drawdown_of(equity: Iterable[tuple[Millis, Money]]) -> Drawdown | None:
    """The deepest fall in money; None when there are no samples. Zero where the balance never fell."""
    deepest: Drawdown | None = None
    peak, peak_at = ZERO, 0
    for at, value in equity:
        if deepest is None or value > peak:
            peak, peak_at = value, at
        fall = peak - value
        if deepest is None or fall > deepest.amount:
            deepest = Drawdown(fall, fall / peak * HUNDRED if peak > 0 else ZERO, peak_at, at)
    return deepest


def role_name(role: Role | None) -> str:
    """The role in words; orders without our mark are the user's own."""
    return "not ours" if role is None else role.name.lower().replace("_", "-")


def _grouped(
    trades: Sequence[Booked], funding: Sequence[FundingRow], key: Callable[[TradeRow | FundingRow], str]
) -> dict[str, Sums]:
    names = {key(booked.trade) for booked in trades} | {key(payment) for payment in funding}
    groups: dict[str, tuple[list[Booked], list[FundingRow]]] = {name: ([], []) for name in sorted(names)}
    for booked in trades:
        groups[key(booked.trade)][0].append(booked)
    for payment in funding:
        groups[key(payment)][1].append(payment)
    return {name: _sum(*group) for name, group in groups.items()}


def _by_role(trades: Sequence[Booked], funding: Sequence[FundingRow]) -> dict[str, Sums]:
    """Sums by role in the order of a cycle; funding belongs to no order and stands by itself."""
    sums = {}
    for role in (*Role, None):
        own = [booked for booked in trades if booked.trade.role is role]
        if own:
            sums[role_name(role)] = _sum(own, [])
    if funding:
        sums["funding"] = _sum([], funding)
    return sums


def _sum(trades: Iterable[Booked], funding: Iterable[FundingRow]) -> Sums:
    executions, volume, gross, fees = 0, ZERO, ZERO, ZERO
    for booked in trades:
        executions += 1
        volume += booked.trade.quantity * booked.trade.price
        gross += booked.gross
        fees += booked.trade.fee
    return Sums(executions, volume, gross, fees, sum((payment.amount for payment in funding), ZERO))


def _day(at: Millis) -> str:
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d}"
