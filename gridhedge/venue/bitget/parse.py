"""Translates Bitget's rows into the engine's words. Every number is taken as it was written, or refused.

Both account generations, and within each the REST rows and the pushed ones, name the same things differently: a shape
says which names a row has. What is missing is refused, never looked for under another name.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NamedTuple

from gridhedge.domain.account import OrderRecord, Position
from gridhedge.domain.errors import Refused
from gridhedge.domain.events import AccountSeen, Execution, ExecutionKind, OrderUpdate
from gridhedge.domain.instrument import Fees
from gridhedge.domain.order import OrderState, Reject, parse_client_id
from gridhedge.domain.values import HUNDRED, ZERO, Millis, Side
from gridhedge.venue.fields import Malformed, Row, amount, choice, millis, money, rows, text, word

__all__ = [
    "CLASSIC_DETAIL",
    "CLASSIC_FILL",
    "CLASSIC_ORDER",
    "CLASSIC_PUSH",
    "SIDES_OF",
    "UNIFIED_FILL",
    "UNIFIED_ORDER",
    "UNIFIED_PUSH",
    "UNIFIED_PUSHED_FILL",
    "FillShape",
    "Leg",
    "OrderShape",
    "account_classic",
    "account_unified",
    "deed",
    "execution",
    "leg_of",
    "leverage",
    "order",
    "order_update",
    "position",
]

SIDES_OF = {"long": Side.LONG, "short": Side.SHORT}
_IS_BUY = {"buy": True, "sell": False}
_REDUCES = {"YES": True, "NO": False, "yes": True, "no": False}
_STATES = {
    "init": OrderState.WORKING,
    "new": OrderState.WORKING,
    "live": OrderState.WORKING,
    "partially_filled": OrderState.WORKING,
    "filled": OrderState.FILLED,
    "canceled": OrderState.CANCELLED,
    "cancelled": OrderState.CANCELLED,
}
_DEED = re.compile(r"(?:[a-z]+_)*(?:close|buy|sell)_?(?:long|short)?[a-z_]*")


# ---- orders ----------------------------------------------------------------------------------------------------------


class OrderShape(NamedTuple):
    """The names in a row about an order. ``deed`` (open or close) is empty where the side is the transaction's."""

    symbol: str
    quantity: str
    filled: str
    state: str
    leg: str
    deed: str
    created: str
    changed: str


CLASSIC_ORDER = OrderShape("symbol", "size", "baseVolume", "status", "posSide", "tradeSide", "cTime", "uTime")
CLASSIC_DETAIL = CLASSIC_ORDER._replace(state="state")
CLASSIC_PUSH = CLASSIC_ORDER._replace(symbol="instId", filled="accBaseVolume")
"""In a pushed row ``baseVolume`` is the last fill alone."""
UNIFIED_ORDER = OrderShape("symbol", "qty", "cumExecQty", "orderStatus", "posSide", "", "createdTime", "updatedTime")
UNIFIED_PUSH = UNIFIED_ORDER._replace(leg="holdSide")


class Leg(NamedTuple):
    """Whose order it is: position side, whether it closes, and our id (empty: somebody else's)."""

    side: Side
    closing: bool
    client_id: str


def order(item: Row, shape: OrderShape) -> OrderRecord:
    """A row about an order."""
    side, closing = _order_side(item, shape)
    quantity, filled = amount(item, shape.quantity), amount(item, shape.filled, empty=ZERO)
    state: OrderState = choice(item, shape.state, _STATES)
    if filled > quantity or (state is OrderState.FILLED and filled == ZERO):
        raise Malformed(f"{filled} of {quantity} executed in an order that is {state.value}")
    return OrderRecord(
        symbol=word(item, shape.symbol),
        client_id=text(item, "clientOid"),
        venue_id=word(item, "orderId"),
        side=side,
        closing=closing,
        price=amount(item, "price", empty=ZERO),
        quantity=quantity,
        filled=filled,
        state=state,
        created=millis(item, shape.created),
        changed=millis(item, shape.changed),
    )


def _order_side(item: Row, shape: OrderShape) -> tuple[Side, bool]:
    """Position side and whether it is reduced.

    Classic rows say ``buy`` for whatever happens to the long leg, so that the deed decides; unified rows have the
    transaction's side. In one-way mode (leg ``net`` or empty) the reduce-only flag decides.
    """
    is_buy: bool = choice(item, "side", _IS_BUY)
    leg = text(item, shape.leg)
    if leg in SIDES_OF:
        side = SIDES_OF[leg]
        if shape.deed:
            return side, deed(item, shape.deed).closing
        return side, is_buy is not (side is Side.LONG)
    if leg not in ("net", ""):
        raise Malformed(f"{shape.leg} {ascii(leg)[:40]} is not known here")
    reduces: bool = choice(item, "reduceOnly", _REDUCES)
    return (Side.LONG if is_buy is not reduces else Side.SHORT), reduces


def order_update(item: Row, shape: OrderShape) -> OrderUpdate:
    """A pushed row about an order, as an event."""
    record = order(item, shape)
    why = item.get("cancelReason")
    is_own = record.state is not OrderState.CANCELLED or not isinstance(why, str) or why in ("", "normal_cancel")
    return OrderUpdate(
        record.symbol,
        record.client_id,
        record.venue_id,
        record.state,
        record.price,
        record.quantity,
        record.filled,
        record.changed,
        None if is_own else Reject.OTHER,
        "" if is_own else ascii(why)[:80],
    )


def leg_of(record: OrderRecord) -> Leg:
    return Leg(record.side, record.closing, record.client_id)


# ---- executions ------------------------------------------------------------------------------------------------------


class Deed(NamedTuple):
    """What a ``tradeSide`` says: whether a position is reduced, by whom, and (forced closes only) which leg."""

    closing: bool
    kind: ExecutionKind
    side: Side | None


_OPEN, _CLOSE = Deed(False, ExecutionKind.TRADE, None), Deed(True, ExecutionKind.TRADE, None)


def deed(item: Row, name: str) -> Deed:
    """The words are open, close, and many for forced closes: ``burst_close_long`` (liquidation), ``reduce_close_…`` and
    ``offset_close_…`` (parts of one), ``delivery_close_…``, ``dte_sys_adl_close_…``. New ones may come."""
    said = word(item, name)
    if said == "open":
        return _OPEN
    if said in ("close", "buy_single", "sell_single"):
        return _CLOSE
    if _DEED.fullmatch(said) is None:
        raise Malformed(f"{name} {said!a} is not known here")
    is_adl, is_delivery = "adl" in said, "delivery" in said
    kind = ExecutionKind.ADL if is_adl else ExecutionKind.SETTLEMENT if is_delivery else ExecutionKind.LIQUIDATION
    side = Side.LONG if "long" in said else Side.SHORT if "short" in said else None
    return Deed(True, kind, side)


class FillShape(NamedTuple):
    """The names in a row about an execution. ``leg`` is empty where a row does not tell it; ``has_sides``: whether
    ``side`` is surely the transaction's; ``paid``: the sign of a fee that was paid."""

    id: str
    price: str
    quantity: str
    leg: str
    has_sides: bool
    fee: str
    paid: int
    at: str


CLASSIC_FILL = FillShape("tradeId", "price", "baseVolume", "", False, "totalFee", -1, "cTime")
UNIFIED_FILL = FillShape("execId", "execPrice", "execQty", "", True, "fee", 1, "createdTime")
UNIFIED_PUSHED_FILL = UNIFIED_FILL._replace(leg="holdSide", at="execTime")
_SCOPES = {"maker": True, "taker": False}


def execution(item: Row, shape: FillShape, known: Leg | None, rates: Fees) -> Execution | None:
    """A row about an execution; None where the order must be known to tell the leg or our id, and is not.

    The leg comes from the row, or from the order: never from the side of a closing execution, which means the position
    in some rows and the transaction in others. A fee paid in another coin (BGB) is counted at ``rates``.
    """
    if "tradeSide" in item:
        done = deed(item, "tradeSide")
    elif known is not None:
        done = Deed(known.closing, ExecutionKind.TRADE, known.side)
    else:
        return None
    price, quantity = amount(item, shape.price, positive=True), amount(item, shape.quantity, positive=True)
    is_maker: bool = choice(item, "tradeScope", _SCOPES)
    client_id = known.client_id if known is not None else text(item, "clientOid") if "clientOid" in item else None
    side = _execution_side(item, shape, done, known, client_id or "")
    if side is None or client_id is None:
        return None
    return Execution(
        execution_id=word(item, shape.id),
        symbol=word(item, "symbol"),
        client_id=client_id,
        venue_id=word(item, "orderId"),
        side=side,
        closing=done.closing,
        quantity=quantity,
        price=price,
        fee=_fee(item, shape, price * quantity * (rates.maker if is_maker else rates.taker)),
        maker=is_maker,
        at=millis(item, shape.at),
        kind=done.kind,
    )


def _execution_side(item: Row, shape: FillShape, done: Deed, known: Leg | None, client_id: str) -> Side | None:
    if done.side is not None:
        return done.side
    if shape.leg:
        side: Side = choice(item, shape.leg, SIDES_OF)
        return side
    if known is not None:
        return known.side
    ours = parse_client_id(client_id[2:8], client_id)
    if ours is not None:
        return ours.side
    if done.closing and not shape.has_sides:
        return None
    is_buy: bool = choice(item, "side", _IS_BUY)
    return Side.LONG if is_buy is not done.closing else Side.SHORT


def _fee(item: Row, shape: FillShape, estimate: Decimal) -> Decimal:
    details = rows(item, "feeDetail")
    if not details:
        raise Malformed("an execution without feeDetail")
    if any(text(detail, "feeCoin") != "USDT" for detail in details):
        return estimate
    return sum((money(detail, shape.fee) * shape.paid for detail in details), ZERO)


# ---- account and positions -------------------------------------------------------------------------------------------


def account_classic(item: Row, at: Millis, available: str, equity: str) -> AccountSeen:
    """The USDT account of a classic account; ``available`` and ``equity`` are the names in this kind of row.

    ``crossedRiskRate`` is maintenance margin over equity: 1 is liquidation.
    """
    balance = money(item, equity)
    unrealised = ZERO if item.get("unrealizedPL") in ("", None) else money(item, "unrealizedPL")
    free = money(item, available)
    risk = amount(item, "crossedRiskRate", empty=ZERO)
    return AccountSeen(
        wallet_balance=balance - unrealised,
        margin_balance=balance,
        available=free,
        initial_margin=max(balance - free, ZERO),
        maintenance_margin=max(balance * risk, ZERO),
        mm_rate=risk * HUNDRED,
        at=at,
    )


def account_unified(item: Row, at: Millis, coins: str) -> AccountSeen:
    """A unified account: balances of USDT, margins of the whole account (in USD); ``coins`` names the list.

    Other coins may back positions, at a discount; the smaller of what USDT and what all of it carries is counted.
    """
    held = next((coin for coin in rows(item, coins) if coin.get("coin") == "USDT"), None)
    wallet, equity = (money(held, "balance"), money(held, "equity")) if held is not None else (ZERO, ZERO)
    effective, initial, needed = money(item, "effEquity"), amount(item, "imr"), amount(item, "mmr")
    # Without anything that carries a need, a need is a liquidation.
    rate = needed / effective * HUNDRED if effective > ZERO else HUNDRED if needed > ZERO else ZERO
    return AccountSeen(
        wallet_balance=wallet,
        margin_balance=equity,
        available=min(equity, effective) - initial,
        initial_margin=initial,
        maintenance_margin=needed,
        mm_rate=rate,
        at=at,
    )


def position(item: Row, leg: str, average: str) -> Position | None:
    """One leg of a position; None where it is flat. Raises Refused for a position in one-way mode."""
    symbol, quantity = word(item, "symbol"), amount(item, "total")
    if quantity == ZERO:
        return None
    mode = item.get("posMode", item.get("holdMode"))
    if mode == "one_way_mode":
        raise Refused(f"{symbol} has a position in one-way mode; close it, so that hedge mode can be set")
    return Position(symbol, choice(item, leg, SIDES_OF), quantity, amount(item, average, positive=True))


def leverage(item: Row, name: str) -> Decimal:
    """A leverage, which comes as text or number; 0 where it is not told."""
    value = item.get(name)
    return ZERO if value in ("", None) else amount({name: str(value)}, name)
