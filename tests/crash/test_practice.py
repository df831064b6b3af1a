"""Rehearsals as the README tells them: a practice exchange in one process, the bot in another, both killed in any
order; in the end both tell the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal as D
from pathlib import Path

import pytest

from tests.crash.rehearsal import Rehearsal, TerminalRehearsal, Waves

_SYMMETRIC = """\
account: "001"
venue: {{name: VENUE, demo_trading: true, endpoint: "{endpoint}"}}
symbols:
  - symbol: SYMBOL
    leverage: 75
    strategy: {{kind: symmetric, initial_position_size_usd: SIZE}}
"""
_SIGNAL = """\
account: "001"
venue: {{name: VENUE, demo_trading: true, endpoint: "{endpoint}"}}
symbols:
  - symbol: SYMBOL
    leverage: 20
    strategy:
      kind: signal
      timeframe: 1m
      cci_period: 0
      space_percent: 0.5
      space_orders: 5
      space_lots: LOTS
      multiplier: 1.5
      max_martingale_multiple: 10
      single_order_profit: 0.2
      basket_profit: 0.3
      pair_global_profit: 0.5
"""


_TERMINAL = """\
account: "001"
venue: {{name: mt5, demo_trading: true, terminal: "{endpoint}", login: 501234, server: Practice-Demo,
         commission_percent: 0.003}}
symbols:
  - symbol: EURUSD
    leverage: LEVERAGE
    strategy: {{STRATEGY}}
"""
_STEPS = "kind: symmetric, initial_position_size_usd: 12, grid_step_percent: 0.4, take_profit_percent: 0.4"
_SHEDS = """kind: trim, direction: long, initial_capital: 2500, entry_ratios: [0.05, 0.20, 0.25, 0.50],
               level_distances_percent: [0.1, 0.4, 0.8, 1.0], take_profit_percent: 0.3, break_even_percent: 0.1,
               stop_loss_percent: 1.5, grid_range_percent: 0.4"""


@contextmanager
def rehearsal(
    folder: Path, venue: str, waves: Waves, profile: str, options: Sequence[str] = (), **pace: int
) -> Iterator[Rehearsal]:
    made = Rehearsal(folder, venue, waves, profile, options, **pace)
    try:
        yield made
    finally:
        made.end()


@contextmanager
def terminal(folder: Path, strategy: str, leverage: int) -> Iterator[Rehearsal]:
    """A rehearsal on a simulated terminal, with EURUSD in waves."""
    waves = Waves("EURUSD", D("0.00005"), first=1_748_822_400_000)
    profile = _TERMINAL.replace("STRATEGY", strategy).replace("LEVERAGE", str(leverage))
    made = TerminalRehearsal(folder, waves, profile)
    try:
        yield made
    finally:
        made.end()


def roles(report: dict[str, object]) -> set[str]:
    found = report["by_role"]
    assert isinstance(found, dict)
    return {name.replace("-", "_") for name in found}


@pytest.mark.parametrize(
    ("venue", "waves", "size"),
    [("bybit", Waves("DOGEUSDT", D("0.00001")), "1"), ("binance", Waves("ETHUSDC", D("0.15")), "20")],
    ids=["bybit", "binance"],
)
def test_both_may_be_killed_in_any_order_and_every_book_agrees(
    tmp_path: Path, venue: str, waves: Waves, size: str
) -> None:
    """It opens both sides, averages, takes profit and re-enters; bot, exchange, then both are killed and started
    again; in the end report and status are the exchange's own books to the last digit."""
    profile = _SYMMETRIC.replace("VENUE", venue).replace("SYMBOL", waves.symbol).replace("SIZE", size)
    with rehearsal(tmp_path, venue, waves, profile) as acted:
        acted.survive((3, 6, 9))
        report = acted.compare()
    assert roles(report) >= {"opening", "grid", "take_profit"}
    assert report["total"]["executions"] >= 9


@pytest.mark.parametrize(
    ("venue", "waves", "lots", "options"),
    [
        ("bybit", Waves("DOGEUSDT", D("0.00001"), 4), "200", ()),
        ("binance", Waves("ETHUSDC", D("0.15"), 4), "0.013", ()),
        ("bitget", Waves("DOGEUSDT", D("0.00001"), 4), "200", ("--generation", "v2")),
        ("bitget", Waves("DOGEUSDT", D("0.00001"), 4), "200", ("--generation", "v3")),
    ],
    ids=["bybit", "binance", "bitget-v2", "bitget-v3"],
)
def test_baskets_of_signals_survive_in_the_time_of_their_candles(
    tmp_path: Path, venue: str, waves: Waves, lots: str, options: tuple[str, ...]
) -> None:
    """Candles before the start warm the indicators, so that a basket opens at once; exits rest and
    execute; kills lose nothing; check, plan and close do on the command line what they say."""
    profile = _SIGNAL.replace("VENUE", venue).replace("SYMBOL", waves.symbol).replace("LOTS", lots)
    with rehearsal(tmp_path, venue, waves, profile, (*options, "--time", "data"), start=60, speed=120) as acted:
        acted.survive((2, 4, 6))
        report = acted.compare()
        named = ("--profile", str(acted.profile))
        acted.printed("check", *named)
        assert f"{waves.symbol} long, from " in acted.printed("plan", *named)
        acted.close_everything()
        held = [D(leg["quantity"]) for leg in acted.books()["positions"].values()]
        assert not any(held)
    # How often the prices reach a level depends on when the kills fall; that baskets open and close does not.
    assert roles(report) >= {"opening"}
    assert roles(report) & {"take_profit", "close"}
    assert report["total"]["executions"] >= 6


def test_a_terminal_and_its_bot_may_be_killed_in_any_order(tmp_path: Path) -> None:
    """Bot, simulated terminal, then both are killed and started again; in the end report and status are what the
    terminal's own deals and tickets say. A ticket that executes while the bot is dead has no take-profit and stays when
    the others close; the books agree when all are closed, because a terminal counts the profit of each ticket, and the
    bot that of the side's average."""
    with terminal(tmp_path, _STEPS, 100) as acted:
        acted.survive((3, 6, 9))
        acted.compare_positions()
        before = roles(acted.told("report"))
        acted.close_everything()
        report = acted.compare()
    assert before >= {"opening", "grid", "take_profit"}
    assert report["total"]["executions"] >= 9


def test_a_grid_that_sheds_its_load_survives_on_a_terminal(tmp_path: Path) -> None:
    """The same for trim, whose exits close some of a side's tickets."""
    with terminal(tmp_path, _SHEDS, 20) as acted:  # of which a stop, however late it comes, leaves most of the capital
        acted.survive((3, 6, 9))
        before = roles(acted.told("report"))
        acted.close_everything()
        report = acted.compare()
    # How deep the prices take it, and how it gets out (at market, if they are beyond the stop when it comes back),
    # depends on when the kills fall.
    assert before >= {"grid"}
    assert before & {"take_profit", "break_even", "stop_loss", "close"}
    assert report["total"]["executions"] >= 9
