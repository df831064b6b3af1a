"""Markets of cards 60 to 69, on which a whole bot trades from the command line: the practice exchanges behind the
benches, and a simulated terminal in a process of its own, which is looked at as any program looks at it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterable
from decimal import Decimal as D
from typing import Protocol, TypeVar

from gridhedge.domain.events import Execution, Funding
from gridhedge.domain.values import SIDES, Side
from gridhedge.venue.mt5.terminal.bridge import address_of, remote
from gridhedge.venue.mt5.terminal.constants import Constants as C
from gridhedge.venue.mt5.terminal.structs import TradeDeal
from tests.cli.shell import ROOT
from tests.contract.bench import BENCHES, SYMBOL, Bench
from tests.contract.mt5_bench import DOGE, LOGIN
from tests.patience import PATIENCE_S

Row = TypeVar("Row")
Meaning = tuple[object, ...]
"""What an execution or a payment means, whatever its id is at the venue."""


class Market(Protocol):
    """What these cards need of a venue."""

    settings: str
    """The profile's ``venue``."""
    uid: str
    """The account's name in locks."""
    stream: str
    """What is told as lost when the account can not be heard any more."""
    clock: str
    """The module from which the adapter has its time."""
    forbids: str
    """In what ``check`` says once ``forbid`` has been called."""
    is_away: str
    """In what commands say once ``go_away`` has been called."""

    def resting(self) -> list[str]:
        """Client ids of what rests; of take-profits in a terminal, which are prices on tickets, side and role."""

    def numbers(self) -> list[str]:
        """What rests, as the venue itself names it."""

    def strangers(self) -> list[D]:
        """Quantities of resting orders that are nobody's of ours."""

    def held(self) -> list[D]:
        """Both positions."""

    def wallet(self) -> D: ...

    def leverage(self) -> int: ...

    def closes(self) -> int:
        """How many executions have closed something."""

    def booked(self) -> list[Meaning]:
        """Everything that the venue has booked."""

    def told(self, facts: Iterable[object]) -> list[Meaning]:
        """The same in the words of a ledger's events."""

    def by_hand(self) -> None:
        """A person places an order to buy 50 at 0.15, and buys 30."""

    def move(self, price: D) -> None: ...

    def lose_the_stream(self) -> None: ...

    def forbid(self) -> None:
        """The account must not be traded from now on."""

    def go_away(self) -> None:
        """From now on the venue is out of reach."""

    def lose_an_answer(self) -> None:
        """The next order is carried out, and nobody hears of it."""

    def clear(self) -> None:
        """All is well again."""

    def close(self) -> None: ...


class BenchMarket:
    """The practice exchange behind a bench; the bot makes its own adapter."""

    stream = "private stream"
    clock = "gridhedge.venue.clock.time"
    forbids = "withdrawal"
    is_away = "set it by NTP"

    def __init__(self, bench: Bench, venue: str) -> None:
        self.bench = bench
        self.settings = f'{{name: {venue}, demo_trading: true, endpoint: "{bench.practice.url}"}}'
        self.uid = bench.venue.uid()
        self.move = bench.move

    def resting(self) -> list[str]:
        return self.bench.practice.do(lambda world: self.bench.resting())

    def numbers(self) -> list[str]:
        return sorted(order.venue_id for order in self.bench.exchange.account.open.values())

    def strangers(self) -> list[D]:
        return [order.quantity for order in self.bench.exchange.account.open.values() if not order.client_id]

    def held(self) -> list[D]:
        return [self.bench.exchange.market(SYMBOL).holding(side).quantity for side in SIDES]

    def wallet(self) -> D:
        return self.bench.exchange.account.wallet

    def leverage(self) -> int:
        return self.bench.exchange.market(SYMBOL).leverage

    def closes(self) -> int:
        return sum(made.closing for made in self._bookings() if isinstance(made, Execution))

    def booked(self) -> list[Meaning]:
        return self.told(self._bookings())

    def _bookings(self) -> list[object]:
        return self.bench.practice.do(lambda world: list(self.bench.exchange.account.bookings))

    def told(self, facts: Iterable[object]) -> list[Meaning]:
        meant: list[Meaning] = []
        for one in facts:
            if isinstance(one, Execution):
                meant.append((one.client_id, one.side.value, one.closing, one.quantity, one.price, one.fee, one.maker))
            elif isinstance(one, Funding):
                meant.append((one.side.value, one.amount))
        return sorted(meant, key=str)

    def by_hand(self) -> None:
        def act(world: object) -> None:
            self.bench.exchange.place(SYMBOL, "", Side.LONG, False, D("0.15"), D(50))
            self.bench.exchange.by_hand_open(SYMBOL, Side.LONG, D(30))

        self.bench.practice.do(act)

    def lose_the_stream(self) -> None:
        self.bench.fault("refuse_sockets", on="private", seconds=60.0)
        self.bench.fault("drop", on="private")

    def forbid(self) -> None:
        self.bench.fault("withdrawal_permission")

    def go_away(self) -> None:
        self.bench.fault("clock", seconds=30.0)

    def lose_an_answer(self) -> None:
        self.bench.fault("timeout_after", on="order/create", seconds=0.5)

    def clear(self) -> None:
        self.bench.clear()

    def close(self) -> None:
        self.bench.close()


class TerminalMarket:
    """A terminal in its own process. Its books are read through the bridge, by another program of the same account."""

    uid = f"{LOGIN.login}@{LOGIN.server}"
    stream = "terminal"
    clock = "gridhedge.venue.mt5.reads.time"
    forbids = "investor password"
    is_away = "can not be reached"

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.contract.terminal_process"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        url = self._heard()
        self.settings = (
            f'{{name: mt5, demo_trading: true, terminal: "{url}", login: {LOGIN.login}, server: {LOGIN.server}, '
            "symbol_name: .c, commission_percent: 0.055, poll_ms: 20}"
        )
        address = address_of(url)
        assert address is not None
        self._hand = remote(address)
        assert self._hand.initialize(url, login=LOGIN.login, password=LOGIN.password, server=LOGIN.server)
        assert self._hand.symbol_select(DOGE.name, True)

    def _heard(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        assert self._heard() == "done"

    # ---- what a program of the same account sees ---------------------------------------------------------------------

    def resting(self) -> list[str]:
        exits = [f"-{'LS'[one.type]}T00" for one in answered(self._hand.positions_get()) if one.tp]
        return [order.comment for order in answered(self._hand.orders_get())] + sorted(set(exits))

    def numbers(self) -> list[str]:
        exits = [f"{one.ticket} {one.sl} {one.tp}" for one in answered(self._hand.positions_get())]
        return sorted([f"{order.ticket} {order.price_open}" for order in answered(self._hand.orders_get())] + exits)

    def strangers(self) -> list[D]:
        return [D(repr(one.volume_current)) for one in answered(self._hand.orders_get()) if not one.comment]

    def held(self) -> list[D]:
        held = answered(self._hand.positions_get())
        return [sum((D(repr(one.volume)) for one in held if one.type == kind), D(0)) for kind in (0, 1)]

    def wallet(self) -> D:
        info = self._hand.account_info()
        assert info is not None
        return D(repr(info.balance))

    def leverage(self) -> int:
        info = self._hand.account_info()
        assert info is not None
        return info.leverage

    def closes(self) -> int:
        return sum(deal.entry == C.DEAL_ENTRY_OUT for deal in self._deals())

    def _deals(self) -> list[TradeDeal]:
        return [deal for deal in answered(self._hand.history_deals_get(0, 2**33)) if deal.symbol]

    def booked(self) -> list[Meaning]:
        meant = []
        for deal in self._deals():
            closing = deal.entry == C.DEAL_ENTRY_OUT
            side = Side.LONG if (deal.type == C.DEAL_TYPE_BUY) is not closing else Side.SHORT
            what = f"{side.value[0].upper()}T00" if deal.comment.startswith("[tp") else role(deal.comment)
            figures = [D(repr(number)) for number in (deal.volume, deal.price, -deal.commission)]
            meant.append((what, side.value, closing, *figures))
        return sorted(meant, key=str)

    def told(self, facts: Iterable[object]) -> list[Meaning]:
        made = [one for one in facts if isinstance(one, Execution)]
        meant = [(role(one.client_id), one.side.value, one.closing, one.quantity, one.price, one.fee) for one in made]
        return sorted(meant, key=str)

    # ---- what happens to it ------------------------------------------------------------------------------------------

    def by_hand(self) -> None:
        order = {"action": C.TRADE_ACTION_PENDING, "type": C.ORDER_TYPE_BUY_LIMIT, "volume": 50.0, "price": 0.15}
        deal = {"action": C.TRADE_ACTION_DEAL, "type": C.ORDER_TYPE_BUY, "volume": 30.0}
        for request, filling in ((order, C.ORDER_FILLING_RETURN), (deal, C.ORDER_FILLING_IOC)):
            done = self._hand.order_send({"symbol": DOGE.name, "type_filling": filling, **request})
            assert done is not None
            assert done.retcode == C.TRADE_RETCODE_DONE, done

    def move(self, price: D) -> None:
        self._tell(f"move {price}")

    def lose_the_stream(self) -> None:
        self._tell("fault disconnected")

    def forbid(self) -> None:
        self._tell("fault investor")

    def go_away(self) -> None:
        self._tell("fault no_terminal")

    def lose_an_answer(self) -> None:
        self._tell("fault lost_after")

    def clear(self) -> None:
        self._tell("clear")

    def close(self) -> None:
        """The process ends with its input."""
        self._hand.shutdown()
        self._process.communicate(timeout=PATIENCE_S)
        assert self._process.returncode == 0


def role(client_id: str) -> str:
    """Side, role and level of an id of ours."""
    return client_id.split("-")[1] if client_id else ""


def answered(rows: tuple[Row, ...] | None) -> tuple[Row, ...]:
    assert rows is not None, "the terminal does not answer"
    return rows


def _benched(name: str) -> Callable[[], Market]:
    return lambda: BenchMarket(BENCHES[name](), name.partition("-")[0])


MARKETS: dict[str, Callable[[], Market]] = {name: _benched(name) for name in BENCHES} | {"mt5": TerminalMarket}
