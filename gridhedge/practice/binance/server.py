"""The exchange as a server that speaks Binance's protocol."""

from __future__ import annotations

from gridhedge.practice.binance.events import Events
from gridhedge.practice.binance.keys import ListenKeys
from gridhedge.practice.binance.rest import Rest
from gridhedge.practice.binance.streams import Streams
from gridhedge.practice.clock import Clock
from gridhedge.practice.server import Dialect, Handle
from gridhedge.practice.server import start as serve
from gridhedge.practice.world import Options, World
from gridhedge.venue.paper.exchange import Exchange

__all__ = ["Handle", "start"]

_SOCKETS = {
    **{f"/{channel}/{{rest:path}}": channel for channel in ("public", "market", "private")},
    "/ws/{rest:path}": "public",
    "/stream": "public",
}
"""Addresses without a category are the older ones of ``/public``."""


def _sides(world: World) -> tuple[Rest, Streams]:
    keys = ListenKeys(world.desks, world.clock.now())
    return Rest(world, keys), Streams(world, keys)


_DIALECT = Dialect("binance", Events, _sides, _SOCKETS)


def start(
    source: Exchange | Options,
    port: int = 0,
    host: str = "127.0.0.1",
    clock: Clock | None = None,
    options: Options | None = None,
) -> Handle:
    """Start a practice Binance, as ``practice.server.start`` says. Exchanges made elsewhere have ``ids_return``."""
    return serve(_DIALECT, source, port, host, clock, options)
