"""What happens to an account's positions is told once, in order, whatever happens to the program."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridhedge.mirror.watch import Watch
from gridhedge.venue.mt5.terminal.structs import TradeDeal, TradePosition
from tests.practice.mt5.brokers import broker, deal, terminal

Open = Callable[[], Watch]


def opener(folder: Path) -> Open:
    def plain(name: str) -> str | None:
        return name if name == "EURUSD" else None

    return lambda: Watch(folder / "client.sqlite3", 501234, plain, lambda name: D(100_000), lambda: 7)


class Account:
    """A watch over a simulated account, which can be closed and opened again."""

    def __init__(self, folder: Path) -> None:
        self._open = opener(folder)
        self.mt5 = terminal(broker())
        self.watch = self._open()
        self.watch.begin(self.mt5.positions_get() or (), self.deals())

    def deals(self) -> tuple[TradeDeal, ...]:
        return self.mt5.history_deals_get(0, 2**33) or ()

    def look(self) -> None:
        mt5 = self.mt5
        self.watch.look(mt5.positions_get() or (), lambda position: mt5.history_deals_get(position=position) or ())

    def restart(self) -> None:
        self.watch.close()
        self.watch = self._open()

    def outbox(self) -> list[tuple[str, int, str]]:
        """Path, ticket and volume of everything told so far."""
        rows = self.watch.tables.execute("SELECT path, message FROM outbox ORDER BY number")
        told = [(path.strip("/").removesuffix("_position"), json.loads(message)) for path, message in rows]
        return [(path, message["ticket"], message.get("volume", "")) for path, message in told]


@pytest.fixture
def account(tmp_path: Path) -> Any:
    account = Account(tmp_path)
    yield account
    account.watch.close()


def test_an_opening_a_cut_and_a_close_are_told_once_each(account: Account) -> None:
    """However often one looks, and over restarts."""
    ticket = deal(account.mt5, 0).order
    for closed in (0.0, 0.04, 0.06):
        if closed:
            deal(account.mt5, 1, closed, position=ticket)
        account.look()
        account.restart()
        account.look()
    assert account.outbox() == [("new", ticket, "0.1"), ("changed", ticket, "0.06"), ("closed", ticket, "")]


def test_the_message_of_a_new_position_has_all_facts(account: Account) -> None:
    """Plain symbol, side, exact numbers, and the time in UTC: this server's clock is two hours ahead."""
    account.watch.keep_offset(7200)
    result = deal(account.mt5, 1, 0.05)
    account.look()
    (held,) = account.mt5.positions_get() or ()
    (text,) = account.watch.tables.execute("SELECT message FROM outbox").fetchone()
    message = json.loads(text)
    opened = message.pop("opened_at")
    assert message == {
        "account": 501234, "ticket": result.order, "symbol": "EURUSD", "side": "sell", "volume": "0.05",
        "price": "1.1", "contract_size": "100000",
    }  # fmt: skip
    assert datetime.fromisoformat(opened).timestamp() * 1000 == pytest.approx(held.time_msc - 7_200_000)
    account.restart()
    assert account.watch.offset_s == 7200


def test_positions_from_before_are_known_and_never_told(tmp_path: Path) -> None:
    """Neither they nor their close; what opens later is."""
    house = broker()
    mt5 = terminal(house)
    old = deal(mt5, 0).order
    watch = opener(tmp_path)()
    assert watch.begin(mt5.positions_get() or (), mt5.history_deals_get(0, 2**33) or ()) == 1
    new = deal(mt5, 0).order
    deal(mt5, 1, position=old)
    watch.look(mt5.positions_get() or (), lambda position: ())
    assert [json.loads(row[0])["ticket"] for row in watch.tables.execute("SELECT message FROM outbox")] == [new]
    watch.close()


def test_other_symbols_are_not_watched(account: Account) -> None:
    """As if they were not there."""
    stranger = TradePosition(ticket=5, identifier=5, volume=0.1, symbol="GBPUSD")
    assert account.watch.look([stranger], lambda position: ()) == []


def test_what_opened_and_closed_between_two_looks_is_told_from_the_deals(account: Account) -> None:
    """Once; a position that is open but not listed yet is left for the next look."""
    gone = deal(account.mt5, 0).order
    deal(account.mt5, 1, position=gone)
    open_ = deal(account.mt5, 1).order
    for _ in range(2):
        account.watch.look_back(account.deals())
    assert account.outbox() == [("new", gone, "0.1"), ("closed", gone, "")]
    account.look()
    account.watch.look_back(account.deals())
    later = deal(account.mt5, 0).order
    deal(account.mt5, 1, position=later)
    account.restart()
    account.watch.look_back(account.deals())
    assert account.outbox()[2:] == [("new", open_, "0.1"), ("new", later, "0.1"), ("closed", later, "")]


def test_a_netting_account_s_position_is_told_in_parts(tmp_path: Path) -> None:
    """The ticket stays 50 while the position grows, shrinks and turns round: each part has a ticket of its own."""
    watch = opener(tmp_path)()
    watch.begin((), ())
    deals: list[TradeDeal] = []

    def state(kind: int, volume: float, order: int, entry: int) -> None:
        deals.append(
            TradeDeal(
                ticket=order + 1000, order=order, entry=entry, position_id=50, volume=volume, price=1.1,
                symbol="EURUSD", type=kind,
            )
        )  # fmt: skip
        held = TradePosition(ticket=50, identifier=50, type=kind, volume=volume, price_open=1.1, symbol="EURUSD")
        watch.look([held], lambda position: deals)

    state(0, 0.1, 50, 0)
    state(0, 0.3, 51, 0)
    state(0, 0.15, 52, 1)
    state(1, 0.2, 53, 2)
    watch.look([], lambda position: deals)
    rows = watch.tables.execute("SELECT path, message FROM outbox ORDER BY number")
    told = [(path, json.loads(text)) for path, text in rows]
    assert [(path, message["ticket"], message.get("side"), message.get("volume")) for path, message in told] == [
        ("/new_position/", 50, "buy", "0.1"),
        ("/new_position/", 51, "buy", "0.2"),
        ("/changed_position/", 51, None, "0.05"),
        ("/closed_position/", 51, None, None),
        ("/closed_position/", 50, None, None),
        ("/new_position/", 53, "sell", "0.2"),
        ("/closed_position/", 53, None, None),
    ]  # fmt: skip
    watch.close()


@settings(max_examples=30)
@given(st.lists(st.sampled_from(["buy", "sell", "cut", "close", "look", "back", "restart"]), max_size=25))
def test_what_was_told_adds_up_to_what_is_open(tmp_path_factory: Any, steps: list[str]) -> None:
    """Whatever happens between the looks: the messages, folded, are the account's open positions."""
    account = Account(tmp_path_factory.mktemp("watch"))
    mt5 = account.mt5
    for step in steps:
        held = mt5.positions_get() or ()
        if step in ("buy", "sell"):
            deal(mt5, int(step == "sell"), 0.03)
        elif step in ("cut", "close") and held:
            volume = held[0].volume if step == "close" or held[0].volume < 0.02 else 0.01
            deal(mt5, 1 - held[0].type, volume, position=held[0].ticket)
        elif step == "look":
            account.look()
        elif step == "back":
            account.watch.look_back(account.deals())
        elif step == "restart":
            account.restart()
    account.look()
    account.watch.look_back(account.deals())
    folded: dict[int, str] = {}
    opened: list[int] = []
    for path, ticket, volume in account.outbox():
        if path == "new":
            opened.append(ticket)
        if path == "closed":
            del folded[ticket]
        else:
            folded[ticket] = volume
    assert {ticket: float(volume) for ticket, volume in folded.items()} == {
        held.ticket: held.volume for held in mt5.positions_get() or ()
    }
    assert len(opened) == len(set(opened)) == sum(one.entry == 0 and one.type < 2 for one in account.deals())
    account.watch.close()
