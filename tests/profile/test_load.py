"""Loading profiles: what is right arrives exactly, what is wrong is said in one line each."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gridhedge.domain.errors import UsageError
from gridhedge.profile.document import Node, Problem
from gridhedge.profile.load import consent_problem, load_profile
from gridhedge.profile.settings import Profile
from gridhedge.profile.venues import PaperSettings, RealVenueSettings
from gridhedge.strategy.settings import SymmetricSettings, TrimSettings

CONFIGS = Path(__file__).parents[2] / "configs"


def test_a_good_profile_arrives_exactly(good: str, path: Path) -> None:
    """Decimals are the very digits of the file, and what is left out has its default."""
    path.write_text(good)
    profile = load_profile(path)
    (entry,) = profile.symbols
    assert (profile.account, profile.live, profile.dry_run) == ("001", False, False)
    assert (entry.symbol, entry.leverage) == ("DOGEUSDT", 75)
    assert isinstance(profile.venue, PaperSettings)
    assert profile.venue.start_ms == 1_767_225_600_000
    assert isinstance(entry.strategy, SymmetricSettings)
    assert str(entry.strategy.grid_step_percent) == "1.0"
    assert entry.strategy.averaging_multiplier == Decimal("2.0")
    assert profile.risk.balance_buffer_percent == Decimal("15.0")
    assert profile.system.sync_interval == 60


def test_a_confidential_value_is_never_repeated(good: str, complaint: Callable[[str], list[str]]) -> None:
    """Whatever else is wrong with it, a sentence does not print what may be a key."""
    key = "aB3dE6gH9jK2mN5pQ8"
    places = ("account: ", "dry_run: ", "rules: ", "leverage: ", "      kind: ", "on_start: ", "name: ")
    lines = {place: next(line for line in good.splitlines() if place in line) for place in places}
    for place, line in lines.items():
        said = complaint(good.replace(line, line.split(place)[0] + place + key))
        assert "looks like the key of an exchange" in "".join(said)
        assert key not in "".join(said)
    assert key not in "".join(complaint(good.replace("dry_run", key).replace("DOGEUSDT:", f"{key}:")))


def test_data_files_are_seen_from_the_profile(good: str, tmp_path: Path) -> None:
    """A profile works from any folder, and from cron."""
    (tmp_path / "deep").mkdir()
    path = tmp_path / "deep" / "x.yaml"
    path.write_text(good.replace("{kind: synthetic, price: 0.19933}", "{kind: candles, file: ../doge.csv}"))
    venue = load_profile(path).venue
    assert isinstance(venue, PaperSettings)
    assert venue.feeds["DOGEUSDT"].model_dump()["file"] == tmp_path / "deep" / ".." / "doge.csv"


@pytest.mark.parametrize("name", ["demo.yaml", "symmetric-paper.yaml"])
def test_the_profiles_that_we_ship_are_good(name: str) -> None:
    """And they say their symbols, prices and limits."""
    profile = load_profile(CONFIGS / name)
    assert not profile.venue.real_money
    assert profile.risk.mm_rate_threshold == 90


@pytest.mark.parametrize(("name", "symbol", "whole_range"), [("btc", "BTCUSDC", "4.0"), ("eth", "ETHUSDC", "2.0")])
def test_the_seed_s_two_grids_are_shipped(tmp_path: Path, name: str, symbol: str, whole_range: str) -> None:
    """The numbers of config_btc.txt and config_eth.txt, in percent; here on the embedded exchange."""
    text = (CONFIGS / f"{name}-trim.yaml").read_text()
    begin, end = text.index("venue:"), text.index("symbols:")
    feeds = f"{{{symbol}: {{kind: synthetic, price: 90000}}}}"
    file = tmp_path / "paper.yaml"
    file.write_text(f"{text[:begin]}venue: {{name: paper, rules: binance, feeds: {feeds}}}\n{text[end:]}")
    (entry,) = load_profile(file).symbols
    assert (entry.symbol, entry.leverage) == (symbol, 20)
    expected = TrimSettings(grid_range_percent=Decimal(whole_range))
    assert entry.strategy == expected
    assert expected.entry_ratios == tuple(map(Decimal, ("0.05", "0.20", "0.25", "0.50")))
    assert expected.level_distances_percent == tuple(map(Decimal, ("0.5", "1.0", "4.0", "4.5")))
    shares = (expected.capital_fraction, expected.stop_loss_percent, expected.take_profit_percent)
    assert (*shares, expected.break_even_percent) == tuple(map(Decimal, ("0.33", "5.0", "0.5", "0.1")))


def test_the_demo_is_the_one_that_was_promised() -> None:
    """DOGEUSDT with Bybit's rules, 75x, 1 USD first margin, 1 % steps, 10 levels, 1,000 USDT."""
    profile = load_profile(CONFIGS / "demo.yaml")
    (entry,) = profile.symbols
    assert isinstance(profile.venue, PaperSettings)
    assert isinstance(entry.strategy, SymmetricSettings)
    assert (profile.venue.rules, profile.venue.balance) == ("bybit", 1000)
    assert (entry.symbol, entry.leverage, entry.strategy.initial_position_size_usd) == ("DOGEUSDT", 75, 1)
    assert (entry.strategy.grid_step_percent, entry.strategy.take_profit_percent) == (1, 1)
    assert (entry.strategy.averaging_multiplier, entry.strategy.max_grid_levels_per_side) == (2, 10)


def test_every_line_of_the_demo_that_sets_something_is_explained() -> None:
    """A first reader needs no manual; lines that only open a group explain themselves."""
    lines = (CONFIGS / "demo.yaml").read_text().splitlines()
    settings = [line for line in lines if line.strip() and not line.startswith("#")]
    bare = [line for line in settings if "#" not in line and not line.endswith(":") and "- symbol" not in line]
    assert [line for line in bare if "leverage" not in line] == []


class Somewhere(RealVenueSettings):
    """A venue with a real and a demo side."""

    name: Literal["somewhere"] = "somewhere"


@pytest.mark.parametrize(
    ("demo", "in_file", "on_command_line", "silent"),
    [(True, False, False, True), (False, False, False, False), (False, True, False, True), (False, False, True, True)],
)
def test_real_money_is_said_twice(demo: bool, in_file: bool, on_command_line: bool, silent: bool) -> None:
    """``demo_trading: false`` alone does not trade."""
    profile = Profile.model_construct(venue=Somewhere(demo_trading=demo), live=in_file)
    root = Node(1, {"venue": Node(2, {"demo_trading": Node(4, "false")})})
    text = "false means real money; if you mean it, say it a second time with live: true in this file or --live"
    said = [] if silent else [Problem(4, "venue.demo_trading", text)]
    assert consent_problem(profile, root, on_command_line) == said


@given(st.text(max_size=60), st.integers(min_value=0, max_value=10_000))
@example("\x85", 40)
@example("'", 3)
def test_any_scratch_in_a_file_is_answered_in_lines_that_name_it(
    good: str, tmp_path_factory: pytest.TempPathFactory, scratch: str, at: int
) -> None:
    """Whatever is typed anywhere, the profile loads or every line of the complaint begins with the file."""
    path = tmp_path_factory.mktemp("scratched") / "x.yaml"
    at %= len(good)
    path.write_text(good[:at] + scratch + good[at:], "utf-8", newline="")
    try:
        load_profile(path)
    except UsageError as error:
        assert all(line.startswith(f"{path}:") for line in str(error).splitlines())
