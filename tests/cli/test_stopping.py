"""What a command does with SIGINT and SIGTERM, in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from gridhedge.cli.stopping import stop_signal
from tests.cli.shell import ROOT
from tests.patience import PATIENCE_S

PROGRAM = """
import os, signal
from gridhedge.cli.stopping import stop_signal

class Late:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)  # when Python has given its handlers back

late = Late()
with stop_signal() as stop:
    print("ready", flush=True)
    stop.wait()
    os.kill(os.getpid(), signal.SIGINT)
os.kill(os.getpid(), signal.SIGTERM)
print("ended well")
"""


UNHEARD = """
import os, signal, threading
from gridhedge.cli.stopping import stop_signal

with stop_signal() as stop:
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGTERM)).start()
    stop.wait()
print("ended well")
"""
"""The signal goes to another thread, so that it does not interrupt the main thread's wait: as if it had arrived on the
last steps into it."""


@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_stops_and_later_ones_change_nothing(first: signal.Signals) -> None:
    """Neither within the block, nor after it, nor while Python takes itself apart."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", PROGRAM], text=True, cwd=ROOT, **pipes) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(first)
        out, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, out, err) == (0, "ended well\n", "")


def test_a_signal_that_does_not_interrupt_the_main_thread_stops_as_well() -> None:
    """Python would run a handler when the wait is over, and that would never be."""
    done = subprocess.run(
        [sys.executable, "-c", UNHEARD], capture_output=True, text=True, cwd=ROOT, timeout=PATIENCE_S, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "ended well\n", "")


def test_who_was_never_asked_to_stop_gets_its_handlers_back() -> None:
    """A caller that goes on, as these tests do, can be interrupted as before."""
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with stop_signal() as stop:
        assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] != before
    assert not stop.is_set()
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_signal_may_come_while_the_event_is_being_waited_for_or_set() -> None:
    """The main thread holds the event's lock in both; a handler that asked for it would never come back."""
    with stop_signal() as stop:
        with stop._cond:
            os.kill(os.getpid(), signal.SIGTERM)
            os.kill(os.getpid(), signal.SIGINT)
        assert stop.wait(PATIENCE_S)
        handler = signal.getsignal(signal.SIGTERM)
    try:
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
        assert handler is not signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
