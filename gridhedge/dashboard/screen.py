"""The live screen: its own daemon thread draws the latest statuses once a second, and turns itself off when it can not.

Nothing here can stop or slow trading: the session only leaves its status behind, and every failure of the terminal
ends the screen, with one line in the log.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.text import Text

from gridhedge.dashboard.figures import age_text
from gridhedge.dashboard.layout import render
from gridhedge.engine.status import AccountStatus

_LOG = logging.getLogger("gridhedge.dashboard")
_SILENT_AFTER_SECONDS = 5.0
_STOP_WAIT_SECONDS = 2.0


def terminal_console() -> Console:
    """A console on a handle of its own to standard output.

    A terminal that is paused (Ctrl-S) blocks the writer; with its own handle that is the screen's thread alone.
    """
    handle = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding=sys.stdout.encoding, errors="replace")
    return Console(file=handle)


class Screen:
    """Shows the statuses it was handed, at most one frame per ``interval_seconds``, on the alternate screen."""

    def __init__(self, console: Console, interval_seconds: float = 1.0) -> None:
        self._console = console
        self._interval = interval_seconds
        self._shown: dict[str, tuple[AccountStatus, float]] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="screen", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def show(self, status: AccountStatus) -> None:
        """Hand over an account's status; the caller pays for one assignment. Any thread may call this."""
        self._shown[status.account] = (status, time.monotonic())

    def stop(self) -> None:
        """Leave the alternate screen. Returns after two seconds even if the terminal does not answer."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_WAIT_SECONDS)

    @property
    def is_on(self) -> bool:
        """False after ``stop`` and after a failure."""
        return self._thread.is_alive()

    def __enter__(self) -> Screen:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _run(self) -> None:
        try:
            self._draw_until_stopped()
        except (Exception, SystemExit) as error:  # rich answers a broken pipe with SystemExit
            _LOG.warning("the screen turned itself off (%s: %s); trading goes on", type(error).__name__, error)

    def _draw_until_stopped(self) -> None:
        drawn: tuple[Text, int, int] | None = None
        console = self._console
        with Live(
            console=console, screen=True, auto_refresh=False, redirect_stdout=False, redirect_stderr=False
        ) as live:
            while not self._stopping.is_set():
                if not console.is_terminal:  # after a hang-up rich draws nothing and says nothing
                    raise OSError("the terminal is gone")
                width, height = console.size
                frame = (render(self._statuses(time.monotonic()), width, height), width, height)
                if drawn is not None and drawn[1:] != frame[1:]:
                    console.clear()
                if frame != drawn:
                    live.update(frame[0], refresh=True)
                drawn = frame
                self._stopping.wait(self._interval)

    def _statuses(self, now: float) -> list[AccountStatus]:
        """The latest statuses; a session that has fallen silent says so in its alarms."""
        return [_aged(status, now - shown) for status, shown in tuple(self._shown.values())]


def _aged(status: AccountStatus, silent_seconds: float) -> AccountStatus:
    if silent_seconds < _SILENT_AFTER_SECONDS:
        return status
    silence = f"no news from the bot for {age_text(int(silent_seconds * 1000))}: what stands here is old"
    return status._replace(alarms=(silence, *status.alarms))
