"""Candle files: every format gives the same exact numbers, every fault one sentence with file, line and field."""

from __future__ import annotations

import gzip
import io
import zipfile
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as arrow
import pyarrow.parquet as parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridhedge.domain.errors import UsageError
from gridhedge.replay.candles import Candles, load_candles

HEADER = "timestamp_ms,open,high,low,close,volume"
START = 1_748_131_200_000  # Sunday 2025-05-25 00:00 UTC
MINUTE = 60_000
ROWS = [
    (START, "0.1", "0.3", "0.1", "0.2", "5"),
    (START + MINUTE, "0.2", "0.21", "0.07", "0.08", "0"),
    (START + 2 * MINUTE, "0.08", "0.09", "0.08", "0.09", "7.5"),
]


def text(rows: list[tuple[object, ...]], header: str | None = HEADER) -> str:
    lines = [",".join(str(field) for field in row) for row in rows]
    return "\n".join(([header] if header else []) + lines) + "\n"


def written(folder: Path, content: str | bytes, name: str = "doge.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def fault(folder: Path, content: str | bytes, **options: bool) -> str:
    """The one sentence about a file with this content."""
    with pytest.raises(UsageError) as caught:
        load_candles(written(folder, content), **options)
    return str(caught.value)


def changed(row: int, column: int, value: object) -> str:
    rows: list[tuple[object, ...]] = [*ROWS]
    rows[row] = (*rows[row][:column], value, *rows[row][column + 1 :])
    return text(rows)


def assert_is_rows(candles: Candles) -> None:
    assert candles.times.tolist() == [START, START + MINUTE, START + 2 * MINUTE]
    assert candles.open.tolist() == [0.1, 0.2, 0.08]
    assert candles.high.tolist() == [0.3, 0.21, 0.09]
    assert candles.low.tolist() == [0.1, 0.07, 0.08]
    assert candles.close.tolist() == [0.2, 0.08, 0.09]
    assert candles.interval_ms == 60_000
    assert candles.times.dtype == np.int64
    assert candles.open.dtype == np.float64


# ---- formats ---------------------------------------------------------------------------------------------------------


def test_a_plain_csv_gives_its_numbers(tmp_path: Path) -> None:
    """Times, prices and volume stand in the arrays as written; the interval is found."""
    candles = load_candles(written(tmp_path, text(ROWS)))
    assert_is_rows(candles)
    assert candles.volume is not None
    assert candles.volume.tolist() == [5, 0, 7.5]
    assert (candles.source, candles.notes) == ("doge.csv", ())
    assert (candles.start, candles.end, len(candles)) == (START, START + 180_000, 3)


def test_volume_may_be_missing(tmp_path: Path) -> None:
    """Mark-price files have no volume."""
    candles = load_candles(written(tmp_path, text([row[:5] for row in ROWS], "timestamp_ms,open,high,low,close")))
    assert_is_rows(candles)
    assert candles.volume is None


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_byte_order_marks_do_not_matter(tmp_path: Path, newline: str, mark: bytes) -> None:
    """Files that went through Windows read the same."""
    assert_is_rows(load_candles(written(tmp_path, mark + text(ROWS).replace("\n", newline).encode())))


def test_gzip_is_recognised_by_its_content(tmp_path: Path) -> None:
    """The name of the file plays no role; several members in one file are read in order."""
    head, tail = text(ROWS[:1]).encode(), text(ROWS[1:], None).encode()
    assert_is_rows(load_candles(written(tmp_path, gzip.compress(head, mtime=0) + gzip.compress(tail), "doge.csv")))


def kline(row: tuple[object, ...], scale: int) -> tuple[object, ...]:
    opened = int(str(row[0]))
    return (opened * scale, *row[1:], (opened + MINUTE) * scale - 1, "1.5", 3, "2", "0.7", 0)


KLINE_HEADER = (
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore"
)


@pytest.mark.parametrize("header", [KLINE_HEADER, None])
@pytest.mark.parametrize("scale", [1, 1000])
def test_public_klines_of_binance_are_understood(tmp_path: Path, header: str | None, scale: int) -> None:
    """Twelve columns with and without a header, in milliseconds and in microseconds, inside the published zip."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("DOGEUSDT-1m-2025-05.csv", text([kline(row, scale) for row in ROWS], header))
    assert_is_rows(load_candles(written(tmp_path, packed.getvalue(), "DOGEUSDT-1m-2025-05.zip")))


def table_of_rows(time: arrow.Array, kind: arrow.DataType) -> arrow.Table:
    number = Decimal if arrow.types.is_decimal(kind) else float
    columns = zip(*[[number(field) for field in row[1:5]] for row in ROWS], strict=True)
    prices = [arrow.array(column, kind) for column in columns]
    return arrow.table([time, *prices], names=["timestamp", "open", "high", "low", "close"])


@pytest.mark.parametrize("price_kind", [arrow.float64(), arrow.decimal128(12, 5)])
@pytest.mark.parametrize("time_kind", [arrow.int64(), arrow.timestamp("ns", tz="UTC"), arrow.timestamp("ms")])
def test_parquet_is_read_by_column_names(tmp_path: Path, price_kind: arrow.DataType, time_kind: arrow.DataType) -> None:
    """Times as integers or datetimes, prices as doubles or decimals: the same candles."""
    times = arrow.array([int(str(row[0])) for row in ROWS], arrow.timestamp("ms")).cast(time_kind)
    parquet.write_table(table_of_rows(times, price_kind), tmp_path / "doge.parquet")
    assert_is_rows(load_candles(tmp_path / "doge.parquet"))


def test_single_precision_prices_are_refused(tmp_path: Path) -> None:
    """float32 has already lost the tick of the price."""
    times = arrow.array([int(str(row[0])) for row in ROWS])
    parquet.write_table(table_of_rows(times, arrow.float32()), tmp_path / "doge.parquet")
    with pytest.raises(UsageError, match=r"^doge.parquet, column open: float has lost digits; write it as float64$"):
        load_candles(tmp_path / "doge.parquet")


def test_an_empty_field_in_parquet_is_refused(tmp_path: Path) -> None:
    """A missing price is a fault with its row, not a guess."""
    prices = {field: [1.0, None, 1.0] for field in ("open", "high", "low", "close")}
    table = arrow.table({"timestamp": [int(str(row[0])) for row in ROWS], **prices})
    parquet.write_table(table, tmp_path / "doge.parquet")
    with pytest.raises(UsageError, match=r"^doge.parquet, row 2, field open: is empty; correct or remove the row$"):
        load_candles(tmp_path / "doge.parquet")


def test_bid_prices_are_taken_from_bid_and_ask_files(tmp_path: Path) -> None:
    """Forex files carry both; the user is told which one counts."""
    header = "timestamp_ms,open,high,low,close,ask_open,ask_high,ask_low,ask_close"
    candles = load_candles(written(tmp_path, text([(*row[:5], 9, 9, 9, 9) for row in ROWS], header)))
    assert_is_rows(candles)
    assert candles.notes == ("doge.csv has bid and ask prices: bid is used",)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.decimals("0.00000001", 1_000_000, places=8), min_size=2, max_size=30))
def test_prices_are_the_doubles_nearest_to_their_text(
    tmp_path_factory: pytest.TempPathFactory, prices: list[Decimal]
) -> None:
    """Reading a price gives exactly float(Decimal(text)), whatever its digits."""
    rows = [(START + index * MINUTE, price, price, price, price, 0) for index, price in enumerate(prices)]
    candles = load_candles(written(tmp_path_factory.mktemp("exact"), text(rows)))
    assert candles.close.tolist() == [float(price) for price in prices]


# ---- faults ----------------------------------------------------------------------------------------------------------


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The path as given and what to do."""
    with pytest.raises(UsageError, match=r"none\.csv: no such file or directory; give a readable data file$"):
        load_candles(tmp_path / "none.csv")


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    """Nothing, and a header with nothing under it."""
    assert fault(tmp_path, "") == "doge.csv is empty; give a file with data rows"
    assert fault(tmp_path, HEADER + "\n") == "doge.csv has a header and no rows; give a file with candles"


def test_a_single_candle_is_refused(tmp_path: Path) -> None:
    """Without a second candle there is no interval."""
    assert fault(tmp_path, text(ROWS[:1])) == "doge.csv has a single candle; give at least two"


def test_missing_columns_are_named(tmp_path: Path) -> None:
    """The missing column, the found ones, and the header that is wanted."""
    assert fault(tmp_path, "timestamp_ms,first,last\n1,2,3\n") == (
        "doge.csv: column open is missing (found: timestamp_ms, first, last); "
        "the first line must name the columns timestamp_ms,open,high,low,close"
    )


def test_a_repeated_column_is_refused(tmp_path: Path) -> None:
    """Which of the two should count is not ours to guess."""
    header = "timestamp_ms,open,high,low,close,close"
    assert fault(tmp_path, text(ROWS, header)) == "doge.csv: column close stands there twice; keep one of them"


def test_rows_without_header_need_the_twelve_columns(tmp_path: Path) -> None:
    """Six anonymous columns might mean anything."""
    assert fault(tmp_path, text(ROWS, None)) == (
        "doge.csv, line 1: 6 columns and no header; "
        "the first line must name the columns timestamp_ms,open,high,low,close[,volume]"
    )


def test_a_row_with_too_few_fields_is_named(tmp_path: Path) -> None:
    """The line, the number of fields, and the columns of the file."""
    assert fault(tmp_path, text([ROWS[0], ROWS[1][:4], ROWS[2]])) == (
        "doge.csv, line 3: 4 fields where the file has 6 columns (timestamp_ms,open,high,low,close,volume); "
        "correct or remove the row"
    )


@pytest.mark.parametrize(
    ("column", "value", "sentence"),
    [
        (0, "noon", "timestamp_ms: 'noon' is not a whole number of milliseconds; correct or remove the row"),
        (2, "abc", "high: 'abc' is not a number; correct or remove the row"),
        (4, "", "close: '' is not a number; correct or remove the row"),
        (1, "nan", "open: nan is not a price above 0; correct or remove the row"),
        (2, "inf", "high: inf is not a price above 0; correct or remove the row"),
        (3, "0", "low: 0 is not a price above 0; correct or remove the row"),
        (3, "-0.07", "low: -0.07 is not a price above 0; correct or remove the row"),
        (5, "-1", "volume: -1 is not a volume of at least 0; correct or remove the row"),
        (2, "0.19", "high: 0.19 is below the open 0.2; correct or remove the row"),
        (3, "0.081", "low: 0.081 is above the close 0.08; correct or remove the row"),
        (0, START - MINUTE, "timestamp_ms: 2025-05-24 23:59 comes after 2025-05-25 00:00; sort the rows by time"),
        (0, START, "timestamp_ms: 2025-05-25 00:00 stands there twice; remove one of the two rows"),
        (
            0,
            START // 1000,
            "timestamp_ms: 1748131200 ms is not between the years 2000 and 2100; "
            "write times in milliseconds since 1970 (UTC)",
        ),
    ],
)
def test_a_wrong_field_is_told_with_file_line_and_field(
    tmp_path: Path, column: int, value: object, sentence: str
) -> None:
    """One sentence per kind of fault; the second candle stands in line 3."""
    assert fault(tmp_path, changed(1, column, value)) == f"doge.csv, line 3, field {sentence}"


def test_lines_are_counted_as_an_editor_shows_them(tmp_path: Path) -> None:
    """Empty lines before the fault count."""
    assert fault(tmp_path, changed(1, 3, "0").replace("\n", "\n\n")).startswith("doge.csv, line 5, field low: 0 is not")


def test_a_time_off_the_interval_is_refused(tmp_path: Path) -> None:
    """Four candles a minute apart and one after 90 seconds."""
    rows: list[tuple[object, ...]] = [(START + index * MINUTE, *ROWS[0][1:]) for index in range(4)]
    rows.append((START + 3 * MINUTE + 90_000, *ROWS[0][1:]))
    assert fault(tmp_path, text(rows)) == (
        "doge.csv, line 6, field timestamp_ms: 2025-05-25 00:04:30 is 90 s after the row before it, "
        "not a multiple of the interval 60 s; correct or remove the row"
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (gzip.compress(text(ROWS).encode())[:-12], "doge.csv is damaged and can not be unpacked (it ends too early)"),
        (b"\x1f\x8b" + b"x" * 50, "doge.csv is damaged and can not be unpacked"),
        (b"PK\x03\x04" + b"x" * 50, "doge.csv is damaged and can not be unpacked"),
        (b"PAR1" + b"x" * 50, "doge.csv is not a readable Parquet file"),
        (b"\x89PNG\0\0", "doge.csv is neither CSV nor Parquet"),
    ],
    ids=["cut gzip", "scrambled gzip", "scrambled zip", "scrambled Parquet", "picture"],
)
def test_damaged_files_are_told_apart(tmp_path: Path, content: bytes, sentence: str) -> None:
    """Cut, scrambled, or something else: one sentence that begins with the file."""
    assert fault(tmp_path, content).startswith(sentence)


def test_a_gzip_with_a_changed_byte_is_refused(tmp_path: Path) -> None:
    """The checksum at its end is checked."""
    content = bytearray(gzip.compress(text(ROWS).encode()))
    content[-6] ^= 1
    assert fault(tmp_path, bytes(content)).startswith("doge.csv is damaged and can not be unpacked")


def test_an_archive_of_two_files_is_refused(tmp_path: Path) -> None:
    """Which one was meant is not ours to guess."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.csv", text(ROWS))
        archive.writestr("b.csv", text(ROWS))
    assert fault(tmp_path, packed.getvalue()) == "doge.csv holds 2 files; unpack it and give one of them"


# ---- gaps and slices -------------------------------------------------------------------------------------------------


def with_pause(start: int, pause_minutes: int) -> str:
    """Three candles, a pause, two candles."""
    minutes = [0, 1, 2, 3 + pause_minutes, 4 + pause_minutes]
    return text([(start + minute * MINUTE, *ROWS[0][1:]) for minute in minutes])


def test_an_outage_is_noted(tmp_path: Path) -> None:
    """Count, missing candles, where the first is and how long the longest."""
    candles = load_candles(written(tmp_path, with_pause(START, 270)))
    assert candles.notes == (
        "doge.csv has 1 gap (270 candles), the first from 2025-05-25 00:03, longest 4 h 30 min from 2025-05-25 00:03",
    )


def test_a_gap_of_more_than_a_day_needs_consent(tmp_path: Path) -> None:
    """1,440 missing minutes pass, 1,441 name the option that accepts them."""
    assert len(load_candles(written(tmp_path, with_pause(START, 1440)))) == 5
    content = with_pause(START, 1441)
    assert fault(tmp_path, content) == (
        "doge.csv, line 5, field timestamp_ms: nothing for 1 d 1 min from 2025-05-25 00:03 to 2025-05-26 00:04 UTC; "
        "fetch the missing candles, or accept the gap with --allow-gaps"
    )
    assert len(load_candles(written(tmp_path, content), allow_gaps=True)) == 5


def test_a_closed_weekend_is_no_gap(tmp_path: Path) -> None:
    """Friday 20:59 to Sunday 21:00 UTC is when forex sleeps; a day later it would be a gap."""
    friday = int(datetime.fromisoformat("2025-05-30T20:57:00Z").timestamp()) * 1000
    pause = 2 * 24 * 60
    candles = load_candles(written(tmp_path, with_pause(friday, pause)))
    assert candles.notes == ("doge.csv has 1 closed weekend",)
    assert "--allow-gaps" in fault(tmp_path, with_pause(friday + 86_400_000, pause))


def test_between_takes_the_first_and_leaves_the_last(tmp_path: Path) -> None:
    """[start, end): the candle that opens at the start is in, the one at the end is not; None is no bound."""
    candles = load_candles(written(tmp_path, text(ROWS)))
    part = candles.between(START + MINUTE, START + 2 * MINUTE)
    assert part.times.tolist() == [START + MINUTE]
    assert part.volume is not None
    assert (part.close.tolist(), part.volume.tolist()) == ([0.08], [0])
    assert_is_rows(candles.between(None, None))


def test_between_without_candles_tells_what_the_file_covers(tmp_path: Path) -> None:
    """A wrong --from is answered with the times that exist."""
    candles = load_candles(written(tmp_path, text(ROWS)))
    with pytest.raises(UsageError) as caught:
        candles.between(START + 3 * MINUTE, None)
    assert str(caught.value) == (
        "doge.csv has no candles from 2025-05-25 00:03; it covers 2025-05-25 00:00 to 2025-05-25 00:03 UTC"
    )


def test_recorded_files_read_as_their_catalogue_says(market_data: Path) -> None:
    """Rows, interval, extremes and gaps of real files."""
    folder = market_data / "candles"
    doge = load_candles(folder / "binance-spot_DOGEUSDT_1m_2021-04-02_2021-06-15.csv.gz")
    assert (len(doge), doge.interval_ms) == (106_857, 60_000)
    assert (doge.low.min(), doge.high.max()) == (0.0550864, 0.73995)
    assert "2 gaps (434 candles)" in doge.notes[0]
    mark = load_candles(folder / "binance-usdm-mark_BTCUSDT_1h_2024-12-31_2026-02-19.csv.gz")
    assert (len(mark), mark.interval_ms, mark.volume, mark.notes) == (9_981, 3_600_000, None, ())
    euro = load_candles(market_data / "forex" / "fxcm_EURUSD_1m_bid+ask_2014-05-01_2014-05-15.csv.gz")
    assert (len(euro), euro.low.min(), euro.high.max()) == (15_857, 1.36483, 1.39938)
