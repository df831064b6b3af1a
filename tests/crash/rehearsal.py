"""Two terminals: a practice exchange in one process, the bot in another, both to be killed and started again."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from gridhedge.venue.mt5.terminal.bridge import Address, remote
from tests.cli.shell import ROOT
from tests.patience import PATIENCE_S, until
from tests.ports import Port

_FIRST = 1_748_736_000_000
Process = subprocess.Popen[bytes]


class Waves(NamedTuple):
    """Prices that go up and down by 2 %, at first a little wider each time; ``unit`` is 1/20000 of their centre,
    ``half`` the minutes from one turn to the next."""

    symbol: str
    unit: Decimal
    half: int = 15
    first: int = _FIRST
    """When the first minute opens."""

    def write(self, folder: Path, end: int) -> Path:
        """Up to a time: the same prices as before, longer or shorter."""
        rows = []
        for index in range((end - self.first) // 60_000):
            wave, phase = divmod(index, 2 * self.half)
            height = min(phase, 2 * self.half - phase) * (390 + 15 * min(wave, 6)) // self.half
            close = 20_000 + (height if wave % 2 else -height)
            shown = [(each * self.unit).normalize() for each in (close, close + 25, close - 25, close)]
            rows.append(",".join([str(self.first + 60_000 * index), *(f"{each:f}" for each in shown), "1000"]))
        path = folder / f"{self.symbol}.csv"
        path.write_text("\n".join(["timestamp_ms,open,high,low,close,volume", *rows]) + "\n", encoding="utf-8")
        return path


class Rehearsal:
    """``venue`` is practised with these prices from minute ``start`` on, so much faster than they are; ``options``:
    more of ``gridhedge practice``; ``profile``: its text, with ``{endpoint}`` where the exchange listens."""

    scheme = "http"

    def __init__(
        self,
        folder: Path,
        venue: str,
        waves: Waves,
        profile: str,
        options: Sequence[str] = (),
        *,
        start: int = 0,
        speed: int = 600,
    ) -> None:
        self.port = Port()
        self.url = f"{self.scheme}://127.0.0.1:{self.port.number}"
        self.data = folder / "data"
        self.waves = waves
        self.profile = folder / "profile.yaml"
        self.profile.write_text(profile.format(endpoint=self.url), encoding="utf-8")
        self._folder, self._venue, self._start, self._speed = folder, venue, start, speed
        self._end = waves.first + 600_000 * speed
        """Of the prices: longer than anybody waits, until they are cut."""
        candles = waves.write(folder, self._end)
        begin = datetime.fromtimestamp(waves.first / 1000 + 60 * start, UTC).strftime("%Y-%m-%dT%H:%M")
        self._options = ("--data", str(candles), "--start", begin, "--speed", str(speed), *options)
        secrets = ("KEY", "SECRET", "PASSPHRASE") if venue == "bitget" else ("KEY", "SECRET")
        self._environment = {
            **os.environ,
            **{f"001_{venue.upper()}_API_{name}": "practice" for name in secrets},
            "PYTHONPATH": str(ROOT),
            "XDG_STATE_HOME": str(folder / "state"),
        }
        self.alive: list[Process] = []

    def _begin(self, *arguments: str | Path) -> Process:
        command = [sys.executable, "-m", "gridhedge", *map(str, arguments)]
        with (self._folder / "output.txt").open("ab") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self._folder, env=self._environment)
        self.alive.append(process)
        return process

    def practice(self) -> Process:
        """``gridhedge practice``, until it listens."""
        where = ("--port", str(self.port.number), "--data-dir", self._folder / "exchange")
        process = self._begin("practice", self._venue, *where, *self._options)

        def listens() -> bool:
            assert process.poll() is None, self.output()
            try:
                with socket.create_connection(("127.0.0.1", self.port.number), timeout=PATIENCE_S):
                    return True
            except ConnectionRefusedError:
                return False

        until(listens, self.output)
        return process

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
        return json.loads(self.printed(*arguments, "--data-dir", str(self.data), "--json"))

    def printed(self, *arguments: str) -> str:
        """What a command prints; it must end well."""
        command = [sys.executable, "-m", "gridhedge", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, cwd=self._folder, env=self._environment)
        assert done.returncode == 0, f"{arguments}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
        return done.stdout

    def wait_for_bookings(self, count: int) -> None:
        until(lambda: self.books()["bookings"] >= count, lambda: f"only {self.books()}: {self.output()}")

    def wait_until_the_prices_end(self) -> None:
        """The exchange's time stands still from then on."""
        times = [0]

        def stands_still() -> bool:
            times.append(self.books()["now"])
            time.sleep(1)
            return times[-1] == times[-2] and self.is_at_the_end(times[-1])

        until(stands_still, self.output)

    def is_at_the_end(self, now: int) -> bool:
        return now >= self._end - 60_000

    def survive(self, bookings: Sequence[int]) -> None:
        """The bot, the exchange with the bot, and both are killed after so many bookings, and started again, when a
        position has been closed, too; the prices go on for a wave, and the bot has a last look when they stand still.
        """
        begun = time.monotonic()
        first, second, third = bookings
        exchange, bot = self.practice(), self.bot()
        self.wait_for_bookings(first)
        kill(bot)
        bot = self.bot()
        self.wait_for_bookings(second)
        kill(exchange)
        exchange = self.practice()
        kill(bot)
        bot = self.bot()
        self.wait_for_bookings(third)
        until(lambda: Decimal(self.books()["totals"]["realised"]), self.output)
        kill(exchange, bot)
        lived = int(time.monotonic() - begun) * self._speed // 60 + 2 * self.waves.half
        self._end = self.waves.first + (self._start + lived) * 60_000
        self.waves.write(self._folder, self._end)
        self.practice()
        self.wait_until_the_prices_end()
        assert self.bot("--ticks", "8").wait(PATIENCE_S) == 0, self.output()

    def compare(self) -> dict[str, Any]:
        """Report and status are the exchange's own books to the last digit. Returns the report."""
        books = self.books()
        report: dict[str, Any] = self.told("report")
        total = report["total"]
        assert {name: exact(books["totals"][name]) for name in ("realised", "fees", "funding")} == {
            "realised": exact(total["gross_profit"]),
            "fees": exact(total["fees"]),
            "funding": exact(total["funding"]),
        }
        assert exact(books["wallet"]) == 10_000 + exact(total["net_profit"])
        self.compare_positions()
        return report

    def compare_positions(self) -> None:
        """Status has the exchange's balance and quantities."""
        books, status = self.books(), self.told("status")["001"]["status"]
        assert Decimal(status["wallet_balance"]) == Decimal(books["wallet"])
        (symbol,) = status["symbols"]
        for side in ("long", "short"):
            held = books["positions"][f"{self.waves.symbol} {side}"]["quantity"]
            assert Decimal(symbol[side]["quantity"]) == Decimal(held)

    def close_everything(self) -> None:
        """As a person would, in panic."""
        self.printed("close", "--profile", str(self.profile), "--data-dir", str(self.data), "--yes")

    def end(self) -> None:
        for process in self.alive:
            if process.poll() is None:
                kill(process)
        self.port.close()


class TerminalRehearsal(Rehearsal):
    """The same with a simulated MT5 terminal, whose books are asked for as any program asks for them."""

    scheme = "tcp"
    login = 501234

    def __init__(self, folder: Path, waves: Waves, profile: str) -> None:
        super().__init__(folder, "mt5", waves, profile)
        self._environment["MT5_PASSWORD"] = "practice"

    def books(self) -> dict[str, Any]:
        """In the words of the other exchanges; ``now`` is the server's."""
        terminal = remote(Address("127.0.0.1", self.port.number))
        try:
            assert terminal.initialize(self.url, login=self.login, password="practice", server="Practice-Demo")
            assert terminal.symbol_select(self.waves.symbol, True)
            tick, deals = terminal.symbol_info_tick(self.waves.symbol), terminal.history_deals_get(0, 2**33)
            held, account = terminal.positions_get(), terminal.account_info()
        finally:
            terminal.shutdown()
        assert tick is not None
        assert deals is not None
        assert held is not None
        assert account is not None
        trades = [deal for deal in deals if deal.symbol]
        swap = sum((text(one.swap) for one in (*trades, *held)), Decimal(0))
        totals = {
            "realised": sum((text(deal.profit) for deal in trades), Decimal(0)),
            "fees": -sum((text(deal.commission) for deal in trades), Decimal(0)),
            "funding": -swap,
        }
        lots = {kind: sum((text(one.volume) for one in held if one.type == kind), Decimal(0)) for kind in (0, 1)}
        gathered = sum((text(one.swap) for one in held), Decimal(0))
        return {
            "now": tick.time_msc,
            "wallet": text(account.balance) + gathered,
            "totals": totals,
            "positions": {
                f"{self.waves.symbol} {side}": {"quantity": lots[kind] * 100_000}
                for kind, side in enumerate(("long", "short"))
            },
            "bookings": len(trades),
        }

    def is_at_the_end(self, now: int) -> bool:
        """A terminal tells the time of the wall, and of a tick: where it stands still, there are no more."""
        return True


def exact(amount: str | Decimal) -> Decimal:
    """To far more digits than money has: an average price may have no last one."""
    return round(Decimal(amount), 15)


def text(number: float) -> Decimal:
    return Decimal(repr(number))


def kill(*processes: Process) -> None:
    for process in processes:
        process.send_signal(signal.SIGKILL)
        process.wait()
