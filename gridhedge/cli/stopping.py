"""SIGINT and SIGTERM: the first one asks a command to come to its end, later ones change nothing."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["stop_signal"]

_ASKS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stop_signal() -> Iterator[threading.Event]:
    """Set by the first SIGINT or SIGTERM. Whoever was asked to stop ignores both from the end of this block until the
    process has ended: Python takes handlers of its own away before that, and the next signal would kill.

    Python runs a handler when the main thread comes back to it. A signal that arrives on its last steps into a wait is
    noticed at the end of that wait, so the handler does nothing, and the bytes by which the system's own handler tells
    of a signal at once are read by another thread.
    """
    stop = threading.Event()
    hears, tells = socket.socketpair()
    tells.setblocking(False)

    def listen() -> None:
        while number := hears.recv(1):
            if number[0] in _ASKS:
                stop.set()
                return

    listener = threading.Thread(target=listen, name="signals", daemon=True)
    listener.start()
    earlier = signal.set_wakeup_fd(tells.fileno(), warn_on_full_buffer=False)
    before = {number: signal.signal(number, _noted) for number in _ASKS}
    try:
        yield stop
    finally:
        signal.set_wakeup_fd(earlier)
        tells.close()
        listener.join()
        hears.close()
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if stop.is_set() else handler)


def _noted(number: int, frame: FrameType | None) -> None:
    """The listener has been told."""
