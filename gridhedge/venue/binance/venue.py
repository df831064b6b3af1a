"""Binance behind the engine's port: requests in, outcomes back, what the streams push into the inbox."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

from gridhedge.domain.account import OrderRecord, Snapshot
from gridhedge.domain.candles import Candles, Timeframe
from gridhedge.domain.change import Amend, Change
from gridhedge.domain.errors import Refused, VenueError
from gridhedge.domain.events import AccountSeen, ConnectionChanged, Execution, Funding, MarketSeen, Seen
from gridhedge.domain.instrument import Fees, Instrument
from gridhedge.domain.values import ZERO, Millis, Price, Quantity
from gridhedge.engine.ports import Accepted, Capabilities, Check, Inbox, Outcome
from gridhedge.venue.bell import Bell
from gridhedge.venue.binance import candles, pages, parse, readiness
from gridhedge.venue.binance.client import Client
from gridhedge.venue.binance.errands import Errands
from gridhedge.venue.binance.frames import MARKET, PRIVATE, PUBLIC, Frames, Wishes
from gridhedge.venue.binance.limits import Limits
from gridhedge.venue.binance.lookup import Lookup, positions
from gridhedge.venue.binance.orders import BATCH_SIZE, Orders
from gridhedge.venue.binance.rules import Rules, only
from gridhedge.venue.clock import ServerClock, monotonic_ms
from gridhedge.venue.fields import amount, millis
from gridhedge.venue.keeper import Keeper, Pace

__all__ = ["PRIVATE_PACE", "PUBLIC_PACE", "BinanceVenue"]

PUBLIC_PACE = Pace(attempts=10, pongs_count=False)
PRIVATE_PACE = Pace(attempts=10, pongs_count=False, silence=86_400.0)
"""The account may be silent for hours; a connection whose pings are not answered ends by itself."""
_PROCESSING_MS = 10_000
_MAX_OPEN_ORDERS = 200
"""Per symbol and account."""
_FUNDING_LOOK_MS = 3_600_000
_FREE = Fees(ZERO, ZERO)


class BinanceVenue:
    """The port over one account; also the session's clock.

    ``demo`` and ``accepts_unrestricted_key`` decide what ``checks`` lets pass. The streams are kept by a thread each,
    errands run in one more; everything else happens in the session's thread.
    """

    name = "binance"

    def __init__(
        self,
        client: Client,
        clock: ServerClock,
        *,
        demo: bool,
        receive_window_ms: Millis,
        accepts_unrestricted_key: bool = False,
        log: logging.Logger,
        public_pace: Pace = PUBLIC_PACE,
        private_pace: Pace = PRIVATE_PACE,
        local: Callable[[], Millis] = monotonic_ms,
    ) -> None:
        self.capabilities = Capabilities(
            batch_size=BATCH_SIZE,
            can_amend=True,
            has_stop_orders=True,
            receive_window_ms=receive_window_ms,
            processing_ms=_PROCESSING_MS,
            max_open_orders=_MAX_OPEN_ORDERS,
        )
        self._client = client
        self._clock = clock
        self._demo = demo
        self._accepts_unrestricted_key = accepts_unrestricted_key
        self._log = log
        self._paces = public_pace, private_pace
        self._local = local
        self._stops: dict[str, Quantity] = {}
        self._orders = Orders(client, clock, Limits(local), lambda: self._stops, inside=self._inside)
        self._inbox: Inbox | None = None
        self._arrived = Bell()
        self._frames: Frames | None = None
        self._errands: Errands | None = None
        self._keepers: list[Keeper] = []
        self._private: Keeper | None = None
        self._names_events = True
        """Which of the two addresses of the account's stream is in use."""
        self._rules = Rules(client, local)
        self._lookup = Lookup(client, self._stops)
        self._asset = ""
        """The margin currency of all symbols, known once they are."""
        self._symbols: tuple[str, ...] = ()

    # ---- the port ----------------------------------------------------------------------------------------------------

    def now(self) -> Millis:
        return self._clock.now()

    def connect(self, symbols: Sequence[str], inbox: Inbox) -> None:
        """Open the streams and wait until they are open. Raises NotSent when that fails."""
        assert self._frames is None, "a venue is connected once"
        self._client.tell_time()
        self._symbols, self._inbox = tuple(symbols), inbox
        asset = self._asset = self._rules.asset(self._symbols)
        background = self._client.sibling()
        errands = self._errands = Errands(
            background, self._read_account, self._read_funding, self._renew, self._tell, self._local, self._log
        )
        wishes = Wishes(errands.account_changed, errands.funding_charged, self._renew)
        frames = Frames(symbols, asset, self._tell, wishes, self.now, self._clock.answered, self._log)
        frames.stops = self._stops
        self._frames = frames
        for symbol in symbols:
            frames.begin(self.market(symbol), self.fees(symbol))
        public, private = self._paces
        names = [symbol.lower() for symbol in symbols]
        touch = background.open_public("public", tuple(f"{name}@bookTicker" for name in names))
        marks = background.open_public("market", tuple(f"{name}@markPrice@1s" for name in names))
        self._private = self._keeper(PRIVATE, self._open_private(background), frames.private, frames.gap, private)
        self._keepers = [
            self._keeper(PUBLIC, touch, frames.public, _ignore, public),
            self._keeper(MARKET, marks, frames.public, _ignore, public),
            self._private,
        ]
        for keeper in self._keepers:
            keeper.start()
        errands.start()

    def _keeper(
        self, name: str, open_wire: Any, take: Callable[[object], None], gap: Callable[[str], None], pace: Pace
    ) -> Keeper:
        return Keeper(name, (), open_wire, take, gap, self._changed, self._local, pace, self._log)

    def _open_private(self, client: Client) -> Any:
        def open_it(hear: Callable[[object], None], trouble: Callable[[str], None]) -> Any:
            return client.open_private(self._names_events)(hear, trouble)

        return open_it

    def prepare(self, symbol: str, leverage: int) -> int:
        """Raises Refused where positions or orders stand in the way."""
        if not readiness.is_hedged(self._client):
            try:
                self._client.configure("futures_change_position_mode", dualSidePosition="true")
            except Refused as error:
                raise Refused(
                    f"{symbol} can not be switched to hedge mode ({error}); {readiness.HEDGE_REMEDY}"
                ) from error
            if not readiness.is_hedged(self._client):
                raise Refused(f"{symbol} is not in hedge mode, though Binance says so; {readiness.HEDGE_REMEDY}")
        self._client.configure("futures_change_margin_type", symbol=symbol, marginType="CROSSED")
        self._client.configure("futures_change_leverage", symbol=symbol, leverage=leverage)
        in_force, _ = readiness.leverage_of(self._client, symbol)
        if not 1 <= in_force <= leverage:
            raise Refused(
                f"{symbol}: leverage {leverage}x was asked for and {in_force}x is in force; set it on Binance"
            )
        if self._frames is not None:
            self._frames.expect_leverage(symbol, in_force)
        return in_force

    def checks(self, symbols: Sequence[str]) -> list[Check]:
        self._symbols = tuple(symbols)
        try:
            asset = self._asset = self._rules.asset(self._symbols)
        except Refused as error:
            return [Check("symbols", False, str(error))]
        except VenueError as error:
            return [Check("connection", False, str(error))]
        lines = readiness.checks(self._client, symbols, asset, self._demo, self._accepts_unrestricted_key)
        if all(line.passed is not False for line in lines):
            for symbol in symbols:
                maker, taker = self.fees(symbol)
                lines.append(Check(f"{symbol} fees", True, f"maker {maker:f}, taker {taker:f}"))
        return lines

    def instrument(self, symbol: str) -> Instrument:
        return self._rules.instrument(symbol)

    def fees(self, symbol: str) -> Fees:
        return self._rules.fees(symbol)

    def market(self, symbol: str) -> MarketSeen:
        asked = ("futures_orderbook_ticker", "futures_mark_price", "futures_symbol_ticker")
        book, marks, last = (only(symbol, self._client.read(method, symbol=symbol).body) for method in asked)
        bid, ask = amount(book, "bidPrice", positive=True), amount(book, "askPrice", positive=True)
        price = min(max(amount(last, "price", positive=True), bid), ask)  # as the streams tell it, see frames
        at = min(millis(book, "time"), millis(marks, "time"))
        return MarketSeen(symbol, bid, ask, price, amount(marks, "markPrice", positive=True), at)

    def account(self) -> AccountSeen:
        return self._read_account(self._client)

    def snapshot(self, symbols: Sequence[str]) -> Snapshot:
        at = self.now()
        held = positions(self._client, symbols)
        orders = [record for symbol in symbols for record in self._lookup.open_orders(symbol, held)]
        return Snapshot(at, self.account(), tuple(held), tuple(orders))

    def candles(self, symbol: str, timeframe: Timeframe, limit: int) -> Candles:
        return candles.closed(self._client, symbol, timeframe, limit, self.now())

    def history(self, symbol: str, since: Millis) -> tuple[list[OrderRecord], list[Execution | Funding]]:
        now, begin = self.now(), since - _FUNDING_LOOK_MS
        plain = pages.orders(self._client, symbol, begin, now)
        conditional, children = pages.algo_orders(self._client, symbol, begin, now)
        names = {order_id: record.client_id for order_id, record in plain.items()} | children
        # Funding needs to know what was held a while before: all is read from there, and told from ``since`` on.
        trades = pages.executions(self._client, symbol, begin, now, names, self._asset, self.fees(symbol))
        held = {position.side: position.quantity for position in positions(self._client, [symbol])}
        paid = pages.funding_payments(self._client, symbol, since, now, held, trades)
        # What a conditional order was triggered into bears its name: one end is enough.
        ordinary = [record for record in plain.values() if record.venue_id not in children]
        ended = [
            record for record in (*ordinary, *conditional.values()) if record.state.is_final and record.changed >= since
        ]
        facts: list[Execution | Funding] = [trade for trade in trades if trade.at >= since]
        facts += paid
        facts.sort(key=lambda fact: fact.at)
        return sorted(ended, key=lambda record: (record.changed, record.created)), facts

    def find_open(self, symbol: str, client_id: str) -> OrderRecord | None:
        found = self._lookup.ordinary("futures_v1_get_open_order", symbol, client_id)
        return found or self._lookup.conditional(symbol, client_id, is_final=False)

    def find_ended(self, symbol: str, client_id: str) -> OrderRecord | None:
        found = self._lookup.ordinary("futures_get_order", symbol, client_id)
        return found or self._lookup.conditional(symbol, client_id, is_final=True)

    def send(self, changes: Sequence[Change]) -> list[Outcome]:
        frames = self._frames
        before = 0 if frames is None else frames.words
        outcomes = self._orders.send(changes)
        if frames is not None and any(map(self._causes_a_word, changes, outcomes)):
            frames.expect_word(before)
        return outcomes

    def wait(self, until: Millis) -> None:
        frames = self._frames
        assert frames is not None, "streams are opened by connect"
        ahead = until - self.now()
        self._arrived.wait(ahead / 1000)
        if frames.is_mute():
            self._names_events = not self._names_events
            self._renew("it told nothing of an order that was taken")

    def watch(self, symbol: str, below: Price | None, above: Price | None) -> None:
        """Every price is pushed."""

    def heard(self) -> dict[str, Millis]:
        return {keeper.name: self.now() - keeper.silence() for keeper in self._keepers}

    def close(self) -> None:
        for keeper in self._keepers:
            keeper.close()
        if self._errands is not None:
            self._errands.close()
        self._client.close()

    # ---- beyond the port ---------------------------------------------------------------------------------------------

    def uid(self) -> str:
        """The account's name at Binance. Raises VenueError."""
        return readiness.uid(self._client)

    def private_down_ms(self) -> Millis:
        """How long the account's stream has been down; 0 while it is up."""
        since = None if self._private is None else self._private.down_since
        return 0 if since is None else self._local() - since

    # ---- inside ------------------------------------------------------------------------------------------------------

    def _tell(self, seen: Seen) -> None:
        assert self._inbox is not None, "streams are opened by connect"
        self._inbox.put(seen)
        self._arrived.ring()

    def _changed(self, stream: str, up: bool, why: str) -> None:
        self._tell(ConnectionChanged(stream, up, self.now(), why))

    def _renew(self, why: str) -> None:
        if self._private is not None:
            self._private.renew(why)

    def _inside(self, symbol: str, buys: bool, price: Price) -> Price:
        yardstick = None if self._frames is None else self._frames.yardstick(symbol, buys)
        band = self._rules.bands.get(symbol)
        return price if yardstick is None or band is None else band.inside(buys, price, yardstick)

    def _causes_a_word(self, change: Change, outcome: Outcome) -> bool:
        """Whether the account's stream must tell of it: an order that closes whatever is held is not really amended."""
        return isinstance(outcome, Accepted) and not (isinstance(change, Amend) and change.client_id in self._stops)

    def _read_account(self, client: Client) -> AccountSeen:
        at = self.now()
        return parse.account(client.read("futures_account", version=3).body, self._asset, at)

    def _read_funding(self, client: Client) -> list[Funding]:
        now = self.now()
        found: list[Funding] = []
        for symbol in self._symbols:
            held = {position.side: position.quantity for position in positions(client, [symbol])}
            begin = now - _FUNDING_LOOK_MS
            trades = pages.executions(client, symbol, begin, now, None, self._asset, _FREE)  # quantities matter here
            found += pages.funding_payments(client, symbol, now, now, held, trades)
        return found


def _ignore(why: str) -> None:
    """A price message that was no JSON: the next one is near."""
