"""Cards 90 to 99: what a key may do, from the command line: ``check`` tells, ``run`` refuses, consent is journaled."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from gridhedge.domain.events import Event, RiskAccepted
from gridhedge.store.rows import open_reader
from tests.cli.shell import Done, gridhedge
from tests.contract.bench import BENCHES, Bench
from tests.contract.markets import BenchMarket
from tests.contract.test_trading import home, write_profile

__all__ = ["home"]
FLAG = "--i-accept-unrestricted-key"
UNBOUND = "key restrictions: the key works from every IP address; restrict it on {title}, or start with run " + FLAG
BOTH = (
    "key restrictions: the key may transfer and works from every IP address; restrict it on {title}, or start with run "
    + FLAG
)
WITHDRAWS = "withdrawal: the key may withdraw: make one that can trade and nothing else, and delete this one"
CASES: list[tuple[list[str], bool, bool, str]] = [
    # faults of the key (it is bound to no address), real money, the flag, and what is wrong
    ([], False, False, ""),
    ([], True, False, UNBOUND),
    ([], True, True, ""),
    (["transfer_permission"], False, False, ""),
    (["transfer_permission"], True, False, BOTH),
    (["transfer_permission"], True, True, ""),
    (["withdrawal_permission"], False, False, WITHDRAWS),
    (["withdrawal_permission"], False, True, WITHDRAWS),
    (["withdrawal_permission"], True, True, WITHDRAWS),
    (["withdrawal_permission", "transfer_permission"], True, False, f"{WITHDRAWS}; {BOTH}"),
    (["read_only_key"], True, True, "may not trade"),
    (["expired_key"], True, True, "{expired}"),
    (["expiring_key"], False, False, ""),
]


@pytest.fixture(params=list(BENCHES))
def market(home: Path, request: pytest.FixtureRequest) -> Iterator[Bench]:
    """The venues that are reached with keys."""
    bench = BENCHES[request.param]()
    write_profile(home, BenchMarket(bench, request.param.partition("-")[0]).settings)
    yield bench
    bench.close()


def run(home: Path, live: bool, flag: bool) -> Done:
    text = (home / "p.yaml").read_text()
    if live:
        text = text.replace("demo_trading: true", "demo_trading: false")
    (home / "live.yaml").write_text(text)
    more = [*(["--live"] if live else []), *([FLAG] if flag else [])]
    where = ("--profile", home / "live.yaml", "--data-dir", home / "data", "--ticks", "2", "--no-dashboard")
    return gridhedge("run", *where, *more)


def journal(home: Path) -> list[Event]:
    with open_reader(home / "data" / "001" / "ledger.sqlite3") as reader:
        return list(reader.events())


@pytest.mark.parametrize(("faults", "live", "flag", "wrong"), CASES, ids=[str(case[:3]) for case in CASES])
def test_card_90_run_refuses_a_key_that_may_do_too_much(
    home: Path, market: Bench, faults: list[str], live: bool, flag: bool, wrong: str
) -> None:
    """Withdrawal always; transfer and no addresses for real money, unless a person accepts it; nothing is sent."""
    for fault in faults:
        market.fault(fault)
    done = run(home, live, flag)
    if wrong:
        assert done.code == 3
        assert wrong.format(title=market.title, expired=market.expired) in done.err
        assert len(done.err.splitlines()) == 1
        assert market.exchange.account.open == {}
    else:
        assert (done.code, done.err) == (0, "")
        accepted = [event.text for event in journal(home) if isinstance(event, RiskAccepted)]
        assert len(accepted) == flag
        assert all(text.startswith(f"{FLAG}: the key ") for text in accepted)


def test_card_91_a_restart_reads_a_journal_with_an_acceptance(home: Path, market: Bench) -> None:
    """It is part of the story; the ledger's chain holds, reports and restarts go on."""
    for count in (1, 2):
        assert run(home, live=True, flag=True).code == 0
        assert sum(isinstance(event, RiskAccepted) for event in journal(home)) == count
    report = gridhedge("report", "--data-dir", home / "data", "--account", "001", "--json")
    assert report.code == 0
    assert json.loads(report.out)["total"]["fees"] != "0"


SHOWN: list[tuple[list[str], str]] = [
    (["clock"], "FAIL clock: this machine's clock is 3"),
    (["withdrawal_permission"], f"FAIL {WITHDRAWS}"),
    (["expired_key"], "FAIL key: {title} {expired}: "),
    (["expiring_key"], "note key expiry: the key expires in 2 days"),
    (["no_hedge_mode"], "note DOGEUSDT hedge mode: one-way mode: run switches it to hedge mode"),
]


@pytest.mark.parametrize(("faults", "line"), SHOWN, ids=[str(case[0]) for case in SHOWN])
def test_card_92_check_says_each_in_one_sentence(home: Path, market: Bench, faults: list[str], line: str) -> None:
    """A clock half a minute off, a key that may withdraw, that has expired or soon will, an account in one-way mode."""
    if faults == ["expiring_key"] and not market.tells_key_expiry:
        pytest.skip(f"{market.title} does not tell when a key will expire")
    line = line.format(title=market.title, expired=market.expired)
    for fault in faults:
        market.fault(fault, **({"seconds": 36.0} if fault == "clock" else {"seconds": 200_000.0}))
    done = gridhedge("check", "--profile", home / "p.yaml", "--data-dir", home / "data")
    assert done.code == (3 if line.startswith("FAIL") else 0)
    assert [shown for shown in done.out.splitlines() if shown.startswith(line)] != [], done.out


def test_card_93_a_wrong_key_and_a_wrong_secret_are_told_apart(home: Path, market: Bench) -> None:
    """Each with its remedy; neither is shown."""
    for key, secret, sentence in (
        ("another", "practice", "the key is not valid here"),
        ("practice", "wrong-secret", "the signature is wrong: check the API secret"),
    ):
        venue = market.title.upper()
        keys = {"KEY": key, "SECRET": secret, "PASSPHRASE": "practice"}
        (home / ".env").write_text("".join(f"001_{venue}_API_{part}={word}\n" for part, word in keys.items()))
        done = gridhedge("check", "--profile", home / "p.yaml", "--data-dir", home / "data")
        assert done.code == 3
        assert sentence in done.out
        assert "wrong-secret" not in done.out + done.err


def test_card_94_an_account_that_can_not_be_hedged_is_refused_by_run(home: Path, market: Bench) -> None:
    """In one sentence, before any order."""
    market.fault("no_hedge_mode")
    done = run(home, live=False, flag=False)
    assert done.code == 3
    assert "DOGEUSDT can not be switched to hedge mode" in done.err
    assert f"set hedge mode by hand on {market.title}" in done.err
    assert market.exchange.account.open == {}
