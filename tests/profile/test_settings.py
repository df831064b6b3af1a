"""Profiles are frozen, and their digest follows their meaning."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from gridhedge.profile.load import load_profile
from gridhedge.profile.settings import RULE, Profile

CHANGES = [
    ('"001"', '"002"'),
    ("rules: bybit", "rules: binance"),
    ("price: 0.19933", "price: 0.19934"),
    ("dry_run: false", "dry_run: true"),
    ("leverage: 75", "leverage: 74"),
    ("grid_step_percent: 1.0", "grid_step_percent: 1.01"),
    ("threshold: 90.0", "threshold: 90.1"),
    ("on_start: adopt", "on_start: cancel_all"),
    ("tick_interval: 1.0", "tick_interval: 0.9"),
]
"""One change of meaning in each part of the good profile."""


@pytest.fixture
def digest(path: Path) -> Callable[[str], str]:
    def of(text: str) -> str:
        path.write_text(text)
        return load_profile(path).digest

    return of


@pytest.mark.parametrize(("old", "new"), CHANGES)
def test_another_meaning_has_another_digest(good: str, digest: Callable[[str], str], old: str, new: str) -> None:
    """A log tells which settings were in force."""
    assert digest(good.replace(old, new)) != digest(good)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("grid_step_percent: 1.0", "grid_step_percent: 1.00"),
        ("leverage: 75", "leverage: 75.0"),
        ("dry_run: false", "dry_run: no # not yet"),
        ("dry_run: false\n", ""),
        ("tick_interval: 1.0", "sync_interval: 60"),
        ("rules: bybit", "rules: bybit\n  start: 2026-01-01T01:00:00+01:00"),
    ],
)
def test_the_same_meaning_has_the_same_digest(good: str, digest: Callable[[str], str], old: str, new: str) -> None:
    """Spelling, comments and defaults written out change nothing."""
    assert old in good
    assert digest(good.replace(old, new)) == digest(good)


def test_the_digest_does_not_depend_on_the_folder(good: str, tmp_path: Path) -> None:
    """The same profile on another machine is the same profile."""
    digests = set()
    for folder in ("a", "b"):
        path = tmp_path / folder / "x.yaml"
        path.parent.mkdir()
        path.write_text(good.replace("{kind: synthetic, price: 0.19933}", "{kind: ticks, file: doge.csv}"))
        digests.add(load_profile(path).digest)
    assert len(digests) == 1


def test_nothing_in_a_profile_can_be_changed(good: str, path: Path) -> None:
    """What was checked is what runs."""
    path.write_text(good)
    profile = load_profile(path)
    for part, field, value in (
        (profile, "account", "002"),
        (profile.venue, "rules", "binance"),
        (profile.symbols[0], "leverage", 1),
        (profile.symbols[0].strategy, "grid_step_percent", 2),
        (profile.risk, "mm_rate_threshold", 1),
        (profile.system, "tick_interval", 2),
    ):
        with pytest.raises(ValidationError, match="frozen"):
            setattr(part, field, value)


def test_rules_between_fields_hold_for_profiles_that_come_from_elsewhere_too() -> None:
    """The schema itself refuses a symbol without prices, with the place to correct."""
    symbol = {"symbol": "DOGEUSDT", "leverage": 5, "strategy": {"kind": "symmetric", "initial_position_size_usd": "1"}}
    feeds = {"BTCUSDT": {"kind": "synthetic", "price": "1"}}
    tree: dict[str, Any] = {
        "account": "1",
        "venue": {"name": "paper", "rules": "bybit", "feeds": feeds},
        "symbols": [symbol],
    }
    with pytest.raises(ValidationError) as caught:
        Profile.model_validate(tree)
    (detail,) = caught.value.errors()
    assert detail["type"] == RULE
    assert [broken.at for broken in detail["ctx"]["broken"]] == [
        ("venue", "paper", "feeds", "BTCUSDT"),
        ("symbols", 0, "symbol"),
    ]


LIMITED = {"kind": "signal", "space_percent": 1, "space_orders": 1, "space_lots": 1, "max_loss": -5, "global_profit": 9}


@pytest.mark.parametrize(
    ("strategy", "field", "said"),
    [
        (LIMITED, "", ""),
        ({**LIMITED, "max_loss": 0}, "max_loss", "is 0 here and -5 on another symbol"),
        ({**LIMITED, "timezone": "Asia/Tokyo"}, "timezone", "is Asia/Tokyo here and UTC on another symbol"),
        ({"kind": "symmetric", "initial_position_size_usd": 1}, "kind", "close the whole account, which only signal"),
    ],
)
def test_limits_of_the_day_are_the_account_s(strategy: dict[str, object], field: str, said: str) -> None:
    """All symbols say the same, and none trades what such a limit can not close."""
    entries = [{"symbol": "BTCUSDT", "strategy": LIMITED}, {"symbol": "DOGEUSDT", "strategy": strategy}]
    document = {
        "account": "1",
        "venue": {"name": "bitget", "demo_trading": True},
        "symbols": [{"leverage": 10, **entry} for entry in entries],
    }
    if not field:
        assert Profile.model_validate(document).traded == ("BTCUSDT", "DOGEUSDT")
        return
    with pytest.raises(ValidationError) as refused:
        Profile.model_validate(document)
    (broken,) = refused.value.errors()[0]["ctx"]["broken"]
    assert (broken.at[:2], broken.at[-1]) == (("symbols", 1), field)
    assert said in broken.text
