"""The mirror under kills and cuts: every position hedged exactly once, none lost, by the terminals' own books."""

from __future__ import annotations

import os
import time
from pathlib import Path

from tests.crash.mirror_world import BROKER, CLIENTS, TUMBLER, World
from tests.patience import PATIENCE_S

EVENTS = int(os.environ.get("GRIDHEDGE_MIRROR_EVENTS", "60"))
"""Openings and closings. A thousand take some minutes."""
TROUBLE_EVERY = 10


def test_every_position_is_hedged_exactly_once_whatever_is_killed(tmp_path: Path) -> None:
    """Random opens and closes at clients and broker; center, network and programs killed, cut and restarted."""
    world = World(tmp_path, seed=EVENTS)
    dummy = world.start_dummy()
    try:
        for number in range(EVENTS):
            world.happen()
            if number % TROUBLE_EVERY == TROUBLE_EVERY - 1:
                world.trouble()
            time.sleep(0.02)
        world.open(TUMBLER)
        world.settle()
        print(world.counts, "hedges:", world.hedges_made())
        assert world.verdict() == []
        assert all(world.hands[login].positions_get() is not None for login in (*CLIENTS, BROKER))
        assert world.hedges_made() > 0
        assert dummy.wait(PATIENCE_S) is not None
        assert "set aside" not in "".join(world.log(name) for name in world.programs())
    finally:
        dummy.kill()
        dummy.wait()
        world.close()
