"""Small candle files with a story: quiet DOGE, and DOGE that falls until the account is stopped."""

from __future__ import annotations

from pathlib import Path

START = 1_748_736_000_000
"""2025-06-01 00:00 UTC."""


def quiet_rows(count: int = 240) -> list[str]:
    """A wave of 2 % around 0.2 that takes both take-profits now and then."""
    rows = []
    for index in range(count):
        wave = (index % 40) - 20 if index % 80 < 40 else 20 - (index % 40)
        centre = 20_000 + 20 * wave
        low, high = (centre - 30) / 100_000, (centre + 30) / 100_000
        rows.append(f"{START + 60_000 * index},{centre / 100_000:.5f},{high:.5f},{low:.5f},{centre / 100_000:.5f},1000")
    return rows


def falling_rows(count: int = 60) -> list[str]:
    """Half a percent of 0.2 down, every minute."""
    rows = []
    for index in range(count):
        opened = 20_000 - 100 * index
        prices = (opened, opened, opened - 100, opened - 100)
        rows.append(f"{START + 60_000 * index},{','.join(f'{price / 100_000:.5f}' for price in prices)},1000")
    return rows


def write(path: Path, rows: list[str], header: str = "timestamp_ms,open,high,low,close,volume") -> Path:
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path
