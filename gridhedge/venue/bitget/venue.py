"""Bitget behind the engine's port: requests in, outcomes back, what the streams push into the inbox."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from decimal import Decimal

from gridhedge.domain.account import OrderRecord, Snapshot
from gridhedge.domain.candles import Candles, Timeframe
from gridhedge.domain.change import Change
from gridhedge.domain.errors import Refused, VenueError
from gridhedge.domain.events import AccountSeen, ConnectionChanged, Execution, Funding, MarketSeen, Seen
from gridhedge.domain.instrument import Fees, Instrument
from gridhedge.domain.values import Millis, Price
from gridhedge.engine.ports import Capabilities, Check, Inbox, Outcome
from gridhedge.venue.bell import Bell
from gridhedge.venue.bitget import candles, readiness
from gridhedge.venue.bitget.bookings import bookings, ended, funding
from gridhedge.venue.bitget.client import Client
from gridhedge.venue.bitget.frames import PRIVATE, PUBLIC, Frames
from gridhedge.venue.bitget.generation import BATCH_SIZE, Generation, Identity, is_stop
from gridhedge.venue.bitget.known import KnownOrders
from gridhedge.venue.bitget.orders import Orders
from gridhedge.venue.bitget.rules import unknown_symbol
from gridhedge.venue.bitget.stops import Stop, Stops
from gridhedge.venue.clock import ServerClock, monotonic_ms
from gridhedge.venue.fields import Row
from gridhedge.venue.keeper import Keeper, Pace, Wire

__all__ = ["PRIVATE_PACE", "PUBLIC_PACE", "BitgetVenue"]

PUBLIC_PACE = Pace(attempts=10, pongs_count=False)
PRIVATE_PACE = Pace(attempts=3, pongs_count=True, silence=60.0)
_RECEIVE_WINDOW_MS = 30_000
"""Bitget refuses a request whose time is further off; the window can not be chosen."""
_PROCESSING_MS = 10_000
_MAX_OPEN_ORDERS = 200
"""Per symbol; 400 on the whole account."""
_TABLE_FEES = Fees(Decimal("0.0002"), Decimal("0.0006"))
_FUNDING_LOOKS_MS = (3_000, 30_000)
"""How long after each full hour payments are looked for: they are booked a moment after they fall due."""
_HOUR_MS = 3_600_000
_RETRY_MS = 5_000


class BitgetVenue:
    """The port over one account; also the session's clock.

    ``demo`` and ``accepts_unrestricted_key`` decide what ``checks`` lets pass. Which generation the account is of is
    asked with the first request that needs it. The streams are kept by threads of their own; everything else happens
    in the session's.
    """

    name = "bitget"
    capabilities = Capabilities(
        batch_size=BATCH_SIZE,
        can_amend=False,  # an amended order is another one, under another id, some time later
        has_stop_orders=True,
        receive_window_ms=_RECEIVE_WINDOW_MS,
        processing_ms=_PROCESSING_MS,
        max_open_orders=_MAX_OPEN_ORDERS,
    )

    def __init__(
        self,
        client: Client,
        clock: ServerClock,
        *,
        demo: bool,
        account_key: str,
        accepts_unrestricted_key: bool = False,
        log: logging.Logger,
        public_pace: Pace = PUBLIC_PACE,
        private_pace: Pace = PRIVATE_PACE,
        local: Callable[[], Millis] = monotonic_ms,
    ) -> None:
        self._client = client
        self._clock = clock
        self._demo = demo
        self._account_key = account_key
        self._accepts_unrestricted_key = accepts_unrestricted_key
        self._log = log
        self._paces = public_pace, private_pace
        self._local = local
        self._generation: Generation | None = None
        self._uid: str | None = None
        self._known = KnownOrders()
        self._stops = Stops()
        self._inbox: Inbox | None = None
        self._arrived = Bell()
        self._frames: Frames | None = None
        self._keepers: list[Keeper] = []
        self._fees: dict[str, Fees] = {}
        self._told: set[str] = set()
        """Symbols whose fees are the account's own."""
        self._symbols: tuple[str, ...] = ()
        self._paid: set[str] = set()
        """Funding payments that have been told."""
        self._look_at: Millis = 0
        """When to look for funding payments again; 0 before the streams are open."""

    # ---- the port ----------------------------------------------------------------------------------------------------

    def now(self) -> Millis:
        return self._clock.now()

    def connect(self, symbols: Sequence[str], inbox: Inbox) -> None:
        """Open both streams and wait until they are subscribed. Raises NotSent when that fails."""
        assert self._frames is None, "a venue is connected once"
        self._client.look("v2/public/time")  # the clock's first look
        speaks = self._speaks()
        self._inbox, self._symbols = inbox, tuple(symbols)
        frames = self._frames = Frames(
            speaks, self._known, self._stops, self._rates, symbols, self._hear, self.now, self._log
        )
        public, private = self._paces
        self._keepers = [
            self._keeper(
                PUBLIC,
                self._opener(speaks.public_stream, speaks.public_topics(symbols)),
                frames.public,
                _ignore,
                public,
            ),
            self._keeper(
                PRIVATE,
                self._opener(speaks.private_stream, speaks.private_topics()),
                frames.private,
                frames.gap,
                private,
            ),
        ]
        self._look_at = _next_look(self.now())
        for keeper in self._keepers:
            keeper.start()

    def _keeper(
        self,
        name: str,
        opener: Callable[[Callable[[object], None], Callable[[str], None]], Wire],
        take: Callable[[object], None],
        gap: Callable[[str], None],
        pace: Pace,
    ) -> Keeper:
        return Keeper(name, (), opener, take, gap, self._changed, self._local, pace, self._log)

    def _opener(
        self, path: str, topics: list[Row]
    ) -> Callable[[Callable[[object], None], Callable[[str], None]], Wire]:
        def opened(on_message: Callable[[object], None], on_trouble: Callable[[str], None]) -> Wire:
            return self._client.open_stream(path, topics, on_message, on_trouble)

        return opened

    def prepare(self, symbol: str, leverage: int) -> int:
        """Raises Refused where positions or orders stand in the way."""
        speaks = self._speaks()
        before = speaks.settings(symbol)
        if before.trouble:
            raise Refused(before.trouble)
        if not before.is_hedged:
            try:
                speaks.set_hedge_mode()
            except Refused as error:
                text = f"{symbol} can not be switched to hedge mode ({error}); {readiness.HEDGE_REMEDY}"
                raise Refused(text) from error
        if not before.is_crossed:
            speaks.set_crossed(symbol)
        # What is in force already is not set again: with orders or positions there Bitget may refuse even that.
        if before.leverage != leverage or not before.is_crossed:
            speaks.set_leverage(symbol, leverage)
        after = speaks.settings(symbol)
        if not after.is_hedged:
            raise Refused(f"{symbol} is not in hedge mode, though Bitget says so; {readiness.HEDGE_REMEDY}")
        if not after.is_crossed:
            raise Refused(f"{symbol} is not in crossed margin, though Bitget says so; set it on Bitget")
        in_force = after.leverage or Decimal(leverage)
        if in_force > leverage or in_force < 1:
            raise Refused(
                f"{symbol}: leverage {leverage}x was asked for and {in_force:f}x is in force; set it on Bitget"
            )
        if self._frames is not None:
            self._frames.expect_leverage(symbol, in_force)
        return int(in_force)

    def checks(self, symbols: Sequence[str]) -> list[Check]:
        lines = readiness.checks(
            self._client, self._speaks, self._identity, symbols, self._demo, self._accepts_unrestricted_key
        )
        if all(line.passed is not False for line in lines):
            for symbol in symbols:
                maker, taker = self.fees(symbol)
                told = symbol in self._told
                source = "" if told else ": Bitget's ordinary table, since the demo side does not tell"
                lines.append(Check(f"{symbol} fees", told or None, f"maker {maker:f}, taker {taker:f}{source}"))
        return lines

    def instrument(self, symbol: str) -> Instrument:
        try:
            return self._speaks().instrument(symbol)
        except Refused as error:
            raise unknown_symbol(symbol, error) from error

    def fees(self, symbol: str) -> Fees:
        speaks = self._speaks()
        try:
            self._fees[symbol] = speaks.fees(symbol)
            self._told.add(symbol)
        except Refused:
            if not self._demo:
                raise
            self._fees[symbol] = speaks.table_fees(symbol)
        return self._fees[symbol]

    def market(self, symbol: str) -> MarketSeen:
        return self._speaks().market(symbol)

    def candles(self, symbol: str, timeframe: Timeframe, limit: int) -> Candles:
        return candles.closed(self._client, symbol, timeframe, limit)

    def account(self) -> AccountSeen:
        return self._speaks().account()

    def snapshot(self, symbols: Sequence[str]) -> Snapshot:
        at, speaks, wanted = self.now(), self._speaks(), frozenset(symbols)
        positions = [held for held in speaks.positions() if held.symbol in wanted]
        listed = [self._known.learn(record) for record in speaks.open_orders() if record.symbol in wanted]
        for record in speaks.open_stops(positions):
            if record.symbol in wanted:
                listed.append(record)
                self._learn_stop(record)
        orders = {record.venue_id: record for record in listed if not record.state.is_final}
        return Snapshot(at, self.account(), tuple(positions), tuple(orders.values()))

    def history(self, symbol: str, since: Millis) -> tuple[list[OrderRecord], list[Execution | Funding]]:
        now, speaks = self.now(), self._speaks()
        records = ended(speaks, self._known, symbol, since, now)
        return records, bookings(speaks, self._known, self._rates(symbol), symbol, since, now)

    def find_open(self, symbol: str, client_id: str) -> OrderRecord | None:
        """Asked in the list, and by id where the list lags."""
        speaks = self._speaks()
        if is_stop(client_id):
            held = [position for position in speaks.positions() if position.symbol == symbol]
            return next((record for record in speaks.open_stops(held) if record.client_id == client_id), None)
        listed = next((record for record in speaks.open_orders() if record.client_id == client_id), None)
        found = listed or speaks.order(symbol, client_id)
        return None if found is None or found.state.is_final else self._known.learn(found)

    def find_ended(self, symbol: str, client_id: str) -> OrderRecord | None:
        speaks = self._speaks()
        if is_stop(client_id):
            now = self.now()
            records = ended(speaks, self._known, symbol, now - 24 * _HOUR_MS, now)
            return next((record for record in records if record.client_id == client_id), None)
        found = speaks.order(symbol, client_id)
        return found if found is not None and found.state.is_final else None

    def send(self, changes: Sequence[Change]) -> list[Outcome]:
        return Orders(self._client, self._clock, self._speaks(), self._known, self._stops).send(changes)

    def wait(self, until: Millis) -> None:
        frames = self._frames
        assert frames is not None, "streams are opened by connect"
        due = frames.next_due()
        ahead = min(until, self._look_at, until if due is None else due) - self.now()
        self._arrived.wait(ahead / 1000)
        if due is not None:
            frames.release()
        if frames.funding_due.is_set() or self.now() >= self._look_at:
            self._look_for_funding(frames)

    def watch(self, symbol: str, below: Price | None, above: Price | None) -> None:
        """Every price is pushed."""

    def heard(self) -> dict[str, Millis]:
        return {keeper.name: self.now() - keeper.silence() for keeper in self._keepers}

    def close(self) -> None:
        for keeper in self._keepers:
            keeper.close()
        self._client.close()

    # ---- beyond the port ---------------------------------------------------------------------------------------------

    def uid(self) -> str:
        """The account's number at Bitget; where it is not told, a mark of the key. Raises VenueError."""
        uid = self._identity().uid if self._uid is None else self._uid
        return uid or f"key {hashlib.blake2s(self._account_key.encode(), digest_size=6).hexdigest()}"

    def private_down_ms(self) -> Millis:
        """How long the account's stream has been down; 0 while it is up."""
        since = self._keepers[1].down_since if self._keepers else None
        return 0 if since is None else self._local() - since

    # ---- inside ------------------------------------------------------------------------------------------------------

    def _learn_stop(self, record: OrderRecord) -> None:
        if is_stop(record.client_id) and record.trigger_price is not None and not record.state.is_final:
            wanted = record.symbol, record.side, record.trigger_price, record.quantity
            self._stops.learn(Stop(record.client_id, *wanted))

    def _identity(self) -> Identity:
        """Asked anew: the key's permissions may change, whose it is may not."""
        found = self._speaks().identity()
        self._uid = found.uid
        return found

    def _speaks(self) -> Generation:
        """The account in its own words. Raises VenueError, also when Bitget's answer leaves it unclear."""
        if self._generation is None:
            self._generation = readiness.generation_of(self._client)
            self._log.info("the account is a %s", self._generation.kind)
        return self._generation

    def _rates(self, symbol: str) -> Fees:
        return self._fees.get(symbol, _TABLE_FEES)

    def _hear(self, seen: Seen) -> None:
        assert self._inbox is not None, "streams are opened by connect"
        if type(seen) is MarketSeen:
            self._clock.answered(seen.at)
        self._inbox.put(seen)
        self._arrived.ring()

    def _changed(self, stream: str, up: bool, why: str) -> None:
        self._hear(ConnectionChanged(stream, up, self.now(), why))

    def _look_for_funding(self, frames: Frames) -> None:
        """Payments are not pushed: they are read when a position shows one, and after every full hour."""
        frames.funding_due.clear()
        now = self.now()
        self._look_at = _next_look(now)
        try:
            found = funding(self._speaks(), self._symbols, now - _HOUR_MS, now)
        except VenueError as error:
            self._log.warning("funding payments could not be read: %s", error)
            self._look_at = min(self._look_at, now + _RETRY_MS)
            return
        for payment in found:
            if payment.funding_id not in self._paid:
                self._paid.add(payment.funding_id)
                self._hear(payment)


def _next_look(now: Millis) -> Millis:
    begun = now // _HOUR_MS * _HOUR_MS
    return next(at for hour in (begun, begun + _HOUR_MS) for look in _FUNDING_LOOKS_MS if (at := hour + look) > now)


def _ignore(text: str) -> None:
    """A public message that was no JSON: the next one is near."""
