"""The MT5 adapter on the bench: over the bridge, against a simulated terminal that lists DOGEUSDT at 0.20000."""

from __future__ import annotations

import threading
import time
from decimal import Decimal as D
from typing import Any, cast

from gridhedge.domain.order import account_tag
from gridhedge.domain.values import Price
from gridhedge.engine.inbox import DequeInbox
from gridhedge.engine.ports import Venue
from gridhedge.practice.clock import Clock
from gridhedge.practice.mt5.broker import Broker
from gridhedge.practice.mt5.sights import Login
from gridhedge.practice.mt5.specs import Spec
from gridhedge.practice.mt5.terminal import SimulatedTerminal
from gridhedge.practice.tape import Tape
from gridhedge.venue.mt5.reads import Reads
from gridhedge.venue.mt5.terminal.api import Mt5Api
from gridhedge.venue.mt5.terminal.bridge import Address, BridgeServer, remote
from gridhedge.venue.mt5.terminal.connect import Access
from gridhedge.venue.mt5.terminal.names import SymbolNames
from gridhedge.venue.mt5.venue import Commission, Mt5Venue
from gridhedge.venue.paper.exchange import Exchange
from gridhedge.venue.paper.feed import ScriptedFeed
from gridhedge.venue.paper.funding import ConstantFunding
from gridhedge.venue.paper.instruments import fees, instrument
from gridhedge.venue.paper.market import Listing

SYMBOL = "DOGEUSDT"
LOGIN = Login(501234, "practice", "Practice-Demo", 7200)
DOGE = Spec(SYMBOL, f"{SYMBOL}.c", D(1), 5, "DOGE", "USDT")

LACKS = {
    "01": "MT5 has no minimum notional and no tiers: tests/venue/mt5 has its rules",
    "02": "MT5 brokers charge one commission for makers and takers",
    "04": "a terminal can not set leverage, so that the margin is another",
    "06": "an exit of MT5 is a price on tickets: only its deals are in the history",
    "09": "a terminal's lists are whole",
    "12": "MT5 brokers charge one commission: tests/venue/mt5 has the take-profit of a side",
    "15": "a terminal can not change a volume: the order is withdrawn and sent anew, under the same id",
    "21": "MT5 binds no margin for pending orders",
    "22": "MT5 has no minimum notional",
    "24": "the simulated server takes as many orders as are sent",
    "25": "MT5 has no batches",
    "26": "MT5 has no batches",
    "28": "nothing draws bars of this simulated market: tests/venue/mt5/test_bars has those of a terminal",
    "30": "an order without a trace stays unknown: tests/venue/mt5/test_venue",
    "31": "codes of Bybit: tests/venue/mt5/terminal/test_retcodes has those of MT5",
    "32": "a trade server does not say until when it wants silence",
    "33": "a trade server does not say until when it wants silence",
    "36": "a terminal is on this machine: what it does not answer is told at once",
    "37": "MT5 pushes nothing: tests/venue/mt5/test_venue loses the one connection",
    "38": "MT5 pushes nothing: tests/venue/mt5/test_venue loses the one connection",
    "39": "MT5 pushes nothing",
    "40": "MT5 pushes nothing",
    "41": "MT5 pushes nothing",
    "42": "MT5 pushes nothing",
    "43": "MT5 pushes nothing",
    "44": "a terminal's history is as new as its positions",
    "50": "lines of its own: tests/venue/mt5/test_readiness",
    "51": "faults of Bybit's keys: tests/venue/mt5 has those of terminals",
    "52": "faults of Bybit's keys: tests/venue/mt5 has those of terminals",
    "53": "passwords of MT5 do not expire",
    "54": "netting accounts are refused: tests/venue/mt5",
    "55": "a terminal does not tell commissions at all",
    **{str(card): "MT5 pushes nothing: tests/venue/mt5/test_venue loses the one connection" for card in range(80, 86)},
}
"""Cards that do not speak of this venue, and why."""


class Mt5Bench:
    """1000 USDT, leverage 1:75, commission 0.055 %, server time two hours ahead."""

    tag = account_tag("bench", SYMBOL)
    title = "MT5"
    stops_per_side = 1
    tells_ends_with_fills = False

    def __init__(self) -> None:
        feed = ScriptedFeed([(time.time_ns() // 1_000_000, D("0.20000"))])
        rules = instrument("bybit", SYMBOL)
        taker = fees("bybit", SYMBOL)._replace(maker=D("0.00055"))
        self.exchange = Exchange([Listing(rules, taker, feed, ConstantFunding(480, D("0.0001")))], D(1000))
        self.exchange.set_leverage(SYMBOL, 75)
        self.lock = threading.Lock()
        self.tapes = {SYMBOL: Tape(self.exchange.now(), D("0.20000"))}
        self.broker = Broker(self.exchange, {DOGE.name: DOGE}, Clock(), digits=8, currency="USDT")
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
        reads = Reads(remote(self.bridge.address, 5.0), access, SymbolNames(".c"))
        commission = Commission(D(0), D("0.055"))
        venue = Mt5Venue(reads, "bench", demo=True, commission=commission, poll_ms=20)
        self._opened.append(venue)
        return venue

    def move(self, price: Price) -> None:
        self.broker.move(SYMBOL, price)

    def skip(self, milliseconds: int) -> None:
        self.broker.skip(milliseconds)

    def fault(self, kind: str, **how: Any) -> None:
        """The cards' words for faults, in this venue's: a lost answer is one whether or not it was carried out."""
        if kind == "drop":
            self.bridge.cut()
            return
        lost = "lost_after" if how.get("executed") or kind == "timeout_after" else "lost_before"
        self.broker.faults.add(lost)

    def clear(self) -> None:
        self.broker.faults.clear()

    def stranger(self) -> Venue:
        return self.open("another")

    def close(self) -> None:
        for venue in self._opened:
            venue.close()
        self.bridge.stop()
