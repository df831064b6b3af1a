"""The account of a simulated broker outlives its process."""

from __future__ import annotations

from decimal import Decimal as D
from pathlib import Path
from types import SimpleNamespace

import pytest

from gridhedge.domain.errors import UsageError
from gridhedge.practice.clock import wall_ms
from gridhedge.practice.mt5.server import Options, broker_of
from gridhedge.practice.mt5.specs import forex
from gridhedge.practice.mt5.terminal import SimulatedTerminal
from gridhedge.practice.prices import synthetic
from tests.practice.mt5.brokers import LOGIN, deal, pending, terminal


def options(folder: Path | None, *, seed: int = 1, speed: int = 60) -> Options:
    prices = (synthetic("EURUSD", D("1.10000"), seed, "mt5", 40),)
    return Options(prices, (forex("EURUSD"),), LOGIN, always_open=True, data_dir=folder, speed=speed)


def shown(module: SimulatedTerminal) -> tuple[object, ...]:
    """Everything that a program may have seen of the account, prices and what they are worth aside."""
    positions, orders = module.positions_get(), module.orders_get()
    assert positions is not None
    assert orders is not None
    account = module.account_info()
    assert account is not None
    return (
        [one._replace(price_current=0.0, profit=0.0) for one in positions],
        [one._replace(price_current=0.0) for one in orders],
        [one._replace(price_current=0.0) for one in module.history_orders_get(0, 2**33) or ()],
        module.history_deals_get(0, 2**33),
        account.balance,
    )


def test_what_was_told_is_there_after_a_kill(tmp_path: Path) -> None:
    """Tickets with their prices, pending orders, history and balance, at the times that were told; the next ticket has
    a number of its own, and closing goes on."""
    broker, tapes = broker_of(options(tmp_path))
    module = terminal(broker, tapes)
    first = deal(module, 0, 0.2, sl=1.0, tp=1.2, magic=77, comment="gh one")
    pending(module, 2, 1.05)
    deal(module, 1, 0.05, position=first.order)
    before = shown(module)  # and then nothing is closed or said: the process is gone
    again, tapes = broker_of(options(tmp_path))
    fresh = terminal(again, tapes)
    assert shown(fresh) == before
    assert again.exchange.account.wallet == broker.exchange.account.wallet
    assert deal(fresh, 0, 0.1).order > first.order
    assert deal(fresh, 1, 0.15, position=first.order).retcode == 10009
    third = terminal(*broker_of(options(tmp_path)))
    assert [one.volume for one in third.positions_get() or ()] == [0.1]


def test_prices_go_on_where_they_were(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time of the exchange never runs back, and stands still while no process runs: a day of the wall's."""
    wall = [wall_ms()]
    monkeypatch.setattr("gridhedge.practice.clock.time", SimpleNamespace(time_ns=lambda: wall[0] * 1_000_000))
    broker, _ = broker_of(options(tmp_path))
    broker.skip(3_600_000)
    at = broker.exchange.now()
    broker.release()
    wall[0] += 86_400_000
    again, tapes = broker_of(options(tmp_path))
    assert again.exchange.now() == at + 1
    assert len(SimulatedTerminal(again, LOGIN, tapes)._broker.clock.pieces) == 3


def test_another_account_is_not_continued(tmp_path: Path) -> None:
    """Other prices or another speed are refused with a sentence."""
    broker_of(options(tmp_path))
    with pytest.raises(UsageError, match="on other prices"):
        broker_of(options(tmp_path, seed=2))
    with pytest.raises(UsageError, match="has run with --speed 60"):
        broker_of(options(tmp_path, speed=1))


def test_without_a_folder_everything_is_forgotten(tmp_path: Path) -> None:
    """Nothing is written."""
    broker, tapes = broker_of(options(None))
    module = terminal(broker, tapes)
    deal(module, 0)
    assert list(tmp_path.iterdir()) == []
    broker.release()
    assert terminal(*broker_of(options(None))).positions_get() == ()
