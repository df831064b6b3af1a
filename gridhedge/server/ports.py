"""What is handed in: somebody who opens sessions on venues, and somebody who tells users."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

from gridhedge.domain.values import Price
from gridhedge.domain.wire import Json
from gridhedge.engine.status import AccountStatus
from gridhedge.profile.settings import Profile
from gridhedge.store.secret import ApiKeys, Secret

__all__ = ["Informer", "Trader", "Traders", "Webhook"]


class Webhook(NamedTuple):
    """Where a user wants to be told, and what signs it."""

    url: str
    secret: Secret


class Informer(Protocol):
    """Tells a user what happens. Never raises, never waits."""

    def changed(self, state: str, previous: str, reason: str) -> None:
        """The session has another state."""

    def failed(self, text: str) -> None:
        """The session has failed."""

    def close(self) -> None:
        """Try once more to deliver what waits, for a few seconds; the rest is delivered after the next start."""


class Trader(Protocol):
    """One run of one account. All of it is called from one thread."""

    def run(self, show: Callable[[AccountStatus], object]) -> None:
        """Trade until told to stop; ``show`` is called after each tick. Raises GridhedgeError, and what bugs raise."""

    def close(self) -> None:
        """Let go of venue, ledger and locks; orders stay."""


class Traders(Protocol):
    """Opens sessions. May be called from several threads at once."""

    def inform(
        self,
        account: str,
        who: Mapping[str, Json],
        webhook: Webhook | None,
        documents: Callable[[AccountStatus], Sequence[Mapping[str, Json]]],
    ) -> Informer:
        """Begin to tell a user; without a webhook nobody is told. ``documents`` are what a status says.

        Raises UsageError for an address that is none, and DiskFailure.
        """

    def open(self, profile: Profile, keys: ApiKeys | None, informer: Informer, stop: threading.Event) -> Trader:
        """Take the account's lock. Raises AlreadyRunning, EmergencyStop, UsageError, DiskFailure."""

    def price(self, profile: Profile, keys: ApiKeys | None) -> Price:
        """The last price of the profile's symbol. Raises GridhedgeError."""

    def close_positions(self, profile: Profile, keys: ApiKeys | None) -> list[str]:
        """Cancel all of the bot's orders and close all of its positions at market; what is left open, in words.

        Nobody may trade the account meanwhile. Raises GridhedgeError.
        """

    def last_status(self, account: str) -> AccountStatus | None:
        """What the account showed last, before the server was started."""

    def forget(self, account: str) -> None:
        """Remove the messages that wait for the user. Ledger and logs stay."""
