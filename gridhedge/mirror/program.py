"""The loops of the mirror's programs: look, do, report, and come back after every loss of terminal or center."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from gridhedge.domain.errors import NotSent, Refused, Unclear, VenueError
from gridhedge.domain.values import Millis
from gridhedge.mirror.courier import Courier, waiting
from gridhedge.mirror.desk import Terminal
from gridhedge.mirror.hedger import Hedger, Rules
from gridhedge.mirror.journal import Journal
from gridhedge.mirror.link import Link
from gridhedge.mirror.watch import Told, Watch

__all__ = ["BrokerProgram", "ClientProgram", "wall_ms"]

_LONGEST_PAUSE_S = 5.0
_LOOK_BACK_S = 1.0
_SYNCHRONISE_S = 0.2
_ASK_AGAIN_S = 0.3

Say = Callable[[str], None]


def wall_ms() -> Millis:
    return time.time_ns() // 1_000_000


class _Program(ABC):
    """Signs in, steps at ``poll_s``, signs in anew after a loss. ``kind`` is what the center shows."""

    kind = ""
    trades = False

    def __init__(self, terminal: Terminal, poll_s: float, say: Say) -> None:
        self._terminal = terminal
        self._poll_s = poll_s
        self._say = say
        self._lag_ms: int | None = None

    def run(self, stop: threading.Event) -> None:
        """Until ``stop``. Raises Refused where a person must correct something, and DiskFailure."""
        connected, ever, pause = False, False, 0.1
        while not stop.is_set():
            try:
                if not connected:
                    self._terminal.connect(to_trade=self.trades)
                    self._say(f"account {self._terminal.account}: the terminal is connected")
                    connected, ever, pause = True, True, 0.1
                self._step()
            except Refused as error:
                if not ever:
                    raise
                connected, pause = self._lose(error, pause, stop)
            except (NotSent, Unclear) as error:
                connected, pause = self._lose(error, pause, stop)
            else:
                stop.wait(self._poll_s)
        self._terminal.close()

    def _lose(self, error: VenueError, pause: float, stop: threading.Event) -> tuple[bool, float]:
        self._say(f"{error}; trying again")
        stop.wait(pause)
        return False, min(pause * 2, _LONGEST_PAUSE_S)

    @abstractmethod
    def _step(self) -> None:
        """One look at the terminal, and what follows from it."""

    def seen(self) -> dict[str, Any]:
        """What the center is told about this program."""
        told: dict[str, Any] = {"kind": self.kind, "account": self._terminal.account}
        return told if self._lag_ms is None else told | {"lag_ms": self._lag_ms}

    def delivered(self, path: str, message: dict[str, Any], waited_ms: int) -> None:
        """The center has taken a message."""
        self._lag_ms = waited_ms
        if path == "/new_position/":
            self._say(f"position {message['ticket']} is in the center, {waited_ms} ms after it was seen")


class ClientProgram(_Program):
    """Watches one client account. ``opened`` is called at once for every position that opens (the tumbler)."""

    def __init__(
        self,
        terminal: Terminal,
        file: Path,
        link: Link,
        say: Say,
        poll_s: float = 0.05,
        opened: Callable[[], object] | None = None,
    ) -> None:
        super().__init__(terminal, poll_s, say)
        self.kind = "client" if opened is None else "tumbler"
        self._opened = opened
        self._watch = Watch(file, terminal.account, terminal.plain, terminal.contract, wall_ms)
        self._courier = Courier(file, link, self.seen, say, self.delivered)
        self._looked_back = 0.0

    def run(self, stop: threading.Event) -> None:
        """Watch until ``stop``; what waits for the center stays on disk. Raises Refused and DiskFailure."""
        left = waiting(self._watch.tables)
        if left:
            self._say(f"{left} messages of the last run wait for the center")
        self._courier.start()
        try:
            super().run(stop)
        finally:
            self._courier.stop()
            self._watch.close()

    def _step(self) -> None:
        terminal, watch = self._terminal, self._watch
        if not watch.began:
            count = watch.begin(terminal.positions(), terminal.deals(0))
            self._say(f"account {terminal.account} is watched from now on; {count} positions were open before")
        told: Sequence[Told] = watch.look(terminal.positions(), terminal.deals_of)
        if told:
            self._courier.wake()  # ending an application may take seconds, and the center shall not wait for it
        if any(one.opened for one in told) and self._opened is not None:
            self._opened()
        if time.monotonic() - self._looked_back >= _LOOK_BACK_S:
            told = [*told, *watch.look_back(terminal.deals(watch.since()))]
            self._looked_back = time.monotonic()
        if terminal.offset_s is not None:
            watch.keep_offset(terminal.offset_s)
        for one in told:
            self._say(f"position {one.ticket} {one.what}: {one.text}")
        if told:
            self._courier.wake()


class BrokerProgram(_Program):
    """Watches the hedge account and keeps its hedges."""

    kind = "broker"
    trades = True

    def __init__(
        self, terminal: Terminal, file: Path, links: tuple[Link, Link], rules: Rules, say: Say, poll_s: float = 0.05
    ) -> None:
        super().__init__(terminal, poll_s, say)
        self._journal = Journal(file, wall_ms())
        self._asking, telling = links
        self._hedger = Hedger(terminal, self._journal, rules, self._fetch, wall_ms, say)
        self._courier = Courier(file, telling, self.seen, say, self.delivered)
        self._synchronised = 0.0
        self._center_lost = False
        self._ask_after = 0.0

    def run(self, stop: threading.Event) -> None:
        """Hedge until ``stop``; open hedges stay. Raises Refused and DiskFailure."""
        self._courier.start()
        try:
            super().run(stop)
        finally:
            self._courier.stop()
            self._asking.close()
            self._journal.close()

    def _fetch(self) -> Sequence[dict[str, Any]] | None:
        """What the center lists; None where it does not answer, which is looked at again soon, not at once."""
        if time.monotonic() < self._ask_after:
            return None
        try:
            rows: list[dict[str, Any]] = self._asking.get("/hedges/")
        except (Unclear, Refused) as error:
            self._ask_after = time.monotonic() + _ASK_AGAIN_S
            if not self._center_lost:
                self._say(f"{error}; what a close asks for is hedged as soon as it is back")
            self._center_lost = True
            return None
        if self._center_lost:
            self._say("the center answers again")
            self._center_lost = False
        return rows

    def _step(self) -> None:
        due = time.monotonic() - self._synchronised >= _SYNCHRONISE_S
        if due:
            self._synchronised = time.monotonic()
        before = self._journal.told
        self._hedger.step(due)
        if self._journal.told > before:
            self._courier.wake()
