"""Reading a year of one-minute candles from every kind of file, exactly and with all checks."""

from __future__ import annotations

import gzip
import io
import tempfile
import zipfile
from pathlib import Path

import pyarrow as arrow
import pyarrow.csv as arrow_csv
import pyarrow.parquet as parquet
from stopwatch import duration, show, timed
from year import year_of_candles

from gridhedge.replay.candles import Candles, load_candles

ROUNDS = 5


def written(folder: Path, candles: Candles) -> list[Path]:
    """The same candles as CSV, gzipped, zipped and Parquet."""
    table = arrow.table(
        {
            "timestamp_ms": candles.times,
            "open": candles.open,
            "high": candles.high,
            "low": candles.low,
            "close": candles.close,
        }
    )
    text = io.BytesIO()
    arrow_csv.write_csv(table, text)
    plain, packed, zipped, columns = (folder / f"year.{kind}" for kind in ("csv", "csv.gz", "zip", "parquet"))
    plain.write_bytes(text.getvalue())
    packed.write_bytes(gzip.compress(text.getvalue(), 6))
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("year.csv", text.getvalue())
    parquet.write_table(table, columns)
    return [plain, packed, zipped, columns]


def main() -> None:
    candles = year_of_candles()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for path in written(Path(folder), candles):
            timing = timed(lambda path=path: load_candles(path), ROUNDS)
            size = path.stat().st_size / 1e6
            rows.append((path.name, f"{size:.1f} MB", duration(timing.median), f"{len(candles) / timing.median:,.0f}"))
    show(f"Reading {len(candles):,} candles, {ROUNDS} rounds", ("file", "size", "median", "candles / s"), rows)


if __name__ == "__main__":
    main()
