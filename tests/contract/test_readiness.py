"""Cards 50 to 59: what a venue finds out before the first order, each in one clear sentence."""

from __future__ import annotations

from typing import Any

import pytest

from gridhedge.domain.errors import Refused
from gridhedge.engine.ports import Check
from tests.contract.bench import SYMBOL, Bench


def failed(checks: list[Check]) -> dict[str, str]:
    return {check.name: check.text for check in checks if check.passed is False}


def test_card_50_a_ready_account_passes_every_line(bench: Bench) -> None:
    """Clock, key, withdrawal, account, wallet, hedge mode and fees are all answered; nothing is changed by asking."""
    bench.exchange.market(SYMBOL).leverage = 7
    checks = bench.venue.checks([SYMBOL])
    assert failed(checks) == {}
    names = [check.name for check in checks]
    for name in ("clock", "key", "withdrawal", "account", "wallet", f"{SYMBOL} hedge mode", f"{SYMBOL} fees"):
        assert name in names
    assert bench.exchange.market(SYMBOL).leverage == 7


FAULTS: list[tuple[str, dict[str, Any], str, str]] = [
    ("clock", {"seconds": 30.0}, "clock", "'s: set it by NTP"),
    ("clock", {"seconds": -30.0}, "clock", "'s: set it by NTP"),
    ("withdrawal_permission", {}, "withdrawal", "the key may withdraw: make one that can trade and nothing else"),
    ("read_only_key", {}, "key", "may not trade"),
]


@pytest.mark.parametrize(("kind", "how", "name", "sentence"), FAULTS, ids=[f"{kind} {how}" for kind, how, *_ in FAULTS])
def test_card_51_what_is_not_ready_is_one_line(
    bench: Bench, kind: str, how: dict[str, Any], name: str, sentence: str
) -> None:
    """The line names the remedy."""
    bench.fault(kind, **how)
    found = failed(bench.venue.checks([SYMBOL]))
    assert list(found) == [name]
    assert sentence.format(title=bench.title) in found[name]


def test_card_52_a_key_that_is_refused_is_one_line(bench: Bench) -> None:
    """The signature does not fit; the clock could still be compared."""
    checks = bench.stranger().checks([SYMBOL])
    assert [check.name for check in checks] == ["clock", "key"]
    assert "check the API secret" in failed(checks)["key"]


def test_card_53_an_expired_key_is_one_line(bench: Bench) -> None:
    """It says what to do."""
    bench.fault("expired_key")
    found = failed(bench.venue.checks([SYMBOL]))
    assert list(found) == ["key"]
    assert "make a new one" in found["key"]


def test_card_54_an_account_that_can_not_be_hedged_is_refused(bench: Bench) -> None:
    """One-way mode is a remark for the check, and an error for the start when it can not be left."""
    bench.fault("no_hedge_mode")
    (line,) = [check for check in bench.venue.checks([SYMBOL]) if check.name == f"{SYMBOL} hedge mode"]
    assert line.passed is None
    assert "one-way mode" in line.text
    with pytest.raises(Refused, match=r"DOGEUSDT can not be switched to hedge mode .* set hedge mode by hand"):
        bench.venue.prepare(SYMBOL, 10)


def test_card_55_a_demo_that_hides_its_fees_has_the_ordinary_ones(bench: Bench) -> None:
    """And a remark says so."""
    if not bench.hides_demo_fees:
        pytest.skip(f"{bench.title} tells the fees of its demo side")
    bench.fault("demo")
    (line,) = [check for check in bench.venue.checks([SYMBOL]) if check.name == f"{SYMBOL} fees"]
    assert line.passed is None
    assert "maker 0.0002, taker 0.00055: " in line.text
    assert "'s ordinary table, since the demo side does not tell" in line.text


def test_card_56_a_symbol_that_is_not_there_is_named(bench: Bench) -> None:
    """With what to do."""
    with pytest.raises(Refused, match="NOPEUSDT"):
        bench.venue.instrument("NOPEUSDT")


def test_card_57_a_venue_that_is_not_there_is_one_line(bench: Bench) -> None:
    """It can not be reached."""
    bench.close()
    found = failed(bench.venue.checks([SYMBOL]))
    assert list(found) == ["connection"]
    assert "can not be reached" in found["connection"]
