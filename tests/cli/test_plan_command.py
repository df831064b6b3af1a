"""``gridhedge plan``: the ladder as numbers for programs and as a table for people."""

from __future__ import annotations

import json
from decimal import Decimal as D
from pathlib import Path

import pytest

from gridhedge.cli.plan_command import fitting_table
from gridhedge.cli.terminal import Terminal
from tests.cli.shell import DEMO, ROOT, Done, bybit_profile, gridhedge, run
from tests.practice.bybit.venues import serving

TWO_SYMBOLS = ROOT / "configs" / "symmetric-paper.yaml"


def plan(*arguments: str | Path) -> Done:
    return gridhedge("plan", "--profile", *arguments)


def test_the_golden_ladder(data: Path) -> None:
    """DOGE at 0.19933, 1 USD, 75x, 1 %: 376 = floor(75 / 0.19933), then doubled; long prices 1 % below each other."""
    done = plan(DEMO, "--price", "0.19933", "--json", "--data-dir", data)
    told = json.loads(done.out)
    assert (done.code, done.err) == (0, "")
    assert (told["symbol"], told["price"]) == ("DOGEUSDT", "0.19933")
    assert told["reference_quantities"] == [str(376 * 2**level) for level in range(10)]
    long = told["long"]
    assert [line["price"] for line in long[:4]] == ["0.19933", "0.19733", "0.19535", "0.19339"]
    assert [line["quantity"] for line in long[:3]] == ["376", "752", "1504"]
    assert [line["take_profit"] for line in long[:3]] == ["0.20148", "0.20008", "0.19854"]
    short = told["short"]
    assert [line["quantity"] for line in short] == [line["quantity"] for line in long]
    assert [line["price"] for line in short[:3]] == ["0.19933", "0.20133", "0.20335"]
    assert not data.exists()


def test_a_line_has_the_stable_names_and_adds_up() -> None:
    """376 x 0.19933 = 74.9481 notional; /75 = 0.9993 margin; with 752 x 0.19733 / 75 = 1.9786 that makes 2.9779."""
    told = json.loads(plan(DEMO, "--price", "0.19933", "--json").out)
    assert told["long"][0] == {
        "level": 0,
        "price": "0.19933",
        "quantity": "376",
        "notional": "74.9481",
        "margin": "0.9993",
        "cumulative_margin": "0.9993",
        "average": "0.199330",
        "take_profit": "0.20148",
        "distance_percent": "0.00",
    }
    assert told["long"][1]["cumulative_margin"] == "2.9779"
    assert told["long"][1]["distance_percent"] == "-1.00"
    assert told["short"][1]["distance_percent"] == "1.00"


def test_it_tells_where_the_ladder_ends() -> None:
    """1000 USDT: the reserve forbids the level after 7; the stop comes before the liquidation, both ways."""
    ends = json.loads(plan(DEMO, "--price", "0.19933", "--json").out)["ends"]
    assert list(ends) == ["averaging", "reserve", "mm_threshold", "liquidation"]
    assert ends["averaging"] == {"falling": None, "rising": None}
    assert ends["reserve"]["falling"] == {"price": "0.18575", "level": 7}
    falling = [D(ends[name]["falling"]["price"]) for name in ("reserve", "mm_threshold", "liquidation")]
    rising = [D(ends[name]["rising"]["price"]) for name in ("reserve", "mm_threshold", "liquidation")]
    assert falling == sorted(falling, reverse=True)
    assert rising == sorted(rising)


def test_several_symbols_are_a_list_and_one_can_be_chosen() -> None:
    """In the profile's order."""
    both = json.loads(plan(TWO_SYMBOLS, "--json").out)
    assert [told["symbol"] for told in both] == ["BTCUSDT", "DOGEUSDT"]
    assert json.loads(plan(TWO_SYMBOLS, "--json", "--symbol", "DOGEUSDT").out) == both[1]


def test_a_symbol_that_is_not_among_several_is_refused() -> None:
    """Nobody can say which of them it would replace."""
    done = plan(TWO_SYMBOLS, "--symbol", "ETHUSDT")
    assert done.code == 2
    assert "symbol ETHUSDT is not in it; it has BTCUSDT, DOGEUSDT" in done.err


def test_another_leverage_is_planned_without_editing() -> None:
    """1 USD at 20x at 0.19933: 100 DOGE."""
    told = json.loads(plan(DEMO, "--price", "0.19933", "--leverage", "20", "--json").out)
    assert told["reference_quantities"][:3] == ["100", "200", "400"]


def test_the_table_shows_every_digit_where_there_is_no_terminal() -> None:
    """A pipe has no width."""
    out = plan(DEMO, "--price", "0.19933").out
    assert "…" not in out
    row = next(line.split() for line in out.splitlines() if line.split()[:1] == ["9"])
    assert row == ["9", "0.18205", "-8.67", "192512", "35,046.81", "467.29", "943.11", "0.183891", "0.18581"]
    assert "If the price goes straight down:" in out
    assert "  the reserve stops averaging: at 0.18575, level 7" in out


@pytest.mark.parametrize(("width", "columns"), [(100, 9), (80, 8), (72, 7), (40, 5)])
def test_a_narrow_terminal_sees_fewer_columns_and_whole_numbers(width: int, columns: int) -> None:
    """Price, quantity, the sum of the margins and the take-profit are always there."""
    told = json.loads(plan(DEMO, "--price", "0.19933", "--json").out)
    table = fitting_table(Terminal(width), told, "long")
    assert len(table.columns) == columns
    headers = {str(column.header) for column in table.columns}
    assert {"level", "price", "quantity", "sum", "take-profit"} <= headers


def test_without_a_price_it_begins_where_the_bot_is(data: Path) -> None:
    """Before the first run that is where the prices begin."""
    assert json.loads(plan(DEMO, "--json", "--data-dir", data).out)["price"] == "0.19933"
    run(DEMO, data, 30)
    status = json.loads(gridhedge("status", "--data-dir", data, "--json").out)["demo"]["status"]
    told = json.loads(plan(DEMO, "--json", "--data-dir", data).out)
    assert told["price"] == status["symbols"][0]["last"] != "0.19933"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--price", "abc"), "--price abc: not a number"),
        (("--price", "0"), "--price 0: must be above zero"),
        (("--price", "-1"), "--price -1: must be above zero"),
        (("--price", "NaN"), "--price NaN: must be above zero"),
        (("--symbol", "BTCUSDT"), "--symbol BTCUSDT: BTCUSDT has no prices; add it to venue.feeds"),
        (("--leverage", "0"), "--leverage 0: 0 is below the minimum 1; choose 1–200"),
        (("--price", "200000000"), "not even level 0 fits into what the venue allows at 75x; lower the leverage"),
    ],
)
def test_wrong_options_end_with_2(arguments: tuple[str, str], sentence: str) -> None:
    """One sentence, nothing on stdout."""
    done = plan(DEMO, *arguments)
    assert (done.code, done.out) == (2, "")
    assert sentence in done.err


def test_a_bybit_profile_is_planned_without_keys(tmp_path: Path, data: Path) -> None:
    """1 USD x 75 / 0.2 = 375 at the practice exchange's price; where everything comes from is said on stderr."""
    with serving() as practice:
        done = plan(bybit_profile(tmp_path / "p.yaml", practice.url), "--json", "--data-dir", data)
    told = json.loads(done.out)
    assert (done.code, told["price"], told["long"][0]["quantity"]) == (0, "0.2", "375")
    assert done.err == (
        "note: where the ladder ends is told for a balance of 1000; --balance says another\n"
        "note: rules and tiers as bybit tells them now; fees of an ordinary account\n"
    )


def test_without_venue_the_price_must_be_said(data: Path) -> None:
    """The settings of configs/doge.yaml, and nobody answers: the shipped rules, and the golden ladder."""
    offline = bybit_profile(data.parent / "p.yaml", "http://127.0.0.1:9")
    done = plan(offline, "--data-dir", data)
    assert (done.code, done.err.splitlines()[-1]) == (
        2,
        "gridhedge: DOGEUSDT: the venue does not tell a price now; give one with --price",
    )
    done = plan(offline, "--price", "0.19933", "--balance", "500", "--json", "--data-dir", data)
    assert [line["take_profit"] for line in json.loads(done.out)["long"][:3]] == ["0.20148", "0.20008", "0.19854"]
    assert json.loads(done.out)["ends"]["reserve"]["falling"]["level"] < 7  # half the demo's money
