"""A small search: a quiet DOGE, a profile on the embedded exchange, and a space over it."""

from __future__ import annotations

from pathlib import Path

from gridhedge.profile.load import load_profile
from gridhedge.profile.settings import Profile
from gridhedge.profile.space import Space, read_space
from gridhedge.replay.optimize import Field, split
from gridhedge.replay.recorded import Source, load_recorded
from gridhedge.replay.trial import Ground, digests
from tests.cli.candles import falling_rows, quiet_rows, write

PROFILE = """\
# A comment that stays.
account: "001"
venue:
  name: paper
  rules: bybit
  balance: 1000
  feeds: {DOGEUSDT: {kind: synthetic, price: 0.2}}
symbols:
  - symbol: DOGEUSDT
    leverage: 75   # much
    strategy: {kind: symmetric, initial_position_size_usd: 1.0, max_grid_levels_per_side: 6}
"""
SPACE = """\
symbols.strategy.grid_step_percent: {from: 0.4, to: 1.0, step: 0.2}
symbols.strategy.take_profit_percent: {choices: [0.3, 0.6, 1.0]}
"""
"""Twelve combinations."""


def files(folder: Path, space: str = SPACE, profile: str = PROFILE) -> tuple[Path, Path, Path]:
    """Profile, space and candles of eight hours."""
    (folder / "p.yaml").write_text(profile)
    (folder / "s.yaml").write_text(space)
    return folder / "p.yaml", folder / "s.yaml", write(folder / "quiet.csv", quiet_rows(480))


def falling(folder: Path) -> Path:
    """An hour in which the price halves."""
    return write(folder / "falling.csv", falling_rows())


def unchanged(profile: Profile) -> Profile:
    return profile


def field(folder: Path, holdout: int = 0, space: str = SPACE, candles: Path | None = None) -> Field:
    """Everything that a search needs besides its wish."""
    profile, space_file, quiet = files(folder, space)
    found: Space = read_space(space_file, profile)
    source = Source((candles or quiet,))
    recorded = load_recorded(("DOGEUSDT",), source)
    ground = Ground(("DOGEUSDT",), source, digests(source))
    return Field(found, unchanged, ground, split(recorded, holdout), {}, None)


def profile_of(folder: Path) -> Profile:
    return load_profile(folder / "p.yaml")
