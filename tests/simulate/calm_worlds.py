"""A calm world with a bot at work, for looking at one thing at a time."""

from __future__ import annotations

from gridhedge.engine.desk import Desk
from gridhedge.engine.session import Session
from gridhedge.simulate.world import World

SEED = 12
"""Lively prices, a rich wallet, one symbol, a venue that can amend."""


def calm_world(steps: int = 30, seed: int = SEED) -> World:
    """After some steps without any fault."""
    world = World(seed, calm=True)
    for _ in range(steps):
        world.step()
    return world


def session_of(world: World) -> Session:
    assert world.loop is not None
    return world.loop.session


def desk_of(world: World) -> Desk:
    return session_of(world).desks[0]
