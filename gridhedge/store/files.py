"""Files that are whole or not there: private folders, atomic replacement, and damaged files kept aside."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from gridhedge.domain.errors import DiskFailure

__all__ = [
    "atomic_write",
    "disk_failure",
    "keep_aside",
    "open_private",
    "private_directory",
    "sync_directory",
    "write_all",
]

_BINARY = getattr(os, "O_BINARY", 0)


def disk_failure(path: Path, error: Exception) -> DiskFailure:
    """The error for a disk that refused a write: it is never tried again, a person has to look."""
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
    return DiskFailure(f"{path}: cannot be written ({reason}); free or repair the disk, then start again; orders stay")


def private_directory(path: Path) -> None:
    """Create a folder (and the missing ones above it) that only its owner may enter. Raises DiskFailure."""
    missing = []
    while not path.is_dir():
        missing.append(path)
        path = path.parent
    for folder in reversed(missing):
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise disk_failure(folder, error) from error


def open_private(path: Path, flags: int) -> int:
    """A file descriptor; a file that is created gets mode 0600 from the first moment. Raises OSError."""
    return os.open(path, flags | _BINARY, 0o600)


def write_all(fd: int, data: bytes) -> None:
    """Write every byte: a short write is continued. Raises OSError."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def sync_directory(path: Path) -> None:
    """Make creations and renames inside a folder survive a power cut (nothing to do on Windows). Raises OSError."""
    if sys.platform == "win32":
        return
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def atomic_write(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Replace a file in one step: readers see the old or the new content, never a mixture.

    ``durable`` makes it survive a power cut as well (two fsyncs); without it only a crash of the program.
    Raises DiskFailure; the old content is still there then.
    """
    temporary = path.with_name(f".{path.name}.new")
    try:
        temporary.unlink(missing_ok=True)
        _write_new(temporary, data, durable)
        os.replace(temporary, path)
        if durable:
            sync_directory(path.parent)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise disk_failure(path, error) from error


def _write_new(path: Path, data: bytes, durable: bool) -> None:
    fd = open_private(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        write_all(fd, data)
        if durable:
            os.fsync(fd)
    finally:
        os.close(fd)


def keep_aside(path: Path, companions: Sequence[str] = ()) -> Path:
    """Rename a damaged file to the first free ``name.damaged-<n>.ext`` and return the new path.

    ``companions`` are suffixes of files that belong to it; they move first, so that a crash in between can not leave
    one beside a new file of the old name. Raises DiskFailure.
    """
    number = 1
    while any(_aside(path, number, suffix).exists() for suffix in ("", *companions)):
        number += 1
    try:
        for suffix in (*companions, ""):
            source = path.with_name(path.name + suffix)
            if source.exists():
                source.rename(_aside(path, number, suffix))
        sync_directory(path.parent)
    except OSError as error:
        raise disk_failure(path, error) from error
    return _aside(path, number, "")


def _aside(path: Path, number: int, suffix: str) -> Path:
    return path.with_name(f"{path.stem}.damaged-{number}{path.suffix}{suffix}")
