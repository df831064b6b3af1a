"""A running decision center on this machine, and messages for it."""

from __future__ import annotations

import threading
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import uvicorn

from gridhedge.mirror.center import application
from gridhedge.mirror.link import Link
from gridhedge.mirror.messages import Position
from gridhedge.store.secret import Secret
from tests.ports import Port


class Center:
    """Can be stopped and started again on the same port and book."""

    def __init__(self, folder: Path, token: Secret | None = None) -> None:
        self._file, self._token = folder / "center.sqlite3", token
        self._port = Port()
        self.url = f"http://127.0.0.1:{self._port.number}"
        self.start()

    def start(self) -> None:
        config = uvicorn.Config(application(self._file, self._token), port=self._port.number, log_level="error")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run)
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive()

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join()

    def close(self) -> None:
        """Stop for good."""
        self.stop()
        self._port.close()

    def link(self) -> Link:
        return Link(self.url, self._token)


def position(ticket: int = 987, **more: Any) -> Position:
    """0.10 EURUSD bought at 1.08321 on account 501234."""
    facts: dict[str, Any] = {
        "account": 501234, "ticket": ticket, "symbol": "EURUSD", "side": "buy", "volume": D("0.10"),
        "price": D("1.08321"), "opened_at": "2026-11-21T09:30:00Z",
    }  # fmt: skip
    return Position(**{**facts, **more})
