"""Waiting for what must come. The limit is for what never comes: no machine is so busy that a right test meets it."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic, sleep
from typing import TypeVar

PATIENCE_S = 120.0
"""For whoever waits by other means than ``until``: joins, receipts, processes."""

Result = TypeVar("Result")


def until(happened: Callable[[], Result], what: object = "") -> Result:
    """Wait until ``happened`` gives something true, and return that; ``what``, or what it returns, is told if never."""
    end = monotonic() + PATIENCE_S
    while not (result := happened()):
        assert monotonic() < end, f"never: {what() if callable(what) else what}"
        sleep(0.005)
    return result
