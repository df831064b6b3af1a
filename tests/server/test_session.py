"""One user's thread: it comes to something, tries again what may pass, stops when told, and swallows its own bugs."""

from __future__ import annotations

import logging
import threading
from asyncio import CancelledError
from collections.abc import Callable

import pytest

from gridhedge.domain.errors import (
    DiskFailure,
    EmergencyStop,
    NotSent,
    RateLimited,
    Refused,
    RiskStop,
    Unclear,
    UsageError,
)
from gridhedge.engine.status import AccountStatus
from gridhedge.server.refusals import ApiError
from gridhedge.server.session import Pace, Session
from tests.dashboard.statuses import account_status
from tests.patience import PATIENCE_S, until
from tests.server.crew import Notebook, Trader

LOG = logging.getLogger("gridhedge.server.session-test")
PACE = Pace(first=0.01, longest=0.02, stop=PATIENCE_S)


def session(
    *failures: BaseException | None, notebook: Notebook | None = None, pace: Pace = PACE, ticks: int = 0
) -> tuple[Session, list[Trader]]:
    """A session whose attempts fail with these, one by one; the next attempt trades."""
    plan, traders = list(failures), list[Trader]()

    def opening(stop: threading.Event) -> Trader:
        traders.append(Trader(stop, plan.pop(0) if plan else None, ticks))
        return traders[-1]

    return Session("anna", opening, notebook or Notebook(), LOG, pace), traders


def test_a_session_runs_until_it_is_stopped() -> None:
    """States are told in order; the trader is closed; what was shown stays."""
    notebook = Notebook()
    one, traders = session(notebook=notebook)
    one.start()
    one.wait(PATIENCE_S)
    assert one.state == "running"
    assert one.seconds_since_tick is not None
    one.stop()
    assert one.seconds_since_tick is None
    assert (one.state, one.is_alive, traders[0].is_closed) == ("stopped", False, True)
    assert notebook.states == ["starting", "running", "stopped"]
    assert one.status is not None
    assert len(one.equity) >= 1


def test_starting_twice_trades_once() -> None:
    """And a stopped one can be started again."""
    one, traders = session()
    one.start()
    one.wait(PATIENCE_S)
    one.start()
    assert len(traders) == 1
    one.stop()
    one.start()
    one.wait(PATIENCE_S)
    assert (len(traders), one.state) == (2, "running")
    one.stop()


@pytest.mark.parametrize(
    "failure",
    [NotSent("away"), Unclear("half an answer"), RateLimited("busy", 5), ValueError("a bug"), CancelledError()],
)
def test_what_may_pass_is_tried_again(failure: BaseException) -> None:
    """A venue that is away, and our own bugs: starting again is recovery."""
    notebook = Notebook()
    one, traders = session(failure, failure, notebook=notebook)
    one.start()
    until(lambda: one.state == "running")
    one.stop()
    assert (len(traders), notebook.states) == (3, ["starting", "retrying", "running", "stopped"])
    assert all(trader.is_closed for trader in traders)


@pytest.mark.parametrize(
    "failure",
    [Refused("wrong key"), RiskStop("margin"), EmergencyStop("set"), DiskFailure("full"), UsageError("profile")],
)
def test_what_needs_a_person_is_not_tried_again(failure: BaseException) -> None:
    """A wrong key is not sent to the exchange again and again."""
    notebook = Notebook()
    one, traders = session(failure, notebook=notebook)
    one.start()
    one.wait(PATIENCE_S)
    until(lambda: not one.is_alive)
    assert (one.state, one.failure, len(traders)) == ("error", failure, 1)
    assert (notebook.states, notebook.failures) == (["starting", "error"], [str(failure)])
    one.stop()
    assert (one.state, one.failure) == ("stopped", None)


def test_a_bug_is_told_without_its_details() -> None:
    """Its text may hold anything; the log has it."""
    notebook = Notebook()
    one, _ = session(ValueError("secret-in-a-message"), notebook=notebook)
    one.start()
    until(lambda: one.state == "running")
    one.stop()
    assert notebook.failures == ["unexpected error (ValueError); the log tells more"]


def test_a_session_that_waits_to_try_again_stops_at_once() -> None:
    """However long the pause is."""
    one, _ = session(NotSent("away"), pace=Pace(first=1000, longest=1000, stop=PATIENCE_S))
    one.start()
    until(lambda: one.state == "retrying")
    one.stop()
    assert (one.state, one.is_alive) == ("stopped", False)


def test_a_session_that_does_not_end_is_told() -> None:
    """The caller is not kept for ever; the thread is let go of."""
    deaf = _Deaf()
    one = Session("anna", lambda stop: deaf, Notebook(), LOG, Pace(stop=0.05))
    one.start()
    assert deaf.runs.wait(PATIENCE_S)
    with pytest.raises(ApiError, match="has not ended within"):
        one.stop()
    deaf.end.set()
    until(lambda: not one.is_alive)


def test_a_session_that_hangs_is_silent_for_longer_and_longer() -> None:
    """It ticks once, and never again: twelve minutes later it still calls itself running."""
    never = threading.Event()
    one = Session("anna", lambda stop: _Hanging(never), Notebook(), LOG, Pace())
    one.start()
    one.wait(PATIENCE_S)
    assert one.state == "running"
    one._ticked -= 720
    assert (one.seconds_since_tick or 0) >= 720
    never.set()
    until(lambda: not one.is_alive)


class _Hanging(Trader):
    """Shows one tick, and then nothing."""

    def __init__(self, end: threading.Event) -> None:
        super().__init__(threading.Event())
        self._end = end

    def run(self, show: Callable[[AccountStatus], object]) -> None:
        show(account_status())
        self._end.wait()


class _Deaf(Trader):
    """Does not listen to its stop."""

    def __init__(self) -> None:
        super().__init__(threading.Event())
        self.runs, self.end = threading.Event(), threading.Event()

    def run(self, show: Callable[..., object]) -> None:
        self.runs.set()
        self.end.wait()
