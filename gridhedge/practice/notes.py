"""A journal of small facts that the embedded exchange does not keep: one JSON object per line."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

from gridhedge.store.files import disk_failure, open_private, write_all

__all__ = ["Note", "Notes"]

Note: TypeAlias = dict[str, Any]


class Notes:
    """Lines appended to a file; without a file they are forgotten with the process. Raises DiskFailure."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._fd: int | None = None

    def kept(self) -> Iterator[Note]:
        """What earlier processes have written, oldest first. A line torn by a crash, always the last, is cut off."""
        if self._path is None or not self._path.exists():
            return
        data = self._path.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            os.truncate(self._path, whole)
        for line in data[:whole].splitlines():
            yield json.loads(line)

    def write(self, note: Note) -> None:
        """Append one line; it survives the death of the process."""
        if self._path is None:
            return
        try:
            if self._fd is None:
                self._fd = open_private(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            write_all(self._fd, json.dumps(note).encode() + b"\n")
        except OSError as error:
            raise disk_failure(self._path, error) from error

    def close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
