"""Hedges are opened when they are due, exactly once, and followed to their end."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest

from gridhedge.mirror.book import Book
from gridhedge.mirror.hedger import MAGIC, Hedger, Rules
from gridhedge.mirror.journal import Journal
from gridhedge.practice.mt5.specs import forex
from tests.mirror.accounts import Clock, desk
from tests.mirror.centers import position
from tests.practice.mt5.brokers import broker, deal, terminal

ACCOUNT = 501234


class House:
    """A hedge account, the center's book beside it, and the program between them."""

    def __init__(self, folder: Path, rules: Rules | None = None, name: str = "EURUSD") -> None:
        self.folder, self.rules = folder, rules or Rules(fence_ms=5_000)
        self.clock = Clock()
        self.broker = broker(forex("EURUSD", name))
        self.hand = terminal(self.broker)
        self.name = name
        self.book = Book(folder / "center.sqlite3", self.clock)
        self.said: list[str] = []
        self.up = True
        self.start()

    def start(self) -> None:
        style = self.name.replace("EURUSD", "*")
        self.journal = Journal(self.folder / "broker.sqlite3", self.clock())
        self.hedger = Hedger(
            desk(self.broker, style=style), self.journal, self.rules, self._fetch, self.clock, self.said.append
        )

    def restart(self) -> None:
        """As after kill -9."""
        self.journal.close()
        self.start()

    def close(self) -> None:
        self.journal.close()
        self.book.close()

    def _fetch(self) -> list[Mapping[str, Any]] | None:
        return [row.whole() for row in self.book.rows("live")] if self.up else None

    def step(self, times: int = 1, ms: int = 50) -> None:
        """Steps with the outbox delivered after each."""
        for _ in range(times):
            self.hedger.step(synchronise=True)
            self.deliver()
            self.clock.at += ms

    def deliver(self) -> None:
        tables = self.journal.tables
        for path, text in tables.execute("SELECT path, message FROM outbox ORDER BY number").fetchall():
            told = json.loads(text)
            if path == "/hedged_position/":
                volume, price = D(told["volume"]), D(told["price"])
                self.book.hedge(told["id"], told["hedge_account"], told["hedge_ticket"], volume, price)
            elif path == "/closed_hedge/":
                self.book.close_hedge(told["id"], told["reason"])
            elif path == "/changed_hedge/":
                self.book.change_hedge(told["id"], D(told["volume"]))
            else:
                self.book.refuse(told["id"], told["reason"])
        tables.execute("DELETE FROM outbox")

    def signal(self) -> None:
        """A position of the hedge account opens and, a look later, closes."""
        ticket = deal(self.hand, 0, symbol=self.name).order
        self.step()
        deal(self.hand, 1, symbol=self.name, position=ticket)

    def hedges(self) -> list[tuple[str, int, float]]:
        """Comment, type and volume of the open hedges."""
        held = self.hand.positions_get() or ()
        return [(one.comment, one.type, one.volume) for one in held if one.magic >= MAGIC]

    def ever(self) -> int:
        """How many hedges were opened ever."""
        return sum(one.entry == 0 and one.magic >= MAGIC for one in self.hand.history_deals_get(0, 2**33) or ())

    def status(self) -> list[str]:
        return [row.status for row in self.book.rows("all")]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.close()


def test_a_close_opens_all_pending_hedges_the_other_way_round(house: House) -> None:
    """Nothing before; then once each, with account and ticket in the comment, and the book knows."""
    house.book.add(position(1))
    house.book.add(position(2, side="sell", volume=D("0.30")))
    house.step(3)
    assert house.hedges() == []
    house.signal()
    house.step(5)
    assert sorted(house.hedges()) == [(f"gh {ACCOUNT} 1", 1, 0.1), (f"gh {ACCOUNT} 2", 0, 0.3)]
    assert house.status() == ["hedged", "hedged"]
    assert house.ever() == 2
    house.book.add(position(3))
    house.step(5)
    assert house.status()[-1] == "pending"


def test_a_close_while_nobody_looked_counts(house: House) -> None:
    """The program was down; also one that was opened and closed in between."""
    ticket = deal(house.hand, 0).order
    house.step(2)
    house.book.add(position(1))
    deal(house.hand, 1, position=ticket)
    house.restart()
    house.step(3)
    assert house.status() == ["hedged"]
    house.book.add(position(2))
    quick = deal(house.hand, 0).order
    deal(house.hand, 1, position=quick)
    house.restart()
    house.clock.at += 2_000
    house.step(3)
    assert house.status() == ["hedged", "hedged"]


def test_a_close_is_answered_when_the_center_is_back(house: House) -> None:
    """Also over a restart: the trigger is on disk."""
    house.book.add(position(1))
    house.up = False
    house.signal()
    house.step(3)
    house.restart()
    house.step(3)
    assert house.hedges() == []
    house.up = True
    house.step(2)
    assert house.status() == ["hedged"]


def test_at_the_start_only_if_wished(tmp_path: Path) -> None:
    """``--hedge-on-start``: what is pending already."""
    house = House(tmp_path, Rules(on_start=True))
    house.book.add(position(1))
    house.step(2)
    assert house.status() == ["hedged"]
    house.close()


@pytest.mark.parametrize("fault", ["lost_after", "timeout"])
def test_an_order_whose_answer_was_lost_is_found_and_not_sent_again(house: House, fault: str) -> None:
    """By its magic number and comment."""
    house.book.add(position(1))
    house.signal()
    house.broker.faults.add(fault, executed=True)
    house.step(1)
    assert any("looking for it" in text for text in house.said)
    house.clock.at += 1_000
    house.step(2)
    assert (house.status(), house.ever()) == (["hedged"], 1)


def test_an_order_that_never_arrived_is_sent_again_after_the_fence(house: House) -> None:
    """Not before: five seconds here, and two looks at least a second apart."""
    house.book.add(position(1))
    house.signal()
    house.broker.faults.add("lost_before")
    house.step(1)
    house.step(4, ms=1_000)
    assert house.ever() == 0
    house.step(5, ms=1_000)
    assert (house.status(), house.ever()) == (["hedged"], 1)
    assert any("was never carried out" in text for text in house.said)


def test_a_kill_between_order_and_acknowledgement_makes_no_second_hedge(house: House) -> None:
    """The intent is in the journal, the order is in the terminal's books."""
    house.book.add(position(1))
    house.signal()
    house.broker.faults.add("lost_after")
    house.hedger.step(True)
    house.journal.tables.execute("DELETE FROM outbox")
    house.restart()
    house.step(4, ms=1_000)
    assert (house.status(), house.ever()) == (["hedged"], 1)


def test_a_lost_journal_makes_no_second_hedge(house: House) -> None:
    """What the book or the terminal knows is adopted."""
    house.book.add(position(1))
    house.book.add(position(2))
    house.signal()
    house.hedger.step(True)
    house.deliver()
    house.journal.close()
    for file in house.folder.glob("broker.sqlite3*"):
        file.unlink()
    house.start()
    house.step(2)
    house.signal()
    house.step(3)
    assert (house.ever(), house.status()) == (2, ["hedged", "hedged"])


def test_comments_that_the_broker_rewrites_do_not_matter(house: House) -> None:
    """The magic number stays."""
    house.book.add(position(1))
    house.signal()
    house.broker.faults.add("comments")
    house.broker.faults.add("lost_after")
    house.step(3, ms=1_100)
    assert (house.status(), house.ever()) == (["hedged"], 1)


def test_a_refusal_is_shown_and_tried_again(house: House) -> None:
    """The market is closed; then it is open."""
    house.book.add(position(1))
    house.signal()
    house.broker.faults.add("closed")
    house.step(2)
    (row,) = house.book.rows()
    assert "10018" in row.reason
    house.broker.faults.clear()
    house.step(3, ms=2_000)
    assert (house.status(), house.ever()) == (["hedged"], 1)


def test_requotes_and_fillings_are_overcome_at_once(house: House) -> None:
    """Two requotes, then one refused filling."""
    house.book.add(position(1))
    house.signal()
    house.broker.faults.add("requote", times=2)
    house.broker.faults.add("refusal", code=10030)
    house.step(1)
    assert (house.status(), house.ever()) == (["hedged"], 1)


def test_when_the_position_closes_its_hedge_is_closed(house: House) -> None:
    """Also where the server's answer to that is lost."""
    house.book.add(position(1))
    house.signal()
    house.step(2)
    house.book.close_position(ACCOUNT, 1)
    house.broker.faults.add("lost_before")
    house.step(6, ms=1_000)
    assert (house.hedges(), house.status()) == ([], ["closed"])


def test_a_hedge_may_be_kept(tmp_path: Path) -> None:
    """``--keep-hedge``."""
    house = House(tmp_path, Rules(keep_hedge=True))
    house.book.add(position(1))
    house.signal()
    house.step(2)
    house.book.close_position(ACCOUNT, 1)
    house.step(3)
    assert len(house.hedges()) == 1
    assert house.status() == ["closed"]
    assert house.book.rows("all")[0].reason == "kept: its position is closed"
    house.close()


def test_a_position_that_closes_while_its_hedge_is_due_gets_none(house: House) -> None:
    """Wanted, but the market was closed until then."""
    house.book.add(position(1))
    house.signal()
    house.broker.faults.add("closed")
    house.step(1)
    house.book.close_position(ACCOUNT, 1)
    house.broker.faults.clear()
    house.step(4, ms=2_000)
    assert (house.ever(), house.status()) == (0, ["closed"])


def test_partial_closes_are_followed_on_both_sides(house: House) -> None:
    """The client cuts: so is the hedge. A hand cuts the hedge: that is told, and nothing is opened for it."""
    house.book.add(position(1))
    house.signal()
    house.step(2)
    house.book.change(ACCOUNT, 1, D("0.06"))
    house.step(3, ms=200)
    assert [volume for *_, volume in house.hedges()] == [0.06]
    (held,) = [one for one in house.hand.positions_get() or () if one.magic >= MAGIC]
    deal(house.hand, 0, 0.02, position=held.ticket)
    house.step(3, ms=200)
    assert [volume for *_, volume in house.hedges()] == [0.04]
    assert D(house.book.rows("hedged")[0].hedge_volume) == D("0.04")


def test_a_hedge_closed_by_hand_is_told_and_not_opened_again(house: House) -> None:
    """The close is a signal for the others."""
    house.book.add(position(1))
    house.signal()
    house.step(2)
    house.book.add(position(2))
    (held,) = [one for one in house.hand.positions_get() or () if one.magic >= MAGIC]
    deal(house.hand, 0, position=held.ticket)
    house.step(4, ms=200)
    assert house.status() == ["unhedged", "hedged"]


def test_a_hedge_that_is_listed_late_is_not_taken_for_closed(house: House) -> None:
    """Its deals say that it is open."""
    house.book.add(position(1))
    house.signal()
    house.broker.faults.add("slow_list", calls=6)
    house.step(8, ms=200)
    assert (house.status(), house.ever()) == (["hedged"], 1)


@pytest.mark.parametrize(
    ("rules", "volume", "contract", "expected"),
    [
        (Rules(ratio=D("0.5")), "0.30", 0, 0.15),
        (Rules(ratio=D("0.333")), "0.10", 0, 0.03),
        (Rules(max_volume=D("0.2")), "5", 0, 0.2),
        (Rules(), "0.10", 10_000, 0.01),
    ],
    ids=["half", "floored to the step", "capped", "smaller contracts at the client"],
)
def test_volumes_are_scaled_to_the_hedge_broker(
    tmp_path: Path, rules: Rules, volume: str, contract: int, expected: float
) -> None:
    """Never rounded up."""
    house = House(tmp_path, rules)
    house.book.add(position(1, volume=D(volume), contract_size=D(contract)))
    house.signal()
    house.step(2)
    assert [found for *_, found in house.hedges()] == [expected]
    house.close()


def test_what_can_not_be_hedged_is_said_and_stays_pending(house: House) -> None:
    """Too small, too large, or a symbol that this broker has not."""
    house.book.add(position(1, volume=D("0.001")))
    house.book.add(position(2, volume=D("500")))
    house.book.add(position(3, symbol="USDJPY"))
    house.signal()
    house.step(3)
    reasons = [row.reason for row in house.book.rows()]
    assert "below the minimum 0.01" in reasons[0]
    assert "above the maximum 100.0 of EURUSD: set --max-volume" in reasons[1]
    assert "has no symbol USDJPY" in reasons[2]


def test_direction_and_names_are_the_broker_s(tmp_path: Path) -> None:
    """``--direction same`` at a broker that writes EURUSD.r."""
    house = House(tmp_path, Rules(same_direction=True), "EURUSD.r")
    house.book.add(position(1))
    house.signal()
    house.step(2)
    assert house.hedges() == [(f"gh {ACCOUNT} 1", 0, 0.1)]
    house.close()
