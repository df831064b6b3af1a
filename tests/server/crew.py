"""Traders and informers that do as they are told: sessions without a venue behind them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal as D
from typing import Any

from gridhedge.domain.values import Price
from gridhedge.engine.status import AccountStatus
from gridhedge.profile.settings import Profile
from gridhedge.server.ports import Informer, Webhook
from gridhedge.store.secret import ApiKeys
from tests.dashboard.statuses import account_status


class Notebook:
    """An informer that remembers."""

    def __init__(self) -> None:
        self.states: list[str] = []
        self.failures: list[str] = []
        self.is_closed = False

    def changed(self, state: str, previous: str, reason: str) -> None:
        self.states.append(state)

    def failed(self, text: str) -> None:
        self.failures.append(text)

    def close(self) -> None:
        self.is_closed = True


class Trader:
    """Shows a status per tick until it is told to stop, or fails as planned after ``ticks``."""

    def __init__(self, stop: threading.Event, fails: BaseException | None = None, ticks: int = 0) -> None:
        self._stop = stop
        self._fails = fails
        self._ticks = ticks
        self.is_closed = False

    def run(self, show: Callable[[AccountStatus], object]) -> None:
        for tick in range(1_000_000):
            if self._fails is not None and tick >= self._ticks:
                raise self._fails
            show(account_status()._replace(ticks=tick, margin_balance=D(1000 + tick)))
            if self._stop.wait(0.005):
                return

    def close(self) -> None:
        self.is_closed = True


class Crew:
    """``server.ports.Traders``: what opening an account comes to is planned by its account."""

    def __init__(self) -> None:
        self.plans: dict[str, list[BaseException | None]] = {}
        self.opened: list[tuple[str, str | None]] = []
        self.notebooks: dict[str, Notebook] = {}
        self.left: list[str] = []
        self.forgotten: list[str] = []
        self.profiles: list[Profile] = []

    def inform(
        self,
        account: str,
        who: Mapping[str, Any],
        webhook: Webhook | None,
        documents: Callable[[AccountStatus], Sequence[Mapping[str, Any]]],
    ) -> Informer:
        return self.notebooks.setdefault(account, Notebook())

    def open(self, profile: Profile, keys: ApiKeys | None, informer: Informer, stop: threading.Event) -> Trader:
        self.opened.append((profile.account, keys.secret.reveal() if keys else None))
        self.profiles.append(profile)
        plan = self.plans.get(profile.account, [])
        failure = plan.pop(0) if plan else None
        return Trader(stop, failure)

    def price(self, profile: Profile, keys: ApiKeys | None) -> Price:
        return D("0.25")

    def close_positions(self, profile: Profile, keys: ApiKeys | None) -> list[str]:
        return self.left

    def last_status(self, account: str) -> AccountStatus | None:
        return None

    def forget(self, account: str) -> None:
        self.forgotten.append(account)
