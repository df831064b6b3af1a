"""One trading process per account, and per symbol of a venue account. The kernel holds the lock, so a kill frees it."""

from __future__ import annotations

import os
import re
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from gridhedge.domain.errors import AlreadyRunning
from gridhedge.domain.values import Millis
from gridhedge.store.files import disk_failure, open_private, private_directory, write_all
from gridhedge.store.times import iso

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

__all__ = ["RunLock", "account_lock", "holder", "symbol_lock"]

# Somebody who asks for the holder takes the lock for a moment, and a new holder needs a moment to write its id.
_ATTEMPTS = 20
_PAUSE_SECONDS = 0.01


class RunLock:
    """Holds a lock file from construction to ``release`` (or the end of the process, however it ends).

    Raises AlreadyRunning, naming the process, and DiskFailure. The file stays: deleting it would let two processes
    lock two files of one name. The process must not fork: a child would keep the lock alive.
    """

    def __init__(self, path: Path, what: str, started: Millis) -> None:
        private_directory(path.parent)
        try:
            self._fd = open_private(path, os.O_RDWR | os.O_CREAT)
        except OSError as error:
            raise disk_failure(path, error) from error
        try:
            if not _patiently_lock(self._fd):
                raise AlreadyRunning(_sentence(what, path, self._fd))
            self._write(f"{os.getpid()} {iso(started)}\n".encode())
        except OSError as error:
            os.close(self._fd)
            raise disk_failure(path, error) from error
        except BaseException:
            os.close(self._fd)
            raise

    def _write(self, text: bytes) -> None:
        os.ftruncate(self._fd, 0)
        os.lseek(self._fd, 0, os.SEEK_SET)
        write_all(self._fd, text)

    def release(self) -> None:
        """Let go; calling it again does nothing."""
        if self._fd >= 0:
            with suppress(OSError):
                self._write(b"")  # so that nobody takes our id for that of the next holder
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def account_lock(data: Path, account: str, started: Millis) -> RunLock:
    """The lock of an account's folder. Raises AlreadyRunning, DiskFailure."""
    return RunLock(data / account / "run.lock", f"account {account}", started)


def symbol_lock(locks: Path, venue: str, uid: str, symbol: str, started: Millis) -> RunLock:
    """The lock of one symbol of one account at a venue, whatever account id the profile gives it.

    ``locks`` is one folder for all data folders of this user. Raises AlreadyRunning, DiskFailure.
    """
    name = "-".join(re.sub(r"[^A-Za-z0-9.]", "_", part) for part in (venue, uid, symbol))
    return RunLock(locks / f"{name}.lock", f"{symbol} of account {uid} at {venue}", started)


def holder(path: Path) -> int | None:
    """The id of the process that holds the lock, None if nobody does. Raises AlreadyRunning if it does not tell."""
    try:
        fd = open_private(path, os.O_RDWR)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise disk_failure(path, error) from error
    try:
        for _ in range(_ATTEMPTS):
            if _try_lock(fd, shared=True):
                return None
            if (pid := _pid(fd)) is not None:
                return pid
            time.sleep(_PAUSE_SECONDS)
    finally:
        os.close(fd)
    raise AlreadyRunning(f"{path}: locked by a process that has not written its id; look with: fuser {path}")


def _sentence(what: str, path: Path, fd: int) -> str:
    pid = _pid(fd)
    who = "another process" if pid is None else f"process {pid}"
    stop = "stop it first" if pid is None else f"stop it first (gridhedge stop, or kill {pid})"
    return f"{what} is traded by {who} already ({path}); {stop}"


def _pid(fd: int) -> int | None:
    os.lseek(fd, 0, os.SEEK_SET)
    first = os.read(fd, 100).split(b" ")[0]
    return int(first) if first.isdigit() else None


def _patiently_lock(fd: int) -> bool:
    for attempt in range(_ATTEMPTS):
        if attempt:
            time.sleep(_PAUSE_SECONDS)
        if _try_lock(fd, shared=False):
            return True
    return False


if sys.platform == "win32":

    def _try_lock(fd: int, *, shared: bool) -> bool:
        # Windows locks bytes and hides them from readers: this one lies beyond the text. There are no shared locks.
        os.lseek(fd, 1 << 20, os.SEEK_SET)
        try:
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:

    def _try_lock(fd: int, *, shared: bool) -> bool:
        try:
            fcntl.flock(fd, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
