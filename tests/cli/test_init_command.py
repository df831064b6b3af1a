"""``gridhedge init``: questions or options, a commented profile, a private .env, the ladder; never real money."""

from __future__ import annotations

import io
import stat
from pathlib import Path

import pytest

from gridhedge.profile.load import load_profile
from gridhedge.strategy.settings import SymmetricSettings
from tests.cli.shell import gridhedge


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, nobody at a terminal, and no client library: no real venue is asked."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    return tmp_path


def test_options_answer_every_question(here: Path) -> None:
    """A profile that runs at once on the embedded exchange, and its ladder."""
    done = gridhedge("init", "--venue", "paper", "--symbol", "dogeusdt", "--risk", "bold", "--first-margin", "1.0")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("dogeusdt.yaml: written\n")
    assert "DOGEUSDT long, from 0.2" in done.out
    assert done.out.endswith("then: gridhedge run --profile dogeusdt.yaml\n")
    profile = load_profile(here / "dogeusdt.yaml")
    settings = profile.symbols[0].strategy
    assert isinstance(settings, SymmetricSettings)
    assert (profile.symbols[0].leverage, settings.max_grid_levels_per_side) == (75, 10)
    assert gridhedge("run", "--profile", "dogeusdt.yaml", "--ticks", "2", "--speed", "0").code == 0
    assert not (here / ".env").exists()


def test_questions_are_asked_for_what_no_option_says(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Return takes what is suggested: careful, one dollar."""
    monkeypatch.setattr("sys.stdin", io.StringIO("paper\nETHUSDT\n\n5\n"))
    done = gridhedge("init", "--out", "mine.yaml")
    assert done.code == 0, done.err
    assert "careful: leverage 5" in done.out
    profile = load_profile(here / "mine.yaml")
    assert (profile.account, profile.symbols[0].symbol, profile.symbols[0].leverage) == ("paper", "ETHUSDT", 5)


def test_a_real_venue_gets_its_demo_side_and_names_for_its_keys(here: Path) -> None:
    """.env is the owner's alone, keeps what stands in it, and gets each name once."""
    (here / ".env").write_text("OTHER=1\n")
    (here / ".env").chmod(0o600)
    options = (
        "--venue",
        "bybit",
        "--symbol",
        "DOGEUSDT",
        "--risk",
        "careful",
        "--first-margin",
        "1",
        "--account",
        "007",
    )
    done = gridhedge("init", *options)
    assert done.code == 0, done.err
    assert ".env: fill in 007_BYBIT_API_KEY and 007_BYBIT_API_SECRET\n" in done.out
    assert not load_profile(here / "dogeusdt.yaml").venue.real_money
    gridhedge("init", *options, "--out", "again.yaml")
    assert (here / ".env").read_text() == "OTHER=1\n#007_BYBIT_API_KEY=\n#007_BYBIT_API_SECRET=\n"
    assert stat.S_IMODE((here / ".env").stat().st_mode) == 0o600


def test_where_nobody_can_be_asked_the_ladder_begins_at_an_example(here: Path) -> None:
    """75 USD of margin times leverage at 0.2 are 375 DOGE; that it is an example is said."""
    done = gridhedge("init", "--venue", "bybit", "--symbol", "DOGEUSDT", "--risk", "bold", "--first-margin", "1")
    assert done.code == 0, done.err
    assert "note: nobody tells the price now, the ladder begins at an example of 0.2\n" in done.err
    assert "DOGEUSDT long, from 0.2" in done.out


def test_nothing_is_overwritten(here: Path) -> None:
    """Whoever wants another profile names another file."""
    (here / "dogeusdt.yaml").write_text("mine")
    done = gridhedge("init", "--venue", "paper", "--symbol", "DOGEUSDT", "--risk", "bold", "--first-margin", "1")
    assert (done.code, done.err) == (2, "gridhedge: dogeusdt.yaml: is there already; give another name with --out\n")
    assert (here / "dogeusdt.yaml").read_text() == "mine"


def test_a_profile_that_would_not_load_is_not_kept(here: Path) -> None:
    """The mistakes are those that run would name."""
    done = gridhedge("init", "--venue", "bybit", "--symbol", "DOGEUSDT", "--risk", "bold", "--first-margin", "0.01")
    assert done.code == 2
    assert "nothing was written, because the profile would not load:\n" in done.err
    assert "initial_position_size_usd" in done.err
    assert list(here.iterdir()) == []


def test_an_old_file_of_several_accounts_becomes_several_profiles(here: Path) -> None:
    """Each named by its account and symbol; real money still has to be said a second time by hand."""
    (here / "config.yaml").write_text(
        "accounts:\n"
        "  - {id: 1, demo_trading: true, symbol: DOGEUSDT, leverage: 75, initial_position_size_usd: 1.0}\n"
        "  - {id: 2, demo_trading: false, symbol: BTCUSDT, leverage: 50, initial_position_size_usd: 5.0}\n"
    )
    done = gridhedge("init", "--from", "config.yaml")
    assert done.code == 0, done.err
    assert load_profile(here / "001_dogeusdt.yaml").symbols[0].leverage == 75
    assert load_profile(here / "002_btcusdt.yaml", live=True).venue.real_money
    refused = gridhedge("run", "--profile", "002_btcusdt.yaml")
    assert (refused.code, "false means real money" in refused.err) == (2, True)
    assert gridhedge("init", "--from", "config.yaml", "--out", "one.yaml").code == 2


def test_an_old_file_may_move_to_another_venue(here: Path) -> None:
    """The trimming grid's own settings on the embedded exchange: converted, shown and checked at once."""
    (here / "config_btc.txt").write_text(
        "INITIAL_CAPITAL=1000.0\nENTRY_RATIOS=0.05,0.20,0.25,0.50\nLEVEL_DISTANCES=0.005,0.010,0.040,0.045\n"
        "GRID_RANGE_PCT=0.040\nSL_DISTANCE=0.05\nTP_PCT=0.005\nBE_PCT=0.001\n"
    )
    done = gridhedge("init", "--from", "config_btc.txt", "--venue", "paper")
    assert done.code == 0, done.err
    assert "BTCUSDC long, from 60000" in done.out
    assert "BTCUSDC short" not in done.out
    assert gridhedge("check", "--profile", "btcusdc.yaml").code == 0


SIGNAL = """\
BITGET_API_KEY=abc
BITGET_SECRET_KEY=def
BITGET_PASSPHRASE=ghi
SYMBOL=BTCUSDT
LEVERAGE=10
SPACE_PERCENT=0.5
SPACE_ORDERS=3
SPACE_LOTS=0.01
MULTIPLIER=1.5
PAIR_GLOBAL_PROFIT=1
"""


def test_the_signal_robot_s_own_env_is_enough(here: Path) -> None:
    """Its keys stay where they are and are found there; another symbol or account may be said; the ladder is shown."""
    (here / ".env").write_text(SIGNAL)
    (here / ".env").chmod(0o600)
    done = gridhedge("init", "--from", ".env", "--symbol", "ethusdt", "--account", "7")
    assert done.code == 0
    assert (here / ".env").read_text() == SIGNAL
    assert ".env: has the keys of account 7\n" in done.out
    assert "ETHUSDT long, from " in done.out
    profile = load_profile(here / "ethusdt.yaml")
    assert (profile.account, profile.traded, profile.symbols[0].leverage) == ("7", ("ETHUSDT",), 10)
    (here / ".env").write_text(SIGNAL.replace("BITGET_PASSPHRASE=ghi\n", ""))
    done = gridhedge("init", "--from", ".env")
    assert ".env: BITGET_API_PASSPHRASE is set nowhere; add the line" in done.out


def test_what_an_old_file_can_not_be_asked_for_is_refused(here: Path) -> None:
    """Options that would count for nothing, an only symbol of several, and a .env that others may read."""
    (here / "old.env").write_text(SIGNAL)
    (here / ".env").write_text("OTHER=1\n")
    (here / ".env").chmod(0o644)
    for options, sentence in (
        (("--risk", "bold"), "--risk and --first-margin are for new profiles"),
        ((), "other users may read the keys in it (mode 0644); run: chmod 600 .env"),
    ):
        done = gridhedge("init", "--from", "old.env", *options)
        assert done.code == 2
        assert sentence in done.err
        assert not (here / "btcusdt.yaml").exists()


def test_a_question_that_nobody_answers_interrupts(here: Path) -> None:
    """Cron has no answers: exit 130, nothing written."""
    done = gridhedge("init")
    assert (done.code, list(here.iterdir())) == (130, [])
