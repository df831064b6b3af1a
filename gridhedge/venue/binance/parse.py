"""Translates Binance's rows into the engine's words. Every number is taken as it was written, or refused."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from gridhedge.domain.account import OrderRecord, Position
from gridhedge.domain.errors import Refused
from gridhedge.domain.events import AccountSeen, Execution, ExecutionKind
from gridhedge.domain.instrument import Fees, Instrument, Tier
from gridhedge.domain.order import OrderState
from gridhedge.domain.values import HUNDRED, ONE, ZERO, Millis, Price, Quantity, Side
from gridhedge.venue.binance.band import Band
from gridhedge.venue.binance.fields import flag, number, optional, table
from gridhedge.venue.fields import Malformed, Row, amount, choice, integer, millis, money, row, rows, text, word

__all__ = [
    "STATES",
    "TRIGGERED",
    "account",
    "algo_id",
    "algo_order",
    "band",
    "closing_side",
    "execution",
    "fee",
    "fees",
    "instrument",
    "kind_of",
    "order",
    "position",
    "tiers",
    "trigger_price",
    "venue_id",
]

STATES = {
    "NEW": OrderState.WORKING,
    "PARTIALLY_FILLED": OrderState.WORKING,
    "NEW_ADL": OrderState.WORKING,
    "NEW_INSURANCE": OrderState.WORKING,
    "FILLED": OrderState.FILLED,
    "CANCELED": OrderState.CANCELLED,
    "EXPIRED": OrderState.CANCELLED,
    "EXPIRED_IN_MATCH": OrderState.CANCELLED,
    "REJECTED": OrderState.REJECTED,
}
_ALGO_STATES = {
    "NEW": OrderState.WORKING,
    "TRIGGERING": OrderState.WORKING,
    "TRIGGERED": OrderState.WORKING,
    "FINISHED": OrderState.FILLED,
    "CANCELED": OrderState.CANCELLED,
    "EXPIRED": OrderState.CANCELLED,
    "REJECTED": OrderState.REJECTED,
}
TRIGGERED = ("TRIGGERING", "TRIGGERED")
"""A conditional order whose price has come: on its way to the engine, or in it."""
_IS_BUY = {"BUY": True, "SELL": False}
_POSITION_SIDES = {"LONG": Side.LONG, "SHORT": Side.SHORT, "BOTH": None}
_FORCED = (
    ("autoclose-", ExecutionKind.LIQUIDATION),
    ("adl_autoclose", ExecutionKind.ADL),
    ("settlement_autoclose-", ExecutionKind.SETTLEMENT),
    ("delivery_autoclose-", ExecutionKind.SETTLEMENT),
)
"""Client ids that Binance itself gives."""
_QUOTES = ("USDT", "USDC")
_WORST_RATE = Decimal(9999)
"""The margin rate that is shown where the margin balance is gone."""
_ALGO = "A"
_TRAILING = "TRAILING_STOP_MARKET"


def venue_id(algo_number: int) -> str:
    """The id under which the book knows a conditional order, whose numbers are not those of ordinary ones."""
    return f"{_ALGO}{algo_number}"


def algo_id(order_id: str) -> str:
    """The number of a conditional order, empty for an ordinary one."""
    return order_id.removeprefix(_ALGO) if order_id.startswith(_ALGO) else ""


# ---- orders ----------------------------------------------------------------------------------------------------------


def order(item: Row) -> OrderRecord:
    """A row of ``openOrders``, ``allOrders`` or ``order``."""
    side, closing = closing_side(item, "side", "positionSide", "reduceOnly")
    quantity, filled = amount(item, "origQty"), amount(item, "executedQty")
    state: OrderState = choice(item, "status", STATES)
    if filled > quantity or (state is OrderState.FILLED and filled == ZERO):
        raise Malformed(f"{filled} of {quantity} executed in an order that is {state.value}")
    changed = millis(item, "updateTime")
    return OrderRecord(
        symbol=word(item, "symbol"),
        client_id=text(item, "clientOrderId"),
        venue_id=str(integer(item, "orderId", 1, 1 << 63)),
        side=side,
        closing=closing,
        price=amount(item, "price"),
        quantity=quantity,
        filled=filled,
        state=state,
        created=millis(item, "time") if "time" in item else changed,
        changed=changed,
    )


def algo_order(item: Row, held: Mapping[Side, Quantity]) -> OrderRecord:
    """A row of ``openAlgoOrders``, ``allAlgoOrders`` or ``algoOrder``.

    One that closes the whole position has no quantity of its own: it is what is ``held`` on its side. Its price is the
    one at which it is triggered, unless it becomes a limit order.
    """
    side, closing = closing_side(item, "side", "positionSide", "reduceOnly")
    trigger = trigger_price(item, "triggerPrice", "orderType")
    state: OrderState = choice(item, "algoStatus", _ALGO_STATES)
    filled = optional(item, "actualQty") if state is OrderState.FILLED else ZERO
    if state is OrderState.FILLED and filled == ZERO:
        state = OrderState.CANCELLED  # what it was triggered into has ended without an execution
    quantity = optional(item, "quantity")
    if item.get("closePosition") is True:
        quantity = filled if state is OrderState.FILLED else held.get(side, ZERO)
    return OrderRecord(
        symbol=word(item, "symbol"),
        client_id=text(item, "clientAlgoId"),
        venue_id=venue_id(integer(item, "algoId", 1, 1 << 63)),
        side=side,
        closing=closing,
        price=optional(item, "price") or trigger,
        quantity=max(quantity, filled),
        filled=filled,
        state=state,
        created=millis(item, "createTime"),
        changed=millis(item, "updateTime"),
        trigger_price=trigger,
        triggered=item["algoStatus"] in TRIGGERED,
    )


def trigger_price(item: Row, name: str, kind: str) -> Price:
    """Where a conditional order is triggered. A trailing stop, which only a person places here, has no such price."""
    return optional(item, name) if item.get(kind) == _TRAILING else amount(item, name, positive=True)


def closing_side(item: Row, side: str, position_side: str, reduces: str) -> tuple[Side, bool]:
    """The position side an order belongs to, and whether it reduces it. In one-way mode its flag decides."""
    is_buy: bool = choice(item, side, _IS_BUY)
    leg: Side | None = choice(item, position_side, _POSITION_SIDES)
    if leg is None:
        reducing = flag(item, reduces)
        return (Side.LONG if is_buy is not reducing else Side.SHORT), reducing
    return leg, is_buy is not (leg is Side.LONG)


# ---- executions ------------------------------------------------------------------------------------------------------


def kind_of(client_id: str) -> ExecutionKind:
    """Whose doing an execution was, which only the order's client id tells."""
    return next((kind for prefix, kind in _FORCED if client_id.startswith(prefix)), ExecutionKind.TRADE)


def execution(item: Row, client_id: str, quote: str, rates: Fees) -> Execution:
    """A row of ``userTrades``, which does not name the order's client id."""
    if item.get("positionSide") == "BOTH":
        raise Refused(f"{word(item, 'symbol')}: an execution in one-way mode belongs to no side")
    side, closing = closing_side(item, "side", "positionSide", "")
    quantity, price = amount(item, "qty", positive=True), amount(item, "price", positive=True)
    maker = flag(item, "maker")
    usual = price * quantity * (rates.maker if maker else rates.taker)
    symbol = word(item, "symbol")
    return Execution(
        execution_id=f"{symbol}-{integer(item, 'id', 1, 1 << 63)}",
        symbol=symbol,
        client_id=client_id,
        venue_id=str(integer(item, "orderId", 1, 1 << 63)),
        side=side,
        closing=closing,
        quantity=quantity,
        price=price,
        fee=fee(item, "commission", "commissionAsset", quote, usual),
        maker=maker,
        at=millis(item, "time"),
        kind=kind_of(client_id),
    )


def fee(item: Row, name: str, asset: str, quote: str, instead: Decimal) -> Decimal:
    """The fee in the quote currency. Paid in another coin (BNB), it counts as what it would have been, ``instead``."""
    if item.get(name) in (None, ""):
        return ZERO
    paid = money(item, name)
    return paid if paid == ZERO or item.get(asset) == quote else instead


# ---- the account -----------------------------------------------------------------------------------------------------


def account(body: object, asset: str, at: Millis) -> AccountSeen:
    """The margin asset's row of ``account`` (single-asset mode), with the margin rate that Binance leaves to others:
    maintenance margin in percent of the margin balance.
    """
    found = [item for item in rows(row(body, "account"), "assets") if item.get("asset") == asset]
    if not found:
        raise Refused(f"Binance lists no {asset} in the futures account; transfer some to it")
    item = found[0]
    balance, needed = money(item, "marginBalance"), amount(item, "maintMargin")
    rate = ZERO if needed == ZERO else HUNDRED * needed / balance if balance > ZERO else _WORST_RATE
    return AccountSeen(
        wallet_balance=money(item, "walletBalance"),
        margin_balance=balance,
        available=money(item, "availableBalance"),
        initial_margin=amount(item, "initialMargin"),
        maintenance_margin=needed,
        mm_rate=min(rate, _WORST_RATE),
        at=at,
    )


def position(item: Row) -> Position | None:
    """A row of ``positionRisk``; None where the side is flat. Raises Refused for a position in one-way mode."""
    signed = money(item, "positionAmt")
    if signed == ZERO:
        return None
    side: Side | None = choice(item, "positionSide", _POSITION_SIDES)
    symbol = word(item, "symbol")
    if side is None:
        raise Refused(f"{symbol} has a position in one-way mode; close it, so that hedge mode can be set")
    if signed * side.sign < ZERO:
        raise Malformed(f"a position of {signed} on the {side.value} side of {symbol}")
    return Position(symbol, side, abs(signed), amount(item, "entryPrice", positive=True))


def fees(item: Row) -> Fees:
    """The answer of ``commissionRate``."""
    return Fees(money(item, "makerCommissionRate"), money(item, "takerCommissionRate"))


# ---- rules -----------------------------------------------------------------------------------------------------------


def instrument(item: Row, margin_tiers: tuple[Tier, ...], funding_minutes: int) -> Instrument:
    """A row of ``exchangeInfo``. Raises Refused for what is no USDT or USDC perpetual, or does not trade."""
    symbol, quote = word(item, "symbol"), word(item, "quoteAsset")
    if word(item, "contractType") != "PERPETUAL" or quote not in _QUOTES or word(item, "marginAsset") != quote:
        raise Refused(f"{symbol} is no USDT or USDC perpetual; choose one, such as BTCUSDC")
    if word(item, "status") != "TRADING":
        raise Refused(f"{symbol} does not trade at Binance now (its status is {item['status']}); choose another symbol")
    filters = {str(entry.get("filterType")): entry for entry in rows(item, "filters")}
    missing = {"PRICE_FILTER", "LOT_SIZE", "MARKET_LOT_SIZE", "MIN_NOTIONAL"} - set(filters)
    if missing:
        raise Malformed(f"{symbol} has no {', '.join(sorted(missing))}")
    lots = filters["LOT_SIZE"]
    step, least = amount(lots, "stepSize", positive=True), amount(lots, "minQty", positive=True)
    if least % step:
        raise Malformed(f"the minimum quantity {least} of {symbol} is off its step {step}")
    return Instrument(
        symbol=symbol,
        base=word(item, "baseAsset"),
        quote=quote,
        tick_size=amount(filters["PRICE_FILTER"], "tickSize", positive=True),
        lot_step=step,
        min_quantity=least,
        max_quantity=amount(lots, "maxQty", positive=True),
        max_market_quantity=amount(filters["MARKET_LOT_SIZE"], "maxQty", positive=True),
        min_notional=amount(filters["MIN_NOTIONAL"], "notional"),
        max_leverage=max(tier.max_leverage for tier in margin_tiers),
        tiers=margin_tiers,
        funding_interval_minutes=funding_minutes,
    )


def band(item: Row) -> Band | None:
    """How far through the mark a limit price may lie; None where ``exchangeInfo`` sets no bounds."""
    filters = {str(entry.get("filterType")): entry for entry in rows(item, "filters")}
    bounds, prices = filters.get("PERCENT_PRICE"), filters.get("PRICE_FILTER")
    if bounds is None or prices is None:
        return None
    down, up = amount(bounds, "multiplierDown"), amount(bounds, "multiplierUp", positive=True)
    if not down < ONE < up:
        raise Malformed(f"limit prices from {down} to {up} times the mark are no band around it")
    return Band(down, up, amount(prices, "tickSize", positive=True))


def tiers(body: object, symbol: str) -> tuple[Tier, ...]:
    """The brackets of one symbol, smallest first. Binance has answered with a list and with a single object."""
    holders = [row(body, "brackets")] if isinstance(body, dict) else table(body, "brackets")
    found: list[Tier] = []
    for holder in holders:
        if holder.get("symbol") != symbol:
            continue
        for item in sorted(rows(holder, "brackets"), key=lambda item: number(item, "notionalCap")):
            rate, leverage = number(item, "maintMarginRatio"), integer(item, "initialLeverage", 1, 1000)
            found.append(Tier(number(item, "notionalCap"), rate, number(item, "cum"), leverage))
    if not found:
        raise Malformed(f"there are no leverage brackets of {symbol}")
    return tuple(found)
