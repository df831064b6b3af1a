"""A rehearsal as the README tells it: practice Bybit in one process, the bot in another, both killed in any order."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.cli.shell import ROOT, bybit_profile

START = 1_748_736_000_000
MINUTES = 360
SPEED = 600
"""10 minutes per second: the prices end after half a minute, and then everything can be compared at rest."""
Process = subprocess.Popen[bytes]


def waves(path: Path) -> Path:
    """DOGE around 0.2: up and down by 2 % every half hour, a little wider each time."""
    rows = []
    centre = 20_000
    for index in range(MINUTES):
        phase = index % 30
        height = (phase if phase < 15 else 30 - phase) * (26 + index // 30)
        close = centre + (height if index // 30 % 2 else -height)
        low, high = (close - 25) / 100_000, (close + 25) / 100_000
        rows.append(f"{START + 60_000 * index},{close / 100_000:.5f},{high:.5f},{low:.5f},{close / 100_000:.5f},1000")
    path.write_text("\n".join(["timestamp_ms,open,high,low,close,volume", *rows]) + "\n", encoding="utf-8")
    return path


class Rehearsal:
    """Two terminals."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.data = folder / "data"
        self._folder = folder
        self._candles = waves(folder / "DOGEUSDT.csv")
        self.profile = bybit_profile(folder / "doge.yaml", self.url)
        self._environment = {**os.environ, "001_BYBIT_API_KEY": "practice", "001_BYBIT_API_SECRET": "practice"}
        self.alive: list[Process] = []

    def _begin(self, *arguments: str | Path) -> Process:
        log = (self._folder / "output.txt").open("ab")
        environment = {**self._environment, "PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(self._folder / "state")}
        command = [sys.executable, "-m", "gridhedge", *map(str, arguments)]
        with log:
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self._folder, env=environment)
        self.alive.append(process)
        return process

    def practice(self) -> Process:
        """``gridhedge practice bybit``, until it listens."""
        options = ("--port", str(self.port), "--data", self._candles, "--speed", str(SPEED))
        process = self._begin("practice", "bybit", *options, "--data-dir", self._folder / "exchange")
        deadline = time.monotonic() + 120
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                    return process
            except OSError:
                assert process.poll() is None, self.output()
                assert time.monotonic() < deadline, "the practice exchange does not listen"
                time.sleep(0.05)

    def bot(self, *more: str) -> Process:
        """``gridhedge run`` without a screen."""
        options = ("--profile", self.profile, "--data-dir", self.data, "--no-dashboard")
        return self._begin("run", *options, *more)

    def output(self) -> str:
        return (self._folder / "output.txt").read_text(encoding="utf-8")[-4000:]

    def books(self) -> dict[str, Any]:
        """The exchange's own."""
        with urllib.request.urlopen(f"{self.url}/practice/books") as answer:
            books: dict[str, Any] = json.load(answer)
        return books

    def told(self, *arguments: str) -> Any:
        """What a command of the bot prints with --json."""
        command = [sys.executable, "-m", "gridhedge", *arguments, "--data-dir", str(self.data), "--json"]
        return json.loads(subprocess.run(command, capture_output=True, check=True, cwd=ROOT).stdout)

    def wait_for_bookings(self, count: int) -> None:
        deadline = time.monotonic() + 120
        while self.books()["bookings"] < count:
            assert time.monotonic() < deadline, f"only {self.books()}: {self.output()}"
            time.sleep(0.05)

    def wait_until_the_prices_end(self) -> None:
        """The exchange's time stands still from then on."""
        deadline, before, now = time.monotonic() + 180, 0, 1
        while before < now or now < START + 60_000 * (MINUTES - 1):
            assert time.monotonic() < deadline, self.output()
            time.sleep(1)
            before, now = now, self.books()["now"]


def kill(*processes: Process) -> None:
    for process in processes:
        process.send_signal(signal.SIGKILL)
        process.wait()


@pytest.fixture
def rehearsal(tmp_path: Path) -> Any:
    made = Rehearsal(tmp_path)
    yield made
    for process in made.alive:
        if process.poll() is None:
            kill(process)


def test_both_may_be_killed_in_any_order_and_every_book_agrees(rehearsal: Rehearsal) -> None:
    """It opens both sides, averages, takes profit and re-enters; bot, exchange, then both are killed and started
    again; in the end report and status are the exchange's own books to the last digit."""
    exchange, bot = rehearsal.practice(), rehearsal.bot()
    rehearsal.wait_for_bookings(3)
    kill(bot)
    bot = rehearsal.bot()
    rehearsal.wait_for_bookings(6)
    kill(exchange)
    exchange = rehearsal.practice()
    kill(bot)
    bot = rehearsal.bot()
    rehearsal.wait_for_bookings(9)
    kill(exchange, bot)
    exchange = rehearsal.practice()
    rehearsal.wait_until_the_prices_end()
    assert rehearsal.bot("--ticks", "8").wait(180) == 0, rehearsal.output()
    books, report = rehearsal.books(), rehearsal.told("report")
    total, roles = report["total"], report["by_role"]
    assert {name: Decimal(books["totals"][name]) for name in ("realised", "fees", "funding")} == {
        "realised": Decimal(total["gross_profit"]),
        "fees": Decimal(total["fees"]),
        "funding": Decimal(total["funding"]),
    }
    assert Decimal(books["wallet"]) == 10_000 + Decimal(total["net_profit"])
    assert {"opening", "grid", "take_profit"} <= {name.replace("-", "_") for name in roles}
    assert total["executions"] > 9
    status = rehearsal.told("status")["001"]["status"]
    assert Decimal(status["wallet_balance"]) == Decimal(books["wallet"])
    (symbol,) = status["symbols"]
    for side in ("long", "short"):
        assert Decimal(symbol[side]["quantity"]) == Decimal(books["positions"][f"DOGEUSDT {side}"]["quantity"])
