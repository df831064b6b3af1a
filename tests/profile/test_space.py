"""The values that a search tries: exact, in the profile's own words, and every mistake told with its line."""

from __future__ import annotations

from decimal import Decimal as D
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridhedge.domain.errors import UsageError
from gridhedge.profile.space import Space, read_space
from gridhedge.strategy.settings import SymmetricSettings

ROOT = Path(__file__).parents[2]
HEAD = """\
account: "001"
venue: {name: bybit, demo_trading: true}
symbols:
"""
DOGE = """\
  - symbol: DOGEUSDT
    leverage: 75
    strategy: {kind: symmetric, initial_position_size_usd: 1.0}
"""
BTC = """\
  - symbol: BTCUSDT
    leverage: 50
    strategy: {kind: symmetric, initial_position_size_usd: 5.0}
"""
TRIM = """\
  - symbol: ETHUSDT
    leverage: 5
    strategy: {kind: trim}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def space(folder: Path, text: str, entries: str = DOGE) -> Space:
    (folder / "p.yaml").write_text(HEAD + entries)
    (folder / "s.yaml").write_text(text)
    return read_space(folder / "s.yaml", folder / "p.yaml")


def refusal(folder: Path, text: str, entries: str = DOGE) -> str:
    with pytest.raises(UsageError) as refused:
        space(folder, text, entries)
    return str(refused.value).removeprefix(f"{folder / 's.yaml'}")


def test_a_range_counts_in_exact_decimals(folder: Path) -> None:
    """0.4, 0.5 … 2.0: seventeen values, both ends among them."""
    axis = space(folder, "symbols.strategy.grid_step_percent: {from: 0.4, to: 2.0, step: 0.1}").axes[0]
    assert len(axis.values) == 17
    assert axis.values[:3] == ("0.4", "0.5", "0.6")
    assert axis.values[-1] == "2.0"
    assert axis.is_ordered


@given(
    digits=st.integers(0, 4),
    first=st.integers(1, 90_000),
    step=st.integers(1, 5_000),
    count=st.integers(0, 300),
)
def test_no_value_of_a_range_is_rounded(
    tmp_path_factory: pytest.TempPathFactory, digits: int, first: int, step: int, count: int
) -> None:
    """Whatever the digits: the values are from + n x step, as whole numbers of the last digit."""
    unit = D(1).scaleb(-digits)
    said = [format(number * unit, "f") for number in (first, first + count * step, step)]
    text = "risk.max_notional_per_side: {{from: {}, to: {}, step: {}}}".format(*said)
    axis = space(tmp_path_factory.getbasetemp(), text).axes[0]
    assert [D(str(value)) for value in axis.values] == [(first + n * step) * unit for n in range(count + 1)]


def test_choices_are_numbers_words_booleans_and_lists(folder: Path) -> None:
    """As they are written; only growing numbers have neighbours."""
    found = space(
        folder,
        "symbols.DOGEUSDT.strategy.averaging_multiplier: {choices: [1.5, 2, 3]}\n"
        "symbols.DOGEUSDT.strategy.take_profit_fee: {choices: [auto, taker]}\n"
        "symbols.ETHUSDT.strategy.entry_ratios: {choices: [[0.1, 0.2, 0.3, 0.4], [0.25, 0.25, 0.25, 0.25]]}\n"
        "risk.emergency_action: {choices: [freeze, close_all]}\n",
        DOGE + TRIM,
    )
    assert found.size == 3 * 2 * 2 * 2
    assert [axis.is_ordered for axis in found.axes] == [True, False, False, False]
    profile = found.profile((2, 1, 1, 1))
    strategy = profile.symbols[0].strategy
    assert isinstance(strategy, SymmetricSettings)
    assert (strategy.averaging_multiplier, strategy.take_profit_fee) == (D(3), "taker")
    assert profile.symbols[1].strategy.model_dump()["entry_ratios"] == (D("0.25"),) * 4
    assert profile.risk.emergency_action == "close_all"


def test_a_path_means_all_symbols_or_the_one_it_names(folder: Path) -> None:
    """One axis moves both in step; two axes move each alone."""
    both = space(folder, "symbols.leverage: {choices: [5, 10]}", DOGE + BTC)
    assert [entry.leverage for entry in both.profile((1,)).symbols] == [10, 10]
    one = space(folder, "symbols.BTCUSDT.leverage: {choices: [5, 10]}", DOGE + BTC)
    assert [entry.leverage for entry in one.profile((1,)).symbols] == [75, 10]


def test_both_directions_of_a_symbol_are_that_symbol(folder: Path) -> None:
    """Two entries of one symbol have one leverage."""
    short = TRIM.replace("trim}", "trim, direction: short}")
    found = space(folder, "symbols.ETHUSDT.leverage: {choices: [7]}", TRIM + short)
    assert [entry.leverage for entry in found.profile((0,)).symbols] == [7, 7]


def test_a_combination_that_the_profile_refuses_says_why(folder: Path) -> None:
    """Each value is possible by itself: the sentence is the profile's own."""
    found = space(
        folder,
        "symbols.strategy.stop_loss_percent: {choices: [4, 6]}\nsymbols.strategy.break_even_percent: {choices: [0.1]}",
        TRIM,
    )
    assert found.profile((1, 0)).symbols[0].strategy.model_dump()["stop_loss_percent"] == 6
    with pytest.raises(UsageError) as refused:
        found.profile((0, 0))
    assert str(refused.value) == (
        "symbols[0].strategy.stop_loss_percent: 4 is not beyond the last level at 4.5; choose more"
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("symbols.strategy.grid_stp_percent: {choices: [1]}", "which DOGEUSDT trades; did you mean grid_step_percent?"),
        (
            "symbols.strategy.stop_loss_percent: {choices: [1]}",
            "is not a field of strategy symmetric, which DOGEUSDT trades; ",
        ),
        (
            "symbols.strategy.kind: {choices: [trim]}",
            "is the profile's alone to say; leverage and the strategy's other fields can be searched",
        ),
        ("symbols.symbol: {choices: [BTCUSDT]}", "is the profile's alone to say; "),
        ("account: {choices: [1]}", "is the profile's alone to say; fields of symbols and risk can be searched"),
        ("venue.demo_trading: {choices: [true]}", "is the profile's alone to say; "),
        ("live: {choices: [true]}", "is the profile's alone to say; "),
        (
            "symbol.leverage: {choices: [1]}",
            "is not a known field; did you mean symbols? paths begin with symbols or risk",
        ),
        (
            "symbols.DOGEUSD.leverage: {choices: [1]}",
            "'DOGEUSD' is not known there; did you mean DOGEUSDT? give leverage, strategy or a symbol (DOGEUSDT)",
        ),
        ("symbols.leverge: {choices: [1]}", "'leverge' is not known there; did you mean leverage?"),
        ("symbols.strategy: {choices: [1]}", "is a group of settings; name the field in it"),
        ("symbols: {strategy: {choices: [1]}}", "write the whole path of a field in one line"),
        ("risk.mm_rate: {choices: [1]}", "is not a field of risk; did you mean mm_rate_threshold?"),
        ("risk.on_start: {choices: [adopt]}", "changes nothing in a replay; remove it"),
        (
            "symbols.leverage: 5",
            "5 does not say what to try; give {from: 0.4, to: 2.0, step: 0.1} or {choices: [1.5, 2, 3]}",
        ),
        ("symbols.leverage: {choices: []}", "give a list of at least one value"),
        ("symbols.leverage: {choices: [5, ~]}", "nothing can not be tried"),
        ("symbols.leverage: {choices: [5, 5.0]}", "5.0 stands there twice; remove one"),
        ("symbols.leverage: {choices: [5, 500]}", "500 is above the maximum 200; choose 1–200"),
        ("symbols.leverage: {choices: [many]}", "'many' is not possible here; give a whole number 1–200"),
        ("symbols.leverage: {from: 1, to: 3, step: 0.5}", "1.5 is not possible here; give a whole number 1–200"),
        ("symbols.leverage: {from: 100, to: 300, step: 50}", "300 is above the maximum 200"),
        ("symbols.leverage: {from: 1, to: 3}", "is missing; give {from: "),
        ("symbols.leverage: {from: 1, too: 3, step: 1}", "is not known here; did you mean to?"),
        ("symbols.leverage: {from: 3, to: 1, step: 1}", "3 is above to 1; swap them"),
        ("symbols.leverage: {from: 1, to: 3, step: 0}", "0 is not above 0; choose the distance from value to value"),
        ("symbols.leverage: {from: one, to: 3, step: 1}", "'one' is not a number; write one such as 0.4"),
        ("symbols.leverage: {from: 1, to: 3, step: 1, choices: [1]}", "choices stand alone"),
        (
            "risk.balance_buffer_percent: {from: 0, to: 1, step: 0.3}",
            "0.3 does not lead from 0 to 1: the last value is 0.9; choose a step that divides 1, or end there",
        ),
        ("risk.balance_buffer_percent: {from: 0, to: 100, step: 0.001}", "makes 100001 values; 10000 are the most"),
    ],
)
def test_a_mistake_is_one_sentence_with_line_and_field(folder: Path, text: str, sentence: str) -> None:
    """It stands in the second line; what is wrong, and what to do."""
    told = refusal(folder, f"# mine\n{text}\n")
    name = text.partition(":")[0]
    assert told.startswith(f":2: {name}")
    assert sentence in told
    assert "\n" not in told


def test_every_mistake_is_told_at_once(folder: Path) -> None:
    """In the order of their lines, each value of a list with its own."""
    told = refusal(folder, "symbols.leverage:\n  choices:\n    - 5\n    - 500\nrisk.nothing: {choices: [1]}\n")
    assert [line.split(": ")[0] for line in told.splitlines()] == [":4", f"{folder / 's.yaml'}:5"]


def test_a_field_is_tried_by_one_line_only(folder: Path) -> None:
    """All symbols and one of them overlap; the same line twice does, too."""
    overlapping = "symbols.leverage: {choices: [5]}\nsymbols.BTCUSDT.leverage: {choices: [6]}\n"
    assert refusal(folder, overlapping, DOGE + BTC) == (
        ":2: symbols.BTCUSDT.leverage: symbols.leverage tries this field already; remove one of them"
    )
    twice = "symbols.leverage: {choices: [5]}\nsymbols.leverage: {choices: [6]}\n"
    assert refusal(folder, twice) == ":2: symbols.leverage: was already said in line 1; remove one"


def test_a_field_that_only_some_symbols_have_needs_the_symbol(folder: Path) -> None:
    """Two strategies in one profile: which symbol lacks it is said."""
    told = refusal(folder, "symbols.strategy.stop_loss_percent: {choices: [6]}", TRIM + DOGE)
    assert "is not a field of strategy symmetric, which DOGEUSDT trades" in told


@pytest.mark.parametrize("text", ["", "# nothing\n", "{}\n", "- a\n"])
def test_an_empty_space_is_refused(folder: Path, text: str) -> None:
    """There is nothing to search."""
    assert refusal(folder, text).startswith(": names no field; give lines such as symbols.strategy.")


def test_a_missing_file_names_the_option(folder: Path) -> None:
    """It is not the profile that is missing."""
    (folder / "p.yaml").write_text(HEAD + DOGE)
    with pytest.raises(UsageError, match=r"check the path after --space"):
        read_space(folder / "none.yaml", folder / "p.yaml")


def test_the_shipped_space_is_one_of_the_shipped_profiles() -> None:
    """17 x 4 x 10 x 5, as its first line says."""
    file = ROOT / "configs" / "spaces" / "symmetric.yaml"
    assert read_space(file, ROOT / "configs" / "btc.yaml").size == 3400
    assert "17 x 4 x 10 x 5 = 3,400" in file.read_text()
