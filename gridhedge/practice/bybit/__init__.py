"""A practice Bybit: v5 REST and websockets, linear perpetuals, hedge mode, unified account.

handle = bybit.start(Options(prices=(synthetic("DOGEUSDT", Decimal("0.2"), seed=1),)))
handle.faults.add("timeout_after", on="/v5/order/create")
"""

from gridhedge.practice.bybit.server import Handle, start

__all__ = ["Handle", "start"]
