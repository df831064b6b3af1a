"""configs/btc-trim.yaml and eth-trim.yaml, on one account of the practice Binance, from start_all to stop_all."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest

from tests.cli.shell import ROOT, replace_text, started
from tests.crash.rehearsal import Waves
from tests.patience import until
from tests.scripts.bots import Yard

BOTS = ("btc-trim", "eth-trim")


WAVES = (Waves("BTCUSDC", D(3), 600), Waves("ETHUSDC", D("0.15"), 600))
"""A day in which prices hardly move in the minutes that this takes."""


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[str]:
    """The address of a practice Binance on which both symbols trade. It tells the time of its data, in which a minute,
    whose close a grid waits for, takes three seconds."""
    files = [wave.write(tmp_path, wave.first + 86_400_000) for wave in WAVES]
    data = [word for file in files for word in ("--data", file)]
    with started("practice", "binance", "--port", "0", "--speed", "20", "--time", "data", *data) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().split("listens on ")[1].split(" ")[0]
        finally:
            process.kill()


@pytest.fixture
def trims(yard: Yard, exchange: str) -> Yard:
    """The profiles as they are delivered, pointed at it."""
    for name in BOTS:
        text = (ROOT / "configs" / f"{name}.yaml").read_text()
        text = text.replace("  name: binance\n", f"  name: binance\n  endpoint: {exchange}\n")
        (yard.configs / f"{name}.yaml").write_text(text)
    return yard


def long_side(yard: Yard, account: str) -> dict[str, Any]:
    found: dict[str, Any] = yard.status(account)["symbols"][0]["long"]
    return found


def has_grid(yard: Yard, account: str) -> bool:
    path = yard.data / account / "status.json"
    return path.exists() and len(long_side(yard, account)["rows"]) >= 4


def test_two_bots_share_an_account_for_a_life(trims: Yard, tmp_path: Path) -> None:
    """Each has 33 % of the wallet; one is edited, one killed, both go on from cron's environment, both stop."""
    more = {
        "GRIDHEDGE_BOTS": " ".join(BOTS),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "BINANCE_API_KEY": "practice",
        "BINANCE_API_SECRET": "practice",
    }
    done = trims.script("start_all", **more)
    assert (done.code, done.err) == (0, "")
    for account in ("btc", "eth"):
        until(lambda account=account: has_grid(trims, account), f"{account} has a grid")
        assert D("3290") < D(long_side(trims, account)["capital"]) < D("3310")
    for name in ("btc-trim", "btc"):  # the bot, or its account
        assert "BTCUSDC long grid around" in trims.script("logs", name, **more).out

    profile = trims.configs / "btc-trim.yaml"
    replace_text(profile, profile.read_text().replace("mm_rate_threshold: 90.0", "mm_rate_threshold: 80.0"))
    until(lambda: D(trims.status("btc")["mm_threshold"]) == 80, "the edit takes over")

    trims.kill("btc")
    other, capital = trims.process("eth"), D(long_side(trims, "btc")["capital"])
    assert trims.script("start_all", **more).code == 0
    assert trims.process("eth") == other
    until(lambda: has_grid(trims, "btc"), "btc has its grid again")
    assert abs(D(long_side(trims, "btc")["capital"]) - capital) < capital / 10
    shown = trims.script("status", **more).out
    assert shown.count("running (process") == 2
    assert trims.script("stop_all", **more) == (0, "btc: stopped\neth: stopped\n", "")
    assert (trims.process("btc"), trims.process("eth")) == (None, None)
