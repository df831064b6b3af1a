"""The exchange as a server that speaks Bybit's protocol."""

from __future__ import annotations

from gridhedge.practice.bybit.rest import Rest
from gridhedge.practice.bybit.rows import Rows
from gridhedge.practice.bybit.streams import Streams
from gridhedge.practice.clock import Clock
from gridhedge.practice.server import Dialect, Handle
from gridhedge.practice.server import start as serve
from gridhedge.practice.world import Options
from gridhedge.venue.paper.exchange import Exchange

__all__ = ["Handle", "start"]

_DIALECT = Dialect(
    "bybit",
    Rows,
    lambda world: (Rest(world), Streams(world)),
    {"/v5/public/linear": "public", "/v5/private": "private"},
)


def start(
    source: Exchange | Options,
    port: int = 0,
    host: str = "127.0.0.1",
    clock: Clock | None = None,
    options: Options | None = None,
) -> Handle:
    """Start a practice Bybit, as ``practice.server.start`` says."""
    return serve(_DIALECT, source, port, host, clock, options)
