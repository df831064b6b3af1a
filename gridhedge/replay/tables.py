"""Reading recorded tables: CSV or Parquet, plain, gzipped or zipped, into named columns. What a file is, its first
bytes tell, not its name.

Everything that is wrong with a file becomes one ``UsageError`` that names file, line, field, and what to do.
"""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, NoReturn

from gridhedge.domain.errors import UsageError
from gridhedge.domain.values import Millis

DAY_MS: Millis = 86_400_000
HOUR_MS: Millis = 3_600_000
MINUTE_MS: Millis = 60_000
EARLIEST: Millis = 946_684_800_000
"""2000-01-01: anything before it is not a millisecond time of a market."""
LATEST: Millis = 4_102_444_800_000
"""2100-01-01: anything from it on is not a millisecond time of a market."""


class Table(NamedTuple):
    """The bytes of one table, unpacked, its column names (none for a CSV file that begins with numbers), and where
    the rows of a CSV file begin."""

    path: Path
    content: bytes
    columns: tuple[str, ...]
    body: int = 0

    @property
    def is_parquet(self) -> bool:
        return self.content.startswith(b"PAR1")

    def line(self, row: int) -> int:
        """The line (from 1) of a CSV file, or the row (from 1) of a Parquet file, where row ``row`` (from 0) stands."""
        if self.is_parquet:
            return row + 1
        for found, (line, _) in enumerate(self.rows()):
            if found == row:
                return line
        raise AssertionError(f"{self.path} has no row {row}")

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """The data rows of a CSV file with their line numbers; empty lines and the header are left out."""
        reader = csv.reader(io.StringIO(self.content[self.body :].decode("utf-8", "replace"), newline=""))
        lines_before = self.content.count(b"\n", 0, self.body)
        for fields in reader:
            if fields:
                yield lines_before + reader.line_num, fields

    def fault(self, row: int, field: str, text: str) -> NoReturn:
        """Raise the one sentence about a field of row ``row`` (from 0)."""
        place = "row" if self.is_parquet else "line"
        raise UsageError(f"{self.path.name}, {place} {self.line(row)}, field {field}: {text}")


def open_table(path: Path) -> Table:
    """Read and unpack a file. Raises UsageError when it is missing, unreadable, damaged or empty."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {(error.strerror or str(error)).lower()}; give a readable data file") from None
    content = _unpacked(path, raw)
    if not content or content.isspace():
        raise UsageError(f"{path.name} is empty; give a file with data rows")
    if content.startswith(b"PAR1"):
        return Table(path, content, _parquet_columns(path, content))
    if b"\0" in content[:1000]:
        raise UsageError(
            f"{path.name} is neither CSV nor Parquet (gzip and zip are unpacked); give a file of one of these kinds"
        )
    return _csv_table(path, content)


def _unpacked(path: Path, raw: bytes) -> bytes:
    try:
        if raw.startswith(b"\x1f\x8b"):
            return _gunzip(raw)
        if raw.startswith(b"PK"):
            return _only_member(path, raw)
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError) as error:
        raise UsageError(f"{path.name} is damaged and can not be unpacked ({error}); fetch it again") from None
    return raw


def _gunzip(raw: bytes) -> bytes:
    """All members of a gzip file. A file cut short raises EOFError; a wrong checksum raises zlib.error."""
    parts = []
    while raw:
        unpacker = zlib.decompressobj(wbits=31)
        parts.append(unpacker.decompress(raw))
        if not unpacker.eof:
            raise EOFError("it ends too early")
        raw = unpacker.unused_data.lstrip(b"\0")
    return b"".join(parts)


def _only_member(path: Path, raw: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        names = [name for name in archive.namelist() if not name.endswith(("/", ".CHECKSUM"))]
        if len(names) != 1:
            raise UsageError(f"{path.name} holds {len(names)} files; unpack it and give one of them")
        return archive.read(names[0])


def _csv_table(path: Path, content: bytes) -> Table:
    start = len(content) - len(content.lstrip(b"\xef\xbb\xbf\r\n"))
    end = content.find(b"\n", start) + 1 or len(content)
    header = content[start:end].decode("utf-8", "replace")
    names = tuple(name.strip().strip('"').lower() for name in header.split(","))
    if names[0].lstrip("-").isdigit():
        return Table(path, content, (), start)
    return Table(path, content, _distinct(path, names), end)


def _parquet_columns(path: Path, content: bytes) -> tuple[str, ...]:
    import pyarrow.parquet as parquet

    try:
        names = parquet.read_schema(io.BytesIO(content)).names
    except (ValueError, OSError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise UsageError(f"{path.name} is not a readable Parquet file ({reason}); fetch it again") from None
    return _distinct(path, tuple(names))


def _distinct(path: Path, names: tuple[str, ...]) -> tuple[str, ...]:
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise UsageError(f"{path.name}: column {twice[0]} stands there twice; keep one of them")
    return names


def pick_columns(table: Table, wanted: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """For each meaning the column of the table that carries it, out of the names it may have (first match wins).

    Raises UsageError for a meaning without a column.
    """
    columns = table.columns
    picked = {}
    for meaning, names in wanted.items():
        found = next((name for name in names if name in columns), None)
        if found is None:
            raise UsageError(
                f"{table.path.name}: column {names[0]} is missing (found: {', '.join(columns)[:100] or 'no header'}); "
                f"the first line must name the columns {','.join(options[0] for options in wanted.values())}"
            )
        picked[meaning] = found
    return picked


def utc(at: Millis) -> str:
    """A time for people: ``2025-05-04 15:33`` UTC, with seconds or milliseconds where there are any."""
    moment = datetime.fromtimestamp(at / 1000, UTC)
    if at % MINUTE_MS == 0:
        return moment.strftime("%Y-%m-%d %H:%M")
    return moment.strftime("%Y-%m-%d %H:%M:%S") + (f".{at % 1000:03d}" if at % 1000 else "")


def span(duration: Millis) -> str:
    """A duration for people: ``2 d 3 h``, ``4 h 30 min``, ``90 s``."""
    if duration < 2 * MINUTE_MS:
        return f"{duration / 1000:g} s"
    days, rest = divmod(duration, DAY_MS)
    hours, rest = divmod(rest, HOUR_MS)
    parts = [(days, "d"), (hours, "h"), (rest // MINUTE_MS, "min")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number)
