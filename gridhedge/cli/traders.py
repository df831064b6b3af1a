"""Sessions for the server: what ``gridhedge run`` and ``gridhedge close`` do, for keys that come from its vault."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from gridhedge.cli.build import Market, paper_exchange
from gridhedge.cli.close_command import flatten, opened_venue
from gridhedge.cli.correspondence import Correspondence, outbox_file
from gridhedge.cli.ready import make_ready
from gridhedge.cli.runner import Options, Runner
from gridhedge.domain.errors import UsageError
from gridhedge.domain.values import Price
from gridhedge.domain.wire import Json
from gridhedge.engine.status import AccountStatus
from gridhedge.notify.address import parse_address
from gridhedge.profile.settings import Profile
from gridhedge.profile.venues import PaperSettings
from gridhedge.server.ports import Informer, Webhook
from gridhedge.store.ledger import open_ledger
from gridhedge.store.lock import RunLock, account_lock
from gridhedge.store.logs import Logs
from gridhedge.store.mask import Masker
from gridhedge.store.secret import ApiKeys, Secret
from gridhedge.store.snapshot import read_status
from gridhedge.venue.paper.venue import PaperVenue

__all__ = ["LocalTraders"]

_COMPANIONS = ("", "-wal", "-shm")


class Silence:
    """An informer without anybody to inform."""

    def changed(self, state: str, previous: str, reason: str) -> None: ...

    def failed(self, text: str) -> None: ...

    def close(self) -> None: ...


class LocalTraders:
    """``server.ports.Traders`` in this process, with its files in ``data``."""

    def __init__(self, data: Path, logs: Logs, masker: Masker) -> None:
        self._data = data
        self._logs = logs
        self._masker = masker
        self._lock = threading.Lock()
        """Of the mask and the loggers, which are not made for several threads."""

    def inform(
        self,
        account: str,
        who: Mapping[str, Json],
        webhook: Webhook | None,
        documents: Callable[[AccountStatus], Sequence[Mapping[str, Json]]],
    ) -> Informer:
        if webhook is None:
            return Silence()
        try:
            parse_address(webhook.url)
        except UsageError as error:
            raise UsageError(f"webhookUrl: {error}") from None
        self._hide([webhook.secret])
        with self._lock:
            self._logs.account(account)
        return Correspondence(self._data, account, who, webhook.url, webhook.secret, documents)

    def open(self, profile: Profile, keys: ApiKeys | None, informer: Informer, stop: threading.Event) -> Runner:
        market = self._market(profile, keys)
        herald = informer.herald if isinstance(informer, Correspondence) else None
        with self._lock:
            return Runner(profile, market, Options(self._data, None, 1.0), self._logs, stop, herald)

    def price(self, profile: Profile, keys: ApiKeys | None) -> Price:
        symbol = profile.symbols[0].symbol
        venue = opened_venue(profile, self._market(profile, keys), self._data)
        try:
            return venue.market(symbol).last
        finally:
            venue.close()

    def close_positions(self, profile: Profile, keys: ApiKeys | None) -> list[str]:
        market = self._market(profile, keys)
        folder = self._data / profile.account
        with account_lock(self._data, profile.account, time.time_ns() // 1_000_000):
            venue = opened_venue(profile, market, self._data)
            locks: list[RunLock] = []
            try:
                if not isinstance(venue, PaperVenue):
                    make_ready(venue, profile, locks)
                ledger, _ = open_ledger(folder / "ledger.sqlite3")
                try:
                    left, _ = flatten(profile, venue, ledger, folder, self._logs)
                finally:
                    ledger.close()
            finally:
                venue.close()
                for lock in locks:
                    lock.release()
        return left

    def last_status(self, account: str) -> AccountStatus | None:
        return read_status(self._data / account / "status.json", AccountStatus)

    def forget(self, account: str) -> None:
        path = outbox_file(self._data, account)
        for companion in _COMPANIONS:
            path.with_name(path.name + companion).unlink(missing_ok=True)

    def _market(self, profile: Profile, keys: ApiKeys | None) -> Market:
        if isinstance(profile.venue, PaperSettings):
            return paper_exchange(profile)
        assert keys is not None, "a registration for a real venue without keys is refused"
        self._hide(keys.values())
        return keys

    def _hide(self, secrets: Sequence[Secret]) -> None:
        with self._lock:
            self._masker.register(secrets)
