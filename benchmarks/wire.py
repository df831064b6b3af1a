"""From a message on Bybit's websocket to the request: the bot's own share, through pybit, on a practice exchange.

The whole bot as ``gridhedge run`` starts it (ledger, state file, logs, dashboard model) trades for a minute on a
practice exchange in a process of its own; and that several times over, since a minute has too few reactions for a
99th percentile: ``wire.py [SECONDS [ROUNDS]]``. An interval begins when pybit hands over the message with an
execution, and ends when the next request is handed to pybit; what pybit, the fsync of the intent and Bybit's order
budget take inside of it is counted apart.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict, deque
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from stopwatch import duration, percentile, show

from gridhedge.cli.build import market_of
from gridhedge.cli.profiles import open_profile
from gridhedge.cli.run_command import _TURN_SECONDS
from gridhedge.cli.runner import Options, Runner
from gridhedge.domain.change import Change
from gridhedge.domain.errors import RiskStop
from gridhedge.domain.values import Millis
from gridhedge.engine.ports import Outcome
from gridhedge.store.ledger import Ledger
from gridhedge.store.logs import Logs
from gridhedge.store.mask import Masker
from gridhedge.venue.bybit.client import Answer, Client
from gridhedge.venue.bybit.frames import Frames
from gridhedge.venue.bybit.orders import Orders
from gridhedge.venue.bybit.venue import BybitVenue

SECONDS, ROUNDS = 60.0, 5
SPEED = 20
PROFILE = """\
account: "001"
venue: {{name: bybit, demo_trading: true, endpoint: "{url}"}}
symbols:
  - symbol: DOGEUSDT
    leverage: 25
    strategy:
      kind: symmetric
      initial_position_size_usd: 1.0
      grid_step_percent: 0.2
      take_profit_percent: 0.2
      max_grid_levels_per_side: 8
"""


class Reactions:
    """What was measured, and what went on meanwhile. One bot per process."""

    def __init__(self) -> None:
        self.own: list[float] = []
        self.busy: list[float] = []
        """Own share in processor time of the session's thread: it can be compared between busy machines."""
        self.whole: list[float] = []
        self.synced: list[float] = []
        self.in_pybit: list[float] = []
        self._arrived = 0.0
        """When the oldest execution came that no request has answered yet; 0: there is none."""
        self._elsewhere: deque[tuple[float, float]] = deque(maxlen=2_000)
        """When the session's thread was in pybit, in fsync, or waiting for the order budget."""
        self._woken = self._away_busy = 0.0
        """Processor time of the session's thread at its last awakening, and what was spent elsewhere since."""

    def woken(self) -> None:
        """The session's thread goes on after a wait."""
        self._woken, self._away_busy = time.thread_time(), 0.0

    def executed(self) -> None:
        self._arrived = self._arrived or time.perf_counter()

    def left(self) -> None:
        """A request leaves."""
        now, arrived = time.perf_counter(), self._arrived
        if not arrived:
            return
        self._arrived = 0.0
        away = sum(min(end, now) - max(begin, arrived) for begin, end in self._elsewhere if end > arrived)
        self.whole.append(now - arrived)
        self.own.append(now - arrived - away)
        self.busy.append(time.thread_time() - self._woken - self._away_busy)

    def settled(self) -> None:
        """The session has nothing left to do: what came needed no request."""
        self._arrived = 0.0

    def away(self, kind: list[float], began: float, busy: float) -> None:
        """Since then (time, processor time) it was not the bot's own, by its kind."""
        ended = time.perf_counter()
        self._elsewhere.append((began, ended))
        self._away_busy += time.thread_time() - busy
        kind.append(ended - began)


def watch(found: Reactions) -> None:
    """Wrap the doors through which messages come and requests leave."""
    private, commit, ask, wait, send = Frames.private, Ledger._commit, Client._ask, BybitVenue.wait, Orders.send

    def watched_private(self: Frames, message: object) -> None:
        if isinstance(message, dict) and message.get("topic") == "execution":
            found.executed()
        private(self, message)

    def watched_commit(self: Ledger) -> None:
        began, busy = time.perf_counter(), time.thread_time()
        commit(self)
        found.away(found.synced, began, busy)

    def watched_ask(self: Client, method: str, query: dict[str, Any]) -> Answer:
        if method.endswith("_order"):
            found.left()
        began, busy = time.perf_counter(), time.thread_time()
        try:
            return ask(self, method, query)
        finally:
            found.away(found.in_pybit, began, busy)

    def watched_wait(self: BybitVenue, until: Millis) -> None:
        wait(self, until)
        found.woken()

    def watched_send(self: Orders, changes: Sequence[Change]) -> list[Outcome]:
        if not hasattr(self, "watched"):
            self.watched, pause = True, self._pause

            def watched_pause(seconds: float) -> None:
                began, busy = time.perf_counter(), time.thread_time()
                pause(seconds)
                found.away([], began, busy)

            self._pause = watched_pause
        return send(self, changes)

    for owner, name, wrapped in (
        (Frames, "private", watched_private),
        (Ledger, "_commit", watched_commit),
        (Client, "_ask", watched_ask),
        (BybitVenue, "wait", watched_wait),
        (Orders, "send", watched_send),
    ):
        setattr(owner, name, wrapped)


def practised(found: Reactions, seconds: float) -> None:
    """Trade for so long."""
    sys.setswitchinterval(_TURN_SECONDS)  # as the command does
    command = [sys.executable, "-m", "gridhedge", "practice", "bybit", "--port", "0", "--speed", str(SPEED)]
    practice = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert practice.stdout is not None
        url = practice.stdout.readline().split("listens on ")[1].split(" ")[0]
        with tempfile.TemporaryDirectory() as folder:
            data = Path(folder)
            (data / "p.yaml").write_text(PROFILE.format(url=url))
            os.environ |= {"001_BYBIT_API_KEY": "practice", "001_BYBIT_API_SECRET": "practice"}
            os.environ["XDG_STATE_HOME"] = folder
            profile, stop, logs = open_profile(data / "p.yaml"), threading.Event(), Logs(data, Masker())
            runner = Runner(profile, market_of(profile), Options(data, None, 1), logs, stop)
            gc.freeze()  # as the command does
            threading.Timer(seconds, stop.set).start()
            try:
                runner.run(lambda status: found.settled())
            except RiskStop as error:
                print(error, file=sys.stderr)
            finally:
                runner.close()
                logs.close()
    finally:
        practice.kill()


def measured(seconds: float) -> dict[str, list[float]]:
    """What one bot did."""
    found = Reactions()
    watch(found)
    practised(found, seconds)
    return {
        "message to request, the bot's own share": found.own,
        "the same in processor time": found.busy,
        "message to request, all of it": found.whole,
        "the journal's commit (fsync)": found.synced,
        "a request inside pybit": found.in_pybit,
    }


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS
    pooled: defaultdict[str, list[float]] = defaultdict(list)
    with ProcessPoolExecutor(1, max_tasks_per_child=1) as pool:
        for found in pool.map(measured, [seconds] * rounds):
            for name, values in found.items():
                pooled[name] += values
    rows = [
        (name, str(len(values)), *(duration(percentile(values, percent)) for percent in (50, 90, 99, 100)))
        for name, values in pooled.items()
        if values
    ]
    show("Reactions over the wire", ("", "times", "median", "p90", "p99", "worst"), rows)


if __name__ == "__main__":
    main()
