"""What a command line says in place of a profile is checked as if the profile said it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gridhedge.domain.errors import UsageError
from gridhedge.profile.load import load_profile
from gridhedge.profile.overrides import Overrides

BYBIT = """\
account: "001"
venue: {name: bybit, demo_trading: true}
symbols:
  - symbol: DOGEUSDT
    leverage: 75
    strategy: {kind: symmetric, initial_position_size_usd: 1.0}
"""
SECOND = """\
  - symbol: BTCUSDT
    leverage: 50
    strategy: {kind: symmetric, initial_position_size_usd: 1.0}
"""


@pytest.fixture
def bybit(path: Path) -> Path:
    path.write_text(BYBIT)
    return path


def test_it_counts_as_if_the_profile_said_it(bybit: Path, tmp_path: Path) -> None:
    """The same profile, and the same digest, as the one with these values in it."""
    other = tmp_path / "other.yaml"
    other.write_text(BYBIT.replace("DOGEUSDT", "ETHUSDT").replace("75", "20"))
    assert load_profile(bybit, said=Overrides("ETHUSDT", "20")) == load_profile(other)
    assert load_profile(bybit, said=Overrides()) == load_profile(bybit)


def test_a_missing_value_may_come_from_the_command_line(path: Path) -> None:
    """A profile without leverage is complete with one."""
    path.write_text(BYBIT.replace("    leverage: 75\n", ""))
    assert load_profile(path, said=Overrides(leverage="20")).symbols[0].leverage == 20


def test_leverage_is_that_of_every_symbol_and_a_symbol_that_of_the_only_one(path: Path) -> None:
    """Nobody can say which of two symbols is meant to be replaced."""
    path.write_text(BYBIT + SECOND)
    assert [entry.leverage for entry in load_profile(path, said=Overrides(leverage="7")).symbols] == [7, 7]
    with pytest.raises(UsageError) as refused:
        load_profile(path, said=Overrides("ETHUSDT"))
    assert str(refused.value) == "--symbol replaces the symbol of a one-symbol profile; this one has DOGEUSDT, BTCUSDT"


def test_both_directions_of_a_symbol_follow(path: Path) -> None:
    """Two entries of one symbol are one symbol."""
    trim = "    strategy: {kind: trim, direction: long}\n"
    entry = "  - symbol: BTCUSDT\n    leverage: 5\n"
    path.write_text(BYBIT.partition("  - ")[0] + entry + trim + entry + trim.replace("long", "short"))
    assert load_profile(path, said=Overrides("ETHUSDT")).traded == ("ETHUSDT",)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (Overrides(leverage="500"), "--leverage 500: 500 is above the maximum 200; choose 1–200"),
        (Overrides(leverage="many"), "--leverage many: 'many' is not possible here; give a whole number"),
        (Overrides("eth"), "--symbol eth: 'eth' is not possible here; give the symbol as the venue writes it"),
    ],
)
def test_a_mistake_names_the_option_in_one_sentence(bybit: Path, said: Overrides, sentence: str) -> None:
    """In the words that the profile's own mistake has, without a file that does not say it."""
    with pytest.raises(UsageError) as refused:
        load_profile(bybit, said=said)
    assert str(refused.value).startswith(sentence)
    assert "\n" not in str(refused.value)


def test_a_mistake_of_all_symbols_is_said_once(path: Path) -> None:
    """There is one option to correct; the file's mistakes stand beside it."""
    path.write_text((BYBIT + SECOND).replace("kind: symmetric", "kind: symetric", 1))
    with pytest.raises(UsageError) as refused:
        load_profile(path, said=Overrides(leverage="0"))
    first, second = str(refused.value).splitlines()
    assert first == "--leverage 0: 0 is below the minimum 1; choose 1–200"
    assert second.startswith(f"{path}:6: symbols[0].strategy.kind: 'symetric' is not a strategy")


def test_it_tells_what_was_written() -> None:
    """For log and screen."""
    assert Overrides("ETHUSDT", "20").told() == "--symbol ETHUSDT --leverage 20"
    assert Overrides().told() == ""
