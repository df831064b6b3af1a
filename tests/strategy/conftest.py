"""A bench for pure strategies: a book that a perfect venue serves, driven by hand."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path

import pytest

from gridhedge.domain.book import SymbolBook
from gridhedge.domain.change import Amend, Cancel, Place, Wanted
from gridhedge.domain.events import Execution, Funding, MarketSeen, OrderUpdate
from gridhedge.domain.instrument import Fees, Instrument, Tier
from gridhedge.domain.order import Order, OrderState
from gridhedge.domain.values import Role, Side
from gridhedge.engine.execute import _intent, settlement
from gridhedge.engine.ports import Accepted
from gridhedge.engine.reconcile import reconcile
from gridhedge.strategy.settings import SymmetricSettings
from gridhedge.strategy.symmetric import Symmetric
from gridhedge.strategy.view import Plan, View

D = Decimal

DOGE = Instrument(
    symbol="DOGEUSDT",
    base="DOGE",
    quote="USDT",
    tick_size=D("0.00001"),
    lot_step=D(1),
    min_quantity=D(1),
    max_quantity=D(43678900),
    max_market_quantity=D(5991100),
    min_notional=D(5),
    max_leverage=75,
    tiers=(Tier(D(200000), D("0.0065"), D(0), 75), Tier(D(10**12), D("0.01"), D(280), 50)),
)
BYBIT_FEES = Fees(maker=D("0.0002"), taker=D("0.00055"))


class Bench:
    """One symbol, one strategy, and a venue that does exactly what it is told."""

    def __init__(self, price: str = "0.19933", balance: str = "100000", **settings: object) -> None:
        values: dict[str, object] = {"initial_position_size_usd": D(1)} | settings
        self.strategy = Symmetric(SymmetricSettings.model_validate(values))
        self.book = SymbolBook("001", "DOGEUSDT")
        self.instrument = DOGE
        self.fees = BYBIT_FEES
        self.leverage = 75
        self.now = 1_767_225_600_000
        self.balance = D(balance)
        self.available = D(balance)
        self.buffer = D("0.15")
        self.executions = 0
        self.plan = Plan(())
        self.see(price)

    def see(self, price: str | Decimal) -> None:
        """The market moves; the ask is the price itself, so that a first long executes exactly there."""
        last = D(price)
        self.market = MarketSeen("DOGEUSDT", last, last, last, last, self.now)

    def view(self) -> View:
        return View(
            self.book,
            self.market,
            self.instrument,
            self.fees,
            self.leverage,
            self.balance,
            self.available,
            self.balance * self.buffer,
            D(0),
            self.now,
            1000,
        )

    def step(self) -> Plan:
        """Decide, plan, reconcile, and let the venue accept every change."""
        for _ in range(4):
            decisions = self.strategy.decide(self.view())
            if not decisions:
                break
            for decision in decisions:
                self.book.apply(decision)
        self.plan = self.strategy.plan(self.view())
        self.changes = reconcile(self.book, self.plan.wanted, can_amend=True)
        for change in self.changes:
            self._carry_out(change)
        return self.plan

    def _carry_out(self, change: Place | Amend | Cancel) -> None:
        self.book.apply(_intent(change, self.now))
        self.book.apply(settlement(change, Accepted("v" + change.client_id), self.now))
        if isinstance(change, Cancel):
            order = self.book.orders[change.client_id]
            self.book.apply(
                OrderUpdate(
                    "DOGEUSDT",
                    order.client_id,
                    order.venue_id,
                    OrderState.CANCELLED,
                    order.price,
                    order.quantity,
                    order.filled,
                    self.now,
                )
            )

    def fill(self, order: Order, quantity: Decimal | None = None, price: Decimal | None = None, maker: bool = True):
        """Execute a live order, in full unless told otherwise, at its own price."""
        quantity = order.remaining if quantity is None else quantity
        price = order.price if price is None else price
        self.executions += 1
        self.now += 1000
        rate = self.fees.maker if maker else self.fees.taker
        self.book.apply(
            Execution(
                f"x{self.executions}",
                "DOGEUSDT",
                order.client_id,
                order.venue_id,
                order.key.side,
                order.reduce_only,
                quantity,
                price,
                quantity * price * rate,
                maker,
                self.now,
            )
        )

    def fund(self, side: Side, amount: str) -> None:
        self.executions += 1
        self.book.apply(Funding(f"f{self.executions}", "DOGEUSDT", side, D(amount), D("0.0001"), self.now))

    def entry(self, side: Side, level: int) -> Order:
        return self.book.of(side).entries[level]

    def take_profit(self, side: Side) -> Order:
        return self.book.of(side).exits[Role.TAKE_PROFIT]

    def open_both(self) -> None:
        """Cold start: both level 0 execute at the market price as takers."""
        self.step()
        for side in (Side.LONG, Side.SHORT):
            self.fill(self.entry(side, 0), price=self.market.last, maker=False)
        self.step()

    def deepen(self, side: Side, levels: int) -> None:
        """Execute the next levels of a side, planning after each."""
        for _ in range(levels):
            level = len(self.book.of(side).fills)
            order = self.entry(side, level)
            self.see(order.price)
            self.fill(order)
            self.step()

    def resting(self, side: Side) -> dict[int, Decimal]:
        """Levels with a live entry, and its open quantity."""
        return {level: order.remaining for level, order in sorted(self.book.of(side).entries.items())}

    def wanted(self, side: Side) -> dict[int, Wanted]:
        return {want.level: want for want in self.plan.wanted if want.side is side and want.role.is_entry}


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def make_bench() -> type[Bench]:
    return Bench


@pytest.fixture
def doge() -> Instrument:
    return DOGE


@pytest.fixture
def bybit_fees() -> Fees:
    return BYBIT_FEES


@pytest.fixture(scope="session")
def market_data() -> Path:
    """The folder of recorded data: GRIDHEDGE_DATA, or ``../shared/data`` beside the repository."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    folder = Path(os.environ.get("GRIDHEDGE_DATA", beside))
    if not (folder / "candles").is_dir():
        pytest.skip(f"no recorded market data in {folder}; set GRIDHEDGE_DATA to run this test")
    return folder
