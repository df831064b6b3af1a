"""A draft becomes a commented file that loads as exactly what it says."""

from __future__ import annotations

from decimal import Decimal as D
from pathlib import Path

from gridhedge.profile.draft import Draft, DraftSymbol, written
from gridhedge.profile.load import load_profile
from gridhedge.profile.venues import BybitSettings, PaperSettings, SyntheticFeedSettings
from gridhedge.strategy.settings import SymmetricSettings

GRID = {"kind": "symmetric", "initial_position_size_usd": "1.0", "grid_step_percent": "0.8"}


def test_what_is_written_loads_as_it_was_drafted(tmp_path: Path) -> None:
    """Account 001 stays 001, and no digit changes."""
    symbols = DraftSymbol("DOGEUSDT", "75", GRID), DraftSymbol("BTCUSDT", "50", GRID)
    draft = Draft("001", {"name": "bybit", "demo_trading": "true"}, symbols, {"mm_rate_threshold": "80"})
    path = tmp_path / "p.yaml"
    path.write_text(written(draft, "Written by a test."), encoding="utf-8")
    profile = load_profile(path)
    assert path.read_text(encoding="utf-8").startswith("# Written by a test.\n")
    assert (profile.account, profile.risk.mm_rate_threshold) == ("001", D(80))
    assert isinstance(profile.venue, BybitSettings)
    assert [(entry.symbol, entry.leverage) for entry in profile.symbols] == [("DOGEUSDT", 75), ("BTCUSDT", 50)]
    assert profile.symbols[0].strategy == SymmetricSettings(
        initial_position_size_usd=D("1.0"), grid_step_percent=D("0.8")
    )


def test_the_embedded_exchange_gets_prices_for_every_symbol(tmp_path: Path) -> None:
    """A walk that begins at the price of the draft."""
    draft = Draft("p", {"name": "paper", "rules": "bybit"}, (DraftSymbol("DOGEUSDT", "10", GRID, "0.2"),), {})
    path = tmp_path / "p.yaml"
    path.write_text(written(draft, "Written by a test."), encoding="utf-8")
    venue = load_profile(path).venue
    assert isinstance(venue, PaperSettings)
    assert venue.feeds == {"DOGEUSDT": SyntheticFeedSettings(kind="synthetic", price=D("0.2"))}


def test_every_number_is_explained() -> None:
    """As in the demo's own profile."""
    draft = Draft("001", {"name": "bybit", "demo_trading": "true"}, (DraftSymbol("DOGEUSDT", "75", GRID),), {})
    numbers = [line for line in written(draft, "x").splitlines() if line.partition(": ")[2][:1].isdigit()]
    assert len(numbers) == 3
    assert all(" # " in line for line in numbers)
