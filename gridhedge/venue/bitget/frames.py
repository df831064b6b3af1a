"""What the websockets push, translated into the inbox. Called from stream threads: it parses, remembers and puts."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from decimal import Decimal

from gridhedge.domain.events import ConnectionChanged, Execution, ExecutionKind, MarketSeen, OrderUpdate, Seen
from gridhedge.domain.instrument import Fees
from gridhedge.domain.values import ZERO, Millis, Side
from gridhedge.venue.bitget.generation import Generation, is_ours, is_stop
from gridhedge.venue.bitget.known import KnownOrders
from gridhedge.venue.bitget.parse import Leg, leverage
from gridhedge.venue.bitget.stops import Children, Stops
from gridhedge.venue.bitget.waiting import Endings, Strangers
from gridhedge.venue.fields import Malformed, Row, amount, millis, row, rows, word

__all__ = ["PRIVATE", "PUBLIC", "Frames"]

PUBLIC, PRIVATE = "public stream", "private stream"
_PRICES = (("bidPr", "bid1Price"), ("askPr", "ask1Price"), ("lastPr", "lastPrice"), ("markPrice", "markPrice"))
_ORDER_TOPICS, _FILL_TOPICS, _POSITION_TOPICS = ("orders", "order"), ("fill",), ("positions", "position")
_STOP_TOPICS = ("orders-algo", "strategy-order")


class Frames:
    """Turns messages into events for ``tell``. It never raises for what a message holds: one of the account's that can
    not be read is a gap, and a gap is told as a connection that has come back, so that the session asks the venue.

    ``rates`` are the fees of a symbol, as far as they are known. ``funding_due`` is set when a position's funding has
    changed: the payment itself is not pushed.
    """

    def __init__(
        self,
        generation: Generation,
        known: KnownOrders,
        stops: Stops,
        rates: Callable[[str], Fees],
        symbols: Sequence[str],
        tell: Callable[[Seen], None],
        now: Callable[[], Millis],
        log: logging.Logger,
    ) -> None:
        self._generation = generation
        self._known = known
        self._stops = stops
        self._rates = rates
        self._symbols = frozenset(symbols)
        self._tell = tell
        self._now = now
        self._log = log
        self._leverage: dict[str, Decimal] = {}
        """What ``expect_leverage`` wants, by symbol."""
        self._moved: set[str] = set()
        self._endings = Endings()
        self._strangers = Strangers()
        self._children = Children()
        self._funded: dict[tuple[str, str], str] = {}
        self.funding_due = threading.Event()
        self._lock = threading.Lock()
        """What waits is touched by the stream's thread and, when it is overdue, by the session's."""

    def expect_leverage(self, symbol: str, leverage: Decimal) -> None:
        """From now on another leverage on this symbol stops trading until it is put right."""
        self._leverage[symbol] = leverage

    # ---- prices ------------------------------------------------------------------------------------------------------

    def public(self, message: object) -> None:
        """A message of the public stream. One that can not be read is dropped: the next one is near."""
        try:
            frame = row(message, "message")
            about = row(frame.get("arg"), "arg")
            symbol = word(about, "instId" if "instId" in about else "symbol")
            if symbol not in self._symbols:
                return
            at = millis(frame, "ts")
            sights = [self._market(symbol, item, at) for item in rows(frame, "data")]
        except Malformed as error:
            self._log.warning("dropped a public message: %s", error)
            return
        for seen in sights:
            if seen is not None:
                self._tell(seen)

    def _market(self, symbol: str, item: Row, at: Millis) -> MarketSeen | None:
        """Every message is a whole picture; None while a side of the order book is empty."""
        if item.get("instId", item.get("symbol", symbol)) != symbol:
            raise Malformed(f"prices of another symbol under the name of {symbol}")
        names = [classic if classic in item else unified for classic, unified in _PRICES]
        bid, ask, last, mark = (amount(item, name, empty=ZERO) for name in names)
        return MarketSeen(symbol, bid, ask, last, mark, at) if bid and ask and last and mark else None

    # ---- the account -------------------------------------------------------------------------------------------------

    def private(self, message: object) -> None:
        """A message of the private stream."""
        try:
            frame = row(message, "message")
            about = row(frame.get("arg"), "arg")
            topic = word(about, "channel" if "channel" in about else "topic")
            at = millis(frame, "ts")
            items = rows(frame, "data")
        except Malformed as error:
            self.gap(str(error))
            return
        for item in items:
            try:
                self._take(topic, item, at)
            except Malformed as error:
                self.gap(str(error))

    def gap(self, text: str) -> None:
        """Something has been missed: only the venue can tell what."""
        self._log.warning("a private message could not be read: %s", text)
        self._tell(ConnectionChanged(PRIVATE, True, self._now(), text))

    def _take(self, topic: str, item: Row, at: Millis) -> None:
        if topic == "account":
            seen = self._generation.pushed_account(item, at)
            if seen is not None:
                self._tell(seen)
        elif self._generation.symbol_of(topic, item) in self._symbols:
            if topic in _ORDER_TOPICS:
                self._take_order(item)
            elif topic in _STOP_TOPICS:
                self._take_stop(item)
            elif topic in _FILL_TOPICS:
                self._take_fill(item)
            elif topic in _POSITION_TOPICS:
                self._watch_position(self._generation.symbol_of(topic, item), item)

    def _take_order(self, item: Row) -> None:
        update, leg = self._generation.pushed_order(item)
        with self._lock:
            known = self._known.get(update.venue_id)
            if known is not None and is_stop(known.client_id):
                leg = known
            elif known is None and self._may_be_a_stop(update.symbol, leg):
                self._children.keep((update.symbol, leg.side), update.venue_id, item, self._now())
                self._adopt((update.symbol, leg.side))
                return
            self._settle(update, leg)

    def _may_be_a_stop(self, symbol: str, leg: Leg) -> bool:
        """Whether an order, or an execution, that is not ours may be what a stop of ours has become."""
        return leg.closing and not is_ours(leg.client_id) and self._stops.on(symbol, leg.side)

    def _settle(self, update: OrderUpdate, leg: Leg) -> None:
        """Tell of an order of which it is known whose it is."""
        self._known.put(update.venue_id, leg)
        # Before the order's own news: what it is the end of may be among what has waited for it.
        for fill in self._strangers.of(update.venue_id):
            self._execute(fill)
        update = update._replace(client_id=leg.client_id)
        if update.state.is_final and is_stop(update.client_id):
            self._stops.forget(update.client_id)
        if self._endings.may_pass(update, self._now()):
            self._tell(update)

    def _take_stop(self, item: Row) -> None:
        news = self._generation.pushed_stop(item)
        if not is_stop(news.client_id) or self._stops.has_ended(news.client_id):
            return
        stop = self._stops.get(news.client_id)
        if stop is None:
            if news.phase != "waits":
                self.gap(f"a stop has {news.phase} of which nothing is known")
        elif news.phase == "fired":
            with self._lock:
                self._children.fired(stop, self._now())
                self._adopt(stop.leg)
        else:
            if news.phase != "waits":
                self._stops.forget(stop.client_id)
            self._tell(stop.update(news))

    def _adopt(self, leg: tuple[str, Side]) -> None:
        """Give a stop that was triggered the order that it has become, if both are there."""
        found = self._children.match(leg)
        if found is None:
            return
        stop, _, items = found
        for item in items:
            update, _ = self._generation.pushed_order(item)
            self._settle(update, Leg(stop.side, True, stop.client_id))

    def _take_fill(self, item: Row) -> None:
        with self._lock:
            self._execute(item)

    def _execute(self, item: Row) -> None:
        """Tell of an execution, or keep it until its order is known."""
        known = self._known.get(item.get("orderId"))
        made = self._generation.pushed_execution(item, known, self._rates(word(item, "symbol")))
        if made is None or (known is None and self._may_be_a_stop(made.symbol, _leg_of(made))):
            self._strangers.keep(word(item, "orderId"), item, self._now())
            return
        self._tell(made)
        ended = self._endings.completed(made)
        if ended is not None:
            self._tell(ended)

    # ---- what has waited ---------------------------------------------------------------------------------------------

    def next_due(self) -> Millis | None:
        """When ``release`` has something to do."""
        with self._lock:
            dues = self._endings.next_due(), self._strangers.next_due(), self._children.next_due()
            return min((due for due in dues if due), default=None)

    def release(self) -> None:
        """Tell the ends of orders whose executions have not come, and ask about executions of unknown orders."""
        with self._lock:
            by_hand, vain = self._children.overdue(self._now())
            for item in by_hand:
                self._settle(*self._generation.pushed_order(item))
            late: list[OrderUpdate] = self._endings.overdue(self._now())
            lost = self._strangers.overdue(self._now())
        for update in late:
            self._tell(update)
        if lost:
            self.gap(f"{lost} executions of orders that nobody has told of")
        if vain:
            self.gap(f"{vain} stops were triggered whose orders nobody has told of")

    # ---- positions ---------------------------------------------------------------------------------------------------

    def _watch_position(self, symbol: str, item: Row) -> None:
        """Positions are ours to count from executions; the stream tells what a hand has changed about them."""
        leg = str(item.get("holdSide", item.get("posSide")))
        funded = self._generation.pushed_funding(item)
        before = self._funded.get((symbol, leg), funded)
        self._funded[symbol, leg] = funded
        if funded != before:
            self.funding_due.set()
        expected = self._leverage.get(symbol)
        if expected is None:
            return
        seen = leverage(item, "leverage")
        name = f"leverage of {symbol}"
        if seen not in (expected, ZERO) and symbol not in self._moved:
            self._moved.add(symbol)
            text = f"it was changed from {expected:f}x to {seen:f}x; set it back, nothing is sent before"
            self._tell(ConnectionChanged(name, False, self._now(), text))
        elif seen == expected and symbol in self._moved:
            self._moved.discard(symbol)
            self._tell(ConnectionChanged(name, True, self._now()))


def _leg_of(made: Execution) -> Leg:
    """What an execution says of its order by itself. Forced ones are nobody's order."""
    return Leg(made.side, made.closing and made.kind is ExecutionKind.TRADE, made.client_id)
