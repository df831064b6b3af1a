"""What the server's process uses: processor, memory, threads, time."""

from __future__ import annotations

import os
import sys
import threading
import time
from decimal import Decimal
from pathlib import Path

from gridhedge.domain.wire import Json

__all__ = ["Resources"]

_PERCENT = Decimal("0.1")


class Resources:
    """Counts from its construction on."""

    def __init__(self) -> None:
        self._began = time.monotonic_ns()

    @property
    def uptime_seconds(self) -> int:
        return (time.monotonic_ns() - self._began) // 1_000_000_000

    def document(self) -> dict[str, Json]:
        """The processor's share is the average since the start, in percent of one core."""
        elapsed = max(time.monotonic_ns() - self._began, 1)
        share = (Decimal(time.process_time_ns()) / elapsed * 100).quantize(_PERCENT)
        return {
            "cpuPercent": share,
            "cpuCount": os.cpu_count(),
            "memoryBytes": _memory_bytes(),
            "threads": threading.active_count(),
            "uptime": self.uptime_seconds,
            "pid": os.getpid(),
        }


def _memory_bytes() -> int | None:
    """Resident memory; where the system does not tell the present one, the largest so far; on Windows nothing."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return _largest_memory_bytes()


if sys.platform == "win32":

    def _largest_memory_bytes() -> int | None:
        return None

else:

    def _largest_memory_bytes() -> int | None:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
