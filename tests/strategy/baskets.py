"""A bench for baskets: signals are said by hand, and a perfect venue serves what the strategy wants."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from gridhedge.domain.events import CycleOpened, Event, SignalSeen
from gridhedge.domain.order import Order
from gridhedge.domain.values import SIDES, Role, Side
from gridhedge.strategy.settings import SignalSettings
from gridhedge.strategy.signal import Signal
from gridhedge.strategy.view import Plan, View
from tests.strategy.conftest import Bench

D = Decimal
L, S = Side.LONG, Side.SHORT
HOUR = 3_600_000
START = 1_767_225_600_000
"""2026-01-01T00:00:00Z."""


class Baskets(Bench):
    """DOGE at 0.2: three orders of 100 at 1 %, two of 200 at 2 %; both baskets of 1 USDT close each other."""

    def __init__(self, price: str = "0.20000", balance: str = "100000", **settings: Any) -> None:
        super().__init__(price, balance)
        values: dict[str, Any] = {
            "space_percent": D(1), "space_orders": 3, "space_lots": D(100), "space1_percent": D(2), "space1_orders": 2,
            "space1_lots": D(200), "pair_global_profit": D(1), "cci_period": 14,
        } | settings  # fmt: skip
        self.strategy: Signal = Signal(SignalSettings.model_validate(values))
        self.now = START + HOUR
        self.signal: SignalSeen | None = None
        self.elsewhere: tuple[Decimal, int] = D(0), 0
        """What the day has brought on other symbols, and on how many."""
        self.decided: list[Event] = []

    def view(self) -> View:
        result, others = self.elsewhere
        return super().view()._replace(signal=self.signal, elsewhere=result, others=others)

    def say(self, *stands: Side, crossed: tuple[Side, ...] = (), close: str | None = None) -> None:
        """A candle has closed now, and this is what it says."""
        self.now += HOUR
        candle = self.now // HOUR * HOUR
        price = self.market.last if close is None else D(close)
        self.signal = SignalSeen("DOGEUSDT", candle, price, stands, crossed, self.now)

    def step(self) -> Plan:
        """As the bench does; what is decided is remembered, and must come to an end within four rounds."""
        for _ in range(4):
            decisions = self.strategy.decide(self.view())
            for decision in decisions:
                self.book.apply(decision)
            self.decided += decisions
        assert not self.strategy.decide(self.view()), "four rounds of decisions are the most that the engine asks for"
        return super().step()

    def open(self, *sides: Side) -> None:
        """A signal opens baskets, and their first orders execute at the market price."""
        self.say(*sides)
        self.step()
        for side in sides:
            self.fill(self.entry(side, 0), price=self.market.last, maker=False)
        self.step()

    def add(self, side: Side, orders: int = 1) -> None:
        """Execute the next resting orders of a basket, one after the other, as the price comes to them."""
        for _ in range(orders):
            (order,) = self.book.of(side).entries.values()
            self.see(order.price)
            self.fill(order)
            self.step()

    def leave(self, side: Side, price: Decimal | None = None) -> None:
        """Execute the exit of a side."""
        order = self.exit(side)
        assert order is not None
        self.fill(order, price=price, maker=price is None)
        self.step()

    def exit(self, side: Side) -> Order | None:
        """The take-profit that rests, or the close that is under way."""
        exits = self.book.of(side).exits
        return exits.get(Role.TAKE_PROFIT) or exits.get(Role.CLOSE)

    def cycles(self) -> int:
        """How many baskets have been opened."""
        return sum(isinstance(event, CycleOpened) and event.now_levels > 0 for event in self.decided)

    def held(self) -> dict[str, Decimal]:
        return {side.value: self.book.of(side).held for side in SIDES if self.book.of(side).held}

    def alarms(self) -> set[str]:
        return {alarm.code for alarm in self.plan.alarms}


def told(bench: Baskets, kind: type) -> list[Any]:
    """What has been decided of a kind."""
    return [event for event in bench.decided if isinstance(event, kind)]


def terms(order: Order | None) -> tuple[str, Role, int, Decimal, Decimal]:
    """Side, role, level, price and open quantity."""
    assert order is not None
    return order.key.side.value, order.key.role, order.key.level, order.price, order.remaining
