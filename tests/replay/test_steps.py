"""How average and take-profit moved, read back from a journal."""

from __future__ import annotations

from decimal import Decimal as D
from pathlib import Path

from gridhedge.domain.events import CycleOpened, Event, Execution, OrderIntended, OrderSettled, StopRaised
from gridhedge.domain.order import OrderKey, OrderState, account_tag, client_id
from gridhedge.domain.values import Role, Side
from gridhedge.profile.load import load_profile
from gridhedge.replay.candles import load_candles
from gridhedge.replay.run import replay
from gridhedge.replay.steps import PriceStep, price_steps
from tests.cli.candles import quiet_rows, write
from tests.cli.shell import DEMO

TAG = account_tag("001", "DOGEUSDT")
CYCLE = 1_767_225_600


def key(role: Role) -> OrderKey:
    return OrderKey(Side.LONG, role, 0, CYCLE, 1)


def intended(role: Role, price: str, at: int) -> OrderIntended:
    closing = role is Role.TAKE_PROFIT
    return OrderIntended(client_id(TAG, key(role)), "DOGEUSDT", key(role), D(price), D(376), closing, at)


def settled(role: Role, at: int) -> OrderSettled:
    return OrderSettled(client_id(TAG, key(role)), "DOGEUSDT", OrderState.WORKING, "P1", at)


def executed(number: str, role: Role, price: str, at: int) -> Execution:
    closing = role is Role.TAKE_PROFIT
    name = client_id(TAG, key(role))
    return Execution(number, "DOGEUSDT", name, "P1", Side.LONG, closing, D(376), D(price), D(0), True, at)


def test_a_cycle_is_three_steps() -> None:
    """Nothing is held; then 376 at 0.2; then with its take-profit; then nothing again. Stops change nothing."""
    events: list[Event] = [
        CycleOpened("DOGEUSDT", Side.LONG, CYCLE, 1, 1),
        intended(Role.OPENING, "0.2", 1),
        settled(Role.OPENING, 2),
        executed("E1", Role.OPENING, "0.2", 3),
        intended(Role.TAKE_PROFIT, "0.21", 4),
        StopRaised("freeze", "DOGEUSDT", "a look", 4),
        settled(Role.TAKE_PROFIT, 5),
        executed("E2", Role.TAKE_PROFIT, "0.21", 6),
    ]
    steps = [step for step in price_steps("001", "DOGEUSDT", events) if step.side is Side.LONG]
    assert steps == [
        PriceStep(2, Side.LONG, None, None),
        PriceStep(3, Side.LONG, D("0.2"), None),
        PriceStep(5, Side.LONG, D("0.2"), D("0.21")),
        PriceStep(6, Side.LONG, None, None),
    ]


def test_other_symbols_are_left_out() -> None:
    """Each chart has its own."""
    assert price_steps("001", "BTCUSDT", [executed("E1", Role.OPENING, "0.2", 3)]) == []


def test_the_last_steps_of_a_replay_are_what_it_holds(tmp_path: Path) -> None:
    """Average and take-profit of both sides at the end."""
    result = replay(load_profile(DEMO), {"DOGEUSDT": load_candles(write(tmp_path / "quiet.csv", quiet_rows()))})
    steps = price_steps("demo", "DOGEUSDT", result.events)
    (desk,) = result.session.desks
    for side in (desk.book.long, desk.book.short):
        last = [step for step in steps if step.side is side.side][-1]
        assert last.average == side.cost / side.entered
        assert last.take_profit == side.exits[Role.TAKE_PROFIT].price
    assert [step.at for step in steps] == sorted(step.at for step in steps)
