"""What the websockets push, translated into the inbox. Called from client threads: it parses, copies and puts."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence

from gridhedge.domain.events import ConnectionChanged, MarketSeen, Seen
from gridhedge.domain.instrument import Fees
from gridhedge.domain.values import ZERO, Millis, Price, Quantity
from gridhedge.venue.binance import updates
from gridhedge.venue.fields import Malformed, Row, amount, integer, millis, row, rows, text

__all__ = ["MARKET", "PRIVATE", "PUBLIC", "Frames", "Wishes"]

PUBLIC, MARKET, PRIVATE = "public stream", "market stream", "private stream"
_QUIET_MS = 500
"""While the touch stays where it is, the market is told this often: whoever looks must see that it is fresh."""
_MUTE_MS = 10_000
"""An order that was taken is told of within milliseconds: after so long, the stream delivers nothing."""
_MOST_CHILDREN = 1_000


class Wishes:
    """What the account's stream makes necessary, for the thread that runs errands. Each is called from the stream's
    thread and returns at once."""

    def __init__(
        self, read_account: Callable[[], None], read_funding: Callable[[], None], renew: Callable[[str], None]
    ) -> None:
        self.read_account = read_account
        self.read_funding = read_funding
        self.renew = renew
        """Open the stream anew, for this reason."""


class _Quote:
    """A symbol's touch and mark price. A message that comes late overwrites nothing newer."""

    def __init__(self, symbol: str) -> None:
        self._symbol = symbol
        self._last: Price = ZERO
        self._touch: tuple[Price, Price] | None = None
        self._touched: Millis = 0
        self._mark: Price | None = None
        self._marked: Millis = 0
        self._told: MarketSeen | None = None

    def begin(self, seen: MarketSeen) -> None:
        """The last price, which the streams do not tell."""
        self._last = seen.last

    def touch(self, bid: Price, ask: Price, at: Millis) -> None:
        if at >= self._touched and bid and ask:
            self._touch, self._touched = (bid, ask), at
            # The last trade can not be outside of what one can trade at now, but by a moment: so it need not be asked.
            self._last = min(max(self._last, bid), ask)

    def mark(self, price: Price, at: Millis) -> None:
        if at >= self._marked:
            self._mark, self._marked = price, at

    def yardstick(self, buys: bool) -> Price | None:
        """The mark, or the touch where that has run ahead of it: the mark is told once a second."""
        if self._touch is None or self._mark is None:
            return None
        bid, ask = self._touch
        return max(self._mark, ask) if buys else min(self._mark, bid)

    def news(self) -> MarketSeen | None:
        """What has not been told yet. It is as old as the older of touch and mark."""
        if self._touch is None or self._mark is None:
            return None
        seen = MarketSeen(self._symbol, *self._touch, self._last, self._mark, min(self._touched, self._marked))
        told = self._told
        if told is not None and told[:5] == seen[:5] and seen.at < told.at + _QUIET_MS:
            return None
        self._told = seen
        return seen


class Frames:
    """Turns messages into events for ``tell``. It never raises for what a message holds: one of the account's that can
    not be read is a gap, and a gap is told as a connection that has come back, so that the session asks the venue."""

    def __init__(
        self,
        symbols: Sequence[str],
        quote: str,
        tell: Callable[[Seen], None],
        wishes: Wishes,
        now: Callable[[], Millis],
        answered: Callable[[Millis], None],
        log: logging.Logger,
    ) -> None:
        self._quotes = {symbol: _Quote(symbol) for symbol in symbols}
        self._asset = quote
        self._tell = tell
        self._wishes = wishes
        self._now = now
        self._answered = answered
        """Takes the venue's time, which every message carries."""
        self._log = log
        self._leverage: dict[str, int] = {}
        self._moved: set[str] = set()
        self._rates: dict[str, Fees] = {}
        self._children: dict[str, str] = {}
        self._conditional: dict[str, bool] = {}
        """By client id of a conditional order: whether the end of what it was triggered into has been told."""
        self.stops: dict[str, Quantity] = {}
        """Quantities of the orders that close a whole position, by client id, as they were wanted."""
        self.words = 0
        """Counts what the account's stream has said about orders."""
        self._owed: tuple[int, Millis] | None = None
        """The count at which, and the time since when, the stream owes a word about an order that was taken."""

    def begin(self, seen: MarketSeen, rates: Fees) -> None:
        """A symbol as REST has told it; fees paid in another coin are counted at these rates."""
        self._quotes[seen.symbol].begin(seen)
        self._rates[seen.symbol] = rates

    def yardstick(self, symbol: str, buys: bool) -> Price | None:
        """What tells how far through the market a limit price lies; None before the first prices."""
        quote = self._quotes.get(symbol)
        return None if quote is None else quote.yardstick(buys)

    def expect_leverage(self, symbol: str, leverage: int) -> None:
        """From now on another leverage on this symbol stops trading until it is put right."""
        self._leverage[symbol] = leverage

    def expect_word(self, before: int) -> None:
        """An order was taken or cancelled: the account's stream must say more than the ``before`` words of then."""
        if self._owed is None or self._owed[0] != self.words:
            self._owed = before, self._now()

    def is_mute(self) -> bool:
        """Whether the account's stream, though open, delivers nothing. True once per silence."""
        if self._owed is None or (self._owed[0] == self.words and self._now() < self._owed[1] + _MUTE_MS):
            return False
        is_mute = self._owed[0] == self.words
        self._owed = None
        return is_mute

    # ---- prices ------------------------------------------------------------------------------------------------------

    def public(self, message: object) -> None:
        """A message of the price streams. One that can not be read is dropped: the next one is near."""
        try:
            frame = _unwrapped(message)
            quote = self._quotes.get(str(frame.get("s")))
            if quote is None:
                return
            at = millis(frame, "E")
            if frame.get("e") == "bookTicker":
                quote.touch(amount(frame, "b"), amount(frame, "a"), at)
            elif frame.get("e") == "markPriceUpdate":
                quote.mark(amount(frame, "p", positive=True), at)
            else:
                return
        except Malformed as error:
            self._log.warning("dropped a price message: %s", error)
            return
        self._answered(at)
        seen = quote.news()
        if seen is not None:
            self._tell(seen)

    # ---- the account -------------------------------------------------------------------------------------------------

    def private(self, message: object) -> None:
        """A message of the account's stream. Kinds that nobody here needs pass by."""
        try:
            frame = _unwrapped(message)
            takes = self._takes.get(text(frame, "e"))
            if takes is not None:
                at = millis(frame, "E")
                takes(self, frame, at)
                self._answered(at)
        except Malformed as error:
            self.gap(str(error))

    def gap(self, why: str) -> None:
        """Something has been missed: only the venue can tell what."""
        self._log.warning("the account's stream has a gap: %s", why)
        self._tell(ConnectionChanged(PRIVATE, True, self._now(), why))

    def _take_order(self, frame: Row, at: Millis) -> None:
        self.words += 1
        item = row(frame.get("o"), "o")
        symbol = text(item, "s")
        if symbol in self._quotes:
            rates = self._rates.get(symbol, Fees(ZERO, ZERO))
            update, execution = updates.traded(item, self._asset, rates, self._children)
            if execution is not None:
                self._tell(execution)  # before the order's end, which comes in the same message
            self._tell(update)
            if update.client_id in self._conditional and update.state.is_final:
                self._conditional[update.client_id] = True

    def _take_algo(self, frame: Row, at: Millis) -> None:
        self.words += 1
        item = row(frame.get("o"), "o")
        if text(item, "s") not in self._quotes:
            return
        held = self.stops.get(text(item, "caid"), ZERO)
        update, child = updates.algo_update(item, millis(frame, "T"), held)
        if child:
            self._children[child] = update.client_id
            if len(self._children) > _MOST_CHILDREN:
                del self._children[next(iter(self._children))]
        known_end = self._conditional.setdefault(update.client_id, False) and update.state.is_final
        if not known_end:
            self._tell(update)

    def _take_account(self, frame: Row, at: Millis) -> None:
        """It lacks margin and what is available, so that the whole is read. Funding names neither symbol nor side."""
        change = row(frame.get("a"), "a")
        rows(change, "B")
        self._wishes.read_account()
        if text(change, "m") == "FUNDING_FEE":
            self._wishes.read_funding()

    def _take_margin_call(self, frame: Row, at: Millis) -> None:
        self._log.warning("Binance warns that the margin is nearly used up")
        self._wishes.read_account()

    def _take_settings(self, frame: Row, at: Millis) -> None:
        """A hand has changed something about a symbol, or the kind of margin."""
        if "ai" in frame:
            self.gap("the kind of margin was changed")
        if "ac" not in frame:
            return
        change = row(frame.get("ac"), "ac")
        symbol, leverage = text(change, "s"), integer(change, "l", 1, 1000)
        expected = self._leverage.get(symbol)
        if expected is None:
            return
        name = f"leverage of {symbol}"
        if leverage != expected and symbol not in self._moved:
            self._moved.add(symbol)
            why = f"it was changed from {expected}x to {leverage}x; set it back, nothing is sent before"
            self._tell(ConnectionChanged(name, False, self._now(), why))
        elif leverage == expected and symbol in self._moved:
            self._moved.discard(symbol)
            self._tell(ConnectionChanged(name, True, self._now()))

    def _take_expiry(self, frame: Row, at: Millis) -> None:
        """The stream stays open and says nothing any more."""
        self._wishes.renew("its listen key has expired")

    _takes: Mapping[str, Callable[[Frames, Row, Millis], None]] = {
        "ORDER_TRADE_UPDATE": _take_order,
        "ALGO_UPDATE": _take_algo,
        "ACCOUNT_UPDATE": _take_account,
        "MARGIN_CALL": _take_margin_call,
        "ACCOUNT_CONFIG_UPDATE": _take_settings,
        "listenKeyExpired": _take_expiry,
    }


def _unwrapped(message: object) -> Row:
    """The event itself: streams that are combined under one address come with their name around it."""
    frame = row(message, "message")
    return row(frame["data"], "data") if "stream" in frame and "data" in frame else frame
