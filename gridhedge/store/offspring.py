"""Processes that work for another one do not outlive it."""

from __future__ import annotations

import multiprocessing
import os
import threading

__all__ = ["end_with_parent"]


def end_with_parent() -> None:
    """To be called in a process of a pool: it would wait for work for ever if the one that gives it is killed."""
    parent = multiprocessing.parent_process()
    assert parent is not None, "only called in a process of a pool"

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, name="parent", daemon=True).start()
