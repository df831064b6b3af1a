"""SIGINT and SIGTERM: the first one asks a command to come to its end, later ones change nothing."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from types import FrameType

__all__ = ["stop_signal"]


@contextmanager
def stop_signal() -> Iterator[threading.Event]:
    """Set by the first SIGINT or SIGTERM. Whoever was asked to stop ignores both from the end of this block until the
    process has ended: Python takes handlers of its own away before that, and the next signal would kill."""
    stop, asked = threading.Event(), SimpleQueue[bool]()

    def ask(number: int, frame: FrameType | None) -> None:
        # A handler may interrupt anything, another handler and a wait for the event too: it must not ask for the
        # event's lock. Of all queues only this one may be used here.
        asked.put(True)

    def listen() -> None:
        if asked.get():
            stop.set()

    listener = threading.Thread(target=listen, name="signals", daemon=True)
    listener.start()
    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        asked.put(False)
        listener.join()
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if stop.is_set() else handler)
