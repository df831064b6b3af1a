"""An exchange that outlives its process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal as D
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from paper_worlds import FEES, LONG, SHORT, START, Box, entry, exchange, executions, fundings, listing, script, toy

from gridhedge.domain.change import Cancel, Change
from gridhedge.domain.errors import DiskFailure, UsageError
from gridhedge.venue.paper.disk import PaperDisk
from gridhedge.venue.paper.exchange import Exchange
from gridhedge.venue.paper.funding import ConstantFunding
from gridhedge.venue.paper.market import Listing
from gridhedge.venue.paper.synthetic import SyntheticFeed
from gridhedge.venue.paper.venue import PaperVenue


def lively(liquidity: D | None = None) -> Exchange:
    """A seeded market with funding every minute."""
    feed = SyntheticFeed(3, START, D(100), D("0.5"), volatility_ppm=3000)
    return Exchange([Listing(toy(), FEES, feed, ConstantFunding(1, D("0.0005")))], D(5000), liquidity=liquidity)


OPEN: list[PaperDisk] = []


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    """Files left open by an exchange that was dropped in the middle of its life are closed after the test."""
    yield
    while OPEN:
        OPEN.pop().close()


def opened(path: Path, liquidity: D | None = None) -> PaperVenue:
    """A venue that goes on from the file."""
    disk, made = PaperDisk(path), lively(liquidity)
    OPEN.append(disk)
    disk.restore(made)
    venue = PaperVenue(made, disk=disk)
    venue.connect(["TOYUSDT"], Box())
    return venue


def act(venue: PaperVenue, step: int) -> None:
    """One tick of a simple bot: its requests depend on the state of the exchange only."""
    price = venue.market("TOYUSDT").bid
    changes: list[Change] = [
        entry(f"l{step}", LONG, str(price - 1), "3"),
        entry(f"s{step}", SHORT, str(price + 2), "3"),
        entry(f"t{step}", LONG, str(price + 2), "2", reduce_only=True),
        entry(f"x{step}", LONG, "0", "4", reduce_only=True, trigger_price=price - 3),
    ]
    venue.send(changes)
    working = venue.snapshot(["TOYUSDT"]).orders
    if len(working) > 12:
        venue.send([Cancel("TOYUSDT", working[0].client_id, working[0].venue_id, "test")])
    goal = venue.now() + 4000
    while venue.now() < goal:
        venue.wait(goal)


def state(venue: PaperVenue) -> tuple[object, ...]:
    """Everything that one can see of an exchange."""
    made = venue.exchange
    return (
        executions(made),
        fundings(made),
        venue.snapshot(["TOYUSDT"]),
        venue.history("TOYUSDT", 0),
        made.account.totals,
        made.market("TOYUSDT").feed.cursor(),
    )


@examples(max_examples=15)
@given(stops=st.sets(st.integers(1, 29), max_size=5), limited=st.booleans())
def test_restarts_change_nothing(tmp_path_factory: pytest.TempPathFactory, stops: set[int], limited: bool) -> None:
    """A run that is killed and restored between any two steps equals the uninterrupted run, fill by fill."""
    folder = tmp_path_factory.mktemp("paper")
    liquidity = D(2) if limited else None
    straight, broken = opened(folder / "a", liquidity), opened(folder / "b", liquidity)
    for step in range(30):
        if step in stops:
            broken = opened(folder / "b", liquidity)
        act(straight, step)
        act(broken, step)
        assert state(broken) == state(straight)
    assert len(executions(straight.exchange)) > 20
    assert len(fundings(straight.exchange)) > 0


def test_a_killed_process_loses_nothing(tmp_path: Path) -> None:
    """kill -9 in the middle of everything: whatever was answered is there, and the books add up."""
    script_text = (
        "import sys; from pathlib import Path; from test_disk import act, opened\n"
        "venue = opened(Path(sys.argv[1]))\n"
        "for step in range(10_000):\n"
        "    act(venue, step)\n"
        "    print(len(venue.exchange.account.bookings), flush=True)\n"
    )
    here = Path(__file__).parent
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(here), str(here.parents[2])])}
    with subprocess.Popen(
        [sys.executable, "-c", script_text, str(tmp_path / "x")], stdout=subprocess.PIPE, text=True, env=environment
    ) as child:
        assert child.stdout is not None
        seen = [int(child.stdout.readline()) for _ in range(12)]
        child.send_signal(signal.SIGKILL)
    back = opened(tmp_path / "x").exchange
    assert len(back.account.bookings) >= seen[-1] > 0
    fees = sum((made.fee for made in executions(back)), D(0))
    funding = sum((made.amount for made in fundings(back)), D(0))
    assert back.account.wallet == 5000 + back.account.realised - fees - funding


def test_used_ids_and_ended_orders_are_remembered(tmp_path: Path) -> None:
    """Duplicates are refused after a restart, and history answers."""
    venue = opened(tmp_path / "x")
    venue.send([entry("a", LONG, "90", "1"), entry("b", LONG, "90", "2")])
    venue.send([Cancel("TOYUSDT", "a", "", "test")])
    venue.close()
    again = opened(tmp_path / "x")
    assert "DUPLICATE_ID" in repr(again.send([entry("a", LONG, "90", "1")]))
    assert again.find_ended("TOYUSDT", "a") == venue.find_ended("TOYUSDT", "a")
    assert again.find_open("TOYUSDT", "b") == venue.find_open("TOYUSDT", "b")
    assert again.account() == venue.account()


def test_leverage_deposits_and_watches_survive(tmp_path: Path) -> None:
    """What is not an order or an execution is kept as well."""
    venue = opened(tmp_path / "x")
    venue.prepare("TOYUSDT", 33)
    venue.exchange.deposit(D(7))
    venue.watch("TOYUSDT", D(80), D(120))
    venue.close()
    market = opened(tmp_path / "x").exchange.market("TOYUSDT")
    assert (market.leverage, market.watch_below, market.watch_above) == (33, 80, 120)
    assert opened(tmp_path / "x").account().wallet_balance == 5007


def test_a_new_file_restores_nothing(tmp_path: Path) -> None:
    """The exchange stays as it was built."""
    made = exchange((0, "100"))
    OPEN.append(PaperDisk(tmp_path / "x"))
    assert OPEN[0].restore(made) is False
    assert made.account.wallet == 1000


def test_a_file_of_other_symbols_is_refused(tmp_path: Path) -> None:
    """With the two lists and what to do."""
    disk = PaperDisk(tmp_path / "x")
    OPEN.append(disk)
    disk.save(exchange((0, "100")), ())
    other = Exchange([listing(script((0, "100")), "AUSDT")], D(1))
    with pytest.raises(UsageError, match="exchange for TOYUSDT, the profile wants AUSDT: use the same symbols"):
        disk.restore(other)


def test_a_file_that_can_not_be_written_is_a_disk_failure(tmp_path: Path) -> None:
    """A folder in its place, and a file that is no database."""
    (tmp_path / "folder").mkdir()
    with pytest.raises(DiskFailure, match="can not be kept there"):
        PaperDisk(tmp_path / "folder")
    (tmp_path / "text").write_text("this is no database, whatever its name says " * 30)
    with pytest.raises(DiskFailure, match="can not be kept there"):
        PaperDisk(tmp_path / "text")


def test_liquidity_used_up_stays_used_up(tmp_path: Path) -> None:
    """2 trade per tick: what was taken before the restart is not there after it, until the price moves on."""
    venue = opened(tmp_path / "x", D(2))
    venue.wait(START + 1000)
    venue.send([entry("a", LONG, "0", "2", market=True)])
    again = opened(tmp_path / "x", D(2))
    again.send([entry("b", LONG, "0", "1", market=True)])
    again.wait(again.now())
    again.wait(START + 2000)
    again.send([entry("c", LONG, "0", "1", market=True)])
    assert [(made.client_id, made.quantity) for made in executions(again.exchange)] == [("a", 2), ("c", 1)]
