"""Unified accounts: ``/api/v3``. ``side`` is the transaction's, ``posSide`` the leg: closing a long is a *sell*."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from gridhedge.domain.account import OrderRecord, Position
from gridhedge.domain.change import Cancel, Place
from gridhedge.domain.errors import Refused
from gridhedge.domain.events import AccountSeen, Execution, MarketSeen, OrderUpdate
from gridhedge.domain.instrument import Fees, Instrument
from gridhedge.domain.order import OrderState
from gridhedge.domain.values import ZERO, Millis, Side
from gridhedge.engine.ports import Accepted, Outcome
from gridhedge.venue.bitget import parse, rules
from gridhedge.venue.bitget.client import Answer, Client
from gridhedge.venue.bitget.errors import GONE, CodedRefusal, of_code
from gridhedge.venue.bitget.generation import Bill, Identity, Rate, Request, Settings, leg_name, plain
from gridhedge.venue.bitget.pages import Listing, pages, windows
from gridhedge.venue.bitget.stops import Phase, StopNews
from gridhedge.venue.fields import Malformed, Row, amount, choice, millis, money, row, rows, text, word

__all__ = ["Unified"]

_CATEGORY, _COIN = "USDT-FUTURES", "USDT"
_ORDERS = Listing("v3/trade/unfilled-orders", "list", "cursor", "cursor")
_ENDED = _ORDERS._replace(path="v3/trade/history-orders")
_ENDED_STOPS = _ORDERS._replace(path="v3/trade/history-strategy-orders")
_FILLS = _ORDERS._replace(path="v3/trade/fills")
_BILLS = _ORDERS._replace(path="v3/account/financial-records")
_ACCOUNT_MODES = ("unified", "hybrid")
_STRATEGY_STATES = {
    "pending": OrderState.WORKING,
    "submitting": OrderState.WORKING,
    "success": OrderState.FILLED,
    "failed": OrderState.CANCELLED,
    "cancelled": OrderState.CANCELLED,
}


_PHASES: dict[str, Phase] = {
    "pending": "waits",
    "submitting": "fired",
    "success": "fired",
    "failed": "failed",
    "cancelled": "cancelled",
}


class Unified:
    """One unified trading account."""

    kind = "unified account"
    public_stream, private_stream = "v3/ws/public", "v3/ws/private"

    def __init__(self, client: Client) -> None:
        self._client = client

    def public_topics(self, symbols: Sequence[str]) -> list[Row]:
        return [{"instType": "usdt-futures", "topic": "ticker", "symbol": symbol} for symbol in symbols]

    def private_topics(self) -> list[Row]:
        names = ("order", "fill", "position", "account", "strategy-order")
        return [{"instType": "UTA", "topic": name} for name in names]

    # ---- the account -------------------------------------------------------------------------------------------------

    def identity(self) -> Identity:
        found = row(self._client.read("v3/account/info").data, "data")
        may = found.get("permissions")
        if not isinstance(may, list):
            raise Malformed("Bitget: permissions is not a list")
        writes = text(found, "permType").replace("_", "-").lower() != "read-only"
        return Identity(
            uid=word(found, "userId"),
            may_trade=writes and "uta_trade" in may,
            may_withdraw="withdraw" in may,
            may_transfer="transfer" in may,
            is_bound=bool(found.get("ips")),
        )

    def settings(self, symbol: str) -> Settings:
        found = row(self._client.read("v3/account/settings").data, "data")
        mode = found.get("accountMode", "unified")
        listed = rows(found, "symbolConfigList") if found.get("symbolConfigList") is not None else []
        own = next((item for item in listed if item.get("symbol") == symbol and _is_ours(item)), {})
        return Settings(
            is_hedged=word(found, "holdMode") == "hedge_mode",
            is_crossed=own.get("marginMode", "crossed") in ("crossed", "cross"),
            trouble="" if mode in _ACCOUNT_MODES else f"the account is being changed ({ascii(mode)[:20]}): wait",
            leverage=parse.leverage(own, "leverage"),
        )

    def set_hedge_mode(self) -> None:
        self._client.configure("v3/account/set-hold-mode", holdMode="hedge_mode")

    def set_crossed(self, symbol: str) -> None:
        """Said with the leverage, and with every order."""

    def set_leverage(self, symbol: str, leverage: int) -> None:
        self._client.configure(
            "v3/account/set-leverage",
            category=_CATEGORY,
            symbol=symbol,
            leverage=str(leverage),
            coin=_COIN,
            marginMode="crossed",
        )

    def account(self) -> AccountSeen:
        answer = self._client.read("v3/account/assets")
        return parse.account_unified(row(answer.data, "data"), answer.at, "assets")

    def positions(self) -> Iterator[Position]:
        answer = self._client.read("v3/position/current-position", category=_CATEGORY)
        for item in _listed(answer, "list"):
            found = parse.position(item, "posSide", "avgPrice")
            if found is not None:
                yield found

    # ---- the market --------------------------------------------------------------------------------------------------

    def instrument(self, symbol: str) -> Instrument:
        limits = rows(
            {"data": self._client.look("v3/market/position-tier", category=_CATEGORY, symbol=symbol).data}, "data"
        )
        return rules.instrument(self._contract(symbol), rules.UNIFIED_RULES, rules.tiers(limits, "maxTierValue", "mmr"))

    def table_fees(self, symbol: str) -> Fees:
        return rules.fees(self._contract(symbol))

    def _contract(self, symbol: str) -> Row:
        return _of(symbol, self._client.look("v3/market/instruments", category=_CATEGORY, symbol=symbol))

    def fees(self, symbol: str) -> Fees:
        return rules.fees(row(self._client.read("v3/account/fee-rate", symbol=symbol, category=_CATEGORY).data, "data"))

    def market(self, symbol: str) -> MarketSeen:
        answer = self._client.look("v3/market/tickers", category=_CATEGORY, symbol=symbol)
        item = _of(symbol, answer)
        names = ("bid1Price", "ask1Price", "lastPrice", "markPrice")
        bid, ask, last, mark = (amount(item, name, positive=True) for name in names)
        return MarketSeen(symbol, bid, ask, last, mark, answer.at)

    def rates(self, symbol: str, since: Millis) -> list[Rate]:
        """The cursor of this one list is a page's number."""
        found: list[Rate] = []
        for page in range(1, 11):
            query = {"category": _CATEGORY, "symbol": symbol, "limit": "100", "cursor": str(page)}
            answer = self._client.look("v3/market/history-fund-rate", **query)
            listed = [
                Rate(money(item, "fundingRate"), millis(item, "fundingRateTimestamp"))
                for item in _listed(answer, "resultList")
            ]
            found += listed
            if len(listed) < 100 or listed[-1].at < since:
                break
        return found

    # ---- orders and bookings -----------------------------------------------------------------------------------------

    def open_orders(self) -> Iterator[OrderRecord]:
        for item in pages(self._client, _ORDERS, category=_CATEGORY):
            yield parse.order(item, parse.UNIFIED_ORDER)

    def open_stops(self, held: Sequence[Position]) -> Iterator[OrderRecord]:
        sizes = {(each.symbol, each.side): each.quantity for each in held}
        answer = self._client.read("v3/trade/unfilled-strategy-orders", category=_CATEGORY, type="tpsl")
        for item in rows({"data": answer.data or []}, "data"):
            record = _stop(item)
            yield record._replace(quantity=record.quantity or sizes.get((record.symbol, record.side), ZERO))

    def order(self, symbol: str, client_id: str, venue_id: str = "") -> OrderRecord | None:
        name = {"orderId": venue_id} if venue_id else {"clientOid": client_id}
        try:
            answer = self._client.read("v3/trade/order-info", **name)
        except CodedRefusal as refusal:
            if refusal.code in GONE:
                return None
            raise
        return None if not answer.data else parse.order(row(answer.data, "data"), parse.UNIFIED_ORDER)

    def ended_orders(self, symbol: str, since: Millis, now: Millis) -> Iterator[OrderRecord]:
        for item in windows(self._client, _ENDED, since, now, category=_CATEGORY, symbol=symbol):
            yield parse.order(item, parse.UNIFIED_ORDER)

    def ended_stops(self, symbol: str, since: Millis, now: Millis) -> Iterator[tuple[OrderRecord, str]]:
        """Which order a stop became is not told."""
        for item in windows(self._client, _ENDED_STOPS, since, now, category=_CATEGORY, type="tpsl"):
            if item.get("symbol") == symbol:
                yield _stop(item), ""

    def fills(self, symbol: str, since: Millis, now: Millis) -> Iterator[Row]:
        found = windows(self._client, _FILLS, since, now, category=_CATEGORY)
        return (item for item in found if item.get("symbol") == symbol)

    def execution(self, item: Row, known: parse.Leg | None, rates: Fees) -> Execution | None:
        return parse.execution(item, parse.UNIFIED_FILL, known, rates)

    def bills(self, since: Millis, now: Millis) -> Iterator[Bill]:
        """The sign of an amount is not documented: the type says whether it came in or went out."""
        for item in windows(self._client, _BILLS, since, now, category=_CATEGORY, coin=_COIN):
            kind = text(item, "type")
            if "SETTLE_FEE" in kind and item.get("symbol"):
                size = abs(money(item, "amount"))
                signed = -size if kind.endswith("_OUT") else size
                yield Bill(word(item, "id"), word(item, "symbol"), signed, millis(item, "ts"))

    # ---- changes -----------------------------------------------------------------------------------------------------

    def place(self, batch: Sequence[Place]) -> Request:
        return Request("v3/trade/place-batch", [_item(place) for place in batch])

    def place_stop(self, place: Place) -> Request:
        """Bound to the whole position, whatever it becomes; at market."""
        assert place.trigger_price is not None, "a stop has a trigger price"
        body = {
            "category": _CATEGORY,
            "symbol": place.symbol,
            "clientOid": place.client_id,
            "type": "tpsl",
            "tpslMode": "full",
            "posSide": leg_name(place.key.side),
            "stopLoss": plain(place.trigger_price),
            "slTriggerBy": "mark",
            "slOrderType": "market",
        }
        return Request("v3/trade/place-strategy-order", body)

    def cancel(self, batch: Sequence[Cancel]) -> Request:
        names = [{"clientOid": cancel.client_id, "category": _CATEGORY, "symbol": cancel.symbol} for cancel in batch]
        return Request("v3/trade/cancel-batch", names)

    def cancel_stop(self, cancel: Cancel) -> Request:
        return Request("v3/trade/cancel-strategy-order", {"clientOid": cancel.client_id})

    def outcomes(self, data: object, now: Millis) -> dict[str, Outcome]:
        """One row per order; those that failed have a code."""
        listed = data if isinstance(data, list) else row(data, "data").get("list")
        found: dict[str, Outcome] = {}
        for item in rows({"data": listed}, "data"):
            code, name = item.get("code"), text(item, "clientOid")
            if code in (None, "", "00000", "0"):
                found[name] = Accepted(word(item, "orderId"))
            elif isinstance(code, str) and code.isascii() and code.isdigit() and len(code) <= 10:
                found[name] = of_code(int(code), str(item.get("msg")), now)
            else:
                raise Malformed(f"Bitget: an order's code is {ascii(code)[:40]}")
        return found

    # ---- pushed rows -------------------------------------------------------------------------------------------------

    def symbol_of(self, topic: str, item: Row) -> str:
        """Empty for spot and other products, which share the stream."""
        is_ours = topic == "position" or str(item.get("category")).upper() == _CATEGORY
        return word(item, "symbol") if is_ours else ""

    def pushed_order(self, item: Row) -> tuple[OrderUpdate, parse.Leg]:
        record = parse.order(item, parse.UNIFIED_PUSH)
        return parse.order_update(item, parse.UNIFIED_PUSH), parse.leg_of(record)

    def pushed_stop(self, item: Row) -> StopNews:
        phase: Phase = choice(item, "status", _PHASES)
        return StopNews(text(item, "clientOid"), word(item, "orderId"), phase, millis(item, "updatedTime"))

    def pushed_execution(self, item: Row, known: parse.Leg | None, rates: Fees) -> Execution | None:
        return parse.execution(item, parse.UNIFIED_PUSHED_FILL, known, rates)

    def pushed_account(self, item: Row, at: Millis) -> AccountSeen | None:
        return parse.account_unified(item, at, "coin")

    def pushed_funding(self, item: Row) -> str:
        return str(item.get("totalFundingFee"))


def _is_ours(item: Row) -> bool:
    return bool(item.get("category") == _CATEGORY)


def _item(place: Place) -> dict[str, Any]:
    """An order of a batch. A long leg may meet the short leg's: both execute, as on any other two accounts."""
    is_long = place.key.side is Side.LONG
    item = {
        "category": _CATEGORY,
        "symbol": place.symbol,
        "qty": plain(place.quantity),
        "side": "buy" if is_long is not place.reduce_only else "sell",
        "posSide": leg_name(place.key.side),
        "orderType": "market" if place.market else "limit",
        "timeInForce": "ioc" if place.market else "gtc",
        "marginMode": "crossed",
        "stpMode": "none",
        "clientOid": place.client_id,
    }
    return item if place.market else item | {"price": plain(place.price)}


def _stop(item: Row) -> OrderRecord:
    """A row about a take-profit or stop-loss of a position or a part of one."""
    trigger = amount(item, "stopLoss", empty=ZERO) or amount(item, "takeProfit", positive=True)
    state: OrderState = choice(item, "status", _STRATEGY_STATES)
    size = item.get("qty")
    quantity: Decimal = ZERO if size in (None, "") else amount(item, "qty")
    return OrderRecord(
        word(item, "symbol"), text(item, "clientOid"), word(item, "orderId"),
        choice(item, "posSide", parse.SIDES_OF), True, trigger, quantity,
        quantity if state is OrderState.FILLED else ZERO, state, millis(item, "createdTime"),
        millis(item, "updatedTime"), trigger,
    )  # fmt: skip


def _listed(answer: Answer, name: str) -> list[Row]:
    data = row(answer.data or {}, "data")
    return rows(data, name) if data.get(name) is not None else []


def _of(symbol: str, answer: Answer) -> Row:
    for item in rows({"data": answer.data or []}, "data"):
        if item.get("symbol") == symbol:
            return item
    raise Refused(f"{symbol} is not listed at Bitget; correct the symbol")
