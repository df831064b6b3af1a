"""The practice Bitget as a server."""

from __future__ import annotations

from gridhedge.practice.bitget.classic_rows import ClassicRows
from gridhedge.practice.bitget.rest import Generation, Rest
from gridhedge.practice.bitget.streams import POSITIONS, Streams
from gridhedge.practice.bitget.teller import Teller
from gridhedge.practice.bitget.unified_rows import UnifiedRows
from gridhedge.practice.clock import Clock
from gridhedge.practice.server import Dialect, Handle
from gridhedge.practice.server import start as start_server
from gridhedge.practice.world import Options
from gridhedge.venue.paper.exchange import Exchange

__all__ = ["Handle", "start"]

_SOCKETS = {
    "/v2/ws/public": "public v2",
    "/v2/ws/private": "private v2",
    "/v3/ws/public": "public v3",
    "/v3/ws/private": "private v3",
}


def start(
    source: Exchange | Options,
    port: int = 0,
    host: str = "127.0.0.1",
    clock: Clock | None = None,
    options: Options | None = None,
    generation: Generation = "v2",
) -> Handle:
    """Start a practice Bitget in a thread and return when it listens; see ``practice.server.start``.

    ``generation``: v2 for classic accounts, v3 for unified ones.
    """
    rows = ClassicRows if generation == "v2" else UnifiedRows
    dialect = Dialect(
        "bitget",
        lambda clock: Teller(rows(clock), POSITIONS[generation]),
        lambda world: (Rest(world, rows(world.clock), generation), Streams(world, rows(world.clock), generation)),
        _SOCKETS,
    )
    return start_server(dialect, source, port, host, clock, options)
