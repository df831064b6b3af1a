"""Tick files: exact prices in order of time, and one sentence for everything wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from gridhedge.domain.errors import UsageError
from gridhedge.replay.candles import load_candles
from gridhedge.replay.ticks import load_ticks

START = 1_748_131_200_000  # 2025-05-25 00:00 UTC


def written(folder: Path, *rows: str, header: str = "timestamp_ms,price") -> Path:
    path = folder / "ticks.csv"
    path.write_text("\n".join([header, *rows]))
    return path


def test_times_may_repeat(tmp_path: Path) -> None:
    """Several trades in one millisecond are all kept, in their order."""
    times, prices = load_ticks(written(tmp_path, f"{START},0.3", f"{START},0.1", f"{START + 5},0.2"))
    assert times.tolist() == [START, START, START + 5]
    assert prices.tolist() == [0.3, 0.1, 0.2]


def test_quotes_are_read_by_their_bid(tmp_path: Path) -> None:
    """A file of bid and ask prices has no last price; the bid stands for it."""
    path = written(tmp_path, f"{START},1.39147,1.39148", header="timestamp_ms,bid,ask")
    assert load_ticks(path).prices.tolist() == [1.39147]


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (f"{START - 1},1", "timestamp_ms: 2025-05-24 23:59:59.999 comes after 2025-05-25 00:00; sort the rows by time"),
        (f"{START},0", "price: 0 is not a price above 0; correct or remove the row"),
        (f"{START},nan", "price: nan is not a price above 0; correct or remove the row"),
        (f"{START},x", "price: 'x' is not a number; correct or remove the row"),
        (
            "5,1",
            "timestamp_ms: 5 ms is not between the years 2000 and 2100; write times in milliseconds since 1970 (UTC)",
        ),
    ],
)
def test_a_wrong_field_is_told_with_file_line_and_field(tmp_path: Path, row: str, sentence: str) -> None:
    """The second tick stands in line 3."""
    with pytest.raises(UsageError) as caught:
        load_ticks(written(tmp_path, f"{START},1", row))
    assert str(caught.value) == f"ticks.csv, line 3, field {sentence}"


def test_recorded_ticks_read_as_their_catalogue_says(market_data: Path) -> None:
    """Rows and extremes of a real day."""
    times, prices = load_ticks(market_data / "forex" / "fxcm_EURUSD_ticks_2014-05-08.csv.gz")
    assert (len(times), prices.min(), prices.max()) == (167_466, 1.38319, 1.39938)


def test_ticks_become_candles_of_a_second(tmp_path: Path) -> None:
    """Open, extremes and close of each second that has a tick; the file says so, and a year without one is refused."""
    path = tmp_path / "ticks.csv"
    rows = [(0, 3), (10, 5), (999, 1), (1000, 2), (61_000, 4), (61_500, 4)]
    path.write_text("timestamp_ms,bid,ask\n" + "".join(f"{START + at},0.{bid},0.{bid}1\n" for at, bid in rows))
    candles = load_candles(path)
    assert (candles.times - START).tolist() == [0, 1000, 61_000]
    columns = (candles.open, candles.high, candles.low, candles.close)
    assert [column.tolist() for column in columns] == [
        [0.3, 0.2, 0.4], [0.5, 0.2, 0.4], [0.1, 0.2, 0.4], [0.1, 0.2, 0.4],
    ]  # fmt: skip
    assert candles.interval_ms == 1000
    assert candles.notes == ("ticks.csv has ticks: candles of one second are made of them",)
    with path.open("a") as file:
        file.write(f"{START + 365 * 86_400_000},0.4,0.5\n")
    with pytest.raises(UsageError, match="accept the gap with --allow-gaps"):
        load_candles(path)
    assert len(load_candles(path, allow_gaps=True)) == 4
