"""One user's session: a thread that trades, is started again after troubles that pass, and never takes others down."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Literal, NamedTuple, TypeAlias

from gridhedge.domain.errors import GridhedgeError, Refused, VenueError
from gridhedge.domain.values import Millis, Money
from gridhedge.engine.status import AccountStatus
from gridhedge.server.ports import Informer, Trader
from gridhedge.server.refusals import ApiError, sentence_of

__all__ = ["Pace", "Sample", "Session", "State"]

State: TypeAlias = Literal["stopped", "starting", "running", "retrying", "error"]
_SAMPLES = 240
_SAMPLE_MS = 5_000
_WELL_S = 600.0
"""After so long a run the next trouble counts as the first."""


class Pace(NamedTuple):
    """How long to wait, in seconds."""

    first: float = 5.0
    """Before a session is started again; doubled each time up to ``longest``."""
    longest: float = 300.0
    stop: float = 60.0
    """For a session to end when told."""


class Sample(NamedTuple):
    """The account's value at a moment."""

    at: Millis
    equity: Money


class Session:
    """Runs what ``opening`` opens. Its methods may be called from any thread; reads are of whole objects.

    ``opening`` is called in the session's thread, anew for each attempt, with the event that will ask it to stop.
    """

    def __init__(
        self,
        user_id: str,
        opening: Callable[[threading.Event], Trader],
        informer: Informer,
        log: logging.Logger,
        pace: Pace,
        status: AccountStatus | None = None,
    ) -> None:
        self._user_id = user_id
        self._opening = opening
        self._informer = informer
        self._log = log
        self._pace = pace
        self._stop = threading.Event()
        self._settled = threading.Event()
        """The first attempt has come to something."""
        self._thread: threading.Thread | None = None
        self.state: State = "stopped"
        self.failure: BaseException | None = None
        """Why it is not running."""
        self.status: AccountStatus | None = status
        self.equity: deque[Sample] = deque(maxlen=_SAMPLES)
        self._ticked = 0.0
        """When it last ticked, by this machine's steady clock: the venue's may be a practice one."""

    @property
    def seconds_since_tick(self) -> int | None:
        """How long it has been silent; None unless it runs. A session that hangs still calls itself running."""
        return int(time.monotonic() - self._ticked) if self.state == "running" else None

    @property
    def is_alive(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Begin to trade; nothing happens if it is trading already."""
        if self.is_alive:
            return
        self._stop.clear()
        self._settled.clear()
        self._enter("starting", None)
        self._thread = threading.Thread(target=self._live, name=f"session {self._user_id}", daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> None:
        """Until the first tick or the first failure, or ``seconds``."""
        self._settled.wait(seconds)

    def ask_to_stop(self) -> None:
        """Do not wait for it: see ``stop``."""
        if self.is_alive:
            self._stop.set()
            self._settled.set()

    def stop(self) -> None:
        """End gracefully; orders stay as the profile says. Raises ApiError if it takes too long."""
        self.ask_to_stop()
        if self._thread is not None:
            self._thread.join(self._pace.stop)
            if self._thread.is_alive():
                raise ApiError(503, "STILL_STOPPING", f"the session has not ended within {self._pace.stop:.0f} s")
        if self.state == "error":
            self._enter("stopped", None)

    # ---- the session's thread ------------------------------------------------------------------------------------

    def _live(self) -> None:
        pause = self._pace.first
        while True:
            began = time.monotonic()
            failure = self._trade()
            if self._stop.is_set() or failure is None:
                self._enter("stopped", None)
                return
            if not _may_pass(failure):
                self._enter("error", failure)
                return
            self._enter("retrying", failure)
            if time.monotonic() - began > _WELL_S:
                pause = self._pace.first
            self._stop.wait(pause)
            pause = min(pause * 2, self._pace.longest)

    def _trade(self) -> BaseException | None:
        """One attempt; what it failed with. Whatever it raises, a user's session must not take the others down, nor
        seem to trade when its thread has ended (a library's CancelledError is no Exception)."""
        trader: Trader | None = None
        failure: BaseException | None = None
        try:
            trader = self._opening(self._stop)
            trader.run(self._show)
        except BaseException as error:
            failure = error
        try:
            if trader is not None:
                trader.close()
        except BaseException as error:
            failure = failure or error
        if failure is not None:
            self._log.error("session of user %s failed", self._user_id, exc_info=failure)
        return failure

    def _show(self, status: AccountStatus) -> None:
        self.status, self._ticked = status, time.monotonic()
        if not self.equity or status.now - self.equity[-1].at >= _SAMPLE_MS:
            self.equity.append(Sample(status.now, status.margin_balance))
        if self.state != "running" and not self._stop.is_set():
            self._enter("running", None)

    def _enter(self, state: State, failure: BaseException | None) -> None:
        previous, self.state, self.failure = self.state, state, failure
        text = sentence_of(failure)
        if failure is not None:
            self._informer.failed(text)
        if state != previous:
            self._informer.changed(state, previous, text)
        if state != "starting":
            self._settled.set()


def _may_pass(failure: BaseException) -> bool:
    """A venue that is away comes back, and starting again is how the bot recovers. A refusal (a wrong key), a risk
    limit, a stop or a disk need a person."""
    if isinstance(failure, GridhedgeError):
        return isinstance(failure, VenueError) and not isinstance(failure, Refused)
    return True
