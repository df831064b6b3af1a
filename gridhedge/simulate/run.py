"""Many seeds: on all cores, with every result folded into one report that does not depend on who was faster."""

from __future__ import annotations

import hashlib
import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

from gridhedge.simulate.chaos import Strike
from gridhedge.simulate.scene import Kind
from gridhedge.simulate.world import Ending, World
from gridhedge.store.offspring import end_with_parent

__all__ = ["Report", "Totals", "endings", "run_seed"]

_CHUNK = 8


class Report(NamedTuple):
    """What a range of seeds came to."""

    seeds: int
    steps: int
    violations: tuple[Ending, ...]
    faults: dict[str, int]
    markers: dict[str, int]
    digest: str
    """Over the journals of all seeds, in the order of the seeds."""
    slowest_recovery_ms: int


class Totals:
    """Adds endings up, in the order of their seeds."""

    def __init__(self) -> None:
        self._seeds = self._steps = 0
        self._violations: list[Ending] = []
        self._faults: dict[str, int] = {}
        self._markers: dict[str, int] = {}
        self._hash = hashlib.sha256()
        self._slowest = 0

    def add(self, ending: Ending) -> None:
        """Count one more seed; must be called in the order of the seeds."""
        self._seeds += 1
        self._steps += ending.steps
        for strike in ending.struck:
            self._faults[strike.fault] = self._faults.get(strike.fault, 0) + 1
        for marker, times in ending.markers.items():
            self._markers[marker] = self._markers.get(marker, 0) + times
        self._hash.update(f"{ending.seed} {ending.digest}\n".encode())
        if ending.violation is not None:
            self._violations.append(ending)
        self._slowest = max(self._slowest, ending.recovery_ms)

    def report(self) -> Report:
        """What has been added up so far."""
        return Report(
            self._seeds,
            self._steps,
            tuple(self._violations),
            dict(sorted(self._faults.items())),
            dict(sorted(self._markers.items())),
            self._hash.hexdigest(),
            self._slowest,
        )


def run_seed(seed: int, steps: int, only: frozenset[Strike] | None = None, kind: Kind = "symmetric") -> Ending:
    """One world from its beginning to its end."""
    return World(seed, only, kind=kind).run(steps)


def _run_chunk(seeds: range, steps: int, kind: Kind) -> list[Ending]:
    return [run_seed(seed, steps, kind=kind) for seed in seeds]


def endings(seeds: range, steps: int, jobs: int, kind: Kind = "symmetric") -> Iterator[Ending]:
    """The endings of all seeds in their order, worked out by ``jobs`` processes."""
    if jobs == 1:
        for seed in seeds:
            yield run_seed(seed, steps, kind=kind)
        return
    chunks = [seeds[start : start + _CHUNK] for start in range(0, len(seeds), _CHUNK)]
    processes = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=processes, initializer=end_with_parent) as pool:
        for chunk in pool.map(_run_chunk, chunks, [steps] * len(chunks), [kind] * len(chunks)):
            yield from chunk
