"""``gridhedge practice bybit`` as a user types it."""

from __future__ import annotations

import json
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cli.shell import gridhedge, started
from tests.patience import PATIENCE_S

ROWS = "\n".join(f"{1_748_545_680_000 + index * 60_000},0.2,0.21,0.19,0.2,1000" for index in range(100))


@pytest.fixture
def candles(tmp_path: Path) -> Path:
    path = tmp_path / "bybit_DOGEUSDT_1m.csv"
    path.write_text(f"timestamp_ms,open,high,low,close,volume\n{ROWS}\n", encoding="utf-8")
    return path


@contextmanager
def listening(*arguments: str | Path) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """The command in a process of its own, the line that it printed, and its address."""
    process = started("practice", "bybit", "--port", "0", *arguments)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        yield process, line, line.split("listens on ")[1].split(" ")[0]
    finally:
        process.kill()
        process.communicate()


def asked(url: str, path: str) -> Any:
    with urllib.request.urlopen(f"{url}{path}") as answer:
        return json.load(answer)


def test_it_says_in_one_line_where_it_listens_and_stops_when_told() -> None:
    """SIGTERM ends it with 0 and without a further word."""
    with listening("--speed", "60") as (process, line, url):
        assert line == f"practice Bybit listens on {url} (BTCUSDT, ETHUSDT, SOLUSDT, DOGEUSDT; key practice; 60x)\n"
        assert asked(url, "/v5/market/time")["retCode"] == 0
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=PATIENCE_S)
        assert (process.returncode, out, err) == (0, "", "")


def test_it_trades_on_recorded_candles_and_outlives_a_kill(candles: Path, data: Path) -> None:
    """The second process goes on where the first was killed; other data is refused."""
    options = ("--data", candles, "--start", "2025-05-29T19:20", "--data-dir", data)
    with listening(*options) as (process, _, url):
        rows = asked(url, "/v5/market/kline?category=linear&symbol=DOGEUSDT&interval=1&limit=3")["result"]["list"]
        assert rows[-1][1:6] == ["0.2", "0.21", "0.19", "0.2", "1000"]  # history, from before the start
        process.kill()
        process.communicate()
    with listening(*options) as (_, _, url):
        assert asked(url, "/practice/books")["wallet"] == "10000"
    done = gridhedge("practice", "bybit", "--port", "0", "--data-dir", data)
    assert (done.code, "keeps a practice exchange on other prices" in done.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--key", "practice"), "--key practice: write KEY:SECRET"),
        (("--key", "a/b:c"), "key 'a/b': a practice key has 1 to 64 letters"),
        (("--speed", "0"), "--speed"),
        (("--data", "nothing_DOGEUSDT.csv"), "nothing_DOGEUSDT.csv"),
        (("--data", "prices.csv"), "prices.csv: the name does not say the symbol; add --symbol"),
        (("--data", "x_PEPEUSDT.csv"), "--symbol PEPEUSDT: the practice exchange knows BTCUSDT"),
    ],
)
def test_a_wrong_option_is_one_sentence(arguments: tuple[str, ...], text: str) -> None:
    """Exit code 2, nothing listens."""
    done = gridhedge("practice", "bybit", "--port", "0", *arguments)
    assert (done.code, text in done.err) == (2, True), done.err


@pytest.mark.parametrize("venue", ["bybit", "mt5"])
@pytest.mark.parametrize("start", ["2025-05-29T19:07", "2025-05-29T20:48", "2026-01-01"])
def test_a_start_outside_the_data_is_one_sentence(start: str, venue: str, candles: Path) -> None:
    """What the data covers, and what to do; the last candle's end is outside, too."""
    done = gridhedge("practice", venue, "--port", "0", "--data", candles, "--start", start)
    covered = f"the candles of {candles.name} open from 2025-05-29 19:08 to 2025-05-29 20:47 UTC"
    advice = "choose a time between, or leave out --start to begin with the first"
    assert (done.code, done.err) == (2, f"gridhedge: --start {start}: {covered}; {advice}\n")


def test_a_start_that_is_no_time_is_one_sentence(candles: Path) -> None:
    """With an example of one."""
    done = gridhedge("practice", "bybit", "--data", candles, "--start", "soon")
    assert (done.code, "--start soon: not a day or time; write 2025-05-04" in done.err) == (2, True)


@pytest.mark.parametrize("venue", ["bybit", "mt5"])
def test_a_start_without_data_is_one_sentence(venue: str) -> None:
    """Seeded prices begin when the exchange does."""
    done = gridhedge("practice", venue, "--port", "0", "--start", "2025-05-29")
    assert (done.code, "--start: is a time of recorded candles; give them with --data" in done.err) == (2, True)


def test_the_same_symbol_twice_is_refused(candles: Path) -> None:
    """Which of the two would be its price?"""
    done = gridhedge("practice", "bybit", "--data", candles, "--data", candles)
    assert (done.code, "two --data files are of the same symbol" in done.err) == (2, True)


def test_it_may_go_wrong_from_the_start() -> None:
    """So that a check can be rehearsed against everything it must find."""
    with listening("--fault", "clock,seconds=30", "--fault", "withdrawal_permission") as (_, _, url):
        kinds = [rule["kind"] for rule in asked(url, "/practice/faults")["active"]]
        assert kinds == ["clock", "withdrawal_permission"]


def test_a_fault_that_there_is_not_is_a_usage_error() -> None:
    """Nothing listens then."""
    done = gridhedge("practice", "bybit", "--port", "0", "--fault", "earthquake")
    assert (done.code, done.out) == (2, "")
    assert "no fault is called 'earthquake'" in done.err
