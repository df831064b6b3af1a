"""The whole engine on a terminal: every engine test of the contract that speaks of streams, in words of MT5."""

from __future__ import annotations

import time
from collections.abc import Iterator
from decimal import Decimal as D

import pytest

from gridhedge.domain.change import Place
from gridhedge.domain.values import Role, Side
from gridhedge.engine.ports import Outcome
from tests.contract.mt5_bench import Mt5Bench
from tests.contract.test_re_entry import STEP
from tests.contract.test_streams import Bot, handles


@pytest.fixture
def bench() -> Iterator[Mt5Bench]:
    bench = Mt5Bench()
    yield bench
    bench.close()


def settled(bot: Bot) -> bool:
    return {"LT00", "ST00"} <= set(bot.roles()) and not bot.loop.session.step()


def test_it_opens_averages_takes_profit_and_opens_anew(bench: Mt5Bench) -> None:
    """Down a level, up through the long's take-profit: each deal is counted once, and every ticket of a side carries
    the side's take-profit."""
    bot = Bot(bench)
    bench.move(D("0.19700"))
    bot.until(lambda: "LG02" in bot.roles() and settled(bot))
    bench.move(D("0.20600"))
    bot.until(lambda: bench.booked() > 6 and settled(bot))
    bot.assert_books_agree()
    tickets = list(bench.broker.books.tickets.values())
    for side in Side:
        assert len({ticket.tp for ticket in tickets if ticket.side is side}) == 1
    assert all(ticket.tp for ticket in tickets)


def test_nothing_is_sent_while_the_terminal_is_lost(bench: Mt5Bench) -> None:
    """The terminal has lost the broker: told once, loudly enough; prices go on and nothing is sent; when it is back
    everything that happened is found, and trading goes on."""
    bot = Bot(bench)
    bench.broker.faults.add("disconnected")
    bot.until(lambda: bot.is_down("terminal"))
    sent = bot.intended()
    bench.move(D("0.19700"))
    bot.ticks(5)
    assert bot.intended() == sent
    assert bot.ear.heard("terminal is down: the terminal has lost the broker") == 1
    bench.clear()
    bot.until(lambda: not bot.is_down("terminal") and bot.intended() > sent and settled(bot))
    bot.assert_books_agree()


def test_a_disabled_terminal_is_waited_for(bench: Mt5Bench) -> None:
    """The button Algo Trading is off: refusals are told with their reason, and it goes on once a person has pressed
    it."""
    bot = Bot(bench)
    bench.broker.faults.add("disabled")
    bench.move(D("0.19700"))
    bot.until(lambda: bot.ear.heard("AutoTrading disabled by client"))
    bench.clear()
    bot.until(lambda: "LG02" in bot.roles() and settled(bot))
    bot.assert_books_agree()


def test_a_new_bot_owns_the_same_tickets(bench: Mt5Bench) -> None:
    """Without any memory of its own, and of the adapter's: nothing is opened or closed anew."""
    bot = Bot(bench)
    tickets = set(bench.broker.books.tickets)
    pending = {order.comment for order in bench.broker.books.pending.values()}
    bot.loop.session.venue.close()
    bench.venue = bench.open("practice")
    again = Bot(bench)
    again.ticks(10)
    assert set(bench.broker.books.tickets) == tickets
    assert {order.comment for order in bench.broker.books.pending.values()} == pending
    again.assert_books_agree()


def test_a_re_entry_at_depth_eight_is_on_its_way_at_once(bench: Mt5Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Six orders that execute now and two limits leave in one pass, behind each other: a terminal has no batches."""
    bot = Bot(bench, initial_position_size_usd=D("0.5"), averaging_multiplier=D("1.5"), max_grid_levels_per_side=10)
    book, price, send = bot.loop.session.desks[0].book, D("0.2"), bench.venue.send
    calls: list[list[Place]] = []

    def noted(changes: list[Place]) -> list[Outcome]:
        calls.append([one for one in changes if isinstance(one, Place) and one.key.side is Side.LONG])
        return send(changes)

    monkeypatch.setattr(bench.venue, "send", noted)
    while book.short.started < 8:
        ended = book.long.cycle
        time.sleep(1.1 if book.short.started == 7 else 0)  # a new second of the order budget
        calls.clear()
        price = (price * STEP).quantize(D("0.00001"))
        bench.move(price)
        bot.until(
            lambda before=ended: book.long.cycle != before and "LT00" in bot.roles() and not bot.loop.session.step()
        )
    placed = next(call for call in calls if any(one.key.role is Role.OPENING for one in call))
    assert [one.key.level for one in placed][:8] == [0, 1, 2, 3, 4, 5, 6, 7]
    assert book.long.started == 6
    bot.assert_books_agree()


def test_lost_terminals_leave_nothing_open(bench: Mt5Bench) -> None:
    """However often the connection breaks: neither sockets nor threads pile up."""
    bot = Bot(bench)
    before = handles()
    for _ in range(5):
        bench.fault("refuse_sockets", seconds=0.3)
        bench.fault("drop")
        bot.until(lambda: bot.is_down("terminal"))
        bot.until(lambda: not bot.loop.session.disconnected)
    bot.until(lambda: all(now <= then for now, then in zip(handles(), before, strict=True)))
