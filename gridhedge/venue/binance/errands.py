"""What must be asked for besides trading: a thread with a session of its own, so that no order ever waits for it.

The account's stream tells of balances and positions, but of no margin, so that the account is read after each change.
Funding comes without symbol and side. The listen key dies after an hour unless it is kept alive. Binance's time comes
with every message; it is asked for now and then, for times in which none comes.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from gridhedge.domain.errors import Refused, VenueError
from gridhedge.domain.events import AccountSeen, Funding, Seen
from gridhedge.domain.values import Millis
from gridhedge.venue.binance.client import Client

__all__ = ["Errands"]

_GATHER_S = 0.05
"""Fills come in bursts, and one look at the account tells of all of them."""
_ACCOUNT_EVERY_S = 0.5
_KEEP_EVERY_S = 1_800.0
_TIME_EVERY_S = 240.0
_FUNDING_AFTER_S = (0.5, 5.0, 20.0, 60.0)
"""Looks at the income list after a charge: it may be late."""


class _Due:
    """Something to be done at a time (seconds, of the monotonic clock); None: not at all."""

    def __init__(self) -> None:
        self.at: float | None = None

    def is_now(self, now: float) -> bool:
        if self.at is None or self.at > now:
            return False
        self.at = None
        return True


class Errands:
    """Wishes may come from any thread; what is found goes to ``tell``."""

    def __init__(
        self,
        client: Client,
        read_account: Callable[[Client], AccountSeen],
        read_funding: Callable[[Client], list[Funding]],
        renew: Callable[[str], None],
        tell: Callable[[Seen], None],
        local: Callable[[], Millis],
        log: logging.Logger,
    ) -> None:
        self._client = client
        self._read_account, self._read_funding = read_account, read_funding
        self._renew = renew
        self._tell = tell
        self._local = local
        self._log = log
        self._account, self._keep, self._time, self._funding = _Due(), _Due(), _Due(), _Due()
        self._account_read = 0.0
        self._looks: list[float] = []
        """When to look for funding after this look."""
        self._wake = threading.Event()
        self._lock = threading.Lock()
        self._stop = False
        self._thread = threading.Thread(target=self._run, name="binance errands", daemon=True)

    def start(self) -> None:
        now = self._now()
        self._keep.at, self._time.at = now + _KEEP_EVERY_S, now + _TIME_EVERY_S
        self._thread.start()

    def account_changed(self) -> None:
        """Read the account soon."""
        with self._lock:
            if self._account.at is None:
                self._account.at = max(self._now() + _GATHER_S, self._account_read + _ACCOUNT_EVERY_S)
        self._wake.set()

    def funding_charged(self) -> None:
        """Look into the income list until it tells of the charge."""
        now = self._now()
        with self._lock:
            first, *later = (now + after for after in _FUNDING_AFTER_S)
            self._funding.at, self._looks = first, later
        self._wake.set()

    def close(self) -> None:
        self._stop = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5.0)
        self._client.close()

    # ---- the thread --------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stop:
            with self._lock:
                dues = [due.at for due in (self._account, self._keep, self._time, self._funding) if due.at is not None]
            self._wake.wait(max(min(dues, default=self._now() + 1.0) - self._now(), 0.0))
            self._wake.clear()
            if self._stop:
                return
            try:
                self._do_what_is_due()
            except VenueError as error:
                # the session reads all of this itself, later and with its own patience
                self._log.warning("an errand failed: %s", error)

    def _do_what_is_due(self) -> None:
        now = self._now()
        with self._lock:
            account, keep, time, funding = (
                due.is_now(now) for due in (self._account, self._keep, self._time, self._funding)
            )
            if account:
                self._account_read = now
            if keep:
                self._keep.at = now + _KEEP_EVERY_S
            if time:
                self._time.at = now + _TIME_EVERY_S
            if funding and self._looks:
                self._funding.at = self._looks.pop(0)
        if account:
            self._tell(self._read_account(self._client))
        if funding:
            self._look_for_funding()
        if keep:
            self._keep_alive()
        if time:
            self._client.tell_time()

    def _look_for_funding(self) -> None:
        found = self._read_funding(self._client)
        for payment in found:
            self._tell(payment)  # told twice counts once, by its id

    def _keep_alive(self) -> None:
        try:
            self._client.keep_listen_key()
        except Refused as error:
            self._renew(f"its listen key has gone ({error})")

    def _now(self) -> float:
        return self._local() / 1000
