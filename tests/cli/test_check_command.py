"""``gridhedge check``: what would be done, and whether it could."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.cli.shell import DEMO, ROOT, gridhedge, run


def test_a_ready_account_ends_with_0_and_leaves_nothing(data: Path) -> None:
    """It says how many levels fit and what would be opened."""
    done = gridhedge("check", "--profile", DEMO, "--data-dir", data)
    assert (done.code, done.err) == (0, "")
    assert "ok   ladder: DOGEUSDT: 10 of 10 levels, 384648 DOGE per side in all" in done.out
    assert "note first orders: would open 376 long and 376 short of DOGEUSDT at 0.19933" in done.out
    assert not data.exists()


def test_json_lists_every_check_with_its_verdict(data: Path) -> None:
    """``passed`` is null for a remark."""
    told = json.loads(gridhedge("check", "--profile", DEMO, "--data-dir", data, "--json").out)
    assert [check["name"] for check in told][:2] == ["profile", "emergency stop"]
    assert {check["passed"] for check in told} == {True, None}
    assert all(set(check) == {"name", "passed", "text"} for check in told)


def test_an_emergency_stop_fails_it_with_4(data: Path) -> None:
    """As ``run`` would end."""
    run(DEMO, data, 1)
    (data / "demo" / ".emergency_stop").touch()
    done = gridhedge("check", "--profile", DEMO, "--data-dir", data)
    assert done.code == 4
    assert "FAIL emergency stop: " in done.out
    assert f"gridhedge resume --account demo --data-dir {data}" in done.err


def test_what_the_venue_changes_is_said(tmp_path: Path) -> None:
    """Leverage 150 is lowered to DOGE's 75; one dollar at 1x buys 5 DOGE, below 5 USDT: 26 DOGE are the least."""
    profile = tmp_path / "p.yaml"
    profile.write_text(DEMO.read_text().replace("leverage: 75", "leverage: 150"))
    done = gridhedge("check", "--profile", profile)
    assert "note leverage: DOGEUSDT: 150x lowered to 75x" in done.out
    profile.write_text(DEMO.read_text().replace("leverage: 75", "leverage: 1"))
    done = gridhedge("check", "--profile", profile)
    assert "raised to the venue's minimum 26: real first margin 5.18" in done.out


def test_it_checks_with_the_leverage_and_symbol_that_run_would_get() -> None:
    """100 DOGE at 20x, not 376 at 75x."""
    done = gridhedge("check", "--profile", DEMO, "--leverage", "20", "--symbol", "DOGEUSDT")
    assert "note first orders: would open 100 long and 100 short of DOGEUSDT" in done.out
    assert gridhedge("check", "--profile", DEMO, "--leverage", "0").code == 2


def test_what_a_basket_of_signals_would_be_is_said(tmp_path: Path) -> None:
    """Seven orders of 0.002 BTC and what follows from 1.5; suspended it opens nothing; a cap of 1 USDT leaves none."""
    profile = tmp_path / "p.yaml"
    text = (ROOT / "configs" / "signal-paper.yaml").read_text()
    for edited, code, lines in (
        (text, 0, ["ok   basket: BTCUSDT: 7 of 7 orders, 0.056 BTC a side in all", _OPENS]),
        (text.replace("timeframe:", "suspend: true\n      timeframe:"), 0, ["would open nothing of BTCUSDT"]),
        (f"{text}risk: {{max_notional_per_side: 1}}\n", 3, ["FAIL basket: BTCUSDT: 0 of 7 orders, 0 BTC a side"]),
    ):
        profile.write_text(edited)
        done = gridhedge("check", "--profile", profile)
        assert done.code == code
        assert [line for line in lines if line not in done.out] == []


_OPENS = "note first orders: would open 0.002 of BTCUSDT at 97000.0, when a signal of 1m candles says so"


def test_the_venue_s_limits_stand_beside_what_the_profile_wants(data: Path) -> None:
    """Also where nothing is changed: 376 DOGE at 0.19933 are one dollar of margin at 75x."""
    done = gridhedge("check", "--profile", DEMO, "--data-dir", data)
    assert "ok   leverage: DOGEUSDT: 75x, the venue allows up to 75x" in done.out
    assert (
        "ok   first quantity: DOGEUSDT: 376, 1.00 USDT of margin a side (at least 1 DOGE and 5 USDT an order)"
        in done.out
    )


def test_a_ladder_that_does_not_fit_is_refused_with_3(tmp_path: Path) -> None:
    """A cap of 1 USDT per side leaves no level."""
    profile = tmp_path / "p.yaml"
    profile.write_text(DEMO.read_text().replace("risk:\n", "risk:\n  max_notional_per_side: 1\n"))
    done = gridhedge("check", "--profile", profile)
    assert done.code == 3
    assert "FAIL ladder: DOGEUSDT: 0 of 10 levels" in done.out
    assert done.err == "gridhedge: not ready: ladder\n"


def shipped(venue: str) -> list[Path]:
    """The profiles of ``configs`` for a venue."""
    return [path for path in sorted((ROOT / "configs").glob("*.yaml")) if f"name: {venue}" in path.read_text()]


def test_every_shipped_profile_is_ready() -> None:
    """An example that does not work is worse than none."""
    profiles = shipped("paper")
    assert len(profiles) >= 2
    assert [gridhedge("check", "--profile", path).code for path in profiles] == [0] * len(profiles)


@pytest.mark.parametrize("venue", ["BYBIT", "BINANCE", "BITGET"])
def test_a_shipped_profile_of_a_real_venue_lacks_nothing_but_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, venue: str
) -> None:
    """The sentence names them and the file they belong into."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if venue in name]:
        monkeypatch.delenv(name)
    profiles = shipped(venue.lower())
    assert profiles != []
    for path in profiles:
        done = gridhedge("check", "--profile", path)
        assert done.code == 2
        assert f"_{venue}_API_KEY (or {venue}_API_KEY) is set nowhere; add the line" in done.err
