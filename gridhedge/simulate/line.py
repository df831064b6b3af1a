"""The venue as one process of the bot sees it: the paper venue behind a network that fails in all known ways."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol, TypeVar

from gridhedge.domain.account import OrderRecord, Snapshot
from gridhedge.domain.candles import Candles, Timeframe
from gridhedge.domain.change import Cancel, Change, Place
from gridhedge.domain.errors import NotSent as NotSentError
from gridhedge.domain.errors import RateLimited, Refused, Unclear
from gridhedge.domain.events import AccountSeen, Execution, Funding, MarketSeen
from gridhedge.domain.instrument import Fees, Instrument
from gridhedge.domain.order import OrderState, Reject
from gridhedge.domain.values import Millis, Price
from gridhedge.engine.ports import Accepted, Check, Inbox, NotSent, Outcome, Rejected, Unknown
from gridhedge.simulate.dice import Dice
from gridhedge.simulate.market import WildFeed
from gridhedge.simulate.network import Network, Stream
from gridhedge.venue.paper.orders import PaperOrder

__all__ = ["FATES", "FaultyVenue", "Watcher"]

_REFUSED_CONNECTION = ("F-21", "F-22")
_NO_ANSWER = ("F-23",)
_Entry = TypeVar("_Entry", OrderRecord, Execution | Funding)
_SPIKE = 40
"""A race moves the price by at most one part in this many."""


class Watcher(Protocol):
    """Who looks on: the judge, and the places at which a process may be killed."""

    def sending(self, changes: Sequence[Change]) -> None:
        """These changes leave now."""

    def sent(self, change: Change, outcome: Outcome) -> None:
        """What became of one of them, as the bot is told."""

    def at(self, place: str) -> None:
        """May raise: the process dies here."""


class FaultyVenue:
    """``engine.ports.Venue`` over the paper venue. One per process; the network behind it stays."""

    name = "paper"

    def __init__(self, network: Network, feeds: dict[str, WildFeed], watcher: Watcher) -> None:
        self.network = network
        self.capabilities = network.capabilities
        self.stream: Stream | None = None
        self._paper = network.paper
        self._feeds = feeds
        self._watcher = watcher
        self._chaos = network.chaos

    # ---- streams and time --------------------------------------------------------------------------------------------

    def connect(self, symbols: Sequence[str], inbox: Inbox) -> None:
        """Open the stream; a subscription may be refused without a word."""
        self.stream = Stream(inbox, self.network)
        self._paper.connect(symbols, self.stream)
        if dice := self._chaos.throw("F-37"):
            self.stream.fall_silent(dice.pick((5000, 30000)))

    def wait(self, until: Millis) -> None:
        """As the port says, in the time of the local clock."""
        network, stream = self.network, self.stream
        assert stream is not None, "a venue is connected before it is waited for"
        network.deliver()
        if stream.catch_up():
            return
        left = max(0, until - network.now())
        stop = self._paper.now() + left
        for at, _ in network.under_way:
            stop = min(stop, at)
        due = stream.next_due()
        if due is not None:
            stop = min(stop, max(due, self._paper.now()))
        self._paper.wait(stop)
        network.deliver()
        stream.catch_up()

    def watch(self, symbol: str, below: Price | None, above: Price | None) -> None:
        self._paper.watch(symbol, below, above)

    def heard(self) -> dict[str, Millis]:
        return self._paper.heard()

    def close(self) -> None:
        self._paper.close()

    # ---- reads -------------------------------------------------------------------------------------------------------

    def prepare(self, symbol: str, leverage: int) -> int:
        with self._reading():
            return self._paper.prepare(symbol, leverage)

    def checks(self, symbols: Sequence[str]) -> list[Check]:
        return self._paper.checks(symbols)

    def instrument(self, symbol: str) -> Instrument:
        return self._paper.instrument(symbol)

    def fees(self, symbol: str) -> Fees:
        return self._paper.fees(symbol)

    def market(self, symbol: str) -> MarketSeen:
        with self._reading():
            return self._paper.market(symbol)

    def account(self) -> AccountSeen:
        with self._reading():
            return self._paper.account()

    def snapshot(self, symbols: Sequence[str]) -> Snapshot:
        """All of it from one moment, which may lie in the past; or with the newest orders missing."""
        with self._reading():
            network = self.network
            fresh = self._paper.snapshot(symbols)
            asked = tuple(symbols)
            old, network.old_snapshots[asked] = network.old_snapshots.get(asked), fresh
            if self._chaos.throw("F-34") and old is not None and fresh.at - old.at <= network.longest_lag():
                return old._replace(at=fresh.at)
            if dice := self._chaos.throw("F-16"):
                newest = fresh.at - dice.below(network.longest_lag() + 1)
                return fresh._replace(orders=network.without_newest(fresh.orders, newest))
            return fresh

    def history(self, symbol: str, since: Millis) -> tuple[list[OrderRecord], list[Execution | Funding]]:
        """Ended orders and facts; the newest may be missing, and some may come twice."""
        with self._reading():
            ended, facts = self._paper.history(symbol, since)
            if dice := self._chaos.throw("F-17"):
                newest = self._paper.now() - dice.below(self.network.longest_lag() + 1)
                ended = [record for record in ended if record.changed <= newest]
                facts = [fact for fact in facts if fact.at <= newest]
            if dice := self._chaos.throw("F-18"):
                ended = _overlapping(ended, dice)
                facts = _overlapping(facts, dice)
            return ended, facts

    def candles(self, symbol: str, timeframe: Timeframe, limit: int) -> Candles:
        """The newest candle may not be listed yet."""
        with self._reading():
            found = self._paper.candles(symbol, timeframe, limit)
            return found.part(0, -1) if self._chaos.throw("F-16") else found

    def find_open(self, symbol: str, client_id: str) -> OrderRecord | None:
        """Not yet where it has just been placed; one that has changed since is listed."""
        with self._reading():
            record = self._paper.find_open(symbol, client_id)
            return None if record is not None and self._is_too_new("F-16", record.created) else record

    def find_ended(self, symbol: str, client_id: str) -> OrderRecord | None:
        """Not yet where it has just ended."""
        with self._reading():
            record = self._paper.find_ended(symbol, client_id)
            return None if record is not None and self._is_too_new("F-17", record.changed) else record

    def _is_too_new(self, fault: str, at: Millis) -> bool:
        dice = self._chaos.throw(fault)
        return dice is not None and at > self._paper.now() - dice.below(self.network.longest_lag() + 1)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Raises the venue errors that a read can meet."""
        network = self.network
        self._watcher.at("read")
        network.deliver()
        if fault := network.has(*_REFUSED_CONNECTION):
            raise NotSentError(f"{fault}: no connection")
        if fault := network.has(*_NO_ANSWER, "F-62"):
            raise Unclear(f"{fault}: no readable answer")
        if network.has("F-63"):
            raise Refused("F-63: the key may not do this")
        if self._paper.now() < network.quiet_until:
            raise RateLimited("rate limited", network.quiet_until + network.skew)
        yield

    # ---- requests ----------------------------------------------------------------------------------------------------

    def send(self, changes: Sequence[Change]) -> list[Outcome]:
        """Each change meets its own fate; a batch may be carried out in another order."""
        self._watcher.sending(changes)
        self._watcher.at("send")
        order = list(range(len(changes)))
        if len(changes) > 1 and (dice := self._chaos.throw("F-15")):
            swapped = dice.below(len(changes) - 1)
            order[swapped], order[swapped + 1] = order[swapped + 1], order[swapped]
        failing = len(changes)
        if len(changes) > 1 and (dice := self._chaos.throw("F-19")):
            failing = dice.between(1, len(changes) - 1)
        outcomes: dict[int, Outcome] = {}
        for number, place in enumerate(order):
            if number:
                self._travel(1)  # the venue works on one after the other, and tells of each
            if place >= failing:
                outcomes[place] = Rejected(Reject.BUSY, "F-19: the second half of the batch failed")
            else:
                outcomes[place] = self._send(changes[place])
        for place, change in enumerate(changes):
            self._watcher.sent(change, outcomes[place])
        self._watcher.at("sent")
        return [outcomes[place] for place in range(len(changes))]

    def _send(self, change: Change) -> Outcome:
        network = self.network
        if fault := network.has(*_REFUSED_CONNECTION):
            return NotSent(f"{fault}: no connection")
        if fault := network.has(*_NO_ANSWER):
            return Unknown(f"{fault}: no readable answer")
        if network.has("F-62", "F-61"):
            return Rejected(Reject.BUSY, "not trading now")
        if network.has("F-63"):
            return Rejected(Reject.PERMISSION, "F-63: the key may not do this")
        if network.has("F-64") and isinstance(change, Place) and not change.reduce_only:
            return Rejected(Reject.PERMISSION, "F-64: reduce-only")
        for fault, dice in self._chaos.at("request"):
            if fault in ("F-15", "F-19"):
                continue
            outcome = FATES[fault](self, change, dice)
            if outcome is not None:
                return outcome
        return self._carry_out(change)

    def _carry_out(self, change: Change) -> Outcome:
        outcome = self._paper.send([change])[0]
        if type(outcome) is Accepted and outcome.update is not None and not outcome.update.state.is_final:
            # An answer is not the place where a real venue tells of another price or quantity: its stream is.
            assert self.stream is not None
            self.stream.put(outcome.update)
            return Accepted(outcome.venue_id)
        return outcome

    # ---- fates of a request: None lets it go on to the exchange ----------------------------------------------------

    def _lost(self, change: Change, dice: Dice) -> Outcome | None:
        return Unknown("timeout: it never arrived")

    def _unheard(self, change: Change, dice: Dice) -> Outcome | None:
        self._carry_out(change)
        return Unknown("timeout: it was carried out")

    def _torn(self, change: Change, dice: Dice) -> Outcome | None:
        return self._unheard(change, dice) if dice.chance(500) else self._lost(change, dice)

    def _not_sent(self, change: Change, dice: Dice) -> Outcome | None:
        return NotSent("F-03: connection refused")

    def _unavailable(self, change: Change, dice: Dice) -> Outcome | None:
        return Rejected(Reject.BUSY, "F-07: throttled") if dice.chance(330) else self._torn(change, dice)

    def _limited(self, change: Change, dice: Dice) -> Outcome | None:
        return self._limit(dice.pick((0, 500, 3000)))

    def _banned(self, change: Change, dice: Dice) -> Outcome | None:
        return self._limit(dice.pick((5000, 30000)))

    def _limit(self, lasts_ms: Millis) -> Outcome:
        network = self.network
        network.quiet_until = max(network.quiet_until, self._paper.now() + lasts_ms)
        return Rejected(Reject.RATE_LIMITED, "too many requests", network.quiet_until + network.skew if lasts_ms else 0)

    def _refused(self, change: Change, dice: Dice) -> Outcome | None:
        return Rejected(Reject.OTHER, "F-11: business error")

    def _filtered(self, change: Change, dice: Dice) -> Outcome | None:
        return None if isinstance(change, Cancel) else Rejected(Reject.OUT_OF_BOUNDS, "F-44: a filter")

    def _without_margin(self, change: Change, dice: Dice) -> Outcome | None:
        is_entry = isinstance(change, Place) and not change.reduce_only
        return Rejected(Reject.MARGIN, "F-45: not enough") if is_entry else None

    def _late(self, change: Change, dice: Dice) -> Outcome | None:
        if not self.capabilities.receive_window_ms:
            return self._lost(change, dice)
        self.network.send_late(change, dice)
        return Unknown("timeout: still under way")

    def _doubled(self, change: Change, dice: Dice) -> Outcome | None:
        self._carry_out(change)
        return self._carry_out(change)

    def _slow(self, change: Change, dice: Dice) -> Outcome | None:
        self._travel(dice.pick((300, 1500, 4000)))
        return None

    def _hang(self, change: Change, dice: Dice) -> Outcome | None:
        outcome = self._torn(change, dice)
        self._travel(dice.pick((20000, 60000)))
        return outcome

    def _travel(self, lasts_ms: Millis) -> None:
        """Time passes while the bot waits for an answer; the stream goes on."""
        self.network.pass_time(self._paper.now() + lasts_ms)

    def _race(self, change: Change, dice: Dice) -> Outcome | None:
        """The order executes while the request to change it is on its way."""
        if not isinstance(change, Place):
            self._fill(self._paper.exchange.account.find(change.client_id, change.venue_id))
        return None

    def _part_race(self, change: Change, dice: Dice) -> Outcome | None:
        """A part of the order executes while the request to amend it is on its way."""
        market = self._paper.exchange.market(change.symbol)
        market.liquidity = market.left = market.instrument.min_quantity
        outcome = self._race(change, dice)
        market.liquidity = market.left = None
        market.stale = True
        return outcome

    def _fill_first(self, change: Change, dice: Dice) -> Outcome | None:
        """What is placed executes at once: the stream tells of it before the answer comes."""
        if not isinstance(change, Place):
            return None
        outcome = self._carry_out(change)
        self._fill(self._paper.exchange.account.find(change.client_id))
        return outcome

    def _withdrawn(self, change: Change, dice: Dice) -> Outcome | None:
        """Accepted, and a moment later cancelled by the venue."""
        outcome = self._carry_out(change)
        exchange = self._paper.exchange
        order = exchange.account.find(change.client_id)
        if order is not None and order.state is OrderState.WORKING:
            exchange.matching.withdraw(exchange.market(order.symbol), order, Reject.OTHER, "cancelled by the venue")
        return outcome

    def _fill(self, order: PaperOrder | None) -> None:
        """Let the price spike through a resting order."""
        if order is None or order.state is not OrderState.WORKING:
            return
        feed = self._feeds[order.symbol]
        tick = self._paper.instrument(order.symbol).tick_size
        if abs(order.price - feed.price) * _SPIKE <= feed.price:
            feed.spike(order.price - tick if order.buys else order.price + tick)
            while self._paper.exchange.advance(self._paper.now()):
                pass


def _overlapping(entries: list[_Entry], dice: Dice) -> list[_Entry]:
    """Two pages of a list that moved between reading them: some entries come twice."""
    middle = dice.below(len(entries) + 1)
    return entries[: middle + dice.below(3)] + entries[middle:]


_Fate = Callable[[FaultyVenue, Change, Dice], Outcome | None]
FATES: dict[str, _Fate] = {
    "F-01": FaultyVenue._lost,
    "F-02": FaultyVenue._unheard,
    "F-03": FaultyVenue._not_sent,
    "F-04": FaultyVenue._torn,
    "F-05": FaultyVenue._lost,
    "F-06": FaultyVenue._unheard,
    "F-07": FaultyVenue._unavailable,
    "F-08": FaultyVenue._limited,
    "F-09": FaultyVenue._banned,
    "F-10": FaultyVenue._unheard,
    "F-11": FaultyVenue._refused,
    "F-12": FaultyVenue._unheard,
    "F-13": FaultyVenue._late,
    "F-14": FaultyVenue._doubled,
    "F-20": FaultyVenue._slow,
    "F-38": FaultyVenue._fill_first,
    "F-40": FaultyVenue._race,
    "F-41": FaultyVenue._race,
    "F-42": FaultyVenue._part_race,
    "F-44": FaultyVenue._filtered,
    "F-45": FaultyVenue._without_margin,
    "F-46": FaultyVenue._withdrawn,
    "F-70": FaultyVenue._hang,
}
