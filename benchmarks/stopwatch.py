"""Times things, and prints what it measured as one small table."""

from __future__ import annotations

import math
import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from rich.console import Console
from rich.table import Table

_Result = TypeVar("_Result")


class Timing(NamedTuple):
    """Seconds of each round, and the result of the last one."""

    seconds: tuple[float, ...]
    result: object

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


def timed(work: Callable[[], object], rounds: int) -> Timing:
    """One round to warm up, then ``rounds`` that count."""
    result = work()
    seconds = []
    for _ in range(rounds):
        began = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - began)
    return Timing(tuple(seconds), result)


def duration(seconds: float) -> str:
    """Three digits in the unit that fits."""
    for limit, factor, unit in ((1e-6, 1e9, "ns"), (1e-3, 1e6, "µs"), (1.0, 1e3, "ms")):
        if seconds < limit:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds:.3g} s"


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that ``percent`` of all values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def show(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print the table, with the machine under it."""
    table = Table(title=title, title_justify="left", caption_justify="left")
    table.caption = f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores"
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number == 0 else "right")
    for row in rows:
        table.add_row(*row)
    Console(width=110).print(table)
