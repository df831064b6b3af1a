"""A practice Bitget: REST and websockets of both account generations, USDT perpetuals, hedge mode.

handle = bitget.start(Options(prices=(synthetic("DOGEUSDT", Decimal("0.2"), seed=1),)), generation="v3")
handle.faults.add("timeout_after", on="/api/v3/trade/place-batch")
"""

from gridhedge.practice.bitget.server import Handle, start

__all__ = ["Handle", "start"]
