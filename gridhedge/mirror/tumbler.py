"""Ends the application that would close positions by its central signal: the moment a position opens."""

from __future__ import annotations

import getpass
import importlib
import os
import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from gridhedge.domain.errors import UsageError

__all__ = ["Tumbler", "matches"]

_TOO_WIDE = re.compile(r"[\s.*]*\Z")


class _Process(NamedTuple):
    pid: int
    name: str
    command: str


def matches(wanted: str, name: str, command: str) -> bool:
    """Whether a process is the one that the user named: an executable's exact name, or, between slashes, a pattern
    that its command line contains (``/java.*trader\\.jar/``). Names count without regard to case, as on Windows."""
    if len(wanted) > 2 and wanted.startswith("/") and wanted.endswith("/"):
        return re.search(wanted[1:-1], command) is not None
    return name.lower() in (wanted.lower(), f"{wanted.lower()}.exe")


class Tumbler:
    """Asks the named processes of this user to end, and kills those that are still there after ``grace_s``.

    Never this program, the programs that started it, or another user's. Raises UsageError for a name or pattern that
    would mean everything.
    """

    def __init__(self, wanted: str, grace_s: float, dry_run: bool, say: Callable[[str], None]) -> None:
        pattern = wanted.strip("/") if wanted.startswith("/") else wanted
        if _TOO_WIDE.match(pattern):
            raise UsageError(f"--process {wanted!r} would mean every process: name one executable, such as javaw.exe")
        try:
            re.compile(pattern)
        except re.error as error:
            raise UsageError(f"--process {wanted!r} is no pattern: {error}") from error
        try:
            self._psutil: Any = importlib.import_module("psutil")
        except ImportError as error:
            raise UsageError("the tumbler needs psutil; install it with: pip install 'gridhedge[mirror]'") from error
        self._wanted, self._grace_s, self._dry_run, self._say = wanted, grace_s, dry_run, say

    def tumble(self) -> int:
        """End them; how many there were. What is done is said."""
        found = list(self._found())
        if not found:
            self._say(f"no process {self._wanted} of this user is running")
            return 0
        for process in found:
            told = f"process {process.pid} ({_told(process)})"
            if self._dry_run:
                self._say(f"dry run: would end {told}")
            else:
                self._say(f"asking {told} to end")
                self._try(process.terminate)
        if self._dry_run:
            return len(found)
        _, alive = self._psutil.wait_procs(found, timeout=self._grace_s)
        for process in alive:
            self._say(f"process {process.pid} is still there after {self._grace_s:g} s: killing it")
            self._try(process.kill)
        _, left = self._psutil.wait_procs(alive, timeout=self._grace_s)
        gone = len(found) - len(left)
        self._say(
            f"{gone} of {len(found)} have ended" + (f"; still there: {[one.pid for one in left]}" if left else "")
        )
        return len(found)

    def _found(self) -> Iterable[Any]:
        spared = {os.getpid(), *(parent.pid for parent in self._psutil.Process().parents())}
        for process in self._psutil.process_iter():
            try:
                if process.pid in spared or not self._is_ours(process):
                    continue
                if matches(self._wanted, process.name(), " ".join(process.cmdline())):
                    yield process
            except self._psutil.Error:
                continue  # it has ended meanwhile, or is none of ours

    def _is_ours(self, process: Any) -> bool:
        if os.name == "posix":
            return bool(process.uids().real == os.getuid())
        return bool(process.username().rpartition("\\")[2].lower() == getpass.getuser().lower())

    def _try(self, action: Callable[[], None]) -> None:
        try:
            action()
        except self._psutil.NoSuchProcess:
            return
        except self._psutil.Error as error:
            self._say(f"the system refuses: {error}")


def _told(process: Any) -> str:
    command = " ".join(process.cmdline())
    return command if len(command) <= 120 else f"{command[:119]}…"
