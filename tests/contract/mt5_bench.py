"""The MT5 adapter on the bench: over the bridge, against a simulated terminal that lists DOGEUSDT at 0.20000."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal as D
from typing import Any, cast

from gridhedge.domain.order import account_tag
from gridhedge.domain.values import Millis, Price, Side
from gridhedge.engine.inbox import DequeInbox
from gridhedge.engine.ports import Venue
from gridhedge.practice.clock import Clock
from gridhedge.practice.mt5.broker import Broker
from gridhedge.practice.mt5.sights import Login
from gridhedge.practice.mt5.specs import Spec
from gridhedge.practice.mt5.terminal import SimulatedTerminal
from gridhedge.practice.tape import Tape
from gridhedge.venue.mt5.reads import Reads, wall_ms
from gridhedge.venue.mt5.terminal.api import Mt5Api
from gridhedge.venue.mt5.terminal.bridge import Address, BridgeServer, remote
from gridhedge.venue.mt5.terminal.connect import Access
from gridhedge.venue.mt5.terminal.names import SymbolNames
from gridhedge.venue.mt5.venue import Commission, Mt5Venue
from gridhedge.venue.paper.exchange import Exchange
from gridhedge.venue.paper.feed import ScriptedFeed
from gridhedge.venue.paper.funding import FundingPlan
from gridhedge.venue.paper.instruments import fees, instrument
from gridhedge.venue.paper.market import Listing
from tests.funding import FarFunding

SYMBOL = "DOGEUSDT"
LOGIN = Login(501234, "practice", "Practice-Demo", 7200)
DOGE = Spec(SYMBOL, f"{SYMBOL}.c", D(1), 5, "DOGE", "USDT")

_STREAMS = "MT5 pushes nothing: every look tells all that has changed"
LACKS = {
    "01": "no minimum notional and no tiers: test_venue.test_rules_are_in_base_units_and_leverage_is_the_broker_s",
    "02": "MT5 brokers charge one commission for makers and takers: test_venue has the fees with the rules",
    "04": "a terminal can not set leverage: test_account.test_margin_needed_is_a_part_of_the_stop_out",
    "06": "an exit is a price on tickets: test_terminal.test_a_new_bot_owns_the_same_tickets reads the history",
    "09": "a terminal's lists are whole: they have no pages",
    "12": "one commission: test_venue.test_a_side_s_take_profit_stands_on_every_ticket_and_is_one_order",
    "15": "a volume can not be changed: test_venue.test_an_amend_of_the_volume_is_a_new_order_under_the_same_marks",
    "21": "MT5 binds no margin for pending orders: test_venue.test_margin_that_is_not_there_is_said_when_it_executes",
    "22": "no minimum notional: test_venue.test_what_is_off_the_rules_is_out_of_bounds",
    "24": "a trade server has no budget of orders per second that it tells",
    "25": "MT5 has no batches",
    "26": "no batches: test_terminal.test_a_re_entry_at_depth_eight_is_on_its_way_at_once",
    "28": "nothing draws bars of this simulated market: test_bars has those of a terminal",
    "30": "nobody can prove it: test_venue.test_an_order_without_a_trace_stays_unknown",
    "31": "codes of Bybit: terminal/test_retcodes has those of MT5",
    "32": "a trade server does not say until when it wants silence",
    "33": "a trade server does not say until when it wants silence",
    "36": "a terminal is on this machine: what it does not answer is told at once",
    "37": "one connection for all: test_venue.test_a_lost_connection_is_told_and_comes_back",
    "38": "one connection for all: test_venue.test_a_lost_connection_is_told_and_comes_back",
    **dict.fromkeys(("39", "40", "41", "42", "43"), _STREAMS),
    "44": "a terminal's history is as new as its positions",
    "50": "lines of its own: test_readiness.test_a_ready_account_passes_every_line",
    "51": "faults of Bybit's keys: test_readiness.test_what_is_not_ready_is_one_line",
    "52": "a password, no signature: test_readiness.test_a_password_that_is_refused_is_one_line",
    "53": "passwords of MT5 do not expire",
    "54": "there is no mode to be switched: test_venue.test_a_netting_account_is_refused_with_a_sentence",
    "55": "a terminal tells no commission: test_readiness.test_a_commission_that_nobody_has_said_is_a_remark",
    "81": "nothing is tried three times: test_terminal.test_nothing_is_sent_while_the_terminal_is_lost",
    "82": "one connection for all: test_terminal.test_lost_terminals_leave_nothing_open",
    "83": _STREAMS,
    "84": _STREAMS,
    "85": "one connection for all: test_venue.test_the_terminal_tells_when_it_was_last_heard_of",
}
"""Cards that do not speak of this venue, and why; tests that show the same are in tests/venue/mt5 and beside this."""


def doge_broker(wall: Callable[[], Millis], funding: FundingPlan | None = None) -> Broker:
    """1000 USDT, leverage 1:75, commission 0.055 %, DOGEUSDT at 0.20000."""
    feed, funding = ScriptedFeed([(wall_ms(), D("0.20000"))]), funding or FarFunding(wall_ms())
    taker = fees("bybit", SYMBOL)._replace(maker=D("0.00055"))
    exchange = Exchange([Listing(instrument("bybit", SYMBOL), taker, feed, funding)], D(1000))
    exchange.set_leverage(SYMBOL, 75)
    return Broker(exchange, {DOGE.name: DOGE}, Clock(1, wall), digits=8, currency="USDT")


class Mt5Bench:
    """The account of ``doge_broker``, server time two hours ahead."""

    tag = account_tag("bench", SYMBOL)
    title = "MT5"
    stops_per_side = 1
    tells_ends_with_fills = False
    account, account_stream = "bench", "terminal"

    def __init__(self) -> None:
        self.ahead = 0
        """ms by which everybody's clock has been put forward."""
        self.broker = doge_broker(self.wall)
        self.exchange = self.broker.exchange
        self.tapes = {SYMBOL: Tape(self.exchange.now(), D("0.20000"))}
        self.bridge = BridgeServer(
            lambda: cast(Mt5Api, SimulatedTerminal(self.broker, LOGIN, self.tapes)), Address("127.0.0.1", 0)
        )
        self.bridge.start()
        self.inbox = DequeInbox()
        self._opened: list[Mt5Venue] = []
        self.venue: Venue = self.open("practice")

    def _terminal(self) -> Mt5Api:
        return cast(Mt5Api, SimulatedTerminal(self.broker, LOGIN, self.tapes))

    def open(self, password: str) -> Mt5Venue:
        access = Access(self.bridge.url, LOGIN.login, password, LOGIN.server)
        reads = Reads(remote(self.bridge.address), access, SymbolNames(".c"), self.wall)
        commission = Commission(D(0), D("0.055"))
        venue = Mt5Venue(reads, "bench", demo=True, commission=commission, poll_ms=20, wall=self.wall)
        self._opened.append(venue)
        return venue

    def wall(self) -> int:
        return wall_ms() + self.ahead

    def move(self, price: Price) -> None:
        self.broker.move(SYMBOL, price)

    def skip(self, milliseconds: int) -> None:
        self.broker.skip(milliseconds)

    def fault(self, kind: str, **how: Any) -> None:
        """The cards' words for faults, in this venue's: a lost answer is one whether or not it was carried out."""
        if kind == "drop":
            self.bridge.cut()
            return
        if kind == "refuse_sockets":
            self.broker.faults.add("no_terminal")
            return
        if kind == "duplicate":
            return  # every look tells everything again
        lost = "lost_after" if how.get("executed") or kind == "timeout_after" else "lost_before"
        self.broker.faults.add(lost)

    def resting(self) -> list[str]:
        """Pending orders, and the prices on tickets as what they are: a side's take-profit and stop-loss."""
        found = {order.comment for order in self.broker.books.pending.values()}
        for ticket in self.broker.books.tickets.values():
            letter = "L" if ticket.side is Side.LONG else "S"
            found |= {f"-{letter}{kind}00" for kind, price in (("T", ticket.tp), ("S", ticket.sl)) if price}
        return list(found)

    def booked(self) -> int:
        return sum(deal.entry != 0 or deal.order != 0 for deal in self.broker.books.deals)

    def clear(self, kind: str = "") -> None:
        self.broker.faults.clear()

    def stranger(self) -> Venue:
        return self.open("another")

    def close(self) -> None:
        for venue in self._opened:
            venue.close()
        self.bridge.stop()
