"""SIGINT and SIGTERM: the first one asks a command to come to its end, later ones change nothing."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["stop_signal"]


@contextmanager
def stop_signal() -> Iterator[threading.Event]:
    """Set by the first SIGINT or SIGTERM. Whoever was asked to stop ignores both from the end of this block until the
    process has ended: Python takes handlers of its own away before that, and the next signal would kill."""
    stop = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if stop.is_set() else handler)
