"""Settings that change while a session trades: exits and limits at once, entries with the next grid."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest

from gridhedge.domain.order import Order
from gridhedge.domain.values import Role, Side
from gridhedge.engine.reload import take_over
from tests.engine.worlds import World, profile

L, S = Side.LONG, Side.SHORT


def entries(world: World) -> dict[tuple[Side, int], tuple[D, D]]:
    both = (world.book.long, world.book.short)
    return {(side.side, level): (o.price, o.quantity) for side in both for level, o in side.entries.items()}


def take_profit(world: World, side: Side) -> Order:
    return world.book.of(side).exits[Role.TAKE_PROFIT]


def test_a_take_profit_moves_at_once_and_entries_stay() -> None:
    """376 @ 0.19933, bought as a taker: 0.20148 at 1 %, and half of the way to it at 0.5 %."""
    world = World().start()
    world.tick()
    rested, before = entries(world), take_profit(world, L).price
    changed = profile({"take_profit_percent": D("0.5"), "grid_step_percent": D(3), "averaging_multiplier": D(3)})
    assert take_over(world.session, changed) == []
    world.tick()
    assert entries(world) == rested
    after = take_profit(world, L).price
    assert D("0.0009") < before - after < D("0.0011")
    assert world.ear.heard("stop") == 0


def test_a_raised_promise_is_kept_without_a_violation() -> None:
    """The resting take-profit earns too little for the new promise for a moment: that freezes nothing."""
    world = World().start()
    world.tick()
    before = take_profit(world, L).price
    take_over(world.session, profile({"take_profit_percent": D(3)}))
    world.tick(5)
    assert not world.session.stopper.reason
    assert take_profit(world, L).price > before * D("1.015")


def test_a_sides_next_cycle_has_the_new_step_and_the_old_table() -> None:
    """Long takes profit and re-opens: its next level stands 3 % away; short, at level 1 by then, goes on at 1 %."""
    world = World().start()
    world.tick()
    take_over(world.session, profile({"grid_step_percent": D(3)}))
    quantities = world.book.reference
    world.take_profit(L)
    world.tick(2)
    filled, entry = world.book.long.fills[0].average, world.book.long.entries[1]
    assert entry.price == (filled * D("0.97")).quantize(D("0.00001"), "ROUND_FLOOR")
    other = world.book.short
    assert other.entries[2].price == (other.fills[1].average * D("1.01")).quantize(D("0.00001"), "ROUND_CEILING")
    assert world.book.reference == quantities


def test_limits_count_at_once() -> None:
    """A threshold under the present margin rate stops the account in the next step, as the new action says."""
    world = World(wallet="100").start()
    world.tick()
    assert world.session.mm_rate > D("0.5")
    take_over(world.session, profile(risk={"mm_rate_threshold": D("0.5"), "emergency_action": "cancel_entries"}))
    world.tick()
    assert "is at or over 0.5 %" in world.session.stopper.reason
    assert entries(world) == {}


def trim(**strategy: Any) -> dict[str, Any]:
    settings = {"kind": "trim", "initial_capital": D(1000), **strategy}
    return {"symbols": [{"symbol": "DOGEUSDT", "leverage": 20, "strategy": settings}]}


def trim_world() -> World:
    """A trim grid whose first minute is over: four entries rest."""
    world = World(profile(**trim())).start()
    for _ in range(70):
        world.tick()
    assert len(world.book.long.entries) == 4
    return world


def test_a_trim_grid_stays_until_the_next_one_and_then_follows() -> None:
    """Distances change with the grid that is built when the price has left the range of an empty one."""
    world = trim_world()
    rested = entries(world)
    distances = (D("0.6"), D("1.2"), D(2), D(3))
    take_over(world.session, profile(**trim(level_distances_percent=distances)))
    world.tick(2)
    assert entries(world) == rested
    world.go("0.21000", 2)
    first = world.book.long.entries[1].price
    assert first == (D("0.21000") * D("0.994")).quantize(D("0.00001"), "ROUND_FLOOR")


@pytest.mark.parametrize(("percent", "counts_at_once"), [("4.6", True), ("4.4", False)])
def test_a_stop_loss_inside_the_grid_under_way_waits_for_the_next_one(percent: str, counts_at_once: bool) -> None:
    """Level 4 rests 4.5 % below 0.19933: a stop-loss before it would sell at once what level 4 buys."""
    world = trim_world()
    edited = trim(stop_loss_percent=D(percent), level_distances_percent=(D("0.5"), D(1), D(2), D(3)))
    waits = take_over(world.session, profile(**edited))
    assert len(waits) == (0 if counts_at_once else 1)
    assert all("DOGEUSDT: the long stop-loss stays where it is until the next grid" in text for text in waits)
    for level in (1, 2, 3, 4):
        world.run_into(L, level)
    assert not world.session.stopper.reason
    factor = D(1) - (D(percent) if counts_at_once else D(5)) / 100
    expected = (D("0.19933") * factor).quantize(D("0.00001"), "ROUND_CEILING")
    assert world.book.long.exits[Role.STOP_LOSS].price == expected


def test_the_next_grid_has_the_new_stop_loss() -> None:
    """What waited has not been forgotten, however often the profile is edited meanwhile."""
    world = trim_world()
    edited = profile(**trim(stop_loss_percent=D("4.4"), level_distances_percent=(D("0.5"), D(1), D(2), D(3))))
    assert len(take_over(world.session, edited)) == len(take_over(world.session, edited)) == 1
    world.go("0.21000", 2)
    for level in (1, 2, 3, 4):
        world.run_into(L, level)
    expected = (D("0.21000") * D("0.956")).quantize(D("0.00001"), "ROUND_CEILING")
    assert world.book.long.exits[Role.STOP_LOSS].price == expected


def signal(**strategy: Any) -> dict[str, Any]:
    settings = {
        "kind": "signal",
        "use_sma_sar": False,
        "space_percent": D(1),
        "space_orders": 4,
        "space_lots": D(100),
        "basket_profit": D(5),
        **strategy,
    }
    return {"symbols": [{"symbol": "DOGEUSDT", "leverage": 20, "strategy": settings}]}


def test_an_open_basket_keeps_its_spaces_and_has_the_new_profit_at_once() -> None:
    """Its next order stays; its exit moves to half of the profit."""
    world = World(profile(**signal())).start()
    world.tick(2)
    rested, before = entries(world), take_profit(world, L).price
    assert rested != {}
    take_over(world.session, profile(**signal(space_percent=D(2), basket_profit=D("2.5"))))
    world.tick(2)
    assert entries(world) == rested
    assert D("0.0245") < before - take_profit(world, L).price < D("0.0255")
