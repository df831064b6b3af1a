"""Old settings files become drafts: nothing critical is guessed, nothing is left out in silence, no secret moves."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from gridhedge.domain.errors import UsageError
from gridhedge.profile.draft import DraftSymbol, written
from gridhedge.profile.load import load_profile
from gridhedge.profile.old_settings import drafts_of

SYMMETRIC = """\
accounts:
  - id: 1
    demo_trading: true
    dry_run: false
    strategies:
      - {symbol: DOGEUSDT, leverage: 75, initial_position_size_usd: 1.0, grid_step_percent: 1.0}
      - {symbol: SOLUSDT, leverage: 50, initial_position_size_usd: 2.0, averaging_multiplier: 2.0}
    risk_management: {mm_rate_threshold: 90.0, balance_buffer_percent: 15.0}
  - id: 2
    demo_trading: false
    symbol: BTCUSDT
    leverage: 10
    initial_position_size_usd: 5
    log_level: INFO
"""
TRIM = """\
# the seed's own file
INITIAL_CAPITAL=1000.0
LEVERAGE_LONG=20
LEVERAGE_SHORT=5
TRADE_DIRECTION=LONG
GRID_RANGE_PCT=0.040      # ±2% 범위
MAX_ENTRY_LEVEL=4
ENTRY_RATIOS=0.05,0.20,0.25,0.50
LEVEL_DISTANCES=0.005,0.010,0.040,0.045
SL_DISTANCE=0.05
TP_PCT=0.005
BE_PCT=0.001
"""
SIGNAL = """\
BITGET_API_KEY=abcdef123456
BITGET_SECRET_KEY="hush"
SYMBOL=ethusdt
LEVERAGE=20
MULTIPLIER=1.5
SPACE_PERCENT=0.5
SPACE_ORDERS=5
SPACE_LOTS=0.01
SPACE1_PERCENT=1.0
USE_SMA_SAR=1
TIMEFRAME=1H
CCI_PERIOD=0
START_TIME=22:00
MAX_LOSS=50
PORT=8000
"""


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_each_account_of_the_symmetric_grid_becomes_a_draft(tmp_path: Path) -> None:
    """Settings around an entry count for it; what has no counterpart is said."""
    first, second = drafts_of(write(tmp_path / "config.yaml", SYMMETRIC))
    assert (first.account, first.venue) == ("001", {"name": "bybit", "demo_trading": "true"})
    assert first.symbols == (
        DraftSymbol(
            "DOGEUSDT", "75", {"kind": "symmetric", "initial_position_size_usd": "1.0", "grid_step_percent": "1.0"}
        ),
        DraftSymbol(
            "SOLUSDT", "50", {"kind": "symmetric", "initial_position_size_usd": "2.0", "averaging_multiplier": "2.0"}
        ),
    )
    assert first.risk == {"mm_rate_threshold": "90.0", "balance_buffer_percent": "15.0"}
    assert (first.more, first.remarks) == ({"dry_run": "false"}, ())
    assert (second.account, second.venue["demo_trading"], second.symbols[0].leverage) == ("002", "false", "10")
    assert second.remarks == ("log_level has no counterpart and is left out",)


def test_a_flat_file_and_symbols_as_names_are_understood(tmp_path: Path) -> None:
    """The table of the description, as plain lines; and a group per symbol."""
    flat = "symbol: DOGEUSDT\nleverage: 75\ninitial_position_size_usd: 1.0\ndemo_trading: true\n"
    (draft,) = drafts_of(write(tmp_path / "flat.yaml", flat))
    assert (draft.account, draft.symbols[0].symbol) == ("001", "DOGEUSDT")
    named = (
        "demo_trading: true\nsymbols:\n  DOGEUSDT: {leverage: 75, initial_position_size_usd: 1}\n"
        "  BTCUSDT: {leverage: 50, initial_position_size_usd: 5}\n"
    )
    (draft,) = drafts_of(write(tmp_path / "named.yaml", named))
    assert [(entry.symbol, entry.leverage) for entry in draft.symbols] == [("DOGEUSDT", "75"), ("BTCUSDT", "50")]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("symbol: DOGEUSDT\nleverage: 75\ninitial_position_size_usd: 1\n", "demo_trading: must be true or false"),
        ("symbol: DOGEUSDT\ninitial_position_size_usd: 1\ndemo_trading: true\n", "leverage is missing; add it"),
        ("demo_trading: true\n", "no symbol: is in it"),
        ("- 1\n", "is not a group of settings"),
    ],
)
def test_nothing_critical_is_guessed(tmp_path: Path, text: str, sentence: str) -> None:
    """The sentence names the file and what to add."""
    with pytest.raises(UsageError, match=sentence):
        drafts_of(write(tmp_path / "config.yaml", text))


def test_fractions_of_the_trimming_grid_become_percent(tmp_path: Path) -> None:
    """0.045 is 4.5 %; ratios stay fractions; the symbol comes from the file's name."""
    (draft,) = drafts_of(write(tmp_path / "config_btc.txt", TRIM))
    (entry,) = draft.symbols
    assert (entry.symbol, entry.leverage, draft.venue["name"]) == ("BTCUSDC", "20", "binance")
    assert entry.strategy == {
        "kind": "trim",
        "direction": "long",
        "initial_capital": "1000.0",
        "max_entry_level": "4",
        "entry_ratios": "[0.05, 0.20, 0.25, 0.50]",
        "level_distances_percent": "[0.5, 1, 4, 4.5]",
        "stop_loss_percent": "5",
        "grid_range_percent": "4",
        "take_profit_percent": "0.5",
        "break_even_percent": "0.1",
    }
    assert draft.remarks == ("the old file does not say demo or real money: demo_trading: true was chosen",)


def test_both_directions_are_two_entries_with_leverages_of_their_own(tmp_path: Path) -> None:
    """Long 20, short 5."""
    (draft,) = drafts_of(write(tmp_path / "config_eth.txt", TRIM.replace("=LONG", "=BOTH")))
    assert [(entry.strategy["direction"], entry.leverage) for entry in draft.symbols] == [
        ("long", "20"),
        ("short", "5"),
    ]


def test_the_signal_robot_keeps_its_keys_to_itself(tmp_path: Path) -> None:
    """Settings by their names, flags as words, a loss as a negative number, and no secret anywhere."""
    (draft,) = drafts_of(write(tmp_path / ".env", SIGNAL))
    (entry,) = draft.symbols
    assert (entry.symbol, entry.leverage, draft.venue["name"]) == ("ETHUSDT", "20", "bitget")
    assert entry.strategy == {
        "kind": "signal",
        "timeframe": "1H",
        "use_sma_sar": "true",
        "cci_period": "0",
        "start_time": '"22:00"',
        "space_percent": "0.5",
        "space_orders": "5",
        "space_lots": "0.01",
        "space1_percent": "1.0",
        "multiplier": "1.5",
        "max_loss": "-50",
    }
    assert draft.remarks == (
        "the old file does not say demo or real money: demo_trading: true was chosen",
        "SPACE1_ORDERS is missing: this band has no orders until the profile says space1_orders",
        "PORT (line 15) has no counterpart and is left out",
        "keys are not copied: gridhedge reads them from .env, under the names that .env.example shows",
    )
    assert "abcdef" not in repr(draft)
    assert "hush" not in repr(draft)


ALL_OF_IT = """MULTIPLIER=0
SPACE_PERCENT=0.5
SPACE_ORDERS=5
SPACE_LOTS=0.01
SPACE1_PERCENT=1.0
SPACE1_ORDERS=4
SPACE1_LOTS=0.02
SPACE2_PERCENT=1.5
SPACE2_ORDERS=3
SPACE2_LOTS=0.03
SPACE3_PERCENT=2.0
SPACE3_ORDERS=2
SPACE3_LOTS=0.04
MIN_LOT=0.001
MAX_LOT=1
USE_SMA_SAR=True
SMA_PERIOD=7
SAR_AF=0.1
SAR_MAX=0.8
REVERSE_ORDER=no
CCI_PERIOD=14
CCI_MAX=100
CCI_MIN=-100
TIMEFRAME=1h
OPEN_ON_NEW_CANDLE=1
SUSPEND=off
START_TIME=8:30
FINISH_TIME=24:00
TRADES_PER_DAY=9
SINGLE_ORDER_PROFIT=3
BASKET_PROFIT=4
PAIR_GLOBAL_PROFIT=1
GLOBAL_PROFIT=50
MAX_LOSS=-100
"""


def test_every_setting_of_the_signal_robot_arrives_in_the_profile(tmp_path: Path) -> None:
    """None is left to a default, and what the profile says of them is what the file said."""
    (draft,) = drafts_of(write(tmp_path / ".env", f"SYMBOL=BTCUSDT\nLEVERAGE=10\n{ALL_OF_IT}"))
    (tmp_path / "p.yaml").write_text(written(draft, "Converted."))
    settings = load_profile(tmp_path / "p.yaml").symbols[0].strategy.model_dump()
    words = {"timeframe": "1H", "start_time": "08:30", "finish_time": "00:00"}
    flags = {"use_sma_sar": True, "reverse_order": False, "open_on_new_candle": True, "suspend": False}
    old = dict(line.lower().split("=") for line in ALL_OF_IT.splitlines())
    expected = {name: Decimal(text) for name, text in old.items() if name not in (words | flags)} | words | flags
    assert {name: settings[name] for name in old} == expected
    assert set(draft.symbols[0].strategy) == {"kind", *old}
    assert draft.remarks == ("the old file does not say demo or real money: demo_trading: true was chosen",)


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("config_btc.txt", TRIM.replace("0.05\n", "five\n"), r"config_btc.txt:10: SL_DISTANCE: 'five' is not a number"),
        ("config_btc.txt", TRIM.replace("=LONG", "=UP"), r":5: TRADE_DIRECTION: write LONG, SHORT or BOTH"),
        ("settings.txt", TRIM, r"neither SYMBOL= nor the name"),
        ("config_btc.txt", TRIM + "what\n", r":13: is not a line NAME=value"),
        (".env", SIGNAL.replace("LEVERAGE=20\n", ""), r"LEVERAGE= is missing"),
        (".env", SIGNAL.replace("=1H", "=7m"), r":11: TIMEFRAME: '7m' is not understood"),
        (".env", SIGNAL.replace("=22:00", "=24:30"), r":13: START_TIME: '24:30' is not understood"),
        (".env", SIGNAL.replace("SAR=1", "SAR=maybe"), r":10: USE_SMA_SAR: 'maybe' is not understood"),
        ("notes.txt", "A=1\n", r"notes.txt: is no old settings file"),
        ("gone.txt", "", r"gone.txt: is no old settings file"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, name: str, text: str, sentence: str) -> None:
    """One sentence."""
    with pytest.raises(UsageError, match=sentence):
        drafts_of(write(tmp_path / name, text))
