"""``gridhedge candles download`` against the practice exchange, with the real client library and no keys."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from gridhedge.cli.practice_command import _recorded
from gridhedge.practice import bybit
from gridhedge.practice.bybit.server import Handle
from gridhedge.practice.world import Options
from gridhedge.replay.candles import load_candles
from tests.cli.shell import DEMO, Done, gridhedge

START = 1_748_736_000_000
"""2025-06-01 00:00 UTC."""
COUNT = 2500


def prices(index: int) -> str:
    close = 20_000 + (index * 7919) % 200
    return f"0.2,{(20_300) / 100_000:.5f},{19_900 / 100_000:.5f},{close / 100_000:.5f},{index}.5"


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """2500 minutes; the second day of it, from 2025-06-02 12:00 on, has not happened yet when trading starts."""
    path = tmp_path / "bybit_DOGEUSDT_1m.csv"
    rows = "\n".join(f"{START + 60_000 * index},{prices(index)}" for index in range(COUNT))
    path.write_text(f"timestamp_ms,open,high,low,close,volume\n{rows}\n", encoding="utf-8")
    return path


@pytest.fixture
def practice(recorded: Path) -> Iterator[Handle]:
    handle = bybit.start(Options(prices=_recorded("bybit", (recorded,), (), "2025-06-02T12:00")))
    yield handle
    handle.stop()


def fetch(practice: Handle, out: Path, *more: str) -> Done:
    options = ("--venue", "bybit", "--symbol", "DOGEUSDT", "--endpoint", practice.url, "--out", out)
    return gridhedge("candles", "download", *options, *more)


def test_pages_become_the_recorded_candles(practice: Handle, recorded: Path, tmp_path: Path) -> None:
    """2160 complete minutes in three pages, equal to the data in every digit; a backtest and a practice read them."""
    out = tmp_path / "doge.parquet"
    done = fetch(practice, out, "--from", "2025-06-01")
    assert done.code == 0, done.err
    assert done.out == f"{out}: 2160 candles, 2025-06-01 00:00 to 2025-06-02 11:59 UTC; 2160 are new\n"
    assert done.err == ""
    got, had = load_candles(out), load_candles(recorded).between(None, START + 2160 * 60_000)
    for field in ("times", "open", "high", "low", "close", "volume"):
        assert np.array_equal(getattr(got, field), getattr(had, field)), field
    assert gridhedge("backtest", "--profile", DEMO, "--data", out).code == 0
    assert _recorded("bybit", (out,), ("DOGEUSDT",), None)[0].begin == START  # and so does a practice exchange


def test_a_file_is_completed_and_nothing_comes_twice(practice: Handle, tmp_path: Path) -> None:
    """The middle first, then all: 2160 - 60 are new; the third time none is."""
    out = tmp_path / "doge.parquet"
    first = fetch(practice, out, "--from", "2025-06-01T10:00", "--to", "2025-06-01T11:00", "--json")
    assert json.loads(first.out) == {
        "from": "2025-06-01T10:00:00.000Z",
        "to": "2025-06-01T11:00:00.000Z",
        "fetched": 60,
        "candles": 60,
        "holes": [],
    }
    whole = json.loads(fetch(practice, out, "--from", "2025-06-01", "--to", "2025-06-02T11:00", "--json").out)
    assert (whole["fetched"], whole["candles"]) == (2040, 2100)
    again = json.loads(fetch(practice, out, "--from", "2025-06-01", "--to", "2025-06-02T11:00", "--json").out)
    assert (again["fetched"], again["candles"]) == (0, 2100)


def test_what_the_venue_does_not_have_is_told(practice: Handle, tmp_path: Path) -> None:
    """The practice exchange's data begins later than asked for: a hole at the beginning."""
    done = fetch(practice, tmp_path / "doge.parquet", "--from", "2025-05-31T22:00", "--to", "2025-06-01T01:00")
    assert done.out.endswith("60 candles, 2025-06-01 00:00 to 2025-06-01 00:59 UTC; 60 are new\n")
    assert done.err == "note: the venue has no candles from 2025-05-31 22:00 to 2025-05-31 23:59\n"


def test_a_download_that_breaks_is_kept(practice: Handle, tmp_path: Path) -> None:
    """The second page of candles is answered by an error three times over: exit 3, and the first page is on disk."""
    practice.faults.add("http_error", on="/v5/market/kline", skip=2, times=3, code=502)
    out = tmp_path / "doge.parquet"
    done = fetch(practice, out, "--from", "2025-06-01")
    assert done.code == 3
    assert done.err.startswith(f"note: {out} keeps 1000 candles: the same command goes on\n")
    assert json.loads(fetch(practice, out, "--from", "2025-06-01", "--json").out)["fetched"] == 1160


@pytest.mark.parametrize(
    ("more", "code", "text"),
    [
        (("--symbol", "PEPEUSDT", "--out", "x.parquet"), 3, "PEPEUSDT"),
        (("--symbol", "DOGEUSDT", "--out", "x.csv"), 2, "--out x.csv: candles are written as Parquet"),
        (("--symbol", "DOGEUSDT", "--out", "nowhere/x.parquet"), 2, "the folder nowhere does not exist"),
        (("--symbol", "DOGEUSDT", "--out", "x.parquet", "--endpoint", "ftp://x"), 2, "--endpoint ftp://x: write an"),
    ],
)
def test_wrong_wishes_are_one_sentence(practice: Handle, more: tuple[str, ...], code: int, text: str) -> None:
    """Nothing is written."""
    endpoint = () if "--endpoint" in more else ("--endpoint", practice.url)
    done = gridhedge("candles", "download", "--venue", "bybit", "--from", "2025-06-01", *endpoint, *more)
    assert (done.code, text in done.err) == (code, True), done.err
