"""The bell that wakes a session."""

from __future__ import annotations

import threading
import time

from gridhedge.venue.bell import Bell


def test_a_ring_from_another_thread_ends_a_wait() -> None:
    """However long the wait would have been."""
    bell = Bell()
    began = threading.Event()

    def ring() -> None:
        began.wait()
        bell.ring()

    thread = threading.Thread(target=ring)
    thread.start()
    began.set()
    bell.wait(3_600)
    thread.join()


def test_rings_before_a_wait_are_one() -> None:
    """The first wait ends at once; the second has nothing left to hear."""
    bell = Bell()
    for _ in range(3):
        bell.ring()
    bell.wait(3_600)
    before = time.monotonic()
    bell.wait(0.05)
    assert time.monotonic() - before >= 0.05


def test_no_time_to_wait_forgets_the_rings() -> None:
    """Who looks at once has seen what they rang for."""
    bell = Bell()
    bell.ring()
    bell.wait(-1)
    before = time.monotonic()
    bell.wait(0.05)
    assert time.monotonic() - before >= 0.05
