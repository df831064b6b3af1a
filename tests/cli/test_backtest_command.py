"""``gridhedge backtest``: candles in, figures out; wrong files are told with line and field."""

from __future__ import annotations

import json
from decimal import Decimal as D
from pathlib import Path

import pytest

from tests.cli.candles import START, falling_rows, quiet_rows, write
from tests.cli.shell import DEMO, Done, bybit_profile, gridhedge
from tests.practice.bybit.venues import serving

NAMES = {
    "symbols", "from", "to", "candles", "load_seconds", "replay_seconds", "fills", "cycles", "net_profit", "fees",
    "funding", "max_drawdown", "worst_mm_rate", "deepest_level", "longest_unhedged_seconds", "final_equity", "ended_by",
    "equity", "executions",
}  # fmt: skip


def backtest(*arguments: str | Path) -> Done:
    return gridhedge("backtest", "--profile", DEMO, *arguments)


@pytest.fixture
def quiet(tmp_path: Path) -> Path:
    return write(tmp_path / "quiet.csv", quiet_rows())


@pytest.fixture
def falling(tmp_path: Path) -> Path:
    return write(tmp_path / "falling.csv", falling_rows())


def test_json_has_the_stable_names_and_adds_up(quiet: Path) -> None:
    """Four hours of candles; what was earned is what the equity has grown by."""
    done = backtest("--data", quiet, "--json", "-")
    told = json.loads(done.out)
    assert done.code == 0
    assert set(told) >= NAMES
    assert (told["symbols"], told["candles"], told["ended_by"]) == (["DOGEUSDT"], 240, "data_end")
    assert (told["from"], told["to"][:16]) == ("2025-06-01T00:00:00.000Z", "2025-06-01T03:59")
    assert D(told["final_equity"]) - 1000 == D(told["net_profit"])
    assert told["fills"] == len(told["executions"]) > 4
    assert told["equity"][0] == ["2025-06-01T00:00:00.000Z", "1000"]
    assert done.err == "note: no --funding file: the profile's constant rate is charged every 8 hours\n"


def test_the_summary_is_rounded_for_people(quiet: Path) -> None:
    """Figures with names, and the price at which it ended, to the tick."""
    lines = backtest("--data", quiet).out.splitlines()
    rows = {name.strip(): text.strip() for _, name, text, _ in (line.split("│") for line in lines if "│" in line)}
    assert lines[0].strip() == "gridhedge backtest, account demo: DOGEUSDT 75x"
    assert rows["from"] == "2025-06-01 00:00 UTC"
    assert rows["ended by"] == "end of the data"
    assert rows["last price"] == "DOGEUSDT 0.19620"
    assert rows["net profit"].endswith(" USDT")
    assert rows["candles"] == "240"


def test_the_moment_of_the_stop_counts_in_every_figure(falling: Path) -> None:
    """A margin rate of 90 % ended it: the worst rate says so, and the drawdown reaches down to the last equity."""
    done = backtest("--data", falling, "--json", "-")
    told = json.loads(done.out)
    assert told["ended_by"] == "emergency_stop"
    assert D(told["worst_mm_rate"]) >= 90
    peak = max(D(money) for _, money in told["equity"])
    assert told["equity"][-1][1] == told["final_equity"]
    assert abs(D(told["max_drawdown"]) - (peak - D(told["final_equity"]))) < D("0.0001")
    last = backtest("--data", falling).out.splitlines()[-1]
    assert last.startswith("ENDED EARLY at DOGEUSDT 0.17")
    assert last.endswith(" % is at or over 90.0 %")


def test_files_are_written_where_asked(quiet: Path, tmp_path: Path) -> None:
    """The JSON is the one of stdout; the page stands alone; the summary is still printed."""
    done = backtest("--data", quiet, "--json", tmp_path / "o.json", "--html", tmp_path / "o.html")
    assert done.code == 0
    assert "net profit" in done.out
    told = json.loads((tmp_path / "o.json").read_text())
    again = json.loads(backtest("--data", quiet, "--json", "-").out)
    for measured in ("load_seconds", "replay_seconds"):
        told.pop(measured)
        again.pop(measured)
    assert told == again
    page = (tmp_path / "o.html").read_text()
    assert page.lstrip().lower().startswith("<!doctype html>")
    assert 'src="http' not in page


def test_from_and_to_choose_the_candles(quiet: Path) -> None:
    """The first hour is 60 candles; ``--to`` is not included."""
    told = json.loads(backtest("--data", quiet, "--to", "2025-06-01T01:00", "--json", "-").out)
    assert told["candles"] == 60
    told = json.loads(backtest("--data", quiet, "--from", "2025-06-01T03:30", "--json", "-").out)
    assert (told["from"], told["candles"]) == ("2025-06-01T03:30:00.000Z", 30)


def test_a_funding_file_replaces_the_constant_rate(quiet: Path, tmp_path: Path) -> None:
    """At 01:00 both sides hold the same quantity or not: what is paid is rate x net position; no note is made."""
    funding = tmp_path / "funding.csv"
    funding.write_text(f"timestamp_ms,funding_rate\n{START + 3_600_000},0.01\n{START + 7_200_000},0.01\n")
    done = backtest("--data", quiet, "--funding", funding, "--json", "-")
    assert done.err == ""
    assert D(json.loads(done.out)["funding"]) != D(json.loads(backtest("--data", quiet, "--json", "-").out)["funding"])


def test_a_dry_profile_is_replayed_like_any_other(quiet: Path, tmp_path: Path) -> None:
    """Nothing real is sent anyway."""
    profile = tmp_path / "dry.yaml"
    profile.write_text(DEMO.read_text() + "dry_run: true\n")
    done = gridhedge("backtest", "--profile", profile, "--data", quiet, "--json", "-")
    assert json.loads(done.out)["fills"] == json.loads(backtest("--data", quiet, "--json", "-").out)["fills"] > 0


def test_a_file_that_names_another_symbol_is_remarked(tmp_path: Path) -> None:
    """The prices of one symbol under the rules of another look plausible and are nonsense."""
    done = backtest("--data", write(tmp_path / "binance_BTCUSDT_1m.csv", quiet_rows()))
    assert done.code == 0
    assert "note: DOGEUSDT: binance_BTCUSDT_1m.csv seems to hold prices of BTCUSDT" in done.err
    assert "seems to" not in backtest("--data", write(tmp_path / "bybit-linear_DOGEUSDT_1m.csv", quiet_rows())).err


ROWS = quiet_rows(6)


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([*ROWS[:3], ROWS[2], *ROWS[3:]], "line 5, field timestamp_ms: 2025-06-01 00:02 stands there twice"),
        ([ROWS[1], ROWS[0], *ROWS[2:]], "line 3, field timestamp_ms: 2025-06-01 00:00 comes after 2025-06-01 00:01"),
        ([*ROWS[:2], f"{START + 120_000},nan,0.2,0.2,0.2,1"], "line 4, field open: nan is not a price above 0"),
        ([*ROWS[:2], f"{START + 120_000},0.2,0.2,0,0.2,1"], "line 4, field low: 0 is not a price above 0"),
        ([*ROWS[:2], f"{START + 120_000},0.2,x,0.2,0.2,1"], "line 4, field high: 'x' is not a number"),
        ([*ROWS[:2], f"{START + 120_000},0.2"], "line 4"),
        ([*ROWS[:3], *quiet_rows(2 * 1440 + 6)[-3:]], "or accept the gap with --allow-gaps"),
        ([], "has a header and no rows; give a file with candles"),
    ],
    ids=["duplicate", "wrong order", "NaN", "zero price", "text", "torn row", "gap", "nothing"],
)
def test_wrong_candles_end_with_2(tmp_path: Path, rows: list[str], sentence: str) -> None:
    """File, line and field in one sentence; no figures."""
    done = backtest("--data", write(tmp_path / "bad.csv", rows))
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("gridhedge: bad.csv")
    assert sentence in done.err
    assert done.err.count("\n") == 1


def test_wrong_columns_end_with_2(tmp_path: Path) -> None:
    """It says what was found and what is needed."""
    done = backtest("--data", write(tmp_path / "bad.csv", ROWS, "timestamp_ms,begin,high,low,close,volume"))
    assert done.code == 2
    assert "bad.csv: column open is missing (found: timestamp_ms, begin, high, low, close, volume)" in done.err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--symbol", "PEPEUSDT"), "no paper instrument 'PEPEUSDT'"),
        (("--from", "soon"), "--from soon: not a day or time"),
        (("--from", "2030-01-01"), "has no candles from 2030-01-01 00:00; it covers 2025-06-01 00:00"),
        (("--json", "gone/x.json"), "the folder gone does not exist"),
        (("--html", "gone/x.html"), "the folder gone does not exist"),
        (("--data", "second.csv"), "2 --data files for 1 symbols (DOGEUSDT): give one per symbol"),
        (("--funding", "a.csv", "--funding", "b.csv"), "2 --funding files for 1 symbols"),
        (("--funding", "gone.csv"), "gone.csv: no such file or directory"),
    ],
)
def test_wrong_options_end_with_2(quiet: Path, arguments: tuple[str, ...], sentence: str) -> None:
    """One sentence, no figures."""
    done = backtest("--data", quiet, *arguments)
    assert (done.code, done.out) == (2, "")
    assert sentence in done.err


def test_a_symbol_can_not_replace_several(quiet: Path) -> None:
    """Which one would be meant?"""
    several = DEMO.parent / "symmetric-paper.yaml"
    done = gridhedge("backtest", "--profile", several, "--data", quiet, "--symbol", "BTCUSDT")
    assert done.code == 2
    assert "--symbol replaces the symbol of a one-symbol profile; this one has 2" in done.err


# ---- recorded markets ------------------------------------------------------------------------------------------------


def test_a_week_of_recorded_doge(market_data: Path) -> None:
    """Bybit's DOGE of May and June 2025: the fall of the first night stops the demo's settings."""
    file = market_data / "candles" / "bybit-linear_DOGEUSDT_1m_2025-05-29_2025-06-28.csv.gz"
    told = json.loads(backtest("--data", file, "--to", "2025-06-05", "--json", "-").out)
    assert told["ended_by"] == "emergency_stop"
    assert told["to"].startswith("2025-05-30T16:32")
    assert 90 <= D(told["worst_mm_rate"]) < 95


def test_bitcoin_with_its_own_funding(market_data: Path) -> None:
    """The demo's profile on another symbol: five days of May 2025, all funding rates from the file."""
    candles = market_data / "candles" / "binance-usdm_BTCUSDT_1m_2025-05-04_2025-06-24.csv.gz"
    funding = market_data / "funding" / "binance-usdm_BTCUSDT_funding_2024-12-31_2026-02-19.csv.gz"
    period = ("--from", "2025-05-05", "--to", "2025-05-10")
    done = backtest("--data", candles, "--symbol", "BTCUSDT", "--funding", funding, *period, "--json", "-")
    told = json.loads(done.out)
    assert (done.code, told["symbols"], told["candles"], told["ended_by"]) == (0, ["BTCUSDT"], 7200, "data_end")
    alarm = "look-ahead orders are withdrawn: the balance has reached the reserve"
    assert done.err == f"note: BTCUSDT: at the end: {alarm}\n"


def test_only_the_time_that_all_files_share_is_replayed(tmp_path: Path) -> None:
    """DOGE from 00:00, SOL (a thousand times its price) from 01:00: three hours of both, and a note."""
    profile = tmp_path / "two.yaml"
    profile.write_text(
        "account: two\n"
        "venue: {name: paper, rules: bybit, balance: 10000, feeds: "
        "{DOGEUSDT: {kind: synthetic, price: 0.2}, SOLUSDT: {kind: synthetic, price: 200}}}\n"
        "symbols:\n"
        "  - {symbol: DOGEUSDT, leverage: 10, strategy: {kind: symmetric, initial_position_size_usd: 10}}\n"
        "  - {symbol: SOLUSDT, leverage: 10, strategy: {kind: symmetric, initial_position_size_usd: 10}}\n"
    )
    doge = write(tmp_path / "doge.csv", quiet_rows())
    cells = [row.split(",") for row in quiet_rows()[60:]]
    rows = [",".join([at, *(f"{D(price) * 1000:.2f}" for price in prices[:4]), "1"]) for at, *prices in cells]
    sol = write(tmp_path / "sol.csv", rows)
    done = gridhedge("backtest", "--profile", profile, "--data", doge, "--data", sol, "--json", "-")
    told = json.loads(done.out)
    assert (told["candles"], told["from"]) == (360, "2025-06-01T01:00:00.000Z")
    assert "only the time that all --data files share is replayed" in done.err
    assert {execution["symbol"] for execution in told["executions"]} == {"DOGEUSDT", "SOLUSDT"}


def test_a_bybit_profile_is_replayed_under_the_rules_of_its_venue(quiet: Path, tmp_path: Path) -> None:
    """No keys; the same figures as on paper under Bybit's rules, where the venue tells the same rules."""
    with serving() as practice:
        profile = bybit_profile(tmp_path / "p.yaml", practice.url)
        done = gridhedge("backtest", "--profile", profile, "--data", quiet, "--json", "-")
    told, paper = json.loads(done.out), json.loads(backtest("--data", quiet, "--json", "-").out)
    assert (done.code, told["final_equity"]) == (0, paper["final_equity"])
    assert "note: rules and tiers as bybit tells them now; fees of an ordinary account\n" in done.err


def test_the_balance_can_be_said(quiet: Path) -> None:
    """The equity begins there."""
    told = json.loads(backtest("--data", quiet, "--balance", "250", "--json", "-").out)
    assert told["equity"][0] == ["2025-06-01T00:00:00.000Z", "250"]
    assert backtest("--data", quiet, "--balance", "-1").err == "gridhedge: --balance -1: must be above zero\n"


def test_what_is_wrong_at_the_end_is_said(quiet: Path, tmp_path: Path) -> None:
    """A bot whose capital is too small for any entry has not traded, and the summary alone would not tell why."""
    profile = tmp_path / "poor.yaml"
    profile.write_text(
        "account: poor\n"
        "venue: {name: paper, rules: bybit, feeds: {DOGEUSDT: {kind: synthetic, price: 0.2}}}\n"
        "symbols: [{symbol: DOGEUSDT, leverage: 20, strategy: {kind: trim, initial_capital: 0.1}}]\n"
    )
    done = gridhedge("backtest", "--profile", profile, "--data", quiet)
    told = "note: DOGEUSDT: at the end: long: a capital of 0.10 is too small for any level: nothing is opened\n"
    assert (done.code, told in done.err) == (0, True)
