"""What must hold once the faults have stopped: nothing unknown, orders as wanted, and every book equal to the
exchange's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gridhedge.domain import invariants
from gridhedge.domain.book import Book, SymbolBook
from gridhedge.domain.events import Execution, Funding
from gridhedge.domain.invariants import Violation
from gridhedge.domain.ladder_book import SideBook
from gridhedge.domain.order import Order, OrderState, Pending
from gridhedge.domain.values import SIDES, ZERO, Money
from gridhedge.engine.desk import Desk
from gridhedge.engine.reconcile import reconcile
from gridhedge.engine.session import Session
from gridhedge.venue.paper.account import Booking
from gridhedge.venue.paper.exchange import Exchange
from gridhedge.venue.paper.market import Holding

__all__ = ["differing", "fingerprint", "unmet"]


def unmet(session: Session, exchange: Exchange, facts: Iterable[Booking]) -> Iterator[Violation]:
    """What keeps a healthy world from being at rest; nothing at all when the bot has recovered."""
    yield from _accounts(exchange, list(facts))
    for desk in session.desks:
        yield from _open_questions(session, desk)
        yield from _positions(desk.book, exchange)
        yield from _orders(desk.book, exchange)
        yield from _plan(session, desk)


def _accounts(exchange: Exchange, facts: list[Booking]) -> Iterator[Violation]:
    """I-22 and I-24: the ledger's facts are the exchange's, and the wallet follows from them to the last digit."""
    counted = {_name(fact) for fact in facts}
    happened = {_name(fact) for fact in exchange.account.bookings}
    if counted != happened:
        lost, invented = sorted(happened - counted)[:5], sorted(counted - happened)[:5]
        yield Violation("I-22", f"lost {lost}, invented {invented}")
        return
    wallet = _wallet(facts) + exchange.account.deposits + exchange.account.covered
    if wallet != exchange.account.wallet:
        yield Violation("I-24", f"the ledger explains a wallet of {wallet}, it is {exchange.account.wallet}")


def _wallet(facts: list[Booking]) -> Money:
    """Realised profit less fees and funding, by the exchange's own arithmetic, in the order in which it happened."""
    holdings: dict[tuple[str, str], Holding] = {}
    total = ZERO
    for fact in sorted(facts, key=lambda fact: int(_name(fact)[1:])):
        if isinstance(fact, Funding):
            total -= fact.amount
            continue
        holding = holdings.setdefault((fact.symbol, fact.side.value), Holding(fact.symbol, fact.side))
        value = fact.price * fact.quantity
        if fact.closing:
            total += holding.reduce(fact.quantity, value)
        else:
            holding.enlarge(fact.quantity, value)
        total -= fact.fee
    return total


def _name(fact: Booking) -> str:
    return fact.execution_id if isinstance(fact, Execution) else fact.funding_id


def _open_questions(session: Session, desk: Desk) -> Iterator[Violation]:
    if session.disconnected or session.wants_sync:
        yield Violation("I-36", f"disconnected: {session.disconnected}, wants to synchronise: {session.wants_sync}")
    for order in desk.book.orders.values():
        if not _is_settled(order):
            text = f"{order.client_id} is {order.state.value}, {order.pending.value}, {order.filled}/{order.quantity}"
            yield Violation("I-36", text)


def _is_settled(order: Order) -> bool:
    return order.state is OrderState.WORKING and order.pending is Pending.NOTHING and order.venue_state is None


def _positions(book: SymbolBook, exchange: Exchange) -> Iterator[Violation]:
    """I-23: what the book holds, together with what somebody else added, is the position."""
    market = exchange.market(book.symbol)
    for side in SIDES:
        held, surplus = book.of(side).held, book.of(side).surplus
        quantity = market.holding(side).quantity
        if held + surplus != quantity:
            text = f"{book.symbol} {side.value}: the book holds {held} and {surplus} are others', the venue {quantity}"
            yield Violation("I-23", text)


def _orders(book: SymbolBook, exchange: Exchange) -> Iterator[Violation]:
    """I-01 and I-36: the orders that the book holds live are those that work at the exchange."""
    believed = {order.client_id: (order.quantity, order.filled) for order in book.orders.values()}
    working = {
        order.client_id: (order.quantity, order.filled)
        for order in exchange.account.open.values()
        if order.client_id and order.symbol == book.symbol
    }
    if believed != working:
        differing = sorted(set(believed.items()) ^ set(working.items()))
        yield Violation("I-36", f"orders of the book and of the exchange differ: {differing[:4]}")


def _plan(session: Session, desk: Desk) -> Iterator[Violation]:
    """I-36, I-14 and I-08: nothing is left to do, or an alarm says why it is not done."""
    book = desk.book
    plan = desk.strategy.plan(session.view(desk, session.clock.now()))
    left = reconcile(book, plan.wanted, session.venue.capabilities.can_amend)
    if left and not plan.alarms and not _is_named(desk):
        yield Violation("I-36", f"not done, and no alarm says why: {left[0]}")
    for side in SIDES:
        yield from _exits(book.of(side), desk)
    is_running = all(book.of(side).cycle > 0 for side in desk.strategy.sides)
    is_whole = is_running and not plan.alarms and not _is_named(desk)
    if is_whole and all(order.filled == 0 for order in book.orders.values()):
        yield from desk.strategy.settled(book, plan.withheld)


def _is_named(desk: Desk) -> bool:
    """Whether a refusal that is being waited for, or an alarm on the screen, explains why something is missing."""
    return desk.retry_at is not None or bool(desk.plan.alarms)


def _exits(side: SideBook, desk: Desk) -> Iterator[Violation]:
    wanted = min(desk.strategy.closing(desk.book, side), desk.instrument.max_quantity)
    closing = invariants.closing_at_limit(side, wanted)
    is_dust = side.held < desk.instrument.min_quantity
    if closing != wanted and not is_dust and not _is_named(desk):
        yield Violation("I-14", f"{side.side.value}: exits for {closing}, wanted for {wanted} of {side.held} held")


def fingerprint(book: Book) -> list[tuple[str, object]]:
    """Everything that a book remembers, in a form that can be compared (I-25)."""
    told: list[tuple[str, object]] = []
    for symbol in book.symbols.values():
        told.append((f"{symbol.symbol} withdrawn", symbol.look_ahead_withdrawn))
        told.append((f"{symbol.symbol} signal", (symbol.signal, symbol.halted)))
        told.append((f"{symbol.symbol} known", sorted(symbol.known)))
        told.append((f"{symbol.symbol} executed", sorted(symbol.executed)))
        told.append(
            (f"{symbol.symbol} rejections", sorted((str(key), value) for key, value in symbol.rejections.items()))
        )
        told += [
            (order.client_id, _terms(order)) for order in sorted(symbol.orders.values(), key=lambda o: o.client_id)
        ]
        for side in (symbol.long, symbol.short):
            told += [(f"{symbol.symbol} {side.side.value} {name}", _plain(getattr(side, name))) for name in _SCALARS]
            told.append((f"{symbol.symbol} {side.side.value} baskets", side.basket.remembered()))
            told += [
                (f"{symbol.symbol} {side.side.value} level {level}", (fill.quantity, fill.cost, fill.fee))
                for level, fill in enumerate(side.fills)
            ]
    return told


_SCALARS = (
    "cycle", "last_cycle", "now_levels", "entered", "cost", "fees", "funding", "closed", "closed_money", "surplus",
    "realised", "cycles", "refused", "revisions", "reference", "wished", "prices", "center", "grid_at", "capital",
    "capital_at", "carried", "surplus_cost", "exit_price", "stop_is_passed", "squeezes",
)  # fmt: skip


def _plain(value: object) -> object:
    return sorted((str(key), item) for key, item in value.items()) if isinstance(value, dict) else value


def _terms(order: Order) -> tuple[object, ...]:
    return order.price, order.venue_price, order.quantity, order.filled, order.state, order.pending, order.amending


def differing(first: Book, second: Book) -> str:
    """The first thing in which two books differ; empty if they are equal."""
    one, other = fingerprint(first), fingerprint(second)
    for left, right in zip(one, other, strict=False):
        if left != right:
            return f"{left} against {right}"
    return "" if len(one) == len(other) else f"{len(one)} against {len(other)} things to remember"
