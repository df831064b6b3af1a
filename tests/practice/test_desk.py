"""One account: what it tells, and what it keeps."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal as D
from pathlib import Path

from gridhedge.domain.order import Reject
from gridhedge.domain.values import Side
from gridhedge.practice.books import Entry
from gridhedge.practice.desk import Desk, Happening
from gridhedge.venue.paper.exchange import Exchange
from gridhedge.venue.paper.feed import ScriptedFeed
from gridhedge.venue.paper.instruments import fees, instrument
from gridhedge.venue.paper.market import Listing
from gridhedge.venue.paper.matching import Cause
from gridhedge.venue.paper.orders import PaperOrder

LONG = Side.LONG


class Words:
    """Says the least."""

    def changed(self, desk: Desk, order: PaperOrder, cause: Cause) -> list[Happening]:
        parts = desk.books.of("P1")
        item = {"order": order.number, "state": order.state.value, "filled": order.filled, "parts": parts}
        return [Happening("order", item)]

    def executed(self, desk: Desk, entry: Entry, order: PaperOrder | None) -> list[Happening]:
        told = [] if order is None else self.changed(desk, order, "filled")
        return [*told, *self.funded(desk, entry)]

    def funded(self, desk: Desk, entry: Entry) -> list[Happening]:
        return [Happening("execution", {"entry": entry.number})]

    def settled(self, desk: Desk, symbols: Sequence[str]) -> list[Happening]:
        legs = [Happening("position", {"long": desk.exchange.market(symbol).long.quantity}) for symbol in symbols]
        return [*legs, Happening("wallet", {"wallet": desk.exchange.account.wallet})]


def exchange() -> Exchange:
    listing = Listing(instrument("bybit", "DOGEUSDT"), fees("bybit", "DOGEUSDT"), ScriptedFeed([(1000, D("0.2"))]))
    return Exchange([listing], D(100))


def opened(folder: Path | None = None) -> Desk:
    return Desk("practice", "practice", exchange(), Words(), folder)


def buy(desk: Desk, name: str = "", quantity: str = "100") -> PaperOrder:
    return desk.exchange.place("DOGEUSDT", name, LONG, False, D(0), D(quantity), market=True)


def test_a_market_order_is_told_as_placed_then_filled_with_its_execution_booked() -> None:
    """New, then filled; when the fill is told the execution is in the books already. The rest is told once."""
    desk = opened()
    buy(desk)
    told = desk.take_told()
    assert [happening.topic for happening in told] == ["order", "order", "execution", "position", "wallet"]
    assert [(item.item["state"], item.item["filled"], len(item.item["parts"])) for item in told[:2]] == [
        ("working", D(0), 0),
        ("filled", D(100), 1),
    ]
    assert told[3].item == {"long": D(100)}
    assert told[4].item == {"wallet": D("99.98899945")}  # 100 - 100 x 0.20001 x 0.00055
    assert desk.take_told() == []


def test_an_order_that_never_reaches_the_market_is_told_and_kept(tmp_path: Path) -> None:
    """Placed and cancelled in one moment; its client id is used up, also after a restart."""
    desk = opened(tmp_path)
    order = PaperOrder(1, "DOGEUSDT", "x1", LONG, False, D("0.3"), D(100), 1000)
    order.reason = Reject.WOULD_TAKE
    desk.enter_cancelled(order)
    desk.save()
    assert [happening.item["state"] for happening in desk.take_told()[:2]] == ["working", "cancelled"]
    again = opened(tmp_path)
    found = again.find("", "x1")
    assert found is not None
    assert (found.reason, found.number, again.exchange.orders) == (Reject.WOULD_TAKE, 1, 1)


def test_everything_is_there_after_a_kill(tmp_path: Path) -> None:
    """Without closing: orders, books, notes, settings and deposits of the last save."""
    desk = opened(tmp_path)
    desk.set(hedged=False)
    desk.deposit(D(50))
    desk.note_order(timeInForce="PostOnly")
    desk.exchange.place("DOGEUSDT", "a1", LONG, False, D("0.1"), D(100))
    buy(desk, "a2")
    desk.save()
    again = opened(tmp_path)
    assert again.settings["hedged"] is False
    assert again.order_notes[1]["timeInForce"] == "PostOnly"
    assert [order.client_id for order in again.orders()] == ["a2", "a1"]
    assert again.books.balance == again.exchange.account.wallet == desk.exchange.account.wallet
    assert again.books.entries == desk.books.entries
    assert list(again.recent) == []


def test_notes_of_an_order_that_was_refused_are_overwritten_by_the_next() -> None:
    """A number belongs to the order that gets it."""
    desk = opened()
    desk.note_order(timeInForce="GTC")
    desk.note_order(timeInForce="IOC")
    buy(desk)
    assert desk.order_notes == {1: {"order": 1, "timeInForce": "IOC"}}


def test_files_of_an_account_are_for_their_owner_only(tmp_path: Path) -> None:
    """Mode 0600."""
    desk = opened(tmp_path)
    desk.set(hedged=True)
    desk.close()
    assert {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {
        "exchange.sqlite3": 0o600,
        "notes.jsonl": 0o600,
    }


def test_accounts_are_told_apart_by_their_numbers(tmp_path: Path) -> None:
    """Eight digits of the key alone: another account has others, the same one has the same after a restart."""
    numbers = [Desk(key, "secret", exchange(), Words(), None).uid for key in ("practice", "anna", "bert")]
    assert len(set(numbers)) == 3
    assert all(10_000_000 <= number <= 99_999_999 for number in numbers)
    assert opened(tmp_path).uid == opened(tmp_path).uid == numbers[0]
