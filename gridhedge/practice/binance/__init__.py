"""A practice Binance: USDⓈ-M futures over REST and websockets, hedge mode, single-asset mode.

handle = binance.start(Options(rules="binance", prices=(synthetic("BTCUSDC", Decimal(60_000), 1, "binance"),)))
handle.faults.add("timeout_after", on="/fapi/v1/order")
"""

from gridhedge.practice.binance.server import Handle, start

__all__ = ["Handle", "start"]
