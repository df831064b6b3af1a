"""The whole engine on a terminal: every engine test of the contract that speaks of streams, in words of MT5."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from decimal import Decimal as D
from pathlib import Path

import pytest

from gridhedge.domain.change import Place
from gridhedge.domain.events import Execution
from gridhedge.domain.values import Role, Side
from gridhedge.engine.ports import Outcome
from tests.contract.bench import SYMBOL
from tests.contract.mt5_bench import LACKS, Mt5Bench
from tests.contract.test_re_entry import STEP
from tests.contract.test_streams import Bot, handles


@pytest.fixture
def bench() -> Iterator[Mt5Bench]:
    bench = Mt5Bench()
    yield bench
    bench.close()


def settled(bot: Bot) -> bool:
    return {"LT00", "ST00"} <= set(bot.roles()) and not bot.loop.session.step()


def test_a_skipped_card_names_a_test_that_exists() -> None:
    """``file.function``, in tests/venue/mt5 or beside this."""
    here = Path(__file__).parent
    named = [found for reason in LACKS.values() for found in re.findall(r"(test_\w+)\.(test_\w+)", reason)]
    for module, function in named:
        files = [folder / f"{module}.py" for folder in (here, here.parent / "venue" / "mt5")]
        assert any(f"def {function}(" in file.read_text() for file in files if file.exists()), (module, function)
    assert len(named) > 10


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


@pytest.mark.usefixtures("lists_are_whole")
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
        bench.fault("refuse_sockets")
        bench.fault("drop")
        bot.until(lambda: bot.is_down("terminal"))
        bench.clear()
        bot.until(lambda: not bot.loop.session.disconnected)
    bot.until(lambda: all(now <= then for now, then in zip(handles(), before, strict=True)))


TICK = D("0.00001")
"""A buy executes at the ask, one tick above the price."""
TRIM = {"kind": "trim", "direction": "long", "initial_capital": D(100)}
"""Of 100 USDT at 10x: 250, 1000, 1300 and 2600 DOGE around a centre of 0.20."""


def trim_bot(bench: Mt5Bench) -> Bot:
    """A trim grid whose centre is the first minute's close: the minute passes at once."""
    bot = Bot(bench, (), **TRIM)
    bench.ahead += 120_000
    bot.until(lambda: bot.roles() == ["LG01", "LG02", "LG03", "LG04"])
    return bot


def test_trim_sheds_its_load_on_a_terminal(bench: Mt5Bench) -> None:
    """Level 1: a take-profit. Level 2: a break-even on the newer ticket, after which the first ticket is level 1 again.
    Then its take-profit, and a new grid."""
    bot = trim_bot(bench)
    tickets = bench.broker.books.tickets
    first, second, *_ = sorted(bench.broker.books.pending.values(), key=lambda order: -order.price)
    bench.move(first.price - TICK)
    bot.until(lambda: "LT00" in bot.roles())
    bench.move(second.price - TICK)
    bot.until(lambda: [bool(ticket.tp) for ticket in tickets.values()] == [False, True])
    average = bench.exchange.market(SYMBOL).holding(Side.LONG).average
    even = next(ticket.tp for ticket in tickets.values() if ticket.tp)
    assert 0 <= even - average * D("1.001") < TICK
    bench.move(even)
    bot.until(lambda: [bool(ticket.tp) for ticket in tickets.values()] == [True])
    assert list(tickets) == [first.number]
    bot.until(lambda: {"LG02", "LG03", "LG04", "LT00"} == set(bot.roles()))
    bench.move(next(iter(tickets.values())).tp)
    bot.until(lambda: not tickets and bot.roles() == ["LG01", "LG02", "LG03", "LG04"])
    bot.assert_books_agree()


def test_trim_ends_at_its_stop_on_a_terminal(bench: Mt5Bench) -> None:
    """All four levels: the stop-loss stands on every ticket beside the break-even of three; a gap through it closes
    everything, and what has closed is the stop's."""
    bot = trim_bot(bench)
    tickets = bench.broker.books.tickets
    for order in sorted(bench.broker.books.pending.values(), key=lambda order: -order.price):
        bench.move(order.price - TICK)
        bot.until(lambda number=order.number: number in tickets and not bot.loop.session.step())
    bot.until(lambda: "LS00" in bot.roles())
    assert {ticket.sl for ticket in tickets.values()} == {D("0.19")}
    assert [bool(ticket.tp) for ticket in tickets.values()] == [False, True, True, True]
    bench.move(D("0.18900"))
    bot.until(lambda: not tickets and bot.roles() == ["LG01", "LG02", "LG03", "LG04"])
    closed = [one for one in bot.ear.events if isinstance(one, Execution) and one.closing]
    assert {one.client_id.split("-")[1] for one in closed} == {"LS00"}
    bot.assert_books_agree()
