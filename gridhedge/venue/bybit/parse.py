"""Translates Bybit's rows into the engine's words. Every number is taken as it was written, or refused."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from gridhedge.domain.account import OrderRecord, Position
from gridhedge.domain.candles import Candles, Timeframe
from gridhedge.domain.errors import Refused
from gridhedge.domain.events import AccountSeen, Execution, ExecutionKind, Funding, OrderUpdate
from gridhedge.domain.instrument import Fees, Instrument, Tier
from gridhedge.domain.order import OrderState, Reject
from gridhedge.domain.values import HUNDRED, ZERO, Millis, Side
from gridhedge.venue.fields import Malformed, Row, amount, choice, integer, listed, millis, money, rows, text, word

__all__ = [
    "INTERVALS",
    "Leg",
    "account",
    "candles",
    "execution",
    "fees",
    "instrument",
    "leg",
    "order",
    "order_update",
    "position",
    "tiers",
]

_STATES = {
    "New": OrderState.WORKING,
    "PartiallyFilled": OrderState.WORKING,
    "Untriggered": OrderState.WORKING,
    "Triggered": OrderState.WORKING,
    "Filled": OrderState.FILLED,
    "Cancelled": OrderState.CANCELLED,
    "Deactivated": OrderState.CANCELLED,
    "Rejected": OrderState.REJECTED,
}
_IS_BUY = {"Buy": True, "Sell": False}
_LEG_SIDES = {"": None, "None": None, "Buy": Side.LONG, "Sell": Side.SHORT}
_FUNDED_SIDES = {"Buy": Side.LONG, "Sell": Side.SHORT}
_KINDS = {
    "Trade": ExecutionKind.TRADE,
    "BlockTrade": ExecutionKind.TRADE,
    "MovePosition": ExecutionKind.TRADE,
    "FutureSpread": ExecutionKind.TRADE,
    "AdlTrade": ExecutionKind.ADL,
    "BustTrade": ExecutionKind.LIQUIDATION,
    "Delivery": ExecutionKind.SETTLEMENT,
    "Settle": ExecutionKind.SETTLEMENT,
}
_FORCED = {
    "CreateByLiq": ExecutionKind.LIQUIDATION,
    "CreateByTakeOver_PassThrough": ExecutionKind.LIQUIDATION,
    "CreateByAdl_PassThrough": ExecutionKind.ADL,
}
"""A liquidation begins with trades whose orders nobody but the venue created."""
_REFUSALS = {
    "EC_PostOnlyWillTakeLiquidity": Reject.WOULD_TAKE,
    "EC_NoEnoughQtyToFill": Reject.OUT_OF_BOUNDS,
    "EC_ReachRiskPriceLimit": Reject.OUT_OF_BOUNDS,
    "EC_ReachMarketPriceLimit": Reject.OUT_OF_BOUNDS,
    "EC_OrderNotExist": Reject.UNKNOWN_ORDER,
    "EC_OrigClOrdIDDoesNotExist": Reject.UNKNOWN_ORDER,
    "INSUFFICIENT_MARGIN": Reject.MARGIN,
}
INTERVALS = {
    Timeframe.M1: "1",
    Timeframe.M5: "5",
    Timeframe.M15: "15",
    Timeframe.M30: "30",
    Timeframe.H1: "60",
    Timeframe.H4: "240",
    Timeframe.D1: "D",
}
"""Bybit's names of the timeframes; its day opens at 00:00 UTC."""
_NO_REASON = ("", "EC_NoError", "EC_PerCancelRequest")


def order(item: Row) -> OrderRecord:
    """A row of ``order/realtime``, ``order/history`` or the ``order`` stream. A stop that goes to market has no price
    of its own: its trigger stands for it, as in ``Place``."""
    side, closing = _order_side(item)
    trigger = amount(item, "triggerPrice", empty=ZERO)
    price = amount(item, "price", empty=ZERO)
    if trigger and item.get("orderType") == "Market":
        price = trigger
    quantity, filled = amount(item, "qty"), amount(item, "cumExecQty", empty=ZERO)
    state = choice(item, "orderStatus", _STATES)
    if filled > quantity or (state is OrderState.FILLED and filled == ZERO):
        raise Malformed(f"Bybit: {filled} of {quantity} executed in an order that is {state.value}")
    return OrderRecord(
        symbol=word(item, "symbol"),
        client_id=text(item, "orderLinkId"),
        venue_id=word(item, "orderId"),
        side=side,
        closing=closing,
        price=price,
        quantity=quantity,
        filled=filled,
        state=state,
        created=millis(item, "createdTime"),
        changed=millis(item, "updatedTime"),
        trigger_price=trigger or None,
        triggered=item["orderStatus"] == "Triggered",
    )


def _order_side(item: Row) -> tuple[Side, bool]:
    """The position side an order belongs to, and whether it reduces it. In one-way mode (index 0) the flag decides."""
    is_buy: bool = choice(item, "side", _IS_BUY)
    index = integer(item, "positionIdx", 0, 2)
    reduces = item.get("reduceOnly")
    if type(reduces) is not bool:
        raise Malformed(f"Bybit: reduceOnly is neither true nor false but {ascii(reduces)[:40]}")
    if index == 0:
        return (Side.LONG if is_buy is not reduces else Side.SHORT), reduces
    return (Side.LONG, not is_buy) if index == 1 else (Side.SHORT, is_buy)


def order_update(item: Row) -> OrderUpdate:
    """A row of the ``order`` stream, as an event."""
    record = order(item)
    said, cancelled = text(item, "rejectReason"), text(item, "cancelType")
    reason: Reject | None = None
    if record.state in (OrderState.REJECTED, OrderState.CANCELLED):
        if cancelled == "CancelByReduceOnly":
            reason = Reject.REDUCE_ONLY
        elif said not in _NO_REASON:
            reason = _REFUSALS.get(said, Reject.OTHER)
        elif record.state is OrderState.REJECTED:
            reason = Reject.OTHER
    return OrderUpdate(
        record.symbol,
        record.client_id,
        record.venue_id,
        record.state,
        record.price,
        record.quantity,
        record.filled,
        record.changed,
        reason,
        f"{cancelled} {said}" if reason is not None else "",
        record.triggered,
    )


def execution(item: Row) -> Execution | Funding:
    """A row of ``execution/list`` or the ``execution`` stream.

    Executions do not name the position side: in hedge mode one that closes (``closedSize``) reduces the leg that is
    opposite to its own side.
    """
    if item.get("execType") == "Funding":
        return Funding(
            funding_id=word(item, "execId"),
            symbol=word(item, "symbol"),
            side=choice(item, "side", _FUNDED_SIDES),
            amount=money(item, "execFee"),
            rate=money(item, "feeRate"),
            at=millis(item, "execTime"),
        )
    kind: ExecutionKind = choice(item, "execType", _KINDS)
    created = item.get("createType")
    if isinstance(created, str):
        kind = _FORCED.get(created, kind)
    quantity = amount(item, "execQty", positive=True)
    closed = amount(item, "closedSize", empty=ZERO)
    closing = closed > ZERO or kind is not ExecutionKind.TRADE
    if closed not in (ZERO, quantity):
        raise Malformed(f"Bybit: an execution of {quantity} closes {closed}: not the way of hedge mode")
    is_buy: bool = choice(item, "side", _IS_BUY)
    maker = item.get("isMaker")
    if type(maker) is not bool:
        raise Malformed(f"Bybit: isMaker is neither true nor false but {ascii(maker)[:40]}")
    return Execution(
        execution_id=word(item, "execId"),
        symbol=word(item, "symbol"),
        client_id=text(item, "orderLinkId"),
        venue_id=word(item, "orderId"),
        side=Side.LONG if is_buy is not closing else Side.SHORT,
        closing=closing,
        quantity=quantity,
        price=amount(item, "execPrice", positive=True),
        fee=money(item, "execFee"),
        maker=maker,
        at=millis(item, "execTime"),
        kind=kind,
    )


def account(item: Row, at: Millis) -> AccountSeen:
    """The row of ``wallet-balance`` or the ``wallet`` stream: the account's totals, in USD as Bybit counts them."""
    return AccountSeen(
        wallet_balance=money(item, "totalWalletBalance"),
        margin_balance=money(item, "totalMarginBalance"),
        available=money(item, "totalAvailableBalance"),
        initial_margin=amount(item, "totalInitialMargin"),
        maintenance_margin=amount(item, "totalMaintenanceMargin"),
        mm_rate=amount(item, "accountMMRate") * HUNDRED,
        at=at,
    )


class Leg(NamedTuple):
    """One side of a symbol's position, flat or not. ``leg``: 0 one-way, 1 long, 2 short."""

    symbol: str
    leg: int
    side: Side | None
    quantity: Decimal
    average: Decimal
    leverage: Decimal


def leg(item: Row) -> Leg:
    """A row of ``position/list``."""
    index = integer(item, "positionIdx", 0, 2)
    side: Side | None = choice(item, "side", _LEG_SIDES)
    quantity = amount(item, "size")
    expected = (side, Side.LONG, Side.SHORT)[index]
    if quantity > ZERO and (side is None or side is not expected):
        raise Malformed(f"Bybit: a position of {quantity} on index {index} has the side {item.get('side')!a}")
    return Leg(
        word(item, "symbol"),
        index,
        side if quantity > ZERO else None,
        quantity,
        amount(item, "avgPrice", positive=quantity > ZERO, empty=ZERO if quantity == ZERO else None),
        amount(item, "leverage", empty=ZERO),
    )


def position(item: Row) -> Position | None:
    """A row of ``position/list``; None where the side is flat. Raises Refused for a position in one-way mode."""
    found = leg(item)
    if found.side is None:
        return None
    if found.leg == 0:
        raise Refused(f"{found.symbol} has a position in one-way mode; close it, so that hedge mode can be set")
    return Position(found.symbol, found.side, found.quantity, found.average)


def fees(item: Row) -> Fees:
    """A row of ``fee-rate``."""
    return Fees(money(item, "makerFeeRate"), money(item, "takerFeeRate"))


def instrument(item: Row, margin_tiers: tuple[Tier, ...]) -> Instrument:
    """A row of ``instruments-info``. Raises Refused for a symbol that is no USDT perpetual, or that does not trade."""
    symbol = word(item, "symbol")
    if word(item, "contractType") != "LinearPerpetual" or word(item, "settleCoin") != "USDT":
        raise Refused(f"{symbol} is no USDT perpetual; choose one, such as DOGEUSDT")
    if word(item, "status") != "Trading":
        raise Refused(f"{symbol} does not trade at Bybit now (its status is {item['status']}); choose another symbol")
    groups = {name: item.get(name) for name in ("leverageFilter", "priceFilter", "lotSizeFilter")}
    for name, group in groups.items():
        if not isinstance(group, dict):
            raise Malformed(f"Bybit: {symbol} has no {name}")
    lots, leverage = groups["lotSizeFilter"], groups["leverageFilter"]
    assert isinstance(lots, dict)
    assert isinstance(leverage, dict)
    step, least = amount(lots, "qtyStep", positive=True), amount(lots, "minOrderQty", positive=True)
    if least % step:
        raise Malformed(f"Bybit: the minimum quantity {least} of {symbol} is off its step {step}")
    return Instrument(
        symbol=symbol,
        base=word(item, "baseCoin"),
        quote=word(item, "quoteCoin"),
        tick_size=amount(groups["priceFilter"] or {}, "tickSize", positive=True),
        lot_step=step,
        min_quantity=least,
        max_quantity=amount(lots, "maxOrderQty", positive=True),
        max_market_quantity=amount(lots, "maxMktOrderQty", positive=True),
        min_notional=amount(lots, "minNotionalValue"),
        max_leverage=max(int(amount(leverage, "maxLeverage", positive=True)), 1),
        tiers=margin_tiers,
        funding_interval_minutes=integer(item, "fundingInterval", 1, 10_080),
    )


def tiers(holder: Row) -> tuple[Tier, ...]:
    """The rows of ``risk-limit`` of one symbol, smallest first.

    Where ``mmDeduction`` is not told it follows from continuity: deduction k = deduction k-1 + limit k-1 x (rate k -
    rate k-1).
    """
    found: list[Tier] = []
    listed = rows(holder, "list")
    listed.sort(key=lambda item: amount(item, "riskLimitValue", positive=True))
    for item in listed:
        rate = amount(item, "maintenanceMargin", positive=True)
        continuous = ZERO
        if found:
            last = found[-1]
            continuous = last.deduction + last.max_notional * (rate - last.rate)
        deduction = amount(item, "mmDeduction", empty=continuous)
        leverage = int(amount(item, "maxLeverage", positive=True))
        found.append(Tier(amount(item, "riskLimitValue", positive=True), rate, deduction, leverage))
    if not found:
        raise Malformed("Bybit: there are no margin tiers")
    return tuple(found)


def candles(holder: Row, timeframe: Timeframe, now: Millis, limit: int) -> Candles:
    """The answer of ``market/kline``, newest first: its last ``limit`` candles that have closed by ``now``."""
    found: dict[Millis, tuple[float, float, float]] = {}
    for item in listed(holder, "list"):
        at, high, low, close = _candle(item)
        if at % timeframe.ms == 0 and at + timeframe.ms <= now:
            found[at] = high, low, close
    times = sorted(found)[-limit:]
    return Candles(times, *([found[at][column] for at in times] for column in range(3)))


def _candle(item: object) -> tuple[Millis, float, float, float]:
    """One row: time, open, high, low, close, volume, turnover, each of them a text."""
    if not isinstance(item, list) or len(item) < 5:
        raise Malformed("Bybit: a candle is not a list of at least five texts")
    fields = dict(zip(("start", "open", "high", "low", "close"), item, strict=False))
    first, high, low, close = (amount(fields, name, positive=True) for name in ("open", "high", "low", "close"))
    if high < max(first, close) or low > min(first, close):
        raise Malformed(f"Bybit: a candle from {low} to {high} with open {first} and close {close}")
    return millis(fields, "start"), float(high), float(low), float(close)
