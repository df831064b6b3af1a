"""What the benchmarks replay: a made-up year of one-minute candles of BTC, and the profile that trades it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from gridhedge.profile.load import load_profile
from gridhedge.profile.settings import Profile
from gridhedge.replay.candles import Candles
from gridhedge.replay.random_walk import random_walk

SYMBOL = "BTCUSDT"
MINUTES = 525_600
VOLATILITY = 0.0005
"""Per minute; 36 % a year, which makes about as many fills as the real BTC."""


def year_of_candles(minutes: int = MINUTES) -> Candles:
    return random_walk(minutes, VOLATILITY, seed=1, price=Decimal(100_000), tick=Decimal("0.1"))


def year_profile(name: str = "year.yaml") -> Profile:
    return load_profile(Path(__file__).with_name(name))
