"""A file of candles that grows: nothing twice, nothing lost, and never another symbol's."""

from __future__ import annotations

from decimal import Decimal as D
from pathlib import Path

import pytest

from gridhedge.domain.errors import UsageError
from gridhedge.replay.candle_file import Bar, CandleFile, Identity
from gridhedge.replay.candles import load_candles

MINUTE = 60_000
T = 1_748_736_000_000
DOGE = Identity("bybit", "DOGEUSDT", MINUTE)


def bar(minute: int, close: str = "0.2") -> Bar:
    return T + minute * MINUTE, D("0.2"), D("0.3"), D("0.1"), D(close), D(1000 + minute)


def test_what_is_saved_is_read_as_candles(tmp_path: Path) -> None:
    """In order, each once; the doubles nearest to the venue's texts."""
    file = CandleFile(tmp_path / "doge.parquet", DOGE)
    file.add([bar(1), bar(0), bar(1), bar(2, "0.29999")])
    file.save()
    candles = load_candles(tmp_path / "doge.parquet")
    assert candles.times.tolist() == [T, T + MINUTE, T + 2 * MINUTE]
    assert candles.close.tolist() == [0.2, 0.2, float("0.29999")]
    assert candles.volume is not None
    assert candles.volume.tolist() == [1000.0, 1001.0, 1002.0]
    assert not list(tmp_path.glob(".*"))


def test_it_knows_what_is_missing(tmp_path: Path) -> None:
    """Minutes 2 and 3, 5 to the end; a start off the interval begins with the next candle."""
    file = CandleFile(tmp_path / "doge.parquet", DOGE)
    assert file.missing(T, T + 3 * MINUTE) == [(T, T + 2 * MINUTE)]
    file.add([bar(0), bar(1), bar(4)])
    assert file.missing(T - 1, T + 7 * MINUTE) == [(T + 2 * MINUTE, T + 3 * MINUTE), (T + 5 * MINUTE, T + 6 * MINUTE)]
    assert file.missing(T + 1, T + 2 * MINUTE) == []


def test_a_second_opening_goes_on_and_keeps_what_was_there(tmp_path: Path) -> None:
    """A candle that comes again changes nothing."""
    first = CandleFile(tmp_path / "doge.parquet", DOGE)
    first.add([bar(0), bar(1)])
    first.save()
    second = CandleFile(tmp_path / "doge.parquet", DOGE)
    second.add([bar(1, "0.25"), bar(-1)])
    second.save()
    candles = load_candles(tmp_path / "doge.parquet")
    assert (candles.times - T).tolist() == [-MINUTE, 0, MINUTE]
    assert candles.close.tolist() == [0.2, 0.2, 0.2]


def test_nothing_is_written_where_there_is_nothing(tmp_path: Path) -> None:
    """No empty file that a backtest would refuse."""
    CandleFile(tmp_path / "doge.parquet", DOGE).save()
    assert list(tmp_path.iterdir()) == []


def test_files_of_something_else_are_left_alone(tmp_path: Path) -> None:
    """Another symbol's, another interval's, and what is no Parquet at all."""
    path = tmp_path / "doge.parquet"
    file = CandleFile(path, DOGE)
    file.add([bar(0)])
    file.save()
    with pytest.raises(UsageError, match=r"doge.parquet: holds bybit DOGEUSDT 60 s, not bybit BTCUSDT 60 s; choose"):
        CandleFile(path, DOGE._replace(symbol="BTCUSDT"))
    with pytest.raises(UsageError, match=r"holds bybit DOGEUSDT 60 s, not bybit DOGEUSDT 1 h"):
        CandleFile(path, DOGE._replace(interval=60 * MINUTE))
    path.write_text("timestamp_ms,open\n")
    with pytest.raises(UsageError, match=r"doge.parquet: is not a readable Parquet file; choose another file"):
        CandleFile(path, DOGE)
