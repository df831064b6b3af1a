"""A simulated terminal that lists DOGEUSDT, in a process of its own: ``python -m tests.contract.terminal_process``.

It prints the address of its bridge, then obeys lines of its input (``move 0.197``, ``fault investor``, ``clear``), each
answered by a line, until that ends.
"""

from __future__ import annotations

import sys
from decimal import Decimal
from typing import cast

from gridhedge.practice.mt5.broker import Broker
from gridhedge.practice.mt5.terminal import SimulatedTerminal
from gridhedge.venue.mt5.reads import wall_ms
from gridhedge.venue.mt5.terminal.api import Mt5Api
from gridhedge.venue.mt5.terminal.bridge import Address, BridgeServer
from gridhedge.venue.paper.funding import RecordedFunding
from tests.contract.mt5_bench import LOGIN, SYMBOL, doge_broker


def main() -> None:
    broker = doge_broker(wall_ms, RecordedFunding((), ()))
    bridge = BridgeServer(lambda: cast(Mt5Api, SimulatedTerminal(broker, LOGIN)), Address("127.0.0.1", 0))
    bridge.start()
    print(bridge.url, flush=True)
    for line in sys.stdin:
        with bridge.turn:
            obey(broker, *line.split())
        print("done", flush=True)
    bridge.stop()


def obey(broker: Broker, command: str, word: str = "") -> None:
    if command == "move":
        broker.move(SYMBOL, Decimal(word))
    elif command == "fault":
        broker.faults.add(word)
    else:
        assert command == "clear"
        broker.faults.clear()


if __name__ == "__main__":
    main()
