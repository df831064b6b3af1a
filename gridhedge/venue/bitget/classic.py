"""Classic accounts: ``/api/v2/mix``. ``side`` means the position's direction: closing a long is a *buy* that closes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from gridhedge.domain.account import OrderRecord, Position
from gridhedge.domain.change import Cancel, Place
from gridhedge.domain.errors import Refused
from gridhedge.domain.events import AccountSeen, Execution, MarketSeen, OrderUpdate
from gridhedge.domain.instrument import Fees, Instrument
from gridhedge.domain.order import OrderState, Reject
from gridhedge.domain.values import ZERO, Millis, Side
from gridhedge.engine.ports import Accepted, Outcome, Rejected, Unknown
from gridhedge.venue.bitget import parse, rules
from gridhedge.venue.bitget.client import Answer, Client
from gridhedge.venue.bitget.errors import GONE, CodedRefusal, of_code
from gridhedge.venue.bitget.generation import Bill, Identity, Rate, Request, Settings, leg_name, plain
from gridhedge.venue.bitget.pages import Listing, pages, windows
from gridhedge.venue.bitget.stops import Phase, StopNews
from gridhedge.venue.fields import Malformed, Row, amount, choice, millis, money, row, rows, text, word

__all__ = ["Classic"]

_PRODUCT, _COIN = "USDT-FUTURES", "USDT"
_ORDERS = Listing("v2/mix/order/orders-pending", "entrustedList", "endId", "idLessThan")
_ENDED = _ORDERS._replace(path="v2/mix/order/orders-history")
_STOPS = _ORDERS._replace(path="v2/mix/order/orders-plan-pending")
_ENDED_STOPS = _ORDERS._replace(path="v2/mix/order/orders-plan-history")
_FILLS = Listing("v2/mix/order/fills", "fillList", "endId", "idLessThan")
_BILLS = Listing("v2/mix/account/bill", "bills", "endId", "idLessThan")
_PLAN_STATES = {
    "live": OrderState.WORKING,
    "not_trigger": OrderState.WORKING,
    "executing": OrderState.WORKING,
    "executed": OrderState.FILLED,
    "fail_execute": OrderState.CANCELLED,
    "cancelled": OrderState.CANCELLED,
}
_PHASES: dict[str, Phase] = {
    "live": "waits",
    "not_trigger": "waits",
    "executing": "fired",
    "executed": "fired",
    "fail_execute": "failed",
    "cancelled": "cancelled",
}
_NOT_ALLOWED = (40014, 40040)
_CROSSED = ("crossed", "cross")
"""Requests say the first; some answers the second."""


class Classic:
    """One classic account."""

    kind = "classic account"
    public_stream, private_stream = "v2/ws/public", "v2/ws/private"

    def __init__(self, client: Client) -> None:
        self._client = client

    def public_topics(self, symbols: Sequence[str]) -> list[Row]:
        return [{"instType": _PRODUCT, "channel": "ticker", "instId": symbol} for symbol in symbols]

    def private_topics(self) -> list[Row]:
        names = ("orders", "fill", "positions", "orders-algo")
        topics: list[Row] = [{"instType": _PRODUCT, "channel": name, "instId": "default"} for name in names]
        return [*topics, {"instType": _PRODUCT, "channel": "account", "coin": "default"}]

    # ---- the account -------------------------------------------------------------------------------------------------

    def identity(self) -> Identity:
        """A key without any permission for spot is not told what it may do."""
        try:
            found = row(self._client.read("v2/spot/account/info").data, "data")
        except CodedRefusal as refusal:
            if refusal.code not in _NOT_ALLOWED:
                raise
            return Identity("", None, None, None, None)
        may = found.get("authorities")
        if not isinstance(may, list):
            raise Malformed("Bitget: authorities is not a list")
        return Identity(
            uid=word(found, "userId"),
            may_trade=("coow" in may and "cpow" in may) or "trade" in may,
            may_withdraw="wwow" in may or "withdraw" in may,
            may_transfer="wtow" in may or "transfer" in may,
            is_bound=bool(found.get("ips")),
        )

    def settings(self, symbol: str) -> Settings:
        answer = self._client.read("v2/mix/account/account", symbol=symbol, productType=_PRODUCT, marginCoin=_COIN)
        found = row(answer.data, "data")
        is_union = found.get("assetMode") == "union"
        return Settings(
            is_hedged=word(found, "posMode") == "hedge_mode",
            is_crossed=word(found, "marginMode") in _CROSSED,
            trouble="multi-asset mode: switch the account to single-asset mode on Bitget" if is_union else "",
            leverage=parse.leverage(found, "crossedMarginLeverage"),
        )

    def set_hedge_mode(self) -> None:
        self._client.configure("v2/mix/account/set-position-mode", productType=_PRODUCT, posMode="hedge_mode")

    def set_crossed(self, symbol: str) -> None:
        self._client.configure("v2/mix/account/set-margin-mode", marginMode="crossed", **_about(symbol))

    def set_leverage(self, symbol: str, leverage: int) -> None:
        self._client.configure("v2/mix/account/set-leverage", leverage=str(leverage), **_about(symbol))

    def account(self) -> AccountSeen:
        answer = self._client.read("v2/mix/account/accounts", productType=_PRODUCT)
        for item in _listed(answer):
            if item.get("marginCoin") == _COIN:
                return parse.account_classic(item, answer.at, "crossedMaxAvailable", "accountEquity")
        raise Refused("Bitget lists no USDT account for this key")

    def positions(self) -> Iterator[Position]:
        answer = self._client.read("v2/mix/position/all-position", productType=_PRODUCT, marginCoin=_COIN)
        for item in _listed(answer):
            found = parse.position(item, "holdSide", "openPriceAvg")
            if found is not None:
                yield found

    # ---- the market --------------------------------------------------------------------------------------------------

    def instrument(self, symbol: str) -> Instrument:
        limits = _listed(self._client.look("v2/mix/market/query-position-lever", symbol=symbol, productType=_PRODUCT))
        return rules.instrument(
            self._contract(symbol), rules.CLASSIC_RULES, rules.tiers(limits, "endUnit", "keepMarginRate")
        )

    def table_fees(self, symbol: str) -> Fees:
        return rules.fees(self._contract(symbol))

    def _contract(self, symbol: str) -> Row:
        return _of(symbol, self._client.look("v2/mix/market/contracts", symbol=symbol, productType=_PRODUCT))

    def fees(self, symbol: str) -> Fees:
        return rules.fees(
            row(self._client.read("v2/common/trade-rate", symbol=symbol, businessType="mix").data, "data")
        )

    def market(self, symbol: str) -> MarketSeen:
        answer = self._client.look("v2/mix/market/ticker", symbol=symbol, productType=_PRODUCT)
        item = _of(symbol, answer)
        bid, ask, last, mark = (amount(item, name, positive=True) for name in ("bidPr", "askPr", "lastPr", "markPrice"))
        return MarketSeen(symbol, bid, ask, last, mark, answer.at)

    def rates(self, symbol: str, since: Millis) -> list[Rate]:
        found: list[Rate] = []
        for page in range(1, 11):
            answer = self._client.look(
                "v2/mix/market/history-fund-rate",
                symbol=symbol,
                productType=_PRODUCT,
                pageSize="100",
                pageNo=str(page),
            )
            listed = [Rate(money(item, "fundingRate"), millis(item, "fundingTime")) for item in _listed(answer)]
            found += listed
            if len(listed) < 100 or listed[-1].at < since:
                break
        return found

    # ---- orders and bookings -----------------------------------------------------------------------------------------

    def open_orders(self) -> Iterator[OrderRecord]:
        """Without a status only those that have not executed at all may be listed: both are asked for."""
        for status in ("live", "partially_filled"):
            for item in pages(self._client, _ORDERS, productType=_PRODUCT, status=status):
                yield parse.order(item, parse.CLASSIC_ORDER)

    def open_stops(self, held: Sequence[Position]) -> Iterator[OrderRecord]:
        sizes = {(each.symbol, each.side): each.quantity for each in held}
        for item in pages(self._client, _STOPS, productType=_PRODUCT, planType="profit_loss"):
            record = _stop(item)
            yield record._replace(quantity=record.quantity or sizes.get((record.symbol, record.side), ZERO))

    def order(self, symbol: str, client_id: str, venue_id: str = "") -> OrderRecord | None:
        name = {"orderId": venue_id} if venue_id else {"clientOid": client_id}
        try:
            answer = self._client.read("v2/mix/order/detail", symbol=symbol, productType=_PRODUCT, **name)
        except CodedRefusal as refusal:
            if refusal.code in GONE:
                return None
            raise
        return None if not answer.data else parse.order(row(answer.data, "data"), parse.CLASSIC_DETAIL)

    def ended_orders(self, symbol: str, since: Millis, now: Millis) -> Iterator[OrderRecord]:
        for item in windows(self._client, _ENDED, since, now, productType=_PRODUCT, symbol=symbol):
            yield parse.order(item, parse.CLASSIC_ORDER)

    def ended_stops(self, symbol: str, since: Millis, now: Millis) -> Iterator[tuple[OrderRecord, str]]:
        query = {"productType": _PRODUCT, "planType": "profit_loss", "symbol": symbol}
        for item in windows(self._client, _ENDED_STOPS, since, now, **query):
            yield _stop(item), text(item, "executeOrderId") if item.get("executeOrderId") else ""

    def fills(self, symbol: str, since: Millis, now: Millis) -> Iterator[Row]:
        return windows(self._client, _FILLS, since, now, productType=_PRODUCT, symbol=symbol)

    def execution(self, item: Row, known: parse.Leg | None, rates: Fees) -> Execution | None:
        return parse.execution(item, parse.CLASSIC_FILL, known, rates)

    def bills(self, since: Millis, now: Millis) -> Iterator[Bill]:
        query = {"productType": _PRODUCT, "businessType": "contract_settle_fee"}
        for item in windows(self._client, _BILLS, since, now, **query):
            if "settle_fee" in text(item, "businessType") and text(item, "symbol"):
                yield Bill(word(item, "billId"), word(item, "symbol"), money(item, "amount"), millis(item, "cTime"))

    # ---- changes -----------------------------------------------------------------------------------------------------

    def place(self, batch: Sequence[Place]) -> Request:
        body = {**_about(batch[0].symbol), "marginMode": "crossed", "orderList": [_item(place) for place in batch]}
        return Request("v2/mix/order/batch-place-order", body)

    def place_stop(self, place: Place) -> Request:
        """Bound to the whole position, whatever it becomes; at market."""
        assert place.trigger_price is not None, "a stop has a trigger price"
        body = {
            **_about(place.symbol),
            "planType": "pos_loss",
            "triggerPrice": plain(place.trigger_price),
            "triggerType": "mark_price",
            "holdSide": leg_name(place.key.side),
            "clientOid": place.client_id,
        }
        return Request("v2/mix/order/place-tpsl-order", body)

    def cancel(self, batch: Sequence[Cancel]) -> Request:
        names = [{"clientOid": cancel.client_id} for cancel in batch]
        return Request("v2/mix/order/batch-cancel-orders", {**_about(batch[0].symbol), "orderIdList": names})

    def cancel_stop(self, cancel: Cancel) -> Request:
        body = {
            **_about(cancel.symbol),
            "planType": "pos_loss",
            "orderIdList": [{"orderId": "", "clientOid": cancel.client_id}],
        }
        return Request("v2/mix/order/cancel-plan-order", body)

    def outcomes(self, data: object, now: Millis) -> dict[str, Outcome]:
        """A list of successes and one of failures; that of cancels may come without codes."""
        found: dict[str, Outcome] = {}
        holder = row(data, "data")
        for item in rows(holder, "successList"):
            found[text(item, "clientOid")] = Accepted(word(item, "orderId"))
        for item in rows(holder, "failureList"):
            found[text(item, "clientOid")] = _failure(item, now)
        return found

    # ---- pushed rows -------------------------------------------------------------------------------------------------

    def symbol_of(self, topic: str, item: Row) -> str:
        return word(item, "symbol" if topic == "fill" else "instId")

    def pushed_order(self, item: Row) -> tuple[OrderUpdate, parse.Leg]:
        record = parse.order(item, parse.CLASSIC_PUSH)
        return parse.order_update(item, parse.CLASSIC_PUSH), parse.leg_of(record)

    def pushed_stop(self, item: Row) -> StopNews:
        phase: Phase = choice(item, "status", _PHASES)
        return StopNews(text(item, "clientOid"), word(item, "orderId"), phase, millis(item, "uTime"))

    def pushed_execution(self, item: Row, known: parse.Leg | None, rates: Fees) -> Execution | None:
        return parse.execution(item, parse.CLASSIC_FILL, known, rates)

    def pushed_account(self, item: Row, at: Millis) -> AccountSeen | None:
        """Old rows lack the risk rate or the profit: the account is read soon anyway."""
        if item.get("marginCoin") != _COIN or "crossedRiskRate" not in item or "unrealizedPL" not in item:
            return None
        return parse.account_classic(item, at, "maxOpenPosAvailable", "equity")

    def pushed_funding(self, item: Row) -> str:
        return str(item.get("totalFee"))


def _about(symbol: str) -> dict[str, Any]:
    return {"symbol": symbol, "productType": _PRODUCT, "marginCoin": _COIN}


def _item(place: Place) -> dict[str, Any]:
    """An order of a batch. A long leg may meet the short leg's: both execute, as on any other two accounts."""
    item = {
        "size": plain(place.quantity),
        "side": "buy" if place.key.side is Side.LONG else "sell",
        "tradeSide": "close" if place.reduce_only else "open",
        "orderType": "market" if place.market else "limit",
        "force": "ioc" if place.market else "gtc",
        "stpMode": "none",
        "clientOid": place.client_id,
    }
    return item if place.market else item | {"price": plain(place.price)}


def _failure(item: Row, now: Millis) -> Rejected | Unknown:
    code, said = item.get("errorCode"), text(item, "errorMsg")
    if isinstance(code, str) and code.isascii() and code.isdigit() and len(code) <= 10:
        return of_code(int(code), said, now)
    reason = Reject.UNKNOWN_ORDER if "exist" in said.lower() else Reject.OTHER
    return Rejected(reason, f"Bitget: {said}")


def _stop(item: Row) -> OrderRecord:
    """A row about a take-profit or stop-loss of a position or a part of one. ``size`` is empty for whole positions."""
    trigger = amount(item, "triggerPrice", positive=True)
    size = item.get("size")
    created = millis(item, "cTime")
    side: Side = parse.SIDES_OF[leg] if (leg := str(item.get("posSide"))) in parse.SIDES_OF else _unknown_leg(item)
    state = _PLAN_STATES.get(str(item.get("planStatus")))
    if state is None:
        raise Malformed(f"Bitget: planStatus {ascii(item.get('planStatus'))[:40]} is not known here")
    quantity = ZERO if size in (None, "") else amount(item, "size")
    return OrderRecord(
        word(item, "symbol"), text(item, "clientOid"), word(item, "orderId"), side, True, trigger, quantity,
        quantity if state is OrderState.FILLED else ZERO, state, created,
        created if item.get("uTime") in (None, "") else millis(item, "uTime"), trigger,
    )  # fmt: skip


def _unknown_leg(item: Row) -> Side:
    raise Malformed(f"Bitget: posSide {ascii(item.get('posSide'))[:40]} is not known here")


def _listed(answer: Answer) -> list[Row]:
    return rows({"data": answer.data or []}, "data")


def _of(symbol: str, answer: Answer) -> Row:
    for item in _listed(answer):
        if item.get("symbol") == symbol:
            return item
    raise Refused(f"{symbol} is not listed at Bitget; correct the symbol")
