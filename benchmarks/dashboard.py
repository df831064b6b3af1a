"""The processor time of the screen: one frame a second for 30 seconds, of an account in the middle of a replay."""

from __future__ import annotations

import io
import time
from decimal import Decimal

from rich.console import Console
from stopwatch import duration, show
from year import SYMBOL, year_of_candles, year_profile

from gridhedge.dashboard.screen import Screen
from gridhedge.engine.show import account_status
from gridhedge.engine.status import AccountStatus
from gridhedge.replay.run import replay

SECONDS = 30
SIZES = ((100, 30), (80, 24))


def statuses() -> list[AccountStatus]:
    """Thirty different moments, so that no frame is the one before it."""
    session = replay(year_profile(), {SYMBOL: year_of_candles(20_000)}).session
    market = session.desks[0].market
    found = []
    for second in range(SECONDS):
        price = market.last + Decimal(second) * 10
        session.desks[0].see(market._replace(bid=price, ask=price + 1, last=price, mark=price, at=market.at + second))
        prices = {SYMBOL: tuple(price + Decimal(step % 7) for step in range(60))}
        found.append(account_status(session, True, "USDT", market.at, second, prices, ()))
    return found


def cpu_share(width: int, height: int) -> tuple[float, float]:
    """Processor seconds and wall seconds of showing all statuses, one a second."""
    frames = statuses()
    console = Console(file=io.StringIO(), force_terminal=True, width=width, height=height)
    wall, cpu = time.perf_counter(), time.process_time()
    with Screen(console) as screen:
        for status in frames:
            screen.show(status)
            time.sleep(1.0)
    return time.process_time() - cpu, time.perf_counter() - wall


def main() -> None:
    rows = []
    for width, height in SIZES:
        cpu, wall = cpu_share(width, height)
        rows.append((f"{width}x{height}", duration(cpu), duration(cpu / SECONDS), f"{100 * cpu / wall:.2f} %"))
    show(f"Dashboard, one frame a second for {SECONDS} s", ("screen", "processor", "per frame", "of a core"), rows)


if __name__ == "__main__":
    main()
