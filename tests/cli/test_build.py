"""The embedded exchange as a profile describes it, and what is kept of it on disk."""

from __future__ import annotations

import sqlite3
from decimal import Decimal as D
from pathlib import Path

import pytest

from gridhedge.cli.build import paper_exchange, paper_file, paper_venue, restored
from gridhedge.cli.profiles import open_profile
from gridhedge.domain.errors import DiskFailure, UsageError
from gridhedge.profile.settings import Profile
from gridhedge.venue.paper.candle_feed import CandleFeed
from gridhedge.venue.paper.feed import TickFeed
from tests.cli.shell import DEMO, ROOT, modes

CANDLES = """\
timestamp_ms,open,high,low,close,volume
1748545680000,0.2,0.21,0.19,0.2,1000
1748545740000,0.2,0.22,0.2,0.21,1000
"""


@pytest.fixture
def demo() -> Profile:
    return open_profile(DEMO)


def with_feed(folder: Path, feed: str) -> Path:
    """The demo with another source of prices."""
    text = DEMO.read_text()
    begin, end = text.index("      kind: synthetic"), text.index("symbols:")
    path = folder / "p.yaml"
    path.write_text(f"{text[:begin]}      {feed}\n{text[end:]}")
    return path


def test_wallet_price_rules_and_fees_are_the_profiles(demo: Profile) -> None:
    """1000 USDT, 0.19933, Bybit's DOGE."""
    venue = paper_venue(demo, paper_exchange(demo))
    assert venue.account().wallet_balance == 1000
    assert venue.market("DOGEUSDT").last == D("0.19933")
    assert venue.instrument("DOGEUSDT").tick_size == D("0.00001")
    assert venue.fees("DOGEUSDT") == (D("0.0002"), D("0.00055"))


def test_liquidity_and_latency_are_the_profiles() -> None:
    """The example names both."""
    profile = open_profile(ROOT / "configs" / "symmetric-paper.yaml")
    exchange = paper_exchange(profile)
    assert [market.liquidity for market in exchange.markets.values()] == [250_000, 250_000]
    assert paper_venue(profile, exchange).capabilities.processing_ms == 40


def test_synthetic_symbols_move_each_in_its_own_way() -> None:
    """One seed for the profile, another walk for each symbol, compared step by step as returns."""
    exchange = paper_exchange(open_profile(ROOT / "configs" / "symmetric-paper.yaml"))
    starts = [market.price for market in exchange.markets.values()]
    ups = []
    for _ in range(64):
        exchange.advance(exchange.now() + 1000)
        ups.append([market.price > start for market, start in zip(exchange.markets.values(), starts, strict=True)])
    assert any(first != second for first, second in ups)


def test_candles_and_ticks_can_be_the_prices(tmp_path: Path) -> None:
    """Files are seen from the profile's folder."""
    (tmp_path / "c.csv").write_text(CANDLES)
    profile = open_profile(with_feed(tmp_path, "kind: candles\n      file: c.csv"))
    feed = paper_exchange(profile).market("DOGEUSDT").feed
    assert isinstance(feed, CandleFeed)
    assert feed.price == D("0.2")
    (tmp_path / "t.csv").write_text("timestamp_ms,price\n1748545680000,0.2\n1748545680500,0.21\n")
    profile = open_profile(with_feed(tmp_path, "kind: ticks\n      file: t.csv"))
    assert isinstance(paper_exchange(profile).market("DOGEUSDT").feed, TickFeed)


def test_a_feed_file_that_is_missing_is_named(tmp_path: Path) -> None:
    """Before anything is written."""
    profile = open_profile(with_feed(tmp_path, "kind: candles\n      file: gone.csv"))
    with pytest.raises(UsageError, match=r"gone\.csv: no such file or directory"):
        paper_exchange(profile)


def test_an_exchange_outlives_its_process(demo: Profile, data: Path) -> None:
    """What was saved is there again; the file is its owner's alone from the first moment."""
    file = paper_file(data, "demo")
    exchange = paper_exchange(demo)
    disk = restored(exchange, file)
    exchange.advance(exchange.now() + 5_000)
    disk.save(exchange, [])
    assert set(modes(data).values()) == {0o700, 0o600}
    disk.close()
    again = paper_exchange(demo)
    restored(again, file).close()
    assert again.now() == exchange.now()
    assert again.mark("DOGEUSDT") == exchange.mark("DOGEUSDT")


@pytest.mark.parametrize("damage", ["garbage", "torn", "nonsense", "empty state"])
def test_a_damaged_exchange_is_never_begun_anew_by_itself(demo: Profile, data: Path, damage: str) -> None:
    """It holds the account's money: the sentence says what a person can do, and the file stays as it is."""
    file = paper_file(data, "demo")
    exchange = paper_exchange(demo)
    disk = restored(exchange, file)
    disk.save(exchange, [])
    disk.close()
    if damage == "garbage":
        file.write_bytes(b"This is not a database at all. " * 200)
    elif damage == "torn":
        file.write_bytes(file.read_bytes()[:6000])
    else:
        value = "{'" if damage == "nonsense" else "{}"
        with sqlite3.connect(file) as connection:
            connection.execute("UPDATE state SET value = ?", (value,))
        connection.close()
    before = file.read_bytes()
    with pytest.raises(DiskFailure, match="put a copy of the file back, or remove it to begin anew"):
        restored(paper_exchange(demo), file)
    assert file.read_bytes() == before


def test_an_exchange_kept_for_other_symbols_is_refused(demo: Profile, data: Path, tmp_path: Path) -> None:
    """The sentence names both."""
    file = paper_file(data, "demo")
    exchange = paper_exchange(demo)
    disk = restored(exchange, file)
    disk.save(exchange, [])
    disk.close()
    other = tmp_path / "other.yaml"
    other.write_text(DEMO.read_text().replace("DOGEUSDT", "SOLUSDT"))
    with pytest.raises(UsageError, match="for DOGEUSDT, the profile wants SOLUSDT"):
        restored(paper_exchange(open_profile(other)), file)
