"""One trial of a search: a whole replay through the live engine, worked out wherever the candles can be read."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, Self

from gridhedge import __version__
from gridhedge.domain.errors import UsageError
from gridhedge.domain.values import Millis, Money
from gridhedge.profile.settings import Profile
from gridhedge.replay.objective import Figures
from gridhedge.replay.recorded import Recorded, Source, load_recorded, measured
from gridhedge.replay.run import Rules, replay


class Outcome(NamedTuple):
    """What became of a combination: the figures of its replay, or the sentence that refuses it."""

    figures: Figures | None
    refused: str = ""

    def to_json(self) -> dict[str, Any]:
        """One of the two."""
        return {"refused": self.refused} if self.figures is None else self.figures.to_json()

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Self:
        """What ``to_json`` told. Raises KeyError, ValueError or ArithmeticError."""
        return cls(None, str(told["refused"])) if "refused" in told else cls(Figures.from_json(told))


class Ground(NamedTuple):
    """What all trials of a search have in common: small enough to be sent along, and read once by each worker."""

    symbols: tuple[str, ...]
    source: Source
    digests: tuple[str, ...]
    """SHA-256 of the files, candles first: a worker elsewhere must read the same ones."""
    version: str = __version__


class Task(NamedTuple):
    """One replay: a profile over a part of the time."""

    ground: Ground
    start: Millis
    end: Millis
    profile: Profile
    rules: Mapping[str, Rules]
    balance: Money | None


def digests(source: Source) -> tuple[str, ...]:
    """SHA-256 of each file's bytes. Raises UsageError for a file that can not be read."""
    return tuple(map(_digest, (*source.files, *source.funding_files)))


def run_task(task: Task) -> Outcome:
    """Replay and measure. Raises UsageError where the candles are not those of the search."""
    part = _part(task.ground, task.start, task.end)
    try:
        result = replay(task.profile, part.candles, part.funding, None, task.rules, task.balance)
    except UsageError as error:
        return Outcome(None, str(error))
    return Outcome(Figures.of(measured(result, part.candles)))


@lru_cache(maxsize=1)
def _recorded(ground: Ground) -> Recorded:
    if ground.version != __version__:
        raise UsageError(
            f"a worker runs gridhedge {__version__}, the search {ground.version}: install the same version"
        )
    found = digests(ground.source)
    for file, here, wanted in zip(
        (*ground.source.files, *ground.source.funding_files), found, ground.digests, strict=True
    ):
        if here != wanted:
            raise UsageError(f"{file}: a worker reads another file of this name than the search; copy it there")
    return load_recorded(ground.symbols, ground.source)


@lru_cache(maxsize=2)
def _part(ground: Ground, start: Millis, end: Millis) -> Recorded:
    return _recorded(ground).between(start, end)


def _digest(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise UsageError(f"{file}: {(error.strerror or str(error)).lower()}; give a readable data file") from None
