"""MetaTrader 5 behind the engine's port: one hedging account in one terminal, which is polled.

The tickets of a side carry its take-profit and its stop-loss; to the engine each is one order. Everything happens in
the session's thread: the terminal drives one call at a time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path

from gridhedge.domain.account import OrderRecord, Snapshot
from gridhedge.domain.candles import Candles, Timeframe
from gridhedge.domain.change import Change
from gridhedge.domain.errors import Refused, Unclear
from gridhedge.domain.events import AccountSeen, Execution, Funding, MarketSeen, Seen
from gridhedge.domain.instrument import Fees, Instrument
from gridhedge.domain.order import OrderState, parse_client_id
from gridhedge.domain.values import HUNDRED, ZERO, Millis, Price, Role
from gridhedge.engine.ports import Capabilities, Check, Inbox, Outcome
from gridhedge.venue.mt5 import readiness
from gridhedge.venue.mt5.account import account_seen, market_seen, observed_fee
from gridhedge.venue.mt5.bars import closed, source_of
from gridhedge.venue.mt5.identity import Identity
from gridhedge.venue.mt5.memory import Memory
from gridhedge.venue.mt5.orders import Orders
from gridhedge.venue.mt5.polls import STREAM, Polls, gathered_swap
from gridhedge.venue.mt5.reads import Reads, wall_ms
from gridhedge.venue.mt5.records import Records
from gridhedge.venue.mt5.terminal.connect import complaints
from gridhedge.venue.mt5.terminal.filling import Fillings

__all__ = ["Commission", "Mt5Venue"]

_PROCESSING_MS = 45_000
_MAX_OPEN_ORDERS = 200
_DAY_MS: Millis = 86_400_000
_FEE_DAYS = 30
_SOME_TURNOVER = Decimal("0.0000001")


class Commission:
    """What the profile says of the broker's commission: per lot and side, or a part of the turnover (percent)."""

    def __init__(self, per_lot: Decimal, percent: Decimal) -> None:
        self.per_lot, self.percent = per_lot, percent

    def rate(self, contract: Decimal, price: Price) -> Decimal:
        """As a fraction of the turnover, rounded up."""
        per_lot = self.per_lot / (contract * price)
        exact = max(per_lot, self.percent / HUNDRED)
        rounded = exact // _SOME_TURNOVER * _SOME_TURNOVER
        return rounded if rounded == exact else rounded + _SOME_TURNOVER


class Mt5Venue:
    """The port over one account; also the session's clock.

    ``account`` is the profile's, whose mark the orders carry. ``file`` keeps what the terminal does not; None forgets
    it. ``poll_ms``: how often the terminal is looked at. ``wall`` gives ms UTC.
    """

    name = "mt5"

    def __init__(
        self,
        reads: Reads,
        account: str,
        *,
        demo: bool,
        commission: Commission,
        file: Path | None = None,
        poll_ms: Millis = 100,
        deviation: int = 20,
        wall: Callable[[], Millis] = wall_ms,
    ) -> None:
        self.capabilities = Capabilities(
            batch_size=1,
            can_amend=True,
            has_stop_orders=True,
            receive_window_ms=0,
            processing_ms=_PROCESSING_MS,
            max_open_orders=_MAX_OPEN_ORDERS,
        )
        self._reads, self._account = reads, account
        self._demo, self._commission = demo, commission
        self._poll_ms, self._wall = poll_ms, wall
        self._memory = Memory(file)
        reads.offset_s = self._memory.offset_s
        self._records: dict[str, Records] = {}
        self._lost: set[str] = set()
        """Ids of orders whose fate nobody knows."""
        self._orders = Orders(reads, self.records, self._memory, Fillings("auto"), deviation, self.now, self._lost.add)
        self._polls: Polls | None = None
        self._inbox: Inbox | None = None
        self._news = 0
        """Counts what has been told."""
        self._last = 0

    # ---- the port ----------------------------------------------------------------------------------------------------

    def now(self) -> Millis:
        self._last = max(self._last, self._wall())
        return self._last

    def connect(self, symbols: Sequence[str], inbox: Inbox) -> None:
        """Sign in and begin to look. Raises Refused for an account that can not be hedged on."""
        terminal, account = self._reads.state()
        found = complaints(terminal, account)
        if found:
            raise Refused("; ".join(found))
        if account.limit_orders:
            self.capabilities = self.capabilities._replace(max_open_orders=account.limit_orders)
        self._inbox = inbox
        for symbol in symbols:
            self.records(symbol)
            self._reads.rules(symbol)
        self._polls = Polls(self._reads, self._records, self._tell, self.now)
        self._polls.look()

    def prepare(self, symbol: str, leverage: int) -> int:
        """A terminal can not set leverage: the broker's is in force, and the bot reckons with the smaller one."""
        return min(leverage, self._reads.account().leverage)

    def checks(self, symbols: Sequence[str]) -> list[Check]:
        lines = readiness.checks(self._reads, symbols, self._demo)
        if all(line.passed is not False for line in lines):
            for symbol in symbols:
                rate = self.fees(symbol).taker.normalize() + ZERO
                told = "" if rate else "; say commission_per_lot or commission_percent if there is one"
                lines.append(Check(f"{symbol} fees", True if rate else None, f"commission {rate:f} of turnover{told}"))
        return lines

    def instrument(self, symbol: str) -> Instrument:
        return self._reads.fresh_rules(symbol).instrument

    def fees(self, symbol: str) -> Fees:
        """The larger of what the profile says and what the deals of the last month have shown."""
        rules = self._reads.rules(symbol)
        price = self.market(symbol).ask
        deals = self._reads.deals(symbol, self.now() - _FEE_DAYS * _DAY_MS)
        rate = max(self._commission.rate(rules.contract, price), observed_fee(deals, rules.contract))
        return Fees(rate, rate)

    def market(self, symbol: str) -> MarketSeen:
        return market_seen(symbol, self._reads.tick(symbol), self.now())

    def account(self) -> AccountSeen:
        info = self._reads.account()
        return account_seen(info, gathered_swap(self._reads, self._records), self.now())

    def snapshot(self, symbols: Sequence[str]) -> Snapshot:
        at = self.now()
        positions, orders = [], []
        for symbol in symbols:
            records = self.records(symbol)
            held = self._reads.positions(symbol)
            positions += records.positions(held)
            listed = [records.pending(order) for order in self._reads.orders(symbol)]
            listed += [records.exit_state(exit_, held) for exit_ in records.exits()]
            orders += [record for record in listed if record is not None]
        return Snapshot(at, self.account(), tuple(positions), tuple(orders))

    def history(self, symbol: str, since: Millis) -> tuple[list[OrderRecord], list[Execution | Funding]]:
        records = self.records(symbol)
        listed = [records.pending(order) for order in self._reads.ended_orders(symbol, since)]
        ended = [one for one in listed if one is not None and one.state.is_final and one.changed >= since]
        facts: list[Execution | Funding] = [*records.executions(since)]
        facts += [one for one in self._memory.swaps if one.symbol == symbol and one.at >= since]
        return ended, sorted(facts, key=lambda fact: fact.at)

    def candles(self, symbol: str, timeframe: Timeframe, limit: int) -> Candles:
        """Of bids, as every chart of the terminal; times in which the market was closed are left out."""
        source, count = source_of(timeframe, limit)
        return closed(self._reads.bars(symbol, source, count), timeframe, self.now(), limit)

    def find_open(self, symbol: str, client_id: str) -> OrderRecord | None:
        records = self.records(symbol)
        exit_ = self._memory.find(client_id)
        if exit_ is not None:
            found = None if exit_.is_over else records.exit_state(exit_, self._reads.positions(symbol))
        else:
            listed = [records.pending(order) for order in self._reads.orders(symbol)]
            found = next((one for one in listed if one is not None and one.client_id == client_id), None)
        if found is not None:
            self._lost.discard(client_id)
        return found

    def find_ended(self, symbol: str, client_id: str) -> OrderRecord | None:
        """Raises Unclear for an order that was sent without an answer and is nowhere: no time proves that a trade
        server will not carry it out. It stays unknown until it is seen, or a person has looked and starts anew."""
        records = self.records(symbol)
        found = self._ended_exit(records, client_id)
        if found is None:
            listed = [records.pending(order) for order in self._reads.ended_orders(symbol, self.now() - 7 * _DAY_MS)]
            ended = [one for one in listed if one is not None and one.client_id == client_id and one.state.is_final]
            found = ended[-1] if ended else None
        if found is not None:
            self._lost.discard(client_id)
        elif client_id in self._lost:
            raise Unclear(
                f"{client_id} was sent without an answer and is nowhere to be seen: look into the terminal's journal; "
                "a restart of the bot decides that it never arrived"
            )
        return found

    def send(self, changes: Sequence[Change]) -> list[Outcome]:
        return self._orders.send(changes)

    def wait(self, until: Millis) -> None:
        assert self._polls is not None, "looking begins with connect"
        before = self._news
        while True:
            self._polls.look()
            if self._reads.offset_s is not None:
                self._memory.keep_offset(self._reads.offset_s)
            ahead = until - self.now()
            if self._news > before or ahead <= 0:
                return
            time.sleep(min(ahead, self._poll_ms) / 1000)

    def watch(self, symbol: str, below: Price | None, above: Price | None) -> None:
        """Every price is looked at."""

    def heard(self) -> dict[str, Millis]:
        return {} if self._polls is None else {STREAM: self._polls.heard_at}

    def close(self) -> None:
        self._reads.close()

    # ---- beyond the port ---------------------------------------------------------------------------------------------

    def uid(self) -> str:
        """The account's number at its server. Raises VenueError."""
        info = self._reads.account()
        return f"{info.login}@{info.server}"

    def private_down_ms(self) -> Millis:
        """How long the terminal has been lost; 0 while it answers and is connected."""
        since = self._polls.down_since if self._polls is not None else None
        return 0 if since is None else self.now() - since

    def records(self, symbol: str) -> Records:
        """The symbol's orders and deals in the engine's words."""
        if symbol not in self._records:
            self._records[symbol] = Records(symbol, Identity(self._account, symbol), self._memory, self._reads)
        return self._records[symbol]

    # ---- inside ------------------------------------------------------------------------------------------------------

    def _ended_exit(self, records: Records, client_id: str) -> OrderRecord | None:
        """The end of an exit or a close, which only deals tell of."""
        key = parse_client_id(records.identity.tag, client_id)
        if key is None or key.role.is_entry:
            return None
        made = [one for one in records.executions(self.now() - 7 * _DAY_MS) if one.client_id == client_id]
        exit_ = self._memory.find(client_id)
        filled = sum((one.quantity for one in made), Decimal(0))
        if not filled and exit_ is None:
            return None
        price = exit_.price if exit_ is not None else made[-1].price
        first = exit_.at if exit_ is not None else made[0].at
        quantity = exit_.quantity if exit_ is not None and key.role is not Role.CLOSE else filled
        state = OrderState.FILLED if filled >= quantity else OrderState.CANCELLED
        changed = made[-1].at if made else first
        return OrderRecord(
            records.plain, client_id, "", key.side, True, price, quantity, filled, state, first, changed,
            price if exit_ is not None and exit_.is_stop else None,
        )  # fmt: skip

    def _tell(self, seen: Seen) -> None:
        assert self._inbox is not None, "looking begins with connect"
        self._news += 1
        self._inbox.put(seen)
