"""A few executions small enough to be checked by hand.

Long: 100 @ 0.20 (taker), 200 @ 0.19 (maker), take-profit 300 @ 0.20. Short: 100 @ 0.20, held all along.
"""

from __future__ import annotations

from decimal import Decimal as D

from gridhedge.domain.values import Role, Side
from gridhedge.report.rows import EquityRow, FundingRow, Rows, TradeRow

DAY = 86_400_000
NOON = 1_750_075_200_000  # 2025-06-16 12:00 UTC
SYMBOL = "DOGEUSDT"


def trade(
    at: int,
    side: Side,
    role: Role | None,
    quantity: str,
    price: str,
    fee: str,
    level: int = 0,
    cycle: int = 1,
    ends: bool = False,
) -> TradeRow:
    closing = role is not None and not role.is_entry
    ours = role is not None
    return TradeRow(
        at=at,
        symbol=SYMBOL,
        side=side,
        role=role,
        level=level if ours else None,
        cycle=cycle if ours else None,
        closing=closing,
        quantity=D(quantity),
        price=D(price),
        fee=D(fee),
        maker=role is not Role.OPENING,
        ends_cycle=ends,
    )


OPENED = trade(NOON, Side.LONG, Role.OPENING, "100", "0.20", "0.011")
SHORT_OPENED = trade(NOON, Side.SHORT, Role.OPENING, "100", "0.20", "0.011")
AVERAGED = trade(NOON + 60_000, Side.LONG, Role.GRID, "200", "0.19", "0.0076", level=1)
PAID = FundingRow(NOON + 90_000, SYMBOL, Side.LONG, D("0.005"), D("0.0001"))
TOOK_PROFIT = trade(NOON + DAY, Side.LONG, Role.TAKE_PROFIT, "300", "0.20", "0.012", ends=True)
REOPENED = trade(NOON + DAY + 250, Side.LONG, Role.OPENING, "100", "0.2001", "0.011", cycle=2)
REOPENED_DEEPER = trade(NOON + DAY + 412, Side.LONG, Role.OPENING, "200", "0.2001", "0.022", level=1, cycle=2)
EQUITY = (
    EquityRow(NOON, D("1000"), D("1000")),
    EquityRow(NOON + 1, D("1010"), D("1000")),
    EquityRow(NOON + 2, D("989.8"), D("1000")),
    EquityRow(NOON + 3, D("1011"), D("1000")),
    EquityRow(NOON + 4, D("1000"), D("1000")),
)
ROWS = Rows((OPENED, SHORT_OPENED, AVERAGED, TOOK_PROFIT, REOPENED, REOPENED_DEEPER), (PAID,), EQUITY)
