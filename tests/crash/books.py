"""Compares what a bot remembers with what its exchange knows; and starts bots."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from gridhedge.cli.build import paper_exchange, paper_file, paper_venue, restored
from gridhedge.domain.account import Snapshot
from gridhedge.domain.book import SymbolBook, fold
from gridhedge.domain.events import Execution, StopRaised
from gridhedge.domain.invariants import always, settled
from gridhedge.domain.values import SIDES
from gridhedge.profile.load import load_profile
from gridhedge.store.rows import open_reader
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]
SYMBOL = "DOGEUSDT"

PROFILE = """\
account: "crash"
venue:
  name: paper
  rules: bybit
  balance: 100000
  seed: {seed}
  latency_ms: {latency}
  feeds:
    DOGEUSDT: {{kind: synthetic, price: 0.19933, step_seconds: 0.5, volatility_percent: {volatility}}}
symbols:
  - symbol: DOGEUSDT
    leverage: 25
    strategy: {{kind: symmetric, initial_position_size_usd: 3.0, max_grid_levels_per_side: 6}}
risk: {{on_stop: {on_stop}}}
"""


def write_profile(path: Path, seed: int = 6, latency: int = 0, on_stop: str = "keep", volatility: str = "0.2") -> Path:
    """A lively market with money for all levels, and a leverage whose risk limit is far away wherever it goes."""
    path.write_text(PROFILE.format(seed=seed, latency=latency, on_stop=on_stop, volatility=volatility))
    return path


def command(profile: Path, data: Path, ticks: int, speed: str = "0") -> list[str]:
    """A bot without a dashboard, as cron would start it."""
    options = ["--profile", str(profile), "--data-dir", str(data), "--ticks", str(ticks), "--speed", speed]
    return [sys.executable, "-m", "gridhedge", "run", *options, "--no-dashboard"]


def run_again(profile: Path, data: Path, ticks: int = 3) -> None:
    """A few ticks more, which must end well."""
    again = subprocess.run(
        command(profile, data, ticks), capture_output=True, text=True, timeout=PATIENCE_S, check=False, cwd=ROOT
    )
    assert again.returncode == 0, f"{again.stdout[-2000:]}{again.stderr[-2000:]}"


def check_books(profile: Path, data: Path) -> tuple[SymbolBook, int]:
    """The bot's journal and the exchange's own books agree to the last digit; the book and how many executions."""
    made, snapshot = _exchange(profile, data)
    with open_reader(data / "crash" / "ledger.sqlite3") as reader:
        counted = reader.executions()
        events = [event for event in reader.events() if not isinstance(event, StopRaised)]
    assert sorted(row.execution_id for row in counted) == sorted(item.execution_id for item in made)
    book = fold("crash", [SYMBOL], events).symbols[SYMBOL]
    rules = paper_exchange(load_profile(profile)).market(SYMBOL).instrument
    assert always(book, rules) == []
    for side in SIDES:
        held = next((position.quantity for position in snapshot.positions if position.side is side), 0)
        assert book.of(side).held == held
    working = {order.client_id: (order.price, order.quantity, order.filled) for order in snapshot.orders}
    assert working == {order.client_id: (order.price, order.quantity, order.filled) for order in book.orders.values()}
    return book, len(made)


def check_settled(book: SymbolBook) -> None:
    """Both sides equal level by level, and each with its take-profit."""
    assert settled(book) == []
    for side in (book.long, book.short):
        assert [order.key.role.name for order in side.exits.values()] == ["TAKE_PROFIT"]


def _exchange(profile: Path, data: Path) -> tuple[list[Execution], Snapshot]:
    settings = load_profile(profile)
    exchange = paper_exchange(settings)
    disk = restored(exchange, paper_file(data, "crash"))
    venue = paper_venue(settings, exchange)
    try:
        made = [item for item in venue.history(SYMBOL, 0)[1] if isinstance(item, Execution)]
        return made, venue.snapshot([SYMBOL])
    finally:
        disk.close()
