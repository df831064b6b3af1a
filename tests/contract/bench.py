"""A venue on a bench: the adapter as the engine uses it, over the real client library, against a practice exchange."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal as D
from typing import Any, ClassVar, Protocol, TypeVar
from unittest.mock import patch

import requests

from gridhedge.cli.build import RealVenue
from gridhedge.domain.change import Amend, Cancel, Place, Urgency
from gridhedge.domain.events import ConnectionChanged, Execution, Seen
from gridhedge.domain.order import OrderKey, client_id
from gridhedge.domain.values import Role, Side
from gridhedge.engine.inbox import DequeInbox
from gridhedge.practice import binance as practice_binance
from gridhedge.practice import bitget as practice_bitget
from gridhedge.practice import bybit as practice_bybit
from gridhedge.practice.bitget.rest import Generation
from gridhedge.practice.server import Handle
from gridhedge.practice.world import Options
from gridhedge.venue.binance import client as binance
from gridhedge.venue.binance.venue import BinanceVenue
from gridhedge.venue.bitget import client as bitget
from gridhedge.venue.bitget.venue import BitgetVenue
from gridhedge.venue.bybit.client import Access, Client
from gridhedge.venue.bybit.tickers import price_streams
from gridhedge.venue.bybit.venue import BybitVenue
from gridhedge.venue.clock import ServerClock
from gridhedge.venue.keeper import Pace
from gridhedge.venue.paper.exchange import Exchange
from gridhedge.venue.paper.feed import ScriptedFeed
from gridhedge.venue.paper.instruments import fees, instrument
from gridhedge.venue.paper.market import Listing
from tests.funding import FarFunding
from tests.patience import until

SYMBOL = "DOGEUSDT"
TIMEOUT_S = 60.0
"""Of requests and handshakes: none that is answered at all may fail for want of time."""
Fact = TypeVar("Fact")


HASTY = Pace(attempts=3, pongs_count=False, silence=2.0, look_every=0.1, first=0.1, slowest=0.4, handshake=TIMEOUT_S)


class Bench(Protocol):
    """What the cards need of a venue and of the practice exchange behind it."""

    venue: RealVenue
    client: type[Any]
    """Its client: the class whose ``write`` carries every request that changes orders."""
    inbox: DequeInbox
    exchange: Exchange
    practice: Handle
    title: str
    """The venue's name in sentences."""
    expired: str
    """The code that a key gets that has expired."""
    tells_key_expiry: bool
    """Whether it says beforehand when a key will expire."""
    first_tier: tuple[D, D, D, int]
    hides_demo_fees: bool
    tells_ends_with_fills: bool
    """Whether an order's end comes in the same message as its last execution."""
    stops_per_side: int
    """How many closing stops one side may have: one, or two and more."""
    account: str
    """Of a profile that trades here."""
    account_stream: str
    """What is told as down when the account can not be heard any more."""

    def resting(self) -> list[str]:
        """Client ids of what rests, by the exchange's own book."""

    def booked(self) -> int:
        """How many executions the exchange has booked."""

    def move(self, price: D) -> None:
        """Let the price of SYMBOL jump."""

    def skip(self, milliseconds: int) -> None:
        """Let time pass."""

    def fault(self, kind: str, **how: Any) -> None:
        """Switch a fault of the practice exchange on."""

    def clear(self, kind: str = "") -> None:
        """Switch the faults of a kind off, or all."""

    def stranger(self) -> RealVenue:
        """The same account through a key that is refused."""

    def close(self) -> None: ...


@contextmanager
def hurried() -> Iterator[None]:
    """Meanwhile requests wait for their answers a second only, through whichever client library."""
    send = requests.Session.send

    def send_hurriedly(session: requests.Session, request: requests.PreparedRequest, **more: Any) -> requests.Response:
        return send(session, request, **{**more, "timeout": 1.0})

    with patch.object(requests.Session, "send", send_hurriedly):
        yield


def listing(rules: str) -> Listing:
    """DOGEUSDT at 0.20000 under a venue's rules, from now on."""
    now = time.time_ns() // 1_000_000
    feed, funding = ScriptedFeed([(now, D("0.20000"))]), FarFunding(now)
    return Listing(instrument(rules, SYMBOL), fees(rules, SYMBOL), feed, funding, margin_holds_fees=rules == "bybit")


class OnExchange:
    """A bench whose practice exchange keeps all orders in the embedded exchange."""

    exchange: Exchange
    account = "001"
    account_stream = "private stream"

    def resting(self) -> list[str]:
        return [order.client_id for order in self.exchange.account.open.values()]

    def booked(self) -> int:
        return sum(isinstance(booking, Execution) for booking in self.exchange.account.bookings)


class BybitBench(OnExchange):
    """Bybit's adapter through pybit against the practice Bybit: DOGEUSDT at 0.20000, 1000 USDT."""

    title = "Bybit"
    client = Client
    expired = "33004"
    tells_key_expiry = True
    first_tier = (D(200_000), D("0.0065"), D(0), 75)
    hides_demo_fees = True
    tells_ends_with_fills = False
    stops_per_side = 2

    def __init__(self) -> None:
        self.exchange = Exchange([listing("bybit")], D(1000))
        self.practice = practice_bybit.start(self.exchange, options=Options(keys={"practice": "practice"}))
        self.inbox = DequeInbox()
        self._opened: list[BybitVenue] = []
        self.venue: RealVenue = self.open("practice")

    def open(self, secret: str, account_silence: float = 30.0) -> BybitVenue:
        clock = ServerClock()
        log = logging.getLogger("gridhedge.account.bench")
        access = Access(True, self.practice.url, "practice", secret, 5000, TIMEOUT_S)
        patient = HASTY._replace(pongs_count=True, silence=account_silence)
        venue = BybitVenue(
            Client(access, clock, log),
            clock,
            price_streams(self.practice.url, log, HASTY, timeout_s=TIMEOUT_S),
            demo=True,
            receive_window_ms=5000,
            log=log,
            private_pace=patient,
        )
        self._opened.append(venue)
        return venue

    def move(self, price: D) -> None:
        self.practice.move(SYMBOL, price)

    def skip(self, milliseconds: int) -> None:
        self.practice.skip(milliseconds)

    def fault(self, kind: str, **how: Any) -> None:
        self.practice.faults.add(kind, **how)

    def clear(self, kind: str = "") -> None:
        self.practice.faults.clear(kind)

    def stranger(self) -> RealVenue:
        return self.open("another")

    def close(self) -> None:
        """Also what a test has closed already."""
        for venue in self._opened:
            venue.close()
        self.practice.stop()


class BinanceBench(OnExchange):
    """Binance's adapter through python-binance against the practice Binance: DOGEUSDT at 0.20000, 1000 USDT."""

    title = "Binance"
    client = binance.Client
    expired = "-2015"
    tells_key_expiry = True
    first_tier = (D(80_000), D("0.0065"), D(0), 75)
    hides_demo_fees = False
    tells_ends_with_fills = True
    stops_per_side = 2

    _PLACES: ClassVar = {
        "order/create": "v1/order",
        "order/cancel": "v1/order",
        "wallet-balance": "v3/account",
        "execution": "TRADE",
        "order": "NEW",
    }
    """Where the cards' places are here."""
    _CODES: ClassVar = {
        10000: -1006, 10016: -1007, 10001: -1102, 10005: -2015, 110007: -2019, 110017: -2022, 110072: -4116,
        99_999_999: -9999,
    }  # fmt: skip
    """The cards' codes in the words of this venue."""

    def __init__(self) -> None:
        self.exchange = Exchange([listing("binance")], D(1000), ids_return=True)
        options = Options(rules="binance", keys={"practice": "practice"})
        self.practice = practice_binance.start(self.exchange, options=options)
        self.inbox = DequeInbox()
        self._opened: list[BinanceVenue] = []
        self.venue: RealVenue = self.open("practice")

    def open(self, secret: str) -> BinanceVenue:
        clock = ServerClock()
        log = logging.getLogger("gridhedge.account.bench")
        access = binance.Access(True, self.practice.url, "practice", secret, 5000, TIMEOUT_S)
        venue = BinanceVenue(
            binance.Client(access, clock, log),
            clock,
            demo=True,
            receive_window_ms=5000,
            log=log,
            public_pace=HASTY,
            private_pace=HASTY._replace(silence=60.0),
        )
        self._opened.append(venue)
        return venue

    def move(self, price: D) -> None:
        self.practice.move(SYMBOL, price)

    def skip(self, milliseconds: int) -> None:
        self.practice.skip(milliseconds)

    def fault(self, kind: str, **how: Any) -> None:
        if "on" in how:
            how["on"] = self._PLACES.get(how["on"], how["on"])
        if kind in ("refusal", "item_fails"):
            how["code"] = self._CODES[how["code"]]
        self.practice.faults.add(kind, **how)

    def clear(self, kind: str = "") -> None:
        self.practice.faults.clear(kind)

    def stranger(self) -> RealVenue:
        return self.open("another")

    def close(self) -> None:
        """Also what a test has closed already."""
        for venue in self._opened:
            venue.close()
        self.practice.stop()


class BitgetBench(OnExchange):
    """Bitget's adapter through ccxt against the practice Bitget of one account generation: DOGEUSDT at 0.20000."""

    _CODES: ClassVar[dict[int, int]] = {10016: 45001, 10000: 40010}
    """Of errors after which nobody knows."""
    _PLACES: ClassVar[dict[str, dict[str, str]]] = {
        "v2": {
            "order/create": "batch-place-order",
            "order/cancel": "batch-cancel-orders",
            "wallet-balance": "account/accounts",
            "execution": "fill",
            "order": "orders",
        },
        "v3": {
            "order/create": "place-batch",
            "order/cancel": "cancel-batch",
            "wallet-balance": "account/assets",
            "execution": "fill",
        },
    }

    title = "Bitget"
    client = bitget.Client
    expired = "40041"
    tells_key_expiry = False
    first_tier = (D(200_000), D("0.0065"), D(0), 75)
    hides_demo_fees = True
    tells_ends_with_fills = False
    stops_per_side = 1

    def __init__(self, generation: Generation) -> None:
        self.exchange = Exchange([listing("bybit")], D(1000))
        self._generation = generation
        self.practice = practice_bitget.start(self.exchange, generation=generation)
        self.inbox = DequeInbox()
        self._opened: list[BitgetVenue] = []
        self.venue: RealVenue = self.open("practice")

    def open(self, secret: str) -> BitgetVenue:
        clock, log = ServerClock(), logging.getLogger("gridhedge.account.bench")
        access = bitget.Access(True, self.practice.url, "practice", secret, "practice", TIMEOUT_S)
        venue = BitgetVenue(
            bitget.Client(access, clock, log),
            clock,
            demo=True,
            account_key="practice",
            log=log,
            public_pace=HASTY,
            private_pace=HASTY._replace(pongs_count=True, silence=30.0),
        )
        self._opened.append(venue)
        return venue

    def move(self, price: D) -> None:
        self.practice.move(SYMBOL, price)

    def skip(self, milliseconds: int) -> None:
        self.practice.skip(milliseconds)

    def fault(self, kind: str, **how: Any) -> None:
        """Places and codes of the cards are Bybit's: here they have other names."""
        if "on" in how:
            how["on"] = self._PLACES[self._generation].get(how["on"], how["on"])
        if "code" in how:
            how["code"] = self._CODES.get(how["code"], how["code"])
        self.practice.faults.add(kind, **how)

    def clear(self, kind: str = "") -> None:
        self.practice.faults.clear(kind)

    def stranger(self) -> RealVenue:
        return self.open("another")

    def close(self) -> None:
        """Also what a test has closed already."""
        for venue in self._opened:
            venue.close()
        self.practice.stop()


class Desk:
    """One trader at the bench: names orders as the engine does, and remembers what has been seen."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.venue = bench.venue
        self.seen: list[Seen] = []

    def connect(self, leverage: int = 10) -> None:
        self.venue.connect([SYMBOL], self.bench.inbox)
        self.venue.prepare(SYMBOL, leverage)

    def key(self, side: Side, role: Role, level: int) -> OrderKey:
        return OrderKey(side, role, level, 1, 0)

    def name(self, side: Side, role: Role, level: int) -> str:
        return client_id(getattr(self.bench, "tag", "bench0"), self.key(side, role, level))

    def place(self, side: Side, price: str, quantity: str, level: int = 0, **more: Any) -> Place:
        role = Role.CLOSE if more.get("market") else Role.TAKE_PROFIT if more.get("closing") else Role.GRID
        return Place(
            SYMBOL,
            self.name(side, role, level),
            self.key(side, role, level),
            D(price),
            D(quantity),
            bool(more.get("closing")),
            Urgency.OPENING,
            "a card of the contract",
            market=bool(more.get("market")),
        )

    def stop(self, side: Side, trigger: str, quantity: str, level: int = 0) -> Place:
        """A closing stop that goes to market."""
        place = self.place(side, trigger, quantity, level, closing=True)
        key = self.key(side, Role.STOP_LOSS, level)
        return place._replace(
            client_id=self.name(side, Role.STOP_LOSS, level), key=key, trigger_price=D(trigger), urgency=Urgency.EXIT
        )

    def amend(self, place: Place, price: str, quantity: str) -> Amend:
        return Amend(SYMBOL, place.client_id, "", D(price), D(quantity), Urgency.EXIT, "a card of the contract")

    def cancel(self, place: Place) -> Cancel:
        return Cancel(SYMBOL, place.client_id, "", "a card of the contract")

    def wait_for(
        self, kind: type[Fact], count: int = 1, where: Callable[[Fact], bool] = lambda fact: True
    ) -> list[Fact]:
        """The first ``count`` events of a kind that meet a condition, since the desk was opened."""
        found: list[Fact] = []

        def have_come() -> bool:
            self.look()
            found[:] = [fact for fact in self.seen if isinstance(fact, kind) and where(fact)]
            return len(found) >= count

        until(have_come, lambda: f"{len(found)} of {count} {kind.__name__}; all: {self.seen[-20:]}")
        return found[:count]

    def look(self, milliseconds: int = 100) -> None:
        """Wait for what comes, a moment at most, and take it."""
        self.venue.wait(self.seen_now() + milliseconds)
        self.seen += self.bench.inbox.drain()

    def seen_now(self) -> int:
        """The session's clock."""
        return self.venue.now()

    def wait_for_stream(self, stream: str, up: bool) -> ConnectionChanged:
        """``stream``: what its name begins with."""
        return self.wait_for(ConnectionChanged, 1, lambda told: told.stream.startswith(stream) and told.up is up)[0]


BENCHES: dict[str, Callable[[], Bench]] = {
    "bybit": BybitBench,
    "binance": BinanceBench,
    "bitget-v2": lambda: BitgetBench("v2"),
    "bitget-v3": lambda: BitgetBench("v3"),
}
