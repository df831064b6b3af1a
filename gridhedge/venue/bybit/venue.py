"""Bybit behind the engine's port: requests in, outcomes back, what the streams push into the inbox."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from decimal import Decimal

from gridhedge.domain.account import OrderRecord, Snapshot
from gridhedge.domain.candles import Candles, Timeframe
from gridhedge.domain.change import Change
from gridhedge.domain.errors import Refused
from gridhedge.domain.events import AccountSeen, ConnectionChanged, Execution, Funding, MarketSeen, Seen
from gridhedge.domain.instrument import Fees, Instrument
from gridhedge.domain.order import OrderState
from gridhedge.domain.values import Millis, Price
from gridhedge.engine.ports import Capabilities, Check, Inbox, Outcome
from gridhedge.venue.bell import Bell
from gridhedge.venue.bybit import parse, readiness
from gridhedge.venue.bybit.client import Client
from gridhedge.venue.bybit.frames import PRIVATE, PRIVATE_TOPICS, Frames
from gridhedge.venue.bybit.limits import Limits
from gridhedge.venue.bybit.orders import BATCH_SIZE, Orders
from gridhedge.venue.bybit.pages import bookings, ended_orders, pages
from gridhedge.venue.clock import ServerClock, monotonic_ms
from gridhedge.venue.fields import Malformed, Row, amount, rows
from gridhedge.venue.keeper import Keeper, Pace
from gridhedge.venue.prices import Listener, PriceStream, PriceStreams

__all__ = ["PRIVATE_PACE", "BybitVenue"]

PRIVATE_PACE = Pace(attempts=3, pongs_count=True)
_PROCESSING_MS = 10_000
_MAX_OPEN_ORDERS = 500
"""Per symbol and account."""
_DEMO_FEES = Fees(Decimal("0.0002"), Decimal("0.00055"))
"""The table of an account without a discount: the demo side does not tell its fees."""


class BybitVenue:
    """The port over one account; also the session's clock.

    ``prices`` may be shared with other accounts. ``demo`` and ``accepts_unrestricted_key`` decide what ``checks`` lets
    pass. The streams are kept by a thread each; everything else happens in the session's thread.
    """

    name = "bybit"

    def __init__(
        self,
        client: Client,
        clock: ServerClock,
        prices: PriceStreams,
        *,
        demo: bool,
        receive_window_ms: Millis,
        accepts_unrestricted_key: bool = False,
        log: logging.Logger,
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
        self._prices = prices
        self._demo = demo
        self._accepts_unrestricted_key = accepts_unrestricted_key
        self._log = log
        self._pace = private_pace
        self._local = local
        self._orders = Orders(client, clock, Limits(local))
        self._inbox: Inbox | None = None
        self._arrived = Bell()
        self._frames: Frames | None = None
        self._ear: Listener | None = None
        self._public: list[PriceStream] = []
        self._private: Keeper | None = None

    # ---- the port ----------------------------------------------------------------------------------------------------

    def now(self) -> Millis:
        return self._clock.now()

    def connect(self, symbols: Sequence[str], inbox: Inbox) -> None:
        """Open both streams and wait until they are subscribed. Raises NotSent when that fails."""
        assert self._frames is None, "a venue is connected once"
        self._client.read("get_server_time")  # the clock's first look
        self._inbox = inbox
        frames = self._frames = Frames(symbols, self._tell, self.now, self._log)
        self._ear = Listener(frozenset(symbols), self._tell, self._changed)
        self._public = self._prices.join(self._ear)
        self._private = Keeper(
            PRIVATE,
            PRIVATE_TOPICS,
            self._client.open_private,
            frames.private,
            frames.gap,
            self._changed,
            self._local,
            self._pace,
            self._log,
        )
        self._private.start()

    def prepare(self, symbol: str, leverage: int) -> int:
        """Raises Refused where positions or orders stand in the way."""
        info = self._client.read("get_account_info").result
        if info.get("marginMode") != "REGULAR_MARGIN":
            self._client.configure("set_margin_mode", setMarginMode="REGULAR_MARGIN")
        try:
            self._client.configure("switch_position_mode", category="linear", symbol=symbol, mode=3)
        except Refused as error:
            raise Refused(f"{symbol} can not be switched to hedge mode ({error}); {readiness.HEDGE_REMEDY}") from error
        wished = str(leverage)
        self._client.configure(
            "set_leverage", category="linear", symbol=symbol, buyLeverage=wished, sellLeverage=wished
        )
        legs = readiness.legs(self._client, symbol)
        if sorted(leg.leg for leg in legs) != [1, 2]:
            raise Refused(f"{symbol} is not in hedge mode, though Bybit says so; {readiness.HEDGE_REMEDY}")
        in_force = {leg.leverage for leg in legs}
        if len(in_force) > 1 or max(in_force) > leverage or min(in_force) < 1:
            shown = " and ".join(f"{each:f}x" for each in sorted(in_force))
            raise Refused(f"{symbol}: leverage {leverage}x was asked for and {shown} is in force; set it on Bybit")
        if self._frames is not None:
            self._frames.expect_leverage(symbol, max(in_force))
        return int(max(in_force))

    def checks(self, symbols: Sequence[str]) -> list[Check]:
        lines = readiness.checks(self._client, symbols, self._demo, self._accepts_unrestricted_key)
        if all(line.passed is not False for line in lines):
            for symbol in symbols:
                maker, taker = fees = self.fees(symbol)
                told = fees is not _DEMO_FEES
                source = "" if told else ": Bybit's ordinary table, since the demo side does not tell"
                lines.append(Check(f"{symbol} fees", told or None, f"maker {maker:f}, taker {taker:f}{source}"))
        return lines

    def instrument(self, symbol: str) -> Instrument:
        try:
            listed = rows(self._client.read("get_instruments_info", category="linear", symbol=symbol).result, "list")
        except Refused as error:
            raise Refused(f"{symbol}: {error}; correct the symbol") from error
        if not listed:
            raise Refused(f"{symbol} is not listed at Bybit; correct the symbol")
        limits = self._client.read("get_risk_limit", category="linear", symbol=symbol).result
        return parse.instrument(_of(symbol, listed[0]), parse.tiers(limits))

    def fees(self, symbol: str) -> Fees:
        try:
            listed = rows(self._client.read("get_fee_rates", category="linear", symbol=symbol).result, "list")
        except Refused:
            if not self._demo:
                raise
            return _DEMO_FEES
        if not listed:
            raise Malformed(f"Bybit: no fees are listed for {symbol}")
        return parse.fees(_of(symbol, listed[0]))

    def market(self, symbol: str) -> MarketSeen:
        answer = self._client.read("get_tickers", category="linear", symbol=symbol)
        listed = rows(answer.result, "list")
        if not listed:
            raise Refused(f"{symbol} has no prices at Bybit; correct the symbol")
        item = _of(symbol, listed[0])
        names = ("bid1Price", "ask1Price", "lastPrice", "markPrice")
        bid, ask, last, mark = (amount(item, name, positive=True) for name in names)
        return MarketSeen(symbol, bid, ask, last, mark, answer.at)

    def account(self) -> AccountSeen:
        answer = self._client.read("get_wallet_balance", accountType="UNIFIED")
        listed = rows(answer.result, "list")
        if not listed:
            raise Refused("Bybit lists no unified trading account for this key")
        return parse.account(listed[0], answer.at)

    def snapshot(self, symbols: Sequence[str]) -> Snapshot:
        at = self.now()
        wanted = frozenset(symbols)
        whole = {"category": "linear", "settleCoin": "USDT"}
        legs = [
            item for item in pages(self._client, "get_positions", **whole, limit=200) if item.get("symbol") in wanted
        ]
        positions = [held for item in legs if (held := parse.position(item)) is not None]
        listed = [
            item
            for item in pages(self._client, "get_open_orders", **whole, openOnly=0, limit=50)
            if item.get("symbol") in wanted
        ]
        orders = {record.venue_id: record for record in map(parse.order, listed) if not record.state.is_final}
        return Snapshot(at, self.account(), tuple(positions), tuple(orders.values()))

    def history(self, symbol: str, since: Millis) -> tuple[list[OrderRecord], list[Execution | Funding]]:
        now = self.now()
        return ended_orders(self._client, symbol, since, now), bookings(self._client, symbol, since, now)

    def candles(self, symbol: str, timeframe: Timeframe, limit: int) -> Candles:
        answer = self._client.read(
            "get_kline", category="linear", symbol=symbol, interval=parse.INTERVALS[timeframe], limit=limit + 1
        )
        return parse.candles(_of(symbol, answer.result), timeframe, answer.at, limit)

    def find_open(self, symbol: str, client_id: str) -> OrderRecord | None:
        return self._find("get_open_orders", symbol, client_id)

    def find_ended(self, symbol: str, client_id: str) -> OrderRecord | None:
        return self._find("get_order_history", symbol, client_id)

    def send(self, changes: Sequence[Change]) -> list[Outcome]:
        return self._orders.send(changes)

    def wait(self, until: Millis) -> None:
        frames = self._frames
        assert frames is not None, "streams are opened by connect"
        due = frames.next_due()
        ahead = (until if due is None else min(until, due)) - self.now()
        self._arrived.wait(ahead / 1000)
        if due is not None:
            frames.release()

    def watch(self, symbol: str, below: Price | None, above: Price | None) -> None:
        """Every price is pushed."""

    def heard(self) -> dict[str, Millis]:
        streams = (*self._public, *([self._private] if self._private else ()))
        return {stream.name: self.now() - stream.silence() for stream in streams}

    def close(self) -> None:
        if self._ear is not None:
            self._prices.leave(self._ear)
        if self._private is not None:
            self._private.close()
        self._client.close()

    # ---- beyond the port ---------------------------------------------------------------------------------------------

    def uid(self) -> str:
        """The account's number at Bybit. Raises VenueError."""
        return readiness.identity(self._client).uid

    def private_down_ms(self) -> Millis:
        """How long the account's stream has been down; 0 while it is up."""
        since = self._private.down_since if self._private else None
        return 0 if since is None else self._local() - since

    # ---- inside ------------------------------------------------------------------------------------------------------

    def _tell(self, seen: Seen) -> None:
        assert self._inbox is not None, "streams are opened by connect"
        if type(seen) is MarketSeen:
            self._clock.answered(seen.at)
        self._inbox.put(seen)
        self._arrived.ring()

    def _changed(self, stream: str, up: bool, why: str) -> None:
        self._tell(ConnectionChanged(stream, up, self.now(), why))

    def _find(self, method: str, symbol: str, client_id: str) -> OrderRecord | None:
        result = self._client.read(method, category="linear", symbol=symbol, orderLinkId=client_id).result
        listed = [parse.order(item) for item in rows(result, "list")]
        found = [record for record in listed if record.symbol == symbol and record.client_id == client_id]
        if len(found) > 1:
            # the same order told twice; an end outweighs what came before it
            found.sort(key=lambda record: (record.state is not OrderState.WORKING, record.changed))
        return found[-1] if found else None


def _of(symbol: str, item: Row) -> Row:
    if item.get("symbol") != symbol:
        raise Malformed(f"Bybit: {symbol} was asked for and {ascii(item.get('symbol'))[:40]} came")
    return item
