"""Sends changes of orders: batched, within the order budget, with an outcome for each."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from gridhedge.domain.change import Amend, Change, Place
from gridhedge.domain.order import Reject
from gridhedge.domain.values import Millis, Price, Side
from gridhedge.engine.ports import Accepted, NotSent, Outcome, Rejected, Unknown
from gridhedge.venue.bybit.client import Answer, Client, header
from gridhedge.venue.bybit.errors import of_code
from gridhedge.venue.bybit.limits import Limits
from gridhedge.venue.clock import ServerClock
from gridhedge.venue.failed import Failed
from gridhedge.venue.fields import Malformed, Row, rows, text, word

__all__ = ["BATCH_SIZE", "Orders"]

BATCH_SIZE = 20
_LONGEST_WAIT_MS = 1_200
"""A call waits for the budget's next second once; what does not fit then is told as rate limited."""
_SAME = "remains unchanged"
_METHODS = {"cancel": "cancel_batch_order", "amend": "amend_batch_order", "place": "place_batch_order"}


class Orders:
    """The three batch endpoints. A single order is a batch of one: their budget is one pool of its own."""

    def __init__(
        self,
        client: Client,
        clock: ServerClock,
        limits: Limits,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._clock = clock
        self._limits = limits
        self._pause = pause

    def send(self, changes: Sequence[Change]) -> list[Outcome]:
        """Cancels, then amends, then places, each in the order given: at most three requests where the budget allows.

        After a request that failed as a whole nothing more is sent: the engine decides anew.
        """
        outcomes: dict[int, Outcome] = {}
        patience = _LONGEST_WAIT_MS
        stopped: Outcome | None = None
        for verb in _METHODS:
            waiting = [(place, change) for place, change in enumerate(changes) if _verb(change) == verb]
            while waiting:
                if stopped is None and not self._limits.free(verb):
                    patience, stopped = self._await_budget(verb, patience)
                if stopped is not None:
                    outcomes.update((place, stopped) for place, _ in waiting)
                    break
                count = min(self._limits.free(verb), BATCH_SIZE)
                batch, waiting = waiting[:count], waiting[count:]
                found, is_whole = self._send_batch(verb, [change for _, change in batch])
                outcomes.update((place, outcome) for (place, _), outcome in zip(batch, found, strict=True))
                if not is_whole:
                    stopped = _after(found[0])
        return [outcomes[place] for place in range(len(changes))]

    def _await_budget(self, verb: str, patience: Millis) -> tuple[Millis, Outcome | None]:
        wait = self._limits.wait_ms(verb)
        if wait > patience:
            until = self._clock.now() + wait
            return patience, Rejected(Reject.RATE_LIMITED, "the order budget of this second is used up", until)
        self._pause(wait / 1000)
        return patience - wait, None

    def _send_batch(self, verb: str, changes: Sequence[Change]) -> tuple[list[Outcome], bool]:
        """Outcomes, and whether the request as a whole was answered."""
        request = [_item(change) for change in changes]
        self._limits.took(verb, len(changes))
        try:
            answer = self._client.write(_METHODS[verb], category="linear", request=request)
        except Failed as failed:
            return [failed.outcome] * len(changes), False
        cap, remaining = (header(answer.headers, name) for name in ("X-Bapi-Limit", "X-Bapi-Limit-Status"))
        if cap is not None and remaining is not None:
            self._limits.told(verb, cap, remaining)
        reset = header(answer.headers, "X-Bapi-Limit-Reset-Timestamp") or 0
        try:
            return self._outcomes(answer, changes, reset), True
        except Malformed as error:
            return [Unknown(str(error))] * len(changes), False

    def _outcomes(self, answer: Answer, changes: Sequence[Change], reset: Millis) -> list[Outcome]:
        results, notes = rows(answer.result, "list"), rows(answer.extra, "list")
        if not len(results) == len(notes) == len(changes):
            raise Malformed(f"Bybit: {len(results)} results and {len(notes)} notes for {len(changes)} orders")
        return [
            self._outcome(change, result, note, reset)
            for change, result, note in zip(changes, results, notes, strict=True)
        ]

    def _outcome(self, change: Change, result: Row, note: Row, reset: Millis) -> Outcome:
        try:
            code, said = note.get("code"), text(note, "msg")
            if type(code) is not int:
                raise Malformed(f"Bybit: an item's code is no number but {ascii(code)[:40]}")
            if code == 0:
                if text(result, "orderLinkId") != change.client_id:
                    raise Malformed(f"Bybit: the answer is about {ascii(result['orderLinkId'])[:40]}")
                return Accepted(word(result, "orderId"))
        except Malformed as error:
            return Unknown(str(error))
        if isinstance(change, Amend) and _SAME in said:
            return Accepted(change.venue_id)
        return of_code(code, said, self._clock.now(), reset)


def _verb(change: Change) -> str:
    return "place" if isinstance(change, Place) else "amend" if isinstance(change, Amend) else "cancel"


def _after(failed: Outcome) -> Outcome:
    """What becomes of the changes behind a request that failed."""
    if isinstance(failed, Rejected) and failed.reason is Reject.RATE_LIMITED:
        return failed
    return NotSent("not sent: the request before it failed")


def _item(change: Change) -> dict[str, Any]:
    """One order of a batch. pybit sends what stands inside a batch as it is: every number is written here."""
    item: dict[str, Any] = {"symbol": change.symbol, "orderLinkId": change.client_id}
    if isinstance(change, Amend):
        item |= {"price": _plain(change.price), "qty": _plain(change.quantity)}
    elif isinstance(change, Place):
        is_long = change.key.side is Side.LONG
        buys = is_long is not change.reduce_only
        at_market = change.market or change.trigger_price is not None
        item |= {
            "side": "Buy" if buys else "Sell",
            "positionIdx": 1 if is_long else 2,
            "orderType": "Market" if at_market else "Limit",
            "qty": _plain(change.quantity),
            "timeInForce": "IOC" if at_market else "GTC",
            "reduceOnly": change.reduce_only,
        }
        if not at_market:
            item["price"] = _plain(change.price)
        if change.trigger_price is not None:
            item |= _stop(change.trigger_price, buys, change.reduce_only)
    return item


def _stop(trigger: Price, buys: bool, closes: bool) -> dict[str, Any]:
    """A stop waits for the mark price, which nobody moves with one trade: a buy for its rise (1), a sell for its fall
    (2). Closing ones may push other orders aside when margin is short (``closeOnTrigger``)."""
    return {
        "triggerPrice": _plain(trigger),
        "triggerDirection": 1 if buys else 2,
        "triggerBy": "MarkPrice",
        "closeOnTrigger": closes,
    }


def _plain(number: Decimal) -> str:
    return f"{number:f}"
