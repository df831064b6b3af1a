"""Ports of this machine that are nobody else's, for servers that are stopped and started again on the same one."""

from __future__ import annotations

import socket
from typing import Self


class Port:
    """A port that is kept until ``close``: nobody else gets it from the system, meanwhile or between two starts of the
    server that it is for, which binds it as servers do (SO_REUSEADDR). Without a server it refuses connections.
    """

    def __init__(self) -> None:
        self._kept = socket.socket()
        self._kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._kept.bind(("127.0.0.1", 0))
        self.number: int = self._kept.getsockname()[1]

    def close(self) -> None:
        self._kept.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
