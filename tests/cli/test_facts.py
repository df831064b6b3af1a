"""What is known of a symbol without keys: the venue's own word first, else the shipped table."""

from __future__ import annotations

from decimal import Decimal as D
from pathlib import Path

import pytest

from gridhedge.cli.facts import facts_of
from gridhedge.cli.profiles import open_profile
from gridhedge.domain.errors import UsageError
from gridhedge.domain.instrument import Fees
from gridhedge.venue.paper.instruments import instrument
from tests.cli.shell import DEMO, bybit_profile
from tests.practice.bybit.venues import serving

NOBODY = "http://127.0.0.1:9"


def test_a_venue_that_answers_is_believed(tmp_path: Path) -> None:
    """Rules, tiers and price from the exchange behind the endpoint, with neither keys nor .env."""
    with serving() as practice:
        told = facts_of(open_profile(bybit_profile(tmp_path / "p.yaml", practice.url)))["DOGEUSDT"]
    assert (told.last, told.fees) == (D("0.2"), Fees(D("0.0002"), D("0.00055")))
    assert (told.instrument.tick_size, told.instrument.max_leverage) == (D("0.00001"), 75)
    assert [tier.max_notional for tier in told.instrument.tiers[:2]] == [D(200_000), D(375_000)]
    assert told.source == "rules and tiers as bybit tells them now; fees of an ordinary account"


def test_else_the_shipped_table_counts_and_that_is_said(tmp_path: Path) -> None:
    """No price is made up."""
    told = facts_of(open_profile(bybit_profile(tmp_path / "p.yaml", NOBODY)))["DOGEUSDT"]
    assert (told.instrument, told.last) == (instrument("bybit", "DOGEUSDT"), None)
    assert told.source.startswith("bybit did not tell (Bybit can not be reached")
    assert told.source.endswith("rules, tiers and fees are those recorded in 2025")


def test_a_symbol_that_nobody_knows_is_one_sentence(tmp_path: Path) -> None:
    """Neither the venue nor the table: the sentence says both."""
    profile = open_profile(bybit_profile(tmp_path / "p.yaml", NOBODY, symbol="PEPEUSDT"))
    with pytest.raises(UsageError, match=r"^bybit did not tell \(.*\), and there is no paper instrument 'PEPEUSDT'"):
        facts_of(profile)


def test_without_the_client_library_the_shipped_table_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``plan`` works on a machine that has never installed pybit."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    told = facts_of(open_profile(bybit_profile(tmp_path / "p.yaml", NOBODY)))["DOGEUSDT"]
    assert "venue bybit needs pybit; install it with: pip install 'gridhedge[bybit]'" in told.source


def test_a_paper_profile_says_it_all_itself() -> None:
    """The demo's own price and Bybit's rules; nothing to remark."""
    told = facts_of(open_profile(DEMO))["DOGEUSDT"]
    assert (told.last, told.source) == (D("0.19933"), "")
