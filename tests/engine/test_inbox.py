"""The only door from venue threads into the session."""

from __future__ import annotations

import threading

from gridhedge.domain.events import ConnectionChanged
from gridhedge.engine.inbox import DequeInbox


def seen(number: int) -> ConnectionChanged:
    return ConnectionChanged("private", True, number)


def test_what_arrives_is_drained_in_order_and_once() -> None:
    """Empty afterwards."""
    inbox = DequeInbox()
    assert not inbox
    for number in range(3):
        inbox.put(seen(number))
    assert inbox
    assert [event.at for event in inbox.drain()] == [0, 1, 2]
    assert inbox.drain() == []


def test_many_threads_lose_nothing_and_keep_their_own_order() -> None:
    """4 threads, 2000 events each, drained meanwhile: all arrive, each thread's in its order."""
    inbox = DequeInbox()
    got: list[int] = []
    threads = [
        threading.Thread(target=lambda start=start: [inbox.put(seen(start + n)) for n in range(2000)])
        for start in range(0, 40_000, 10_000)
    ]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        got += [event.at for event in inbox.drain()]
    got += [event.at for event in inbox.drain()]
    assert len(got) == 8000
    for start in range(0, 40_000, 10_000):
        assert [number for number in got if number // 10_000 == start // 10_000] == list(range(start, start + 2000))
