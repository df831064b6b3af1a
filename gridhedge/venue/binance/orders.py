"""Sends changes of orders: batched where Binance has batches, within the order budget, with an outcome for each."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from gridhedge.domain.change import Amend, Cancel, Change, Place
from gridhedge.domain.events import OrderUpdate
from gridhedge.domain.order import OrderKey, OrderState, Reject, parse_client_id
from gridhedge.domain.values import ZERO, Millis, Price, Quantity, Role, Side
from gridhedge.engine.ports import Accepted, NotSent, Outcome, Rejected, Unknown
from gridhedge.venue.binance.client import Answer, Client, header
from gridhedge.venue.binance.errors import SAME_ORDER, of_item
from gridhedge.venue.binance.fields import table
from gridhedge.venue.binance.limits import Limits
from gridhedge.venue.binance.parse import algo_id, venue_id
from gridhedge.venue.clock import ServerClock
from gridhedge.venue.failed import Failed
from gridhedge.venue.fields import Malformed, Row, integer, row, text

__all__ = ["BATCH_SIZE", "Orders"]

BATCH_SIZE = 5
_CANCEL_SIZE = 10
_LONGEST_WAIT_MS = 1_200
"""A call waits so long for the order budget; what does not fit then is told as rate limited."""
_OFF_LINE = (Reject.RATE_LIMITED, Reject.PERMISSION)
"""Refusals that concern whatever is sent next as well."""


class Orders:
    """Ordinary orders and their amends go in batches, conditional orders one by one.

    ``stops`` keeps the quantities of orders that close a whole position: Binance takes none and tells none.
    """

    def __init__(
        self,
        client: Client,
        clock: ServerClock,
        limits: Limits,
        stops: Callable[[], dict[str, Quantity]],
        pause: Callable[[float], None] = time.sleep,
        inside: Callable[[str, bool, Price], Price] = lambda symbol, buys, price: price,
    ) -> None:
        """``inside``: where a limit price may stand, told symbol, whether it buys, and the price asked for."""
        self._client = client
        self._clock = clock
        self._limits = limits
        self._stops = stops
        self._pause = pause
        self._inside = inside
        self._patience: Millis = 0

    def send(self, changes: Sequence[Change]) -> list[Outcome]:
        """Cancels, then amends, then places, each in the order given.

        After a request that failed as a whole nothing more is sent: the engine decides anew. An order whose price had
        to be moved is told as it rests.
        """
        moved = [self._moved(change) for change in changes]
        outcomes = self._sent(moved)
        return [
            outcome if change is asked else self._told(change, outcome)
            for asked, change, outcome in zip(changes, moved, outcomes, strict=True)
        ]

    def _moved(self, change: Change) -> Change:
        """The change with a price at which it may stand."""
        if isinstance(change, Cancel) or self._is_at_market(change):
            return change
        price = self._inside(change.symbol, _side_of(change.client_id) == "BUY", change.price)
        return change if price == change.price else change._replace(price=price)

    def _is_at_market(self, change: Place | Amend) -> bool:
        if isinstance(change, Amend):
            return self._is_stop(change)
        return change.market or change.trigger_price is not None

    def _told(self, change: Change, outcome: Outcome) -> Outcome:
        if not isinstance(outcome, Accepted) or isinstance(change, Cancel):
            return outcome
        state, at = OrderState.WORKING, self._clock.now()
        update = OrderUpdate(
            change.symbol, change.client_id, outcome.venue_id, state, change.price, change.quantity, ZERO, at
        )
        return Accepted(outcome.venue_id, update)

    def _sent(self, changes: Sequence[Change]) -> list[Outcome]:
        outcomes: dict[int, Outcome] = {}
        stopped: Outcome | None = None
        self._patience = _LONGEST_WAIT_MS
        for places, send in self._requests(changes):
            batch = [changes[place] for place in places]
            counted = 0 if isinstance(batch[0], Cancel) or send == self._amend_conditional else len(batch)
            stopped = stopped or self._await_budget(counted)
            if stopped is not None:
                outcomes.update((place, stopped) for place in places)
                continue
            self._limits.took(counted)
            found = self._carried_out(send, batch)
            outcomes.update(zip(places, found, strict=True))
            stopped = _after(found)
        return [outcomes[place] for place in range(len(changes))]

    def _requests(self, changes: Sequence[Change]) -> list[tuple[list[int], Callable[[list[Any]], list[Outcome]]]]:
        """What goes out together, and how."""
        cancels: dict[str, list[int]] = {}
        amends: list[int] = []
        unsent: list[int] = []
        places: list[int] = []
        singles: list[int] = []
        conditional: list[int] = []
        for place, change in enumerate(changes):
            if isinstance(change, Amend):
                (unsent if self._is_stop(change) else amends).append(place)
            elif isinstance(change, Place):
                (places if change.trigger_price is None else conditional).append(place)
            elif _is_conditional(change):
                singles.append(place)
            else:
                cancels.setdefault(change.symbol, []).append(place)
        requests: list[tuple[list[int], Callable[[list[Any]], list[Outcome]]]] = []
        for of_symbol in cancels.values():
            requests += [(chunk, self._cancel) for chunk in _chunks(of_symbol, _CANCEL_SIZE)]
        requests += [([place], self._cancel_conditional) for place in singles]
        requests += [([place], self._amend_conditional) for place in unsent]
        requests += [(chunk, self._amend) for chunk in _chunks(amends, BATCH_SIZE)]
        requests += [(chunk, self._place) for chunk in _chunks(places, BATCH_SIZE)]
        requests += [([place], self._place_conditional) for place in conditional]
        return requests

    def _is_stop(self, amend: Amend) -> bool:
        return amend.client_id in self._stops() or bool(algo_id(amend.venue_id))

    def _await_budget(self, count: int) -> Outcome | None:
        """Wait until so many orders may leave; the outcome of all that is left if that takes too long."""
        while self._limits.free() < count:
            wait = self._limits.wait_ms() or 1
            if wait > self._patience:
                until = self._clock.now() + wait
                return Rejected(Reject.RATE_LIMITED, "the order budget is used up for now", until)
            self._pause(wait / 1000)
            self._patience -= wait
        return None

    def _carried_out(self, send: Callable[[list[Any]], list[Outcome]], batch: list[Change]) -> list[Outcome]:
        try:
            found = send(batch)
        except Failed as failed:
            if failed.code == SAME_ORDER and isinstance(batch[0], Amend):
                return [Accepted(batch[0].venue_id)]
            return [failed.outcome] * len(batch)
        except Malformed as error:
            return [Unknown(str(error))] * len(batch)
        return found

    # ---- ordinary orders ---------------------------------------------------------------------------------------------

    def _place(self, batch: list[Place]) -> list[Outcome]:
        """A single order weighs nothing where a batch does."""
        items = [_item(place) for place in batch]
        if len(items) == 1:
            return [self._one(self._client.write("futures_create_order", **items[0]), batch[0])]
        return self._each(self._client.write("futures_place_batch_order", batchOrders=items), batch)

    def _cancel(self, batch: list[Cancel]) -> list[Outcome]:
        symbol, names = batch[0].symbol, [cancel.client_id for cancel in batch]
        if len(names) == 1:
            answer = self._client.write("futures_cancel_order", symbol=symbol, origClientOrderId=names[0])
            return [self._one(answer, batch[0])]
        return self._each(
            self._client.write("futures_cancel_orders", symbol=symbol, origclientorderidlist=names), batch
        )

    def _amend(self, batch: list[Amend]) -> list[Outcome]:
        items = [
            {
                "symbol": amend.symbol,
                "origClientOrderId": amend.client_id,
                "side": _side_of(amend.client_id),
                "price": _plain(amend.price),
                "quantity": _plain(amend.quantity),
            }
            for amend in batch
        ]
        if len(items) == 1:
            return [self._one(self._client.write("futures_modify_order", **items[0]), batch[0])]
        # python-binance's own method for this signs another text than it sends; it makes this request like the others.
        data = {"batchOrders": quote(json.dumps(items, separators=(",", ":")), safe="")}
        request = {"method": "put", "path": "batchOrders", "signed": True, "force_params": True, "data": data}
        return self._each(self._client.write("_request_futures_api", **request), batch)

    def _amend_conditional(self, batch: list[Amend]) -> list[Outcome]:
        """Nothing needs to be sent: it closes whatever is held."""
        self._stops().update((amend.client_id, amend.quantity) for amend in batch)
        return [Accepted(amend.venue_id) for amend in batch]

    def _one(self, answer: Answer, change: Change) -> Outcome:
        self._note(answer)
        return self._accepted(row(answer.body, "order"), change)

    def _each(self, answer: Answer, batch: Sequence[Change]) -> list[Outcome]:
        self._note(answer)
        items = table(answer.body, "orders")
        if len(items) != len(batch):
            raise Malformed(f"{len(items)} outcomes for {len(batch)} orders")
        return [self._outcome(item, change) for item, change in zip(items, batch, strict=True)]

    def _outcome(self, item: Row, change: Change) -> Outcome:
        try:
            code = item.get("code")
            if code == SAME_ORDER and isinstance(change, Amend):
                return Accepted(change.venue_id)
            if type(code) is int and code not in (0, 200):
                return of_item(code, text(item, "msg"), self._clock.now())
            return self._accepted(item, change)
        except Malformed as error:
            return Unknown(str(error))

    def _accepted(self, item: Row, change: Change) -> Outcome:
        if text(item, "clientOrderId") != change.client_id:
            raise Malformed(f"the answer is about {ascii(item['clientOrderId'])[:40]}")
        return Accepted(str(integer(item, "orderId", 1, 1 << 63)))

    def _note(self, answer: Answer) -> None:
        for window in ("10S", "1M"):
            used = header(answer.headers, f"X-MBX-ORDER-COUNT-{window}")
            if used is not None:
                self._limits.told(window, used)

    # ---- conditional orders ------------------------------------------------------------------------------------------

    def _place_conditional(self, batch: list[Place]) -> list[Outcome]:
        """An exit closes what is held on its side when it is triggered, by the mark price; an entry buys a quantity."""
        (place,) = batch
        assert place.trigger_price is not None, "told apart by it"
        what: dict[str, str] = {"closePosition": "true"} if place.reduce_only else {"quantity": _plain(place.quantity)}
        if place.reduce_only:
            self._stops()[place.client_id] = place.quantity
        answer = self._client.write(
            "futures_create_algo_order",
            algoType="CONDITIONAL",
            symbol=place.symbol,
            clientAlgoId=place.client_id,
            type="STOP_MARKET",
            triggerPrice=_plain(place.trigger_price),
            workingType="MARK_PRICE",
            **_direction(place),
            **what,
        )
        self._note(answer)
        item = row(answer.body, "conditional order")
        if text(item, "clientAlgoId") != place.client_id:
            raise Malformed(f"the answer is about {ascii(item['clientAlgoId'])[:40]}")
        return [Accepted(venue_id(integer(item, "algoId", 1, 1 << 63)))]

    def _cancel_conditional(self, batch: list[Cancel]) -> list[Outcome]:
        (cancel,) = batch
        self._client.write("futures_cancel_algo_order", symbol=cancel.symbol, clientAlgoId=cancel.client_id)
        return [Accepted(cancel.venue_id)]


def _after(found: list[Outcome]) -> Outcome | None:
    """What becomes of the requests behind one: nothing, unless it failed as a whole."""
    first = found[0]
    if any(outcome != first for outcome in found):
        return None
    if isinstance(first, Rejected) and first.reason in _OFF_LINE:
        return first
    if isinstance(first, NotSent | Unknown):
        return NotSent("not sent: the request before it failed")
    return None


def _chunks(places: list[int], size: int) -> list[list[int]]:
    return [places[begin : begin + size] for begin in range(0, len(places), size)]


def _key(client_id: str) -> OrderKey:
    key = parse_client_id(client_id[2:8], client_id)
    assert key is not None, f"{client_id}: only orders of ours are changed"
    return key


def _is_conditional(cancel: Cancel) -> bool:
    """Conditional orders have numbers of their own; without one the role tells."""
    if cancel.venue_id:
        return bool(algo_id(cancel.venue_id))
    return _key(cancel.client_id).role is Role.STOP_LOSS


def _side_of(client_id: str) -> str:
    """Whether an order of ours buys or sells: amending wants to be told."""
    key = _key(client_id)
    return "BUY" if (key.side is Side.LONG) is key.role.is_entry else "SELL"


def _direction(place: Place) -> dict[str, str]:
    """In hedge mode the sides say all: that an order reduces must not even be mentioned."""
    is_long = place.key.side is Side.LONG
    return {
        "side": "BUY" if is_long is not place.reduce_only else "SELL",
        "positionSide": "LONG" if is_long else "SHORT",
    }


def _item(place: Place) -> dict[str, str]:
    """One order of a batch. python-binance sends what stands inside a batch as it is: every number is written here."""
    item = {
        "symbol": place.symbol,
        **_direction(place),
        "type": "MARKET" if place.market else "LIMIT",
        "quantity": _plain(place.quantity),
        "newClientOrderId": place.client_id,
    }
    if not place.market:
        item |= {"price": _plain(place.price), "timeInForce": "GTC"}
    return item


def _plain(number: Decimal) -> str:
    """Every digit that counts, and no zeros behind them: Binance refuses digits beyond a symbol's precision."""
    return f"{number.normalize():f}"
