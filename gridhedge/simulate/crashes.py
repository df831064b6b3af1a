"""Every place at which a reference run can die, one after the other; after each the bot must recover."""

from __future__ import annotations

from typing import NamedTuple

from gridhedge.domain.invariants import Violation
from gridhedge.domain.values import Millis
from gridhedge.simulate.disk import CUTS
from gridhedge.simulate.process import CrashAt
from gridhedge.simulate.scene import Scene, draw
from gridhedge.simulate.world import World

__all__ = ["RECOVERY_TICKS", "Crash", "crash_points", "crashed"]

RECOVERY_TICKS = 3
"""Ticks after the restart within which everything must agree again."""
_STEPS = 150
"""Enough for a few hundred writes in a lively world."""


class Crash(NamedTuple):
    """How a crash ended."""

    point: CrashAt
    violation: Violation | None
    recovery_ms: Millis
    """From the restart to the first moment in which everything agreed."""


def _scene(seed: int) -> Scene:
    """The reference: no receive window, because the fence for unknown outcomes would only make waiting longer."""
    scene = draw(seed)
    return scene._replace(capabilities=scene.capabilities._replace(receive_window_ms=0, processing_ms=0))


def crash_points(seed: int) -> list[CrashAt]:
    """All points of the run of a seed without faults.

    Before each write and each sync with the buffer lost; at each sync torn at ``CUTS`` positions; before each request
    (synced, not sent), after it (sent, no answer; answered, not journaled); and at each read.
    """
    world = World(seed, scene=_scene(seed), calm=True)
    for _ in range(_STEPS):
        world.step()
    points: list[CrashAt] = []
    for place, passed in world.points.passed.items():
        points += [CrashAt(place, number) for number in range(1, passed + 1)]
        if place in ("append", "sync"):
            points += [CrashAt(place, number, cut) for number in range(1, passed + 1) for cut in range(CUTS)]
    return points


def crashed(seed: int, point: CrashAt) -> Crash:
    """Run the reference until the crash, restart at once, and see whether it recovers in time."""
    world = World(seed, scene=_scene(seed), calm=True)
    world.downtimes = (0,)
    ending = world.run(_STEPS, point, RECOVERY_TICKS)
    return Crash(point, ending.violation, ending.recovery_ms)
