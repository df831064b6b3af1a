"""Builds the status model from a session. Reads, and changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from gridhedge.domain.ladder_book import SideBook, average_price, unrealised
from gridhedge.domain.order import Order, OrderState
from gridhedge.domain.values import HUNDRED, Millis, Price, Role
from gridhedge.engine.desk import Desk
from gridhedge.engine.session import Session
from gridhedge.engine.status import (
    AccountStatus,
    Connection,
    LadderRow,
    RecentEvent,
    RowState,
    SideStatus,
    SymbolStatus,
)

_THOUSAND = Decimal(1000)


def account_status(
    session: Session,
    demo: bool,
    quote: str,
    started: Millis,
    ticks: int,
    prices: Mapping[str, Sequence[Price]],
    events: Sequence[RecentEvent],
) -> AccountStatus:
    """The account as it is now."""
    now = session.clock.now()
    account = session.account
    down = session.disconnected
    heard = session.venue.heard() or {"market": max((desk.market.at for desk in session.desks), default=now)}
    connections = [Connection(stream, False, told.at) for stream, told in down.items()]
    connections += [Connection(stream, True, at) for stream, at in heard.items() if stream not in down]
    return AccountStatus(
        session.book.account,
        session.venue.name,
        demo,
        session.policy.dry_run,
        now,
        started,
        ticks,
        account.margin_balance,
        account.wallet_balance,
        max(session.available(), Decimal(0)),
        session.reserve(),
        session.mm_rate,
        session.policy.mm_rate_threshold,
        quote,
        tuple(connections),
        tuple(
            symbol_status(desk, tuple(prices.get(desk.symbol, ())))._replace(
                notes=desk.strategy.notes(session.view(desk, now))
            )
            for desk in session.desks
        ),
        tuple(events),
        tuple(_account_alarms(session)),
        session.stopper.reason,
    )


def _account_alarms(session: Session) -> list[str]:
    alarms = [f"{stream} is down: {told.text}" for stream, told in session.disconnected.items()]
    if len(session.unknowns):
        alarms.append(f"{len(session.unknowns)} orders with unknown outcome are being asked for")
    if session.profile_trouble:
        alarms.append(session.profile_trouble)
    return alarms


def symbol_status(desk: Desk, prices: tuple[Price, ...]) -> SymbolStatus:
    """One symbol with both its ladders; ``prices`` feed the sparkline."""
    market = desk.market
    book = desk.book
    both = (book.long, book.short)
    return SymbolStatus(
        desk.symbol,
        desk.strategy.kind,
        market.bid,
        market.ask,
        market.last,
        market.mark,
        market.at,
        desk.instrument.tick_size,
        side_status(desk, book.long),
        side_status(desk, book.short),
        max(both, key=lambda side: side.unhedged_last).unhedged_last / _THOUSAND,
        max(side.unhedged_max for side in both) / _THOUSAND,
        prices,
        tuple(desk.alarms.values()),
        signal=desk.candles.signal if desk.candles is not None else None,
    )


def side_status(desk: Desk, side: SideBook) -> SideStatus:
    """One side: what it holds, where it takes profit, and its levels."""
    role = Role.BREAK_EVEN if Role.BREAK_EVEN in side.exits else Role.TAKE_PROFIT
    exit_order, stop = side.exits.get(role), side.exits.get(Role.STOP_LOSS)
    last = desk.market.last
    take_profit = exit_order.price if exit_order else None
    distance = None if take_profit is None else (take_profit - last) * side.side.sign / last * HUNDRED
    return SideStatus(
        side.side,
        side.held,
        average_price(side),
        take_profit,
        distance,
        unrealised(side, desk.market.mark),
        side.realised,
        side.cycles,
        tuple(_rows(side)),
        "break-even" if role is Role.BREAK_EVEN else "take-profit",
        exit_order.remaining if exit_order is not None and role is Role.BREAK_EVEN else None,
        stop.price if stop is not None else None,
        side.center,
        side.working_capital if side.capital_at else None,
        side.won,
        side.traded_at,
        exit_order is None and desk.strategy.closing(desk.book, side) < side.held,
        side.side in desk.strategy.sides,
    )


def _rows(side: SideBook) -> list[LadderRow]:
    rows, reference = [], side.reference
    for level in range(max(len(side.fills), max(side.entries, default=-1) + 1)):
        filled = side.filled(level)
        order = side.entries.get(level)
        if order is None and not filled:
            continue
        size = reference[level] if level < len(reference) else filled
        fill = side.fills[level] if filled else None
        price = fill.average if fill else order.price if order else Decimal(0)
        name = (order.venue_id or order.client_id) if order else fill.order_id if fill else ""
        executed = fill.executed if fill else 0
        rows.append(LadderRow(level, price, max(size, filled), filled, _row_state(side, level, order), name, executed))
    return rows


def _row_state(side: SideBook, level: int, order: Order | None) -> RowState:
    if order is None:
        return "filled"
    if order.state is not OrderState.WORKING:
        return "unknown"
    if side.filled(level):
        return "partly"
    return "now" if level < side.now_levels else "resting"
