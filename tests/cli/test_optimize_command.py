"""``gridhedge optimize``: what it finds is what backtest shows; kills, Ctrl-C and mistakes on the way."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from decimal import Decimal as D
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from gridhedge.profile.load import load_profile
from tests.cli.candles import quiet_rows, write
from tests.cli.shell import Done, gridhedge
from tests.replay.searching import PROFILE, SPACE, falling, files
from tests.replay.test_sampler import BIG

FIGURES = {
    "from", "to", "fills", "cycles", "net_profit", "fees", "funding", "max_drawdown", "max_drawdown_percent",
    "worst_mm_rate", "deepest_level", "longest_unhedged_seconds", "final_equity", "ended_by",
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a profile, a space and candles."""
    monkeypatch.chdir(tmp_path)
    files(tmp_path)
    return tmp_path


def optimize(*more: str | Path, data: str = "quiet.csv") -> Done:
    arguments = ("--profile", "p.yaml", "--space", "s.yaml", "--data", data, "--jobs", "1")
    return gridhedge("optimize", *arguments, *more)


def told(*more: str | Path) -> dict[str, Any]:
    done = optimize(*more, "--json", "-")
    assert done.code == 0, done.err
    found: dict[str, Any] = json.loads(done.out)
    return found


def test_the_best_is_what_backtest_prints_for_the_profile_it_writes(folder: Path) -> None:
    """Every figure, over the candles of the search and over those that were kept out."""
    found = told("--write", "best.yaml")
    best = found["best"][0]
    for part, figures in (("search", best), ("holdout", best["holdout"])):
        options = ("--from", found[part]["from"][:16], "--to", found[part]["to"][:16])
        done = gridhedge("backtest", "--profile", "best.yaml", "--data", "quiet.csv", *options, "--json", "-")
        shown = json.loads(done.out)
        assert {name: shown[name] for name in FIGURES} == {name: figures[name] for name in FIGURES}
    assert shown["fills"] > 4


def test_the_profile_it_writes_keeps_its_comments(folder: Path) -> None:
    """Only the values that were tried differ; nobody else may read it; it is never written over anything."""
    best = told("--write", "best.yaml")["best"][0]["values"]
    step, profit = best["symbols.strategy.grid_step_percent"], best["symbols.strategy.take_profit_percent"]
    added = f", grid_step_percent: {step}, take_profit_percent: {profit}}}"
    assert (folder / "best.yaml").read_text() == PROFILE.replace("per_side: 6}", f"per_side: 6{added}")
    assert stat.S_IMODE((folder / "best.yaml").stat().st_mode) == 0o600
    assert load_profile(folder / "best.yaml").symbols[0].strategy.model_dump()["grid_step_percent"] == D(step)
    before = (folder / "best.yaml").read_text()
    done = optimize("--write", "best.yaml")
    assert done.code == 2
    assert done.err == "gridhedge: --write best.yaml: this file exists; give another name, or remove it\n"
    assert (folder / "best.yaml").read_text() == before


def test_json_has_everything_under_stable_names(folder: Path) -> None:
    """Decimals as strings, times as ISO UTC; the file is what stdout would be."""
    found = told()
    assert {name: found[name] for name in ("symbols", "objective", "seed", "combinations", "trials", "refused")} == {
        "symbols": ["DOGEUSDT"],
        "objective": "return-over-drawdown",
        "seed": 0,
        "combinations": 12,
        "trials": 12,
        "refused": 0,
    }
    assert found["search"] == {"from": "2025-06-01T00:00:00.000Z", "to": "2025-06-01T05:36:00.000Z"}
    assert found["holdout"] == {"from": "2025-06-01T05:36:00.000Z", "to": "2025-06-01T08:00:00.000Z"}
    assert found["space"]["symbols.strategy.take_profit_percent"] == ["0.3", "0.6", "1.0"]
    assert [best["rank"] for best in found["best"]] == list(range(1, 11))
    assert [trial["trial"] for trial in found["tried"]] == list(range(1, 13))
    assert set(found["best"][0]) == {"rank", "trial", "values", "score", "holdout", *FIGURES}
    assert optimize("--json", "all.json").code == 0
    assert json.loads((folder / "all.json").read_text()) == found


def test_the_table_fits_eighty_columns(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both windows, what the letters mean, and two lines for each of the best."""
    monkeypatch.setattr("gridhedge.cli.terminal.FILE_WIDTH", 80)
    lines = optimize().out.splitlines()
    assert lines[:6] == [
        "gridhedge optimize: DOGEUSDT, best by return-over-drawdown",
        "  tried    12 of 12 combinations",
        "  search   2025-06-01 00:00 to 2025-06-01 05:36 UTC",
        "  holdout  2025-06-01 05:36 to 2025-06-01 08:00 UTC",
        "  a  grid_step_percent",
        "  b  take_profit_percent",
    ]
    assert lines[6].split() == [
        "#",
        "a",
        "b",
        "over",
        "score",
        "net",
        "profit",
        "drawdown",
        "MM",
        "%",
        "fills/cycles",
        "end",
    ]
    assert [line.split()[3] for line in lines[7:27:2]] == ["search"] * 10
    assert [line.split()[0] for line in lines[8:27:2]] == ["holdout"] * 10
    assert max(map(len, lines)) <= 80


def test_many_fields_have_a_table_of_their_own(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where they do not fit beside the figures: by the same ranks, and nothing is folded."""
    monkeypatch.setattr("gridhedge.cli.terminal.FILE_WIDTH", 80)
    more = "risk.balance_buffer_percent: {choices: [10.125, 15.125]}\nsymbols.leverage: {choices: [50]}\n"
    (folder / "s.yaml").write_text(SPACE + more + "symbols.strategy.initial_position_size_usd: {choices: [1.000625]}\n")
    lines = optimize().out.splitlines()
    assert lines[9].split() == ["#", *"abcde"]
    assert [line.split()[0] for line in lines[10:20]] == [str(rank) for rank in range(1, 11)]
    assert lines[10].split()[3:] == [lines[10].split()[3], "50", "1.000625"]
    assert lines[20].split()[:3] == ["#", "over", "score"]
    assert lines[21].split()[:2] == ["1", "search"]
    assert max(map(len, lines)) <= 80


def test_a_study_goes_on_and_is_told_apart(folder: Path) -> None:
    """It is named for the profile; the same command replays nothing; another space is refused."""
    first = told()
    kept = (folder / "p.study.jsonl").read_bytes()
    assert told() == first
    assert (folder / "p.study.jsonl").read_bytes() == kept
    (folder / "s.yaml").write_text(SPACE.replace("1.0]", "1.1]"))
    done = optimize()
    assert done.code == 2
    assert done.err.splitlines()[-1] == (
        "gridhedge: p.study.jsonl: is the study of another search (different: space); "
        "repeat that one's options to go on with it, or give --study another name"
    )
    assert (folder / "p.study.jsonl").read_bytes() == kept
    assert optimize("--study", "other.jsonl").code == 0


@pytest.mark.parametrize(
    ("change", "different"),
    [
        (("--balance", "500"), "balance"),
        (("--seed", "1"), "seed"),
        (("--batch", "2"), "batch"),
        (("--objective", "net-profit"), "objective"),
        (("--holdout", "20"), "search, holdout"),
        (("--to", "2025-06-01T07:00"), "search, holdout"),
        (("--allow-gaps",), "allow_gaps"),
    ],
)
def test_whatever_decides_the_trials_is_part_of_the_study(
    folder: Path, change: tuple[str, ...], different: str
) -> None:
    """And is named where it differs."""
    assert optimize().code == 0
    assert f"(different: {different});" in optimize(*change).err


def test_other_candles_are_another_study(folder: Path) -> None:
    """Also under the same name."""
    assert optimize().code == 0
    write(folder / "quiet.csv", [row.replace(",1000", ",1001") for row in quiet_rows(480)])
    assert "(different: data);" in optimize().err


def test_a_best_that_fails_on_what_was_kept_out_is_said(folder: Path) -> None:
    """Quiet for six hours, then a fall: the table shows both, and one sentence says what to think of it."""
    quiet = quiet_rows(360)
    last = int(quiet[-1].split(",")[0])
    rows = [f"{last + 60_000 * (n + 1)},{p:.5f},{p:.5f},{p * 0.99:.5f},{p * 0.99:.5f},1000" for n, p in fall(120)]
    write(folder / "trap.csv", quiet + rows)
    done = optimize("--holdout", "25", data="trap.csv")
    assert done.out.splitlines()[-1].startswith(
        "note: the best of the search was stopped after 0.0 days on the candles"
    )
    assert done.out.splitlines()[-1].endswith("that were kept out of it: do not trust it")


def fall(count: int) -> list[tuple[int, float]]:
    return [(number, 0.196 * 0.99**number) for number in range(count)]


def test_where_nothing_survives_nothing_is_written(folder: Path) -> None:
    """Exit code 6: a risk limit stopped every one of them."""
    falling(folder)
    (folder / "s.yaml").write_text("symbols.strategy.max_grid_levels_per_side: {choices: [9, 10]}\n")
    done = optimize("--holdout", "0", "--write", "best.yaml", data="falling.csv")
    assert done.code == 6
    assert done.err.endswith("gridhedge: no combination survived the candles: best.yaml is not written\n")
    assert "note: every combination was stopped before the candles ended" in done.out
    assert not (folder / "best.yaml").exists()


def test_where_everything_is_refused_the_first_reason_is_told(folder: Path) -> None:
    """There is no table to show, and nothing to write."""
    trim = PROFILE.replace(
        "{kind: symmetric, initial_position_size_usd: 1.0, max_grid_levels_per_side: 6}", "{kind: trim}"
    )
    (folder / "p.yaml").write_text(trim)
    (folder / "s.yaml").write_text("symbols.strategy.stop_loss_percent: {choices: [2, 4]}\n")
    done = optimize("--write", "best.yaml")
    assert done.code == 2
    assert done.err.splitlines()[-1] == (
        "gridhedge: all 2 combinations are refused, the first: symbols[0].strategy.stop_loss_percent: "
        "2 is not beyond the last level at 4.5; choose more"
    )


def test_another_symbol_is_searched_under_its_own_rules(folder: Path) -> None:
    """As backtest does it; a profile of it is not written, its text names the old one."""
    assert told("--symbol", "SOLUSDT")["symbols"] == ["SOLUSDT"]
    done = optimize("--symbol", "SOLUSDT", "--write", "best.yaml")
    assert done.code == 2
    assert "--write keeps the profile's own symbol" in done.err


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--scheduler", "tcp://127.0.0.1:1"), "--jobs is for processes of this machine, --scheduler for a cluster"),
        (("--write", "no/best.yaml"), "no/best.yaml: the folder no does not exist"),
        (("--study", "no/x.jsonl"), "no/x.jsonl: the folder no does not exist"),
        (("--funding", "f.csv", "--funding", "g.csv"), "2 --funding files for 1 symbols"),
        (("--data", "quiet.csv"), "2 --data files for 1 symbols (DOGEUSDT): give one per symbol"),
    ],
)
def test_a_wrong_command_is_one_sentence_and_begins_nothing(
    folder: Path, options: tuple[str, ...], sentence: str
) -> None:
    """No study is begun."""
    done = optimize(*options)
    assert done.code == 2
    assert sentence in done.err
    assert not (folder / "p.study.jsonl").exists()


def test_without_optuna_a_large_space_names_the_command(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small one needs nothing."""
    monkeypatch.setitem(sys.modules, "optuna", None)
    assert optimize().code == 0
    done = optimize("--trials", "5", "--study", "other.jsonl")
    assert done.code == 2
    assert done.err.endswith("needs Optuna: pip install 'gridhedge[optimize]'\n")


# ---- in processes of their own ---------------------------------------------------------------------------------------


def begin(study: str, trials: int = 48, **more: Any) -> subprocess.Popen[str]:
    """A search by two processes."""
    words = f"-m gridhedge optimize --profile p.yaml --space s.yaml --data long.csv --jobs 2 --study {study}"
    return subprocess.Popen(
        [sys.executable, *words.split(), "--trials", str(trials), "--json", "-"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # Tests that run in the background of a script inherit that Ctrl-C is ignored.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        **more,
    )


def has_lines(study: Path, count: int, search: subprocess.Popen[str]) -> bool:
    """Waits until the study has so many."""
    while search.poll() is None:
        if study.exists() and study.read_bytes().count(b"\n") >= count:
            return True
        time.sleep(0.01)
    return False


@pytest.fixture
def long(folder: Path) -> Path:
    write(folder / "long.csv", quiet_rows(4 * 1440))
    (folder / "s.yaml").write_text(BIG)
    return folder


def test_killed_and_interrupted_it_ends_as_if_nothing_had_been(long: Path) -> None:
    """kill -9, Ctrl-C at the whole group, then to the end: the same JSON as without; no process is left behind.

    What is cut off would have gone on for long: however late the signal comes, it comes in the middle.
    """
    whole, errors = begin("whole.jsonl").communicate()
    assert errors.startswith("note: ")
    study = long / "cut.jsonl"
    killed = begin("cut.jsonl", 600)
    assert has_lines(study, 8, killed)
    killed.kill()
    killed.communicate()  # its processes hold the other ends of the pipes: this waits for their end, too
    with study.open("ab") as file:
        file.write(b'{"part": "search", "poi')  # a line that the kill has torn
    stopped = begin("cut.jsonl", 600)
    assert has_lines(study, 20, stopped)
    os.killpg(stopped.pid, signal.SIGINT)
    out, errors = stopped.communicate()
    assert (stopped.returncode, out) == (130, "")
    lines = [line for line in errors.splitlines() if "no --funding" not in line]
    assert lines[0].startswith("note: cut.jsonl keeps ")
    assert lines[0].endswith(" trials: the same command goes on")
    assert lines[1:] == ["gridhedge: interrupted"]
    again, errors = begin("cut.jsonl").communicate()
    assert json.loads(again) == json.loads(whole)
    tried = [json.loads(line) for line in study.read_text().splitlines()[1:]]
    assert len({(one["part"], *one["point"]) for one in tried}) == len(tried) >= 48 + 10
