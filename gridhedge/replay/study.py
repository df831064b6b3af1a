"""What a search has found so far, on disk: JSON Lines, appended trial by trial, so that a kill loses only what was
being replayed.

The first line is the fingerprint of everything that decides the trials. Replays are deterministic and so is the
search: it goes on by going its way again, and takes from here what it knows.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TypeAlias

from gridhedge.domain.errors import AlreadyRunning, UsageError
from gridhedge.domain.values import Millis
from gridhedge.profile.space import Point
from gridhedge.replay.trial import Outcome
from gridhedge.store.files import disk_failure, open_private, write_all
from gridhedge.store.lock import RunLock

Part: TypeAlias = Literal["search", "holdout"]
Fingerprint: TypeAlias = Mapping[str, Any]
"""Plain JSON values by name."""


class Study:
    """A study file, ours until ``close`` (or the end of the process): read, checked, and open to be appended to.

    Raises UsageError for a file of another search or no study at all, AlreadyRunning while another process has it,
    DiskFailure where it can not be written.
    """

    def __init__(self, path: Path, fingerprint: Fingerprint, started: Millis) -> None:
        fingerprint = json.loads(json.dumps({"study": 1, **fingerprint}))  # as it will be read
        self.path = path
        self.known: dict[tuple[Part, Point], Outcome] = {}
        try:
            self._lock = RunLock(path.with_name(f".{path.name}.lock"), f"study {path.name}", started)
        except AlreadyRunning as error:
            raise AlreadyRunning(f"{path}: another search writes this study; wait for it, or give --study") from error
        try:
            whole = self._read(fingerprint)
            self._fd = open_private(path, os.O_WRONLY | os.O_CREAT)
            os.ftruncate(self._fd, whole)  # a line that a kill has torn is replayed again
            os.lseek(self._fd, 0, os.SEEK_END)
            if not whole:
                self._append(fingerprint)
        except OSError as error:
            self._lock.release()
            raise disk_failure(path, error) from error
        except BaseException:
            self._lock.release()
            raise

    def write(self, part: Part, point: Point, values: Mapping[str, Any], outcome: Outcome) -> None:
        """Keep what a trial gave. Raises DiskFailure."""
        self.known[part, point] = outcome
        try:
            self._append({"part": part, "point": point, "values": values, **outcome.to_json()})
        except OSError as error:
            raise disk_failure(self.path, error) from error

    def close(self) -> None:
        """Let go of the file; calling it again does nothing."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _append(self, document: Mapping[str, Any]) -> None:
        # One write per line and no fsync: what a power cut takes is replayed again.
        write_all(self._fd, _line(document))

    def _read(self, fingerprint: Fingerprint) -> int:
        """Takes in what is there; returns how many bytes of it are whole lines."""
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return 0
        whole = content.rfind(b"\n") + 1
        if not whole and not _line(fingerprint).startswith(content):
            raise UsageError(f"{self.path}:1: is not a study; give --study another name")
        for number, line in enumerate(content[:whole].splitlines(), 1):
            try:
                document = json.loads(line)
                if number == 1:
                    self._compare(dict(document), fingerprint)
                else:
                    self.known[document["part"], tuple(document["point"])] = Outcome.from_json(document)
            except (ValueError, KeyError, TypeError, ArithmeticError):
                what = "is not a study" if number == 1 else "is damaged"
                remedy = "give --study another name" if number == 1 else "remove the line: its trial is replayed again"
                raise UsageError(f"{self.path}:{number}: {what}; {remedy}") from None
        return whole

    def _compare(self, found: Fingerprint, wanted: Fingerprint) -> None:
        if "study" not in found:
            raise KeyError("study")
        differing = [name for name in {**wanted, **found} if found.get(name) != wanted.get(name)]
        if differing:
            raise UsageError(
                f"{self.path}: is the study of another search (different: {', '.join(differing)}); "
                f"repeat that one's options to go on with it, or give --study another name"
            )


def _line(document: Mapping[str, Any]) -> bytes:
    return (json.dumps(document) + "\n").encode()
