"""Profiles that are right in themselves and wrong for the embedded exchange."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from gridhedge.cli.profiles import open_profile, require_indicators
from gridhedge.domain.errors import UsageError
from gridhedge.profile.load import load_profile
from tests.cli.shell import DEMO


def test_a_profile_whose_symbols_are_known_is_opened() -> None:
    """The demo is one."""
    assert open_profile(DEMO).account == "demo"


def test_an_unknown_symbol_is_named_with_its_line_and_what_there_is(tmp_path: Path) -> None:
    """The symbol stands in line 17 of the demo."""
    path = tmp_path / "p.yaml"
    path.write_text(DEMO.read_text().replace("DOGEUSDT", "PEPEUSDT"))
    with pytest.raises(UsageError) as refused:
        open_profile(path)
    assert str(refused.value) == (
        f"{path}:17: symbols[0].symbol: the embedded exchange does not know PEPEUSDT under the rules of bybit; "
        "choose one of BTCUSDT, ETHUSDT, SOLUSDT, DOGEUSDT"
    )


def test_signals_without_their_library_are_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to install; a profile without indicators does without it."""
    profile = load_profile(DEMO.parent / "bitget-signal.yaml")
    require_indicators(profile)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"pip install 'gridhedge\[signal\]'"):
        require_indicators(profile)
    require_indicators(load_profile(DEMO))
