"""What a terminal's account tells before the first order, each in one clear sentence."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal as D

import pytest

from gridhedge.engine.ports import Check
from gridhedge.venue.mt5.reads import Reads
from gridhedge.venue.mt5.terminal.connect import Access
from gridhedge.venue.mt5.terminal.names import SymbolNames
from gridhedge.venue.mt5.venue import Commission, Mt5Venue
from tests.contract.bench import SYMBOL
from tests.contract.mt5_bench import LOGIN, Mt5Bench


@pytest.fixture
def bench() -> Iterator[Mt5Bench]:
    bench = Mt5Bench()
    yield bench
    bench.close()


def failed(checks: list[Check]) -> dict[str, str]:
    return {check.name: check.text for check in checks if check.passed is False}


def venue(bench: Mt5Bench, *, demo: bool = True, commission: str = "0", style: str = ".c") -> Mt5Venue:
    access = Access(bench.bridge.url, LOGIN.login, LOGIN.password, LOGIN.server)
    reads = Reads(bench._terminal(), access, SymbolNames(style))
    return Mt5Venue(reads, "bench", demo=demo, commission=Commission(D(0), D(commission)))


def test_a_ready_account_passes_every_line(bench: Mt5Bench) -> None:
    """Terminal, kind, account, wallet, leverage, symbol, clock and fees are answered; that a password can not withdraw
    is said as what nobody can verify; nothing is changed by asking."""
    lines = bench.venue.checks([SYMBOL])
    assert [(line.name, line.passed) for line in lines] == [
        ("terminal", True), ("account kind", True), ("account", True), ("withdrawal", None), ("wallet", True),
        ("leverage", True), (SYMBOL, True), ("clock", True), (f"{SYMBOL} fees", True),
    ]  # fmt: skip
    told = {line.name: line.text for line in lines}
    assert told["account"] == "hedging account 501234 at Practice-Demo; may trade"
    assert told[SYMBOL] == "DOGEUSDT.c: spread 1 points, at least 1 DOGE, stops level 0 points"
    assert told[f"{SYMBOL} fees"] == "commission 0.00055 of turnover"
    assert bench.broker.books.tickets == bench.broker.books.pending == {}


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("netting", "is a netting account, where a sell closes a buy: open a hedging account at the broker"),
        ("fifo", "must close its oldest position first (FIFO): a grid can not"),
        ("investor", "this password can only look (investor password): use the master password"),
        ("account_disabled", "the broker does not let programs trade on this account: ask them"),
        ("disabled", "the button Algo Trading is off in the terminal: press it"),
        ("api_disabled", "trading through Python is switched off: Tools, Options, Expert Advisors"),
        ("disconnected", "the terminal has no connection to the broker: look at its lower right corner"),
    ],
)
def test_what_is_not_ready_is_one_line(bench: Mt5Bench, fault: str, sentence: str) -> None:
    """The line names the remedy, and is the only one that fails."""
    bench.broker.faults.add(fault)
    found = failed(bench.venue.checks([SYMBOL]))
    assert list(found) == ["account"]
    assert sentence in found["account"]


def test_a_terminal_that_is_closed_is_one_line(bench: Mt5Bench) -> None:
    """It can not be reached."""
    bench.broker.faults.add("no_terminal")
    found = failed(bench.venue.checks([SYMBOL]))
    assert list(found) == ["connection"]
    assert "can not be reached" in found["connection"]


def test_a_password_that_is_refused_is_one_line(bench: Mt5Bench) -> None:
    """It says what to look at, and does not show the password."""
    found = failed(bench.stranger().checks([SYMBOL]))
    assert list(found) == ["connection"]
    assert "account 501234 is not let in at Practice-Demo" in found["connection"]
    assert "check login, password and server" in found["connection"]
    assert "another" not in found["connection"]


@pytest.mark.parametrize("demo", [True, False])
def test_real_money_and_demo_are_never_taken_for_each_other(bench: Mt5Bench, demo: bool) -> None:
    """The account tells which it is; the profile must say the same."""
    found = failed(venue(bench, demo=demo).checks([SYMBOL]))
    expected = "a demo account, but the profile says demo_trading: false: correct one of them"
    assert found == ({} if demo else {"account kind": expected})


def test_a_commission_that_nobody_has_said_is_a_remark(bench: Mt5Bench) -> None:
    """A terminal tells it with the first deal only."""
    (line,) = [line for line in venue(bench).checks([SYMBOL]) if line.name == f"{SYMBOL} fees"]
    assert line.passed is None
    assert line.text == "commission 0 of turnover; say commission_per_lot or commission_percent if there is one"


def test_a_symbol_that_the_broker_writes_otherwise_is_named(bench: Mt5Bench) -> None:
    """With what to correct."""
    found = failed(venue(bench, style=".pro").checks([SYMBOL]))
    assert found == {"symbol": "this broker has no symbol DOGEUSDT.pro: correct DOGEUSDT, or venue.symbol_name"}
