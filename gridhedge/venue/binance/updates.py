"""Translates what the account's stream pushes, whose names are one or two letters.

Letters: https://developers.binance.com/docs/derivatives/usds-margined-futures/user-data-streams.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from gridhedge.domain.events import Execution, ExecutionKind, OrderUpdate
from gridhedge.domain.instrument import Fees
from gridhedge.domain.order import OrderState, Reject
from gridhedge.domain.values import ZERO, Millis, Quantity
from gridhedge.venue.binance import parse
from gridhedge.venue.binance.fields import flag, optional
from gridhedge.venue.fields import Malformed, Row, amount, choice, integer, millis, text, word

__all__ = ["Traded", "algo_update", "traded"]

_EXECUTES = ("TRADE", "CALCULATED")
_REASONS = {
    "1": (Reject.OTHER, "it would have traded with an order of this account"),
    "2": (Reject.OTHER, "what could not execute at once was cancelled"),
    "3": (Reject.OTHER, "it would have traded with an order of this account"),
    "4": (Reject.REDUCE_ONLY, "the position is spoken for by other closing orders"),
    "5": (Reject.OTHER, "the account was liquidated"),
    "6": (Reject.OTHER, "its condition does not hold any more"),
    "7": (Reject.OTHER, "the symbol is delisted"),
    "8": (Reject.OTHER, "it expired when its stop was triggered"),
    "9": (Reject.OTHER, "the market did not hold enough for the rest"),
}
"""Why an order expired (``er``)."""
_ALGO_STATES = {
    "NEW": OrderState.WORKING,
    "TRIGGERING": OrderState.WORKING,
    "TRIGGERED": OrderState.WORKING,
    "FINISHED": OrderState.FILLED,
    "CANCELED": OrderState.CANCELLED,
    "EXPIRED": OrderState.CANCELLED,
    "REJECTED": OrderState.REJECTED,
}


class Traded(NamedTuple):
    """One ORDER_TRADE_UPDATE: what the order is now, and the execution that it tells of, if any."""

    update: OrderUpdate
    execution: Execution | None


def traded(item: Row, quote: str, rates: Fees, children: Mapping[str, str]) -> Traded:
    """The ``o`` of an ORDER_TRADE_UPDATE. ``children``: the client id of the conditional order that an order came from,
    by the order's id, where the two are known to differ in name.
    """
    symbol, order_id = word(item, "s"), str(integer(item, "i", 1, 1 << 63))
    client_id = children.get(order_id) or text(item, "c")
    quantity, filled = amount(item, "q"), amount(item, "z")
    state: OrderState = choice(item, "X", parse.STATES)
    if filled > quantity or (state is OrderState.FILLED and filled != quantity):
        raise Malformed(f"{filled} of {quantity} executed in an order that is {state.value}")
    reason, why = _ending(item, state)
    update = OrderUpdate(
        symbol, client_id, order_id, state, amount(item, "p"), quantity, filled, millis(item, "T"), reason, why
    )
    if item.get("x") not in _EXECUTES or amount(item, "l") == ZERO:
        return Traded(update, None)
    if item.get("ps") == "BOTH":
        raise Malformed(f"an execution of {symbol} in one-way mode")
    return Traded(update, _execution(item, update, quote, rates))


def _execution(item: Row, update: OrderUpdate, quote: str, rates: Fees) -> Execution:
    side, closing = parse.closing_side(item, "S", "ps", "R")
    quantity, price = amount(item, "l", positive=True), amount(item, "L", positive=True)
    maker = flag(item, "m")
    if quantity > update.filled:
        raise Malformed(f"an execution of {quantity} in an order of which {update.filled} is executed")
    kind = parse.kind_of(update.client_id)
    if kind is ExecutionKind.TRADE and item["x"] == "CALCULATED":
        kind = ExecutionKind.LIQUIDATION
    usual = price * quantity * (rates.maker if maker else rates.taker)
    return Execution(
        execution_id=f"{update.symbol}-{integer(item, 't', 1, 1 << 63)}",
        symbol=update.symbol,
        client_id=update.client_id,
        venue_id=update.venue_id,
        side=side,
        closing=closing,
        quantity=quantity,
        price=price,
        fee=parse.fee(item, "n", "N", quote, usual),
        maker=maker,
        at=update.at,
        kind=kind,
    )


def _ending(item: Row, state: OrderState) -> tuple[Reject | None, str]:
    """Why Binance ended the order, if it was Binance."""
    if state is OrderState.REJECTED:
        return Reject.OTHER, "rejected"
    if state is not OrderState.CANCELLED or item.get("X") == "CANCELED":
        return None, ""
    if item.get("f") == "GTX" and item.get("er", "0") == "0":
        return Reject.WOULD_TAKE, "post-only would have executed at once"
    return _REASONS.get(str(item.get("er", "")), (Reject.OTHER, "expired"))


def algo_update(item: Row, at: Millis, quantity: Quantity) -> tuple[OrderUpdate, str]:
    """The ``o`` of an ALGO_UPDATE, and the id of the order that it was triggered into (empty before).

    ``quantity``: what is held on its side, for an order that closes the whole position.
    """
    state: OrderState = choice(item, "X", _ALGO_STATES)
    trigger = parse.trigger_price(item, "tp", "o")
    filled = optional(item, "aq") if state is OrderState.FILLED else ZERO
    if state is OrderState.FILLED and filled == ZERO:
        state = OrderState.CANCELLED
    wanted: Decimal = optional(item, "q")
    if item.get("cp") is True:
        wanted = filled or quantity
    reason = Reject.OTHER if state is OrderState.REJECTED else None
    update = OrderUpdate(
        word(item, "s"),
        text(item, "caid"),
        parse.venue_id(integer(item, "aid", 1, 1 << 63)),
        state,
        optional(item, "p") or trigger,
        max(wanted, filled),
        filled,
        at,
        reason,
        text(item, "rm") if reason and "rm" in item else "",
        item["X"] in parse.TRIGGERED,
    )
    child = text(item, "ai")
    return update, child
