"""A whole mirror in processes of its own: four simulated terminals, a center behind a network that can be cut, two
clients, a tumbler and a hedge broker; and a judge that reads nothing but the terminals' own books."""

from __future__ import annotations

import os
import random
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

from gridhedge.domain.errors import Unclear
from gridhedge.mirror.hedger import MAGIC
from gridhedge.mirror.link import Link
from gridhedge.venue.mt5.terminal.api import Mt5Api
from gridhedge.venue.mt5.terminal.bridge import address_of, remote
from tests.cli.shell import ROOT
from tests.patience import PATIENCE_S
from tests.ports import Port

SERVER = "Practice-Demo"
CLIENTS = (501, 502, 503)
TUMBLER = 503
BROKER = 900
_PROGRAMS = ROOT / "scripts" / "mirror"
_NAMES = {"center": "decision_center", "client": "client", "broker": "hedge_broker", "tumbler": "tumbler_broker"}


class Network:
    """Stands between the programs and the center; ``cut`` breaks every connection, half-sent answers included."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.up = True
        self._ends = False
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def cut(self) -> None:
        self.up = False

    def close(self) -> None:
        self._ends = True
        self._thread.join()
        self._listening.close()

    def _run(self) -> None:
        while not self._ends:
            if not self.up:
                self._hang_up(self._pairs)
            ends = [end for pair in self._pairs for end in pair]
            ready, _, _ = select.select([self._listening, *ends], [], [], 0.02)
            if self._listening in ready:
                self._accept()
            for pair in list(self._pairs):
                for source, target in (pair, pair[::-1]):
                    if source in ready and not self._pass(source, target):
                        self._hang_up([pair])
                        break
        self._hang_up(self._pairs)

    def _accept(self) -> None:
        near, _ = self._listening.accept()
        far = None
        if self.up:
            with suppress(OSError):
                far = socket.create_connection(("127.0.0.1", self._to), 1)
        if far is None:
            near.close()
        else:
            self._pairs.append((near, far))

    @staticmethod
    def _pass(source: socket.socket, target: socket.socket) -> bool:
        try:
            data = source.recv(65536)
            target.sendall(data)
        except OSError:
            return False
        return bool(data)

    def _hang_up(self, pairs: list[tuple[socket.socket, socket.socket]]) -> None:
        for pair in list(pairs):
            self._pairs.remove(pair)
            for end in pair:
                end.close()


class World:
    """``home`` keeps all files. Everything random comes from ``seed``."""

    def __init__(self, home: Path, seed: int) -> None:
        self.home, self.dice = home, random.Random(seed)
        self._processes: dict[str, subprocess.Popen[str]] = {}
        self._commands: dict[str, list[str]] = {}
        self.counts: Counter[str] = Counter()
        self.center_port = Port()
        self.network = Network(self.center_port.number)
        self.dummy = home / f"gh_java_{os.getpid()}"  # tests that run beside this one have a name of their own
        shutil.copy(shutil.which("sleep") or "/bin/sleep", self.dummy)
        self.urls: dict[int, str] = {}
        for index, login in enumerate((*CLIENTS, BROKER)):
            url = self._launch(
                f"terminal-{login}", "practice", "mt5", "--port", "0", "--login", str(login), "--seed", str(index),
                "--balance", "10000000", "--prefix", "m" if login == BROKER else "-", awaiting=r"tcp://[\d.:]+",
            )  # fmt: skip
            self.urls[login] = url
        self.hands: dict[int, Mt5Api] = {login: self._hand(login, url) for login, url in self.urls.items()}
        self._launch("center", "mirror", "center", "--port", str(self.center_port.number), awaiting="listens")
        for login in CLIENTS:
            self._launch_program("tumbler" if login == TUMBLER else "client", login)
        self._launch_program("broker", BROKER)

    # ---- processes ---------------------------------------------------------------------------------------------------

    def _launch_program(self, kind: str, login: int) -> None:
        more = {"broker": ["--fence", "5"], "tumbler": ["--process", self.dummy.name, "--grace", "1"]}.get(kind, [])
        self._launch(
            f"{kind}-{login}", "mirror", kind, self.urls[login], str(login), "practice", SERVER,
            "m" if login == BROKER else "-", "auto", "EURUSD", "XAUUSD",
            "--center", f"http://127.0.0.1:{self.network.port}", *more,
            awaiting="is connected" if kind == "broker" else "is watched from now on",
        )  # fmt: skip

    def _launch(self, name: str, *arguments: str, awaiting: str) -> str:
        command = [sys.executable, "-m", "gridhedge", *arguments]
        if arguments[0] == "mirror":  # as the seed's command lines have it
            command = [sys.executable, str(_PROGRAMS / f"{_NAMES[arguments[1]]}.py"), *arguments[2:]]
            command += ["--data-dir", str(self.home / "data")]
        self._commands[name] = command
        self._start(name)
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            found = re.search(awaiting, self.log(name))
            if found:
                return found[0]
            assert self._processes[name].poll() is None, self.log(name)
            time.sleep(0.05)
        raise AssertionError(f"{name}: no {awaiting!r} in {self.log(name)}")

    def _start(self, name: str) -> None:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("GRIDHEDGE_M")}
        with (self.home / f"{name}.log").open("a") as log:
            self._processes[name] = subprocess.Popen(
                self._commands[name], stdout=log, stderr=subprocess.STDOUT, text=True, cwd=self.home, env=environment
            )

    def log(self, name: str) -> str:
        return (self.home / f"{name}.log").read_text()

    def kill(self, name: str) -> None:
        """kill -9, and start it again a moment later."""
        process = self._processes[name]
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.counts[f"killed {name}"] += 1
        time.sleep(self.dice.choice([0.0, 0.1, 0.5]))
        self._start(name)

    def programs(self) -> list[str]:
        return [name for name in self._processes if not name.startswith("terminal")]

    def close(self) -> None:
        for hand in self.hands.values():
            hand.shutdown()
        for process in self._processes.values():
            process.send_signal(signal.SIGKILL)
            process.wait()
        self.network.close()
        self.center_port.close()

    def start_dummy(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen([str(self.dummy), "600"])

    # ---- hands on the accounts ---------------------------------------------------------------------------------------

    @staticmethod
    def _hand(login: int, url: str) -> Mt5Api:
        address = address_of(url)
        assert address is not None
        hand = remote(address)
        assert hand.initialize(url, login=login, password="practice", server=SERVER), hand.last_error()
        for symbol in ("EURUSD", "XAUUSD"):
            assert hand.symbol_select(f"m{symbol}" if login == BROKER else symbol, True)
        return hand

    def open(self, login: int) -> int:
        """A person, or a signal, opens a position."""
        symbol = self.dice.choice(["EURUSD", "EURUSD", "XAUUSD"])
        return self.deal(login, symbol, self.dice.choice([0, 1]), self.dice.choice([0.01, 0.02, 0.05, 0.1]))

    def deal(self, login: int, symbol: str, kind: int, volume: float, position: int = 0) -> int:
        name = f"m{symbol}" if login == BROKER and not symbol.startswith("m") else symbol
        result = self.hands[login].order_send(
            {"action": 1, "symbol": name, "type": kind, "volume": volume, "position": position, "type_filling": 0}
        )
        assert result is not None
        assert result.retcode == 10009, result
        return result.order

    def close_one(self, login: int, *, partly: bool = False) -> bool:
        """Close a position of a client, or one of the hedge account that is no hedge."""
        found = [held for held in self.hands[login].positions_get() or () if held.magic < MAGIC]
        if not found:
            return False
        held = self.dice.choice(found)
        volume = 0.01 if partly and held.volume > 0.01 else held.volume
        self.deal(login, held.symbol, 1 - held.type, volume, held.ticket)
        return True

    def happen(self) -> None:
        """One random opening or closing somewhere."""
        kind = self.dice.random()
        client = self.dice.choice(CLIENTS)
        if kind < 0.4:
            self.open(client)
        elif kind < 0.7:
            self.close_one(client, partly=self.dice.random() < 0.3)
        elif kind < 0.85:
            self.open(BROKER)
        else:
            self.close_one(BROKER)

    def trouble(self) -> None:
        """A kill, or a network that is away for a moment."""
        kind = self.dice.random()
        if kind < 0.3:
            self.kill("center")
        elif kind < 0.7:
            self.kill(self.dice.choice([name for name in self.programs() if name != "center"]))
        else:
            self.counts["network cut"] += 1
            self.network.cut()
            time.sleep(self.dice.choice([0.05, 0.3, 1.0]))
            self.network.up = True

    def settle(self) -> None:
        """A last close at the hedge broker, then wait until nothing is left to do."""
        for login in CLIENTS:
            expected = {held.ticket for held in self.hands[login].positions_get() or ()}
            self.wait(lambda login=login, expected=expected: expected <= self.known(login))
        self.deal(BROKER, "EURUSD", 1, 0.01, self.deal(BROKER, "EURUSD", 0, 0.01))
        self.wait(lambda: self.verdict() == [])

    def known(self, account: int) -> set[int]:
        """Tickets that the center knows of an account."""
        link = Link(f"http://127.0.0.1:{self.center_port.number}", None)
        try:
            return {row["ticket"] for row in link.get(f"/all_positions/?status=all&account={account}")}
        finally:
            link.close()

    def wait(self, condition: Any) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            with suppress(Unclear):  # the center may be down just now
                if condition():
                    return
            time.sleep(0.2)

    # ---- the judge ---------------------------------------------------------------------------------------------------

    def verdict(self) -> list[str]:
        """What is wrong, by the books of the terminals alone."""
        hedges: dict[str, list[int]] = {}
        broker = self.hands[BROKER]
        for deal in broker.history_deals_get(0, 2**33) or ():
            if deal.entry == 0 and deal.magic >= MAGIC:
                hedges.setdefault(deal.comment, []).append(deal.position_id)
        held = {one.ticket: one for one in broker.positions_get() or ()}
        wrong = [f"{name}: {len(found)} hedges" for name, found in hedges.items() if len(found) > 1]
        allowed: set[int] = set()
        for login in CLIENTS:
            for position in self.hands[login].positions_get() or ():
                name = f"gh {login} {position.ticket}"
                hedge = held.get(hedges.get(name, [0])[0])
                if hedge is None:
                    wrong.append(f"{name}: no open hedge")
                    continue
                allowed.add(hedge.ticket)
                expected = f"m{position.symbol}", 1 - position.type, position.volume
                if (hedge.symbol, hedge.type, hedge.volume) != expected:
                    wrong.append(f"{name}: {expected} is hedged by {hedge.type} {hedge.volume} {hedge.symbol}")
        orphans = [one.comment for one in held.values() if one.magic >= MAGIC and one.ticket not in allowed]
        return wrong + [f"{name}: a hedge without a position" for name in orphans]

    def hedges_made(self) -> int:
        return sum(
            deal.entry == 0 and deal.magic >= MAGIC for deal in self.hands[BROKER].history_deals_get(0, 2**33) or ()
        )
