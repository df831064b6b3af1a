"""A whole server in this process: real uvicorn, real files, the paper exchange."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gridhedge.cli.traders import LocalTraders
from gridhedge.server.serve import Handle, Options, Secrets, assemble, start
from gridhedge.store.logs import Logs
from gridhedge.store.mask import Masker
from gridhedge.store.secret import Secret
from tests.patience import PATIENCE_S
from tests.server.platform import ADMIN_KEY, BOT_SECRET, Platform

Opened = Callable[..., Platform]
SECRETS = Secrets(Secret(BOT_SECRET), Secret(ADMIN_KEY))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@contextmanager
def opening(data: Path) -> Iterator[Opened]:
    """A way to open servers on this folder; all of them are stopped at the end. A start has all the time it needs."""
    handles: list[Handle] = []
    logs: list[Logs] = []

    def open_server(secrets: Secrets = SECRETS, **options: Any) -> Platform:
        masker = Masker(secret for secret in secrets if secret is not None)
        logs.append(Logs(data, masker))
        chosen = Options("127.0.0.1", 0, data, version="1.2.3")._replace(**options)
        traders = LocalTraders(data, logs[-1], masker)
        handles.append(start(assemble(chosen, secrets, traders, logging.getLogger("gridhedge.server")), chosen))
        return Platform(handles[-1].url)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gridhedge.server.fleet._START_S", PATIENCE_S)
        yield open_server
    for handle in handles:
        handle.stop()
    for log in logs:
        log.close()


@pytest.fixture
def opened(data: Path) -> Iterator[Opened]:
    with opening(data) as open_server:
        yield open_server


@pytest.fixture
def platform(opened: Opened) -> Platform:
    return opened()
