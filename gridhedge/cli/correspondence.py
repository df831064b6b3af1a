"""Webhooks of one account: what is told, where it waits, and who carries it, put together."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from gridhedge.domain.errors import UsageError
from gridhedge.domain.wire import Json
from gridhedge.engine.status import AccountStatus
from gridhedge.notify.address import parse_address
from gridhedge.notify.courier import Courier
from gridhedge.notify.herald import Herald
from gridhedge.notify.outbox import Outbox
from gridhedge.profile.settings import Profile
from gridhedge.server.document import status_document
from gridhedge.store.files import disk_failure, open_private, private_directory
from gridhedge.store.secret import Secret, SecretStore

__all__ = ["Correspondence", "correspondence_of", "outbox_file", "webhook_secret_of"]

_LAST_CHANCE_S = 3.0


def outbox_file(data: Path, account: str) -> Path:
    """Where messages of an account wait."""
    return data / account / "outbox.sqlite3"


def webhook_secret_of(profile: Profile) -> Secret | None:
    """What signs the webhooks of a profile that names one: ``001_WEBHOOK_SECRET`` or ``WEBHOOK_SECRET``.

    Raises UsageError when it is set nowhere.
    """
    if profile.notify is None or profile.dry_run:
        return None
    store = SecretStore(os.environ, Path(".env"))
    own = f"{profile.account.upper()}_WEBHOOK_SECRET"
    found = store.find(own) or store.find("WEBHOOK_SECRET")
    if found is None:
        raise UsageError(f"notify.webhook_url is set, but {own} (or WEBHOOK_SECRET) is not; add it to .env")
    return found


def correspondence_of(data: Path, profile: Profile, secret: Secret | None) -> Correspondence | None:
    """The correspondence of a single user's profile, None if it names no webhook. A dry run tells nobody."""
    if profile.notify is None or secret is None:
        return None
    who = {"userId": profile.account, "userBotId": None}

    def documents(status: AccountStatus) -> list[dict[str, Json]]:
        return [status_document(who, entry, status) for entry in profile.symbols]

    return Correspondence(data, profile.account, who, profile.notify.webhook_url, secret, documents)


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
