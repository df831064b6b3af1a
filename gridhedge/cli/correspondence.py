"""Webhooks of one account: what is told, where it waits, and who carries it, put together."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from gridhedge.domain.wire import Json
from gridhedge.engine.status import AccountStatus
from gridhedge.notify.address import parse_address
from gridhedge.notify.courier import Courier
from gridhedge.notify.herald import Herald
from gridhedge.notify.outbox import Outbox
from gridhedge.store.files import disk_failure, open_private, private_directory
from gridhedge.store.secret import Secret

__all__ = ["Correspondence", "outbox_file"]

_LAST_CHANCE_S = 3.0


def outbox_file(data: Path, account: str) -> Path:
    """Where messages of an account wait."""
    return data / account / "outbox.sqlite3"


class Correspondence:
    """Begins to deliver at once what an earlier run has left. Raises UsageError for an address that is none, and
    DiskFailure."""

    def __init__(
        self,
        data: Path,
        account: str,
        who: Mapping[str, Json],
        url: str,
        secret: Secret,
        documents: Callable[[AccountStatus], Sequence[Mapping[str, Json]]],
    ) -> None:
        address = parse_address(url)
        path = outbox_file(data, account)
        private_directory(path.parent)
        try:
            os.close(open_private(path, os.O_RDWR | os.O_CREAT))  # SQLite alone would let everybody read it
        except OSError as error:
            raise disk_failure(path, error) from error
        log = logging.getLogger(f"gridhedge.account.{account}.webhooks")
        self._outbox = Outbox(path)
        self.herald = Herald(who, self._outbox, documents, log)
        self._courier = Courier(self._outbox, address, secret.reveal, log)

    def changed(self, state: str, previous: str, reason: str) -> None:
        self.herald.changed(state, previous, reason)

    def failed(self, text: str) -> None:
        self.herald.failed(text)

    def close(self) -> None:
        """Deliver what waits, for a few seconds; the rest is delivered after the next start."""
        self._courier.stop(_LAST_CHANCE_S)
        self._outbox.close()
