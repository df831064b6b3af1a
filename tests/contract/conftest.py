"""Every venue that has an adapter and a practice exchange is put on the bench in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.contract import mt5_bench
from tests.contract.bench import BENCHES, Bench, Desk

ALL: dict[str, Callable[[], Any]] = {**BENCHES, "mt5": mt5_bench.Mt5Bench}
LACKS = {"mt5": mt5_bench.LACKS}
"""By venue: cards that do not speak of it, and why."""


@pytest.fixture(params=list(ALL))
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """A new practice exchange and its adapter, not connected yet."""
    card = request.node.originalname.removeprefix("test_card_")[:2]
    reason = LACKS.get(request.param, {}).get(card)
    if reason is not None:
        pytest.skip(f"{request.param}: {reason}")
    bench = ALL[request.param]()
    yield bench
    bench.close()


@pytest.fixture
def desk(bench: Bench) -> Desk:
    """Connected, at leverage 10."""
    desk = Desk(bench)
    desk.connect()
    return desk


@pytest.fixture
def lists_are_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has no memory does not wait for orders that are listed late: a practice exchange lists them at once. That it
    waits is shown by tests/engine/test_synchronise."""
    monkeypatch.setattr("gridhedge.engine.synchronise._pass", lambda session, lasts: None)
