"""Funding files: exact rates, and one sentence for everything wrong with them."""

from __future__ import annotations

import gzip
from decimal import Decimal
from pathlib import Path

import pytest

from gridhedge.domain.errors import UsageError
from gridhedge.replay.funding import constant_funding, load_funding

START = 1_748_131_200_000  # 2025-05-25 00:00 UTC
EIGHT_HOURS = 28_800_000


def written(folder: Path, rows: list[str], header: str = "timestamp_ms,funding_rate") -> Path:
    path = folder / "funding.csv.gz"
    path.write_bytes(gzip.compress("\n".join([header, *rows]).encode()))
    return path


def fault(folder: Path, rows: list[str]) -> str:
    with pytest.raises(UsageError) as caught:
        load_funding(written(folder, rows))
    return str(caught.value)


def test_rates_are_the_decimals_of_the_file(tmp_path: Path) -> None:
    """A rate is kept digit by digit, in scientific notation too."""
    series = load_funding(written(tmp_path, [f"{START},0.0001", f"{START + EIGHT_HOURS},-9.594e-05"]))
    assert series.times == (START, START + EIGHT_HOURS)
    assert series.rates == (Decimal("0.0001"), Decimal("-0.00009594"))
    assert (series.source, series.notes) == ("funding.csv.gz", ())


def test_the_public_layout_of_binance_is_understood(tmp_path: Path) -> None:
    """calc_time, interval, rate."""
    header = "calc_time,funding_interval_hours,last_funding_rate"
    series = load_funding(written(tmp_path, [f"{START},8,0.00010000"], header))
    assert (series.times, series.rates) == ((START,), (Decimal("0.0001"),))


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("noon,0.1", "field timestamp_ms: 'noon' is not a whole number of milliseconds; correct or remove the row"),
        (f"{START + 1},x", "field funding_rate: 'x' is not a number; correct or remove the row"),
        (f"{START + 1},NaN", "field funding_rate: NaN is not a funding rate; write fractions (0.0001 means 0.01 %)"),
        (f"{START + 1},0.1", "field funding_rate: 0.1 is not a funding rate; write fractions (0.0001 means 0.01 %)"),
        (
            f"{START},0.0001",
            "field timestamp_ms: 2025-05-25 00:00 comes after 2025-05-25 00:00; sort the rows, each time once",
        ),
        (
            f"{START // 1000},0.0001",
            "field timestamp_ms: 1748131200 ms is not between the years 2000 and 2100; "
            "write milliseconds since 1970 (UTC)",
        ),
    ],
)
def test_a_wrong_field_is_told_with_file_line_and_field(tmp_path: Path, row: str, sentence: str) -> None:
    """The second rate stands in line 3."""
    assert fault(tmp_path, [f"{START},0.0001", row]) == f"funding.csv.gz, line 3, {sentence}"


def test_a_row_with_too_many_fields_is_refused(tmp_path: Path) -> None:
    """A comma too much must not shift a number into another column."""
    assert fault(tmp_path, [f"{START},0,0001"]) == (
        "funding.csv.gz, line 2: 3 fields where the header has 2; correct or remove the row"
    )


def test_a_header_alone_is_refused(tmp_path: Path) -> None:
    """No rates is not the same as a rate of nothing."""
    assert fault(tmp_path, []) == "funding.csv.gz has a header and no rows; give a file with funding rates"


def test_a_hole_is_noted(tmp_path: Path) -> None:
    """Two days without a rate charge nothing, and the user hears it."""
    series = load_funding(written(tmp_path, [f"{START},0.0001", f"{START + 6 * EIGHT_HOURS},0.0001"]))
    assert series.notes == ("funding.csv.gz has no funding for 2 d from 2025-05-25 00:00 UTC; none is charged there",)


def test_constant_funding_comes_at_the_hours_of_the_exchanges() -> None:
    """00:00, 08:00 and 16:00 UTC, the start included and the end not."""
    series = constant_funding(START - 1, START + 2 * EIGHT_HOURS)
    assert series.times == (START, START + EIGHT_HOURS)
    assert series.rates == (Decimal("0.0001"), Decimal("0.0001"))
    assert series.source == "0.0100 % per 8 h"


def test_between_cuts_and_says_what_is_not_covered(tmp_path: Path) -> None:
    """The rates of the replayed time, and a note when candles go on where the rates have ended."""
    series = load_funding(written(tmp_path, [f"{START},0.0001", f"{START + EIGHT_HOURS},0.0002"]))
    assert series.between(START + 1, START + 2 * EIGHT_HOURS).rates == (Decimal("0.0002"),)
    assert series.between(START + 1, START + 2 * EIGHT_HOURS).notes == ()
    late = series.between(START, START + 9 * EIGHT_HOURS)
    assert late.notes == (
        "funding.csv.gz covers 2025-05-25 00:00 to 2025-05-25 08:00 UTC, "
        "not all of 2025-05-25 00:00 to 2025-05-28 00:00: no funding is charged outside",
    )


def test_between_refuses_a_series_of_another_time(tmp_path: Path) -> None:
    """Last year's rates with this year's candles would silently charge nothing."""
    series = load_funding(written(tmp_path, [f"{START},0.0001"]))
    with pytest.raises(UsageError, match="nothing of 2025-05-25 08:00 to 2025-05-25 16:00; give the funding of the"):
        series.between(START + EIGHT_HOURS, START + 2 * EIGHT_HOURS)


def test_recorded_rates_read_as_their_catalogue_says(market_data: Path) -> None:
    """Count, first time and extremes of a real file."""
    series = load_funding(market_data / "funding" / "binance-usdm_BTCUSDT_funding_2020-01-01_2023-12-31.csv.gz")
    assert (len(series.times), series.times[0]) == (4383, 1_577_836_800_000)
    assert (min(series.rates), max(series.rates)) == (Decimal("-0.003"), Decimal("0.003"))
