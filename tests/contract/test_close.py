"""Cards 64 to 69: ``gridhedge close`` on a venue: panic, at any moment, and never beside a bot that goes on trading."""

from __future__ import annotations

from decimal import Decimal as D
from pathlib import Path

import pytest

from gridhedge.domain.values import Role
from gridhedge.store.emergency import read_emergency
from gridhedge.store.rows import open_reader
from tests.cli.shell import Done, gridhedge, started
from tests.contract.markets import Market
from tests.contract.test_trading import Bot, home, in_the_ledger, market, roles, until
from tests.patience import PATIENCE_S

__all__ = ["home", "market"]
OPEN = ["LG01", "LT00", "SG01", "ST00"]


def close(home: Path, data: str = "data", profile: str = "p.yaml") -> Done:
    return gridhedge("close", "--profile", home / profile, "--data-dir", home / data, "--yes")


def opened(home: Path, market: Market) -> Bot:
    """A bot that has opened both sides."""
    bot = Bot(home)
    until(market, bot, lambda: roles(market) == OPEN)
    return bot


def test_card_64_close_leaves_nothing_of_ours(home: Path, market: Market) -> None:
    """No orders, no positions; the ledger has every execution, and a stop is set. What is not ours stays."""
    opened(home, market).stop()
    market.by_hand()
    leverage = market.leverage()
    done = close(home)
    assert (done.code, done.err) == (0, "")
    assert "001: flat, no orders" in done.out
    assert (len(market.resting()), market.strangers()) == (1, [D(50)])
    assert market.held() == [D(30), D(0)]
    assert market.leverage() == leverage
    with open_reader(home / "data" / "001" / "ledger.sqlite3") as ledger:
        assert [row.role for row in ledger.executions()][-2:] == [Role.CLOSE, Role.CLOSE]
    stop = read_emergency(home / "data" / "001")
    assert stop is not None
    assert stop.reason == "closed by hand (gridhedge close)"


def test_card_66_a_running_bot_is_stopped_first(home: Path, market: Market) -> None:
    """Then everything is closed, and the bot does not come back before ``resume``."""
    where = ("--profile", home / "p.yaml", "--data-dir", home / "data")
    with started("run", *where, "--no-dashboard", cwd=home) as bot:
        until(market, None, lambda: roles(market) == OPEN)
        done = close(home)
        assert bot.wait(timeout=PATIENCE_S) == 0
    assert done.code == 0, done.err
    assert done.out.splitlines()[0] == "001: stopped"
    assert (roles(market), market.held()) == ([], [D(0), D(0)])
    assert gridhedge("run", *where, "--ticks", "1").code == 4


@pytest.mark.usefixtures("lists_are_whole")
def test_card_67_a_bot_of_another_folder_is_not_traded_against(home: Path, market: Market) -> None:
    """Refused with 5, naming the process; nothing is sent, and no stop is set."""
    bot = opened(home, market)
    before = market.booked()
    done = close(home, "other")
    assert (done.code, done.out) == (5, "")
    assert f"DOGEUSDT of account {market.uid}" in done.err
    assert "stop it first" in done.err
    assert read_emergency(home / "other" / "001") is None
    assert (roles(market), market.booked()) == (OPEN, before)
    bot.stop()
    assert bot.failure is None
    assert close(home, "other").code == 0
    assert (roles(market), market.held()) == ([], [D(0), D(0)])


def test_card_68_a_venue_out_of_reach_leaves_the_account_stopped(home: Path, market: Market) -> None:
    """Whoever restarts the bot does not trade on; the next try closes."""
    opened(home, market).stop()
    market.go_away()
    done = close(home)
    assert (done.code, done.out) == (3, "001: stopped, but nothing is closed yet\n")
    assert market.is_away in done.err
    assert read_emergency(home / "data" / "001") is not None
    market.clear()
    assert roles(market) == OPEN
    assert close(home).code == 0
    assert (roles(market), market.held()) == ([], [D(0), D(0)])


def test_card_69_executions_before_and_during_the_closing_are_counted(home: Path, market: Market) -> None:
    """While nothing ran the long's take-profit executed; its message could not come, the history tells."""
    bot = opened(home, market)
    bot.stop()
    market.move(D("0.20600"))
    assert market.held()[0] == 0
    market.lose_an_answer()
    done = close(home)
    assert done.code == 0, done.err
    assert market.held() == [D(0), D(0)]
    assert in_the_ledger(market, bot) == market.booked()


def test_a_profile_that_says_dry_run_sends_nothing(home: Path, market: Market) -> None:
    """It is said how to mean it."""
    text = (home / "p.yaml").read_text()
    (home / "dry.yaml").write_text(text + "dry_run: true\n")
    done = close(home, profile="dry.yaml")
    assert done.code == 2
    assert "dry_run is set, and close sends orders" in done.err
