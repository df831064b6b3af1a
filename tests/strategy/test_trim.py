"""The uneven grid on the embedded exchange: the seed's log line by line, every exit, both directions, its laws."""

from __future__ import annotations

from decimal import Decimal

from gridhedge.domain.values import Role
from tests.strategy.grids import BTC, D, GridWorld, L, trim_profile

TP, BE, SL = Role.TAKE_PROFIT, Role.BREAK_EVEN, Role.STOP_LOSS
CENT = D("0.01")


def near(first: Decimal, second: str) -> bool:
    """Within a cent: the log prints its inputs rounded."""
    return abs(first - D(second)) <= CENT


# ---- the log of 2025-12-08 -------------------------------------------------------------------------------------------


def test_the_logged_sequence_line_by_line() -> None:
    """06:24 level 1, the position found larger, take-profit; 06:42 level 2, break-even for all but level 1; 07:15 the
    new grid around what is left. Numbers as printed, within a cent."""
    world = GridWorld(trim_profile(initial_capital=D("213.1")), "91407.60").built()
    assert world.resting()[1] == (D("0.002"), D("90950.56"))  # 0.002343 floored to the step

    # 첫 진입: LONG; 포지션 동기화: 평단가 $90950.56 → $90995.70, 수량 0.002343 → 0.004000
    world.run_into(L, 1)
    assert (world.side().held, world.exits()) == (D("0.002"), {TP: (D("0.002"), D("91405.32"))})
    world.by_hand(L, "0.002", "91040.84")
    assert (world.side().held, world.side().carried / world.side().held) == (D("0.004"), D("90995.70"))
    # TP 주문 설정: $91450.68, 수량: 0.004000
    assert world.exits() == {TP: (D("0.004"), D("91450.68"))}

    # Level 2 체결: $90493.52, 평단가: $90625.59, 총 수량: 0.021000
    assert world.resting()[2] == (D("0.009"), D("90493.52"))
    world.run_into(L, 2)
    world.by_hand(L, "0.008", "90589.11")
    side = world.side()
    assert side.held == D("0.021")
    assert near(side.carried / side.held, "90625.59")
    # BE 주문 설정: $90716.21, 덜어내기 수량: 0.017000 (Level1 0.004000 유지)
    (quantity, price) = world.exits()[BE]
    assert (quantity, set(world.exits())) == (D("0.017"), {BE})
    assert near(price, "90716.21")

    # BE 체결: $90716.21; BE 후 기존 주문 전부 취소 완료; Level 1 물량 업데이트: 0.004000
    world.go(price + CENT)
    side = world.side()
    assert (side.held, side.filled(1), world.held(L, BTC)) == (D("0.004"), D("0.004"), D("0.004"))
    assert near(side.carried / side.held, "90625.59")
    # BE 후 그리드 재설정: new_center=$91080.99; Level 2, 3, 4 주문 재설정; TP 주문 설정: $91078.72, 수량: 0.004000
    assert side.center is not None
    assert near(side.center, "91080.99")
    resting = world.resting()
    assert sorted(resting) == [2, 3, 4]
    assert near(resting[2][1], "90170.18")
    assert near(resting[3][1], "87437.75")
    assert near(resting[4][1], "86982.34")
    assert set(world.exits()) == {TP}
    assert world.exits()[TP][0] == D("0.004")
    assert near(world.exits()[TP][1], "91078.72")
