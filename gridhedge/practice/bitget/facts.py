"""What there is to tell of orders, executions and positions, before either generation puts it into its words."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from gridhedge.domain.events import Execution, ExecutionKind
from gridhedge.domain.order import OrderState
from gridhedge.domain.values import ZERO, Millis, Side
from gridhedge.practice.bitget.ids import wire_id
from gridhedge.practice.books import Entry
from gridhedge.practice.desk import Desk
from gridhedge.venue.paper.margin import maintenance
from gridhedge.venue.paper.market import Holding
from gridhedge.venue.paper.orders import PaperOrder

__all__ = [
    "DEEDS",
    "Fill",
    "Held",
    "OrderFacts",
    "executed_fee",
    "fill",
    "foreign_order",
    "held",
    "is_plan",
    "is_waiting_plan",
    "order_facts",
    "order_id",
    "plan_id",
]

DEEDS = {
    ExecutionKind.LIQUIDATION: "burst_close_",
    ExecutionKind.ADL: "dte_sys_adl_close_",
    ExecutionKind.SETTLEMENT: "delivery_close_",
}
_STATES = {OrderState.FILLED: "filled", OrderState.CANCELLED: "canceled", OrderState.REJECTED: "canceled"}


class OrderFacts(NamedTuple):
    """``side``: the leg; ``deed``: open, close or a forced close; ``state``: in classic words."""

    id: str
    client_id: str
    symbol: str
    side: Side
    deed: str
    price: Decimal
    quantity: Decimal
    filled: Decimal
    value: Decimal
    fee: Decimal
    profit: Decimal
    state: str
    market: bool
    force: str
    source: str
    created: Millis
    changed: Millis
    last: Fill | None

    @property
    def buys(self) -> bool:
        """The transaction's direction."""
        return (self.side is Side.LONG) is (self.deed == "open")


class Fill(NamedTuple):
    id: str
    order: str
    client_id: str
    symbol: str
    side: Side
    deed: str
    price: Decimal
    quantity: Decimal
    fee: Decimal
    profit: Decimal
    maker: bool
    market: bool
    at: Millis

    @property
    def buys(self) -> bool:
        """The transaction's direction."""
        return (self.side is Side.LONG) is (self.deed == "open")


class Held(NamedTuple):
    """One leg of a position; ``locked`` is what resting closes hold."""

    symbol: str
    side: Side
    quantity: Decimal
    locked: Decimal
    average: Decimal
    mark: Decimal
    leverage: int
    margin: Decimal
    needed: Decimal
    profit: Decimal
    realised: Decimal
    funding: Decimal
    opened: Millis
    changed: Millis


def is_plan(desk: Desk, order: PaperOrder) -> bool:
    """Whether an order was placed as one that waits for a price."""
    return "plan" in desk.order_notes.get(order.number, {})


def is_waiting_plan(desk: Desk, order: PaperOrder) -> bool:
    """Whether it has never become an order of the market (cancelled ones included)."""
    return is_plan(desk, order) and order.trigger_price is not None


def order_id(desk: Desk, order: PaperOrder) -> str:
    return wire_id(desk.key, "order", order.number)


def plan_id(desk: Desk, order: PaperOrder) -> str:
    return wire_id(desk.key, "plan", order.number)


def executed_fee(entries: list[Entry]) -> Decimal:
    return sum((entry.booking.fee for entry in entries if isinstance(entry.booking, Execution)), ZERO)


def order_facts(desk: Desk, order: PaperOrder) -> OrderFacts:
    """An order of the market; one that a plan became has an id of the venue's own."""
    note = desk.order_notes.get(order.number, {})
    fills = desk.books.of(order.venue_id)
    value = sum((_value(entry) for entry in fills), ZERO)
    working = "partially_filled" if order.filled else "live"
    state, quantity = _STATES.get(order.state, working), order.quantity
    if is_plan(desk, order) and order.filled and order.state.is_final:
        state, quantity = "filled", order.filled  # a stop's order is as large as what there was to close
    return OrderFacts(
        id=order_id(desk, order),
        client_id=order_id(desk, order) if is_plan(desk, order) else order.client_id,
        symbol=order.symbol,
        side=order.side,
        deed="close" if order.closing else "open",
        price=ZERO if order.market else order.price,
        quantity=quantity,
        filled=order.filled,
        value=value,
        fee=executed_fee(fills),
        profit=sum((entry.realised for entry in fills), ZERO),
        state=state,
        market=order.market,
        force="ioc" if order.market else str(note.get("force", "gtc")),
        source="pos_loss_market" if is_plan(desk, order) else "market" if order.market else "normal",
        created=order.created,
        changed=order.changed,
        last=fill(desk, fills[-1]) if fills else None,
    )


def fill(desk: Desk, entry: Entry) -> Fill:
    """An execution, in the words of neither generation."""
    execution = entry.booking
    assert isinstance(execution, Execution), "payments are told as bills"
    order = desk.find(execution.venue_id, "") if execution.venue_id else None
    deed = DEEDS.get(execution.kind, "")
    said = f"{deed}{execution.side.value}" if deed else "close" if execution.closing else "open"
    ours = order is not None and not is_plan(desk, order)
    parent = wire_id(desk.key, "foreign", entry.number) if order is None else order_id(desk, order)
    return Fill(
        id=wire_id(desk.key, "execution", entry.number),
        order=parent,
        client_id=execution.client_id if ours else parent,
        symbol=execution.symbol,
        side=execution.side,
        deed=said,
        price=execution.price,
        quantity=execution.quantity,
        fee=execution.fee,
        profit=entry.realised,
        maker=execution.maker,
        market=order is None or order.market,
        at=execution.at,
    )


def foreign_order(desk: Desk, entry: Entry) -> OrderFacts:
    """The order behind an execution by hand or by the venue itself: nobody else keeps it."""
    made = fill(desk, entry)
    return OrderFacts(
        made.order, made.order, made.symbol, made.side, made.deed, ZERO, made.quantity, made.quantity,
        made.price * made.quantity, made.fee, made.profit, "filled", True, "ioc", "market", made.at, made.at, made,
    )  # fmt: skip


def held(desk: Desk, holding: Holding) -> Held:
    """One leg of a position with what it costs, risks and has earned."""
    market = desk.exchange.market(holding.symbol)
    leg = desk.books.leg(holding.symbol, holding.side)
    value = holding.quantity * market.price
    paid = sum(
        (
            entry.booking.amount
            for entry in desk.books.entries
            if not isinstance(entry.booking, Execution)
            and (entry.booking.symbol, entry.booking.side) == (holding.symbol, holding.side)
            and entry.booking.at >= leg.opened
        ),
        ZERO,
    )
    return Held(
        symbol=holding.symbol,
        side=holding.side,
        quantity=holding.quantity,
        locked=holding.reserved,
        average=holding.average if holding.quantity else ZERO,
        mark=market.price,
        leverage=market.leverage,
        margin=value * holding.rates.position,
        needed=maintenance(market.instrument, value, holding.rates.closing) if holding.quantity else ZERO,
        profit=(value - holding.cost) * holding.sign if holding.quantity else ZERO,
        realised=leg.current,
        funding=-paid,
        opened=leg.opened,
        changed=leg.changed,
    )


def _value(entry: Entry) -> Decimal:
    execution = entry.booking
    return execution.price * execution.quantity if isinstance(execution, Execution) else ZERO
